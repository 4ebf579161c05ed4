"""What of a body the Bot API does not know, and that it is asked of no other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from telelake.telegram import drift
from telelake.telegram.drift import Unknown

CHAT = {"id": -77, "type": "group", "title": "Grupo"}
REAL = Path(__file__).parent.parent / "data" / "updates.ndjson"


def update(**fields: Any) -> dict[str, Any]:
    """Return an update with a message of some fields."""
    return {"update_id": 1, "message": {"message_id": 1, "date": 1772000000, "chat": CHAT, **fields}}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (update(text="oi"), []),
        (update(text=None, photo=[], entities=[None]), []),
        (update(all_members_are_administrators=True, thumb={"any": "thing"}), []),
        ({"update_id": 1, "custom_event": {"any": "thing"}}, []),
        ({"update_id": 1}, []),
        ({"update_id": 1, "story_post": {"text": "oi"}}, [Unknown("kind", "story_post")]),
        ({"update_id": 1, "Ana da Silva": 1, "olá": 2}, [Unknown("kind", "?")]),
        (update(mood="oi"), [Unknown("field", "Message.mood")]),
        (update(mood={"deep": {"er": 1}}, reply_to_message={"mood": 1}), [Unknown("field", "Message.mood")]),
        (update(**{"from": {"id": 1, "+55 11 90000-0000": 1}}), [Unknown("field", "User.?")]),
        (update(entities=[{"type": "bold", "sparkle": 1}]), [Unknown("field", "MessageEntity.sparkle")]),
        (update(entities=[{"type": "sparkle"}]), [Unknown("tag", "MessageEntity.type", "sparkle")]),
        (update(entities=[{"type": "ana@example.org"}]), [Unknown("tag", "MessageEntity.type", "?")]),
        (
            update(forward_origin={"type": "planet", "date": 1, "orbit": 2}),
            [Unknown("field", "MessageOrigin.orbit"), Unknown("tag", "MessageOrigin.type", "planet")],
        ),
        (
            {"update_id": 1, "chat_member": {"chat": CHAT, "new_chat_member": {"status": "levitating"}}},
            [Unknown("tag", "ChatMember.status", "levitating")],
        ),
        (
            {"update_id": 1, "message_reaction": {"chat": CHAT, "new_reaction": [{"type": "sound"}]}},
            [Unknown("tag", "ReactionType.type", "sound")],
        ),
        (
            update(paid_media={"star_count": 1, "paid_media": [{"type": "hologram"}]}),
            [Unknown("tag", "PaidMedia.type", "hologram")],
        ),
        (update(effect_id=5), [Unknown("type", "Message.effect_id", "number")]),
        (update(is_topic_message="yes"), [Unknown("type", "Message.is_topic_message", "text")]),
        (update(photo={"file_id": "a"}), [Unknown("type", "Message.photo", "object")]),
        (update(chat=[1]), [Unknown("type", "Message.chat", "list")]),
        ({"update_id": 1, "message": "oi"}, [Unknown("type", "Update.message", "text")]),
        (update(rich_message={"blocks": [{"type": "paragraph", "text": ["oi", {"type": "bold", "text": "x"}]}]}), []),
        (
            update(rich_message={"blocks": [{"type": "paragraph", "text": [["oi", {"type": "wavy", "text": "x"}]]}]}),
            [Unknown("tag", "RichText.type", "wavy")],
        ),
        (update(location={"latitude": 1, "longitude": 2.5}), []),
    ],
)
def test_what_is_unknown_is_named(body: dict[str, Any], expected: list[Unknown]) -> None:
    """By the Bot API's type and field, each thing once; never the value of a field that people fill."""
    assert drift.unknown(body) == expected
    assert drift.is_known(json.dumps(body).encode()) or expected or "text" in str(body)
    assert not (drift.is_known(json.dumps(body).encode()) and expected)


def test_the_quick_look_knows_nearly_all_real_updates() -> None:
    """Else each body would be looked through. What it does not know of these is there: a field that Telegram dropped, made-up
    oddities, and values that were made unreadable when people were taken out of them."""
    bodies = REAL.read_bytes().splitlines()

    strange = [body for body in bodies if not drift.is_known(body)]

    found = {each.path for body in strange for each in drift.unknown(json.loads(body))}
    scrubbed = {"RichBlockTableCell.align", "RichBlockTableCell.valign"}
    assert found == {"BusinessConnection.can_reply", "Message.?", "new_update_kind", "?"} | scrubbed
    assert len(strange) < len(bodies) / 10


def test_a_body_names_a_bounded_number_of_things() -> None:
    """A body may have four million bytes of keys."""
    body = update(**{f"key_{number:06d}": number for number in range(10_000)})

    assert len(drift.unknown(body)) == drift.MOST


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"a":' * 5000, b"7"])
def test_what_is_no_update_is_not_known(body: bytes) -> None:
    """It is others' business, and raises nothing here."""
    assert not drift.is_known(body)
