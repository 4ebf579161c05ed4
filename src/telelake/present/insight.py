"""Insights: questions with a SQL answer, a definition in both languages, and a chart, each declared in one file.

A file of `insights/` is a header of comment lines (`-- title.en: …`) and one SELECT that runs as it stands, with named
parameters of which each may be NULL. This module reads the headers, checks parameters, and runs;
`telelake.present.chart` draws.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from telelake.errors import SettingsError, UnknownName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from telelake.present.answer import Answer
    from telelake.present.query import Lake
    from telelake.present.vocabulary import Lang

_FOLDER = Path(__file__).with_name("insights")
_ORDER = (
    "key_figures",
    "messages_per_day",
    "people_per_day",
    "hours_by_weekday",
    "busiest_hours",
    "messages_per_person_per_day",
    "length_per_person_per_day",
    "message_kinds",
)
"""From the whole to the part; an insight that is not named here comes after, by name."""

PARAMS = ("from", "to", "chat", "week")
"""What an insight may be filtered by."""


@dataclass(frozen=True, slots=True)
class Chart:
    """How an insight is drawn: `bar`, `line`, `stacked`, `heatmap`, or `figures` for a row of numbers."""

    mark: str
    fields: Mapping[str, str]
    """Column by channel: x, y, color, order."""


@dataclass(frozen=True, slots=True)
class Insight:
    """One question."""

    name: str
    titles: Mapping[Lang, str]
    definitions: Mapping[Lang, str]
    """What exactly is counted, in whose time zone, and what is left out."""
    chart: Chart
    params: tuple[str, ...]
    sql: str


@cache
def all_insights() -> tuple[Insight, ...]:
    """Return every insight, in the order of the page."""
    found = {path.stem: parse(path.stem, path.read_text(encoding="utf-8")) for path in _FOLDER.glob("*.sql")}
    names = sorted(found, key=lambda name: (_ORDER.index(name) if name in _ORDER else len(_ORDER), name))
    return tuple(found[name] for name in names)


def insight(name: str) -> Insight:
    """Return the insight of that name.

    Raises:
        UnknownName: there is none; lists those there are.
    """
    for candidate in all_insights():
        if candidate.name == name:
            return candidate
    raise UnknownName("insight", name, (each.name for each in all_insights()))


def parse(name: str, text: str) -> Insight:
    """Read an insight's file.

    Raises:
        SettingsError: the header lacks a line or has an unknown one.
    """
    header: dict[str, str] = {}
    lines = text.splitlines()
    while lines and (match := re.fullmatch(r"-- ([a-z.]+): (.+)", lines[0])):
        header[match[1]] = match[2].strip()
        del lines[0]
    wanted = {"title.en", "title.pt", "definition.en", "definition.pt", "chart", "params"}
    if set(header) != wanted:
        wrong = ", ".join(sorted(set(header) ^ wanted))
        names = ", ".join(sorted(wanted))
        raise SettingsError(f"insights/{name}.sql: the header must have exactly {names}; see {wrong}.")
    mark, *fields = header["chart"].split()
    return Insight(
        name=name,
        titles={"en": header["title.en"], "pt": header["title.pt"]},
        definitions={"en": header["definition.en"], "pt": header["definition.pt"]},
        chart=Chart(mark, dict(field.split("=", 1) for field in fields)),
        params=tuple(part.strip() for part in header["params"].split(",")),
        sql="\n".join(lines).strip() + "\n",
    )


def run(lake: Lake, insight: Insight, params: Mapping[str, Any] | None = None) -> Answer:
    """Answer an insight; a parameter that is None, empty or not given filters nothing.

    Raises:
        SettingsError: a parameter is unknown or not what it should be; says what to write.
        QueryRefused: over a bound.
    """
    values = checked(params or {})
    if foreign := [name for name, value in values.items() if value is not None and name not in insight.params]:
        known = ", ".join(insight.params)
        raise SettingsError(f"Insight '{insight.name}' has no parameter '{foreign[0]}'; it has {known}.")
    return lake.query(insight.sql, {name: values[name] for name in insight.params})


def checked(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return all parameters with their values, typed; those not given are None.

    Raises:
        SettingsError: says which one is wrong and what to write.
    """
    if unknown := sorted(set(params) - set(PARAMS)):
        raise SettingsError(f"There is no parameter '{unknown[0]}'. Known: {', '.join(PARAMS)}.")
    given = {name: params.get(name) for name in PARAMS}
    values: dict[str, Any] = {name: None if value in (None, "") else value for name, value in given.items()}
    values["from"], values["to"] = _day("from", values["from"]), _day("to", values["to"])
    if values["from"] and values["to"] and values["from"] > values["to"]:
        raise SettingsError(f"'from' ({values['from']}) is after 'to' ({values['to']}). Swap them; both are included.")
    values["chat"] = _chat(values["chat"])
    values["week"] = _week(values["week"])
    return values


def _day(name: str, value: Any) -> date | None:
    if value is None or isinstance(value, date):
        return value
    try:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", str(value)):
            raise ValueError(value)
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise SettingsError(f"'{name}' is '{_short(value)}', which is not a day. Write it as 2026-03-31.") from error


def _chat(value: Any) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if not re.fullmatch(r"-?[0-9]{1,18}", str(value)):
        raise SettingsError(f"'chat' is '{_short(value)}', not a chat's id. Write its number, such as -1001234567890.")
    return int(str(value))


def _week(value: Any) -> str | None:
    if value is None:
        return None
    try:
        if not (match := re.fullmatch(r"(\d{4})-W(\d\d)", str(value))):
            raise ValueError(value)
        date.fromisocalendar(int(match[1]), int(match[2]), 1)
    except ValueError as error:
        raise SettingsError(f"'week' is '{_short(value)}', which is not an ISO week. Write it as 2026-W10.") from error
    return str(value)


def _short(value: Any) -> str:
    return str(value)[:40]
