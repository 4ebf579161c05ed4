"""Overload and rude clients, on a real process: memory stays bounded, refusals are told, and Telegram is still served."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import resource
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.canaries import WEBHOOK_SECRET
from tests.capture.capture_oracle import read_lake
from tests.capture.guarded import Guarded, Nursery, nursery, request, status_of, total

from telelake import serve
from telelake.capture import connection as connection_module
from telelake.capture.connection import Connections, Limits, descriptors_for
from telelake.capture.poll import PollBot, Poller
from telelake.capture.receive import Receiver
from telelake.errors import SettingsError
from telelake.serve import GRACE_SECONDS
from telelake.settings import Capture, load
from telelake.stores.objects import DirectoryStore
from telelake.telegram.client import Fetched

MIB = 1 << 20
HEAD = b"POST /telegram/support HTTP/1.1\r\nHost: t\r\nX-Telegram-Bot-Api-Secret-Token: "


@pytest.fixture(scope="module")
def processes() -> Iterator[Nursery]:
    with nursery() as made:
        yield made


def delivered(server: Guarded, number: int) -> bool:
    """Deliver one update over a new connection, as Telegram does, and return whether it was taken."""
    with server.connect() as connection:
        connection.sendall(request(b'{"update_id":%d}' % number))
        return status_of(connection) == 200


def ended(connection: socket.socket, seconds: float) -> bool:
    """Return whether the other side ends a connection in time."""
    connection.settimeout(seconds)
    try:
        while connection.recv(65536):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        pass
    return True


@contextmanager
def half_open(server: Guarded, count: int, data: bytes = b"POST /tele") -> Iterator[list[socket.socket]]:
    """Hold connections whose headers never end."""
    with ExitStack() as stack:
        made = []
        for _ in range(count):
            made.append(stack.enter_context(server.connect()))
            made[-1].sendall(data)
        yield made


@dataclass
class Flood:
    """What too many large bodies brought."""

    statuses: Counter[int] = field(default_factory=Counter)
    kept: list[bytes] = field(default_factory=list)
    """How those began that were 200."""
    grown: int = 0
    """Bytes of memory, at most, beyond those of the idle process."""


PENDING, BODY, SENDERS = 16 * MIB, MIB, 240
# What may wait, a batch's copy, what the sockets' own buffers hold, and the sealer's turn.
ENOUGH = PENDING + 8 * MIB + SENDERS * 320 * 1024 + 40 * MIB


def flood(server: Guarded, turns: int) -> Flood:
    """Post fifteen times more at once than may wait."""
    found = Flood()
    before = server.memory("VmRSS")
    filler = random.Random(4).randbytes(BODY)

    async def sender(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for turn in range(turns):
            begin = b"%06d" % (number * 100 + turn)
            writer.write(request(begin + filler))
            head = await reader.readuntil(b"\r\n\r\n")
            status = int(head.split(None, 2)[1])
            found.statuses[status] += 1
            if status == 200:
                found.kept.append(begin)
            else:
                assert b"retry-after: 5\r\n" in head
        writer.close()

    async def all_of_them() -> None:
        await asyncio.gather(*(sender(number) for number in range(SENDERS)))

    asyncio.run(all_of_them())
    found.grown = server.memory("VmHWM") - before
    return found


@pytest.mark.slow
def test_far_too_much_is_refused_within_bounded_memory(processes, tmp_path):
    """With a slow disk and fifteen times more large bodies than may wait: memory stays bounded, the rest is 503 with
    Retry-After, what was 200 is stored and nothing else, and afterwards all is taken again by itself."""
    server = processes.start(
        tmp_path, sync_seconds=0.15, max_pending_bytes=PENDING, seal_bytes=4 * MIB, seal_seconds=60
    )
    found = flood(server, 2)
    assert set(found.statuses) == {200, 503}, found.statuses
    assert found.grown < ENOUGH, f"{found.grown / MIB:.0f} MiB"
    assert delivered(server, 1), "it does not recover by itself"
    server.stop()
    counted = server.counted()
    assert counted is not None
    assert total(counted, "telelake_stored_total") == found.statuses[200] + 1
    assert counted['telelake_rejected_total{reason="unavailable"}'] == found.statuses[503]
    stored = sorted(body[:6] for body in read_lake(tmp_path / "home").bodies.values() if len(body) > 100)
    assert stored == sorted(found.kept)
    print(f"{dict(found.statuses)}, {found.grown / MIB:.0f} MiB more, of {ENOUGH / MIB:.0f}")


@pytest.mark.slow
def test_without_the_bound_memory_grows(processes, tmp_path):
    """The twin: when whatever comes may wait, the same flood takes more memory than the test above allows."""
    server = processes.start(
        tmp_path, sync_seconds=0.15, sabotage="what waits has no bound", seal_bytes=4 * MIB, seal_seconds=60
    )
    assert flood(server, 1).grown > ENOUGH


def test_a_disk_that_is_full_for_long_refuses_all_and_leaves_nothing_behind(processes, tmp_path):
    """Hundreds of refusals: each 503, unhealthy, no file left over; with room again all is taken, and the counts are exact."""
    server = processes.start(tmp_path, seal_seconds=60)
    assert delivered(server, 0)
    (tmp_path / "full").touch()
    with server.connect() as connection:
        for number in range(1, 301):
            connection.sendall(request(b'{"update_id":%d}' % number))
            assert status_of(connection) == 503
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n")
        assert status_of(connection) == 503
        assert len(list((tmp_path / "state" / "journal").glob("*.journal"))) <= 2
        (tmp_path / "full").unlink()
        for number in range(301, 310):
            connection.sendall(request(b'{"update_id":%d}' % number))
            assert status_of(connection) == 200
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n")
        assert status_of(connection) == 200
    server.stop()
    counted = server.counted()
    assert counted is not None
    assert counted['telelake_rejected_total{reason="unavailable"}'] == counted["telelake_journal_failures_total"] == 300
    assert total(counted, "telelake_stored_total") == 10 == len(read_lake(tmp_path / "home").bodies)


@pytest.mark.parametrize("sabotage", ["nobody is cut off", None])
def test_without_the_sweep_nobody_is_cut_off(processes, tmp_path, sabotage):
    """The twin of the deadlines: with the sweep taken out, half a header stays."""
    server = processes.start(tmp_path, sabotage=sabotage, header_seconds=0.3)
    with server.connect() as connection:
        connection.sendall(HEAD)
        assert ended(connection, 1.5) is (sabotage is None)


def test_without_giving_way_telegram_is_kept_out(processes, tmp_path):
    """The twin of the bound: when nobody gives way, a few half-open connections are enough to have deliveries refused."""
    server = processes.start(tmp_path, sabotage="nobody gives way", open_connections=16, header_seconds=60)
    with half_open(server, 20), server.connect() as telegram:
        assert b" 503 " in telegram.recv(1000)


def test_a_body_larger_than_what_may_wait_is_taken_when_nothing_waits(tmp_path):
    """Polled updates that are each larger than `max_pending_bytes` are stored one by one, and not fetched for ever."""
    bodies = [b'{"update_id":%d,"message":{"text":"%s"}}' % (number, b"x" * 3000) for number in range(5)]
    fetched: list[int | None] = []

    class Updates:
        def get_updates(self, offset: int | None, *, kinds: object, seconds: int) -> list[Fetched]:
            fetched.append(offset)
            return [] if offset else [Fetched(number, body) for number, body in enumerate(bodies)]

    async def poll() -> Receiver:
        receiver = Receiver(
            tmp_path / "state", DirectoryStore(tmp_path / "home"), ZoneInfo("UTC"), Capture(max_pending_bytes=2000)
        )
        await receiver.start()
        polling = asyncio.create_task(Poller(receiver, PollBot("support", 7, Updates()), seconds=0).run())
        while not any(fetched):
            await asyncio.sleep(0.02)
        polling.cancel()
        await receiver.close()
        return receiver

    asyncio.run(asyncio.wait_for(poll(), 20))
    assert set(read_lake(tmp_path / "home").bodies.values()) == set(bodies)
    assert fetched[:3] == [None, None, 5]


def test_headers_that_never_end_are_cut_off(processes, tmp_path):
    """Silence, half a header, a header byte by byte, and line breaks without end: each is closed at the deadline, not before."""
    server = processes.start(tmp_path, header_seconds=0.6)
    with ExitStack() as stack:
        silent, half, dribbling, breaks, again = (stack.enter_context(server.connect()) for _ in range(5))
        half.sendall(HEAD)
        again.sendall(request(b'{"update_id":1}'))
        assert status_of(again) == 200
        again.sendall(HEAD)
        request_line = itertools.chain((b"P", b"O", b"S", b"T", b" ", b"/"), itertools.repeat(b"x"))
        began = time.monotonic()
        with pytest.raises(OSError):  # a pipe or a reset, as it happens
            while time.monotonic() - began < 5:
                dribbling.sendall(next(request_line))
                breaks.sendall(b"\r\n")
                time.sleep(0.05)
        assert 0.4 < time.monotonic() - began < 2
        assert all(ended(each, 2) for each in (silent, half, breaks, again))
    assert delivered(server, 2)
    server.stop()
    counted = server.counted()
    assert counted is not None
    assert counted['telelake_connections_cut_total{reason="header_seconds"}'] == 5
    assert total(counted, "telelake_received_total") == 2


def test_an_idle_connection_of_telegram_is_left_alone(processes, tmp_path):
    """A connection that has had its answer may be silent for longer than headers may take: Telegram keeps some for a minute."""
    server = processes.start(tmp_path, header_seconds=0.2, body_seconds=0.2)
    with server.connect() as connection:
        for number in range(3):
            connection.sendall(request(b'{"update_id":%d}' % number))
            assert status_of(connection) == 200
            time.sleep(0.7)
    server.stop()
    assert "telelake_connections_cut_total" not in "".join(server.counted() or {})


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_never_ends_is_cut_off_and_counted(processes, tmp_path, chunked):
    """A body that dribbles past `body_seconds` is cut, gives its memory back, and is one rejected `slow`; nothing is stored."""
    server = processes.start(tmp_path, body_seconds=0.6)
    length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 50000"
    with server.connect() as connection, server.connect() as silent:
        silent.sendall(HEAD + WEBHOOK_SECRET.encode() + b"\r\nContent-Length: 10\r\n\r\n")
        connection.sendall(HEAD + WEBHOOK_SECRET.encode() + b"\r\n" + length + b"\r\n\r\n")
        began = time.monotonic()
        with pytest.raises(OSError):
            while time.monotonic() - began < 5:
                connection.sendall(b"1\r\nx\r\n" if chunked else b"x")
                time.sleep(0.02)
        assert 0.4 < time.monotonic() - began < 2
        assert ended(silent, 2)
    assert delivered(server, 1)
    server.stop()
    counted = server.counted()
    assert counted is not None
    assert counted['telelake_rejected_total{reason="slow"}'] == 2
    assert (total(counted, "telelake_received_total"), total(counted, "telelake_stored_total")) == (3, 1)
    assert len(read_lake(tmp_path / "home").bodies) == 1


def test_a_handshake_that_never_ends_is_cut_off(tmp_path, monkeypatch):
    """Where the port speaks TLS itself, a client that says nothing holds no connection for long."""
    chain, key = tmp_path / "own.pem", tmp_path / "own.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key,
         "-out", chain, "-days", "2", "-subj", "/CN=localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    monkeypatch.setattr(connection_module, "HANDSHAKE_SECONDS", 0.4)

    async def app(scope: dict, receive: Callable, send: Callable) -> None:
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})

    with serve.listen("127.0.0.1", 0, "capture.port") as bound:
        port = bound.getsockname()[1]
        server = serve._server(app, ssl_certfile=chain, ssl_keyfile=key)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            with socket.create_connection(("127.0.0.1", port)) as silent:
                assert ended(silent, 3)
        finally:
            server.should_exit = True
            thread.join(20)


def test_headers_that_are_too_large_are_refused(processes, tmp_path):
    """More than 64 KiB of headers are 431 and closed, whether or not they would ever end; a long address below it is served."""
    server = processes.start(tmp_path)
    with server.connect() as connection:
        connection.sendall(b"GET /?" + b"x" * 50_000 + b" HTTP/1.1\r\nHost: t\r\n\r\n")
        assert status_of(connection) == 404
    with server.connect() as connection:
        answer = b""
        try:
            connection.sendall(b"GET /")
            for _ in range(200):
                connection.sendall(b"x" * 8192)
                time.sleep(0.002)
        except OSError:
            pass
        try:
            answer = connection.recv(1000)
        except ConnectionResetError:
            answer = b"reset"
        assert answer == b"reset" or answer.startswith(b"HTTP/1.1 431 ")
    assert server.memory() < 200 * MIB
    server.stop()
    counted = server.counted()
    assert counted is not None
    assert counted['telelake_connections_cut_total{reason="header_bytes"}'] == 1


def test_thousands_of_requests_at_once_take_no_memory(processes, tmp_path):
    """A few requests in one piece are answered; a connection with thousands is cut off before they are all unpacked."""
    server = processes.start(tmp_path)
    one = b"GET /bot HTTP/1.1\r\nHost: t\r\n\r\n"
    with server.connect() as few:
        few.sendall(one * 10)
        answers = b""
        while answers.count(b"404") < 10:
            answers += few.recv(65536)
    before = server.memory("VmRSS")
    for _ in range(10):
        with server.connect() as many, suppress(OSError):
            many.sendall(one * 20_000)
            assert ended(many, 5)
    assert delivered(server, 1)
    assert server.memory() - before < 40 * MIB
    server.stop()
    counted = server.counted()
    assert counted is not None
    assert counted['telelake_connections_cut_total{reason="pipelined"}'] == 10


def test_requests_before_it_are_no_part_of_a_requests_headers(processes, tmp_path):
    """Ten requests and half of another in one piece, of 70 KB together: none has headers that are too large."""
    server = processes.start(tmp_path)
    one = b"GET /bot?" + b"x" * 7000 + b" HTTP/1.1\r\nHost: t\r\n\r\n"
    with server.connect() as connection:
        connection.sendall(one * 10 + one[:3500])
        time.sleep(0.3)
        connection.sendall(one[3500:])
        answers = b""
        while answers.count(b" 404 ") < 11:
            more = connection.recv(65536)
            assert more, answers
            answers += more


@contextmanager
def downloads(limits: Limits) -> Iterator[tuple[Connections, Callable[[], socket.socket]]]:
    """Serve answers of 128 MiB; yield the server's connections, and what begins one download."""

    async def app(scope: dict, receive: Callable, send: Callable) -> None:
        if scope["type"] == "lifespan":
            for step in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{step}.complete"})
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number in range(2048):
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": number < 2047})

    connections = Connections(limits)
    with serve.listen("127.0.0.1", 0, "capture.port") as bound, ExitStack() as stack:
        server = serve._server(app, http=connections.protocol)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()

        def begin() -> socket.socket:
            made = stack.enter_context(socket.create_connection(bound.getsockname(), 20))
            made.sendall(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
            return made

        try:
            yield connections, begin
        finally:
            stack.close()
            server.should_exit = True
            thread.join(20)


def test_who_never_reads_is_cut_off_and_a_slow_download_is_not():
    """Nothing read for the deadline is the end; a little now and then is not, though our own share of it stands still."""
    with downloads(Limits(5.0, 0.5, 16)) as (connections, begin):
        slow, never = begin(), begin()
        ends = time.monotonic() + 4
        read = 0
        while time.monotonic() < ends:
            read += len(slow.recv(32_768))
            time.sleep(0.05)
        assert (connections.cut, connections.open) == ({"unread": 1}, 1)
        assert 100_000 < read < 4 * MIB
        never.setblocking(True)
        assert ended(never, 5)


def test_who_never_reads_gives_way_to_a_newcomer(monkeypatch):
    """At the bound the newcomer waits for no deadline; one who reads is not put out for him, and the last resort is 503."""
    monkeypatch.setattr(connection_module, "_UNREAD_SECONDS", 1.5)
    with downloads(Limits(5.0, 60.0, 4)) as (connections, begin):
        slow, *_ = [begin() for _ in range(4)]
        assert begin().recv(12) == b"HTTP/1.1 503"
        ends = time.monotonic() + 2.5
        while time.monotonic() < ends:
            assert slow.recv(262_144)
            time.sleep(0.05)
        assert begin().recv(12) == b"HTTP/1.1 200"
        assert connections.cut == {"refused": 1, "crowded": 1}
        assert slow.recv(1) == b"x"
        time.sleep(0.2)
        assert slow.recv(65536)


@pytest.mark.slow
def test_thousands_of_half_open_connections_do_not_keep_telegram_out(processes, tmp_path):
    """While 3,000 connections are opened and never ask, each delivery is taken at once, on old and on new connections."""
    wanted = 3000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, wanted + 500)), hard))
    server = processes.start(tmp_path, open_connections=200, header_seconds=60)
    with server.connect() as telegram, ExitStack() as stack:
        for number in range(wanted):
            stack.enter_context(server.connect()).sendall(b"POST /tele" if number % 2 else b"")
            if number % 100 == 99:
                telegram.sendall(request(b'{"update_id":%d}' % number))
                assert status_of(telegram) == 200
                assert delivered(server, 10_000 + number)
        descriptors = len(list(Path(f"/proc/{server.pid}/fd").iterdir()))
        assert descriptors < 200 + 60
    server.stop()
    counted = server.counted()
    assert counted is not None
    assert counted['telelake_connections_cut_total{reason="crowded"}'] >= wanted - 200
    assert total(counted, "telelake_stored_total") == 2 * wanted // 100


