"""Make every raw line readable by the engine, and say what had to be changed.

The engine coerces a wrong type silently and stops at a broken line. So each segment is checked here first, by a
decoder compiled from the same tree that the engine parses by. A segment in which every line is as the Bot API has it
(almost all) goes to the engine as it lies. Any other is written anew, line by line: a value of a wrong type becomes
null with a note, an unknown kind is set apart, a body with several kinds becomes a line for each, and what is no
update at all is *broken* and goes to quarantine. The raw lake itself is never touched.

Which of the two a line gets depends on its neighbours in the segment, and its rows must not: what is written anew of a
good line is to the engine what lies in raw. So a number that Python would lose is passed on as it was written.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from telelake.raw import Content, read_blocks
from telelake.tables import form
from telelake.tables.derive import Node, event_tree, is_opaque, message_tree
from telelake.telegram.desktop_messages import MOST_PIECES
from telelake.telegram.update import LABEL_KIND, MESSAGE_KINDS, loads_leniently, update_kinds

_CALL = {
    "call": "VARCHAR", "started_at": "VARCHAR", "seconds": "DOUBLE", "status": "BIGINT", "request": None, "answer": None,
}  # fmt: skip
"""What a recorded call holds, and the type of each; None for an object."""
_CHAT = Node(fields={"id": Node("BIGINT"), "type": Node("VARCHAR"), "name": Node("VARCHAR")})
"""The chat of an export, as importing put it into the envelope."""
_ENVELOPE = {"record_id": str, "source": str, "received_at": str, "sha256": str, "bytes": int, "body": dict}


@dataclass(frozen=True, slots=True)
class Broken:
    """A raw line that is not an update in an envelope."""

    raw: str
    """Its record_id, else a digest of the line."""
    reason: str
    bytes: int


def is_regular(path: Path, content: Content = Content.UPDATES) -> bool:
    """Return whether the engine may read a segment as it lies.

    A body with no kind or with several is regular here; the engine finds those by itself.
    """
    fits, _ = _RULES[content]
    return all(fits(block) for block in read_blocks(path))


def conform(path: Path, target: Path, content: Content = Content.UPDATES) -> list[Broken]:
    """Write a segment anew, uncompressed, so that the engine can read each line; return the lines that are broken."""
    broken = []
    _, lines_of = _RULES[content]
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as out:
        for block in read_blocks(path):
            for line in block.splitlines():
                if not line.strip():
                    continue
                outcome = _anew(line, lines_of)
                if isinstance(outcome, Broken):
                    broken.append(outcome)
                else:
                    out.write(outcome)
    return broken


def _anew(line: bytes, lines_of: Callable[[dict[str, Any]], list[dict[str, Any]] | Broken]) -> bytes | Broken:
    """Return what the engine reads instead of a line."""
    found = _envelope(line)
    if isinstance(found, Broken):
        return found
    try:
        outcome = lines_of(found)
        return outcome if isinstance(outcome, Broken) else _encode_lines(outcome)
    except RecursionError:
        return Broken(found["record_id"], "nested too deeply", found["bytes"])


def _envelope(line: bytes) -> dict[str, Any] | Broken:
    try:
        item = loads_leniently(line.decode("utf-8"), _integer, _real)
    except UnicodeDecodeError:
        return _broken(line, "raw line is not UTF-8")
    except (ValueError, RecursionError):
        return _broken(line, "raw line is not JSON")
    if not isinstance(item, dict) or not all(type(item.get(key)) is kind for key, kind in _ENVELOPE.items()):
        return _broken(line, "raw line is not an envelope")
    if not _is_time(item["received_at"]):
        return _broken(line, "raw line is not an envelope")
    return item


def _update_lines(item: dict[str, Any]) -> list[dict[str, Any]] | Broken:
    body = item["body"]
    update_id = body.get("update_id")
    if type(update_id) is not int or not form.MIN <= update_id <= form.MAX:
        return Broken(item["record_id"], "no integer update_id", item["bytes"])
    return list(_payloads(_head(item), update_id, body))


def _call_lines(item: dict[str, Any]) -> list[dict[str, Any]] | Broken:
    """Return a call's line: what the recorder wrote as it is, the answer cleaned, the messages in it as the tree has them."""
    body, notes = item["body"], list[str]()
    if not all(isinstance(body.get(key), str) for key in ("call", "started_at")):
        return Broken(item["record_id"], "not a recorded call", item["bytes"])
    call = {key: _clean(body.get(key), key, notes) for key in _CALL}
    for key, scalar in _CALL.items():
        if call[key] is not None and not (_is(scalar, call[key]) if scalar else isinstance(call[key], dict)):
            _misfit(key, scalar or "object", call[key], notes)
            call[key] = None
    result = call["answer"].get("result") if call["answer"] else None
    found = result if isinstance(result, list) else [result]
    tree = message_tree()
    messages = [
        _fit_one(each, tree, "answer.result", notes)
        for each in found
        if isinstance(each, dict) and "message_id" in each
    ]
    return [{**_head(item), "messages": messages, "notes": notes or None, "body": call}]


