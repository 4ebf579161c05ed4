"""What a message does, by its words alone: asks, thanks, greets, says that it did not help, wants a human.

Portuguese first, English and Spanish beside it. Rules look for forms of speech (`forms`), never for what a group talks about: a
product's words would make them blind elsewhere. Their order is that of `read`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from telelake.talk.forms import (
    AGAIN,
    AHEAD,
    CALL,
    CHASE,
    CLAUSE,
    CLOSING,
    DENIAL,
    ENDS,
    FALLBACK,
    FILLER,
    FROWN,
    GREETING,
    HANDOVER,
    HAS_DOUBT,
    HELP,
    HUMAN,
    INSIDE,
    INSTRUCTS,
    LACKS,
    LAUGH,
    LOOKS,
    MINE,
    NOTICE,
    OBJECTS,
    OFFER,
    OPENING,
    OPENS,
    PROBLEM,
    REQUEST,
    SOCIAL,
    SOUR,
    SURE_THANKS,
    SURELY_SOCIAL,
    TAG,
    THANKS,
    TOGETHER,
)

_SHORT = 4
"""Words up to which a kind word is all there is to a message."""
_SOCIAL_WORDS = 14
"""Words up to which small talk is told by how it opens."""
_MINE = re.compile(r" (?:meu|minha|meus|minhas|my|mi|mis|consigo|posso|pedido|conta) ")
_SENTENCE = re.compile(r"[.!;:?\n]+")
_TOLD = 4
"""Words from which what is said of one's own, with a no in it, tells a problem."""
_SAYS_SO = 4
"""Words from which a sentence before a question makes a message more than one that only asks back."""


class Act(Enum):
    """What a message does."""

    ASKS = "asks"
    CALLS = "calls"
    """Calls for help, or for attention, and does not say with what: "alguém pode me ajudar?", "?"."""
    THANKS = "thanks"
    DENIES = "denies"
    """Says that what was answered did not help."""
    WANTS_HUMAN = "wants human"
    GREETS = "greets"
    SAYS = "says"
    """Anything else."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a message does, and of one that asks: question, problem or request."""

    act: Act
    kind: str | None = None


def read(folded: str, *, is_reply: bool = False) -> Reading:
    """Return what a folded text does. A reply must ask more clearly: most replies answer."""
    if not folded:
        return Reading(Act.SAYS)
    text = f" {folded} "
    if HUMAN.search(text):
        return Reading(Act.WANTS_HUMAN)
    core = " ".join(GREETING.sub("", text).strip(" ,.!;:-").split())
    if not FILLER.sub("", core).strip("?"):
        # Nothing is left but signs: a mark alone calls, a picture may thank, and else it was a greeting.
        if FILLER.sub("", folded).strip("?"):
            return Reading(Act.THANKS if SURE_THANKS.search(text) else Act.GREETS)
        return Reading(Act.CALLS if "?" in folded else _mood(text, 0))
    if HAS_DOUBT.match(core) or CHASE.match(core) or (CALL.match(core) and HELP.search(f" {core} ")):
        return Reading(Act.CALLS)
    if _is_small_talk(f" {core} ", core):
        return Reading(Act.SAYS)
    closed = core if is_reply else CLOSING.sub("", core)
    if closed != core and closed.count(" ") >= 2:
        # Thanks at the end of what asks are politeness.
        reading = _read_core(f" {closed} ", closed, is_reply)
        if reading.act is Act.ASKS:
            return reading
    return _read_core(f" {core} ", core, is_reply)


def _is_small_talk(text: str, core: str) -> bool:
    """Return whether a text only keeps company: to everybody, of games, meals and weather, or laughing."""
    if PROBLEM.search(text) and "?" in core:
        return False
    if LAUGH.search(core) and ("?" not in core or core.count(" ") <= _SHORT) and not INSIDE.search(text):
        return " nao " not in text and not REQUEST.search(text)
    if core.count(" ") >= _SOCIAL_WORDS or _MINE.search(text) or PROBLEM.search(text):
        return False
    return SURELY_SOCIAL.match(core) is not None or (
        TOGETHER.match(core) is not None and SOCIAL.search(text) is not None and not INSIDE.search(text)
    )