def test_when_all_are_at_work_a_newcomer_is_told(processes, tmp_path):
    """With every connection in the middle of an authenticated body, a newcomer gets 503 and Retry-After; idle ones give way."""
    server = processes.start(tmp_path, open_connections=16, body_seconds=20)
    begun = HEAD + WEBHOOK_SECRET.encode() + b"\r\nContent-Length: 15\r\n\r\n"
    with ExitStack() as stack:
        idle = stack.enter_context(server.connect())
        idle.sendall(request(b'{"update_id":1}'))
        assert status_of(idle) == 200
        busy = []
        for _ in range(16):  # the last one takes the place of the idle one
            busy.append(stack.enter_context(server.connect()))
            busy[-1].sendall(begun)
            time.sleep(0.01)
        assert ended(idle, 2)
        with server.connect() as newcomer:
            answer = newcomer.recv(1000)
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b"retry-after: 5\r\n" in answer
        for each in busy:
            each.sendall(b'{"update_id":2}')
            assert status_of(each) == 200
    server.stop()
    counted = server.counted()
    assert counted is not None
    assert counted['telelake_connections_cut_total{reason="refused"}'] == 1
    assert counted['telelake_connections_cut_total{reason="crowded"}'] == 1
    assert total(counted, "telelake_stored_total") == 17


