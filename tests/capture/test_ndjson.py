"""Updates that lie one on a line come in verbatim, once, and no line of them stops the rest."""

from __future__ import annotations

import base64
import gzip
import json
import random
import re
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import zstandard
from tests.conftest import BOT, NOW, LakeFolder, message
from tests.telegram.test_desktop import as_desktop, chat, full
from tests.telegram.test_desktop import message as exported

from telelake import raw
from telelake.capture.imports import ndjson
from telelake.capture.imports.bring import Brought, bring
from telelake.capture.imports.exports import Wanted
from telelake.capture.imports.source import Kind, Source
from telelake.errors import SettingsError, UnreadableFile
from telelake.stores.objects import BucketStore, DirectoryStore

ENVELOPE = raw.raw_line(raw.Record("x", BOT, "webhook", NOW, b"{}")).data.removesuffix(b',"body":{}}')
UPDATES = Path(__file__).parents[1] / "data" / "updates.ndjson"


def bring_file(lake: LakeFolder, path: Path, bot_id: int | None = BOT) -> Brought:
    return bring(path, store=lake.store, state=lake.root / "state", zone=lake.zone, wanted=Wanted(), bot_id=bot_id)


def put(lake: LakeFolder, text: bytes, bot_id: int | None = BOT) -> Brought:
    path = lake.root.parent / "updates"
    path.write_bytes(text)
    return bring_file(lake, path, bot_id)


def texts(lake: LakeFolder, area: str = "raw") -> list[tuple[str, bytes]]:
    """Every line with the day that it lies in."""
    found = []
    for stored in lake.store.list(f"{area}/"):
        segment = raw.parse_key(stored.key)
        assert segment is not None
        written = b"".join(raw.read_blocks(lake.root / stored.key)).splitlines()
        assert segment.records == len(written)
        found += [(segment.day.isoformat(), line) for line in written]
    return found


def lines(lake: LakeFolder, area: str = "raw") -> list[dict[str, Any]]:
    return [json.loads(line) for _, line in texts(lake, area)]


def dump(body: Any) -> bytes:
    return json.dumps(body).encode()


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
def test_real_updates_come_in_verbatim_and_once(lake: LakeFolder, pack: Any) -> None:
    text = UPDATES.read_bytes()
    found = put(lake, pack(text))
    again = put(lake, text)

    bodies = text.splitlines()
    written = [line for _, line in texts(lake)]
    assert len(written) == len(bodies)
    for number, body in enumerate(bodies, 1):
        (line,) = (each for each in written if json.loads(each)["record_id"].endswith(f"-{number}"))
        assert line.endswith(b',"body":' + body + b"}") and json.loads(line)["bot"] == BOT
    assert (found.published.records, found.published.quarantined) == (len(bodies), 0)
    assert (again.published.records, again.published.known) == (0, len(bodies))


def test_an_update_is_received_when_it_was_sent_or_with_its_neighbour(lake: LakeFolder) -> None:
    def at(day: int) -> int:
        return int(datetime(2026, 3, day, 15, tzinfo=UTC).timestamp())

    pressed = {"update_id": 9, "callback_query": {"id": "1", "from": {"id": 1, "is_bot": False, "first_name": "A"}}}
    bodies = [pressed, message(2, 1, date=at(1)), pressed, b"{broken", pressed, message(6, 2, date=at(5)), pressed]
    found = put(lake, b"\n".join(each if isinstance(each, bytes) else dump(each) for each in bodies))

    days = sorted((_number(line), day) for day, line in [*texts(lake), *texts(lake, "quarantine")])
    assert [day[-2:] for _, day in days] == ["01", "01", "01", "01", "05", "05", "05"]
    assert {line["received_at"] for line in lines(lake)} == {
        "2026-03-01T15:00:00.000000Z",
        "2026-03-05T15:00:00.000000Z",
    }
    assert found.lines is not None and found.lines.undated == 5


def _number(line: bytes) -> int:
    return int(json.loads(line)["record_id"].rpartition("-")[2])


def test_a_bad_line_is_kept_with_its_number_and_stops_nothing(lake: LakeFolder) -> None:
    bad = [
        b"no json",
        b'{"update_id": "x"}',
        b"[1]",
        b"\xff\xfe{",
        b"{" * 200_000,
        b'{"update_id": 5',
        b'{"v":1,"record_id":"x"}',
    ]
    text = b"\r\n\n".join([dump(message(1, 1)), *bad, dump(message(2, 2))])
    found = put(lake, b"\xef\xbb\xbf" + text)

    assert sorted(line["body"]["update_id"] for line in lines(lake)) == [1, 2]
    kept = {line["reason"]: base64.b64decode(line["body_base64"]) for line in lines(lake, "quarantine")}
    assert list(kept.values()) == bad
    assert next(iter(kept)) == "line 3: not JSON" and list(kept)[-1] == "line 15: no update_id"
    assert (found.published.records, found.published.quarantined) == (9, 7)
    assert "9 records brought in (7 of them unreadable" in found.summary()


