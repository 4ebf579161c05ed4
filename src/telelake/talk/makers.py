"""Make the tables `questions` and `conversations` from the tables of messages, reactions and memberships around each day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from telelake.ports import DayFile
from telelake.tables.catalog import MEMBERSHIPS, REACTIONS, UPDATES
from telelake.tables.catalog.talk import AFTER, CONVERSATIONS, LASTS, QUESTIONS, WEEK
from telelake.tables.derive import reading
from telelake.tables.model import Table
from telelake.talk.again import Asking
from telelake.talk.labels import SOURCE, Label, read_labels
from telelake.talk.outcome import NEGATIVE, POSITIVE, End, Reaction, Sight, end_of
from telelake.talk.parents import Parents
from telelake.talk.people import Admins, Helpers, role_of
from telelake.talk.rows import write
from telelake.talk.rules import Rules
from telelake.talk.scene import ATTENDANT, BOT, CUSTOMER, Place, Said, Window, day_of, number_of
from telelake.talk.ties import talks, tie
from telelake.telegram.update import LABEL_KIND

_Rows = dict[date, list[dict[str, Any]]]
_WORST = ("unanswered", "revoked", "escalated", "assumed", "confirmed")
_ADMINS = """\
SELECT DISTINCT person, date_diff('day', DATE '1970-01-01', context_date) AS day
FROM (
    SELECT context_date, chat_id, user_id AS person
    FROM ({rows})
    WHERE coalesce(old_status IN ('creator', 'administrator'), false) OR coalesce(new_status IN ('creator', 'administrator'), false)
    UNION ALL
    SELECT context_date, chat_id, actor_id
    FROM ({rows})
    WHERE actor_id <> user_id AND change IN ('promoted', 'demoted', 'restricted', 'unrestricted', 'banned', 'unbanned', 'removed')
)
WHERE person IS NOT NULL AND chat_id < 0
"""
_REACTIONS = """\
SELECT account_id, chat_id, message_id, user_id, date_diff('day', DATE '1970-01-01', context_date) AS day,
       CAST(epoch(occurred_at) AS BIGINT) AS at, new_reactions
FROM ({rows})
WHERE context_date BETWEEN ? AND ? AND user_id IS NOT NULL AND chat_id IS NOT NULL AND message_id IS NOT NULL
  AND occurred_at IS NOT NULL
