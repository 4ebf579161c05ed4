"""Athena's views: Trino's SQL, the columns and types that it really gives, their rows, and a catalog that bears them."""

from __future__ import annotations

import base64
import json
import re
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import boto3
import pytest
import sqlglot
from sqlglot import exp

sys.path.insert(0, str(Path(__file__).parents[1] / "present"))

from lakes import write

from telelake import settings
from telelake.aws import stack
from telelake.aws import views as module
from telelake.aws.athena import repairs
from telelake.aws.deploy import destroy
from telelake.aws.views import AthenaView, view_columns, views
from telelake.errors import SettingsError
from telelake.present.query import Lake, open_lake
from telelake.settings import Settings, Storage
from telelake.stores.upkeep import maintain
from telelake.tables.catalog import CHATS, MESSAGES, TABLES, USERS
from telelake.tables.model import View
from tests.aws.as_trino import as_trino, resolved
from tests.aws.bodies import update
from tests.aws.deployed import Deployed
from tests.aws.telegram import Post
from tests.moto_server import moto_server
from tests.present.conftest import OLD, SAO_PAULO, small
from tests.stores.test_iceberg import DAY, NEXT, NONE, PEOPLE, Shelf, rows_of_glue

ZONE = "America/Sao_Paulo"
VIEWS = {view.name: view for view in views("telelake", ZONE)}
EACH = pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)


@pytest.fixture(scope="module")
def small_lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A lake of a few people and chats."""
    with open_lake(write(tmp_path_factory.mktemp("small"), small().tables()), SAO_PAULO, settings.Sql()) as lake:
        yield lake


def test_these_views_there_are() -> None:
    """Those of the catalog, and two of Athena's own; none has the name of a table, for Glue holds both alike."""
    assert list(VIEWS) == ["chats", "users", "topics", "messages_local", "telegram"]
    assert VIEWS.keys().isdisjoint(table.name for table in TABLES)


@EACH
def test_the_definition_is_what_trino_reads(view: AthenaView) -> None:
    """A comment of fixed words around base64 of JSON, with all that any version of Trino asks for."""
    text = view.original_text("telelake")
    found = re.fullmatch(r"/\* Presto View: ([A-Za-z0-9+/=]+) \*/", text)
    assert found
    definition = json.loads(base64.b64decode(found[1], validate=True))

    assert definition == {
        "originalSql": view.sql, "catalog": "awsdatacatalog", "schema": "telelake", "runAsInvoker": False, "path": [],
        "columns": [{"name": each.name, "type": each.trino} for each in view.columns],
    }  # fmt: skip
    assert len(text) < 409_600


@EACH
def test_the_sql_gives_the_columns_that_are_said(view: AthenaView) -> None:
    """Two ways that know nothing of each other: what is said comes from DuckDB, this from the text in Athena's dialect."""
    (parsed,) = sqlglot.parse(view.sql, read="athena")
    assert isinstance(parsed, exp.Select)
    assert parsed.sql(dialect="athena", pretty=True) == view.sql
    given = [(each.alias_or_name, each.type.sql("trino").lower()) for each in resolved(view.sql).selects]

    assert [(each.name, each.trino) for each in view.columns] == given


@EACH
def test_the_catalogs_type_is_the_engines(view: AthenaView) -> None:
    """By their names in Hive and in Trino; Hive's timestamp has no precision in its name."""
    for column in view.columns:
        engine = exp.DataType.build(column.trino, dialect="trino")
        if engine.is_type("timestamp"):
            assert column.trino == "timestamp(6)"
            engine.set("expressions", [])
        assert exp.DataType.build(column.glue, dialect="hive").sql("trino") == engine.sql("trino"), column.name


def test_columns_are_those_of_the_declarations() -> None:
    """Every column of a table, in its order, with the type that Glue has for it there."""
    said = {each.name: each.glue for each in VIEWS["messages_local"].columns}

    added = {f"local_{each.name}" for each in MESSAGES.columns}
    assert [name for name in said if name not in added] == [each.name for each in MESSAGES.columns]
    assert [said[each.name] for each in MESSAGES.columns] == [each.kind.athena for each in MESSAGES.columns]


