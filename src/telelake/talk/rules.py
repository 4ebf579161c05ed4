"""What a lake's owner has set of how talk is read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import time
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from telelake.settings import Talk
from telelake.talk.hours import Hours, Span

_CODE = (
    "again", "callings", "folding", "forms", "hours", "labels", "makers", "outcome", "parents", "people", "rows", "rules", "scene",
    "ties", "words",
)  # fmt: skip
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Rules:
    """Settings `[talk]`, ready for use."""

    hours: Hours = field(default_factory=lambda: Hours(ZoneInfo("UTC")))
    attendants: frozenset[int] = frozenset()
    """Ids as the tables have them: hashed where pseudonyms are on."""
    learn_answers: int = 20
    """Answers to others in twelve days from which somebody counts as an attendant; 0 never learns."""
    sla_minutes: int | None = None
    assume_seconds: int = 24 * 3600
    repeat_seconds: int = 7 * 24 * 3600

    def digest(self, *more: str) -> str:
        """Return a digest of all that decides rows beside the tables that are read: settings and code."""
        spans = {day: [[str(each) for each in span] for span in spans] for day, spans in self.hours.weekdays.items()}
        facts = [
            self.hours.zone.key, spans, sorted(self.attendants), self.learn_answers, self.sla_minutes,
            self.assume_seconds, self.repeat_seconds, _code(), *more,
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


def rules_of(talk: Talk, zone: ZoneInfo, hashed: Callable[[int], int] | None = None) -> Rules:
    """Return the settings ready for use; `hashed` gives what tables have in the place of a person's id."""
    return Rules(
        Hours(zone, {_WEEKDAYS.index(day): _spans(text) for day, text in talk.working_hours.items()}),
        frozenset(hashed(each) if hashed else each for each in talk.attendants),
        talk.learn_answers,
        talk.sla_minutes,
        talk.assume_after_hours * 3600,
        talk.repeat_days * 24 * 3600,
    )


def _spans(text: str) -> tuple[Span, ...]:
    found = []
    for part in text.split(","):
        opens, closes = part.strip().split("-")
        found.append((time.fromisoformat(opens), time() if closes == "24:00" else time.fromisoformat(closes)))
    return tuple(found)


@cache
def _code() -> str:
    here = files(__package__)
    texts = [here.joinpath(f"{name}.py").read_text(encoding="utf-8") for name in _CODE]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
