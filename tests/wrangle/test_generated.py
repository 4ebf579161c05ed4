"""Generated updates of every kind and field, and what no one should send: each typed column is what a reader computes.

The reader (`tests/wrangle/reader.py`) is plain Python over the JSON and shares nothing with the SQL.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from telelake import raw
from telelake.tables import catalog, derive
from telelake.telegram.update import MESSAGE_KINDS
from telelake.wrangle import duckdb as duckdb_engine
from telelake.wrangle import parse
from telelake.wrangle.day import Report
from tests.conftest import NOW, LakeFolder, message
from tests.generate import deliveries
from tests.wrangle import reader, reader_events
from tests.wrangle.test_sabotage import broken

TABLES = ("updates", "message_versions", "messages", "message_entities", "chat_days", "user_days", "quarantine")
READ = (*TABLES, *(table.name for table in catalog.TABLES if table.name in {*reader_events.EVENTS, "chat_hours"}))
"""Tables that the reader gives."""
COUNT = 10_000
SEED = 20261121


@dataclass(frozen=True)
class Generated:
    """A lake, and what is known of it."""

    lake: LakeFolder
    records: list[raw.Record]
    untouched: set[str]
    """Ids of the records that Telegram might have sent."""
    expected: reader.Tables
    report: Report


def published(lake: LakeFolder, table: str) -> list[dict[str, Any]]:
    """Return a table's rows, times as datetimes in UTC."""
    return [row for path in lake.files(table) for row in parquet.read_table(path, partitioning=None).to_pylist()]


def comparable(table: str, row: dict[str, Any], names: list[str]) -> tuple[str, ...]:
    """Return a row as texts, so that rows sort and nulls compare."""
    return tuple(repr(_plain(row[name])) for name in names)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.14g}"  # times of thousands of years are in it, to the microsecond
    if isinstance(value, datetime):
        return value.timestamp()
    return value.isoformat() if isinstance(value, date) else value


def differences(lake: LakeFolder, expected: reader.Tables, *tables: str) -> list[str]:
    """Return where the published tables differ from what is expected, some of it."""
    told = []
    for table in tables:
        given = {name for row in expected.rows[table] for name in row}
        declared = [column.name for column in catalog.table(table).columns]
        names = [name for name in declared if name in given]
        missing = (set(declared) - given - reader_events.unread(table) - reader.UNREAD.get(table, set())) - (
            {"reason"} if table == "quarantine" else set()
        )
        if missing and expected.rows[table]:
            told.append(f"{table}: the reader gives no {sorted(missing)}")
        ours = sorted(comparable(table, row, names) for row in published(lake, table))
        theirs = sorted(comparable(table, row, names) for row in expected.rows[table])
        if len(ours) != len(theirs):
            told.append(f"{table}: {len(ours)} rows, expected {len(theirs)}")
        here, there = sorted(set(ours) - set(theirs)), sorted(set(theirs) - set(ours))
        raw = names.index("raw") if "raw" in names else None
        for mine in here[:400]:
            like = [row for row in there if raw is not None and row[raw] == mine[raw]] or there[:1]
            if table == "message_entities":
                like = [row for row in like if row[names.index("position")] == mine[names.index("position")]] or like
            for other in like[:1]:
                told += [
                    f"{table} {mine[raw] if raw is not None else mine[:3]}: {name} is {a}, expected {b}"
                    for name, a, b in zip(names, mine, other, strict=True)
                    if a != b
                ]
        told += [f"{table}: missing {row[:8]}" for row in there[: max(0, len(there) - len(here))][:5]]
    return told


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    """A lake of generated deliveries, what it must hold, and what the run has said."""
    lake = LakeFolder(tmp_path_factory.mktemp("generated") / "lake", iceberg=False)
    made = deliveries(SEED, COUNT)
    records = [lake.record(each.body, each.at, each.bot) for each in made]
    for start in range(0, len(records), 2500):
        lake.seal(records[start : start + 2500])
    untouched = {record.record_id for record, each in zip(records, made, strict=True) if not each.tags}
    return Generated(lake, records, untouched, reader.read(records, lake.zone), lake.wrangle())


