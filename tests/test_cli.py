"""The command line: what goes to stdout, what to stderr, and with which exit code a command ends."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import structlog
from typer.main import get_command

from telelake import __version__, cli
from telelake.settings import load
from telelake.tables.catalog import TABLES, VIEWS
from telelake.wiring import App
from tests.conftest import NOW, LakeFolder, message

COMMANDS = sorted(get_command(cli.cli).commands)  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Said:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str


Command = Callable[..., Said]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of two days that is wrangled; tests only read it."""
    lake = LakeFolder(tmp_path_factory.mktemp("cli") / "lake")
    lake.store.put("lake.json", json.dumps({"format": 1, "timezone": str(lake.zone)}).encode())
    lake.add(message(1, 1, "olá; 'tudo' bem?"), message(2, 2, None), b"no json")
    lake.add(message(3, 3, date=int((NOW + timedelta(days=1)).timestamp())), at=NOW + timedelta(days=1))
    App(load(home=str(lake.root), timezone=str(lake.zone))).wrangle_due()
    return lake.root


@pytest.fixture
def telelake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Iterator[Command]:
    """The command's own entry point, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("TELELAKE_")]:
        monkeypatch.delenv(name)

    def call(*arguments: Any) -> Said:
        monkeypatch.setattr(sys, "argv", ["telelake", *map(str, arguments)])
        code: Any = 0
        try:
            cli.main()
        except SystemExit as ended:
            code = ended.code or 0
        out, err = capfdbinary.readouterr()
        return Said(code, out.decode(errors="replace"), err.decode())

    yield call
    structlog.reset_defaults()  # it wrote to this test's stderr


def test_help_loads_nothing_heavy() -> None:
    """`telelake --help` answers at once: engine, tables and server are loaded by the commands that need them."""
    program = (
        "import sys; sys.argv[1:] = ['--help']\nfrom telelake import cli\ntry: cli.main()\nfinally: print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}

    assert "telelake" in loaded
    assert loaded.isdisjoint(
        {"duckdb", "pyarrow", "pyiceberg", "starlette", "uvicorn", "obstore", "pydantic", "sqlalchemy"}
    )


ENDING = """
import atexit, sys, threading, time
from telelake import cli

def work():
    atexit.register(print, "told", end=" ")
    threading.Thread(target=lambda: (time.sleep(0.3), print("done", end=" "))).start()
    print("written", end=" ")
    sys.exit(3)

