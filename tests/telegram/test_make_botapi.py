"""The script that writes the reduced Bot API, over a small schema in the form of aiogram's."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from telelake.telegram.update import botapi

PATH = Path(__file__).parents[2] / "docs" / "make_botapi.py"
_spec = importlib.util.spec_from_file_location("make_botapi", PATH)
assert _spec is not None and _spec.loader is not None
make_botapi = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(make_botapi)

SAMPLE = Path(__file__).with_name("schema_sample.json")


def sample() -> dict[str, Any]:
    """Return the schema: made up, in the form and the phrases of the real one."""
    return json.loads(SAMPLE.read_text(encoding="utf-8"))


def before() -> dict[str, Any]:
    """Return what the last file could have said of it."""
    return {
        **{key: botapi()[key] for key in botapi() if key.startswith("undocumented")},
        "botapi": "10.3",
        "update_kinds": ["message", "poll"],
        "message_meta_fields": ["date", "message_id"],
        "message_content_fields": ["text"],
        "message_service_fields": ["new_chat_title"],
        "types": {
            "Update": {
                "fields": [["update_id", "Integer", True], ["message", "Message", False], ["poll", "Poll", False]]
            },
            "Message": {
                "fields": [
                    ["message_id", "Integer", True],
                    ["date", "Integer", True],
                    ["text", "Integer", False],
                    ["new_chat_title", "String", False],
                    ["dropped", "String", False],
                ]
            },
            "Origin": {"one_of": ["OriginUser"], "fields": []},
            "OriginUser": {"fields": [["type", "String", True, ["user"]]]},
            "Poll": {"fields": [["type", "String", True, ["regular"]]]},
        },
    }


def test_a_schema_is_reduced_to_names_types_and_fixed_values() -> None:
    """Values only where the text says that there are no others; methods not at all."""
    found = make_botapi.reduced(sample(), "a sample", before())

    assert found["botapi"] == "10.4"
    assert found["update_kinds"] == ["message", "story_post"]
    assert found["types"]["Origin"] == {"one_of": ["OriginUser", "OriginPlanet"], "fields": []}
    assert found["types"]["OriginPlanet"]["fields"] == [["type", "String", True, ["planet"]]]
    assert found["types"]["Poll"]["fields"] == [
        ["type", "String", True, ["regular", "quiz"]],
        ["topic", "String", False],
    ]
    assert "sendMessage" not in found["types"]
    assert found["message_content_fields"] == ["text", "hologram"]
    assert found["message_service_fields"] == ["new_chat_title", "mood_changed"]
    assert found["message_meta_fields"] == ["date", "message_id", "mood"]
    assert found["undocumented_keys_the_server_writes"] == botapi()["undocumented_keys_the_server_writes"]


def test_what_is_new_is_said() -> None:
    """Kinds, fields, members, values, types; and where a new field of a message was put."""
    said = set(make_botapi.news(make_botapi.reduced(sample(), "a sample", before()), before()))

    assert said == {
        "new update kind: story_post",
        "gone update kind: poll",
        "new field: Update.story_post (StoryPost)",
        "gone field: Update.poll",
        "new type: StoryPost",
        "new type: OriginPlanet",
        "new member of Origin: OriginPlanet",
        "new field: Message.mood (String), put into message_meta_fields: look whether it belongs there",
        "new field: Message.hologram (Array of PhotoSize), put into message_content_fields: look whether it belongs there",
        "new field: Message.mood_changed (True), put into message_service_fields: look whether it belongs there",
        "gone field: Message.dropped",
        "other type: Message.text was Integer, is String",
        "new value of Poll.type: quiz",
        "new field: Poll.topic (String)",
    }


def test_what_no_column_reads_is_said() -> None:
    """By the tables as they are declared, of each kind's payload."""
    said = dict(line.split(": ", 1) for line in make_botapi.unread(botapi()))

    assert "show_caption_above_media" in said["Message"]
    assert "description_entities" in said["Poll"]
    assert "CallbackQuery" not in said
    assert " text," not in said["Message"]


@pytest.mark.parametrize("check", [False, True])
def test_a_file_is_read_without_a_network(
    check: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--schema FILE` writes the file; with `--check` only the answer says that it differs."""
    target = tmp_path / "botapi.json"
    target.write_text(json.dumps(before()))
    old = target.read_bytes()
    monkeypatch.setattr(make_botapi, "FILE", target)
    monkeypatch.setattr(make_botapi, "unread", lambda api: [])
    monkeypatch.setattr(sys, "argv", ["make_botapi.py", "--schema", str(SAMPLE), *(["--check"] if check else [])])

    assert make_botapi.main() == int(check)

    assert (target.read_bytes() == old) == check
    assert "Bot API 10.4 of 2027-01-31; the file was 10.3." in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["make_botapi.py", "--schema", str(SAMPLE), "--check"])
    assert make_botapi.main() == int(check)