def test_a_line_too_long_is_passed_over_and_said(lake: LakeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ndjson, "MAX_UPDATE_BYTES", 1000)
    monkeypatch.setattr("telelake.capture.imports.source.CHUNK", 300)
    long = dump(message(3, 3, "a" * 5000))
    found = put(lake, b"\n".join([dump(message(1, 1)), long, dump(message(2, 2)), long]))

    assert sorted((line["body"]["update_id"], line["record_id"][-2:]) for line in lines(lake)) == [(1, "-1"), (2, "-3")]
    assert found.lines is not None and found.lines.too_long == 2
    assert "2 lines were passed over" in found.summary()


def test_a_line_of_raw_may_be_longer_than_an_update(lake: LakeFolder, make_lake: Any) -> None:
    """In base64 what is unreadable grows by a third, and an export's message may have megabytes."""
    other = make_lake()
    other.add(b"x" * 3_600_000, message(1, 1))
    other.add_export(exported(1, "a" * 5_000_000))
    whole = [line for area in ("raw", "quarantine") for _, line in texts(other, area)]
    found = put(lake, b"\xef\xbb\xbf" + b"\n".join([*whole, b'{"update_id":9,"more":"%s"}' % (b"x" * 4_200_000)]), None)

    assert sum(len(line) > 4 * 1024 * 1024 for line in whole) == 2
    assert [texts(lake, area) for area in ("raw", "quarantine")] == [
        texts(other, area) for area in ("raw", "quarantine")
    ]
    assert found.lines is not None and (found.lines.envelopes, found.lines.too_long) == (3, 1)
    assert "1 line was passed over: an update has at most 4,194,304 bytes, a line of raw 67,108,864." in found.summary()


def test_a_line_of_raw_has_a_bound_too(lake: LakeFolder, make_lake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ndjson, "MAX_UPDATE_BYTES", 1000)
    monkeypatch.setattr(ndjson, "MAX_ENVELOPE_BYTES", 3000)
    monkeypatch.setattr("telelake.capture.imports.source.CHUNK", 300)
    other = make_lake()
    other.add(message(1, 1, "a" * 2000), message(2, 2, "a" * 9000), message(3, 3))
    found = put(lake, b"\n".join(line for _, line in texts(other)), None)

    assert sorted(line["body"]["update_id"] for line in lines(lake)) == [1, 3]
    assert found.lines is not None and found.lines.too_long == 1


def filled(make_lake: Any) -> LakeFolder:
    """A lake with all that raw can hold: updates, calls, messages of exports, and what could not be read."""
    made: LakeFolder = make_lake()
    made.add(
        message(1, 1), message(2, 2, "olá 😀"), b'{"update_id":3,\n"message":{"date":1,"text":"\\ud83d"}}', b"\xffno"
    )
    path = made.root.parent / "result.json"
    path.write_bytes(as_desktop(full(chat(exported(1), {"no": "type"}, name='"},"own":[1],"body":'))))
    bring_file(made, path, None)
    call = b'{"call":"sendMessage","started_at":"2026-03-10T12:00:00.000000Z","seconds":0.1,"status":200,"answer":null}'
    made_call = raw.Record("test-call", 42, "proxy", NOW, call, raw.Content.CALLS)
    line = raw.raw_line(made_call)
    key = raw.segment_key(
        quarantined=False, bot_id=42, day=NOW.astimezone(made.zone).date(), lines=[line], content=raw.Content.CALLS
    )
    made.store.put(key, raw.pack([line]))
    return made


def test_lines_of_raw_keep_their_envelopes(lake: LakeFolder, make_lake: Any) -> None:
    """A lake written out as lines and brought into another gives the same segments, by name and by content."""
    other = filled(make_lake)
    whole = b"\n".join(line for area in ("raw", "quarantine") for _, line in texts(other, area))
    found = put(lake, whole, None)
    back = put(other, whole, None)

    for area in ("raw", "quarantine"):
        assert texts(lake, area) == texts(other, area)
    keys = [{path.relative_to(each.root) for path in each.root.rglob("*.zst")} for each in (lake, other)]
    assert keys[0] == keys[1] and len(keys[0]) == 5
    assert found.lines is not None and found.lines.envelopes == 7
    assert (found.published.records, found.published.known) == (7, 0)
    assert (back.published.records, back.published.known) == (0, 7)


