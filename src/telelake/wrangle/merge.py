"""Late rows over published ones, by key: what a frozen day's tables become when something came late for it.

Nothing can be built anew of a frozen day, so its tables are put together from what is published and what an engine made of
the late records alone. Most tables hold what each record says, and are both; the others have a rule of their own in
`sql/late/<table>.sql`, which says what the table's own SQL says as far as the published columns go:

- what the lake has already, by `record_id` or as the same update of the same bot, is no second row (`copies`);
- a message's states are numbered anew, and what hangs on a state that is not the latest any more goes;
- what several bots saw is one row; which state is the latest is told anew;
- rows of days, chats and people that something came late for are counted anew from the merged messages and updates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from importlib.resources import files as package_files
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from telelake.errors import CheckFailed
from telelake.ports import EMPTY, DayFile
from telelake.tables import derive
from telelake.tables.catalog import BUILT
from telelake.tables.model import Table
from telelake.wrangle.files import copy_days
from telelake.wrangle.parse import text
from telelake.wrangle.sql import sql_file

if TYPE_CHECKING:
    from collections.abc import Iterator

Files = Mapping[str, Sequence[Path]]
"""Parquet files of some days, by table."""

_OF_STATES = ("message_entities", "checklist_tasks", "payments", "gifts", "giveaways", "service_events")
"""Tables of which a row is said by a message's latest state, beside those with a rule of their own."""
_ORDER = ("updates", "calls", "quarantine", "message_versions", "messages", "polls")
"""Tables that others look at once they are merged; the others follow as they are declared."""
_SAME_UPDATE = " AND ".join(
    f"published.{name} IS NOT DISTINCT FROM late.{name}"
    for name in ("kind", "chat_id", "user_id", "message_id", "occurred_at")
)


@dataclass(frozen=True, slots=True)
class Copy:
    """A late record that the lake has already."""

    day: date
    raw: str
    published: str
    """record_id of what is published."""
    deliveries: int


