"""Tables that are made from other tables, and of more days than their own: what is due goes through what they declare."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

from telelake.errors import CheckFailed, TableMismatch
from telelake.operate.retention import expire_raw
from telelake.ports import EMPTY, DayFile
from telelake.tables import catalog, derive
from telelake.tables.catalog import BUILT
from telelake.tables.model import Column, Days, Kind, Reads, Table
from telelake.wrangle import graph, plan, run
from telelake.wrangle.day import Wrangler
from tests.conftest import NOW, LakeFolder, message

DAY = NOW.date()
ONE = timedelta(days=1)
MakeLake = Callable[..., LakeFolder]

NEAR = Table(
    name="near",
    en="Messages of a day and of the days around it.",
    pt="Mensagens de um dia e dos dias em volta.",
    key=("context_date",),
    sort=("context_date",),
    reads=Reads(raw=None, tables={"messages": Days(-1, 2)}),
    columns=(
        Column(1, "context_date", Kind.DAY, "Lake day.", "Dia do lago.", required=True),
        Column(2, "messages", Kind.LONG, "Messages.", "Mensagens.", required=True),
    ),
)
FAR = replace(NEAR, name="far", reads=Reads(raw=None, tables={"near": Days(0, 1), "reactions_of": Days()}))
OVER = replace(NEAR, name="over", reads=Reads(raw=None, tables={"near": Days(0, 1)}))


class Sums:
    """Makes a table of one row a day: what its inputs hold, in its window."""

    def __init__(self, table: Table, column: str = "count(*)", recipe: str = "1") -> None:
        self.table = table
        self.recipe = recipe
        self.column = column
        self.asked: list[list[date]] = []
        self.bad: set[date] = set()

    def make(self, days: Sequence[date], inputs: Mapping[str, Sequence[Path]], into: Path) -> Sequence[DayFile]:
        """Make some days."""
        self.asked.append(list(days))
        if bad := self.bad.intersection(days):
            raise CheckFailed(f"{min(bad)} is bad.")
        into.mkdir(parents=True)
        return [self._day(day, inputs, into / f"{day}.parquet") for day in days]

    def _day(self, day: date, inputs: Mapping[str, Sequence[Path]], path: Path) -> DayFile:
        total = 0
        with duckdb.connect() as con:
            for name, window in self.table.reads.tables.items():
                files = [str(each) for each in inputs[name]]
                if files:
                    first, *_, last = [*window.around(day), window.around(day)[-1]]
                    sql = f"SELECT coalesce({self.column}, 0) FROM read_parquet(?) WHERE context_date BETWEEN ? AND ?"
                    total += con.execute(sql, [files, first, last]).fetchall()[0][0]
            if not total:
                return DayFile(day, None, 0, EMPTY)
            con.execute(
                f"COPY (SELECT DATE '{day}' AS context_date, {total}::BIGINT AS messages) TO '{path}' "
                f"(FORMAT parquet, FIELD_IDS {derive.field_ids(self.table)})"
            )
        return DayFile(day, path, 1, f"{day}-{total}")


@pytest.fixture(autouse=True)
def declared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Declare the tables of these tests beside the real ones."""
    monkeypatch.setattr(catalog, "TABLES", (*catalog.TABLES, NEAR, OVER))


def say(lake: LakeFolder, number: int, days: int) -> None:
    """Put a message into a day."""
    sent = message(number, number, f"text {number}", date=int((NOW + days * ONE).timestamp()))
    lake.add(sent, at=NOW + days * ONE)


def made(lake: LakeFolder, table: str = "near") -> dict[int, int]:
    """Return a made table, its days counted from the first."""
    files = lake.files(table)
    if not files:
        return {}
    with duckdb.connect() as con:
        rows = con.execute("SELECT context_date, messages FROM read_parquet(?)", [list(map(str, files))]).fetchall()
    return {(day - DAY).days: count for day, count in rows}


def with_makers(lake: LakeFolder, *makers: Sums, **more: Any) -> Wrangler:
    """Return what builds a lake with further tables."""
    return replace(lake.wrangler, makers=makers, **more)


def due(wrangler: Wrangler) -> dict[int, tuple[str, ...]]:
    """Return what is due, its days counted from the first."""
    return {(each.day - DAY).days: each.reasons for each in wrangler.why_due(*wrangler.status()[:2])}


def filled(lake: LakeFolder) -> LakeFolder:
    """Put one message into each of five days."""
    for number in range(5):
        say(lake, number + 1, number)
    return lake


@pytest.fixture
def five(make_lake: MakeLake) -> LakeFolder:
    """A lake with one message on each of five days."""
    return filled(make_lake(iceberg=False))


def test_a_day_is_made_from_its_window(five: LakeFolder) -> None:
    """Rows of a day count what lies in the days around it; nothing is due after one run; a second publishes nothing."""
    wrangler = with_makers(five, Sums(NEAR))
    report = wrangler.run()

    assert made(five) == {0: 3, 1: 4, 2: 4, 3: 3, 4: 2}
    assert (report.rows["near"], report.release, due(wrangler)) == (5, 1, {})
    assert wrangler.run().release is None


