"""Law 8: forgetting reaches everywhere. A person with an unusual id, name and username is put into every corner of a lake.

The search is the test's own: it unpacks every file by means of its own and looks for strings. Twins leave out one zone each,
and the search must then find her.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pyarrow.parquet as pq
import pytest
import zstandard
from pyiceberg.avro.file import AvroFile
from pyiceberg.io.pyarrow import PyArrowFileIO

from telelake import raw
from telelake.capture.frames import Entry
from telelake.capture.journal import Journal
from telelake.capture.receive import journal_folder
from telelake.capture.seal import line_of
from telelake.errors import CheckFailed, Conflict, SettingsError
from telelake.operate import forget as forgetting
from telelake.operate.forget import Forgetter
from telelake.operate.home import open_home
from telelake.operate.made import made, remember
from telelake.raw import parse_key
from telelake.settings import Settings
from telelake.stores import upkeep
from telelake.stores.objects import DirectoryStore
from telelake.wiring import App
from tests.conftest import BOT, NOW, LakeFolder, message

HER = 8_412_345_679
GROUP = -1001000000001
NAME = "Zuleika Canário"
USERNAME = "zuleika_canario"
SECRET = "só eu digo abacaxi-turquesa"
USER = {"id": HER, "is_bot": False, "first_name": "Zuleika", "last_name": "Canário", "username": USERNAME}
OTHER = {"id": 5_500_000_011, "is_bot": False, "first_name": "Ana", "username": "ana_ficticia"}
CHAT = {"id": GROUP, "type": "supergroup", "title": "Suporte"}
MARKS = (str(HER), USERNAME, "zuleika", "canário", "abacaxi-turquesa")


def telegram(body: dict[str, Any]) -> bytes:
    """Return a body as Telegram writes it: a line break behind the number, escapes for all that is not ASCII."""
    return json.dumps(body, separators=(",", ":")).replace(",", ",\n", 1).encode()


def hers() -> list[dict[str, Any]]:
    """Updates that are hers."""
    yesterday = int((NOW - timedelta(days=1)).timestamp())
    return [
        message(1, 1, SECRET, **{"from": USER}),
        message(2, 1, f"{SECRET}!", kind="edited_message", edit_date=int(NOW.timestamp()) + 5, **{"from": USER}),
        message(3, 2, SECRET, date=yesterday, **{"from": USER}),
        message(4, 1, SECRET, chat={"id": HER, "type": "private", "first_name": "Zuleika"}, **{"from": USER}),
        {"update_id": 5, "callback_query": {"id": "1", "from": USER, "data": SECRET, "chat_instance": "1"}},
        {"update_id": 6, "inline_query": {"id": "2", "from": USER, "query": SECRET, "offset": ""}},
        {
            "update_id": 7,
            "message_reaction": {
                "chat": CHAT, "message_id": 20, "user": USER, "date": int(NOW.timestamp()), "old_reaction": [],
                "new_reaction": [{"type": "emoji", "emoji": "👍"}],
            },
        },
        {"update_id": 8, "poll_answer": {"poll_id": "9", "user": USER, "option_ids": [1]}},
        {
            "update_id": 9,
            "chat_member": {
                "chat": CHAT, "from": OTHER, "date": int(NOW.timestamp()),
                "old_chat_member": {"user": USER, "status": "left"}, "new_chat_member": {"user": USER, "status": "member"},
            },
        },
    ]  # fmt: skip


def others() -> list[dict[str, Any]]:
    """Updates of other people in which she is."""
    mention = "😀 oi Zu, tudo bem?"
    old = {"message_id": 1, "date": int(NOW.timestamp()), "chat": CHAT, "from": USER, "text": SECRET}
    origin = {"type": "user", "date": int(NOW.timestamp()), "sender_user": USER}
    hidden = {"type": "hidden_user", "date": int(NOW.timestamp()), "sender_user_name": NAME}
    spot = [
        {"type": "text_mention", "offset": 6, "length": 2, "user": USER},
        {"type": "bold", "offset": 10, "length": 4},
    ]
    at = [{"type": "mention", "offset": 9, "length": len(USERNAME) + 1}]
    found = [
        message(20, 20, mention, entities=spot),
        message(21, 21, f"obrigado @{USERNAME} e t.me/{USERNAME}", entities=at),
        message(22, 22, "sim", reply_to_message=old, quote={"text": "abacaxi-turquesa", "position": 12}),
        message(23, 23, SECRET, forward_origin=origin, forward_from=USER),
        message(24, 24, SECRET, forward_origin=hidden, forward_sender_name=NAME),
        message(25, 25, None, new_chat_members=[USER, OTHER], new_chat_member=USER),
        message(26, 26, None, contact={"phone_number": "+550000", "first_name": "Zuleika", "user_id": HER}),
        message(27, 27, f"a ZULEIKA CANÁRIO pediu, id {HER}, tg://user?id={HER}"),
        message(28, 28, None, pinned_message=old),
        message(29, 29, "a Zulmira e a Ana Canela não são ela", **{"from": OTHER}),
    ]
    for each in found:
        each["message"]["from"] = OTHER
    return found


def untouched() -> list[dict[str, Any]]:
    """Updates in which she is not; of a day of its own one, which shares manifests with hers."""
    before = int((NOW - timedelta(days=5)).timestamp())
    return [message(40, 40, "bom dia", **{"from": OTHER}), message(41, 41, "antes", date=before, **{"from": OTHER})]


def fill(lake: LakeFolder) -> None:
    """Put her everywhere, and publish it."""
    lake.seal(lake.record(telegram(each)) for each in [*hers(), *others(), *untouched()])
    lake.seal([lake.record(telegram(hers()[0]), NOW + timedelta(minutes=5))])  # Telegram brought it twice
    answer = {
        "message_id": 50,
        "date": int(NOW.timestamp()),
        "chat": CHAT,
        "from": {"id": BOT, "is_bot": True, "first_name": "B"},
    }
    shown = {
        **answer,
        "text": f"Olá @{USERNAME}",
        "reply_to_message": {"message_id": 1, "date": 1, "chat": CHAT, "from": USER},
    }
    private = {**answer, "chat": {"id": HER, "type": "private", "first_name": "Zuleika"}}
    lake.seal([
        lake.call("sendMessage", {"chat_id": GROUP, "text": f"Olá @{USERNAME}"}, {"ok": True, "result": shown}),
        lake.call("sendMessage", {"chat_id": str(HER), "text": SECRET}, {"ok": True, "result": private}),
        lake.call("banChatMember", {"chat_id": GROUP, "user_id": HER}, {"ok": True, "result": True}),
    ])  # fmt: skip
    lake.add_export(
        {"id": 60, "type": "message", "date_unixtime": "1773150000", "from": NAME, "from_id": f"user{HER}", "text": SECRET},
        {"id": 61, "type": "message", "date_unixtime": "1773150001", "from": "Ana", "from_id": "user5500000011",
         "text": ["oi ", {"type": "mention_name", "text": "Zu", "user_id": HER}, " e Zuleika Canário"],
         "forwarded_from": NAME, "reactions": [{"type": "emoji", "emoji": "👍", "count": 1,
         "recent": [{"from": NAME, "from_id": f"user{HER}", "date": "2026-03-10T10:00:00"}]}]},
        {"id": 62, "type": "service", "date_unixtime": "1773150002", "actor": "Ana", "actor_id": "user5500000011",
         "action": "invite_members", "members": [NAME, "Rui"]},
        {"id": 63, "type": "message", "date_unixtime": "1773150003", "from": "Ana", "from_id": "user5500000011", "text": "nada"},
    )  # fmt: skip
    lake.seal([
        lake.record(b'{"update_id":1,"message":{"from":' + json.dumps(USER).encode() + b',"text":"abacaxi-turquesa'),
        lake.record(f'{{"update_id":2,"message":{{"text":"@{USERNAME}"'.encode("utf-16")),
        lake.record(b"nothing of hers"),
    ])  # fmt: skip
    lake.wrangle()
    lake.add(message(70, 70, "mais tarde", **{"from": OTHER}))
    lake.wrangle()  # so that there is a past
    journal = Journal(journal_folder(lake.root / "state"), seal_bytes=1 << 20)
    entry = Entry(int(NOW.timestamp() * 1e6), BOT, "webhook", telegram(message(80, 80, SECRET, **{"from": USER})))
    journal.append([entry])
    journal.close()
    remember(lake.root / "state", lake.root.parent / "report.html")


def forgetter(lake: LakeFolder) -> Forgetter:
    """Return what forgets in a lake."""
    return Forgetter(
        lake.store, lake.tables, lake.wrangler, lake.root / "state", lake.zone, lambda: NOW + timedelta(days=9)
    )


def found(root: Path) -> dict[str, str]:
    """Return the files below a folder in which she is, with what was found: this test's own search."""
    hits = {}
    for path in sorted(each for each in root.rglob("*") if each.is_file()):
        texts = [text.casefold() for text in unpacked(path)]
        for mark in MARKS:
            if any(mark.casefold() in text for text in texts):
                hits[str(path.relative_to(root))] = mark
    return hits


