"""Law 8 in the tables of talk: of somebody who asked, was answered, was corrected and gave a topic its name, nothing is left.

The search is that of `tests/operate/test_forget.py`: its own, over every file unpacked.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from telelake.errors import CheckFailed
from telelake.settings import load
from telelake.talk.labels import Label
from telelake.wiring import App
from tests.conftest import BOT, NOW, LakeFolder, message
from tests.operate.test_forget import HER, NAME, OTHER, SECRET, USER, found
from tests.talk.topics.sayings import questions

MAID = {"id": BOT, "is_bot": True, "first_name": "Bot"}
TABLES = ("questions", "conversations", "question_topics")


def app_of(lake: LakeFolder, **talk: bool) -> App:
    """Return the app of a lake."""
    return App(load(home=str(lake.root), timezone=str(lake.zone), **{f"talk__{name}": on for name, on in talk.items()}))


def said() -> list[dict[str, Any]]:
    """Her questions in a group and in private, answers to her and by her, and the questions of many others."""
    start = int((NOW - timedelta(days=2)).timestamp())
    private = {"id": HER, "type": "private", "first_name": "Zuleika"}
    hers = [
        message(1, 1, f"não consigo entrar, {SECRET}", date=start, **{"from": USER}),
        message(2, 2, f"{NAME}, a senha nova já vale", date=start + 60, **{"from": OTHER}),
        message(3, 3, "obrigada, funcionou", date=start + 90, reply_to_message={"message_id": 2}, **{"from": USER}),
        message(4, 4, "como emito a nota fiscal?", date=start + 1000, **{"from": OTHER}),
        message(5, 5, f"em Conta, {SECRET}", date=start + 1060, reply_to_message={"message_id": 4}, **{"from": USER}),
        message(6, 6, f"como cancelo? {SECRET}", date=start + 2000, chat=private, **{"from": USER}),
        message(7, 7, "pelo aplicativo", date=start + 2002, chat=private, **{"from": MAID}),
    ]
    asking = [
        message(100 + at, 100 + at, text, date=start + 4000 + 60 * at, **{"from": {**OTHER, "id": 5_500_000_100 + at}})
        for at, (text, _) in enumerate(questions())
    ]
    return [*hers, *asking]


@pytest.fixture
def lake(tmp_path: Path) -> LakeFolder:
    """A lake with her in all tables of talk, in a correction, and in the name of a topic."""
    lake = LakeFolder(tmp_path / "lake")
    lake.store.put("lake.json", json.dumps({"format": 1, "timezone": str(lake.zone)}).encode())
    lake.add(*said())
    app = app_of(lake)
    app.wrangle_due()
    ((private,),) = app.lake().query(f"SELECT question_id FROM questions WHERE chat_id = {HER}").rows
    app.correct(private, Label(outcome="confirmed"))
    app.fit_topics()
    shelved = app.topic_models.latest()
    assert shelved is not None
    app.topic_models.add(shelved.model.renamed(shelved.model.topics[0].id, f"assunto de {NAME}"))
    app.wrangle_due()
    app.close()
    return lake


def her_tables(lake: LakeFolder) -> set[str]:
    """Return the tables of talk that have a file in which she is."""
    return {name for name in TABLES for path in found(lake.root) if f"/{name}/" in f"/{path}"}


def test_nothing_is_left_of_somebody_in_the_tables_of_talk(lake: LakeFolder) -> None:
    """Her questions go, and what others asked stays, with an answer that is nobody's words."""
    assert her_tables(lake) == set(TABLES)  # or the test would search in vain
    app = app_of(lake)
    ((before,),) = app.lake().query("SELECT count(*) FROM questions").rows

    report = app.forgetter().forget(user=HER)

    assert found(lake.root) == {}
    assert report.is_proven
    asked = app.lake().query("SELECT count(*), count(*) FILTER (WHERE message_id = 4) FROM questions").rows
    assert asked == [(before - 2, 1)]
    assert app.lake().query(
        f"SELECT count(*) FROM updates WHERE kind = 'telelake_label' AND extra LIKE '%{HER}%'"
    ).rows == [(0,)]
    app.close()


def test_nor_where_questions_were_switched_off_since(lake: LakeFolder) -> None:
    """What is no longer made is no hiding place."""
    app = app_of(lake, enabled=False)

    assert app.forgetter().forget(user=HER).is_proven
    assert found(lake.root) == {}
    app.close()


def test_twin_of_a_machine_that_makes_none_of_them(lake: LakeFolder) -> None:
    """Without what makes them anew she stays in them; it is found, and not said to be done."""
    app = app_of(lake, elsewhere=True)

    with pytest.raises(CheckFailed):
        app.forgetter().forget(user=HER)
    assert her_tables(lake) >= {"questions", "conversations"}
    app.close()
