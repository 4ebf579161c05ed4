"""The dashboard of a real lake takes its quick copy as soon as it is there, and nobody else makes one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from telelake.errors import QueryRefused
from telelake.present import quick
from telelake.settings import load
from telelake.wiring import App
from tests.conftest import LakeFolder, message


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LakeFolder:
    """A lake of one day, and every lake large enough for a copy."""
    monkeypatch.setattr(quick, "_FEW_FILES", 1)
    lake = LakeFolder(tmp_path / "lake")
    lake.store.put("lake.json", json.dumps({"format": 1, "timezone": str(lake.zone)}).encode())
    lake.add(*(message(number, number, f"canário {number}") for number in range(1, 40)))
    lake.wrangle()
    return lake


def counted(app: App) -> int:
    """Return the messages that the copy holds, by which it is seen that there is one."""
    found = app.lake().query("SELECT CAST(sum(messages) AS BIGINT) FROM quick.voices").rows
    return int(found[0][0])


def test_a_release_is_answered_from_its_files_until_its_copy_is_there(folder: LakeFolder) -> None:
    app = App(load(home=str(folder.root)))
    app.dashboard()
    try:
        assert app.lake().query("SELECT count(*) FROM messages").rows == [(39,)]
        assert app._copies is not None
        app._copies.wait()
        assert counted(app) == 39
        folder.add(message(40, 40, "mais um"))
        folder.wrangle()
        assert app.lake().query("SELECT count(*) FROM messages").rows == [(40,)]
        app._copies.wait()
        assert counted(app) == 40
    finally:
        app.close()
    assert len(list((app.state / "cache" / "quick").iterdir())) == 1


@pytest.mark.parametrize("off", [False, True])
def test_only_a_dashboard_that_may_makes_one(folder: LakeFolder, off: bool) -> None:
    app = App(load(home=str(folder.root), dashboard__copy_release=not off))
    try:
        if off:
            app.dashboard()
        with pytest.raises(QueryRefused):
            counted(app)
        assert not (app.state / "cache" / "quick").exists()
    finally:
        app.close()