@pytest.mark.parametrize("table", READ)
def test_every_typed_column_is_what_a_reader_computes(generated: Generated, table: str) -> None:
    """Of 10,000 generated updates, spoilt ones among them."""
    assert generated.expected.rows[table]

    assert differences(generated.lake, generated.expected, table)[:20] == []


def test_the_books_balance_to_the_record(generated: Generated) -> None:
    """Each day's account is what the reader counts, and all together are all that was captured."""
    wanted = {day.isoformat(): book for day, book in generated.expected.books.items()}
    told = {
        day: {key: book[key] for key in ("raw", "rows", "duplicates", "quarantined")}
        for day, book in generated.report.books.items()
    }

    assert {day: told[day] for day in wanted} == wanted
    assert sum(book["raw"] for book in told.values()) == COUNT


def test_what_no_column_reads_is_in_extra(generated: Generated) -> None:
    """Of what Telegram might send: each field of a payload is named as a column's source, or stands in `extra`."""
    bodies = {record.record_id: record.body for record in generated.records}
    looked = 0
    for row in published(generated.lake, "updates"):
        if row["raw"] not in generated.untouched:
            continue
        payload = json.loads(bodies[row["raw"]])[row["kind"]]
        tree = derive.message_tree() if row["kind"] in MESSAGE_KINDS else derive.event_tree()
        expected = reader.left_over(payload, tree)
        assert reader.without_empty(json.loads(row["extra"] or "{}")) == reader.without_empty(expected), row["raw"]
        looked += 1
    assert looked > COUNT / 2


def test_nothing_is_noted_of_what_telegram_might_send(generated: Generated) -> None:
    """A note is for what is wrong; of the spoilt ones many have some."""
    rows = published(generated.lake, "updates")

    assert not [row["notes"] for row in rows if row["raw"] in generated.untouched and row["notes"]]
    assert sum(bool(row["notes"]) for row in rows) > 100


# What the generator has found, each as small as it can be


def test_a_half_character_costs_no_other_line(make_lake: Callable[..., LakeFolder]) -> None:
    """A dateless update that comes again after midnight is cut, whatever lies beside its first delivery, and in it."""
    lake = make_lake(iceberg=False)
    first, after = NOW.replace(hour=20), NOW + timedelta(hours=12)
    half = b'{"update_id":%d,"poll":{"id":"\\ud83d"}}'
    polls = [b'{"update_id":%d,"poll":{"id":"%d"}}' % (number, number) for number in range(1, 40)]
    bodies = [each for number, poll in enumerate(polls) for each in (half % (100 + number), poll)]
    lake.add(*bodies, at=first)
    lake.add(*bodies, at=after)
    report = lake.wrangle()

    assert [(book["rows"], book["duplicates"]) for book in report.books.values()] == [(78, 0), (0, 78)]


def test_one_segment_changes_nothing_in_another(make_lake: Callable[..., LakeFolder]) -> None:
    """Where the engine stops at a half character, other segments are looked at as ever: for two kinds, for none."""
    lake = make_lake(iceberg=False)
    lake.add(message(1, 1) | message(1, 2, kind="channel_post"), {"update_id": 2, "poll": None})
    lake.add(message(3, "text"), at=NOW + timedelta(seconds=1))  # type: ignore[arg-type]
    lake.add(b'{"update_id":4,"message":{"message_id":"\\ud83d","chat":{"id":5}}}', at=NOW + timedelta(seconds=2))
    lake.add(
        b'{"update_id":5,"message":{"message_id":5,"chat":{"id":5},"unread":"\\ud83d"}}', at=NOW + timedelta(seconds=3)
    )
    lake.wrangle()

    assert lake.rows("SELECT update_id, kind FROM updates ORDER BY ALL") == [
        (1, "message"), (2, "poll"), (3, "message"), (4, "message"), (5, "message"),
    ]  # fmt: skip
    assert lake.rows("SELECT count(*) FROM messages WHERE message_id IN (1, 2)") == [(2,)]


