"""One large day within a fixed memory: what it takes as it grows, and what ten times the data cost.

    python bench/growth.py --millions 1 2 5 10 20 --memory 1GB

Each size is built by `telelake wrangle --due` in a process of its own. Memory is the peak of the whole process, as the system
counts it; scratch is the most that lay in its folder for files under work at a moment: rows, what spilled, the files made.

The day is that of `bench/wrangle.py`, sealed once and then copied: each copy has its own update ids, people and chats, so
that nothing in it repeats another copy. Envelopes keep their hashes and marks. 20 million take 2 GB of disk for raw, and about
as much each for rows, files made and tables, in --data.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path

import zstandard

import wrangle

MILLION = 1_000_000
_ID = re.compile(rb'"(id|update_id)":(-?)(\d+)')
_APART = 10_000_000  # more than the ids of one copy span; a private chat's id moves as its person's does


@dataclass(frozen=True)
class Cost:
    """What one build took."""

    wall: float
    processor: float
    megabytes: float
    scratch_megabytes: float


def main() -> None:
    """Make the lakes that are missing, build each, print the curve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--millions", type=int, nargs="+", default=[1, 2, 5, 10, 20])
    parser.add_argument("--memory", default="1GB", help="wrangle.memory")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--data", type=Path, default=Path(__file__).parent / "data")
    asked = parser.parse_args()
    runs: dict[int, list[Cost]] = {millions: [] for millions in asked.millions}
    for number in range(asked.rounds):
        for millions in asked.millions:
            cost = build(multiplied(asked.data, millions), asked.data / "growth", asked.memory, asked.threads)
            runs[millions].append(cost)
            print(
                f"round {number + 1}, {millions} million: {cost.wall:.1f} s, processor {cost.processor:.1f} s, "
                f"peak {cost.megabytes:.0f} MB, scratch {cost.scratch_megabytes:.0f} MB",
                flush=True,
            )
    middle = {millions: statistics.median_low([each.wall for each in costs]) for millions, costs in runs.items()}
    print(f"within wrangle.memory = {asked.memory}:")
    for millions, costs in runs.items():
        smaller = min(middle)
        print(
            f"{millions} million: median {middle[millions]:.1f} s, peak {max(each.megabytes for each in costs):.0f} MB, "
            f"scratch {max(each.scratch_megabytes for each in costs):.0f} MB; {millions / smaller:g} times the data of "
            f"{smaller} million cost {middle[millions] / middle[smaller]:.1f} times the time"
        )
    for millions in middle:
        if 10 * millions in middle:
            print(f"10 x {millions} million: {middle[10 * millions] / middle[millions]:.2f} (must be at most 10.5)")


def multiplied(data: Path, millions: int) -> Path:
    """Return a lake whose one day has so many million updates, made when it is missing."""
    base = data / f"day-{MILLION}"
    if not (base / "lake.json").exists():
        wrangle.make(base, MILLION)
    if millions == 1:
        return base
    lake = data / f"day-{millions * MILLION}"
    if not (lake / "lake.json").exists():
        shutil.rmtree(lake, ignore_errors=True)
        with Pool() as pool:
            pool.starmap(copy, [(base, lake, number) for number in range(millions)])
        shutil.copy(base / "lake.json", lake / "lake.json")
    return lake


def copy(base: Path, lake: Path, number: int) -> None:
    """Write a lake's segments into another, as different updates of different people in different chats."""
    for path in sorted(base.glob("raw/*/*/*.zst")):
        lines = zstandard.ZstdDecompressor().decompress(path.read_bytes())
        lines = lines.replace(b'"record_id":"bench-', b'"record_id":"bench-%d-' % number)
        lines = _ID.sub(lambda found: b'"%b":%b%d' % (found[1], found[2], int(found[3]) + number * _APART), lines)
        records = lines.count(b"\n")
        digest = hashlib.sha256(f"{number} {path.name}".encode()).hexdigest()[:32]
        target = lake / path.parent.relative_to(base) / f"{records}-{digest}.ndjson.zst"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(zstandard.ZstdCompressor(3, write_checksum=True, write_content_size=True).compress(lines))


def build(lake: Path, home: Path, memory: str, threads: int) -> Cost:
    """Build a lake's day from nothing, in a process of its own; look at its scratch folder meanwhile."""
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(lake, home, copy_function=os.link)
    (home / "lake.json").unlink()
    shutil.copy(lake / "lake.json", home / "lake.json")
    given = {"HOME": str(home), "WRANGLE__MEMORY": memory, "WRANGLE__THREADS": str(threads), "TALK__ENABLED": "false"}
    environment = {**os.environ, **{f"TELELAKE_{name}": value for name, value in given.items()}}
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "telelake", "wrangle", "--due"], env=environment)
    scratch = 0
    while not (found := os.wait4(process.pid, os.WNOHANG))[0]:
        scratch = max(scratch, size(home / "state" / "work"))
        time.sleep(0.1)
    wall = time.perf_counter() - start
    _, status, usage = found
    process.returncode = status
    if status:
        raise SystemExit(f"The build of {lake.name} within {memory} failed with status {status}.")
    shutil.rmtree(home)
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, scratch / MILLION)


def size(folder: Path) -> int:
    """Return the bytes that a folder's files take on disk; what goes away meanwhile counts as nothing."""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(where) / name).stat().st_blocks * 512
            except FileNotFoundError:
                continue
    return total


if __name__ == "__main__":
    main()
