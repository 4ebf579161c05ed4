"""Messages of Telegram Desktop's exports as rows: what each is, what is kept, and what becomes of it beside live capture."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telelake.capture.imports.bring import bring
from telelake.capture.imports.exports import Wanted
from telelake.errors import CheckFailed
from telelake.telegram import desktop_messages
from telelake.wrangle import duckdb
from telelake.wrangle.sql import sql_file
from tests.conftest import BOT, NOW, LakeFolder, message
from tests.wrangle import export_oracle as oracle
from tests.wrangle.exports_made import ACTIONS, SECONDS, did, every_kind, said
from tests.wrangle.test_laws import TABLES, few, new_lake

EXPORTS = Path(__file__).parent.parent / "data" / "exports"
GROUP = {"id": -1001000000001, "type": "supergroup", "name": "Suporte"}
BASIC = {"id": -77, "type": "group", "name": "Grupo"}
PRIVATE = {"id": 5, "type": "private", "name": "Ana Exemplo"}


def compare(
    lake: LakeFolder, messages: list[dict[str, Any]], chat: dict[str, Any], account: int, own: list[int]
) -> None:
    """Assert that all columns of messages, message_entities and updates are what the independent reader says."""
    by_id = {each["id"]: each for each in messages}
    assert len(by_id) == len(messages)
    columns = list(oracle.row_of(messages[0], chat, account, own, ACTIONS))
    wanted = [f"CAST(epoch({name}) AS BIGINT)" if name.endswith("_at") else name for name in [*columns, "received_at"]]
    rows = lake.rows(f"SELECT {', '.join(wanted)}, versions FROM messages")
    assert len(rows) == len(messages)
    for row in rows:
        found = dict(zip([*columns, "received_at", "versions"], row, strict=True))
        each = by_id[found["message_id"]]
        received = oracle.instant(each.get("date_unixtime")) or SECONDS
        expected = {**oracle.row_of(each, chat, account, own, ACTIONS), "versions": 1, "received_at": received}
        assert found == expected, {key: (found[key], expected[key]) for key in expected if found[key] != expected[key]}
    marks = lake.rows(
        "SELECT message_id, position, type, offset_utf16, length_utf16, value, url, mentioned_user_id FROM message_entities"
    )
    expected_marks = [
        (each["id"], *mark.values())
        for each in messages
        if each["type"] != "service"
        for mark in oracle.entities_of(each)
    ]
    assert sorted(marks, key=repr) == sorted(expected_marks, key=repr)
    for number, update_id, kind, extra, notes in lake.rows(
        "SELECT message_id, update_id, kind, extra, notes FROM updates"
    ):
        assert (update_id, kind, notes) == (None, "export_message", None)
        assert (json.loads(extra) if extra else None) == oracle.extra_of(by_id[number]), number


@pytest.mark.parametrize("name", ["export_03.json", "export_06.json", "export_12.json"])
def test_a_real_export(name: str, tmp_path: Path, make_lake: Callable[..., LakeFolder]) -> None:
    """Every message of the scrubbed exports, imported, gives the row that an independent reader expects, in all columns."""
    export = json.loads((EXPORTS / name).read_text(encoding="utf-8"))
    chat = {"id": -1_000_000_000_000 - export["id"], "type": "supergroup", "name": export["name"]}
    lake = make_lake(iceberg=False)
    bring(EXPORTS / name, store=lake.store, state=tmp_path, zone=lake.zone, wanted=Wanted(own=[BOT]), bot_id=None)

    report = lake.wrangle()

    assert not report.failed
    compare(lake, export["messages"], chat, 0, [BOT])


@pytest.mark.parametrize(("chat", "account"), [(GROUP, 31), (BASIC, 31), (PRIVATE, 31)])
def test_every_kind(chat: dict[str, Any], account: int, make_lake: Callable[..., LakeFolder]) -> None:
    """Each medium, mark and action that is known, and each that is not, gives its row, and nothing of it is lost."""
    assert len(ACTIONS) == 54
    messages = every_kind()
    if chat is not GROUP:
        messages = [each for each in messages if each.get("action") != "create_channel"]
    lake = make_lake(iceberg=False)
    lake.add_export(*messages, chat=chat, account=account)

    lake.wrangle()

    compare(lake, messages, chat, account, [BOT])
    assert lake.rows("SELECT count(*) FROM messages WHERE is_service AND kind <> 'giveaway_winners'") == [
        (len([each for each in messages if each["type"] == "service"]),)
    ]


def test_what_an_action_is_by_its_details(make_lake: Callable[..., LakeFolder]) -> None:
    """Where one action stands for several kinds, its other fields or the chat decide."""
    lake = make_lake(iceberg=False)
    lake.add_export(
        did(1, "group_call", duration=60),
        did(2, "allow_sending_messages", reason_domain="example.com"),
        did(3, "requested_peer", peers="[ 562949953421312 ]"),
        did(4, "create_channel"),
        chat={"id": -1000000000009, "type": "channel"},
    )

    lake.wrangle()

    assert lake.rows("SELECT kind, is_service FROM messages ORDER BY message_id") == [
        ("video_chat_ended", True), ("connected_website", True), ("chat_shared", True), ("channel_chat_created", True),
    ]  # fmt: skip


def old(export: dict[str, Any]) -> dict[str, Any]:
    """Return a message as exporters wrote it in 2021."""
    return {key: value for key, value in export.items() if not key.endswith("_unixtime") and key != "text_entities"}


def test_an_old_export(make_lake: Callable[..., LakeFolder]) -> None:
    """Without Unix times and segments, times come from the local clock as importing read it, marks from the text."""
    messages = [
        said(0, ["😀 ver ", {"type": "link", "text": "https://example.com"}, "!"], edited="2026-03-10T12:02:00"),
        said(0, "simples", id=1),
    ]  # fmt: skip
    lake = make_lake(iceberg=False)
    lake.add_export(*(old(each) for each in messages))

    lake.wrangle()

    found = lake.rows("SELECT text, entities, epoch(sent_at), epoch(edited_at) FROM messages ORDER BY message_id")
    assert found == [
        ("😀 ver https://example.com!", 1, SECONDS, SECONDS + 120),
        ("simples", 0, SECONDS, None),
    ]
    assert lake.rows("SELECT offset_utf16, value FROM message_entities") == [(7, "https://example.com")]


ODD: list[tuple[dict[str, Any], list[str]]] = [
    (said(1, id="1"), ["export_message.id: expected 64-bit integer, found text"]),
    (said(1, date_unixtime=5), ["export_message.date_unixtime: expected text, found number"]),
    (said(1, date_unixtime="ontem"), ["date_unixtime: no number of seconds"]),
    (said(1, edited_unixtime="1e9", edited="x"), ["edited_unixtime: no number of seconds"]),
    (said(1, from_id="user1e3"), ["from_id: no id of a user or chat"]),
    (said(1, from_id="user" + "9" * 30), ["from_id: no id of a user or chat"]),
    (said(1, from_id={}), ["export_message.from_id: expected text, found object"]),
    (said(1, reply_to_message_id=3, reply_to_peer_id="?"), ["reply_to_peer_id: no id of a user or chat"]),
    (said(1, forwarded_from_id="bot5"), ["forwarded_from_id: no id of a user or chat"]),
    (did(1, "pin_message", actor_id="x"), ["actor_id: no id of a user or chat"]),
    (said(1, "oi \ud800"), ["export_message.text: lone surrogate", "export_message.text_entities[0].text: lone surrogate"]),
    (said(1, unread="\ud800"), ["export_message.unread: lone surrogate"]),
    (said(1, text=7, text_entities=[]), ["export_message.text: expected text, found number"]),
    (said(1, text=["a", 7], text_entities="x"), [
        "export_message.text_entities: expected list, found text", "export_message.text: expected object, found number",
    ]),
    (said(1, text_entities=[7, {"type": "bold", "text": 5}]), [
        "export_message.text_entities[0]: expected object, found number",
        "export_message.text_entities[1].text: expected text, found number",
    ]),
    (said(1, photo=[], width="12", height=10**30), [
        "export_message.height: number out of range", "export_message.photo: expected text, found list",
        "export_message.width: expected 64-bit integer, found text",
    ]),
    (said(1, location_information={"latitude": "1", "longitude": 2}), [
        "export_message.location_information.latitude: expected number, found text",
    ]),
    (said(1, ["a"] * 5_000), [
        "export_message.text: more than 1,000 pieces", "export_message.text_entities: more than 1,000 pieces",
    ]),
    (did(1, 9), ["export_message.action: expected text, found number"]),  # type: ignore[arg-type]
]  # fmt: skip


def test_a_wrong_value_costs_a_null_and_a_note(make_lake: Callable[..., LakeFolder]) -> None:
    """A message that is not as exporters write it keeps its row and its neighbours, and says what was wrong."""
    lake = make_lake(iceberg=False)
    for number, (odd, _) in enumerate(ODD):
        lake.add_export(odd, said(2, "bem"), chat={"id": GROUP["id"] - number}, file=f"{number}")

    report = lake.wrangle()

    assert not report.failed
    assert lake.rows("SELECT count(*), count(*) FILTER (text = 'bem') FROM messages") == [(2 * len(ODD), len(ODD))]
    found = lake.rows("SELECT chat_id, list_sort(notes) FROM updates WHERE notes IS NOT NULL ORDER BY chat_id DESC")
    assert found == [(GROUP["id"] - number, sorted(notes)) for number, (_, notes) in enumerate(ODD)]
    assert sum(day["notes"] for day in report.books.values()) == sum(len(notes) for _, notes in ODD)


def test_a_long_text_keeps_its_words(make_lake: Callable[..., LakeFolder]) -> None:
    """Of a text in too many pieces no word is lost; the marks that come late are."""
    pieces = [{"type": "bold" if number % 2 else "plain", "text": f"{number} "} for number in range(3_000)]
    lake = make_lake(iceberg=False)
    lake.add_export(said(1, pieces))

    lake.wrangle()

    words = "".join(f"{number} " for number in range(3_000))
    assert lake.rows("SELECT text, entities FROM messages") == [(words, 499)]


_words = [
    "user5",
    "channel7",
    "\ud800",
    "1773154800",
    "2026-03-10T12:00:00",
    "service",
    "sticker",
    "pin_message",
    "[",
    '"',
]
_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(_words)
)
_members = st.sampled_from(["type", "text", "href", "user_id", "latitude", "x"])
_json = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_members, inner, max_size=3), max_leaves=5
)
_hostile = st.dictionaries(
    st.sampled_from([*desktop_messages.FIELDS, *desktop_messages.CONTENT, "text", "text", "members", "new"]),
    _json,
    max_size=6,
)


@few
@given(spoilt=st.lists(_hostile, min_size=1, max_size=12))
def test_whatever_is_in_it_is_a_row(spoilt: list[dict[str, Any]]) -> None:
    """Any object in the place of a message costs neither its row nor its day."""
    with new_lake() as lake:
        lake.add_export(*({**said(number), **each} for number, each in enumerate(spoilt)))
        report = lake.wrangle()
        assert not report.failed
        books = report.books.values()
        assert sum(day["raw"] for day in books) == len(spoilt)
        assert sum(day["rows"] + day["duplicates"] for day in books) == len(spoilt)


def test_overlapping_exports_are_one(make_lake: Callable[..., LakeFolder]) -> None:
    """A message that several files hold, word for word, is one row; the same record twice too; the books say so."""
    lake = make_lake(iceberg=False)
    lake.add_export(said(1), said(2), file="a")
    lake.add_export(said(2), said(3), file="b")
    lake.add_export(said(1), file="a")

    report = lake.wrangle()

    assert lake.rows("SELECT message_id, deliveries FROM updates ORDER BY 1") == [(1, 1), (2, 2), (3, 1)]
    assert lake.rows("SELECT count(*) FROM messages") == [(3,)]
    (day,) = report.books.values()
    assert (day["raw"], day["rows"], day["duplicates"]) == (5, 3, 2)


def test_accounts_number_their_own(make_lake: Callable[..., LakeFolder]) -> None:
    """The same message of two accounts is two in a private chat, and one in a supergroup."""
    lake = make_lake(iceberg=False)
    for account in (31, 32):
        lake.add_export(said(1), chat=PRIVATE, account=account, file=f"p{account}")
        lake.add_export(said(1), chat=GROUP, account=account, file=f"g{account}")

    lake.wrangle()

    found = lake.rows("SELECT chat_id, account_id, chat_type FROM messages ORDER BY ALL")
    assert found == [(GROUP["id"], 0, "supergroup"), (5, 31, "private"), (5, 32, "private")]


def test_exports_of_different_days(make_lake: Callable[..., LakeFolder]) -> None:
    """An edit between two exports is a further state; reactions that were counted later are none."""
    lake = make_lake(iceberg=False)
    reacted = {"reactions": [{"type": "emoji", "count": 1, "emoji": "👍"}]}
    lake.add_export(said(1, "antes"), said(2, "igual"), file="a")
    edited = {"edited": "2026-03-10T13:00:00", "edited_unixtime": str(SECONDS + 60)}
    lake.add_export(said(1, "depois", **edited), said(2, "igual", **reacted), file="b")

    lake.wrangle()

    assert lake.rows("SELECT message_id, text, versions FROM messages ORDER BY 1") == [
        (1, "depois", 2),
        (2, "igual", 1),
    ]
    assert lake.rows("SELECT text, version, is_latest FROM message_versions WHERE message_id = 1 ORDER BY 2") == [
        ("antes", 1, False), ("depois", 2, True),
    ]  # fmt: skip
    assert lake.rows("SELECT count(*) FROM updates") == [(4,)]


def live(number: int, update_id: int, text: str, edited: int | None = None) -> dict[str, Any]:
    """Return an update about the message that `said(number)` is."""
    kind = "message" if edited is None else "edited_message"
    date = SECONDS + number
    return message(update_id, number, text, kind=kind, date=date, edit_date=date + edited if edited else None)


def test_the_live_version_wins(make_lake: Callable[..., LakeFolder]) -> None:
    """What an export has of a state that was seen live adds nothing; what it alone has is a state of its own."""
    lake = make_lake(iceberg=False)
    lake.seal([lake.record(live(1, 1, "vivo")), lake.record(live(2, 2, "a")), lake.record(live(3, 3, "b", edited=50))])
    edited = [{"edited": "x", "edited_unixtime": str(SECONDS + number + 50)} for number in range(4)]
    lake.add_export(said(1, "cópia"), said(2, "depois", **edited[2]), said(3, "cópia", **edited[3]), said(4, "só aqui"))

    lake.wrangle()

    found = lake.rows("SELECT message_id, text, source, sender_username, versions FROM messages ORDER BY 1")
    assert found == [
        (1, "vivo", "webhook", "ana_ficticia", 1),
        (2, "depois", "import", None, 2),
        (3, "b", "webhook", "ana_ficticia", 1),
        (4, "só aqui", "import", None, 1),
    ]
    person = lake.rows("SELECT first_name, username, is_bot, updates, messages FROM user_days")
    assert person == [("Ana", "ana_ficticia", False, 7, 4)]


def test_what_our_bot_wrote_is_out(make_lake: Callable[..., LakeFolder]) -> None:
    """A message of one of the lake's bots has direction out, from an export too."""
    lake = make_lake(iceberg=False)
    lake.add_export(said(1, from_id=f"user{BOT}"), said(2))

    lake.wrangle()

    assert lake.rows("SELECT direction, is_bot FROM messages ORDER BY message_id") == [("out", True), ("in", None)]


