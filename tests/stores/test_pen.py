"""The pen of a bucket: one holder at a time, whoever dies, sleeps or asks at the same moment, whatever the service loses."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from obstore.store import S3Store

from telelake.errors import Conflict, StoreError, StoreUnavailable
from telelake.stores.objects import BucketStore, memory_store
from telelake.stores.pen import KEY, LEASE, LeasePen
from tests.lambdas.cloud import Cloud, Wire


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(params=["memory", "s3"])
def store(request: pytest.FixtureRequest) -> BucketStore:
    """A store of each kind that can swap."""
    return memory_store() if request.param == "memory" else request.getfixturevalue("cloud").store()


def takes(pen: LeasePen) -> bool:
    """Return whether the pen can be had; it is given back."""
    try:
        with pen.hold():
            return True
    except Conflict:
        return False


def test_one_holds_it_and_then_the_next(store: BucketStore) -> None:
    """While one holds the pen another is refused and told by whom and until when; given back, it is free at once."""
    for _ in range(3):
        with LeasePen(store).hold() as held:
            held.confirm()
            with pytest.raises(Conflict, match=r"process \d+.* ends at \d\d:\d\d:\d\d UTC"), LeasePen(store).hold():
                pass
            held.confirm()
    assert takes(LeasePen(store))


def test_it_is_given_back_when_the_work_fails(store: BucketStore) -> None:
    """An exception in the work passes, and the pen is free."""
    with pytest.raises(ZeroDivisionError), LeasePen(store).hold():
        _ = 1 / 0

    assert takes(LeasePen(store))


@pytest.mark.parametrize("state", ["new", "given back", "run out"])
def test_of_many_that_come_together_one_wins(store: BucketStore, state: str) -> None:
    """At a bucket without a pen, with a free one, and with one whose holder died."""
    clock = Clock()
    for _ in range(8):
        if state == "new":
            store.delete([KEY])
        elif state == "given back":
            assert takes(LeasePen(store, clock=clock))
        else:
            LeasePen(store, clock=clock)._take()  # and is never heard of again
            clock.now += LEASE + timedelta(seconds=1)
        barrier = Barrier(6)

        def race(_: int, barrier: Barrier = barrier) -> bool:
            pen = LeasePen(store, clock=clock)
            barrier.wait()
            try:
                held = pen._take()
            except Conflict:
                return False
            held.confirm()
            return True

        with ThreadPoolExecutor(6) as pool:
            assert list(pool.map(race, range(6))).count(True) == 1
        clock.now += LEASE + timedelta(seconds=1)


def test_a_lease_runs_out_and_not_before(store: BucketStore) -> None:
    """A holder that died keeps the pen for its lease, and no longer."""
    clock = Clock()
    LeasePen(store, clock=clock)._take()
    clock.now += LEASE - timedelta(seconds=1)
    assert not takes(LeasePen(store, clock=clock))
    clock.now += timedelta(seconds=2)
    assert takes(LeasePen(store, clock=clock))


def test_who_slept_past_the_lease_learns_of_it_and_gives_nothing_back(store: BucketStore) -> None:
    """The pen that another took meanwhile stays the other's: it is neither renewed nor released by the first."""
    clock = Clock()
    with pytest.raises(Conflict, match="taken over"), LeasePen(store, clock=clock).hold() as first:
        clock.now += LEASE + timedelta(seconds=1)
        second = LeasePen(store, clock=clock)._take()
        with pytest.raises(Conflict, match="taken over"):
            first.confirm()
        second.confirm()
        first.confirm()

    second.confirm()
    assert not takes(LeasePen(store, clock=clock))


def test_who_slept_to_the_end_gives_nothing_back_either(store: BucketStore) -> None:
    """The pen that another took meanwhile stays the other's, also when the first never looked."""
    clock = Clock()
    with LeasePen(store, clock=clock).hold():
        clock.now += LEASE + timedelta(seconds=1)
        second = LeasePen(store, clock=clock)._take()

    second.confirm()
    assert not takes(LeasePen(store, clock=clock))


def test_who_slept_and_was_not_missed_goes_on(store: BucketStore) -> None:
    """A lease that ran out and that nobody took is renewed."""
    clock = Clock()
    with LeasePen(store, clock=clock).hold() as held:
        clock.now += 2 * LEASE
        held.confirm()
        assert not takes(LeasePen(store, clock=clock))


def test_it_is_renewed_while_the_work_goes_on(store: BucketStore) -> None:
    """Work that takes longer than a lease keeps the pen without asking for it."""
    lease = timedelta(seconds=1)
    with LeasePen(store, lease=lease).hold():
        until = time.monotonic() + 2.5
        while time.monotonic() < until:
            assert not takes(LeasePen(store, lease=lease))
            time.sleep(0.2)
    assert takes(LeasePen(store, lease=lease))


PROGRAM = """
import sys
from datetime import timedelta
from telelake.errors import Conflict
from telelake.stores.objects import open_store
from telelake.stores.pen import LeasePen
pen = LeasePen(open_store(sys.argv[1]), lease=timedelta(seconds=float(sys.argv[2])))
print("ready", flush=True)
sys.stdin.readline()
try:
    with pen.hold() as held:
        print("held", flush=True)
        sys.stdin.readline()
        held.confirm()
        print("confirmed", flush=True)
except Conflict as error:
    print("refused", flush=True)
"""


