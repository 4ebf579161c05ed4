"""What a body from Telegram is, read no deeper than capture needs. No opinion about what it is good for.

Facts come from `botapi.json` (Bot API 10.3, reduced). Reading is strict where bytes are unusable and lenient in all
else: only `update_id` may be relied on.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, NoReturn

import msgspec

from telelake.errors import UnreadableUpdate

MESSAGE_KINDS = (
    "message", "edited_message", "channel_post", "edited_channel_post", "business_message", "edited_business_message",
    "guest_message",
)  # fmt: skip
"""Kinds whose payload is a `Message`, in the Bot API's order."""


LABEL_KIND = "telelake_label"
"""Kind of a record that is no update of Telegram's: a person's correction of a question (`telelake.talk.labels`)."""


@cache
def botapi() -> dict[str, Any]:
    """Return the reduced Bot API: `types`, `update_kinds`, `undocumented_keys_the_server_writes`, …"""
    loaded: dict[str, Any] = json.loads(files(__package__).joinpath("botapi.json").read_bytes())
    return loaded


@cache
def update_kinds() -> tuple[str, ...]:
    """Return the update kinds of the Bot API, in its order."""
    return tuple(name for name, _, _ in botapi()["types"]["Update"]["fields"] if name != "update_id")


@dataclass(frozen=True, slots=True)
class Update:
    """As much of an update as capture needs."""

    update_id: int
    kind: str | None
    """The first kind that the Bot API knows, else the first other key; None when there is no payload."""
    date: int | None
    """The payload's own `date`, Unix seconds; None when it is missing or not a number."""


class _Dated(msgspec.Struct, gc=False):
    date: int | None = None


_raw_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_integer = msgspec.json.Decoder(int)
_dated = msgspec.json.Decoder(_Dated)


def read_update(body: bytes) -> Update:
    """Read a body.

    Raises:
        UnreadableUpdate: the bytes are not a JSON object with an integer `update_id`; the message is the reason.
    """
    # msgspec skips what it is not asked for, invalid UTF-8 inside strings too; a raw segment must stay UTF-8.
    if not body.isascii():
        try:
            body.decode("utf-8")
        except UnicodeDecodeError:
            raise UnreadableUpdate("not UTF-8") from None
    try:
        fields = _raw_object.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return _read_leniently(body)
    try:
        update_id = _integer.decode(fields["update_id"])
        kind = first_kind(fields)
    except KeyError:
        raise UnreadableUpdate("no update_id") from None
    except msgspec.DecodeError:
        raise UnreadableUpdate("update_id is not an integer") from None
    _check_range(update_id)
    if kind is None:
        return Update(update_id, None, None)
    try:
        return Update(update_id, kind, _dated.decode(fields[kind]).date)
    except msgspec.DecodeError:
        return Update(update_id, kind, None)


def first_kind(fields: dict[str, Any]) -> str | None:
    """Return the kind of a decoded body: its first key known to the Bot API, else its first other key."""
    known = update_kinds()
    others = [key for key in fields if key != "update_id"]
    return next((key for key in others if key in known), others[0] if others else None)


def loads_leniently(
    body: bytes | str,
    integer: Callable[[str], Any] | None = None,
    real: Callable[[str], Any] | None = None,
) -> Any:
    """Parse JSON that strict parsers refuse but that loses nothing: lone surrogates in strings.

    `integer` and `real` read its numbers; else Python does.

    Raises:
        ValueError: the bytes are no JSON at all.
        RecursionError: nested too deeply.
    """
    return json.loads(body, parse_constant=_not_json, parse_int=integer, parse_float=real)


def _read_leniently(body: bytes) -> Update:
    try:
        # Telegram writes UTF-8 only; json.loads would guess UTF-16 from bytes.
        fields = loads_leniently(body.decode("utf-8"))
    except UnicodeDecodeError:
        raise UnreadableUpdate("not UTF-8") from None
    except RecursionError:
        raise UnreadableUpdate("nested too deeply") from None
    except ValueError:
        raise UnreadableUpdate("not JSON") from None
    if not isinstance(fields, dict):
        raise UnreadableUpdate("not a JSON object")
    if "update_id" not in fields:
        raise UnreadableUpdate("no update_id")
    update_id = fields["update_id"]
    if type(update_id) is not int:
        raise UnreadableUpdate("update_id is not an integer")
    _check_range(update_id)
    kind = first_kind(fields)
    payload = fields.get(kind) if kind is not None else None
    date = payload.get("date") if isinstance(payload, dict) else None
    return Update(update_id, kind, date if type(date) is int else None)


def _check_range(update_id: int) -> None:
    if not -(2**63) <= update_id < 2**63:
        raise UnreadableUpdate("update_id does not fit 64 bits")


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
