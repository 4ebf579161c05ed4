"""Athena's queries: parsed as Athena's, with the declared columns, and with the numbers of the insights themselves.

Athena does not run here. So each query is run in DuckDB *as Trino would understand it*: see `as_trino`. A rule of the
translation that is taken out must then give other numbers, or an error: see `TRAPS`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
from sqlglot import exp

sys.path.insert(0, str(Path(__file__).parents[1] / "present"))

from lakes import write

from telelake import settings
from telelake.aws import trino
from telelake.aws.athena import NamedQuery, insight_query, named_queries
from telelake.errors import SettingsError
from telelake.present import formats
from telelake.present.insight import Insight, all_insights, insight, parse, run
from telelake.present.query import Lake, open_lake
from tests.aws.as_trino import SCHEMA, as_trino, resolved
from tests.present.conftest import NEW, OLD, SAO_PAULO, busy, small
from tests.present.whole import SUPPORT, whole

ZONE = "America/Sao_Paulo"
EACH = pytest.mark.parametrize("one", all_insights(), ids=lambda one: one.name)
QUERIES = named_queries("telelake", ZONE)
RESERVED = set(
    """ALTER AND AS BETWEEN BY CASE CAST CONSTRAINT CREATE CROSS CUBE CURRENT_DATE CURRENT_PATH CURRENT_TIME
    CURRENT_TIMESTAMP CURRENT_USER DEALLOCATE DELETE DESCRIBE DISTINCT DROP ELSE END ESCAPE EXCEPT EXECUTE EXISTS
    EXTRACT FALSE FIRST FOR FROM FULL GROUP GROUPING HAVING IN INNER INSERT INTERSECT INTO IS JOIN LAST LEFT LIKE
    LISTAGG LOCALTIME LOCALTIMESTAMP NATURAL NORMALIZE NOT NULL ON OR ORDER OUTER PREPARE RECURSIVE RIGHT ROLLUP SELECT
    SKIP TABLE THEN TRIM TRUE UESCAPE UNION UNNEST USING VALUES WHEN WHERE WITH""".split()  # noqa: SIM905
)
"""What Athena reserves in SELECT statements."""


def answered(lake: Lake, query: NamedQuery) -> str:
    """Return what Athena would answer, as CSV."""
    return formats.as_csv(lake.query(as_trino(query.sql)))


@pytest.fixture(scope="module")
def small_lake(tmp_path_factory: pytest.TempPathFactory):
    with open_lake(write(tmp_path_factory.mktemp("small"), small().tables()), SAO_PAULO, settings.Sql()) as lake:
        yield lake


@pytest.fixture(scope="module")
def whole_lake(tmp_path_factory: pytest.TempPathFactory):
    with open_lake(write(tmp_path_factory.mktemp("whole"), whole()), SAO_PAULO, settings.Sql()) as lake:
        yield lake


@pytest.fixture(scope="module")
def busy_lake(tmp_path_factory: pytest.TempPathFactory):
    with open_lake(write(tmp_path_factory.mktemp("busy"), busy().tables()), SAO_PAULO, settings.Sql()) as lake:
        yield lake


@pytest.fixture(scope="module")
def empty_lake():
    with open_lake({}, SAO_PAULO, settings.Sql()) as lake:
        yield lake


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_each_is_one_statement_of_athenas(query: NamedQuery) -> None:
    parsed = sqlglot.parse(query.sql, read="athena")

    assert len(parsed) == 1
    assert parsed[0].sql(dialect="athena", pretty=True) == query.sql
    assert not list(parsed[0].find_all(exp.Command))
    assert len(query.name) <= 128 and 0 < len(query.description) <= 1024 and len(query.sql) < 262_144
    bare = {each.name.upper() for each in parsed[0].find_all(exp.Identifier) if not each.args.get("quoted")}
    assert bare & RESERVED == set()


def test_every_insight_and_every_view_is_there() -> None:
    names = [query.name for query in QUERIES]

    assert names == [
        "view_chats", "view_users", "view_topics", "view_messages_local", "view_telegram", *(one.name for one in all_insights()),
    ]  # fmt: skip


@EACH
def test_its_columns_and_types_are_the_insights(empty_lake: Lake, one: Insight) -> None:
    declared = run(empty_lake, one)
    tree = resolved(insight_query(one, "telelake", ZONE).sql)
    alike = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE", "INT": "BIGINT", "TINYINT": "BIGINT", "TEXT": "VARCHAR"}

    assert tuple(tree.named_selects) == declared.columns
    assert tuple(alike.get(each.type.this.value, each.type.this.value) for each in tree.selects) == declared.types


@EACH
def test_its_numbers_are_the_insights(whole_lake: Lake, one: Insight) -> None:
    assert answered(whole_lake, insight_query(one, "telelake", ZONE)) == formats.as_csv(run(whole_lake, one))


@pytest.mark.parametrize(
    "name", ["messages_per_day", "people_over_time", "messages_per_person_per_day", "participation"]
)
@pytest.mark.parametrize("size", ["busy", "empty"])
def test_its_numbers_over_much_and_over_nothing(request: pytest.FixtureRequest, size: str, name: str) -> None:
    lake: Lake = request.getfixturevalue(f"{size}_lake")

    assert answered(lake, insight_query(insight(name), "telelake", ZONE)) == formats.as_csv(run(lake, insight(name)))


@EACH
@pytest.mark.parametrize(
    "params",
    [
        {"from": "2026-12-28", "to": "2027-01-01", "hour": 12, "grain": "hour", "chat": SUPPORT, "who": "bots"},
        {
            "week": "2026-W53",
            "topic": 2,
            "weekday": 1,
            "grain": "month",
            "who": "people",
            "words": "NÃO consigo",
            "silent": 3,
        },
    ],
    ids=str,
)
def test_its_numbers_with_parameters_are_the_insights(whole_lake: Lake, one: Insight, params: dict[str, Any]) -> None:
    known = {name: value for name, value in params.items() if name in one.params}
    query = insight_query(one, "telelake", ZONE, params)

    assert answered(whole_lake, query) == formats.as_csv(run(whole_lake, one, known))


@pytest.mark.parametrize("name", ["messages_per_day", "hours_by_weekday", "people_over_time", "key_figures"])
@pytest.mark.parametrize("params", [{"chat": OLD}, {"chat": NEW, "week": "2026-W10"}], ids=str)
def test_a_chat_that_moved_is_one(small_lake: Lake, name: str, params: dict[str, Any]) -> None:
    query = insight_query(insight(name), "telelake", ZONE, params)

    assert answered(small_lake, query) == formats.as_csv(run(small_lake, insight(name), params))


def test_local_hours_are_those_of_the_zone(whole_lake: Lake) -> None:
    pressed, at_nine = insight("buttons"), {"hour": 9}

    here, elsewhere = (insight_query(pressed, "telelake", zone, at_nine) for zone in (ZONE, "UTC"))

    assert (
        answered(whole_lake, here)
        == formats.as_csv(run(whole_lake, pressed, at_nine))
        == "button,presses,people\nmenu,1,1\nplanos,1,1\n"
    )
    assert answered(whole_lake, elsewhere) == "button,presses,people\n"


def test_another_database_is_named_everywhere() -> None:
    for query in named_queries("my-lake", ZONE):
        tables = [
            t for t in sqlglot.parse_one(query.sql, read="athena").find_all(exp.Table) if t.name in SCHEMA["telelake"]
        ]
        assert tables and {table.db for table in tables} == {"my-lake"}
        assert '"my-lake".' in query.sql


TRAPS = {
    "range": ("_range", "SELECT n.i, n.i + 1 AS j FROM range(2, 5) AS n(i) ORDER BY 1"),
    "materialized": ("_not_materialized", "WITH a AS MATERIALIZED (SELECT id FROM t) SELECT count(*) AS n FROM a"),
    "any_value": ("_any_value", "SELECT id % 2 AS k, any_value(b) FILTER (b > 5) AS b FROM t GROUP BY 1 ORDER BY 1"),
    "arg_max": ("_arg_max", "SELECT arg_max(name, id) AS latest, arg_min(b, id) AS first FROM t"),
    "arg_max of some": ("_arg_max", "SELECT arg_max(name, id) FILTER (id > 1) AS latest FROM t"),
    "least": ("_least", "SELECT least(b, 8) AS low, greatest(b, id, 3) AS high FROM t ORDER BY id"),
    "trim": ("_trim", "SELECT trim(name) AS name FROM t ORDER BY id"),
    "replace all": ("_replace_all", "SELECT regexp_replace(name, '[ai]', 'x', 'g') AS name FROM t ORDER BY id"),
    "iso weeks": ("_weeks", "SELECT strftime(day, '%G-W%V') AS week FROM t ORDER BY id"),
    "all but": ("_all_but", "WITH s AS (SELECT id, b, name FROM t) SELECT s.* EXCLUDE (b) FROM s ORDER BY id"),
}
ALSO_KEPT = {
    "division": "SELECT b / 4 AS quarter, count(*) OVER () / id AS each FROM t ORDER BY id",
    "weekday": "SELECT isodow(day) AS weekday, hour(sent) AS hour FROM t ORDER BY id",
    "concatenation": "SELECT '#' || id AS a, name || id AS b, concat_ws(' ', name, b) AS c FROM t ORDER BY id",
    "order": "SELECT id FROM t ORDER BY b DESC, id",
    "days apart": "SELECT date_diff('day', min(sent), max(sent)) AS days, date_diff('hour', min(sent), max(sent)) AS hours FROM t",
    "days between": "SELECT day FROM days_between(DATE '2024-12-30', DATE '2025-01-02') ORDER BY 1",
    "parts of a text": "SELECT split_part('um dois', ' ', 1) AS first, split_part('um dois', ' ', 2) AS second FROM t ORDER BY id",
    "no days between": "SELECT day FROM days_between(NULL, DATE '2025-01-02')",
}
ROWS = """CREATE TABLE t AS SELECT * FROM (VALUES
    (1, 9, 'Ana', DATE '2024-12-30', TIMESTAMP '2024-12-30 23:59:00'),
    (2, NULL, ' Bia' || chr(9), DATE '2027-01-01', TIMESTAMP '2024-12-31 00:01:00'),
    (4, 7, chr(160) || 'Caio', DATE '2024-02-29', TIMESTAMP '2025-01-01 12:00:00'),
    (9, 3, NULL, DATE '2023-01-01', TIMESTAMP '2025-01-02 11:59:59')) AS t(id, b, name, day, sent)"""


@pytest.fixture
def over_rows(monkeypatch: pytest.MonkeyPatch):
    """Two ways to ask the table `t`: by DuckDB itself, and as Trino would understand the translation."""
    columns = {"id": "INT", "b": "INT", "name": "VARCHAR", "day": "DATE", "sent": "TIMESTAMP"}
    monkeypatch.setitem(SCHEMA["telelake"], "t", columns)
    connection = duckdb.connect()
    connection.execute(ROWS)
    macros = (Path(trino.__file__).parents[1] / "present" / "macros.sql").read_text(encoding="utf-8")
    first = macros.index("CREATE MACRO days_between")
    connection.execute(macros[first : macros.index(";", first)])

    def by_trino(sql: str) -> list[tuple[Any, ...]]:
        translated = trino.translate(sql, "telelake", ZONE).replace("FROM t\n", "FROM telelake.t\n")
        return connection.execute(as_trino(re.sub(r"FROM t$", "FROM telelake.t", translated))).fetchall()

    yield lambda sql: connection.execute(sql).fetchall(), by_trino
    connection.close()


@pytest.mark.parametrize("trap", [*TRAPS, *ALSO_KEPT])
def test_the_meaning_is_kept(over_rows, trap: str) -> None:
    by_duckdb, by_trino = over_rows
    sql = TRAPS[trap][1] if trap in TRAPS else ALSO_KEPT[trap]

    assert by_trino(sql) == by_duckdb(sql)


@pytest.mark.parametrize("trap", TRAPS)
def test_the_meaning_is_lost_without_the_rule(over_rows, monkeypatch: pytest.MonkeyPatch, trap: str) -> None:
    by_duckdb, by_trino = over_rows
    name, sql = TRAPS[trap]
    left = tuple(rule for rule in trino._RULES if rule.__name__ != name)
    assert len(left) == len(trino._RULES) - 1
    monkeypatch.setattr(trino, "_RULES", left)

    try:
        differs = by_trino(sql) != by_duckdb(sql)
    except (AssertionError, SettingsError, duckdb.Error, sqlglot.errors.SqlglotError):
        differs = True
    assert differs


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("SELECT quantile_cont(length, 0.5) FROM messages", "PERCENTILE_CONT"),
        ("SELECT list_filter(split(text, ' '), x -> x <> '') FROM messages", "FILTER"),
        ("SELECT soundex(text) FROM messages", "SOUNDEX"),
        ("SELECT strftime(context_date, '%A') FROM messages", "strftime"),
        ("SELECT list(text) FROM messages", "ARRAY_AGG"),
        ("SELECT * FROM range(0, 9, 2) AS n(i)", "range"),
        ("SELECT trim(text, 'x') FROM messages", "trim"),
    ],
)
def test_what_has_no_faithful_translation_is_refused(sql: str, named: str) -> None:
    header = (Path(trino.__file__).parents[1] / "present/insights/message_kinds.sql").read_text(encoding="utf-8")
    odd = parse("odd", "\n".join([*(line for line in header.splitlines() if line.startswith("-- ")), sql]))

    with pytest.raises(SettingsError, match=rf"insights/odd\.sql: .*({named})"):
        insight_query(odd, "telelake", ZONE)