@pytest.mark.parametrize(
    ("sql", "odd"),
    [
        ("SELECT sent_at FROM messages", r"sent_at \(TIMESTAMP WITH TIME ZONE\)"),
        ("SELECT chat_id, sum(length) AS length FROM messages GROUP BY 1", r"length \(HUGEINT\)"),
        ("SELECT 1 AS one", r"one \(INTEGER\)"),
    ],
)
def test_a_type_that_athena_would_not_give_is_refused(sql: str, odd: str) -> None:
    """Glue knows no zone, Trino's sum of bigint is a bigint, and its numbers are not DuckDB's."""
    with pytest.raises(SettingsError, match=rf"view odd has columns .*: {odd}\. Cast"):
        view_columns("odd", sql)


def test_a_view_with_the_name_of_a_table_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would stand where wrangle registers the table."""
    monkeypatch.setattr(module, "VIEWS", (View("messages", "A person.", "Uma pessoa.", USERS.sql),))

    with pytest.raises(SettingsError, match=r"view messages has the name of a table.*Rename"):
        views("telelake", ZONE)


@EACH
def test_a_view_can_be_made_anew_by_a_named_query(view: AthenaView) -> None:
    """The same name and the same SELECT, as one statement of Athena's."""
    (query,) = [each for each in repairs("telelake", ZONE) if each.name == f"view_{view.name}"]
    (parsed,) = sqlglot.parse(query.sql, read="athena")

    assert (parsed.args["replace"], parsed.this.sql(), parsed.kind) == (True, f"telelake.{view.name}", "VIEW")
    assert parsed.expression.sql(dialect="athena", pretty=True) == view.sql


# Rows