def process(cloud: Cloud, lease: float = 60.0) -> subprocess.Popen[str]:
    """Start a process that takes the pen at the first line that it is sent, and lets go of it at the second."""
    command = [sys.executable, "-c", PROGRAM, f"s3://{cloud.name}", str(lease)]
    started = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None
    assert started.stdout.readline() == "ready\n"
    return started


def tell(one: subprocess.Popen[str]) -> None:
    """Send a line."""
    assert one.stdin is not None
    one.stdin.write("go\n")
    one.stdin.flush()


def hear(one: subprocess.Popen[str]) -> str:
    """Read a line."""
    assert one.stdout is not None
    return one.stdout.readline().strip()


def test_processes(cloud: Cloud) -> None:
    """Of four processes one gets it. It is killed: the others are refused until its lease is over, then one of them gets it."""
    first = [process(cloud, 3.0) for _ in range(4)]
    for each in first:
        tell(each)
    said = [hear(each) for each in first]
    assert sorted(said) == ["held", "refused", "refused", "refused"]
    winner = first[said.index("held")]
    time.sleep(3.5)  # longer than a lease: it is renewed
    second = [process(cloud, 3.0) for _ in range(3)]
    tell(second[0])
    assert hear(second[0]) == "refused"
    winner.send_signal(signal.SIGKILL)
    winner.wait()
    killed = time.monotonic()
    while not takes(LeasePen(cloud.store())):
        assert time.monotonic() - killed < 4
        time.sleep(0.05)
    for each in second[1:]:
        tell(each)
    said = [hear(each) for each in second[1:]]
    assert sorted(said) == ["held", "refused"]
    last = second[1:][said.index("held")]
    tell(last)
    assert hear(last) == "confirmed"
    for each in (*first, *second):
        if each is not winner:
            assert each.wait(10) == 0
    assert takes(LeasePen(cloud.store()))


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("status", [500, None])
def test_a_lost_answer_is_no_answer(cloud: Cloud, wire: Wire, after: bool, status: int | None) -> None:
    """The service did it and said 500, or nothing; asked again it says that the object has changed. Whose bytes count."""
    pen = LeasePen(cloud.store(wire.address))
    fault = wire.fail("PUT", KEY, 1, after=after, status=status)
    with pen.hold() as held:
        assert fault.seen == 1
        fault.seen = 0
        held.confirm()
        assert fault.seen == 1
        held.confirm()
        assert not takes(LeasePen(cloud.store()))
        fault.seen = 0
    assert fault.seen == 1
    assert takes(LeasePen(cloud.store()))


def hasty(cloud: Cloud, wire: Wire) -> BucketStore:
    """Return a store that does not ask again."""
    return BucketStore(
        S3Store(
            cloud.name, endpoint=wire.address, region="us-east-1", virtual_hosted_style_request=False,
            client_options={"allow_http": True}, retry_config={"max_retries": 0},
        )
    )  # fmt: skip


def test_a_service_that_is_away(cloud: Cloud, wire: Wire) -> None:
    """Nobody can tell who holds the pen: that is StoreUnavailable, before the work and before a commit; later it goes on."""
    fault = wire.fail("PUT", KEY, 1000)
    with pytest.raises(StoreUnavailable), LeasePen(hasty(cloud, wire)).hold():
        pass
    fault.times = 0
    with LeasePen(hasty(cloud, wire)).hold() as held:
        fault.times = 1000
        with pytest.raises(StoreUnavailable):
            held.confirm()
        fault.times = 0
        held.confirm()


def test_a_write_that_arrives_late_is_known_as_our_own(cloud: Cloud, wire: Wire) -> None:
    """A renewal whose answer and whose first reading failed, and that was done all the same, loses nobody the pen."""
    with LeasePen(hasty(cloud, wire)).hold() as held:
        wire.fail("PUT", KEY, 1, after=True)
        reading = wire.fail("GET", KEY, 1)
        with pytest.raises(StoreUnavailable):
            held.confirm()
        assert reading.seen == 1
        held.confirm()
    assert takes(LeasePen(cloud.store()))


def test_a_pen_that_was_removed_is_lost(store: BucketStore) -> None:
    """Someone who takes the object away takes the pen away."""
    with LeasePen(store).hold() as held:
        store.delete([KEY])
        with pytest.raises(Conflict):
            held.confirm()
    assert takes(LeasePen(store))


def test_a_service_without_if_match_is_named(cloud: Cloud, wire: Wire) -> None:
    """One that refuses every swap cannot keep a pen: that is said, and is not called another's fault."""
    with LeasePen(hasty(cloud, wire)).hold() as held:
        wire.fail("PUT", KEY, 1000, status=412)
        with pytest.raises(StoreError, match="If-Match"):
            held.confirm()


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"holder": 1}', b"\xff"])
def test_an_object_that_is_no_pen(store: BucketStore, data: bytes) -> None:
    """It is not overwritten; the message says what to do."""
    store.put(KEY, data)
    with pytest.raises(StoreError, match="remove it"), LeasePen(store).hold():
        pass
    assert store.get(KEY) == data


def test_what_the_object_says(store: BucketStore) -> None:
    """People can read who writes, and until when."""
    with LeasePen(store).hold():
        found = json.loads(store.get(KEY))
        assert datetime.now(UTC) < datetime.fromisoformat(found["until"]) <= datetime.now(UTC) + LEASE
        assert "process" in found["who"]
        assert len(found["holder"]) == 32
    assert json.loads(store.get(KEY))["holder"] is None
