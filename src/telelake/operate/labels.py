"""A person's correction of a question, put into raw as a record of its own; the next build keeps to it.

`correct` is what `telelake label` and the dashboard call. It writes a segment beside whatever captures, as an import does, and
needs no lock: its key is made from its content. The question's day becomes due by that alone, and so do the conversations about it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from telelake.errors import SettingsError
from telelake.ports import RawStore
from telelake.raw import Record, pack, raw_line, segment_key
from telelake.talk.labels import SOURCE, Label, body_of
from telelake.wrangle import frozen

_FORM = "message@chat, such as 4711@-1001234567890 (column question_id of table questions)"


@dataclass(frozen=True, slots=True)
class Corrected:
    """What was written."""

    question_id: str
    day: date
    """The question's day, which is due now."""
    text: str | None
    """What the message says."""
    key: str
    """Where the correction lies in raw."""


@dataclass(frozen=True, slots=True)
class _Message:
    account_id: int
    chat_id: int
    number: int
    business: str | None
    day: date
    sent_at: int
    """Unix seconds."""
    text: str | None


def correct(
    question_id: str,
    label: Label,
    store: RawStore,
    messages: Sequence[Path],
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Corrected:
    """Say something of a question that every later build keeps to; a label that says nothing takes back all that was said.

    Args:
        question_id: as table `questions` has it; of a message that is not in it, made the same way.
        label: what is said.
        store: the home's objects.
        messages: the published files of table `messages`.
        clock: when it is said.

    Raises:
        SettingsError: there is no such message, the id has another form, or its day has no raw any more: nothing would come of it.
        StoreUnavailable: call again.
    """
    found = _find(question_id, messages)
    if found.day in frozen.read(store).days:
        raise SettingsError(
            f"{question_id} is of {found.day}, whose raw has expired: its rows are frozen and stay as they are."
        )
    now = clock()
    body = body_of(
        label,
        account_id=found.account_id,
        chat_id=found.chat_id,
        number=found.number,
        business=found.business,
        asked_at=found.sent_at,
        made_at=now.isoformat(),
    )
    record = Record(f"label-{hashlib.sha256(body).hexdigest()[:24]}", 0, SOURCE, now, body)
    line = raw_line(record)
    key = segment_key(quarantined=False, bot_id=0, day=found.day, lines=[line])
    store.put(key, pack([line]))
    return Corrected(question_id, found.day, found.text, key)


def _find(question_id: str, messages: Sequence[Path]) -> _Message:
    import duckdb

    number, chat, *rest = [*question_id.split("@", 3), ""]
    account = rest[0] if len(rest) > 1 else "0"
    business = rest[1] if len(rest) > 2 else None
    try:
        key = [int(number), int(chat), int(account or 0)]
    except ValueError:
        raise SettingsError(f"'{question_id}' names no question. The form is {_FORM}.") from None
    rows: list[tuple[date, int, str | None]] = []
    if messages:
        with duckdb.connect() as con:
            con.execute("SET TimeZone = 'UTC'")
            rows = con.execute(
                "SELECT context_date, CAST(epoch(sent_at) AS BIGINT), coalesce(text, caption) FROM read_parquet(?) "
                "WHERE message_id = ? AND chat_id = ? AND account_id = ? AND sent_at IS NOT NULL "
                "AND business_connection_id IS NOT DISTINCT FROM ? ORDER BY context_date LIMIT 1",
                [[str(each) for each in messages], *key, business],
            ).fetchall()
    if not rows:
        raise SettingsError(f"There is no message {question_id} in the tables. The form is {_FORM}.")
    ((day, sent_at, text),) = rows
    return _Message(key[2], key[1], key[0], business, day, sent_at, text)