def _read_core(text: str, core: str, is_reply: bool) -> Reading:
    """Return what a text without its greetings does; `text` is it with a space at both ends."""
    has_mark = "?" in core and not TAG.search(core)
    words = core.count(" ") + 1
    mood = Act.SAYS if AHEAD.search(text) else _mood(text, words)
    is_sure = mood is Act.THANKS and SURE_THANKS.search(text) is not None
    opens = _opens(core)
    if not has_mark and words <= 40:
        if mood is Act.DENIES and (is_reply or not opens):
            return Reading(Act.DENIES, _asking(text, core, opens, has_mark=False, is_reply=is_reply))
        if mood is Act.THANKS and (is_sure or words <= _SHORT):
            kind = None if is_sure else _asking(text, core, opens, has_mark=False, is_reply=True)
            return Reading(Act.ASKS, kind) if kind else Reading(Act.THANKS)
    kind = _asking(text, core, opens, has_mark=has_mark, is_reply=is_reply)
    if kind:
        return Reading(Act.ASKS, kind)
    if mood is Act.DENIES or (mood is Act.THANKS and (is_sure or words <= _SHORT)):
        return Reading(mood)
    return Reading(Act.SAYS)


def answers_nothing(folded: str) -> bool:
    """Return whether a text only says that it was not understood, that somebody will come, or that one must wait."""
    text = f" {folded} "
    return bool(FALLBACK.search(text) or HANDOVER.search(text) or NOTICE.search(text))


def hands_over(folded: str) -> bool:
    """Return whether a text says that a human will take over."""
    return HANDOVER.search(f" {folded} ") is not None


def asks_back(folded: str) -> bool:
    """Return whether an answer does nothing but ask for more: it says nothing of its own before, and asks no mere "right?"."""
    text = GREETING.sub("", f" {folded} ").strip()
    if not text.rstrip(" !.").endswith("?") or text.count(" ") >= 25 or TAG.search(text):
        return False
    *before, _ = _SENTENCE.split(text.rstrip(" !.?"))
    return all(len(each.split()) < _SAYS_SO for each in before)


def comes_back(folded: str) -> bool:
    """Return whether a text says that its writer has asked the same before."""
    return AGAIN.search(f" {folded} ") is not None


def _opens(core: str) -> bool:
    """Return whether a sentence of a text opens as a question does; also behind a comma, when little stands before it."""
    for start in (0, *(found.end() for found in CLAUSE.finditer(core))):
        if core[start - 2 : start - 1] == "," and core.count(" ", 0, start) > _SHORT:
            continue
        begun = OPENING.match(core, start)
        if OPENS.match(core, begun.end() if begun else start):
            return True
    return False


def _asking(text: str, core: str, opens: bool, *, has_mark: bool, is_reply: bool) -> str | None:
    """Return the kind of what a text asks; None when it asks nothing."""
    is_problem = PROBLEM.search(text) is not None
    if not is_problem and OFFER.search(text):
        return None
    if has_mark:
        if is_problem:
            return "problem"
        return "request" if not opens and REQUEST.search(text) and not INSIDE.search(text) else "question"
    if INSTRUCTS.match(core) and not (is_problem and LOOKS.match(core)):
        return None
    if is_reply:
        return "question" if INSIDE.search(text) else None
    if opens or ENDS.match(core):
        return "question"
    if is_problem:
        return "problem"
    if INSIDE.search(text):
        return "question"
    if REQUEST.search(text):
        return "request"
    return "problem" if core.count(" ") >= _TOLD and LACKS.search(text) and MINE.search(text) else None


def _mood(text: str, words: int) -> Act:
    if DENIAL.search(text) or (words <= _SHORT and FROWN.search(text)) or OBJECTS.match(text, 1):
        return Act.DENIES
    if SOUR.search(text):
        return Act.SAYS
    return Act.THANKS if THANKS.search(text) else Act.SAYS
