"""JSON as the Bot API server writes it: compact, every non-ASCII character as a `\\uXXXX` escape.

Members are joined as text, since users and chats are written once and pasted a thousand times: this is what makes
the generator fast. A *members* string is `"key":value,"key":value`, without braces and without outer commas.
"""

from __future__ import annotations

import json
import re
from typing import Any

_ENTITY = re.compile(
    r"(?P<url>https?://[^\s,]+[\w/])"
    r"|(?P<email>\b[\w.]+@[\w.]+\.\w+)"
    r"|(?P<mention>(?<!\w)@[A-Za-z]\w{3,31})"
    r"|(?P<hashtag>(?<!\w)#\w+)"
    r"|(?P<bot_command>(?<![\w/])/[a-z]+(?:@\w+)?)"
)
_MARKUP = re.compile(r"\*\*(?P<bold>[^*]+)\*\*|`(?P<code>[^`]+)`")

quote = json.JSONEncoder().encode
"""Write one string, in ASCII."""
write = json.JSONEncoder(separators=(",", ":")).encode
"""Write any value, in ASCII and compact."""


class Verbatim(str):
    """JSON that is written already."""

    __slots__ = ()


def members(**fields: object) -> str:
    """Return members in the order given; what is `Verbatim` goes in as it is."""
    return ",".join(
        f'"{key}":{value if isinstance(value, Verbatim) else write(value)}' for key, value in fields.items()
    )


def utf16_length(text: str) -> int:
    """Return the length as Telegram counts it: an emoji beyond the first plane is two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def entity(kind: str, text: str, start: int, end: int, **more: Any) -> dict[str, Any]:
    """Return a MessageEntity over `text[start:end]`, counted in UTF-16."""
    offset, length = utf16_length(text[:start]), utf16_length(text[start:end])
    return {"offset": offset, "length": length, "type": kind, **more}


def text_members(text: str, key: str = "text", given: list[dict[str, Any]] | None = None) -> str:
    """Return the members `text` (or `caption`) and its entities: those found in it, and those given."""
    found = given or []
    # Most texts hold nothing of the kind; three `in` are cheaper than the pattern.
    if "@" in text or "#" in text or "/" in text:
        found = [*found, *(entity(str(m.lastgroup), text, m.start(), m.end()) for m in _ENTITY.finditer(text))]
    if not found:
        return f'"{key}":{quote(text)}'
    found.sort(key=_offset)
    name = "entities" if key == "text" else "caption_entities"
    return f'"{key}":{quote(text)},"{name}":{write(found)}'


def unmark(text: str) -> tuple[str, list[dict[str, Any]]]:
    """Take the marks for bold and code out of a text and return it with their entities."""
    if "**" not in text and "`" not in text:
        return text, []
    plain, spans, last = "", [], 0
    for mark in _MARKUP.finditer(text):
        plain += text[last : mark.start()]
        kind = str(mark.lastgroup)
        spans.append((kind, len(plain), len(plain) + len(mark[kind])))
        plain += mark[kind]
        last = mark.end()
    plain += text[last:]
    return plain, [entity(kind, plain, start, end) for kind, start, end in spans]


def _offset(found: dict[str, Any]) -> int:
    return int(found["offset"])
