"""The oracle of the promises: an id gives a deterministic body, a 2xx makes the id an obligation.

After the faults stop, `verdict` reads every segment: all obligations must be there, byte for byte; nothing may be there
that was never sent; no record may be there twice.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import zstandard

from telelake.raw import parse_key

START = 1_763_712_000


def body_of(number: int) -> bytes:
    """Return the one body that this id has; one in ten is no JSON, one in three hundred is large."""
    rng = random.Random(number)
    length = 90_000 if number % 300 == 7 else rng.randrange(0, 400)
    text = "".join(rng.choice("abcdef çãé\\n") for _ in range(length))
    if number % 10 == 3:
        return f"not JSON {number} ".encode() + rng.randbytes(length)
    message = {"message_id": number, "date": START + number % 200_000, "text": text}
    # As Telegram writes it: a line break behind the comma, everything else escaped.
    return f'{{"update_id":{number},\n"message":'.encode() + json.dumps(message).encode() + b"}"


@dataclass
class Found:
    """What lies in the raw lake of a folder."""

    bodies: dict[str, bytes] = field(default_factory=dict)
    """By record_id."""
    twice: list[str] = field(default_factory=list)
    """record_ids that more than one line has."""
    quarantined: set[str] = field(default_factory=set)


def read_lake(home: Path) -> Found:
    """Decode every segment below a home, checking each against its key."""
    found = Found()
    for path in sorted(home.rglob("*.ndjson.zst")):
        segment = parse_key(path.relative_to(home).as_posix())
        assert segment is not None, path
        data = zstandard.ZstdDecompressor().decompressobj().decompress(path.read_bytes())
        lines = data.split(b"\n")
        assert lines.pop() == b""
        assert len(lines) == segment.records
        for line in lines:
            head, is_raw, body = line.partition(b',"body":')
            # The body apart: Python's reader refuses numbers of 5,000 digits.
            envelope = json.loads(head + b"}" if is_raw else line)
            record_id = envelope["record_id"]
            if segment.quarantined:
                body = base64.b64decode(envelope["body_base64"])
                assert hashlib.sha256(body).hexdigest() == envelope["sha256"]
                found.quarantined.add(record_id)
            else:
                body = body[:-1]
            if record_id in found.bodies:
                found.twice.append(record_id)
            found.bodies[record_id] = body
    return found


def as_stored(body: bytes) -> bytes:
    """Return a readable body as raw keeps it."""
    return body.replace(b"\n", b" ").replace(b"\r", b" ")


def verdict(found: Found, sent: Iterable[int], obligations: Iterable[int]) -> dict[str, int]:
    """Return how many obligations were lost, bodies invented or damaged, and records doubled."""
    by_body: dict[bytes, int] = {}
    for number in sent:
        body = body_of(number)
        by_body[body if number % 10 == 3 else as_stored(body)] = number
    present = {by_body.get(body) for body in found.bodies.values()}
    return {
        "lost": len(set(obligations) - present),
        "invented_or_damaged": sum(body not in by_body for body in found.bodies.values()),
        "doubled": len(found.twice),
    }
