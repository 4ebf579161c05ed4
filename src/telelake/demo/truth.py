"""What is true of the made-up group: which messages ask, about what, who answered, and how it ended.

The lake never sees it; what tables `questions`, `conversations` and `question_topics` find is measured against it
(`bench/accuracy.py`). While scenes are planned, a question is an `Asked` that holds acts, since a message has no number
before it is written; afterwards it is a `Question` that holds numbers, of what was really written before the end.

Some messages can be called a question or not with equal right: an asker who asks on about the answer, one who wants a
human, another customer with the same trouble, a command. They are *debatable*, and whoever measures leaves them out. An
outcome that the messages do not show (a private chat, where the listener's answers are not delivered; a sarcastic last
word; a question that its asker no longer needs) is None.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from telelake.demo.acts import Edit, React, Say
    from telelake.demo.cast import Person
    from telelake.demo.wordings import Wordings

Key = tuple[int, int]
"""chat_id and message_id."""
Role = Literal["bot", "attendant", "customer"]
Manner = Literal["helps", "knows_nothing", "asks_back"]
"""What an answer does. A bot that knows nothing responds, and yet answers nothing: both can be said."""
Outcome = Literal["confirmed", "assumed", "revoked", "escalated", "unanswered"]
Sign = Literal["positive", "withdrawn", "negative", "sarcastic", "wants_human", "solved_alone"]

_LEFT_AFTER = 24 * 3600
"""Seconds of silence before the end after which somebody can be said to have left without asking more."""


@dataclass(slots=True, eq=False)
class Asked:
    """A question while its conversation is planned."""

    topic: str
    by: Person
    is_private: bool = False
    is_spoken: bool = False
    """In a voice note: nobody can read it."""
    parts: list[Say] = field(default_factory=list)
    """The messages that ask; a greeting sent by itself just before is one of them."""
    said: list[Say] = field(default_factory=list)
    """All messages of the conversation."""
    answers: list[tuple[Say, Role, Manner]] = field(default_factory=list)
    signs: list[tuple[Sign, Say | React | Edit]] = field(default_factory=list)
    earlier: Asked | None = None
    """The same question of the same person, days before."""
    again: Asked | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One message that answers a question."""

    message_id: int
    user_id: int
    role: Role
    sent_at: int
    """Unix seconds."""
    manner: Manner


@dataclass(frozen=True, slots=True)
class Question:
    """One question, as it turned out."""

    chat_id: int
    message_id: int
    """The last message that asks, which answers point at."""
    part_ids: tuple[int, ...]
    """All messages that ask."""
    user_id: int
    asked_at: int
    """Unix seconds, of `message_id`."""
    topic: str
    is_spoken: bool
    answers: tuple[Answer, ...]
    """In order of time."""
    outcome: Outcome | None
    outcome_rule: str
    conversation_ids: tuple[int, ...]
    """All messages of the conversation that this question began."""
    repeats: Key | None
    """The same person's earlier question with the same trouble."""

    @property
    def first_answers(self) -> tuple[Answer | None, ...]:
        """What may rightly be called the first answer: the first of all, and the first but a bot's that knows nothing."""
        if not self.answers:
            return (None,)
        return self.answers[0], next((each for each in self.answers if each.manner != "knows_nothing"), None)


@dataclass(frozen=True, slots=True)
class Truth:
    """The labels of one made-up group."""

    questions: tuple[Question, ...]
    debatable: frozenset[Key]
    """Messages that can be called a question or not."""

    def asking(self) -> dict[Key, Question]:
        """Return each message that asks with its question."""
        return {(question.chat_id, part): question for question in self.questions for part in question.part_ids}


@dataclass(slots=True)
class Book:
    """Where scenes write down what they mean."""

    asked: list[Asked] = field(default_factory=list)
    debatable: list[Say] = field(default_factory=list)

    def truth(self, end: float) -> Truth:
        """Return what is true of what was written until `end` (Unix seconds)."""
        found = [_question(asked, end) for asked in self.asked if asked.parts and asked.parts[-1].message_id]
        return Truth(tuple(found), frozenset((say.chat.id, say.message_id) for say in self.debatable if say.message_id))


