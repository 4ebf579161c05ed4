"""Insights over many messages, against the same SQL on Parquet laid by hand.

    python bench/query.py --messages 10000000 --days 365 --rounds 5

* ours: each insight through `open_lake`, as the dashboard asks it: a locked worker process, views over a release's files,
  a file a day with all columns; with --copy beside the quick copy of the release that a dashboard makes.
* floor: the same SQL and macros in bare DuckDB, over one Parquet file a table that holds only the columns insights read.
* first page: all these insights, one after the other, as a page without filters asks them.

The tables are made directly, not by a wrangle: rows follow from their numbers alone, so the same arguments give the same
rows. Each insight is asked once unmeasured first; files then lie in the system's cache, for both sides.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from telelake.present import insight as insights
from telelake.present import quick
from telelake.present.query import open_lake
from telelake.settings import Sql
from telelake.tables import derive
from telelake.tables.catalog import TABLES, VIEWS
from telelake.tables.derive import reading
from telelake.tables.model import Table

ZONE = "America/Sao_Paulo"
FIRST = date(2025, 3, 1)
CHATS, PEOPLE = 40, 5000
MACROS = Path(insights.__file__).with_name("macros.sql")

WORDS = "repeat('palavra ' || h % 1000 || ' ', 1 + CAST(h % 12 AS INTEGER))"
MESSAGES = {
    "context_date": "day", "bot_id": "1", "account_id": "0", "chat_id": "-1001000000000 - h % {chats}", "message_id": "i",
    "raw": "'bench-' || i", "update_id": "i", "source": "'webhook'", "direction": "'in'",
    "kind": "CASE WHEN h % 97 = 0 THEN 'new_chat_members' WHEN h % 11 = 0 THEN 'photo' ELSE 'text' END",
    "is_service": "h % 97 = 0",
    # Few write much, most a little.
    "user_id": "9900000000 + CAST(floor(power(h % 1000003 / 1000003.0, 3) * {people}) AS BIGINT)",
    "sender_name": "'Pessoa ' || h % {people}", "is_bot": "false", "chat_type": "'supergroup'", "sent_at": "sent_at",
    "received_at": "sent_at + INTERVAL 1 SECOND", "local_hour": f"hour(timezone('{ZONE}', sent_at))",
    "text": WORDS, "length": f"length({WORDS})",
    "entities": "h % 3", "links": "0", "mentions": "0", "hashtags": "0", "commands": "0", "versions": "1",
}  # fmt: skip
"""What a made-up message holds; all other columns are null."""

USER_DAYS = """
    SELECT context_date, user_id, 'Pessoa' AS first_name, CAST(user_id AS VARCHAR) AS last_name, false AS is_bot,
           min(sent_at) AS first_seen_at, max(sent_at) AS last_seen_at, count(*) AS updates, count(*) AS messages,
           sum(length) AS characters, count(DISTINCT chat_id) AS chats
    FROM messages GROUP BY context_date, user_id"""

CHAT_DAYS = """
    SELECT context_date, chat_id, 'supergroup' AS type, 'Grupo ' || chat_id AS title, min(sent_at) AS first_seen_at,
           max(sent_at) AS last_seen_at, count(*) AS updates, count(*) AS messages, count(DISTINCT user_id) AS people
    FROM messages GROUP BY context_date, chat_id"""

CHAT_HOURS = """
    SELECT context_date, chat_id, local_hour, count(*) AS messages, count(*) FILTER (WHERE NOT is_bot) AS people_messages,
           count(*) FILTER (WHERE is_bot) AS bot_messages, 0 AS out_messages, count(DISTINCT user_id) AS people
    FROM messages WHERE NOT is_service GROUP BY context_date, chat_id, local_hour"""

ASKED = (
    "key_figures", "messages_over_time", "people_over_time", "hours_by_weekday", "busiest_hours", "message_kinds",
    "messages_per_person_per_day", "length_per_person_per_day",
)  # fmt: skip
"""Insights that read nothing but the tables made here; `bench/insights.py` has all."""

READ = {
    "messages": (
        "context_date", "account_id", "chat_id", "message_id", "local_hour", "user_id", "kind", "is_service", "is_bot",
        "direction", "sender_chat_id", "sent_at", "length", "text", "caption", "reply_to_message_id", "reply_to_user_id",
    ),
}  # fmt: skip
"""Columns that a hand would lay for these questions; of tables not named here, all."""


def main() -> None:
    """Make the tables if needed, ask all in turn, print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=10_000_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--copy", action="store_true", help="with the quick copy of the release that a dashboard has")
    parser.add_argument("--data", type=Path, default=Path(__file__).parent / "data")
    asked = parser.parse_args()
    folder = asked.data / f"queries-{asked.messages}-{asked.days}"
    if not (folder / "made").exists():
        make(folder, asked.messages, asked.days)
    files = {table.name: sorted((folder / "lake" / table.name).rglob("*.parquet")) for table in TABLES}
    threads = max(1, min(4, os.cpu_count() or 1))
    copy = None
    if asked.copy:
        copy = folder / "copy.duckdb"
        copy.unlink(missing_ok=True)
        quick.make(copy, files, ZONE, Sql().memory)
    with open_lake(files, ZoneInfo(ZONE), Sql(), copy) as lake, by_hand(folder / "hand", threads) as hand:
        ours: dict[str, list[float]] = {}
        ratios: dict[str, list[float]] = {}
        pages: list[float] = []
        for number in range(asked.rounds + 1):
            page = 0.0
            for each in map(insights.insight, ASKED):
                mine, answer = timed(lambda each=each: insights.run(lake, each).rows)
                floor, same = timed(lambda each=each: ask(hand, each))
                page += mine
                if len(answer) != len(same):
                    raise SystemExit(f"{each.name}: {len(answer)} rows here, {len(same)} by hand.")
                if number:
                    ours.setdefault(each.name, []).append(mine)
                    ratios.setdefault(each.name, []).append(mine / floor)
            pages += [page] if number else []
    print(f"{asked.messages:,} messages of {asked.days} days, {threads} threads, medians of {asked.rounds} rounds")
    for name, seconds in ours.items():
        print(f"{name}: {statistics.median(seconds):.3f} s, {statistics.median(ratios[name]):.2f} times by hand")
    print(f"all ratios at most: {max(statistics.median(each) for each in ratios.values()):.2f} (must be at most 1.3)")
    print(f"first page: {statistics.median(pages):.2f} s (must be below 1)")


