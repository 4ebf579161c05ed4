"""What Telegram, its faults and its imitators post: 2,000 updates and the rest."""

from __future__ import annotations

import json
import random
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from telelake.demo.group import generate
from tests.aws.lakes import Bots
from tests.aws.telegram import Post

BOTS = Bots({"demo": 7_000_000_001, "real": 42}, {"demo": "demo-secret_1", "real": "real-secret_2"})

UPDATES = Path(__file__).parents[1] / "data" / "updates.ndjson"
KIB, MIB = 1024, 1024 * 1024


def update(
    number: int, text: str = "oi", at: datetime | None = None, chat: int = -1001000000009, **fields: Any
) -> bytes:
    """Return an update as Telegram writes it: ASCII with escapes, and a line break after the id."""
    message = {
        "message_id": number % 1_000_000,
        "from": {"id": 77, "is_bot": False, "first_name": "Rui", "language_code": "pt"},
        "chat": {"id": chat, "title": "Provas", "type": "supergroup"},
        "date": int((at or datetime.now(UTC)).timestamp()),
        "text": text,
        **fields,
    }
    rest = json.dumps({"message": message}, separators=(",", ":"))[1:]
    return f'{{"update_id":{number},\n{rest}'.encode()


def ordinary(messages: int, zone: str, seed: int = 3) -> list[Post]:
    """Return the deliveries of a made-up group, with its edits and with the retries that Telegram makes by itself."""
    end = datetime.now(UTC).astimezone(ZoneInfo(zone)) - timedelta(minutes=5)
    return [Post("demo", each.body) for each in generate(messages, 4, seed, end, ZoneInfo(zone))]


def real() -> list[Post]:
    """Return the scrubbed real updates, some of them twice; numbered anew.

    Some have one number and one second: which of two is the later is then decided by the record's id, and differs by lake.
    """
    lines = [line for line in UPDATES.read_bytes().splitlines() if line]
    bodies = [
        re.sub(rb'"update_id": \d+', b'"update_id": %d' % number, line, count=1)
        for number, line in enumerate(lines, 50_000)
    ]
    return [Post("real", body, in_order=True) for body in [*bodies, *bodies[:9]]]


def large() -> list[Post]:
    """Return updates around and over what a queue's message may hold (1 MiB), up to the door's own limit."""
    sizes = (200 * KIB, 257 * KIB, MIB - 2 * KIB, MIB - 60, MIB, MIB + 1, 2 * MIB, 4 * MIB - 1)
    found = []
    for number, size in enumerate(sizes, 910_000_000):
        empty = len(update(number, ""))
        found.append(Post("demo", update(number, "x" * (size - empty))))
    return found


def odd() -> list[Post]:
    """Return updates of characters that a queue refuses or that are no Unicode, with all they are told in the text."""
    plain = update(920_000_000, "TEXT", chat=-1001000000010)
    texts = {
        "a line break as an escape": rb"a\nb",
        "a lone surrogate as an escape": rb"lone \ud83d surrogate",
        "a pair as escapes": rb"pair \ud83d\ude00",
        "NUL as an escape": rb"nul \u0000 end",
        "an emoji as UTF-8": "😀 olá".encode(),
        "U+FFFE and U+FFFF, which SQS refuses": "a￾b￿c".encode(),
        "DEL and C1, which SQS takes": "a\x7fb\x85c".encode(),
        "quotes and markup": rb"<&\"'>]]> %00 \\",
    }
    found = []
    for number, text in enumerate(texts.values(), 920_000_000):
        found.append(Post("demo", plain.replace(b"920000000", b"%d" % number).replace(b"TEXT", text)))
    return found


def garbage() -> list[Post]:
    """Return what is no update: each must lie in quarantine, byte for byte."""
    bodies = [
        b"not json", b"[]", b"null", b"-", b"0", b'"text"', b"{}", b'{"update_id":"7"}', b'{"update_id":1.5}', b"{" * 5000,
        b'{"update_id":1,"message":', b" ", b"\r\n", b"\x00", b"a\x01b", b'{"update_id":930000001,"x":"\x1f"}',
        "olá".encode(), "￿".encode(), b"=?utf-8?q?x?=", b"eyJ1cGRhdGVfaWQiOjF9",
    ]  # fmt: skip
    # No text at all: as binary, because a gateway may read application/json as text before the door sees it.
    binary = [
        b"\xff\xfe\x00",
        b"\xed\xa0\xbd",
        b'{"update_id":930000002,"x":"\xed\xa0\xbd"}',
        bytes(range(256)),
        b"\xc3\x28",
    ]
    return [Post("demo", body) for body in bodies] + [
        Post("demo", body, content_type="application/octet-stream") for body in binary
    ]


def strangers() -> list[Post]:
    """Return what must be refused and leave no trace."""
    body = update(940_000_000, "FROM A STRANGER")
    return [
        Post("demo", body, secret="wrong", gives_up=True),
        Post("demo", body, secret=BOTS.secrets["real"], gives_up=True),
        Post("nobody", body, secret=BOTS.secrets["demo"], gives_up=True),
        Post("demo/x", body, secret=BOTS.secrets["demo"], gives_up=True),
    ]


def everything(zone: str) -> list[Post]:
    """Return all of it in one order: 2,000 updates at least, every twentieth delivered once more a little later."""
    taken = [*ordinary(1900, zone), *real(), *large(), *odd(), *garbage()]
    chance = random.Random(5)
    found: list[Post] = []
    again: list[Post] = []
    for each in taken:
        found.append(each)
        if chance.random() < 0.05:
            again.append(each)
        if again and chance.random() < 0.03:
            found.append(again.pop(0))
    return found + again
