"""Faults in great number, with the same harness as the tests: kills, power losses, failing system calls, rot.

    python bench/kills.py                                  1000 kills, 200 power losses
    python bench/kills.py --kills 0 --cuts 0 --faults      every Nth system call
    python bench/kills.py --kills 0 --cuts 0 --flips 10000
    python bench/kills.py --kills 0 --cuts 0 --publications   killed or failed at every Nth system call that changes something

Prints one line each; ends with 1 when anything was lost, forged, doubled or miscounted. Some minutes.
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "capture")]

import structlog  # noqa: E402
import test_crash  # noqa: E402
import test_faults  # noqa: E402
import test_journal  # noqa: E402
import test_power_loss  # noqa: E402
from tests.stores import test_publish_faults  # noqa: E402
from tests.stores.publisher import press  # noqa: E402
from tests.stores.test_iceberg import Shelf  # noqa: E402


def kills(count: int, folder: Path) -> bool:
    """Kill capture under load, so many times."""
    began = time.monotonic()
    result, obligations, seed = test_crash.kill_often(folder, count)
    print(f"{count} kills: {obligations} obligations, {_told(result)}; {time.monotonic() - began:.0f} s, seed {seed}")
    return not any(result.values())


def cuts(count: int, folder: Path) -> bool:
    """Cut the power under load, so many times; what was not synced is gone."""
    began = time.monotonic()
    seed = random.randrange(1 << 32)
    result, obligations = test_power_loss.lose_power_often(folder, test_power_loss.LossyDisk, count, seed)
    print(
        f"{count} power losses: {obligations} obligations, {_told(result)} (a segment may be written twice, readers drop "
        f"the record_id); {time.monotonic() - began:.0f} s, seed {seed}"
    )
    return not (result["lost"] or result["invented_or_damaged"])


def faults(folder: Path) -> bool:
    """Let every Nth system call fail."""
    good = True
    with test_faults.nursery() as processes:
        for call in test_faults.CALLS:
            for error in test_faults.ERRORS:
                runs, ours, wrong = test_faults.enumerate_faults(processes, folder, call, error, 1000)
                print(f"{call} {error}: {runs} runs, {ours} on capture's own files, {len(wrong)} broken promises")
                print(*wrong, sep="\n", end="\n" if wrong else "")
                good = good and not wrong
    return good


def flips(count: int, folder: Path) -> bool:
    """Flip bits in a journal file, so many times."""
    seed = random.randrange(1 << 32)
    lost = test_journal.flip_bits(folder, count, seed)
    print(f"{count} files with flipped bits: {lost} records hit, all others read, all lost ones counted; seed {seed}")
    return True


def publications(folder: Path) -> bool:
    """End a publication at every Nth system call that changes something."""
    good = True

    def make(number: int) -> Shelf:
        work = folder / f"home-{number}"
        work.mkdir()
        return Shelf(str(work / "home"), work)

    with press() as presses:
        bench = test_publish_faults.Bench(make, presses)
        for end in test_publish_faults.ENDS:
            for call in test_publish_faults.CALLS:
                at = partial(test_publish_faults.at_a_system_call, bench, call, end)
                runs, ends, wrong = test_publish_faults.enumerate_all(at, 1500)
                print(f"{call} {end}: {runs} runs, {dict(ends)}, {len(wrong)} broken promises", flush=True)
                print(*wrong, sep="\n", end="\n" if wrong else "")
                good = good and not wrong
    return good


def _told(result: dict[str, int]) -> str:
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in result.items())


def main() -> None:
    """Read the command line, run what it asks for."""
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("--kills", type=int, default=1000)
    reader.add_argument("--cuts", type=int, default=200)
    reader.add_argument("--flips", type=int, default=0)
    reader.add_argument("--faults", action="store_true")
    reader.add_argument("--publications", action="store_true")
    wanted = reader.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))  # thousands of refusals
    good = True
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in ("kills", "cuts", "flips", "faults", "publications"):
            (root / name).mkdir()
        if wanted.kills:
            good &= kills(wanted.kills, root / "kills")
        if wanted.cuts:
            good &= cuts(wanted.cuts, root / "cuts")
        if wanted.flips:
            good &= flips(wanted.flips, root / "flips")
        if wanted.faults:
            good &= faults(root / "faults")
        if wanted.publications:
            good &= publications(root / "publications")
    sys.exit(not good)


if __name__ == "__main__":
    main()
