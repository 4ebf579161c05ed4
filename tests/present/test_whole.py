"""Each insight's numbers over one lake that can be counted by hand (`whole.py`), what its filters do, and what it opens."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from lakes import write
from whole import SALES, SUPPORT, whole

from conftest import SAO_PAULO
from telelake import settings
from telelake.errors import SettingsError
from telelake.present import formats
from telelake.present.insight import Insight, all_insights, insight, run
from telelake.present.params import FILTERS, PARAMS
from telelake.present.query import Lake, open_lake
from telelake.present.rows import BASES, rows
from telelake.present.vocabulary import WORDS, Role

FOLDER = Path(__file__).with_name("golden")
GOLDEN = FOLDER / "whole"
EACH = pytest.mark.parametrize("one", all_insights(), ids=lambda one: one.name)
OPENS = [each for each in all_insights() if each.rows is not None]
ASKED: dict[str, dict[str, Any]] = {
    "inactive_members": {"silent": 3}, "keyword_over_time": {"words": "Não consigo"}, "messages_over_time": {"grain": "week"},
}  # fmt: skip
"""Parameters with which the numbers below were counted, where that is not none."""
NOTHING = {
    "from": "2031-01-01", "to": "2001-01-01", "chat": -999, "week": "2031-W01", "topic": 999, "hour": 3, "weekday": 6,
}  # fmt: skip
"""For each filter a value that chooses nothing of this lake."""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory):
    with open_lake(write(tmp_path_factory.mktemp("whole"), whole()), SAO_PAULO, settings.Sql()) as opened:
        yield opened


def records(lake: Lake, name: str, **params: object) -> list[dict[str, Any]]:
    """Return an insight's rows by the names of its columns."""
    return list(run(lake, insight(name), params).records())


@EACH
def test_its_numbers_are_those_counted_by_hand(lake: Lake, one: Insight) -> None:
    golden = GOLDEN / f"{one.name}.csv"
    if not golden.exists():
        assert (FOLDER / "insights" / golden.name).exists(), "every insight is counted by hand somewhere"
        return
    assert formats.as_csv(run(lake, one, ASKED.get(one.name))) == golden.read_text(encoding="utf-8")


@EACH
def test_its_sql_takes_just_the_parameters_that_its_header_names(one: Insight) -> None:
    assert set(re.findall(r"\$(\w+)", one.sql)) == set(one.params)
    assert [name for name in one.params if name in FILTERS] == [name for name in FILTERS if name in one.params]
    assert set(one.defaults) <= set(one.params)
    assert not PARAMS.keys() - {name for each in all_insights() for name in each.params}, "a parameter of no insight"


@EACH
def test_a_filter_that_chooses_nothing_leaves_nothing(lake: Lake, one: Insight) -> None:
    for name in (each for each in one.params if each in NOTHING):
        asked = {**ASKED.get(one.name, {}), name: NOTHING[name]}
        for row in run(lake, one, asked).records():
            counted = [column for column, value in row.items() if WORDS[column].role is Role.COUNT and value]
            assert counted == [], f"{name}: {row}"


@pytest.mark.parametrize(
    "name",
    ["messages_over_time", "hours_by_weekday", "busiest_hours", "message_kinds", "messages_by_chat", "who_answers_whom",
     "words", "hashtags", "domains", "links", "emoji", "keyword_over_time", "commands", "reply_times"],
)  # fmt: skip
def test_people_and_bots_are_all(lake: Lake, name: str) -> None:
    def total(**more: str) -> int:
        rows = run(lake, insight(name), {**ASKED.get(name, {}), **more}).records()
        return sum(next(row[unit] for unit in ("messages", "uses", "replies") if unit in row) for row in rows)

    people, bots, default = total(who="people"), total(who="bots"), total()

    assert default == (people if insight(name).defaults.get("who") else people + bots)
    assert people > 0


@pytest.mark.parametrize("one", OPENS, ids=lambda one: one.name)
def test_every_number_opens_its_rows(lake: Lake, one: Insight) -> None:
    """A count opens as many rows as it says; one that counts people, days or chats opens the rows that they are counted in."""
    assert one.rows is not None and one.rows.base in BASES
    asked = ASKED.get(one.name, {})
    compared = 0
    zeros: set[str] = set()
    for row in run(lake, one, asked).records():
        for column in (each for each in row if _is_of_rows(one, each)):
            if not row[column] and column in zeros:
                continue  # one that opens nothing is enough
            zeros |= set() if row[column] else {column}
            opened = rows(lake, one, {key: formats.plain(value) for key, value in row.items()}, column, asked)
            assert opened.table.num_rows == (row[column] or 0), (column, row)
            compared += 1
    assert compared or one.name in _NOT_ROW_BY_ROW


