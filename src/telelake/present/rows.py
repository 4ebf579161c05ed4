"""The rows behind a number of an insight: the messages, questions, calls… that it counts.

An insight's header says how (`rows`): the base, and which columns of its row choose there; `rows.COLUMN` says which of
them a number counts, where not all. The base is read through the same macros and with the same parameters as the insight
itself, so that what opens is what was counted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from telelake.errors import SettingsError
from telelake.present.insight import Insight, values
from telelake.present.vocabulary import WORDS, Role

if TYPE_CHECKING:
    from telelake.present.answer import Answer
    from telelake.present.query import Lake

MOST = 1000
"""Rows that are opened at once."""


@dataclass(frozen=True, slots=True)
class Base:
    """What rows are opened from."""

    source: str
    """A macro of `macros.sql`, or a table."""
    params: tuple[str, ...]
    """The filters that the macro takes, in its order; none for a table."""
    columns: str
    """What is shown of each row, over the macro as `base`, `people` (latest names) and `titles` (of chats)."""
    order: str


_TYPES = {
    Role.DAY: "DATE", Role.PERIOD: "TIMESTAMP", Role.WEEKDAY: "BIGINT", Role.HOUR: "BIGINT", Role.ID: "BIGINT",
    Role.COUNT: "BIGINT",
}  # fmt: skip
_EQUALS = {"user_id": "="}
"""How a key is compared, where null is no value of its own: there it stands for everyone else together."""
_MESSAGE = ("from", "to", "chat", "week", "who", "hour", "weekday")
_QUESTION = ("from", "to", "chat", "week", "topic", "hour", "weekday")
_EVENT = ("from", "to", "chat", "week", "hour", "weekday")
_WHERE = "titles.title AS chat, people.person"
_MESSAGE_ID = "base.posted_chat_id AS chat_id, base.message_id, base.user_id"
BASES: Mapping[str, Base] = {
    "messages": Base(
        "chosen_messages", _MESSAGE,
        f"base.sent_at, {_WHERE}, base.kind, base.words AS text, base.length, {_MESSAGE_ID}",
        "base.sent_at, base.message_id",
    ),
    "entities": Base(
        "chosen_entities", _MESSAGE, f"base.sent_at, {_WHERE}, base.value, base.words AS text, {_MESSAGE_ID}",
        "base.sent_at, base.message_id",
    ),
    "questions": Base(
        "chosen_questions", _QUESTION,
        f"base.asked_at, {_WHERE}, base.topic, base.words AS text, base.answered_by, base.answer_seconds, base.outcome, "
        f"base.outcome_rule, {_MESSAGE_ID}, base.answer_message_id, base.conversation_id, base.question_id",
        "base.asked_at, base.message_id",
    ),
    "calls": Base(
        "chosen_calls", _EVENT,
        "base.started_at, base.method, titles.title AS chat, base.ok, base.seconds, base.error_code, base.description, "
        "base.retry_after_seconds, base.chat_id, base.message_id",
        "base.started_at",
    ),
    "updates": Base(
        "chosen_updates", _EVENT,
        f"base.received_at, base.occurred_at, base.kind, {_WHERE}, base.delivery_lag_seconds, base.bot_id, "
        "base.update_id, base.chat_id, base.message_id, base.user_id",
        "base.received_at, base.update_id",
    ),
    "presses": Base(
        "chosen_presses", _EVENT,
        f"base.received_at, {_WHERE}, base.button, base.words AS text, base.chat_id, base.message_id, base.user_id",
        "base.received_at",
    ),
    "memberships": Base(
        "chosen_memberships", _EVENT,
        f"base.occurred_at, {_WHERE}, base.change, base.user_name, base.chat_id, base.user_id", "base.occurred_at",
    ),
    "quarantine": Base(
        "quarantine", (), "base.received_at, base.source, base.reason, base.bytes, base.bot_id, base.raw",
        "base.received_at",
    ),
    "drift": Base(
        "drift", (),
        "base.context_date, base.what, base.path, base.value, base.updates, base.bot_id, base.example_raw",
        "base.context_date",
    ),
}  # fmt: skip
"""What rows are opened from, by the name that headers use."""


def rows(
    lake: Lake,
    insight: Insight,
    row: Mapping[str, Any],
    column: str | None = None,
    params: Mapping[str, Any] | None = None,
    most: int = MOST,
) -> Answer:
    """Open what a row of an insight counts, or what one number in it does; the first `most`, in order of time.

    Raises:
        SettingsError: the insight opens no rows, or `row` lacks a column that chooses them; says which.
        QueryRefused: over a bound.
    """
    sql, given = query(insight, row, column, params, most)
    return lake.query(sql, given)


def query(
    insight: Insight,
    row: Mapping[str, Any],
    column: str | None = None,
    params: Mapping[str, Any] | None = None,
    most: int = MOST,
) -> tuple[str, dict[str, Any]]:
    """Return the SELECT that opens them, with its parameters: what the page shows as their SQL.

    Raises:
        SettingsError: as `rows`.
    """
    if insight.rows is None:
        raise SettingsError(f"The numbers of '{insight.name}' are made of no smaller rows.")
    found = insight.rows
    base = BASES[found.base]
    given = values(insight, params)
    named = set(re.findall(r"\$row_(\w+)", found.only.get("where", ""))) | set(found.keys)
    if lacking := sorted(named - set(row)):
        raise SettingsError(
            f"To open rows of '{insight.name}', say {', '.join(sorted(named))}; {lacking[0]} is missing."
        )
    chosen = [
        f"{expression} {_EQUALS.get(key, 'IS NOT DISTINCT FROM')} {_cast(key)}"
        for key, expression in found.keys.items()
    ]
    chosen += [f"({found.only[name]})" for name in ("where", column or "") if name in found.only]
    used = given | {f"row_{key}": value for key, value in row.items()}
    asked = ", ".join(f"${name}" if name in given else "NULL" for name in base.params)
    source = f"{base.source}({asked})" if base.params else base.source
    # Chosen first, joined then: a condition may say `user_id`, which names have too.
    where = f" WHERE {' AND '.join(chosen)}" if chosen else ""
    sql = f"SELECT {base.columns}\nFROM (SELECT * FROM {source}{where}) AS base\n"
    if "titles." in base.columns:
        sql += "LEFT JOIN chats AS titles ON titles.chat_id = base.chat_id\n"
    if "people." in base.columns:
        sql += "LEFT JOIN people_names() AS people ON people.user_id = base.user_id\n"
    sql += f"ORDER BY {base.order}\nLIMIT {int(most)}\n"
    return sql, {name: value for name, value in used.items() if re.search(rf"\${name}\b", sql)}


def _cast(key: str) -> str:
    # What comes back from a page or a command line is text, whatever it was in the answer.
    return f"CAST($row_{key} AS {_TYPES.get(WORDS[key].role, 'VARCHAR')})"
