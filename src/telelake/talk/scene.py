"""Messages of some chats and days, as the rules of `telelake.talk` see them: who spoke, when, to whom, and what was done by it.

Read from the published tables a group of chats at a time, columns that are needed only, so that memory is bounded by a chat's
window and not by a day. Whatever is said here of a message is a function of its own row: what depends on others is added by
`ties`, and only from a bounded number of days around, so that a day comes out the same whichever days are made with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import duckdb

from telelake.tables.catalog import MESSAGES
from telelake.tables.derive import reading
from telelake.talk.folding import fold
from telelake.talk.words import Act, Reading, read

EPOCH = date(1970, 1, 1)
SILENCE = 72 * 3600
"""Seconds without a word after which a conversation is over."""
BOT, ATTENDANT, CUSTOMER, CHANNEL = "bot", "attendant", "customer", "channel"
_PART = 200_000
"""Messages that are looked at together, but that a chat is never cut."""


@dataclass(slots=True, eq=False)
class Said:
    """One message."""

    day: int
    """Lake day, counted from 1970."""
    number: int
    """Its message_id."""
    at: int
    """When it was sent, Unix seconds."""
    person: int | None
    """Who speaks: a person's or bot's id, or that of the chat in whose name it was sent."""
    user_id: int | None
    username: str | None
    name: str | None
    """First word of the name that they go by, folded."""
    role: str
    """By its own row: bot, attendant, customer or channel. More is known of a person from many messages: see `roles`."""
    text: str | None
    folded: str
    reading: Reading
    reply_to: int | None
    topic: int | None
    """Forum topic."""
    thread: int | None
    hour: int | None
    is_forward: bool
    parent: Said | None = None
    """What it answers or goes on from."""
    rule: str = ""
    """What ties it to its parent."""
    kind: str | None = None
    """question, problem or request, of a message that asks."""
    root: Said | None = None
    """First message of its conversation."""


@dataclass(slots=True)
class Place:
    """A chat, as one account numbers its messages."""

    account_id: int
    chat_id: int
    business: str | None
    is_private: bool
    messages: list[Said] = field(default_factory=list)
    """In order of time."""
    by_number: dict[int, Said] = field(default_factory=dict)

    def name_of(self, said: Said) -> str:
        """Return the name of a message that no other in the lake has."""
        return name_of(said.number, self.chat_id, self.account_id, self.business)


def name_of(number: int, chat_id: int, account_id: int, business: str | None) -> str:
    """Return `message@chat`, then `@account` where accounts number for themselves, then `@connection` of a business."""
    parts = [number, chat_id, *([account_id] if account_id or business else []), *([business] if business else [])]
    return "@".join(map(str, parts))


def number_of(day: date) -> int:
    """Return a day as a number."""
    return (day - EPOCH).days


def day_of(number: int) -> date:
    """Return the day of a number."""
    return EPOCH + timedelta(days=number)


_SELECT = """\
SELECT account_id, chat_id, business_connection_id, chat_type = 'private' AS is_private,
       date_diff('day', DATE '1970-01-01', context_date) AS day, message_id, CAST(epoch(sent_at) AS BIGINT) AS sent,
       coalesce(CASE WHEN NOT is_anonymous_admin THEN sender_chat_id END, user_id) AS person, user_id, sender_username, sender_name,
       CASE WHEN is_anonymous_admin THEN 'attendant'
            WHEN is_automatic_forward THEN 'channel'
            WHEN sender_chat_id IS NOT NULL THEN 'customer'
            WHEN is_bot OR direction = 'out' THEN 'bot'
            WHEN list_contains($attendants, user_id) OR (chat_type = 'private' AND user_id <> chat_id) THEN 'attendant'
            WHEN user_id IS NULL THEN 'channel'
            ELSE 'customer' END AS role,
       coalesce(text, caption, sticker_emoji) AS words, reply_to_message_id,
       CASE WHEN is_topic_message THEN thread_id END AS topic, thread_id, local_hour, forward_kind IS NOT NULL AS is_forward
