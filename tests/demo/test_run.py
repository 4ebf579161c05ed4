"""The demo, as a user starts it: from another folder, with a relative home, to the numbers in the tables."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from telelake.demo.group import generate
from telelake.demo.run import TIMEZONE


def telelake(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "telelake", *words], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_a_demo_goes_the_whole_way(tmp_path: Path) -> None:
    """Every message that was made up is in the tables, once; the lake says that it is made up; a second demo is refused."""
    made = telelake(tmp_path, "demo", "--home", "lake", "--messages", "600", "--days", "4", "--no-serve")
    assert made.returncode == 0, made.stderr
    status = json.loads(telelake(tmp_path, "status", "--home", "lake", "--json").stdout)
    asked = (
        "SELECT (SELECT count(*) FROM messages) AS messages, (SELECT count(*) FROM updates) AS updates, "
        "(SELECT sum(deliveries) FROM updates) AS deliveries"
    )
    counted = json.loads(telelake(tmp_path, "sql", asked, "--home", "lake", "--format", "json").stdout)[0]
    group = generate(600, 4, 1, datetime.now(UTC), ZoneInfo(TIMEZONE))
    expected = [group.expected for _ in group][-1]

    assert abs(counted["messages"] - expected.messages) <= 20, "the demo ends now, the twin a moment later"
    assert counted["deliveries"] == sum(day["raw"] for day in status["days"]) > counted["updates"]
    assert f"of {counted['updates']:,} updates" in made.stderr
    assert status["is_made_up"] is True
    assert status["timezone"] == TIMEZONE
    assert status["unsealed_bytes"] == 0
    assert all(day["due"] is None for day in status["days"])
    again = telelake(tmp_path, "demo", "--home", "lake", "--no-serve")
    assert (again.returncode, "already holds a demo" in again.stderr) == (1, True)
