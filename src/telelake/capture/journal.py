"""The journal: a local folder of append-only files whose records are on the medium when `append` returns.

Invariants:

- One writer per folder. The lock is the kernel's (`flock`), so it ends with its holder, however that ends.
- A file's entry in its folder is synced before anything is written to it.
- A file whose write or sync failed is never written or synced again: after a failed fsync the kernel may call the lost
  pages clean, and a second fsync would lie. The next append opens a new file.
- A closed file never changes; whoever seals it may read it at leisure, and removes it with `discard`.

Synchronous and guarded by one lock: `commit.py` calls `append` from its thread, `seal.py` the rest from another.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from telelake.capture.disk import DISK, Disk
from telelake.capture.frames import SUFFIX, Entry, FileName, encode, first_received_us
from telelake.errors import Conflict, StoreUnavailable

LOCK_NAME = "lock"


@dataclass(frozen=True, slots=True)
class Backlog:
    """What lies in the folder, not sealed yet."""

    files: int
    bytes: int
    oldest_seconds: float
    """Age of the oldest record, by when it was received; 0 when there is none."""


@dataclass(slots=True)
class _Open:
    """The file that is being written."""

    name: FileName
    path: Path
    descriptor: int
    opened: float = 0.0
    """When its first record came, by the monotonic clock."""
    size: int = 0
    """Bytes acknowledged."""
    records: int = 0


def backlog(folder: Path) -> Backlog:
    """Return how much waits in a journal's folder to be sealed; files that vanish meanwhile do not count."""
    found: list[tuple[float, int, str]] = []
    with suppress(OSError):
        for entry in os.scandir(folder):
            if entry.name.endswith(SUFFIX):
                with suppress(FileNotFoundError):
                    stat = entry.stat()
                    if stat.st_size:
                        found.append((stat.st_mtime, stat.st_size, entry.path))
    if not found:
        return Backlog(0, 0, 0.0)
    # One file is written after the other, so the one that was written to least lately has the oldest record.
    written, _, path = min(found)
    began = first_received_us(Path(path))
    age = time.time() - (written if began is None else began / 1e6)
    return Backlog(len(found), sum(size for _, size, _ in found), max(0.0, age))


class Journal:
    """The writer of one folder."""

    def __init__(
        self,
        folder: Path,
        *,
        seal_bytes: int,
        disk: Disk = DISK,
        synced: Callable[[float], object] = lambda _: None,
    ) -> None:
        """Take the folder's lock, making the folder when there is none. `synced` is told how long each sync took.

        Raises:
            Conflict: another process writes here; names it.
            StoreUnavailable: the folder cannot be made.
        """
        self.folder = folder
        self._seal_bytes = seal_bytes
        self._disk = disk
        self._synced = synced
        self._file: _Open | None = None
        self._spare: _Open | None = None
        self._guard = Lock()
        try:
            disk.make_folder(folder)
            self._lock = os.open(folder / LOCK_NAME, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreUnavailable(f"The journal's folder {folder} cannot be used: {error}.") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._lock, 20, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(self._lock)
            raise Conflict(
                f"Process {holder} already captures into {folder}. Stop it first, or give this one another state_dir."
            ) from error
        # Only what a second process says of this one; a full disk is no reason not to start, and to seal what is there.
        with suppress(OSError):
            os.ftruncate(self._lock, 0)
            os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)

    def append(self, entries: Sequence[Entry]) -> bool:
        """Write entries, sync them once, and return whether the file is now full and closed.

        Raises:
            StoreUnavailable: none of them counts as stored, though some may turn up; nothing earlier is affected.
        """
        with self._guard:
            file = self._file
            try:
                if file is None:
                    file = self._next()
                data = encode(file.name, entries, file.size, file.records)
                self._disk.write(file.descriptor, data)
                began = time.perf_counter()
                self._disk.sync(file.descriptor)
                self._synced(time.perf_counter() - began)
            except OSError as error:
                self._abandon(file)
                raise StoreUnavailable(f"The journal in {self.folder} cannot be written: {error}.") from error
            except BaseException:
                # What is in the file now is unknown, and so is the next frame's offset.
                self._abandon(file)
                raise
            file.size += len(data)
            file.records += len(entries)
            if file.size >= self._seal_bytes:
                self._shut()
                return True
            return False

    def prepare(self) -> None:
        """Have the next file ready, so that no append waits for the folder. Only for the thread that calls `closed`."""
        if self._spare is None:
            # A disk that refuses now will say so to the append that needs the file.
            with suppress(OSError):
                self._spare = self._create()

    def rotate(self, older_than: float = 0.0) -> bool:
        """Close the file in use if it was opened `older_than` seconds ago or earlier; return whether it was closed."""
        with self._guard:
            if self._file is None or time.monotonic() - self._file.opened < older_than:
                return False
            self._shut()
            return True

    def closed(self) -> list[Path]:
        """Return the files that will never change again, the oldest first; those that a crash left among them.

        Raises:
            StoreUnavailable: the folder cannot be read.
        """
        with self._guard:
            in_use = {file.path.name for file in (self._file, self._spare) if file}
            try:
                found = [(entry.stat().st_mtime_ns, entry.name) for entry in os.scandir(self.folder)]
            except OSError as error:
                raise StoreUnavailable(f"The journal's folder {self.folder} cannot be read: {error}.") from error
        return [self.folder / name for _, name in sorted(found) if name not in in_use and FileName.parse(name)]

    def discard(self, path: Path) -> None:
        """Remove a closed file, for good on return.

        Raises:
            StoreUnavailable: it may still be there; sealing it again is harmless.
        """
        try:
            self._disk.remove(path)
            self._disk.sync_folder(self.folder)
        except OSError as error:
            raise StoreUnavailable(f"The sealed journal file {path} cannot be removed: {error}.") from error

    def close(self) -> None:
        """Close the file in use and let go of the folder."""
        self.rotate()
        if self._spare is not None:
            self._drop(self._spare)
        with suppress(OSError):
            os.close(self._lock)

    def _next(self) -> _Open:
        file, self._spare = self._spare or self._create(), None
        file.opened = time.monotonic()
        self._file = file
        return file

    def _create(self) -> _Open:
        name = FileName.new()
        path = self.folder / str(name)
        file = _Open(name, path, self._disk.create(path))
        try:
            self._disk.sync_folder(self.folder)
        except OSError:
            self._drop(file)
            raise
        return file

    def _shut(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            # Everything that counts in it is synced already: what close() says can change nothing.
            with suppress(OSError):
                self._disk.close(file.descriptor)

    def _abandon(self, file: _Open | None) -> None:
        self._file = None
        if file is None:
            return
        if file.size == 0:
            # Nothing in it was promised; on a full disk every retry would otherwise leave a file behind.
            self._drop(file)
        else:
            with suppress(OSError):
                self._disk.close(file.descriptor)

    def _drop(self, file: _Open) -> None:
        with suppress(OSError):
            self._disk.close(file.descriptor)
        with suppress(OSError):
            self._disk.remove(file.path)
