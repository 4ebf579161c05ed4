"""Whether a body has the form that the engine may read as it is: one kind, and each value that a column reads of its type.
And whether the Bot API knows all of it, which `telegram.drift` says.

Compiled from the same tree that the engine parses by. The sealer asks this of each body, once, and marks its line with
the form's digest; a build then need not ask again, and asks itself where the mark is missing or of another form.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Annotated, Any

import msgspec

from telelake.tables import derive
from telelake.tables.derive import Node, event_tree, message_tree, usual_message_tree
from telelake.telegram import desktop_messages, drift
from telelake.telegram.update import MESSAGE_KINDS, update_kinds

MIN, MAX = -(2**63), 2**63 - 1
PLAIN = "="
"""Behind the digest: a message in the body holds nothing but what is opened for every message, another payload nothing
that no column reads."""
FLAT = "+"
"""Behind the digest: what no column reads is whole fields of the payload, nothing inside of those that are read."""
STRANGE = "!"
"""Behind all that: something in the body may be unknown to the Bot API."""

_TYPES: dict[str, Any] = {
    "BIGINT": Annotated[int, msgspec.Meta(ge=MIN, le=MAX)],
    "VARCHAR": str,
    "BOOLEAN": bool,
    "DOUBLE": float,
}
_SCALARS = {int: "BIGINT", str: "VARCHAR", bool: "BOOLEAN", float: "DOUBLE"}
_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@cache
def digest() -> str:
    """Return the form's digest; it changes with what is read and how."""
    parts = [derive.json_structure(message_tree()), derive.json_structure(event_tree()), "one of", *update_kinds()]
    parts.append(drift.digest())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def marks() -> tuple[str, ...]:
    """Return the marks that a body with the form can have, from that which says most."""
    return tuple(digest() + suffix for suffix in (PLAIN, FLAT, ""))


def either(*marks: str) -> list[str]:
    """Return marks as they are for bodies that the Bot API knows, and for strange ones."""
    return [mark + strange for mark in marks for strange in ("", STRANGE)]


def mark(body: bytes) -> str | None:
    """Return the mark of a body of one kind that has the form, the first of `marks` that holds; else None."""
    found = _form_of(body)
    return found if found is None or drift.is_known(body) else found + STRANGE


def _form_of(body: bytes) -> str | None:
    others = len(update_kinds()) - 1
    for mark, known_from in zip(marks(), (0, 1, None), strict=True):
        try:
            found = _body(known_from).decode(body)
        except _ERRORS:
            continue
        return mark if msgspec.structs.astuple(found).count(None) == others else None
    return None


def lines_fit(block: bytes) -> bool:
    """Return whether the bodies of all lines of a raw segment have the form."""
    return _fit(_line(), block)


def call_lines_fit(block: bytes) -> bool:
    """Return whether all lines of a segment of calls are calls as recorded, with any message in an answer in the form."""
    return _fit(_call_line(), block)


def export_lines_fit(block: bytes) -> bool:
    """Return whether all lines of a segment of exports hold what is read of a message in the types it is read by."""
    return _fit(_export_line(), block)


@cache
def export_tree() -> Node:
    """Return the tree of what is read of an export's message, `text` aside, which has more than one type."""
    return _facts_tree(desktop_messages.FIELDS)


def _facts_tree(facts: Any) -> Node:
    if isinstance(facts, type):
        return Node(_SCALARS[facts])
    is_list = isinstance(facts, list)
    inner = facts[0] if is_list else facts
    return Node(None, is_list, {name: _facts_tree(fact) for name, fact in inner.items()})


def _fit(decoder: msgspec.json.Decoder[Any], block: bytes) -> bool:
    try:
        decoder.decode_lines(block)
    except _ERRORS:
        return False
    return True


@cache
def _body(known_from: int | None) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(_body_type(known_from))


@cache
def _line() -> msgspec.json.Decoder[Any]:
    # The envelope's other keys are our own; whether they are there is seen in the engine, for less.
    return msgspec.json.Decoder(msgspec.defstruct("Line", [("body", _body_type(None))], gc=False))


