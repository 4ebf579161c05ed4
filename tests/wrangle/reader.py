"""What the tables must hold of some captured bodies, by plain Python over their JSON.

Written from the columns' descriptions, the decisions on identity and state, and the Bot API; not from the SQL. It is
slow, keeps all in memory, and knows nothing of how the engine works. `UNREAD` says which columns it does not give.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from telelake import raw
from telelake.tables import derive
from telelake.telegram.update import MESSAGE_KINDS, botapi, update_kinds

Row = dict[str, Any]

UNREAD = {"updates": {"extra", "notes"}}
"""Columns of free form, which are compared in other ways."""

_LONG = (-(2**63), 2**63 - 1)
_FILES = ("video", "animation", "audio", "voice", "video_note", "document", "sticker", "live_photo")
_TEXTUAL = ("text", "live_photo", "animation", "photo", "sticker", "voice", "video", "video_note", "document", "audio")
"""Of a message with more than one content, the first of these says what it is, if it is readable."""


_BESIDE = ("marks", "words", "ordinal")
"""What a state holds beside its columns."""


@dataclass(frozen=True)
class Tables:
    """Rows by table; the books of each day; what could not be read."""

    rows: dict[str, list[Row]]
    books: dict[date, dict[str, int]]


@dataclass
class Payload:
    """One object of one kind in one body."""

    body: Body
    ordinal: int
    kind: str | None
    value: Any
    is_message: bool
    """Whether it is a `Message`, though perhaps a spoilt one."""
    element: Any = None
    """Of a list in it, the one that a row is about."""

    def get(self, path: str, type_: type) -> Any:
        """Return what stands at a path such as `chat.id`, if it is of that type."""
        return get(self.value, path, type_)

    @property
    def chat(self) -> Any:
        return next((x for x in self._first("chat", "message.chat") if x is not None), None)

    @property
    def person(self) -> Any:
        return next((x for x in self._first("from", "user") if x is not None), None)

    def _first(self, *paths: str) -> Iterable[Any]:
        for path in paths[:1] if self.is_message else paths:
            yield self.get(path, dict)

    def number(self, *paths: str) -> int | None:
        """Return the first number that is there."""
        return next((n for path in paths if (n := self.get(path, int)) is not None), None)

    @property
    def chat_id(self) -> int | None:
        return self.number("chat.id") if self.is_message else self.number("chat.id", "message.chat.id")

    @property
    def message_id(self) -> int | None:
        return self.number("message_id") if self.is_message else self.number("message_id", "message.message_id")

    @property
    def actor_id(self) -> int | None:
        if self.is_message:
            return self.number("from.id")
        return self.number("from.id", "user.id", "boost.source.user.id", "source.user.id")

    @property
    def occurred_at(self) -> datetime | None:
        if self.is_message and str(self.kind).startswith("edited_"):
            return instant(self.number("edit_date", "date"))
        return instant(self.number("date") if self.is_message else self.number("date", "remove_date"))

    @property
    def seen_at(self) -> datetime:
        return self.occurred_at or self.body.record.received_at


@dataclass
class Body:
    """One captured body that is an update."""

    record: raw.Record
    fields: dict[str, Any]
    zone: ZoneInfo
    deliveries: int = 1

    @cached_property
    def kind(self) -> str | None:
        others = [key for key in self.fields if key != "update_id"]
        found = next((key for key in others if key in update_kinds()), others[0] if others else None)
        return None if found is None else printable(found)

    @cached_property
    def own_date(self) -> datetime | None:
        """Its own date, if that may be one: not before Telegram, nor of tomorrow."""
        kind = next((key for key in self.fields if key != "update_id" and printable(key) == self.kind), None)
        found = instant(get(self.fields.get(kind) if kind is not None else None, "date", int))
        if found and datetime(2013, 1, 1, tzinfo=UTC) <= found <= self.record.received_at + timedelta(days=1):
            return found
        return None

    @cached_property
    def day(self) -> date:
        return (self.own_date or self.record.received_at).astimezone(self.zone).date()

    @property
    def identity(self) -> tuple[int, int, bytes]:
        return self.record.bot_id, self.fields["update_id"], hashlib.sha256(self.record.body).digest()

    @property
    def order(self) -> tuple[datetime, str]:
        return self.record.received_at, self.record.record_id

    @cached_property
    def payloads(self) -> list[Payload]:
        known = [key for key in self.fields if key in update_kinds()]
        if not known:
            return [Payload(self, 0, self.kind, None, is_message=False)]
        return [
            Payload(self, number, kind, clean(self.fields[kind]), is_message=kind in MESSAGE_KINDS)
            for number, kind in enumerate(known)
        ]


def read(records: Sequence[raw.Record], zone: ZoneInfo) -> Tables:
    """Return what the tables hold of some records."""
    from tests.wrangle import reader_events

    bodies, quarantined = [], []
    for record in records:
        fields = update_of(record.body)
        if fields is None:
            day = record.received_at.astimezone(zone).date()
            quarantined.append({
                "context_date": day, "bot_id": record.bot_id, "received_at": record.received_at, "source": record.source,
                "bytes": len(record.body), "raw": record.record_id,
            })  # fmt: skip
        else:
            bodies.append(Body(record, fields, zone))
    once = list({(body.day, body.record.record_id): body for body in bodies}.values())
    kept = _without_duplicates(once)
    payloads = [payload for body in kept for payload in body.payloads]
    states = _states([payload for payload in payloads if payload.is_message and isinstance(payload.value, dict)])
    latest = [state for state in states if state["is_latest"]]
    places = {(state["raw"], state["ordinal"]) for state in latest}
    books: dict[date, dict[str, int]] = defaultdict(lambda: {"raw": 0, "rows": 0, "duplicates": 0, "quarantined": 0})
    for body in bodies:
        books[body.day]["raw"] += 1
    for row in quarantined:
        books[row["context_date"]]["raw"] += 1
    for row in {row["raw"]: row for row in quarantined}.values():
        books[row["context_date"]]["quarantined"] += 1
    for body in kept:
        books[body.day]["rows"] += 1
    for book in books.values():
        book["duplicates"] = book["raw"] - book["rows"] - book["quarantined"]
    rows = {
        "updates": [_update_row(body) for body in kept],
        "message_versions": [without(state, "versions", *_BESIDE) for state in states],
        "messages": [without(state, "version", "is_latest", *_BESIDE) for state in latest],
        "message_entities": [row for state in latest for row in _entities(state)],
        "chat_days": _chat_days(payloads, latest),
        "user_days": _user_days(payloads, latest),
        "quarantine": list({row["raw"]: row for row in quarantined}.values()),
        **reader_events.rows(payloads, places),
    }
    if "local_hour" in (states or [{}])[0]:
        rows["chat_hours"] = reader_events.chat_hours(latest)
    return Tables(rows, dict(books))


def _without_duplicates(bodies: list[Body]) -> list[Body]:
    """Return the bodies that are rows: of those that are the same, the first; none that came the day before already."""
    same: dict[tuple[date, Any], list[Body]] = defaultdict(list)
    for body in bodies:
        same[body.day, body.identity].append(body)
    kept = []
    for (day, identity), copies in same.items():
        first = min(copies, key=lambda body: body.order)
        # A delivery without a date of its own lies in the day of its receipt, so that it may lie in two.
        if first.own_date is None and (day - timedelta(days=1), identity) in same:
            continue
        first.deliveries = len({copy.record.record_id for copy in copies})
        kept.append(first)
    return kept


def _update_row(body: Body) -> Row:
    first, record = body.payloads[0], body.record
    return {
        "context_date": body.day, "bot_id": record.bot_id, "update_id": body.fields["update_id"], "kind": body.kind,
        "chat_id": first.chat_id, "user_id": first.actor_id, "message_id": first.message_id,
        "occurred_at": first.occurred_at, "received_at": record.received_at,
        "delivery_lag_seconds": (record.received_at - first.occurred_at).total_seconds() if first.occurred_at else None,
        "source": record.source, "bytes": len(record.body), "raw": record.record_id, "deliveries": body.deliveries,
    }  # fmt: skip


def _states(messages: list[Payload]) -> list[Row]:
    """Return every state of every message, numbered."""
    by_message: dict[Any, list[tuple[Payload, Row]]] = defaultdict(list)
    alone: list[list[tuple[Payload, Row]]] = []
    for payload in messages:
        row = _state(payload)
        if row["chat_id"] is None or row["message_id"] is None:
            alone.append([(payload, row)])
            continue
        key = tuple(
            row[name]
            for name in (
                "context_date", "account_id", "chat_id", "message_id", "business_connection_id", "ephemeral_message_id",
            )
        )  # fmt: skip
        by_message[key].append((payload, row))
    from tests.wrangle.reader_events import more_of_message

    rows = []
    for seen in (*by_message.values(), *alone):
        # The same edit with the same content is one state, whoever saw it: its sender, else who had it first.
        distinct: dict[Any, tuple[Payload, Row]] = {}
        for payload, row in sorted(
            seen, key=lambda one: (one[1]["direction"] != "out", *one[0].body.order, one[0].ordinal)
        ):
            content = (row["edited_at"], *(
                json.dumps(row[name]) for name in ("kind", "text", "caption", "marks", "file_unique_id", "latitude", "longitude")
            ))  # fmt: skip
            distinct.setdefault(content, (payload, row))
        ordered = sorted(
            distinct.values(),
            key=lambda one: (
                one[1]["edited_at"] is not None, one[1]["edited_at"] or datetime.min.replace(tzinfo=UTC),
                one[1]["update_id"], *one[0].body.order, one[0].ordinal,
            ),
        )  # fmt: skip
        for number, (payload, row) in enumerate(ordered, 1):
            row |= more_of_message(payload, row, payload.body.zone)
            rows.append({**row, "version": number, "versions": len(ordered), "is_latest": number == len(ordered)})
    return rows


def _state(payload: Payload) -> Row:
    body, get_ = payload.body, payload.get
    kind = message_kind(payload.value)
    chat_id = payload.chat_id
    origin = "forward_origin."
    file = _file(payload.value)
    marks = _marks(payload.value)
    text, caption = get_("text", str), get_("caption", str)
    words = text if text is not None else caption
    types = [mark["type"] for mark in marks if mark]
    return {
        "context_date": body.day,
        "bot_id": body.record.bot_id,
        "account_id": 0 if chat_id is not None and chat_id <= -1_000_000_000_000 else body.record.bot_id,
        "chat_id": chat_id,
        "message_id": payload.message_id,
        "business_connection_id": get_("business_connection_id", str),
        "ephemeral_message_id": get_("ephemeral_message_id", int),
        "raw": body.record.record_id,
        "update_id": body.fields["update_id"],
        "source": body.record.source,
        "direction": "out" if get_("from.id", int) == body.record.bot_id else "in",
        "kind": kind,
        "is_service": kind in botapi()["message_service_fields"],
        "user_id": get_("from.id", int),
        "sender_name": _name(get_("from.first_name", str), get_("from.last_name", str)),
        "sender_username": get_("from.username", str),
        "is_bot": get_("from.is_bot", bool),
        "sender_chat_id": get_("sender_chat.id", int),
        "sender_tag": get_("sender_tag", str),
        "author_signature": get_("author_signature", str),
        "via_bot_id": get_("via_bot.id", int),
        "chat_type": get_("chat.type", str),
        "thread_id": get_("message_thread_id", int),
        "is_topic_message": get_("is_topic_message", bool),
        "sent_at": instant(get_("date", int)),
        "edited_at": instant(get_("edit_date", int)),
        "received_at": body.record.received_at,
        "text": text,
        "caption": caption,
        "length": None if words is None else len(words),
        "reply_to_message_id": get_("reply_to_message.message_id", int),
        "reply_to_user_id": get_("reply_to_message.from.id", int),
        "reply_to_external_chat_id": get_("external_reply.chat.id", int),
        "reply_to_external_message_id": get_("external_reply.message_id", int),
        "reply_to_story_id": get_("reply_to_story.id", int),
        "quote": get_("quote.text", str),
        "forward_kind": get_(origin + "type", str),
        "forward_sent_at": instant(get_(origin + "date", int)),
        "forward_user_id": get_(origin + "sender_user.id", int),
        "forward_sender_name": get_(origin + "sender_user_name", str),
        "forward_chat_id": payload.number(origin + "sender_chat.id", origin + "chat.id"),
        "forward_message_id": get_(origin + "message_id", int),
        "is_automatic_forward": get_("is_automatic_forward", bool),
        "media_group_id": get_("media_group_id", str),
        "file_unique_id": get(file, "file_unique_id", str),
        "file_name": get(file, "file_name", str),
        "mime_type": get(file, "mime_type", str),
        "file_bytes": get(file, "file_size", int),
        "duration_seconds": get(file, "duration", int),
        "width": get(file, "width", int),
        "height": get(file, "height", int),
        "sticker_emoji": get(file, "emoji", str),
        "sticker_set": get(file, "set_name", str),
        "latitude": get_("location.latitude", float),
        "longitude": get_("location.longitude", float),
        "migrated_to_chat_id": get_("migrate_to_chat_id", int),
        "migrated_from_chat_id": get_("migrate_from_chat_id", int),
        "entities": sum(mark is not None for mark in marks),
        "links": sum(kind in ("url", "text_link") for kind in types),
        "mentions": sum(kind in ("mention", "text_mention") for kind in types),
        "hashtags": types.count("hashtag"),
        "commands": types.count("bot_command"),
        "marks": marks,
        "words": words,
        "ordinal": payload.ordinal,
    }


def message_kind(message: dict[str, Any]) -> str:
    """Return what a message is: the name of its content or of its service field, else the first that nobody knows."""
    for name in _TEXTUAL:
        wanted: type = {"text": str, "photo": list}.get(name, dict)
        if get(message, name, wanted) is not None:
            return name
    api = botapi()
    names = [*api["message_content_fields"], *api["message_service_fields"]]
    # A venue comes with its location. What is there with a value of a wrong type says it last.
    names = ["venue", *(name for name in names if name not in _TEXTUAL), *(name for name in names if name in _TEXTUAL)]
    known = {*api["message_meta_fields"], *api["undocumented_keys_the_server_writes"]}
    return next(
        (name for name in names if name in message),
        next((printable(name) for name in message if name not in known), "empty"),
    )


def _file(message: dict[str, Any]) -> Any:
    """Return the file that a message holds, with what its type has; of a photo's sizes the largest, which is the last."""
    name = next((name for name in _FILES if isinstance(message.get(name), dict)), None)
    if name is None:
        sizes = get(message, "photo", list)
        name, found = "photo", sizes[-1] if sizes else None
    else:
        found = message[name]
    if not isinstance(found, dict):
        return None
    types = {field[0]: field[1] for field in botapi()["types"]["Message"]["fields"]}
    has = {field[0] for field in botapi()["types"][types[name].removeprefix("Array of ")]["fields"]}
    # What a sticker alone has, or an audio and not a voice, is no such thing elsewhere.
    return {key: value for key, value in found.items() if key in has}