def make(folder: Path, messages: int, days: int) -> None:
    """Write the tables, a file a day as the wrangle lays them, and once more by hand."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "hand").mkdir(parents=True)
    declared = {table.name: table for table in TABLES}
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'; SET memory_limit = '3GB'; SET enable_progress_bar = false")
        for number in range(days):
            day = FIRST + timedelta(days=number)
            low, high = messages * number // days, messages * (number + 1) // days
            source = (
                f"(SELECT *, TIMESTAMPTZ '{day} 03:00:00+00' + CAST(h % 86400 AS BIGINT) * INTERVAL 1 SECOND AS sent_at, "
                f"DATE '{day}' AS day FROM (SELECT i, hash(i) AS h FROM range({low}, {high}) AS numbers(i)))"
            )
            given = {name: text.format(chats=CHATS, people=PEOPLE) for name, text in MESSAGES.items()}
            columns = ", ".join(
                f'{text} AS "{name}"'
                for name, text in given.items()
                if name in derive.table_columns(declared["messages"])
            )
            con.execute(f"CREATE OR REPLACE TEMP TABLE messages AS SELECT {columns} FROM {source}")
            for name, sql in (
                ("messages", "FROM messages"),
                ("user_days", USER_DAYS),
                ("chat_days", CHAT_DAYS),
                ("chat_hours", CHAT_HOURS),
            ):
                lay(con, declared[name], sql, folder / "lake" / name / f"context_date={day}" / "part.parquet")
        for name in ("messages", "user_days", "chat_days", "chat_hours"):
            columns = ", ".join(READ.get(name, ("*",)))
            con.execute(
                f"COPY (SELECT {columns} FROM read_parquet('{folder}/lake/{name}/*/*.parquet', hive_partitioning = false)) "
                f"TO '{folder}/hand/{name}.parquet' (FORMAT parquet, COMPRESSION zstd)"
            )
    (folder / "made").touch()


def lay(con: duckdb.DuckDBPyConnection, table: Table, sql: str, path: Path) -> None:
    """Write a day of a table as the wrangle does; a column that the SELECT lacks is null."""
    path.parent.mkdir(parents=True, exist_ok=True)
    produced = {row[0] for row in con.execute(f"DESCRIBE {sql}").fetchall()}
    nulls = "".join(f', NULL AS "{name}"' for name in derive.table_columns(table) if name not in produced)
    select = derive.cast_select(table, f"(SELECT *{nulls} FROM ({sql}))", derive.table_columns(table))
    con.execute(
        f"COPY ({select} ORDER BY {', '.join(table.sort)}) TO '{path}' "
        f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880, FIELD_IDS {derive.field_ids(table)})"
    )


def by_hand(folder: Path, threads: int) -> duckdb.DuckDBPyConnection:
    """Open the Parquet laid by hand in bare DuckDB, with the macros that insights use."""
    con = duckdb.connect(config={"threads": threads, "memory_limit": Sql().memory})
    con.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
    for path in folder.glob("*.parquet"):
        con.execute(f"CREATE VIEW {path.stem} AS FROM read_parquet('{path}')")
    for table in TABLES:  # the macros name tables that are not made here
        con.execute(f"CREATE VIEW IF NOT EXISTS {table.name} AS {reading(table, ())}")
    for view in VIEWS:
        con.execute(f'CREATE VIEW "{view.name}" AS {view.sql}')
    con.execute(f"CREATE MACRO local_time(ts) AS timezone('{ZONE}', ts)")
    con.execute(MACROS.read_text(encoding="utf-8"))
    return con


def ask(con: duckdb.DuckDBPyConnection, asked: insights.Insight) -> Sequence[Any]:
    """Answer an insight in bare DuckDB."""
    return con.execute(asked.sql, insights.values(asked)).fetchall()


def timed(work: Callable[[], Sequence[Any]]) -> tuple[float, Sequence[Any]]:
    """Return the wall seconds of some work, and what it gave."""
    start = time.perf_counter()
    found = work()
    return time.perf_counter() - start, found


if __name__ == "__main__":
    main()
