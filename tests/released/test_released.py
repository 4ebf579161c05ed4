"""A lake that an older version wrote is read as it is, and written anew in place (promise 13)."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pyiceberg.table import StaticTable

import telelake
from telelake.settings import Settings
from telelake.tables.catalog import BUILT, TABLES, USER_DAYS
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
    assert re.search(r"\d+ tables were never built", reasons)
    assert re.search(r"the recipes of \d+ tables have changed", reasons)
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

    for table in BUILT:
        names = ", ".join(f"CAST({each.name} AS VARCHAR)" for each in table.columns)
        sql = f"SELECT {names} FROM {table.name}"
        expected = [[str(value) for value in row] for row in fresh.rows(sql)] if fresh.files(table.name) else []
        assert sorted(old.ask(sql)) == sorted(expected), table.name


LATER = """
import json, sys
from pyiceberg.table import StaticTable
from telelake.settings import Settings
from telelake.wiring import App
app = App(Settings(home=sys.argv[1]))
sql = "SELECT CAST(context_date AS VARCHAR), count(*), count(initial) FROM user_days GROUP BY ALL ORDER BY ALL"
ask = lambda: [list(row) for row in app.lake().query(sql).rows]
said = [ask()]
app.wrangler.run(lambda day: str(day) == said[0][-1][0])
said.append(ask())
app.wrangle_due()
said.append(ask())
schema = StaticTable.from_metadata(app.tables.latest().tables["user_days"]).schema()
print(json.dumps([*said, {field.name: field.field_id for field in schema.fields}]))
app.close()
"""


def test_a_column_of_a_later_version_is_null_until_a_day_is_built(old: Old, tmp_path: Path) -> None:
    """A telelake with one more column, over the lake as it is: null at once, then filled day by day, in place."""
    package = tmp_path / "later"
    shutil.copytree(Path(telelake.__file__).parent, package / "telelake", ignore=shutil.ignore_patterns("__pycache__"))
    number = 1 + max(each.id for each in USER_DAYS.columns)
    path = package / "telelake" / "tables" / "catalog" / "days.py"
    before, begin, rest = path.read_text(encoding="utf-8").partition("USER_DAYS = Table(")
    columns, end, after = rest.partition("\n    ),\n)")
    new = f'\n        C({number}, "initial", K.TEXT, "First letter.", "Primeira letra."),'
    path.write_text("".join([before, begin, columns, new, end, after]), encoding="utf-8")
    _replace(
        package / "telelake" / "wrangle" / "sql" / "user_days.sql",
        "       latest.is_premium AS is_premium,",
        "       latest.is_premium AS is_premium, latest.first_name[1] AS initial,",
    )
    ids = old.columns("user_days")

    found = subprocess.run(
        [sys.executable, "-c", LATER, str(old.home)], env={**os.environ, "PYTHONPATH": str(package)},
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr

    at_once, one_built, all_built, names = json.loads(found.stdout)
    assert [filled for _, _, filled in at_once] == [0] * len(at_once)
    assert [filled > 0 for _, _, filled in one_built] == [*[False] * (len(at_once) - 1), True]
    assert all(filled > 0 for _, _, filled in all_built)
    assert names["initial"] == number
    assert {each: name for name, each in names.items()}.items() >= ids.items()


def _replace(path: Path, line: str, instead: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(line) == 1, path
    path.write_text(text.replace(line, instead), encoding="utf-8")