def test_a_change_goes_as_far_as_the_window(five: LakeFolder) -> None:
    """A late message of one day makes anew the days whose window has it, in the same release, and no other."""
    maker = Sums(NEAR)
    wrangler = with_makers(five, maker)
    wrangler.run()
    say(five, 9, 2)
    maker.asked.clear()
    report = wrangler.run()

    assert maker.asked == [[DAY, DAY + ONE, DAY + 2 * ONE, DAY + 3 * ONE]], "two days before it to one after"
    assert made(five) == {0: 4, 1: 5, 2: 5, 3: 4, 4: 2}
    assert (report.release, due(wrangler)) == (2, {})


def test_in_iceberg(lake: LakeFolder) -> None:
    """What lies in a made table's window is found in the files of the last release too."""
    test_a_change_goes_as_far_as_the_window(filled(lake))


def test_what_comes_out_the_same_makes_nothing_due(five: LakeFolder) -> None:
    """An update that changes no message is built and published, but the table over messages is not made."""
    maker = Sums(NEAR)
    wrangler = with_makers(five, maker)
    wrangler.run()
    five.add({"update_id": 77, "poll": {"id": "1"}}, at=NOW + 2 * ONE)
    maker.asked.clear()
    report = wrangler.run()

    assert (report.release, maker.asked) == (2, [])


def test_a_table_over_a_made_table(five: LakeFolder) -> None:
    """A change goes through both windows in one run, whatever the order in which the makers are given."""
    over, near = Sums(OVER, "sum(messages)"), Sums(NEAR)
    wrangler = with_makers(five, over, near)
    wrangler.run()
    say(five, 9, 4)
    over.asked.clear()
    wrangler.run()

    assert made(five) == {0: 3, 1: 4, 2: 5, 3: 4, 4: 3}
    assert made(five, "over") == {0: 7, 1: 9, 2: 9, 3: 7, 4: 3}
    assert over.asked == [[DAY + each * ONE for each in (1, 2, 3, 4)]]
    assert due(wrangler) == {}


def test_why_a_made_day_is_due(five: LakeFolder) -> None:
    """The reasons name the table and the day that changed; a new recipe and a new table are told too."""
    maker = Sums(NEAR)
    wrangler = with_makers(five, maker)
    five.wrangle()

    assert due(wrangler) == dict.fromkeys(range(5), ("near was never built",))

    wrangler.run()
    say(five, 9, 2)
    five.wrangle()  # a run without the maker, as by an older version

    changed = (f"messages of {DAY + 2 * ONE}, which near reads, has changed",)
    assert due(wrangler) == dict.fromkeys((0, 1, 2, 3), changed)

    wrangler.run()
    maker.recipe = "2"

    assert due(wrangler) == dict.fromkeys(range(5), ("the recipe of near has changed",))


def test_why_a_day_of_raw_is_due(make_lake: MakeLake) -> None:
    """The reasons tell how many records there were and are, and whose raw it is when a table looks at the day before."""
    lake = make_lake(iceberg=False)
    say(lake, 1, 0)
    say(lake, 2, 1)

    assert due(lake.wrangler) == {0: ("never built",), 1: ("never built",)}

    lake.wrangle()
    say(lake, 3, 0)

    assert due(lake.wrangler) == {
        0: ("raw has changed: 1 records then, 2 now",),
        1: (f"raw of {DAY}, which updates reads, has changed", f"raw of {DAY}, which drift reads, has changed"),
    }


