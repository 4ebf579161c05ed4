"""A question and what becomes of it: answered by the bot, by people, late, wrongly, or never.

Every branch writes down what it means (`truth.py`), and the tables `questions` and `conversations` should find it again
from the messages alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from telelake.demo import media, script
from telelake.demo.acts import React, Say, quoted
from telelake.demo.asking import Asking
from telelake.demo.topics import INCIDENT, TOPICS, Topic
from telelake.demo.wire import quote, text_members, write

if TYPE_CHECKING:
    from telelake.demo.cast import Chat, Person
    from telelake.demo.dice import Dice
    from telelake.demo.stage import Stage
    from telelake.demo.truth import Asked, Manner, Role, Sign

_DAY = 86_400
_WORKING_MEDIAN = 2.5
"""Natural logarithm of the median wait for an attendant, in minutes: about 12."""
_ANSWERED_BARE = 1800
"""Seconds after which whoever answers always says whom: nobody would understand it otherwise."""
_RESTS = 8 * _DAY
"""Seconds in which nobody asks about a topic twice by chance; whoever does, has come back."""
_WEIGHED = [topic for topic in (*TOPICS, INCIDENT) for _ in range(max(1, round(topic.weight * 4)))]
_HELP = media.buttons(("Resolveu? Veja a central", "https://lojaaurora.example/ajuda"), key="url")
_EMOJI = {emoji: f'[{{"type":"emoji","emoji":{quote(emoji)}}}]' for emoji in (*script.REACTIONS, *script.SAD_REACTIONS)}


class Support:
    """Plans conversations in a group."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._dice: Dice = stage.dice
        self._voice = stage.voice
        self._words = stage.voice.wordings
        self._cast = stage.cast
        self._asking = Asking(stage)
        self._last_asked: dict[tuple[int, str], float] = {}
        self._known = [key for key, subject in self._words.subjects.items() if subject.bot]
        self.questions = 0
        """Questions planned so far."""

    def question(self, at: float, chat: Chat, *, is_incident: bool = False) -> None:
        """Plan a conversation that begins at this time; now and then another begins beside it."""
        self._begin(at, chat, is_incident=is_incident)
        if self._dice.chance(0.12):
            self._begin(at + self._dice.between(3, 150), chat, is_incident=is_incident)

    def _begin(self, at: float, chat: Chat, *, is_incident: bool) -> None:
        person, topic = self.asker(at, is_incident=is_incident)
        self._conversation(at, chat, person, topic, self._voice.case(), earlier=None)

    def asker(self, at: float, *, is_incident: bool = False) -> tuple[Person, Topic]:
        """Return somebody with a question, who has not asked about its topic lately."""
        dice = self._dice
        for _ in range(12):
            topic = INCIDENT if is_incident and dice.chance(0.8) else dice.pick(_WEIGHED)
            person = self._cast.someone()
            if at - self._last_asked.get((person.id, topic.key), -_RESTS) >= _RESTS:
                break
        self._last_asked[person.id, topic.key] = at
        return person, topic

    def _conversation(
        self, at: float, chat: Chat, person: Person, topic: Topic, case: dict[str, str], *, earlier: Asked | None
    ) -> None:
        dice = self._dice
        if at > self._stage.end:
            return
        self.questions += 1
        self._last_asked[person.id, topic.key] = at
        asked, at = self._asking.ask(at, chat, person, topic, case, earlier=earlier)
        if not asked.is_spoken and dice.chance(0.035):
            self._solves_alone(at, asked, case)
            return
        if dice.chance(0.3 if topic is INCIDENT else 0.05):
            self._me_too(at + dice.between(20, 1500), asked, case)
        if dice.chance(0.03):
            self._wants_human(at + dice.between(4, 60), asked, case)
        is_settled = False
        if dice.chance(0.72) and (topic.key in self._known or dice.chance(0.4)):
            is_settled, at = self._bot_answers(at, asked, case)
        if not is_settled and dice.chance(topic.peers):
            is_settled, at = self._customer_answers(at, asked, case)
        if not is_settled or dice.chance(0.04):
            is_settled, at = self._human_answers(at, asked, case)
        if earlier is None and dice.chance(0.05 if is_settled else 0.25):
            later = self._stage.period.desk_opens(at + dice.between(0.6, 3) * _DAY) + dice.between(0, 20_000)
            self._conversation(later, chat, person, topic, case, earlier=asked)

    def _solves_alone(self, at: float, asked: Asked, case: dict[str, str]) -> None:
        """Nobody is needed any more: the asker says so, or writes it into the question."""
        dice, question = self._dice, asked.parts[-1]
        at += dice.between(60, 3000)
        if dice.chance(0.25) and question.text:
            text = question.text + dice.pick(self._words.solved_edits)
            asked.signs.append(("solved_alone", self._stage.edit(at, question, text_members(text))))
        else:
            self._sign(at, asked, "solved_alone", self._words.solved_alone, case, question)

    def _me_too(self, at: float, asked: Asked, case: dict[str, str]) -> None:
        other = self._other(asked.by)
        reply_to = asked.parts[-1] if self._dice.chance(0.5) else None
        self._stage.debatable(self._says(at, asked, other, self._voice.line(self._words.me_too, case, other), reply_to))

    def _wants_human(self, at: float, asked: Asked, case: dict[str, str]) -> None:
        self._stage.debatable(self._sign(at, asked, "wants_human", self._words.want_human, case, None))

    def _bot_answers(self, at: float, asked: Asked, case: dict[str, str]) -> tuple[bool, float]:
        """Answer within seconds; return whether that settled it, and when."""
        dice, subjects, key = self._dice, self._words.subjects, asked.topic
        at += dice.between(1, 4.5)
        # It reads captions, and does not listen to voice notes.
        is_right = key in self._known and not asked.is_spoken and dice.chance(0.84)
        is_fallback = not is_right and dice.chance(0.5)
        lines = self._words.unsure if is_fallback else subjects[key if is_right else dice.pick(self._known)].bot
        content = self._voice.answer(lines, case, asked.by)
        reply_to = asked.parts[-1] if dice.chance(0.92) else None
        answer = Say(asked.parts[-1].chat, self._cast.answerer, content, reply_to, tail=_HELP if is_right else "")
        self._answer(at, asked, answer, "bot", "knows_nothing" if is_fallback else "helps")
        if is_right and dice.chance(0.7):
            self._ends_well(at + dice.between(15, 900), asked, answer, case)
            return True, at
        at += dice.between(20, 600)
        if dice.chance(0.45):
            self._objects(at, asked, answer, case)
        if dice.chance(0.4):
            at += dice.between(5, 90)
            self._wants_human(at, asked, case)
        return False, at

    def _customer_answers(self, at: float, asked: Asked, case: dict[str, str]) -> tuple[bool, float]:
        """Another customer knows, or believes to know."""
        dice, other = self._dice, self._other(asked.by)
        wait = dice.between(25, 5400)
        at += wait
        own = self._words.subjects[asked.topic].peers
        lines = own if own and dice.chance(0.65) else self._words.peers
        reply_to = asked.parts[-1] if wait > _ANSWERED_BARE or dice.chance(0.5) else None
        text = self._voice.line(lines, case, other)
        answer = Say(asked.parts[-1].chat, other, text_members(text), reply_to, text=text)
        self._answer(at, asked, answer, "customer")
        if asked.topic == "opiniao" and dice.chance(0.4):
            third = self._other(asked.by)
            text = self._voice.line(own, case, third)
            more = Say(answer.chat, third, text_members(text), asked.parts[-1] if dice.chance(0.6) else None, text=text)
            self._answer(at + dice.between(30, 1800), asked, more, "customer")
        if dice.chance(0.55):
            self._ends_well(at + dice.between(30, 2400), asked, answer, case)
            return True, at
        return False, at

    def _human_answers(self, at: float, asked: Asked, case: dict[str, str]) -> tuple[bool, float]:
        """Answer in minutes to hours, some never; return whether that settled it, and when."""
        dice, asked_at, words = self._dice, at, self._words
        is_ignored = dice.chance(0.16)
        opens = at if dice.chance(0.06) else self._stage.period.desk_opens(at)
        at = opens + 60 * min(dice.lognormvariate(_WORKING_MEDIAN, 1.1), 900)
        if is_ignored or at - asked_at > 7200:
            self._complain(asked_at, asked, case, patience=at - asked_at)
        if is_ignored:
            return False, asked_at
        attendant = dice.pick(self._cast.attendants[: 3 if dice.chance(0.8) else 6])
        about = asked.parts[-1]
        if dice.chance(0.16):
            question = self._attends(at, asked, attendant, words.ask_back, case, about, at - asked_at)
            at += dice.between(30, 900)
            about = self._says(
                at, asked, asked.by, self._voice.line(words.tell_more, case, asked.by), self._maybe(question)
            )
            at += dice.between(60, 1800)
        answer = self._attends(at, asked, attendant, words.subjects[asked.topic].human, case, about, at - asked_at)
        if dice.chance(0.3):
            at += dice.between(30, 1500)
            is_question = dice.chance(0.5)
            lines = words.ask_more if is_question else words.tell_more
            more = self._says(at, asked, asked.by, self._voice.line(lines, case, asked.by), self._maybe(answer))
            if is_question:
                self._stage.debatable(more)
            at += dice.between(60, 2400)
            answer = self._attends(at, asked, attendant, words.follow, case, more, 0)
        if dice.chance(0.12):
            self._objects(at + dice.between(30, 1200), asked, answer, case)
            if dice.chance(0.5):
                return False, at
            at += dice.between(1300, 6000)
            answer = self._attends(at, asked, attendant, words.follow, case, answer, _DAY)
        if dice.chance(0.82):
            self._ends_well(at + dice.between(20, 3600), asked, answer, case)
            return True, at
        return False, at

    def _attends(
        self, at: float, asked: Asked, by: Person, lines: tuple[str, ...], case: dict[str, str], to: Say, wait: float
    ) -> Say:
        """An attendant answers: by a reply, by naming the person, or just so when it is soon."""
        dice, roll = self._dice, self._dice.random()
        reply_to = to if roll < 0.62 else None
        is_calling = reply_to is None and (wait > _ANSWERED_BARE or roll < 0.78)
        content = self._voice.answer(lines, case, asked.by, is_calling=is_calling)
        extra = self._quote(to) if reply_to and dice.chance(0.12) else ""
        manner: Manner = "asks_back" if lines is self._words.ask_back else "helps"
        return self._answer(at, asked, Say(to.chat, by, content, reply_to, extra), "attendant", manner)

    def _answer(self, at: float, asked: Asked, answer: Say, role: Role, manner: Manner = "helps") -> Say:
        asked.said.append(self._stage.say(at, answer))
        asked.answers.append((answer, role, manner))
        return answer

    def _complain(self, at: float, asked: Asked, case: dict[str, str], patience: float) -> None:
        dice = self._dice
        if dice.chance(0.4):
            at += dice.between(0.3, 0.9) * min(patience, 20_000)
            lines = self._words.sarcasm if dice.chance(0.15) else self._words.impatient
            self._says(at, asked, asked.by, self._voice.line(lines, case, asked.by), self._maybe(asked.parts[-1]))

    def _objects(self, at: float, asked: Asked, answer: Say, case: dict[str, str]) -> None:
        """The answer was no help: in plain words, in sour ones, or by a reaction."""
        roll = self._dice.random()
        if roll < 0.72:
            self._sign(at, asked, "negative", self._words.not_solved, case, answer)
        elif roll < 0.88:
            self._sign(at, asked, "sarcastic", self._words.sarcasm, case, answer)
        else:
            asked.signs.append(("negative", self._react(at, answer, asked.by, self._dice.pick(script.SAD_REACTIONS))))

    def _ends_well(self, at: float, asked: Asked, answer: Say, case: dict[str, str]) -> None:
        """Thank in words, by a reaction or a sticker, or leave without a word."""
        dice, roll = self._dice, self._dice.random()
        if roll < 0.4:
            self._sign(at, asked, "positive", self._words.thanks, case, answer)
        elif roll < 0.68:
            emoji = dice.pick(script.REACTIONS)
            asked.signs.append(("positive", self._react(at, answer, asked.by, emoji)))
            if dice.chance(0.05):
                gone = React(answer, asked.by, _EMOJI[emoji], "[]")
                self._stage.at(at + dice.between(2, 300), gone)
                asked.signs.append(("withdrawn", gone))
        elif roll < 0.71:
            sticker = Say(answer.chat, asked.by, media.sticker(dice, script.THANKFUL_STICKERS), answer)
            asked.said.append(self._stage.say(at, sticker))
            asked.signs.append(("positive", sticker))

    def _sign(
        self, at: float, asked: Asked, sign: Sign, lines: tuple[str, ...], case: dict[str, str], about: Say | None
    ) -> Say:
        """The asker writes something that tells how it stands."""
        text = self._voice.line(lines, case, asked.by)
        said = self._says(at, asked, asked.by, text, self._maybe(about) if about else None)
        asked.signs.append((sign, said))
        return said

    def _says(self, at: float, asked: Asked, by: Person, text: str, reply_to: Say | None) -> Say:
        said = self._stage.say(at, Say(asked.parts[-1].chat, by, text_members(text), reply_to, text=text))
        asked.said.append(said)
        return said

    def _maybe(self, message: Say) -> Say | None:
        """Customers seldom bother to press reply."""
        return message if self._dice.chance(0.5) else None

    def _other(self, person: Person) -> Person:
        for _ in range(9):
            other = self._cast.someone()
            if other is not person:
                return other
        return self._cast.people[-1 if person is not self._cast.people[-1] else 0]

    def react(self, at: float, message: Say, person: Person) -> None:
        """React to something that nobody asked; now and then the mind is changed."""
        dice, emoji = self._dice, self._dice.pick(script.REACTIONS)
        self._react(at, message, person, emoji)
        if dice.chance(0.06):
            self._stage.at(at + dice.between(2, 300), React(message, person, _EMOJI[emoji], "[]"))

    def _react(self, at: float, message: Say, person: Person, emoji: str) -> React:
        reaction = React(message, person, "[]", _EMOJI[emoji])
        self._stage.at(at, reaction)
        return reaction

    def _quote(self, message: Say) -> str:
        """Quote the end of a message: its second half, from the beginning of a word."""
        text = message.text
        start = text.find(" ", len(text) // 2) + 1
        if not start:
            return ""
        part, position = quoted(text, start, len(text))
        return f'"quote":{write({"text": part, "position": position, "is_manual": True})}'
