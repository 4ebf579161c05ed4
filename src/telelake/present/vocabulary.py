"""The words and the nature of every column that an insight returns, in both languages, said once.

A column's *role* decides how it is drawn and written: axis, number format, names of weekdays and kinds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

Lang = Literal["en", "pt"]
LANGS: tuple[Lang, ...] = ("en", "pt")


class Role(Enum):
    """What a column's values are."""

    DAY = "day"
    WEEKDAY = "weekday"
    """1 for Monday to 7 for Sunday, as ISO 8601 counts."""
    HOUR = "hour"
    COUNT = "count"
    DECIMAL = "decimal"
    SHARE = "share"
    """Between 0 and 1."""
    PERSON = "person"
    """A name; null stands for all the others together."""
    KIND = "kind"
    ID = "id"


@dataclass(frozen=True, slots=True)
class Word:
    """A column's title and role."""

    en: str
    pt: str
    role: Role

    def title(self, lang: Lang) -> str:
        """Return the title in a language."""
        return self.pt if lang == "pt" else self.en


WORDS: dict[str, Word] = {
    "day": Word("Day", "Dia", Role.DAY),
    "weekday": Word("Weekday", "Dia da semana", Role.WEEKDAY),
    "hour": Word("Hour", "Hora", Role.HOUR),
    "messages": Word("Messages", "Mensagens", Role.COUNT),
    "people": Word("People", "Pessoas", Role.COUNT),
    "new_people": Word("For the first time", "Pela primeira vez", Role.COUNT),
    "messages_per_day": Word("Messages a day", "Mensagens por dia", Role.DECIMAL),
    "average_length": Word("Average characters", "Média de caracteres", Role.DECIMAL),
    "share": Word("Share", "Parcela", Role.SHARE),
    "person": Word("Person", "Pessoa", Role.PERSON),
    "user_id": Word("User id", "Id da pessoa", Role.ID),
    "rank": Word("Rank", "Posição", Role.ID),
    "kind": Word("Kind", "Tipo", Role.KIND),
    "days": Word("Days with messages", "Dias com mensagens", Role.COUNT),
    "busiest_hour": Word("Busiest hour", "Hora mais movimentada", Role.HOUR),
    "busiest_day": Word("Busiest day", "Dia mais movimentado", Role.DAY),
}

WEEKDAYS: dict[Lang, tuple[str, ...]] = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "pt": ("seg", "ter", "qua", "qui", "sex", "sáb", "dom"),
}

OTHERS: dict[Lang, str] = {"en": "Everyone else", "pt": "Demais pessoas"}

KINDS: dict[str, tuple[str, str]] = {
    "text": ("Text", "Texto"),
    "photo": ("Photo", "Foto"),
    "video": ("Video", "Vídeo"),
    "voice": ("Voice", "Voz"),
    "audio": ("Audio", "Áudio"),
    "document": ("Document", "Documento"),
    "sticker": ("Sticker", "Figurinha"),
    "animation": ("Animation (GIF)", "Animação (GIF)"),
    "video_note": ("Video note", "Vídeo redondo"),
    "live_photo": ("Live photo", "Foto viva"),
    "story": ("Story", "Story"),
    "contact": ("Contact", "Contato"),
    "location": ("Location", "Localização"),
    "venue": ("Venue", "Lugar"),
    "poll": ("Poll", "Enquete"),
    "checklist": ("Checklist", "Lista de tarefas"),
    "dice": ("Dice", "Dado"),
    "game": ("Game", "Jogo"),
    "invoice": ("Invoice", "Fatura"),
    "paid_media": ("Paid media", "Mídia paga"),
}
"""Kinds of messages by their name in the Bot API; one that is not here is shown by that name."""


def kind_names(lang: Lang) -> dict[str, str]:
    """Return each kind's name in a language."""
    return {kind: names[1 if lang == "pt" else 0] for kind, names in KINDS.items()}


def titles(lang: Lang) -> dict[str, dict[str, str]]:
    """Return title and role of every column, as the page wants them."""
    return {name: {"title": word.title(lang), "role": word.role.value} for name, word in WORDS.items()}
