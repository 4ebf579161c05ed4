"""`telelake dashboard` over `home = "s3://…"`, as from a machine that only reads: its pages, what it fetches, what it keeps."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode

import httpx
import pytest
from browser import Tabs, drawn
from tests.lambdas.cloud import Cloud, Wire

from telelake.errors import NotStored
from telelake.present.insight import all_insights
from telelake.raw import parse_key
from telelake.settings import load
from telelake.stores.cache import GRACE
from telelake.stores.objects import memory_store
from telelake.wiring import App

COMMAND = [sys.executable, "-m", "telelake"]
BY_CLOCK = "last_built_at"
"""A column that says when a lake was built, which is not the same of two."""


class Dashboard:
    """A running `telelake dashboard` on a free port."""

    def __init__(self, environment: dict[str, str], cwd: Path) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, "dashboard", "--dashboard-port", "0"], env=environment, cwd=cwd, stderr=subprocess.PIPE, text=True
        )  # fmt: skip
        assert self.process.stderr is not None
        said = self.process.stderr.readline()
        found = re.search(r"http://[\d.]+:\d+", said)
        assert found, said + self.process.stderr.read()
        self.url = found[0]

    def get(self, path: str = "/") -> Any:
        """Return an answer that must be good: a page as text, else JSON."""
        answer = httpx.get(self.url + path, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json() if answer.headers["content-type"] == "application/json" else answer.text

    def sql(self, query: str) -> list[dict[str, Any]]:
        """Return the rows of a reader's SQL."""
        answer = httpx.post(f"{self.url}/api/sql", json={"sql": query}, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def charts(self, **filters: Any) -> dict[str, Any]:
        """Return the rows of every insight, by those of the filters that it knows, asked for at once as the page does."""
        names = [each.name for each in all_insights()]
        known = [{name: value for name, value in filters.items() if name in each.params} for each in all_insights()]
        with ThreadPoolExecutor(len(names)) as pool:
            found = pool.map(lambda name, asked: self.get(f"/api/insights/{name}?{urlencode(asked)}"), names, known)
            kept = ([{key: value for key, value in row.items() if key != BY_CLOCK} for row in rows] for rows in found)
            return dict(zip(names, kept, strict=True))

    def close(self) -> str:
        """End it as a supervisor does; return what it said."""
        self.process.terminate()
        _, said = self.process.communicate(timeout=30)
        assert self.process.returncode == 0
        return said


@dataclass
class Lake:
    """A lake in a bucket, a wrangler's machine, and a reader's behind a wire that notes what is asked for."""

    cloud: Cloud
    wire: Wire
    work: Path
    raw: dict[str, bytes]
    """Segments by key, to bring them in one by one."""
    settings: dict[str, str]

    @property
    def cache(self) -> Path:
        return self.work / "reader" / "cache"

    def bring(self, *keys: str) -> None:
        """Put segments into the bucket and wrangle, on the wrangler's machine."""
        for key in keys:
            assert self.cloud.store().put(key, self.raw[key])
        app = App(load(state_dir=self.work / "wrangler", storage__endpoint=self.cloud.endpoint, **self.settings))
        assert app.wrangle_due().release

    def dashboard(self) -> Dashboard:
        """Start the reader's dashboard."""
        settings = {f"TELELAKE_{name.upper()}": value for name, value in self.settings.items()}
        settings |= {"TELELAKE_STATE_DIR": str(self.work / "reader"), "AWS_ENDPOINT_URL": self.wire.address}
        return Dashboard({**plain_environment(), **settings}, self.work)

    def asked(self) -> list[str]:
        """Return what was asked of S3 since the last call, but for the releases."""
        found = [call.partition("?")[0].strip() for call in self.wire.calls if "releases" not in call]
        self.wire.calls.clear()
        return found

    def kept(self) -> set[str]:
        """Return all files of the reader's machine."""
        root = self.work / "reader"
        return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}

    def published(self) -> set[str]:
        """Return where the reader keeps each data file that is in the bucket."""
        return {f"cache/{key}" for key in self.cloud.listed("tables/") if key.endswith(".parquet")}


