"""A person's correction: a raw record of its own, which every later build keeps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from telelake.errors import SettingsError
from telelake.operate.labels import correct
from telelake.talk import labels
from telelake.talk.labels import Label
from telelake.wrangle import frozen
from telelake.wrangle.masks.columns import Masks
from telelake.wrangle.masks.ids import Pseudonyms
from tests.conftest import BOT, LakeFolder
from tests.talk.scenes import GROUP, PEOPLE, ZONE, line, updates
from tests.talk.test_cases import with_talk

SAID = [
    line({"at": at, "who": who, "number": number, "reply": reply, "text": text, "chat": chat})
    for at, who, number, reply, text, chat in (
        ("2026-03-10 09:00:00", "ana", "1", "", "qual o prazo de entrega?", ""),
        ("2026-03-10 09:00:02", "bot", "2", "1", "Cinco dias úteis.", ""),
        ("2026-03-10 09:30:00", "bia", "3", "", "alteração do endereço", ""),
        ("2026-03-10 10:00:00", "caio", "1", "", "onde fica o menu?", "caio"),
        ("2026-03-12 12:00:00", "eva", "900", "", "boa noite", ""),
    )
]
NOW = datetime(2026, 3, 13, tzinfo=UTC)


@pytest.fixture
def lake(make_lake: Callable[..., LakeFolder]) -> LakeFolder:
    """A lake with two questions and what might be one."""
    return filled(make_lake(iceberg=False))


def filled(lake: LakeFolder) -> LakeFolder:
    """Put the talk into a lake, and make its tables."""
    with_talk(lake)
    lake.seal([lake.record(update, at) for update, at in updates(SAID)])
    lake.wrangle()
    return lake


def say(lake: LakeFolder, question: str, *, minutes: int = 0, **said: Any) -> None:
    """Correct a question, and build what is due by that."""
    correct(question, Label(**said), lake.store, lake.files("messages"), clock=lambda: NOW + timedelta(minutes=minutes))
    lake.wrangle()


def found(lake: LakeFolder) -> dict[str, tuple[Any, ...]]:
    """Return outcome, rule, who answered and whether it was corrected, by question."""
    rows = lake.rows("SELECT question_id, outcome, outcome_rule, answered_by, corrected FROM questions")
    return {name: tuple(rest) for name, *rest in rows}


BEFORE = {
    f"1@{GROUP}": ("assumed", "silence", "bot", False),
    f"1@{PEOPLE['caio']}@{BOT}": ("unanswered", "no_answer", None, False),
}


def test_a_correction_is_kept(lake: LakeFolder) -> None:
    """It changes its question in the next build, and in every build from nothing; only its day was due."""
    assert found(lake) == BEFORE
    correct(f"1@{GROUP}", Label(outcome="revoked"), lake.store, lake.files("messages"))
    due = lake.wrangler.why_due(*lake.wrangler.status()[:2])
    lake.wrangle()

    assert [str(each.day) for each in due] == ["2026-03-10"]
    assert found(lake) == BEFORE | {f"1@{GROUP}": ("revoked", "label", "bot", True)}
    assert lake.rows("SELECT DISTINCT outcome, corrected FROM conversations WHERE questions > 0 AND chat_id < 0") == [
        ("revoked", True)
    ]
    lake.wrangle(lambda day: True)
    assert found(lake)[f"1@{GROUP}"] == ("revoked", "label", "bot", True)


def test_the_record_is_a_row_of_updates(lake: LakeFolder) -> None:
    """Nothing is dropped: it is in the books, under its own kind, and is no drift of Telegram's."""
    say(lake, f"1@{GROUP}", outcome="confirmed")

    rows = lake.rows(
        "SELECT kind, source, bot_id, CAST(context_date AS VARCHAR), notes FROM updates WHERE source = 'label'"
    )
    assert rows == [("telelake_label", "label", 0, "2026-03-10", None)]
    assert not lake.files("drift")


