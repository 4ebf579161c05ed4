"""The SQL behind a number, as a reader can paste it: with the values of its parameters written into it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from telelake.present import rows
from telelake.present.insight import values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from telelake.present.insight import Insight


@dataclass(frozen=True, slots=True)
class Opened:
    """What opens the rows behind one number."""

    sql: str
    params: Mapping[str, Any]
    shown: str
    """The same, to be pasted."""
    numbers: str
    """The SQL that made the number, to be pasted."""


def query(insight: Insight, params: Mapping[str, Any], row: Mapping[str, Any], column: str | None, most: int) -> Opened:
    """Return what opens the rows that a number of an insight's row counts.

    Raises:
        SettingsError: the insight opens no rows, or a parameter or key is not what it should be.
    """
    # An address has no null: nothing stands for it.
    sql, given = rows.query(insight, {key: value or None for key, value in row.items()}, column, params, most)
    return Opened(sql, given, pasted(sql, given), pasted(insight.sql, values(insight, params)))


def pasted(sql: str, params: Mapping[str, Any]) -> str:
    """Return SQL with each `$name` replaced by its value.

    >>> pasted("SELECT $chat, $from", {"chat": -5, "from": None})
    'SELECT -5, NULL'
    """
    return re.sub(r"\$([a-z_]+)\b", lambda found: _literal(params[found[1]]), sql)


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, (bool, int, float)):
        return str(value)
    text = "'" + str(value).replace("'", "''") + "'"
    if isinstance(value, datetime):
        return f"TIMESTAMP {text}"
    return f"DATE {text}" if isinstance(value, date) else text
