"""Whether a body has the form that the engine may read as it is: one kind, and each value that a column reads of its type.

Compiled from the same tree that the engine parses by. The sealer asks this of each body, once, and marks its line with
the form's digest; a build then need not ask again, and asks itself where the mark is missing or of another form.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Annotated, Any

import msgspec

from telelake.tables import derive
from telelake.tables.derive import Node, event_tree, message_tree
from telelake.telegram.update import MESSAGE_KINDS, update_kinds

MIN, MAX = -(2**63), 2**63 - 1
PLAIN = "="
"""Behind the digest: a message in the body holds nothing that no column reads."""
FLAT = "+"
"""Behind the digest: what no column reads is whole fields of a message, nothing inside of those that are read."""

_TYPES: dict[str, Any] = {
    "BIGINT": Annotated[int, msgspec.Meta(ge=MIN, le=MAX)],
    "VARCHAR": str,
    "BOOLEAN": bool,
    "DOUBLE": float,
}
_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@cache
def digest() -> str:
    """Return the form's digest; it changes with what is read and how."""
    parts = [derive.json_structure(message_tree()), derive.json_structure(event_tree()), "one of", *update_kinds()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def marks() -> tuple[str, ...]:
    """Return the marks that a body with the form can have, from that which says most."""
    return tuple(digest() + suffix for suffix in (PLAIN, FLAT, ""))


def mark(body: bytes) -> str | None:
    """Return the mark of a body of one kind that has the form, the first of `marks` that holds; else None."""
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
    try:
        _line().decode_lines(block)
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
def _body_type(known_from: int | None) -> Any:
    message, event = _struct("Message", message_tree(), known_from), _struct("Event", event_tree(), None)
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
        inside = None if known_from is None or derive.is_read_whole(key, child) else max(known_from - 1, 0)
        inner = _TYPES[child.scalar] if child.scalar else _struct(f"{name}_{key}", child, inside)
        attribute = f"_{key}" if key == "from" else key
        rename[attribute] = key
        value: Any = list[inner | None] if child.is_list else inner  # type: ignore[valid-type]
        fields.append((attribute, value | None, None))
    return msgspec.defstruct(name, fields, rename=rename, gc=False, forbid_unknown_fields=known_from == 0)
