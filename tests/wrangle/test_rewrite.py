"""Raw segments that are put in the place of others: at every moment each record counts once, whatever dies."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from telelake import raw
from telelake.capture.imports.known import day_blocks
from telelake.errors import Conflict
from telelake.settings import Storage
from telelake.stores.objects import BucketStore, DirectoryStore, memory_store, open_store
from telelake.wrangle import compact as compact_module
from telelake.wrangle import rewrite
from telelake.wrangle.compact import Compacted, compact
from telelake.wrangle.plan import list_raw
from tests.conftest import BOT, NOW, LakeFolder, message
from tests.wrangle.dying import Died, DyingStore

DAY = NOW.date()
ONE = timedelta(days=1)
LARGE = 1 << 20


def nobody_else() -> None:
    """The pen is ours."""


def lines(first: int, count: int) -> list[raw.Line]:
    """Return lines of some records."""
    return [
        raw.raw_line(raw.Record(f"test-{number}", BOT, "webhook", NOW, b'{"update_id":%d}' % number))
        for number in range(first, first + count)
    ]


def put(store: Any, first: int, count: int, day: date = DAY, bot: int = BOT) -> str:
    """Put a segment of some records into raw; return its key."""
    made = lines(first, count)
    key = raw.segment_key(quarantined=False, bot_id=bot, day=day, lines=made)
    store.put(key, raw.pack(made))
    return key


def digests(store: Any) -> dict[date, str]:
    """Return each day's digest, as the ledger would have it."""
    return {day: raw.digest_of(each.segments) for day, each in list_raw(store).days.items()}


def records(store: Any, folder: Path) -> Counter[bytes]:
    """Return all lines that count."""
    listing = list_raw(store)
    keys = [each.key for day in listing.days for each in listing.segments(day)]
    return Counter(line for key in keys for line in raw.lines_of(store.stage(key, folder)))


