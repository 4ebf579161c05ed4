"""The course design's bucket comes in whole, verbatim, once, and where its messages belong."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.conftest import LakeFolder, message

from telelake import raw
from telelake.capture.imports import course, names, pieces, rows
from telelake.capture.imports.course import Files, Objects, Taking, objects, unwrapped
from telelake.capture.imports.names import COURSE_ZONE, received_at
from telelake.capture.imports.pieces import Imported, write
from telelake.capture.seal import line_of
from telelake.errors import StoreUnavailable
from telelake.ports import Stored
from telelake.stores import parquet
from telelake.stores.objects import DirectoryStore

BOT = 7_000_000_001
SAO_PAULO = ZoneInfo("America/Sao_Paulo")


def at(text: str) -> int:
    """Unix seconds of a UTC time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def put(folder: Path, name: str, body: object, day: str = "2023-01-01") -> bytes:
    """Write one object as the course's Lambda does: json.dump, in the folder of its day."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    path = folder / "telegram" / f"context_date={day}" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return data


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    """Three updates around midnight and a file that is no update."""
    folder = tmp_path / "bucket"
    put(folder, "20230101101530123456.json", message(1, 1, date=at("2023-01-01T13:15:29")))
    put(folder, "20230101235959999999.json", message(2, 2, "olá 😀", date=at("2023-01-02T02:59:58")))
    put(folder, "20230102000001000000.json", message(3, 3, date=at("2023-01-02T02:59:59")), "2023-01-02")
    put(folder, "20230102080000000000.json", b'{"message": "cut of', "2023-01-02")
    return folder


def bring(folder: Path | Objects, lake: LakeFolder, clock: ZoneInfo | None = COURSE_ZONE, **more: Any) -> Imported:
    found = Imported()
    source = DirectoryStore(folder) if isinstance(folder, Path) else folder
    taking = Taking(BOT, lake.zone, clock, own=(BOT,), **more)
    return write(objects(source, taking, found), lake.store, lake.zone, found)


def lines(lake: LakeFolder, area: str = "raw") -> dict[str, list[dict]]:
    """Every line in raw by the day it lies in."""
    found: dict[str, list[dict]] = {}
    for stored in lake.store.list(f"{area}/"):
        segment = raw.parse_key(stored.key)
        assert segment is not None and segment.bot_id == BOT
        text = b"".join(raw.read_blocks(lake.root / stored.key))
        found.setdefault(segment.day.isoformat(), []).extend(json.loads(line) for line in text.splitlines())
    return found


def test_each_update_lands_in_the_day_of_its_message(bucket: Path, lake: LakeFolder) -> None:
    found = bring(bucket, lake)

    days = {day: [line["body"]["update_id"] for line in each] for day, each in lines(lake).items()}
    assert days == {"2023-01-01": [1, 2, 3]}  # received after midnight, sent before it
    assert (found.records, found.quarantined, found.known, found.early, found.passed_over) == (4, 1, 0, 0, [])
    assert found.days == {date(2023, 1, 1), date(2023, 1, 2)}


def test_a_line_holds_what_the_file_held(bucket: Path, lake: LakeFolder) -> None:
    body = put(
        bucket,
        "20230105000000000001.json",
        b'{"update_id":9,\n"message":{"text":"\\u00e1", "date":1672876800}}',
        "2023-01-05",
    )
    bring(bucket, lake)

    (stored,) = lake.store.list(f"raw/bot={BOT}/context_date=2023-01-04/")
    line = b"".join(raw.read_blocks(lake.root / stored.key))
    assert line.endswith(b',"body":' + body.replace(b"\n", b" ") + b"}\n")
    envelope = json.loads(line)
    assert envelope["source"] == "import" and envelope["bot"] == BOT
    assert envelope["record_id"] == f"import-{envelope['sha256'][:16]}-0"
    assert envelope["received_at"] == "2023-01-05T03:00:00.000001Z"


def test_what_cannot_be_read_is_kept_in_quarantine(bucket: Path, lake: LakeFolder) -> None:
    bring(bucket, lake)

    (line,) = lines(lake, "quarantine")["2023-01-02"]
    assert line["reason"] == "not JSON"
    assert line["body_base64"] == "eyJtZXNzYWdlIjogImN1dCBvZg=="


@pytest.mark.parametrize(
    ("name", "zone", "expected"),
    [
        ("20230101101530123456.json", COURSE_ZONE, "2023-01-01T13:15:30.123456Z"),
        ("20230101101530.json", COURSE_ZONE, "2023-01-01T13:15:30.000000Z"),
        ("202301011015305.json", COURSE_ZONE, "2023-01-01T13:15:30.500000Z"),
        ("20180101101530123456.json", SAO_PAULO, "2018-01-01T12:15:30.123456Z"),  # summer time there, then
        ("20231301101530123456.json", COURSE_ZONE, "2020-05-06T07:08:09.000000Z"),  # no such month
        ("message.json", COURSE_ZONE, "2020-05-06T07:08:09.000000Z"),
        ("20230101101530123456-1.json", COURSE_ZONE, "2020-05-06T07:08:09.000000Z"),
    ],
)
def test_the_time_of_receipt_is_in_the_name_or_the_objects_own(name: str, zone: ZoneInfo, expected: str) -> None:
    stored = Stored(f"telegram/context_date=2023-01-01/{name}", 1, datetime(2020, 5, 6, 7, 8, 9, tzinfo=UTC))

    assert raw.format_time(received_at(stored, zone)) == expected


def test_importing_twice_changes_nothing(bucket: Path, lake: LakeFolder) -> None:
    bring(bucket, lake)
    before = {path: path.read_bytes() for path in lake.root.rglob("*.zst")}
    again = bring(bucket, lake)

    assert {path: path.read_bytes() for path in lake.root.rglob("*.zst")} == before
    assert (again.records, again.known, again.segments, again.days) == (0, 4, 0, set())


def test_a_grown_bucket_adds_what_is_new_and_nothing_else(bucket: Path, lake: LakeFolder) -> None:
    bring(bucket, lake)
    before = set(lake.root.rglob("*.zst"))
    # It sorts before the others: other boundaries than the first time, were they drawn again.
    put(bucket, "20230101000000000000.json", message(7, 7, date=at("2023-01-01T12:00:00")))
    again = bring(bucket, lake)

    assert (again.records, again.known) == (1, 4)
    assert before < set(lake.root.rglob("*.zst"))
    assert sorted(line["body"]["update_id"] for line in lines(lake)["2023-01-01"]) == [1, 2, 3, 7]


class _Failing(DirectoryStore):
    """A store that goes away after some writes."""

    left = 2

    def put(self, key: str, data: bytes) -> bool:
        self.left -= 1
        if self.left < 0:
            raise StoreUnavailable("gone")
        return super().put(key, data)


def test_an_import_that_was_stopped_goes_on(bucket: Path, lake: LakeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        put(
            bucket,
            f"2023020112{number:02d}00000000.json",
            message(100 + number, 100 + number, date=at("2023-02-01T12:00:00")),
        )
    monkeypatch.setattr(pieces, "_HELD_BYTES", 1)  # a segment for each
    with pytest.raises(StoreUnavailable):
        found = Imported()
        taking = Taking(BOT, lake.zone, COURSE_ZONE)
        write(objects(DirectoryStore(bucket), taking, found), _Failing(lake.root), lake.zone, found)
    stopped = sum(map(len, lines(lake).values()))
    again = bring(bucket, lake)

    assert stopped == 2 and again.known == 2 and again.records == 22
    ids = [line["record_id"] for each in lines(lake).values() for line in each]
    assert len(ids) == len(set(ids)) == 23


def test_many_days_are_known_again_though_few_are_held(tmp_path: Path, lake: LakeFolder) -> None:
    """Ids of a few days are in memory at a time; a day that comes back must be read anew, with what was just written."""
    bodies = [message(n, n, date=at(f"2023-03-{n % 20 + 1:02d}T12:00:00")) for n in range(1, 61)]
    for number, body in enumerate(bodies):
        put(tmp_path, f"20230401{number:012d}.json", body, "2023-04-01")
        put(tmp_path, f"20230402{number:012d}.json", body, "2023-04-02")  # the same bytes once more
    found = bring(tmp_path, lake)

    assert (found.records, found.known) == (60, 60)
    assert sum(map(len, lines(lake).values())) == 60


def test_only_some_bodies_are_held_at_a_time(tmp_path: Path, lake: LakeFolder) -> None:
    for number in range(150):
        put(tmp_path, f"{20230101000000 + number}.json", message(number, number, date=at("2023-01-01T12:00:00")))
    source, ahead, most, lock = DirectoryStore(tmp_path), 0, 0, threading.Lock()

    class Counting:
        def list(self, prefix: str = "") -> Iterator[Stored]:
            return source.list(prefix)

        def get(self, key: str) -> bytes:
            nonlocal ahead, most
            with lock:
                ahead += 1
                most = max(most, ahead)
            return source.get(key)

    for _ in objects(Counting(), Taking(BOT, COURSE_ZONE, COURSE_ZONE), Imported()):
        with lock:
            ahead -= 1

    assert ahead == 0 and 1 < most <= course._READ_AHEAD + 1


def test_what_is_no_update_is_left_and_named(bucket: Path, lake: LakeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    put(bucket, "20230101.parquet", b"PAR1")
    put(bucket, "20230103000000000000.json", b"x" * 2000)
    monkeypatch.setattr(course, "MAX_BODY_BYTES", 1999)
    found = bring(bucket, lake)

    assert [key.rpartition("/")[2] for key in found.passed_over] == ["20230101.parquet", "20230103000000000000.json"]
    assert found.records == 4 and "2 objects are no updates" in found.summary()


def test_a_wrong_zone_is_noticed(bucket: Path, lake: LakeFolder) -> None:
    """Names read as if they were UTC make messages come before they were sent."""
    found = bring(bucket, lake, ZoneInfo("UTC"))

    assert found.early == 3
    assert "3 updates would have been received before they were sent" in found.summary()


def test_imported_days_are_due_and_built(bucket: Path, lake: LakeFolder) -> None:
    bring(bucket, lake)
    report = lake.wrangle()

    assert set(report.days) == {date(2023, 1, 1), date(2023, 1, 2)}
    assert lake.rows("SELECT message_id, text, source FROM messages ORDER BY 1") == [
        (1, "oi", "import"), (2, "olá 😀", "import"), (3, "oi", "import"),
    ]  # fmt: skip
    assert lake.rows("SELECT reason FROM quarantine") == [("not JSON",)]


def test_what_capture_had_seen_too_is_one_row(bucket: Path, lake: LakeFolder) -> None:
    """The same update by webhook and by import: one row, the other a duplicate."""
    body = (bucket / "telegram/context_date=2023-01-01/20230101101530123456.json").read_bytes()
    lake.seal([replace(lake.record(body, datetime(2023, 1, 1, 13, 15, 31, tzinfo=UTC)), bot_id=BOT)])
    bring(bucket, lake)
    lake.wrangle()

    assert lake.rows("SELECT count(*) FROM updates WHERE update_id = 1") == [(1,)]


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "telelake", *arguments], cwd=cwd, capture_output=True, text=True)


def test_the_command_imports_and_says_so(bucket: Path, tmp_path: Path) -> None:
    (tmp_path / "telelake.toml").write_text(
        f'home = "{tmp_path}/home"\ntimezone = "America/Sao_Paulo"\n[bots.support]\nid = {BOT}\n', encoding="utf-8"
    )
    first = command("import", "course", str(bucket), "--bot", "support", "--json", cwd=tmp_path)
    second = command("import", "course", str(bucket), "--bot", str(BOT), cwd=tmp_path)

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert json.loads(first.stdout)["days"] == ["2023-01-01", "2023-01-02"]
    assert "4 records brought in (1 unreadable, kept in quarantine), 0 were there already" in first.stderr
    assert "0 records brought in" in second.stderr and "4 were there already" in second.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["desktop", "{bucket}/telegram/x.json", "--bot", "1"], "There is no file desktop"),
        (["{bucket}"], "Say with --bot"),
        (["course", "--bot", "1"], "Write: telelake import course SOURCE"),
        (["course", "{bucket}", "--bot", "suport"], "Did you mean 'support'"),
        (["course", "{bucket}", "--bot", "0"], "no bot named '0'"),
        (["course", "{bucket}-no", "--bot", "1"], "There is no folder"),
        (["course", "{bucket}", "--bot", "1", "--timezone", "Brazil"], "IANA zone name"),
    ],
)
def test_a_wrong_import_says_what_to_write(bucket: Path, tmp_path: Path, arguments: list[str], said: str) -> None:
    (tmp_path / "telelake.toml").write_text(f'home = "{tmp_path}/home"\n[bots.support]\nid = {BOT}\n', encoding="utf-8")
    done = command("import", *(each.format(bucket=bucket) for each in arguments), cwd=tmp_path)

    assert done.returncode == 1 and said in done.stderr
    assert not list((tmp_path / "home").rglob("*.zst"))
    assert not Path(f"{bucket}-no").exists()


def test_from_a_bucket_into_a_bucket(bucket: Path, tmp_path: Path, aws: str) -> None:
    """The same over S3's protocol: a prefix of their bucket, and a home in a bucket of ours."""
    boto3 = pytest.importorskip("boto3")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TELELAKE_"))},
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": aws,
    }  # fmt: skip
    client = boto3.client(
        "s3", endpoint_url=aws, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    client.create_bucket(Bucket="theirs")
    client.create_bucket(Bucket="ours")
    for path in bucket.rglob("*.json"):
        client.put_object(Bucket="theirs", Key=path.relative_to(bucket).as_posix(), Body=path.read_bytes())
    client.put_object(Bucket="theirs", Key="other/20230101000000000000.json", Body=b"{}")
    table(tmp_path, course_rows())
    (made,) = tmp_path.glob("telegram/*/*.parquet")
    client.put_object(Bucket="theirs", Key="enriched/context_date=2023-01-01/1.parquet", Body=made.read_bytes())
    first, second, third = (
        subprocess.run(
            [
                sys.executable,
                "-m",
                "telelake",
                "import",
                source,
                "--bot",
                str(BOT),
                "--home",
                "s3://ours/lake",
                "--json",
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env=environment,
        )
        for source in ("s3://theirs/telegram/context_date=*/*.json", "s3://theirs/telegram", "s3://theirs/enriched")
    )
    keys = [each["Key"] for each in client.list_objects_v2(Bucket="ours")["Contents"]]

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    counts = [
        [json.loads(each.stdout)[name] for name in ("records", "known", "quarantined")] for each in (first, second)
    ]
    assert counts == [[4, 0, 1], [0, 4, 0]]
    assert json.loads(third.stdout)["records"] == 3, third.stderr
    assert sum(key.startswith("lake/raw/bot=0/") for key in keys) == 2
    assert sum(key.startswith(f"lake/raw/bot={BOT}/") for key in keys) == 2  # the lake is of UTC
    assert sum(key.startswith(f"lake/quarantine/bot={BOT}/") for key in keys) == 1


# The clock of the names


def named(bucket: Path, sent: list[str], ahead: timedelta) -> Path:
    """Write messages named by a clock that is so far ahead of UTC, each received two seconds after it was sent."""
    for number, moment in enumerate(sent):
        seconds = at(moment)
        clock = datetime.fromtimestamp(seconds + 2, UTC) + ahead
        name = clock.strftime("%Y%m%d%H%M%S%f.json")
        put(bucket, name, message(number, number, date=seconds), clock.date().isoformat())
    return bucket


@pytest.mark.parametrize("hours", [-3, 0, 5.5])
def test_the_messages_tell_by_which_clock_the_files_were_named(tmp_path: Path, lake: LakeFolder, hours: float) -> None:
    sent = [f"2023-03-{day:02d}T01:30:00" for day in range(1, 29)]
    found = bring(named(tmp_path, sent, timedelta(hours=hours)), lake, None)

    assert "told by 28 of 28 messages" in found.clock and found.early == 0
    received = {line["received_at"] for each in lines(lake).values() for line in each}
    assert received == {f"2023-03-{day:02d}T01:30:02.000000Z" for day in range(1, 29)}
    # 01:30 UTC is the evening before in São Paulo; a Lambda with a clock at UTC put it into the wrong day.
    assert found.moved == (0 if hours == -3 else 28)
    assert min(lines(lake)) == "2023-02-28"


def test_without_agreement_the_courses_clock_is_taken_and_said(tmp_path: Path, lake: LakeFolder) -> None:
    for number in range(6):
        body = message(number, number, date=at("2023-03-01T00:00:00") + number * 7200)
        put(tmp_path, f"2023030112{number:02d}00000000.json", body)
    put(tmp_path, "20230301130000000000.json", {"update_id": 99, "callback_query": {"id": "1"}})
    found = bring(tmp_path, lake, None)

    assert "UTC-03:00" in found.clock and "do not tell" in found.clock
    (line,) = [line for each in lines(lake).values() for line in each if line["body"]["update_id"] == 99]
    assert line["received_at"] == "2023-03-01T16:00:00.000000Z"


def test_an_edit_does_not_tell_the_clock(tmp_path: Path, lake: LakeFolder) -> None:
    """It bears the date of the message that it edits, hours before; only what comes at once may vote."""
    named(tmp_path, ["2023-03-01T12:00:00"], timedelta(hours=-3))
    for number in range(10, 20):
        body = {"update_id": number, "edited_message": message(1, number, date=at("2023-03-01T12:00:00"))["message"]}
        put(tmp_path, f"202303011500{number}000000.json", body)
    assert "told by 1 of 1" in bring(tmp_path, lake, None).clock


# What else the field wrote


def test_an_update_inside_of_its_request_comes_out_as_telegram_wrote_it(tmp_path: Path, lake: LakeFolder) -> None:
    folder = tmp_path / "canary-input"
    body = '{"update_id":5,\n"message":{"message_id":5,"date":1672578929,"chat":{"id":-100},"text":"ol\\u00e1"}}'
    headers = {"x-telegram-bot-api-secret-token": "canary-of-a-request"}
    put(folder, "20230101101531000000.json", {"headers": headers, "body": body, "isBase64Encoded": False})
    coded = base64.b64encode(body.replace("5,", "6,").encode()).decode()
    put(folder, "20230101101532000000.json", {"requestContext": {}, "body": coded, "isBase64Encoded": True})
    found = bring(folder, lake)

    assert (found.records, found.unwrapped, found.quarantined) == (2, 2, 0)
    (stored,) = lake.store.list(f"raw/bot={BOT}/context_date=2023-01-01/")
    text = b"".join(raw.read_blocks(lake.root / stored.key))
    assert body.replace("\n", " ").encode() in text and b"canary" not in text


@pytest.mark.parametrize(
    "data",
    [
        b'{"update_id": 1, "message": {"text": "\\"body\\""}, "body": "x", "headers": {}}',
        b'{"body": "x"}', b'{"body": 7, "headers": {}}', b'["body"]', b'{"body" cut',
        b'{"headers": {}, "body": "%%%", "isBase64Encoded": true}', b'{"headers": {}, "body": "\\ud800"}',
    ],
)  # fmt: skip
def test_what_is_no_request_stays_as_it_is(data: bytes) -> None:
    assert unwrapped(data) is data


def test_any_folder_of_single_updates_comes_in(tmp_path: Path, lake: LakeFolder) -> None:
    """Written by hand, over several lines, without the course's names; what is no update is nobody's business."""
    folder = tmp_path / "canary-input"
    folder.mkdir()
    (folder / "one.json").write_text(json.dumps(message(1, 1, date=at("2023-01-01T13:15:29")), indent=2))
    (folder / "contacts.json").write_text('{"contacts": [{"phone_number": "canary-number"}]}')
    (folder / "result.json").write_text('{"name": "canary-name", "messages": []}')
    found = bring(folder, lake)

    assert (found.records, found.quarantined, found.passed_over) == (1, 0, ["contacts.json", "result.json"])
    assert not (lake.root / "quarantine").exists()
    assert list(lines(lake)) == ["2023-01-01"]


def test_files_that_a_shell_named_are_the_same_records(bucket: Path, lake: LakeFolder) -> None:
    whole = bring(bucket, lake)
    again = bring(Files(sorted(bucket.rglob("*.json"))), lake)

    assert (whole.records, again.records, again.known) == (4, 0, 4)


def test_a_pattern_takes_what_fits(bucket: Path, lake: LakeFolder) -> None:
    found = bring(bucket, lake, pattern="telegram/context_date=2023-01-02/*.json")
    assert (found.records, found.quarantined) == (2, 1)
    assert bring(bucket, lake, pattern="*.json").records == 0  # a star does not go into folders


# Its Parquet


def table(folder: Path, columns: dict[str, list[Any]], day: str = "2023-01-01", name: str = "20230102030001") -> None:
    """Write what the course's ETL writes: one file a run, with the day of the run beside each row."""
    path = folder / "telegram" / f"context_date={day}" / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    count = len(columns["message_id"])
    run = {"context_date": ["2023-01-02"] * count, "context_timestamp": [f"2023-01-02 {name[8:10]}:00:01"] * count}
    pq.write_table(pa.table({**columns, **run}), path)


def course_rows(**changed: list[Any]) -> dict[str, list[Any]]:
    """Three messages of a supergroup, the last one without text."""
    return {
        "message_id": [1, 2, 3], "date": [at("2023-01-01T13:15:29"), at("2023-01-02T02:59:58"), at("2023-01-01T14:00:00")],
        "user_id": [501, 502, BOT], "user_is_bot": [False, False, True], "user_first_name": ["Ana", "Bia", "Bot"],
        "chat_id": [-1001000000001] * 3, "chat_type": ["supergroup"] * 3, "text": ["oi", "olá 😀", None],
        **changed,
    }  # fmt: skip


def test_rows_of_the_courses_parquet_become_messages_of_their_day(tmp_path: Path, lake: LakeFolder) -> None:
    table(tmp_path, {**course_rows(), "user_last_name": ["Silva", None, None]})
    found = bring(tmp_path, lake, rows=parquet.rows)
    report = lake.wrangle()

    assert (found.rows, found.records, found.quarantined, found.columns_left) == (3, 3, 0, ["user_last_name"])
    assert set(report.days) == {date(2023, 1, 1)}
    columns = "message_id, user_id, text, direction, kind, CAST(sent_at AS VARCHAR)"
    assert lake.rows(f"SELECT {columns} FROM messages ORDER BY 1") == [
        (1, 501, "oi", "in", "text", "2023-01-01 13:15:29+00"),
        (2, 502, "olá 😀", "in", "text", "2023-01-02 02:59:58+00"),
        (3, BOT, None, "out", "unsupported", "2023-01-01 14:00:00+00"),
    ]
    assert lake.rows("SELECT DISTINCT kind, extra ->> 'made_of' FROM updates") == [("export_message", "parquet")]


def test_an_etl_that_ran_twice_doubles_nothing(tmp_path: Path, lake: LakeFolder) -> None:
    """It writes another file, with other times of its own, into the same folder or the next."""
    table(tmp_path, course_rows())
    table(tmp_path, course_rows(), name="20230102040001")
    table(tmp_path, course_rows(), day="2023-01-02", name="20230103030001")
    first, second = bring(tmp_path, lake, rows=parquet.rows), bring(tmp_path, lake, rows=parquet.rows)

    assert (first.rows, first.records, first.known) == (9, 3, 6)
    assert (second.records, second.known) == (0, 9)


def test_what_the_lake_has_whole_is_not_made_poorer_by_a_row(tmp_path: Path, lake: LakeFolder) -> None:
    """In private chats too: the rows are numbered as the bot's updates are."""
    photo = {"photo": [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}], "caption": "veja"}
    chat = {"id": 501, "type": "private", "first_name": "Ana"}
    body = message(1, 1, date=at("2023-01-01T13:15:29"))
    body["message"] = {**body["message"], **photo, "chat": chat}
    del body["message"]["text"]
    put(tmp_path / "raw", "20230101101530000000.json", body)
    bring(tmp_path / "raw", lake)
    one = {
        name: values[:1]
        for name, values in course_rows(text=[None] * 3, chat_type=["private"] * 3, chat_id=[501] * 3).items()
    }
    table(tmp_path / "enriched", one)
    bring(tmp_path / "enriched", lake, rows=parquet.rows)
    lake.wrangle()

    assert lake.rows("SELECT kind, caption FROM messages") == [("photo", "veja")]
    assert lake.rows("SELECT count(*) FROM updates") == [(2,)]


def test_whose_numbers_a_private_chat_has_needs_the_bots_account(
    tmp_path: Path, lake: LakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: without the bot as account, the row is taken for another message."""
    monkeypatch.setattr(rows, "NUMBERED_APART", ())
    with pytest.raises(AssertionError):
        test_what_the_lake_has_whole_is_not_made_poorer_by_a_row(tmp_path, lake)


def test_a_row_that_is_no_message_lies_in_quarantine(tmp_path: Path, lake: LakeFolder) -> None:
    table(tmp_path, course_rows(message_id=[1.0, None, 3.0], date=[at("2023-01-01T13:15:29"), 1, None]))
    found = bring(tmp_path, lake, rows=parquet.rows)
    again = bring(tmp_path, lake, rows=parquet.rows)
    lake.wrangle()

    assert (found.rows, found.records, found.quarantined, again.records, again.known) == (3, 3, 2, 0, 3)
    assert sorted(lake.rows("SELECT reason FROM quarantine")) == [
        ("row of Parquet: no date",), ("row of Parquet: no message_id",),
    ]  # fmt: skip
    assert lake.rows("SELECT message_id FROM messages") == [(1,)]


def test_dates_that_somebody_made_times_of_are_read(tmp_path: Path, lake: LakeFolder) -> None:
    moments = [datetime(2023, 1, 1, 13, 15, second, tzinfo=UTC).replace(tzinfo=None) for second in (29, 30, 31)]
    table(tmp_path, course_rows(date=moments))
    bring(tmp_path, lake, rows=parquet.rows)
    lake.wrangle()

    assert lake.rows("SELECT CAST(sent_at AS VARCHAR) FROM messages ORDER BY 1")[0] == ("2023-01-01 13:15:29+00",)


def test_a_damaged_file_costs_no_other(tmp_path: Path, lake: LakeFolder) -> None:
    table(tmp_path, course_rows())
    bad = tmp_path / "telegram/context_date=2023-01-01/20230101030001.parquet"
    bad.write_bytes(b"PAR1 cut off")
    found = bring(tmp_path, lake, rows=parquet.rows)

    assert found.records == 3 and list(found.damaged) == [bad.relative_to(tmp_path).as_posix()]
    assert "It is no Parquet, or damaged" in found.summary()


# Twins: each takes out one line and must see the difference.


def test_the_day_of_the_folder_is_not_believed_needs_its_line(
    bucket: Path, lake: LakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "line_of", _by_receipt)
    with pytest.raises(AssertionError):
        test_each_update_lands_in_the_day_of_its_message(bucket, lake)


def _by_receipt(record: raw.Record, zone: ZoneInfo) -> tuple[bool, date, raw.Line]:
    quarantined, _, line = line_of(record, zone)
    return quarantined, record.received_at.astimezone(zone).date(), line


def test_once_needs_the_ids_that_lie_there(bucket: Path, lake: LakeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces._Writer, "_stored_ids", lambda self, bot_id, day: set())
    with pytest.raises(AssertionError):
        test_a_grown_bucket_adds_what_is_new_and_nothing_else(bucket, lake)


def test_an_etl_twice_needs_the_run_left_out(tmp_path: Path, lake: LakeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def with_its_run(row: Any, message_id: int | None, sent: int) -> bytes:
        return json.dumps({"id": message_id, "type": "message", "run": row["context_timestamp"]}).encode()

    monkeypatch.setattr(rows, "_message", with_its_run)
    with pytest.raises(AssertionError):
        test_an_etl_that_ran_twice_doubles_nothing(tmp_path, lake)


def test_edits_must_not_vote(tmp_path: Path, lake: LakeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "_SENT_NOW", ("message", "edited_message"))
    with pytest.raises(AssertionError):
        test_an_edit_does_not_tell_the_clock(tmp_path, lake)


def test_the_command_takes_folders_patterns_and_files(bucket: Path, tmp_path: Path) -> None:
    (tmp_path / "telelake.toml").write_text(f'home = "{tmp_path}/home"\n[bots.support]\nid = {BOT}\n', encoding="utf-8")
    table(tmp_path / "enriched", course_rows())
    files = sorted(str(path) for path in bucket.rglob("*.json"))
    said = [
        json.loads(done.stdout)
        for done in (
            command("import", *sources, "--bot", "support", "--json", cwd=tmp_path)
            for sources in (files[:2], [f"{bucket}/telegram/context_date=*/*.json"], [str(bucket), "enriched"])
        )
    ]

    assert [(each["records"], each["known"], each["rows"]) for each in said] == [(2, 0, 0), (2, 2, 0), (3, 4, 3)]
