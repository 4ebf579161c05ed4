"""Numbers that are said in more than one place are one number: definitions stand in macros.sql and nowhere else."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from lakes import Maker, Row, write
from starlette.testclient import TestClient
from whole import SALES, SUPPORT, whole

from conftest import SAO_PAULO
from telelake import settings
from telelake.present import insight as insights
from telelake.present.digest import digest
from telelake.present.insight import insight, run
from telelake.present.query import Lake, open_lake
from telelake.present.report import render
from telelake.present.rows import rows
from telelake.present.web import make_app

FOLDER = Path(insights.__file__).with_name("insights")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory):
    """The lake of `whole`, with questions that nobody answered in each of the ways in which that ends."""
    tables = whole()
    asked = next(row for row in tables["questions"] if row["message_id"] == 9)
    ends = {20: "unanswered", 21: "escalated", 22: "confirmed", 23: "assumed", 24: None, 25: "revoked"}
    more: list[Row] = [
        {**asked, "question_id": f"q{id_}", "message_id": id_, "outcome": end} for id_, end in ends.items()
    ]
    answered = next(row for row in tables["questions"] if row["message_id"] == 4)
    more.append({**answered, "question_id": "q26", "message_id": 26, "outcome": "unanswered"})  # as a person said
    tables["questions"] = [*tables["questions"], *more]
    with open_lake(write(tmp_path_factory.mktemp("agree"), tables), SAO_PAULO, settings.Sql()) as opened:
        yield opened


def records(lake: Lake, name: str, **params: object) -> list[dict[str, Any]]:
    """Return an insight's rows by the names of its columns."""
    return list(run(lake, insight(name), params).records())


@pytest.mark.parametrize("given", [{}, {"chat": SALES}, {"from": "2027-01-01"}, {"hour": 8}, {"topic": 2}], ids=str)
def test_unanswered_is_one_number(lake: Lake, given: dict[str, Any]) -> None:
    solved = records(lake, "answer_solved", **given)[0]
    figures = records(lake, "support_figures", **given)[0]
    by_outcome = {row["outcome"]: row["questions"] for row in records(lake, "resolution_mix", **given)}
    buckets = {row["bucket"]: row["questions"] for row in records(lake, "response_buckets", **given)}
    over_time = records(lake, "questions_over_time", **given)

    said = {
        "first page": solved["unanswered"],
        "support": figures["unanswered"],
        "by chat": sum(row["unanswered"] for row in records(lake, "support_by_chat", **given)),
        "how they end": by_outcome.get("unanswered", 0),
        "no answer yet": buckets["6"],
        "over time": sum(row["unanswered"] for row in over_time),
        "queue": len(records(lake, "unanswered_queue", **given)),
        "opened": rows(lake, insight("answer_solved"), solved, "unanswered", given).table.num_rows,
    }

    assert len(set(said.values())) == 1, said
    assert solved["unanswered"] + sum(row["answered"] for row in over_time) == solved["questions"]


def test_the_unanswered_are_those_counted_by_hand(lake: Lake) -> None:
    """9, and of the others those that nobody answered and nobody marked as solved; 26, which somebody marked as unanswered."""
    assert {row["message_id"] for row in records(lake, "unanswered_queue")} == {9, 20, 21, 24, 25, 26}


def test_page_digest_and_report_say_it_too(lake: Lake) -> None:
    unanswered = records(lake, "answer_solved")[0]["unanswered"]
    page = TestClient(make_app(lambda: lake, dict), base_url="http://localhost:8081")
    [reply] = [each for each in page.get("/api/first?lang=en").json() if each["name"] == "answer_solved"]
    report = render(lake, "en")
    mix = report[report.index('id="title-resolution_mix"') :]

    assert reply["row"]["unanswered"] == unanswered == 6
    assert "Still waiting, of 14 days: 6" in digest(lake, date(2027, 1, 4), "en").html
    assert re.search(r"<td>Unanswered</td><td class=\"n\">6</td>", mix)


