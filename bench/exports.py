"""From an export of Telegram Desktop to queryable tables, against a peer from the same export to its report.

    python bench/exports.py --messages 1000000 --rounds 3 --peer "npx --yes chat-analytics@1.1.2"

* full: `telelake import --private`, then `telelake wrangle`, of a made-up full export of 20 chats over three years.
* single: the same of a single chat with as many messages.
* again: the full export imported once more, which adds nothing.
* peer: chat-analytics (npm) of the single chat, to its HTML report; left out when its command does not run.
* raw reading: the full export cut into messages, nothing else, quickly and by counting brackets.

Whole processes, wall seconds, and the largest peak of memory of one process, its children included. The files are made
once, by bench/made_export.py, and kept in --data.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).parent
TELELAKE = [sys.executable, "-m", "telelake"]
READ = """
import sys, time
from telelake.telegram import desktop_file
if sys.argv[2] == "counted":
    desktop_file.ExportReader._cut = lambda self, separator, batch: 0
def open_at(offset):
    file = open(sys.argv[1], "rb")
    file.seek(offset)
    return file
print(sum(len(batch.bodies) for batch in desktop_file.ExportReader(open_at).batches()))
"""


def main() -> None:
    """Make the files if needed, run all in turn, print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=3 * 365)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", type=Path, default=HERE / "data")
    parser.add_argument(
        "--peer", default="npx --yes chat-analytics@1.1.2", help="command of chat-analytics; '' for none"
    )
    asked = parser.parse_args()
    asked.data.mkdir(parents=True, exist_ok=True)
    full, single = (made(asked.data, asked.messages, chats, asked.days) for chats in (20, 1))
    for path in (full, single):
        print(f"{path.name}: {path.stat().st_size / 1e6:,.0f} MB")
    peer = shlex.split(asked.peer)
    if peer and not runs(peer):
        print(f"the peer is left out: {asked.peer} does not run")
        peer = []
    results: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for number in range(asked.rounds):
        for name, seconds, megabytes in one_round(full, single, asked.messages, asked.data, peer):
            results[name].append((seconds, megabytes))
            print(f"round {number + 1} {name}: {seconds:.2f} s, {megabytes:.0f} MB", flush=True)
    for name, runs_ in results.items():
        seconds, megabytes = statistics.median(each[0] for each in runs_), max(each[1] for each in runs_)
        print(f"{name}: median {seconds:.2f} s, {asked.messages / seconds:,.0f} messages/s, peak {megabytes:.0f} MB")
    for name in ("full", "single"):
        if peer:
            ratios = [p[0] / ours[0] for p, ours in zip(results["peer"], results[name], strict=True)]
            print(f"peer / {name}: {statistics.median(ratios):.2f} (median of the rounds' ratios)")
    for name in ("raw reading", "raw reading, counted"):
        rate = full.stat().st_size / 1e6 / statistics.median(each[0] for each in results[name])
        print(f"{name}: {rate:,.0f} MB/s, start of the process included")


def one_round(full: Path, single: Path, messages: int, data: Path, peer: list[str]) -> list[tuple[str, float, float]]:
    """Run everything once."""
    found = []
    for name, path in (("full", full), ("single", single)):
        home = data / "ours"
        shutil.rmtree(home, ignore_errors=True)
        brought = [*TELELAKE, "import", str(path), "--private", "--json", "--home", str(home)]
        steps = [(f"{name}: import", brought), (f"{name}: wrangle", [*TELELAKE, "wrangle", "--home", str(home)])]
        timed_steps = [(step, *timed(command, messages if "import" in step else None)) for step, command in steps]
        total, peak = sum(each[1] for each in timed_steps), max(each[2] for each in timed_steps)
        found += [*timed_steps, (name, total, peak)]
        if name == "full":
            found.append(("again", *timed(brought, 0)))
    for kind in ("cut", "counted"):
        name = "raw reading" if kind == "cut" else "raw reading, counted"
        found.append((name, *timed([sys.executable, "-c", READ, str(full), kind])))
    if peer:
        report = data / "peer.html"
        found.append(("peer", *timed([*peer, "-p", "telegram", "-i", str(single), "-o", str(report)])))
    return found


def made(data: Path, messages: int, chats: int, days: int) -> Path:
    """Return a made-up export, written when there is none."""
    folder = data / f"export-{messages}-{chats}-{days}"
    path = folder / "result.json"  # the peer goes by the name
    if not path.exists():
        folder.mkdir(exist_ok=True)
        part = folder / "part"
        options = ["--messages", str(messages), "--chats", str(chats), "--days", str(days)]
        subprocess.run([sys.executable, str(HERE / "made_export.py"), str(part), *options], check=True)
        part.rename(path)
    return path


def runs(command: list[str]) -> bool:
    """Return whether a command can be started."""
    try:
        done = subprocess.run([*command, "--help"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def timed(command: list[str], records: int | None = None) -> tuple[float, float]:
    """Run a command; return wall seconds and the peak memory in MB of the largest of it and its children."""
    start = time.perf_counter()
    pipe = subprocess.PIPE if records is not None else subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=pipe, stderr=subprocess.DEVNULL)
    said = process.stdout.read() if process.stdout else b""
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise SystemExit(f"{command} failed with status {status}")
    if records is not None and sum(each["records"] for each in json.loads(said)) != records:
        raise SystemExit(f"{command} brought in other than {records} records: {said.decode()}")
    return seconds, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
