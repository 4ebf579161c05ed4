"""What the stages need of the outside, as small Protocols that list their errors.

An adapter in `telelake.stores` or `telelake.wrangle` fills each; `telelake.wiring` alone knows which one is in use.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from telelake.tables.model import Table

EMPTY = "empty"
"""Digest of a day without rows."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An object in a store."""

    key: str
    """Path below the home, with `/` between its parts."""
    size: int
    """Bytes."""
    modified: datetime
    """When it was written (UTC)."""


class RawStore(Protocol):
    """Create-only objects below a home. What `put` has returned from is on disk and survives a power loss."""

    def put(self, key: str, data: bytes) -> bool:
        """Write an object unless its key exists; return whether it was written.

        Raises:
            StoreUnavailable: nothing may be assumed; call again, with the same key and bytes.
        """

    def get(self, key: str) -> bytes:
        """Return an object's bytes.

        Raises:
            NotStored: there is no such key.
            StoreUnavailable: call again.
        """

    def list(self, prefix: str = "") -> Iterator[Stored]:
        """Yield the objects whose key begins with a prefix that ends in `/` or is empty, in order of their keys.

        Raises:
            StoreUnavailable: call again.
        """

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; a key that does not exist is a no-op.

        Raises:
            StoreUnavailable: some may be gone; call again.
        """

    def stage(self, key: str, folder: Path) -> Path:
        """Return a local file with the object's bytes: its own when the store is a directory, else a copy in `folder`.

        Raises:
            NotStored: there is no such key.
            StoreUnavailable: call again.
        """


@dataclass(frozen=True, slots=True)
class DayFile:
    """One day of one table as the engine wrote it."""

    day: date
    path: Path | None
    """A local Parquet file; None when the day has no rows."""
    rows: int
    digest: str
    """Of the rows, whatever their order."""


@dataclass(frozen=True, slots=True)
class Release:
    """The table versions that belong together."""

    number: int
    tables: Mapping[str, str]
    """Table name → location of its metadata."""


class TableStore(Protocol):
    """Published tables. A reader holds a release and sees all tables of one publication, or none of it."""

    def latest(self) -> Release | None:
        """Return the newest release, or None before the first.

        Raises:
            StoreUnavailable: call again.
        """

    def files(self, release: Release, table: str, days: Collection[date] | None = None) -> Sequence[Path]:
        """Return a table's data files in a release, as local Parquet files; empty for a table that it lacks.

        With `days`, only the files of those days.

        Raises:
            StoreUnavailable: call again.
        """

    def writing(self) -> AbstractContextManager[None]:
        """Hold the lake's one pen; everything from looking what is due to publishing happens under it.

        Raises:
            Conflict: another process holds it.
        """

    def confirm(self) -> None:
        """Make sure that the pen is still ours.

        Raises:
            Conflict: another has it; nothing may be written.
            StoreUnavailable: nobody can tell; nothing may be written.
        """

    def publish(self, days: Mapping[str, Sequence[DayFile]]) -> Release:
        """Replace the named days of the named tables, one commit a table, then pin all tables in a new release.

        Raises:
            Conflict: another wrangler published meanwhile; readers still see the old release.
            StoreUnavailable: the same.
        """

    def purge(self) -> int:
        """Remove all that was before the newest release, whoever still reads it; return the number of files removed.

        Raises:
            Conflict: another wrangler published meanwhile.
            StoreUnavailable: some may be gone; call again.
        """

    def maintain(self) -> int:
        """Drop old releases, snapshots and the files that nothing refers to; return the number of files removed.

        Raises:
            StoreUnavailable: some may be gone; call again.
        """


@dataclass(frozen=True, slots=True)
class DayInput:
    """What one day is built from."""

    day: date
    records: int
    """Records that its segments promise, quarantined ones included."""
    segments: Sequence[Path]
    """Local copies of the day's raw segments."""
    before: Sequence[Path]
    """Those of the day before: a dateless update that was delivered again after midnight lies in both."""
    quarantine: Sequence[Path]
    """Local copies of the day's quarantine segments."""
    zone: ZoneInfo
    """The lake's, in which the day is a day."""
    calls: Sequence[Path] = ()
    """Local copies of the day's segments of recorded calls."""
    exports: Sequence[Path] = ()
    """Local copies of the day's segments of messages from exports."""

    @property
    def paths(self) -> tuple[Path, ...]:
        """All of them."""
        return (*self.segments, *self.before, *self.quarantine, *self.calls, *self.exports)


@dataclass(frozen=True, slots=True)
class Books:
    """A day's account: `raw` must equal `rows + duplicates + quarantined`."""

    raw: int
    rows: int
    """Of `updates` and `calls` together."""
    duplicates: int
    quarantined: int
    notes: int
    """Values that were of a wrong type and became NULL."""


@dataclass(frozen=True, slots=True)
class Built:
    """What an engine made of some days."""

    tables: Mapping[str, Sequence[DayFile]]
    books: Mapping[date, Books]
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Wall seconds by stage or table."""


class Engine(Protocol):
    """Turns raw segments into Parquet files of the declared tables."""

    def build(self, days: Sequence[DayInput], into: Path) -> Built:
        """Build every declared table for some days, check them, and write Parquet below `into`.

        Raises:
            CheckFailed: a check did not pass; nothing may be published.
            TableMismatch: a .sql file and its declaration disagree.
        """


class Notifier(Protocol):
    """Where people are told of what they should know."""

    def text(self, html: str) -> None:
        """Write a message, in Telegram's HTML.

        Raises:
            TelegramError: it was refused; says why.
        """

    def pictures(self, pictures: Sequence[tuple[str, bytes]]) -> None:
        """Send pictures (PNG), at most 10, each with a caption.

        Raises:
            TelegramError: they were refused; says why.
        """


class Maker(Protocol):
    """Makes a table from other tables: what needs Python, or a model, and no raw. Its table says in `reads` what it reads."""

    @property
    def table(self) -> Table:
        """What it makes."""

    @property
    def recipe(self) -> str:
        """Digest of what decides its rows beside their inputs: its code, its model, the settings that it uses."""

    def make(self, days: Sequence[date], inputs: Mapping[str, Sequence[Path]], into: Path) -> Sequence[DayFile]:
        """Make some days, each from its own window alone, check them, and write Parquet below `into`; a file a day.

        `inputs` are the files of the tables that it reads, by name, of all days that these windows touch.

        Raises:
            CheckFailed: a check did not pass; none of these days is published.
        """
