"""Sealing: a pure function of the journal file's bytes, repeatable from any point, that never holds capture up."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from capture_oracle import read_lake

from telelake.capture import seal
from telelake.capture.counters import Counters
from telelake.capture.disk import Disk
from telelake.capture.frames import Entry
from telelake.capture.journal import Journal
from telelake.capture.receive import Receiver, seal_now
from telelake.errors import Conflict, StoreUnavailable
from telelake.settings import Capture
from telelake.stores.objects import DirectoryStore

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
RECEIVED = datetime(2026, 1, 2, 2, 30, tzinfo=UTC)  # still 1 January in São Paulo


def dated(number: int, date: int | str | None) -> bytes:
    return f'{{"update_id":{number},"message":{{"date":{date}}}}}'.encode()


def entry(body: bytes, bot_id: int = 1) -> Entry:
    return Entry(int(RECEIVED.timestamp() * 1e6), bot_id, "webhook", body)


DAYS = [
    entry(dated(1, int(datetime(2025, 12, 31, 12, tzinfo=UTC).timestamp()))),
    entry(dated(2, int(datetime(2026, 1, 1, 2, 59, tzinfo=UTC).timestamp()))),
    entry(dated(3, int(datetime(2026, 1, 1, 3, 0, tzinfo=UTC).timestamp()))),
    entry(b'{"update_id":4,"callback_query":{"message":{"date":1700000000}}}'),
    entry(dated(5, 0)),
    entry(dated(6, int(RECEIVED.timestamp()) + 90_000)),
    entry(dated(7, '"x"')),
    entry(b"garbage"),
    entry(dated(8, int(datetime(2025, 12, 31, 12, tzinfo=UTC).timestamp())), bot_id=2),
]


def journal_of(folder, entries) -> Journal:
    journal = Journal(folder / "state" / "journal", seal_bytes=1 << 30)
    journal.append(entries)
    journal.rotate()
    return journal


def keys(home) -> list[str]:
    return [stored.key for stored in DirectoryStore(home).list()]


def test_records_go_to_their_day(tmp_path):
    """A message's own date decides, in the lake's zone; without a believable one, received_at; quarantine lies beside."""
    journal = journal_of(tmp_path, DAYS)
    counters = Counters()
    seal.seal_all(journal, DirectoryStore(tmp_path / "home"), SAO_PAULO, counters)
    journal.close()
    assert [key.rpartition("-")[0] for key in keys(tmp_path / "home")] == [
        "quarantine/bot=1/context_date=2026-01-01/1",
        "raw/bot=1/context_date=2025-12-31/2",
        "raw/bot=1/context_date=2026-01-01/5",
        "raw/bot=2/context_date=2025-12-31/1",
    ]
    assert (counters.sealed_files, counters.sealed_records, counters.sealed_segments, counters.quarantined) == (
        1,
        9,
        4,
        1,
    )
    assert sorted(read_lake(tmp_path / "home").bodies.values()) == sorted(one.body for one in DAYS)


class Falling(DirectoryStore):
    """Fails at the Nth put: before it wrote, or after."""

    def __init__(self, home, on: int, after: bool) -> None:
        super().__init__(home)
        self.on, self.after, self.puts = on, after, 0

    def put(self, key: str, data: bytes) -> bool:
        self.puts += 1
        if self.puts == self.on:
            if self.after:
                super().put(key, data)
            raise StoreUnavailable("gone")
        return super().put(key, data)


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_anywhere_repeats_to_the_same_keys(tmp_path, after):
    """Fail at put N, for every N, before and after the write: the file stays, and the next attempt gives the same segments."""
    whole = journal_of(tmp_path / "whole", DAYS)
    (path,) = whole.closed()
    data = path.read_bytes()
    seal.seal_all(whole, DirectoryStore(tmp_path / "whole" / "home"), SAO_PAULO, Counters())
    whole.close()
    wanted = keys(tmp_path / "whole" / "home")
    assert len(wanted) == 4
    for on in range(1, len(wanted) + 1):
        folder = tmp_path / f"{on}"
        journal = Journal(folder / "state" / "journal", seal_bytes=1)
        (journal.folder / path.name).write_bytes(data)
        with pytest.raises(StoreUnavailable):
            seal.seal_all(journal, Falling(folder / "home", on, after), SAO_PAULO, Counters())
        assert len(journal.closed()) == 1
        journal.close()
        seal_now(folder / "state", DirectoryStore(folder / "home"), SAO_PAULO)
        assert keys(folder / "home") == wanted
        assert not list(journal.folder.glob("*.journal"))


def test_a_file_is_removed_only_when_all_its_segments_are_durable(tmp_path):
    """The order is: every put, then the removal, then the folder's sync. A removal that fails is made again, harmlessly."""
    steps: list[str] = []

    class Noting(Disk):
        def remove(self, path) -> None:
            steps.append("remove")
            if steps.count("remove") == 1:
                raise OSError(5, "Input/output error")
            super().remove(path)

        def sync_folder(self, path) -> None:
            steps.append("sync_folder")
            super().sync_folder(path)

    class NotingStore(DirectoryStore):
        def put(self, key, data) -> bool:
            steps.append("put")
            return super().put(key, data)

    journal_of(tmp_path, DAYS).close()
    journal = Journal(tmp_path / "state" / "journal", seal_bytes=1, disk=Noting())
    store = NotingStore(tmp_path / "home")
    with pytest.raises(StoreUnavailable, match="cannot be removed"):
        seal.seal_all(journal, store, SAO_PAULO, Counters())
    seal.seal_all(journal, store, SAO_PAULO, Counters())
    journal.close()
    assert steps == ["put"] * 4 + ["remove"] + ["put"] * 4 + ["remove", "sync_folder"]
    assert len(keys(tmp_path / "home")) == 4


