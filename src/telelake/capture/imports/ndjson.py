"""Bring updates into raw that lie one on a line: bare as Telegram sent them, or as lines of telelake's own raw.

A bare update's record is known by the file's digest, the bot and the line's number. The bot counts, since a file that was
brought in under a wrong bot comes again under the right one, and a record's id is unique in the tables of all bots. A line
of raw keeps what its envelope says, and so the hash of its head: brought back into the lake that it came from, it is known
there. No line stops an import. One that cannot be read goes to quarantine with its number; a file of nothing else is refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from telelake.capture.imports.exports import BOT as NO_BOT
from telelake.capture.imports.exports import SOURCE
from telelake.capture.imports.nearest import Nearest
from telelake.capture.imports.source import BOM, ENVELOPE, MAX_UPDATE_BYTES, Facts
from telelake.capture.imports.spool import Place, Spool, digest_of, digest_of_line
from telelake.capture.seal import line_of
from telelake.errors import SettingsError, UnreadableFile, UnreadableUpdate
from telelake.raw import Content, Line, Record, context_date, quarantine_line, raw_line
from telelake.telegram.desktop import FIRST_DAY, LAST_DAY, read_message
from telelake.telegram.update import read_update

MAX_ENVELOPE_BYTES = 64 * 1024 * 1024
"""A line of raw may be longer than an update: an export's message is, and what is unreadable, in base64."""

_SOURCES = ("webhook", "poll", "proxy", "import", "sqs")
_SPACE = b" \t\r"
_HEAD_BYTES = 1024  # an envelope's head is shorter
_UPDATE = re.compile(rb'(?:,"form":"[^"]*")?,"body":')
# A quote inside of a name is written \": an unescaped one ends the name, so `,"own":[` cannot lie in it.
_EXPORT = re.compile(rb',"account":-?\d{1,18},"chat":\{.*?\},"own":\[[\d, -]*\],"body":')
_QUARANTINED = re.compile(rb',"reason":"(?:[^"\\]|\\.)*","body_base64":"([A-Za-z0-9+/=]*)"\}$')


@dataclass(slots=True)
class Taken:
    """What was found in a file of lines."""

    lines: int = 0
    """Lines that are not empty."""
    envelopes: int = 0
    """Lines of telelake's own raw among them."""
    undated: int = 0
    """Updates without a date, that got that of the nearest with one."""
    unreadable: int = 0
    """Lines that are neither a line of raw nor an update."""
    too_long: int = 0
    """Lines that were passed over."""


@dataclass(frozen=True, slots=True)
class _Bare:
    """A line without an envelope."""

    number: int
    body: bytes
    problem: str | None
    """Why it is no update; None when it is one."""


def take_lines(
    chunks: Iterable[bytes], facts: Facts, bot_id: int | None, zone: ZoneInfo, into: Spool, at: Callable[[int], None]
) -> Taken:
    """Put the records of a file's lines aside; `at` is told how far in the file it is. Return what was found.

    Raises:
        SettingsError: there are bare updates, and nobody said whose.
        UnreadableFile: no line of it can be read.
    """
    return _Taking(facts, bot_id, zone, into).run(chunks, at)


