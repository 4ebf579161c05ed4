"""Insights: questions with a SQL answer, a definition in both languages, and a chart, each declared in one file.

A file of `insights/` is a header of comment lines (`-- title.en: …`) and one SELECT that runs as it stands, with named
parameters. `docs/insights/adding.md` says what each line of the header is. This module reads the headers and runs;
`telelake.present.params` reads parameters, `telelake.present.rows` opens the rows behind a number, and
`telelake.present.chart` draws.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from telelake.errors import SettingsError, UnknownName
from telelake.present.params import FILTERS, PARAMS, checked, written
from telelake.present.vocabulary import GROUPS, LANGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from telelake.present.answer import Answer
    from telelake.present.query import Lake
    from telelake.present.vocabulary import Lang

__all__ = ["FILTERS", "PARAMS", "Chart", "Insight", "Rows", "all_insights", "checked", "insight", "parse", "run"]

_FOLDER = Path(__file__).with_name("insights")
_LINE = re.compile(r"-- ([a-z0-9_.]+): (.+)")
_REQUIRED = {"group", "chart", "params", *(f"{part}.{lang}" for part in ("title", "definition") for lang in LANGS)}
_OPTIONAL = {"order", "based_on", "rows"}


@dataclass(frozen=True, slots=True)
class Chart:
    """How an insight is drawn: `bar`, `line`, `stacked`, `heatmap`; `figures` for a row of numbers, `table` for a list."""

    mark: str
    fields: Mapping[str, str]
    """Column by channel: x, y, color, order; several that are drawn alike with commas: `y=one,another`."""

    @property
    def columns(self) -> list[str]:
        """All columns that it draws."""
        return [column for fields in self.fields.values() for column in fields.split(",")]


@dataclass(frozen=True, slots=True)
class Rows:
    """What lies behind the numbers of an insight's row."""

    base: str
    """Name in `telelake.present.rows.BASES`: messages, questions, conversations, …"""
    keys: Mapping[str, str]
    """For each column of the insight's row that chooses, the expression over the base that must equal it."""
    only: Mapping[str, str]
    """For a number that counts not all of them, the condition over the base; `where` is for all numbers. A condition may
    name a value of the row as `$row_COLUMN`."""


@dataclass(frozen=True, slots=True)
class Insight:
    """One question."""

    name: str
    titles: Mapping[Lang, str]
    definitions: Mapping[Lang, str]
    """What exactly is counted, in whose time zone, and what is left out."""
    group: str
    """A page of the dashboard: one of `vocabulary.GROUPS`."""
    order: int | None
    """Place in its group; None keeps it off pages and report, yet it can be asked by name."""
    chart: Chart
    params: tuple[str, ...]
    defaults: Mapping[str, Any]
    """Values of the parameters that have one when they are not given, such as the grain."""
    based_on: str | None
    """The column whose sum is the n of "based on n …", for numbers that are shares, medians or ranks."""
    rows: Rows | None
    """None when there is nothing smaller to open."""
    sql: str


@cache
def all_insights() -> tuple[Insight, ...]:
    """Return every insight, by group and place; those without a place come last in their group."""
    found = [parse(path.stem, path.read_text(encoding="utf-8")) for path in _FOLDER.glob("*.sql")]
    groups = list(GROUPS)
    return tuple(
        sorted(found, key=lambda each: (groups.index(each.group), each.order is None, each.order or 0, each.name))
    )


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
        SettingsError: the header lacks a line, has an unknown one, or one that says nothing known.
    """
    header: dict[str, str] = {}
    lines = text.splitlines()
    while lines and (match := _LINE.fullmatch(lines[0])):
        header[match[1]] = match[2].strip()
        del lines[0]
    only = {key.removeprefix("rows."): header.pop(key) for key in list(header) if key.startswith("rows.")}
    if wrong := (_REQUIRED - set(header)) | (set(header) - _REQUIRED - _OPTIONAL):
        raise SettingsError(
            f"insights/{name}.sql: the header must have {', '.join(sorted(_REQUIRED))}, and may have "
            f"{', '.join(sorted(_OPTIONAL))} and rows.COLUMN; see {', '.join(sorted(wrong))}."
        )
    if header["group"] not in GROUPS:
        raise SettingsError(f"insights/{name}.sql: no group '{header['group']}'. Use one of {', '.join(GROUPS)}.")
    mark, *fields = header["chart"].split()
    asked = [part.strip().partition("=") for part in header["params"].split(",")]
    if unknown := [param for param, _, _ in asked if param not in PARAMS]:
        raise SettingsError(f"insights/{name}.sql: no parameter '{unknown[0]}'. Known: {', '.join(PARAMS)}.")
    return Insight(
        name=name,
        titles={"en": header["title.en"], "pt": header["title.pt"]},
        definitions={"en": header["definition.en"], "pt": header["definition.pt"]},
        group=header["group"],
        order=int(header["order"]) if "order" in header else None,
        chart=Chart(mark, dict(field.split("=", 1) for field in fields)),
        params=tuple(param for param, _, _ in asked),
        defaults={param: PARAMS[param].read(param, default) for param, _, default in asked if default},
        based_on=header.get("based_on"),
        rows=_rows(header["rows"], only) if "rows" in header else None,
        sql="\n".join(lines).strip() + "\n",
    )


def _rows(line: str, only: Mapping[str, str]) -> Rows:
    # `messages day hour user_id=person_id`: the base, then columns, each with its expression where that is another.
    base, *keys = re.split(r"\s+(?=[a-z_]+(?:=|\s|$))", line)
    pairs = [key.partition("=") for key in keys]
    return Rows(base, {column: expression or column for column, _, expression in pairs}, dict(only))


def values(insight: Insight, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the value of each parameter that the insight has: the given, else its default, else None.

    Raises:
        SettingsError: a parameter is unknown, not this insight's, or not what it should be; says what to write.
    """
    given = checked(params or {})
    if foreign := [name for name, value in given.items() if value is not None and name not in insight.params]:
        known = ", ".join(insight.params)
        raise SettingsError(f"Insight '{insight.name}' has no parameter '{foreign[0]}'; it has {known}.")
    return {name: insight.defaults.get(name) if given[name] is None else given[name] for name in insight.params}


def run(lake: Lake, insight: Insight, params: Mapping[str, Any] | None = None) -> Answer:
    """Answer an insight; a filter that is None, empty or not given filters nothing.

    Raises:
        SettingsError: a parameter is unknown or not what it should be; says what to write.
        QueryRefused: over a bound.
    """
    return lake.query(written(insight.sql, values(insight, params)))