_states = st.lists(
    st.tuples(
        st.sampled_from(["live", "a", "b"]), st.integers(1, 4), st.sampled_from(["x", "y", "😀"]), st.sampled_from([None, 10, 20])
    ),
    min_size=1, max_size=10,
)  # fmt: skip


def _sealed(lake: LakeFolder, states: list[tuple[int, tuple[str, int, str, int | None]]]) -> None:
    for place, (where, number, text, edited) in states:
        if where == "live":
            lake.seal([lake.record(live(number, place + 1, text, edited), record_id=f"r-{place}")])
            continue
        more = {"edited": "x", "edited_unixtime": str(SECONDS + number + edited)} if edited else {}
        lake.add_export(said(number, text, **more), file=f"{where}{place}")


@settings(parent=few, max_examples=5)
@given(states=_states, seed=st.integers(0, 2**32), cut=st.integers(0, 10))
def test_order_is_free(states: list[tuple[str, int, str, int | None]], seed: int, cut: int) -> None:
    """Live capture first or exports first, in one piece or two, built between or not: the same tables."""
    placed = list(enumerate(states))
    shuffled = random.Random(seed).sample(placed, len(placed))
    with new_lake() as one, new_lake() as other:
        _sealed(one, placed)
        one.wrangle()
        _sealed(other, shuffled[:cut])
        other.wrangle()
        _sealed(other, shuffled[cut:])
        other.wrangle()

        assert one.content(*TABLES) == other.content(*TABLES)
        keys = one.rows("SELECT count(*), count(DISTINCT message_id) FROM messages")
        assert keys[0][0] == keys[0][1]


