"""What a lake is made of at one moment, found without stopping anybody.

A listing takes a while, and meanwhile somebody may publish, freeze a day or forget a person. So what such work leaves behind is
looked at before and after: when both looks see the same, all that was listed between them belongs together. New segments of
raw may come at any time; they only make days due.

What has no place in a copy: metadata and releases (made anew), the catalog, the journal (its records are carried as segments),
locks, caches, the dashboard's key, and settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from telelake.capture.frames import SUFFIX, FileName
from telelake.capture.seal import seal_file
from telelake.erase.tombstones import FOLDER as TOMBSTONES
from telelake.errors import Conflict
from telelake.operate.home import KEY as LAKE
from telelake.operate.proof import INTENTS
from telelake.ports import RawStore, Release
from telelake.wrangle.frozen import ANNOUNCED, FOLDER
from telelake.wrangle.plan import list_raw

MODELS = "models/"
_MARKS = (FOLDER, ANNOUNCED, INTENTS, TOMBSTONES)
"""What tells of days and persons; it changes only with what was published or forgotten."""
_TURNS = 20


class Released(Protocol):
    """What is asked of the published tables; `stores.iceberg.IcebergTables` is one."""

    def latest(self) -> Release | None:
        """Return the newest release."""

    def needed(self, release: Release) -> Any:
        """Return what a release cannot be read without."""

    def key_of(self, location: str) -> str:
        """Return the key in the home of a file of a table."""


@dataclass(frozen=True)
class Parcel:
    """What a lake is made of."""

    lake: bytes
    """`lake.json`."""
    release: int | None
    tables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Keys of the data files of each table of the release; a table may have none."""
    objects: Mapping[str, int] = field(default_factory=dict)
    """Bytes of all that is carried, by key: those data files, raw, quarantine and the rest, but not `lake.json`."""


def plan(store: RawStore, tables: Released) -> Parcel:
    """Return what the lake is made of now.

    Raises:
        NotStored: there is no lake.
        Conflict: it changes faster than it can be listed.
        StoreError: metadata of the newest release is damaged.
        StoreUnavailable: call again.
    """
    for _ in range(_TURNS):
        before = _marks(store, tables)
        listing = list_raw(store)
        segments = {each.key: listing.sizes[each.key] for day in listing.days for each in listing.segments(day)}
        release = tables.latest()
        data = _data_files(tables, release) if release else {}
        beside = {each.key: each.size for prefix in (*_MARKS, MODELS) for each in store.list(prefix)}
        if _marks(store, tables) == before:
            files = {key: size for table in data.values() for key, size in table.items()}
            named = {name: tuple(sorted(table)) for name, table in data.items()}
            return Parcel(store.get(LAKE), release.number if release else None, named, segments | files | beside)
    raise Conflict(
        "The lake changes faster than it can be listed. Try again when no forgetting or long build is at work."
    )


def journal(folder: Path, zone: ZoneInfo) -> dict[str, bytes]:
    """Return what lies in a journal as segments, by key. Look here before raw: what is sealed meanwhile lies there then.

    A file that is sealed while it is read is left out, when that is seen; else its records come twice, by the same record ids.

    Raises:
        OSError: a file cannot be read.
    """
    found: dict[Path, _Segments] = {}
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        if FileName.parse(path.name) is None:
            continue
        segments = _Segments()
        try:
            seal_file(path, segments, zone)
        except FileNotFoundError:
            continue
        found[path] = segments
    there = [segments for path, segments in found.items() if path.exists()]
    return {key: data for segments in there for key, data in segments.found.items()}


class _Segments:
    """Takes segments as a store does, and keeps them here."""

    def __init__(self) -> None:
        self.found: dict[str, bytes] = {}

    def put(self, key: str, data: bytes) -> bool:
        self.found[key] = data
        return True


def _marks(store: RawStore, tables: Released) -> tuple[int | None, frozenset[str]]:
    release = tables.latest()
    return release.number if release else None, frozenset(each.key for mark in _MARKS for each in store.list(mark))


def _data_files(tables: Released, release: Release) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {name: {} for name in release.tables}
    for each in tables.needed(release):
        if each.rows is not None:
            key = tables.key_of(each.location)
            found[key.split("/")[1]][key] = each.size
    return found
