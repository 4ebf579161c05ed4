"""Bring an export of Telegram Desktop into raw: which chats, whose, when, and what a message's line is.

A message's line holds beside its body what only the export knew: account, chat, and which ids are the lake's own bots.
A record's id is the file's digest and the message's number in the file. The number counts the chats that are left out
too, so that taking another chat of the same file later numbers nothing anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timezone, tzinfo
from zoneinfo import ZoneInfo

import msgspec

from telelake.capture.imports.nearest import Nearest
from telelake.capture.imports.source import Facts
from telelake.capture.imports.spool import Pile, Place, Spool, digest_of
from telelake.errors import SettingsError
from telelake.raw import VERSION, Content, Record, quarantine_line
from telelake.telegram.desktop import CHAT_TYPES, Chat, Message, sent_at
from telelake.telegram.desktop_file import Batch, ExportReader

BOT = 0
"""Under which exports lie: no bot received them."""
SOURCE = "import"
PRIVATE = "private"
NUMBERED_APART = (PRIVATE, "group")
"""Types of chats in which every account numbers the messages by itself."""
KNOWN_TYPES = f"Known types: {', '.join(CHAT_TYPES)}."

_SLOT = 900  # seconds; neither a lake's day nor an hour begins inside of one
_SLOTS = 50_000  # kept: more than a year
_NAMED = 5
_SECONDS = tuple(f"{minute:02d}:{second:02d}.000000Z" for minute in range(60) for second in range(60))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of an export is taken, and what is known beside it."""

    own: Collection[int] = ()
    """Ids of the lake's own bots."""
    account: int | None = None
    """Whose export it is, when the file does not say; 0 goes without."""
    zone: ZoneInfo | None = None
    """Of local dates; None infers it."""
    chats: Collection[int] = ()
    """Ids, the export's or the Bot API's, of the chats to take; empty takes all that are no private ones."""
    private: bool = False
    """Whether private chats of a full export are taken too."""

    def takes(self, chat: Chat) -> bool:
        """Return whether a chat is taken."""
        if _is_unknown(chat):
            return False
        if self.chats:
            return chat.id in self.chats or chat.export_id in self.chats
        return chat.is_single or self.private or chat.type != PRIVATE


@dataclass(slots=True)
class Taken:
    """What was found in an export."""

    messages: int = 0
    """Messages of the chats that were taken."""
    chats: int = 0
    repaired: int = 0
    """Escapes that JSON does not have."""
    redacted: int = 0
    """Numbers and cards of shared contacts."""
    undated: int = 0
    """Messages without a date, that got that of the nearest with one."""
    local_dates: int = 0
    """Messages whose date is only that of a clock on a wall."""
    zone: str = ""
    """The zone of that clock."""
    zone_from: str = ""
    """Why that zone."""
    account: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    """Chats that were not taken → their messages."""
    unknown: dict[str, int] = field(default_factory=dict)
    """Chats that cannot be taken, since their type is not known or they have no id → their messages."""
    is_single: bool = True


def take_export(
    reader: ExportReader, facts: Facts, wanted: Wanted, zone: ZoneInfo, into: Spool, at: Callable[[int], None]
) -> Taken:
    """Put the messages of an export aside; `at` is told how far in the file it is. Return what was found.

    Raises:
        UnreadableFile: the file is cut off or damaged.
        SettingsError: no chat in it is wanted, or whose export it is must be told, or was told in two ways.
    """
    return _Taking(facts, wanted, zone, into).run(reader, at)


@dataclass(frozen=True, slots=True)
class _Undated:
    """A message that waits for one with a date."""

    number: int
    body: bytes
    problem: str | None
    beside: bytes