@pytest.fixture(params=["folder", "memory", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BucketStore:
    """A store of each kind."""
    if request.param == "folder":
        return DirectoryStore(tmp_path / "lake")
    if request.param == "memory":
        return memory_store()
    import boto3

    aws = request.getfixturevalue("aws")
    for key, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}.items():
        monkeypatch.setenv(key, value)
    name = f"rewrites-{abs(hash(str(tmp_path)))}"
    boto3.client("s3", endpoint_url=aws, region_name="us-east-1").create_bucket(Bucket=name)
    return open_store(f"s3://{name}/lake", Storage(endpoint=aws))


def test_segments_of_a_day_become_one(store: BucketStore, tmp_path: Path) -> None:
    """Of each bot and day; every line stays as it was, and no day's digest changes."""
    for number in range(12):
        put(store, 10 * number, 3, DAY + (number % 2) * ONE, BOT + number % 3)
    before, held = digests(store), records(store, tmp_path)
    done = compact(store, list_raw(store), DAY + 2 * ONE, tmp_path / "x", LARGE, nobody_else)

    assert done == Compacted(days=2, before=12, after=6)
    assert (digests(store), records(store, tmp_path)) == (before, held)
    assert len([each.key for each in store.list("raw/")]) == 6
    assert list(store.list(rewrite.ANNOUNCED)) == []
    again = compact(store, list_raw(store), DAY + 2 * ONE, tmp_path / "y", LARGE, nobody_else)
    assert again == Compacted()


def test_open_days_and_large_segments_are_left(tmp_path: Path) -> None:
    """A day that may still grow is not touched, nor a segment that has its size; none grows beyond it."""
    store = memory_store()
    for number in range(40):
        put(store, 100 * number, 40, DAY)
        put(store, 100 * number, 2, DAY + ONE)
    sizes = list_raw(store).sizes
    most = 5 * max(sizes.values())
    total = sum(size for key, size in sizes.items() if f"{DAY}" in key)
    compact(store, list_raw(store), DAY + ONE, tmp_path, most, nobody_else)
    listing = list_raw(store)

    assert len(listing.segments(DAY + ONE)) == 40
    assert 1 < len(listing.segments(DAY)) <= 1 + 2 * total / most
    assert all(listing.sizes[each.key] <= most for each in listing.segments(DAY))


def test_a_segment_that_is_not_what_it_promises_is_left(tmp_path: Path) -> None:
    """One whose lines are not those of its name, and one that is damaged, stay as they are and are named."""
    store = DirectoryStore(tmp_path / "lake")
    good = [put(store, 1, 2), put(store, 10, 2)]
    less = put(store, 20, 3)
    (tmp_path / "lake" / less).write_bytes(raw.pack(lines(20, 2)))
    cut = put(store, 30, 3)
    path = tmp_path / "lake" / cut
    path.write_bytes(path.read_bytes()[:-9] + b"damaged..")
    done = compact(store, list_raw(store), DAY + ONE, tmp_path / "x", LARGE, nobody_else)

    assert (done.before, done.after, set(done.damaged)) == (2, 1, {less, cut})
    keys = {each.key for each in store.list("raw/")}
    assert {less, cut} < keys
    assert not keys.intersection(good)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("kind", ["folder", "bucket"])
def test_a_crash_at_any_step_doubles_and_loses_nothing(kind: str, after: bool, tmp_path: Path) -> None:
    """Dead at every change in turn: who lists raw sees the old or the new state; so does recovery, which may die too."""
    numbers = itertools.count()

    def fresh() -> BucketStore:
        made = memory_store() if kind == "bucket" else DirectoryStore(tmp_path / f"lake-{next(numbers)}")
        for number in range(3):
            put(made, 10 * number, 2)
        return made

    folder = tmp_path / "staged"
    for steps in itertools.count():
        store, dying = (made := fresh()), DyingStore(made, steps, after=after)
        before, held = digests(store), records(store, folder / str(next(numbers)))
        try:
            compact(dying, list_raw(store), DAY + ONE, folder / str(next(numbers)), LARGE, nobody_else)
        except Died:
            pass
        else:
            break
        assert digests(store) == before, f"after {steps} changes"
        assert records(store, folder / str(next(numbers))) == held
        for recovery in itertools.count():
            try:
                rewrite.recover(DyingStore(store, recovery, after=after), nobody_else)
            except Died:
                assert digests(store) == before, f"after {steps} changes and {recovery} of the recovery"
                assert records(store, folder / str(next(numbers))) == held
            else:
                break
        assert (digests(store), list(store.list(rewrite.ANNOUNCED))) == (before, [])
        assert {each.records for each in list_raw(store).segments(DAY)} in ({2}, {6})
    assert steps >= 5, "an announcement, a segment, three that go, and the announcement again"


def test_what_a_crash_leaves_doubles_without_its_announcement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: a listing that goes by the segments alone sees records twice."""
    monkeypatch.setattr(rewrite, "announced", lambda _: iter(()))

    with pytest.raises(AssertionError):
        test_a_crash_at_any_step_doubles_and_loses_nothing("bucket", True, tmp_path)


def test_deleting_first_loses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: a rewrite that deletes before it writes loses records when it dies."""

    def hasty(store: Any, old: Any, new: Any, confirm: Callable[[], None]) -> None:
        store.delete(old)
        for key, data in new.items():
            store.put(key, data)

    monkeypatch.setattr(compact_module, "replace", hasty)

    with pytest.raises(AssertionError):
        test_a_crash_at_any_step_doubles_and_loses_nothing("bucket", False, tmp_path)


def test_what_was_there_before_is_never_taken_back(tmp_path: Path) -> None:
    """A rewrite that dies takes back what it made, and not a segment of that name that was there before it."""
    store = memory_store()
    old, there = put(store, 1, 2), put(store, 30, 1)
    new = {there: raw.pack(lines(30, 1)), raw.joined_key(list_raw(store).segments(DAY)): raw.pack(lines(1, 2))}
    with pytest.raises(Died):
        rewrite.replace(DyingStore(store, 1, after=False), [old], new, nobody_else)

    assert rewrite.recover(store, nobody_else) == 1
    assert {each.key for each in store.list("raw/")} == {old, there}


def test_a_rewrite_may_only_take_away() -> None:
    """Without new segments the old ones go, from the announcement on."""
    store = memory_store()
    old, stays = put(store, 1, 2), put(store, 30, 1)
    with pytest.raises(Died):
        rewrite.replace(DyingStore(store, 0, after=True), [old], {}, nobody_else)

    assert [each.key for each in list_raw(store).segments(DAY)] == [stays]
    rewrite.recover(store, nobody_else)
    assert [each.key for each in store.list("raw/")] == [stays]


def test_who_has_lost_the_pen_deletes_nothing(tmp_path: Path) -> None:
    """The pen is asked for again before anything goes; what was announced is for the next to end."""
    store = memory_store()
    for number in range(3):
        put(store, 10 * number, 2)
    before, answers = digests(store), iter([None])

    def confirm() -> None:
        for _ in answers:
            return
        raise Conflict("another has it")

    with pytest.raises(Conflict):
        compact(store, list_raw(store), DAY + ONE, tmp_path, LARGE, confirm)

    assert len(list(store.list("raw/"))) == 4
    assert digests(store) == before
    assert rewrite.recover(store, nobody_else) == 1
    assert (digests(store), len(list(store.list("raw/")))) == (before, 1)


def test_compaction_makes_nothing_due_and_changes_no_row(make_lake: Callable[..., LakeFolder]) -> None:
    """With calls, exports, quarantine and a record that was sealed twice: nothing is due after it, and a build of all days
    anew comes out the same; books too."""
    lake = make_lake(iceberg=False)
    for number in range(6):
        lake.add(message(number, number, "oi"), b"no json %d" % number)
        sent = message(0, 70 + number, "oi")["message"]
        lake.seal([lake.call("sendMessage", {"chat_id": 5}, {"ok": True, "result": sent})])
    for others in ([], [lake.record(message(9, 9))]):
        lake.seal([lake.record(message(20, 20), record_id="twice"), *others])
    lake.add_export({"id": 1, "type": "message", "date_unixtime": str(int(NOW.timestamp())), "text": "oi"})
    lake.add_export(
        {"id": 2, "type": "message", "date_unixtime": str(int(NOW.timestamp())), "text": "oi"}, file="b.json"
    )
    tables = ("updates", "messages", "calls", "quarantine")
    first = lake.wrangle()
    before = lake.content(*tables)
    done = compact(lake.store, list_raw(lake.store), DAY + ONE, lake.root / "x", LARGE, nobody_else)

    assert (done.before, done.after) == (22, 4)
    assert lake.wrangler.due(*lake.wrangler.status()[:2]) == []
    again = lake.wrangle(lambda _: True)
    assert (again.published, again.books, lake.content(*tables)) == (0, first.books, before)


def test_books_balance_while_a_reader_sees_both(
    make_lake: Callable[..., LakeFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were a build to read the old segments beside the new one, the repeated records would be duplicates and no rows."""
    lake = make_lake(iceberg=False)
    for number in range(4):
        lake.add(message(number, number), b"no json %d" % number)
    dying = DyingStore(lake.store, 2, after=False)
    with pytest.raises(Died):
        compact(dying, list_raw(lake.store), DAY + ONE, lake.root / "x", LARGE, nobody_else)
    with monkeypatch.context() as patch:
        patch.setattr(rewrite, "announced", lambda _: iter(()))
        both = lake.wrangle().books[str(DAY)]

    assert both["raw"] > 8
    assert both["raw"] == both["rows"] + both["duplicates"] + both["quarantined"]
    assert (both["rows"], both["quarantined"]) == (4, 4)
    report = lake.wrangle()
    assert report.books[str(DAY)] == {"raw": 8, "rows": 4, "duplicates": 0, "quarantined": 4, "notes": 0}
    assert report.published == 0, "the same rows"


@pytest.mark.parametrize("home", ["folder", "memory"])
def test_an_import_beside_compaction_finds_every_record(home: str, tmp_path: Path) -> None:
    """Who reads a day while its segments are joined reads it anew, and misses no record."""
    store = memory_store() if home == "memory" else DirectoryStore(tmp_path / "lake")
    for number in range(4):
        put(store, 10 * number, 2)
    (tmp_path / "copies").mkdir()
    blocks = day_blocks(store, BOT, DAY, tmp_path / "copies")
    seen = [next(blocks)]
    joined = compact(store, list_raw(store), DAY + ONE, tmp_path / "x", LARGE, nobody_else)
    seen += blocks

    assert joined.before == 4
    assert {line.data for number in range(4) for line in lines(10 * number, 2)} <= set(b"".join(seen).splitlines())
