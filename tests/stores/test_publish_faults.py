"""A publication that dies or is failed at any call: a reader sees the old release or the new one, and nothing else, ever.

In a folder at every system call that changes something, by strace; in a bucket with AWS Glue at every request, by a proxy
before the stand-in. Each is enumerated, N = 1, 2, …, until a publication passes untouched; with TELELAKE_TEST_LONG=1 all
of them, else a sample. Afterwards another publication must make all of it good.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Self

import pytest

from telelake.errors import TelelakeError
from telelake.settings import Storage
from telelake.stores.pen import KEY
from tests.aws.proxy import Fault, Proxy, Seen
from tests.stores.publisher import Press, press
from tests.stores.test_iceberg import CHATS, DAY, NEXT, PEOPLE, Shelf

LONG = bool(os.environ.get("TELELAKE_TEST_LONG"))
CALLS = ("openat", "write", "pwrite64", "fsync", "fdatasync", "rename", "link", "mkdir", "unlink")
"""System calls that change something, or open what is then changed."""
ENDS = ("signal=KILL", "error=EIO", "error=ENOSPC")
KINDS = ("killed before", "killed after", "500", "reset", "lost")
"""What happens at a request: the publisher dies before it has an effect, or after; it is refused, or the connection breaks,
before it has an effect; it has one and the answer does not come."""
_FRESH = 40
"""Publications after which a new home is begun: a table's history makes each one slower."""

State = tuple[list[tuple[date, int]], list[tuple[date, int]]]

needs_strace = pytest.mark.skipif(
    not shutil.which("strace"), reason="strace is not installed; `make test` installs it where it can"
)


@pytest.fixture(scope="module")
def presses() -> Iterator[Press]:
    with press() as made:
        yield made


@dataclass
class Outcome:
    """What one run showed."""

    hit: str | None
    """The call at which it happened; None when there was no Nth."""
    said: str | None = None
    """What the publisher said at its end; None when it was killed."""
    wrong: list[str] = field(default_factory=list)


@dataclass
class Bench:
    """A home that is published into again and again, each time with other rows."""

    make: Callable[[int], Shelf]
    presses: Press
    generation: int = 0
    shelf: Shelf | None = None

    def run(self, meanwhile: Callable[[Any], str | None]) -> Outcome:
        """Publish once, with a reader looping; `meanwhile` lets the publisher go, and returns what befell it."""
        if self.shelf is None or self.generation % _FRESH == 0:
            self.shelf = self.make(self.generation)
            self.generation += 1
            self.shelf.tables.publish(self._days(self.generation))
        shelf, old, new = self.shelf, self._state(self.generation), self._state(self.generation + 1)
        reader = Reader(shelf)
        publishing = self.presses.start(shelf.base, shelf.work, _direct(shelf), self._days(self.generation + 1))
        with reader:
            hit = meanwhile(publishing)
            said = publishing.outcome()
        found = Outcome(hit, said)
        after = state(shelf)
        for seen in (*reader.seen, after):
            if seen not in (old, new):
                found.wrong.append(f"a reader saw {seen}, which is neither {old} nor {new}")
        found.wrong += reader.failed
        if said is not None:
            if said.startswith("not our own"):
                found.wrong.append(said)
            if said.startswith("release") and after != new:
                found.wrong.append(f"{said} was told, and is not there")
        self.generation += 2
        found.wrong += self._recovered()
        return found

    def _recovered(self) -> list[str]:
        """Publish once more, as the next run would, and return what is wrong then."""
        assert self.shelf is not None
        again = Shelf(self.shelf.base, self.shelf.work, _direct(self.shelf))
        if again.base.startswith("s3:"):
            again.store.delete([KEY])  # as the end of the lease would
        try:
            with again.tables.writing():
                again.tables.publish(self._days(self.generation))
        except TelelakeError as error:
            return [f"the next publication failed: {type(error).__name__}: {error}"]
        after, wanted = state(again), self._state(self.generation)
        return [] if after == wanted else [f"the next publication left {after}, not {wanted}"]

    def _days(self, number: int) -> dict[str, Any]:
        assert self.shelf is not None
        return {
            "user_days": [self.shelf.day(PEOPLE, DAY, number, number + 1000), self.shelf.day(PEOPLE, NEXT, number)],
            "chat_days": [
                self.shelf.day(CHATS, DAY, -number),
                self.shelf.day(CHATS, NEXT, *([-number] * (number % 2))),
            ],
        }

    @staticmethod
    def _state(number: int) -> State:
        people = [(DAY, number), (DAY, number + 1000), (NEXT, number)]
        return people, [(DAY, -number), *([(NEXT, -number)] * (number % 2))]


