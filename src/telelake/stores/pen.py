"""The lake's one pen: who holds it may publish, and nobody else.

In a folder it is a lock of the operating system (`FilePen`), which goes with its holder. In a bucket it is a lease
(`LeasePen`): the object `state/pen.json` says who writes and until when. It is taken by a create-only write, or by a
compare-and-swap on its entity tag once the lease has run out; it is renewed while it is held, and given back by a
compare-and-swap too, so nobody can give back, or renew, what another has taken meanwhile. A holder that slept past its
lease learns of it at the latest in `confirm`, which stands before every commit.

The service must honour `If-None-Match` and `If-Match`, as S3 does. A lost answer is never taken for an answer: what
counts is whose bytes the object then holds.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Protocol

from telelake.errors import Conflict, NotStored, StoreError, StoreUnavailable
from telelake.stores.objects import BucketStore

KEY = "state/pen.json"
LEASE = timedelta(minutes=16)
"""A little over the longest life of an AWS Lambda: a holder of that kind that was killed cannot be at work any more."""
_TURNS = 3
"""Attempts at one swap: a service may answer 409 to both of two that come together."""


class Held(Protocol):
    """The pen, as its holder has it."""

    def confirm(self) -> None:
        """Make sure that the pen is still ours.

        Raises:
            Conflict: another has it; nothing may be written.
            StoreUnavailable: nobody can tell; nothing may be written.
        """


class Pen(Protocol):
    """What `TableStore.writing` holds."""

    def hold(self) -> AbstractContextManager[Held]:
        """Take the pen and give it back at the end.

        Raises:
            Conflict: another holds it.
            StoreUnavailable: nobody can tell.
        """


class FilePen:
    """A lock on a local file; it goes with its holder, also by `kill -9`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def hold(self) -> Iterator[Held]:
        """See `Pen.hold`."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            opened = self._path.open("a")
        except OSError as error:
            raise StoreUnavailable(f"The lock {self._path} cannot be opened: {error}") from error
        with opened as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Conflict("Another telelake is wrangling this lake; wait for it, or stop it.") from None
            except OSError as error:
                raise StoreUnavailable(f"The lock {self._path} cannot be taken: {error}") from error
            yield _Locked()


class _Locked:
    def confirm(self) -> None:
        """Do nothing: the operating system keeps a lock."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Lease:
    """What the object says."""

    holder: str | None
    """Random, of one holding; None when the pen was given back."""
    who: str
    """Machine and process, for people."""
    until: datetime
    """When it runs out (UTC)."""

    def to_bytes(self) -> bytes:
        # The nonce makes each writing differ from all others: equal bytes are the same write.
        found = {"holder": self.holder, "who": self.who, "until": self.until.isoformat(), "nonce": secrets.token_hex(8)}
        return json.dumps(found, indent=1).encode()

    @classmethod
    def of(cls, data: bytes) -> _Lease:
        try:
            found = json.loads(data)
            return cls(found["holder"], found["who"], datetime.fromisoformat(found["until"]))
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"{KEY} in the home is not telelake's ({error}). If no telelake is at work, remove it."
            ) from error


class LeasePen:
    """A lease in a bucket; see the module."""

    def __init__(
        self, store: BucketStore, *, lease: timedelta = LEASE, clock: Callable[[], datetime] | None = None
    ) -> None:
        self._store = store
        self._lease = lease
        self._clock = clock or _now

    @contextmanager
    def hold(self) -> Iterator[Held]:
        """See `Pen.hold`."""
        held = self._take()
        held.start()
        try:
            yield held
        finally:
            held.give_back()

    def _take(self) -> _Holder:
        holder = _Holder(self._store, self._lease, self._clock)
        for _ in range(_TURNS):
            try:
                data, tag = self._store.read(KEY)
            except NotStored:
                if holder.swap_from(None):
                    return holder
                continue
            found = _Lease.of(data)
            if found.holder is not None and found.until > self._clock():
                raise Conflict(
                    f"Another telelake ({found.who}) is wrangling this lake; its lease ends at {found.until:%H:%M:%S} UTC. "
                    "Wait for it, or stop it."
                )
            if holder.swap_from(tag):
                return holder
        raise Conflict("Others are taking this lake's pen at the same moment; try again.")


class _Holder:
    """One holding of the lease, renewed by a thread of its own."""

    def __init__(self, store: BucketStore, lease: timedelta, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._lease = lease
        self._clock = clock
        self._id = secrets.token_hex(16)
        self._who = f"{os.environ.get('AWS_LAMBDA_FUNCTION_NAME') or socket.gethostname()}, process {os.getpid()}"
        self._tag = ""
        self._lost = False
        self._lock = Lock()
        self._over = Event()
        self._thread = Thread(target=self._renew, name="telelake-pen", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def swap_from(self, tag: str | None) -> bool:
        """Write our lease over the object of that tag, or where there is none; return whether the pen is ours."""
        return self._write(self._lease_now(), tag)

    def confirm(self) -> None:
        """See `Held.confirm`. The lease is renewed by it, because only a swap can tell."""
        with self._lock:
            self._renew_once()

    def give_back(self) -> None:
        """Let others have the pen at once; if that fails they have it when the lease runs out."""
        self._over.set()
        self._thread.join()
        with self._lock:
            if not self._lost:
                with suppress(StoreError):
                    self._write(_Lease(None, self._who, self._clock()), self._tag)

    def _renew(self) -> None:
        while not self._over.wait(self._lease.total_seconds() / 4):
            with self._lock, suppress(StoreError):
                if self._over.is_set():
                    return
                self._renew_once()

    def _renew_once(self) -> None:
        for _ in range(_TURNS):
            if self._lost or self._write(self._lease_now(), self._tag):
                break
            data, tag = self._read()
            # Ours still: the tag is that of a write whose answer was lost, or two came together.
            self._lost = not data or _Lease.of(data).holder != self._id
            self._tag = tag
        else:
            raise StoreError(
                f"The service refuses to replace {KEY} although nobody has changed it: it does not honour If-Match. "
                "Use a bucket of a service that does, as S3."
            )
        if self._lost:
            raise Conflict(
                "Another telelake has taken over this lake's pen, because this one held it past its lease. "
                "Nothing more is written; what is due stays due."
            )

    def _lease_now(self) -> _Lease:
        return _Lease(self._id, self._who, self._clock() + self._lease)

    def _write(self, lease: _Lease, tag: str | None) -> bool:
        """Swap the object; return whether our bytes are there now, however the service answered."""
        data = lease.to_bytes()
        failure: StoreUnavailable | None = None
        try:
            new = self._store.swap(KEY, data, tag)
        except StoreUnavailable as error:
            new, failure = None, error
        if new is None:
            found, new = self._read()
            if found != data:
                if failure:
                    raise failure
                return False
        self._tag = new
        return True

    def _read(self) -> tuple[bytes, str]:
        try:
            return self._store.read(KEY)
        except NotStored:
            return b"", ""
