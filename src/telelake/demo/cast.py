"""Who takes part: people, attendants, two bots, and the chats they meet in. Nobody here exists.

Ids lie above those that Telegram has given out so far, so that a demo can never name a real account.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from telelake.demo import script
from telelake.demo.wire import write

if TYPE_CHECKING:
    from telelake.demo.dice import Dice

_FIRST_USER_ID = 9_900_000_000
_ATTENDANTS = (("Bia", "Aurora"), ("Caio", "Aurora"), ("Dalva", "Aurora"), ("Enzo", "Aurora"), ("Flávia", "Aurora"))


@dataclass(slots=True, eq=False)
class Chat:
    """A chat, with the number of its next message."""

    id: int
    kind: str
    json: str
    next_id: int
    menu_id: int = 0
    """The message with the listener's own buttons, older than the period; 0 when there is none."""
    moved_to: Chat | None = None
    """The supergroup that a basic group has become."""

    @property
    def is_super(self) -> bool:
        return self.kind == "supergroup"


@dataclass(slots=True, eq=False)
class Person:
    """A person or a bot."""

    id: int
    first_name: str
    username: str | None
    json: str
    sloppiness: float
    """How carelessly they write: 0 not at all, 1 very."""
    private: Chat
    """Their private chat with the listener."""
    is_bot: bool = False
    is_inside: bool = True
    """Whether they are in the main group now."""


@dataclass
class Cast:
    """Everybody, made once from the dice."""

    dice: Dice
    size: int
    people: list[Person] = field(default_factory=list)
    attendants: list[Person] = field(default_factory=list)
    _weighed: list[Person] = field(default_factory=list)
    _made: int = 0

    def __post_init__(self) -> None:
        dice = self.dice
        self.listener = self._bot("Aurora Escuta", "AuroraEscutaBot")
        self.answerer = self._bot("Aurora Responde", "AuroraBot")
        self.attendants = [
            self._person(first, last, f"{_plain(first)}_aurora_ficticia", 0.1) for first, last in _ATTENDANTS
        ]
        self.people = [self._random_person(number) for number in range(1, self.size + 1)]
        # Zipf: a few write all the time, most write once a month. A table makes a draw one step.
        for rank, person in enumerate(self.people, 1):
            self._weighed += [person] * max(1, round(1.5 * self.size / (rank + 14)))
        for person in self.people[-max(2, self.size // 5) :]:
            person.is_inside = False
        self.main = _group(-1002999000001, "supergroup", "Suporte Loja Aurora (dados fictícios)", 48_214)
        self.resellers = _group(-4999000001, "group", "Revendedores Aurora (dados fictícios)", 3_102)
        self.moved = _group(-1002999000002, "supergroup", "Revendedores Aurora (dados fictícios)", 1)
        self.channel_json = _group(-1002999000003, "channel", "Novidades Loja Aurora (dados fictícios)", 1).json
        self.main.menu_id, self.resellers.menu_id = 40_007, 2_950
        dice.shuffle(self.attendants)

    def someone(self) -> Person:
        """Return a member of the main group, the busy ones more often."""
        for _ in range(50):
            person = self.dice.pick(self._weighed)
            if person.is_inside:
                return person
        return self.people[0]

    def outsider(self) -> Person | None:
        """Return somebody who is not in the main group, if there is anybody."""
        outside = [person for person in self.people[self.size // 2 :] if not person.is_inside]
        return self.dice.pick(outside) if outside else None

    def quiet_member(self) -> Person | None:
        """Return a member who hardly ever writes, if there is one."""
        inside = [person for person in self.people[self.size // 2 :] if person.is_inside]
        return self.dice.pick(inside) if inside else None

    def _random_person(self, number: int) -> Person:
        dice = self.dice
        is_woman = dice.chance(0.56)
        first = dice.pick(script.FIRST_NAMES_F if is_woman else script.FIRST_NAMES_M)
        last = dice.pick(script.LAST_NAMES) if dice.chance(0.7) else None
        username = f"{_plain(first)}_{'ficticia' if is_woman else 'ficticio'}_{number}" if dice.chance(0.72) else None
        shown = first + dice.pick(script.EMOJIS) if dice.chance(0.06) else first
        return self._person(shown, last, username, dice.random() ** 0.8)

    def _person(self, first: str, last: str | None, username: str | None, sloppiness: float) -> Person:
        dice = self.dice
        names = {"first_name": first}
        if last:
            names["last_name"] = last
        if username:
            names["username"] = username
        self._made += 1
        user_id = _FIRST_USER_ID + dice.randrange(1000) + 1000 * self._made
        user: dict[str, object] = {"id": user_id, "is_bot": False, **names}
        roll = dice.random()
        if roll < 0.96:
            user["language_code"] = "pt-br" if roll < 0.88 else "pt" if roll < 0.91 else "en" if roll < 0.94 else "es"
        if dice.chance(0.07):
            user["is_premium"] = True
        first_message = dice.randrange(12, 400)
        chat_json = write({"id": user_id, **names, "type": "private"})
        private = Chat(user_id, "private", chat_json, first_message, first_message - 1)
        return Person(user_id, first, username, write(user), sloppiness, private)

    def _bot(self, name: str, username: str) -> Person:
        bot = self._person(name, None, username, 0.0)
        bot.is_bot = True
        bot.json = write({"id": bot.id, "is_bot": True, "first_name": name, "username": username})
        return bot


def _group(chat_id: int, kind: str, title: str, next_id: int) -> Chat:
    chat: dict[str, object] = {"id": chat_id, "title": title, "type": kind}
    if kind == "group":
        chat["all_members_are_administrators"] = False
    return Chat(chat_id, kind, write(chat), next_id)


def _plain(name: str) -> str:
    """Write a name as in a username: ASCII, lower case."""
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
