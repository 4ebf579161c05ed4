"""What is taken out of one body: in place, as long as it was, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telelake.erase.body import without
from telelake.erase.spans import edited, parse
from telelake.erase.who import BLOCK, Who, loose_text
from telelake.raw import Content
from tests.conftest import message

HER = 8_412_345_679
WHO = Who(frozenset({HER})).with_names([], ["zuleika_canario", "maria"], ["Zuleika Canário", "Zuleika"])
OTHER = {"id": 5_500_000_011, "is_bot": False, "first_name": "Maria"}


def redacted(body: Any, content: Content = Content.UPDATES, before: float | None = None, received: float = 0) -> Any:
    """Return what is left of a body; the same when she is not in it."""
    data = json.dumps(body).encode()
    done = without(data, content, WHO, before, received)
    return json.loads(done.body if done else data)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Zuleika Canário", BLOCK * 15),
        ("a zuleika  canário!", f"a {BLOCK * 16}!"),
        ("Zuleika foi", "Zuleika foi"),  # a first name is many people's
        ("Canário amarelo", "Canário amarelo"),
        ("fala com zuleika_canario", f"fala com {BLOCK * 15}"),
        ("a maria e a @maria e t.me/maria", f"a maria e a @{BLOCK * 5} e t.me/{BLOCK * 5}"),
        (f"id {HER}, user{HER}, x{HER}9", f"id {BLOCK * 10}, {BLOCK * 14}, x{HER}9"),
        (f"0.{HER} e 1{HER}", f"0.{HER} e 1{HER}"),
        (f"[Zu](tg://user?id={HER}) ok", f"[{BLOCK * 2}](tg://user?id={BLOCK * 10}) ok"),
        (f'<a href="tg://user?id={HER}">Zu</a>', f'<a href="tg://user?id={BLOCK * 10}">{BLOCK * 2}</a>'),
    ],
)
def test_texts(text: str, left: str) -> None:
    """Names of two words, usernames and ids go; a name of one word, and a username that is a common word, stay."""
    assert WHO.redacted(text) == left


def test_all_else_stays_byte_for_byte() -> None:
    """Line breaks, escapes, odd spaces and the order of keys are as they came."""
    body = b'{"update_id":1,\n "message" : {"text":"ol\\u00e1 @zuleika_canario" ,"from":{"id":5},"x":1.50e0,"date":0}}'

    done = without(body, Content.UPDATES, WHO, None, 0)

    assert done and done.body == body.replace(b"zuleika_canario", b"\\u2588" * 15)


def test_numbers_that_are_nobodys_id_stay() -> None:
    """A message number, a size or a date may have the same digits."""
    body = message(HER, HER, "oi", document={"file_id": "a", "file_size": HER}, **{"from": OTHER})

    assert redacted(body) == body


def test_others_of_her_name_stay() -> None:
    """Another Zuleika, and a Maria whose name is her username, keep their names."""
    body = message(1, 2, "oi", **{"from": {"id": 12345678, "is_bot": False, "first_name": "Zuleika"}}, via_bot=OTHER)

    assert redacted(body) == body


def test_fields_inside_a_call() -> None:
    """JSON inside a form field is read too, marks with the text beside them."""
    marks = json.dumps([{"type": "text_mention", "offset": 4, "length": 2, "user": {"id": HER, "first_name": "Zu"}}])
    call = {
        "call": "sendMessage",
        "started_at": "x",
        "request": {"chat_id": "-5", "text": "olá Zu!", "entities": marks},
    }

    left = redacted(call, Content.CALLS)["request"]

    assert left["text"] == f"olá {BLOCK * 2}!"
    assert json.loads(left["entities"])[0]["user"] == {"id": 0, "first_name": BLOCK}


def test_only_what_is_dated_before() -> None:
    """With a moment, what is later stays, but for the copies of old messages inside it."""
    old = {
        "message_id": 1,
        "date": 100,
        "from": {"id": HER, "is_bot": False, "first_name": "Zuleika"},
        "text": "segredo",
    }
    new = message(1, 2, "@zuleika_canario", date=300, reply_to_message=old, **{"from": OTHER})

    left = redacted(new, before=200, received=300)["message"]

    assert left["text"] == "@zuleika_canario"
    assert left["reply_to_message"] == {
        "message_id": 1,
        "date": 100,
        "from": {"id": 0, "is_bot": False, "first_name": BLOCK},
        "text": BLOCK,
    }
    assert (
        redacted(message(1, 2, date=300, **{"from": {"id": HER}}), before=200, received=300)["message"]["text"] == "oi"
    )
    assert redacted(message(1, 2, date=200, **{"from": {"id": HER}}), before=200, received=300) == {"update_id": 1}
    assert redacted({"update_id": 1, "callback_query": {"from": {"id": HER}}}, before=200, received=100) == {
        "update_id": 1
    }


def test_what_is_no_json_goes_whole() -> None:
    """Of bytes that cannot be read nothing is left when she is in them, however deep."""
    for body in (b'{"text":"@zuleika_canario', b"[" * 100_000 + str(HER).encode() + b"]" * 100_000):
        done = without(body, Content.UPDATES, WHO, None, 0)
        assert done and done.body == b'{"forgotten":true}'
    assert without(b'{"text":"@zulmira', Content.UPDATES, WHO, None, 0) is None


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(value=_json, indent=st.sampled_from([None, 2]), ascii_only=st.booleans())
def test_any_json_is_read_with_its_places(value: Any, indent: int | None, ascii_only: bool) -> None:
    """Each value's place holds exactly its text, and editing nothing changes nothing."""
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    root = parse(text)

    assert edited(text, []) == text
    waiting = [(root, value)]
    while waiting:
        found, meant = waiting.pop()
        assert json.loads(text[found.start : found.end]) == meant
        if isinstance(meant, dict):
            waiting += [(each, meant[name]) for name, each in found.members or []]
        elif isinstance(meant, list):
            waiting += list(zip(found.items, meant, strict=True))


@settings(deadline=None)  # the first looks through all letters once
@given(name=st.text(st.characters(codec="utf-8", categories=("L",)), min_size=2, max_size=9), escaped=st.booleans())
def test_needles_miss_nothing(name: str, escaped: bool) -> None:
    """What the quick look passes over, the close look would not have found either, in any spelling of a body."""
    who = Who(frozenset({HER})).with_names([], [], [f"{name} Canário"])
    for spelt in (name, name.upper(), name.title(), name.lower()):
        data = json.dumps({"text": f"{spelt} Canário"}, ensure_ascii=escaped).encode()
        if who.spans(loose_text(data)):
            assert who.needles.search(data)
