"""Queue to raw: a batch of messages becomes one segment per bot and context_date, as sealing on one machine makes them.

A message is acknowledged only when its segment is stored. What fails is reported by its id and comes again, alone or in
another company: a record has its message's id, so a segment with other boundaries doubles nothing. A message that is not
the door's, or whose body is gone from the inbox, fails each time and ends in the dead-letter queue, where it can be read;
it never holds up the others.

A body of the inbox is removed once its segment is stored. Before that a mark without content is put beside it, because
the message may come again after all: then the mark says that there is nothing left to do.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from telelake.capture.seal import line_of
from telelake.errors import NotStored, StoreError, TelelakeError
from telelake.lambdas import say
from telelake.ports import RawStore
from telelake.raw import Line, Record, pack, segment_key

SOURCE = "sqs"
SEALED = ".sealed"
"""Behind an inbox key: its body is in the segment that the mark names."""

_HELD_BYTES = (
    64 * 1024 * 1024
)  # lines held before they are written: bodies of the inbox may add up to far more than a batch
_AT_ONCE = 8
_RESERVE_SECONDS = (
    15.0  # left at the end, or a quarter of the time if that is less: what has not been begun comes again
)
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_BOT = re.compile(r"[1-9][0-9]{0,17}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_Group = tuple[bool, int, date]


class _MalformedError(Exception):
    """A message that is not the door's; says why."""


@dataclass(frozen=True, slots=True)
class _Message:
    """A message as the door wrote it."""

    id: str
    bot_id: int
    received_at: datetime
    text: str
    inbox: str | None
    """Key of the body, when it is not the text."""


@dataclass
class _Batch:
    """Lines that wait to be written, and whose they are."""

    lines: dict[_Group, list[Line]] = field(default_factory=lambda: defaultdict(list))
    messages: dict[_Group, list[_Message]] = field(default_factory=lambda: defaultdict(list))
    bytes: int = 0

    def add(self, message: _Message, group: _Group, line: Line) -> None:
        self.lines[group].append(line)
        self.messages[group].append(message)
        self.bytes += len(line.data)


class Seal:
    """Seals batches into one lake."""

    def __init__(self, store: RawStore, zone: ZoneInfo) -> None:
        self._store = store
        self._zone = zone

    def seal(self, records: Sequence[Mapping[str, Any]], seconds_left: Callable[[], float]) -> set[str]:
        """Store a batch; return the ids of the messages that are not stored, which must come again."""
        failed: dict[str, str] = {}
        counts = {"segments": 0, "quarantined": 0, "marked": 0}
        messages: dict[str, _Message] = {}
        for each in records:
            try:
                message = _read(each)
                messages[message.id] = message
            except _MalformedError as error:
                failed[each["messageId"]] = str(error)
        batch = _Batch()
        reserve = min(_RESERVE_SECONDS, seconds_left() / 4)
        for message in messages.values():
            if seconds_left() < reserve:
                failed[message.id] = "no time left"
                continue
            try:
                body = self._body(message)
            except (StoreError, UnicodeError) as error:
                failed[message.id] = str(error)
                continue
            if body is None:
                counts["marked"] += 1
                continue
            record = Record(f"sqs-{message.id}", message.bot_id, SOURCE, message.received_at, body)
            quarantined, day, line = line_of(record, self._zone)
            counts["quarantined"] += quarantined
            batch.add(message, (quarantined, message.bot_id, day), line)
            if batch.bytes >= _HELD_BYTES:
                failed |= self._write(batch, counts)
                batch = _Batch()
        failed |= self._write(batch, counts)
        level = "warning" if failed else "info"
        reasons = sorted(set(failed.values()))[:5]
        say(level, "sealed", messages=len(records), failed=len(failed), reasons=reasons, **counts)
        return set(failed)

    def _body(self, message: _Message) -> bytes | None:
        """Return a message's body, or None when it was sealed already and is gone from the inbox.

        Raises:
            NotStored: it is gone, and nothing says that it was sealed.
            StoreUnavailable: call again.
        """
        if message.inbox is None:
            return message.text.encode()
        try:
            return self._store.get(message.inbox)
        except NotStored:
            try:
                self._store.get(message.inbox + SEALED)
            except NotStored:
                raise NotStored(
                    f"The body of message {message.id} is not at {message.inbox}, and no mark says that it was sealed."
                ) from None
            return None

    def _write(self, batch: _Batch, counts: dict[str, int]) -> dict[str, str]:
        """Write a batch's segments; return the messages of those that could not be written, with the reason."""

        def write(group: _Group) -> dict[str, str]:
            quarantined, bot_id, day = group
            lines = batch.lines[group]
            key = segment_key(quarantined=quarantined, bot_id=bot_id, day=day, lines=lines)
            try:
                # False means that an earlier attempt came this far: the key is made from the records.
                self._store.put(key, pack(lines))
            except StoreError as error:
                return {message.id: str(error) for message in batch.messages[group]}
            self._clear(key, batch.messages[group])
            return {}

        failed: dict[str, str] = {}
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for each in pool.map(write, batch.lines):
                failed |= each
                counts["segments"] += not each
        return failed

    def _clear(self, key: str, messages: Iterable[_Message]) -> None:
        """Remove what is sealed from the inbox. A failure is harmless: the bucket's lifecycle removes it later."""
        for message in messages:
            if message.inbox is not None:
                try:
                    self._store.put(message.inbox + SEALED, key.encode())
                    self._store.delete([message.inbox])
                except StoreError as error:
                    say("warning", "left in the inbox", reason=str(error))


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Seal a batch; what Lambda calls. Raises when the lake cannot be opened: then all of the batch comes again."""
    try:
        failed = _opened().seal(event["Records"], lambda: context.get_remaining_time_in_millis() / 1000)
    except TelelakeError as error:
        say("error", "not sealed", reason=str(error), retry=error.retry)
        raise
    return {"batchItemFailures": [{"itemIdentifier": each} for each in sorted(failed)]}


@cache
def _opened() -> Seal:
    from telelake.settings import load
    from telelake.wiring import App

    app = App(load())
    return Seal(app.store, app.zone)


def _read(found: Mapping[str, Any]) -> _Message:
    attributes = found.get("messageAttributes") or {}

    def text(name: str) -> str:
        return str(attributes.get(name, {}).get("stringValue") or "")

    bot, received_at, inbox = text("bot"), text("received_at"), text("inbox")
    if not _ID.fullmatch(found["messageId"]):
        raise _MalformedError("the message's id is not one of SQS")
    if not _BOT.fullmatch(bot):
        raise _MalformedError("attribute 'bot' is not the number of a bot")
    # Only what the door may have put there: this key is read, and then removed.
    if inbox and not re.fullmatch(rf"inbox/bot={bot}/[0-9a-f-]{{32,36}}", inbox):
        raise _MalformedError("attribute 'inbox' is not a key of this bot's inbox")
    try:
        if not _TIME.fullmatch(received_at):
            raise ValueError
        moment = datetime.fromisoformat(received_at)
    except ValueError:
        raise _MalformedError("attribute 'received_at' is not a time as the door writes it") from None
    return _Message(found["messageId"], int(bot), moment, str(found["body"]), inbox or None)
