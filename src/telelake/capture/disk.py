"""The few system calls that make bytes durable, in one place, so that a test can lose power between them.

Nothing else in capture writes, syncs or removes a file of the journal.
"""

from __future__ import annotations

import os
from pathlib import Path


class Disk:
    """The real disk. Every method raises OSError when the disk refuses."""

    def create(self, path: Path) -> int:
        """Create a file that does not exist and return its descriptor, open for appending."""
        return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def write(self, descriptor: int, data: bytes) -> None:
        """Append all of `data`."""
        written = os.write(descriptor, data)
        if written == len(data):
            return
        rest = memoryview(data)[written:]
        while rest:
            rest = rest[os.write(descriptor, rest) :]

    def sync(self, descriptor: int) -> None:
        """Return when a file's bytes and length are on the medium."""
        os.fdatasync(descriptor)

    def close(self, descriptor: int) -> None:
        """Close a file."""
        os.close(descriptor)

    def remove(self, path: Path) -> None:
        """Take a file out of its folder."""
        path.unlink(missing_ok=True)

    def sync_folder(self, path: Path) -> None:
        """Return when a folder's entries are on the medium."""
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def make_folder(self, path: Path) -> None:
        """Make a folder and its parents; an entry is on the medium before anything is put below it."""
        if path.is_dir():
            return
        self.make_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
        try:
            self.sync_folder(path.parent)
        except OSError:
            # Left there, the next attempt would find it and take its entry for synced.
            path.rmdir()
            raise


DISK = Disk()
