"""Calls as data: table `calls`, and what the bot itself has sent in `messages`."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from telelake import raw
from telelake.errors import CheckFailed
from telelake.wrangle import duckdb
from telelake.wrangle.sql import sql_file
from tests.conftest import BOT, NOW, LakeFolder, message

GROUP = {"id": -1001234567890, "type": "supergroup", "title": "Suporte"}
SELF = {"id": BOT, "is_bot": True, "first_name": "Ajuda", "username": "ajuda_bot"}


def sent(message_id: int, text: str, *, chat: dict[str, Any] = GROUP, **more: Any) -> dict[str, Any]:
    """Return a Message as the answer to a send holds it."""
    return {"message_id": message_id, "from": SELF, "chat": chat, "date": int(NOW.timestamp()), "text": text, **more}


def ok(result: Any) -> dict[str, Any]:
    """Return an answer that says yes."""
    return {"ok": True, "result": result}


def test_what_the_bot_sent_is_a_message(lake: LakeFolder) -> None:
    """An answer that holds a Message gives a row of `messages` with direction out, beside the row of `calls`."""
    lake.seal(
        [
            lake.record(message(1, 10, "Como pago?", chat=GROUP)),
            lake.call(
                "sendMessage",
                {"chat_id": str(GROUP["id"]), "text": "Pelo app."},
                ok(sent(11, "Pelo app.", reply_to_message={"message_id": 10, "chat": GROUP, "date": 1})),
                record_id="r-call",
            ),
        ]
    )

    lake.wrangle()

    with lake.open() as opened:
        rows = opened.query(
            "SELECT message_id, direction, text, user_id, is_bot, reply_to_message_id, update_id IS NULL, source "
            "FROM messages ORDER BY 1"
        ).rows
        assert rows[1] == (11, "out", "Pelo app.", BOT, True, 10, True, "proxy")
        assert rows[0][:3] == (10, "in", "Como pago?")
        calls = opened.query(
            "SELECT method, seconds, http_status, ok, chat_id, message_id, messages, request, result, raw FROM calls"
        ).rows
        request = json.dumps({"chat_id": str(GROUP["id"]), "text": "Pelo app."}, separators=(",", ":"))
        assert calls == [("sendMessage", 0.125, 200, True, GROUP["id"], 11, 1, request, None, "r-call")]
        assert opened.query("SELECT count(*) FROM updates").rows == [(1,)]
        books = opened.query(
            "SELECT raw_records, rows FROM builds WHERE table_name IN ('updates', 'calls') ORDER BY ALL"
        ).rows
        assert books == [(2, 1), (2, 1)]


def test_a_refused_call(lake: LakeFolder) -> None:
    """A flood wait is a row with its seconds, and no message."""
    answer = {
        "ok": False, "error_code": 429, "description": "Too Many Requests: retry after 7", "parameters": {"retry_after": 7},
    }  # fmt: skip
    lake.seal([lake.call("sendMessage", {"chat_id": 5, "text": "oi"}, answer, status=429)])

    lake.wrangle()

    with lake.open() as opened:
        found = opened.query(
            "SELECT ok, error_code, description, retry_after_seconds, chat_id, messages, http_status FROM calls"
        ).rows
        assert found == [(False, 429, "Too Many Requests: retry after 7", 7, 5, 0, 429)]
        assert opened.query("SELECT count(*) FROM messages").rows == [(0,)]


def test_an_album_and_other_results(lake: LakeFolder) -> None:
    """Several messages of one answer are several rows; True, a user and a MessageId are none."""
    lake.seal(
        [
            lake.call("sendMediaGroup", {}, ok([sent(20, "a", media_group_id="g"), sent(21, "b", media_group_id="g")])),
            lake.call("getMe", {}, ok(SELF)),
            lake.call("copyMessage", {"chat_id": 5}, ok({"message_id": 31})),
            lake.call("answerCallbackQuery", {}, ok(True)),
            lake.call("sendMessage", {"chat_id": "@canal"}, None, status=None, seconds=None),
        ]
    )

    lake.wrangle()

    with lake.open() as opened:
        assert opened.query("SELECT message_id, media_group_id FROM messages ORDER BY 1").rows == [(20, "g"), (21, "g")]
        found = opened.query("SELECT method, messages, message_id, ok, chat_id FROM calls ORDER BY 1, 2").rows
        assert found == [
            ("answerCallbackQuery", 0, None, True, None),
            ("copyMessage", 0, 31, True, 5),
            ("getMe", 0, None, True, None),
            ("sendMediaGroup", 2, 20, True, GROUP["id"]),
            ("sendMessage", 0, None, None, None),
        ]


def test_an_edit_goes_home(lake: LakeFolder) -> None:
    """An edit by the bot lies in the day of its message, as an edit by anybody does, and is its latest state."""
    lake.seal([lake.call("sendMessage", {}, ok(sent(11, "Pelo app.")))])
    lake.wrangle()
    later = NOW + timedelta(days=2)
    edited = sent(11, "Pelo site.", edit_date=int(later.timestamp()))
    lake.seal([lake.call("editMessageText", {}, ok(edited), at=later)])

    assert lake.wrangle().days == [NOW.date()]

    with lake.open() as opened:
        assert opened.query("SELECT text, versions FROM messages").rows == [("Pelo site.", 2)]
        assert opened.query("SELECT text, version FROM message_versions ORDER BY 2").rows == [
            ("Pelo app.", 1),
            ("Pelo site.", 2),
        ]
        assert opened.query("SELECT method, CAST(context_date AS VARCHAR) FROM calls ORDER BY 1").rows == [
            ("editMessageText", "2026-03-10"), ("sendMessage", "2026-03-10"),
        ]  # fmt: skip


def test_the_same_record_twice_is_one_call(lake: LakeFolder) -> None:
    """A seal that was repeated with other boundaries doubles neither the call nor its message."""
    one, two = (lake.call("sendMessage", {}, ok(sent(number, "oi")), record_id=f"r-{number}") for number in (11, 12))
    lake.seal([one])
    lake.seal([one, two])

    lake.wrangle()

    with lake.open() as opened:
        assert opened.query("SELECT count(*) FROM calls").rows == [(2,)]
        assert opened.query("SELECT count(*) FROM messages").rows == [(2,)]
        assert opened.query("SELECT raw_records, duplicates FROM builds WHERE table_name = 'calls'").rows == [(3, 1)]


@pytest.mark.parametrize("seconds", [1, -1])
def test_another_bot_of_ours_saw_it_too(lake: LakeFolder, seconds: int) -> None:
    """What one bot sent and another was delivered is one message, and ours, whichever record came first."""
    seen = {"update_id": 9, "message": sent(11, "Pelo app.")}
    lake.seal(
        [
            lake.record(seen, NOW + timedelta(seconds=seconds), 99),
            lake.call("sendMessage", {}, ok(sent(11, "Pelo app."))),
        ]
    )

    lake.wrangle()

    with lake.open() as opened:
        assert opened.query("SELECT message_id, direction, versions FROM messages").rows == [(11, "out", 1)]


@pytest.mark.parametrize(
    ("answer", "notes"),
    [
        (ok(sent(11, "oi", edit_date="ontem")), ["answer.result.edit_date: expected 64-bit integer, found text"]),
        (ok(sent(11, "oi \ud800")), ["answer.result.text: lone surrogate"]),
        (ok(sent(11, "oi", somewhere={"deep": "\udfff"})), ["answer.result.somewhere.deep: lone surrogate"]),
        (ok(sent(11, "oi", forward_origin=7)), ["answer.result.forward_origin: expected object, found number"]),
    ],
)
def test_a_wrong_value_costs_a_null_and_a_note(lake: LakeFolder, answer: Any, notes: list[str]) -> None:
    """A call whose answer is not as the Bot API has it keeps its row, its message and its neighbours."""
    lake.seal([lake.call("sendMessage", {}, answer), lake.call("sendMessage", {}, ok(sent(12, "bem")))])

    report = lake.wrangle()

    assert not report.failed
    with lake.open() as opened:
        assert opened.query("SELECT message_id FROM messages ORDER BY 1").rows == [(11,), (12,)]
        assert opened.query("SELECT notes FROM calls WHERE notes IS NOT NULL").rows == [(notes,)]
        assert opened.query("SELECT notes FROM builds WHERE table_name = 'calls'").rows == [(len(notes),)]


@pytest.mark.parametrize(
    "answer",
    [{"ok": "yes"}, {"ok": True, "result": 10**30}, {"result": [[1], 2]}, {"parameters": 5, "error_code": "x"}, {}],
)
def test_an_odd_answer_keeps_its_row(lake: LakeFolder, answer: Any) -> None:
    """Whatever the answer holds, the call is a row."""
    lake.seal([lake.call("getChat", {"chat_id": "x", "deep": [[{}]]}, answer)])

    lake.wrangle()

    with lake.open() as opened:
        assert opened.query("SELECT method FROM calls").rows == [("getChat",)]


def test_a_time_that_no_calendar_holds_is_null(lake: LakeFolder) -> None:
    """`infinity` is a time to the engine, and to no reader of what it writes."""
    lake.seal([lake.call("getMe", {}, ok(SELF), started_at="infinity"), lake.call("getMe", {}, ok(SELF))])

    assert not lake.wrangle().failed

    with lake.open() as opened:
        assert opened.query("SELECT count(*), count(started_at) FROM calls").rows == [(2, 1)]


def test_a_chat_where_only_the_bot_spoke(lake: LakeFolder) -> None:
    """It is a chat of the day, with messages and without updates; the bot is one who was seen."""
    lake.seal([lake.call("sendMessage", {}, ok(sent(11, "Bom dia!")))])

    lake.wrangle()

    with lake.open() as opened:
        assert opened.query("SELECT chat_id, title, updates, messages FROM chats").rows == [
            (GROUP["id"], "Suporte", 0, 1)
        ]
        assert opened.query("SELECT user_id, updates, messages FROM users").rows == [(BOT, 0, 1)]


@pytest.mark.parametrize(("seen_before", "direction"), [("in", "in"), ("out", "out"), (None, "out")])
def test_an_edit_of_what_others_posted_leaves_it_theirs(
    lake: LakeFolder, seen_before: str | None, direction: str
) -> None:
    """A bot may put buttons under a person's post in a channel; whose post it is, an earlier state tells."""
    channel = {"id": -1001234567899, "type": "channel", "title": "Avisos"}
    post = {"message_id": 5, "sender_chat": channel, "chat": channel, "date": int(NOW.timestamp()), "text": "Oi"}
    records = [
        lake.call(
            "editMessageReplyMarkup",
            {},
            ok({**post, "edit_date": int(NOW.timestamp()) + 9}),
            at=NOW + timedelta(seconds=9),
        )
    ]
    if seen_before == "in":
        records.append(lake.record({"update_id": 1, "channel_post": post}))
    if seen_before == "out":
        records.append(lake.call("sendMessage", {}, ok(post)))
    lake.seal(records)

    lake.wrangle()

    with lake.open() as opened:
        assert opened.query("SELECT direction FROM messages").rows == [(direction,)]


def test_what_is_no_call_lies_in_quarantine(lake: LakeFolder) -> None:
    """A body that is no call is kept, counted and named."""
    lake.seal([raw.Record("r-1", BOT, "proxy", NOW, b'{"call":5}', raw.Content.CALLS)])

    lake.wrangle()

    with lake.open() as opened:
        assert opened.query("SELECT reason, raw FROM quarantine").rows == [("not a recorded call", "r-1")]


def test_the_books_need_every_call(make_lake: Callable[..., LakeFolder], monkeypatch: pytest.MonkeyPatch) -> None:
    """Twin: a call that gets lost on the way to its table stops the day."""
    lake = make_lake(iceberg=False)
    lake.seal([lake.call("sendMessage", {}, ok(sent(11, "oi")))])
    monkeypatch.setattr(
        duckdb,
        "sql_file",
        lambda name: sql_file(name).replace("WHERE copy = 1", "WHERE false") if name == "calls" else sql_file(name),
    )

    with pytest.raises(CheckFailed):
        lake.wrangle()
