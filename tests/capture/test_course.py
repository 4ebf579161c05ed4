"""The course design's bucket comes in whole, verbatim, once, and where its messages belong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.conftest import LakeFolder, message

from telelake import raw
from telelake.capture.imports import course
from telelake.capture.imports.course import COURSE_ZONE, Imported, course_records, received_at, write
from telelake.errors import StoreUnavailable
from telelake.ports import Stored
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


def bring(folder: Path, lake: LakeFolder, zone: ZoneInfo = COURSE_ZONE) -> Imported:
    found = Imported()
    return write(course_records(DirectoryStore(folder), BOT, zone, found), lake.store, lake.zone, found)


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
    monkeypatch.setattr(course, "_HELD_BYTES", 1)  # a segment for each
    with pytest.raises(StoreUnavailable):
        found = Imported()
        write(course_records(DirectoryStore(bucket), BOT, COURSE_ZONE, found), _Failing(lake.root), lake.zone, found)
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

    for _ in course_records(Counting(), BOT, COURSE_ZONE, Imported()):
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
    assert "4 updates brought in (1 unreadable, kept in quarantine), 0 were there already" in first.stderr
    assert "0 updates brought in" in second.stderr and "4 were there already" in second.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["desktop", "{bucket}", "--bot", "1"], "Known: course"),
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
    arguments = ["import", "course", "s3://theirs/telegram", "--bot", str(BOT), "--home", "s3://ours/lake", "--json"]
    first, second = (
        subprocess.run(
            [sys.executable, "-m", "telelake", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env=environment,
        )
        for _ in range(2)
    )
    keys = [each["Key"] for each in client.list_objects_v2(Bucket="ours")["Contents"]]

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    counts = [
        [json.loads(each.stdout)[name] for name in ("records", "known", "quarantined")] for each in (first, second)
    ]
    assert counts == [[4, 0, 1], [0, 4, 0]]
    assert sum(key.startswith(f"lake/raw/bot={BOT}/") for key in keys) == 2  # the lake is of UTC
    assert sum(key.startswith(f"lake/quarantine/bot={BOT}/") for key in keys) == 1