def test_a_line_that_is_none_lies_in_quarantine(make_lake: Callable[..., LakeFolder]) -> None:
    """A raw line without what importing puts beside a message is counted and named; its neighbours are rows."""
    lake = make_lake(iceberg=False)
    lake.add_export(said(1), account='"x"', file="a")  # type: ignore[arg-type]
    lake.add_export(said(2), file="b")

    lake.wrangle()

    assert lake.rows("SELECT reason FROM quarantine") == [("raw line is not an envelope",)]
    assert lake.rows("SELECT message_id FROM messages") == [(2,)]


def _broken(monkeypatch: pytest.MonkeyPatch, name: str, line: str, instead: str) -> None:
    from telelake.wrangle import parse

    assert line in sql_file(name)
    for module in (duckdb, parse):
        monkeypatch.setattr(
            module,
            "sql_file",
            lambda asked: sql_file(asked).replace(line, instead) if asked == name else sql_file(asked),
        )


def test_the_live_version_wins_needs_its_line(
    make_lake: Callable[..., LakeFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twin: without the rule the export's copy is a further state, and the latest."""
    _broken(monkeypatch, "_states", "WHERE NOT is_exported\n", "WHERE true\n")

    with pytest.raises(AssertionError):
        test_the_live_version_wins(make_lake)


def test_overlapping_exports_need_the_cut(
    make_lake: Callable[..., LakeFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twin: without the cut a message of two files is two updates, or the key's check stops the day."""
    _broken(monkeypatch, "_exported_twice", "WHERE rid <> first_rid", "WHERE false")

    with pytest.raises((AssertionError, CheckFailed)):
        test_overlapping_exports_are_one(make_lake)


def test_places_need_utf16(make_lake: Callable[..., LakeFolder], monkeypatch: pytest.MonkeyPatch) -> None:
    """Twin: with characters counted instead of UTF-16 units, marks behind an emoji are elsewhere."""
    _broken(monkeypatch, "_exported", "utf16_length(piece.text)", "length(piece.text)")

    with pytest.raises(AssertionError):
        test_an_old_export(make_lake)


def test_nothing_is_lost_needs_the_count(make_lake: Callable[..., LakeFolder], monkeypatch: pytest.MonkeyPatch) -> None:
    """Twin: were every plain message taken as read whole, what else it has would be gone from `extra`."""
    _broken(monkeypatch, "_exported", "is_usual AND said.type = 'message'", "said.type = 'message'")

    with pytest.raises(AssertionError):
        test_every_kind(GROUP, 31, make_lake)


@pytest.mark.parametrize("time", ["infinity", "-infinity", "290000-01-01T00:00:00", "0000-00-00T00:00:00"])
def test_a_time_that_no_calendar_holds_is_null(lake: LakeFolder, time: str) -> None:
    """Old exports tell local times as text; one that is none costs a null."""
    lake.add_export(
        {"id": 1, "type": "message", "date": "2021-03-01T12:00:00", "edited": time, "from_id": "user5", "text": "oi"},
        {"id": 2, "type": "message", "date": time, "edited": "2021-03-01T12:00:00", "from_id": "user5", "text": "oi"},
    )

    assert not lake.wrangle().failed

    with lake.open() as opened:
        assert opened.query("SELECT count(*), count(edited_at) FROM messages").rows == [(2, 0)]


def test_both_names_of_a_person_are_of_one_day(lake: LakeFolder) -> None:
    """An export tells a whole name as one; it must not be given the last name of another day."""
    person = {"id": 5, "is_bot": False, "first_name": "Maria", "last_name": "Souza"}
    lake.add(message(1, 1, "oi", **{"from": person}))
    later = NOW + timedelta(days=2)
    lake.add_export(
        {
            "id": 2, "type": "message", "date_unixtime": str(int(later.timestamp())), "from": "Maria Souza",
            "from_id": "user5", "text": "oi",
        }
    )  # fmt: skip

    lake.wrangle()

    with lake.open() as opened:
        assert opened.query("SELECT first_name, last_name FROM users WHERE user_id = 5").rows == [("Maria Souza", None)]