def truth_of(messages: int, days: int, seed: int, end: datetime, zone: ZoneInfo, wordings: Wordings) -> Truth:
    """Return the truth of the group that `generate` makes of the same arguments."""
    from telelake.demo.group import generate

    group = generate(messages, days, seed, end, zone, wordings, keeps_truth=True)
    for _ in group:
        pass
    return group.truth


def _question(asked: Asked, end: float) -> Question:
    last = asked.parts[-1]
    answers = sorted(_answers(asked), key=lambda answer: (answer.sent_at, answer.message_id))
    outcome, rule = _outcome(asked, answers, end)
    earlier = asked.earlier.parts[-1] if asked.earlier else None
    return Question(
        chat_id=last.chat.id,
        message_id=last.message_id,
        part_ids=tuple(part.message_id for part in asked.parts if part.message_id),
        user_id=asked.by.id,
        asked_at=last.date,
        topic=asked.topic,
        is_spoken=asked.is_spoken,
        answers=tuple(answers),
        outcome=outcome,
        outcome_rule=rule,
        conversation_ids=tuple(sorted(say.message_id for say in asked.said if _is_beside(say, asked))),
        repeats=(earlier.chat.id, earlier.message_id) if earlier else None,
    )


def _answers(asked: Asked) -> Iterator[Answer]:
    for say, role, manner in asked.answers:
        # The chat may have moved between question and answer: its numbers begin anew, and nothing points back.
        if _is_beside(say, asked):
            yield Answer(say.message_id, say.by.id, role, say.date, manner)


def _is_beside(say: Say, asked: Asked) -> bool:
    """Return whether it was written, and in the question's chat."""
    return bool(say.message_id) and say.chat is asked.parts[-1].chat


def _outcome(asked: Asked, answers: list[Answer], end: float) -> tuple[Outcome | None, str]:
    """Say how it ended; of several things that happened the one that tells most about the answer decides."""
    signs = sorted(((act.date, sign) for sign, act in asked.signs if act.date), key=lambda found: found[0])
    seen = Counter(sign for _, sign in signs)
    if asked.is_private or asked.is_spoken:
        return None, "not_seen"
    if seen["solved_alone"]:
        return None, "solved_alone"
    if any(say.message_id and not _is_beside(say, asked) for say, _, _ in asked.answers):
        return None, "chat_moved"
    if not answers:
        return "unanswered", "no_answer"
    if asked.again is not None and asked.again.parts[-1].date > answers[0].sent_at:
        return "revoked", "came_back"
    if _took_over(answers, [date for date, sign in signs if sign == "positive"]):
        return "escalated", "human_took_over"
    if seen["wants_human"]:
        return "escalated", "asked_for_human"
    opinions = [sign for date, sign in signs if sign in ("positive", "negative", "sarcastic")]
    if opinions and opinions[-1] == "negative":
        return "revoked", "not_solved"
    if opinions and opinions[-1] == "sarcastic":
        return None, "sarcastic"
    if seen["positive"] > seen["withdrawn"]:
        return "confirmed", "positive_sign"
    if seen["withdrawn"]:
        return None, "withdrawn"
    if all(answer.manner != "helps" for answer in answers):
        return None, "no_help"
    if end - max(answer.sent_at for answer in answers) < _LEFT_AFTER:
        return None, "still_open"
    return "assumed", "left"


def _took_over(answers: list[Answer], thanked_at: list[int]) -> bool:
    """Return whether an attendant answered after the bot, and before the asker was content."""
    by_bot = [answer.sent_at for answer in answers if answer.role == "bot"]
    content_at = min(thanked_at, default=None)
    return any(
        answer.role == "attendant"
        and bool(by_bot)
        and by_bot[0] < answer.sent_at
        and (content_at is None or answer.sent_at < content_at)
        for answer in answers
    )
