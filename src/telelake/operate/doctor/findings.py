"""What a look has found, how bad that is, and how it is told. Secrets are taken out here, whatever a look may have heard."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from telelake.operate.begin import Language
from telelake.operate.doctor.words import CODES, Grade

_HIDDEN = "<secret>"
_TOKEN = re.compile(r"\d{5,}:[A-Za-z0-9_-]{20,}")


class Verdict(StrEnum):
    """How all findings together are."""

    FINE = "fine"
    WARNING = "warning"
    ERROR = "error"


EXIT_CODES = {Verdict.FINE: 0, Verdict.ERROR: 1, Verdict.WARNING: 3}
"""1 is what every command ends with that fails, 2 is a wrong command line: so warnings are 3."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found."""

    code: str
    """Its words, and how bad it is, are under this in `words.CODES`."""
    about: str
    """Of what: `bots.support`, a folder, `raw`."""
    facts: Mapping[str, str | int | float] = field(default_factory=dict)

    @property
    def grade(self) -> Grade:
        """How bad it is."""
        return CODES[self.code].grade


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All that was found."""

    findings: Sequence[Finding]
    secrets: Collection[str] = field(default=(), repr=False)
    """What must not be said, wherever it comes from."""

    @property
    def verdict(self) -> Verdict:
        """The worst of them."""
        grades = {each.grade for each in self.findings}
        return Verdict.ERROR if "error" in grades else Verdict.WARNING if "warning" in grades else Verdict.FINE

    def told(self, finding: Finding, language: Language) -> tuple[str, str]:
        """Return what was found and what to do about it; the second is empty when there is nothing to do."""
        what, do = CODES[finding.code].said[language]
        facts = {name: self.clean(value) for name, value in finding.facts.items()}
        return what.format(**facts), do.format(**facts)

    def clean(self, value: str | float) -> str | float:
        """Return a fact without any secret."""
        if not isinstance(value, str):
            return value
        for secret in sorted(self.secrets, key=len, reverse=True):
            value = value.replace(secret, _HIDDEN)
        return _TOKEN.sub(_HIDDEN, value)

    def as_json(self, language: Language) -> dict[str, Any]:
        """Return it as JSON's plain types."""
        found = []
        for each in self.findings:
            what, do = self.told(each, language)
            facts = {name: self.clean(value) for name, value in each.facts.items()}
            found.append({
                "code": each.code, "grade": each.grade, "about": self.clean(each.about), "facts": facts, "what": what, "do": do,
            })  # fmt: skip
        return {"verdict": self.verdict, "findings": found}