def _export_lines(item: dict[str, Any]) -> list[dict[str, Any]] | Broken:
    """Return the line of an export's message: what is read of it as the tree has it, all else cleaned."""
    chat, account, own = (item.get(key) for key in ("chat", "account", "own"))
    if not isinstance(chat, dict) or not _is("BIGINT", account):
        return Broken(item["record_id"], "raw line is not an envelope", item["bytes"])
    notes: list[str] = []
    tree, path = form.export_tree(), "export_message"
    body = _fit_one(_clean(item["body"], path, notes), tree, path, notes)
    pieces = tree.fields["text_entities"]
    for key in ("text", "text_entities"):
        value, where = body.get(key), f"{path}.{key}"
        if isinstance(value, list):
            found = [
                {"type": "plain", "text": each} if isinstance(each, str) else _fit_one(each, pieces, where, notes)
                for each in value
            ]
            body[key] = _few([each for each in found if each is not None], where, notes)
        elif value is not None and not isinstance(value, str):
            body[key] = None
            _misfit(where, "text", value, notes)
    envelope = {
        "account": account,
        "chat": _fit_one(_clean(chat, "chat", notes), _CHAT, "chat", notes),
        "own": [number for number in own if _is("BIGINT", number)] if isinstance(own, list) else [],
    }
    return [{**_head(item), **envelope, "notes": notes or None, "body": body}]


def _few(pieces: list[Any], path: str, notes: list[str]) -> list[Any]:
    """Return the pieces of a text, of too many the last as one plain piece: each one's place is counted from the first."""
    if len(pieces) <= MOST_PIECES:
        return pieces
    notes.append(f"{path}: more than {MOST_PIECES:,} pieces")
    words = "".join(each.get("text") or "" for each in pieces[MOST_PIECES - 1 :])
    return [*pieces[: MOST_PIECES - 1], {"type": "plain", "text": words}]


def _head(item: dict[str, Any]) -> dict[str, Any]:
    return {key: item[key] for key in _ENVELOPE if key != "body"}


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
            notes.extend(f"{_printable(key)}: unknown update kind" for key in unknown if key != LABEL_KIND)
        yield {**line, "notes": notes or None}


def _fit(value: Any, node: Node, path: str, notes: list[str]) -> Any:
    """Return a value as the tree has it; what does not fit becomes None and a note."""
    if value is None:
        return None
    if is_opaque(node):
        return value
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
            return type(value) in (int, float) or (type(value) is msgspec.Raw and math.isfinite(float(bytes(value))))
        case "BOOLEAN":
            return type(value) is bool
    return type(value) is str


def _misfit(path: str, expected: str, value: Any, notes: list[str]) -> None:
    if type(value) is msgspec.Raw and expected in ("BIGINT", "DOUBLE"):
        notes.append(f"{path}: number out of range")
        return
    found = {dict: "object", list: "list", str: "text", bool: "boolean"}.get(type(value), "number")
    wanted = {"BIGINT": "64-bit integer", "VARCHAR": "text", "BOOLEAN": "boolean", "DOUBLE": "number"}.get(
        expected, expected
    )
    notes.append(f"{path}: expected {wanted}, found {found}")


def _clean(value: Any, path: str, notes: list[str]) -> Any:
    """Return a value without what UTF-8 cannot hold: lone surrogates."""
    # Few values have one, and to encode is much faster than to look at each part, and goes deeper than Python's stack.
    try:
        _encode(value)
    except UnicodeEncodeError:
        return _cleaned(value, path, notes)
    return value


def _cleaned(value: Any, path: str, notes: list[str]) -> Any:
    match value:
        case str():
            text = _printable(value)
            if text != value:
                notes.append(f"{path}: lone surrogate")
            return text
        case dict():
            return {
                _printable(key): _cleaned(inner, f"{path}.{_printable(key)}", notes) for key, inner in value.items()
            }
        case list():
            return [_cleaned(inner, f"{path}[{index}]", notes) for index, inner in enumerate(value)]
    return value


def _printable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _integer(text: str) -> int | msgspec.Raw:
    """Return a number of which the engine keeps the words, having no type for it, as these words."""
    # Python refuses to read thousands of digits; twenty-one characters are beyond 64 bits.
    value = int(text) if len(text) <= 20 else None
    return msgspec.Raw(text.encode()) if value is None or not form.MIN <= value < 2**64 else value


def _real(text: str) -> float | msgspec.Raw:
    """Return a number as `_integer` does: one beyond all numbers is its words."""
    value = float(text)
    return value if math.isfinite(value) else msgspec.Raw(text.encode())


def _broken(line: bytes, reason: str) -> Broken:
    return Broken(f"line-{hashlib.sha256(line).hexdigest()[:32]}", reason, len(line))


_encoder = msgspec.json.Encoder()
_encode, _encode_lines = _encoder.encode, _encoder.encode_lines
_RULES: dict[Content, tuple[Callable[[bytes], bool], Callable[[dict[str, Any]], list[dict[str, Any]] | Broken]]] = {
    Content.UPDATES: (form.lines_fit, _update_lines),
    Content.CALLS: (form.call_lines_fit, _call_lines),
    Content.EXPORTS: (form.export_lines_fit, _export_lines),
}
"""For each content: whether a block of lines may be read as it lies, and what the engine reads instead of a line."""
