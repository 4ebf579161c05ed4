"""Golden cases of talk: a folder holds what was said (said.csv) and what tables must then hold; talk.json has settings.

A header says which columns count. Everything goes the whole way: captured, wrangled, made, published.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from telelake.settings import Talk
from telelake.talk import again, callings, outcome, ties, words
from telelake.talk.makers import Conversations, Questions
from telelake.talk.rules import rules_of
from tests.conftest import LakeFolder
from tests.talk.scenes import PEOPLE, ZONE, read, updates

CASES = Path(__file__).parent / "cases"


def with_talk(lake: LakeFolder, **settings: object) -> LakeFolder:
    """Return a lake that makes the tables of talk too."""
    rules = rules_of(Talk.model_validate({"attendants": [PEOPLE["rita"]], **settings}), ZONE)
    lake.wrangler = replace(lake.wrangler, makers=(Questions(rules), Conversations(rules)))
    return lake


NEVER = re.compile(r"(?!)")
SABOTAGED: Mapping[str, tuple[ModuleType, str, object]] = {
    "called_by_name": (callings, "_names", lambda said: ()),
    "bot_answers_at_once": (callings, "_PROMPT", -1),
    "attendant_says_not_whom": (ties, "_last_asked", lambda *_: None),
    "came_back_in_other_words": (again, "comes_back", lambda folded: False),
    "wants_a_human_and_nobody_comes": (outcome, "_was_heard", lambda *_: True),
    "in_two_messages": (ties, "_AT_ONCE", 0),
    "sour_thanks": (words, "SOUR", NEVER),
    "follow_up_is_the_same_question": (ties, "_follows_up", lambda said: False),
    "thanks_show_whose_answer_it_was": (ties, "_shows_whose", lambda *_: False),
    "answers_and_asks": (outcome, "asks_back", lambda folded: folded.endswith("?")),
}
"""What a case guards, and what stands there when it does not hold."""


@pytest.mark.parametrize("case", sorted(SABOTAGED))
def test_twin(case: str, make_lake: Callable[..., LakeFolder], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what it guards, a case fails."""
    module, name, instead = SABOTAGED[case]
    assert hasattr(module, name)
    monkeypatch.setattr(module, name, instead)

    with pytest.raises(AssertionError, match=case):
        test_case(case, make_lake)


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir() if path.is_dir()))
def test_case(case: str, make_lake: Callable[..., LakeFolder]) -> None:
    """What was said gives the questions and conversations that the case says."""
    folder = CASES / case
    settings = json.loads((folder / "talk.json").read_text("utf-8")) if (folder / "talk.json").exists() else {}
    lake = with_talk(make_lake(iceberg=False), **settings)
    lake.seal([lake.record(update, at) for update, at in updates(read(folder / "said.csv"))])
    lake.wrangle()
    for path in sorted(folder.glob("*.csv")):
        if path.stem == "said":
            continue
        with path.open(encoding="utf-8", newline="") as file:
            columns, *expected = list(csv.reader(file))
        cast = ", ".join(f"coalesce(CAST({column} AS VARCHAR), '')" for column in columns)
        found = lake.rows(f"SELECT {cast} FROM {path.stem}") if lake.files(path.stem) else []

        assert sorted(map(list, found)) == sorted([each.strip() for each in row] for row in expected), (
            f"{case}/{path.name}"
        )
