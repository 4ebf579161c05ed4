"""The reader for tables of events: each column is read where its declaration says that it comes from.

A declaration's `sources` name a field of the Bot API for each column; what they cannot say (a word made from several
fields, a place in a list, the last of a day) is written out here. Tables that are not declared are passed over.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from telelake.tables import catalog
from telelake.tables.model import Column, Kind
from tests.wrangle.reader import Body, Payload, Row, get, instant, message_kind

_TYPES = {Kind.LONG: int, Kind.TEXT: str, Kind.BOOL: bool, Kind.DOUBLE: float, Kind.TIME: int}

Own = Callable[[Payload], Any]


@dataclass(frozen=True)
class Events:
    """How a table's rows come from payloads."""

    updates: tuple[str, ...] = ()
    """Kinds of updates that have a row."""
    messages: tuple[str, ...] = ()
    """Kinds of messages that have a row, in their latest state."""
    own: dict[str, Own] = field(default_factory=dict)
    """Columns that are more than what stands at one of their sources."""
    each: str | None = None
    """A list in the payload of which each element has a row; `position` counts from 1."""


def account(payload: Payload) -> int:
    """Return whose numbering a message's id follows."""
    chat = payload.chat_id
    return 0 if chat is not None and chat <= -1_000_000_000_000 else payload.body.record.bot_id


def reaction(value: Any) -> str | None:
    """Return a reaction as one word: an emoji, `custom:` and the id of a custom emoji, or `paid`."""
    kind = get(value, "type", str)
    custom = get(value, "custom_emoji_id", str)
    if kind == "emoji":
        return get(value, "emoji", str)
    if kind == "custom_emoji":
        return None if custom is None else f"custom:{custom}"
    return kind


def reactions(payload: Payload, name: str) -> list[str | None]:
    """Return a list of reactions as words, None where one cannot be told."""
    return [reaction(each) for each in payload.get(name, list) or []]


def _beyond(these: list[str | None], those: list[str | None]) -> list[str | None]:
    return [word for word in these if word is not None and word not in those]


EVENTS: dict[str, Events] = {
    "reactions": Events(
        ("message_reaction",),
        own={
            "account_id": account,
            "old_reactions": lambda p: reactions(p, "old_reaction"),
            "new_reactions": lambda p: reactions(p, "new_reaction"),
            "added": lambda p: _beyond(reactions(p, "new_reaction"), reactions(p, "old_reaction")),
            "removed": lambda p: _beyond(reactions(p, "old_reaction"), reactions(p, "new_reaction")),
        },
    ),
    "callbacks": Events(
        ("callback_query",),
        own={
            "account_id": account,
            "message_text": lambda p: _first(p.get("message.text", str), p.get("message.caption", str)),
        },
    ),
    "inline_queries": Events(("inline_query",)),
    "chosen_results": Events(("chosen_inline_result",)),
    "join_requests": Events(("chat_join_request",)),
    "business_connections": Events(("business_connection",)),
    "gifts": Events(messages=("gift", "unique_gift", "gift_upgrade_sent"), own={"kind": lambda p: message_kind(p.value)}),
    "giveaways": Events(
        messages=("giveaway", "giveaway_created", "giveaway_winners", "giveaway_completed"),
        own={"kind": lambda p: message_kind(p.value)},
    ),
    "boosts": Events(
        ("chat_boost", "removed_chat_boost"),
        ("boost_added",),
        own={
            "kind": lambda p: message_kind(p.value) if p.is_message else p.kind,
            "chat_id": lambda p: p.chat_id,
            "user_id": lambda p: p.actor_id if p.is_message else p.number("boost.source.user.id", "source.user.id"),
            "occurred_at": lambda p: instant(p.number("date") if p.is_message else p.number("boost.add_date", "remove_date")),
        },
    ),
    "payments": Events(
        ("pre_checkout_query", "shipping_query", "purchased_paid_media", "subscription"),
        ("successful_payment", "refunded_payment"),
        own={"kind": lambda p: message_kind(p.value) if p.is_message else p.kind},
    ),
    "reaction_counts": Events(
        ("message_reaction_count",),
        each="reactions",
        own={
            "account_id": account,
            "reaction": lambda p: reaction(get(p.element, "type", dict)),
            "total": lambda p: get(p.element, "total_count", int),
        },
    ),
    "deleted_messages": Events(
        ("deleted_business_messages",), each="message_ids", own={"message_id": lambda p: _number(p.element)}
    ),
    "poll_answers": Events(
        ("poll_answer",),
        own={
            "option_numbers": lambda p: _texts(p.get("option_ids", list), int),
            "option_ids": lambda p: _texts(p.get("option_persistent_ids", list), str),
        },
    ),
    "checklist_tasks": Events(
        messages=("checklist",),
        each="checklist.tasks",
        own={
            "account_id": account,
            "task_id": lambda p: get(p.element, "id", int),
            "text": lambda p: get(p.element, "text", str),
            "completed_by_user_id": lambda p: get(p.element, "completed_by_user.id", int),
            "completed_by_chat_id": lambda p: get(p.element, "completed_by_chat.id", int),
            "completed_at": lambda p: instant(get(p.element, "completion_date", int)),
        },
    ),
}  # fmt: skip
UNREAD = {
    "reaction_counts": {"is_latest"},
    "poll_answers": {"is_latest", "is_retracted"},
    "gifts": {"detail"},
    "giveaways": {"detail"},
}
"""Columns that are left to golden cases."""


ROW_OF_NONE = {"reaction_counts"}
"""Tables in which an empty list is a row too: that the last reaction was taken back is a count."""


