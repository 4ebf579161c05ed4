"""A failing disk: the Nth call of each kind fails, for N = 1, 2, … until a run passes untouched (SQLite's way).

A real capture process is attached by `strace`, which lets one system call fail; a client posts known bodies and posts a
refused one again, as Telegram does. Afterwards each 2xx has its record, once, to the byte; nothing is there that was never
posted; the figures of /metrics are the client's own counts; and no file whose write or sync failed was touched again.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import structlog
from tests.capture.capture_oracle import START, body_of, read_lake, verdict
from tests.capture.guarded import Guarded, Nursery, nursery, request, status_of, total
from tests.capture.serve_capture import ZONE

from telelake.capture import seal
from telelake.capture.counters import Counters
from telelake.capture.disk import Disk
from telelake.capture.frames import Entry
from telelake.capture.journal import Journal
from telelake.capture.receive import seal_now
from telelake.cli import machine
from telelake.errors import StoreUnavailable
from telelake.stores import objects
from telelake.stores.objects import open_store

CALLS = ("write", "fdatasync", "fsync", "openat", "link", "mkdir", "unlink", "getdents64", "newfstatat", "read")
ERRORS = ("ENOSPC", "EIO")
LONG = bool(os.environ.get("TELELAKE_TEST_LONG"))
BODIES = range(1, 15)
SETTINGS = {"seal_bytes": 1100, "seal_seconds": 0.03}
ONE_FILE = {"seal_bytes": 1 << 20, "seal_seconds": 60}

_OURS = re.compile(r"/(?:state/journal|home/)")

needs_strace = pytest.mark.skipif(
    not shutil.which("strace"), reason="strace is not installed; `make test` installs it where it can"
)


@dataclass
class Outcome:
    """What one run showed."""

    failed: str | None
    """The call that was made to fail; None when there was no Nth."""
    is_ours: bool = False
    """Whether it was a call on one of capture's files, not on a socket, a thread's wake-up or the test's own."""
    answers: Counter[int | None] = field(default_factory=Counter)
    """Statuses; None for a connection that broke."""
    wrong: list[str] = field(default_factory=list)
    """Promises that were broken."""


@pytest.fixture(scope="module")
def processes() -> Iterator[Nursery]:
    with nursery() as made:
        yield made


def post_until_taken(server: Guarded, answers: Counter[int | None]) -> list[int]:
    """Post each body until it is taken; return those that were."""
    taken = []
    connection: socket.socket | None = None
    for number in BODIES:
        for _ in range(40):
            try:
                if connection is None:
                    connection = server.connect()
                connection.sendall(request(body_of(number)))
                status = status_of(connection)
            except ConnectionRefusedError:
                return taken  # the process is gone
            except OSError:
                status = None
            answers[status] += 1
            if status == 200:
                taken.append(number)
                break
            if status is None and connection is not None:
                connection.close()
                connection = None
            time.sleep(0.005)
        if number % 4 == 0:
            time.sleep(0.04)  # the sealer gets its turn
    if connection is not None:
        connection.close()
    return taken


