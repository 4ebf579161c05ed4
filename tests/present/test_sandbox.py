"""A user's SQL reads the lake and does nothing else, within its bounds."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pytest
from lakes import write

from conftest import small
from telelake import settings
from telelake.errors import QueryRefused
from telelake.present import sandbox
from telelake.present.query import Lake, open_lake
from telelake.tables.catalog import TABLES, VIEWS

NOT_READS = [
    "COPY messages TO '{out}'",
    "COPY (SELECT 1) TO '{out}' (FORMAT csv)",
    "ATTACH '{out}'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "CREATE TABLE t (a INT)",
    "CREATE OR REPLACE VIEW messages AS SELECT 1",
    "CREATE MACRO local_time(ts) AS ts",
    "DROP VIEW messages",
    "SET memory_limit = '100GB'",
    "SET VARIABLE a = 1",
    "RESET lock_configuration",
    "PRAGMA database_list",
    "CALL enable_logging()",
    "EXPORT DATABASE '{out}'",
    "IMPORT DATABASE '{out}'",
    "EXPLAIN ANALYZE SELECT 1",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "CHECKPOINT",
    "VACUUM",
    "BEGIN",
    "USE memory",
    "PIVOT messages ON kind",
    "INSERT INTO messages SELECT * FROM messages",
    "DELETE FROM messages",
    "SELECT 1; SELECT 2",
    "SELECT 1; COPY messages TO '{out}'",
    "",
    "-- only a comment",
]

READS_OF_FILES = [
    "SELECT * FROM read_text('{secret}')",
    "SELECT * FROM read_blob('{secret}')",
    "SELECT * FROM read_csv('{secret}')",
    "SELECT * FROM read_json('{secret}')",
    "SELECT * FROM read_ndjson_objects('/proc/self/environ')",
    "SELECT * FROM read_parquet('{parquet}')",
    "SELECT * FROM read_parquet('{folder}/*.parquet')",
    "SELECT * FROM read_parquet('{folder}/../{name}/secret.parquet')",
    "SELECT * FROM parquet_metadata('{parquet}')",
    "SELECT * FROM sniff_csv('{secret}')",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM glob('{folder}/*')",
    "FROM '{secret}'",
    "FROM '{parquet}'",
    "FROM 'https://example.com/a.parquet'",
    "FROM read_csv('s3://bucket/a.csv')",
    "SELECT getenv('TELELAKE_SECRET')",
    "FROM duckdb_secrets()",
    "SELECT * FROM query('SELECT * FROM read_text(''{secret}'')')",
    "SELECT * FROM query('COPY (SELECT 1) TO ''{out}''')",
    "SELECT * FROM query_table('{parquet}')",
    "WITH x AS (SELECT * FROM read_text('{secret}')) SELECT * FROM x",
    "SELECT (SELECT content FROM read_text('{secret}'))",
    "SELECT * FROM messages WHERE text IN (SELECT content FROM read_text('{secret}'))",
    "FROM json_execute_serialized_sql(json_serialize_sql('SELECT * FROM read_text(''{secret}'')'))",
    "FROM enable_logging()",
    "FROM a_python_variable",
]


@pytest.fixture
def outside(tmp_path: Path) -> dict[str, str]:
    """Files beside the lake that no query may see, and a place that none may write."""
    secret, parquet = tmp_path / "secret.txt", tmp_path / "secret.parquet"
    secret.write_text("s3cr3t")
    duckdb.sql("SELECT 's3cr3t' AS word").write_parquet(str(parquet))
    return {
        "secret": str(secret),
        "parquet": str(parquet),
        "out": str(tmp_path / "out"),
        "folder": str(tmp_path),
        "name": tmp_path.name,
    }


@pytest.mark.parametrize("sql", NOT_READS)
def test_what_is_not_one_read_is_refused_with_advice(small_lake: Lake, outside: dict[str, str], sql: str) -> None:
    with pytest.raises(QueryRefused, match=r"Only reading|One statement|empty"):
        small_lake.query(sql.format(**outside))

    assert not Path(outside["out"]).exists()


@pytest.mark.parametrize("sql", READS_OF_FILES)
def test_no_query_reaches_beyond_the_release(small_lake: Lake, outside: dict[str, str], sql: str) -> None:
    with pytest.raises(QueryRefused) as refused:
        small_lake.query(sql.format(**outside))

    assert "s3cr3t" not in str(refused.value)
    assert not Path(outside["out"]).exists()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('{secret}')",
        "SELECT * FROM read_parquet('{parquet}')",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM query('SELECT * FROM read_text(''{secret}'')')",
        "WITH x AS (SELECT * FROM read_text('{secret}')) SELECT * FROM x",
        "FROM json_execute_serialized_sql(json_serialize_sql('SELECT * FROM read_text(''{secret}'')'))",
    ],
)
def test_the_files_are_there_when_the_fence_is_not(outside: dict[str, str], sql: str) -> None:
    """The twin: without the locked configuration the same queries answer."""
    with duckdb.connect() as connection:
        assert connection.execute(f"SELECT count(*) FROM ({sql.format(**outside)})").fetchone() != (0,)


def test_a_select_that_writes_in_a_cte_meets_the_read_only_transaction() -> None:
    """DuckDB 2 calls it a SELECT; only the transaction stops it."""
    connection = sandbox.connect({}, "UTC", "1GB", 1)
    connection.execute("CREATE TABLE t (a INT)")
    writing = "WITH x AS (INSERT INTO t VALUES (1) RETURNING a) SELECT * FROM x"

    with pytest.raises(QueryRefused, match="read-only"):
        sandbox.run(connection.cursor(), writing, {}, 10, 1 << 20, "1GB")
    assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)

    assert connection.execute(writing).fetchone() == (1,)  # the twin: no such transaction


def test_python_variables_are_not_tables() -> None:
    hidden = pa.table({"word": ["s3cr3t"]})
    with duckdb.connect() as open_door:
        assert open_door.execute("FROM hidden").fetchone() == ("s3cr3t",)
    assert hidden.num_rows == 1

    with pytest.raises(duckdb.CatalogException, match="hidden does not exist"):
        sandbox.connect({}, "UTC", "1GB", 1).execute("FROM hidden")  # from the frame that has the variable


def test_the_process_of_a_query_has_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SUPPORT_BOT_TOKEN", "123:s3cr3t")
    with open_lake({}, ZoneInfo("UTC"), settings.Sql()) as lake:
        lake.query("SELECT 1")
        children = [worker._process.pid for worker in lake._idle]
        environments = [Path(f"/proc/{pid}/environ").read_bytes() for pid in children]

    assert environments
    assert not any(b"s3cr3t" in environment for environment in environments)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM range(100000000) a, range(100000) b WHERE a.range * b.range % 7 = 3",
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r",
        "SELECT md5(lpad('x', 2000000000, 'y'))",
    ],
)
def test_a_long_query_is_stopped_in_time_and_the_next_one_answers(tight: Lake, sql: str) -> None:
    tight.query("SELECT 1")
    started = time.monotonic()

    with pytest.raises(QueryRefused, match=r"memory|sql\.seconds"):
        tight.query(sql)

    assert time.monotonic() - started < 2 + 1.5
    assert tight.query("SELECT 42 AS a").rows == [(42,)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT length(repeat('x', 3000000000))",
        "SELECT len(range(2000000000))",
        "SELECT list(range) FROM range(300000000)",
        "SELECT length(string_agg(repeat('x', 1000000), '')) FROM range(6000)",
        "SELECT printf('%1000000000d', 1)",
        "SELECT repeat('x', 20000000) FROM range(40)",
        "WITH RECURSIVE r AS (SELECT repeat('x', 1000) AS s UNION ALL SELECT s || s FROM r) SELECT max(length(s)) FROM r",
    ],
)
def test_a_memory_bomb_goes_off_in_its_own_process(tight: Lake, sql: str) -> None:
    """`memory_limit` alone does not hold them: DuckDB does not count what these functions allocate."""
    with pytest.raises(QueryRefused, match=r"memory|larger|sql\.seconds"):
        tight.query(sql)

    assert tight.query("SELECT count(*) FROM messages").rows == [(11,)]


def test_one_row_more_than_allowed_is_refused(tight: Lake) -> None:
    assert len(tight.query("FROM range(50)").rows) == 50
    with pytest.raises(QueryRefused, match=r"more than 50 rows \(sql.rows\)"):
        tight.query("FROM range(51)")
    with pytest.raises(QueryRefused, match="more than 50 rows"):  # and it is noticed at once, not after the last
        tight.query("FROM range(100000000000)")


def test_a_wrong_column_is_told_in_duckdbs_words_without_the_drawing(small_lake: Lake) -> None:
    with pytest.raises(QueryRefused) as refused:
        small_lake.query("SELECT nope FROM messages")

    assert 'Referenced column "nope" not found' in str(refused.value)
    assert "LINE 1" not in str(refused.value) and "\n" not in str(refused.value)


def test_many_threads_may_ask_at_once(small_lake: Lake) -> None:
    answers: list[object] = []
    threads = [
        threading.Thread(target=lambda n=n: answers.append(small_lake.query("SELECT $n + 0 AS n", {"n": n}).rows[0][0]))
        for n in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == list(range(12))


def test_every_table_and_view_is_there_and_typed_even_without_files(empty_lake: Lake) -> None:
    for table in TABLES:
        described = empty_lake.query(f'DESCRIBE "{table.name}"').rows
        aliases = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}
        wanted = [(column.name, aliases.get(column.kind.duckdb, column.kind.duckdb)) for column in table.columns]
        assert [row[:2] for row in described] == wanted
    for view in VIEWS:
        assert empty_lake.query(f'SELECT count(*) FROM "{view.name}"').rows == [(0,)]


def test_a_column_that_an_older_file_lacks_is_null(tmp_path: Path) -> None:
    """Changes of a declaration are additive; old days are not rewritten for it."""
    old = tmp_path / "old.parquet"
    duckdb.sql("SELECT DATE '2026-01-01' AS context_date, 5::BIGINT AS bot_id").write_parquet(
        str(tmp_path / "plain.parquet")
    )
    duckdb.execute(f"COPY (FROM '{tmp_path}/plain.parquet') TO '{old}' (FIELD_IDS {{context_date: 1, bot_id: 2}})")
    files = write(tmp_path / "lake", small().tables())
    with open_lake({"messages": [old, *files["messages"]]}, ZoneInfo("UTC"), settings.Sql()) as lake:
        rows = lake.query("SELECT bot_id, text FROM messages WHERE bot_id = 5").rows

    assert rows == [(5, None)]


def test_lists_and_times_come_back_as_written(small_lake: Lake, tmp_path: Path) -> None:
    row = {"context_date": "2026-01-01", "raw": "r", "notes": ["a", "b"], "occurred_at": "2026-01-01T03:00:00+00:00"}
    files = write(tmp_path, {"updates": [row]})
    with open_lake(files, ZoneInfo("America/Sao_Paulo"), settings.Sql()) as lake:
        notes, at, local = lake.query("SELECT notes, occurred_at, local_time(occurred_at) FROM updates").rows[0]

    assert notes == ["a", "b"]
    assert (at.isoformat(), local.isoformat()) == ("2026-01-01T03:00:00+00:00", "2026-01-01T00:00:00")


def test_a_file_that_is_gone_is_said_so(tmp_path: Path) -> None:
    with (
        open_lake({"messages": [tmp_path / "gone.parquet"]}, ZoneInfo("UTC"), settings.Sql()) as lake,
        pytest.raises(QueryRefused, match=r"gone\.parquet"),
    ):
        lake.query("FROM messages")
