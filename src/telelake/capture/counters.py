"""What capture counts: every body is accounted for, so a loss of any kind shows.

Plain numbers, because the hot path pays for each. `operate/metrics.py` gives them their public names; capture knows no
library of metrics. A number is written by one thread only: the loop's, the journal's (`fsync`) or the sealer's. Another
thread reads a `copy`, which `Receiver.snapshot` makes between two turns of the loop.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field, replace
from typing import NamedTuple

BOUNDS = (
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
)  # fmt: skip
"""Upper bounds of the histograms' buckets, in seconds: from a fast disk's sync to the minute Telegram waits."""


class Histogram:
    """How often which durations were seen, in fixed buckets."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        """Durations in each bucket, not cumulated; the last one has no upper bound."""
        self.total = 0.0
        """Their sum, in seconds."""

    def observe(self, seconds: float) -> None:
        """Count one duration; one that equals a bound lies below it, as Prometheus has it."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds

    def copy(self) -> Histogram:
        """Return the same numbers, which change no more."""
        copied = Histogram()
        copied.counts, copied.total = self.counts.copy(), self.total
        return copied


class Origin(NamedTuple):
    """Where a body came from."""

    bot_id: int
    """0 when it was turned away before that was known."""
    source: str
    """Empty when it was turned away before that was known."""
    is_call: bool


@dataclass(slots=True)
class Stream:
    """What came from one origin."""

    received: int = 0
    stored: int = 0
    last_us: int = 0
    """When the newest stored body came, in microseconds since 1970; 0 when there was none."""


@dataclass(slots=True)
class Counters:
    """Totals since the process started. At rest, received = stored + the sum of rejected."""

    received: int = 0
    """Bodies offered, by whatever source."""
    stored: int = 0
    """Bodies on the medium, acknowledged."""
    rejected: dict[str, int] = field(default_factory=dict)
    """Bodies not acknowledged, by reason: `secret`, `too_large`, `disconnected`, `slow`, `unavailable`, `cancelled`…"""
    streams: dict[tuple[int, str, bool], Stream] = field(default_factory=dict)
    """The same bodies by where they came from (an Origin): their sums are `received` and `stored`."""
    ack: Histogram = field(default_factory=Histogram)
    """Seconds from a whole body to the permission to acknowledge it; refused ones are not in it."""
    fsync: Histogram = field(default_factory=Histogram)
    """Seconds of each sync of a journal file that succeeded: one for each batch."""
    journal_failures: int = 0
    """Batches that could not be written or synced; every body in one was refused."""
    sealed_files: int = 0
    """Journal files that became segments."""
    sealed_segments: int = 0
    """Segments made, those that were there already included."""
    sealed_records: int = 0
    """Records in them."""
    quarantined: int = 0
    """Those of them that could not be read."""
    seal_failures: int = 0
    """Attempts that the store refused; each is made again."""
    damaged_frames: int = 0
    """Records lost to damage or to a crash; what a crash tears off was never acknowledged."""
    damaged_bytes: int = 0
    """The bytes they took."""
    torn_bytes: int = 0
    """Those of them at a file's end, as a crash leaves them."""

    def offer(self, bot_id: int, source: str, is_call: bool) -> Stream:
        """Count one body that is offered, and return the stream that it belongs to."""
        self.received += 1
        # A plain tuple finds it, and costs less than an Origin.
        stream = self.streams.get((bot_id, source, is_call))
        if stream is None:
            stream = self.streams[Origin(bot_id, source, is_call)] = Stream()
        stream.received += 1
        return stream

    def reject(self, reason: str) -> None:
        """Count one offered body that is not acknowledged."""
        self.rejected[reason] = self.rejected.get(reason, 0) + 1

    def copy(self) -> Counters:
        """Return the same numbers, which change no more."""
        return replace(
            self,
            rejected=self.rejected.copy(),
            streams={origin: replace(stream) for origin, stream in self.streams.copy().items()},
            ack=self.ack.copy(),
            fsync=self.fsync.copy(),
        )
