"""What the mark says of a body's form."""

from __future__ import annotations

import json
from typing import Any

import pytest

from telelake.tables import form

PLAIN, FLAT, FORMED = form.marks()
STRANGE = form.STRANGE
CHAT = {"id": -77, "type": "group", "title": "Grupo"}


def body(**fields: Any) -> bytes:
    """Return an update with a message of some fields."""
    return json.dumps(
        {"update_id": 1, "message": {"message_id": 1, "date": 1772000000, "chat": CHAT, **fields}}
    ).encode()


@pytest.mark.parametrize(
    ("given", "mark"),
    [
        (body(text="oi"), PLAIN),
        (body(text=None), PLAIN),
        (body(reply_to_message={"message_id": 2, "text": "a copy is no news"}), PLAIN),
        (body(entities=[{"type": "url", "offset": 0, "length": 2, "surprise": 1}]), PLAIN + STRANGE),
        (body(text="oi", reply_markup={"inline_keyboard": []}), FLAT),
        (body(surprise={}), FLAT + STRANGE),
        (body(**{"from": {"id": 5, "surprise": 1}}), FORMED + STRANGE),
        (body(voice={"file_unique_id": "a", "file_id": "b"}, effect_id="c"), FORMED),
        (body(voice={"file_unique_id": "a", "file_id": "b"}, surprise=1), FORMED + STRANGE),
        (body(text=42), None),
        (body(**{"from": {"id": "5"}}), None),
        (body(**{"from": {"id": 2**63}}), None),
        (body(text="\ud83d"), None),
        (body(entities={"type": "url"}), None),
        (b'{"update_id":1,"callback_query":{"id":"1","data":"x","message":{"surprise":1}}}', PLAIN + STRANGE),
        (b'{"update_id":1,"callback_query":{"id":"1","data":"x","anything":1}}', FLAT + STRANGE),
        (b'{"update_id":1,"callback_query":{"id":"1","from":{"id":5,"surprise":1}}}', FORMED + STRANGE),
        (b'{"update_id":1,"poll":{"id":"1","options":[{"text":"a"}]}}', FLAT),
        (b'{"update_id":1,"poll":{"id":1}}', None),
        (body(paid_star_count=3), FLAT),
        (body(new_chat_title="x"), FLAT),
        (body(poll={"id": "1"}), FLAT),
        (body(poll={"id": "1", "surprise": 1}), FORMED + STRANGE),
        (body(poll={"id": "1", "options": [{"text": "a"}]}), FORMED),
        (body(poll={"id": "1", "options": [{"text": 1}]}), None),
        (body(video_chat_started={"anything": 1}), FLAT + STRANGE),
        (b'{"update_id":1}', None),
        (b'{"update_id":1,"message":null,"poll":{"id":"1"}}', PLAIN),
        (b'{"update_id":1,"message":{"text":"oi"},"poll":{"id":"1"}}', None),
        (b'{"update_id":1,"never_seen":{}}', None),
        (b'{"update_id":"1","message":{}}', None),
        (b"{", None),
        (b'{"update_id":1,"message":{"text":"\xff"}}', None),
    ],
)
def test_the_mark_says_what_is_left_to_look_for(given: bytes, mark: str | None) -> None:
    """Plain: nothing is unread; flat: only whole fields are; formed: something inside is; None: look at each value.
    Strange: the Bot API may not know all of it.
    """
    assert form.mark(given) == mark


def test_lines_fit_asks_for_the_form_only() -> None:
    """Unread fields are no reason to rewrite a segment; one wrong type is."""

    def line(of: bytes) -> bytes:
        return b'{"record_id":"r","body":' + of + b"}\n"

    assert form.lines_fit(line(body(text="oi")) + line(body(surprise=1)))
    assert not form.lines_fit(line(body(text="oi")) + line(body(text=42)))
