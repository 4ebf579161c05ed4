"""What Athena keeps of the lake beside its tables: views, and every insight as a named query.

An insight becomes one SELECT that needs the tables alone, so it works as soon as they are there; the views are for
people, and are made by running theirs. How the SQL is said in Athena's dialect is the business of
`telelake.aws.trino`. Nothing here talks to AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from telelake.aws.trino import columns_of, quoted, translate
from telelake.errors import SettingsError
from telelake.present.insight import Insight, all_insights, checked
from telelake.tables.catalog import MESSAGES, VIEWS
from telelake.tables.model import Kind, View

_DESCRIPTION = 1024
"""Characters that Athena takes for the description of a named query."""


@dataclass(frozen=True, slots=True)
class NamedQuery:
    """A query that Athena keeps under a name."""

    name: str
    description: str
    sql: str
    """One statement, without a semicolon."""


def named_queries(database: str, timezone: str) -> list[NamedQuery]:
    """Return every view as a CREATE OR REPLACE VIEW, then every insight, over a Glue database.

    `timezone` is the lake's, an IANA name: local hours and times are those of it.

    Raises:
        SettingsError: an insight cannot be said in Athena's SQL; names it and what stands in the way.
    """
    return [*views(database, timezone), *(insight_query(each, database, timezone) for each in all_insights())]


def views(database: str, timezone: str) -> list[NamedQuery]:
    """Return the views as CREATE OR REPLACE VIEW statements; the tables must exist when one is run.

    Athena's views cannot hold a time with a zone, so times are UTC without one (`sent_at`), or local (`local_sent_at`).
    """
    made = {view.name: (_description(view), _view_select(view)) for view in VIEWS}
    made["messages_local"] = (
        f"{MESSAGES.en} Times beginning with local_ are in {timezone}, the others in UTC.", _messages_local()
    )  # fmt: skip
    made["telegram"] = ("The table of the course design, over messages: the same columns and types.", _COURSE)
    return [
        NamedQuery(
            f"view_{name}",
            description[:_DESCRIPTION],
            f"CREATE OR REPLACE VIEW {quoted(database)}.{name} AS\n{translate(sql, database, timezone)}",
        )
        for name, (description, sql) in made.items()
    ]


def insight_query(
    insight: Insight, database: str, timezone: str, params: Mapping[str, Any] | None = None
) -> NamedQuery:
    """Return an insight as one SELECT; a parameter that is not given filters nothing.

    Raises:
        SettingsError: a parameter is wrong, or the insight cannot be said in Athena's SQL.
    """
    values = {name: value for name, value in checked(params or {}).items() if name in insight.params}
    try:
        sql = translate(insight.sql, database, timezone, values)
    except SettingsError as error:
        raise SettingsError(f"insights/{insight.name}.sql: {error}") from error
    return NamedQuery(insight.name, f"{insight.titles['en']}. {insight.definitions['en']}"[:_DESCRIPTION], sql)


def _description(view: View) -> str:
    return view.en[0].upper() + view.en[1:]


# Views that are Athena's alone


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
