"""Views of Athena over the tables: those of the catalog, and two that are Athena's alone.

Glue holds a view as a table without files. What Athena reads of it is a comment with JSON in it: the SELECT, and the
name and type of each column, which must be just those that the SELECT gives, or Athena calls the view stale. So nothing
is written here twice: the SELECT is that of `telelake.aws.trino`, and its columns are what DuckDB says of the same view
over empty tables. Nothing here talks to AWS.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from functools import cache

from telelake.aws.trino import columns_of, translate
from telelake.errors import SettingsError
from telelake.present.sandbox import connect
from telelake.tables.catalog import MESSAGES, TABLES, VIEWS
from telelake.tables.model import Kind, View

_GLUE_TYPES = {kind.duckdb: kind.athena for kind in Kind if kind is not Kind.TIME} | {"TIMESTAMP": "timestamp"}
"""Glue's types, by DuckDB's. It has none for a time with a zone, so no view may have one."""
_TRINO_TYPES = {
    "VARCHAR": "varchar",
    "VARCHAR[]": "array(varchar)",
    "BIGINT[]": "array(bigint)",
    "TIMESTAMP": "timestamp(6)",
}
"""Trino's types, where they are called otherwise than Glue's."""


@dataclass(frozen=True, slots=True)
class ViewColumn:
    """A column of a view."""

    name: str
    trino: str
    """Its type as Athena's engine says it, such as `array(varchar)`."""
    glue: str
    """Its type as the catalog says it, such as `array<string>`."""


@dataclass(frozen=True, slots=True)
class AthenaView:
    """A view as Athena has it."""

    name: str
    description: str
    sql: str
    """One SELECT in Athena's dialect, over tables named with their database."""
    columns: tuple[ViewColumn, ...]

    def original_text(self, database: str) -> str:
        """Return what Glue keeps as `ViewOriginalText`: Trino's form of a view, which Athena reads."""
        definition = {
            "originalSql": self.sql,
            "catalog": "awsdatacatalog",
            "schema": database,
            "columns": [{"name": each.name, "type": each.trino} for each in self.columns],
            # Later versions of Trino ask for these two, and earlier ones pass over them.
            "runAsInvoker": False,
            "path": [],
        }
        return f"/* Presto View: {base64.b64encode(json.dumps(definition).encode()).decode()} */"


def views(database: str, timezone: str) -> list[AthenaView]:
    """Return all views over the tables of a Glue database.

    Times are UTC without a zone (`sent_at`), or local in `timezone`, which is the lake's (`local_sent_at`).

    Raises:
        SettingsError: a view cannot be said in Athena's SQL, has a column of a type that no view may have, or the name
            of a table.
    """
    made = []
    for name, (description, sql) in _declared(timezone).items():
        if any(table.name == name for table in TABLES):
            raise SettingsError(f"The view {name} has the name of a table, and Glue holds both alike. Rename the view.")
        made.append(AthenaView(name, description, translate(sql, database, timezone), view_columns(name, sql)))
    return made


@cache
def view_columns(name: str, sql: str) -> tuple[ViewColumn, ...]:
    """Return the columns of a SELECT in DuckDB's dialect; `name` is for the error.

    Raises:
        SettingsError: a column has a type that a view of Athena cannot have, or has under another name.
    """
    with connect({}, "UTC", memory="256MB", threads=1) as empty:
        described = empty.execute(f"DESCRIBE {sql}").fetchall()
    if odd := [f"{column} ({kind})" for column, kind, *_ in described if kind not in _GLUE_TYPES]:
        raise SettingsError(
            f"The view {name} has columns of types that Athena keeps in no view: {', '.join(odd)}. "
            f"Cast them to one of {', '.join(sorted(_GLUE_TYPES))}."
        )
    return tuple(
        ViewColumn(column, _TRINO_TYPES.get(kind, _GLUE_TYPES[kind]), _GLUE_TYPES[kind])
        for column, kind, *_ in described
    )


def _declared(timezone: str) -> dict[str, tuple[str, str]]:
    """Return (description, SELECT in DuckDB's dialect) of each view by name."""
    return {
        **{view.name: (view.en[0].upper() + view.en[1:], _view_select(view)) for view in VIEWS},
        "messages_local": (
            f"{MESSAGES.en} Times beginning with local_ are in {timezone}, the others in UTC.", _messages_local()
        ),
        "telegram": ("The table of the course design, over messages: the same columns and types.", _COURSE),
    }  # fmt: skip


def _view_select(view: View) -> str:
    """Return a view of the catalog with its times in UTC without a zone."""
    columns = [f"{_utc(name)} AS {name}" if name.endswith("_seen_at") else name for name in columns_of(view.sql)]
    return f"SELECT {', '.join(columns)} FROM {view.name}"


def _messages_local() -> str:
    columns = []
    for column in MESSAGES.columns:
        if column.kind is Kind.TIME:
            columns += [f"{_utc(column.name)} AS {column.name}", f"local_time({column.name}) AS local_{column.name}"]
        else:
            columns.append(column.name)
    return f"SELECT {', '.join(columns)} FROM messages"


def _utc(column: str) -> str:
    return f"CAST({column} AT TIME ZONE 'UTC' AS TIMESTAMP(6))"


_COURSE = """\
SELECT messages.message_id,
       messages.user_id,
       messages.is_bot AS user_is_bot,
       user_days.first_name AS user_first_name,
       messages.chat_id,
       messages.chat_type,
       messages.text,
       CAST(epoch(messages.sent_at) AS BIGINT) AS date,
       messages.context_date
FROM messages
LEFT JOIN user_days ON user_days.context_date = messages.context_date AND user_days.user_id = messages.user_id"""
"""The columns and types of the course design's table. Its `date` is in Unix seconds, its `user_first_name` there as the
message had it, here as last seen on the message's day."""