def fault(processes: Nursery, folder: Path, call: str, error: str, when: int, sabotage: str | None = None) -> Outcome:
    """Let the `when`th call fail, and return what became of it all."""
    server = processes.start(folder, sabotage=sabotage, **(SETTINGS if sabotage is None else ONE_FILE))
    trace = folder / "trace"
    # The journal's thread and the sealer's; the serving loop's own calls are on sockets.
    threads = [name for task in Path(f"/proc/{server.pid}/task").iterdir() if (name := task.name) != str(server.pid)]
    tracer = subprocess.Popen(
        ["strace", "-y", "-s", "0", *(f"--attach={thread}" for thread in threads), "-o", str(trace), "-e",
         f"trace={','.join({'write', 'fdatasync', 'fsync', 'link', call})}", "-e", f"inject={call}:error={error}:when={when}"],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert tracer.stderr is not None
    for _ in threads:
        assert "attached" in tracer.stderr.readline()
    answers: Counter[int | None] = Counter()
    taken = post_until_taken(server, answers)
    server.stop()
    tracer.wait(20)
    tracer.stderr.close()

    lines = trace.read_text(errors="replace").splitlines()
    # strace counts each thread's calls, so several threads may have an Nth one.
    places = [number for number, line in enumerate(lines) if "(INJECTED)" in line]
    if not places:
        return Outcome(None)
    failed = " and ".join(lines[place][-160:] for place in places)
    found = Outcome(failed, is_ours=all(_OURS.search(lines[place]) for place in places), answers=answers)
    seal_now(folder / "state", open_store(str(folder / "home")), ZONE)
    lake = read_lake(folder / "home")
    for what, count in verdict(lake, BODIES, taken).items():
        if count:
            found.wrong.append(f"{count} {what}")
    found.wrong += [line for place in places for line in touched_again(lines, place)]
    if found.is_ours:
        if len(taken) < len(BODIES):
            found.wrong.append(f"only {len(taken)} bodies were ever taken")
        found.wrong += miscounted(server, answers, len(lake.bodies), len(lake.quarantined))
    return found


def touched_again(lines: list[str], place: int) -> list[str]:
    """Return the calls that write or sync a file behind its failed write or sync.

    A folder can only be synced again. A segment's file may be written when it is closed, and is then removed.
    """
    target = re.search(r" (?:write|fdatasync|fsync)\(\d+<(/[^>]*)>", lines[place])
    if target is None or not re.search(r"\.journal$|/\.tmp/", target[1]):
        return []
    calls = "fdatasync|fsync" if "/.tmp/" in target[1] else "write|fdatasync|fsync"
    again = re.compile(rf" (?:{calls})\(\d+<{re.escape(target[1])}>|link\(\"{re.escape(target[1])}\"")
    return [f"touched again: {line}" for line in lines[place + 1 :] if again.search(line)]


def miscounted(server: Guarded, answers: Counter[int | None], records: int, quarantined: int) -> list[str]:
    """Return what /metrics counts otherwise than the client did, or than what lies in the lake."""
    counted = server.counted()
    if counted is None:
        return ["the process did not end in order"]
    refused = counted.get('telelake_rejected_total{reason="unavailable"}', 0)
    expected = {
        "received": (total(counted, "telelake_received_total"), answers.total()),
        "stored": (total(counted, "telelake_stored_total"), answers[200]),
        "unavailable": (int(refused), answers[503]),
        "acknowledged": (int(counted["telelake_ack_seconds_count"]), answers[200]),
        "rejected": (total(counted, "telelake_rejected_total"), answers.total() - answers[200]),
    }
    if counted["telelake_journal_files"] == 0:  # all that is in the lake was sealed by this process
        expected["sealed"] = (int(counted["telelake_sealed_records_total"]), records)
        expected["quarantined"] = (int(counted["telelake_quarantined_total"]), quarantined)
    return [f"{name}: {told}, not {truth}" for name, (told, truth) in expected.items() if told != truth]


def enumerate_faults(processes: Nursery, folder: Path, call: str, error: str, limit: int) -> tuple[int, int, list[str]]:
    """Fail call 1, 2, … until a run passes untouched; return runs, runs that hit our own files, and what went wrong."""
    ours, wrong = 0, []
    for when in range(1, limit + 1):
        run = folder / f"{call}-{error}-{when}"
        found = fault(processes, run, call, error, when)
        if found.failed is None:
            return when - 1, ours, wrong
        ours += found.is_ours
        wrong += [f"{call} {error} when={when}: {what} ({found.failed})" for what in found.wrong]
        shutil.rmtree(run)
    return limit, ours, wrong


@needs_strace
@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("call", CALLS)
def test_a_call_that_fails_costs_nothing_that_was_acknowledged(processes, tmp_path, call):
    """Fail the Nth call, in turn with a full disk and an I/O error: no loss, no forgery, exact counts, no file touched again."""
    runs = 0
    for turn, error in enumerate(ERRORS):
        if LONG:
            count, ours, wrong = enumerate_faults(processes, tmp_path, call, error, 400)
            assert count < 400, "no run passed untouched"
            assert wrong == []
            print(f"{call} {error}: {count} runs, {ours} of them on capture's own files")
            runs += count
            continue
        for when in (1 + 2 * turn, 7 + 4 * turn):
            found = fault(processes, tmp_path / f"{error}-{when}", call, error, when)
            runs += found.failed is not None
            assert found.wrong == [], (call, error, when, found.failed)
    assert runs > 1, "nothing was made to fail"


@needs_strace
@pytest.mark.parametrize(
    ("sabotage", "seen"),
    [("a file that failed is used again", "touched again"), ("refusals are not counted", "unavailable: 0, not 1")],
)
def test_the_check_sees_what_it_looks_for(processes, tmp_path, sabotage, seen):
    """With the guarded line taken out, a failed sync is followed by a write to the same file, and a refusal by no count."""
    found = fault(processes, tmp_path / "run", "fdatasync", "EIO", 3, sabotage)
    assert any(seen in each for each in found.wrong), found


@needs_strace
def test_capture_starts_on_a_full_disk(tmp_path):
    """That the lock cannot hold the process number keeps nobody from sealing what is there, and from asking for room."""
    traced = ["strace", "-f", "-o", str(tmp_path / "trace"), "-e", "trace=ftruncate,pwrite64"]
    for call in ("ftruncate", "pwrite64"):
        traced += ["-e", f"inject={call}:error=ENOSPC"]
    process = subprocess.Popen(
        [*traced, sys.executable, str(Path(__file__).with_name("serve_capture.py")), str(tmp_path)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    port, pid = map(int, process.stdout.readline().split())
    try:
        server = Guarded(port, pid, tmp_path)
        with server.connect() as connection:
            connection.sendall(request(body_of(1), "serve-capture-secret"))
            assert status_of(connection) == 200
    finally:
        os.kill(pid, signal.SIGTERM)
        process.wait(30)
        process.stdout.close()
    assert "(INJECTED)" in (tmp_path / "trace").read_text()
    assert len(read_lake(tmp_path / "home").bodies) == 1


class Once:
    """Fails the first time."""

    def __init__(self, then: Callable[..., Any]) -> None:
        self.then = then
        self.calls: list[Any] = []

    def __call__(self, *given: Any) -> Any:
        self.calls.append(given[-1])
        if len(self.calls) == 1:
            raise OSError(5, "Input/output error")
        return self.then(*given)


def test_a_folder_whose_entry_was_not_synced_is_made_again(tmp_path, monkeypatch):
    """The journal's folders and the store's: after a failed sync the next attempt syncs the entry, and does not find it made."""
    disk = Disk()
    disk.sync_folder = Once(disk.sync_folder)
    stored = Once(objects.sync_folder)
    monkeypatch.setattr(objects, "sync_folder", stored)
    for make, syncs in (
        (lambda: disk.make_folder(tmp_path / "state" / "journal"), disk.sync_folder),
        (lambda: objects.make_folders(tmp_path / "raw" / "bot=1", tmp_path), stored),
    ):
        with pytest.raises(OSError, match="Input/output"):
            make()
        make()
        assert syncs.calls[0] == syncs.calls[1] == tmp_path
    assert (tmp_path / "state" / "journal").is_dir()
    assert (tmp_path / "raw" / "bot=1").is_dir()


def test_no_body_is_blamed_for_a_disk_that_fails(tmp_path, monkeypatch):
    """When telelake's own tables cannot be loaded at the moment of sealing, updates wait, and are updates afterwards."""
    journal = Journal(tmp_path / "journal", seal_bytes=1)
    journal.append([Entry(START * 1_000_000, 7, "webhook", b'{"update_id":1}')])
    store = objects.DirectoryStore(tmp_path / "home")
    counters = Counters()
    monkeypatch.setattr(seal.form, "mark", Once(seal.form.mark))
    with pytest.raises(StoreUnavailable, match="own files cannot be read"):
        seal.seal_all(journal, store, ZONE, counters)
    assert len(journal.closed()) == 1
    seal.seal_all(journal, store, ZONE, counters)
    journal.close()
    assert (counters.sealed_records, counters.quarantined) == (1, 0)


def test_a_file_that_is_gone_is_counted_though_its_folder_could_not_be_synced(tmp_path):
    """Nobody will see the file again, so its records count now; they are counted once."""
    disk = Disk()
    journal = Journal(tmp_path / "journal", seal_bytes=1, disk=disk)
    journal.append([Entry(START * 1_000_000, 7, "webhook", b'{"update_id":1}')])
    disk.sync_folder = Once(disk.sync_folder)
    counters = Counters()
    with pytest.raises(StoreUnavailable, match="cannot be removed"):
        seal.seal_all(journal, objects.DirectoryStore(tmp_path / "home"), ZONE, counters)
    seal.seal_all(journal, objects.DirectoryStore(tmp_path / "home"), ZONE, counters)
    journal.close()
    assert (counters.sealed_files, counters.sealed_records) == (1, 1)


def test_a_log_that_cannot_be_written_stops_no_thread(monkeypatch):
    """The log goes to stderr, which may be a file on the disk that is full, or closed."""
    full = io.TextIOWrapper(io.FileIO("/dev/full", "w"), write_through=True)
    monkeypatch.setattr(sys, "stderr", full)
    with pytest.raises(OSError, match="No space left"):
        sys.stderr.write("x")
    before = structlog.get_config()
    machine._log_to_stderr()
    try:
        structlog.get_logger("telelake.test").error("sealing failed")
        full.close()
        structlog.get_logger("telelake.test").error("sealing failed again")
    finally:
        structlog.configure(**before)