cli.main = work
cli.script()
"""


def test_the_process_ends_when_all_is_done() -> None:
    """It does not take itself apart, but what was printed is out, threads are waited for, and who registered is called."""
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run([sys.executable, "-c", ENDING], capture_output=True, text=True, check=False, env=buffered)

    assert (done.returncode, done.stdout, done.stderr) == (3, "written done told ", "")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["--version"], 0), (["tables"], 0), (["no-such-command"], 2), (["status", "--home", "no-lake"], 1)],
)
def test_the_process_has_the_code_of_the_command(arguments: list[str], code: int, tmp_path: Path) -> None:
    """As `python -m telelake`; and output that cannot be written is a failure."""
    command = [sys.executable, "-m", "telelake", *arguments]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == code
    if code == 0:
        with Path("/dev/full").open("w", encoding="utf-8") as full:
            done = subprocess.run(command, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        assert done.returncode != 0
        assert "No space left" in done.stderr


def test_version(telelake: Command) -> None:
    """`--version` prints the version and nothing else."""
    assert telelake("--version") == Said(0, f"{__version__}\n", "")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(telelake: Command, command: str) -> None:
    """Each command says what it does, and each of its options too."""
    said = telelake(command, "--help")
    parsed = get_command(cli.cli).commands[command]  # type: ignore[attr-defined]

    assert (said.code, said.err) == (0, "")
    assert parsed.help
    assert f"Usage: telelake {command}" in said.out
    assert [each.name for each in parsed.params if not getattr(each, "help", None) and each.name != "help"] == []


@pytest.mark.parametrize(
    "arguments", [["fly"], ["status", "--fly"], ["sql"], ["run", "--capture-port", "x"], ["demo", "--days", "0"]]
)
def test_a_wrong_command_line_is_2(telelake: Command, arguments: list[str]) -> None:
    """A command line that cannot be read ends with 2 and says why on stderr."""
    said = telelake(*arguments)

    assert (said.code, said.out) == (2, "")
    assert "Usage:" in said.err


@pytest.mark.parametrize("command", ["status", "wrangle", "replay", "sql", "insights", "dashboard"])
def test_reading_makes_no_lake(telelake: Command, tmp_path: Path, command: str) -> None:
    """Where there is no lake a command says so and how to get one, and makes nothing: no folder, no file."""
    rest = {"sql": ["SELECT 1"], "insights": ["messages_per_day"]}.get(command, [])
    for folder in (tmp_path / "none", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        said = telelake(command, *rest, "--home", folder)

        assert (said.code, said.out) == (1, "")
        assert said.err.startswith(f"telelake: There is no lake at {folder}. Name another with --home")
    assert [each.name for each in tmp_path.rglob("*")] == ["empty"]


def test_a_lake_without_a_release(telelake: Command, tmp_path: Path) -> None:
    """A lake in which nothing was published says what to do; its status can be read."""
    lake = LakeFolder(tmp_path / "lake")
    lake.store.put("lake.json", b'{"format": 1, "timezone": "UTC"}')

    assert telelake("sql", "SELECT 1", "--home", lake.root) == Said(
        1, "", "telelake: Nothing was published yet. Run: telelake wrangle --due\n"
    )
    status = json.loads(telelake("status", "--json", "--home", lake.root).out)
    assert (status["release"], status["days"], status["last_received_at"]) == (None, [], None)


def test_a_lake_that_another_wrangles_is_75(telelake: Command, home: Path) -> None:
    """What may succeed later ends with 75, so that a supervisor may try again."""
    with LakeFolder(home).tables.writing():
        said = telelake("wrangle", "--home", home)

    assert (said.code, said.out) == (75, "")
    assert said.err == "telelake: Another telelake is wrangling this lake; wait for it, or stop it.\n"


QUERY = "SELECT message_id, text, sent_at FROM messages ORDER BY message_id"


def test_sql_as_csv(telelake: Command, home: Path) -> None:
    """CSV has a header, and nothing but data goes to stdout."""
    said = telelake("sql", QUERY, "--format", "csv", "--home", home)

    assert (said.code, said.err) == (0, "")
    assert list(csv.reader(io.StringIO(said.out))) == [
        ["message_id", "text", "sent_at"],
        ["1", "olá; 'tudo' bem?", "2026-03-10T15:00:00Z"],
        ["2", "", "2026-03-10T15:00:00Z"],
        ["3", "oi", "2026-03-11T15:00:00Z"],
    ]


def test_sql_as_json(telelake: Command, home: Path) -> None:
    """JSON is an array of objects; null is null."""
    said = telelake("sql", QUERY, "--format", "json", "--home", home)

    assert json.loads(said.out)[1] == {"message_id": 2, "text": None, "sent_at": "2026-03-10T15:00:00Z"}


def test_sql_as_a_table(telelake: Command, home: Path) -> None:
    """Without a format the rows come aligned, for people."""
    said = telelake("sql", QUERY, "--home", home)

    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[0].split() == ["message_id", "text", "sent_at"]
    assert "olá; 'tudo' bem?" in said.out


def test_sql_as_parquet(telelake: Command, home: Path, tmp_path: Path) -> None:
    """`--output` writes a file and leaves stdout alone."""
    said = telelake("sql", QUERY, "--format", "parquet", "--output", tmp_path / "out.parquet", "--home", home)

    assert (said.code, said.out) == (0, "")
    assert pq.read_table(tmp_path / "out.parquet").column("message_id").to_pylist() == [1, 2, 3]


@pytest.mark.parametrize(
    "query",
    ["DROP TABLE messages", "COPY messages TO 'out.csv'", "SELECT * FROM read_text('/etc/passwd')", "SELEC 1", ""],
)
def test_a_refused_query_is_1(telelake: Command, home: Path, tmp_path: Path, query: str) -> None:
    """A query that is not a single read of the tables is refused in one message, without a traceback."""
    said = telelake("sql", query, "--home", home)

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("telelake: ")
    assert "Traceback" not in said.err
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_format_lists_the_known(telelake: Command, home: Path) -> None:
    """A format that does not exist is refused with those that do."""
    said = telelake("sql", QUERY, "--format", "xml", "--home", home)

    assert (said.code, said.out) == (1, "")
    assert all(name in said.err for name in ("xml", "csv", "json", "parquet", "table"))


def test_status_as_json(telelake: Command, home: Path) -> None:
    """`status --json` is one valid document with each day's books."""
    said = telelake("status", "--json", "--home", home)
    days = json.loads(said.out)["days"]

    assert (said.code, said.err) == (0, "")
    assert [(day["day"], day["raw"], day["rows"], day["quarantined"], day["due"]) for day in days] == [
        ("2026-03-10", 3, 2, 1, None),
        ("2026-03-11", 1, 1, 0, None),
    ]


