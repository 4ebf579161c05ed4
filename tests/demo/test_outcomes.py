"""How a question ended, by hand-made conversations: one line each, and what of several things decides."""

from __future__ import annotations

from typing import Any

import pytest

from telelake.demo.acts import Say
from telelake.demo.cast import Cast
from telelake.demo.dice import Dice
from telelake.demo.truth import Asked, Book, Question

CAST = Cast(Dice(1), 30)
ASKER, BOT, ATTENDANT, OTHER = CAST.people[0], CAST.answerer, CAST.attendants[0], CAST.people[1]
DAY = 86_400
END = 10 * DAY
BY = {"bot": BOT, "attendant": ATTENDANT, "customer": OTHER}


def say(at: int, by: Any = ASKER, chat: Any = CAST.main) -> Say:
    """Return a message that was written; its number is its time."""
    return Say(chat, by, "", message_id=at, date=at)


def asked(*happened: tuple[int, str], **more: Any) -> Asked:
    """Return a question of second 1 and what happened then: answers by role, signs by name, `bot?` for one that knows nothing."""
    question = Asked("pix", ASKER, parts=[say(1)], **more)
    for at, what in happened:
        if what in BY:
            question.answers.append((say(at, BY[what]), what, "helps"))  # type: ignore[arg-type]
        elif what == "bot?":
            question.answers.append((say(at, BOT), "bot", "knows_nothing"))
        else:
            question.signs.append((what, say(at)))  # type: ignore[arg-type]
    question.said = [*question.parts, *(answer for answer, _, _ in question.answers)]
    return question


def truth(*questions: Asked) -> Question:
    return Book(list(questions)).truth(END).questions[0]


@pytest.mark.parametrize(
    ("happened", "outcome", "rule"),
    [
        ((), "unanswered", "no_answer"),
        (((9, "wants_human"),), "unanswered", "no_answer"),
        (((5, "bot"),), "assumed", "left"),
        (((5, "bot"), (9, "positive")), "confirmed", "positive_sign"),
        (((5, "attendant"), (9, "positive")), "confirmed", "positive_sign"),
        (((5, "customer"), (7, "attendant")), "assumed", "left"),
        (((5, "bot"), (9, "positive"), (11, "withdrawn")), None, "withdrawn"),
        (((5, "bot"), (9, "negative")), "revoked", "not_solved"),
        (((5, "attendant"), (9, "negative"), (20, "positive")), "confirmed", "positive_sign"),
        (((5, "attendant"), (9, "positive"), (20, "negative")), "revoked", "not_solved"),
        (((5, "attendant"), (9, "sarcastic")), None, "sarcastic"),
        (((5, "bot"), (9, "attendant"), (20, "positive")), "escalated", "human_took_over"),
        (((5, "bot"), (7, "positive"), (9, "attendant")), "confirmed", "positive_sign"),
        (((5, "attendant"), (9, "bot"), (20, "positive")), "confirmed", "positive_sign"),
        (((3, "wants_human"), (5, "attendant"), (9, "positive")), "escalated", "asked_for_human"),
        (((5, "bot?"),), None, "no_help"),
        (((5, "bot?"), (9, "attendant")), "escalated", "human_took_over"),
        (((5, "solved_alone"),), None, "solved_alone"),
        (((END - DAY + 1, "attendant"),), None, "still_open"),
    ],
)
def test_how_it_ended(happened: tuple[tuple[int, str], ...], outcome: str | None, rule: str) -> None:
    found = truth(asked(*happened))

    assert (found.outcome, found.outcome_rule) == (outcome, rule)


@pytest.mark.parametrize(("again_at", "outcome"), [(2 * DAY, "revoked"), (3, "confirmed")])
def test_coming_back_after_an_answer_takes_back_what_was_thanked_for(again_at: int, outcome: str) -> None:
    first = asked((5, "bot"), (9, "positive"))
    later = Asked("pix", ASKER, parts=[say(again_at)], earlier=first)
    first.again = later

    assert truth(first, later).outcome == outcome
    assert Book([later]).truth(END).questions[0].repeats == (CAST.main.id, 1)


def test_what_was_never_written_is_no_answer_and_no_sign() -> None:
    question = asked((5, "attendant"))
    question.answers.append((Say(CAST.main, BOT, ""), "bot", "helps"))
    question.signs.append(("positive", Say(CAST.main, ASKER, "")))

    assert truth(question).outcome == "assumed"
    assert [answer.role for answer in truth(question).answers] == ["attendant"]
    assert Book([Asked("pix", ASKER, parts=[Say(CAST.main, ASKER, "")])]).truth(END).questions == ()


def test_an_answer_in_the_chat_that_it_moved_to_is_not_counted_and_the_outcome_left_open() -> None:
    question = asked()
    moved = say(2, ATTENDANT, CAST.moved)
    question.answers.append((moved, "attendant", "helps"))
    question.said.append(moved)
    found = truth(question)

    assert (found.answers, found.outcome, found.outcome_rule) == ((), None, "chat_moved")
    assert found.conversation_ids == (1,)


@pytest.mark.parametrize("more", [{"is_private": True}, {"is_spoken": True}])
def test_what_the_lake_cannot_see_has_no_outcome(more: dict[str, bool]) -> None:
    assert truth(asked((5, "bot"), **more)).outcome is None


def test_both_readings_of_a_bot_that_knows_nothing_are_first_answers() -> None:
    found = truth(asked((5, "bot?"), (9, "attendant")))

    assert [answer and answer.role for answer in found.first_answers] == ["bot", "attendant"]
    assert truth(asked()).first_answers == (None,)
