"""Raw segments without the person: lines in, lines out, as many as there were.

A line that changes gets the hash and the size of its new body, so nothing in it is a fingerprint of the old one. What else
its envelope says (record_id, source, time of receipt) stays: the books go by it. Stubs may go into a segment of their own,
because a build looks closely at every segment that holds one.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import zstandard

from telelake.erase.body import EXPORT_STUB, without
from telelake.erase.spans import edited, parse
from telelake.erase.who import Who, blocks
from telelake.errors import StoreError
from telelake.raw import (
    Content,
    Line,
    Record,
    Segment,
    ZstdFrames,
    pack,
    quarantine_line,
    raw_line,
    reread_line,
    segment_key,
)
from telelake.tables import form

FORGOTTEN = "forgotten"
"""Stands behind the reason of a quarantined body that is gone."""

_HEAD = re.compile(
    rb'\{"v":\d+,"record_id":"(?P<id>[^"\\]*)","bot":(?P<bot>\d+),"source":"(?P<source>[^"\\]*)",'
    rb'"received_at":"(?P<at>[^"\\]*)","bytes":\d+,"sha256":"[0-9a-f]{64}"'
)
_QUARANTINED = re.compile(rb',"reason":(?P<reason>"(?:[^"\\]|\\.)*"),"body_base64":"(?P<body>[^"]*)"\}')
_BODY = b',"body":'


@dataclass
class Counts:
    """What was taken out."""

    erased: int = 0
    """Records that were the person's: stubs now."""
    redacted: int = 0
    """Records of others in which the person was."""

    def add(self, other: Counts) -> None:
        """Add what was counted elsewhere."""
        self.erased += other.erased
        self.redacted += other.redacted


@dataclass
class Rewritten:
    """A segment without the person."""

    new: Mapping[str, bytes]
    """What stands in its place, by key."""
    counts: Counts = field(default_factory=Counts)


def lines_of(key: str, data: bytes) -> list[bytes]:
    """Return a segment's lines.

    Raises:
        StoreError: it is damaged.
    """
    try:
        content = io.BufferedReader(ZstdFrames(io.BytesIO(data))).read()
    except (EOFError, zstandard.ZstdError) as error:
        raise StoreError(f"The segment {key} is damaged ({error}). Restore it from a copy, or remove it.") from error
    return [line for line in content.split(b"\n") if line]


def rewritten(
    segment: Segment, lines: Iterable[bytes], whose: Iterable[tuple[Who, float | None]], *, apart: bool
) -> Rewritten | None:
    """Return a segment without some persons, each up to a moment (Unix seconds) or wholly; None when none is in it."""
    counts = Counts()
    kept: list[Line] = []
    stubs: list[Line] = []
    people = list(whose)
    for data in lines:
        line, is_stub, is_changed = Line(data, 0), False, False
        for who, before in people:
            if new := _line(line.data, segment, who, before):
                line, is_stub_now = new
                is_changed, is_stub = True, is_stub or is_stub_now
        if is_changed:
            counts.erased += is_stub
            counts.redacted += not is_stub
        else:
            line = reread_line(data) or line
        (stubs if is_stub and apart else kept).append(line)
    if not counts.erased and not counts.redacted:
        return None
    new_segments = {}
    for part in (part for part in (kept, stubs) if part):
        key = segment_key(
            quarantined=segment.quarantined, bot_id=segment.bot_id, day=segment.day, lines=part, content=segment.content
        )
        new_segments[key] = pack(part)
    return Rewritten(new_segments, counts)


def _line(data: bytes, segment: Segment, who: Who, before: float | None) -> tuple[Line, bool] | None:
    """Return a line without the person, and whether it was theirs; None when they are not in it."""
    head = _HEAD.match(data)
    if segment.quarantined:
        return _quarantined(data, head, who, before)
    if not who.needles.search(data):
        return None
    start = data.find(_BODY, head.end()) if head else -1
    if head is None or start < 0 or not data.endswith(b"}"):
        return (Line(b'{"forgotten":true}', 0), True) if who.is_in(data) else None
    received_at = _time(head["at"])
    body, beside = data[start + len(_BODY) : -1], data[head.end() : start]
    received = received_at.timestamp() if received_at else 0.0
    if segment.content is Content.EXPORTS:
        beside, is_theirs = _beside(beside, who)
        is_old = before is None or _dated(body, received) <= before
        if is_theirs and is_old:
            stub = EXPORT_STUB.encode()
            return None if body == stub else (_made(head, received_at, stub, segment, beside), True)
        if not is_old:
            beside = data[head.end() : start]
    outcome = without(body, segment.content, who, before, received)
    if outcome is None and (segment.content is not Content.EXPORTS or beside == data[head.end() : start]):
        return None
    new = outcome.body if outcome else body
    return _made(head, received_at, new, segment, beside), bool(outcome and outcome.is_stub)


def _made(head: re.Match[bytes], received_at: datetime | None, body: bytes, segment: Segment, beside: bytes) -> Line:
    record = _record(head, received_at, body, segment.content)
    if segment.content is Content.UPDATES:
        return raw_line(record, form.mark(body))
    line = raw_line(record)
    if segment.content is Content.EXPORTS:
        first, _, rest = line.data.partition(_BODY)
        return Line(first + beside + _BODY + rest, line.digest)
    return line


def _beside(beside: bytes, who: Who) -> tuple[bytes, bool]:
    """Return what an export's envelope says of chat and account without the person, and whether the chat is theirs."""
    text = "{" + beside.decode("utf-8", "replace").lstrip(",") + "}"
    try:
        root = parse(text)
    except (ValueError, RecursionError):
        return beside, False
    edits: list[tuple[int, int, str]] = []
    chat, account = root.get("chat"), root.get("account")
    is_theirs = chat is not None and chat.at("id") in who.ids
    if chat is not None and is_theirs:
        kind = json.dumps(chat.at("type"))
        edits.append((chat.start, chat.end, f'{{"id":null,"type":{kind},"name":"{blocks("x")}"}}'))
    elif chat is not None and (name := chat.get("name")) and isinstance(name.plain, str):
        new = who.redacted(name.plain)
        edits += [(name.start, name.end, json.dumps(new))] if new != name.plain else []
    if account is not None and account.plain in who.ids:
        edits.append((account.start, account.end, "0"))
    return ("," + edited(text, edits)[1:-1]).encode() if edits else beside, is_theirs


def _dated(body: bytes, received: float) -> float:
    found = re.search(rb'"date_unixtime"\s*:\s*"(\d{1,12})"', body)
    return float(found[1]) if found else received


def _quarantined(data: bytes, head: re.Match[bytes] | None, who: Who, before: float | None) -> tuple[Line, bool] | None:
    tail = _QUARANTINED.fullmatch(data, head.end()) if head else None
    if not head or not tail:
        return (Line(b'{"forgotten":true}', 0), True) if who.is_in(data) else None
    received_at = _time(head["at"])
    if before is not None and received_at and received_at.timestamp() > before:
        return None
    try:
        body = base64.b64decode(tail["body"])
    except binascii.Error:
        body = tail["body"]
    if not who.is_in(body):
        return None
    reason = json.loads(tail["reason"])
    return quarantine_line(_record(head, received_at, b"", Content.UPDATES), f"{reason}; {FORGOTTEN}"), True


def _record(head: re.Match[bytes], received_at: datetime | None, body: bytes, content: Content) -> Record:
    moment = received_at or datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    return Record(head["id"].decode(), int(head["bot"]), head["source"].decode(), moment, body, content)


def _time(text: bytes) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.decode())
    except ValueError:
        return None
    return moment if moment.tzinfo else None
