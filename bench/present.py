"""The dashboard over many messages, in a real Chromium: how long the first page takes, and what a filter does.

    python bench/present.py --messages 10000000 --days 365 --chats 1000 --people 50000
    python bench/present.py --messages 1000000 --report

The tables are made directly, not by a wrangle: rows follow from their numbers alone. Few chats and few people have much
of the messages, most have little; every tenth message is a question. The quick copy of the release is made as the
dashboard makes it, and timed. A time is from the navigation, or from the change of a filter, until the page says that all
that is in the window is drawn, and in brackets until the last answer came; nothing was asked before in that release. With
`--report` the report is made instead.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import uvicorn

from insights import make
from query import FIRST, ZONE
from telelake.present import quick
from telelake.present.query import Lake, open_lake
from telelake.present.report import render
from telelake.present.vocabulary import GROUPS
from telelake.present.web import make_app
from telelake.settings import Sql

PATHS = ["/", *(f"/{group}" for group in GROUPS if group != "answers")]
FILTER = """address => new Promise(done => {
    const began = performance.now();
    performance.clearResourceTimings();
    const answered = () => Math.max(began, ...performance.getEntriesByType("resource").map((each) => each.responseEnd)) - began;
    const look = () => document.body.dataset.ready && (watch.disconnect(), done([performance.now() - began, answered()]));
    const watch = new MutationObserver(look);
    watch.observe(document.body, { attributes: true });
    history.pushState(null, "", address);
    dispatchEvent(new PopStateEvent("popstate"));
})"""
READY = """() => document.body.dataset.ready && [performance.now(),
    Math.max(...performance.getEntriesByType("resource").map((each) => each.responseEnd))]"""
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]


def main() -> None:
    """Make the lake if needed, then look at it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=10_000_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--chats", type=int, default=1000)
    parser.add_argument("--people", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--paths", nargs="*", default=PATHS, help="pages to look at; the first is measured in any case")
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--data", type=Path, default=Path(__file__).parent / "data")
    asked = parser.parse_args()
    folder = asked.data / f"present-{asked.messages}-{asked.days}"
    files = made(folder / "lake", asked.messages, asked.days, asked.chats, asked.people)
    print(
        f"{asked.messages:,} messages of {asked.days} days in {asked.chats:,} chats, {os.cpu_count()} cores", flush=True
    )
    if asked.report:
        with open_lake(files, ZoneInfo(ZONE), Sql()) as lake:
            began = time.perf_counter()
            page = render(lake, "en")
            print(f"report: {time.perf_counter() - began:.1f} s, {len(page.encode()) / 1e6:.1f} MB")
        return
    copy = folder / "copy.duckdb"
    copy.unlink(missing_ok=True)
    began = time.perf_counter()
    quick.make(copy, files, ZONE, Sql().memory)
    print(f"quick copy: {time.perf_counter() - began:.0f} s, {copy.stat().st_size / 1e6:.0f} MB", flush=True)
    with chromium() as browser, open_lake(files, ZoneInfo(ZONE), Sql(), copy) as lake:
        for path in dict.fromkeys(["/", *asked.paths]):
            measure(browser, lake, path, asked.rounds, asked.days)


def made(folder: Path, messages: int, days: int, chats: int, people: int) -> dict[str, list[Path]]:
    """Return each table's files, made if they are not there."""
    if not (folder / "made").exists():
        make(folder, messages, days, chats=chats, people=people)
        (folder / "made").touch()
    return {path.name: sorted(path.rglob("*.parquet")) for path in folder.iterdir() if path.is_dir()}


def measure(browser: Any, lake: Lake, path: str, rounds: int, days: int) -> None:
    """Print the medians of a page: nothing chosen, then by each filter."""
    taken: dict[str, list[list[float]]] = {}
    for number in range(rounds + 1):
        last = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC) + timedelta(days=days)
        app = make_app(lambda: lake, lambda last=last: {"made_up": True, "updated_at": last})
        with served(app) as address:  # a new one remembers no answers
            context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
            page = context.new_page()
            page.goto(
                f"{address}/sql?lang=en"
            )  # Vega's bundle is made once when a dashboard starts, and kept by the browser
            page.wait_for_selector("body[data-ready=true]")
            page.goto(f"{address}{path}?lang=en")
            seconds = {"first": page.wait_for_function(READY, timeout=120_000).json_value()}
            for name, change in chosen(number, days).items():
                seconds[name] = page.evaluate(FILTER, f"{path}?lang=en&{change}")
            failed = page.locator("[data-drawn=failed]").count()
            context.close()
        for name, each in seconds.items():
            if number:  # the first time files are read into the system's cache
                taken.setdefault(name, []).append(each)
        if failed:
            print(f"{path}: {failed} cards failed")
    medians = {name: [statistics.median(one) / 1000 for one in zip(*each, strict=True)] for name, each in taken.items()}
    said = ", ".join(f"{name} {drawn:.2f} ({answered:.2f})" for name, (drawn, answered) in medians.items())
    print(f"{path}: {said} s", flush=True)


def chosen(number: int, days: int) -> dict[str, str]:
    """Return filters as an address has them, other ones each round."""
    since = FIRST + timedelta(days=(37 + 31 * number) % max(1, days - 28))
    return {
        "28 days": f"from={since}&to={since + timedelta(days=27)}",
        "chat": f"chat={-1001000000000 - 3 - number}",
        "hour": f"hour={9 + number}",
        "weekday": f"weekday={1 + number}",
        "topic": f"topic={5 + number}",
        "people": f"who=people&from={FIRST + timedelta(days=number)}",
        "customers": f"who=customers&from={FIRST + timedelta(days=number)}",
        "all again": f"to={FIRST + timedelta(days=days + number)}",
    }


@contextmanager
def chromium() -> Iterator[Any]:
    """Start the browser."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("TELELAKE_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        raise SystemExit("No Chromium; install one or set TELELAKE_CHROMIUM.")
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve a dashboard; what is yielded is its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


if __name__ == "__main__":
    main()