@contextmanager
def database(folder: Path, memory: int | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield an engine that keeps within some bytes of memory and spills below a folder."""
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute("SET temp_directory = ?", [str(folder / "spill")])
        if memory:
            con.execute(f"SET memory_limit = '{memory}B'")
        yield con


def copies(con: duckdb.DuckDBPyConnection, published: Files, before: Sequence[Path], late: Files) -> list[Copy]:
    """Return the late records that the lake has already: by their record_id, or as the same update of the same bot.

    The same body cannot be told from rows alone. An update of the same bot, number, kind, chat, person, message, time and size
    counts as the same one; so does an exported message, which has no number, with its message's. `before` are the files of
    `updates` of the days before: an update without a date of its own may lie in either.
    """
    for table in ("updates", "calls"):
        _open(con, "published", table, published.get(table, ()))
        _open(con, "late", table, late.get(table, ()))
    _open(con, "before", "updates", before)
    same = f"published.bot_id = late.bot_id AND published.bytes = late.bytes AND {_SAME_UPDATE}"
    sql = f"""
        SELECT late.context_date, late.raw, published.raw, 0 FROM late_updates AS late
        JOIN published_updates AS published ON published.context_date = late.context_date AND published.raw = late.raw
        UNION ALL
        SELECT late.context_date, late.raw, published.raw, late.deliveries FROM late_updates AS late
        JOIN published_updates AS published
          ON published.context_date = late.context_date AND published.update_id = late.update_id AND {same}
        UNION ALL
        SELECT late.context_date, late.raw, published.raw, late.deliveries FROM late_updates AS late
        JOIN published_updates AS published
          ON published.context_date = late.context_date AND published.message_id = late.message_id AND {same}
        WHERE late.kind = 'export_message'
        UNION ALL
        SELECT late.context_date, late.raw, published.raw, 0 FROM late_updates AS late
        JOIN before_updates AS published
          ON published.context_date = late.context_date - 1 AND published.update_id = late.update_id AND {same}
        WHERE late.occurred_at IS NULL
        UNION ALL
        SELECT late.context_date, late.raw, published.raw, 0 FROM late_calls AS late
        JOIN published_calls AS published ON published.context_date = late.context_date AND published.raw = late.raw
    """
    chosen = (
        f"SELECT * FROM ({sql}) AS found(day, raw, told, deliveries) "
        "QUALIFY row_number() OVER (PARTITION BY day, raw ORDER BY told <> raw, told, deliveries) = 1"
    )
    return [Copy(*row) for row in con.execute(chosen).fetchall()]


def merge(
    con: duckdb.DuckDBPyConnection,
    published: Files,
    late: Files,
    again: Sequence[Copy],
    days: Sequence[date],
    into: Path,
) -> dict[str, list[DayFile]]:
    """Write each table's days as they are with the late rows, checked; return the files.

    `again` are the late records that the lake had already, of which `late` holds nothing.

    Raises:
        CheckFailed: what came out breaks a rule of its table; nothing of it may be published.
    """
    con.execute("CREATE OR REPLACE TABLE seen_again (context_date DATE, raw VARCHAR, deliveries BIGINT)")
    if again:
        values = [[each.day for each in again], [each.published for each in again], [each.deliveries for each in again]]
        con.execute(
            "INSERT INTO seen_again SELECT day, raw, sum(n) FROM (SELECT unnest(?) AS day, unnest(?) AS raw, unnest(?) AS n) "
            "GROUP BY ALL",
            values,
        )
    for table in BUILT:
        _open(con, "published", table.name, published.get(table.name, ()))
        _open(con, "late", table.name, late.get(table.name, ()))
        con.execute(
            f'CREATE OR REPLACE VIEW "both_{table.name}" AS FROM "published_{table.name}" UNION ALL FROM "late_{table.name}"'
        )
    for table in sorted(BUILT, key=lambda each: _ORDER.index(each.name) if each.name in _ORDER else len(_ORDER)):
        columns = ", ".join(f'"{column.name}"' for column in table.columns)
        con.execute(f'CREATE OR REPLACE TABLE "merged_{table.name}" AS SELECT {columns} FROM ({_sql(table)})')
        if table.name == "messages":
            _open_states(con)
    into.mkdir(parents=True)
    return {table.name: _written(con, table, days, into / table.name) for table in BUILT}


def _sql(table: Table) -> str:
    if package_files("telelake.wrangle.sql").joinpath("late", f"{table.name}.sql").is_file():
        return sql_file(f"late/{table.name}")
    both = f'"both_{table.name}"'
    if table.name not in _OF_STATES:
        return f"SELECT * FROM {both}"
    return (
        f"SELECT * FROM {both} WHERE NOT EXISTS (SELECT 1 FROM outdated WHERE outdated.context_date = {both}.context_date "
        f"AND outdated.raw = {both}.raw AND outdated.message_id = {both}.message_id)"
    )


def _open_states(con: duckdb.DuckDBPyConnection) -> None:
    """Make what follows from the merged messages: states that are not the latest, or not there, any more; what was sent."""
    states = "SELECT context_date, raw, message_id FROM both_message_versions"
    for name, kept in (("outdated", "merged_messages"), ("unkept", "merged_message_versions")):
        con.execute(
            f"CREATE OR REPLACE TABLE {name} AS {states} EXCEPT SELECT context_date, raw, message_id FROM {kept}"
        )
    con.execute(
        "CREATE OR REPLACE VIEW told_updates AS SELECT *, raw IN (SELECT raw FROM late_updates) AS is_late FROM merged_updates"
    )
    con.execute(
        "CREATE OR REPLACE VIEW sent_messages AS SELECT *, raw IN (SELECT raw FROM late_message_versions) AS is_late "
        "FROM both_message_versions AS sent WHERE NOT EXISTS (SELECT 1 FROM merged_updates "
        "WHERE merged_updates.context_date = sent.context_date AND merged_updates.raw = sent.raw)"
    )


def _open(con: duckdb.DuckDBPyConnection, side: str, table: str, paths: Sequence[Path]) -> None:
    """Make a view of files of a table; what an older one lacks is null."""
    declared = next(each for each in BUILT if each.name == table)
    read = derive.empty_select(declared)
    if paths:
        names = ", ".join(text(str(path)) for path in paths)
        read += (
            f" UNION ALL BY NAME SELECT * FROM read_parquet([{names}], union_by_name = true, hive_partitioning = false)"
        )
    columns = ", ".join(f'"{column.name}"' for column in declared.columns)
    con.execute(f'CREATE OR REPLACE VIEW "{side}_{table}" AS SELECT {columns} FROM ({read})')


def _written(con: duckdb.DuckDBPyConnection, table: Table, days: Sequence[date], into: Path) -> list[DayFile]:
    columns = derive.table_columns(table)
    rows = derive.cast_select(table, f'"merged_{table.name}"', columns)
    found = con.execute(derive.summary(table, f"({rows})")).fetchall()
    if wrong := [(str(day), nulls) for day, _, _, nulls in found if nulls]:
        raise CheckFailed(f"{table.name} with what came late is not published: a required column is null: {wrong[:3]}.")
    if again := con.execute(f"{derive.repeated_keys(table, f'({rows})')} LIMIT 3").fetchall():
        raise CheckFailed(
            f"{table.name} with what came late is not published: ({', '.join(table.key)}) is not unique, for example {again}."
        )
    order = ", ".join(("context_date", *table.sort))
    options = f"FORMAT parquet, COMPRESSION zstd, WRITE_BLOOM_FILTER false, FIELD_IDS {derive.field_ids(table)}"
    paths = copy_days(con, f"{rows} ORDER BY {order}", into, options, len(days)) if found else {}
    told = {day: (count, digest) for day, count, digest, _ in found}
    return [DayFile(day, paths.get(day), *told.get(day, (0, EMPTY))) for day in days]