def rows(payloads: Iterable[Payload], latest: set[tuple[str, int]]) -> dict[str, list[Row]]:
    """Return the rows of the declared tables of events; `latest` are record and place of the messages' latest states."""
    declared = {table.name for table in catalog.TABLES}
    found: dict[str, list[Row]] = {name: [] for name in EVENTS if name in declared}
    for payload in payloads:
        if not isinstance(payload.value, dict):
            continue
        is_latest = payload.is_message and (payload.body.record.record_id, payload.ordinal) in latest
        kind = message_kind(payload.value) if payload.is_message else payload.kind
        for name in found:
            events = EVENTS[name]
            if kind in (events.messages if is_latest else () if payload.is_message else events.updates):
                if events.each is None:
                    found[name].append(_row(name, events, payload))
                    continue
                elements = payload.get(events.each, list) or []
                if not elements and name in ROW_OF_NONE:
                    empty = {"position": 0, "total": 0}
                    found[name].append({**_row(name, events, replace(payload, element=None)), **empty})
                for position, element in enumerate(elements, 1):
                    one = replace(payload, element=element)
                    found[name].append({**_row(name, events, one), "position": position})
    return found


def unread(table: str) -> set[str]:
    """Return the columns of a table that hold whole objects as JSON."""
    whole = {c.name for c in catalog.table(table).columns if any(source.endswith(".*") for source in c.sources)}
    return whole | UNREAD.get(table, set())


def _row(name: str, events: Events, payload: Payload) -> Row:
    body: Body = payload.body
    row: Row = {
        "context_date": body.day, "bot_id": body.record.bot_id, "received_at": body.record.received_at,
        "raw": body.record.record_id, "ordinal": payload.ordinal,
    }  # fmt: skip
    for column in catalog.table(name).columns:
        if column.name in events.own:
            row[column.name] = events.own[column.name](payload)
        elif column.name not in {*row, *unread(name)}:
            row[column.name] = _read(column, payload)
    return row


def _read(column: Column, payload: Payload) -> Any:
    """Return what stands at the first of a column's sources that has something."""
    root = "Message." if payload.is_message else "Event."
    paths = [source.removeprefix(root) for source in column.sources if source.startswith(root)]
    value = _first(*(payload.get(path, _TYPES[column.kind]) for path in paths))
    return instant(value) if column.kind is Kind.TIME else value


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _number(value: Any) -> int | None:
    return get({"n": value}, "n", int)


def _texts(values: list[Any] | None, type_: type) -> list[str | None] | None:
    if values is None:
        return None
    return [None if (found := get({"n": each}, "n", type_)) is None else str(found) for each in values]


# What the tables of messages have gained


def more_of_message(payload: Payload, there: Iterable[str], zone: ZoneInfo) -> Row:
    """Return the columns of table messages beside those of the first reader."""
    special: dict[str, Own] = {
        # A date that gave the message no day is not readable as one.
        "local_hour": lambda p: sent.astimezone(zone).hour if (sent := _plausible(p)) else None,
        "is_anonymous_admin": lambda p: (
            p.chat_id is not None
            and p.get("sender_chat.id", int) == p.chat_id
            and p.get("chat.type", str) in ("group", "supergroup")
        ),
    }
    columns = [c for c in catalog.table("messages").columns if c.name not in {*there, "versions", "raw"}]
    return {c.name: special[c.name](payload) if c.name in special else _read(c, payload) for c in columns}


def _plausible(payload: Payload) -> datetime | None:
    sent = instant(payload.get("date", int))
    if sent is None or not datetime(2013, 1, 1, tzinfo=UTC) <= sent <= payload.body.record.received_at + timedelta(
        days=1
    ):
        return None
    return sent


def more_of_entity(kind: str | None, row: Row, words: str | None) -> Row:
    """Return what a command says (its name, whom it names, what follows it), and the host of a link."""
    value, more = row["value"], dict.fromkeys(("command", "command_target", "arguments", "domain"))
    if kind == "bot_command" and value is not None and words is not None:
        name, _, target = value.removeprefix("/").partition("@")
        rest = words.encode("utf-16-le")[2 * (row["offset_utf16"] + row["length_utf16"]) :].decode(
            "utf-16-le", "ignore"
        )
        more |= {"command": name.lower() if value.startswith("/") and name else None, "command_target": target or None}
        more["arguments"] = rest.strip(" ") or None
    if kind in ("url", "text_link") and (link := row["url"] if row["url"] is not None else value):
        host = re.split(r"[/?#]", link.lower().partition("://")[2] or link.lower())[0].rpartition("@")[2]
        more["domain"] = host.partition(":")[0].removeprefix("www.") or None
    return more


def chat_hours(latest: Iterable[Row]) -> list[Row]:
    """Return how many messages a chat had in each hour."""
    groups: dict[Any, list[Row]] = defaultdict(list)
    for state in latest:
        if not state["is_service"]:
            groups[state["context_date"], state["chat_id"], state["local_hour"]].append(state)
    found = []
    for (day, chat_id, hour), states in groups.items():
        bots = [s for s in states if s["is_bot"] is True and s["sender_chat_id"] is None]
        found.append({
            "context_date": day, "chat_id": chat_id, "local_hour": hour, "messages": len(states),
            "people_messages": len(states) - len(bots), "bot_messages": len(bots),
            "out_messages": sum(s["direction"] == "out" for s in states),
            "people": len({s["user_id"] for s in states if s["is_bot"] is not True and s["user_id"] is not None}),
        })  # fmt: skip
    return found
