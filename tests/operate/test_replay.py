"""The quarantine tried again: what can be read now is in the tables as if it had been readable on its day."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from telelake import raw
from telelake.capture.seal import line_of
from telelake.operate.replay import Replayed, replay
from telelake.raw import Quarantined
from telelake.settings import Storage
from telelake.stores.objects import DirectoryStore, memory_store, open_store
from telelake.wrangle import rewrite
from telelake.wrangle.day import Wrangler
from telelake.wrangle.plan import list_raw
from tests.conftest import BOT, NOW, LakeFolder, message
from tests.wrangle.dying import Died, DyingStore

DAY = NOW.date()
ONE = timedelta(days=1)
BAD = [b"no json", b'{"update_id":"7"}', b"\xff\xfe"]
OLD_REASON = "an older telelake could not read this"
MakeLake = Callable[..., LakeFolder]


def nobody_else() -> None:
    """The pen is ours."""


def said(number: int, days: int = 0) -> bytes:
    """Return the body of a message of some days after the first."""
    sent = message(number, number, f"text {number}", date=int((NOW + days * ONE).timestamp()))
    return json.dumps(sent, indent=1).encode()


def quarantine(lake: LakeFolder, *bodies: bytes, at: datetime = NOW, reason: str = OLD_REASON) -> list[raw.Record]:
    """Put bodies into quarantine together, as a stricter version would have; the day is that of the receipt."""
    records = [lake.record(body, at) for body in bodies]
    lines = [raw.quarantine_line(record, reason) for record in records]
    day = at.astimezone(lake.zone).date()
    lake.store.put(raw.segment_key(quarantined=True, bot_id=BOT, day=day, lines=lines), raw.pack(lines))
    return records


def tried(lake: LakeFolder, store: Any = None, wanted: Callable[[date], bool] | None = None) -> Replayed:
    """Replay a lake."""
    return replay(store or lake.store, lake.zone, lake.root / "staged", nobody_else, wanted)


def keys(lake: LakeFolder) -> list[str]:
    """Return the segments of a lake."""
    return [each.key for area in (raw.RAW, raw.QUARANTINE) for each in lake.store.list(area)]


@pytest.fixture(params=["folder", "bucket"])
def home(request: pytest.FixtureRequest, make_lake: MakeLake, monkeypatch: pytest.MonkeyPatch) -> LakeFolder:
    """A lake whose raw lies in a home of each kind."""
    lake = make_lake(iceberg=False)
    if request.param == "bucket":
        import boto3

        aws = request.getfixturevalue("aws")
        for key, value in {
            "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1",
        }.items():  # fmt: skip
            monkeypatch.setenv(key, value)
        name = f"replay-{abs(hash(str(lake.root)))}"
        boto3.client("s3", endpoint_url=aws, region_name="us-east-1").create_bucket(Bucket=name)
        lake.store = open_store(f"s3://{name}", Storage(endpoint=aws))  # type: ignore[assignment]
        lake.wrangler = Wrangler(lake.store, lake.tables, lake.engine, lake.root / "work", 1 << 28, lake.zone)
    return lake


def test_what_can_be_read_now_comes_home(home: LakeFolder) -> None:
    """It leaves quarantine for its own day, with its receipt, its id and its bot; both days are due; books balance before
    and after; the tables are those of a lake that could read it at once."""
    records = quarantine(home, said(1, -1), BAD[0], said(2, 0), BAD[1])
    home.add(said(3))
    before = home.wrangle()
    done = tried(home)

    assert before.books[str(DAY)] == {"raw": 5, "rows": 1, "duplicates": 0, "quarantined": 4, "notes": 0}
    assert done.as_json() == {
        "tried": 4, "readable": 2, "unreadable": 2, "days": [str(DAY - ONE), str(DAY)], "reasons": {OLD_REASON: 2},
    }  # fmt: skip
    assert home.wrangler.due(*home.wrangler.status()[:2]) == [DAY - ONE, DAY]
    after = home.wrangle()
    assert after.books == {
        str(DAY - ONE): {"raw": 1, "rows": 1, "duplicates": 0, "quarantined": 0, "notes": 0},
        str(DAY): {"raw": 4, "rows": 2, "duplicates": 0, "quarantined": 2, "notes": 0},
    }
    assert home.rows("SELECT context_date, message_id, text FROM messages ORDER BY 2") == [
        (DAY - ONE, 1, "text 1"), (DAY, 2, "text 2"), (DAY, 3, "text 3"),
    ]  # fmt: skip
    assert home.rows(
        "SELECT raw, received_at = '2026-03-10 15:00:00+00', bot_id, source FROM updates WHERE update_id = 1"
    ) == [(records[0].record_id, True, BOT, "webhook")]
    assert {raw_id for (raw_id,) in home.rows("SELECT raw FROM quarantine")} == {
        records[1].record_id, records[3].record_id,
    }  # fmt: skip


def test_it_is_as_if_it_had_been_readable_at_once(make_lake: MakeLake) -> None:
    """The segment that a replay writes is the one that sealing would have written, to the byte."""
    lakes = [make_lake(iceberg=False), make_lake(iceberg=False)]
    quarantine(lakes[0], said(1), said(2))
    tried(lakes[0])
    lakes[1].add(said(1), said(2))

    assert keys(lakes[0]) == keys(lakes[1])
    assert lakes[0].store.get(keys(lakes[0])[0]) == lakes[1].store.get(keys(lakes[1])[0])


def test_what_still_cannot_be_read_stays_to_the_byte(home: LakeFolder) -> None:
    """A replay of such bodies changes no object, and makes nothing due."""
    home.add(*BAD)
    quarantine(home, *BAD, at=NOW + ONE)
    home.wrangle()
    before = {key: home.store.get(key) for key in keys(home)}
    done = tried(home)

    assert (done.tried, done.readable, done.days) == (6, 0, set())
    assert done.reasons == {OLD_REASON: 3, "not JSON": 1, "update_id is not an integer": 1, "not UTF-8": 1}
    assert {key: home.store.get(key) for key in keys(home)} == before
    assert home.wrangle().days == []


def test_only_the_named_day(make_lake: MakeLake) -> None:
    """`--day` means the day of the quarantine."""
    lake = make_lake(iceberg=False)
    quarantine(lake, said(1))
    quarantine(lake, said(2, 1), at=NOW + ONE)
    done = tried(lake, wanted=lambda day: day == DAY + ONE)

    assert (done.tried, done.days) == (1, {DAY + ONE})
    assert sum(key.startswith("quarantine/") for key in keys(lake)) == 1


def test_damage_stays_where_it_is(make_lake: MakeLake) -> None:
    """A segment that is cut, or whose lines are not those of its name, and a body that is not the one that was hashed."""
    lake = make_lake(iceberg=False)
    for number in range(3):
        quarantine(lake, said(number + 1))
    cut, less, other = (lake.root / key for key in keys(lake))
    cut.write_bytes(cut.read_bytes()[:30])
    less.write_bytes(raw.pack([]))
    line = next(raw.lines_of(other))
    other.write_bytes(raw.pack([raw.Line(line.replace(b'_base64":"ew', b'_base64":"eW', 1), 0)]))
    done = tried(lake)

    assert (done.tried, done.readable, done.reasons) == (3, 0, {"damaged in quarantine": 3})
    assert len(keys(lake)) == 3


def counted(store: Any, folder: Path) -> dict[str, list[str]]:
    """Return in which area each record lies, by its id."""
    listing, found = list_raw(store), dict[str, list[str]]()
    for day in listing.days:
        for segment in listing.segments(day):
            for line in raw.lines_of(store.stage(segment.key, folder)):
                found.setdefault(json.loads(line)["record_id"], []).append(
                    "quarantine" if segment.quarantined else "raw"
                )
    return found


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("kind", ["folder", "memory"])
def test_a_crash_at_any_step_doubles_and_loses_nothing(
    kind: str, after: bool, tmp_path: Path, make_lake: MakeLake
) -> None:
    """Dead at every change in turn: each record counts once, in raw or in quarantine; the next replay does the rest."""
    zone = make_lake(iceberg=False).zone
    for steps in itertools.count():
        store = memory_store() if kind == "memory" else DirectoryStore(tmp_path / f"crash-{steps}")
        lines = [
            raw.quarantine_line(raw.Record(f"id-{number}", BOT, "poll", NOW, body), OLD_REASON)
            for number, body in enumerate([said(1), said(2, -1), BAD[0]])
        ]
        store.put(raw.segment_key(quarantined=True, bot_id=BOT, day=DAY, lines=lines), raw.pack(lines))
        folder = tmp_path / f"staged-{steps}"
        try:
            replay(DyingStore(store, steps, after=after), zone, folder, nobody_else)
        except Died:
            pass
        else:
            break
        found = counted(store, folder)
        assert set(found) == {"id-0", "id-1", "id-2"}, f"after {steps} changes"
        assert all(len(places) == 1 for places in found.values()), f"after {steps} changes: {found}"
        replay(store, zone, folder, nobody_else)
        assert counted(store, folder) == {"id-0": ["raw"], "id-1": ["raw"], "id-2": ["quarantine"]}
        assert list(store.list(rewrite.ANNOUNCED)) == []
    assert steps >= 6, "an announcement, three segments, one that goes, and the announcement again"


def test_nothing_doubles_needs_the_announcement(
    tmp_path: Path, make_lake: MakeLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: two plain writes and a delete leave a record in both places when they are cut off."""

    def plain(store: Any, old: Any, new: Any, confirm: Callable[[], None]) -> None:
        for key, data in new.items():
            store.put(key, data)
        store.delete(old)

    monkeypatch.setattr(rewrite, "replace", plain)

    with pytest.raises(AssertionError):
        test_a_crash_at_any_step_doubles_and_loses_nothing("memory", False, tmp_path, make_lake)