@cache
def _call_line() -> msgspec.json.Decoder[Any]:
    message = _struct("Message", message_tree(), None)
    answer = msgspec.defstruct(
        "Answer",
        [
            ("ok", bool | None, None),
            ("error_code", _TYPES["BIGINT"] | None, None),
            ("description", str | None, None),
            ("parameters", dict[str, Any] | None, None),
            ("result", message | list[message | str] | bool | int | float | str | None, None),  # type: ignore[valid-type]
        ],
        gc=False,
    )
    body = msgspec.defstruct(
        "Call",
        [
            ("call", str),
            ("started_at", str),
            ("seconds", float | None),
            ("status", _TYPES["BIGINT"] | None),
            ("request", dict[str, Any]),
            ("answer", answer | None),
        ],
        gc=False,
    )
    envelope = [("record_id", str), ("source", str), ("received_at", str), ("sha256", str), ("bytes", int)]
    return msgspec.json.Decoder(msgspec.defstruct("CallLine", [*envelope, ("body", body)], gc=False))


@cache
def _export_line() -> msgspec.json.Decoder[Any]:
    tree = export_tree()
    most = msgspec.Meta(max_length=desktop_messages.MOST_PIECES)
    piece: Any = _struct("Piece", tree.fields["text_entities"], None)
    number: Any = _TYPES["BIGINT"]
    message = _struct("ExportMessage", Node(fields={**tree.fields, "text_entities": Node("VARCHAR")}), None)
    # Tuples: a list for each message would set the garbage collector to work, for a third of the time.
    few = [
        ("text", str | Annotated[tuple[str | piece, ...], most] | None, None),
        ("text_entities", Annotated[tuple[piece, ...], most] | None, None),
    ]
    body = msgspec.defstruct("ExportBody", few, bases=(message,), rename={"_from": "from"}, gc=False)
    chat = msgspec.defstruct("Chat", [("id", number | None), ("type", str | None), ("name", str | None)], gc=False)
    envelope = [
        ("record_id", str), ("source", str), ("received_at", str), ("sha256", str), ("bytes", int),
        ("account", number), ("chat", chat), ("own", tuple[number, ...]),
    ]  # fmt: skip
    return msgspec.json.Decoder(msgspec.defstruct("ExportLine", [*envelope, ("body", body)], gc=False))


@cache
def _body_type(known_from: int | None) -> Any:
    tree = usual_message_tree() if known_from == 0 else message_tree()
    message, event = _struct("Message", tree, known_from), _struct("Event", event_tree(), known_from)
    kinds: list[tuple[str, Any, Any]] = [
        (kind, (message if kind in MESSAGE_KINDS else event) | None, None) for kind in update_kinds()
    ]
    update_id = ("update_id", _TYPES["BIGINT"])
    return msgspec.defstruct("Body", [update_id, *kinds], gc=False, forbid_unknown_fields=True)


def _struct(name: str, node: Node, known_from: int | None) -> Any:
    """Return a type of a node; from the depth `known_from` on it refuses members that no column reads."""
    fields: list[tuple[str, Any, Any]] = []
    rename = {}
    for key, child in node.fields.items():
        if known_from == 0 and derive.is_left_whole(key, child):
            continue
        inside = None if known_from is None or derive.is_read_whole(key, child) else max(known_from - 1, 0)
        inner = _type_of(f"{name}_{key}", child, inside)
        attribute = f"_{key}" if key == "from" else key
        rename[attribute] = key
        is_list = child.is_list and not derive.is_opaque(child)
        value: Any = list[inner | None] if is_list else inner  # type: ignore[valid-type]
        fields.append((attribute, value | None, None))
    return msgspec.defstruct(name, fields, rename=rename, gc=False, forbid_unknown_fields=known_from == 0)


def _type_of(name: str, node: Node, known_from: int | None) -> Any:
    if node.scalar:
        return _TYPES[node.scalar]
    return Any if derive.is_opaque(node) else _struct(name, node, known_from)