def _direct(shelf: Shelf) -> Storage | None:
    return shelf.tables._storage if shelf.base.startswith("s3:") else None


def state(shelf: Shelf) -> State:
    """Return the rows of both tables as one release has them."""
    release = shelf.tables.latest()
    return shelf.ids(PEOPLE, release), shelf.ids(CHATS, release)


class Reader:
    """Reads the newest release again and again, as a dashboard beside it does."""

    def __init__(self, shelf: Shelf) -> None:
        self.seen: list[State] = []
        self.failed: list[str] = []
        self._shelf = shelf
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._read)

    def _read(self) -> None:
        while not self._ended.wait(0.05):
            try:
                found = state(self._shelf)
            except Exception as error:
                self.failed.append(f"a reader failed: {type(error).__name__}: {error}")
                return
            if found not in self.seen:
                self.seen.append(found)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()


def enumerate_all(run: Callable[[int], Outcome], most: int) -> tuple[int, Counter[str], list[str]]:
    """Let it happen at call 1, 2, … until a publication passes untouched; return runs, how they ended, what went wrong."""
    ends: Counter[str] = Counter()
    wrong: list[str] = []
    for when in range(1, most + 1):
        found = run(when)
        wrong += [f"{when}: {each} ({found.hit})" for each in found.wrong]
        if found.hit is None:
            return when - 1, ends, wrong
        ends["died" if found.said is None else found.said.partition(" ")[0].rstrip(":")] += 1
    return most, ends, [*wrong, "no publication passed untouched"]


# In a folder, by strace


