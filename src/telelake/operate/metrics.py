"""`/metrics`: what capture counts and what the lake says of itself, as Prometheus text.

Capture counts with plain numbers; here they get names, labels and a sentence. Nothing is kept between two scrapes but
the process's own figures: each is made anew from one `snapshot`, so that the numbers of a scrape belong together.
docs/metrics.md says what to watch.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Route

from telelake.capture.counters import BOUNDS, Counters, Histogram, Origin
from telelake.capture.receive import Status
from telelake.errors import TelelakeError
from telelake.present.web.security import Guard

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_FRESH_SECONDS = 15.0
_WAIT_SECONDS = 1.0
_FIRST_SECONDS = 5.0  # well below the ten after which Prometheus gives up


class Held(Protocol):
    """The capture port's connections; `capture.connection.Connections` is one."""

    cut: dict[str, int]

    @property
    def open(self) -> int:
        """How many there are."""


@dataclass(frozen=True, slots=True)
class Published:
    """What the newest release says."""

    release: int
    published_at: float
    """Seconds since 1970."""
    duplicates: int
    quarantined: int
    rows: int
    unknown: Mapping[str, int] = field(default_factory=dict)
    """How many kinds, fields, tags and types the Bot API does not know."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the figures come from; what a process does not do is None, and not told."""

    capture: Callable[[], Status | None] = lambda: None
    lake: Callable[[], Published | None] = lambda: None
    connections: Held | None = None
    bots: Mapping[int, str] = field(default_factory=dict)
    """Names by id."""


class Recent:
    """What was read of the lake last, read anew when it is old: a store that hangs must not hang the scrape."""

    def __init__(self, read: Callable[[], Published | None]) -> None:
        self._read = read
        self._guard = threading.Lock()
        self._running: threading.Thread | None = None
        self._found: Published | None = None
        self._found_at = float("-inf")

    def __call__(self) -> Published | None:
        """Return the newest that is known within a second, or within five before anything was read."""
        with self._guard:
            if self._running is None or not self._running.is_alive():
                if time.monotonic() - self._found_at < _FRESH_SECONDS:
                    return self._found
                self._running = threading.Thread(target=self._work, name="metrics-lake", daemon=True)
                self._running.start()
            running = self._running
        running.join(_WAIT_SECONDS if self._found else _FIRST_SECONDS)
        return self._found

    def _work(self) -> None:
        try:
            self._found = self._read()
        except TelelakeError:
            return  # the schedule and `telelake status` say why; what is known stays
        self._found_at = time.monotonic()


class Metrics:
    """Makes the text."""

    def __init__(self, sources: Sources) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Figures(sources))
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """Return the figures of this moment; callable from any thread but capture's."""
        return generate_latest(self._registry)

    def page(self) -> Starlette:
        """Return an application that serves the text, and nothing else, to this machine."""
        route = Route("/metrics", lambda _: Response(self.text(), media_type=CONTENT_TYPE))
        return Starlette(routes=[route], middleware=[Middleware(Guard)])


class _Figures(Collector):
    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def describe(self) -> Iterable[Metric]:
        """Return nothing: names are known only from the figures, and asking for those needs a lake that runs."""
        return []

    def collect(self) -> Iterator[Metric]:
        sources = self._sources
        status = sources.capture()
        if status is not None:
            yield from _counted(status.counters, sources.bots)
            yield from _at_work(status)
        if sources.connections is not None:
            yield from _held(sources.connections)
        lake = sources.lake()
        if lake is not None:
            yield from _published(lake)


