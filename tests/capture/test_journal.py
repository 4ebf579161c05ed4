"""The journal: what `append` returned from can be read back, whatever happens to the file around it."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telelake.capture.disk import Disk
from telelake.capture.frames import Entry, FileName, Report, encode, read, size
from telelake.capture.journal import Journal, backlog
from telelake.errors import Conflict, StoreUnavailable

BIG = 1 << 30
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def entries(count: int, seed: int = 1) -> list[Entry]:
    rng = random.Random(seed)
    return [
        Entry(1_763_712_000_000_000 + n, 7 + n % 2, "webhook", rng.randbytes(rng.randrange(0, 60)))
        for n in range(count)
    ]


def contents(records) -> list[Entry]:
    return [Entry((r.received_at - EPOCH) // timedelta(microseconds=1), r.bot_id, r.source, r.body) for r in records]


def write_file(folder: Path, given: list[Entry]) -> tuple[Path, list[int]]:
    """Write entries through a Journal; return the file and the offsets at which frames end."""
    journal = Journal(folder, seal_bytes=BIG)
    for start in range(0, len(given), 3):
        journal.append(given[start : start + 3])
    journal.rotate()
    (path,) = journal.closed()
    journal.close()
    ends, end = [], 0
    for entry in given:
        end += size(entry)
        ends.append(end)
    assert path.stat().st_size == end
    return path, ends


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    given_entries=st.lists(
        st.builds(
            Entry, st.integers(0, 2**52), st.integers(0, 2**62), st.sampled_from(["webhook", "poll"]), st.binary(max_size=300)
        ),
        min_size=1, max_size=20,
    ),
    batch=st.integers(1, 7),
)  # fmt: skip
def test_round_trip(tmp_path_factory, given_entries, batch):
    """Whatever bytes are appended, in whatever batches, come back once each, under distinct ids."""
    journal = Journal(tmp_path_factory.mktemp("journal"), seal_bytes=500)
    for start in range(0, len(given_entries), batch):
        journal.append(given_entries[start : start + batch])
    journal.rotate()
    report = Report()
    found = [record for path in journal.closed() for record in read(path, report)]
    journal.close()
    assert sorted(contents(found)) == sorted(given_entries)
    assert len({record.record_id for record in found}) == len(found)
    assert (report.records, report.damaged_frames, report.damaged_bytes) == (len(found), 0, 0)


def test_a_file_cut_anywhere_loses_only_what_was_cut(tmp_path):
    """Cut at every byte: all records that are whole come back, and the torn tail is counted to the byte."""
    given_entries = entries(25)
    path, ends = write_file(tmp_path / "whole", given_entries)
    data = path.read_bytes()
    target = tmp_path / path.name
    for cut in range(len(data) + 1):
        target.write_bytes(data[:cut])
        whole = sum(end <= cut for end in ends)
        report = Report()
        assert contents(read(target, report)) == given_entries[:whole], cut
        torn = cut - (ends[whole - 1] if whole else 0)
        assert (report.records, report.torn_bytes, report.damaged_bytes) == (whole, torn, torn)
        assert report.damaged_frames == (1 if torn else 0)


def flip_bits(folder: Path, files: int, seed: int) -> int:
    """Flip random bits in so many copies of a file, check what comes back of each, and return how many records were hit."""
    given_entries = entries(30, seed=2)
    path, ends = write_file(folder / "whole", given_entries)
    data = path.read_bytes()
    target = folder / path.name
    rng = random.Random(seed)
    lost = 0
    for attempt in range(files):
        damaged = bytearray(data)
        flips = {rng.randrange(len(data) * 8) for _ in range(rng.choice((1, 1, 1, 2, 5)))}
        for flip in flips:
            damaged[flip // 8] ^= 1 << (flip % 8)
        hit = {next(n for n, end in enumerate(ends) if flip // 8 < end) for flip in flips}
        target.write_bytes(damaged)
        report = Report()
        found = contents(read(target, report))
        wanted = [entry for n, entry in enumerate(given_entries) if n not in hit]
        assert found == wanted, (seed, attempt)
        assert report.damaged_bytes == sum(size(given_entries[n]) for n in hit), (seed, attempt)
        # Behind the last intact record a lost marker hides a frame: there the count is a lower bound.
        last = max(n for n in range(len(given_entries)) if n not in hit)
        inside = sum(n < last for n in hit)
        assert inside + (len(hit) > inside) <= report.damaged_frames <= len(hit), (seed, attempt)
        lost += len(hit)
    return lost


def test_flipped_bits_cost_the_records_they_hit_and_no_other(tmp_path):
    """Ten thousand flipped bits, each in a file of its own or some together: untouched records come back, damage is counted."""
    assert flip_bits(tmp_path, 5000, random.randrange(1 << 32)) >= 5000


def test_overwritten_stretches_cost_what_they_cover(tmp_path):
    """A stretch of zeros or noise, as a bad sector leaves it, costs what it covers; the lost records are counted exactly."""
    given_entries = entries(30, seed=3)
    path, ends = write_file(tmp_path / "whole", given_entries)
    data = path.read_bytes()
    target = tmp_path / path.name
    rng = random.Random(3)
    for _ in range(500):
        start = rng.randrange(0, ends[-2] - 1)
        stop = min(ends[-2], start + rng.randrange(1, 300))
        noise = bytes(stop - start) if rng.random() < 0.5 else rng.randbytes(stop - start)
        damaged = data[:start] + noise + data[stop:]
        target.write_bytes(damaged)
        begins = [0, *ends[:-1]]
        hit = {
            n for n, (begin, end) in enumerate(zip(begins, ends, strict=True)) if data[begin:end] != damaged[begin:end]
        }
        report = Report()
        assert contents(read(target, report)) == [entry for n, entry in enumerate(given_entries) if n not in hit]
        assert report.damaged_frames == len(hit)


def test_a_body_cannot_forge_a_frame(tmp_path):
    """A body made of frames, even of the right format and checksum, is never read as records, damaged or not."""
    stranger = FileName.new()
    # At the very offset where it will lie: only the marker is left to guess.
    lies_at = 2 * size(Entry(1, 7, "webhook", b"before")) - len(b"before")
    forged = encode(stranger, [Entry(1, 666, "webhook", b"forged")] * 50, lies_at, 0)
    given_entries = [
        Entry(1, 7, "webhook", b"before"),
        Entry(2, 7, "webhook", forged),
        Entry(3, 7, "webhook", b"after"),
    ]
    path, ends = write_file(tmp_path / "whole", given_entries)
    assert contents(read(path, Report())) == given_entries
    data = bytearray(path.read_bytes())
    data[ends[0] + 18] ^= 1
    path.write_bytes(data)
    report = Report()
    assert contents(read(path, report)) == [given_entries[0], given_entries[2]]
    assert report.damaged_frames == 1


def test_a_frame_counts_only_where_it_was_written(tmp_path):
    """A sector that turns up in the wrong place gives no second record: the checksum covers the offset."""
    given_entries = [Entry(1, 7, "webhook", b"same length 1"), Entry(2, 7, "webhook", b"same length 2")]
    path, ends = write_file(tmp_path / "whole", given_entries)
    data = path.read_bytes()
    path.write_bytes(data[: ends[0]] + data[: ends[0]])
    assert contents(read(path, Report())) == given_entries[:1]


HOLDER = """
import sys, time
from pathlib import Path
from telelake.capture.journal import Journal, backlog
journal = Journal(Path(sys.argv[1]), seal_bytes=1 << 30)
print("held", flush=True)
time.sleep(60)
"""


def test_one_writer_even_after_kill_9(tmp_path):
    """A second process is refused, with a sentence that names the first; when the first is killed -9, it may."""
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline() == "held\n"
        for _ in range(3):
            with pytest.raises(Conflict, match=rf"Process {holder.pid} already captures into .*state_dir"):
                Journal(tmp_path, seal_bytes=BIG)
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        holder.stdout.close()
    Journal(tmp_path, seal_bytes=BIG).close()


class Refusing(Disk):
    """Fails chosen calls and keeps a list of what was called on which file."""

    def __init__(self, what: str, on: int, number: int) -> None:
        self.what, self.on, self.number, self.seen = what, on, number, 0
        self.calls: list[tuple[str, int]] = []
        self.files: dict[int, int] = {}
        self.failed: set[int] = set()
        self.broken = True

    def create(self, path: Path) -> int:
        self._maybe_fail("create", -1)
        descriptor = super().create(path)
        self.files[descriptor] = len(self.files) + 1000 * len(self.calls)
        return descriptor

    def write(self, descriptor: int, data: bytes) -> None:
        self._maybe_fail("write", descriptor, data)
        super().write(descriptor, data)

    def sync(self, descriptor: int) -> None:
        self._maybe_fail("sync", descriptor)
        super().sync(descriptor)

    def sync_folder(self, path: Path) -> None:
        self._maybe_fail("sync_folder", -1)
        super().sync_folder(path)

    def _maybe_fail(self, call: str, descriptor: int, data: bytes = b"") -> None:
        file = self.files.get(descriptor, -1)
        assert file not in self.failed, f"{call} on a file that has failed"
        self.calls.append((call, file))
        if call != self.what or not self.broken:
            return
        self.seen += 1
        if self.seen == self.on:
            if descriptor >= 0:
                self.failed.add(file)
                if data:
                    os.write(descriptor, data[: len(data) // 2])
            raise OSError(self.number, os.strerror(self.number))


@pytest.mark.parametrize("what", ["create", "write", "sync", "sync_folder"])
@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
@pytest.mark.parametrize("on", range(1, 6))
def test_a_file_that_failed_is_never_touched_again(tmp_path, what, number, on):
    """Fail the Nth call of each kind: that append says so, no call follows on its file, all that was acknowledged is there."""
    disk = Refusing(what, on, number)
    journal = None
    acknowledged, refused = [], []
    while journal is None:
        try:
            journal = Journal(tmp_path / "journal", seal_bytes=400, disk=disk)
        except StoreUnavailable:
            continue
    for entry in entries(40, seed=on):
        try:
            journal.append([entry])
        except StoreUnavailable as error:
            assert os.strerror(number) in str(error)
            refused.append(entry)
        else:
            acknowledged.append(entry)
    assert len(refused) <= 1
    assert disk.seen >= on
    journal.rotate()
    found = [entry for path in journal.closed() for entry in contents(read(path, Report()))]
    journal.close()
    assert [entry for entry in acknowledged if entry not in found] == []
    assert [entry for entry in found if entry not in acknowledged and entry not in refused] == []


def test_a_disk_that_stays_full_leaves_no_files_behind(tmp_path):
    """A thousand refused appends leave at most the one file that holds acknowledged records."""

    class Full(Disk):
        full = False

        def write(self, descriptor: int, data: bytes) -> None:
            if self.full:
                os.write(descriptor, data[:10])
                raise OSError(errno.ENOSPC, "No space left on device")
            super().write(descriptor, data)

    disk = Full()
    journal = Journal(tmp_path, seal_bytes=BIG, disk=disk)
    first, second = entries(2)
    journal.append([first])
    disk.full = True
    for _ in range(1000):
        with pytest.raises(StoreUnavailable):
            journal.append([second])
    assert len(list(tmp_path.glob("*.journal"))) == 1
    disk.full = False
    journal.append([second])
    journal.rotate()
    assert sorted(entry for path in journal.closed() for entry in contents(read(path, Report()))) == sorted(
        [first, second]
    )
    journal.close()


def test_a_file_is_in_its_folder_before_anything_is_in_it(tmp_path):
    """The folder is synced between the creation of a file and the first write to it, for prepared files too."""
    disk = Refusing("nothing", 0, 0)
    journal = Journal(tmp_path / "a" / "b", seal_bytes=100, disk=disk)
    for number, entry in enumerate(entries(20)):
        if number % 3 == 0:
            journal.prepare()
        journal.append([entry])
    journal.close()
    since: dict[str, bool] = {"synced": True}
    for call, _ in disk.calls:
        if call == "create":
            since["synced"] = False
        elif call == "sync_folder":
            since["synced"] = True
        elif call == "write":
            assert since["synced"]
    assert sum(call == "create" for call, _ in disk.calls) > 5


def test_a_closed_file_is_not_the_one_in_use_nor_the_prepared_one(tmp_path):
    """`closed` lists what a crash left and what was rotated, the oldest first, and never a file that may still change."""
    left = tmp_path / str(FileName.new())
    left.write_bytes(b"")
    (tmp_path / "notes.txt").write_text("a stranger's file")
    journal = Journal(tmp_path, seal_bytes=BIG)
    journal.prepare()
    assert journal.closed() == [left]
    journal.append(entries(1))
    journal.prepare()
    assert journal.closed() == [left]
    assert not journal.rotate(older_than=60)
    assert journal.rotate()
    assert len(journal.closed()) == 2
    assert backlog(tmp_path).files == 1
    for path in journal.closed():
        journal.discard(path)
    assert backlog(tmp_path).files == 0
    journal.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lock", "notes.txt"]