@pytest.mark.parametrize("own", [CHATS, USERS], ids=lambda own: own.name)
def test_a_view_of_the_catalog_holds_the_same_rows(small_lake: Lake, own: View) -> None:
    rows = small_lake.query(f"SELECT * FROM {own.name} ORDER BY 1").rows
    made = small_lake.query(f"SELECT * FROM ({as_trino(VIEWS[own.name].sql)}) ORDER BY 1")

    def bare(row: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(value.replace(tzinfo=None) if hasattr(value, "tzinfo") else value for value in row)

    assert [bare(row) for row in made.rows] == [bare(row) for row in rows] != []
    assert made.columns == small_lake.query(f"SELECT * FROM {own.name}").columns


@EACH
def test_no_view_has_a_time_with_a_zone(view: AthenaView) -> None:
    """Athena keeps a view's columns in Glue, whose types know no zone."""
    assert not [each.sql() for each in resolved(view.sql).selects if each.type.this.value in {"TIMESTAMPTZ", "UNKNOWN"}]


def test_messages_local_has_every_column_and_local_times(small_lake: Lake) -> None:
    made = small_lake.query(f"SELECT * FROM ({as_trino(VIEWS['messages_local'].sql)}) ORDER BY message_id")
    first = next(made.records())

    assert {column.name for column in MESSAGES.columns} < set(made.columns)
    assert {name for name in made.columns if name.startswith("local_")} == {
        "local_hour", "local_sent_at", "local_edited_at", "local_received_at", "local_forward_sent_at",
    }  # fmt: skip
    assert (str(first["sent_at"]), str(first["local_sent_at"])) == ("2026-03-01 02:59:59", "2026-02-28 23:59:59")


def test_the_course_designs_table_has_its_columns_types_and_values(small_lake: Lake) -> None:
    view = VIEWS["telegram"]
    made = small_lake.query(f"SELECT * FROM ({as_trino(view.sql)}) ORDER BY message_id, context_date").rows

    assert [(each.name, each.trino) for each in view.columns] == [
        ("message_id", "bigint"), ("user_id", "bigint"), ("user_is_bot", "boolean"), ("user_first_name", "varchar"),
        ("chat_id", "bigint"), ("chat_type", "varchar"), ("text", "varchar"), ("date", "bigint"), ("context_date", "date"),
    ]  # fmt: skip
    assert len(made) == len(small().messages)
    assert made[0][:5] == (1, 1, False, "Ana", OLD)
    assert made[0][6:] == ("véspera", 1772333999, date(2026, 2, 28))


# The catalog


@pytest.fixture(scope="module")
def declared(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The views as the template gives them to Glue."""
    template = json.loads(stack.synthesise(Settings(timezone=ZONE), tmp_path_factory.mktemp("template")).read_bytes())
    found = [each["Properties"] for each in template["Resources"].values() if each["Type"] == "AWS::Glue::Table"]
    assert [each["TableInput"]["Name"] for each in found] == list(VIEWS)
    return [each["TableInput"] for each in found]


@pytest.fixture
def deployed(declared: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    """A lake whose Glue database holds the views before anything is published, as after the first deployment."""
    for key, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}.items():
        monkeypatch.setenv(key, value)
    name = f"views-{abs(hash(str(tmp_path)))}"
    database = name.replace("-", "_")
    with moto_server() as address:
        boto3.client("s3", endpoint_url=address, region_name="us-east-1").create_bucket(Bucket=name)
        glue = boto3.client("glue", endpoint_url=address, region_name="us-east-1")
        glue.create_database(DatabaseInput={"Name": database})
        for each in declared:
            glue.create_table(DatabaseName=database, TableInput=each)
        yield Shelf(f"s3://{name}", tmp_path, Storage(endpoint=address, catalog="glue", database=database))


def _views_of(shelf: Shelf) -> dict[str, Any]:
    database = shelf.tables._storage.database
    found = shelf.tables.catalog.glue.get_tables(DatabaseName=database)["TableList"]  # type: ignore[attr-defined]
    return {
        each["Name"]: (each["ViewOriginalText"], each["StorageDescriptor"]["Columns"], each["Parameters"])
        for each in found
        if each.get("TableType") == "VIRTUAL_VIEW"
    }


def test_tables_are_published_beside_the_views(deployed: Shelf) -> None:
    """Publishing, listing, reading and upkeep see tables only, and leave the views as they were."""
    before = _views_of(deployed)
    assert before.keys() == VIEWS.keys()
    deployed.publish(people={DAY: [1, 2]}, chats={DAY: [-1]})
    for number in range(3, 10):
        deployed.publish(people={NEXT: [number]})
    assert maintain(deployed.tables, deployed.store, deployed.base, NONE) > 0

    assert deployed.ids(PEOPLE) == rows_of_glue(deployed, PEOPLE) == [(DAY, 1), (DAY, 2), (NEXT, 9)]
    listed = deployed.tables.catalog.list_tables(deployed.tables._storage.database)
    assert sorted(name for _, name in listed) == ["chat_days", "user_days"]
    assert _views_of(deployed) == before


def test_another_lake_is_still_refused(deployed: Shelf, tmp_path: Path) -> None:
    """By its tables: views have no place by which a lake could be told from another."""
    deployed.publish(people={DAY: [1]})
    (tmp_path / "other").mkdir()
    other = Shelf(f"{deployed.base}/elsewhere", tmp_path / "other", deployed.tables._storage)

    with pytest.raises(SettingsError, match=r"storage\.database"):
        other.publish(people={DAY: [666]})
    assert rows_of_glue(deployed, PEOPLE) == [(DAY, 1)]


def test_deploying_makes_them_and_destroying_takes_them_away(deploy: Callable[..., Deployed]) -> None:
    """No query has to be run for it, by nobody; they are there before the first table is, and beside it."""
    made = deploy("views", ZONE)
    database, client = made.outputs["Database"], made.aws.client("glue")

    def texts() -> dict[str, str]:
        found = client.get_tables(DatabaseName=database)["TableList"]
        return {each["Name"]: each["ViewOriginalText"] for each in found if each["TableType"] == "VIRTUAL_VIEW"}

    assert texts() == {each.name: each.original_text(database) for each in views(database, ZONE)}
    assert made.telegram().post([Post("demo", update(1))]).statuses == {200: 1}
    made.drain()
    made.wrangle()
    assert {"messages", "user_days", "chat_days"} <= made.in_glue().keys()
    assert texts().keys() == VIEWS.keys()

    destroy(made.settings, lambda _: None, delete_data=True, poll_seconds=0.05)
    assert texts() == {}
    with pytest.raises(client.exceptions.EntityNotFoundException):
        client.get_database(Name=database)
