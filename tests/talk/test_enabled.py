"""A lake that does without questions has none, and all its other tables; what there was of them goes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from telelake.ports import Maker
from telelake.settings import load
from telelake.talk import off
from telelake.wiring import App
from tests.conftest import NOW, LakeFolder, message

COUNTS = (
    "SELECT (SELECT count(*) FROM questions), (SELECT count(*) FROM conversations), (SELECT count(*) FROM messages)"
)


@pytest.fixture
def lake(tmp_path: Path) -> LakeFolder:
    """A lake in which somebody asks, on two days."""
    lake = LakeFolder(tmp_path)
    lake.store.put("lake.json", json.dumps({"format": 1, "timezone": str(lake.zone)}).encode())
    before = int((NOW - timedelta(days=1)).timestamp())
    lake.add(message(1, 1, "como emito a nota fiscal?"), message(2, 2, "como cancelo o plano?", date=before))
    return lake


def counts(lake: LakeFolder, makers: Sequence[Maker] | None = None, **talk: bool) -> tuple[int, ...]:
    """Wrangle what is due under a setting, and return how many questions, conversations and messages there are."""
    app = App(load(home=str(lake.root), timezone=str(lake.zone), **{f"talk__{name}": on for name, on in talk.items()}))
    if makers is not None:
        app.__dict__["makers"] = makers
    app.wrangle_due()
    with app.lake() as opened:
        (found,) = opened.query(COUNTS).rows
    app.close()
    return tuple(found)


@pytest.mark.parametrize("is_enabled", [True, False])
def test_questions_are_made_where_they_are_wanted(lake: LakeFolder, is_enabled: bool) -> None:
    """And nowhere else."""
    assert counts(lake, enabled=is_enabled) == (2 * is_enabled, 2 * is_enabled, 2)


def test_switched_off_they_go_and_come_back(lake: LakeFolder) -> None:
    """Rows that no build would touch again do not pass for the truth."""
    assert counts(lake) == (2, 2, 2)
    assert counts(lake, enabled=False) == (0, 0, 2)
    assert counts(lake) == (2, 2, 2)


def test_twin_without_what_empties_them_they_stay(lake: LakeFolder) -> None:
    """The test above sees the fault that it is for."""
    assert counts(lake) == (2, 2, 2)
    assert counts(lake, makers=(), enabled=False) == (2, 2, 2)


def test_twin_of_one_recipe_they_stay(lake: LakeFolder) -> None:
    """It is the other recipe that makes days due."""
    assert counts(lake) == (2, 2, 2)
    app = App(load(home=str(lake.root), timezone=str(lake.zone)))
    same = [off.Off(maker.table, maker.recipe) for maker in app.makers]
    app.close()
    assert counts(lake, makers=same, enabled=False) == (2, 2, 2)


def test_made_elsewhere_they_stay(lake: LakeFolder) -> None:
    """A machine that cannot make them, as the function on AWS, leaves them to the one that can."""
    assert counts(lake) == (2, 2, 2)
    assert counts(lake, elsewhere=True) == (2, 2, 2)
