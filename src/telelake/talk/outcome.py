"""Who answered a question first, and how it ended, each with the rule that says so and the messages that show it.

See docs/insights/questions.md for the rules in words, and whose they are. Nothing here knows a clock: that somebody left, or that
time ran out, is said against the last message or reaction that the lake has of the days around, in any chat.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from telelake.talk.people import role_of
from telelake.talk.rules import Rules
from telelake.talk.scene import ATTENDANT, BOT, CHANNEL, CUSTOMER, Said, does
from telelake.talk.words import Act, answers_nothing, asks_back, hands_over

Outcome = Literal["confirmed", "assumed", "revoked", "escalated", "unanswered"]
OUTCOMES: tuple[Outcome, ...] = ("confirmed", "assumed", "revoked", "escalated", "unanswered")

POSITIVE = frozenset(
    [
        "👍",
        "❤",
        "🔥",
        "🎉",
        "👏",
        "🙏",
        "💯",
        "🥰",
        "😍",
        "🤝",
        "🏆",
        "🤩",
        "❤\u200d🔥",
        "🫡",
        "👌",
        "😘",
        "🤗",
        "💘",
        "⚡",
        "😁",
        "😇",
        "🕊",
        "🍾",
        "🆒",
        "🦄",
    ]
)
NEGATIVE = frozenset(["👎", "😡", "🤬", "💩", "🤮", "🖕", "😢", "😭", "💔"])
_ME_TOO = re.compile(
    r"^(?:(?:\+ ?1|mais um[a]?|outr[oa]|eu|aqui|comigo|o meu|a minha|meu|minha|por aqui|com a gente|somos dois|estou|esta|tambem"
    r"|igual|na mesma|mesm[oa]|idem|up|me|too|same|here|problema|duvida|coisa|situacao|erro|com|o|a|e|esse|essa|desse|tambien|yo"
    r"|quero|queria|saber|gostaria|de|esperando|aguardando|passando|por|isso|que) ?)+[^a-z0-9?]*$"
    r"|^(?:k+|h[ae]h?[ae]h?[aeh]*|rs+|lol)[ !.]*$"
)


_WORD = re.compile(r"[a-zñ0-9]+")
_TELLS = 3
"""Words from which a customer's message that replies to nothing says something to another."""
_WORDLESS = re.compile(r"[^a-zñ0-9]*$")
"""A picture, a sticker, a sign: it may please, and answers nothing."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """How somebody's reaction to a message stood at last."""

    number: int
    person: int
    at: int
    day: int
    is_positive: bool


@dataclass(frozen=True, slots=True)
class Sight:
    """What is seen of a day's questions beside their talk."""

    rules: Rules
    attendants: frozenset[int]
    """Who is one here, beside those whom a row itself tells."""
    until: int
    """Last day that is looked at."""
    now: int
    """When the last message or reaction of these days came, in any chat (Unix seconds)."""
    reactions: Mapping[int, Sequence[Reaction]]
    """Those to a message, by its number."""


@dataclass(slots=True)
class End:
    """What came of a question."""

    first: Said | None = None
    bot: Said | None = None
    human: Said | None = None
    outcome: Outcome | None = None
    rule: str = ""
    at: int | None = None
    evidence: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Sign:
    outcome: Outcome
    rule: str
    at: int
    evidence: list[int]