FROM said
WHERE NOT is_service AND chat_type IS DISTINCT FROM 'channel' AND account_id IS NOT NULL AND chat_id IS NOT NULL
  AND message_id IS NOT NULL AND sent_at IS NOT NULL AND ephemeral_message_id IS NULL
"""
_COLUMNS = (
    "context_date", "account_id", "chat_id", "message_id", "business_connection_id", "ephemeral_message_id", "chat_type",
    "is_service", "direction", "user_id", "sender_name", "sender_username", "is_bot", "sender_chat_id", "is_anonymous_admin",
    "is_automatic_forward", "thread_id", "is_topic_message", "sent_at", "text", "caption", "sticker_emoji",
    "reply_to_message_id", "local_hour", "forward_kind",
)  # fmt: skip


@dataclass
class Window:
    """The messages of some days, in files; opened chat by chat."""

    con: duckdb.DuckDBPyConnection
    files: Sequence[Path]
    first: date
    last: date
    attendants: frozenset[int]

    def __post_init__(self) -> None:
        """Make the days' messages a view."""
        if self.files:
            self.con.execute(
                f"CREATE OR REPLACE TEMP VIEW said AS SELECT {', '.join(_COLUMNS)} FROM ({reading(MESSAGES, self.files)}) "
                f"WHERE context_date BETWEEN DATE '{self.first}' AND DATE '{self.last}'"
            )

    def places(self) -> Iterator[Place]:
        """Yield each chat with its messages."""
        if not self.files:
            return
        ((count,),) = self.con.execute("SELECT count(*) FROM said").fetchall()
        parts = count // _PART + 1
        for part in range(parts):
            where = f"AND hash(chat_id) % {parts} = {part} " if parts > 1 else ""
            order = "ORDER BY account_id, chat_id, business_connection_id, sent, message_id, day"
            rows = self.con.execute(
                f"SELECT * FROM ({_SELECT} {where}) {order}", {"attendants": sorted(self.attendants)}
            )
            yield from _places(rows)

    def latest(self) -> Mapping[int, int]:
        """Return of each day when its last message was sent."""
        if not self.files:
            return {}
        found = self.con.execute(
            "SELECT date_diff('day', DATE '1970-01-01', context_date), max(CAST(epoch(sent_at) AS BIGINT)) FROM said "
            "WHERE sent_at IS NOT NULL GROUP BY ALL"
        )
        return dict(found.fetchall())


def _places(rows: duckdb.DuckDBPyConnection) -> Iterator[Place]:
    place: Place | None = None
    readings: dict[tuple[str, bool], tuple[str, Reading]] = {}
    names: dict[str | None, str] = {}
    while block := rows.fetchmany(20_000):
        for account, chat, business, is_private, *rest in block:
            if place is None or (place.account_id, place.chat_id, place.business) != (account, chat, business):
                if place is not None:
                    yield place
                place = Place(account, chat, business, bool(is_private))
                readings.clear()
                names.clear()
            day, number, at, person, user, username, name, role, text, reply_to, topic, thread, hour, is_forward = rest
            if number in place.by_number:  # the same message under two dates
                continue
            known = (text or "", reply_to is not None)
            if (found := readings.get(known)) is None:
                folded = fold(known[0])
                found = readings[known] = folded, read(folded, is_reply=known[1])
            if name is not None and name not in names:
                names[name] = fold(name).partition(" ")[0]
            said = Said(
                day, number, at, person, user, username, names.get(name), role, text, *found, reply_to, topic, thread,
                hour, is_forward,
            )  # fmt: skip
            place.messages.append(said)
            place.by_number[number] = said
    if place is not None:
        yield place


def does(said: Said, *acts: Act) -> bool:
    """Return whether a message does one of some things."""
    return said.reading.act in acts
