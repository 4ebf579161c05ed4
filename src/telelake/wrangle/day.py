"""Build days: raw segments in, published tables out.

Owns the order look → stage → build → compare → publish, under the lake's one pen. Knows neither where raw and tables
lie nor how an engine works. May run at any time, twice, late or interrupted: what was not published is due again.
"""

from __future__ import annotations

import shutil
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from telelake import __version__
from telelake.errors import CheckFailed, StoreError, TelelakeError
from telelake.ports import Books, Built, DayFile, DayInput, Engine, RawStore, Release, TableStore
from telelake.raw import Content
from telelake.tables import catalog as declared
from telelake.tables.catalog import BUILDS, BUILT
from telelake.wrangle import ledger as ledgers
from telelake.wrangle.plan import ONE_DAY, BuiltDay, Ledger, RawListing, due, list_raw, recipe_digest


@dataclass
class Report:
    """What a run did."""

    days: list[date] = field(default_factory=list)
    """Days that were built."""
    expired: list[date] = field(default_factory=list)
    """Days that were too old to keep and were taken out of the tables."""
    failed: dict[str, str] = field(default_factory=dict)
    """Days that could not be built, with the reason; they stay due."""
    published: int = 0
    """Table days that changed."""
    release: int | None = None
    """The new release; None when nothing changed."""
    rows: dict[str, int] = field(default_factory=dict)
    """Rows built, by table."""
    books: dict[str, dict[str, int]] = field(default_factory=dict)
    """Each day's account."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Wall seconds, by stage or table."""

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON's plain types."""
        days, expired = ([day.isoformat() for day in each] for each in (self.days, self.expired))
        return {**asdict(self), "days": days, "expired": expired}

    def add(self, built: Built) -> None:
        """Count what an engine has built."""
        for name, files in built.tables.items():
            self.rows[name] = self.rows.get(name, 0) + sum(each.rows for each in files)
        self.books |= {day.isoformat(): asdict(books) for day, books in built.books.items()}
        for stage, seconds in built.seconds.items():
            self.seconds[stage] = round(self.seconds.get(stage, 0.0) + seconds, 3)