def test_lines_of_raw_in_any_order_and_number_are_known(lake: LakeFolder, make_lake: Any) -> None:
    other = filled(make_lake)
    whole = [line for area in ("raw", "quarantine") for _, line in texts(other, area)]
    put(lake, b"\n".join(whole[::2]), None)
    random.Random(3).shuffle(whole)
    found = put(lake, b"\n".join(whole), None)

    assert (found.published.records, found.published.known) == (3, 4)
    assert {line["record_id"] for line in lines(lake)} == {line["record_id"] for line in lines(other)}


def test_a_forged_form_is_not_believed(lake: LakeFolder) -> None:
    """The mark says that the engine may read a body as it is; it is made here, never taken over."""
    line = raw.raw_line(lake.record({"update_id": 1, "message": {"date": "no number"}}), "0123456789ab").data
    put(lake, line, None)

    ((_, written),) = texts(lake)
    assert b'"form":"0123456789ab"' in line and b'"form"' not in written
    assert written.startswith(line.partition(b',"form"')[0])


def test_a_file_may_come_again_under_the_right_bot(lake: LakeFolder) -> None:
    """A record's id is unique in the tables, whatever bot it lies under: else those days are built no more."""
    text = b"\n".join([dump(message(1, 1)), b"no", dump(message(2, 2))])
    counts = [put(lake, text, bot_id).published for bot_id in (41, BOT, BOT, 41)]
    lake.wrangle()

    assert [(each.records, each.known) for each in counts] == [(3, 0), (3, 0), (0, 3), (0, 3)]
    ids = [line["record_id"] for area in ("raw", "quarantine") for line in lines(lake, area)]
    assert len(set(ids)) == 6 and all(re.fullmatch(r"import-[0-9a-f]{16}-[123]", each) for each in ids)
    assert lake.rows("SELECT bot_id, count(*) FROM updates GROUP BY ALL ORDER BY ALL") == [(41, 2), (BOT, 2)]