ORDER BY occurred_at, received_at, raw, ordinal
"""


@dataclass
class _Seen:
    """What is read beside the messages."""

    now: Mapping[int, int]
    """When the last message or reaction of each day came."""
    admins: Admins
    reactions: Mapping[tuple[int, int], Sequence[tuple[int, int, int, int, Sequence[str]]]] = field(
        default_factory=dict
    )
    """message_id, user_id, day, when, and how they stood then; by account and chat, in order of time."""
    labels: Mapping[int, Mapping[str, Label]] = field(default_factory=dict)

    def now_of(self, day: int) -> int:
        """Return when the last one of the days that a day looks at came."""
        return max((self.now[each] for each in range(day, day + AFTER + 1) if each in self.now), default=0)


@dataclass(frozen=True)
class Questions:
    """Makes `questions`."""

    rules: Rules
    parents: Parents = field(default_factory=Parents)

    @property
    def table(self) -> Table:
        """What it makes."""
        return QUESTIONS

    @cached_property
    def recipe(self) -> str:
        """Digest of settings, code and what links messages."""
        return self.rules.digest(self.parents.digest)

    def make(self, days: Sequence[date], inputs: Mapping[str, Sequence[Path]], into: Path) -> Sequence[DayFile]:
        """Make some days; see `ports.Maker`."""
        made: _Rows = {day: [] for day in days}
        with duckdb.connect() as con:
            con.execute("SET TimeZone = 'UTC'")
            window = _window(con, days, inputs, self.rules)
            seen = _seen(con, days, inputs, window)
            for place in window.places():
                tie(place, self.parents)
                for row in _question_rows(place, made, seen, self.rules):
                    made[row["context_date"]].append(row)
        return write(QUESTIONS, made, into)


@dataclass(frozen=True)
class Conversations:
    """Makes `conversations`."""

    rules: Rules
    parents: Parents = field(default_factory=Parents)

    @property
    def table(self) -> Table:
        """What it makes."""
        return CONVERSATIONS

    @cached_property
    def recipe(self) -> str:
        """As of `questions`."""
        return self.rules.digest(self.parents.digest)

    def make(self, days: Sequence[date], inputs: Mapping[str, Sequence[Path]], into: Path) -> Sequence[DayFile]:
        """Make some days; see `ports.Maker`."""
        made: _Rows = {day: [] for day in days}
        with duckdb.connect() as con:
            con.execute("SET TimeZone = 'UTC'")
            window = _window(con, days, inputs, self.rules)
            admins = _admins(con, inputs.get("memberships", ()))
            asked = _asked(con, inputs.get("questions", ()))
            for place in window.places():
                tie(place, self.parents)
                for row in _conversation_rows(place, made, admins, self.rules, asked):
                    made[row["context_date"]].append(row)
        return write(CONVERSATIONS, made, into)


def _window(
    con: duckdb.DuckDBPyConnection, days: Sequence[date], inputs: Mapping[str, Sequence[Path]], rules: Rules
) -> Window:
    first, last = WEEK.around(min(days))[0], WEEK.around(max(days))[-1]
    return Window(con, inputs.get("messages", ()), first, last, rules.attendants)


def _seen(
    con: duckdb.DuckDBPyConnection, days: Sequence[date], inputs: Mapping[str, Sequence[Path]], window: Window
) -> _Seen:
    now = dict(window.latest())
    reactions: dict[tuple[int, int], list[tuple[int, int, int, int, Sequence[str]]]] = defaultdict(list)
    if files := inputs.get("reactions"):
        for account, chat, number, person, day, at, stand in con.execute(
            _REACTIONS.format(rows=reading(REACTIONS, files)), [window.first, window.last]
        ).fetchall():
            reactions[account, chat].append((number, person, day, at, stand or ()))
            now[day] = max(now.get(day, 0), at)
    labels: dict[int, Mapping[str, Label]] = {}
    if files := inputs.get("updates"):
        by_day: dict[int, list[tuple[str | None, int]]] = defaultdict(list)
        for day, extra, at in con.execute(
            f"SELECT context_date, extra, CAST(epoch(received_at) AS BIGINT) FROM ({reading(UPDATES, files)}) "
            "WHERE kind = ? AND bot_id = 0 AND source = ? ORDER BY received_at, raw",
            [LABEL_KIND, SOURCE],
        ).fetchall():
            by_day[number_of(day)].append((extra, at))
        labels = {day: read_labels(rows) for day, rows in by_day.items() if day_of(day) in set(days)}
    return _Seen(now, _admins(con, inputs.get("memberships", ())), reactions, labels)


def _admins(con: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> Admins:
    return Admins.of(con.execute(_ADMINS.format(rows=reading(MEMBERSHIPS, files))).fetchall() if files else ())


def _attendants(day: int, admins: Admins, helpers: Helpers, rules: Rules) -> frozenset[int]:
    """Return who is an attendant in a place on a day, beside those that rows tell by themselves."""
    seen = admins.around(number_of(WEEK.around(day_of(day))[0]), day + AFTER)
    return seen | helpers.around(day, rules.learn_answers)


def _question_rows(place: Place, days: Mapping[date, object], seen: _Seen, rules: Rules) -> Iterator[dict[str, Any]]:
    wanted = {number_of(day) for day in days}
    asked = [said for said in place.messages if said.day in wanted and _may_ask(said, place, seen)]
    if not asked:
        return
    helpers = Helpers.of(place)
    asking = Asking.of(place, rules.repeat_seconds)
    sights: dict[int, Sight] = {}
    for day in sorted({question.day for question in asked}):
        attendants = _attendants(day, seen.admins, helpers, rules)
        reactions = _stands(seen.reactions.get((place.account_id, place.chat_id), ()), day)
        sights[day] = Sight(rules, attendants, day + AFTER, seen.now_of(day), reactions)
    by_question = _talks_of_days(place, sights)
    for question in asked:
        day = question.day
        sight = sights[day]
        label = seen.labels.get(day, {}).get(place.name_of(question))
        if role_of(question, sight.attendants) != CUSTOMER and not (label and label.is_question):
            continue
        again = asking.again(question, sight.until)
        end = _ended(question, again, by_question[day], sight)
        yield _question_row(place, question, end, asking.before(question), sight, label)


def _talks_of_days(place: Place, sights: Mapping[int, Sight]) -> Mapping[int, Mapping[Said, Sequence[Said]]]:
    """Return the talk of each day's questions; days that know the same attendants are looked at together."""
    customers = {said.person for said in place.messages if said.role == CUSTOMER}
    found: dict[int, Mapping[Said, Sequence[Said]]] = {}
    for answering, run in groupby(sights, key=lambda day: sights[day].attendants & customers):
        days = list(run)
        first, last = days[0] - 1, sights[days[-1]].until
        made = talks([said for said in place.messages if first <= said.day <= last], answering)
        found |= dict.fromkeys(days, made)
    return found


