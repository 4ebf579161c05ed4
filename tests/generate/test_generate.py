"""The generator itself: it reaches all of the Bot API, and says the same for the same seed."""

from __future__ import annotations

import json
from collections import Counter
from random import Random

from telelake.telegram.update import MESSAGE_KINDS, botapi, update_kinds
from tests.generate import Objects, deliveries
from tests.generate.mutate import BODIES
from tests.generate.objects import entity_types, message_fields
from tests.generate.stream import _STREAM


def test_the_same_seed_gives_the_same_bytes() -> None:
    """On any machine and in any order of tests."""
    assert deliveries(3, 300) == deliveries(3, 300)
    assert deliveries(3, 300) != deliveries(4, 300)


def test_every_kind_and_every_field_occurs() -> None:
    """In few hundred, unspoilt: each update kind, each field of a message as its own, each type of a marked part."""
    payloads = [json.loads(each.body) for each in deliveries(1, 500, mutated=0)]
    kinds = Counter(next(key for key in each if key != "update_id") for each in payloads)
    fields = {name for each in payloads for kind in MESSAGE_KINDS if kind in each for name in each[kind]}

    assert set(kinds) == set(update_kinds())
    assert fields == set(message_fields())
    more = [json.loads(each.body) for each in deliveries(1, 1500, mutated=0)]
    marks = {
        mark["type"]
        for each in more
        for kind in MESSAGE_KINDS
        if kind in each
        for mark in each[kind].get("entities", ())
    }
    assert marks == set(entity_types())


def test_every_field_of_every_type_occurs() -> None:
    """All that an update can lead to, unions' members included, as often as ten thousand updates reach it."""
    objects = Objects(Random(1))
    for number in range(20):
        for kind in update_kinds():
            objects.update(kind, number)
        for name in message_fields():
            objects.message(field=name)
    types = botapi()["types"]
    reached = {name for name in objects.made if name in types}
    fields = {
        f"{name}.{field[0]}" for name in reached - {"Message", "MessageEntity"} for field in types[name]["fields"]
    }

    assert not objects.missing()
    assert not fields - set(objects.made), sorted(fields - set(objects.made))
    members = {member for name in ("MessageOrigin", "ChatMember", "ReactionType", "RichBlock", "ChatBoostSource", "PaidMedia")
               for member in types[name]["one_of"]}  # fmt: skip
    assert members <= reached


def test_marked_parts_fit_their_text() -> None:
    """Offsets and lengths are counted in UTF-16 units, and lie within."""
    for each in deliveries(2, 400, mutated=0):
        for payload in json.loads(each.body).values():
            if not isinstance(payload, dict):
                continue
            for text, marks in (("text", "entities"), ("caption", "caption_entities")):
                units = payload.get(text, "").encode("utf-16-le") if isinstance(payload.get(text, ""), str) else b""
                for mark in payload.get(marks, ()) if "chat" in payload else ():
                    part = units[2 * mark["offset"] : 2 * (mark["offset"] + mark["length"])]
                    assert len(part.decode("utf-16-le").encode("utf-16-le")) == 2 * mark["length"] > 0


def test_each_way_to_spoil_occurs() -> None:
    """What mutations there are is what one gets."""
    tags = Counter(tag for each in deliveries(5, 3000) for tag in each.tags)

    assert set(tags) == {*BODIES, "unreadable", *_STREAM}
