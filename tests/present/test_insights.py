"""Every insight is declared whole, runs on any lake, and counts what its definition says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import vl_convert
from lakes import Maker, write

from conftest import NEW, OLD, OTHER
from telelake import settings
from telelake.errors import SettingsError, UnknownName
from telelake.present import formats
from telelake.present.chart import vega_lite
from telelake.present.insight import Insight, all_insights, insight, parse, run
from telelake.present.params import PARAMS
from telelake.present.query import Lake, open_lake
from telelake.present.vocabulary import LANGS, WORDS, Lang

GOLDEN = Path(__file__).with_name("golden") / "insights"
EACH = pytest.mark.parametrize("one", all_insights(), ids=lambda one: one.name)


@EACH
def test_its_header_is_complete_in_both_languages(one: Insight) -> None:
    for lang in LANGS:
        assert one.titles[lang] and one.definitions[lang].endswith(".")
        assert len(one.definitions[lang]) > 80
    assert one.titles["en"] != one.titles["pt"]
    assert set(one.params) <= set(PARAMS)


@EACH
def test_it_runs_over_an_empty_lake(empty_lake: Lake, one: Insight) -> None:
    rows = run(empty_lake, one).rows

    assert not any(row["messages"] for row in run(empty_lake, one).records() if "messages" in row), rows


@EACH
def test_its_columns_have_words_and_its_chart_uses_them(small_lake: Lake, one: Insight) -> None:
    columns = run(small_lake, one).columns

    assert set(columns) <= set(WORDS)
    assert set(one.chart.columns) <= set(columns)


@EACH
def test_its_numbers_on_a_small_lake(small_lake: Lake, one: Insight) -> None:
    golden = GOLDEN / f"{one.name}.csv"
    if golden.exists():  # the others are counted in test_whole.py
        assert formats.as_csv(run(small_lake, one)) == golden.read_text(encoding="utf-8")


@EACH
def test_its_chart_compiles_and_is_drawn(small_lake: Lake, one: Insight) -> None:
    # One language each, in turn: drawing takes long, and what differs is words.
    lang: Lang = LANGS[all_insights().index(one) % 2]
    if one.chart.mark in {"figures", "table"}:
        assert vega_lite(one, lang) == {}
        return
    spec = vega_lite(one, lang, "dark", run(small_lake, one)) | {"width": 400}

    assert "<svg" in vl_convert.vegalite_to_svg(spec)
    assert spec["width"] == 400 and vega_lite(one, lang)["width"] == "container"


def numbers(lake: Lake, name: str, **params: object) -> list[tuple[object, ...]]:
    """Return an insight's rows with days as text."""
    plain = [tuple(formats.plain(value) for value in row) for row in run(lake, insight(name), params).rows]
    return list(plain)


def test_midnight_is_the_lakes_and_quiet_days_show_zero(small_lake: Lake) -> None:
    assert numbers(small_lake, "messages_per_day") == [
        ("2026-02-28", 1), ("2026-03-01", 4), ("2026-03-02", 0), ("2026-03-03", 5),
    ]  # fmt: skip


@pytest.mark.parametrize("chat", [OLD, NEW, str(NEW)])
def test_a_chat_is_followed_through_its_migration(small_lake: Lake, chat: object) -> None:
    assert numbers(small_lake, "messages_per_day", chat=chat) == [
        ("2026-02-28", 1), ("2026-03-01", 3), ("2026-03-02", 0), ("2026-03-03", 3),
    ]  # fmt: skip
    assert sum(row[1] for row in numbers(small_lake, "messages_per_day", chat=OTHER)) == 3


def test_days_and_weeks_filter_with_both_ends_included(small_lake: Lake) -> None:
    assert numbers(small_lake, "messages_per_day", **{"from": "2026-03-01", "to": "2026-03-01"}) == [("2026-03-01", 4)]
    assert numbers(small_lake, "messages_per_day", week="2026-W09") == [("2026-02-28", 1), ("2026-03-01", 4)]
    assert numbers(small_lake, "messages_per_day", week="2026-W10") == [("2026-03-03", 5)]


def test_bots_and_chats_are_no_people_and_equal_names_are_told_apart(small_lake: Lake) -> None:
    people = {row[3] for row in numbers(small_lake, "messages_per_person_per_day")}

    assert people == {"Ana Lima #1", "Ana Lima #2", "@caio", "#4"}


def test_somebodys_first_day_is_looked_for_before_the_chosen_days(small_lake: Lake) -> None:
    assert numbers(small_lake, "people_per_day", **{"from": "2026-03-01"}) == [
        ("2026-03-01", 3, 2), ("2026-03-02", 0, 0), ("2026-03-03", 2, 1),
    ]  # fmt: skip


def test_all_beyond_the_seventh_person_are_one_row(busy_lake: Lake) -> None:
    rows = numbers(busy_lake, "messages_per_person_per_day")
    total = sum(row[1] for row in numbers(busy_lake, "messages_per_day"))

    assert {row[1] for row in rows} == set(range(1, 9))
    assert all((row[1] == 8) == (row[2] is None) == (row[3] is None) for row in rows)
    assert sum(row[4] for row in rows) == total


def test_hours_follow_a_zones_summer_time(tmp_path: Path) -> None:
    """In New York clocks went from 02:00 to 03:00 on 8 March 2026, and there 01:00 comes twice on 1 November."""
    maker = Maker("America/New_York")
    for at in ("2026-03-08T06:30:00", "2026-03-08T07:30:00", "2026-11-01T05:30:00", "2026-11-01T06:30:00"):
        maker.say(at, 1, NEW)
    with open_lake(write(tmp_path, maker.tables()), ZoneInfo("America/New_York"), settings.Sql()) as lake:
        hours = {row[0]: row[1] for row in numbers(lake, "busiest_hours")}
        days = [row for row in numbers(lake, "messages_per_day") if row[1]]

    assert (hours[1], hours[2], hours[3]) == (3, 0, 1)
    assert days == [("2026-03-08", 2), ("2026-11-01", 2)]


@pytest.mark.parametrize(
    ("params", "advice"),
    [
        ({"from": "yesterday"}, "Write it as 2026-03-31"),
        ({"to": "2026-02-30"}, "Write it as 2026-03-31"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "Swap them"),
        ({"chat": "support"}, "Write its number"),
        ({"chat": "1; DROP TABLE messages"}, "Write its number"),
        ({"week": "10"}, "Write it as 2026-W10"),
        ({"week": "2026-W54"}, "Write it as 2026-W10"),
        ({"color": "red"}, "Known: from, to, chat, week"),
    ],
)
def test_a_wrong_parameter_says_what_to_write(small_lake: Lake, params: dict[str, str], advice: str) -> None:
    with pytest.raises(SettingsError, match=advice):
        run(small_lake, insight("messages_per_day"), params)


def test_an_empty_parameter_filters_nothing(small_lake: Lake) -> None:
    everything = dict.fromkeys(("from", "to", "chat", "week"), "")

    assert numbers(small_lake, "key_figures", **everything) == numbers(small_lake, "key_figures")


def test_an_unknown_insight_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'messages_per_day'"):
        insight("messages_per_days")


def test_a_header_with_a_line_missing_is_no_insight() -> None:
    with pytest.raises(SettingsError, match=r"insights/x\.sql.*title\.pt"):
        parse("x", "-- title.en: A\nSELECT 1")


def test_importing_present_loads_nothing_heavy() -> None:
    code = (
        "import sys, telelake.present.query, telelake.present.insight, telelake.present.chart, telelake.present.formats;"
        "print([m for m in ('pyarrow', 'starlette', 'jinja2', 'vl_convert') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