def test_coming_home_needs_the_own_day(make_lake: MakeLake, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: a replay that leaves a body in the day of its quarantine is seen."""

    def in_its_day(record: raw.Record, zone: Any) -> Any:
        unreadable, _, line = line_of(record, zone)
        return unreadable, record.received_at.astimezone(zone).date(), line

    monkeypatch.setattr("telelake.operate.replay.line_of", in_its_day)

    with pytest.raises(AssertionError):
        test_what_can_be_read_now_comes_home(make_lake(iceberg=False))


def test_lines_of_quarantine_are_read_back() -> None:
    """What `quarantine_line` wrote is read to the byte, whatever body and reason are; what is no such line gives None."""
    for body in (b"", b"\x00\xff", said(1), b'","reason":"x"'):
        for reason in ("plain", 'quo"ted \\ back', "não UTF-8 \n"):
            record = raw.Record("test-1", BOT, "webhook", NOW, body)
            line = raw.quarantine_line(record, reason)
            assert raw.quarantined_record(line.data) == Quarantined(record, reason)
            assert raw.reread_line(line.data) == line
    line = raw.raw_line(raw.Record("test-1", BOT, "webhook", NOW, said(1)), "form+")
    assert raw.reread_line(line.data) == line
    assert raw.quarantined_record(line.data) is None
    assert raw.reread_line(b"{}") is None
