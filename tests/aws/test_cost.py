"""The bill: counted requests times dated prices, checked by hand; goals are compared, not hidden."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from telelake.aws import cost
from telelake.aws.cost import ASSUMPTIONS, CAPTURE, Bill, course_per_million, monthly, prices
from telelake.errors import SettingsError, UnknownName

EXACT = {"receive": 10, "door_ms": 20, "door_gb": 0.25, "door_log": 0, "access_log": 0}


def usd(bill: Bill, what: str) -> float:
    return next(line.usd for line in bill.lines if line.what == what)


def test_the_prices_are_dated_and_say_that_they_must_be_checked() -> None:
    assert prices()["region"] == "us-east-1"
    assert re.fullmatch(r"20\d\d-\d\d", prices()["as_of"])
    assert "not fetched" in prices()["note"] and "https://aws.amazon.com/pricing" in prices()["note"]
    assert all(each["usd"] > 0 and each["per"] >= 1 and each["unit"] for each in prices()["prices"].values())


def test_a_million_messages_by_hand() -> None:
    """$1 HTTP API, $0.20 invocations, 20 ms × 0.25 GB × 1 M = 5,000 GB-s; a send, a tenth receive, a tenth delete."""
    bill = monthly(1e6 / cost.DAYS, changes=EXACT)

    assert usd(bill, "HTTP API") == pytest.approx(1.0)
    assert usd(bill, "invocations of the door") == pytest.approx(0.20)
    assert usd(bill, "time of the door") == pytest.approx(5_000 * 0.0000133334)
    assert usd(bill, "sends") == pytest.approx(0.40)
    assert usd(bill, "receives") == pytest.approx(0.04)
    assert usd(bill, "deletes, ten at once") == pytest.approx(0.04)
    assert usd(bill, "alarms") == pytest.approx(1.0)


@pytest.mark.parametrize(("size", "units"), [(2_000, 1), (65_000, 1), (65_473, 1), (65_474, 2), (200_000, 4)])
def test_a_message_is_billed_by_64_kb(size: int, units: int) -> None:
    assert usd(monthly(1e6 / cost.DAYS, size=size), "sends") == pytest.approx(0.40 * units)


def test_the_goals_are_met_where_receives_are_full_and_the_door_logs_nothing() -> None:
    """At most $1.8 and $0.8 for a million of 2 KB: what it takes. Each assumption by itself can miss them."""
    best = {"receive": 10, "door_log": 0, "access_log": 0}

    assert monthly(1e7, changes=best).per_million(*CAPTURE) <= 1.8
    assert monthly(1e7, endpoint="function-url", changes=best).per_million(*CAPTURE) <= 0.8
    assert monthly(1e7, changes=best | {"receive": 1}).per_million(*CAPTURE) > 1.8
    assert monthly(1e7, endpoint="function-url", changes=best | {"door_log": 360}).per_million(*CAPTURE) > 0.8


def test_the_course_design_costs_several_times_as_much() -> None:
    course = sum(course_per_million().values())

    assert course_per_million()["REST API"] == pytest.approx(3.5)
    assert course_per_million()["S3, writes"] == pytest.approx(5.0)
    assert 10 < course < 11
    assert course > 4 * monthly(1e5).per_million(*CAPTURE)


def test_what_is_paid_without_messages_is_apart() -> None:
    quiet, busy = monthly(1), monthly(1e5)

    assert quiet.fixed > 4 and quiet.variable < 0.2
    assert {line.what for line in busy.lines if line.is_fixed} == {
        "receives that bring nothing", "alarms", "dashboard", "secret", "reads of the secret", "schedules",
    }  # fmt: skip
    assert busy.fixed + busy.variable == pytest.approx(sum(line.usd for line in busy.lines))


def test_more_costs_more_and_a_million_of_many_costs_less() -> None:
    bills = [monthly(each) for each in (1e3, 1e4, 1e5, 1e6, 1e7)]
    totals = [bill.fixed + bill.variable for bill in bills]
    each = [bill.per_million(*CAPTURE) for bill in bills]

    assert totals == sorted(totals)
    assert each == sorted(each, reverse=True)


def test_wrangling_often_lists_raw_often() -> None:
    rare, often = monthly(1e5), monthly(1e5, wrangle_every=5)

    assert usd(often, "lists of raw") > 100 * usd(rare, "lists of raw")
    assert usd(monthly(1e5, wrangle_every=5, window=300), "lists of raw") < usd(often, "lists of raw") / 4


@pytest.mark.parametrize("name", ASSUMPTIONS)
def test_every_assumption_counts_and_can_be_replaced(name: str) -> None:
    value = 7 if name == "receive" else (ASSUMPTIONS[name].value or 120) * 3
    months: list[dict] = [{"per_day": 1e6, "wrangle_every": 30}, {"per_day": 1e3}, {"per_day": 1e8, "size": 65_000}]

    def totals(**more: object) -> list[float]:
        return [bill.fixed + bill.variable for bill in (monthly(**month, **more) for month in months)]

    assert totals(changes={name: value}) != totals()
    given = monthly(1e6, changes={name: value}).assumptions[name]
    assert (given.basis, given.value) == ("given", value)


def test_each_assumption_is_named_with_its_unit_and_marked() -> None:
    assert all(each.what for each in ASSUMPTIONS.values())
    assert all(re.match(r"(assumed$|measured: |counted: |set: )", each.basis) for each in ASSUMPTIONS.values())
    # What only AWS can tell must not look as if somebody had looked.
    only_aws = {
        "door_ms",
        "seal_ms",
        "wrangle_s",
        "receive",
        "poll_s",
        "pollers",
        "publish_gets",
        "glue_calls",
        "door_log",
    }
    assert {ASSUMPTIONS[name].basis for name in only_aws} == {"assumed"}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"per_day": 0}, SettingsError, "at least one message"),
        ({"per_day": 1, "changes": {"door_mss": 1}}, UnknownName, "Did you mean 'door_ms'"),
        ({"per_day": 1, "changes": {"door_ms": -1}}, SettingsError, "not below 0"),
        ({"per_day": 1, "changes": {"door_ms": float("nan")}}, SettingsError, "not below 0"),
    ],
)
def test_what_makes_no_bill_is_said(arguments: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        monthly(**arguments)


def test_as_text_it_names_price_date_and_assumptions() -> None:
    text = cost.as_text(monthly(1e5))

    assert f"prices as of {prices()['as_of']}" in text and "not fetched" in text
    assert all(f"  {name} = " in text for name in ASSUMPTIONS)
    assert "(assumed)" in text and "(set: the template)" in text


def test_as_json_it_holds_all() -> None:
    bill = monthly(1e5, endpoint="function-url", architecture="x86_64").as_json()

    assert bill["usd"]["total"] == pytest.approx(sum(line["usd"] for line in bill["lines"]))
    assert not [line for line in bill["lines"] if line["what"] == "HTTP API"]
    assert bill["prices_as_of"] == prices()["as_of"] and len(bill["assumptions"]) == len(ASSUMPTIONS)


def test_the_command_prints_the_bill() -> None:
    """`telelake cost`: a table or JSON on stdout; a wrong option says what to write."""

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "telelake", "cost", *arguments]
        return subprocess.run(command, capture_output=True, text=True)

    usual = call("--messages-per-day", "100000")
    given = call("--messages-per-day", "100000", "--endpoint", "function-url", "--assume", "door_ms=30", "--json")
    assert (usual.returncode, usual.stdout, usual.stderr) == (0, cost.as_text(monthly(1e5)), "")
    wanted = monthly(1e5, endpoint="function-url", changes={"door_ms": 30}).as_json()
    assert json.loads(given.stdout) == json.loads(json.dumps(wanted))
    for wrong, said in (
        ("--endpoint=alb", "function-url"),
        ("--assume=door_ms", "NAME=VALUE"),
        ("--assume=x=1", "door_ms"),
    ):
        done = call("--messages-per-day", "1", wrong)
        assert done.returncode == 1 and said in done.stderr
