"""Exports of Telegram Desktop come in whole or not at all, once, where their messages belong, without what is private."""

from __future__ import annotations

import base64
import gzip
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import zstandard
from tests.conftest import LakeFolder
from tests.telegram.test_desktop import LAYOUTS, as_desktop, chat, full, message

from telelake import raw
from telelake.capture.imports import exports, spool
from telelake.capture.imports.bring import Brought, bring
from telelake.capture.imports.exports import Wanted
from telelake.capture.imports.source import Source
from telelake.errors import SettingsError, StoreUnavailable, UnreadableFile
from telelake.stores.objects import DirectoryStore
from telelake.telegram import desktop_file

EXPORTS = Path(__file__).parents[1] / "data" / "exports"
BENCH = Path(__file__).parents[2] / "bench"
SECRETS = ("+55 11 5550-0001", "203.0.113.7", "Aparelho Secreto", "Contato Secreto", "Sessão Secreta", "retrato.jpg")


def put(lake: LakeFolder, export: Any, **wanted: Any) -> Brought:
    """Import an export, whose text is given or made as Desktop does."""
    path = lake.root.parent / f"{lake.root.name}-result.json"
    path.write_bytes(export if isinstance(export, bytes) else as_desktop(export))
    return bring_file(lake, path, **wanted)


def bring_file(lake: LakeFolder, path: Path, **wanted: Any) -> Brought:
    return bring(
        path, store=lake.store, state=lake.root / "state", zone=lake.zone, wanted=Wanted(**wanted), bot_id=None
    )


def lines(lake: LakeFolder, area: str = "raw") -> dict[str, list[dict[str, Any]]]:
    """Every line by the day that it lies in."""
    found: dict[str, list[dict[str, Any]]] = {}
    for stored in lake.store.list(f"{area}/"):
        segment = raw.parse_key(stored.key)
        assert segment is not None and segment.bot_id == 0
        text = b"".join(raw.read_blocks(lake.root / stored.key))
        assert segment.records == len(text.splitlines())
        found.setdefault(segment.day.isoformat(), []).extend(json.loads(line) for line in text.splitlines())
    return found


def ids(lake: LakeFolder) -> list[Any]:
    return sorted(line["body"].get("id") for each in lines(lake).values() for line in each)


def tree(lake: LakeFolder) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in lake.root.rglob("*.zst")}


@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("export_03.json", {"2022-06-05": 155}),
        (
            "export_06.json",
            {"2023-02-18": 13, "2023-02-19": 25},
        ),  # a week-end in UTC-3; its Sunday night is Monday elsewhere
        ("export_12.json", {"2021-09-13": 135}),
    ],
)
def test_a_real_export_comes_in_once(lake: LakeFolder, name: str, days: dict[str, int]) -> None:
    expected = json.loads((EXPORTS / name).read_bytes())
    found = bring_file(lake, EXPORTS / name)
    before = tree(lake)
    again = bring_file(lake, EXPORTS / name)

    assert {day: len(each) for day, each in lines(lake).items()} == days
    for day, each in lines(lake).items():
        sent = [datetime.fromtimestamp(int(line["body"]["date_unixtime"]), lake.zone) for line in each]
        assert {moment.date().isoformat() for moment in sent} == {day}
    by_number = sorted((line for each in lines(lake).values() for line in each), key=lambda line: _number(line))
    assert [line["body"] for line in by_number] == expected["messages"]
    assert {line["chat"]["id"] for line in by_number} == {-1_000_000_000_000 - expected["id"]}
    assert (found.published.records, found.published.known) == (len(expected["messages"]), 0)
    assert (again.published.records, again.published.known) == (0, len(expected["messages"]))
    assert tree(lake) == before and again.published.days == set()


def _number(line: dict[str, Any]) -> int:
    return int(line["record_id"].rpartition("-")[2])


