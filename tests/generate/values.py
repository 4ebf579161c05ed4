"""Plausible values by a field's name, and texts whose marked parts are counted as Telegram counts them."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any

LAST = datetime(2026, 3, 10, 15, 0, 0, tzinfo=UTC)
"""About when the last delivery comes in."""
BOTS = (7_000_000_001, 7_000_000_002)

PIECES = (
    "olá", "bom dia", "não consigo entrar", "😀", "👩‍👩‍👧", "🇧🇷", "שלום", "مرحبا بالعالم", "\u202einvertido\u202c", "日本語", "𝕏²",
    "e\u0301", "ﬃ", "a\nb", "\t", '"entre aspas"', "\\u0041", "\\", "{}", ',"a":{}', "\u2028", "zero\u200bwidth", "\x00", "\x7f",
    "ÇÃO", "\ufdfd",
)  # fmt: skip
MARKED = {
    "mention": "@fulano_ficticio", "hashtag": "#dúvida", "cashtag": "$BRL", "bot_command": "/ajuda@suporte_ficticio_bot",
    "url": "https://exemplo.invalid/a?b=1", "email": "ninguem@exemplo.invalid", "phone_number": "+55 00 0000-0000",
}  # fmt: skip
"""What the marked part is where its type says what it looks like."""
WORDS = {
    "username": ("ana_ficticia", "bruno_ficticio", "suporte_ficticio_bot"),
    "bot_username": ("suporte_ficticio_bot",),
    "first_name": ("Ana", "Bruno", "Çelia", "דוד", "😀", " "),
    "last_name": ("Fictícia", "Fictício", "O'Invento", ""),
    "language_code": ("pt-br", "en", "he", "ar"),
    "emoji": ("😀", "👍", "🎲", "👩‍👩‍👧", "❤"),
    "mime_type": ("image/jpeg", "video/mp4", "audio/ogg", "application/pdf"),
    "file_name": ("nota fiscal.pdf", "vídeo.mp4", 'com "aspas".txt', "../../fora.txt"),
    "currency": ("BRL", "XTR", "USD"),
    "country_code": ("BR", "PT"),
    "country_codes": ("BR", "PT"),
    "phone_number": ("+5500000000000",),
    "email": ("ninguem@exemplo.invalid",),
    "url": ("https://exemplo.invalid/", "tg://user?id=11"),
    "invite_link": ("https://t.me/+ficticio...",),
    "chat_type": ("sender", "private", "group", "supergroup", "channel"),
    "query": ("", "preço", "/ajuda 1 2"),
    "state": ("pending", "approved", "declined"),
    "sender_tag": ("moderadora",),
    "color": ("red",),
}

_PEOPLE = tuple(range(11, 41))
_SUPERGROUPS = tuple(-1_001_000_000_000 - number for number in range(1, 7))
_GROUPS = (-77, -78)
_CHANNELS = (-1_002_000_000_001, -1_002_000_000_002)


class Values:
    """Single values, all from one source of chance."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self._serial = 0

    def number(self, name: str) -> int:
        """Return an integer such as the field of that name would hold."""
        if name.endswith(("date", "timestamp", "unix_time")):
            return self.moment()
        match name:
            case "user_id":
                return self.chance.choice(_PEOPLE)
            case "user_chat_id":
                return self.chance.choice(_PEOPLE)
            case "migrate_to_chat_id":
                return self.chance.choice(_SUPERGROUPS)
            case "migrate_from_chat_id":
                return self.chance.choice(_GROUPS)
            case "chat_id":
                return self.chance.choice((*_SUPERGROUPS, *_GROUPS, *_PEOPLE))
            case "file_size":
                return self.chance.choice((0, 1, 4096, 5_000_000_000))
            case "width" | "height":
                return self.chance.choice((1, 320, 1080))
            case _:
                return self.chance.choice((0, 1, 2, self.chance.randrange(1, 10_000)))

    def moment(self) -> int:
        """Return Unix seconds within the last days."""
        return int(LAST.timestamp()) - self.chance.randrange(0, 3 * 86_400)

    def text(self, name: str) -> str:
        """Return a text such as the field of that name would hold."""
        if name in WORDS:
            return self.chance.choice(WORDS[name])
        if name.endswith("id") or name in {"hash", "secret", "data", "chat_instance"}:
            return self.token()
        return self.words()

    def token(self) -> str:
        """Return a text that no other call returns."""
        self._serial += 1
        return f"T{self._serial:x}_{self.chance.randrange(1 << 32):08x}"

    def words(self) -> str:
        """Return a text of some pieces, of any script."""
        return " ".join(self.chance.choice(PIECES) for _ in range(self.chance.randrange(1, 5)))

    def person(self) -> int:
        """Return the id of a person."""
        return self.chance.choice(_PEOPLE)

    def chat(self) -> dict[str, Any]:
        """Return a chat's id and type, the two being of one kind."""
        kind = self.chance.choice(("supergroup", "supergroup", "supergroup", "group", "private", "private", "channel"))
        pool = {"supergroup": _SUPERGROUPS, "group": _GROUPS, "private": _PEOPLE, "channel": _CHANNELS}[kind]
        return {"id": self.chance.choice(pool), "type": kind}

    def marked(self, types: list[str]) -> tuple[str, list[dict[str, Any]]]:
        """Return a text and its marked parts, with a type, an offset and a length each, in UTF-16 units."""
        text, marks = "", []
        for kind in types:
            text += self.chance.choice(("", " ", self.words() + " "))
            part = MARKED.get(kind) or self.words()
            marks.append({"type": kind, "offset": utf16(text), "length": utf16(part)})
            text += part
            if self.chance.random() < 0.2:
                marks.append({**marks[-1], "type": "bold"})
        return text + self.chance.choice(("", "!", " 😀")), marks


def utf16(text: str) -> int:
    """Return a text's length as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2
