"""One lake for both engines: the golden cases, each on days of its own, two generated days with all that is odd, and a day of
all that the Bot API knows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from telelake.raw import parse_key
from telelake.telegram.update import MESSAGE_KINDS, botapi, update_kinds
from tests.conftest import BOT, NOW, LakeFolder, message
from tests.generate import deliveries
from tests.wrangle import exports_made
from tests.wrangle.test_cases import CASES, _record

_DATA = Path(__file__).parents[1] / "data" / "updates.ndjson"
SEED, COUNT = 11, 1500
_CHAT = {"id": -1001000000001, "title": "Suporte", "type": "supergroup"}
_SECONDS = range(1_500_000_000, 2_000_000_000)
"""Whole numbers that are taken for times."""
_TEXTS = ("olá 😀 é", 'aspas " e \\ barra\n', "https://example.com", "")


def fill(lake: LakeFolder) -> None:
    """Put the golden cases and a generated day into a lake's raw."""
    first = date(2024, 1, 1)
    for case in sorted(path for path in CASES.iterdir() if path.is_dir()):
        first = _fill_case(lake, case, first)
    made = deliveries(SEED, COUNT, days=2)
    lake.seal([lake.record(each.body, each.at, each.bot) for each in made[::2]])
    lake.seal([lake.record(each.body, each.at, each.bot) for each in made[1::2]], marked=False)
    lake.seal([lake.record(body) for body in _DATA.read_bytes().splitlines()], marked=False)
    updates = [{"update_id": 1000 + number, **body} for number, body in enumerate(every_kind())]
    lake.add(*updates[::2], *updates[::3])
    lake.seal([lake.record(body) for body in updates[1::2]], marked=False)
    lake.add(*updates[:40:5], bot=BOT + 1)
    lake.add(*_odd())
    lake.seal(_calls(lake))
    lake.add_export(*exports_made.every_kind())
    lake.add_export(*exports_made.every_kind()[:30], file="again.json", own=())
    lake.add_export(
        exports_made.said(900, 1.5), exports_made.said(901, "x", from_id=7, date_unixtime="soon"), file="odd.json"
    )


def _fill_case(lake: LakeFolder, case: Path, first: date) -> date:
    """Put a case into raw, moved so that it begins on a day; return the first day behind it."""
    steps = json.loads((case / "deliveries.json").read_text(encoding="utf-8"))
    came = [datetime.fromisoformat(each["at"]) for step in steps for each in step if "at" in each]
    began = min(came, default=NOW)
    shift = first - began.astimezone(lake.zone).date()
    deliveries = [_moved(each, shift) for step in steps for each in step]
    lake.seal([_record(lake, each) for each in deliveries if "export" not in each])
    for export in (each["export"] for each in deliveries if "export" in each):
        lake.add_export(*export.pop("messages"), **export)
    days = [found.day for each in lake.store.list() if (found := parse_key(each.key))]
    return max(days) + timedelta(days=1)


def _moved(value: Any, shift: timedelta) -> Any:
    """Return a delivery with all its times some days later or earlier: a case keeps its local hours."""
    match value:
        case dict():
            return {key: _moved(each, shift) for key, each in value.items()}
        case list():
            return [_moved(each, shift) for each in value]
        case int() if value in _SECONDS:
            return value + int(shift.total_seconds())
        case str() if value.isdecimal() and int(value) in _SECONDS:
            return str(int(value) + int(shift.total_seconds()))
        case str() if re.fullmatch(r"20\d\d-\d\d-\d\dT[\d:+]+", value):
            return (datetime.fromisoformat(value) + shift).isoformat()
    return value


