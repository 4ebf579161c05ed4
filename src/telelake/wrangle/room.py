"""How much of the machine a build takes, from `wrangle.memory` and the size of its raw.

`wrangle.memory` bounds the whole process. The engine is told less: what it does not count (Python, the packages that
publish, decompressors, the allocator's slack) was measured at 100 to 250 MB, and it goes over its own bound for moments.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from telelake.settings import Wrangle

_MB = 1_000_000
_BESIDE = 300 * _MB
"""Bytes of the process that the engine does not count."""
_BESIDE_A_FILE = 400 * _MB
"""The same while rows lie in a file: its own buffers, and an allocator that gives back less the longer it runs."""
_A_THREAD = 200 * _MB
"""Bytes that a thread of the engine holds while it reads: a buffer of lines, and a row group of some hundred columns."""
_OPENED = 10
"""Bytes of rows in memory that a byte of compressed raw becomes, at most; 9.2 were measured, for the text of a group."""
_ROW_GROUP, _SMALL_ROW_GROUP = 122_880, 40_960
_AMPLE = 900 * _MB
"""Bytes above which writing two tables at once, in row groups of the usual size, leaves room for the rows."""


@dataclass(frozen=True, slots=True)
class Room:
    """What one build may take."""

    engine: int
    """Bytes that the engine may account for before it spills."""
    threads: int
    on_disk: bool
    """Whether the rows under work lie in a file, compressed, instead of in memory."""
    row_group: int
    """Rows of a Parquet row group; a writer holds one a thread."""
    tables_at_once: int


def room(settings: Wrangle, raw_bytes: int, most_in_memory: int | None = None) -> Room:
    """Return what a build of some compressed raw may take.

    `most_in_memory` is the compressed raw from which on its rows lie on disk, when it is not to follow from the memory.
    """
    memory = memory_bytes(settings.memory)
    engine = max(memory - _BESIDE, memory // 2)
    wanted = settings.threads or len(os.sched_getaffinity(0))
    most = engine // _OPENED if most_in_memory is None else most_in_memory
    on_disk = raw_bytes > most
    if on_disk:
        engine = max(memory - _BESIDE_A_FILE, memory // 2)
    is_ample = engine >= _AMPLE
    return Room(
        engine=engine,
        threads=max(1, min(wanted, engine // _A_THREAD)),
        on_disk=on_disk,
        row_group=_ROW_GROUP if is_ample else _SMALL_ROW_GROUP,
        tables_at_once=2 if is_ample and not on_disk else 1,
    )


def memory_bytes(setting: str) -> int:
    """Return the bytes of a setting such as `1500MB`."""
    return int(setting[:-2]) * (1000 * _MB if setting.endswith("GB") else _MB)
