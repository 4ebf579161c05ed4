"""Raw to tables on AWS: what is due is built, published to Glue and shown on a page, by one at a time; failure is failure."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pyiceberg.catalog.glue import GlueCatalog

from telelake.errors import CheckFailed, Conflict, StoreError, StoreUnavailable
from telelake.lambdas import wrangle as module
from telelake.lambdas.seal import Seal
from telelake.ports import Built
from telelake.raw import parse_key
from telelake.settings import load
from telelake.wiring import App
from telelake.wrangle.duckdb import DuckDBEngine
from tests.conftest import NOW, message
from tests.lambdas.cloud import Cloud, Context, Wire, request

DAY = date(2026, 3, 10)


@pytest.fixture
def made(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """A lake with the wrangle function's environment, but for the page."""
    for key, value in {
        "TELELAKE_STATE_DIR": str(tmp_path / "state"), "TELELAKE_STORAGE__CATALOG": "glue",
        "TELELAKE_STORAGE__DATABASE": cloud.name.replace("-", "_"),
    }.items():  # fmt: skip
        monkeypatch.setenv(key, value)
    monkeypatch.delenv("REPORT_BUCKET", raising=False)
    return cloud


@pytest.fixture
def pages(made: Cloud, monkeypatch: pytest.MonkeyPatch) -> str:
    """The bucket of the page, named to the function."""
    name = f"{made.name}-pages"
    made.s3.create_bucket(Bucket=name)
    monkeypatch.setenv("REPORT_BUCKET", name)
    return name


def deliver(cloud: Cloud, *bodies: Mapping[str, Any] | bytes) -> None:
    """Bring bodies through door, queue and seal."""
    door = cloud.door()
    for body in bodies:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        assert door.answer(request(data, base64_=True))["statusCode"] == 200
    assert Seal(cloud.store(), ZoneInfo("America/Sao_Paulo")).seal(cloud.drain(), lambda: 900.0) == set()


def on(day: int, number: int) -> dict[str, Any]:
    """Return a message of a day after the first."""
    return message(number, number, f"text {number}", date=int((NOW + timedelta(days=day)).timestamp()))


def wrangle(seconds: float = 900.0) -> dict[str, Any]:
    """Invoke the function."""
    return json.loads(json.dumps(module.handler({}, Context(seconds))))  # type: ignore[no-any-return]


def rows(cloud: Cloud, table: str) -> list[dict[str, Any]]:
    """Return a table's rows as those see it who go by the catalog, as Athena does."""
    properties = {"glue.endpoint": cloud.endpoint, "glue.region": "us-east-1", "s3.endpoint": cloud.endpoint}
    found = GlueCatalog("another reader", **properties, **{"s3.region": "us-east-1"})
    return found.load_table((cloud.name.replace("-", "_"), table)).scan().to_arrow().to_pylist()


def message_ids(cloud: Cloud) -> list[int]:
    """Return the ids in table `messages`, with all repetitions."""
    return sorted(row["message_id"] for row in rows(cloud, "messages"))