def every_kind() -> Iterator[dict[str, Any]]:
    """Yield a body for each kind of update and for each field of a message, by the reduced Bot API, with all their fields."""
    kinds = {field[0]: field[1] for field in botapi()["types"]["Update"]["fields"]}
    for number, kind in enumerate(update_kinds()):
        yield {kind: _value(kinds[kind], number, 0) if kind not in MESSAGE_KINDS else _message(number)}
        yield {kind: {**_value(kinds[kind], number + 100, 1), "surprise": {"a": [1.0, None]}}}
    for number, field in enumerate(botapi()["types"]["Message"]["fields"], 200):
        if field[0] not in ("message_id", "date", "chat"):
            for turn in range(2):
                yield {"message": {**_message(number + turn * 300), field[0]: _value(field[1], number + turn, turn)}}
    for number in range(600, 640):
        edited = {**_message(number % 7), "edit_date": int(NOW.timestamp()) + number // 4}
        yield {"edited_message": {**edited, "text": _TEXTS[number % 3]}}


def _message(number: int) -> dict[str, Any]:
    person = {"id": 11 + number % 5, "is_bot": False, "first_name": "Ana", "username": f"ana_{number % 5}"}
    return {"message_id": number, "date": int(NOW.timestamp()) - number, "chat": _CHAT, "from": person}


def _value(kind: str, number: int, depth: int) -> Any:
    """Return a value of a type of the Bot API; of a union another member with each number."""
    if kind.startswith("Array of "):
        return [_value(kind.removeprefix("Array of "), number + place, depth) for place in range(2)]
    match kind:
        case "Integer":
            return int(NOW.timestamp()) + number if number % 2 else number - 3
        case "String":
            return _TEXTS[number % len(_TEXTS)]
        case "Boolean" | "True":
            return number % 3 > 0
        case "Float":
            return number / 4
    found = botapi()["types"].get(kind, {})
    if "one_of" in found:
        return _value(found["one_of"][number % len(found["one_of"])], number, depth)
    made = {}
    for place, (name, inner, needed, *literal) in enumerate(found.get("fields", ())):
        if literal:
            made[name] = literal[0][number % len(literal[0])]
        elif needed or depth < 3:
            made[name] = _CHAT if inner == "Chat" and depth else _value(inner, number + place, depth + 1)
    return made


def _odd() -> Iterator[Any]:
    """Yield bodies as Telegram never sends them, or seldom."""
    yield b"not json"
    yield b'{"update_id": 5000, "message": {"message_id": 1, "text": "\\ud800 half"}}'
    yield {"update_id": 5001, "never_seen": {"a": 1}, "other": []}
    yield {"update_id": 5002, "message": _message(1), "callback_query": {"id": "1", "from": {"id": 3, "is_bot": False}}}
    yield {"update_id": 5003}
    yield message(5004, 5, text=7)
    yield message(5005, 6, edit_date=2**70)
    yield message(5006, 7, date=-5)
    yield message(5007, 8, date=253402300799)
    yield message(
        5008,
        9,
        "😀 @ana 😀",
        entities=[{"type": "mention", "offset": 3, "length": 4}, {"type": "url", "offset": 90, "length": 9}],
    )
    yield message(5009, 10, extra=1e300, more=1.50, deep={"a": {"b": {}}})


def _calls(lake: LakeFolder) -> Iterator[Any]:
    sent = {
        "message_id": 77,
        "date": int(NOW.timestamp()),
        "chat": _CHAT,
        "text": "resposta",
        "from": {"id": BOT, "is_bot": True},
    }
    yield lake.call(
        "sendMessage", {"chat_id": _CHAT["id"], "text": "resposta"}, {"ok": True, "result": sent}, record_id="twice"
    )
    yield lake.call(
        "sendMessage", {"chat_id": _CHAT["id"], "text": "resposta"}, {"ok": True, "result": sent}, record_id="twice"
    )
    yield lake.call(
        "editMessageText",
        {"chat_id": "5"},
        {"ok": True, "result": {**sent, "text": "outra", "edit_date": sent["date"] + 9}},
    )
    album = [{**sent, "message_id": number, "media_group_id": "1", "photo": [{"width": 1}]} for number in (78, 79)]
    yield lake.call("sendMediaGroup", {"chat_id": 1.5}, {"ok": True, "result": album})
    yield lake.call("getMe", {}, {"ok": False, "error_code": 429, "parameters": {"retry_after": 3}, "description": "d"})
    yield lake.call("getUpdates", {}, {"ok": True, "result": [{"a": 1.0}, 5]}, at=NOW + timedelta(seconds=1))
    yield lake.call("x", {}, None, at=datetime.fromisoformat("2026-03-10T15:00:00.123456+00:00"))
