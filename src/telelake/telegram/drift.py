"""What of an update the Bot API does not know: kinds, fields, values beyond a fixed set, types.

Telegram changes without asking. This module says where a body goes beyond `botapi.json`; it counts nothing. What it
names is Telegram's own words, never what a person wrote: a field's name, or the value of a field that the Bot API gives
a fixed set of values, and neither when it does not look like one.

A decoder compiled from the Bot API settles nearly all bodies at once; only the others are looked through.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import msgspec

from telelake.telegram.update import LABEL_KIND, botapi

UNNAMED = "?"
"""Stands for what does not look like a name of Telegram's."""
MOST = 100
"""Things named of one body, the first in order; no body of Telegram's has as many."""

_PLAIN = {"Integer": "int", "String": "str", "Boolean": "bool", "True": "bool", "Float": "float"}
_CLASSES = {"int": "number", "float": "number", "str": "text", "bool": "boolean", "dict": "object", "list": "list"}
_OR_TEXT = frozenset({"RichText"})
"""Types that may also be a plain text, or a list of themselves."""
_NAME = re.compile(r"[A-Za-z0-9_]{1,64}")
_LIST = "Array of "
_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True, slots=True, order=True)
class Unknown:
    """One thing that the Bot API does not know."""

    what: str
    """`kind` of update, `field`, `tag` (a value beyond a fixed set) or `type` (JSON of another type)."""
    path: str
    """The kind, or the Bot API's type and field: `story_post`, `Message.mood`."""
    value: str = ""
    """Of a tag the value; of a type what was found: object, list, text, number, boolean."""


@cache
def digest() -> str:
    """Return a digest of all that is known."""
    known = [botapi()["types"][name] for name in _reachable("Update")]
    text = json.dumps([known, sorted(_undocumented()), _undocumented_kinds()])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def is_known(body: bytes) -> bool:
    """Return whether the Bot API knows all of a body; False also for a few that it knows, and for what is no JSON."""
    try:
        _known().decode(body)
    except _ERRORS:
        return False
    return True


def unknown(body: dict[str, Any]) -> list[Unknown]:
    """Return what the Bot API does not know of a decoded body, each thing once, in order."""
    found = set[Unknown]()
    kinds = _fields("Update")
    for key, value in body.items():
        if key in kinds:
            _look(value, kinds[key], f"Update.{key}", found)
        elif key not in _undocumented_kinds() and key != LABEL_KIND:
            found.add(Unknown("kind", _name(key)))
    return sorted(found)[:MOST]


@dataclass(frozen=True, slots=True)
class _Field:
    kind: str
    """Its type in the Bot API's words; empty where members of a union disagree."""
    values: frozenset[str]
    """All that it may be; empty when that is open."""
    plain: str | None
    """Its type in Python, of a value."""


@cache
def _fields(name: str) -> dict[str, _Field]:
    """Return a type's fields; of a union those of all its members, with the values of all."""
    found: dict[str, _Field] = {}
    types = botapi()["types"]
    for member in types[name].get("one_of") or [name]:
        for key, kind, _, *enumerated in types[member]["fields"]:
            values: frozenset[str] = frozenset(*enumerated)
            if before := found.get(key):
                kind = kind if kind == before.kind else ""
                values = values | before.values if values and before.values else frozenset()
            found[key] = _Field(kind, values, _PLAIN.get(kind))
    return found


@cache
def _undocumented() -> frozenset[str]:
    return frozenset(botapi()["undocumented_keys_the_server_writes"])


@cache
def _undocumented_kinds() -> tuple[str, ...]:
    return tuple(botapi()["undocumented_update_kinds_in_server_source"])


def _look(value: Any, field: _Field, path: str, found: set[Unknown]) -> None:
    """Add what is unknown in a value."""
    kind = field.kind
    if value is None or not kind:
        return
    if kind in _OR_TEXT and isinstance(value, str | list):
        for each in value if isinstance(value, list) else ():
            _look(each, field, path, found)
    elif kind.startswith(_LIST):
        if not isinstance(value, list):
            found.add(Unknown("type", path, _class(value)))
            return
        element = _element(field)
        for each in value:
            _look(each, element, path, found)
    elif _class(value) != _CLASSES[field.plain or "dict"]:
        found.add(Unknown("type", path, _class(value)))
    elif isinstance(value, dict):
        _look_inside(value, kind, found)
    elif field.values and value not in field.values:
        found.add(Unknown("tag", path, _name(value)))


def _look_inside(value: dict[str, Any], kind: str, found: set[Unknown]) -> None:
    fields = _fields(kind)
    for key, inner in value.items():
        field = fields.get(key)
        if field is None:
            if key not in _undocumented():
                found.add(Unknown("field", f"{kind}.{_name(key)}"))
        # Nearly all values are plain ones of their type; nothing else need be asked of them.
        elif field.values or type(inner).__name__ != field.plain:
            _look(inner, field, f"{kind}.{key}", found)


@cache
def _element(field: _Field) -> _Field:
    kind = field.kind.removeprefix(_LIST)
    return _Field(kind, field.values, _PLAIN.get(kind))


def _class(value: Any) -> str:
    return _CLASSES[type(value).__name__]


def _name(text: str) -> str:
    return text if _NAME.fullmatch(text) else UNNAMED


def _reachable(root: str) -> list[str]:
    """Return the names of all types that may stand in another, itself included."""
    types = botapi()["types"]
    found, waiting = set[str](), [root]
    while waiting:
        name = waiting.pop()
        if name not in types or name in found:
            continue
        found.add(name)
        waiting += types[name].get("one_of", ())
        waiting += [kind.replace(_LIST, "") for _, kind, *_ in types[name]["fields"]]
    return sorted(found)


@cache
def _known() -> msgspec.json.Decoder[Any]:
    """Return a decoder that takes only what the Bot API knows: types of all that may stand in an update."""
    made = {f"T_{name}": _struct(name) for name in _reachable("Update")}
    # Types name one another, and some themselves: msgspec looks a name up among the attributes of the type that uses it.
    for struct in made.values():
        struct.Any, struct.Literal = Any, Literal
        for name in re.findall(r"\bT_\w+", " ".join(struct.__annotations__.values())):
            setattr(struct, name, made[name])
    return msgspec.json.Decoder(made["T_Update"])


def _struct(name: str) -> Any:
    # What is documented comes first: members are looked for in the order of the fields.
    types = {key: _annotation(field) for key, field in _fields(name).items()}
    others = _undocumented_kinds() if name == "Update" else sorted(_undocumented())
    types |= {key: "Any" for key in others if key not in types}
    fields: list[tuple[str, Any, Any]] = [(f"f_{key}", f"{kind} | None", None) for key, kind in types.items()]
    return msgspec.defstruct(
        f"Known{name}", fields, rename={f"f_{key}": key for key in types}, gc=False, forbid_unknown_fields=True
    )


def _annotation(field: _Field) -> str:
    """Return a field's type as an annotation, which may name types that are not made yet."""
    kind = field.kind
    if not kind:
        return "Any"
    if kind.startswith(_LIST):
        return f"list[{_annotation(_element(field))} | None]"
    if kind in _OR_TEXT:
        return f"str | T_{kind} | list[str | T_{kind} | None]"  # lists in lists are looked through
    if field.values:
        return f"Literal[{', '.join(map(repr, sorted(field.values)))}]"
    return field.plain or f"T_{kind}"