def plain_environment() -> dict[str, str]:
    """Return the environment without settings of ours."""
    return {key: value for key, value in os.environ.items() if not key.startswith("TELELAKE_")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made-up group's lake in a folder, wrangled."""
    home = tmp_path_factory.mktemp("folder") / "lake"
    command = [*COMMAND, "demo", "--no-serve", "--home", str(home), "--messages", "400", "--days", "3"]
    done = subprocess.run(command, env=plain_environment(), cwd=home.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture
def start() -> Iterator[Callable[..., Dashboard]]:
    """A starter of dashboards; what still runs at the end is killed."""
    with ExitStack() as stack:

        def start(make: Callable[[], Dashboard]) -> Dashboard:
            made = make()
            stack.callback(made.process.wait)
            stack.callback(made.process.kill)
            return made

        yield start


@pytest.fixture(params=["sqlite", "glue"])
def bucket(cloud: Cloud, wire: Wire, folder: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Lake:
    """A bucket with the folder's `lake.json`, whose raw can be brought in."""
    cloud.store().put("lake.json", (folder / "lake.json").read_bytes())
    segments = [path.relative_to(folder).as_posix() for path in sorted((folder / "raw").rglob("*.zst"))]
    settings = {
        "home": f"s3://{cloud.name}", "storage__catalog": request.param,
        "storage__database": cloud.name.replace("-", "_"),
    }  # fmt: skip
    return Lake(cloud, wire, tmp_path, {key: (folder / key).read_bytes() for key in segments}, settings)


one_catalog = pytest.mark.parametrize("bucket", ["sqlite"], indirect=True)


def of_the_lake(page: str) -> str:
    """Return a page without what says where the lake is and when it was published."""
    return re.sub(r"<footer.*?</footer>", "", page, flags=re.DOTALL)


def test_it_shows_what_a_folders_dashboard_shows(bucket: Lake, folder: Path, start: Callable[..., Dashboard]) -> None:
    """Page, every chart with and without filters, and SQL: all as of the same updates in a folder."""
    bucket.bring(*bucket.raw)
    here = start(bucket.dashboard)
    there = start(lambda: Dashboard({**plain_environment(), "TELELAKE_HOME": str(folder)}, folder.parent))

    page = here.get("/?lang=en")
    assert f"s3://{bucket.cloud.name}" in page
    assert of_the_lake(page) == of_the_lake(there.get("/?lang=en"))
    whole = here.charts()
    day, chat = whole["messages_per_day"][1]["day"], here.sql("SELECT min(chat_id) AS id FROM messages")[0]["id"]
    for filters in ({}, {"from": day, "chat": chat}):
        assert here.charts(**filters) == there.charts(**filters), filters
    assert sum(row["messages"] for row in whole["messages_per_day"]) > 300
    assert here.charts(**{"from": day}) != whole
    query = "SELECT * FROM messages ORDER BY ALL"
    assert here.sql(query) == there.sql(query)
    assert "Traceback" not in here.close()
    assert bucket.kept() == bucket.published(), "a reader has copies of data files, and nothing else"


@one_catalog
def test_files_are_fetched_once(bucket: Lake, start: Callable[..., Dashboard]) -> None:
    """The first page fetches each file once; the next asks for the newest release only, and a new one fetches what is new."""
    # Two full days: the one at hand may be minutes old, without any message.
    days = {parse_key(key).day: key for key in sorted(bucket.raw, key=lambda key: len(bucket.raw[key]))}  # type: ignore[union-attr]
    first, last = sorted(days.values(), key=lambda key: len(bucket.raw[key]))[-2:]
    bucket.bring(first)
    running = start(bucket.dashboard)
    running.get()
    data = [call for call in bucket.asked() if ".parquet" in call]
    assert len(data) == len(set(data)) == len(bucket.published())
    running.get()
    running.charts()
    assert bucket.asked() == []

    before = bucket.published()
    bucket.bring(last)
    shown = {row["day"] for row in running.get("/api/insights/messages_per_day") if row["messages"]}
    assert shown == {parse_key(key).day.isoformat() for key in (first, last)}  # type: ignore[union-attr]
    fetched = {
        f"cache/{unquote(call).partition(f'{bucket.cloud.name}/')[2]}" for call in bucket.asked() if ".parquet" in call
    }
    assert fetched == bucket.published() - before

    running.close()
    again = start(bucket.dashboard)
    again.get()
    assert [call for call in bucket.asked() if ".parquet" in call] == [], "copies outlive the process"


@one_catalog
def test_the_cache_keeps_what_the_bucket_keeps(bucket: Lake, start: Callable[..., Dashboard]) -> None:
    """What the bucket lost goes from a reader's disk with the next release, with old parts; what is young stays."""
    keys = sorted(bucket.raw)
    bucket.bring(*keys[:1])
    running = start(bucket.dashboard)
    running.get()
    folder = bucket.cache / "tables" / "messages" / "data" / "context_date=2026-01-01"
    folder.mkdir()
    long_ago = time.time() - GRACE.total_seconds() - 60
    for name in ("lost.parquet", "young.parquet", "killed.parquet.0a1b2c3d.part"):
        (folder / name).write_bytes(b"x")
        if not name.startswith("young"):
            os.utime(folder / name, (long_ago, long_ago))
    for path in bucket.cache.rglob("0000000001-*.parquet"):
        os.utime(path, (long_ago, long_ago))  # old, and in the bucket
    running.charts()
    assert len(list(folder.iterdir())) == 3, "nothing new, nothing to tidy"
    bucket.bring(*keys[1:])
    running.charts()

    assert [path.name for path in folder.iterdir()] == ["young.parquet"]
    assert (
        bucket.kept() - {f"cache/{(folder / 'young.parquet').relative_to(bucket.cache).as_posix()}"}
        == bucket.published()
    )


def test_a_fetch_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """No half file, and no empty one, stays in the cache."""
    with pytest.raises(NotStored):
        memory_store().stage("tables/messages/data/none.parquet", tmp_path)

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@one_catalog
@pytest.mark.browser
def test_its_page_in_a_browser(bucket: Lake, start: Callable[..., Dashboard], tabs: Tabs) -> None:
    """Every card of a page is drawn, from the rows that the API gives."""
    bucket.bring(*bucket.raw)
    running = start(bucket.dashboard)
    page = tabs.open(f"{running.url}/activity?lang=pt", running.url)

    charts = [each for each in all_insights() if each.group == "activity" and each.order is not None]
    for one in charts:
        if one.chart.mark not in {"figures", "table"}:
            assert page.locator(f"[data-insight={one.name}]").get_attribute("data-drawn") == "light"
    rows = running.get("/api/insights/message_kinds")
    assert rows
    assert len(drawn(page, "message_kinds")) == len(rows)
    assert page.locator(".made-up").is_visible()