def test_many_tables_of_one_reason_are_told_as_one(make_lake: MakeLake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a shared line of SQL would fill the screen, day by day."""
    lake = make_lake(iceberg=False)
    say(lake, 1, 0)
    lake.wrangle()
    sql = plan.sql_file
    monkeypatch.setattr(plan, "sql_file", lambda name: sql(name) + (" -- new" if name == "_macros" else ""))
    say(lake, 2, 0)

    assert due(lake.wrangler) == {0: ("raw has changed: 1 records then, 2 now",)}

    lake.wrangle()
    monkeypatch.setattr(plan, "sql_file", sql)

    assert due(lake.wrangler) == {0: (f"the recipes of {len(BUILT)} tables have changed",)}


def test_each_part_of_a_run_is_whole(five: LakeFolder) -> None:
    """A run that publishes after each day: in every release the made table is what its inputs in that release say."""
    wrangler = with_makers(five, Sums(NEAR), batch_bytes=1, publish_seconds=1e-9)
    seen = []
    publish = five.tables.publish

    def look(days: Mapping[str, Sequence[DayFile]]) -> Any:
        release = publish(days)
        with_rows = {day: 1 for (day,) in five.rows("SELECT DISTINCT context_date FROM messages")}
        expected = {
            (day - DAY).days: sum(with_rows.get(each, 0) for each in NEAR.reads.tables["messages"].around(day))
            for day in with_rows
        }
        seen.append((made(five), expected))
        return release

    five.tables.publish = look  # type: ignore[method-assign]
    report = wrangler.run()

    assert (report.release, report.releases, len(seen)) == (5, 5, 5)
    assert all(found == expected for found, expected in seen), seen


def test_a_whole_window_needs_the_making_before_each_publication(
    five: LakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: without it the border of two parts is wrong in a release."""
    monkeypatch.setattr(run.Run, "_touched", lambda *_: [])

    with pytest.raises(AssertionError):
        test_each_part_of_a_run_is_whole(five)


def test_a_change_that_is_not_in_the_digest_is_missed(five: LakeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: a digest without the neighbour days makes none of them due."""
    monkeypatch.setattr(Days, "around", lambda self, day: [day])

    with pytest.raises(AssertionError):
        test_a_change_goes_as_far_as_the_window(five)


def test_a_new_table_is_made_of_all_days_in_parts(five: LakeFolder) -> None:
    """It is made of days that were built before, batch by batch, and published as it goes."""
    five.wrangle()
    maker = Sums(NEAR)
    report = with_makers(five, maker, batch_bytes=1, publish_seconds=1e-9).run()

    assert made(five) == {0: 3, 1: 4, 2: 4, 3: 3, 4: 2}
    assert maker.asked == [[DAY + each * ONE] for each in range(5)]
    assert (report.releases, len(report.days)) == (5, 5)


def test_a_bad_made_day_costs_no_other(make_lake: MakeLake) -> None:
    """It is named and stays due; the others are published, and so are the tables that it is made from."""
    lake = make_lake(iceberg=False)
    for number in range(3):
        say(lake, number + 1, number)
    maker = Sums(NEAR)
    maker.bad = {DAY + ONE}
    wrangler = with_makers(lake, maker)

    with pytest.raises(CheckFailed, match=f"{DAY + ONE} is bad"):
        wrangler.run()
    assert made(lake) == {0: 3, 2: 2}
    assert lake.rows("SELECT count(*) FROM messages") == [(3,)]
    assert list(due(wrangler)) == [1]

    maker.bad = set()
    wrangler.run()

    assert made(lake) == {0: 3, 1: 3, 2: 2}


def test_named_days_are_made_anew(five: LakeFolder) -> None:
    """`--day` builds a day's made tables too, changed or not."""
    maker = Sums(NEAR)
    wrangler = with_makers(five, maker)
    wrangler.run()
    maker.asked.clear()
    report = wrangler.run(lambda day: day == DAY + ONE)

    assert maker.asked == [[DAY + ONE]]
    assert (report.release, report.days) == (None, [DAY + ONE])


def test_what_is_no_longer_kept_is_not_missed(five: LakeFolder) -> None:
    """A made day whose window reaches before the kept days stays as it is when those go."""
    with_makers(five, Sums(NEAR)).run()
    keeping = with_makers(five, Sums(NEAR), keep_days=3, clock=lambda: NOW + 4 * ONE)
    report = keeping.run()

    assert report.expired == [DAY]
    assert made(five) == {1: 4, 2: 4, 3: 3, 4: 2}
    assert due(keeping) == {}


def test_a_graph_that_cannot_be(make_lake: MakeLake) -> None:
    """A table that reads what is not there, and tables in a circle, are refused by name."""
    wrangler = with_makers(make_lake(iceberg=False), Sums(NEAR), Sums(FAR))
    with pytest.raises(TableMismatch, match="Table far reads reactions_of, which is not there"):
        wrangler.run()

    circle = [replace(NEAR, reads=Reads(None, {"over": Days()})), OVER]
    with pytest.raises(TableMismatch, match=r"in a circle: .*near.*over"):
        graph.in_order([*BUILT, *circle])


def test_the_engine_gives_what_its_tables_read() -> None:
    """Tables of the engine look at raw of their day and the day before, and at no table: it hands them no more."""
    for table in BUILT:
        assert table.reads.raw is not None
        assert table.reads.raw.first in (-1, 0), table.name
        assert table.reads.raw.last == 0, table.name
        assert not table.reads.tables, table.name
    assert [step.table for step in plan.all_steps(ZoneInfo("America/Sao_Paulo"))] != []


def test_what_comes_late_for_a_frozen_day_is_in_the_window(five: LakeFolder) -> None:
    """A table made from others has it too, of frozen days and of others; what no window reaches stays as it is."""
    maker = Sums(NEAR)
    wrangler = with_makers(five, maker)
    wrangler.run()
    with five.tables.writing():
        expire_raw(five.store, five.tables, wrangler, 1, NOW + 4 * ONE)
    say(five, 9, 1)
    maker.asked.clear()

    report = wrangler.run()

    assert report.merged == {str(DAY + ONE): 1}
    assert made(five) == {0: 4, 1: 5, 2: 5, 3: 3, 4: 2}
    assert [sorted((day - DAY).days for day in asked) for asked in maker.asked] == [[0, 1, 2]]
    assert due(wrangler) == {} and wrangler.run().release is None
