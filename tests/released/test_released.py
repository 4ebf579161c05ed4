"""A lake that an older version wrote is read as it is, and written anew in place (promise 13)."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pyiceberg.table import StaticTable

from telelake.settings import Settings
from telelake.tables.catalog import TABLES
from telelake.wiring import App
from tests.released.opened import LAKES, unpack


class Old:
    """A lake of an older version, opened by today's."""

    def __init__(self, name: str, folder: Path) -> None:
        self.home, self.answers = unpack(name, folder)
        self.app = App(Settings(home=str(self.home)))
        first = self.app.tables.latest()
        assert first is not None
        self.first = first

    def ask(self, sql: str, params: dict[str, Any] | None = None) -> list[list[str]]:
        """Answer as text."""
        return [[str(value) for value in row] for row in self.app.lake().query(sql, params or {}).rows]

    def columns(self, table: str) -> dict[int, str]:
        """Return a table's columns in the newest release, by field id."""
        release = self.app.tables.latest()
        assert release is not None
        schema = StaticTable.from_metadata(release.tables[table]).schema()
        return {field.field_id: field.name for field in schema.fields}


@pytest.fixture(params=LAKES)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Each lake that is kept."""
    found = Old(request.param, tmp_path)
    yield found
    found.app.close()


def test_what_was_saved_still_answers_the_same(old: Old) -> None:
    """At once, and before anything is built: SQL that names each column, and the insights as they were."""
    for query in old.answers["queries"]:
        assert old.ask(query["sql"]) == query["rows"], query["name"]
    for insight in old.answers["insights"]:
        assert old.ask(insight["sql"], dict.fromkeys(insight["params"])) == insight["rows"], insight["name"]


def test_what_is_new_is_null_until_the_days_are_built(old: Old) -> None:
    """A column that the old files lack is there, and null; a table that the lake lacks is there, and empty."""
    known = {(table, name) for table, _, name, *_ in old.answers["columns"]}
    for table in TABLES:
        new = [each.name for each in table.columns if (table.name, each.name) not in known]
        if table.name not in old.first.tables:
            assert old.ask(f"SELECT count(*) FROM {table.name}") == [["0"]]
        for name in new:
            assert old.ask(f"SELECT count({name}) FROM {table.name}") == [["0"]], f"{table.name}.{name}"


def test_every_day_is_due_and_status_says_why(old: Old) -> None:
    """The new recipe, the tables that are new, and what came after the last build."""
    found = old.app.status()

    assert all(day.due for day in found.days)
    reasons = " ".join(day.due or "" for day in found.days)
    assert "drift was never built" in reasons
    assert "the recipe of messages has changed" in reasons
    assert any("raw has changed" in (day.due or "") for day in found.days)
    assert not found.drift


def test_a_build_writes_the_tables_anew_in_place(old: Old) -> None:
    """The same Iceberg tables, by the same ids; the schema grows, and the release of before can still be read."""
    before = {name: StaticTable.from_metadata(location) for name, location in old.first.tables.items()}
    ids = {name: old.columns(name) for name in before}

    report = old.app.wrangle_due()

    assert not report.failed
    assert old.app.wrangle_due().days == []
    release = old.app.tables.latest()
    assert release is not None and release.number > old.first.number
    for table in TABLES:
        if table.name not in release.tables:
            continue
        now = StaticTable.from_metadata(release.tables[table.name])
        declared = {each.id: each.name for each in table.columns}
        if table.name in before:
            assert now.metadata.table_uuid == before[table.name].metadata.table_uuid
            assert old.columns(table.name).items() >= ids[table.name].items()
            # Time travel: the snapshot of before is in the new metadata, and its files are there.
            snapshot = before[table.name].current_snapshot()
            assert snapshot is not None
            rows = now.scan(snapshot_id=snapshot.snapshot_id).to_arrow().num_rows
            assert rows == len(before[table.name].scan().to_arrow())
        assert old.columns(table.name) == declared
    for query in old.answers["queries"]:
        old.ask(query["sql"])
    for insight in old.answers["insights"]:
        old.ask(insight["sql"], dict.fromkeys(insight["params"]))
    assert old.ask("SELECT count(*) FROM drift WHERE what = 'kind'") != [["0"]]


def test_the_old_lake_then_equals_one_that_today_wrote(old: Old, make_lake: Any) -> None:
    """Built from the same raw, though what that says of its form is an older version's."""
    fresh = make_lake(iceberg=False)
    for path in [*(old.home / "raw").rglob("*.zst"), *(old.home / "quarantine").rglob("*.zst")]:
        fresh.store.put(path.relative_to(old.home).as_posix(), path.read_bytes())
    fresh.zone = ZoneInfo("America/Sao_Paulo")
    fresh.wrangle()
    old.app.wrangle_due()

    for table in TABLES:
        if table.name == "builds":
            continue
        names = ", ".join(f"CAST({each.name} AS VARCHAR)" for each in table.columns)
        sql = f"SELECT {names} FROM {table.name}"
        expected = [[str(value) for value in row] for row in fresh.rows(sql)] if fresh.files(table.name) else []
        assert sorted(old.ask(sql)) == sorted(expected), table.name
