"""Bodies that an authenticated stranger might post: made from a seed, as many as wanted."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

from telelake.telegram.update import update_kinds

LIMIT = 4 * 1024 * 1024

_TEXTS = (
    "", "oi", "\x00", "\ud800", "\udfff\ud800", "‮txet", "é́́́́", "😀" * 50, "'; DROP TABLE messages; --", "\\u0000",
    "<script>alert(1)</script>", "\u2028\u2029", "a" * 5000, "\n\r\t", '"', "\\", "{{7*7}}", "../../etc/passwd", "\ufeff",
    "NaN", "null", "=cmd|' /C calc'!A0", "\x1b[2J", "%s%n", "\U0010ffff",
)  # fmt: skip
_NUMBERS = (0, -1, 2**31, 2**53 + 1, 2**63, -(2**63) - 1, 10**400, 1e308, -0.0, 1763712000, 99999999999, 0.1)
_TOKENS = (
    b"NaN", b"-Infinity", b"1e999", b"01", b"+1", b"tru", b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\x80", b"\x00", b"/*x*/",
    b",", b"}", b"]", b"\\ud83d", b"\r\n", b'"', b"\xef\xbb\xbf", b"\x0b", b"'", b"1" * 5000, b"[" * 3000, b'{"a":' * 3000,
)  # fmt: skip


def bodies(seed: int, count: int) -> Iterator[bytes]:
    """Yield `count` bodies, the same for the same seed; one in a thousand is large, up to the limit and one byte over."""
    rng = random.Random(seed)
    kinds = update_kinds()
    makers = (_update, _update, _update, _mutated, _mutated, _noise, _odd_json)
    for number in range(count):
        if number % 1000 == 500:
            yield _large(rng, number)
        else:
            yield rng.choice(makers)(rng, number, kinds)


def _value(rng: random.Random, depth: int = 0) -> Any:
    pick = rng.random()
    if depth < 4 and pick < 0.15:
        return {rng.choice(_TEXTS) or str(n): _value(rng, depth + 1) for n in range(rng.randrange(4))}
    if depth < 4 and pick < 0.25:
        return [_value(rng, depth + 1) for _ in range(rng.randrange(4))]
    if pick < 0.55:
        return rng.choice(_TEXTS)
    return rng.choice((*_NUMBERS, True, False, None))


def _update(rng: random.Random, number: int, kinds: tuple[str, ...]) -> bytes:
    person: dict[str, Any] = {"id": rng.randrange(1, 10**10), "is_bot": rng.random() < 0.1, "first_name": "Ana"}
    payload: dict[str, Any] = {
        "message_id": number, "from": person, "chat": {"id": -(10**12) - number % 50, "type": "supergroup", "title": "Made up"},
        "date": 1_763_712_000 + number % 500_000, "text": rng.choice(_TEXTS), "id": str(number),
    }  # fmt: skip
    for _ in range(rng.randrange(5)):
        where: Any = rng.choice((payload, payload["chat"], payload["from"]))
        if not isinstance(where, dict) or not where:
            continue
        name = rng.choice((*where, "new_field", "edit_date", "reply_to_message", "entities", "photo"))
        where[name] = _value(rng)
        if not all(isinstance(payload.get(inner), dict) for inner in ("chat", "from")):
            break
    kind = rng.choice((*kinds, "message", "message", "kind_of_tomorrow", "", "__proto__"))
    update = {"update_id": number if rng.random() < 0.95 else _value(rng), kind: payload}
    if rng.random() < 0.05:
        update[rng.choice(kinds)] = _value(rng)
    text = json.dumps(update, ensure_ascii=rng.random() < 0.8)
    # As Telegram writes it: a line break behind the first comma.
    return text.replace(", ", ",\n", 1).encode("utf-8", "surrogatepass")


def _mutated(rng: random.Random, number: int, kinds: tuple[str, ...]) -> bytes:
    data = bytearray(_update(rng, number, kinds))
    for _ in range(rng.randrange(1, 4)):
        place = rng.randrange(len(data) + 1)
        pick = rng.random()
        if pick < 0.3:
            data[place:place] = rng.choice(_TOKENS)
        elif pick < 0.5:
            del data[place : place + rng.randrange(1, 20)]
        elif pick < 0.7 and place < len(data):
            data[place] ^= 1 << rng.randrange(8)
        elif pick < 0.8:
            del data[place:]
        else:
            data += data[: rng.randrange(50)]
    return bytes(data)


def _noise(rng: random.Random, number: int, kinds: tuple[str, ...]) -> bytes:
    return rng.choice(
        (b"", b" ", b"\x00", rng.randbytes(rng.randrange(300)), b"[" * rng.randrange(20_000), b"\xff" * 9)
    )


def _odd_json(rng: random.Random, number: int, kinds: tuple[str, ...]) -> bytes:
    value = _value(rng)
    if rng.random() < 0.5:
        value = {"update_id": number, rng.choice(kinds): value}
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _large(rng: random.Random, number: int) -> bytes:
    size = (LIMIT, LIMIT + 1, LIMIT - 1, 512 * 1024, 1024 * 1024)[number // 1000 % 5]
    head, tail = b'{"update_id":%d,"message":{"text":"' % number, b'"}}'
    if rng.random() < 0.3:
        return rng.randbytes(size)
    return head + b"x" * (size - len(head) - len(tail)) + tail