def test_a_line_says_whose_and_which_chat_and_keeps_the_bytes(lake: LakeFolder) -> None:
    text = as_desktop(full(chat(message(1, "olá 😀"), name="N?"))).replace(b"N?", b"N\\x0B")
    found = put(lake, text, own={9, 7})

    ((line,),) = lines(lake).values()
    number = line.pop("record_id")
    assert number.startswith("import-") and number.endswith("-0") and len(number) == len("import--0") + 16
    body = text[text.index(b'{\n      "id": 1,') : text.index(b"\n     }\n    ]") + len(b"\n     }")]
    assert line.pop("sha256") and line.pop("bytes") == len(body)
    assert line.pop("body") == message(1, "olá 😀")
    assert line == {
        "v": 1, "bot": 0, "source": "import", "received_at": "2023-11-14T22:14:20.000000Z", "account": 77,
        "chat": {"id": -1001000000001, "type": "supergroup", "name": "N\x0b"}, "own": [7, 9],
    }  # fmt: skip
    (stored,) = lake.store.list("raw/")
    assert stored.key.endswith(".exports.ndjson.zst")
    written = b"".join(raw.read_blocks(lake.root / stored.key))
    assert written.endswith(b',"body":' + body.replace(b"\n", b" ") + b"}\n")
    assert found.export is not None and found.export.account == 77


def test_a_line_is_one_of_raws(lake: LakeFolder) -> None:
    """Its head, and so its segment's name, are what `raw` itself would make of the record."""
    put(lake, chat(message(1), message(2), {"id": 3}))

    for area, made in (
        ("raw", raw.raw_line),
        ("quarantine", lambda record: raw.quarantine_line(record, "message of an export: no type")),
    ):
        (stored,) = lake.store.list(f"{area}/")
        written = b"".join(raw.read_blocks(lake.root / stored.key)).splitlines()
        total = 0
        for text in written:
            line = json.loads(text)
            at = datetime.fromisoformat(line["received_at"])
            body = base64.b64decode(line["body_base64"]) if area == "quarantine" else _body_of(lake, line)
            record = raw.Record(line["record_id"], 0, "import", at, body, raw.Content.EXPORTS)
            total += made(record).digest
            assert text.startswith(made(record).data.partition(b',"body')[0])
            assert spool.digest_of_line(text) == made(record).digest
        segment = raw.parse_key(stored.key)
        assert segment is not None and segment.digest == total % (1 << 128)


def _body_of(lake: LakeFolder, line: dict[str, Any]) -> bytes:
    text = (lake.root.parent / f"{lake.root.name}-result.json").read_bytes()
    start = text.index(b'{\n   "id": %d,' % line["body"]["id"])
    return text[start : start + line["bytes"]]


def traps() -> bytes:
    """A full export with everything that is known to go wrong."""
    phone, address, device, contact, session, picture = SECRETS
    odd = [
        {"id": 1, "type": "unsupported"},
        message(2, "A?B"),
        message(2, "the same id again"),
        {"type": "message", "date_unixtime": "1700000400", "text": ["a", {"type": "bold", "text": "b"}]},
        {"id": 5, "type": "unsupported"},
        message(8, from_id=None, **{"from": None}, reply_to_message_id="x"),
        message(9, contact_information={"first_name": "Bia", "last_name": "", "phone_number": phone}, contact_vcard=picture),
        message(10, type="service", action="send_payment", invoice_information='{"amount": 5}'),
        {"id": 11},
        7,
    ]  # fmt: skip
    old = [{"id": 1, "type": "message", "date": "2020-07-01T00:30:00", "from": "Ana", "from_id": 11, "text": "antiga"}]
    export = full(
        chat(*odd),
        chat(*old, type="private_channel", id=3),
        chat(type="public_supergroup", id=4, name=None),
        chat(message(1), message(2), type="personal_chat", id=5, name=None),
        chat(message(1), type="saved_messages", id=77),
        chat(message(1), type="from_the_future", id=6),
        left=(chat(message(1), type="private_group", id=8),),
        contacts={"about": "…", "list": [{"first_name": contact, "phone_number": phone}]},
        frequent_contacts={"list": [{"name": contact}]},
        sessions={"list": [{"last_ip": address, "device_model": device, "application_name": session}]},
        web_sessions={"list": [{"last_ip": address}]},
        profile_pictures=[{"photo": picture}],
        other_data={"drafts": [phone]},
    )
    return as_desktop(export).replace(b"A?B", b"A\\x0BB")


