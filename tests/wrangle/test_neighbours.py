"""A record's rows do not depend on what lies beside it in its segment (law 5).

One irregular line has its whole segment written anew for the engine (`wrangle/conform.py`), the good lines too. So each
odd value stands here by itself, and in one segment with all others and a line of a wrong type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import count
from random import Random
from typing import Any

import pytest

from telelake import raw
from telelake.tables import form
from telelake.tables.catalog import BUILT
from telelake.wrangle import conform
from tests.conftest import LakeFolder

DIGITS = "9" * 5_000
BEYOND = (
    "18446744073709551616", "-9223372036854775809", "1e400", "-1e400", "1.7976931348623159e308", "1e99999999999999999999",
    DIGITS, f"-{DIGITS}", f"{DIGITS}.{DIGITS}", f"{DIGITS}e5",
)  # fmt: skip
"""Numbers beyond 64 bits, or beyond all numbers."""
VALUES = (
    *BEYOND, "0", "-0", "-0.0", "1.10", "1E5", "1e16", "1e22", "0.30000000000000004", "123456789012345678901234567890.5",
    "9223372036854775807", "9223372036854775808", "18446744073709551615", "-9223372036854775808", "1e-400", "5e-324", "2e-324",
    "1.7976931348623157e308", "1.7976931348623158e308", "0e999999", f"0.{DIGITS}", f"{DIGITS}e-5000",
    '{"a":{"b":[1e400,{"c":18446744073709551616}]}}', "[[18446744073709551616],null]", "null", "true", "{}", "[]",
    '{"a":{}}', '{"a":null}', '""', '"\\u0000"', '"\\ud83d\\ude00"', '"a\\/b"', '"\\u2028\u2028\x7f"', '{"":1e400}',
    '{"\\u0000":1}', "[" * 300 + "]" * 300, '{"a":' * 800 + "1" + "}" * 800,
)  # fmt: skip
"""Odd values as Telegram might write them."""

_MESSAGE = '"message":{"message_id":%s,"date":1773154800,"chat":{"id":5,"type":"group"%s}%s}'
PLACES: dict[str, str] = {
    "a field": _MESSAGE % ("1", "", ',"text":"oi","odd":%s'),
    "a field of a chat": _MESSAGE % ("1", ',"odd":%s', ""),
    "a number that is read": _MESSAGE % ("1", "", ',"location":{"latitude":%s,"longitude":1}'),
    "an integer that is read": _MESSAGE % ("%s", "", ""),
    "a text that is read": _MESSAGE % ("1", "", ',"text":%s'),
    "an object that is read": _MESSAGE % ("1", "", ',"from":%s'),
    "a part of a list": _MESSAGE % ("1", "", ',"poll":{"id":"1","question":"?","options":[{"text":"a","odd":%s}]}'),
    "a service message": _MESSAGE % ("1", "", ',"web_app_data":{"data":"x","odd":%s}'),
    "another event": '"inline_query":{"id":"1","from":{"id":11,"first_name":"Ana"},"query":"","odd":%s}',
    "a whole event": '"inline_query":%s',
    "an unknown kind": '"kind_of_tomorrow":%s',
}
"""Where such a value stands in an update."""


def update(number: int, place: str, value: str) -> bytes:
    """Return a body with a value in a place."""
    return f'{{"update_id":{number},{PLACES[place] % value}}}'.encode()


def check(lake: Callable[[], LakeFolder], records: list[raw.Record]) -> None:
    """Check that records by themselves give the tables that they give beside each other."""
    alone, beside = lake(), lake()
    regular = [record for record in records if form.mark(record.body)]
    alone.seal(regular)  # none of these has the others written anew, and a segment for each takes long
    for record in records:
        if record not in regular:
            alone.seal([record])
    beside.seal(records)
    for each in (alone, beside):
        assert not each.wrangle().failed
    names = [table.name for table in BUILT]
    mine, theirs = alone.content(*names), beside.content(*names)
    for name in names:
        assert mine[name] == theirs[name], name


def test_a_neighbour_changes_nothing(make_lake: Callable[..., LakeFolder], places: Iterable[str] = PLACES) -> None:
    """Values that Python cannot hold, or would write in another way, are what they are beside whatever line."""
    maker, numbers = make_lake(iceberg=False), count(2)
    irregular = maker.record(update(1, "a text that is read", "5"))
    odd = [maker.record(update(next(numbers), place, value)) for place in places for value in VALUES]
    check(lambda: make_lake(iceberg=False), [irregular, *odd])


def test_no_number_is_changed_by_a_neighbour(make_lake: Callable[..., LakeFolder]) -> None:
    """However it is written."""
    lake, chance = make_lake(iceberg=False), Random(1)

    def digits(most: int) -> str:
        return str(chance.randrange(10 ** chance.randrange(1, most)))

    def number() -> str:
        fraction = f".{digits(30)}" if chance.random() < 0.5 else ""
        exponent = f"{chance.choice('eE')}{chance.choice(('', '+', '-'))}{digits(4)}" if chance.random() < 0.5 else ""
        return f"{chance.choice(('', '-'))}{digits(25)}{fraction}{exponent}"

    odd = [lake.record(update(each, chance.choice(list(PLACES)), number())) for each in range(2, 200)]
    check(lambda: make_lake(iceberg=False), [lake.record(update(1, "a text that is read", "5")), *odd])


def test_what_no_column_reads_is_kept(make_lake: Callable[..., LakeFolder]) -> None:
    """A number that no type holds stands in `extra` to the digit, and is nothing to note."""
    lake = make_lake(iceberg=False)
    bodies = [update(number, "a field", value) for number, value in enumerate(BEYOND, 2)]
    lake.add(update(1, "a text that is read", "5"), *bodies)
    lake.wrangle()

    found = lake.rows("SELECT extra, notes FROM updates WHERE update_id > 1 ORDER BY update_id")
    assert found == [(f'{{"odd":{value}}}', None) for value in BEYOND]


def test_a_neighbour_changes_no_call(make_lake: Callable[..., LakeFolder]) -> None:
    """Segments of calls are written anew like those of updates."""
    sent = {"message_id": 1, "date": 1773154800, "chat": {"id": 5, "type": "group"}}
    maker = make_lake(iceberg=False)

    def call(place: str, value: str) -> raw.Record:
        more: dict[str, Any] = {place: "@"} if place in ("seconds", "status") else {}
        made = maker.call(
            "sendMessage",
            {"odd": "@"} if place == "request" else {},
            {
                "ok": True,
                "error_code": "@" if place == "error_code" else 400,
                "parameters": {"retry_after": "@" if place == "retry_after" else 1},
                "result": "@" if place == "result" else {**sent, "odd": "@"} if place == "message" else True,
            },
            **more,
        )
        return replace(made, body=made.body.replace(b'"@"', value.encode()))

    irregular = maker.call("sendMessage", {}, {"ok": True, "result": {**sent, "text": 5}})
    places = ("request", "seconds", "status", "result", "error_code", "retry_after", "message")
    odd = [call(place, value) for place in places for value in VALUES]
    check(lambda: make_lake(iceberg=False), [irregular, *odd])


def test_a_neighbour_changes_no_exported_message(make_lake: Callable[..., LakeFolder]) -> None:
    """Nor those of exports."""
    places = ('"odd":%s', '"height":%s', '"text":%s', '"location_information":{"latitude":%s,"longitude":1}')
    alone, beside = make_lake(iceberg=False), make_lake(iceberg=False)
    head = '{"type":"message","date_unixtime":"1773154800","from":"Ana","from_id":"user11","photo":"a.jpg"'
    irregular = f'{head},"id":"x"}}'.encode()
    values = [place % value for place in places for value in VALUES]
    odd = [f'{head},"id":{number},{value}}}'.encode() for number, value in enumerate(values, 2)]
    for number, body in enumerate(odd):
        alone.add_export(body, file=str(number))
    alone.add_export(irregular)
    beside.add_export(irregular, *odd)

    for each in (alone, beside):
        assert not each.wrangle().failed
    for table in ("updates", "messages"):
        select = f"SELECT CAST(COLUMNS(* EXCLUDE (raw)) AS VARCHAR) FROM {table} ORDER BY ALL"
        assert alone.rows(select) == beside.rows(select)


def test_half_a_character_in_the_deep_costs_no_day(make_lake: Callable[..., LakeFolder]) -> None:
    """What Python's stack does not reach to mend goes to quarantine, with or without an irregular neighbour."""
    lake = make_lake(iceberg=False)
    lake.add(update(1, "a field", '{"a":' * 800 + '"\\ud83d"' + "}" * 800), update(2, "a field", "1"))

    assert not lake.wrangle().failed
    assert lake.rows("SELECT update_id FROM updates") == [(2,)]
    assert lake.rows("SELECT reason, raw FROM quarantine") == [("nested too deeply", "test-00000001")]


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("_integer", lambda text: int(text) if len(text) < 19 else None),
        ("_real", float),
        ("_clean", conform._cleaned),
    ],
)
def test_the_twin_fails(
    make_lake: Callable[..., LakeFolder], monkeypatch: pytest.MonkeyPatch, name: str, instead: Callable[..., object]
) -> None:
    """Without the care for large integers, for large exponents, or for depth."""
    monkeypatch.setattr(conform, name, instead)

    with pytest.raises(AssertionError):
        test_a_neighbour_changes_nothing(make_lake, ["a field"])
