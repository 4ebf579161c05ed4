"""Look through a segment for what the Bot API does not know; the sealer's marks say which lines need no look.

Raw is read here, never what `conform` wrote, so that a body says the same whether something else in it was mended.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from telelake.raw import read_blocks
from telelake.tables import form
from telelake.telegram import drift
from telelake.telegram.update import loads_leniently

Found = tuple[date, str, str, str, str]
"""context_date, record_id, and what, path and value of one thing that is unknown."""


class _Line(msgspec.Struct, gc=False):
    record_id: str
    body: msgspec.Raw
    form: str | None = None


_lines = msgspec.json.Decoder(_Line)


def find(path: Path, day: date) -> Iterator[Found]:
    """Yield what the Bot API does not know in the updates of a segment. A line that is broken has none."""
    known = frozenset(form.marks())
    for block in read_blocks(path):
        for data in block.splitlines():
            if strange := _strange(data, known):
                record_id, body = strange
                for each in drift.unknown(body):
                    yield day, record_id, each.what, each.path, each.value


def _strange(data: bytes, known: frozenset[str]) -> tuple[str, dict[str, Any]] | None:
    """Return record_id and body of a line that must be looked through."""
    try:
        line = _lines.decode(data)
        if line.form in known or drift.is_known(line.body):
            return None
        found = line.record_id, msgspec.json.decode(line.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        try:
            # Half a character is no JSON for the fast reader; numbers beyond all numbers are none for either.
            item = loads_leniently(data.decode())
            found = item["record_id"], item["body"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
    return found if isinstance(found[0], str) and isinstance(found[1], dict) else None