def test_an_export_with_every_trap(lake: LakeFolder) -> None:
    found = put(lake, traps())

    by_day = {day: [(line["chat"]["id"], line["body"].get("id")) for line in each] for day, each in lines(lake).items()}
    group = -1001000000001
    assert by_day == {
        "2023-11-14": [*((group, n) for n in (1, 2, 2, None, 5, 8, 9, 10)), (-8, 1)],
        "2020-07-01": [(-1000000000003, 1)],
    }
    assert {line["reason"] for line in lines(lake, "quarantine")["2023-11-14"]} == {
        "message of an export: no type", "message of an export: not an object",
    }  # fmt: skip
    assert found.export is not None
    assert (found.published.records, found.published.quarantined) == (12, 2)
    assert (found.export.repaired, found.export.redacted, found.export.undated, found.export.local_dates) == (
        2,
        2,
        4,
        1,
    )
    assert found.export.left_out == {
        "no name (5, personal_chat)": 2, "Suporte (77, saved_messages)": 1,
    }  # fmt: skip
    assert found.export.unknown == {"Suporte (6, from_the_future)": 1}
    said = found.summary()
    for word in ("12 messages brought in (2 of them unreadable", "Left out: 2 chats with 3 messages", "--private",
                 "of unknown type or without an id: 1 chat with 1 message (Suporte (6, from_the_future) 1). Known types: saved",
                 "2 escapes", "2 phone numbers", "4 messages without a date were",
                 "1 message with a local date only was"):  # fmt: skip
        assert word in said


def test_nothing_of_an_account_but_its_messages_lands(lake: LakeFolder) -> None:
    put(lake, traps(), private=True)

    everything = b"".join(b"".join(raw.read_blocks(path)) for path in lake.root.rglob("*.zst"))
    everything += b"".join(base64.b64decode(line["body_base64"]) for line in lines(lake, "quarantine")["2023-11-14"])
    for secret in SECRETS:
        assert secret.encode() not in everything and secret.encode("unicode_escape") not in everything
    assert b"antiga" in everything and everything.count(b"<redacted>") == 2
    for path in lake.root.rglob("*"):
        assert not path.is_file() or path.suffix in (".zst", ".json")


def test_undated_messages_lie_where_their_nearest_neighbour_lies(lake: LakeFolder) -> None:
    def undated(number: int) -> dict[str, Any]:
        return {"id": number, "type": "unsupported"}

    day = 86_400 // 60
    put(lake, full(
        chat(undated(1), undated(2), id=1),
        chat(undated(3), message(10 * day), undated(4), undated(5), undated(6), message(20 * day), undated(7), id=2),
        chat(undated(8), undated(9), id=3),
    ))  # fmt: skip

    assert {each: sorted(line["body"]["id"] for line in found) for each, found in lines(lake).items()} == {
        "2023-11-24": [1, 2, 3, 4, 5, 10 * day],
        "2023-12-04": [6, 7, 8, 9, 20 * day],
    }


def test_without_any_date_nobody_knows(lake: LakeFolder) -> None:
    put(lake, chat({"id": 1, "type": "unsupported"}, {"id": 2, "type": "message", "date": "1970-01-01T00:00:00"}))

    assert [(day, len(each)) for day, each in lines(lake).items()] == [("1969-12-31", 2)]  # a lake west of Greenwich


OLD = {"id": 1, "type": "message", "date": "2021-06-30T23:30:00", "text": "a"}


@pytest.mark.parametrize(
    ("beside", "zone", "expected", "why"),
    [
        ({}, None, "2021-07-01T02:30:00.000000Z", "America/Sao_Paulo (the lake's; set another with --timezone)"),
        ({}, "Asia/Tokyo", "2021-06-30T14:30:00.000000Z", "Asia/Tokyo (--timezone)"),
        (message(2), None, "2021-07-01T02:30:00.000000Z", "with which the file agrees"),
        (message(2, date="2023-11-15T05:15:20"), None, "2021-06-30T16:30:00.000000Z", "UTC+07:00 (told by the file"),
        (message(2, date="2023-11-15T05:15:20"), "UTC", "2021-06-30T23:30:00.000000Z", "UTC (--timezone)"),
    ],
)
def test_local_dates_are_read_in_the_zone_of_the_machine(
    lake: LakeFolder, beside: dict[str, Any], zone: str | None, expected: str, why: str
) -> None:
    found = put(lake, chat(OLD, *([beside] if beside else [])), zone=ZoneInfo(zone) if zone else None)

    (line,) = (line for each in lines(lake).values() for line in each if line["body"]["id"] == 1)
    assert line["received_at"] == expected
    assert why in found.summary()