def test_sigterm_drains_in_the_stated_time(processes, tmp_path):
    """Half-open, idle, unfinished and waiting requests at SIGTERM: those that end within the grace are answered, all that
    were answered are sealed, and the process has ended soon after the grace."""
    server = processes.start(tmp_path, sync_seconds=0.3, seal_seconds=60)
    with half_open(server, 20), server.connect() as idle, server.connect() as late, server.connect() as never:
        idle.sendall(request(b'{"update_id":1}'))
        assert status_of(idle) == 200
        never.sendall(request(b'{"update_id":2}')[:-5])
        late.sendall(request(b'{"update_id":3}')[:-5])
        time.sleep(0.1)
        os.kill(server.pid, signal.SIGTERM)
        began = time.monotonic()
        time.sleep(1)
        late.sendall(b'd":3}'[-5:])
        assert status_of(late) == 200
        assert status_of(never) == 503
        server.gone(GRACE_SECONDS + 5)
        assert GRACE_SECONDS - 2 < time.monotonic() - began < GRACE_SECONDS + 3
    counted = server.counted()
    assert counted is not None
    assert (total(counted, "telelake_received_total"), total(counted, "telelake_stored_total")) == (3, 2)
    assert total(counted, "telelake_rejected_total") == 1
    assert sorted(read_lake(tmp_path / "home").bodies.values()) == [b'{"update_id":1}', b'{"update_id":3}']
    assert counted["telelake_journal_files"] == 0


