"""What is known of Telegram Desktop's export (`result.json`): chats, ids, dates, and what in a message is not kept.

A file is one chat (`{name, type, id, messages}`) or an account (`{…, chats: {list: […]}, left_chats: {list: […]}}`).
`desktop_file` reads one. Older exports lack `date_unixtime`: their dates are those of a clock on a wall.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any, NoReturn

import msgspec

from telelake.telegram.json_stream import end_of_value

CHAT_TYPES = {
    "saved_messages": "private",
    "replies": "private",
    "verification_codes": "private",
    "personal_chat": "private",
    "bot_chat": "private",
    "private_group": "group",
    "private_supergroup": "supergroup",
    "public_supergroup": "supergroup",
    "private_channel": "channel",
    "public_channel": "channel",
}
"""The export's type of a chat → the Bot API's."""
KEYS = frozenset({
    "name", "type", "id", "messages", "about", "personal_information", "profile_pictures", "stories", "contacts",
    "frequent_contacts", "sessions", "web_sessions", "other_data", "chats", "left_chats",
})  # fmt: skip
"""Keys that an export's outermost object begins with; no update has any of them."""
REDACTED = b'"<redacted>"'
FIRST_DAY, LAST_DAY = 1_356_998_400, 2**31 - 1
"""Unix seconds: Telegram began in 2013, and its dates are 32 bits. What lies before or after is no date."""

_CHANNEL = -1_000_000_000_000
_SECRET_KEY = re.compile(rb'"(?:phone_number|contact_vcard)"[ \t\r\n]*:[ \t\r\n]*')
_VALUE = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[^ \t\r\n,:"{}\[\]]++', re.DOTALL)
_PAIR = re.compile(rb'"date"\s*:\s*"([^"]{19})"\s*,\s*"date_unixtime"\s*:\s*"(\d{1,12})"')
_ACCOUNT = re.compile(rb'"personal_information"\s*:\s*\{[^{}]*?"user_id"\s*:\s*(\d{1,18})')


@dataclass(frozen=True, slots=True)
class Chat:
    """One chat of an export."""

    id: int | None
    """As the Bot API numbers it; None when the file does not say which chat this is."""
    type: str | None
    """`private`, `group`, `supergroup` or `channel`; None when the file's word is not known."""
    name: str | None
    export_id: int | None
    """As the export numbers it."""
    export_type: str | None
    is_single: bool
    """Whether the file is an export of this chat alone."""


class Message(msgspec.Struct, gc=False):
    """As much of a message as importing needs. A date that is missing or no text is None."""

    type: str
    date: str | None = None
    date_unixtime: str | None = None


decode: Callable[[bytes], Message] = msgspec.json.Decoder(Message).decode
"""Reads a message, and refuses whatever is not one whole JSON object; but for UTF-8 it looks at all of it."""
_NO_MESSAGE = Message("")


def chat_id(number: int, type_: str | None) -> int | None:
    """Return the Bot API's id of a chat that the export numbers `number`; a negative one is the Bot API's already."""
    if number < 0:
        return number
    if type_ in ("supergroup", "channel"):
        return _CHANNEL - number
    return {"group": -number, "private": number}.get(type_ or "")


def sent_at(message: Message, zone: tzinfo) -> int | None:
    """Return when a message was sent (Unix seconds), reading a local date by a clock of `zone`; None without a date."""
    try:
        if message.date_unixtime is not None:
            moment = int(message.date_unixtime)
        elif message.date is not None:
            moment = int(datetime.fromisoformat(message.date).replace(tzinfo=zone).timestamp())
        else:
            return None
    except (ValueError, OverflowError):
        return None
    return moment if FIRST_DAY <= moment <= LAST_DAY else None


def read_message(body: bytes) -> tuple[Message, str | None]:
    """Return what is in a message, and why it is none, if it is none.

    Raises:
        ValueError: the bytes are no JSON.
    """
    problem = None
    try:
        body.decode("utf-8")
        return decode(body), None
    except UnicodeDecodeError:
        problem = "not UTF-8"
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        value = json.loads(body.decode("utf-8", "replace"), parse_constant=_refuse, parse_int=_integer)
    except RecursionError:
        return _NO_MESSAGE, "nested too deeply"
    if not isinstance(value, dict):
        return _NO_MESSAGE, "not an object"
    if not isinstance(value.get("type"), str):
        return _NO_MESSAGE, "no type"
    date, unix = value.get("date"), value.get("date_unixtime")
    unix = str(unix) if type(unix) is int else unix
    return Message(value["type"], text_or_none(date), text_or_none(unix)), problem


def clock_of(text: bytes) -> tuple[datetime, timedelta] | None:
    """Return the first moment that a part of an export tells both ways, and how far its clock was ahead of UTC then."""
    if b'"date_unixtime"' not in text or not (match := _PAIR.search(text)):
        return None
    try:
        moment = datetime.fromtimestamp(int(match[2]), UTC)
        ahead = datetime.fromisoformat(match[1].decode()).replace(tzinfo=UTC) - moment
        timezone(ahead)
    except (ValueError, OverflowError, OSError):
        return None
    return moment, ahead


def account_of(text: bytes) -> int | None:
    """Return whose export it is, when this part of it says so."""
    match = _ACCOUNT.search(text) if b'"personal_information"' in text else None
    return int(match[1]) if match else None


def redact(body: bytes) -> tuple[bytes, int]:
    """Return a message without the number and the card of the contact that it shares, and how many values that were."""
    parts: list[bytes] = []
    done = 0
    for match in _SECRET_KEY.finditer(body):
        value = _VALUE.match(body, match.end())
        # A list or an object is of no known export; all that is written in it goes too.
        end = value.end() if value else end_of_value(body, match.end())
        if body[match.end() : end] in (b"null", b'""', REDACTED) or match.start() < done:
            continue
        parts += [body[done : match.end()], REDACTED]
        done = end
    return b"".join(parts) + body[done:], len(parts) // 2


def text_or_none(value: Any) -> str | None:
    """Return a value that is text, else None."""
    return value if isinstance(value, str) else None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _integer(digits: str) -> int:
    return int(digits[:20])  # Python refuses thousands of digits; so large a number is no one's id anyway