_UNITS = {
    "messages": "messages", "entities": "messages uses", "questions": "questions answers", "calls": "calls",
    "updates": "updates", "presses": "presses", "quarantine": "records", "memberships": "",  "drift": "",
}  # fmt: skip
_NOT_ROW_BY_ROW = {
    "words", "word_pairs", "emoji", "repeated_messages", "longest_messages", "who_answers_whom", "reply_times",
    "people_over_time", "people_per_day", "unanswered_queue", "unknown_kinds", "call_errors", "first_response_over_time",
}  # fmt: skip
"""Their counts are of words, pairs or values in the rows, or of some of them: see the tests below."""


def _is_of_rows(one: Insight, column: str) -> bool:
    assert one.rows is not None
    if WORDS[column].role is not Role.COUNT or column in {"net", "people"} or one.name in _NOT_ROW_BY_ROW:
        return False
    return column in one.rows.only or column in _UNITS[one.rows.base].split()


@pytest.mark.parametrize(
    ("name", "chosen", "column", "ids"),
    [
        ("words", {"word": "boleto"}, None, [4, 6]),
        ("word_pairs", {"pair": "nota fiscal"}, None, [1]),
        ("emoji", {"emoji": "👍"}, None, [2]),
        ("repeated_messages", {"copies": 2}, None, [4, 6]),
        ("longest_messages", {"message_id": 6}, None, [6]),
        ("who_answers_whom", {"replier_id": 2}, None, [5, 8]),
        ("reply_times", {"user_id": 9}, None, [2, 7]),
        ("people_over_time", {"period_name": "2027-01-01"}, None, [6, 8]),
        ("unanswered_queue", {"message_id": 9}, None, [9]),
        ("topics", {"topic_id": None}, None, [9]),
        ("topics", {"topic_id": 2}, "sla_breaches", [4]),
        ("first_response_over_time", {"period_name": "2026-W53"}, None, [1, 4, 6]),
        ("support_figures", {}, "bot_resolution_rate", [1]),
        ("keyword_over_time", {"period_name": "2027-01-01"}, "messages", [6]),
        ("answer_when", {}, None, [1, 3, 4, 5, 6, 8, 9, 10]),
    ],
)  # fmt: skip
def test_a_number_opens_just_these_messages(
    lake: Lake, name: str, chosen: dict[str, Any], column: str | None, ids: list[int]
) -> None:
    asked = ASKED.get(name, {})
    row = next(each for each in records(lake, name, **asked) if chosen.items() <= each.items())
    plain = {key: formats.plain(value) for key, value in row.items()}

    opened = list(rows(lake, insight(name), plain, column, asked).records())

    assert sorted(each["message_id"] for each in opened) == ids


def test_what_opens_is_filtered_as_the_number_was(lake: Lake) -> None:
    row = records(lake, "message_kinds", chat=SALES, hour=8)[0]

    opened = list(rows(lake, insight("message_kinds"), row, None, {"chat": SALES, "hour": 8}).records())

    assert [each["message_id"] for each in opened] == [9, 10] and row["messages"] == 2
    assert {each["chat"] for each in opened} == {"Vendas"} and [each["person"] for each in opened] == ["Ana", None]


def test_without_the_column_that_chooses_nothing_opens(lake: Lake) -> None:
    with pytest.raises(SettingsError, match="kind is missing"):
        rows(lake, insight("message_kinds"), {"messages": 3})
    with pytest.raises(SettingsError, match="no smaller rows"):
        rows(lake, insight("lorenz"), {})


def test_an_iso_week_has_the_year_of_its_thursday(lake: Lake) -> None:
    """1 January 2027 is a Friday, in week 53 of 2026; the calendar's year with the week's number would say 2027-W53."""
    new_year = {"from": "2027-01-01", "to": "2027-01-01"}

    assert [row["period_name"] for row in records(lake, "messages_over_time", grain="week", **new_year)] == ["2026-W53"]
    assert [row["period_name"] for row in records(lake, "messages_over_time", grain="month", **new_year)] == ["2027-01"]
    assert [row["messages"] for row in records(lake, "messages_over_time", week="2026-W53", grain="month")] == [5, 3]


@pytest.mark.parametrize(
    ("day", "week"), [("2024-12-31", "2025-W01"), ("2027-01-01", "2026-W53"), ("2021-01-03", "2020-W53")]
)
def test_around_new_year_a_week_is_named_as_iso_names_it(lake: Lake, day: str, week: str) -> None:
    named = f"SELECT period_name(period_of(DATE '{day}', 0, 'week'), 'week')"

    assert lake.query(named).rows == [(week,)]