def unpacked(path: Path) -> Iterator[str]:
    """Yield what a file says, in every way in which it may be read."""
    data = path.read_bytes()
    if path.name.endswith(".zst"):
        data = zstandard.ZstdDecompressor().decompress(data, max_output_size=1 << 26)
        for line in data.splitlines():
            item = json.loads(line)
            if "body_base64" in item:
                body = base64.b64decode(item["body_base64"])
                yield body.decode("utf-8", "replace")
                yield body.replace(b"\0", b"").decode("utf-8", "replace")
            yield json.dumps(item, ensure_ascii=False)
    elif path.suffix == ".parquet":
        yield str(pq.ParquetFile(path).read().to_pylist())
    elif path.suffix == ".avro":
        with AvroFile[Any](PyArrowFileIO().new_input(str(path))) as file:
            for record in file:
                yield repr(record)
                yield from (str(int.from_bytes(each, "little")) for each in bounds(record))
    elif path.suffix == ".journal":
        yield re.sub(rb"\\\\u([0-9a-f]{4})", lambda each: chr(int(each[1], 16)).encode(), data).decode(
            "utf-8", "replace"
        )
    yield data.decode("utf-8", "replace")


def bounds(record: Any) -> Iterator[bytes]:
    """Yield the byte strings in an Avro record: Iceberg's bounds."""
    waiting = [record]
    while waiting:
        each = waiting.pop()
        if isinstance(each, bytes) and len(each) == 8:
            yield each
        elif isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, (list, tuple)):
            waiting += each
        elif hasattr(each, "_data"):
            waiting += each._data


