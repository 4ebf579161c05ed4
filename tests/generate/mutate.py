"""What Telegram never should send, and might: each way spoils one thing of a good update."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from telelake.telegram.update import botapi

WRONG: tuple[Any, ...] = (
    None, True, False, 0, -1, 42, 7.0, 3.5, 1e300, 2**63, 2**64, -(2**63) - 1, 2**70, "", "42", "true", "2026-03-10", [], [1],
    [None], [[]], {}, {"id": 1}, {"a": {}}, "\x00",
)  # fmt: skip
_NEW_KINDS = ("custom_event", "custom_query", "brand_new_thing", "Ωmega", "", 'quo"ted', "a.b")


def undocumented_key(update: dict[str, Any], chance: Random) -> None:
    """One of the keys that the real server writes and the Bot API does not name."""
    where = chance.choice(list(_objects(payload(update))) or [update])
    where[chance.choice(botapi()["undocumented_keys_the_server_writes"])] = _odd(chance)


def unknown_field(update: dict[str, Any], chance: Random) -> None:
    """A key that nobody knows, somewhere."""
    where = chance.choice(list(_objects(payload(update))) or [update])
    where[chance.choice(("field_of_tomorrow", "Ω", "", "x.y", 'quo"ted', "select"))] = _odd(chance)


def borrowed_key(update: dict[str, Any], chance: Random) -> None:
    """A key that the Bot API has elsewhere, with some value."""
    where = chance.choice(list(_objects(payload(update)))[:6] or [update])
    names = sorted({field[0] for found in botapi()["types"].values() for field in found["fields"]} - set(where))
    where[chance.choice(names)] = _odd(chance)


def unknown_kind(update: dict[str, Any], chance: Random) -> None:
    """The payload under a kind that nobody knows."""
    kind = _kind(update)
    if kind is not None:
        made = update.pop(kind)
        update[chance.choice(_NEW_KINDS)] = chance.choice((made, made, _odd(chance)))


def unknown_tag(update: dict[str, Any], chance: Random) -> None:
    """A union's or a list's word that nobody knows yet."""
    tagged = [
        (where, key) for where in _objects(payload(update)) for key in ("type", "status", "source") if key in where
    ]
    if tagged:
        where, key = chance.choice(tagged)
        where[key] = "word_of_tomorrow"


def missing_required(update: dict[str, Any], chance: Random) -> None:
    """Something is not there."""
    full = [where for where in _objects(payload(update)) if where]
    if full:
        where = chance.choice(full[:3] if chance.random() < 0.7 else full)
        del where[chance.choice(list(where))]


def wrong_type(update: dict[str, Any], chance: Random) -> None:
    """A value is of another type than it should be."""
    places = [(where, key) for where in _objects(payload(update)) for key in where]
    if places and chance.random() < 0.95:
        # Half of them near the top, where what is read lies.
        where, key = chance.choice(places[:12] if chance.random() < 0.5 else places)
        where[key] = chance.choice(WRONG)
    elif (kind := _kind(update)) is not None:
        update[kind] = chance.choice(WRONG)


def wrong_date(update: dict[str, Any], chance: Random) -> None:
    """A date of no calendar, before Telegram, or of the future."""
    where = payload(update)
    if isinstance(where, dict):
        where["date"] = chance.choice((0, -1, 1, 946_684_800, 4_102_444_800, 253_402_300_800, 2**62))


def wrong_offsets(update: dict[str, Any], chance: Random) -> None:
    """A marked part that does not fit its text."""
    where = payload(update)
    if isinstance(where, dict):
        where["entities"] = [
            {
                "type": "bold",
                "offset": chance.choice((-1, 0, 1, 5, 2**40)),
                "length": chance.choice((-1, 0, 1, 3, 2**40)),
            }
            for _ in range(3)
        ] + [None] * chance.randrange(2)


def several_kinds(update: dict[str, Any], chance: Random) -> None:
    """Two payloads in one body."""
    update[chance.choice(("message", "poll", "edited_message", "chat_member", "custom_event"))] = payload(update)


def no_payload(update: dict[str, Any], chance: Random) -> None:
    """Nothing but the number."""
    kind = _kind(update)
    if kind is not None:
        del update[kind]


def null_payload(update: dict[str, Any], chance: Random) -> None:
    """A kind without anything in it."""
    kind = _kind(update)
    if kind is not None:
        update[kind] = chance.choice((None, {}, [], "", 0))


def half_character(update: dict[str, Any], chance: Random) -> None:
    """A lone surrogate, which JSON can write and UTF-8 cannot."""
    texts = [
        (where, key) for where in _objects(payload(update)) for key, value in where.items() if isinstance(value, str)
    ]
    if texts:
        where, key = chance.choice(texts[:10])
        where[key] = chance.choice(("\ud83d", "a\udc00b", "\udc00\ud83d"))
    else:
        update["\ud83d"] = {}


def deep(update: dict[str, Any], chance: Random) -> None:
    """Objects in objects, many times."""
    where = payload(update)
    if isinstance(where, dict):
        inner: Any = 1
        for _ in range(chance.choice((20, 90))):
            inner = {"a": inner} if chance.random() < 0.5 else [inner]
        where["deep"] = inner


BODIES: dict[str, Callable[[dict[str, Any], Random], None]] = {
    each.__name__: each
    for each in (
        undocumented_key, unknown_field, borrowed_key, unknown_kind, unknown_tag, missing_required, wrong_type, wrong_date,
        wrong_offsets, several_kinds, no_payload, null_payload, half_character, deep,
    )
}  # fmt: skip
"""Ways to spoil an update that it survives as an update."""


def unreadable(update: dict[str, Any], chance: Random) -> bytes:
    """Return a body that is no update at all."""
    good = json.dumps(update).encode()
    number = update["update_id"]
    return chance.choice((
        good[:-1], good[1:], b"", b"null", b"[]", b'"text"', good + b"}", b"\xff" + good,
        good.replace(b'"update_id"', b'"updateid"'),
        b'{"update_id":"%d"}' % number, b'{"update_id":%d.5}' % number, b'{"update_id":null}', b'{"update_id":9223372036854775808}',
        b"[" * 3000, good.replace(b":", b"=", 1), b'{"update_id":%d,"message":NaN}' % number,
    ))  # fmt: skip


def payload(update: dict[str, Any]) -> Any:
    """Return the first payload."""
    kind = _kind(update)
    return update[kind] if kind is not None else None


def _kind(update: dict[str, Any]) -> str | None:
    return next((key for key in update if key != "update_id"), None)


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield all objects in a value, outer ones first."""
    waiting = [value]
    while waiting:
        here = waiting.pop(0)
        if isinstance(here, dict):
            yield here
            waiting.extend(here.values())
        elif isinstance(here, list):
            waiting.extend(here)


def _odd(chance: Random) -> Any:
    return chance.choice((*WRONG, {"a": {"b": {}}, "c": 1}, ["x", {"y": 1}], '1,"a":{}'))
