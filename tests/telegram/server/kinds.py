"""The kinds of update: how long each is kept, whose queue it waits in, and what of them a bot is sent.

Read off `add_update(...)` in the public server's Client.cpp (May 2026). It does not yet know `subscription` and
`stopped_message_generation`: theirs is a guess.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Kind:
    """How the server treats updates of one kind."""

    owner: Literal["chat", "user", "poll"]
    """Whose queue it waits in."""
    lane: int = 0
    """Queues of one owner with different lanes are different queues."""
    seconds: int = DAY
    """How long it is kept."""
    is_dated: bool = False
    """Whether the time runs from the payload's own date, and not from when it was made."""
    is_default: bool = True
    """Whether it is sent to a bot that named no kinds."""


KINDS: dict[str, Kind] = {
    "message": Kind("chat", is_dated=True),
    "edited_message": Kind("chat", is_dated=True),
    "channel_post": Kind("chat", is_dated=True),
    "edited_channel_post": Kind("chat", is_dated=True),
    "business_connection": Kind("user", 10),
    "business_message": Kind("chat", 11, is_dated=True),
    "edited_business_message": Kind("chat", 11, is_dated=True),
    "deleted_business_messages": Kind("chat", 11),
    "guest_message": Kind("chat", 12, is_dated=True),
    "message_reaction": Kind("chat", 8, is_dated=True, is_default=False),
    "message_reaction_count": Kind("chat", 9, is_dated=True, is_default=False),
    "inline_query": Kind("user", 1, 30),
    "chosen_inline_result": Kind("user", 2, 600),
    "callback_query": Kind("user", 3, 150),
    "shipping_query": Kind("user", 4, 150),
    "pre_checkout_query": Kind("user", 4, 150),
    "purchased_paid_media": Kind("user", 12),
    "poll": Kind("poll"),
    "poll_answer": Kind("poll"),
    "my_chat_member": Kind("chat", 5, is_dated=True),
    "chat_member": Kind("user", 6, is_dated=True, is_default=False),
    "chat_join_request": Kind("user", 6, is_dated=True),
    "chat_boost": Kind("chat", 7),
    "removed_chat_boost": Kind("chat", 7),
    "managed_bot": Kind("user", 13),
    "subscription": Kind("user", 14),
    "stopped_message_generation": Kind("chat", 15),
}

DEFAULT = frozenset(name for name, kind in KINDS.items() if kind.is_default)


def allowed(text: str, before: frozenset[str]) -> frozenset[str]:
    """Return the kinds that a bot gets from now on: those of `allowed_updates`, in whatever state the text is.

    Absent, or no JSON array of strings: as before. Empty, or only unknown names: the default.
    """
    try:
        named = json.loads(text)
    except ValueError:
        return before
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        return before
    return frozenset(name.lower() for name in named) & KINDS.keys() or DEFAULT


def expires_at(kind: str, payload: Any, now: float) -> float:
    """Return when an update is dropped, whether or not it was delivered."""
    known = KINDS[kind]
    if not known.is_dated or not isinstance(payload, dict):
        return now + known.seconds
    date = payload.get("edit_date") or payload.get("date")
    return (date if isinstance(date, int) else now) + known.seconds


def queue_of(kind: str, payload: Any) -> tuple[str, int, Any]:
    """Return the queue in which an update waits for those before it."""
    known = KINDS[kind]
    fields = payload if isinstance(payload, dict) else {}
    if known.owner == "poll":
        return "poll", 0, fields.get("poll_id", fields.get("id"))
    # TDLib's user ids and private chats share numbers, so lanes 0 and up never meet.
    owner = fields.get("chat") if known.owner == "chat" else fields.get("from", fields.get("user"))
    return known.owner, known.lane, owner.get("id") if isinstance(owner, dict) else None


def wire(value: Any) -> bytes:
    """Return JSON as the server writes it: no spaces, everything that is not ASCII escaped."""
    return json.dumps(value, separators=(",", ":")).encode()
