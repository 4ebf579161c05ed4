"""How people write: fills the slots of a wording, then makes it as sloppy as the person is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from telelake.demo import script
from telelake.demo.wire import entity, text_members, unmark
from telelake.demo.wordings import DEVELOPMENT, expand

if TYPE_CHECKING:
    from telelake.demo.cast import Person
    from telelake.demo.dice import Dice
    from telelake.demo.wordings import Wordings

_NO_ACCENTS = str.maketrans("áàâãéêíóôõúüçÁÀÂÃÉÊÍÓÔÕÚÇ", "aaaaeeiooouucAAAAEEIOOOUC")
_ENDS = ("", "", "", ".", "...", "!", " 🙏")
_ASKING_ENDS = ("", "", "", "?", "?", "??", "???", " ??", "? 🙏")
_UPSET_ENDS = ("", "", "...", " 😕", " 😡", " :(", "!!", " 😢", "!!!")
_NEIGHBOURS = {
    "a": "s", "e": "r", "i": "o", "o": "p", "u": "i", "s": "a", "r": "t", "t": "r", "n": "m", "m": "n", "c": "v",
    "d": "f", "l": "k", "p": "o", "b": "v", "g": "h", "v": "b",
}  # fmt: skip
"""Keys beside one another on a phone."""
_FOREIGN = 0.04


class Voice:
    """Wording, drawn from the dice."""

    def __init__(self, dice: Dice, wordings: Wordings = DEVELOPMENT) -> None:
        self._dice = dice
        self.wordings = wordings
        longest_first = sorted(wordings.short, key=len, reverse=True)
        self._short = re.compile(r"\b(?:" + "|".join(longest_first) + r")\b")
        # A ring of cases: a conversation keeps one, so that its pedido is the same from question to answer.
        self._cases = [self._case() for _ in range(3000)]

    def case(self) -> dict[str, str]:
        """Return the slots of one conversation."""
        return self._dice.pick(self._cases)

    def question(self, topic: str, case: dict[str, str], person: Person, *, again: bool = False) -> list[str]:
        """Return the one to three messages in which somebody asks."""
        dice, words = self._dice, self.wordings
        subject = words.subjects[topic]
        is_foreign = bool(subject.foreign) and dice.chance(_FOREIGN)
        text = self._filled(dice.pick(subject.foreign if is_foreign else subject.asks), case)
        if again and dice.chance(0.6):
            text = expand(dice.pick(words.again), dice).format_map(case) + " " + text
        greeting = dice.pick(words.greetings) if dice.chance(0.34) else ""
        if dice.chance(0.22) and not is_foreign:
            text = f"{text}{' ' if text[-1] == '?' else ', '}{dice.pick(words.closers)}"
        alone = greeting if greeting and dice.chance(0.25) else ""
        if greeting and not alone:
            text = f"{greeting}, {text}"
        # Who has sent a greeting by itself also splits the rest now and then.
        parts = text.split(" | ") if dice.chance(0.3 if alone else 0.75) else [text.replace(" | ", ". ")]
        if alone:
            parts.insert(0, alone)
        parts = [self.roughen(part, person.sloppiness, _UPSET_ENDS) for part in parts]
        if dice.chance(0.05):
            parts[0] = "@AuroraBot " + parts[0]
        return parts

    def line(self, lines: tuple[str, ...], case: dict[str, str], person: Person) -> str:
        """Return one of the lines as this person would write it."""
        return self.roughen(self._filled(self._dice.pick(lines), case), person.sloppiness)

    def answer(self, lines: tuple[str, ...], case: dict[str, str], to: Person, *, is_calling: bool = False) -> str:
        """Return the members of one of the answers.

        `is_calling` names the one who is meant when the answer itself does not: by username, else by name. Somebody
        without a username is sometimes named by a text_mention.
        """
        text = expand(self._dice.pick(lines), self._dice)
        has_name = "{nome}" in text
        if "{" in text:
            text = text.format(nome=to.first_name, **case)
        if is_calling and not has_name:
            text = f"@{to.username} {text}" if to.username else f"{to.first_name}, {text}"
            has_name = True
        text, entities = unmark(text)
        if has_name and to.username is None and (start := text.find(to.first_name)) >= 0 and self._dice.chance(0.5):
            entities.append(self._named(text, start, to))
        return text_members(text, given=entities)

    def roughen(self, text: str, sloppiness: float, ends: tuple[str, ...] = _ENDS) -> str:
        """Write it as somebody in a hurry does; links, mentions and commands stay whole."""
        dice = self._dice
        if "http" in text or "@" in text or text[:1] == "/":
            return text
        if dice.random() < sloppiness * 0.8:
            text = self._short.sub(self._shorten, text)
        if dice.random() < sloppiness:
            text = text.translate(_NO_ACCENTS)
        if dice.random() < sloppiness * 0.4 and len(text) > 12:
            text = self._slip(text)
        if dice.random() < 0.45:
            text = text.rstrip("?!.") + dice.pick(_ASKING_ENDS if text[-1:] == "?" else ends)
        roll = dice.random()
        if roll < 0.03 and sloppiness > 0.4:
            return text.upper()
        return text[:1].upper() + text[1:] if roll > 0.25 + sloppiness * 0.6 else text

    def _slip(self, text: str) -> str:
        """Press one key wrongly: two swapped, one left out, doubled or beside the right one, or a space missing."""
        dice = self._dice
        at = 1 + int(dice.random() * (len(text) - 3))
        here, after = text[at], text[at + 1]
        if here == " ":
            return text[:at] + text[at + 1 :]
        if not (here.isalpha() and after.isalpha()):
            return text
        roll = dice.random()
        if roll < 0.4:
            return f"{text[:at]}{after}{here}{text[at + 2 :]}"
        wrong = "" if roll < 0.65 else here + here if roll < 0.8 else _NEIGHBOURS.get(here, here)
        return f"{text[:at]}{wrong}{text[at + 1 :]}"

    def _filled(self, template: str, case: dict[str, str]) -> str:
        text = expand(template, self._dice)
        return text.format_map(case) if "{" in text else text

    def _shorten(self, word: re.Match[str]) -> str:
        return self.wordings.short[word[0]]

    def _named(self, text: str, start: int, person: Person) -> dict[str, Any]:
        user = {"id": person.id, "is_bot": False, "first_name": person.first_name}
        return entity("text_mention", text, start, start + len(person.first_name), user=user)

    def _case(self) -> dict[str, str]:
        dice = self._dice
        return {
            "pedido": str(dice.randrange(100_000, 999_999)),
            "valor": f"R$ {dice.randrange(29, 1900)},{dice.pick(('00', '90', '99', '50'))}",
            "produto": dice.pick(self.wordings.products),
            "dia": dice.pick(script.DAYS),
            "cidade": dice.pick(script.CITIES),
            "cep": f"{dice.randrange(10_000, 99_999)}-{dice.randrange(1000):03d}",
            "codigo": f"AU{dice.randrange(10**8, 10**9)}BR",
        }