def test_from_the_door_to_the_tables_of_glue(made: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    """What was posted is in the tables, each once; the report says what was done, and is one line of the log."""
    deliver(made, on(0, 1), on(0, 2), on(3, 3), on(0, 2), b"garbage", b"x" * 300_000)
    report = wrangle()

    assert message_ids(made) == [1, 2, 3]
    assert len(rows(made, "updates")) == 3
    assert len(rows(made, "quarantine")) == 2
    assert report["days"][:2] == ["2026-03-10", "2026-03-13"]
    assert (report["release"], report["failed"], report["left"], report["page"]) == (1, [], 0, False)
    assert report["rows"]["messages"] == 3
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (said["level"], said["event"], said["rows"]) == ("info", "wrangled", report["rows"])

    again = wrangle()
    assert (again["days"], again["release"], again["published"]) == ([], 1, 0)
    deliver(made, on(0, 4))
    third = wrangle()
    assert (third["days"], third["release"]) == (["2026-03-10"], 2)
    assert message_ids(made) == [1, 2, 3, 4]


def test_an_empty_lake_is_no_failure(made: Cloud, pages: str) -> None:
    """On the first night there may be nothing at all."""
    report = wrangle()

    assert (report["days"], report["release"], report["page"]) == ([], None, False)
    assert made.s3.list_objects_v2(Bucket=pages).get("Contents", []) == []


def test_the_page(made: Cloud, pages: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is written for each release, as a page that browsers show, and not again for the same; a missed one is made good."""
    deliver(made, on(0, 1), on(0, 2))
    with monkeypatch.context() as patch:
        patch.setattr(module, "_write_page", lambda *_: (_ for _ in ()).throw(StoreUnavailable("killed here")))
        with pytest.raises(StoreUnavailable):
            wrangle()
    assert wrangle()["page"] is True, "nothing was due, and the page was missing"
    page = made.s3.get_object(Bucket=pages, Key="report.html")

    assert page["ContentType"] == "text/html; charset=utf-8"
    html = page["Body"].read().decode()
    assert html.lower().startswith("<!doctype html>")
    made.s3.delete_object(Bucket=pages, Key="report.html")
    assert wrangle()["page"] is True


def test_the_page_is_of_the_newest_release(made: Cloud, pages: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is newer than the release stays; one that is not is written anew."""
    deliver(made, on(0, 1))
    assert wrangle()["page"] is True
    app = App(load())
    release = app.tables.latest()
    assert release is not None
    at = app.tables.published_at(release)
    assert at is not None
    written: list[str] = []
    monkeypatch.setattr(type(app.store), "replace", lambda _, key, *__: written.append(key))
    for moment, expected in ((at + timedelta(hours=1), False), (at - timedelta(hours=1), True)):
        monkeypatch.setattr(type(app.tables), "published_at", lambda *_, moment=moment: at - (moment - at))
        assert module._write_page(app, pages) is expected
    assert written == ["report.html"]
    app.close()


def damage(cloud: Cloud, day: str) -> None:
    """Spoil the segments of a day."""
    for key in cloud.listed("raw/"):
        if day in key:
            cloud.s3.put_object(Bucket=cloud.name, Key=key, Body=b"\x28\xb5\x2f\xfd spoilt")


def test_a_bad_day_fails_the_run_and_no_other_day(made: Cloud, pages: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The function fails, so that somebody is told; the good days are published, and the page is of them."""
    deliver(made, on(0, 1), on(3, 2))
    damage(made, "2026-03-13")

    with pytest.raises(StoreError, match="is damaged"):
        wrangle()
    assert message_ids(made) == [1]
    assert made.s3.list_objects_v2(Bucket=pages)["KeyCount"] == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["event"] for each in lines[-2:]] == ["wrangled", "wrangle failed"]
    assert lines[-2]["level"] == "error"
    assert lines[-2]["release"] == 1


def test_a_day_too_large_is_not_attempted(made: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """It fails with what to do; the others are published; with a larger bound it is built."""
    deliver(made, on(0, 1), *(on(3, n) for n in range(2, 40)))
    size = sum(each["Size"] for each in made.s3.list_objects_v2(Bucket=made.name, Prefix="raw/")["Contents"]) // 2
    monkeypatch.setenv("TELELAKE_WRANGLE__MAX_DAY_BYTES", str(size))

    with pytest.raises(CheckFailed, match=r"2026-03-13 .*max_day_bytes.*telelake wrangle --day 2026-03-13"):
        wrangle()
    assert message_ids(made) == [1]
    monkeypatch.setenv("TELELAKE_WRANGLE__MAX_DAY_BYTES", "1000000")
    assert wrangle()["days"] == ["2026-03-13"]
    assert len(message_ids(made)) == 39


def test_much_is_published_in_parts(made: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part is a release; what the time does not suffice for is left, and said, and the next run goes on."""
    monkeypatch.setattr(module, "_PART_RECORDS", 2)
    deliver(made, *(on(day, 10 * day + n) for day in range(4) for n in range(2)))
    report = wrangle(seconds=30.0)

    assert (report["days"], report["left"], report["release"]) == (["2026-03-10"], 3, 1)
    assert message_ids(made) == [0, 1]
    report = wrangle()
    assert (len(report["days"]), report["left"], report["release"]) == (3, 0, 4)
    assert len(message_ids(made)) == 8


def test_a_bad_part_holds_up_no_other(made: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part with nothing but a bad day is tried once in a run; the parts behind it are built."""
    monkeypatch.setattr(module, "_PART_RECORDS", 1)
    deliver(made, on(0, 1), on(3, 2), on(6, 3))
    damage(made, "2026-03-10")

    with pytest.raises(StoreError, match="is damaged"):
        wrangle()
    assert message_ids(made) == [2, 3]


def test_upkeep_comes_with_every_so_many_releases(made: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the release at which it is due is in the middle of a run."""
    kept: list[int] = []
    tables = type(App(load()).tables)
    maintain = tables.maintain
    monkeypatch.setattr(tables, "maintain", lambda self: kept.append(maintain(self)))
    monkeypatch.setattr(module, "_PART_RECORDS", 1)
    monkeypatch.setattr(module, "_UPKEEP_EVERY", 3)
    deliver(made, *(on(day, day) for day in range(2)))
    wrangle()
    assert kept == []
    deliver(made, *(on(day, 20 + day) for day in range(2)))
    wrangle()

    assert len(kept) == 1
    assert len(message_ids(made)) == 4


def test_raw_of_closed_days_is_joined_once_a_day(made: Cloud) -> None:
    """By the run after midnight and no other; the tables stay what they are, and nothing is due by it."""
    for number in range(3):
        deliver(made, on(0, number))
    assert wrangle()["joined"] == 0
    before = message_ids(made)

    report = module.handler({"schedule": "daily"}, Context(900.0))

    assert report["joined"] == 3
    assert [parsed.records for each in made.store().list("raw/") if (parsed := parse_key(each.key))] == [3]
    assert message_ids(made) == before
    assert wrangle()["days"] == []


class Slow(DuckDBEngine):
    """An engine that waits in the middle of a build."""

    started = threading.Event()
    go_on = threading.Event()

    def build(self, *arguments: Any) -> Built:
        self.started.set()
        assert self.go_on.wait(60)
        return super().build(*arguments)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Slow]]:
    """Let the first build wait until it is told to go on."""
    Slow.started.clear()
    Slow.go_on.clear()
    real = App(load()).wrangler.engine.__class__
    engines = iter([Slow])
    monkeypatch.setattr("telelake.wrangle.duckdb.DuckDBEngine", lambda *given: next(engines, real)(*given))
    yield Slow
    Slow.go_on.set()


def in_a_thread(work: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """Run in a thread; what it returned or raised is in the list."""
    result: list[Any] = []

    def run() -> None:
        try:
            result.append(work())
        except Exception as error:
            result.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, result


@pytest.fixture
def sleeper(made: Cloud, slow: type[Slow], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], Any]:
    """A wrangler that stopped in the middle of its build; from here on we are another machine, and something new has come.

    Calling it wakes it, and returns what it then returned or raised.
    """
    deliver(made, on(0, 1), on(3, 2))
    thread, result = in_a_thread(wrangle)
    assert slow.started.wait(60)
    monkeypatch.setenv("TELELAKE_STATE_DIR", str(tmp_path / "another machine"))
    deliver(made, on(0, 3))

    def wake() -> Any:
        slow.go_on.set()
        thread.join(60)
        return result[0]

    return wake


def test_of_two_wranglers_one_is_refused(made: Cloud, sleeper: Callable[[], Any]) -> None:
    """While one builds, the other gets Conflict and changes nothing; afterwards nothing is lost and nothing doubled."""
    with pytest.raises(Conflict, match="wrangling this lake"):
        wrangle()

    assert sleeper()["release"] == 1
    assert message_ids(made) == [1, 2]
    assert wrangle()["days"] == ["2026-03-10"], "what came meanwhile is due"
    assert message_ids(made) == [1, 2, 3]


def test_a_wrangler_that_slept_past_its_lease(
    made: Cloud, sleeper: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another took over and has published: the sleeper gets Conflict, and the other's release is what there is."""
    later = datetime.now(UTC) + timedelta(hours=1)
    monkeypatch.setattr("telelake.stores.pen._now", lambda: later)
    assert wrangle()["release"] == 1

    assert isinstance(sleeper(), Conflict)
    assert made.listed("releases/") == ["releases/0000000001.json"]
    assert message_ids(made) == [1, 2, 3]
    assert wrangle()["days"] == []


@pytest.mark.parametrize(
    ("part", "after"),
    [
        ("releases/", True), ("AWSGlue.UpdateTable", True), ("AWSGlue.UpdateTable", False), ("tables/messages/metadata/", True),
        ("tables/messages/data/", False),
    ],
)  # fmt: skip
def test_a_fault_in_a_publication_loses_and_doubles_nothing(made: Cloud, wire: Wire, part: str, after: bool) -> None:
    """S3 or Glue fails, or does it and breaks the connection: the run ends well, or fails and the next one makes it good."""
    deliver(made, on(0, 1), on(3, 2))
    wrangle()
    deliver(made, on(0, 3), on(2, 4))
    method = "POST" if "Glue" in part else "PUT"
    fault = wire.fail(method, part, 2, after=after, status=None if after else 500)
    outcomes = []
    for _ in range(3):
        try:
            outcomes.append(wrangle()["left"])
            break
        except (StoreUnavailable, Conflict) as error:
            outcomes.append(str(error))

    assert fault.seen > 0
    assert outcomes[-1] == 0, outcomes
    assert message_ids(made) == [1, 2, 3, 4]
    assert len(rows(made, "updates")) == 4
    assert wrangle()["days"] == []
