"""The SQL behind a number, as a reader can paste it: with the values of its parameters written into it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from telelake.present import rows
from telelake.present.insight import values
from telelake.present.params import written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from telelake.present.insight import Insight


@dataclass(frozen=True, slots=True)
class Opened:
    """What opens the rows behind one number."""

    sql: str
    """To be asked, and to be pasted."""
    numbers: str
    """The SQL that made the number, to be pasted."""


def query(insight: Insight, params: Mapping[str, Any], row: Mapping[str, Any], column: str | None, most: int) -> Opened:
    """Return what opens the rows that a number of an insight's row counts.

    Raises:
        SettingsError: the insight opens no rows, or a parameter or key is not what it should be.
    """
    # An address has no null: nothing stands for it.
    sql, given = rows.query(insight, {key: value or None for key, value in row.items()}, column, params, most)
    return Opened(written(sql, given), written(insight.sql, values(insight, params)))
