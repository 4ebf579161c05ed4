"""The truth of the made-up group agrees with what is sent: every label is of a message that is there, in order."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from telelake.demo import generate
from telelake.demo.topics import ALL_TOPICS
from telelake.demo.truth import Key, Question, Truth, truth_of
from telelake.demo.wordings import PARTS
from telelake.errors import SettingsError

ZONE = ZoneInfo("America/Sao_Paulo")
END = datetime(2026, 11, 20, 16, 20, tzinfo=ZONE)
BOTH = pytest.mark.parametrize("part", PARTS)
DAY = 86_400


@cache
def made(part: str) -> tuple[dict[Key, dict[str, Any]], list[dict[str, Any]], Truth]:
    """Return the messages by key, the reactions, and the truth of one group."""
    group = generate(3000, 7, 1, END, ZONE, PARTS[part], keeps_truth=True)
    updates = [json.loads(body) for body in {delivery.body for delivery in group}]
    messages = [update["message"] for update in updates if "message" in update]
    reactions = [update["message_reaction"] for update in updates if "message_reaction" in update]
    return {(m["chat"]["id"], m["message_id"]): m for m in messages}, reactions, group.truth


def role(message: dict[str, Any]) -> str:
    sender = message["from"]
    if sender["is_bot"]:
        return "bot"
    return "attendant" if "_aurora_ficticia" in sender.get("username", "") else "customer"


def contradictions(truth: Truth, messages: dict[Key, dict[str, Any]]) -> list[str]:
    """Return all that the messages say against the labels."""
    found = []
    for question in truth.questions:
        name, asker = f"{question.topic} {question.message_id}", question.user_id
        parts = [messages.get((question.chat_id, part)) for part in question.part_ids]
        if any(part is None or part["from"]["id"] != asker for part in parts):
            found.append(f"{name}: the asker did not write all of its parts")
        if not set(question.part_ids) <= set(question.conversation_ids):
            found.append(f"{name}: a part is outside its conversation")
        if any((question.chat_id, each) not in messages for each in question.conversation_ids):
            found.append(f"{name}: a message of its conversation was never sent")
        for answer in question.answers:
            message = messages.get((question.chat_id, answer.message_id))
            if message is None or (message["from"]["id"], message["date"]) != (answer.user_id, answer.sent_at):
                found.append(f"{name}: answer {answer.message_id} is not there, or another's")
            elif role(message) != answer.role or answer.user_id == asker:
                found.append(f"{name}: answer {answer.message_id} is no {answer.role}'s")
            elif answer.sent_at < question.asked_at:
                found.append(f"{name}: answered before it was asked")
    return found


@BOTH
def test_every_label_is_of_a_message_that_was_sent_and_answers_come_after_questions(part: str) -> None:
    messages, _, truth = made(part)

    assert len(truth.questions) > 400
    assert not contradictions(truth, messages)
    assert all(key in messages for key in truth.debatable)


def test_a_label_that_is_wrong_is_noticed() -> None:
    messages, _, truth = made("development")
    answered = next(question for question in truth.questions if question.answers)
    first = answered.answers[0]
    chat = answered.chat_id
    without = {key: value for key, value in messages.items() if key != (chat, first.message_id)}
    early = {**messages, (chat, first.message_id): {**messages[chat, first.message_id], "date": answered.asked_at - 1}}

    assert contradictions(truth, without)
    assert contradictions(truth, early)


@BOTH
def test_no_message_has_two_labels(part: str) -> None:
    _, _, truth = made(part)
    parts = Counter((q.chat_id, each) for q in truth.questions for each in q.part_ids)

    assert set(parts.values()) == {1}
    assert truth.asking().keys() == parts.keys()
    assert not truth.debatable & parts.keys()


@BOTH
def test_a_reply_link_never_contradicts_who_answers_whom(part: str) -> None:
    """Where an answer has a link, it points into the question's own conversation."""
    messages, _, truth = made(part)
    linked = bare = 0
    for question in truth.questions:
        for answer in question.answers:
            target = messages[question.chat_id, answer.message_id].get("reply_to_message")
            if target is None:
                bare += 1
            else:
                linked += 1
                assert target["message_id"] in question.conversation_ids

    assert linked > bare > 0.1 * linked, "some answers are only understood by who reads them"


