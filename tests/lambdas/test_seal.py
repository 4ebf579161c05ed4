"""Queue to raw: what the door took is in raw byte for byte, whatever fails on the way and however often it comes."""

from __future__ import annotations

import copy
import hashlib
import json
import random
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from telelake.lambdas import seal as module
from telelake.lambdas.door import Door
from telelake.lambdas.seal import Seal
from telelake.settings import load
from telelake.tables.catalog import TABLES
from telelake.wiring import App
from tests.conftest import LakeFolder, message
from tests.lambdas.cloud import BOT, Cloud, Context, Wire, request

ZONE = ZoneInfo("America/Sao_Paulo")


def plenty() -> float:
    """Time enough."""
    return 900.0


def sealer(cloud: Cloud, endpoint: str | None = None) -> Seal:
    """Return what seals into the cloud's bucket."""
    return Seal(cloud.store(endpoint), ZONE)


def knock(door: Door, *bodies: bytes | dict[str, Any]) -> None:
    """Post bodies, each answered 200."""
    for body in bodies:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        assert door.answer(request(data, base64_=True))["statusCode"] == 200


def as_kept(body: bytes, *, quarantined: bool) -> bytes:
    """Return a body as raw keeps it."""
    return body if quarantined else body.replace(b"\n", b" ").replace(b"\r", b" ")


texts = st.text(st.characters(exclude_categories=()), max_size=30)
updates = st.builds(
    lambda number, text, ascii_: f'{{"update_id":{number},\n"message":'.encode()
    + json.dumps({"date": 1772000000 + number, "text": text}, ensure_ascii=ascii_).encode("utf-8", "surrogatepass")
    + b"}",
    st.integers(0, 200_000), texts, st.booleans(),
)  # fmt: skip
awkward = st.sampled_from(
    [
        b"",
        b"\x00",
        b"\n",
        b"-",
        b" ",
        "\ufffe".encode(),
        b"\xff",
        b"\xed\xa0\xbd",
        b'{"update_id":1,"x":"\\ud83d"}',
        b"\xef\xbb\xbf{}",
    ]
)
bodies = st.one_of(
    updates, st.binary(max_size=60), texts.map(lambda text: text.encode("utf-8", "surrogatepass")), awkward
)


@given(given_bodies=st.lists(bodies, min_size=1, max_size=6))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@example(given_bodies=[b"x" * (3 << 20), b'{"update_id":1,"x":"' + b"y" * (3 << 20) + b'"}'])
@example(
    given_bodies=[
        b"",
        b"\x00",
        "\ufffe".encode(),
        b"\xed\xa0\xbd",
        b"\xff\xfe\x00",
        b'{"update_id":7,\r\n"x":"\\ud83d"}',
    ]
)
def test_what_the_door_takes_comes_out_of_seal_byte_for_byte(aws: str, cloud: Cloud, given_bodies: list[bytes]) -> None:
    """Any bytes at all; line breaks between the tokens of a readable update apart. Nothing stays behind."""
    here = Cloud(aws)
    knock(here.door(), *given_bodies)
    records = here.drain()

    assert sealer(here).seal(records, plenty) == set()
    found = here.raw()
    sent = {each["messageId"]: each for each in records}
    assert {each.record_id for each in found} == {f"sqs-{number}" for number in sent}
    assert len(found) == len(sent)
    wanted = sorted(given_bodies)
    assert sorted(each.envelope["sha256"] for each in found) == sorted(map(_sha, wanted))
    by_digest = {_sha(body): body for body in wanted}
    for each in found:
        assert each.body == as_kept(by_digest[each.envelope["sha256"]], quarantined=each.quarantined)
        record = sent[each.record_id.removeprefix("sqs-")]
        assert each.envelope["received_at"] == record["messageAttributes"]["received_at"]["stringValue"]
        assert (each.envelope["bot"], each.envelope["source"]) == (BOT, "sqs")
    assert [key for key in here.listed("inbox/") if not key.endswith(".sealed")] == []


