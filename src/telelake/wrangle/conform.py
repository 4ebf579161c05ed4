"""Make every raw line readable by the engine, and say what had to be changed.

The engine coerces a wrong type silently and stops at a broken line. So each segment is checked here first, by a
decoder compiled from the same tree that the engine parses by. A segment in which every line is as the Bot API has it
(almost all) goes to the engine as it lies. Any other is written anew, line by line: a value of a wrong type becomes
null with a note, an unknown kind is set apart, a body with several kinds becomes a line for each, and what is no
update at all is *broken* and goes to quarantine. The raw lake itself is never touched.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from telelake.raw import read_blocks
from telelake.tables import form
from telelake.tables.derive import Node, event_tree, message_tree
from telelake.telegram.update import MESSAGE_KINDS, loads_leniently, update_kinds

_ENVELOPE = {"record_id": str, "source": str, "received_at": str, "sha256": str, "bytes": int, "body": dict}


@dataclass(frozen=True, slots=True)
class Broken:
    """A raw line that is not an update in an envelope."""

    raw: str
    """Its record_id, else a digest of the line."""
    reason: str
    bytes: int


def is_regular(path: Path) -> bool:
    """Return whether the engine may read a segment as it lies.

    A body with no kind or with several is regular here; the engine finds those by itself.
    """
    return all(form.lines_fit(block) for block in read_blocks(path))


def conform(path: Path, target: Path) -> list[Broken]:
    """Write a segment anew, uncompressed, so that the engine can read each line; return the lines that are broken."""
    broken = []
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as out:
        for block in read_blocks(path):
            for line in block.splitlines():
                if not line.strip():
                    continue
                outcome = _conform_line(line)
                if isinstance(outcome, Broken):
                    broken.append(outcome)
                    continue
                for item in outcome:
                    out.write(
                        json.dumps(item, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() + b"\n"
                    )
    return broken


def _conform_line(line: bytes) -> list[dict[str, Any]] | Broken:
    try:
        item = loads_leniently(line.decode("utf-8"))
    except UnicodeDecodeError:
        return _broken(line, "raw line is not UTF-8")
    except (ValueError, RecursionError):
        return _broken(line, "raw line is not JSON")
    if not isinstance(item, dict) or not all(type(item.get(key)) is kind for key, kind in _ENVELOPE.items()):
        return _broken(line, "raw line is not an envelope")
    if not _is_time(item["received_at"]):
        return _broken(line, "raw line is not an envelope")
    body = item["body"]
    update_id = body.get("update_id")
    if type(update_id) is not int or not form.MIN <= update_id <= form.MAX:
        return Broken(item["record_id"], "no integer update_id", item["bytes"])
    head = {key: item[key] for key in _ENVELOPE if key != "body"}
    return list(_payloads(head, update_id, body))


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _payloads(head: dict[str, Any], update_id: int, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a line for each payload of a known kind; at least one line."""
    known = [key for key in body if key in update_kinds()]
    unknown = {key: value for key, value in body.items() if key != "update_id" and key not in known}
    for ordinal, kind in enumerate(known or [next(iter(unknown), None)]):
        notes: list[str] = []
        line: dict[str, Any] = {**head, "ordinal": ordinal, "kind": kind, "body": {"update_id": update_id}}
        if kind in known:
            tree = message_tree() if kind in MESSAGE_KINDS else event_tree()
            line["body"][kind] = _fit(_clean(body[kind], kind, notes), tree, kind, notes)
        if unknown and ordinal == 0:
            line["unknown"] = {key: _clean(value, key, notes) for key, value in unknown.items()}
            notes.extend(f"{_printable(key)}: unknown update kind" for key in unknown)
        yield {**line, "notes": notes or None}


def _fit(value: Any, node: Node, path: str, notes: list[str]) -> Any:
    """Return a value as the tree has it; what does not fit becomes None and a note."""
    if value is None:
        return None
    if node.is_list:
        if not isinstance(value, list):
            return _misfit(path, "list", value, notes)
        return [_fit_one(element, node, f"{path}[{index}]", notes) for index, element in enumerate(value)]
    return _fit_one(value, node, path, notes)


def _fit_one(value: Any, node: Node, path: str, notes: list[str]) -> Any:
    if value is None:
        return None
    if node.scalar is None:
        if not isinstance(value, dict):
            return _misfit(path, "object", value, notes)
        read = {
            key: _fit(value[key], child, f"{path}.{key}", notes) for key, child in node.fields.items() if key in value
        }
        return {**value, **read}
    return value if _is(node.scalar, value) else _misfit(path, node.scalar, value, notes)


def _is(scalar: str, value: Any) -> bool:
    match scalar:
        case "BIGINT":
            return type(value) is int and form.MIN <= value <= form.MAX
        case "DOUBLE":
            return type(value) in (int, float)
        case "BOOLEAN":
            return type(value) is bool
    return type(value) is str


def _misfit(path: str, expected: str, value: Any, notes: list[str]) -> None:
    found = {dict: "object", list: "list", str: "text", bool: "boolean"}.get(type(value), "number")
    wanted = {"BIGINT": "64-bit integer", "VARCHAR": "text", "BOOLEAN": "boolean", "DOUBLE": "number"}.get(
        expected, expected
    )
    notes.append(f"{path}: expected {wanted}, found {found}")


def _clean(value: Any, path: str, notes: list[str]) -> Any:
    """Return a value without what UTF-8 or the engine's JSON cannot hold: lone surrogates, numbers out of range."""
    match value:
        case str():
            text = _printable(value)
            if text != value:
                notes.append(f"{path}: lone surrogate")
            return text
        case dict():
            return {_printable(key): _clean(inner, f"{path}.{_printable(key)}", notes) for key, inner in value.items()}
        case list():
            return [_clean(inner, f"{path}[{index}]", notes) for index, inner in enumerate(value)]
        case bool():
            return value
        case int() if not form.MIN <= value < 2**64:
            notes.append(f"{path}: number out of range")
            return None
        case float() if not math.isfinite(value):
            notes.append(f"{path}: number out of range")
            return None
    return value


def _printable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _broken(line: bytes, reason: str) -> Broken:
    return Broken(f"line-{hashlib.sha256(line).hexdigest()[:32]}", reason, len(line))
