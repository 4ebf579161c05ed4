"""The core that every source ends in: a body is handed over, and when `receive` returns it is on the medium.

Owns the life of journal, group commit and sealer. Knows nothing of HTTP, of Telegram's answers or of what a body means.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from telelake.capture.commit import GroupCommit
from telelake.capture.counters import Counters
from telelake.capture.disk import DISK, Disk
from telelake.capture.frames import Entry
from telelake.capture.journal import Backlog, Journal, backlog
from telelake.capture.seal import Sealer, seal_all
from telelake.errors import StoreUnavailable
from telelake.ports import RawStore
from telelake.raw import Content

if TYPE_CHECKING:
    from telelake.settings import Capture  # pydantic is most of a small function's start

_FAILING_SECONDS = 10.0
_LOOP_SECONDS = 1.0  # how long another thread waits for a turn of the loop

_NOTHING = Backlog(0, 0, 0.0)


@dataclass(frozen=True, slots=True)
class Status:
    """How capture is, at one moment."""

    is_running: bool
    is_healthy: bool
    """Running, room for bodies, no failed write within the last seconds, and none that has hung for as long."""
    pending_bytes: int
    """Bytes that wait for the disk."""
    max_pending_bytes: int
    """Past so many, bodies are refused."""
    backlog: Backlog
    """What waits to be sealed."""
    journal_failure: str | None
    """Why the last write failed; None when it did not."""
    seal_failure: str | None
    """Why the last sealing failed; None when it did not."""
    counters: Counters


def microseconds() -> int:
    """Return the time now, in microseconds since 1970."""
    return time.time_ns() // 1000


def journal_folder(state_path: Path) -> Path:
    """Return the journal's folder below the local state folder."""
    return state_path / "journal"