class _Taking:
    def __init__(self, facts: Facts, bot_id: int | None, zone: ZoneInfo, into: Spool) -> None:
        whose = bot_id if bot_id is not None else NO_BOT
        self._id = f"import-{hashlib.sha256(f'{facts.sha256}{whose}'.encode()).hexdigest()[:16]}-"
        self._bot_id = bot_id
        self._zone = zone
        self._spool = into
        self._nearest = Nearest(self._put_bare)
        self.found = Taken()

    def run(self, chunks: Iterable[bytes], at: Callable[[int], None]) -> Taken:
        for number, line, end in _lines(chunks):
            at(end)
            if line is None:
                self.found.lines += 1
                self.found.too_long += 1
            elif line := (line.removeprefix(BOM) if number == 1 else line).strip(_SPACE):
                self.found.lines += 1
                if not self._envelope(line, number):
                    self._bare(line, number)
        self._nearest.finish()
        self.found.undated = self._nearest.count
        if self.found.unreadable + self.found.too_long == self.found.lines:
            raise UnreadableFile("no line of it is an update or a line of raw")
        return self.found

    def _envelope(self, line: bytes, number: int) -> bool:
        """Put a line of raw aside; return whether it is one."""
        head = ENVELOPE.match(line)
        if not head or head["source"].decode() not in _SOURCES:
            return False
        rest = line[head.end() :]
        body = _body(rest)
        try:
            received_at = datetime.fromisoformat(head["at"].decode()).replace(tzinfo=UTC)
        except ValueError:
            body = None
        if body is None:
            return False
        self.found.envelopes += 1
        self._nearest.dated(number, int(received_at.timestamp()))
        record = Record(
            head["id"].decode(), int(head["bot"]), head["source"].decode(), received_at, body, _content(rest, body)
        )
        if record.content is Content.EXPORTS:
            is_quarantined, day, made = _export_line(record, self._zone)
        else:
            is_quarantined, day, made = line_of(record, self._zone)
        if _QUARANTINED.match(rest) and is_quarantined:
            made = Line(line, digest_of_line(line))  # with the reason that it had
        elif not is_quarantined and (same := ENVELOPE.match(made.data)):
            # The head keeps the hash of the body as it came: a line break between its tokens is a space by now.
            tail = rest if record.content is Content.EXPORTS else made.data[same.end() :]
            made = Line(head[1] + tail, digest_of(head[1]))
        self._add(is_quarantined, record, day, made)
        return True

    def _bare(self, line: bytes, number: int) -> None:
        try:
            date_ = read_update(line).date
        except UnreadableUpdate as error:
            self.found.unreadable += 1
            self._nearest.wait(number, _Bare(number, line, str(error)), len(line))
            return
        if self._bot_id is None:
            raise SettingsError(
                f"Line {number} is an update without telelake's envelope. Say with --bot whose it is: a bot's name in the "
                "settings, or its id."
            )
        bare = _Bare(number, line, None)
        if date_ is not None and FIRST_DAY <= date_ <= LAST_DAY:
            self._nearest.dated(number, date_)
            self._put_bare(bare, date_)
        else:
            self._nearest.wait(number, bare, len(line))

    def _put_bare(self, bare: _Bare, moment: int) -> None:
        bot_id = self._bot_id if self._bot_id is not None else NO_BOT
        received_at = datetime.fromtimestamp(moment, UTC)
        record = Record(f"{self._id}{bare.number}", bot_id, SOURCE, received_at, bare.body)
        is_quarantined, day, line = line_of(record, self._zone)
        if bare.problem:
            line = quarantine_line(record, f"line {bare.number}: {bare.problem}")
        self._add(is_quarantined, record, day, line)

    def _add(self, is_quarantined: bool, record: Record, day: date, line: Line) -> None:
        content = Content.UPDATES if is_quarantined else record.content
        self._spool.add(Place(is_quarantined, content, record.bot_id, day), line)


def _body(rest: bytes) -> bytes | None:
    """Return the body of a line of raw, from what follows its head; None when that is no line's."""
    if match := _QUARANTINED.match(rest):
        try:
            return base64.b64decode(match[1], validate=True)
        except binascii.Error:
            return None
    match = _UPDATE.match(rest) or _EXPORT.match(rest)
    return rest[match.end() : -1] if match and rest.endswith(b"}") else None


def _content(rest: bytes, body: bytes) -> Content:
    if _EXPORT.match(rest):
        return Content.EXPORTS
    return Content.CALLS if body.startswith(b'{"call":') else Content.UPDATES


def _export_line(record: Record, zone: ZoneInfo) -> tuple[bool, date, Line]:
    """Return what `line_of` returns, for a message of an export: its time of receipt is its own time."""
    day = context_date(None, record.received_at, zone)
    try:
        _, problem = read_message(record.body)
    except ValueError:
        problem = "not JSON"
    if problem:
        return True, day, quarantine_line(record, f"message of an export: {problem}")
    return False, day, raw_line(record)


def _lines(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes | None, int]]:
    """Yield each line's number from 1, its bytes (None when it is too long to be held), and where it ends."""
    number, end, held, is_long = 0, 0, b"", False
    for chunk in chunks:
        *whole, rest = (held + chunk).split(b"\n")
        for line in whole:
            number += 1
            end += len(line) + 1
            yield number, None if is_long or _is_too_long(line) else line, end
            is_long = False
        held = rest
        if is_long or _is_too_long(held):
            end += len(held)
            held, is_long = b"", True
    if held or is_long:
        yield number + 1, None if is_long else held, end + len(held)


def _is_too_long(line: bytes) -> bool:
    """Return whether a line, or as much of it as was read, is longer than what it begins as may be."""
    if len(line) <= MAX_UPDATE_BYTES:
        return False
    head = line[:_HEAD_BYTES].removeprefix(BOM).lstrip(_SPACE)
    return len(line) > MAX_ENVELOPE_BYTES or not ENVELOPE.match(head)