class _Copying(DirectoryStore):
    """A store that hands out copies, as a bucket does. One of two threads that have one looks into it later."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._both = threading.Barrier(2, timeout=20)

    def stage(self, key: str, folder: Path) -> Path:
        path = BucketStore.stage(self, key, folder)
        time.sleep(0.3 * self._both.wait())
        return path


def test_two_segments_of_a_day_are_looked_into_at_the_same_time(lake: LakeFolder) -> None:
    put(lake, dump(message(1, 1)))
    path = lake.root.parent / "more"
    path.write_bytes(b"\n".join([dump(message(1, 1)), b"no", dump(message(2, 2))]))
    store, state = _Copying(lake.root), lake.root / "state"
    found = bring(path, store=store, state=state, zone=lake.zone, wanted=Wanted(), bot_id=BOT)

    assert (found.published.records, found.published.quarantined, len(lines(lake))) == (3, 1, 3)
    assert not list((state / "import").iterdir())


def test_updates_of_nobody_are_refused(lake: LakeFolder) -> None:
    with pytest.raises(SettingsError, match=r"Line 2 is an update without telelake's envelope\. Say with --bot"):
        put(lake, b"\n" + dump(message(1, 1)), None)
    assert not texts(lake)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (b'{"update_id":1}', Kind.NDJSON), (b'\n\n ' + ENVELOPE + b',"body":{', Kind.NDJSON),
        (b'{"message":{},"update_id":1}', Kind.NDJSON), (b'\r\n\n{"update_id":1}\r\nbroken', Kind.NDJSON),
        (b'{"update_id":1,"message":{"text":"%s"}}' % (b"x" * 3_000_000), Kind.NDJSON),
        (b'{"export_version":2,"personal_information":{', Kind.EXPORT),
        (b'{\n "emoji": ["%s", {"a": "}"}],\n "chats": {' % (b"x" * 300_000), Kind.EXPORT),
        (b'{"name":"x","messages":[]}', Kind.EXPORT), (b'{"about":"x"}', Kind.EXPORT),
        (b'\xef\xbb\xbf{\r\n "id": 1}', Kind.EXPORT), (gzip.compress(b'{"chats":{}}', mtime=0), Kind.EXPORT),
        (zstandard.compress(b'{"update_id":1}'), Kind.NDJSON),
    ],
)  # fmt: skip
def test_a_file_is_what_it_holds(tmp_path: Path, text: bytes, kind: Kind) -> None:
    path = tmp_path / "any.name"
    path.write_bytes(text)

    assert Source(path).kind is kind


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "It is empty"), (b" \n", "It is empty"), (b"<!DOCTYPE html>", "Machine-readable JSON"),
        (b'[{"update_id":1}]', "It is a list"),
        (b'broken\n{"update_id":1}', "neither"), (b'{"update_id":"x"}\n{"update_id":1}', "no whole update"),
        (b'{"v":1,"record_id":"x"}', "no whole update"), (b'{"more":{"chats":{}}}', "none of an export's keys"),
        (b'{\n "update_id": 1,\n "message": {}\n}', "no whole update"), (b"{" * 200_000, "none of an export's keys"),
        (b'{"update_id":1,"more":"%s"}' % (b"x" * 4_200_000), "no whole update"),
        (b"a,b\n1,2\n", "neither an export nor an update"), (b"\x1f\x8bxx", "cannot be read"), (b"PK\x03\x04", "neither"),
    ],
)  # fmt: skip
def test_what_cannot_be_imported_is_named(tmp_path: Path, text: bytes, said: str) -> None:
    path = tmp_path / "updates.ndjson"
    path.write_bytes(text)
    with pytest.raises(UnreadableFile, match=said):
        Source(path)


@pytest.mark.parametrize(
    "text",
    [
        b'{\n "account": {\n  "phone_number": "+55 11 5550-0001"\n }\n}',  # some program's JSON, a value a line
        ENVELOPE + b',"account":{"phone_number":"+55 11 5550-0001"}}\nno\n\n[1]',
    ],
)
def test_a_file_without_a_readable_line_leaves_nothing(lake: LakeFolder, text: bytes) -> None:
    with pytest.raises(UnreadableFile, match=r"none of what can be imported|nothing of it: no line of it is an update"):
        put(lake, text)
    assert not texts(lake) and not texts(lake, "quarantine")


def test_an_account_whose_first_key_is_new_is_an_export(lake: LakeFolder) -> None:
    export = {"export_version": 2, **full(chat(exported(1)), sessions={"list": [{"last_ip": "203.0.113.7"}]})}
    found = put(lake, as_desktop(export), None)

    assert (found.kind, found.published.records, found.published.quarantined) == (Kind.EXPORT, 1, 0)
    assert b"203.0.113.7" not in b"".join(line for _, line in texts(lake))


def test_one_is_no_plural(lake: LakeFolder) -> None:
    said = put(lake, dump(message(1, 1))).summary()
    again = put(lake, dump(message(1, 1)) + b"\n" + dump({"update_id": 2, "poll": {}})).summary()

    assert "1 record brought in, 0 were there already; 1 segment in 1 day." in said
    assert "2 records brought in" in again and "1 record without a date was put where" in again
    assert "1 was there already; 0 segments in 0 days" in put(lake, dump(message(1, 1))).summary()


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_compressed_file_cut_off_brings_in_nothing(lake: LakeFolder, pack: Any) -> None:
    """Also where whole blocks of it can be unpacked before it breaks off."""
    dice = random.Random(7)
    whole = pack(b"\n".join(dump(message(n, n, dice.randbytes(400).hex())) for n in range(2000)))
    for length in [*range(60, len(whole), len(whole) // 20), len(whole) - 1]:
        with pytest.raises(UnreadableFile):
            put(lake, whole[:length])
    assert not texts(lake)


def test_several_frames_are_one_file(lake: LakeFolder) -> None:
    half = [dump(message(1, 1)) + b"\n", dump(message(2, 2)) + b"\n"]
    assert put(lake, b"".join(map(zstandard.compress, half))).published.records == 2
    assert put(lake, b"".join(map(gzip.compress, half))).published.known == 2


def test_imported_updates_are_built(lake: LakeFolder) -> None:
    put(lake, b"\n".join([dump(message(1, 1)), dump(message(2, 2)), b"no"]))
    lake.wrangle()

    assert lake.rows("SELECT message_id, text, source FROM messages ORDER BY 1") == [
        (1, "oi", "import"),
        (2, "oi", "import"),
    ]
    assert lake.rows("SELECT reason FROM quarantine") == [("line 3: not JSON",)]


def test_the_command_takes_the_name_of_a_bot(tmp_path: Path) -> None:
    (tmp_path / "telelake.toml").write_text(f'home = "{tmp_path}/home"\n[bots.support]\nid = {BOT}\n', encoding="utf-8")
    path = tmp_path / "u"
    path.write_bytes(gzip.compress(UPDATES.read_bytes()))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "telelake", "import", str(path), *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    without, wrong, right = run(), run("--bot", "suport"), run("--bot", "support", "--json")
    assert without.returncode == 1 and "Say with --bot whose it is" in without.stderr
    assert wrong.returncode == 1 and "Did you mean 'support'" in wrong.stderr
    assert right.returncode == 0 and json.loads(right.stdout)[0]["records"] == len(UPDATES.read_bytes().splitlines())