class Receiver:
    """Takes bodies from every source of one lake. Its methods belong to one event loop."""

    def __init__(
        self,
        state_path: Path,
        store: RawStore,
        zone: ZoneInfo,
        settings: Capture,
        *,
        now: Callable[[], int] = microseconds,
        disk: Disk = DISK,
        retry_seconds: float = 1.0,
    ) -> None:
        self.counters = Counters()
        self._folder = journal_folder(state_path)
        self._store = store
        self._zone = zone
        self._settings = settings
        self._now = now
        self._disk = disk
        self._retry_seconds = retry_seconds
        self._commit = GroupCommit(self._append, settings.max_pending_bytes)
        self._journal: Journal | None = None
        self._sealer: Sealer | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def start(self) -> None:
        """Take the journal, begin to seal what a crash left, and accept bodies.

        Raises:
            Conflict: another process captures into the same folder.
            StoreUnavailable: the folder cannot be used.
        """
        journal = Journal(
            self._folder, seal_bytes=self._settings.seal_bytes, disk=self._disk, synced=self.counters.fsync.observe
        )
        self._journal = journal
        self._loop = asyncio.get_running_loop()
        self._sealer = Sealer(
            journal, self._store, self._zone, self.counters,
            seal_seconds=self._settings.seal_seconds, retry_seconds=self._retry_seconds,
        )  # fmt: skip
        self._sealer.start()
        self._commit.start()

    async def close(self) -> None:
        """Refuse what comes, finish what is pending, seal everything if the store allows, let go of the journal."""
        await self._commit.stop()
        journal, sealer, self._journal, self._sealer = self._journal, self._sealer, None, None
        if journal is None or sealer is None:
            return
        await asyncio.get_running_loop().run_in_executor(None, sealer.stop)
        journal.close()

    async def receive(self, bot_id: int, source: str, body: bytes, *, is_call: bool = False) -> None:
        """Return when the body is on the medium: an update, or a call as `capture.calls` writes it.

        Raises:
            StoreUnavailable: it is not, and may be offered again.
        """
        began = time.perf_counter()
        counters = self.counters
        stream = counters.offer(bot_id, source, is_call)
        received_us = self._now()
        try:
            label = f"{source}/{Content.CALLS}" if is_call else source
            await self._commit.submit(Entry(received_us, bot_id, label, body))
        except StoreUnavailable:
            counters.reject("unavailable")
            raise
        except asyncio.CancelledError:
            # It may well reach the disk, but nobody was told so.
            counters.reject("cancelled")
            raise
        counters.stored += 1
        stream.stored += 1
        if received_us > stream.last_us:
            stream.last_us = received_us
        counters.ack.observe(time.perf_counter() - began)

    def reject(self, reason: str, bot_id: int = 0, source: str = "", *, is_call: bool = False) -> None:
        """Count a body that its source turned away before it came here; whose it was, when that is known."""
        self.counters.offer(bot_id, source, is_call)
        self.counters.reject(reason)

    def hold(self, count: int) -> None:
        """Count bytes of a body that is still arriving against `max_pending_bytes`; give them back with `release`.

        Raises:
            StoreUnavailable: there is no room.
        """
        self._commit.hold(count)

    def release(self, count: int) -> None:
        """Give held bytes back."""
        self._commit.release(count)

    @property
    def is_stuck(self) -> bool:
        """Whether the disk hangs: what comes is taken as long as there is room, and stored when the disk is back."""
        return self._commit.is_stuck

    @property
    def is_healthy(self) -> bool:
        """Whether a body that comes now is likely to be stored."""
        commit = self._commit
        if not commit.is_running or commit.is_stuck or commit.pending_bytes >= self._settings.max_pending_bytes:
            return False
        # Without new bodies nothing could show that the disk is back: an old failure is forgotten.
        return commit.failure is None or time.monotonic() - commit.failed_at > _FAILING_SECONDS

    def status(self) -> Status:
        """Return how capture is now. Call from the loop."""
        return replace(self._status(), backlog=self._backlog())

    def snapshot(self) -> Status:
        """Return how capture is, to any thread but the loop's: the counts of one moment, which change no more.

        A loop that does not come round in a second is not waited for; its counts may then be of two moments.
        """
        loop = self._loop
        status = None
        if loop is not None and loop.is_running():
            taken: Future[Status] = Future()
            # RuntimeError: the loop was closed meanwhile. Nothing counts any more then.
            with suppress(RuntimeError, TimeoutError):
                loop.call_soon_threadsafe(lambda: taken.set_result(self._status()))
                status = taken.result(_LOOP_SECONDS)
        # The folder is looked at here: the loop must not wait for a disk.
        return replace(status or self._status(), backlog=self._backlog())

    def _backlog(self) -> Backlog:
        # What a last sealing left is told, too.
        return backlog(self._folder)

    def _status(self) -> Status:
        sealer, commit = self._sealer, self._commit
        return Status(
            is_running=commit.is_running,
            is_healthy=self.is_healthy,
            pending_bytes=commit.pending_bytes,
            max_pending_bytes=self._settings.max_pending_bytes,
            backlog=_NOTHING,
            journal_failure=commit.failure,
            seal_failure=sealer.failure if sealer else None,
            counters=self.counters.copy(),
        )

    def _append(self, entries: Sequence[Entry]) -> None:
        journal, sealer = self._journal, self._sealer
        if journal is None or sealer is None:
            raise StoreUnavailable("Capture is not running.")
        try:
            is_full = journal.append(entries)
        except StoreUnavailable:
            self.counters.journal_failures += 1
            raise
        if is_full:
            sealer.wake()


def seal_now(state_path: Path, store: RawStore, zone: ZoneInfo) -> Counters:
    """Seal what lies in the journal of a capture that does not run, and return what was sealed.

    Raises:
        Conflict: capture is running and seals by itself.
        StoreError: what could not be sealed stays in the journal.
    """
    counters = Counters()
    journal = Journal(journal_folder(state_path), seal_bytes=1)
    try:
        seal_all(journal, store, zone, counters)
    finally:
        journal.close()
    return counters
