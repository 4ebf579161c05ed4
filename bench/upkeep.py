"""What a year of daily publications leaves in a home: files, snapshots, sizes, and what a publication and the upkeep take.

    python bench/upkeep.py --days 365 --tables 6

Each day publishes that day and, once more, the day before; then the upkeep runs, as `telelake wrangle --maintain` does. Of
files and snapshots the most that one table has is printed. Beside it, the same days without upkeep, as far as --without.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1])]

from tests.stores.year import Grown, live  # noqa: E402

from telelake.tables.catalog import BUILT  # noqa: E402

_SHOWN = (1, 7, 30, 100, 200, 300, 365)
_HEAD = "days  data files  metadata files  metadata KB  snapshots  releases  catalog KB  publish s  upkeep s"


def main() -> None:
    """Read the command line, live, print."""
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("--days", type=int, default=365)
    reader.add_argument("--tables", type=int, default=6)
    reader.add_argument("--without", type=int, default=30, help="days without upkeep, for comparison")
    asked = reader.parse_args()
    for keeps, days in ((True, asked.days), (False, asked.without)):
        print(f"{asked.tables} tables, {'with' if keeps else 'without'} upkeep\n{_HEAD}")
        with tempfile.TemporaryDirectory() as folder:
            for grown in live(Path(folder), BUILT[: asked.tables], days, keeps=keeps):
                if grown.days in _SHOWN or grown.days == days:
                    print(_line(grown), flush=True)


def _line(grown: Grown) -> str:
    return (
        f"{grown.days:4}  {grown.data_files:10}  {grown.metadata_files:14}  {grown.metadata_bytes / 1000:11,.0f}  "
        f"{grown.snapshots:9}  {grown.releases:8}  {grown.catalog_bytes / 1000:10,.0f}  {grown.publish_seconds:9.2f}  "
        f"{grown.maintain_seconds:8.2f}"
    )


if __name__ == "__main__":
    main()