def _may_ask(said: Said, place: Place, seen: _Seen) -> bool:
    """Return whether a message asks, or is said to by a person; what a person says wins."""
    labels = seen.labels.get(said.day)
    label = labels.get(place.name_of(said)) if labels else None
    if label is not None and label.is_question is not None:
        return label.is_question and said.text is not None
    return said.kind is not None


def _ended(question: Said, again: Sequence[Said], by_question: Mapping[Said, Sequence[Said]], sight: Sight) -> End:
    """Say what came of a question. Asked again before anybody answered, it is answered by what answers that."""
    repeats = [said for said in again if said.at - question.at <= sight.rules.repeat_seconds]
    talk = list(by_question.get(question, ()))
    end = end_of(question, talk, repeats, sight)
    while end.first is None and repeats:
        talk = sorted([*talk, *by_question.get(repeats.pop(0), ())], key=lambda said: (said.at, said.number))
        end = end_of(question, talk, repeats, sight)
    return end


def _stands(rows: Sequence[tuple[int, int, int, int, Sequence[str]]], day: int) -> Mapping[int, Sequence[Reaction]]:
    """Return how reactions stood at last, of the days that a day looks at."""
    last: dict[tuple[int, int], Reaction | None] = {}
    for number, person, of, at, stand in rows:
        if day <= of <= day + AFTER:
            is_positive, is_negative = not POSITIVE.isdisjoint(stand), not NEGATIVE.isdisjoint(stand)
            last[number, person] = Reaction(number, person, at, of, is_positive) if is_positive or is_negative else None
    found: dict[int, list[Reaction]] = defaultdict(list)
    for (number, _), reaction in last.items():
        if reaction is not None:
            found[number].append(reaction)
    return found


def _question_row(
    place: Place, question: Said, end: End, repeats: int | None, sight: Sight, label: Label | None
) -> dict[str, Any]:
    first, rules = end.first, sight.rules
    by = role_of(first, sight.attendants) if first else None
    until = first.at if first else max(sight.now, question.at)
    working = rules.hours.between(question.at, until)
    breached = None
    if rules.sla_minutes is not None:
        breached = True if working > rules.sla_minutes * 60 else False if first else None
    root = question.root or question
    row = {
        "context_date": day_of(question.day),
        "question_id": place.name_of(question),
        "account_id": place.account_id,
        "chat_id": place.chat_id,
        "message_id": question.number,
        "business_connection_id": place.business,
        "conversation_id": place.name_of(root),
        "thread_id": question.thread,
        "user_id": question.user_id,
        "asked_at": question.at,
        "local_hour": question.hour,
        "text": question.text,
        "kind": question.kind or question.reading.kind or "question",
        "answered_at": first.at if first else None,
        "answered_by": by,
        "answer_user_id": first.user_id if first else None,
        "answer_message_id": first.number if first else None,
        "answer_rule": first.rule or "talk" if first else None,
        "answer_seconds": first.at - question.at if first else None,
        "bot_answer_message_id": end.bot.number if end.bot else None,
        "bot_answer_seconds": end.bot.at - question.at if end.bot else None,
        "human_answer_message_id": end.human.number if end.human else None,
        "human_answer_seconds": end.human.at - question.at if end.human else None,
        "working_seconds": working if first else None,
        "sla_breached": breached,
        "outcome": end.outcome,
        "outcome_at": end.at,
        "outcome_rule": end.rule,
        "evidence": end.evidence,
        "repeats_message_id": repeats,
        "corrected": False,
    }
    return row | _corrected(label, question, end) if label else row