def _marks(message: dict[str, Any]) -> list[Any]:
    found = get(message, "entities", list)
    if found is None:
        found = get(message, "caption_entities", list) or []
    return [
        {
            "type": get(mark, "type", str), "offset": get(mark, "offset", int), "length": get(mark, "length", int),
            "url": get(mark, "url", str), "user": get(mark, "user.id", int),
        }
        if isinstance(mark, dict) else None
        for mark in found
    ]  # fmt: skip


def _entities(state: Row) -> Iterable[Row]:
    head = (
        "context_date", "account_id", "chat_id", "message_id", "business_connection_id", "ephemeral_message_id", "raw",
        "sent_at", "user_id",
    )  # fmt: skip
    from tests.wrangle.reader_events import more_of_entity

    for position, mark in enumerate(state["marks"], 1):
        if mark is not None:
            row = {
                **{name: state[name] for name in head}, "position": position, "type": mark["type"],
                "offset_utf16": mark["offset"], "length_utf16": mark["length"],
                "value": cut(state["words"], mark["offset"], mark["length"]), "url": mark["url"],
                "mentioned_user_id": mark["user"],
            }  # fmt: skip
            yield {**row, **more_of_entity(mark["type"], row, state["words"])}


def cut(text: str | None, offset: int | None, length: int | None) -> str | None:
    """Return the characters that begin within some UTF-16 units of a text; None when those do not lie in it."""
    if text is None or offset is None or length is None or offset < 0 or length <= 0:
        return None
    starts, at = [], 0
    for character in text:
        starts.append(at)
        at += 1 + (ord(character) > 0xFFFF)
    if offset + length > at:
        return None
    return "".join(c for c, start in zip(text, starts, strict=True) if offset <= start < offset + length)


