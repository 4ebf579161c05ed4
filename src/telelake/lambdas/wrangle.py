"""Raw to tables, when the schedule says so: what is due is built, published, and shown on a page.

What is due is computed from the lake, so a run that was missed, refused or killed is made good by the next. A lake with
much that is due (an import, a new version) is published in parts, each as soon as it is built, and what the time does
not suffice for waits for the next run. Failure is failure: it is raised, after the good days were published.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Container, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from telelake.errors import CheckFailed, StoreError, TelelakeError
from telelake.lambdas import say

if TYPE_CHECKING:
    from telelake.wiring import App

PAGE = "report.html"

_PART_RECORDS = 1_000_000
"""Records that are built and published together; a minute or two of work."""
_KEPT_SECONDS = 120.0
"""Left at the end for upkeep and the page."""
_UPKEEP_EVERY = 10  # releases


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Build what is due; what Lambda calls. Return the report, see `run`.

    Raises:
        TelelakeError: a day failed (the others are published), another wrangler is at work, or a store failed.
    """
    from telelake.settings import load
    from telelake.wiring import App

    # Queries run in processes of their own. Lambda tells only this one where the package lies.
    if root := os.environ.get("LAMBDA_TASK_ROOT"):
        os.environ["PYTHONPATH"] = os.pathsep.join(
            dict.fromkeys([root, *os.environ.get("PYTHONPATH", root).split(os.pathsep)])
        )
    try:
        app = App(load())
        try:
            seconds_left = lambda: context.get_remaining_time_in_millis() / 1000  # noqa: E731
            is_daily = event.get("schedule") == "daily"
            return run(app, seconds_left, os.environ.get("REPORT_BUCKET"), is_daily=is_daily)
        finally:
            app.close()
    except TelelakeError as error:
        say("error", "wrangle failed", reason=str(error), retry=error.retry)
        raise


def run(
    app: App, seconds_left: Callable[[], float], report_bucket: str | None, *, is_daily: bool = False
) -> dict[str, Any]:
    """Build what is due in parts, as long as there is time, then write the page; return what was done.

    Once a day raw of closed days is joined to fewer segments. That comes last, and as a whole or in part: what it does not get
    to is left for the next day.

    Keys: `days` (tried), `failed` (reasons), `left` (days that are due and wait for the next run), `release` (the newest),
    `published` (table days), `rows` and `seconds` (by table and stage), `page` (whether it was written), `joined` (segments of
    raw that became fewer). What a part with a bad day has published is counted in `release` alone.

    Raises:
        TelelakeError: as `handler`.
    """
    report: dict[str, Any] = {"days": [], "failed": [], "left": 0, "published": 0, "rows": {}, "seconds": {}}
    failures: list[TelelakeError] = []
    tried: set[date] = set()
    first = _newest(app)
    longest = 0.0
    while parts := _parts(app, tried):
        # The first is always begun: else a run with too little time would never get anywhere.
        if tried and seconds_left() < _KEPT_SECONDS + 1.5 * longest:
            break
        started = time.monotonic()
        try:
            _add(report, app.wrangler.run(set(parts[0]).__contains__).as_json())
        except (CheckFailed, StoreError) as error:
            if error.retry:
                raise
            failures.append(error)
        tried |= set(parts[0])
        longest = max(longest, time.monotonic() - started)
    if not tried:
        app.wrangler.run(tried.__contains__)  # what is too old to keep goes, also when nothing came
    newest = _newest(app)
    if newest // _UPKEEP_EVERY > first // _UPKEEP_EVERY and seconds_left() > _KEPT_SECONDS / 2:
        with app.tables.writing():
            app.tables.maintain()
    report |= {
        "days": sorted(day.isoformat() for day in tried),
        "failed": [str(each) for each in failures],
        "left": sum(map(len, parts)),
        "release": newest or None,
        "page": bool(report_bucket) and _write_page(app, str(report_bucket)),
        "joined": app.compact() if is_daily and seconds_left() > _KEPT_SECONDS / 2 else 0,
    }
    say("error" if failures else "info", "wrangled", **report)
    if failures:
        raise failures[0] if len(failures) == 1 else CheckFailed("\n".join(map(str, failures)))
    return report


def _newest(app: App) -> int:
    release = app.tables.latest()
    return release.number if release else 0


def _parts(app: App, tried: Container[date]) -> list[list[date]]:
    """Return the days that are due and were not tried, the oldest first, in parts that are built together."""
    listing, ledger, _ = app.wrangler.status()
    parts: list[list[date]] = []
    records = 0
    for day in (day for day in app.wrangler.due(listing, ledger) if day not in tried):
        records += listing.days[day].records
        if not parts or records > _PART_RECORDS:
            parts.append([])
            records = listing.days[day].records
        parts[-1].append(day)
    return parts


def _add(report: dict[str, Any], done: Mapping[str, Any]) -> None:
    report["published"] += done["published"]
    for key in ("rows", "seconds"):
        for name, value in done[key].items():
            report[key][name] = round(report[key].get(name, 0) + value, 3)


def _write_page(app: App, bucket: str) -> bool:
    """Write the page of the newest release, unless the one that is there is of it; return whether it was written."""
    pages = app.pages(bucket)
    release = app.tables.latest()
    if release is None:
        return False
    # A run that was killed before its page leaves that to the next, which may find nothing else to do.
    written = {each.key: each.modified for each in pages.list()}.get(PAGE)
    published = app.tables.published_at(release)
    if written and published and written > published:
        return False
    from telelake.present.report import render

    language = os.environ.get("REPORT_LANGUAGE", "pt")
    facts = {**app.facts(), "release": release.number}
    pages.replace(PAGE, render(app.lake(), language, facts).encode(), "text/html; charset=utf-8")
    return True