def test_status_says_how_fresh_the_lake_is(telelake: Command, tmp_path: Path) -> None:
    """How long ago the last update came, wherever it lies, and how far the tables are behind it; in text and as JSON."""
    lake = LakeFolder(tmp_path / "lake")
    lake.store.put("lake.json", json.dumps({"format": 1, "timezone": str(lake.zone)}).encode())
    then = datetime.now(UTC) - timedelta(minutes=4)
    lake.add(message(1, 1, date=int(then.timestamp())), at=then)
    nothing_built = json.loads(telelake("status", "--json", "--home", lake.root).out)["freshness"]
    App(load(home=str(lake.root))).wrangle_due()
    built = json.loads(telelake("status", "--json", "--home", lake.root).out)["freshness"]
    lake.add(message(2, 2, date=int(then.timestamp())))
    later = telelake("status", "--home", lake.root)
    journal = lake.root / "state" / "journal"
    journal.mkdir(parents=True)
    (journal / f"{'0' * 16}-{'0' * 32}.journal").write_bytes(b"x")
    os.utime(journal / f"{'0' * 16}-{'0' * 32}.journal", (then.timestamp() + 180,) * 2)
    waits = json.loads(telelake("status", "--json", "--home", lake.root).out)["freshness"]

    assert nothing_built["behind_seconds"] is None
    assert nothing_built["update_seconds"] < 60, "raw says only when it was sealed"
    assert (round(built["update_seconds"] / 60), built["behind_seconds"]) == (4, 0)
    assert built["published_at"]
    assert re.search(r"last update \d+ s ago, tables 4 min behind; 0 bytes", later.err)
    assert waits["update_seconds"] < 60


def test_status_for_people(telelake: Command, home: Path) -> None:
    """Days go to stdout, the sentence about the lake to stderr."""
    said = telelake("status", "--home", home)

    assert said.out.splitlines()[1].split() == ["2026-03-10", "3", "2", "0", "1", "0"]
    assert f"{home}, America/Sao_Paulo, release 1; last update received 2026-03-11" in said.err


def test_wrangle_as_json(telelake: Command, home: Path) -> None:
    """`wrangle --json` prints rows and seconds by table and stage; days may be named, one or a range."""
    nothing = json.loads(telelake("wrangle", "--json", "--home", home).out)
    one = json.loads(telelake("wrangle", "--json", "--day", "2026-03-10", "--home", home).out)
    rest = json.loads(telelake("wrangle", "--json", "--from", "2026-03-10", "--home", home).out)

    assert (nothing["days"], nothing["rows"], nothing["release"]) == ([], {}, None)
    assert (one["days"], one["release"]) == (["2026-03-10"], None)
    assert (one["rows"]["messages"], one["rows"]["quarantine"]) == (2, 1)
    assert one["books"]["2026-03-10"]["raw"] == 3
    assert {"parse", "messages", "total"} <= one["seconds"].keys()
    assert rest["days"] == ["2026-03-10", "2026-03-11"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--day", "10/03/2026"], "--day 10/03/2026 is not a day. Write it as 2026-03-31."),
        (["--day", "2026-02-30"], "--day 2026-02-30 is not a day. Write it as 2026-03-31."),
        (["--from", "2026-03-11", "--to", "2026-03-10"], "--from 2026-03-11 is after --to 2026-03-10."),
        (
            ["--day", "2026-03-10", "--to", "2026-03-10"],
            "Name one day with --day, or a range with --from and --to; not both.",
        ),
        (["--due", "--day", "2026-03-10"], "--due builds what is due; take it out to build the days that you name."),
    ],
)
def test_days_that_cannot_be(telelake: Command, home: Path, options: list[str], said: str) -> None:
    """Days that are none, or that contradict each other, are refused before anything is built."""
    assert telelake("wrangle", *options, "--home", home) == Said(1, "", f"telelake: {said}\n")