def rows_of_others(lake: LakeFolder) -> list[tuple[Any, ...]]:
    """Return what is published of messages in which she is not."""
    return sorted(
        lake.rows(
            "SELECT CAST(COLUMNS(* EXCLUDE (raw)) AS VARCHAR) FROM messages WHERE message_id IN (29, 40, 41, 63, 70)"
        ),
        key=str,
    )


@pytest.fixture(scope="module")
def made_full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a lake that has her everywhere; the lake's files name their places, so it may not be moved."""
    folder = tmp_path_factory.mktemp("forget")
    fill(LakeFolder(folder / "lake"))
    shutil.copytree(folder / "lake", folder / "kept")
    return folder


@pytest.fixture
def full(made_full: Path) -> LakeFolder:
    """A lake with her everywhere, as it was made."""
    shutil.rmtree(made_full / "lake")
    shutil.copytree(made_full / "kept", made_full / "lake")
    (made_full / "report.html").write_text(f"<p>{NAME}</p>")
    return LakeFolder(made_full / "lake")


def test_forgetting_reaches_everywhere(full: LakeFolder) -> None:
    """After `forget` nothing in any file tells of her; what is others' is as it was, and the books balance."""
    before, raw_before = rows_of_others(full), sum(each.records for each in segments(full))
    kinds = {path.split("/")[0] for path in found(full.root)}
    assert {"raw", "quarantine", "tables", "state"} <= kinds  # or the test would search in vain

    report = forgetter(full).forget(user=HER)

    assert found(full.root) == {}
    assert report.is_proven
    assert not (full.root.parent / "report.html").exists()
    assert list(made(full.root / "state")) == []
    assert rows_of_others(full) == before
    assert sum(each.records for each in segments(full)) == raw_before + 1  # and the one that waited in the journal
    books = full.rows("SELECT sum(raw_records) FROM builds WHERE table_name = 'updates'")
    assert books[0][0] == raw_before + 1
    assert report.erased == {"updates": 11, "calls": 2, "exports": 1, "quarantine": 2}
    assert report.redacted == {"updates": 9, "calls": 1, "exports": 2}