def test_segments_are_cut_to_fit_memory_and_at_the_same_places_again(tmp_path, monkeypatch):
    """More lines than may be held are written in several segments, and a second run cuts them where the first did."""
    monkeypatch.setattr(seal, "_HELD_BYTES", 20_000)
    entries = [entry(b'{"update_id":%d,"message":{"text":"%s"}}' % (n, b"x" * 500)) for n in range(200)]
    journal = journal_of(tmp_path, entries)
    (path,) = journal.closed()
    first = seal.seal_file(path, DirectoryStore(tmp_path / "one"), SAO_PAULO)
    second = seal.seal_file(path, DirectoryStore(tmp_path / "two"), SAO_PAULO, gently=True)
    journal.close()
    assert first == second
    assert keys(tmp_path / "one") == keys(tmp_path / "two")
    assert 5 < first.segments == len(keys(tmp_path / "one"))
    assert len(read_lake(tmp_path / "one").bodies) == 200


def test_a_body_that_trips_the_reader_holds_nobody_up(tmp_path, monkeypatch):
    """An unforeseen error in the reader sends that one body to quarantine, with a reason, and its file is sealed."""
    real = seal.read_update

    def tripping(body: bytes):
        if b"trip" in body:
            raise MemoryError
        return real(body)

    monkeypatch.setattr(seal, "read_update", tripping)
    journal = journal_of(
        tmp_path, [entry(b'{"update_id":1}'), entry(b'{"update_id":2,"x":"trip"}'), entry(b'{"update_id":3}')]
    )
    counters = Counters()
    seal.seal_all(journal, DirectoryStore(tmp_path / "home"), SAO_PAULO, counters)
    journal.close()
    assert (counters.sealed_records, counters.quarantined) == (3, 1)


def test_damage_is_counted_and_does_not_stop_sealing(tmp_path):
    """A damaged file gives what is intact in it, its damage is counted, and it is not tried for ever."""
    journal = journal_of(tmp_path, DAYS)
    (path,) = journal.closed()
    data = bytearray(path.read_bytes())
    data[60] ^= 4
    path.write_bytes(data + b"torn")
    counters = Counters()
    seal.seal_all(journal, DirectoryStore(tmp_path / "home"), SAO_PAULO, counters)
    assert journal.closed() == []
    journal.close()
    assert (counters.sealed_records, counters.damaged_frames, counters.torn_bytes) == (8, 2, 4)