def test_the_busiest_hour_is_one_and_the_peoples(tmp_path: Path) -> None:
    """A bot that writes most at 11 does not make 11 the hour at which people use it."""
    maker = Maker("America/Sao_Paulo")
    for minute in range(3):
        maker.say(f"2026-03-02T11:0{minute}:00", 1, SUPPORT)  # 8 in São Paulo
    for minute in range(9):
        maker.say(f"2026-03-03T14:0{minute}:00", 9, SUPPORT, is_bot=True, direction="out")
    with open_lake(write(tmp_path, maker.tables()), SAO_PAULO, settings.Sql()) as lake:
        hours = records(lake, "busiest_hours")
        weekly = records(lake, "hours_by_weekday")
        said = {
            "first page": records(lake, "answer_when")[0]["busiest_hour"],
            "key figures": records(lake, "key_figures")[0]["busiest_hour"],
            "by hour": max(hours, key=lambda row: row["messages"])["hour"],
            "heat map": max(weekly, key=lambda row: row["messages"])["hour"],
        }
        everyone = {
            "key figures": records(lake, "key_figures", who="everyone")[0]["busiest_hour"],
            "by hour": max(records(lake, "busiest_hours", who="everyone"), key=lambda row: row["messages"])["hour"],
        }
        day = digest(lake, date(2026, 3, 2), "en").html

    assert set(said.values()) == {8}, said
    assert set(everyone.values()) == {11}, everyone
    assert "Most at 08h" in day


def test_customers_and_attendants_are_the_persons(lake: Lake) -> None:
    """Bia answered as an attendant; Ana, Caio and #4 did not."""
    writers = {
        who: {row["user_id"] for row in records(lake, "participation", who=who)}
        for who in ("customers", "attendants", "people")
    }
    counted = {
        who: (
            sum(row["messages"] for row in records(lake, "message_kinds", who=who)),
            sum(row["messages"] for row in records(lake, "messages_over_time", who=who)),
            sum(row["messages"] for row in records(lake, "hours_by_weekday", who=who, chat=SUPPORT))
            + sum(row["messages"] for row in records(lake, "hours_by_weekday", who=who, chat=SALES)),
        )
        for who in ("customers", "attendants", "people", "bots", "everyone")
    }

    assert writers == {"customers": {1, 3, 4}, "attendants": {2}, "people": {1, 2, 3, 4}}
    assert {who: set(each) for who, each in counted.items()} == {
        "customers": {6}, "attendants": {2}, "people": {8}, "bots": {2}, "everyone": {10},
    }  # fmt: skip


def test_a_bot_whose_replies_are_not_seen_is_not_said_to_do_nothing(tmp_path: Path) -> None:
    tables = whole()
    for name in ("messages", "chat_hours"):
        tables[name] = [row for row in tables[name] if not row.get("is_bot")]
    for row in tables["chat_hours"]:
        row["bot_messages"] = 0  # type: ignore[index]
    for row in tables["questions"]:
        if row.get("answered_by") == "bot" or row["message_id"] == 9:
            for column in [each for each in row if "answer" in each]:
                row[column] = None  # type: ignore[index]
    with open_lake(write(tmp_path, tables), SAO_PAULO, settings.Sql()) as lake:
        by_chat = {row["chat_id"]: row for row in records(lake, "support_by_chat")}
        figures = records(lake, "support_figures")[0]
        page = TestClient(make_app(lambda: lake, dict), base_url="http://localhost:8081")
        [reply] = [each for each in page.get("/api/first?lang=en").json() if each["name"] == "answer_solved"]
        words = "".join(part if isinstance(part, str) else str(reply["row"][part["column"]]) for part in reply["parts"])
        day = digest(lake, date(2026, 12, 28), "en").html

    assert {row["bot_replies"] for row in by_chat.values()} == {"unseen"}
    assert by_chat[SALES]["answer_rate"] is None  # nobody answers there, so far as is seen
    assert by_chat[SUPPORT]["answer_rate"] is not None  # people do
    for row in (*by_chat.values(), figures):
        assert {row[name] for name in ("answered_by_bot", "bot_resolution_rate", "handoff_rate")} == {None}
    assert words.startswith("Of 4 questions it is not known: no reply of a bot is in the lake")
    assert "Alone it solved" not in words
    assert "what it solved is not known" in day


def test_what_is_defined_is_not_said_again() -> None:
    """An insight that counts the unanswered by its own condition would be the next to disagree."""
    for path in FOLDER.glob("*.sql"):
        own = re.sub(r"^-- (?:title|definition).*$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert not re.search(r"answered_by IS NULL|= 'unanswered'|count\(\w*\.?answered_by\)", own), path.name