def objects(lake: LakeFolder) -> dict[str, Any]:
    """Return what lies in a lake and when it was written, but for the locks."""
    return {each.key: each.modified for each in lake.store.list() if "lock" not in each.key}


def segments(lake: LakeFolder) -> list[raw.Segment]:
    """Return the segments of a lake."""
    return [
        found for area in ("raw/", "quarantine/") for each in lake.store.list(area) if (found := parse_key(each.key))
    ]


def test_what_stands_in_her_place(full: LakeFolder) -> None:
    """Blocks as long as what was there, so that marks stay where they were; a copy of hers says only that it was."""
    forgetter(full).forget(user=HER)

    texts = dict(full.rows("SELECT message_id, text FROM messages WHERE message_id IN (20, 21, 23, 27)"))
    assert texts[20] == "😀 oi ██, tudo bem?"
    assert texts[21] == f"obrigado @{'█' * len(USERNAME)} e t.me/{'█' * len(USERNAME)}"
    assert texts[23] == "█" * len(SECRET)
    assert texts[27].startswith(f"a {'█' * len(NAME)} pediu, id {'█' * 10}, tg://user?id={'█' * 10}")
    assert full.rows("SELECT value FROM message_entities WHERE message_id = 20 AND type = 'bold'") == [("tudo",)]
    assert full.rows("SELECT reply_to_user_id, quote FROM messages WHERE message_id = 22") == [(0, "█" * 16)]
    assert full.rows("SELECT count(*) FROM updates WHERE kind IS NULL AND update_id IN (1, 2, 4, 5, 6, 7, 8, 9)") == [
        (8,)
    ]


def test_again_changes_nothing(full: LakeFolder) -> None:
    """A second run finds nothing to do and writes nothing."""
    forgetter(full).forget(user=HER)
    there = objects(full)

    report = forgetter(full).forget(user=HER)

    assert objects(full) == there
    assert report.is_proven and not report.segments and not report.days


def test_dry_run_writes_nothing(full: LakeFolder) -> None:
    """`--dry-run` says what would be done."""
    there = objects(full)

    report = forgetter(full).forget(user=HER, dry_run=True)

    assert objects(full) == there
    assert report.erased == {"updates": 10, "calls": 2, "exports": 1, "quarantine": 2}
    assert report.journal == 1 and len(report.reports) == 1 and not report.is_proven


def test_imports_do_not_bring_her_back(full: LakeFolder) -> None:
    """What is dated before the forgetting comes in without her; what she writes later is hers again."""
    forgetter(full).forget(user=HER)
    full.seal(full.record(telegram(each)) for each in [*hers(), *others()])
    full.add_export(
        {
            "id": 90,
            "type": "message",
            "date_unixtime": "1773150000",
            "from": NAME,
            "from_id": f"user{HER}",
            "text": SECRET,
        },
        file="another.json",
    )
    full.wrangle()

    assert found(full.root) == {}
    later = NOW + timedelta(days=10)
    full.seal([
        full.record(telegram(message(100, 100, "voltei", date=int(later.timestamp()), **{"from": USER})), later),
        full.record(telegram(message(101, 101, "olá", date=int(later.timestamp()), reply_to_message=hers()[0]["message"])), later),
    ])  # fmt: skip
    full.wrangle()
    assert full.rows("SELECT text, user_id FROM messages WHERE message_id = 100") == [("voltei", HER)]
    assert full.rows("SELECT reply_to_user_id FROM messages WHERE message_id = 101") == [(0,)]
    assert "abacaxi-turquesa" not in found(full.root).values()


def test_the_tombstone_names_nobody(full: LakeFolder) -> None:
    """The tombstone and its key hold neither id nor name, and nothing is left of intent and plan."""
    forgetter(full).forget(user=HER)

    names = [each.key for each in full.store.list("state/forgotten/")]
    assert len(names) == 2
    assert not list(full.store.list("state/forgetting/"))


