"""What "makes" the tables of talk where `talk.enabled` is false: days without rows.

Rows that were made before must not stay: no build would touch them again, and so they would pass for the truth of messages that
have changed since, and keep the words of people who were forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from telelake.ports import EMPTY, DayFile
from telelake.tables.model import Table


@dataclass(frozen=True)
class Off:
    """Makes a table empty."""

    table: Table
    """The table."""
    recipe: str = "off"
    """Another than that of what makes rows: so switching over makes all days due, either way."""

    def make(self, days: Sequence[date], inputs: Mapping[str, Sequence[Path]], into: Path) -> Sequence[DayFile]:
        """Make some days, of nothing."""
        del inputs, into
        return [DayFile(day, None, 0, EMPTY) for day in days]