def test_a_name_has_no_blank_at_its_end(make_lake: Callable[..., LakeFolder]) -> None:
    """An empty last name is none, in a message and of a private chat."""
    lake = make_lake(iceberg=False)
    person = {"id": 11, "is_bot": False, "first_name": "Ana", "last_name": ""}
    lake.add(message(1, 1, **{"from": person, "chat": {**person, "type": "private"}}))
    lake.wrangle()

    assert lake.rows("SELECT sender_name FROM messages") == lake.rows("SELECT title FROM chat_days") == [("Ana",)]


def test_a_part_that_is_none_is_not_counted(make_lake: Callable[..., LakeFolder]) -> None:
    """`entities` counts the rows of message_entities, not what stands between them."""
    lake = make_lake(iceberg=False)
    lake.add(message(1, 1, entities=[None, {"type": "bold", "offset": 0, "length": 1}, 5]))
    lake.wrangle()

    assert lake.rows("SELECT entities, (SELECT count(*) FROM message_entities) FROM messages") == [(1, 1)]


def test_a_lag_is_told_to_the_microsecond(make_lake: Callable[..., LakeFolder]) -> None:
    """And not with the noise of two large numbers' difference."""
    lake = make_lake(iceberg=False)
    lake.add(message(1, 1), at=NOW + timedelta(microseconds=718128))
    lake.wrangle()

    assert lake.rows("SELECT delivery_lag_seconds FROM updates") == [(0.718128,)]


def test_a_second_payload_is_seen_too(make_lake: Callable[..., LakeFolder]) -> None:
    """In a body of two kinds, chat and person of the second are of the day, though the update counts once."""
    lake = make_lake(iceberg=False)
    two = message(1, 1) | message(1, 2, kind="channel_post", chat={"id": -5, "type": "group"}, **{"from": {"id": 12}})
    lake.add(two)
    lake.wrangle()

    chats = lake.rows("SELECT chat_id, updates, messages FROM chat_days ORDER BY ALL")
    assert chats == [(-1001000000001, 1, 1), (-5, 0, 1)]
    assert lake.rows("SELECT user_id, updates, messages FROM user_days ORDER BY ALL") == [(11, 1, 1), (12, 0, 1)]


# The twins


def test_the_half_character_twin_fails(make_lake: Callable[..., LakeFolder], monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the engine told to pass over lines that it cannot read, it would lose others with them."""
    whole = parse.create_earlier

    def lenient(paths: list[Path]) -> str:
        return whole(paths).replace("maximum_object_size", "ignore_errors = true, maximum_object_size")

    monkeypatch.setattr(parse, "create_earlier", lenient)
    with pytest.raises(AssertionError):
        test_a_half_character_costs_no_other_line(make_lake)


@pytest.mark.parametrize(
    ("file", "line", "instead"),
    [
        ("_records", "m.quote.text AS quote", "m.text AS quote"),
        ("_message_states", "content.height AS height", "content.width AS height"),
        ("message_entities", 'utf16_slice(words, mark."offset"', 'substr(words, mark."offset" + 1'),
        ("user_days", "count(DISTINCT chat_id) AS chats", "count(chat_id) AS chats"),
    ],
)
def test_a_wrong_column_is_seen(
    make_lake: Callable[..., LakeFolder], monkeypatch: pytest.MonkeyPatch, file: str, line: str, instead: str
) -> None:
    """A column that takes its value from elsewhere, or counts otherwise, differs from what the reader computes."""
    lake = make_lake(iceberg=False)
    records = [lake.record(each.body, each.at, each.bot) for each in deliveries(4, 500, mutated=0)]
    lake.seal(records)
    broken(monkeypatch, file, line, instead)
    monkeypatch.setattr(parse, "sql_file", duckdb_engine.sql_file)
    lake.wrangle()

    assert differences(lake, reader.read(records, lake.zone), *TABLES)