def _counted(counters: Counters, bots: Mapping[int, str]) -> Iterator[Metric]:
    labels = ["bot", "source", "what"]
    received = CounterMetricFamily(
        "telelake_received", "Bodies that were offered, by bot, source (webhook, poll, proxy) and what (update, call). "
        "At rest it is stored plus rejected.", labels=labels,
    )  # fmt: skip
    stored = CounterMetricFamily(
        "telelake_stored", "Bodies that are on the disk, and were acknowledged.", labels=labels
    )
    last = GaugeMetricFamily(
        "telelake_last_received_timestamp_seconds", "When the newest stored body came, in seconds since 1970.",
        labels=labels,
    )  # fmt: skip
    for key, stream in sorted(counters.streams.items()):
        origin = Origin(*key)
        bot = bots.get(origin.bot_id, str(origin.bot_id)) if origin.bot_id else "unknown"
        values = [bot, origin.source or "unknown", "call" if origin.is_call else "update"]
        received.add_metric(values, stream.received)
        stored.add_metric(values, stream.stored)
        if stream.last_us:
            last.add_metric(values, stream.last_us / 1e6)
    yield from (received, stored, last)
    rejected = CounterMetricFamily(
        "telelake_rejected", "Bodies that were not acknowledged, by reason; Telegram sends an update again.",
        labels=["reason"],
    )  # fmt: skip
    for reason, count in sorted(counters.rejected.items()):
        rejected.add_metric([reason], count)
    yield rejected
    yield _histogram("telelake_ack_seconds", "From a whole body to its acknowledgement, disk included.", counters.ack)
    yield _histogram(
        "telelake_fsync_seconds", "Each sync of a journal file; one makes a whole batch durable.", counters.fsync
    )
    for name, text, count in (
        ("journal_failures", "Batches that the disk refused; so were their bodies.", counters.journal_failures),
        ("sealed_files", "Journal files that became raw segments.", counters.sealed_files),
        ("sealed_segments", "Raw segments that sealing made, or found there already.", counters.sealed_segments),
        ("sealed_records", "Records that were sealed, quarantined ones included.", counters.sealed_records),
        ("quarantined", "Sealed records that are no readable update; they lie in quarantine.", counters.quarantined),
        ("seal_failures", "Attempts to seal that failed; each is made again.", counters.seal_failures),
        ("damaged_frames", "Journal records that were lost to damage or torn off by a crash.", counters.damaged_frames),
        ("damaged_bytes", "Bytes of the journal that belong to no intact record.", counters.damaged_bytes),
        ("torn_bytes", "Those of them at a file's end, as a crash leaves them; they were never acknowledged.", counters.torn_bytes),
    ):  # fmt: skip
        yield CounterMetricFamily(f"telelake_{name}", text, value=count)


def _at_work(status: Status) -> Iterator[Metric]:
    for name, text, value in (
        ("running", "1 while capture takes bodies.", status.is_running),
        ("healthy", "1 while a body that comes now is likely to be stored; /healthz says the same.", status.is_healthy),
        ("pending_bytes", "Bytes in memory that wait for the disk, or are still arriving.", status.pending_bytes),
        ("pending_bytes_limit", "Past so many, bodies are answered 503 (capture.max_pending_bytes).", status.max_pending_bytes),
        ("journal_files", "Journal files that are not sealed yet.", status.backlog.files),
        ("journal_bytes", "Bytes of journal files that are not sealed yet.", status.backlog.bytes),
        ("oldest_unsealed_seconds", "Age of the oldest unsealed record; 0 without one.", status.backlog.oldest_seconds),
        ("journal_failing", "1 after a write that failed, until one succeeds.", status.journal_failure is not None),
        ("seal_failing", "1 after a sealing that failed, until one succeeds.", status.seal_failure is not None),
    ):  # fmt: skip
        yield GaugeMetricFamily(f"telelake_{name}", text, value=float(value))


def _held(connections: Held) -> Iterator[Metric]:
    yield GaugeMetricFamily("telelake_connections", "Open connections of the capture port.", value=connections.open)
    cut = CounterMetricFamily(
        "telelake_connections_cut", "Connections that capture ended: headers or body too slow, headers too large, answers "
        "unread, too many requests waiting (pipelined), crowded (gave way to another) or refused (503).", labels=["reason"],
    )  # fmt: skip
    for reason, count in sorted(connections.cut.copy().items()):
        cut.add_metric([reason], count)
    yield cut


def _published(lake: Published) -> Iterator[Metric]:
    for name, text, value in (
        ("release", "Number of the newest release.", lake.release),
        ("published_timestamp_seconds", "When it was published, in seconds since 1970.", lake.published_at),
        ("since_published_seconds", "Seconds since then; a day without news publishes nothing.", time.time() - lake.published_at),
        ("lake_rows", "Rows of `updates` in it.", lake.rows),
        ("lake_duplicates", "Records left out of it because they came twice.", lake.duplicates),
        ("lake_quarantined", "Records in quarantine, by its books.", lake.quarantined),
    ):  # fmt: skip
        yield GaugeMetricFamily(f"telelake_{name}", text, value=float(value))
    unknown = GaugeMetricFamily(
        "telelake_lake_unknown", "Different kinds, fields, tags and types in it that the Bot API, as telelake knows it, "
        "does not have.", labels=["what"],
    )  # fmt: skip
    for what, count in sorted(lake.unknown.items()):
        unknown.add_metric([what], count)
    yield unknown


def _histogram(name: str, text: str, seen: Histogram) -> Metric:
    total, buckets = 0, []
    for bound, count in zip((*map(str, BOUNDS), "+Inf"), seen.counts, strict=True):
        total += count
        buckets.append((bound, float(total)))
    return HistogramMetricFamily(name, text, buckets=buckets, sum_value=seen.total)