@BOTH
def test_outcomes_are_what_the_messages_show(part: str) -> None:
    messages, reactions, truth = made(part)
    reacted = {(each["chat"]["id"], each["message_id"], each["user"]["id"]) for each in reactions}
    for question in truth.questions:
        chat, asker, answers = question.chat_id, question.user_id, question.answers
        later = [
            key for key in question.conversation_ids if answers and messages[chat, key]["date"] >= answers[0].sent_at
        ]
        spoke = any(messages[chat, key]["from"]["id"] == asker for key in later)
        has_reacted = any((chat, answer.message_id, asker) in reacted for answer in answers)
        if question.outcome == "confirmed":
            assert answers
            assert spoke or has_reacted
        elif question.outcome == "unanswered":
            assert not answers
            assert all(role(messages[chat, key]) == "customer" for key in question.conversation_ids)
        elif question.outcome == "assumed":
            assert END.timestamp() - answers[-1].sent_at >= DAY
            assert not has_reacted
        elif question.outcome_rule == "human_took_over":
            roles = [answer.role for answer in answers]
            assert "attendant" in roles[roles.index("bot") :]


@BOTH
def test_who_comes_back_has_an_earlier_question_of_the_same_topic(part: str) -> None:
    _, _, truth = made(part)
    by_key = {(q.chat_id, q.message_id): q for q in truth.questions}
    again = [(q, by_key[q.repeats]) for q in truth.questions if q.repeats]

    assert again
    for later, earlier in again:
        assert (later.user_id, later.topic) == (earlier.user_id, earlier.topic)
        assert later.asked_at > earlier.asked_at
        if earlier.answers and earlier.answers[0].sent_at < later.asked_at:
            assert earlier.outcome in ("revoked", None)


@BOTH
def test_nobody_asks_about_a_topic_twice_by_chance(part: str) -> None:
    """Else the table would rightly say that somebody came back, and the truth would not."""
    _, _, truth = made(part)
    fresh = [question for question in truth.questions if not question.repeats]
    twice = Counter((q.user_id, q.topic) for q in fresh)

    assert sum(count - 1 for count in twice.values()) <= 0.02 * len(fresh)


@BOTH
def test_it_is_varied_enough_to_measure_by(part: str) -> None:
    messages, _, truth = made(part)
    group = [q for q in truth.questions if q.outcome_rule != "not_seen"]
    texts = [
        messages[q.chat_id, q.message_id].get("text", messages[q.chat_id, q.message_id].get("caption")) for q in group
    ]
    firsts = Counter(q.answers[0].role for q in group if q.answers)

    assert {q.topic for q in truth.questions} >= {topic.key for topic in ALL_TOPICS if topic.weight > 1}
    assert {q.outcome for q in group} >= {"confirmed", "assumed", "revoked", "escalated", "unanswered"}
    assert min(firsts["bot"], firsts["attendant"], firsts["customer"]) > 0.05 * len(group)
    assert len(set(texts)) > 0.93 * len(texts)
    assert sum("?" not in text for text in texts if text) > 0.4 * len(texts)
    assert any(len(q.part_ids) > 1 for q in group)
    assert any(len(q.answers) > 2 for q in group)
    assert any(q.answers and q.answers[0].sent_at - q.asked_at > 10 * 3600 for q in group)


def test_questions_of_the_parts_are_never_worded_alike() -> None:
    texts = []
    for part in PARTS:
        messages, _, truth = made(part)
        said = (messages[q.chat_id, q.message_id].get("text", "") for q in truth.questions)
        texts.append({text.casefold() for text in said if len(text.split()) > 2})

    assert min(map(len, texts)) > 300
    assert texts[0] & texts[1] == {"alguém sabe se a loja abre no feriado?"}, "the one that every demo has"


def test_the_truth_is_the_same_each_time_and_another_for_another_seed() -> None:
    one, same, other = (truth_of(500, 4, seed, END, ZONE, PARTS["held_out"]) for seed in (3, 3, 4))

    assert one == same != other


def test_keeping_the_truth_changes_nothing_that_is_sent() -> None:
    kept, plain = (generate(500, 4, 3, END, ZONE, keeps_truth=keeps) for keeps in (True, False))

    assert list(kept) == list(plain)
    with pytest.raises(SettingsError, match="keeps_truth"):
        _ = plain.truth


def test_short_groups_have_a_truth_too() -> None:
    for messages, days in ((1, 1), (40, 2), (300, 30)):
        truth = truth_of(messages, days, 1, END, ZONE, PARTS["development"])
        assert all(isinstance(question, Question) for question in truth.questions)
