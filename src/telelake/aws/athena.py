"""What Athena's work group keeps: every insight as a named query, and one that makes each view anew.

An insight becomes one SELECT that needs the tables alone, so it works as soon as they are there. The views are in the
catalog by themselves (`telelake.aws.views`). How the SQL is said in Athena's dialect is the business of
`telelake.aws.trino`. Nothing here talks to AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from telelake.aws.trino import quoted, translate
from telelake.aws.views import views
from telelake.errors import SettingsError
from telelake.present.insight import Insight, all_insights, values

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
    """Return a CREATE OR REPLACE VIEW for each view, then every insight, over a Glue database.

    `timezone` is the lake's, an IANA name: local hours and times are those of it.

    Raises:
        SettingsError: an insight or a view cannot be said in Athena's SQL; says which and what stands in the way.
    """
    return [*repairs(database, timezone), *(insight_query(each, database, timezone) for each in all_insights())]


def insight_query(
    insight: Insight, database: str, timezone: str, params: Mapping[str, Any] | None = None
) -> NamedQuery:
    """Return an insight as one SELECT; a parameter that is not given has its default, or filters nothing.

    Raises:
        SettingsError: a parameter is wrong, or the insight cannot be said in Athena's SQL.
    """
    given = {name: value for name, value in (params or {}).items() if name in insight.params}
    try:
        sql = translate(insight.sql, database, timezone, values(insight, given))
    except SettingsError as error:
        raise SettingsError(f"insights/{insight.name}.sql: {error}") from error
    return NamedQuery(insight.name, f"{insight.titles['en']}. {insight.definitions['en']}"[:_DESCRIPTION], sql)


def repairs(database: str, timezone: str) -> list[NamedQuery]:
    """Return a statement for each view that lets Athena itself write it, over what is there under its name."""
    return [
        NamedQuery(
            f"view_{view.name}",
            f"Makes the view {view.name} anew, should Athena call it stale. {view.description}"[:_DESCRIPTION],
            f"CREATE OR REPLACE VIEW {quoted(database)}.{view.name} AS\n{view.sql}",
        )
        for view in views(database, timezone)
    ]
