"""What lies in a lake after a talk, to compare with what the stand-in saw."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zstandard

from telelake.raw import Content, parse_key


@dataclass
class Found:
    """The records of a home's raw lake."""

    updates: Counter[tuple[str, bytes]] = field(default_factory=Counter)
    """Source and body of each, and how many records have them."""
    calls: list[dict[str, Any]] = field(default_factory=list)
    """The recorded calls, each with its `source` beside."""
    quarantined: list[bytes] = field(default_factory=list)
    """Bodies that could not be read, as they came."""
    record_ids: Counter[str] = field(default_factory=Counter)
    first_at: dict[bytes, str] = field(default_factory=dict)
    """When each body was received first."""


def read(home: Path) -> Found:
    """Read every segment."""
    found = Found()
    for path in sorted(home.rglob("*.ndjson.zst")):
        segment = parse_key(path.relative_to(home).as_posix())
        assert segment is not None, path
        lines = list(_lines(path))
        assert len(lines) == segment.records
        for line in lines:
            # A body may be what Python's reader refuses; what stands before it never is.
            head, _, rest = line.partition(b',"body":')
            envelope = json.loads(head + b"}" if rest else line)
            found.record_ids[envelope["record_id"]] += 1
            if segment.quarantined:
                body = base64.b64decode(envelope["body_base64"])
                found.quarantined.append(body)
            elif segment.content is Content.CALLS:
                found.calls.append(json.loads(rest[:-1]) | {"source": envelope["source"]})
                continue
            else:
                body = rest[:-1]
                found.updates[envelope["source"], body] += 1
            at = envelope["received_at"]
            found.first_at[body] = min(at, found.first_at.get(body, at))
    return found


def everything(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield every file's bytes, segments decompressed."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path, (b"\n".join(_lines(path)) if path.name.endswith(".zst") else path.read_bytes())


def _lines(path: Path) -> Iterator[bytes]:
    data = zstandard.ZstdDecompressor().decompressobj().decompress(path.read_bytes())
    yield from data.split(b"\n")[:-1]
