"""Whether a body has the form that the engine may read as it is: every value that a column reads is of the Bot API's type.

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
    parts = [derive.json_structure(message_tree()), derive.json_structure(event_tree()), *update_kinds()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def mark(body: bytes) -> str | None:
    """Return the mark of a body: the form's digest when it has the form, with `PLAIN` when a message in it holds
    nothing that no column reads, else None.

    A body with no kind or with several may have the form, and so may one with an unknown *field*.
    """
    for is_plain in (True, False):
        try:
            _body(is_plain).decode(body)
        except _ERRORS:
            continue
        return digest() + PLAIN if is_plain else digest()
    return None


def lines_fit(block: bytes) -> bool:
    """Return whether the bodies of all lines of a raw segment have the form."""
    try:
        _line().decode_lines(block)
    except _ERRORS:
        return False
    return True


@cache
def _body(is_plain: bool) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(_body_type(is_plain))


@cache
def _line() -> msgspec.json.Decoder[Any]:
    # The envelope's other keys are our own; whether they are there is seen in the engine, for less.
    return msgspec.json.Decoder(msgspec.defstruct("Line", [("body", _body_type(False))], gc=False))


@cache
def _body_type(is_plain: bool) -> Any:
    message, event = _struct("Message", message_tree(), is_plain), _struct("Event", event_tree(), False)
    kinds: list[tuple[str, Any, Any]] = [
        (kind, (message if kind in MESSAGE_KINDS else event) | None, None) for kind in update_kinds()
    ]
    update_id = ("update_id", _TYPES["BIGINT"])
    return msgspec.defstruct("Body", [update_id, *kinds], gc=False, forbid_unknown_fields=True)


def _struct(name: str, node: Node, is_plain: bool) -> Any:
    fields: list[tuple[str, Any, Any]] = []
    rename = {}
    for key, child in node.fields.items():
        inside_plain = is_plain and not derive.is_read_whole(key, child)
        inner = _TYPES[child.scalar] if child.scalar else _struct(f"{name}_{key}", child, inside_plain)
        attribute = f"_{key}" if key == "from" else key
        rename[attribute] = key
        value: Any = list[inner | None] if child.is_list else inner  # type: ignore[valid-type]
        fields.append((attribute, value | None, None))
    return msgspec.defstruct(name, fields, rename=rename, gc=False, forbid_unknown_fields=is_plain)