def test_hours_are_local_and_empty_ones_show_zero(lake: Lake) -> None:
    found = {
        row["period_name"]: row["messages"]
        for row in records(lake, "messages_over_time", grain="hour", to="2026-12-28")
    }

    assert len(found) == 24
    assert {name: count for name, count in found.items() if count} == {"2026-12-28 09:00": 3, "2026-12-28 23:00": 1}


def test_a_person_is_new_once_also_when_the_days_before_are_not_chosen(lake: Lake) -> None:
    later = records(lake, "people_over_time", grain="week", **{"from": "2027-01-04"})
    in_sales = records(lake, "people_over_time", grain="week", chat=SALES)

    assert [(row["people"], row["new_people"], row["returning_people"]) for row in later] == [(2, 1, 1)]
    assert [(row["people"], row["new_people"]) for row in in_sales] == [(2, 2)]


def test_who_left_is_no_silent_member(lake: Lake) -> None:
    assert {row["person"] for row in records(lake, "inactive_members", silent=3)} == {"Bia"}
    assert {row["person"] for row in records(lake, "inactive_members", silent=3, to="2026-12-31")} == set()


def test_the_period_before_is_as_long_as_the_chosen_one(lake: Lake) -> None:
    [row] = records(lake, "topics", topic=2, **{"from": "2027-01-01", "to": "2027-01-04"})
    [short] = records(lake, "topics", topic=2, **{"from": "2027-01-01", "to": "2027-01-02"})

    assert (row["questions"], row["questions_before"]) == (1, 0)
    assert (short["questions"], short["questions_before"]) == (1, 0)


def test_the_seven_topics_and_the_rest(lake: Lake) -> None:
    total = sum(row["questions"] for row in records(lake, "topics_over_time"))

    assert total == records(lake, "support_figures")[0]["questions"] == 4


def test_the_counted_hours_are_those_of_the_messages(lake: Lake) -> None:
    """`chosen_hours` reads a table made beforehand; under every filter that it takes it must say what messages do."""
    calls = ["NULL, NULL, NULL, NULL, {}, NULL, NULL", f"DATE '2026-12-29', NULL, {SUPPORT}, NULL, {{}}, NULL, NULL",
             "NULL, NULL, NULL, '2026-W53', {}, 12, 5", f"NULL, NULL, {SALES}, NULL, {{}}, NULL, 1"]  # fmt: skip
    for call in calls:
        for who in ("NULL", "'people'", "'bots'"):
            given = call.format(who)
            counted = f"SELECT day, hour, chat_id, messages FROM chosen_hours({given}) WHERE messages > 0"
            by_hand = f"SELECT day, hour, chat_id, count(*) FROM chosen_messages({given}) GROUP BY ALL"
            assert sorted(lake.query(counted).rows) == sorted(lake.query(by_hand).rows)


def test_without_an_sla_nothing_says_that_it_is_kept(tmp_path: Path) -> None:
    tables = whole()
    for row in tables["questions"]:
        row.pop("sla_breached", None)
    with open_lake(write(tmp_path, tables), SAO_PAULO, settings.Sql()) as lake:
        for name in ("support_figures", "support_by_chat", "support_by_attendant", "topics"):
            assert {row["sla_breaches"] for row in records(lake, name)} == {None}


def test_what_a_person_called_solved_waits_no_more(lake: Lake, tmp_path: Path) -> None:
    tables = whole()
    waiting = [row["message_id"] for row in records(lake, "unanswered_queue")]
    for row in tables["questions"]:
        if row["message_id"] in waiting:
            row |= {"outcome": "confirmed", "outcome_rule": "label", "corrected": True}
    with open_lake(write(tmp_path, tables), SAO_PAULO, settings.Sql()) as corrected:
        assert waiting and records(corrected, "unanswered_queue") == []


def test_a_helper_has_the_role_of_the_latest_answer(tmp_path: Path) -> None:
    """Who became an attendant is one, whatever the words of the roles sort like."""
    tables = whole()
    first = next(row for row in tables["questions"] if row.get("answer_user_id") == 2)
    early = first | {
        "asked_at": "2026-12-28T12:00:00Z",
        "message_id": 99,
        "question_id": "q99",
        "answered_by": "customer",
    }
    tables["questions"].append(early)
    with open_lake(write(tmp_path, tables), SAO_PAULO, settings.Sql()) as lake:
        assert {row["user_id"]: row["role"] for row in records(lake, "top_helpers")}[2] == "attendant"
