"""What is known of the calls that a bot makes: what in them is secret, and which messages an answer holds."""

from __future__ import annotations

from typing import Any

import msgspec

from telelake.errors import UnreadableUpdate
from telelake.telegram.update import loads_leniently

SECRET_KEYS = frozenset({"passport_data", "provider_token", "secret_token"})
"""Names whose value is secret wherever they stand, nested too, in a request or an answer."""

SECRET_ARGUMENTS = {
    "setwebhook": frozenset({"certificate"}),
    "setpassportdataerrors": frozenset({"errors"}),
}
"""Further arguments that are secret, by method in lower case."""

SECRET_RESULTS = frozenset({"getmanagedbottoken", "replacemanagedbottoken"})
"""Methods, in lower case, whose result is another bot's token."""

SECRET_ADDRESSES = frozenset({"setwebhook", "getwebhookinfo"})
"""Methods, in lower case, whose `url` is known to Telegram and the bot only, and often is all that a bot checks."""

NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""Kinds of updates that a bot gets only when it names them in `allowed_updates`."""

LONGEST_POLL = 50
"""Seconds that Telegram keeps a `getUpdates` open at most, whatever its `timeout`."""

LARGEST_LIMIT = 100
"""Updates in an answer to `getUpdates` at most, and by default."""


def read_call(body: bytes) -> int | None:
    """Return the date (Unix seconds) of the message that a recorded call made or changed; None when it is of none.

    Raises:
        UnreadableUpdate: the bytes are not a call as the recorder writes it.
    """
    try:
        body.decode("utf-8")
        call = msgspec.json.decode(body, type=_Call)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        call = _read_leniently(body)
    answer = call.answer if isinstance(call.answer, dict) else {}
    result = answer.get("result")
    first = result[0] if isinstance(result, list) and result else result
    date = first.get("date") if isinstance(first, dict) and "message_id" in first else None
    return date if type(date) is int else None


class _Call(msgspec.Struct):
    call: str
    started_at: str
    answer: Any = None


def _read_leniently(body: bytes) -> _Call:
    try:
        return msgspec.convert(loads_leniently(body.decode("utf-8")), _Call)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise UnreadableUpdate("not a recorded call") from None
