"""A lake that arrives in a new home: objects first, then the tables made of them, then the release, and `lake.json` last.

Until `lake.json` is there nobody takes the folder or bucket for a lake, so what breaks off is begun again and goes on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from telelake.errors import SettingsError, StoreError
from telelake.operate.copies.parcel import Parcel
from telelake.operate.home import KEY as LAKE
from telelake.operate.home import read_home
from telelake.ports import RawStore, Release


class NewTables(Protocol):
    """Tables of a home that has none yet; `stores.iceberg.IcebergTables` is one."""

    def writing(self) -> AbstractContextManager[None]:
        """Hold the lake's pen."""

    def latest(self) -> Release | None:
        """Return the newest release."""

    def lay_down(self, number: int, files: Mapping[str, Sequence[str]]) -> Release:
        """Make tables of data files that lie in the home, and the release that pins them."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What arrived."""

    objects: int
    bytes: int
    release: int | None

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON's plain types."""
        return asdict(self)


def settle(parcel: Parcel, fetch: Callable[[str], bytes], home: str, store: RawStore, tables: NewTables) -> Settled:
    """Put a lake into a home that has none.

    Raises:
        SettingsError: there is a lake already.
        Conflict: somebody else is at work there.
        StoreError: an object is damaged, or there is another under its name.
        StoreUnavailable: call again.
    """
    if read_home(store) is not None:
        raise SettingsError(f"There is a lake at {home} already, and it is kept. Name a home that has none.")
    with tables.writing():
        for key in parcel.objects:
            _put(store, key, fetch(key))
        there = tables.latest()
        if parcel.release is not None and there is None:
            tables.lay_down(parcel.release, parcel.tables)
        elif there is not None and there.number != parcel.release:
            raise SettingsError(
                f"{home} has a release {there.number} of something else. Name an empty folder or bucket."
            )
        _put(store, LAKE, parcel.lake)
    return Settled(len(parcel.objects), sum(parcel.objects.values()), parcel.release)


def _put(store: RawStore, key: str, data: bytes) -> None:
    """Write an object and read it again.

    Raises:
        StoreError: what is there is something else.
    """
    store.put(key, data)
    if hashlib.sha256(store.get(key)).digest() != hashlib.sha256(data).digest():
        raise StoreError(
            f"{key} in the new home is not what was brought. Name an empty folder or bucket, or look at the disk."
        )
