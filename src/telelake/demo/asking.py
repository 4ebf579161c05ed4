"""How a question is asked: in one message or several, with a picture, a file or a voice note, edited afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telelake.demo import media, script
from telelake.demo.acts import Say
from telelake.demo.topics import PERSONAL_DOCUMENTS
from telelake.demo.truth import Asked
from telelake.demo.wire import text_members

if TYPE_CHECKING:
    from telelake.demo.cast import Chat, Person
    from telelake.demo.stage import Stage
    from telelake.demo.topics import Topic


class Asking:
    """Plans the messages of a question."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._dice = stage.dice
        self._voice = stage.voice

    def ask(
        self, at: float, chat: Chat, person: Person, topic: Topic, case: dict[str, str], *, earlier: Asked | None
    ) -> tuple[Asked, float]:
        """Ask, and write it down; return it and when its last part is sent, which is what people answer."""
        dice, roll = self._dice, self._dice.random()
        asked = self._stage.ask(Asked(topic.key, person, earlier=earlier))
        if earlier is not None:
            earlier.again = asked
        captions = self._voice.wordings.subjects[topic.key].captions
        if roll < 0.09 and captions:
            caption = self._voice.line(captions, case, person)
            self._pictures(at, asked, chat, caption, count=1 if roll < 0.07 else dice.randrange(2, 5))
        elif roll < 0.10:
            asked.is_spoken = True
            asked.parts.append(self._stage.say(at, Say(chat, person, media.voice(dice))))
        else:
            at = self._write(at, asked, chat, case)
            if roll < 0.12 and topic.key in PERSONAL_DOCUMENTS:
                name = f"{topic.key}_{case['pedido']}.pdf"
                file = media.document(dice, name, "segue o arquivo" if roll < 0.11 else None)
                asked.said.append(self._stage.say(at + dice.between(45, 90), Say(chat, person, file)))
        asked.said += asked.parts
        return asked, at

    def _write(self, at: float, asked: Asked, chat: Chat, case: dict[str, str]) -> float:
        dice, then = self._dice, at
        for text in self._voice.question(asked.topic, case, asked.by, again=asked.earlier is not None):
            at = then
            asked.parts.append(self._stage.say(at, Say(chat, asked.by, text_members(text), text=text)))
            then += dice.between(3, 20)
        if dice.chance(0.11):
            self._edit(at, asked.parts[-1], case)
        return at

    def _edit(self, at: float, message: Say, case: dict[str, str]) -> None:
        """Edit seconds to hours later; a few look back at yesterday's message."""
        dice = self._dice
        wait = dice.between(5, 600) if dice.chance(0.7) else dice.between(600, 9000)
        if dice.chance(0.08):
            wait = dice.between(14, 30) * 3600
        tail = dice.pick(script.EDIT_TAILS).format_map(case)
        self._stage.edit(at + wait, message, text_members(message.text + tail))

    def _pictures(self, at: float, asked: Asked, chat: Chat, caption: str, count: int) -> None:
        """Send a picture, or an album whose first picture has the words."""
        dice = self._dice
        extra = f'"media_group_id":"{dice.getrandbits(53)}"' if count > 1 else ""
        asked.parts.append(self._stage.say(at, Say(chat, asked.by, media.photo(dice, caption), extra=extra)))
        for _ in range(count - 1):
            asked.said.append(self._stage.say(at, Say(chat, asked.by, media.photo(dice), extra=extra)))
