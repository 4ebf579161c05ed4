"""A lake that does without questions has none, and all its other tables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from telelake.settings import load
from telelake.wiring import App
from tests.conftest import LakeFolder, message


@pytest.mark.parametrize("is_enabled", [True, False])
def test_questions_are_made_where_they_are_wanted(tmp_path: Path, is_enabled: bool) -> None:
    lake = LakeFolder(tmp_path)
    lake.store.put("lake.json", json.dumps({"format": 1, "timezone": str(lake.zone)}).encode())
    lake.add(message(1, 1, "como emito a nota fiscal?"))
    app = App(load(home=str(tmp_path), timezone=str(lake.zone), talk__enabled=is_enabled))
    app.wrangle_due()
    with app.lake() as opened:
        ((questions, messages),) = opened.query(
            "SELECT (SELECT count(*) FROM questions), (SELECT count(*) FROM messages)"
        ).rows
    app.close()

    assert (questions, messages) == (int(is_enabled), 1)
