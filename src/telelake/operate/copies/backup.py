"""Backups: everything that a lake is made of, in a folder or bucket, each object once, and a list of what belongs to which.

    lake/<key>               the objects, under the keys that they have in the home
    backups/0000000001.json  what belongs to a backup: each key with size and SHA-256, and which files make which table

Keys are made from content, or written once, so what an earlier backup brought is not brought again. A backup is there when its
list is, which is written last.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from telelake.errors import NotStored, SettingsError, StoreError
from telelake.operate.copies.parcel import Parcel
from telelake.ports import RawStore
from telelake.raw import parse_key
from telelake.wrangle.compact import is_whole

FORMAT = 1
LISTS = "backups/"
OBJECTS = "lake/"
_TURNS = 5
"""Attempts: what was planned may be joined, or dropped as old, before it is copied."""


@dataclass(frozen=True)
class Backup:
    """What belongs to a backup."""

    number: int
    home: str
    made_at: str
    """UTC, ISO 8601."""
    lake: str
    """`lake.json`."""
    release: int | None
    tables: Mapping[str, list[str]]
    objects: Mapping[str, tuple[int, str]]
    """Size and SHA-256, by key."""

    @property
    def parcel(self) -> Parcel:
        """What it carries."""
        sizes = {key: size for key, (size, _) in self.objects.items()}
        tables = {name: tuple(keys) for name, keys in self.tables.items()}
        return Parcel(self.lake.encode(), self.release, tables, sizes)


@dataclass
class Backed:
    """What a backup did."""

    number: int = 0
    objects: int = 0
    bytes: int = 0
    copied: int = 0
    """Objects that were not there from an earlier backup."""
    copied_bytes: int = 0
    from_journal: int = 0
    """Segments of what was not sealed yet."""
    damaged: list[str] = field(default_factory=list)
    """Segments that do not hold what their names promise; copied as they are."""
    removed: int = 0
    """Files of older backups that were let go."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON's plain types."""
        return asdict(self)


def backup(
    home: str,
    source: RawStore,
    plan: Callable[[], Parcel],
    journal: Callable[[], Mapping[str, bytes]],
    target: RawStore,
    scratch: Path,
) -> Backed:
    """Bring a lake into a folder or bucket of backups; whoever captures, wrangles or reads goes on.

    Raises:
        SettingsError: the backups there are another lake's.
        StoreError: an object there is not what it should be, or the lake changes too fast.
        StoreUnavailable: call again; what was brought is not brought again.
    """
    earlier = read_all(target)
    if earlier and earlier[-1].home != home:
        raise SettingsError(
            f"The backups there are of {earlier[-1].home}, not of {home}. Name another place for these."
        )
    known = {key: found for each in earlier for key, found in each.objects.items()}
    there = {each.key.removeprefix(OBJECTS): each.size for each in target.list(OBJECTS)}
    done = Backed(number=earlier[-1].number + 1 if earlier else 1)
    brought: dict[str, tuple[int, str]] = {}
    for _ in range(_TURNS):
        unsealed = journal()  # before raw is listed: see `parcel.journal`
        parcel = plan()
        try:
            for key, size in parcel.objects.items():
                old = known.get(key)
                if old is not None and old[0] == size == there.get(key):
                    brought[key] = old
                elif key not in brought:
                    brought[key] = _bring(source, target, key, scratch, done)
            break
        except NotStored:
            continue  # joined, or dropped, since it was planned
    else:
        raise StoreError("The lake changes faster than it can be copied. Try again when less is going on.")
    fresh = {key: data for key, data in unsealed.items() if key not in parcel.objects}
    for key, data in fresh.items():
        brought[key] = _put(target, key, data)
    objects = {key: brought[key] for key in sorted({*parcel.objects, *fresh})}
    done.objects, done.bytes, done.from_journal = len(objects), sum(size for size, _ in objects.values()), len(fresh)
    made = Backup(
        done.number, home, datetime.now(UTC).isoformat(timespec="seconds"), parcel.lake.decode(), parcel.release,
        {name: list(keys) for name, keys in parcel.tables.items()}, objects,
    )  # fmt: skip
    body = json.dumps({"format": FORMAT, **asdict(made)}, indent=1).encode()
    if not target.put(f"{LISTS}{made.number:010d}.json", body):
        raise StoreError(f"Somebody else made backup {made.number} there meanwhile. Try again.")
    return done


