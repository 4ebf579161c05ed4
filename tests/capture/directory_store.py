"""A create-only, fsyncing directory store in thirty lines: what capture's tests use when they want no SDK in the way."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from telelake.capture.disk import DISK
from telelake.errors import NotStored
from telelake.ports import Stored

_number = count()


class DirectoryStore:
    """A RawStore over a directory."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def put(self, key: str, data: bytes) -> bool:
        path = self.home / key
        DISK.make_folder(path.parent)
        temporary = path.with_name(f".{path.name}.{os.getpid()}-{next(_number)}")
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
            return True
        except FileExistsError:
            return False
        finally:
            temporary.unlink()
            DISK.sync_folder(path.parent)

    def get(self, key: str) -> bytes:
        try:
            return (self.home / key).read_bytes()
        except FileNotFoundError as error:
            raise NotStored(key) from error

    def list(self, prefix: str = "") -> Iterator[Stored]:
        for path in sorted(self.home.rglob("*.zst")):
            key = path.relative_to(self.home).as_posix()
            if key.startswith(prefix) and not path.name.startswith("."):
                found = path.stat()
                yield Stored(key, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            (self.home / key).unlink(missing_ok=True)

    def stage(self, key: str, folder: Path) -> Path:
        return self.home / key
