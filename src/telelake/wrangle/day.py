"""Build days: raw segments in, published tables out.

Owns when a run may work (under the lake's one pen) and what it has to do; `run.py` does it. Knows neither where raw and
tables lie nor how an engine works. May run at any time, twice, late or interrupted: what was not published is due again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from telelake.ports import Release
from telelake.tables.catalog import BUILDS
from telelake.wrangle import ledger as ledgers
from telelake.wrangle.graph import BuiltDay
from telelake.wrangle.plan import Due, Ledger, RawListing, due, due_tables, list_raw
from telelake.wrangle.run import Means, Progress, Report, Run

__all__ = ["Report", "Wrangler"]

_OF_OLD = BuiltDay("", "", "")
"""Differs from whatever is built."""


@dataclass(frozen=True)
class Wrangler(Means):
    """What builds days; see the module."""

    def run(
        self, wanted: Callable[[date], bool] | None = None, progress: Progress | None = None, *, anew: bool = False
    ) -> Report:
        """Build the days that are due, or all days with raw that are wanted; publish what changed, part by part.

        Each part is a release: what it has of some days is whole, and what is made from these days is made anew with them.
        A run that ends before its time leaves the parts that it published, and the next one builds the rest. `anew` publishes
        also what does not seem to have changed: after a forgetting, records say less under the same ids.

        Raises:
            Conflict: another wrangler is at work.
            CheckFailed: a day did not pass its checks, or is too large for this machine; it stays as it was and is due, the
                others are published.
            StoreError: the same, for a day with a damaged segment.
            StoreUnavailable: nothing of the part at hand is published; run again.
        """
        with self.tables.writing():
            start = time.perf_counter()
            release = self.tables.latest()
            listing = list_raw(self.raw)
            ledger = self._ledger(release)
            oldest, steps = self.oldest(), self.steps()
            found = due_tables(listing, ledger, steps, oldest)
            made = {maker.table.name for maker in self.makers}
            if wanted:
                kept = (day for day in listing.days if day >= oldest and day not in listing.frozen.days)
                days = [day for day in kept if wanted(day)]
            else:
                days = [day for day, tables in found.items() if tables.keys() - made]
            report = Report(expired=sorted({day for day, _ in ledger if day < oldest}))
            if days or report.expired or (found and not wanted):
                known = dict(ledger)
                if anew:
                    known |= {(day, name): _OF_OLD for day, name in ledger if day in set(days)}
                run = Run(self, steps, listing, known, release, report, progress)
                run.build(days, named=wanted is not None)
            report.seconds["total"] = round(time.perf_counter() - start, 3)
            return report

    def due(self, listing: RawListing, ledger: Ledger) -> list[date]:
        """Return the days that are due and whose rows are kept, oldest first."""
        return [each.day for each in self.why_due(listing, ledger)]

    def why_due(self, listing: RawListing, ledger: Ledger) -> list[Due]:
        """Return the same, with the reasons."""
        return due(listing, ledger, self.steps(), self.oldest())

    def status(self) -> tuple[RawListing, Ledger, Release | None]:
        """Return what lies in raw, what was built of it, and the newest release."""
        release = self.tables.latest()
        return list_raw(self.raw), self._ledger(release), release

    def _ledger(self, release: Release | None) -> Ledger:
        return ledgers.read(self.tables.files(release, BUILDS.name)) if release else {}