def test_later_words_win_field_by_field(lake: LakeFolder) -> None:
    """What is said of another field stays; the same said again after another is not a repeat of the first."""
    name = f"1@{GROUP}"
    say(lake, name, outcome="confirmed", minutes=1)
    say(lake, name, answered_by="attendant", minutes=2)
    say(lake, name, outcome="revoked", minutes=3)
    say(lake, name, outcome="confirmed", minutes=4)

    assert found(lake)[name] == ("confirmed", "label", "attendant", True)
    say(lake, name, minutes=5)
    assert found(lake) == BEFORE


def test_a_message_is_no_question_or_is_one(lake: LakeFolder) -> None:
    """A row can be taken out, and a message that no rule knew can be put in."""
    say(lake, f"1@{GROUP}", is_question=False, minutes=1)
    say(lake, f"3@{GROUP}", is_question=True, minutes=2)

    assert sorted(found(lake)) == sorted([f"3@{GROUP}", f"1@{PEOPLE['caio']}@{BOT}"])
    say(lake, f"1@{GROUP}", is_question=True, minutes=3)
    assert f"1@{GROUP}" in found(lake)


def test_nobody_answered(lake: LakeFolder) -> None:
    """An answer that was none leaves nothing of itself."""
    say(lake, f"1@{GROUP}", answered_by="nobody")

    assert found(lake)[f"1@{GROUP}"] == ("unanswered", "label", None, True)
    assert lake.rows("SELECT answer_message_id, bot_answer_seconds FROM questions WHERE chat_id < 0") == [(None, None)]


def test_who_answered_is_said_where_nobody_was_seen(lake: LakeFolder) -> None:
    """A question that somebody answered did not end unanswered; what ended another way, stays so."""
    asked = f"1@{PEOPLE['caio']}@{BOT}"
    say(lake, asked, answered_by="attendant", minutes=1)
    say(lake, f"1@{GROUP}", answered_by="customer", minutes=2)

    assert found(lake) == {
        asked: ("assumed", "label", "attendant", True),
        f"1@{GROUP}": ("assumed", "silence", "customer", True),
    }


def test_with_pseudonyms_before_and_after(make_lake: Callable[..., LakeFolder]) -> None:
    """A correction names its question as the tables do; it holds when persons become hashes, and when they are."""
    lake = filled(make_lake(iceberg=False))
    say(lake, f"1@{PEOPLE['caio']}@{BOT}", outcome="escalated", minutes=1)
    lake.mask(Masks(Pseudonyms("k" * 40, [BOT]), "BR"))
    with_talk(lake)
    lake.wrangle()

    ((name,),) = lake.rows("SELECT question_id FROM questions WHERE chat_id > 0")
    assert str(PEOPLE["caio"]) != name.split("@")[1]
    assert found(lake)[name][0] == "escalated"
    say(lake, name, outcome="confirmed", minutes=2)
    assert found(lake)[name] == ("confirmed", "label", None, True)


def test_what_is_no_question_is_refused(lake: LakeFolder) -> None:
    """Nothing is written for a name of another form, or of no message; nor for a day whose raw has expired."""
    before = [each.key for each in lake.store.list("raw/")]
    for name in ("", "1", "1@x", "x@1", "5@-1001", "1@2@3@4"):
        with pytest.raises(SettingsError, match="message"):
            correct(name, Label(outcome="confirmed"), lake.store, lake.files("messages"))
    frozen.freeze(lake.store, datetime.fromtimestamp(SAID[0].at, ZONE).date(), [], None)
    with pytest.raises(SettingsError, match="frozen"):
        correct(f"1@{GROUP}", Label(outcome="confirmed"), lake.store, lake.files("messages"))

    assert [each.key for each in lake.store.list("raw/")] == before


@pytest.mark.parametrize(
    "text",
    [None, "", "[]", "1", '{"telelake_label":1}', '{"telelake_label":{"message_id":true,"chat":{"id":1},"account_id":0}}',
     '{"telelake_label":{"message_id":1,"chat":5,"account_id":0,"outcome":"confirmed"}}',
     '{"telelake_label":{"message_id":1,"chat":{"id":5},"account_id":0,"outcome":"solved","is_question":1}}'],
)  # fmt: skip
def test_what_is_no_label_says_nothing(text: str | None) -> None:
    """A record of the kind that somebody else wrote costs nothing but itself."""
    assert labels.read_labels([(text, 1)]) == {}