def _chat_days(payloads: list[Payload], latest: list[Row]) -> list[Row]:
    seen = _grouped(payloads, lambda payload: get(payload.chat, "id", int))
    rows = []
    for (day, chat_id), group in seen.items():
        last = max(group, key=_lateness).chat
        written = [m for m in latest if (m["context_date"], m["chat_id"]) == (day, chat_id) and not m["is_service"]]
        title = get(last, "title", str)
        rows.append({
            "context_date": day, "chat_id": chat_id, "type": get(last, "type", str),
            "title": _name(get(last, "first_name", str), get(last, "last_name", str)) if title is None else title,
            "username": get(last, "username", str), "is_forum": get(last, "is_forum", bool),
            "migrated_to_chat_id": _most(p.get("migrate_to_chat_id", int) for p in group if p.is_message),
            "migrated_from_chat_id": _most(p.get("migrate_from_chat_id", int) for p in group if p.is_message),
            **_span(group), "messages": len(written),
            "people": len({m["user_id"] for m in written if m["user_id"] is not None and m["is_bot"] is not True}),
        })  # fmt: skip
    return rows


def _user_days(payloads: list[Payload], latest: list[Row]) -> list[Row]:
    seen = _grouped(payloads, lambda payload: get(payload.person, "id", int))
    rows = []
    for (day, user_id), group in seen.items():
        last = max(group, key=_lateness).person
        written = [m for m in latest if (m["context_date"], m["user_id"]) == (day, user_id) and not m["is_service"]]
        texts = ("first_name", "last_name", "username", "language_code")
        rows.append({
            "context_date": day, "user_id": user_id, **{name: get(last, name, str) for name in texts},
            **{name: get(last, name, bool) for name in ("is_bot", "is_premium")}, **_span(group),
            "messages": len(written), "characters": sum(m["length"] or 0 for m in written),
            "chats": len({p.chat_id for p in group if p.chat_id is not None}),
        })  # fmt: skip
    return rows