class Away(DirectoryStore):
    """A store that is away for a while."""

    is_away = True

    def put(self, key: str, data: bytes) -> bool:
        if self.is_away:
            raise StoreUnavailable("the store is away")
        return super().put(key, data)


def test_a_store_that_is_away_stops_sealing_and_never_capture(tmp_path):
    """While puts fail, bodies are taken and the files wait; status says why; when the store is back all is sealed unaided."""
    store = Away(tmp_path / "home")

    async def run() -> None:
        receiver = Receiver(
            tmp_path / "state", store, SAO_PAULO, Capture(seal_bytes=1024, seal_seconds=0.02), retry_seconds=0.01
        )
        await receiver.start()
        for number in range(50):
            await receiver.receive(1, "webhook", dated(number, 1_763_712_000))
        while receiver.counters.seal_failures < 3:
            await asyncio.sleep(0.01)
        status = receiver.status()
        assert status.is_healthy
        assert status.seal_failure == "the store is away"
        assert status.backlog.files >= 1
        assert status.backlog.oldest_seconds >= 0
        store.is_away = False
        while receiver.counters.sealed_records < 50:
            await asyncio.sleep(0.01)
        assert receiver.status().seal_failure is None
        with pytest.raises(Conflict):
            seal_now(tmp_path / "state", store, SAO_PAULO)
        await receiver.close()
        with pytest.raises(StoreUnavailable, match="not running"):
            await receiver.receive(1, "webhook", b"late")
        assert not receiver.status().is_healthy

    asyncio.run(run())
    assert len(read_lake(tmp_path / "home").bodies) == 50


def test_closing_leaves_to_the_next_start_what_the_store_refuses(tmp_path):
    """With the store away, close ends soon and loses nothing: the next start seals it."""
    store = Away(tmp_path / "home")

    async def run(bodies: int) -> Counters:
        receiver = Receiver(tmp_path / "state", store, SAO_PAULO, Capture(), retry_seconds=5)
        await receiver.start()
        for number in range(bodies):
            await receiver.receive(1, "webhook", dated(number, 1_763_712_000))
        await asyncio.wait_for(receiver.close(), 3)
        return receiver.counters

    assert asyncio.run(run(7)).sealed_records == 0
    store.is_away = False
    assert asyncio.run(run(0)).sealed_records == 7


def test_received_at_comes_from_the_clock_that_was_given(tmp_path):
    """The receiver's clock, and nothing else, decides received_at and with it the day of a dateless update."""

    async def run() -> None:
        now = int(RECEIVED.timestamp() * 1_000_000) + 123456
        receiver = Receiver(
            tmp_path / "state", DirectoryStore(tmp_path / "home"), SAO_PAULO, Capture(), now=lambda: now
        )
        await receiver.start()
        await receiver.receive(1, "webhook", b'{"update_id":1,"poll":{}}')
        await receiver.close()

    asyncio.run(run())
    (key,) = keys(tmp_path / "home")
    assert "/context_date=2026-01-01/" in key


def test_a_cancelled_sender_disturbs_nobody(tmp_path):
    """A request that is cancelled while it waits for the disk leaves the others of its batch, and the books, as they are."""

    async def run() -> None:
        receiver = Receiver(tmp_path / "state", DirectoryStore(tmp_path / "home"), SAO_PAULO, Capture())
        await receiver.start()
        tasks = [asyncio.create_task(receiver.receive(1, "poll", dated(n, 1_763_712_000))) for n in range(20)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [result for result in results[1::2] if result is not None] == []
        await receiver.close()
        assert receiver.status().pending_bytes == 0
        counters = receiver.counters
        assert (counters.received, counters.stored, counters.rejected) == (20, 10, {"cancelled": 10})

    asyncio.run(run())
    assert len(read_lake(tmp_path / "home").bodies) == 20