def at_a_system_call(bench: Bench, call: str, end: str, when: int) -> Outcome:
    """Publish with the `when`th call of a kind, of any thread, ending as told."""

    def meanwhile(publishing: Any) -> str | None:
        trace = publishing.work / "trace"
        tracer = subprocess.Popen(
            ["strace", "-f", "-y", "-s", "0", "-p", str(publishing.pid), "-o", str(trace), "-e", f"trace={call}",
             "-e", f"inject={call}:{end}:when={when}"], stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert tracer.stderr is not None
        assert "attached" in tracer.stderr.readline()
        publishing.go()
        tracer.wait(60)
        tracer.stderr.close()
        lines = trace.read_text(errors="replace").splitlines()
        if end == "signal=KILL":
            return lines[-1] if any("killed by SIGKILL" in line for line in lines) else None
        return next((line[-200:] for line in lines if "(INJECTED)" in line), None)

    return bench.run(meanwhile)


@pytest.fixture(scope="module")
def folder(presses: Press, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A bench in folders."""

    def make(number: int) -> Shelf:
        work = tmp_path_factory.mktemp(f"folder-{number}")
        return Shelf(str(work / "home"), work)

    return Bench(make, presses)


@needs_strace
@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("call", CALLS)
def test_a_system_call_ends_it(folder: Bench, call: str) -> None:
    """Killed at the Nth call, or the call fails: old or new, no third, and the next publication is whole."""
    if LONG:
        for end in ENDS:
            runs, ends, wrong = enumerate_all(lambda when, end=end: at_a_system_call(folder, call, end, when), 1500)
            print(f"{call} {end}: {runs} runs, {dict(ends)}")
            assert wrong == []
        return
    # Each another place of the way, so that together they lie all along it; some calls are made once by each thread.
    place = CALLS.index(call)
    for end, when in (("signal=KILL", 1 + place % 4), ("error=EIO", 1 + place % 2)):
        found = at_a_system_call(folder, call, end, when)
        assert found.wrong == [], (call, end, when, found)
        if found.hit is None:
            found = at_a_system_call(folder, call, end, 1)
            assert found.wrong == [], (call, end, 1, found)
        assert found.hit is not None, "nothing was made to fail"


# In a bucket, by a proxy


@dataclass
class Wired:
    """A bench in buckets, and the proxy that its publishers go through."""

    bench: Bench
    proxy: Proxy

    def at_a_request(self, kind: str, when: int) -> Outcome:
        """Publish with something happening at the `when`th request."""

        def meanwhile(publishing: Any) -> str | None:
            seen = Counter[str]()
            told: list[str] = []

            def nth(request: Seen) -> bool:
                seen["all"] += 1
                if seen["all"] != when:
                    return False
                told.append(f"{request.method} {request.target} {request.path[-120:]}")
                return True

            def kill(_: Seen) -> None:
                publishing.kill()

            fault = {
                "killed before": Fault(nth, "reset", before=kill),
                "killed after": Fault(nth, "lost", after=kill),
                "500": Fault(nth, "500"),
                "reset": Fault(nth, "reset"),
                "lost": Fault(nth, "lost"),
            }[kind]
            self.proxy.add(fault)
            publishing.go()
            publishing.outcome()
            self.proxy.clear()
            return told[0] if told else None

        return self.bench.run(meanwhile)


@pytest.fixture(scope="module")
def wired(presses: Press, aws: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wired]:
    """A bench in buckets of the stand-in, with tables in Glue."""
    import boto3

    with pytest.MonkeyPatch.context() as patch, Proxy(aws) as proxy:
        environment = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
        for key, value in environment.items():
            patch.setenv(key, value)
        client = boto3.client("s3", endpoint_url=aws, region_name="us-east-1")

        def make(number: int) -> Shelf:
            name = f"faults-{number}"
            client.create_bucket(Bucket=name)
            storage = Storage(endpoint=aws, catalog="glue", database=name.replace("-", "_"))
            return Shelf(f"s3://{name}", tmp_path_factory.mktemp(name), storage)

        with press() as own:  # forked here, it has the credentials
            bench = Bench(make, Through(own, aws, proxy.url))  # type: ignore[arg-type]
            yield Wired(bench, proxy)


@dataclass
class Through:
    """A press whose publishers speak to another address."""

    press: Press
    address: str
    instead: str

    def start(self, home: str, work: Path, storage: Storage | None, days: Any) -> Any:
        assert storage is not None
        return self.press.start(home, work, storage.model_copy(update={"endpoint": self.instead}), days)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", KINDS)
def test_a_request_ends_it(wired: Wired, kind: str) -> None:
    """At the Nth request to S3 or Glue: old or new, no third, and the next publication is whole."""
    if LONG:
        runs, ends, wrong = enumerate_all(lambda when: wired.at_a_request(kind, when), 1500)
        print(f"{kind}: {runs} runs, {dict(ends)}")
        assert wrong == []
        return
    hits = 0
    for when in (3, 11, 27, 38):
        found = wired.at_a_request(kind, when)
        assert found.wrong == [], (kind, when, found)
        hits += found.hit is not None
    assert hits > 2, "nothing was made to fail"


# The twin


def state_of_catalog(shelf: Shelf) -> State:
    """Return the rows as one sees them who goes by the catalog's tables instead of a release."""
    found = []
    for table, key in ((PEOPLE, "user_id"), (CHATS, "chat_id")):
        there = shelf.tables.catalog.load_table(("telelake", table.name))
        rows = there.scan(selected_fields=("context_date", key)).to_arrow().to_pylist()
        found.append(sorted((row["context_date"], row[key]) for row in rows))
    return found[0], found[1]


@needs_strace
def test_the_check_sees_a_mixture(folder: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twin: a reader that goes by each table's newest commit sees one table new and the other old."""
    monkeypatch.setattr("tests.stores.test_publish_faults.state", state_of_catalog)
    wrong: list[str] = []
    for when in range(3, 15):
        wrong += at_a_system_call(folder, "fdatasync", "signal=KILL", when).wrong
        if wrong:
            break

    assert any("neither" in each for each in wrong), wrong
