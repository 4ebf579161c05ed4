"""One run: batches of days through the engine, what is made from them, and a publication for each part.

A part is what was built since the last publication, and is a release of its own: each table's days of it are swapped in one
commit. Before it is published, the makers make what its days have changed for the tables that are made from others, by the
ledger as the release will have it. So no release has such a table beside inputs that it was not made from; a day at the
border of two parts is made twice for that.
"""

from __future__ import annotations

import shutil
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from telelake import __version__
from telelake.errors import CheckFailed, StoreError, TelelakeError
from telelake.ports import Books, Built, DayFile, DayInput, Engine, Maker, RawStore, Release, TableStore
from telelake.raw import Content, Segment
from telelake.tables.catalog import BUILDS, UPDATES
from telelake.wrangle import frozen, late
from telelake.wrangle import ledger as ledgers
from telelake.wrangle.graph import BuiltDay, RawListing, input_digest
from telelake.wrangle.plan import ONE_DAY, Step, all_steps, due_tables

if TYPE_CHECKING:
    from telelake.wrangle.masks.ids import Pseudonyms

Progress = Callable[[int, int], None]
"""Told the days that are built, and the days that are to be."""

_PART_DAYS = 300
"""Days after which a part is published, however little time they took."""
_NO_BOOKS = Books(0, 0, 0, 0, 0)
"""The account of a table that is not made from raw."""


@dataclass
class Report:
    """What a run did."""

    days: list[date] = field(default_factory=list)
    """Days that were built."""
    merged: dict[str, int] = field(default_factory=dict)
    """Late records that were merged over the rows of frozen days, by day."""
    expired: list[date] = field(default_factory=list)
    """Days that were too old to keep and were taken out of the tables."""
    failed: dict[str, str] = field(default_factory=dict)
    """Days that could not be built, with the reason; they stay due."""
    published: int = 0
    """Table days that changed."""
    release: int | None = None
    """The newest release that it made; None when nothing changed."""
    releases: int = 0
    """Releases that it made; a long run publishes part by part."""
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

    def made(self, table: str, files: Sequence[DayFile], seconds: float) -> None:
        """Count what a maker has made."""
        self.days = sorted({*self.days, *(each.day for each in files)})
        self.rows[table] = self.rows.get(table, 0) + sum(each.rows for each in files)
        self.seconds[table] = round(self.seconds.get(table, 0.0) + seconds, 3)


@dataclass(frozen=True)
class Means:
    """What a run works with."""

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
    rules: str = ""
    """Digest of the settings that decide rows; part of each table's recipe."""
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    makers: Sequence[Maker] = ()
    """What makes tables from other tables."""
    pseudonyms: Pseudonyms | None = None
    """What stands for ids in the rows; None when they are in clear."""
    merge_bytes: int | None = None
    """Memory for merging what came late for frozen days; the engine's own default when unset."""
    publish_seconds: float = 60.0
    """A run publishes what it has when it has built for so long, and at its end."""

    def steps(self) -> list[Step]:
        """Return what a build makes, each after all that it reads."""
        return all_steps(self.zone, self.makers, self.rules)

    def fingerprint(self) -> str | None:
        """Return the fingerprint of the pseudonyms' key, or None when rows are in clear."""
        return self.pseudonyms.fingerprint if self.pseudonyms else None

    def oldest(self) -> date:
        """Return the first day whose rows are kept."""
        return date.min if self.keep_days is None else self.clock().date() - timedelta(days=self.keep_days)


@dataclass
class _Part:
    """What was built and is not published yet."""

    changed: dict[str, dict[date, DayFile]] = field(default_factory=dict)
    """Table days that are to be published."""
    entries: list[ledgers.Entry] = field(default_factory=list)
    built: dict[str, set[date]] = field(default_factory=lambda: defaultdict(set))
    """Days that were built, by table."""
    since: float = field(default_factory=time.perf_counter)
    late: dict[str, set[date]] = field(default_factory=lambda: defaultdict(set))
    """Frozen days that changed because something came late, by table."""
    announced: list[tuple[date, Sequence[Segment], str]] = field(default_factory=list)
    """What came late for them, with what the ledger will say of the day's raw."""

    @property
    def days(self) -> set[date]:
        """All days of which something was built."""
        return set().union(*self.built.values())