def read_all(target: RawStore) -> list[Backup]:
    """Return the backups that are there, oldest first.

    Raises:
        SettingsError: one was made by a later telelake.
        StoreUnavailable: call again.
    """
    found = []
    for stored in target.list(LISTS):
        said = json.loads(target.get(stored.key))
        if said.pop("format") > FORMAT:
            raise SettingsError(f"{stored.key} was made by a later telelake. Update this one.")
        said["objects"] = {key: tuple(each) for key, each in said["objects"].items()}
        found.append(Backup(**said))
    return found


def chosen(target: RawStore, number: int | None) -> Backup:
    """Return a backup, the newest when none is named.

    Raises:
        SettingsError: there is no such backup.
    """
    found = {each.number: each for each in read_all(target)}
    if not found:
        raise SettingsError(
            "There is no backup there: it has no backups/*.json. Name the place that telelake backup wrote to."
        )
    if number is not None and number not in found:
        raise SettingsError(f"There is no backup {number} there. There are: {', '.join(map(str, found))}.")
    return found[max(found) if number is None else number]


def fetch(target: RawStore, made: Backup, key: str) -> bytes:
    """Return an object of a backup, compared with its SHA-256.

    Raises:
        StoreError: it is damaged, or not there.
        StoreUnavailable: call again.
    """
    try:
        data = target.get(f"{OBJECTS}{key}")
    except NotStored as error:
        raise StoreError(f"Backup {made.number} lacks {key}. Try an earlier one: --number.") from error
    if _told(data) != made.objects[key]:
        raise StoreError(
            f"{key} of backup {made.number} is damaged: its SHA-256 is another. Try an earlier one: --number."
        )
    return data


def verify(target: RawStore, made: Backup) -> list[str]:
    """Return the keys of a backup that are damaged or not there; reads every byte.

    Raises:
        StoreUnavailable: call again.
    """
    wrong = []
    for key in made.objects:
        try:
            fetch(target, made, key)
        except StoreError as error:
            if error.retry:
                raise
            wrong.append(key)
    return wrong


def prune(target: RawStore, keep: int) -> int:
    """Let all but the newest backups go, with what only they had; return the number of files removed.

    Raises:
        StoreUnavailable: some may be gone; call again.
    """
    made = read_all(target)
    kept, gone = made[-keep:], made[:-keep]
    target.delete(f"{LISTS}{each.number:010d}.json" for each in gone)  # first: a list must never name what is gone
    wanted = {f"{OBJECTS}{key}" for each in kept for key in each.objects}
    orphans = [each.key for each in target.list(OBJECTS) if each.key not in wanted]
    target.delete(orphans)
    return len(gone) + len(orphans)


def _bring(source: RawStore, target: RawStore, key: str, scratch: Path, done: Backed) -> tuple[int, str]:
    path = source.stage(key, scratch)
    try:
        data = path.read_bytes()
        if (segment := parse_key(key)) and not is_whole(path, segment):
            done.damaged.append(key)
    except FileNotFoundError as error:
        raise NotStored(f"{key} has gone meanwhile.") from error
    finally:
        if path.is_relative_to(scratch):
            path.unlink(missing_ok=True)
    done.copied += 1
    done.copied_bytes += len(data)
    return _put(target, key, data)


def _put(target: RawStore, key: str, data: bytes) -> tuple[int, str]:
    if not target.put(f"{OBJECTS}{key}", data) and target.get(f"{OBJECTS}{key}") != data:
        raise StoreError(
            f"{OBJECTS}{key} is there already and holds something else: it is damaged, or of another lake. Move it away."
        )
    return _told(data)


def _told(data: bytes) -> tuple[int, str]:
    return len(data), hashlib.sha256(data).hexdigest()