def _sha(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def test_raw_is_as_one_machine_makes_it(cloud: Cloud, lake: LakeFolder) -> None:
    """The same records give the same keys and the same bytes as sealing on one machine: a lake can move."""
    knock(cloud.door(), message(1, 1), message(2, 2, "às 3", date=1770000000), b"garbage", message(3, 3, "x" * 300_000))
    records = cloud.drain()
    inbox = {key: cloud.s3.get_object(Bucket=cloud.name, Key=key)["Body"].read() for key in cloud.listed("inbox/")}
    sealer(cloud).seal(records, plenty)
    lake.seal(
        module.Record(
            f"sqs-{each['messageId']}", BOT, "sqs", module._read(each).received_at,
            inbox[key] if (key := module._read(each).inbox) else each["body"].encode(),
        )
        for each in records
    )  # fmt: skip

    here = {each.key: lake.store.get(each.key) for each in lake.store.list() if each.key.endswith(".zst")}
    there = {key: cloud.store().get(key) for key in cloud.listed() if key.endswith(".zst")}
    assert len(here) == 3
    assert here == there


def test_one_segment_for_each_day_bot_and_kind_of_a_batch(cloud: Cloud) -> None:
    """Fifty messages of two days and one that nobody can read are three objects."""
    dates = (1772000000, 1772000000 + 86_400)
    knock(cloud.door(), *(message(n, n, date=dates[n % 2]) for n in range(50)), b"garbage")
    sealer(cloud).seal(cloud.drain(), plenty)

    assert sorted(key.rpartition("/")[2].partition("-")[0] for key in cloud.listed()) == ["1", "25", "25"]


def spoilt(record: dict[str, Any], **attributes: str | None) -> dict[str, Any]:
    """Return a message with other attributes; None takes one out."""
    made = copy.deepcopy(record)
    made["messageId"] = f"bad-{random.randrange(10**9)}"
    for name, value in attributes.items():
        if value is None:
            del made["messageAttributes"][name]
        else:
            made["messageAttributes"][name] = {"stringValue": value, "dataType": "String"}
    return made


@pytest.mark.parametrize(
    "attributes",
    [
        {"bot": None}, {"bot": "0"}, {"bot": "-5"}, {"bot": "x"}, {"bot": "1" * 30}, {"received_at": None}, {"received_at": "now"},
        {"received_at": "2026-13-01T00:00:00.000000Z"}, {"received_at": "2026-03-01T00:00:00Z"},
        {"inbox": f"inbox/bot={BOT}/{'0' * 32}"}, {"inbox": "raw/x"}, {"inbox": f"inbox/bot=1/{'0' * 32}"}, {"inbox": "../x"},
    ],
    ids=str,
)  # fmt: skip
def test_a_message_that_is_not_the_doors_holds_nobody_up(cloud: Cloud, attributes: dict[str, str | None]) -> None:
    """It is reported, each time, so that it ends in the dead-letter queue; all others are stored and acknowledged."""
    cloud.store().put("raw/x", b"not to be touched")
    knock(cloud.door(), message(1, 1), message(2, 2))
    records = cloud.drain()
    bad = spoilt(records[0], **attributes)

    assert sealer(cloud).seal([bad, *records], plenty) == {bad["messageId"]}
    assert len(cloud.raw()) == 2
    assert sealer(cloud).seal([bad], plenty) == {bad["messageId"]}
    assert cloud.store().get("raw/x") == b"not to be touched"


def test_a_put_that_fails_costs_only_its_own_messages(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The messages of the segment that could not be stored come again, those of the others are acknowledged."""
    knock(cloud.door(), message(1, 1), message(2, 2, date=1770000000), b"garbage", b"x" * 300_000)
    records = cloud.drain()
    store = cloud.store()
    put = store.put

    def fail(key: str, data: bytes) -> bool:
        if key.startswith("quarantine/"):
            raise module.StoreError("no room")
        return put(key, data)

    with monkeypatch.context() as patch:
        patch.setattr(store, "put", fail)
        failed = Seal(store, ZONE).seal(records, plenty)
    unreadable = {each["messageId"] for each in records if not each["body"].startswith("{")}
    assert failed == unreadable
    assert len(unreadable) == 2
    assert [each.quarantined for each in cloud.raw()] == [False, False]
    assert len(cloud.listed("inbox/")) == 1, "a body stays until its segment is stored"

    assert sealer(cloud).seal([each for each in records if each["messageId"] in failed], plenty) == set()
    assert sorted(each.quarantined for each in cloud.raw()) == [False, False, True, True]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("status", [500, 503, None])
def test_s3_fails_before_or_after_it_has_stored(cloud: Cloud, wire: Wire, after: bool, status: int | None) -> None:
    """An error or a broken connection, also when the object is there already: every message is in raw, once."""
    knock(cloud.door(), message(1, 1), b"garbage", b"x" * 300_000)
    records = cloud.drain()
    wire.fail("PUT", "/raw/", 2, after=after, status=status)
    wire.fail("PUT", "/quarantine/", 2, after=after, status=status)
    seal = sealer(cloud, wire.address)
    waiting = records
    for _ in range(4):  # as the queue brings them again
        failed = seal.seal(waiting, plenty)
        waiting = [each for each in waiting if each["messageId"] in failed]

    assert waiting == []
    assert sorted(each.record_id for each in cloud.raw()) == sorted(f"sqs-{each['messageId']}" for each in records)


def test_killed_between_storing_and_acknowledging(cloud: Cloud) -> None:
    """The batch comes again whole: the same keys, nothing doubled, and a body that is gone from the inbox is known as sealed."""
    knock(cloud.door(), message(1, 1), b"garbage", b"x" * 300_000, b"")
    records = cloud.drain()
    assert sealer(cloud).seal(records, plenty) == set()
    before = cloud.listed()
    assert sealer(cloud).seal(records, plenty) == set()

    found = [each.record_id for each in cloud.raw()]
    assert set(found) == {f"sqs-{each['messageId']}" for each in records}
    assert set(before) <= set(cloud.listed())
    assert [key for key in cloud.listed("inbox/") if not key.endswith(".sealed")] == []


def test_killed_between_the_mark_and_the_removal(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The body is sealed again from the inbox, and removed then."""
    knock(cloud.door(), b"x" * 300_000)
    records = cloud.drain()
    store = cloud.store()
    with monkeypatch.context() as patch:
        patch.setattr(store, "delete", lambda _: (_ for _ in ()).throw(module.StoreError("gone")))
        assert Seal(store, ZONE).seal(records, plenty) == set(), "what is left in the inbox harms nobody"
    assert len(cloud.listed("inbox/")) == 2

    assert sealer(cloud).seal(records, plenty) == set()
    assert len(cloud.listed("inbox/")) == 1
    assert len(cloud.raw()) == 1


def test_when_time_runs_out_the_rest_comes_again(cloud: Cloud) -> None:
    """What was begun is stored and acknowledged; the others are reported, not lost with the whole batch."""
    knock(cloud.door(), *(message(n, n) for n in range(6)))
    records = cloud.drain()
    seconds = iter([100.0, 100.0, 50.0, 20.0, 10.0, 5.0, 1.0])

    failed = sealer(cloud).seal(records, lambda: next(seconds))
    assert failed == {each["messageId"] for each in records[3:]}
    assert len(cloud.raw()) == 3


def test_lines_are_bounded_in_memory(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bodies of the inbox may add up to more than a function holds: they are written in several segments."""
    monkeypatch.setattr(module, "_HELD_BYTES", 1_000_000)
    knock(cloud.door(), *(b'{"update_id":%d,"x":"%s"}' % (n, b"y" * 400_000) for n in range(5)))

    assert sealer(cloud).seal(cloud.drain(), plenty) == set()
    assert sorted(key.rpartition("/")[2].partition("-")[0] for key in cloud.listed("raw/")) == ["2", "3"]
    assert len(cloud.raw()) == 5


def _app(cloud: Cloud, state: Path) -> App:
    return App(load(home=f"s3://{cloud.name}", state_dir=state))


def content(app: App) -> dict[str, list[Any]]:
    """Return all rows of the published tables but the ledger's, sorted."""
    release = app.tables.latest()
    assert release is not None
    found = {}
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        for table in TABLES:
            if table.name != "builds" and (paths := app.tables.files(release, table.name)):
                sql = "SELECT CAST(COLUMNS(*) AS VARCHAR) FROM read_parquet(?)"
                found[table.name] = sorted(con.execute(sql, [[str(path) for path in paths]]).fetchall(), key=str)
    return found


def test_redelivered_in_other_company_nothing_is_doubled(aws: str, cloud: Cloud, tmp_path: Path) -> None:
    """The same messages in one batch once, or in many batches of other boundaries several times: the same tables."""
    edits = [message(100 + n, n, f"edited {n}", kind="edited_message", edit_date=1773154900 + n) for n in range(5)]
    knock(
        cloud.door(),
        *(message(n, n, f"text {n}") for n in range(20)),
        *edits,
        message(3, 3, "text 3"),
        b"garbage",
        b"x" * 300_000,
    )
    records = cloud.drain()
    once, often = Cloud(aws), Cloud(aws)
    for each in (once, often):
        for key in cloud.listed("inbox/"):
            each.s3.put_object(Bucket=each.name, Key=key, Body=cloud.store().get(key))
    assert sealer(once).seal(records, plenty) == set()
    rng = random.Random(5)
    for _ in range(3):
        shuffled = rng.sample(records, len(records))
        while shuffled:
            batch, shuffled = shuffled[: (size := rng.randrange(1, 9))], shuffled[size:]
            assert sealer(often).seal(batch, plenty) == set()
    assert len(often.raw()) > 2 * len(records)

    tables = []
    for number, each in enumerate((once, often)):
        app = _app(each, tmp_path / str(number))
        app.wrangle_due()
        tables.append(content(app))
        (first,) = {tuple(row) for row in [(len(tables[-1]["updates"]), len(tables[-1]["quarantine"]))]}
        assert first == (25, 2), "twenty messages, five edits; one of them was delivered twice; two unreadable"
    assert {name: len(rows) for name, rows in tables[0].items()} == {
        name: len(rows) for name, rows in tables[1].items()
    }
    for name in ("messages", "message_versions", "chat_days", "user_days"):
        assert tables[0][name] == tables[1][name]


def test_the_handler_answers_as_lambda_wants(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings come from the environment; the failed are named by their ids; one line of JSON says what was done."""
    monkeypatch.setenv("TELELAKE_STATE_DIR", str(tmp_path))
    module._opened.cache_clear()
    knock(cloud.door(), message(1, 1), b"garbage")
    records = cloud.drain()
    bad = spoilt(records[0], bot="x")

    assert module.handler({"Records": [*records, bad]}, Context()) == {
        "batchItemFailures": [{"itemIdentifier": bad["messageId"]}]
    }
    assert module.handler({"Records": records}, Context()) == {"batchItemFailures": []}
    assert {each.record_id for each in cloud.raw()} == {f"sqs-{each['messageId']}" for each in records}
    assert json.loads(cloud.store().get("lake.json"))["timezone"] == "America/Sao_Paulo"


def test_a_lake_that_cannot_be_opened_gives_the_batch_back(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another time zone than the lake's would put records into wrong days: nothing is sealed, and the function fails."""
    monkeypatch.setenv("TELELAKE_STATE_DIR", str(tmp_path))
    cloud.store().put("lake.json", b'{"format": 1, "timezone": "Europe/Lisbon", "made_up": false}')
    module._opened.cache_clear()
    knock(cloud.door(), message(1, 1))

    with pytest.raises(module.TelelakeError, match="Europe/Lisbon"):
        module.handler({"Records": cloud.drain()}, Context())
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["event"] == "not sealed"
    assert cloud.raw() == []
    module._opened.cache_clear()