class Run:
    """One run, under the pen; see the module."""

    def __init__(
        self, means: Means, steps: Sequence[Step], listing: RawListing, ledger: dict[tuple[date, str], BuiltDay],
        release: Release | None, report: Report, progress: Progress | None,
    ) -> None:  # fmt: skip
        self._with = means
        self._steps = steps
        self._makers = {maker.table.name: maker for maker in means.makers}
        self._listing = listing
        self._ledger = ledger
        self._release = release
        self._report = report
        self._progress = progress
        self._named = False
        self._failures: list[TelelakeError] = []
        self._part = _Part()
        self._numbers = count()

    def build(self, days: Sequence[date], *, named: bool, late_days: Sequence[date] = ()) -> None:
        """Build days from raw, and what is due to be made from them; `named` makes that of these days whatever has changed.

        Of `late_days`, which are frozen, what came late is merged over the published rows.

        Raises:
            TelelakeError: see `day.Wrangler.run`.
        """
        self._named = named
        scratch = self._with.scratch
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        try:
            self._merge(late_days)
            self._from_raw(days)
            if not named:
                self._from_tables()
            self._close(is_last=True)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        if len(self._failures) == 1:
            raise self._failures[0]
        if self._failures:
            said = "\n".join(f"{day}: {reason}" for day, reason in self._report.failed.items())
            raise CheckFailed(f"{len(self._failures)} days were not published; the others were.\n{said}")

    def _from_raw(self, days: Sequence[date]) -> None:
        """Build days batch by batch, and publish each part that is full."""
        self._report.days = list(days)
        most = self._with.max_day_bytes
        for day in days:
            if most is not None and (size := self._listing.bytes_of(day)) > most:
                self._fail(day, _too_large(day, size, most))
        waiting = deque(self._cut(day for day in days if day.isoformat() not in self._report.failed))
        while waiting:
            batch = waiting.popleft()
            start = time.perf_counter()
            try:
                built = self._with.engine.build([self._input(day) for day in batch], self._folder())
            except (CheckFailed, StoreError) as error:
                if error.retry:
                    raise
                # One bad day must cost no other: each is tried alone.
                if len(batch) > 1:
                    waiting.extendleft([day] for day in reversed(batch))
                else:
                    self._fail(batch[0], error)
                continue
            self._take(built, round(time.perf_counter() - start, 3))
            if self._progress:
                self._progress(len(self._report.books), len(days))
            if waiting:
                self._close_if_full()

    def _merge(self, days: Sequence[date]) -> None:
        """Merge what came late over the published rows of frozen days, batch by batch; a bad day costs no other."""
        came = {day: self._listing.frozen.late(day, self._listing.segments(day)) for day in days}
        most = self._with.max_day_bytes
        for day, segments in came.items():
            if most is not None and (size := sum(self._listing.sizes[each.key] for each in segments)) > most:
                self._fail(day, _too_large(day, size, most))
        waiting = deque(self._cut(day for day in days if day.isoformat() not in self._report.failed))
        while waiting:
            batch = waiting.popleft()
            start = time.perf_counter()
            try:
                inputs = [self._input(day, came[day]) for day in batch]
                engine, memory = self._with.engine, self._with.merge_bytes
                built = late.merged(engine, inputs, self._published(batch), self._folder(), memory)
            except (CheckFailed, StoreError) as error:
                if error.retry:
                    raise
                if len(batch) > 1:
                    waiting.extendleft([day] for day in reversed(batch))
                else:
                    self._fail(batch[0], error)
                continue
            self._take_late(built, {day: came[day] for day in batch}, round(time.perf_counter() - start, 3))
            self._close_if_full()

    def _published(self, days: Sequence[date]) -> late.Published:
        """Return what is published, or about to be, of frozen days."""
        assert self._release is not None, "a frozen day was published"
        release, tables, changed = self._release, self._with.tables, self._part.changed
        built = [step.table.name for step in self._steps if step.table.name not in self._makers]
        before = {day - ONE_DAY for day in days}
        news = {day: file.path for day, file in changed.get(UPDATES.name, {}).items() if day in before}
        return late.Published(
            {name: tables.files(release, name, days) for name in built},
            [*tables.files(release, UPDATES.name, before - news.keys()), *(path for path in news.values() if path)],
            ledgers.books(tables.files(release, BUILDS.name, days)),
        )

    def _take_late(self, built: Built, came: Mapping[date, Sequence[Segment]], seconds: float) -> None:
        """Add what frozen days became to the part, and to the ledger as the next release will have it."""
        for step in self._steps:
            name = step.table.name
            for file in built.tables.get(name, ()):
                before = self._ledger.get((file.day, name))
                word = late.word_with(late.raw_word(before), came[file.day])
                others = before.input_digest.partition(" ")[2] if before else ""
                entry = BuiltDay(
                    f"{word} {others}".strip(), before.recipe_digest if before else step.recipe, file.digest
                )
                if before is None or before.content_digest != file.digest or file.path:
                    self._part.changed.setdefault(name, {})[file.day] = file
                    self._part.late[name].add(file.day)
                    self._part.built[name].add(file.day)
                self._ledger[file.day, name] = entry
                books = built.books[file.day]
                self._part.entries.append(
                    ledgers.Entry(file.day, name, entry, file.rows, books, seconds, self._with.clock(), __version__)
                )
        for day, segments in came.items():
            self._part.announced.append((day, segments, late.raw_word(self._ledger[day, UPDATES.name]) or ""))
            self._report.merged[day.isoformat()] = sum(each.records for each in segments)

    def _from_tables(self) -> None:
        """Make what was due before anything changed, such as all days of a table that is new; publish as `_from_raw` does."""
        for step in self._steps:
            if step.table.name not in self._makers:
                continue
            days = self._due_to_make(step)
            for number, batch in enumerate(self._cut(days)):
                if number:
                    self._close_if_full()
                self._make(step, batch)
                if self._progress:
                    self._progress(days.index(batch[-1]) + 1, len(days))

    def _cut(self, days: Iterable[date]) -> Iterator[list[date]]:
        """Yield days that are built together: small ones share what a build costs whatever its size."""
        batch: list[date] = []
        total = 0
        for day in days:
            size = self._listing.bytes_of(day)
            if batch and (total + size > self._with.batch_bytes or len(batch) == _PART_DAYS):
                yield batch
                batch, total = [], 0
            batch.append(day)
            total += size
        if batch:
            yield batch

    def _input(self, day: date, only: Sequence[Segment] | None = None) -> DayInput:
        """Return what a day is built from: all its segments and those of the day before, or some segments alone."""

        def staged(of: date, content: Content = Content.UPDATES, *, quarantined: bool = False) -> list[Path]:
            wanted = (quarantined, content)
            segments = self._listing.segments(of) if only is None else only
            keys = [each.key for each in segments if (each.quarantined, each.content) == wanted]
            return [self._with.raw.stage(key, self._with.scratch / "raw") for key in keys]

        return DayInput(
            day,
            sum(each.records for each in (self._listing.segments(day) if only is None else only)),
            segments=staged(day),
            before=staged(day - ONE_DAY) if only is None else (),
            quarantine=staged(day, quarantined=True),
            zone=self._with.zone,
            calls=staged(day, Content.CALLS),
            exports=staged(day, Content.EXPORTS),
        )

    def _take(self, built: Built, seconds: float) -> None:
        """Add what the engine has built to the part."""
        self._report.add(built)
        for step in self._steps:
            for file in built.tables.get(step.table.name, ()):
                self._enter(step, file, built.books[file.day], seconds)

    def _enter(self, step: Step, file: DayFile, books: Books, seconds: float) -> None:
        """Add a table's day to the part, and to the ledger as the next release will have it."""
        name = step.table.name
        self._part.built[name].add(file.day)
        before = self._ledger.get((file.day, name))
        digest = input_digest(step.table, file.day, self._listing, self._ledger)
        built = BuiltDay(digest, step.recipe, file.digest)
        if _has_changed(file, step.recipe, before):
            self._part.changed.setdefault(name, {})[file.day] = file
        if built != before:
            entry = ledgers.Entry(file.day, name, built, file.rows, books, seconds, self._with.clock(), __version__)
            self._part.entries.append(entry)
            self._ledger[file.day, name] = built

    def _due_to_make(self, step: Step) -> list[date]:
        """Return the days of a made table that are due, by the ledger as the part will leave it."""
        built = {day for day, name in self._ledger if name not in self._makers}
        found = due_tables(self._listing, self._ledger, [step], self._with.oldest())
        return [day for day in found if day in built and day.isoformat() not in self._report.failed]

    def _touched(self, step: Step) -> list[date]:
        """Return the days of a made table that are due and have a day of the part in their window."""
        windows = [(self._part.built[name], window) for name, window in step.table.reads.tables.items()]
        return [
            day
            for day in self._due_to_make(step)
            if any(not new.isdisjoint(window.around(day)) for new, window in windows)
        ]

    def _touched_frozen(self, step: Step) -> list[date]:
        """Return the frozen days of a made table that have one of those in their window for which something came late.

        Such a table is made from tables alone, so that its raw has expired does not keep it from being made.
        """
        windows = [(self._part.late[name], window) for name, window in step.table.reads.tables.items()]
        known = {day for day, name in self._ledger if name == step.table.name and self._is_frozen(day)}
        found = {
            day
            for day in known
            if any(not late_days.isdisjoint(window.around(day)) for late_days, window in windows)
            and all(window.around(day)[0] >= self._with.oldest() for _, window in windows)
        }
        self._part.late[step.table.name] |= found
        return sorted(found)

    def _is_frozen(self, day: date) -> bool:
        return day in self._listing.frozen.days or day not in self._listing.days

    def _make(self, step: Step, days: Sequence[date]) -> None:
        """Make days of a table that is made from others; a bad one costs no other."""
        maker = self._makers[step.table.name]
        waiting = deque([list(days)] if days else [])
        while waiting:
            batch = waiting.popleft()
            start = time.perf_counter()
            try:
                files = maker.make(batch, self._inputs(step, batch), self._folder())
            except CheckFailed as error:
                if len(batch) > 1:
                    waiting.extendleft([day] for day in reversed(batch))
                else:
                    self._fail(batch[0], error)
                continue
            seconds = round(time.perf_counter() - start, 3)
            self._report.made(step.table.name, files, seconds)
            for file in files:
                self._enter(step, file, _NO_BOOKS, seconds)

    def _inputs(self, step: Step, days: Sequence[date]) -> dict[str, list[Path]]:
        """Return the files that a table's days are made from: those of the part, and of the last release what it leaves."""
        found = {}
        for name, window in step.table.reads.tables.items():
            wanted = {each for day in days for each in window.around(day)}
            new = {day: file.path for day, file in self._part.changed.get(name, {}).items() if day in wanted}
            old = self._with.tables.files(self._release, name, wanted - new.keys()) if self._release else []
            found[name] = [*old, *(path for path in new.values() if path)]
        return found

    def _close_if_full(self) -> None:
        is_long = time.perf_counter() - self._part.since >= self._with.publish_seconds
        if is_long or len(self._part.days) >= _PART_DAYS:
            self._close()

    def _close(self, *, is_last: bool = False) -> None:
        """Make what the part has changed for the tables that are made from others; publish it, and begin another."""
        for step in (each for each in self._steps if each.table.name in self._makers):
            named = self._part.days if self._named else ()
            self._make(step, sorted({*self._touched(step), *named, *self._touched_frozen(step)}))
        expired = self._report.expired if is_last else []
        if self._part.entries or expired:
            self._publish(self._part, expired)
        for folder in self._with.scratch.iterdir():  # of a thousand days they would fill the disk
            shutil.rmtree(folder, ignore_errors=True)
        self._part = _Part()

    def _publish(self, part: _Part, expired: Sequence[date]) -> None:
        start = time.perf_counter()
        tables, report = self._with.tables, self._report
        to_publish: dict[str, Sequence[DayFile]] = {name: list(files.values()) for name, files in part.changed.items()}
        report.published += sum(map(len, to_publish.values()))
        if part.entries:
            days = {entry.day for entry in part.entries}
            before = tables.files(self._release, BUILDS.name, days) if self._release else []
            to_publish[BUILDS.name] = ledgers.write(before, part.entries, self._folder())
        for day in expired:
            for name in {BUILDS.name, *(table for each, table in self._ledger if each == day)}:
                to_publish[name] = [*to_publish.get(name, ()), DayFile(day, None, 0, "expired")]
        for day, segments, after in part.announced:
            frozen.announce(self._with.raw, day, segments, after)
        self._release = tables.publish(to_publish)
        if part.announced:
            frozen.settle(
                self._with.raw, lambda day: late.raw_word(self._ledger.get((day, UPDATES.name))), tables.confirm
            )
        report.release = self._release.number
        report.releases += 1
        report.seconds["publish"] = round(report.seconds.get("publish", 0.0) + time.perf_counter() - start, 3)

    def _folder(self) -> Path:
        return self._with.scratch / str(next(self._numbers))

    def _fail(self, day: date, error: TelelakeError) -> None:
        self._report.failed[day.isoformat()] = str(error)
        self._failures.append(error)


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