@dataclass(frozen=True)
class Wrangler:
    """Everything that a run needs; see the module."""

    raw: RawStore
    tables: TableStore
    engine: Engine
    scratch: Path
    """A local folder for files under work; emptied by each run."""
    batch_bytes: int
    zone: ZoneInfo
    """The lake's, in which a day begins and local hours are."""
    max_day_bytes: int | None = None
    """Compressed raw bytes of the largest day that is attempted; None attempts any."""
    keep_days: int | None = None
    """Days that rows are kept in the tables; None keeps them for ever."""
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def run(
        self, wanted: Callable[[date], bool] | None = None, progress: Callable[[int, int], None] | None = None
    ) -> Report:
        """Build the days that are due, or all days with raw that are wanted; publish what changed, all at once.

        Raises:
            Conflict: another wrangler is at work.
            CheckFailed: a day did not pass its checks, or is too large for this machine; it stays as it was and is due, the
                others are published.
            StoreError: the same, for a day with a damaged segment.
            StoreUnavailable: nothing of the run is published; run again.
        """
        with self.tables.writing():
            start = time.perf_counter()
            release = self.tables.latest()
            listing = list_raw(self.raw)
            ledger = self._ledger(release)
            oldest = self.oldest()
            days = (
                [day for day in listing.days if day >= oldest and wanted(day)] if wanted else self.due(listing, ledger)
            )
            report = Report(days=days, expired=sorted({day for day, _ in ledger if day < oldest}))
            if days or report.expired:
                self._build(days, listing, ledger, release, report, progress)
            report.seconds["total"] = round(time.perf_counter() - start, 3)
            return report

    def oldest(self) -> date:
        """Return the first day whose rows are kept."""
        return date.min if self.keep_days is None else self.clock().date() - timedelta(days=self.keep_days)

    def due(self, listing: RawListing, ledger: Ledger) -> list[date]:
        """Return the days that are due and whose rows are kept, oldest first."""
        return [each.day for each in due(listing, ledger, self.zone, self.oldest())]

    def status(self) -> tuple[RawListing, Ledger, Release | None]:
        """Return what lies in raw, what was built of it, and the newest release."""
        release = self.tables.latest()
        return list_raw(self.raw), self._ledger(release), release

    def _ledger(self, release: Release | None) -> Ledger:
        return ledgers.read(self.tables.files(release, BUILDS.name)) if release else {}

    def _build(
        self, days: Sequence[date], listing: RawListing, ledger: Ledger, release: Release | None, report: Report,
        progress: Callable[[int, int], None] | None,
    ) -> None:  # fmt: skip
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True)
        try:
            changed: dict[str, list[DayFile]] = {}
            entries: list[ledgers.Entry] = []
            failures: list[TelelakeError] = []
            sizes = self._sizes(days, listing)
            for day, size in sizes.items():
                if self.max_day_bytes is not None and size > self.max_day_bytes:
                    failures.append(_too_large(day, size, self.max_day_bytes))
                    report.failed[day.isoformat()] = str(failures[-1])
            waiting = deque(self._batches({day: sizes[day] for day in days if day.isoformat() not in report.failed}))
            for number in count():
                if not waiting:
                    break
                batch = waiting.popleft()
                start = time.perf_counter()
                try:
                    built = self.engine.build([self._input(day, listing) for day in batch], self.scratch / str(number))
                except (CheckFailed, StoreError) as error:
                    if error.retry:
                        raise
                    # One bad day must cost no other: each is tried alone.
                    if len(batch) > 1:
                        waiting.extendleft([day] for day in reversed(batch))
                    else:
                        report.failed[batch[0].isoformat()] = str(error)
                        failures.append(error)
                    continue
                report.add(built)
                entries += self._entries(built, listing, round(time.perf_counter() - start, 3))
                for name, files in built.tables.items():
                    recipe = recipe_digest(declared.table(name), self.zone)
                    changed.setdefault(name, []).extend(
                        each for each in files if _has_changed(each, recipe, ledger.get((each.day, name)))
                    )
                if progress:
                    progress(len({entry.day for entry in entries}), len(days))
            self._publish({name: files for name, files in changed.items() if files}, entries, ledger, release, report)
        finally:
            shutil.rmtree(self.scratch, ignore_errors=True)
        if len(failures) == 1:
            raise failures[0]
        if failures:
            said = "\n".join(f"{day}: {reason}" for day, reason in report.failed.items())
            raise CheckFailed(f"{len(failures)} days were not published; the others were.\n{said}")

    def _publish(
        self, changed: dict[str, list[DayFile]], entries: Sequence[ledgers.Entry], ledger: Ledger,
        release: Release | None, report: Report,
    ) -> None:  # fmt: skip
        news = [each for each in entries if ledger.get((each.day, each.table)) != each.built]
        if not news and not report.expired:
            return
        start = time.perf_counter()
        before = self.tables.files(release, BUILDS.name) if release else []
        to_publish: dict[str, Sequence[DayFile]] = {**changed}
        to_publish[BUILDS.name] = ledgers.write(before, news, self.scratch / "builds") if news else []
        for day in report.expired:
            for name in {BUILDS.name, *(table for each, table in ledger if each == day)}:
                to_publish[name] = [*to_publish.get(name, ()), DayFile(day, None, 0, "expired")]
        report.published = sum(len(files) for files in changed.values())
        report.release = self.tables.publish(to_publish).number
        report.seconds["publish"] = round(time.perf_counter() - start, 3)

    def _sizes(self, days: Iterable[date], listing: RawListing) -> dict[date, int]:
        """Return the compressed bytes of each day's own raw."""
        sizes = {each.key: each.size for area in ("raw/", "quarantine/") for each in self.raw.list(area)}
        return {day: sum(sizes[segment.key] for segment in listing.days[day].segments) for day in days}

    def _batches(self, sizes: Mapping[date, int]) -> Iterator[list[date]]:
        """Yield days that are built together: small ones share what a build costs whatever its size."""
        batch: list[date] = []
        total = 0
        for day, size in sizes.items():
            if batch and total + size > self.batch_bytes:
                yield batch
                batch, total = [], 0
            batch.append(day)
            total += size
        if batch:
            yield batch

    def _input(self, day: date, listing: RawListing) -> DayInput:
        def staged(of: date, content: Content = Content.UPDATES, *, quarantined: bool = False) -> list[Path]:
            if of not in listing.days:
                return []
            wanted = (quarantined, content)
            keys = [each.key for each in listing.days[of].segments if (each.quarantined, each.content) == wanted]
            return [self.raw.stage(key, self.scratch / "raw") for key in keys]

        return DayInput(
            day,
            listing.days[day].records,
            segments=staged(day),
            before=staged(day - ONE_DAY),
            quarantine=staged(day, quarantined=True),
            zone=self.zone,
            calls=staged(day, Content.CALLS),
            exports=staged(day, Content.EXPORTS),
        )

    def _entries(self, built: Built, listing: RawListing, seconds: float) -> Iterator[ledgers.Entry]:
        now = self.clock()
        for table in BUILT:
            recipe = recipe_digest(table, self.zone)
            for file in built.tables[table.name]:
                digests = BuiltDay(listing.input_digest(table, file.day), recipe, file.digest)
                books: Books = built.books[file.day]
                yield ledgers.Entry(file.day, table.name, digests, file.rows, books, seconds, now, __version__)


def _too_large(day: date, size: int, most: int) -> CheckFailed:
    return CheckFailed(
        f"{day} has {size:,} bytes of compressed raw, more than wrangle.max_day_bytes = {most:,}: it was not attempted here. "
        f"Build it on a larger machine, with the same home: telelake wrangle --day {day}; or raise the setting."
    )


def _has_changed(made: DayFile, recipe: str, before: BuiltDay | None) -> bool:
    """Return whether a day must be published: its digest covers what the recipe made of raw only together with the recipe."""
    if made.path is None:
        # A day without rows that was never published needs no publication either.
        return before is not None and before.content_digest != made.digest
    return before is None or (before.content_digest, before.recipe_digest) != (made.digest, recipe)
