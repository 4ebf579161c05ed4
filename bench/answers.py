"""What the answers cost: who asked what and what came of it, and what the questions are about, over many days.

    python bench/answers.py --messages 1000000 --days 60

A made-up group is sealed into raw, day by day, as capture does. Then, each a whole process:

* tables: `telelake wrangle --due` with `talk.enabled = false`: all that is made from raw.
* answers: the same command with questions on: `questions` and `conversations` of every day.
* fit: `telelake topics fit`.
* topics: `telelake wrangle --due` again: `question_topics` of every day.

Prints seconds, processor seconds and peak memory of each, and how many messages a second that is. The raw
lake is made once, in --data.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from telelake import raw
from telelake.capture.seal import line_of
from telelake.demo.group import generate
from telelake.stores.objects import DirectoryStore

ZONE = ZoneInfo("America/Sao_Paulo")
END = datetime(2026, 3, 10, 23, 30, tzinfo=ZONE)
SEGMENT = 50_000


def main() -> None:
    """Make the lake if needed, run the steps, print what each took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--data", type=Path, default=Path(__file__).parent / "data")
    asked = parser.parse_args()
    lake = asked.data / f"group-{asked.messages}-{asked.days}"
    if not (lake / "lake.json").exists():
        make(lake, asked.messages, asked.days)
    home = asked.data / "answers"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(lake, home, copy_function=os.link)
    (home / "lake.json").unlink()
    shutil.copy(lake / "lake.json", home / "lake.json")
    wrangle = ("wrangle", "--due")
    for name, command, talk in (
        ("tables", wrangle, "false"), ("answers", wrangle, "true"), ("fit", ("topics", "fit"), "true"), ("topics", wrangle, "true"),
    ):  # fmt: skip
        seconds, processor, megabytes = timed(home, command, talk)
        print(
            f"{name}: {seconds:.1f} s, processor {processor:.1f} s, peak {megabytes:.0f} MB, "
            f"{asked.messages / seconds:,.0f} messages a second",
            flush=True,
        )


def make(lake: Path, messages: int, days: int) -> None:
    """Seal a made-up group into a new lake."""
    shutil.rmtree(lake, ignore_errors=True)
    store = DirectoryStore(lake)
    waiting: dict[tuple[bool, date], list[raw.Line]] = defaultdict(list)

    def seal(quarantined: bool, day: date, lines: Sequence[raw.Line]) -> None:
        store.put(raw.segment_key(quarantined=quarantined, bot_id=1, day=day, lines=lines), raw.pack(lines))

    for number, delivery in enumerate(generate(messages, days, 1, END.astimezone(UTC), ZONE)):
        record = raw.Record(f"bench-{number}", 1, "webhook", delivery.sent_at, delivery.body)
        quarantined, day, line = line_of(record, ZONE)
        waiting[quarantined, day].append(line)
        if len(waiting[quarantined, day]) == SEGMENT:
            seal(quarantined, day, waiting.pop((quarantined, day)))
    for (quarantined, day), lines in waiting.items():
        seal(quarantined, day, lines)
    store.put("lake.json", b'{"format": 1, "timezone": "America/Sao_Paulo", "made_up": true}')


def timed(home: Path, command: Sequence[str], talk: str) -> tuple[float, float, float]:
    """Run a command of telelake's; return wall seconds, processor seconds and peak memory in MB."""
    environment = {
        **os.environ,
        "TELELAKE_HOME": str(home),
        "TELELAKE_TALK__ENABLED": talk,
        "TELELAKE_WRANGLE__THREADS": "2",
    }
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "telelake", *command], env=environment, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"telelake {' '.join(command)} failed with status {status}")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
