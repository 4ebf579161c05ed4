"""Spark builds what DuckDB builds, row by row; each bridge between the two has its twin without it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from telelake.cli import cli
from telelake.errors import SettingsError, TableMismatch
from telelake.ports import Built, DayInput
from telelake.settings import Wrangle, load
from telelake.tables.catalog import BUILT
from telelake.tables.model import Table
from telelake.wiring import App
from telelake.wrangle.clock import local_hour_macro
from telelake.wrangle.day import Report, Wrangler
from telelake.wrangle.sized import EngineBySize
from telelake.wrangle.spark import translate
from telelake.wrangle.spark.engine import SparkEngine, _Run
from telelake.wrangle.spark.session import open_session
from telelake.wrangle.spark.thrift import set_field_ids
from telelake.wrangle.sql import sql_file
from tests.conftest import LakeFolder, message
from tests.wrangle.spark_lake import fill

needs_java = pytest.mark.skipif(
    shutil.which("java") is None and "JAVA_HOME" not in os.environ,
    reason="NOT TESTED: that Spark builds what DuckDB builds. It needs Java 17 or later, which `make test` installs",
)
LOCAL = Wrangle(
    engine="spark",
    spark_master="local[2]",
    # One JVM for the whole process, small, that thinks less about what it runs but once.
    spark_conf={
        "spark.driver.memory": "1500m",
        "spark.driver.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=200m",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.shuffle.partitions": "2",
    },
)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[LakeFolder, LakeFolder, Report, Report, Path]:
    """The same raw built by either engine; Spark through a shared folder, as on a cluster."""
    root = tmp_path_factory.mktemp("engines")
    embedded, shared = LakeFolder(root / "duckdb", iceberg=False), root / "shared"
    fill(embedded)
    shutil.copytree(embedded.root, root / "spark")
    spark = LakeFolder(root / "spark")
    settings = LOCAL.model_copy(update={"spark_folder": f"file:{shared}"})
    spark.wrangler = Wrangler(
        spark.store, spark.tables, SparkEngine(settings), spark.root / "state" / "work", 1 << 28, spark.zone
    )
    return embedded, spark, embedded.wrangle(), spark.wrangle(), shared


@needs_java
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("table", BUILT, ids=lambda table: table.name)
def test_rows(both: Any, table: Table) -> None:
    """Every table has the same rows from both engines: golden cases, generated deliveries, a day of every kind."""
    embedded, spark, *_ = both
    rows = embedded.content(table.name)[table.name]

    assert spark.content(table.name)[table.name] == rows
    assert rows, f"nothing in {table.name}: the comparison shows nothing"


@needs_java
@pytest.mark.slow
def test_books_and_digests(both: Any) -> None:
    """The ledger is the same but for its clocks, digests of the rows included, so a change of engine publishes nothing."""
    embedded, spark, one, other, shared = both
    clocks = "EXCLUDE (seconds, built_at, version)"
    ledger = f"SELECT * {clocks} FROM builds ORDER BY ALL"

    assert one.books == other.books
    assert one.rows == other.rows
    assert spark.rows(ledger) == embedded.rows(ledger)
    assert list(shared.rglob("*.parquet")) == []


@needs_java
@pytest.mark.slow
def test_files(both: Any) -> None:
    """Each published file has one day and all field ids, those of lists' elements too."""
    _, spark, *_ = both
    for table in BUILT:
        for path in spark.files(table.name):
            schema = pq.read_schema(path)
            found = {each.name: int(each.metadata[b"PARQUET:field_id"]) for each in schema}
            inner = {
                each.name: int(each.type.value_field.metadata[b"PARQUET:field_id"])
                for each in schema
                if hasattr(each.type, "value_field")
            }
            days = duckdb.execute(f"SELECT count(DISTINCT context_date) FROM read_parquet('{path}')").fetchone()

            assert found == {column.name: column.id for column in table.columns}
            assert inner == {column.name: column.element_id for column in table.columns if column.element_id}
            assert days == (1,)


