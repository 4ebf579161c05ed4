"""The dashboard's quick copy: the same numbers, brought along day by day, and never kept of what is gone."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from lakes import write
from whole import SALES, whole

from conftest import SAO_PAULO
from telelake import settings
from telelake.errors import QueryRefused
from telelake.present import quick
from telelake.present.insight import Insight, all_insights, insight, run
from telelake.present.params import SENDERS
from telelake.present.query import Lake, open_lake

FILTERS: list[dict[str, Any]] = [
    {}, {"from": "2026-12-29", "to": "2027-01-03"}, {"chat": SALES}, {"week": "2026-W53"}, {"hour": 12},
    {"weekday": 5}, {"topic": 2},
    *({"who": who} for who in SENDERS),
]  # fmt: skip


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lake, Lake]]:
    """The lake of `whole`, without and with a copy."""
    folder = tmp_path_factory.mktemp("quick copy's")
    files = write(folder / "lake", whole())
    quick.make(folder / "copy.duckdb", files, SAO_PAULO.key, "1GB")
    bounds = settings.Sql()
    with (
        open_lake(files, SAO_PAULO, bounds) as plain,
        open_lake(files, SAO_PAULO, bounds, folder / "copy.duckdb") as copied,
    ):
        yield plain, copied


@pytest.mark.parametrize("one", all_insights(), ids=lambda one: one.name)
def test_the_copy_changes_no_number(both: tuple[Lake, Lake], one: Insight) -> None:
    plain, copied = both
    for given in (each for each in FILTERS if set(each) <= set(one.params)):
        asked = {"words": "boleto", **given} if "words" in one.params else given
        assert run(copied, one, asked).rows == run(plain, one, asked).rows, asked


def test_tables_and_views_are_those_of_the_release(both: tuple[Lake, Lake]) -> None:
    plain, copied = both
    for name in (*quick.COPIED, "chats", "users", "messages", "questions"):
        every = f"SELECT * FROM {name} ORDER BY ALL"
        assert copied.query(every).rows == plain.query(every).rows, name
        assert copied.query(every).columns == plain.query(every).columns


def test_a_query_cannot_write_into_the_copy(both: tuple[Lake, Lake]) -> None:
    for sql in ("DELETE FROM quick.asked", "WITH gone AS (DELETE FROM quick.asked RETURNING *) SELECT * FROM gone"):
        with pytest.raises(QueryRefused):
            both[1].query(sql)
    assert both[1].query("SELECT count(*) FROM quick.asked").rows == [(4,)]


def test_only_days_that_changed_are_made_again(tmp_path: Path) -> None:
    files = write(tmp_path / "lake", whole())
    first = quick.make(tmp_path / "copy", files, SAO_PAULO.key, "1GB")
    again = quick.make(tmp_path / "copy", files, SAO_PAULO.key, "1GB")
    changed = next(path for path in files["messages"] if "2027-01-01" in str(path))
    later = changed.with_name("part-1.parquet")
    shutil.copy(changed, later)  # as a day is built again: another file in its place
    without = [path for path in files["messages"] if path != changed]
    moved = quick.make(tmp_path / "copy", files | {"messages": [*without, later]}, SAO_PAULO.key, "1GB")
    gone = quick.make(tmp_path / "copy", _before(files, "2027-01-04"), SAO_PAULO.key, "1GB")

    assert first == ["2026-12-28", "2026-12-29", "2027-01-01", "2027-01-04"]
    assert (again, moved, gone) == ([], ["2027-01-01"], ["2027-01-01"])
    with (
        open_lake(_before(files, "2027-01-04"), SAO_PAULO, settings.Sql()) as plain,
        open_lake(files, SAO_PAULO, settings.Sql(), tmp_path / "copy") as copied,
    ):
        for name in ("key_figures", "support_figures", "messages_by_chat"):
            assert run(copied, insight(name)).rows == run(plain, insight(name)).rows


def _before(files: dict[str, list[Path]], day: str) -> dict[str, list[Path]]:
    return {name: [path for path in paths if f"context_date={day}" not in str(path)] for name, paths in files.items()}


@pytest.fixture
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., quick.Copies]:
    monkeypatch.setattr(quick, "_FEW_FILES", 1)
    return lambda ready=lambda: None: quick.Copies(tmp_path / "cache", SAO_PAULO.key, "1GB", ready)


def test_a_copy_is_made_beside_and_replaces_the_older_one(tmp_path: Path, copies: Callable[..., quick.Copies]) -> None:
    files = write(tmp_path / "lake", whole())
    told: list[bool] = []
    made = copies(lambda: told.append(True))

    assert made.of(1, lambda: files) is None
    made.wait()
    first = made.of(1, lambda: files)
    assert made.of(2, lambda: files) is None
    made.wait()
    second = made.of(2, lambda: files)

    assert first and second and first != second and told == [True, True]
    assert list((tmp_path / "cache").iterdir()) == [second]
    with open_lake(files, SAO_PAULO, settings.Sql(), second) as lake:
        assert run(lake, insight("support_figures")).rows[0][0] == 4


def test_a_copy_of_what_was_forgotten_meanwhile_is_not_kept(
    tmp_path: Path, copies: Callable[..., quick.Copies], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = write(tmp_path / "lake", whole())
    made = copies()
    done = made.run

    def forget_meanwhile(job: Any) -> bool:
        result = done(job)
        files["messages"][0].unlink()
        return result

    monkeypatch.setattr(made, "run", forget_meanwhile)
    made.of(1, lambda: files)
    made.wait()

    assert made.of(1, lambda: files) is None and list((tmp_path / "cache").iterdir()) == []


def test_a_small_release_has_no_copy_and_one_that_cannot_be_made_is_done_without(
    tmp_path: Path, copies: Callable[..., quick.Copies], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = write(tmp_path / "lake", whole())
    broken = copies()
    files["messages"][0].write_bytes(b"no Parquet")
    broken.of(1, lambda: files)
    broken.wait()
    monkeypatch.setattr(quick, "_FEW_FILES", 300)
    small = copies()
    small.of(2, lambda: files)
    small.wait()

    assert broken.of(1, lambda: files) is None and small.of(2, lambda: files) is None
    assert list((tmp_path / "cache").iterdir()) == []