def test_a_store_that_is_away_stops_nothing(processes, tmp_path):
    """While the raw folder cannot be written, bodies are taken and their age is told; when it is back, all is sealed."""
    server = processes.start(tmp_path, seal_seconds=0.02)
    blocked = tmp_path / "home" / "raw"
    blocked.parent.mkdir(exist_ok=True)
    blocked.write_text("a file where a folder should be")
    for number in range(30):
        assert delivered(server, number)
    time.sleep(0.3)
    assert not read_lake(tmp_path / "home").bodies
    blocked.unlink()
    ends = time.monotonic() + 20
    while len(read_lake(tmp_path / "home").bodies) < 30:
        assert time.monotonic() < ends
        time.sleep(0.05)
    server.stop()
    counted = server.counted()
    assert counted is not None
    assert counted["telelake_seal_failures_total"] > 0
    assert counted["telelake_sealed_records_total"] == counted["telelake_ack_seconds_count"] == 30


def test_a_body_that_could_never_be_taken_is_a_wrong_setting(tmp_path):
    """`max_pending_bytes` below `max_body_bytes` is refused at the start, with both numbers."""
    config = tmp_path / "telelake.toml"
    config.write_text("[capture]\nmax_pending_bytes = 100000\n")
    with pytest.raises(SettingsError, match=r"max_pending_bytes = 100000 is less than .*4194304"):
        load(config)


def test_connections_leave_room_for_files():
    """The process is allowed what it may have; half of it comes in at most, so that each has another that goes out."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        assert descriptors_for(1024) == 1024
        allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        assert allowed == (65_536 if hard == resource.RLIM_INFINITY else max(soft, min(hard, 65_536)))
        most = descriptors_for(1 << 30)
        allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        assert allowed == resource.RLIM_INFINITY or most <= (allowed - 256) / 2 or most == 1
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert Connections(Limits(1, 1, 16)).open == 0


def test_few_descriptors_are_shared_between_those_that_come_in_and_those_that_go_out(monkeypatch):
    """Where the process may open 1,024 files, 384 connections come in, and as many may go out."""
    monkeypatch.setattr(resource, "getrlimit", lambda which: (256, 1024))
    monkeypatch.setattr(resource, "setrlimit", lambda which, limits: None)
    assert descriptors_for(1024) == 384
