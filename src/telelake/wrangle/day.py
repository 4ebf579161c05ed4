"""Build days: raw segments in, published tables out.

Owns when a run may work (under the lake's one pen) and what it has to do; `run.py` does it. Knows neither where raw and
tables lie nor how an engine works. May run at any time, twice, late or interrupted: what was not published is due again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from telelake.errors import SettingsError
from telelake.ports import Release
from telelake.tables.catalog import BUILDS, UPDATES
from telelake.wrangle import frozen, late
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

        What came late for a frozen day is merged over its rows.

        Each part is a release: what it has of some days is whole, and what is made from these days is made anew with them.
        A run that ends before its time leaves the parts that it published, and the next one builds the rest. `anew` publishes
        also what does not seem to have changed: after a forgetting, records say less under the same ids.

        Raises:
            Conflict: another wrangler is at work.
            SettingsError: the rows of frozen days have pseudonyms of another key, or none.
            CheckFailed: a day did not pass its checks, or is too large for this machine; it stays as it was and is due, the
                others are published.
            StoreError: the same, for a day with a damaged segment.
            StoreUnavailable: nothing of the part at hand is published; run again.
        """
        with self.tables.writing():
            start = time.perf_counter()
            release = self.tables.latest()
            ledger = self._ledger(release)
            self._settle(ledger)
            listing = list_raw(self.raw)
            self.check_key(listing, ledger)
            oldest, steps = self.oldest(), self.steps()
            found = due_tables(listing, ledger, steps, oldest)
            made = {maker.table.name for maker in self.makers}
            if wanted:
                kept = (day for day in listing.days if day >= oldest and day not in listing.frozen.days)
                days = [day for day in kept if wanted(day)]
            else:
                days = [day for day, tables in found.items() if tables.keys() - made]
            report = Report(expired=sorted({day for day, _ in ledger if day < oldest}))
            late_days = [day for day in self.late(listing, ledger) if wanted is None or wanted(day)]
            if days or late_days or report.expired or (found and not wanted):
                known = dict(ledger)
                if anew:
                    known |= {(day, name): _OF_OLD for day, name in ledger if day in set(days)}
                run = Run(self, steps, listing, known, release, report, progress)
                run.build(days, named=wanted is not None, late_days=late_days)
            report.seconds["total"] = round(time.perf_counter() - start, 3)
            return report

    def due(self, listing: RawListing, ledger: Ledger) -> list[date]:
        """Return the days that are due and whose rows are kept, oldest first."""
        return [each.day for each in self.why_due(listing, ledger)]

    def why_due(self, listing: RawListing, ledger: Ledger) -> list[Due]:
        """Return the same, with the reasons."""
        return due(listing, ledger, self.steps(), self.oldest())

    def late(self, listing: RawListing, ledger: Ledger) -> list[date]:
        """Return the frozen days whose rows are kept and for which something came late, oldest first.

        Such a day is not due, and not built anew: what came late is merged over its rows.
        """
        built = {day for day, _ in ledger}
        frozen = (day for day in listing.days if day in listing.frozen.days)
        return [
            day
            for day in frozen
            if day in built and day >= self.oldest() and listing.frozen.late(day, listing.segments(day))
        ]

    def check_key(self, listing: RawListing, ledger: Ledger) -> None:
        """Refuse to work with another key than that of the pseudonyms in rows that cannot be built anew.

        All other days are built anew when the key changes. Beside a frozen day's rows they would count the same person twice,
        and in clear they would tell who stands behind them by what else they have in common.

        Raises:
            SettingsError: says what there is and what to do.
        """
        now, oldest = self.fingerprint(), self.oldest()
        kept = {day for day, _ in ledger if day >= oldest}
        others = {day: key for day, key in listing.frozen.keys.items() if day in kept and key != now}
        if not others:
            return
        said = "; ".join(
            f"{list(others.values()).count(key)} days from {min(day for day in others if others[day] == key)} on are "
            + (f"of the key with fingerprint {key}" if key else "in clear")
            for key in sorted(set(others.values()), key=str)
        )
        is_set = f"the key with fingerprint {now}" if now else "no key: rows in clear"
        raise SettingsError(
            f"The raw of {len(others)} days has expired, so that their rows cannot be built anew, and they are not as "
            f"privacy.pseudonyms says now ({is_set}): {said}. Put the setting and the key back as they were; or let those rows "
            "go first, by retention.tables_days."
        )

    def settle(self) -> None:
        """End what a crash left of a merging; the caller holds the pen.

        Raises:
            Conflict: another has the pen.
            StoreUnavailable: call again.
        """
        self._settle(self._ledger(self.tables.latest()))

    def _settle(self, ledger: Ledger) -> None:
        frozen.settle(self.raw, lambda day: late.raw_word(ledger.get((day, UPDATES.name))), self.tables.confirm)

    def status(self) -> tuple[RawListing, Ledger, Release | None]:
        """Return what lies in raw, what was built of it, and the newest release."""
        release = self.tables.latest()
        return list_raw(self.raw), self._ledger(release), release

    def _ledger(self, release: Release | None) -> Ledger:
        return ledgers.read(self.tables.files(release, BUILDS.name)) if release else {}