def test_maintenance_speaks_on_stderr(telelake: Command, home: Path) -> None:
    """Speech is not data."""
    assert telelake("wrangle", "--maintain", "--home", home) == Said(0, "", "0 files removed.\n")


def test_maintenance_as_json(telelake: Command, home: Path) -> None:
    """What was done, in numbers."""
    done = json.loads(telelake("wrangle", "--maintain", "--json", "--home", home).out)

    assert done == {
        "files_removed": 0,
        "compacted": {"days": 0, "before": 0, "after": 0, "damaged": []},
        "recovered": 0,
    }


def test_replay(telelake: Command, home: Path) -> None:
    """What still cannot be read stays, and is told with its reason; as JSON too. Another day has nothing."""
    one = telelake("replay", "--home", home)
    found = json.loads(telelake("replay", "--day", "2026-03-10", "--json", "--home", home).out)
    other = telelake("replay", "--day", "2026-03-11", "--home", home)

    assert one == Said(0, "", "0 of 1 bodies in quarantine can be read now. The others stay: not JSON 1.\n")
    assert found == {"tried": 1, "readable": 0, "unreadable": 1, "days": [], "reasons": {"not JSON": 1}}
    assert other == Said(0, "", "Nothing lies in quarantine.\n")


def test_status_says_why(telelake: Command, tmp_path: Path) -> None:
    """Why each day is due, which days are too old to be built, and what lies in quarantine; in text and as JSON."""
    lake = LakeFolder(tmp_path / "lake")
    lake.store.put("lake.json", json.dumps({"format": 1, "timezone": str(lake.zone)}).encode())
    now = datetime.now(UTC)
    old = now - timedelta(days=40)
    for number, at in enumerate((old, now)):
        lake.add(message(number, number, date=int(at.timestamp())), b"no json", at=at)
    (lake.root / "telelake.toml").write_text("[wrangle]\nkeep_days = 30\n")
    never = json.loads(telelake("status", "--json", "--home", lake.root).out)
    telelake("wrangle", "--home", lake.root)
    lake.add(message(7, 7, date=int(now.timestamp())), at=now)
    said = telelake("status", "--home", lake.root)
    found = json.loads(telelake("status", "--json", "--home", lake.root).out)

    assert [(day["due"], day["is_kept"]) for day in never["days"]] == [(None, False), ("never built", True)]
    assert [day["due"] for day in found["days"]] == [None, "raw has changed: 2 records then, 3 now"]
    assert found["quarantined"] == {"not JSON": 1}
    first, second = said.out.splitlines()[1:]
    assert "no: older than retention.tables_days" in first
    assert "raw has changed: 2 records then, 3 now" in second
    assert "Could not be read: not JSON 1. After an update, telelake replay tries again." in said.err


def test_tables_lists_all(telelake: Command) -> None:
    """Every table and view is listed, without a lake; one is described with all its columns; an unknown one is refused."""
    listed = telelake("tables").out
    described = telelake("tables", "messages")
    unknown = telelake("tables", "mesages")

    assert all(each.name in listed for each in (*TABLES, *VIEWS))
    assert all(each.name in described.out for each in next(each for each in TABLES if each.name == "messages").columns)
    assert (unknown.code, unknown.out) == (1, "")
    assert "Did you mean 'messages'?" in unknown.err


def test_insights_lists_and_answers(telelake: Command, home: Path) -> None:
    """Without a name insights are listed; with one its rows come, and a filter narrows them."""
    listed = telelake("insights")
    answered = telelake("insights", "messages_per_day", "--from", "2026-03-11", "--format", "json", "--home", home)

    assert "messages_per_day" in listed.out
    assert [list(row.values())[:2] for row in json.loads(answered.out)] == [["2026-03-11", 1]]


def test_a_wrong_setting_is_1(telelake: Command, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt variable stops every command that reads settings."""
    monkeypatch.setenv("TELELAKE_TIMEZON", "UTC")
    said = telelake("status", "--home", home)

    assert (said.code, said.out) == (1, "")
    assert "did you mean 'TELELAKE_TIMEZONE'?" in said.err


def test_a_closed_pipe_is_quiet(home: Path) -> None:
    """`telelake … | head -1` does not end in a traceback."""
    command = f"{sys.executable} -m telelake tables messages | head -c 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)

    assert "Traceback" not in done.stderr