def test_another_zone_for_the_same_file_adds_nothing(lake: LakeFolder) -> None:
    zones = [put(lake, chat(OLD), zone=ZoneInfo(name)) for name in ("Pacific/Pago_Pago", "Pacific/Kiritimati")]

    assert [(each.published.records, each.published.known) for each in zones] == [(1, 0), (0, 1)]
    assert list(lines(lake)) == ["2021-07-01"]  # the other zone's would be the day before


def test_chats_are_chosen_and_added_later_without_doubling(lake: LakeFolder) -> None:
    export = full(chat(message(1), message(2), id=1), chat(message(3), id=2), chat(message(4), type="bot_chat", id=3))

    counts = [
        (found.published.records, found.published.known)
        for found in (
            put(lake, export, chats={2}),
            put(lake, export, chats={-1000000000002, 3}),
            put(lake, export),
            put(lake, export, private=True),
        )
    ]
    assert counts == [(1, 0), (1, 1), (2, 1), (0, 4)]
    assert ids(lake) == [1, 2, 3, 4]
    assert len({line["record_id"] for each in lines(lake).values() for line in each}) == 4


def test_a_private_chat_exported_by_itself_was_meant(lake: LakeFolder) -> None:
    put(lake, chat(message(2), type="personal_chat"), account=77)

    assert [line["account"] for each in lines(lake).values() for line in each] == [77]


@pytest.mark.parametrize("type_", ["personal_chat", "private_group"])
def test_whose_numbers_these_are_must_be_said_the_first_time(lake: LakeFolder, type_: str) -> None:
    """Messages that are in are known again by their file, so that an account could not be added later."""
    single, several = chat(message(1), type=type_), full(chat(message(3)), chat(message(4), type=type_))
    del several["personal_information"]
    for export in (single, several):
        with pytest.raises(SettingsError, match=r"Whose export is this\?.*--account ID.*--account 0 goes without"):
            put(lake, export, private=True)
    assert not tree(lake)

    put(lake, single, account=0)
    put(lake, several, private=True, account=31)
    put(lake, full(chat(message(5), type=type_)), private=True, account=0)  # the file says it
    found = {line["body"]["id"]: line["account"] for each in lines(lake).values() for line in each}
    assert found == {1: 0, 3: 31, 4: 31, 5: 77}


def test_other_chats_need_no_account(lake: LakeFolder) -> None:
    several = full(chat(message(1)), chat(message(2), type="bot_chat"))
    del several["personal_information"]

    assert put(lake, several).published.records == 1  # the private chat is left out
    assert put(lake, chat(message(3), type="public_channel")).published.records == 1


