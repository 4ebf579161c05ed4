"""What is unknown is told: by `telelake status`, as JSON too, and in `/metrics`."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from telelake.cli import cli as command_line
from telelake.operate.home import open_home
from telelake.settings import Settings
from telelake.wiring import App
from tests.conftest import LakeFolder, message

PERSON = "Ana Fictícia, +55 11 90000-0000"


@pytest.fixture
def drifted(lake: LakeFolder) -> LakeFolder:
    """A lake with something new, and with what people wrote in it."""
    open_home(lake.store, "America/Sao_Paulo", is_given=True)
    entity = {"type": "sparkle", "offset": 0, "length": 3}
    lake.seal(
        [
            lake.record(message(1, 1, PERSON, mood=PERSON, entities=[entity]), record_id="r-1"),
            lake.record({"update_id": 2, PERSON: {"text": PERSON}}, record_id="r-2"),
        ]
    )
    lake.wrangle()
    return lake


def test_status_tells_it(drifted: LakeFolder) -> None:
    """Names and counts with an example, never what a person wrote."""
    arguments = ["status", "--home", str(drifted.root)]

    found = json.loads(CliRunner().invoke(command_line, [*arguments, "--json"]).stdout)["drift"]
    said = CliRunner().invoke(command_line, arguments).stdout

    day = {"updates": 1, "first_day": "2026-03-10", "last_day": "2026-03-10"}
    assert found == [
        {"what": "field", "path": "Message.mood", "value": "", "example_raw": "r-1", **day},
        {"what": "kind", "path": "?", "value": "", "example_raw": "r-2", **day},
        {"what": "tag", "path": "MessageEntity.type", "value": "sparkle", "example_raw": "r-1", **day},
    ]
    assert "Not in Bot API 10.3" in said
    assert "MessageEntity.type" in said
    assert "Ana" not in said
    assert "90000" not in said


def test_status_of_a_lake_without_drift_does_not_speak_of_it(lake: LakeFolder) -> None:
    """Nor is anything published for it."""
    open_home(lake.store, "America/Sao_Paulo", is_given=True)
    lake.add(message(1, 1))
    lake.wrangle()

    assert "drift" not in lake.release().tables
    assert "Bot API" not in CliRunner().invoke(command_line, ["status", "--home", str(lake.root)]).stdout


def test_metrics_count_it(drifted: LakeFolder) -> None:
    """How many different things, by what they are."""
    app = App(Settings(home=str(drifted.root)))

    text = app.metrics(with_lake=True).text().decode()

    assert 'telelake_lake_unknown{what="field"} 1.0' in text
    assert 'telelake_lake_unknown{what="kind"} 1.0' in text
    assert 'telelake_lake_unknown{what="tag"} 1.0' in text
    assert 'telelake_lake_unknown{what="type"} 0.0' in text
