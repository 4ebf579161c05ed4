"""A row of the course design's enriched bucket as a record of raw.

Its ETL keeps of a message six columns: `message_id`, `date`, `text`, `user_id` (with `user_is_bot`, `user_first_name`) and
`chat_id` (with `chat_type`). That is no update any more: it has no `update_id`, and what the message was besides text is
gone. So a row becomes what a message of an export is, in Desktop's keys, marked as made of a row; where the lake has the
update too, the update's state stands and the row's is left out (decision 0030). A message without text is `unsupported`:
it was a photo, or a sticker, or somebody joining, and no one knows any more. The ETL's `context_date` is the day on which it ran.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from telelake.capture.imports.exports import BOT, NUMBERED_APART, SOURCE
from telelake.capture.imports.pieces import Row
from telelake.capture.imports.spool import Place
from telelake.raw import Content, Line, Record, context_date, quarantine_line, raw_line
from telelake.telegram.desktop import FIRST_DAY, LAST_DAY

Rows = Callable[[bytes], Iterable[Mapping[str, Any]]]
"""Reads a Parquet file. Raises UnreadableFile."""

TAKEN = ("message_id", "date", "text", "user_id", "user_is_bot", "user_first_name", "chat_id", "chat_type")
OWN_CLOCKS = ("context_date", "context_timestamp")
"""What the ETL wrote of itself; no message is poorer without it."""

_CHAT_TYPES = ("private", "group", "supergroup", "channel")


def row_of(row: Mapping[str, Any], bot_id: int, own: Collection[int], seen_at: datetime, zone: ZoneInfo) -> Row:
    """Return a row's line; `seen_at` (UTC) places a row without a usable time, `own` are ids of the lake's bots."""
    sent = _moment(row.get("date"))
    message_id, chat_id, chat_type = _integer(row.get("message_id")), _integer(row.get("chat_id")), row.get("chat_type")
    problem = (
        "no message_id" if message_id is None
        else "no chat_id" if chat_id is None
        else "no chat_type" if chat_type not in _CHAT_TYPES
        else "no date" if sent is None
        else None
    )  # fmt: skip
    if problem or sent is None:
        body = msgspec.json.encode({name: row.get(name) for name in TAKEN}, enc_hook=str)
        record = Record(_id(body, b""), BOT, SOURCE, seen_at, body)
        day = context_date(None, seen_at, zone)
        return Row(
            record.record_id,
            Place(True, Content.UPDATES, BOT, day),
            quarantine_line(record, f"row of Parquet: {problem}"),
        )
    body = _message(row, message_id, sent)
    account = bot_id if chat_type in NUMBERED_APART else 0
    chat = msgspec.json.encode({"id": chat_id, "type": chat_type, "name": None})
    beside = b',"account":%d,"chat":%s,"own":%s,"body":' % (account, chat, msgspec.json.encode(sorted(own)))
    moment = datetime.fromtimestamp(sent, UTC)
    record = Record(_id(body, beside), BOT, SOURCE, moment, body, Content.EXPORTS)
    line = raw_line(record)
    head, _, rest = line.data.partition(b',"body":')
    place = Place(False, Content.EXPORTS, BOT, moment.astimezone(zone).date())
    return Row(record.record_id, place, Line(head + beside + rest, line.digest))


def _message(row: Mapping[str, Any], message_id: int | None, sent: int) -> bytes:
    text, user_id, name = row.get("text"), _integer(row.get("user_id")), row.get("user_first_name")
    message: dict[str, Any] = {
        "id": message_id, "type": "message" if isinstance(text, str) and text else "unsupported",
        "date_unixtime": str(sent),
    }  # fmt: skip
    if isinstance(name, str):
        message["from"] = name
    if user_id is not None:
        message["from_id"] = f"user{user_id}"
    message["text"] = text if isinstance(text, str) else ""
    message["made_of"] = "parquet"
    return msgspec.json.encode(message)


def _id(body: bytes, beside: bytes) -> str:
    return f"import-{hashlib.sha256(beside + body).hexdigest()[:16]}-0"


def _integer(value: Any) -> int | None:
    """Return a whole number of 64 bits; one that pandas made a float of, for a column with gaps, is whole again."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if type(value) is int and -(2**63) <= value < 2**63 else None


def _moment(value: Any) -> int | None:
    """Return Unix seconds of a `date`, which somebody may have made a timestamp of; without a zone that is UTC."""
    if isinstance(value, datetime):
        value = int((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp())
    seconds = _integer(value)
    return seconds if seconds is not None and FIRST_DAY <= seconds <= LAST_DAY else None
