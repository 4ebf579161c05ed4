"""The figures of accuracy are right for cases that can be counted by hand."""

from __future__ import annotations

import importlib.util
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from telelake.demo.truth import Answer, Question, Truth


def _scores() -> ModuleType:
    path = Path(__file__).parents[2] / "bench" / "scores.py"
    spec = importlib.util.spec_from_file_location("telelake_bench_scores", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


scores = _scores()
CHAT = -1000000000001


def _answer(message_id: int, role: Any, manner: Any = "helps") -> Answer:
    return Answer(message_id, 9, role, message_id, manner)


def question(message_id: int, *answers: tuple[Any, ...], parts: tuple[int, ...] = (), **more: Any) -> Question:
    given: dict[str, Any] = {
        "user_id": 1, "asked_at": message_id, "topic": "pix", "is_spoken": False, "outcome": "assumed",
        "outcome_rule": "left", "conversation_ids": (), "repeats": None,
    }  # fmt: skip
    said = tuple(_answer(*each) for each in answers)
    return Question(CHAT, message_id, part_ids=parts or (message_id,), answers=said, **{**given, **more})


def row(message_id: int, answer: int | None = None, by: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "chat_id": CHAT, "message_id": message_id, "answer_message_id": answer, "answered_by": by,
        "answered_at": answer and datetime.fromtimestamp(answer, UTC), "human_answer_message_id": None,
        "outcome": "assumed", "conversation_id": "c", **more,
    }  # fmt: skip


def truth(*questions: Question, debatable: frozenset[int] = frozenset()) -> Truth:
    return Truth(questions, frozenset((CHAT, each) for each in debatable))


def test_a_question_is_found_by_any_of_its_messages_and_once_only() -> None:
    said = truth(question(2, parts=(1, 2)), question(5), question(9))
    matched = scores.match(said, [row(1), row(2), row(5), row(7)])
    ratio = matched.questions

    assert (ratio.right, ratio.found, ratio.wanted) == (2, 4, 3)
    assert (ratio.precision, ratio.recall) == (0.5, pytest.approx(2 / 3))
    assert ratio.f1 == pytest.approx(4 / 7)
    assert [row["message_id"] for row in matched.false] == [2, 7]
    assert [each.message_id for each in matched.missed] == [9]


def test_what_can_be_debated_and_what_is_only_spoken_counts_neither_way() -> None:
    said = truth(question(1), question(2, is_spoken=True), debatable=frozenset({3}))
    with_them = scores.match(said, [row(1), row(2), row(3)])
    without = scores.match(said, [row(1)])

    assert with_them.questions == without.questions == scores.Ratio(1, 1, 1)


def test_an_answer_is_right_when_it_is_the_first_and_wrong_rows_count_against() -> None:
    said = truth(question(1, (3, "bot"), (4, "attendant")), question(2, (5, "customer")), question(6))
    rows = [row(1, 4, "attendant", human_answer_message_id=4), row(2, 5, "customer"), row(6, 8, "bot"), row(7, 8)]
    matched = scores.match(said, rows)

    assert scores.first_answers(matched) == scores.Ratio(1, 4, 2)
    assert scores.any_answers(matched) == scores.Ratio(2, 4, 2)
    assert scores.human_answers(matched) == scores.Ratio(1, 1, 2)
    assert scores.answered_by(matched) == {("bot", "attendant"): 1, ("customer", "customer"): 1, ("none", "bot"): 1}
    assert sorted(scores.answer_errors(matched)) == [0, 1]


def test_a_bot_that_knows_nothing_may_have_answered_or_not() -> None:
    said = truth(question(1, (3, "bot", "knows_nothing"), (4, "attendant")), question(2, (5, "bot", "knows_nothing")))
    counted = scores.match(said, [row(1, 3, "bot"), row(2, 5, "bot")])
    passed_over = scores.match(said, [row(1, 4, "attendant"), row(2)])
    neither = scores.match(said, [row(1), row(2, 9, "attendant")])

    assert scores.first_answers(counted) == scores.Ratio(2, 2, 2)
    assert scores.first_answers(passed_over) == scores.Ratio(1, 1, 1)
    assert scores.first_answers(neither) == scores.Ratio(0, 1, 2)
    assert scores.accuracy(scores.answered_by(counted)) == scores.accuracy(scores.answered_by(passed_over)) == 1
    assert scores.answered_by(neither) == {("bot", "none"): 1, ("bot", "attendant"): 1}
    assert scores.answer_errors(counted) == [0, 0]


def test_outcomes_that_nobody_can_see_are_left_out() -> None:
    said = truth(question(1), question(2, outcome="revoked"), question(3, outcome=None), question(4))
    matched = scores.match(said, [row(1), row(2), row(3), row(4, outcome=None)])
    counted = scores.outcomes(matched)

    assert counted == {("assumed", "assumed"): 1, ("revoked", "assumed"): 1, ("assumed", "open"): 1}
    assert scores.accuracy(counted) == pytest.approx(1 / 3)


def test_a_conversation_of_two_askers_is_seen() -> None:
    said = truth(question(1), question(2, user_id=2), question(3), question(4))
    rows = [row(1), row(2), row(3, conversation_id="d"), row(4, conversation_id="d")]

    assert scores.mixed_conversations(scores.match(said, rows)).precision == 0.5


def test_conversations_of_one_question_are_compared_with_it() -> None:
    said = truth(
        question(1, (2, "bot"), outcome="escalated", conversation_ids=(1, 2, 3)),
        question(10, (11, "customer"), conversation_ids=(10, 11)),
        question(20, conversation_ids=(20,)),
        question(30, conversation_ids=(30,)),
    )
    names = {1: "a", 10: "b", 20: "c", 30: "c"}
    matched = scores.match(said, [row(number, conversation_id=name) for number, name in names.items()])
    rows = {
        name: {"message_id": first, "ended_at": datetime.fromtimestamp(end, UTC), "first_answer_by": by, "handed_over": handed,
               "outcome": outcome}
        for name, first, end, by, handed, outcome in (
            ("a", 1, 3, "bot", True, "escalated"), ("b", 9, 11, "attendant", True, "assumed"),
            ("c", 20, 30, None, False, "assumed"),
        )
    }  # fmt: skip
    found = scores.conversations(matched, rows, {(CHAT, number): number for number in range(40)})

    assert (found.alone.right, found.alone.found) == (2, 3)
    assert found.begin.precision == 0.5
    assert found.end.precision == 1
    assert found.first_answer_by.precision == 0.5
    assert (found.handed_over.precision, found.handed_over.recall) == (0.5, 1)
    assert found.outcome.precision == 1


def test_groups_that_are_the_classes_are_perfect_and_one_group_is_worth_nothing() -> None:
    same = scores.grouping([("a", 1), ("a", 1), ("b", 2), ("b", 2)])
    one = scores.grouping([("a", 1), ("a", 1), ("b", 1), ("b", 1)])

    assert (same.nmi, same.ari, same.purity) == (pytest.approx(1), pytest.approx(1), 1)
    assert (one.nmi, one.ari, one.purity, one.groups) == (pytest.approx(0), pytest.approx(0), 0.5, 1)


def test_grouping_agrees_with_published_figures() -> None:
    """As scikit-learn gives them for the same six members, to three digits."""
    found = scores.grouping(list(zip("aaabbb", (1, 1, 2, 2, 3, 3), strict=True)))

    assert found.ari == pytest.approx(0.242, abs=5e-4)
    assert found.nmi == pytest.approx(0.516, abs=5e-4)
    assert found.purity == pytest.approx(5 / 6)
