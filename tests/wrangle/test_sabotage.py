"""The twins: with the line that a law rests on taken out, the law's own check must fail.

Each breaks one shared step of the SQL, or one rule of the conformer, and asks whether the difference shows.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from telelake import raw
from telelake.capture import seal
from telelake.errors import CheckFailed
from telelake.tables import form
from telelake.telegram.update import Update
from telelake.wrangle import conform, duckdb, graph
from telelake.wrangle.sql import sql_file
from tests.conftest import NOW, LakeFolder, message
from tests.wrangle.test_laws import TABLES


def broken(monkeypatch: pytest.MonkeyPatch, name: str, line: str, instead: str) -> None:
    """Take a line out of a .sql file for this test."""
    assert line in sql_file(name)

    def read(asked: str) -> str:
        return sql_file(asked).replace(line, instead) if asked == name else sql_file(asked)

    monkeypatch.setattr(duckdb, "sql_file", read)


def content(make_lake: Callable[..., LakeFolder], pieces: list[list[Any]]) -> dict[str, list[tuple[Any, ...]]]:
    """Return the tables of records sealed piece by piece."""
    lake = make_lake(iceberg=False)
    for piece in pieces:
        lake.seal([lake.record(body, at, record_id=record_id) for body, at, record_id in piece])
    lake.wrangle()
    return lake.content(*TABLES)


def unlooked(path: Path, target: Path, content: raw.Content) -> list[conform.Broken]:
    """Write a segment for the engine as `conform` does, without a look at its lines."""
    del content
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(b"".join(raw.read_blocks(path)))
    return []


FIRST = (message(1, 1, "a"), NOW, "r-1")
AGAIN = (message(1, 1, "a"), NOW.replace(minute=5), "r-2")
EDIT_1 = (message(2, 1, "b", kind="edited_message", edit_date=int(NOW.timestamp()) + 9), NOW, "r-3")
EDIT_2 = (message(3, 1, "c", kind="edited_message", edit_date=int(NOW.timestamp()) + 9), NOW, "r-4")


def test_twice_is_once_needs_duplicates_cut(
    make_lake: Callable[..., LakeFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the cut the same update makes two rows, or the key's check stops the day."""
    broken(monkeypatch, "_duplicates", "WHERE rid <> first_rid", "WHERE false")

    with pytest.raises(CheckFailed):
        content(make_lake, [[FIRST, FIRST]])
    assert len(content(make_lake, [[FIRST, AGAIN]])["updates"]) == 2


