"""The whole way, once: a made-up group is posted to the real webhook, sealed, wrangled and published.

The webhook is `telelake capture`, a process of its own as in real life; no step is left out or done differently.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from telelake.demo.group import Generator, generate
from telelake.demo.post import post_all
from telelake.errors import SettingsError, StoreUnavailable
from telelake.operate.home import read_home
from telelake.serve import listen
from telelake.settings import Settings, load, local_path
from telelake.wiring import App

TIMEZONE = "America/Sao_Paulo"
BOT = "demo"
BOT_ID = 7_000_000_001
_START_SECONDS = 30.0
_SAMPLE = 1500
"""Questions that the topics are learned from: enough for so small a group, and soon done."""


def run_demo(
    home: str, *, messages: int, days: int, seed: int, dashboard_port: int | None, say: Callable[[str], None]
) -> App:
    """Make the made-up lake in an empty folder; return it, ready to be shown.

    Raises:
        SettingsError: the folder holds something already; says what to do.
        StoreUnavailable: capture did not start or did not take what was sent.
    """
    app = App(_settings(home, dashboard_port), is_made_up=True)
    _refuse_real(home, app)
    _ = app.home
    say(f"Making up a support group: {messages:,} messages over {days} days (seed {seed}). None of it is real.")
    start = time.perf_counter()
    now = datetime.now(UTC).replace(microsecond=0)
    group = generate(messages, days, seed, now, app.zone)
    posted = deliver(app, group)
    captured = time.perf_counter()
    expected = group.expected
    say(
        f"Captured {posted:,} deliveries of {expected.updates:,} updates through the webhook in {captured - start:.1f} s "
        f"({posted / (captured - start):,.0f}/s, each on disk before its answer)."
    )
    report = app.wrangle_due()
    say(
        f"Wrangled {len(report.days)} days in {report.seconds['total']:.1f} s: {report.rows.get('updates', 0):,} updates, "
        f"{report.rows.get('messages', 0):,} messages, "
        f"{sum(books['duplicates'] for books in report.books.values()):,} duplicates removed, "
        f"{sum(books['quarantined'] for books in report.books.values()):,} quarantined."
    )
    wrangled = time.perf_counter()
    if app.fit_topics_when_due():
        app.wrangle_due()
        say(f"Grouped its questions by topic in {time.perf_counter() - wrangled:.1f} s.")
    say(f"Total {time.perf_counter() - start:.1f} s. Try: telelake insights answer_solved --home {home}")
    return app


def deliver(app: App, group: Generator) -> int:
    """Post a made-up group to a real `telelake capture` of this lake; return how many deliveries it took.

    Raises:
        StoreUnavailable: capture did not start or did not take what was sent.
    """
    with _capture(app) as (url, secret):
        return asyncio.run(post_all(f"{url}/telegram/{BOT}", secret, group))


def _settings(home: str, dashboard_port: int | None) -> Settings:
    if local_path(home) is None:
        raise SettingsError(f"--home {home}: the demo wants a local folder.")
    return load(home=home, timezone=TIMEZONE, dashboard__port=dashboard_port, topics__sample=_SAMPLE)


def _refuse_real(home: str, app: App) -> None:
    """Let nobody mix made-up data with real ones, or with another demo's."""
    folder = local_path(home)
    assert folder is not None
    found = read_home(app.store)
    if found and not found.is_made_up:
        raise SettingsError(
            f"{folder} is a real lake; made-up data must not go into it. Name another folder with --home."
        )
    if found:
        raise SettingsError(
            f"{folder} already holds a demo. Show it with: telelake dashboard --home {home}. Or remove the folder to make it anew."
        )
    if any(each for each in folder.iterdir() if each.name != ".tmp"):
        raise SettingsError(f"{folder} is not empty. Name another folder with --home.")


@contextmanager
def _capture(app: App) -> Iterator[tuple[str, str]]:
    """Run `telelake capture` beside us; on leaving it seals its journal and ends."""
    with listen("127.0.0.1", 0, "demo") as free:
        port = free.getsockname()[1]
    secret = secrets.token_urlsafe(24)
    environment = {
        **os.environ,
        "TELELAKE_HOME": str(app.settings.home_path),
        "TELELAKE_STATE_DIR": str(app.state.absolute()),
        "TELELAKE_CAPTURE__HOST": "127.0.0.1",
        "TELELAKE_BOTS": f'{{"{BOT}": {{"id": {BOT_ID}, "secret": {{"env": "TELELAKE_DEMO_SECRET"}}}}}}',
        "TELELAKE_DEMO_SECRET": secret,
    }
    command = [sys.executable, "-m", "telelake", "capture", "--capture-port", str(port)]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)  # noqa: S603
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(process, f"{url}/healthz")
        yield url, secret
    finally:
        process.terminate()
        _, said = process.communicate()
    if process.returncode:
        raise StoreUnavailable(f"telelake capture ended with exit code {process.returncode}: {said.strip()}")


def _wait(process: subprocess.Popen[str], url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            _, said = process.communicate()
            raise StoreUnavailable(f"telelake capture did not start: {said.strip()}")
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - our own address
                return
        except OSError:
            time.sleep(0.05)
    raise StoreUnavailable(f"telelake capture did not answer at {url} within {_START_SECONDS:g} s.")
