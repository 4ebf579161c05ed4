"""Group commit: many waiting bodies, one write and one fdatasync, in a thread beside the serving loop.

While the disk works on one batch the next one gathers, so the slower the disk, the larger the batches, and the loop
never waits. What waits is bounded: past `max_pending_bytes` a body is refused at once, never queued.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread

from telelake.capture.frames import Entry, size
from telelake.errors import StoreUnavailable

_STUCK_SECONDS = 5.0  # a disk that works takes a small part of it, for a batch of any size
_BATCH_BYTES = 8 * 1024 * 1024  # bounds the copy that is made for writing, and how far a file grows past seal_bytes

_Waiting = tuple[Entry, asyncio.Future[None]]


class GroupCommit:
    """Hands batches to `write` in its own thread. All methods belong to the loop that called `start`."""

    def __init__(self, write: Callable[[Sequence[Entry]], object], max_pending_bytes: int) -> None:
        self._write = write
        self._max_pending_bytes = max_pending_bytes
        self._waiting: list[_Waiting] = []
        self._batches: SimpleQueue[list[_Waiting] | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._loop: asyncio.AbstractEventLoop
        self._idle: asyncio.Event
        self._busy = False
        self._busy_since = 0.0  # by the loop's clock
        self._flush_is_due = False
        self.pending_bytes = 0
        """Bytes that wait for the disk or are on their way to it, or are held by a body that is still arriving."""
        self.failure: str | None = None
        """Why the last batch failed; None when it did not."""
        self.failed_at = 0.0
        """When, by the monotonic clock."""

    def start(self) -> None:
        """Start the thread; call from the loop."""
        self._loop = asyncio.get_running_loop()
        self._idle = asyncio.Event()
        self._idle.set()
        self._thread = Thread(target=self._work, name="telelake-journal", daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether bodies are taken."""
        return self._thread is not None

    @property
    def is_stuck(self) -> bool:
        """Whether the disk has neither taken nor refused its batch for seconds: a sync that hangs reports no failure."""
        return self._busy and self._loop.time() - self._busy_since > _STUCK_SECONDS

    def hold(self, count: int) -> None:
        """Count bytes that are in memory but not yet submitted; give them back with `release`.

        What comes while nothing else waits is let in, however large: else it would be refused for ever.

        Raises:
            StoreUnavailable: too much waits already.
        """
        if self.pending_bytes and self.pending_bytes + count > self._max_pending_bytes:
            waiting = self.pending_bytes
            raise StoreUnavailable(f"{waiting} bytes wait for the disk (capture.max_pending_bytes is reached).")
        self.pending_bytes += count

    def release(self, count: int) -> None:
        """Give held bytes back."""
        self.pending_bytes -= count

    def submit(self, entry: Entry) -> asyncio.Future[None]:
        """Return a future that is done when the entry is on the medium, or holds StoreUnavailable.

        Raises:
            StoreUnavailable: not started, already stopped, or too much waits already.
        """
        if self._thread is None:
            raise StoreUnavailable("Capture is not running.")
        self.hold(size(entry))
        future = self._loop.create_future()
        self._waiting.append((entry, future))
        if not self._busy and not self._flush_is_due:
            # Not at once: the requests that this turn of the loop still brings join the batch.
            self._flush_is_due = True
            self._loop.call_soon(self._flush)
        return future

    async def stop(self) -> None:
        """Refuse what comes, wait for what is pending, end the thread."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        if self._busy or self._waiting:
            self._idle.clear()
            await self._idle.wait()
        self._batches.put(None)
        await self._loop.run_in_executor(None, thread.join)

    def _flush(self) -> None:
        self._flush_is_due = False
        if self._busy:
            return
        if not self._waiting:
            self._idle.set()
            return
        batch, self._waiting = _take(self._waiting)
        self._busy, self._busy_since = True, self._loop.time()
        self._batches.put(batch)

    def _work(self) -> None:
        while (batch := self._batches.get()) is not None:
            error: Exception | None = None
            try:
                self._write([entry for entry, _ in batch])
            except Exception as caught:
                error = caught
            # The loop may be gone when the process is on its way out; nobody waits then.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._done, batch, error)

    def _done(self, batch: list[_Waiting], error: Exception | None) -> None:
        self._busy = False
        # The disk gets its next batch before the answers to this one are written.
        self._flush()
        if error is None:
            self.failure = None
        else:
            self.failure, self.failed_at = str(error), time.monotonic()
        for entry, future in batch:
            self.pending_bytes -= size(entry)
            if future.done():
                continue
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(_unavailable(error))


def _take(waiting: list[_Waiting]) -> tuple[list[_Waiting], list[_Waiting]]:
    """Return the first batch of at most `_BATCH_BYTES`, of one entry at least, and the rest."""
    total = 0
    for count, (entry, _) in enumerate(waiting):
        total += size(entry)
        if total > _BATCH_BYTES and count:
            return waiting[:count], waiting[count:]
    return waiting, []


def _unavailable(error: Exception) -> StoreUnavailable:
    # One exception object raised in many tasks would collect all their tracebacks.
    unavailable = StoreUnavailable(str(error))
    unavailable.__cause__ = error
    return unavailable
