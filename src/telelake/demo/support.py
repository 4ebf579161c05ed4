"""A question and what becomes of it: answered by the bot, by a person, late, wrongly, or never.

This is the truth that the tables `questions` and `conversations` should find again, so every branch is plain here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from telelake.demo import media, script
from telelake.demo.acts import React, Say, quoted
from telelake.demo.wire import quote, text_members, write

if TYPE_CHECKING:
    from telelake.demo.cast import Chat, Person
    from telelake.demo.dice import Dice
    from telelake.demo.stage import Stage

_WORKING_MEDIAN = 2.5
"""Natural logarithm of the median wait for an attendant, in minutes: about 12."""
_TOPICS = [topic for topic in script.TOPICS for _ in range(max(1, round(topic.weight * 4)))]
_INCIDENT = script.TOPICS[-1]
_KNOWN = [topic for topic in script.TOPICS if topic.bot]
_HELP = media.buttons(("Resolveu? Veja a central", "https://lojaaurora.example/ajuda"), key="url")
_EMOJI = {emoji: f'[{{"type":"emoji","emoji":{quote(emoji)}}}]' for emoji in script.REACTIONS}


class Support:
    """Plans conversations in a group."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._dice: Dice = stage.dice
        self._voice = stage.voice
        self._cast = stage.cast
        self.questions = 0
        """Questions planned so far."""

    def question(self, at: float, chat: Chat, *, is_incident: bool = False) -> None:
        """Plan a conversation that begins at this time."""
        topic = _INCIDENT if is_incident and self._dice.chance(0.8) else self._dice.pick(_TOPICS)
        self._conversation(at, chat, self._cast.someone(), topic, self._voice.case(), again=False)

    def _conversation(
        self, at: float, chat: Chat, person: Person, topic: script.Topic, case: dict[str, str], *, again: bool
    ) -> None:
        dice = self._dice
        if at > self._stage.end:
            return
        self.questions += 1
        asked, at = self._ask(at, chat, person, topic, case, again=again)
        is_settled = False
        if dice.chance(0.9) and (topic.bot or dice.chance(0.4)):
            is_settled, at = self._bot_answers(at, asked, person, topic, case)
        if not is_settled:
            is_settled, at = self._human_answers(at, asked, person, topic, case)
        if not again and dice.chance(0.05 if is_settled else 0.25):
            later = self._stage.period.desk_opens(at + dice.between(0.6, 3) * 86_400) + dice.between(0, 20_000)
            self._conversation(later, chat, person, topic, case, again=True)

    def _ask(
        self, at: float, chat: Chat, person: Person, topic: script.Topic, case: dict[str, str], *, again: bool
    ) -> tuple[Say, float]:
        """Ask, in one or two messages, or with a picture, a file or a voice note; return what answers point at."""
        dice, roll = self._dice, self._dice.random()
        if roll < 0.07 and topic.captions:
            caption = self._voice.line(topic.captions, case, person)
            return self._stage.say(at, Say(chat, person, media.photo(dice, caption))), at
        if roll < 0.09 and topic.captions:
            return self._album(at, chat, person, self._voice.line(topic.captions, case, person)), at
        if roll < 0.10:
            return self._stage.say(at, Say(chat, person, media.voice(dice))), at
        parts = self._voice.question(topic, case, person, again=again)
        asked = self._text(at, chat, person, parts[0])
        for part in parts[1:]:
            at += dice.between(3, 40)
            asked = self._text(at, chat, person, part)
        if roll < 0.12 and topic.key in ("boleto", "pix", "nota_fiscal"):
            name = f"{topic.key}_{case['pedido']}.pdf"
            file = media.document(dice, name, "segue o arquivo" if roll < 0.11 else None)
            self._stage.say(at + dice.between(5, 60), Say(chat, person, file))
        if dice.chance(0.11):
            self._edit(at, asked, case)
        return asked, at

    def _text(
        self, at: float, chat: Chat, person: Person, text: str, reply_to: Say | None = None, extra: str = ""
    ) -> Say:
        return self._stage.say(at, Say(chat, person, text_members(text), reply_to, extra, text=text))

    def _edit(self, at: float, message: Say, case: dict[str, str]) -> None:
        """Edit seconds to hours later; a few look back at yesterday's message."""
        dice = self._dice
        wait = dice.between(5, 600) if dice.chance(0.7) else dice.between(600, 9000)
        if dice.chance(0.08):
            wait = dice.between(14, 30) * 3600
        tail = dice.pick(script.EDIT_TAILS).format_map(case)
        self._stage.edit(at + wait, message, text_members(message.text + tail))

    def _album(self, at: float, chat: Chat, person: Person, caption: str) -> Say:
        dice = self._dice
        extra = f'"media_group_id":"{dice.getrandbits(53)}"'
        first = self._stage.say(at, Say(chat, person, media.photo(dice, caption), extra=extra))
        for _ in range(dice.randrange(1, 4)):
            self._stage.say(at, Say(chat, person, media.photo(dice), extra=extra))
        return first

    def _bot_answers(
        self, at: float, asked: Say, person: Person, topic: script.Topic, case: dict[str, str]
    ) -> tuple[bool, float]:
        """Answer within seconds; return whether that settled it, and when."""
        dice, bot = self._dice, self._cast.answerer
        at += dice.between(1, 4.5)
        # It reads captions, and does not listen to voice notes.
        is_right = bool(topic.bot) and not asked.content.startswith('"voice"') and dice.chance(0.84)
        lines = topic.bot if is_right else script.UNSURE if dice.chance(0.5) else dice.pick(_KNOWN).bot
        answer = Say(asked.chat, bot, self._voice.answer(lines, case, person), asked, tail=_HELP if is_right else "")
        self._stage.say(at, answer)
        if is_right and dice.chance(0.66):
            self._thank(at + dice.between(15, 900), answer, person, case)
            return True, at
        at += dice.between(20, 600)
        if dice.chance(0.45):
            self._text(at, asked.chat, person, self._voice.line(script.NOT_SOLVED, case, person), answer)
        if dice.chance(0.4):
            at += dice.between(5, 90)
            self._text(at, asked.chat, person, self._voice.line(script.WANT_HUMAN, case, person))
        return False, at

    def _human_answers(
        self, at: float, asked: Say, person: Person, topic: script.Topic, case: dict[str, str]
    ) -> tuple[bool, float]:
        """Answer in minutes to hours, some never; return whether that settled it, and when."""
        dice, asked_at = self._dice, at
        is_ignored = dice.chance(0.09)
        opens = at if dice.chance(0.06) else self._stage.period.desk_opens(at)
        at = opens + 60 * min(dice.lognormvariate(_WORKING_MEDIAN, 1.1), 900)
        if is_ignored or at - asked_at > 7200:
            self._complain(asked_at, asked, person, case, patience=at - asked_at)
        if is_ignored:
            return False, asked_at
        attendant = dice.pick(self._cast.attendants[: 3 if dice.chance(0.8) else 6])
        extra = self._quote(asked) if dice.chance(0.1) else ""
        answer = Say(asked.chat, attendant, self._voice.answer(topic.human, case, person), asked, extra)
        self._stage.say(at, answer)
        if dice.chance(0.4):
            at += dice.between(30, 1500)
            more = self._text(at, asked.chat, person, self._voice.line(script.MORE, case, person), answer)
            at += dice.between(60, 2400)
            answer = self._stage.say(
                at, Say(asked.chat, attendant, self._voice.answer(script.FOLLOW, case, person), more)
            )
        if dice.chance(0.82):
            self._thank(at + dice.between(20, 3600), answer, person, case)
            return True, at
        return False, at

    def _complain(self, at: float, asked: Say, person: Person, case: dict[str, str], patience: float) -> None:
        if self._dice.chance(0.4):
            at += self._dice.between(0.3, 0.9) * min(patience, 20_000)
            self._text(at, asked.chat, person, self._voice.line(script.IMPATIENT, case, person), asked)

    def _thank(self, at: float, answer: Say, person: Person, case: dict[str, str]) -> None:
        """Thank in words, by a reaction or a sticker, or not at all."""
        dice, roll = self._dice, self._dice.random()
        if roll < 0.42:
            self._text(at, answer.chat, person, self._voice.line(script.THANKS, case, person), answer)
        elif roll < 0.78:
            self.react(at, answer, person)
        elif roll < 0.8:
            self._stage.say(at, Say(answer.chat, person, media.sticker(dice), answer))

    def react(self, at: float, message: Say, person: Person) -> None:
        """React; now and then the mind is changed."""
        dice = self._dice
        emoji = _EMOJI[dice.pick(script.REACTIONS)]
        self._stage.at(at, React(message, person, "[]", emoji))
        if dice.chance(0.06):
            self._stage.at(at + dice.between(2, 300), React(message, person, emoji, "[]"))

    def _quote(self, message: Say) -> str:
        """Quote the end of a message: its second half, from the beginning of a word."""
        text = message.text
        start = text.find(" ", len(text) // 2) + 1
        if not start:
            return ""
        part, position = quoted(text, start, len(text))
        return f'"quote":{write({"text": part, "position": position, "is_manual": True})}'
