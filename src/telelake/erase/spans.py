"""JSON with the place of each value, so that one can be changed and all else stays byte for byte as it came."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

_SPACE = re.compile(r"[ \t\r\n]*")
_decode = json.JSONDecoder().raw_decode


@dataclass(slots=True)
class Value:
    """One value and where it stands. A list's members have no names."""

    start: int
    end: int
    plain: Any = None
    """What it is, when it is neither an object nor a list."""
    members: list[tuple[str, Value]] | None = None
    """Of an object, in their order; a name may come twice."""
    items: list[Value] = field(default_factory=list)
    """Of a list."""

    def get(self, name: str) -> Value | None:
        """Return an object's member; None when there is none, or this is no object."""
        return next((value for key, value in self.members if key == name), None) if self.members else None

    def at(self, *path: str) -> Any:
        """Return the plain value at the end of a path of names; None when there is none."""
        found: Value | None = self
        for name in path:
            found = found.get(name) if found else None
        return found.plain if found else None


def parse(text: str) -> Value:
    """Return a document.

    Raises:
        ValueError: it is no JSON.
        RecursionError: it is nested too deeply.
    """
    found = _value(text, 0)
    if _SPACE.match(text, found.end).end() != len(text):  # type: ignore[union-attr]
        raise ValueError("more than one value")
    return found


def edited(text: str, edits: Iterable[tuple[int, int, str]]) -> str:
    """Return a text with some places written anew. Of two that overlap the outer one counts."""
    parts, done = [], 0
    for start, end, new in sorted(edits, key=lambda each: (each[0], -each[1])):
        if start >= done:
            parts += [text[done:start], new]
            done = end
    return "".join(parts) + text[done:]


def _value(text: str, start: int) -> Value:
    start = _skip(text, start)
    opening = text[start : start + 1]
    if opening not in ("{", "["):
        plain, end = _decode(text, start)
        return Value(start, end, plain)
    is_object, closing = opening == "{", "}" if opening == "{" else "]"
    members: list[tuple[str, Value]] = []
    items: list[Value] = []
    at = _skip(text, start + 1)
    while text[at : at + 1] != closing:
        if members or items:
            at = _expect(text, at, ",")
        name = ""
        if is_object:
            name, at = _decode(text, at)
            if not isinstance(name, str):
                raise ValueError("a name is no text")
            at = _expect(text, at, ":")
        found = _value(text, at)
        if is_object:
            members.append((name, found))
        else:
            items.append(found)
        at = _skip(text, found.end)
    return Value(start, at + 1, members=members if is_object else None, items=items)


def _expect(text: str, at: int, sign: str) -> int:
    at = _skip(text, at)
    if text[at : at + 1] != sign:
        raise ValueError(f"no {sign} at {at}")
    return _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    return _SPACE.match(text, at).end()  # type: ignore[union-attr]