# What Spark means by the same words

_BRIDGES = {
    "_element": "SELECT x, [1, 2][x] AS y, [[1], [2, 3]][2][x] AS z FROM (VALUES (1), (2), (3)) AS v(x)",
    "_named_otherwise": """SELECT len([x]) AS n, (epoch_us(TIMESTAMPTZ '2100-01-01 00:00:00.306043+00') - x) / 1000000 AS s
                 FROM (VALUES (1), (2)) AS v(x)""",
    "_seconds": """SELECT epoch(TIMESTAMPTZ '1960-01-01 00:00:00.25+00') AS z, to_timestamp(x) = TIMESTAMPTZ
                          '1960-01-01 00:00:00+00' AS y FROM (VALUES (-315619200)) AS v(x)""",
    "_greatest_by": """SELECT arg_max(a, (b, c)) AS y, arg_min(a, (b, c)) AS z
                       FROM (VALUES ('u', true, 5), ('v', true, NULL), (NULL, NULL, NULL)) AS v(a, b, c)""",
    "_filtered_window": """SELECT a, max(a) FILTER (WHERE b) OVER (PARTITION BY 1) AS y
                           FROM (VALUES (1, true), (2, false)) AS v(a, b)""",
    "_unnested": "SELECT unnest([x, NULL, 7]) AS y, generate_subscripts([x, NULL, 7], 1) AS p FROM (VALUES (5)) AS v(x)",
    "_by_name": """SELECT x AS b, 1 AS a FROM (VALUES (5)) AS v(x)
                   UNION ALL BY NAME SELECT 2 AS a, x AS c FROM (VALUES (6)) AS v(x)""",
}
"""A rule → what it bridges."""
_OF_OLDER = {"_filtered_window"}
"""Rules that the Spark at hand may do without; older ones refuse what they bridge."""


class _Nowhere:
    """A `Shared` of an engine that keeps nothing."""


def _answers(sql: str) -> tuple[list[Any], list[Any]]:
    """Return a SELECT's rows from both engines."""
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(sql_file("_macros"))
        expected = con.sql(sql).fetchall()
    run = _Run(open_session(LOCAL), _Nowhere(), [], Path())  # type: ignore[arg-type]
    found = [tuple(row) for row in run._select(sql).collect()]
    return sorted(expected, key=str), sorted(found, key=str)


@needs_java
@pytest.mark.slow
@pytest.mark.parametrize("rule", _BRIDGES)
def test_bridge(rule: str) -> None:
    """What the two mean otherwise by the same words comes out alike."""
    expected, found = _answers(_BRIDGES[rule])

    assert found == expected