def test_order_is_free_needs_an_order(make_lake: Callable[..., LakeFolder], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without receipt and record_id as tie-breakers, which copy wins depends on where it lies."""
    broken(
        monkeypatch,
        "_duplicates",
        "ORDER BY records.received_at, records.record_id, records.rowid",
        "ORDER BY records.rowid",
    )

    assert content(make_lake, [[FIRST, AGAIN]]) != content(make_lake, [[AGAIN, FIRST]])


def test_the_latest_state_needs_the_update_id(
    make_lake: Callable[..., LakeFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without update_id, two edits within a second come out by the order in which they were received."""
    later = (EDIT_1[0], NOW.replace(minute=9), "r-3")
    whole = content(make_lake, [[FIRST, EDIT_2, later]])
    broken(monkeypatch, "_states", "ORDER BY edited_at NULLS FIRST, update_id,", "ORDER BY edited_at NULLS FIRST,")

    assert content(make_lake, [[FIRST, EDIT_2, later]])["messages"] != whole["messages"]


def test_balanced_books_need_every_row(make_lake: Callable[..., LakeFolder], monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that gets lost on the way to the tables stops the day."""
    lake = make_lake(iceberg=False)
    lake.add(message(1, 1), message(2, 2))
    with monkeypatch.context() as sabotage:
        broken(
            sabotage,
            "_duplicates",
            "LEFT JOIN repeats ON repeats.first_rid = records.rowid\n",
            "SEMI JOIN (FROM VALUES (1)) AS v(u) ON u = update_id LEFT JOIN repeats ON repeats.first_rid = records.rowid\n",
        )
        with pytest.raises(CheckFailed, match="1 rows \\+ 0 duplicates"):
            lake.wrangle()
    segment = next(lake.root.glob("raw/*/*/*.zst"))
    segment.rename(segment.with_name(segment.name.replace("2-", "3-", 1)))
    with pytest.raises(CheckFailed, match="promise 3 records, 2 were read"):
        lake.wrangle()


def test_a_wrong_type_needs_the_conformer(
    make_lake: Callable[..., LakeFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the check of each segment the engine coerces in silence: the text '42' becomes a number, without a note."""

    def regular(_: Path) -> bool:
        return True

    body = message(1, "42", 7)  # type: ignore[arg-type]
    whole = content(make_lake, [[(body, NOW, "r-1")]])
    monkeypatch.setattr(duckdb, "is_regular", regular)
    coerced = content(make_lake, [[(body, NOW, "r-1")]])

    assert "expected 64-bit integer" in str(whole["updates"])
    assert coerced["updates"] != whole["updates"]


def test_a_lone_surrogate_needs_cleaning(make_lake: Callable[..., LakeFolder], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the cleaning a half character stops the whole day."""
    body = b'{"update_id":1,"message":{"message_id":1,"chat":{"id":5},"text":"\\ud83d"}}'
    assert content(make_lake, [[(body, NOW, "r-1")]])["messages"]
    monkeypatch.setattr(conform, "_printable", lambda text: text)

    with pytest.raises(UnicodeEncodeError):
        content(make_lake, [[(body, NOW, "r-1")]])


def test_pieces_do_not_matter_needs_what_lies_in_raw(
    make_lake: Callable[..., LakeFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    """When a day is not known by what lies in raw, a piece that comes after its build is never seen."""

    def wrangled_between(pieces: list[list[Any]]) -> int:
        lake = make_lake(iceberg=False)
        for piece in pieces:
            lake.seal([lake.record(body, at, record_id=record_id) for body, at, record_id in piece])
            lake.wrangle()
        return len(lake.content("updates")["updates"])

    pieces = [[FIRST], [EDIT_1]]
    assert wrangled_between(pieces) == 2
    monkeypatch.setattr(graph, "digest_of", lambda segments: "always the same")

    assert wrangled_between(pieces) == 1


def test_a_mark_changes_nothing_needs_a_true_mark(
    make_lake: Callable[..., LakeFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sealer that calls every body plain loses what no column reads; one that calls every body flat, what lies deeper."""
    body = message(1, 1, "a", reply_markup={"inline_keyboard": []}, **{"from": {"id": 5, "surprise": 1}})
    whole = str(content(make_lake, [[(body, NOW, "r-1")]])["updates"])
    assert "inline_keyboard" in whole
    assert "surprise" in whole
    plain, flat, _ = form.marks()

    monkeypatch.setattr(seal.form, "mark", lambda body: plain)
    assert "inline_keyboard" not in str(content(make_lake, [[(body, NOW, "r-1")]])["updates"])
    monkeypatch.setattr(seal.form, "mark", lambda body: flat)
    assert "surprise" not in str(content(make_lake, [[(body, NOW, "r-1")]])["updates"])


def test_one_bad_record_needs_quarantine(make_lake: Callable[..., LakeFolder], monkeypatch: pytest.MonkeyPatch) -> None:
    """Were a body that is no update sealed among the others, and the build's own look at each line taken out too, it
    would stop the day."""
    bad = (b"{", NOW, "bad-1")
    assert len(content(make_lake, [[bad, FIRST]])["updates"]) == 1
    monkeypatch.setattr(seal, "read_update", lambda body: Update(1, "message", None))
    assert len(content(make_lake, [[bad, FIRST]])["quarantine"]) == 1
    monkeypatch.setattr(duckdb, "conform", unlooked)

    with pytest.raises((CheckFailed, duckdb.duckdb.Error)):
        content(make_lake, [[bad, FIRST]])
