"""What a build takes of the machine shows in no row: in memory or in a file, with much room or little."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from telelake.ports import Built, DayInput
from telelake.settings import Wrangle
from telelake.tables.catalog import BUILT
from telelake.wrangle import parse
from telelake.wrangle.duckdb import DuckDBEngine
from telelake.wrangle.room import memory_bytes, room
from tests.conftest import BOT, NOW, LakeFolder, message

MB, GB = 1_000_000, 1_000_000_000
CASES = Path(__file__).parent.parent / "cases"


class Seen(DuckDBEngine):
    """The engine, and whether it kept its rows in a file."""

    on_disk: bool | None = None

    def build(self, days: Sequence[DayInput], into: Path) -> Built:
        built = super().build(days, into)
        self.on_disk = (into / "rows.db").exists()
        return built


def content(lake: LakeFolder, engine: DuckDBEngine) -> dict[str, list[tuple[Any, ...]]]:
    """Return the tables of all days, built in one batch by an engine."""
    replace(lake.wrangler, engine=engine).run()
    return lake.content(*(table.name for table in BUILT))


def fill(lake: LakeFolder) -> None:
    """Put all golden cases in, and messages of two bots with edits, repeats cut across segments, and dateless updates."""
    for case in sorted(path for path in CASES.iterdir() if path.is_dir()):
        deliveries = [
            each for step in json.loads((case / "deliveries.json").read_text(encoding="utf-8")) for each in step
        ]
        lake.seal(
            lake.record(
                each["bytes"].encode() if "bytes" in each else each["body"],
                datetime.fromisoformat(each["at"]),
                each.get("bot", BOT),
                f"{case.name}-{each.get('record_id', number)}",
            )
            for number, each in enumerate(deliveries)
            if "export" not in each
        )
        for export in (each["export"] for each in deliveries if "export" in each):
            lake.add_export(*export.pop("messages"), **{"file": case.name, **export})  # whose name its records bear
    made = []
    for number in range(300):
        chat = {"id": -1001000000100 - number % 7, "type": "supergroup"}
        made.append(message(900_000 + number, 1 + number // 7, f"m{number}", chat=chat))
        if number % 3 == 0:
            edited = int(NOW.timestamp()) + number
            made.append(
                message(910_000 + number, 1 + number // 7, "e", kind="edited_message", edit_date=edited, chat=chat)
            )
        if number % 10 == 0:
            made.append(
                {"update_id": 920_000 + number, "callback_query": {"id": "1", "from": {"id": 5, "is_bot": False}}}
            )
    for part in range(4):
        lake.add(*made[part * 80 : part * 80 + 140], at=NOW + timedelta(seconds=part), bot=BOT + part % 2)
    lake.add(*made[:50], at=NOW + timedelta(hours=20))


def test_rows_do_not_depend_on_where_they_lie(make_lake: Callable[..., LakeFolder]) -> None:
    """All golden cases and a made-up day give the same tables in memory and in a file, with one thread and little room."""
    there, filed = make_lake(iceberg=False), make_lake(iceberg=False)
    fill(there)
    fill(filed)
    in_memory, in_file = Seen(Wrangle()), Seen(Wrangle(memory="600MB", threads=1), most_in_memory=0)

    expected = content(there, in_memory)
    assert content(filed, in_file) == expected
    assert (in_memory.on_disk, in_file.on_disk) == (False, True)
    assert len(expected["messages"]) > 300


def test_a_small_day_builds_in_little_memory(lake: LakeFolder) -> None:
    """A few records need no more than a tenth of the usual memory for the engine."""
    lake.add(message(1, 1), message(2, 2))

    assert len(content(lake, DuckDBEngine(Wrangle(memory="400MB")))["messages"]) == 2


def test_a_long_line_is_read(lake: LakeFolder) -> None:
    """A line that does not fit the engine's usual buffers is read in larger ones; capture takes none, an import may."""
    lake.add(message(1, 1, "x" * (2 * parse.LINES[0] + 1)), message(2, 2))

    assert sorted(lengths(lake)) == [2, 2 * parse.LINES[0] + 1]


def test_a_long_line_needs_large_buffers(lake: LakeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: with usual buffers alone the day fails."""
    monkeypatch.setattr(parse, "LINES", parse.LINES[:1])
    lake.add(message(1, 1, "x" * (2 * parse.LINES[0] + 1)), message(2, 2))

    with pytest.raises(Exception, match="maximum_object_size"):
        lake.wrangle()


def lengths(lake: LakeFolder) -> list[int]:
    """Return the lengths of the messages' texts, once wrangled."""
    lake.wrangle()
    return [row[0] for row in lake.rows("SELECT length FROM messages")]


@pytest.mark.parametrize("memory", ["1MB", "400MB", "1GB", "1500MB", "64GB"])
def test_the_engine_gets_less_than_the_process(memory: str) -> None:
    """What the engine does not count fits beside it, whatever the memory."""
    given = room(Wrangle(memory=memory, threads=8), raw_bytes=0)

    assert given.engine <= max(memory_bytes(memory) - 300 * MB, memory_bytes(memory) / 2)
    assert 1 <= given.threads <= max(1, given.engine // (200 * MB))


def test_a_large_day_lies_in_a_file() -> None:
    """From about what fits on, rows lie on disk and tables are written one at a time; more memory moves that."""
    small, large = room(Wrangle(), 90 * MB), room(Wrangle(), 2 * GB)

    assert (small.on_disk, small.tables_at_once) == (False, 2)
    assert (large.on_disk, large.tables_at_once) == (True, 1)
    assert not room(Wrangle(memory="32GB"), 2 * GB).on_disk
    assert [memory_bytes(each) for each in ("7MB", "2GB")] == [7 * MB, 2 * GB]