class _Taking:
    def __init__(self, facts: Facts, wanted: Wanted, zone: ZoneInfo, into: Spool) -> None:
        if wanted.account and facts.account not in (None, wanted.account):
            raise SettingsError(f"The file is an export of account {facts.account}, not of --account {wanted.account}.")
        self._wanted = wanted
        self._zone = zone
        self._spool = into
        self._head = f'{{"v":{VERSION},"record_id":"import-{facts.sha256[:16]}-'
        self._id = f"import-{facts.sha256[:16]}-"
        clock = _clock(wanted.zone, facts, zone)
        self._clock = clock.zone
        self.found = Taken(account=facts.account or wanted.account or 0, zone=clock.name, zone_from=clock.reason)
        self._piles: dict[date, Pile] = {}
        self._slots: dict[int, tuple[Pile, str]] = {}
        self._nearest = Nearest(self._put_undated)
        self._seen: list[str] = []

    def run(self, reader: ExportReader, at: Callable[[int], None]) -> Taken:
        chat: Chat | None = None
        is_taken, beside = False, b""
        for batch in reader.batches():
            if batch.chat is not chat:
                self._nearest.end_chat()
                chat, is_taken = batch.chat, self._begin(batch.chat)
                beside = self._beside(chat)
            if is_taken:
                self._add(batch, beside)
            else:
                self._leave_out(batch)
            at(batch.end)
        self._nearest.end_chat()
        self._nearest.finish()
        self.found.undated = self._nearest.count
        if not self.found.chats:
            self._refuse()
        self.found.repaired, self.found.redacted = reader.repaired, reader.redacted
        return self.found

    def _begin(self, chat: Chat) -> bool:
        self._seen.append(_named(chat))
        self.found.is_single = chat.is_single
        if chat.is_single and _is_unknown(chat):
            raise SettingsError(
                f"The chat of the file has id {chat.export_id} and type '{chat.export_type or ''}', so it cannot be told "
                f"from others. {KNOWN_TYPES}"
            )
        if not self._wanted.takes(chat):
            return False
        if chat.type in NUMBERED_APART and not self.found.account and self._wanted.account is None:
            raise SettingsError(
                f"Whose export is this? In private chats and basic groups, as in {_named(chat)}, every account numbers the "
                "messages by itself, and the file does not say whose numbers these are. Say it with --account ID, the "
                "Telegram user id of who exported. It cannot be added later; --account 0 goes without, when no other "
                "account's export of the same chats will ever come in."
            )
        self.found.chats += 1
        return True

    def _leave_out(self, batch: Batch) -> None:
        name, chats = _named(batch.chat), self._wanted.chats
        is_meant = not chats or batch.chat.export_id in chats
        left = self.found.unknown if is_meant and _is_unknown(batch.chat) else self.found.left_out
        left[name] = left.get(name, 0) + len(batch.bodies)

    def _refuse(self) -> None:
        unknown = f"Chats of unknown type, or without an id: {_list(self.found.unknown)}. {KNOWN_TYPES}"
        if self._wanted.chats and not self.found.unknown:
            wanted = ", ".join(map(str, self._wanted.chats))
            raise SettingsError(f"The file has no chat {wanted}. It has: {_list(self._seen) or 'none'}.")
        if self.found.left_out and not self._wanted.chats:
            raise SettingsError(
                f"The file has no chat but private ones: {_list(self.found.left_out)}. Take them with --private, or one of "
                "them with --chat." + (f" {unknown}" if self.found.unknown else "")
            )
        if self.found.unknown:
            raise SettingsError(f"No chat of the file can be taken. {unknown}")

    def _beside(self, chat: Chat) -> bytes:
        """Return what a line of this chat has between its head and its body."""
        # A name cut inside of an emoji holds half of it, which no UTF-8 can.
        name = chat.name.encode("utf-8", "replace").decode() if chat.name is not None else None
        said = msgspec.json.encode({"id": chat.id, "type": chat.type, "name": name})
        own = msgspec.json.encode(sorted(self._wanted.own))
        return b',"account":%d,"chat":%s,"own":%s,"body":' % (self.found.account, said, own)

    def _add(self, batch: Batch, beside: bytes) -> None:
        size = 0
        self.found.messages += len(batch.bodies)
        for number, (body, message) in enumerate(zip(batch.bodies, batch.messages, strict=True), batch.number):
            moment = self._moment(message)
            if moment is None or batch.problems:
                problem = batch.problems.get(number - batch.number)
                if moment is None:
                    self._nearest.wait(number, _Undated(number, body, problem, beside), len(body))
                    continue
                if problem:
                    self._quarantine(number, body, problem, moment)
                    continue
            self._nearest.dated(number, moment)
            size += self._put(number, body, beside, moment)
        self._spool.added(size)

    def _put(self, number: int, body: bytes, beside: bytes, moment: int) -> int:
        """Put a message aside; return its line's bytes. Runs for each of millions."""
        pile, hour = self._slots.get(moment // _SLOT) or self._slot(moment)
        head = (
            f'{self._head}{number}","bot":{BOT},"source":"{SOURCE}","received_at":"{hour}{_SECONDS[moment % 3600]}",'
            f'"bytes":{len(body)},"sha256":"{hashlib.sha256(body).hexdigest()}"'
        ).encode()
        flat = body.replace(b"\n", b" ")
        line = head + beside + (flat.replace(b"\r", b" ") if b"\r" in flat else flat) + b"}\n"
        pile.lines.append(line)
        pile.digest += digest_of(head)
        return len(line)

    def _quarantine(self, number: int, body: bytes, problem: str, moment: int) -> None:
        record = Record(f"{self._id}{number}", BOT, SOURCE, datetime.fromtimestamp(moment, UTC), body)
        place = Place(True, Content.UPDATES, BOT, self._day(moment))
        self._spool.add(place, quarantine_line(record, f"message of an export: {problem}"))

    def _moment(self, message: Message) -> int | None:
        if message.date_unixtime is None and message.date is not None:
            self.found.local_dates += 1
        return sent_at(message, self._clock)

    def _slot(self, moment: int) -> tuple[Pile, str]:
        """Return where a message of this quarter of an hour goes, and how its time begins."""
        day = self._day(moment)
        pile = self._piles.get(day)
        if pile is None:
            pile = self._piles[day] = self._spool.pile(Place(False, Content.EXPORTS, BOT, day))
        if len(self._slots) >= _SLOTS:
            self._slots.clear()
        hour = datetime.fromtimestamp(moment, UTC).isoformat()[:13]
        slot = self._slots[moment // _SLOT] = pile, f"{hour}:"
        return slot

    def _day(self, moment: int) -> date:
        return datetime.fromtimestamp(moment, self._zone).date()

    def _put_undated(self, message: _Undated, moment: int) -> None:
        if message.problem:
            self._quarantine(message.number, message.body, message.problem, moment)
        else:
            self._spool.added(self._put(message.number, message.body, message.beside, moment))


@dataclass(frozen=True, slots=True)
class _Clock:
    zone: tzinfo
    name: str
    reason: str


def _clock(given: ZoneInfo | None, facts: Facts, zone: ZoneInfo) -> _Clock:
    """Return the zone of local dates: the one that is given, else one that agrees with the file, else the lake's."""
    if given is not None:
        return _Clock(given, given.key, "--timezone")
    if facts.clock is None:
        return _Clock(zone, zone.key, "the lake's; set another with --timezone")
    moment, ahead = facts.clock
    if moment.astimezone(zone).utcoffset() == ahead:
        return _Clock(zone, zone.key, "the lake's, with which the file agrees")
    fixed = timezone(ahead)
    return _Clock(fixed, str(fixed), "told by the file's first message with both")


def _is_unknown(chat: Chat) -> bool:
    return chat.id is None or chat.type is None


def _list(names: Collection[str]) -> str:
    return ", ".join(list(names)[:_NAMED]) + (", …" if len(names) > _NAMED else "")


def _named(chat: Chat) -> str:
    kind = chat.export_type or "of unknown type"
    return f"{chat.name or 'no name'} ({chat.export_id}, {kind})"
