"""When the schedule runs: every so often, soon after midnight wherever the lake is, and again after a failure."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from telelake.errors import CheckFailed
from telelake.operate.schedule import Schedule, seconds_to_next

EVERY, AFTER = 6 * 3600.0, 600.0


@pytest.mark.parametrize(
    ("zone", "now", "seconds"),
    [
        # Midnight in São Paulo is 03:00 UTC; the run after it is at 03:10.
        ("America/Sao_Paulo", "2026-03-10T15:00:00", EVERY),
        ("America/Sao_Paulo", "2026-03-10T02:59:00", 11 * 60),
        ("America/Sao_Paulo", "2026-03-10T03:00:00", 10 * 60),
        ("America/Sao_Paulo", "2026-03-10T03:09:59", 1),
        ("America/Sao_Paulo", "2026-03-10T03:10:00", EVERY),
        # Lisbon, 29 March: clocks go from 01:00 to 02:00. The day before, midnight is 00:00 UTC; after it, 23:00 UTC.
        ("Europe/Lisbon", "2026-03-28T23:30:00", 40 * 60),
        ("Europe/Lisbon", "2026-03-29T22:30:00", 40 * 60),
        # 25 October: back from 02:00 to 01:00; the day has 25 hours.
        ("Europe/Lisbon", "2026-10-24T22:30:00", 40 * 60),
        ("Europe/Lisbon", "2026-10-25T23:30:00", 40 * 60),
        ("Europe/Lisbon", "2026-10-25T22:30:00", 100 * 60),
        # São Paulo, 4 November 2018: there was no midnight, the day began at 01:00 (03:00 UTC).
        ("America/Sao_Paulo", "2018-11-04T02:50:00", 20 * 60),
    ],
)
def test_the_next_run(zone: str, now: str, seconds: float) -> None:
    """The next run is `every` seconds away, or soon after the lake's own midnight when that is sooner."""
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)

    assert seconds_to_next(moment, ZoneInfo(zone), EVERY, AFTER) == seconds


def test_a_whole_year_has_a_run_after_each_midnight() -> None:
    """Followed from run to run through a year with two changes of clocks, no day lacks its run after midnight."""
    zone, moment, seen = ZoneInfo("Europe/Lisbon"), datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp(), set()
    while moment < datetime(2027, 1, 1, 12, tzinfo=UTC).timestamp():
        now = datetime.fromtimestamp(moment, UTC)
        if (local := now.astimezone(zone)).hour == 0 and local.minute == 10:
            seen.add(local.date())
        moment += seconds_to_next(now, zone, EVERY, AFTER)

    assert len(seen) == 365


@pytest.mark.parametrize(
    ("error", "event"), [(CheckFailed("books"), "wrangle failed"), (ValueError("bug"), "wrangle failed unexpectedly")]
)
def test_a_failed_run_is_logged_and_the_next_runs(error: Exception, event: str) -> None:
    """Whatever a run dies of is logged, and does not stop the schedule."""
    turns: list[int] = []
    again = threading.Event()

    def job() -> None:
        turns.append(len(turns))
        if len(turns) == 1:
            raise error
        again.set()

    schedule = Schedule(job, ZoneInfo("UTC"), every=0.001, after_midnight=0)
    with capture_logs() as logs:
        schedule.start()
        assert again.wait(5)
        schedule.stop(5)

    assert [each["event"] for each in logs] == [event]


def test_a_stop_waits_for_the_run_at_hand_and_cuts_the_pause() -> None:
    """Stopping lets a run end, does not wait out the pause, and starts no further run."""
    begun, turns = threading.Event(), []

    def job() -> None:
        begun.set()
        time.sleep(0.1)
        turns.append(1)

    schedule = Schedule(job, ZoneInfo("UTC"), every=3600, after_midnight=0)
    schedule.start()
    assert begun.wait(5)
    started = time.monotonic()
    schedule.stop(5)

    assert turns == [1]
    assert time.monotonic() - started < 3
    schedule.stop(5)  # twice is no error


def test_a_schedule_that_never_started_stops() -> None:
    """Stopping before the start is no error."""
    Schedule(list, ZoneInfo("UTC"), every=1, after_midnight=0).stop(1)
