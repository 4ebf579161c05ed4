"""How people write: fills the slots of the script, then makes it as sloppy as the person is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from telelake.demo import script
from telelake.demo.wire import entity, text_members, unmark

if TYPE_CHECKING:
    from telelake.demo.cast import Person
    from telelake.demo.dice import Dice

_SHORT = {
    "você": "vc", "vocês": "vcs", "que": "q", "porque": "pq", "não": "n", "também": "tb", "beleza": "blz",
    "muito": "mt", "quando": "qnd", "hoje": "hj", "obrigado": "obg", "obrigada": "obg", "está": "tá",
    "comigo": "cmg", "mensagem": "msg", "estou": "tô", "quanto": "qnto", "aplicativo": "app", "por favor": "pfv",
    "tudo": "td", "gente": "gnt", "para": "pra", "celular": "cel", "depois": "dps", "mesmo": "msm",
}  # fmt: skip
_WORD = re.compile(r"\b(?:por favor|" + "|".join(sorted(_SHORT, key=len, reverse=True)) + r")\b")
_NO_ACCENTS = str.maketrans("áàâãéêíóôõúüçÁÀÂÃÉÊÍÓÔÕÚÇ", "aaaaeeiooouucAAAAEEIOOOUC")
_ENDS = ("", "", "", ".", "...", "!", " 🙏")
_ASKING_ENDS = ("", "", "", "?", "?", "??", "???", " ??", "? 🙏")
_UPSET_ENDS = ("", "", "...", " 😕", " 😡", " :(", "!!", " 😢", "!!!")


class Voice:
    """Wording, drawn from the dice."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        # A ring of cases: a conversation keeps one, so that its pedido is the same from question to answer.
        self._cases = [self._case() for _ in range(3000)]

    def case(self) -> dict[str, str]:
        """Return the slots of one conversation."""
        return self._dice.pick(self._cases)

    def question(self, topic: script.Topic, case: dict[str, str], person: Person, *, again: bool = False) -> list[str]:
        """Return the one or two messages in which somebody asks."""
        dice = self._dice
        text = dice.pick(topic.asks)
        if "{" in text:
            text = text.format_map(case)
        if again:
            text = dice.pick(script.AGAIN) + text
        greeting = dice.pick(script.GREETINGS) if dice.chance(0.34) else ""
        if dice.chance(0.22):
            text = f"{text}{' ' if text[-1] == '?' else ', '}{dice.pick(script.CLOSERS)}"
        if greeting and dice.chance(0.25):
            parts = [greeting, text.replace(" | ", ", ")]
        else:
            text = f"{greeting}, {text}" if greeting else text
            parts = text.split(" | ") if dice.chance(0.75) else [text.replace(" | ", ". ")]
        parts = [self.roughen(part, person.sloppiness, _UPSET_ENDS) for part in parts]
        if dice.chance(0.05):
            parts[0] = "@AuroraBot " + parts[0]
        return parts

    def line(self, lines: tuple[str, ...], case: dict[str, str], person: Person) -> str:
        """Return one of the lines as this person would write it."""
        text = self._dice.pick(lines)
        return self.roughen(text.format_map(case) if "{" in text else text, person.sloppiness)

    def answer(self, lines: tuple[str, ...], case: dict[str, str], to: Person) -> str:
        """Return the members of one of the answers; somebody without a username is named by a text_mention."""
        text = self._dice.pick(lines)
        if "{" in text:
            text = text.format(nome=to.first_name, **case)
        text, entities = unmark(text)
        if to.username is None and (start := text.find(to.first_name)) >= 0 and self._dice.chance(0.5):
            entities.append(self._named(text, start, to))
        return text_members(text, given=entities)

    def roughen(self, text: str, sloppiness: float, ends: tuple[str, ...] = _ENDS) -> str:
        """Write it as somebody in a hurry does; links, mentions and commands stay whole."""
        dice = self._dice
        if "http" in text or "@" in text or text[:1] == "/":
            return text
        if dice.random() < sloppiness * 0.8:
            text = _WORD.sub(_shorten, text)
        if dice.random() < sloppiness:
            text = text.translate(_NO_ACCENTS)
        if dice.random() < sloppiness * 0.35 and len(text) > 12:
            at = 1 + int(dice.random() * (len(text) - 3))
            if text[at].isalpha() and text[at + 1].isalpha():
                text = f"{text[:at]}{text[at + 1]}{text[at]}{text[at + 2 :]}"
        if dice.random() < 0.45:
            text = text.rstrip("?!.") + dice.pick(_ASKING_ENDS if text[-1:] == "?" else ends)
        roll = dice.random()
        if roll < 0.03 and sloppiness > 0.4:
            return text.upper()
        return text[:1].upper() + text[1:] if roll > 0.25 + sloppiness * 0.6 else text

    def _named(self, text: str, start: int, person: Person) -> dict[str, Any]:
        user = {"id": person.id, "is_bot": False, "first_name": person.first_name}
        return entity("text_mention", text, start, start + len(person.first_name), user=user)

    def _case(self) -> dict[str, str]:
        dice = self._dice
        return {
            "pedido": str(dice.randrange(100_000, 999_999)),
            "valor": f"R$ {dice.randrange(29, 1900)},{dice.pick(('00', '90', '99', '50'))}",
            "produto": dice.pick(script.PRODUCTS),
            "dia": dice.pick(script.DAYS),
            "cidade": dice.pick(script.CITIES),
            "cep": f"{dice.randrange(10_000, 99_999)}-{dice.randrange(1000):03d}",
            "codigo": f"AU{dice.randrange(10**8, 10**9)}BR",
        }


def _shorten(word: re.Match[str]) -> str:
    return _SHORT[word[0]]