@pytest.mark.parametrize(
    ("export", "wanted", "said"),
    [
        (full(chat(message(1))), {"chats": {5}}, r"no chat 5. It has: Suporte \(1000000001, private_supergroup\)"),
        (full(chat(message(1), type="bot_chat")), {}, r"no chat but private ones: Suporte \(1000000001, bot_chat\)"),
        (
            full(chat(message(1), type="")),
            {},
            r"No chat .* can be taken\. .*: Suporte \(1000000001, .*Known types: saved_me",
        ),
        (full(chat(type="new", id=5)), {"chats": {5}}, r"No chat .*unknown type.*Suporte \(5, new\)\. Known types"),
        (full(chat(type="new", id=5)), {"chats": {6}}, r"no chat 6\. It has: Suporte \(5, new\)"),
        (
            full(chat(type="bot_chat"), chat(type="", id=5)),
            {},
            r"private ones: [^,]*, bot_chat\)\. .*--chat\. .*\(5, of unkn",
        ),
        (full(chat(message(1))), {"account": 5}, "an export of account 77, not of --account 5"),
        (chat(message(1), type="tomorrow"), {}, "type 'tomorrow'.*Known types: saved_messages"),
        (chat(message(1), id=None), {}, "has id None"),
    ],
)
def test_what_is_not_clear_is_asked(lake: LakeFolder, export: Any, wanted: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        put(lake, export, **wanted)

    assert not tree(lake) and not list((lake.root / "state" / "import").iterdir())


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_records(lake: LakeFolder, layout: str) -> None:
    export = full(chat(*map(message, range(1, 60))), chat({"id": 1, "type": "unsupported"}, message(2), id=9))
    put(lake, LAYOUTS[layout](export))

    found = sorted((line for each in lines(lake).values() for line in each), key=_number)
    assert [_number(line) for line in found] == list(range(61))
    assert [line["body"] for line in found] == [each for one in export["chats"]["list"] for each in one["messages"]]
    assert {line["chat"]["id"] for line in found} == {-1001000000001, -1000000000009}
    assert {line["account"] for line in found} == {77}


def test_a_compressed_export_is_the_same_file(lake: LakeFolder) -> None:
    text = LAYOUTS["sorted"](full(chat(message(1), message(2))))
    counts = []
    for name, data in (("a", text), ("b", gzip.compress(text)), ("c", zstandard.compress(text))):
        path = lake.root.parent / name
        path.write_bytes(data)
        found = bring_file(lake, path).published
        counts.append((found.records, found.known))

    assert counts == [(2, 0), (0, 2), (0, 2)]


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_compressed_file_with_sorted_keys_is_unpacked_once(
    lake: LakeFolder, monkeypatch: pytest.MonkeyPatch, pack: Any
) -> None:
    """Each of its chats is read twice, for what stands behind its messages; from the file's beginning that were squares."""
    opened = 0
    opens = Source.open

    def counting(self: Source, *arguments: Any) -> Any:
        nonlocal opened
        opened += 1
        return opens(self, *arguments)

    monkeypatch.setattr(Source, "open", counting)
    export = full(*(chat(message(n), message(n + 100), id=n) for n in range(1, 61)))
    found = put(lake, pack(LAYOUTS["sorted"](export)))

    assert (
        ids(lake) == sorted([*range(1, 61), *range(101, 161)]) and found.export is not None and found.export.chats == 60
    )
    assert opened <= 5
    assert not list((lake.root / "state" / "import").iterdir())


def test_overlapping_exports_give_records_of_their_own(lake: LakeFolder) -> None:
    put(lake, chat(message(1), message(2)))
    found = put(lake, chat(message(1), message(2), message(3)))

    assert found.published.records == 3 and ids(lake) == [1, 1, 2, 2, 3]


def test_a_cut_off_file_brings_in_nothing(lake: LakeFolder) -> None:
    text = traps()
    path = lake.root.parent / "cut.json"
    dice = random.Random(5)
    for length in sorted({*dice.sample(range(len(text)), 120), len(text) - 1, 1, 0}):
        path.write_bytes(text[:length])
        with pytest.raises(
            UnreadableFile, match=r"cut\.json (was not imported, nothing of it: the file ends at byte [\d,]+|is none)"
        ):
            bring_file(lake, path, private=True)
    assert not tree(lake) and not list((lake.root / "state" / "import").iterdir())


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_cut_off_compressed_file_brings_in_nothing(lake: LakeFolder, pack: Any) -> None:
    whole = pack(as_desktop(chat(*(message(n, os.urandom(9).hex()) for n in range(300)))))
    path = lake.root.parent / "cut"
    for length in range(100, len(whole), 97):
        path.write_bytes(whole[:length])
        with pytest.raises(UnreadableFile):
            bring_file(lake, path)
    assert not tree(lake)


@pytest.mark.parametrize("size", [8, 9])
def test_a_file_that_changes_meanwhile_is_refused(lake: LakeFolder, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """Whether what is there by then can be read or not."""
    path = lake.root.parent / "result.json"
    path.write_bytes(as_desktop(chat(*map(message, range(1, 9)))))
    take = exports.take_export

    def meanwhile(*arguments: Any) -> Any:
        path.write_bytes(as_desktop(chat(*(message(n, "io") for n in range(1, size + 1)))))
        return take(*arguments)

    monkeypatch.setattr(exports, "take_export", meanwhile)
    with pytest.raises(UnreadableFile, match="somebody wrote into it while it was read"):
        bring_file(lake, path)
    assert not tree(lake)


class _Failing(DirectoryStore):
    """A store that goes away after some writes."""

    left = 7

    def put(self, key: str, data: bytes) -> bool:
        type(self).left -= 1
        if self.left < 0:
            raise StoreUnavailable("gone")
        return super().put(key, data)


def test_publishing_that_was_stopped_goes_on(lake: LakeFolder) -> None:
    path = lake.root.parent / "result.json"
    path.write_bytes(as_desktop(chat(*(message(1440 * n) for n in range(1, 21)))))
    with pytest.raises(StoreUnavailable):
        bring(path, store=_Failing(lake.root), state=lake.root / "state", zone=lake.zone, wanted=Wanted(), bot_id=None)
    stopped = len(ids(lake))
    again = bring_file(lake, path)

    assert stopped == 7 and (again.published.known, again.published.records) == (7, 13)
    assert ids(lake) == [1440 * n for n in range(1, 21)]
    assert not list((lake.root / "state" / "import").iterdir())


def test_a_large_day_becomes_several_segments_once(lake: LakeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desktop_file, "_BATCH", 2000)
    monkeypatch.setattr(spool, "_HELD_BYTES", 3000)
    monkeypatch.setattr(spool, "_PART_BYTES", 20_000)
    export = full(chat(*map(message, range(400))), chat(*map(message, range(400, 500)), id=2))
    first = put(lake, export, chats={1000000001})
    second = put(lake, export)
    third = put(lake, export)

    assert 5 < first.published.segments < 30
    assert [(each.published.records, each.published.known) for each in (first, second, third)] == [
        (400, 0), (100, 400), (0, 500),
    ]  # fmt: skip
    assert ids(lake) == list(range(500))


def test_messages_that_were_compacted_are_known(lake: LakeFolder) -> None:
    """Segments of a day that were written anew under another name still hold the same ids."""
    export = full(chat(message(1), message(2)), chat(message(3), id=2))
    put(lake, export, chats={2})
    (old,) = lake.store.list("raw/")
    line = b"".join(raw.read_blocks(lake.root / old.key)).rstrip(b"\n")
    other = raw.Line(line.replace(b'-2"', b'-999"'), 5)
    key = raw.segment_key(
        quarantined=False,
        bot_id=0,
        day=date(2023, 11, 14),
        lines=[raw.Line(line, 4), other],
        content=raw.Content.EXPORTS,
    )
    lake.store.put(key, raw.pack([raw.Line(line, 4), other]))
    lake.store.delete([old.key])
    again = put(lake, export)

    assert (again.published.records, again.published.known) == (2, 1)


def make(path: Path, messages: int, *more: str) -> Path:
    subprocess.run(
        [sys.executable, str(BENCH / "made_export.py"), str(path), "--messages", str(messages), *more], check=True
    )
    return path


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up full export of some 150 MB."""
    return make(tmp_path_factory.mktemp("large") / "result.json", 300_000)


# The kernel's count for this program alone: what getrusage tells begins with the memory of the tests that start it.
LIMITED = """
import re, sys
from telelake import cli
sys.argv = ["telelake", *sys.argv[1:]]
try:
    cli.main()
finally:
    print(int(re.search("VmHWM: *\\t* *([0-9]+)", open("/proc/self/status").read())[1]) // 1024, file=sys.stderr)
"""


def test_a_large_file_takes_bounded_memory(large: Path, tmp_path: Path) -> None:
    assert large.stat().st_size > 140_000_000
    command = [
        sys.executable,
        "-c",
        LIMITED,
        "import",
        str(large),
        "--private",
        "--json",
        "--home",
        str(tmp_path / "lake"),
    ]
    first = subprocess.run(command, capture_output=True, text=True, check=True)
    second = subprocess.run(command, capture_output=True, text=True, check=True)

    (found,), (again,) = json.loads(first.stdout), json.loads(second.stdout)
    assert (found["records"], found["known"], found["export"]["chats"]) == (300_000, 0, 20)
    assert (again["records"], again["known"]) == (0, 300_000)
    assert found["segments"] == len(found["days"]) > 1000
    for done in (first, second):
        assert int(done.stderr.split()[-1]) < 250


def test_a_kill_in_the_middle_leaves_nothing_half_imported(large: Path, tmp_path: Path) -> None:
    home = tmp_path / "lake"
    command = [sys.executable, "-m", "telelake", "import", str(large), "--home", str(home)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ends = time.monotonic() + 60
    while not list((home / "state" / "import").glob("*/1*")):  # lines are being put aside
        assert process.poll() is None and time.monotonic() < ends
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not list(home.rglob("*.zst")) and list((home / "state" / "import").iterdir())

    small = tmp_path / "small.json"
    small.write_bytes(as_desktop(chat(message(1))))
    subprocess.run([*command[:4], str(small), "--home", str(home)], check=True, capture_output=True)
    assert not list((home / "state" / "import").iterdir())  # what the kill left is gone


def test_an_import_at_work_is_not_swept_away(lake: LakeFolder) -> None:
    with spool.spool(lake.root / "state"):
        (held,) = (lake.root / "state" / "import").iterdir()
        put(lake, chat(message(1)))
        assert held.exists()
    assert not held.exists()


def test_the_command_imports_and_says_so(tmp_path: Path) -> None:
    bots = '[bots.support]\nid = 42\n[bots.other]\ntoken = { env = "NOT_SET" }\n'
    settings = f'home = "{tmp_path}/home"\ntimezone = "America/Sao_Paulo"\n{bots}'
    (tmp_path / "telelake.toml").write_text(settings, encoding="utf-8")
    path = tmp_path / "result.json"
    path.write_bytes(traps())

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "telelake", "import", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    first, second = run(str(path), str(EXPORTS / "export_06.json"), "--json"), run(str(path), "--chat", "5")
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert [each["records"] for each in json.loads(first.stdout)] == [12, 38]
    assert "The id of other is not known" in first.stderr
    assert "2 messages brought in" in second.stderr
    store = DirectoryStore(tmp_path / "home")
    own = Counter(
        str(json.loads(line)["own"])
        for stored in store.list("raw/")
        for block in raw.read_blocks(store.root / stored.key)
        for line in block.splitlines()
    )
    assert own == {"[42]": 50}
    for wrong, said in (
        (["nothing.json"], "There is no file nothing.json"),
        ([str(path), "--timezone", "Brazil"], "IANA zone name"), ([str(path), "--chat", "1"], "no chat 1"),
        ([str(tmp_path / "telelake.toml")], "none of what can be imported"),
    ):  # fmt: skip
        done = run(*wrong)
        assert done.returncode == 1 and said in done.stderr


def test_days_too_old_to_be_built_are_said(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    now = int(time.time())
    new = message(3, date_unixtime=str(now - 5 * 86_400))
    path.write_bytes(as_desktop(chat(message(1), message(2000), new)))
    (tmp_path / "u").write_text('{"update_id":1,"poll":{}}')
    said = []
    for days, file in ((30, path), (30, path), (30_000, tmp_path / "u"), (None, path)):
        keep = f"[wrangle]\nkeep_days = {days}\n" if days else ""
        (tmp_path / "telelake.toml").write_text(f'home = "{tmp_path}/home{days}"\n{keep}', encoding="utf-8")
        command = [sys.executable, "-m", "telelake", "import", str(file), "--bot", "5"]
        said.append(subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stderr)

    assert "2 of these days are older than retention.tables_days (30) and will not be built" in said[0]
    assert all("tables_days" not in each for each in said[1:])


def test_into_a_bucket(tmp_path: Path, aws: str) -> None:
    """The same over S3's protocol, where the segments of a day that is there must be fetched to be looked into."""
    boto3 = pytest.importorskip("boto3")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TELELAKE_"))},
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": aws, "TELELAKE_STATE_DIR": str(tmp_path / "state"),
    }  # fmt: skip
    client = boto3.client(
        "s3", endpoint_url=aws, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    client.create_bucket(Bucket="exports")
    path = tmp_path / "result.json"
    path.write_bytes(as_desktop(full(chat(*(message(1440 * n) for n in range(3))), chat(message(3), id=2))))
    command = [sys.executable, "-m", "telelake", "import", str(path), "--home", "s3://exports/lake", "--json"]
    counts = []
    for more in (["--chat", "2"], [], []):
        done = subprocess.run([*command, *more], capture_output=True, text=True, env=environment, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        counts.append([json.loads(done.stdout)[0][name] for name in ("records", "known")])

    assert counts == [[1, 0], [3, 1], [0, 4]]
    keys = [each["Key"] for each in client.list_objects_v2(Bucket="exports")["Contents"]]
    assert sum(key.startswith("lake/raw/bot=0/") for key in keys) == 4
    assert not [each for each in (tmp_path / "state").rglob("*") if each.is_file()]


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    """What waits below the state folder may not fit there."""
    path = tmp_path / "result.json"
    path.write_bytes(as_desktop(chat(*(message(n, os.urandom(50).hex()) for n in range(1000)))))
    program = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n" + LIMITED
    command = [sys.executable, "-c", program, "import", str(path), "--home", str(tmp_path / "lake")]
    done = subprocess.run(command, capture_output=True, text=True)

    assert done.returncode == 75 and "result.json was not imported" in done.stderr
    assert not list((tmp_path / "lake").rglob("*.zst")) and not list((tmp_path / "lake/state/import").iterdir())
