"""What guards the insights' numbers, taken out line by line: each time a number of the small whole lake must change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lakes import write
from whole import SALES, whole

from telelake.present import sandbox
from telelake.present.insight import insight, values

BREAKS: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "from": ("(first_day IS NULL OR of_day >=", "(true OR of_day >=", "topics", {"from": "2027-01-01"}),
    "to": ("AND (last_day IS NULL OR of_day <=", "AND (true OR of_day <=", "words", {"to": "2026-12-31"}),
    "week": ("(in_week IS NULL OR", "(true OR", "commands", {"week": "2026-W53"}),
    "week's own year": ("OR strftime(of_day, '%G-W%V') = in_week", "OR strftime(of_day, '%Y-W%V') = in_week",
                        "message_kinds", {"week": "2026-W53"}),
    "weekday": ("AND (on_weekday IS NULL OR isodow(of_day) = on_weekday)", "", "calls_by_method", {"weekday": 5}),
    "hour": ("at_hour IS NULL OR of_hour = at_hour", "true", "support_figures", {"hour": 9}),
    "chat": ("in_chat IS NULL OR of_chat = continuing_chat(CAST(in_chat AS BIGINT))", "true", "topics", {"chat": SALES}),
    "topic": ("AND (in_topic IS NULL OR questions.topic_id = in_topic)", "", "resolution_mix", {"topic": 2}),
    "people": ("(by_whom = 'people' AND NOT of_bot)", "by_whom = 'people'", "message_kinds", {"who": "people"}),
    "bots by the hour": ("WHEN 'bots' THEN times.bot_messages", "", "messages_over_time", {"who": "bots"}),
    "bots by chat and hour": ("WHEN 'bots' THEN chat_hours.bot_messages", "", "messages_by_chat", {"who": "bots"}),
    "attendants": ("(by_whom = 'attendants' AND NOT of_bot AND attendant IS NOT NULL)", "(by_whom = 'attendants' AND NOT of_bot)",
                   "participation", {"who": "attendants"}),
    "customers": ("AND attendant IS NULL AND person IS NOT NULL", "", "words", {"who": "customers"}),
    "customers by the hour": ("WHERE in_chat IS NOT NULL OR parts_people(by_whom)", "WHERE in_chat IS NOT NULL", "busiest_hours",
                              {"who": "customers"}),
    "unanswered, though it is marked as solved": ("AND coalesce(how_it_ended NOT IN ('confirmed', 'assumed'), true)", "",
                                                  "answer_solved", {}),
    "unanswered, though a human was asked for": ("OR (by_whom IS NULL AND", "OR (false AND", "resolution_mix", {}),
    "unseen bots": ("WHERE chat_hours.bot_messages > 0", "", "support_by_chat", {}),
    "service messages": ("WHERE NOT messages.is_service", "WHERE true", "message_kinds", {}),
    "accents": ("strip_accents(lower(words))", "lower(words)", "keyword_over_time", {"words": "nao consigo"}),
    "spaces": ("trim(regexp_replace(folded(words), '\\s+', ' ', 'g'))", "folded(words)", "repeated_messages", {}),
    "addresses": (r"'(https?://|www[.])\S+'", "'no such thing'", "words", {"who": "bots"}),
    "solved, though a human answered": ("AND human_seconds IS NULL AND", "AND", "answer_solved", {}),
    "solved, though it came back": ("AND how_it_ended IN ('confirmed', 'assumed')", "", "support_by_hour", {}),
    "handed over": ("OR human_seconds > bot_seconds", "", "answer_solved", {}),
    "bots that join": ("WHERE NOT coalesce(memberships.is_bot, false)", "WHERE true", "joins_and_leaves", {}),
    "imports": ("WHERE updates.source <> 'import'", "WHERE true", "late_records", {}),
    "bucket": ("WHEN seconds < 28800", "WHEN seconds < 86400", "response_buckets", {}),
}  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    tables = whole()
    service = {"is_service": True, "kind": "pinned_message", "message_id": 11}
    tables["messages"] = [*tables["messages"], {**tables["messages"][-1], **service}]
    escalated = next(row for row in tables["questions"] if row["message_id"] == 6)
    # Handed over by the human's answer alone, and once as if the bot had been enough.
    tables["questions"] = [
        *tables["questions"],
        {**escalated, "question_id": "q12", "message_id": 12, "outcome": "assumed"},
    ]
    tables["questions"] = [*tables["questions"], {**escalated, "question_id": "q13", "message_id": 13,
                                                  "human_answer_seconds": None, "outcome": "revoked"}]  # fmt: skip
    # Nobody answered: one waits for a human, one was solved elsewhere, as somebody has marked.
    waiting = {
        **escalated,
        "human_answer_seconds": None,
        "bot_answer_seconds": None,
        "answered_by": None,
        "answer_user_id": None,
    }
    tables["questions"] = [*tables["questions"], {**waiting, "question_id": "q14", "message_id": 14},
                           {**waiting, "question_id": "q15", "message_id": 15, "outcome": "confirmed"}]  # fmt: skip
    return write(tmp_path_factory.mktemp("whole"), tables)


def answer(files: dict[str, list[Path]], name: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    with sandbox.connect(files, "America/Sao_Paulo", "1GB", 1) as connection:
        one = insight(name)
        return connection.sql(one.sql, params=values(one, params)).fetchall()


@pytest.mark.parametrize("taken", BREAKS)
def test_without_it_a_number_changes(
    files: dict[str, list[Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: str
) -> None:
    line, instead, name, params = BREAKS[taken]
    whole_text = sandbox._MACROS.read_text(encoding="utf-8")
    assert line in whole_text, "the line is no longer there: choose the one that does its work now"
    right = answer(files, name, params)
    broken = tmp_path / "macros.sql"
    broken.write_text(whole_text.replace(line, instead), encoding="utf-8")

    monkeypatch.setattr(sandbox, "_MACROS", broken)

    assert answer(files, name, params) != right