def _grouped(payloads: list[Payload], key: Callable[[Payload], int | None]) -> dict[tuple[date, int], list[Payload]]:
    groups: dict[tuple[date, int], list[Payload]] = defaultdict(list)
    for payload in payloads:
        if (found := key(payload)) is not None:
            groups[payload.body.day, found].append(payload)
    return groups


def _span(group: list[Payload]) -> Row:
    times = [payload.seen_at for payload in group]
    return {"first_seen_at": min(times), "last_seen_at": max(times), "updates": sum(p.ordinal == 0 for p in group)}


def _lateness(payload: Payload) -> Any:
    return payload.seen_at, payload.body.fields["update_id"], *payload.body.order


def _most(numbers: Iterable[int | None]) -> int | None:
    return max((number for number in numbers if number is not None), default=None)


def _name(*parts: str | None) -> str | None:
    return " ".join(part for part in parts if part) or None


def without(row: Row, *names: str) -> Row:
    """Return a row less some columns."""
    return {name: value for name, value in row.items() if name not in names}


# JSON


def update_of(body: bytes) -> dict[str, Any] | None:
    """Return a body's fields, or None when it is no update."""
    try:
        found = json.loads(body.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or type(found.get("update_id")) is not int:
        return None
    return found if _LONG[0] <= found["update_id"] <= _LONG[1] else None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def get(value: Any, path: str, type_: type) -> Any:
    """Return what stands at a path, if it is of that type: a boolean is no number, a large one no integer of 64 bits."""
    for name in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    if type_ is float:
        return float(value) if type(value) in (int, float) else None
    if type_ is int:
        return value if type(value) is int and _LONG[0] <= value <= _LONG[1] else None
    return value if isinstance(value, type_) else None


def instant(seconds: int | None) -> datetime | None:
    """Return Unix seconds as a time; 0 and what no calendar holds are none."""
    if seconds is None or not 1 <= seconds <= 253_402_300_799:
        return None
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


def clean(value: Any) -> Any:
    """Return a value with each half character replaced."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printable(key): clean(inner) for key, inner in value.items()}
    return [clean(inner) for inner in value] if isinstance(value, list) else value


def printable(text: str) -> str:
    """Return a text with each half of a character replaced by U+FFFD; two halves in order are one."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def left_over(payload: dict[str, Any], node: derive.Node) -> dict[str, Any]:
    """Return what of a payload no column reads, less empty objects, by the tree that the declarations draw.

    Of a list all is left unless all is read, or every message has it opened; a column that ends in `*` reads a field whole.
    """
    left: dict[str, Any] = {}
    for name, value in payload.items():
        child = node.fields.get(name)
        if child is None or derive.is_left_whole(name, child):
            left[name] = value
        elif isinstance(value, dict) and not derive.is_read_whole(name, child):
            left[name] = left_over(value, child)
    return {name: value for name, value in left.items() if value != {}}


def without_empty(value: Any) -> Any:
    """Return a value without empty objects, and without what is empty without them."""
    if isinstance(value, dict):
        cleaned = {name: without_empty(inner) for name, inner in value.items()}
        return {name: inner for name, inner in cleaned.items() if inner != {}}
    return [without_empty(inner) for inner in value] if isinstance(value, list) else value
