"""Other tools' ways in: Python, a DuckDB file of views, an assistant. All of them read the same tables, and only read."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

import telelake
from telelake.api import Tables
from telelake.errors import QueryRefused, SettingsError, UnknownName
from telelake.present.assistant import MOST_CHARACTERS, MOST_ROWS
from telelake.tables.catalog import TABLES, VIEWS
from tests.conftest import LakeFolder, message

MESSAGES = 250


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of one day; tests only read it."""
    lake = LakeFolder(tmp_path_factory.mktemp("tools") / "lake")
    lake.store.put("lake.json", json.dumps({"format": 1, "timezone": str(lake.zone)}).encode())
    lake.add(*(message(number, number, f"alvíssaras <b>{number}</b>") for number in range(1, MESSAGES + 1)))
    lake.wrangle()
    return lake.root


@pytest.fixture
def tables(home: Path) -> Iterator[Tables]:
    """The lake, opened as in a notebook."""
    with telelake.open(home) as opened:
        yield opened


def test_sql_gives_arrow_pandas_and_polars(tables: Tables) -> None:
    found = tables.sql(
        "SELECT message_id, text, sent_at FROM messages WHERE message_id <= $last ORDER BY 1", {"last": 3}
    )

    assert len(found) == 3 and found.rows[0][:2] == (1, "alvíssaras <b>1</b>")
    assert found.arrow().column("message_id").to_pylist() == [1, 2, 3]
    frame = found.pandas()
    assert list(frame.columns) == ["message_id", "text", "sent_at"] and frame["message_id"].sum() == 6
    assert str(frame["sent_at"].dt.tz) == "UTC"
    assert found.polars().get_column("message_id").to_list() == [1, 2, 3]


def test_an_insight_is_as_on_the_command_line(tables: Tables) -> None:
    day = tables.sql("SELECT DISTINCT context_date FROM messages").rows[0][0]

    assert tables.insight("messages_per_day").rows == [(day, MESSAGES)]
    assert tables.insight("messages_per_day", {"to": "2020-01-01"}).rows == []
    assert "messages_per_day" in tables.insights()
    with pytest.raises(UnknownName, match="messages_per_day"):
        tables.insight("messages_per_dai")


def test_a_notebook_shows_the_first_rows_and_executes_nothing_of_them(tables: Tables) -> None:
    page = tables.sql("SELECT text FROM messages ORDER BY message_id")._repr_html_()

    assert page.count("<tr>") == 21 and f"20 of {MESSAGES} rows" in page
    assert "alvíssaras &lt;b&gt;1&lt;/b&gt;" in page and "<b>" not in page


def test_it_only_reads_and_within_bounds(home: Path) -> None:
    with telelake.open(home, rows=10) as opened:
        with pytest.raises(QueryRefused, match="Only reading"):
            opened.sql("DELETE FROM messages")
        with pytest.raises(QueryRefused, match=r"more than 10 rows"):
            opened.sql("SELECT * FROM messages")


def test_a_wrong_home_or_bound_says_what_to_do(tmp_path: Path, home: Path) -> None:
    with pytest.raises(SettingsError, match="There is no lake at"):
        telelake.open(tmp_path / "none")
    with pytest.raises(SettingsError, match="rows"):
        telelake.open(home, rows=0)


def test_what_is_missing_is_named_with_its_extra(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    found = tables.sql("SELECT 1 AS one")
    for package in ("pandas", "polars"):
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(SettingsError, match=rf"{package} is not installed.*telelake\[notebook\]"):
            getattr(found, package)()


def test_importing_telelake_loads_nothing() -> None:
    code = "import sys, telelake; print(sorted(name for name in sys.modules if name.startswith('telelake')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "['telelake']"


def test_a_file_of_views_holds_all_tables_and_no_rows(home: Path, tmp_path: Path) -> None:
    """As a BI tool opens it: another process's DuckDB, read-only, with none of our code."""
    out = tmp_path / "it's.duckdb"
    for _ in range(2):  # the second replaces the first
        done = subprocess.run(
            [sys.executable, "-m", "telelake", "views", str(out), "--home", str(home)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    assert "release 1" in done.stderr and done.stdout == ""

    with duckdb.connect(str(out), read_only=True) as con:
        listed = {row[0] for row in con.execute("SHOW TABLES").fetchall()}
        assert listed == {each.name for each in (*TABLES, *VIEWS)}
        for name in listed:
            con.execute(f'SELECT count(*) FROM "{name}"').fetchall()
        assert con.execute("SELECT count(*) FROM messages").fetchall() == [(MESSAGES,)]
        assert con.execute("SELECT count(*) FROM chosen_messages(NULL, NULL, NULL, NULL)").fetchall() == [(MESSAGES,)]
    assert "alvíssaras".encode() not in out.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


def test_a_folder_that_is_not_there_is_said(home: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "telelake", "views", str(tmp_path / "none" / "v.duckdb"), "--home", str(home)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 75 and "could not be written: No such file or directory" in done.stderr


def test_an_assistant_reads_by_the_protocol(home: Path) -> None:
    """The official SDK's own client against the command, as an assistant starts it."""
    asked = [
        ("tables", {}), ("tables", {"name": "messages"}), ("insights", {}), ("insight", {"name": "messages_per_day"}),
        ("sql", {"query": "SELECT message_id, text FROM messages ORDER BY 1"}),
        ("sql", {"query": "SELECT repeat('x', 50000) AS long FROM messages"}),
        ("sql", {"query": "DROP TABLE messages"}), ("sql", {"query": "SELECT * FROM read_text('/etc/hostname')"}),
        ("insight", {"name": "nothing"}),
    ]  # fmt: skip
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "telelake", "mcp", "--home", str(home)], env=dict(os.environ)
    )

    async def talk() -> tuple[set[str], list[tuple[bool, str]]]:
        async with Client(stdio_client(command)) as client:
            names = {tool.name for tool in (await client.list_tools()).tools}
            answers = []
            for name, arguments in asked:
                result = await client.call_tool(name, arguments)
                answers.append((bool(result.is_error), result.content[0].text))  # type: ignore[union-attr]
            return names, answers

    names, answers = asyncio.run(talk())
    assert names == {"tables", "sql", "insights", "insight"}
    texts = [text for is_error, text in answers[:6] if not is_error]
    assert "message_versions" in texts[0] and "reply_to_message_id" in texts[1] and "busiest_hours" in texts[2]
    assert json.loads(texts[3])["rows"][0][1] == MESSAGES
    rows = json.loads(texts[4])
    assert (
        rows["rows_in_all"] == MESSAGES
        and len(rows["rows"]) == MOST_ROWS
        and rows["rows"][0] == [1, "alvíssaras <b>1</b>"]
    )
    assert f"first {MOST_ROWS} rows" in rows["note"]
    assert len(texts[5]) <= MOST_CHARACTERS and json.loads(texts[5])["rows_in_all"] == MESSAGES
    refused = [text for is_error, text in answers[6:] if is_error]
    assert "Only reading" in refused[0] and "reads the tables of the lake" in refused[1] and "Known:" in refused[2]