def _corrected(label: Label, question: Said, end: End) -> dict[str, Any]:
    """Return the columns that a person's word changes."""
    said: dict[str, Any] = {"corrected": True}
    if label.answered_by == "nobody":
        nothing = [
            "answered_at", "answered_by", "answer_user_id", "answer_message_id", "answer_rule", "answer_seconds",
            "bot_answer_message_id", "bot_answer_seconds", "human_answer_message_id", "human_answer_seconds", "working_seconds",
            "outcome_at",
        ]  # fmt: skip
        said |= {
            **dict.fromkeys(nothing),
            "outcome": "unanswered",
            "outcome_rule": "label",
            "evidence": [question.number],
        }
    elif label.answered_by:
        said |= {"answered_by": label.answered_by, "answer_rule": "label"}
        if end.outcome == "unanswered":  # what was answered did not end so, and nothing more is known
            said |= {"outcome": "assumed", "outcome_rule": "label", "evidence": [question.number]}
    if label.outcome:
        said |= {
            "outcome": label.outcome,
            "outcome_at": label.at,
            "outcome_rule": "label",
            "evidence": [question.number],
        }
    return said


def _asked(con: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> Mapping[str, Sequence[dict[str, Any]]]:
    """Return the questions of each conversation, in order of time."""
    if not files:
        return {}
    names = (
        "conversation_id", "answered_by", "answer_seconds", "bot_answer_seconds", "human_answer_seconds", "outcome",
        "outcome_rule", "evidence", "corrected",
    )  # fmt: skip
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    rows = con.execute(f"SELECT {', '.join(names)} FROM ({reading(QUESTIONS, files)}) ORDER BY asked_at, message_id")
    for row in rows.fetchall():
        found[row[0]].append(dict(zip(names, row, strict=True)))
    return found


def _conversation_rows(
    place: Place,
    days: Mapping[date, object],
    admins: Admins,
    rules: Rules,
    asked: Mapping[str, Sequence[dict[str, Any]]],
) -> Iterator[dict[str, Any]]:
    wanted = {number_of(day) for day in days}
    members: dict[Said, list[Said]] = defaultdict(list)
    for said in place.messages:
        if said.root is not None and said.root.day in wanted and said.day - said.root.day <= LASTS:
            members[said.root].append(said)
    helpers = Helpers.of(place) if members else Helpers()
    attendants: dict[int, frozenset[int]] = {}
    for root, messages in members.items():
        if root.day not in attendants:
            attendants[root.day] = _attendants(root.day, admins, helpers, rules)
        name = place.name_of(root)
        yield _conversation_row(place, root, messages, attendants[root.day], asked.get(name, ()))


def _conversation_row(
    place: Place, root: Said, messages: Sequence[Said], attendants: frozenset[int], asked: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    roles = [role_of(said, attendants) for said in messages]
    answered = next((each for each in asked if each["answered_by"]), None)
    open_ = any(each["outcome"] is None for each in asked)
    worst = None if open_ else min(asked, key=lambda each: _WORST.index(each["outcome"]), default=None)

    def first(column: str) -> Any:
        return next((each[column] for each in asked if each[column] is not None), None)

    return {
        "context_date": day_of(root.day),
        "conversation_id": place.name_of(root),
        "account_id": place.account_id,
        "chat_id": place.chat_id,
        "message_id": root.number,
        "business_connection_id": place.business,
        "thread_id": root.thread,
        "user_id": root.user_id,
        "began_at": root.at,
        "ended_at": max(said.at for said in messages),
        "messages": len(messages),
        "people": len({said.person for said, role in zip(messages, roles, strict=True) if role != BOT and said.person}),
        "questions": len(asked),
        "bot_messages": roles.count(BOT),
        "attendant_messages": roles.count(ATTENDANT),
        "first_answer_by": answered["answered_by"] if answered else None,
        "first_answer_seconds": answered["answer_seconds"] if answered else None,
        "bot_answer_seconds": first("bot_answer_seconds"),
        "human_answer_seconds": first("human_answer_seconds"),
        "handed_over": any(each["outcome"] == "escalated" for each in asked),
        "outcome": worst["outcome"] if worst else None,
        "evidence": worst["evidence"] if worst else [],
        "corrected": any(each["corrected"] for each in asked),
    }