SKIPPED: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "raw": lambda patch: patch.setattr(Forgetter, "_replace", lambda *_: None),
    "tables": lambda patch: patch.setattr(Forgetter, "_rebuild", lambda *_: None),
    "the past": lambda patch: patch.setattr(upkeep, "purge", lambda *_: 0),
    "quarantine": lambda patch: patch.setattr("telelake.erase.segments._quarantined", lambda *_: None),
    "journal": lambda patch: patch.setattr(forgetting, "seal_all", lambda *_: None),
    "days that look unchanged": lambda patch: patch.setattr(
        "telelake.wrangle.day.Wrangler.run", _run_without_anew(forgetting.Wrangler.run)
    ),
}


def _run_without_anew(run: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, wanted, anew=False: run(self, wanted)


@pytest.mark.parametrize("zone", SKIPPED)
def test_a_zone_left_out_is_found(full: LakeFolder, zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twin: leave one zone out, and both searches find her, telelake's own and the test's."""
    SKIPPED[zone](monkeypatch)

    with pytest.raises(CheckFailed, match="still hold"):
        forgetter(full).forget(user=HER)

    assert found(full.root)
    monkeypatch.undo()
    forgetter(full).forget(user=HER)  # what was noted is made good
    assert found(full.root) == {}


def test_twin_without_the_gate_she_comes_back(full: LakeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twin: without the look at tombstones in `put`, an import brings her back."""
    forgetter(full).forget(user=HER)
    monkeypatch.setattr(DirectoryStore, "_has_forgotten", lambda self: False)

    full.seal([full.record(telegram(hers()[0]))])

    assert found(full.root)


def test_manifests_forget_too(lake: LakeFolder) -> None:
    """A manifest may go on telling the bounds of files that were taken out, also of a day that has no rows any more."""
    lake.add(message(1, 1, SECRET, chat={"id": HER, "type": "private", "first_name": "Zuleika"}, **{"from": USER}))
    before = NOW - timedelta(days=3)
    lake.add(message(2, 2, "oi", date=int(before.timestamp()), **{"from": OTHER}), at=before)
    lake.wrangle()
    assert forgetter(lake).forget(user=HER).is_proven
    assert found(lake.root) == {}


class _KilledError(BaseException):
    """The process is gone."""


def test_a_kill_at_any_write_is_made_good(lake: LakeFolder) -> None:
    """Killed before any put or delete, a second run completes; what was gathered is not lost with what was erased."""
    lake.seal(lake.record(telegram(each)) for each in [*hers()[:2], *others()[:2]])
    lake.wrangle()
    kept = lake.root.parent / "kept"
    shutil.copytree(lake.root, kept)
    stride = 1 if os.environ.get("TELELAKE_TEST_LONG") else 4
    kills = 0
    for steps in itertools.count(0, stride):
        shutil.rmtree(lake.root)
        shutil.copytree(kept, lake.root)
        again = LakeFolder(lake.root)
        left = [steps]

        def dies(call: Callable[..., Any], left: list[int] = left) -> Callable[..., Any]:
            def count(*args: Any) -> Any:
                if left[0] == 0:
                    raise _KilledError
                left[0] -= 1
                return call(*args)

            return count

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(again.store, "put", dies(again.store.put))
            patch.setattr(again.store, "delete", dies(again.store.delete))
            try:
                forgetter(again).forget(user=HER)
            except _KilledError:
                kills += 1
            else:
                break
        assert forgetter(LakeFolder(lake.root)).forget(user=HER).is_proven
        assert found(lake.root) == {}
    assert kills >= 12 / stride


def test_a_chat_is_forgotten_with_both_its_ids(lake: LakeFolder) -> None:
    """`--chat` takes a group and the supergroup that it became; other chats stay."""
    group = {"id": -4_433_221, "type": "group", "title": "Velho"}
    became = {"id": -1004433221999, "type": "supergroup", "title": "Novo", "username": "novo_grupo_77"}
    lake.add(
        message(1, 1, "um", chat=group), message(2, 2, None, chat=group, migrate_to_chat_id=became["id"]),
        message(3, 1, "dois", chat=became), message(4, 9, "outro"),
        message(5, 10, "fwd", forward_origin={"type": "channel", "date": 1773150000, "chat": became, "message_id": 1}),
    )  # fmt: skip
    lake.wrangle()

    report = forgetter(lake).forget(chat=-4_433_221)

    assert report.ids == sorted([-4_433_221, -1004433221999])
    assert lake.rows("SELECT message_id, forward_chat_id FROM messages ORDER BY 1") == [(9, None), (10, 0)]
    assert lake.rows("SELECT chat_id FROM chat_days") == [(GROUP,)]


def test_capture_must_not_run(full: LakeFolder) -> None:
    """A journal that is being written is refused, and nothing is begun."""
    journal = Journal(journal_folder(full.root / "state"), seal_bytes=1 << 20)

    with pytest.raises(Conflict, match="Capture is running"):
        forgetter(full).forget(user=HER)

    journal.close()
    assert not list(full.store.list("state/forgetting/"))


@pytest.mark.parametrize(("user", "chat"), [(None, None), (1, -1), (-5, None), (None, 5), (BOT, None)])
def test_whom_it_does_not_take(full: LakeFolder, user: int | None, chat: int | None) -> None:
    """One person or one group or channel, and no bot of the lake."""
    with pytest.raises(SettingsError):
        forgetter(full).forget(user=user, chat=chat)


def test_over_a_bucket(aws: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same over S3: objects, the copies on the local disk, and the catalog beside them."""
    for name, value in {
        "ENDPOINT_URL": aws,
        "ACCESS_KEY_ID": "x",
        "SECRET_ACCESS_KEY": "x",
        "REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    store = boto3.client("s3", endpoint_url=aws, region_name="us-east-1")
    store.create_bucket(Bucket="forget-lake")
    app = App(Settings(home="s3://forget-lake/lake", state_dir=tmp_path / "state"))
    lines = [line_of(raw.Record(f"r-{n}", BOT, "webhook", NOW, telegram(each)), app.zone)
             for n, each in enumerate([*hers(), *others(), *untouched()])]  # fmt: skip
    for day in {day for _, day, _ in lines}:
        of_day = [line for _, its, line in lines if its == day]
        app.store.put(raw.segment_key(quarantined=False, bot_id=BOT, day=day, lines=of_day), raw.pack(of_day))
    app.wrangler.run()
    app.tables.files(app.tables.latest(), "messages")  # type: ignore[arg-type]  # leaves a copy

    def fetched() -> Path:
        folder = tmp_path / "fetched"
        shutil.rmtree(folder, ignore_errors=True)
        for each in app.store.list():
            (folder / each.key).parent.mkdir(parents=True, exist_ok=True)
            (folder / each.key).write_bytes(app.store.get(each.key))
        return folder

    assert found(fetched()) and found(tmp_path / "state")
    assert app.forgetter().forget(user=HER).is_proven
    assert found(fetched()) == {} and found(tmp_path / "state") == {}
    app.store.put(
        raw.segment_key(quarantined=False, bot_id=BOT, day=lines[0][1], lines=[lines[0][2]]), raw.pack([lines[0][2]])
    )
    assert found(fetched()) == {}


def test_the_command(full: LakeFolder) -> None:
    """It speaks on stderr, and prints JSON where a machine may read; a report that it made is known to it."""
    open_home(full.store, "America/Sao_Paulo", is_given=True)
    command = [sys.executable, "-m", "telelake", "forget", "--home", str(full.root), "--user", str(HER), "--json"]
    full.store.put(
        "state/forgetting/0123456789abcdef/intent.json", json.dumps({"ids": [HER], "is_person": True}).encode()
    )
    status = subprocess.run([*command[:3], "status", *command[4:6]], capture_output=True, text=True, check=True)
    dry = subprocess.run([*command, "--dry-run"], capture_output=True, text=True, check=True)
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert "1 forgettings were begun and not ended" in status.stderr
    assert "Would forget" in dry.stderr and json.loads(dry.stdout)["journal"] == 1
    assert "A search of everything in the lake finds nothing more." in done.stderr
    assert json.loads(done.stdout)["erased"]["updates"] == 11
    assert found(full.root) == {}
