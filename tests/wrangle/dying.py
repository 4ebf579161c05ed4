"""A store whose process dies: at its n-th change it stops, before or after the change was made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from telelake.ports import RawStore, Stored


class Died(Exception):
    """The process is gone; nothing catches this."""


class DyingStore:
    """A raw store that makes so many changes, one key each, and dies at the next one."""

    def __init__(self, store: RawStore, changes: int, *, after: bool) -> None:
        self._store = store
        self._left = changes
        self._after = after
        self.made = 0

    def _change(self, make: Callable[[], bool | None]) -> bool | None:
        if self._left <= 0 and not self._after:
            raise Died
        self._left -= 1
        self.made += 1
        done = make()
        if self._left < 0:
            raise Died
        return done

    def put(self, key: str, data: bytes) -> bool:
        """Write an object."""
        return bool(self._change(lambda: self._store.put(key, data)))

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects, one after another."""
        for key in keys:
            self._change(lambda key=key: self._store.delete([key]))  # type: ignore[misc]

    def get(self, key: str) -> bytes:
        """Read."""
        return self._store.get(key)

    def list(self, prefix: str = "") -> Iterator[Stored]:
        """List."""
        return self._store.list(prefix)

    def stage(self, key: str, folder: Path) -> Path:
        """Read."""
        return self._store.stage(key, folder)