@needs_java
@pytest.mark.slow
@pytest.mark.parametrize("rule", sorted(_BRIDGES.keys() - _OF_OLDER))
def test_bridge_twin(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the rule it does not."""
    rules = tuple(each for each in translate._RULES if each.__name__ != rule)
    assert len(rules) == len(translate._RULES) - 1
    monkeypatch.setattr(translate, "_RULES", rules)
    monkeypatch.setattr(translate, "_refuse_unknown", lambda tree: None)
    try:
        expected, found = _answers(_BRIDGES[rule])
    except Exception as error:  # loud is well too: the table would not be published
        assert type(error).__name__ in {"AnalysisException", "ParseException", "ArrayIndexOutOfBoundsException"}
        return

    assert found != expected


@needs_java
@pytest.mark.slow
def test_null_order_and_case() -> None:
    """Nulls come last in both directions, what DuckDB computes is computed only where a CASE wants it, and a list in words is
    not another's words.
    """
    order = "row_number() OVER (ORDER BY x) AS a, row_number() OVER (ORDER BY x DESC) AS d"
    documents = """('{}'), ('[1,2]'), ('{"a":1.0,"é":"\\u00e9"}'), (NULL)"""
    for sql in (
        f"SELECT x, {order} FROM (VALUES (1), (NULL), (2)) AS v(x)",
        f"SELECT CASE WHEN json_type(x) = 'ARRAY' THEN len(CAST(x AS JSON[])) END AS n FROM (VALUES {documents}) AS v(x)",
        "SELECT count(DISTINCT as_words(x)) AS n FROM (VALUES (['a, b']), (['a', 'b']), (['a', NULL]), (['a', 'null'])) AS v(x)",
        f"SELECT x ->> '$.a' AS a, json_merge_patch(x, '{{\"a\":null}}') AS b FROM (VALUES {documents}) AS v(x)",
    ):
        expected, found = _answers(sql)

        assert found == expected


# Without Java


def test_every_sql_file_is_translated() -> None:
    """No file of the tables says what Spark cannot be told."""
    for table in BUILT:
        (statement,) = translate.translate(sql_file(table.name), _CLOCK)
        assert statement.select.startswith(("SELECT", "WITH"))


_CLOCK = local_hour_macro(ZoneInfo("America/Sao_Paulo"), [date(2018, 2, 17), date(2018, 2, 18)])


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT levenshtein(a, b) FROM t", "LEVENSHTEIN is not known"),
        ("SELECT list_transform(a, lambda x: x ->> '$.b') FROM t", "inside a lambda"),
        ("SELECT unnest(a), unnest(b) AS c, unnest(d) AS e FROM t", "one list"),
        ("SELECT * FROM t UNION ALL BY NAME SELECT 1 AS a", "written out"),
    ],
)
def test_what_has_no_translation_is_refused(sql: str, said: str) -> None:
    """A table that Spark would build otherwise fails before it is built."""
    with pytest.raises(TableMismatch, match=said):
        translate.translate(sql)


def test_without_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The error names Java."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.delenv("PYSPARK_GATEWAY_PORT", raising=False)
    with pytest.raises(SettingsError, match="needs Java 17"):
        open_session(LOCAL)


@pytest.mark.parametrize(
    ("flags", "engine"),
    [
        ({}, "DuckDBEngine"),
        ({"engine": "spark"}, "SparkEngine"),
        ({"spark_above_bytes": 9}, "EngineBySize"),
        ({"spark_above_bytes": 9, "engine": "duckdb"}, "DuckDBEngine"),
        ({"spark_above_bytes": 9, "engine": "spark"}, "SparkEngine"),
    ],
)
def test_engine_of_the_settings(tmp_path: Path, flags: dict[str, Any], engine: str) -> None:
    """`auto` is DuckDB unless it is said from which size on Spark builds."""
    made = App(load(None, home=str(tmp_path), **{f"wrangle__{name}": value for name, value in flags.items()}))

    assert type(made.wrangler.engine).__name__ == engine


@pytest.mark.parametrize("wrangle", ['engine = "spark"', "spark_above_bytes = 9"])
def test_pseudonyms_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrangle: str) -> None:
    """Spark makes none, so nothing is built that may go to it: names would be in the tables of large days."""
    monkeypatch.setenv("TELELAKE_KEY", "canary-key-of-pseudonyms-that-is-long-enough")
    privacy = '[privacy]\npseudonyms = { env = "TELELAKE_KEY" }\n'
    (tmp_path / "telelake.toml").write_text(f"{privacy}[wrangle]\n{wrangle}\n")
    with pytest.raises(SettingsError, match="Spark does not make pseudonyms"):
        _ = App(load(None, home=str(tmp_path))).wrangler

    assert App(load(None, home=str(tmp_path), wrangle__engine="duckdb")).wrangler.rules


def test_the_flag_chooses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`telelake wrangle --engine spark` goes to Spark, whose need of Java is said; `duckdb` builds."""
    lake = LakeFolder(tmp_path / "lake")
    lake.add(message(1, 5))
    lake.store.put("lake.json", b'{"format": 1, "timezone": "America/Sao_Paulo"}')
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.delenv("PYSPARK_GATEWAY_PORT", raising=False)
    at = ["wrangle", "--home", str(lake.root)]
    monkeypatch.setenv("TELELAKE_WRANGLE__ENGINE", "spark")

    with pytest.raises(SettingsError, match="needs Java 17"):
        CliRunner().invoke(cli, [*at, "--engine", "spark"], catch_exceptions=False)
    assert lake.tables.latest() is None
    assert CliRunner().invoke(cli, [*at, "--engine", "duckdb"], catch_exceptions=False).exit_code == 0
    assert lake.rows("SELECT count(*) FROM updates") == [(1,)]


@pytest.mark.parametrize("package", ["pyspark", "sqlglot"])
def test_without_a_package(tmp_path: Path, package: str) -> None:
    """What is not installed is named with how to install it."""
    code = f"""
import sys
sys.modules["{package}"] = None
from telelake.errors import SettingsError
from telelake.settings import load
from telelake.wiring import App
try:
    engine = App(load(None, home={str(tmp_path)!r}, wrangle__engine="spark")).wrangler.engine
    engine.build([], __import__("pathlib").Path({str(tmp_path)!r}) / "out")
except SettingsError as error:
    print(error)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert "pip install 'telelake[spark]'" in said.stdout, said.stderr


def test_ids_of_elements(tmp_path: Path) -> None:
    """A footer is written anew with the ids, and nothing else of the file changes."""
    path = tmp_path / "a.parquet"
    duckdb.execute(f"COPY (SELECT range AS n, [range::VARCHAR] AS notes FROM range(1000)) TO '{path}' (FORMAT parquet)")
    before = pq.read_table(path)
    set_field_ids(path, {("notes", "list", "element"): 17, ("n",): 3})

    after = pq.ParquetFile(path)
    assert after.read().to_pydict() == before.to_pydict()
    assert after.schema_arrow.field("notes").type.value_field.metadata == {b"PARQUET:field_id": b"17"}
    assert after.schema_arrow.field("n").metadata == {b"PARQUET:field_id": b"3"}


class _Named:
    """An engine that only says its name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def build(self, days: Any, into: Path) -> Built:
        """Say which engine it was."""
        return Built({self.name: ()}, {})


@pytest.fixture
def segment(tmp_path: Path) -> Iterator[Path]:
    """A file of 100 bytes."""
    path = tmp_path / "segment"
    path.write_bytes(b"x" * 100)
    yield path


@pytest.mark.parametrize(("above", "taken"), [(99, "large"), (100, "small")])
def test_engine_by_size(segment: Path, above: int, taken: str) -> None:
    """What has more bytes than the bound goes to the other engine; the day before is no part of it."""
    engine = EngineBySize(_Named("small"), lambda: _Named("large"), above)
    other = segment.with_name("before")
    other.write_bytes(b"y" * 1000)
    built = engine.build([DayInput(date(2026, 3, 10), 1, [segment], [other], [], ZoneInfo("UTC"))], segment.parent)

    assert list(built.tables) == [taken]


@pytest.mark.parametrize(
    ("set_", "most"),
    [
        ({"max_day_bytes": 9}, 9),
        ({"max_day_bytes": 9, "engine": "spark"}, None),
        ({"max_day_bytes": 9, "spark_above_bytes": 9}, None),
        ({"max_day_bytes": 9, "spark_above_bytes": 10}, 9),
        ({"max_day_bytes": 9, "spark_above_bytes": 5, "engine": "duckdb"}, 9),
    ],
)
def test_bound_of_a_day(set_: dict[str, Any], most: int | None) -> None:
    """A bound of this machine binds only what this machine builds."""
    assert Wrangle(**set_).most_day_bytes == most