def end_of(question: Said, talk: Iterable[Said], again: Sequence[Said], sight: Sight) -> End:
    """Return what came of a question.

    Args:
        question: the message that asks.
        talk: what belongs to it, and what belongs to the same question asked again before anybody answered; in order of time.
        again: the same question of the same person, asked again later, in order of time.
        sight: what else is seen.
    """
    end = End()
    handled: Said | None = None  # by a bot, though it may have understood nothing
    helped: Said | None = None
    first_help: Said | None = None
    escalated: _Sign | None = None
    opinion: _Sign | None = None
    last: Said | None = None
    for event in _events(question, talk, sight):
        if isinstance(event, Reaction):
            outcome: Outcome = "confirmed" if event.is_positive else "revoked"
            opinion = _Sign(outcome, "reaction", event.at, [event.number])
            continue
        said = event
        role = role_of(said, sight.attendants)
        if said.person == question.person:
            sign = _sign(said, helped)
            if sign is not None and sign.outcome == "escalated":
                escalated = escalated or sign
            elif sign is not None:
                opinion = sign
            last = said
            continue
        if role == BOT:
            handled = handled or said
            if hands_over(said.folded) and escalated is None:
                escalated = _Sign("escalated", "handed_over", said.at, [question.number, said.number])
        if not _is_answer(said, role):
            continue
        is_taken_over = role == ATTENDANT and handled is not None
        if is_taken_over and escalated is None and (opinion is None or opinion.outcome != "confirmed"):
            escalated = _Sign("escalated", "took_over", said.at, [handled.number if handled else 0, said.number])
        end.first = end.first or said
        if role == BOT:
            end.bot = end.bot or said
        else:
            end.human = end.human or said
        if not asks_back(said.folded):
            helped, last = said, said
            first_help = first_help or said
    came_back = next((each for each in again if first_help is not None and each.at > first_help.at), None)
    if came_back is not None and first_help is not None:
        _set(end, _Sign("revoked", "asked_again", came_back.at, [first_help.number, came_back.number]))
    elif escalated is not None and _was_heard(end, handled, escalated):
        _set(end, escalated)
    elif opinion is not None and helped is not None:
        _set(end, opinion)
    elif helped is None:
        end.outcome = "unanswered"
        end.rule = "only_asked_back" if end.first else "not_understood" if handled else "no_answer"
        end.evidence = [question.number, *([end.first.number] if end.first else [])]
    else:
        left = max(helped.at, last.at if last else 0)
        end.evidence = [helped.number]
        if sight.now - left >= sight.rules.assume_seconds:
            end.outcome, end.rule, end.at = "assumed", "silence", left + sight.rules.assume_seconds
        else:
            end.rule = "open"
    return end


def _events(question: Said, talk: Iterable[Said], sight: Sight) -> Sequence[Said | Reaction]:
    """Return the talk of a question, and the asker's reactions to what answers in it, in order of time."""
    found: list[Said | Reaction] = [said for said in talk if said.day <= sight.until and said.at >= question.at]
    shown = [
        reaction
        for said in found
        if isinstance(said, Said)
        and said.person != question.person
        and _is_answer(said, role_of(said, sight.attendants))
        for reaction in sight.reactions.get(said.number, ())
        if reaction.person == question.person and reaction.day <= sight.until
    ]
    return sorted([*found, *shown], key=lambda each: each.at) if shown else found


def _was_heard(end: End, handled: Said | None, escalated: _Sign) -> bool:
    """Return whether there was an escalation: whoever asks for a human, and nobody ever says a word, is left unanswered."""
    return end.first is not None or handled is not None or escalated.rule != "asked_for_human"


def _set(end: End, sign: _Sign) -> None:
    end.outcome, end.rule, end.at = sign.outcome, sign.rule, sign.at
    end.evidence = sorted(set(sign.evidence))


def _sign(said: Said, helped: Said | None) -> _Sign | None:
    """Return what the asker's word says of the answers so far; None when it says nothing of them."""
    if does(said, Act.WANTS_HUMAN):
        return _Sign("escalated", "asked_for_human", said.at, [said.number])
    if helped is None:
        return None
    if does(said, Act.THANKS):
        return _Sign("confirmed", "thanks", said.at, [helped.number, said.number])
    if does(said, Act.DENIES):
        return _Sign("revoked", "not_solved", said.at, [helped.number, said.number])
    return None


def _is_answer(said: Said, role: str) -> bool:
    """Return whether another's message in the talk of a question answers it: not a greeting, a wait, nor the same trouble."""
    if (said.kind and role == CUSTOMER) or role == CHANNEL or does(said, Act.GREETS, Act.CALLS):
        return False
    if role != BOT and (said.folded.startswith("/") or _WORDLESS.match(said.folded)):
        return False
    if role == CUSTOMER:
        if does(said, Act.DENIES, Act.WANTS_HUMAN) or _ME_TOO.match(said.folded):
            return False
        if said.rule == "model" and len(_WORD.findall(said.folded)) < _TELLS:
            return False
        return not does(said, Act.THANKS) or said.folded.count(" ") >= 4
    return not answers_nothing(said.folded)
