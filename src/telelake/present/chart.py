"""An insight as a Vega-Lite specification: one for the page, the report and the pictures.

A spec stands for itself: texts in one language, colours of one theme, formats of the locale, and how vega-embed is to
draw it (SVG; expressions interpreted, not compiled, so that a page may forbid `eval`). Only the rows are missing unless
an answer is given; they go to `data.values`. Days are read and written in UTC, so that no browser's zone moves them.

Colours: Okabe and Ito's eight, told apart by colour-blind eyes; one ramp of a single hue for heat.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from telelake.present.formats import as_json
from telelake.present.vocabulary import (
    NO_TOPIC,
    OTHER_TOPICS,
    OTHERS,
    WEEKDAYS,
    WORDS,
    Lang,
    Role,
    code_names,
    kind_names,
)

if TYPE_CHECKING:
    from telelake.present.answer import Answer
    from telelake.present.insight import Insight

Theme = Literal["light", "dark"]

_INK = {
    "light": {"text": "#43505e", "grid": "#e6eaee", "bar": "#0b6fae", "low": "#e9f0f6", "high": "#084a78"},
    "dark": {"text": "#b4c0cc", "grid": "#2a333d", "bar": "#56b4e9", "low": "#202b35", "high": "#9fd8fb"},
}
_SERIES = {
    "light": ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8a800", "#a3abb3"],
    "dark": ["#56b4e9", "#e69f00", "#2bbf91", "#dd95bb", "#2f83bd", "#f0753a", "#f0e442", "#6d7883"],
}
_EMBED = {"actions": False, "renderer": "svg", "ast": True, "defaultStyle": False}
_FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
_TYPES = {
    Role.DAY: "temporal",
    Role.WEEKDAY: "ordinal",
    Role.HOUR: "ordinal",
    Role.COUNT: "quantitative",
    Role.DECIMAL: "quantitative",
    Role.SHARE: "quantitative",
    Role.PERSON: "nominal",
    Role.KIND: "nominal",
    Role.ID: "ordinal",
    Role.PERIOD: "temporal",
    Role.TIME: "temporal",
    Role.SECONDS: "quantitative",
    Role.INDEX: "quantitative",
    Role.TEXT: "nominal",
    Role.CHAT: "nominal",
    Role.TOPIC: "nominal",
    Role.CODE: "nominal",
}
_FORMATS = {Role.COUNT: ",d", Role.DECIMAL: ",.1f", Role.SHARE: ".1%", Role.SECONDS: ",.0f", Role.INDEX: ".2f"}
_IN_WORDS = {Role.PERSON, Role.KIND, Role.WEEKDAY, Role.HOUR, Role.TOPIC, Role.CODE}
"""Roles of columns that are written in words; the calculated field of each is `shown_` and its name."""
_NAMES = {Role.PERSON, Role.KIND, Role.TEXT, Role.CHAT, Role.TOPIC, Role.CODE}
_MEASURE, _VALUE = "measure", "value_of_measure"
"""Fields of a chart that draws several columns: `y=one,another`."""


def vega_lite(
    insight: Insight, lang: Lang, theme: Theme = "light", answer: Answer | None = None, grain: str | None = None
) -> dict[str, Any]:
    """Return the chart of an insight; empty for one that is figures or a table.

    Periods are of the insight's own grain unless another is given.
    """
    if insight.chart.mark in {"figures", "table"}:
        return {}
    formats = {Role.DAY: "utc:'%Y-%m-%d'", Role.PERIOD: "utc:'%Y-%m-%dT%H:%M:%S'"}
    dated = {each: formats[role] for each in insight.chart.columns if (role := WORDS[each].role) in formats}
    parse = {"parse": dated} if dated else {}
    data = {"values": json.loads(as_json(answer)) if answer is not None else [], "format": {"type": "json", **parse}}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": f"{insight.titles[lang]}. {insight.definitions[lang]}",
        "width": "container",
        "height": _height(insight),
        "autosize": {"type": "fit-x", "contains": "padding"},
        "data": data,
        "transform": _transforms(insight, lang),
        "mark": _mark(insight, theme),
        "encoding": _encoding(insight, lang, theme, grain or str(insight.defaults.get("grain", "day"))),
        "config": _config(theme),
        "usermeta": {"embedOptions": _EMBED | _locale(lang)},
    }


def _measures(insight: Insight) -> list[str]:
    """Return the columns of a chart that draws several."""
    columns = insight.chart.fields["y"].split(",")
    return columns if len(columns) > 1 else []


def _height(insight: Insight) -> int:
    # A fixed height, not a step: a chart of two rows beside one of eight would leave a hole in the page.
    return {Role.WEEKDAY: 196, Role.PERSON: 230, Role.KIND: 230, Role.TEXT: 340}.get(
        WORDS[_first(insight, "y")].role, 220
    )


def _first(insight: Insight, channel: str) -> str:
    """Return the first column of a channel: of several that share it, all have one role."""
    return insight.chart.fields[channel].split(",")[0]


def _mark(insight: Insight, theme: Theme) -> dict[str, Any]:
    bar = _INK[theme]["bar"]
    temporal = WORDS[insight.chart.fields["x"]].role in {Role.DAY, Role.PERIOD}
    marks: dict[str, dict[str, Any]] = {
        "bar": {"type": "bar", "color": bar, "cornerRadiusEnd": 2},
        "stacked": {"type": "bar"},
        "line": {"type": "line", "color": bar, "strokeWidth": 2, "point": {"size": 22, "filled": True, "color": bar}},
        "heatmap": {"type": "rect"} if temporal else {"type": "rect", "cornerRadius": 3},
    }
    return marks[insight.chart.mark] | {"tooltip": True, "aria": True}


def _transforms(insight: Insight, lang: Lang) -> list[dict[str, Any]]:
    # Every value that a reader sees in words gets them here: nothing of a language is in the data.
    worded = [each for each in dict.fromkeys(insight.chart.columns) if WORDS[each].role in _IN_WORDS]
    found: list[dict[str, Any]] = [
        {"calculate": _in_words(each, lang, insight), "as": f"shown_{each}"} for each in worded
    ]
    if measures := _measures(insight):
        names = json.dumps({each: WORDS[each].title(lang) for each in measures}, ensure_ascii=False)
        found += [
            {"fold": measures, "as": ["folded", _VALUE]},
            {"calculate": f"{names}[datum.folded]", "as": _MEASURE},
        ]
    return found


def _in_words(column: str, lang: Lang, insight: Insight) -> str:
    """Return the expression that says a value in words."""
    value = f"datum.{column}"
    role = WORDS[column].role
    if role is Role.WEEKDAY:
        return f"{json.dumps(WEEKDAYS[lang], ensure_ascii=False)}[{value} - 1]"
    if role is Role.HOUR:
        return f"({value} < 10 ? '0' : '') + {value} + 'h'"
    if role in {Role.PERSON, Role.TOPIC}:
        no_topic = OTHER_TOPICS if insight.chart.fields.get("order") == "rank" else NO_TOPIC
        nobody = (OTHERS if role is Role.PERSON else no_topic)[lang]
        return f"isValid({value}) ? {value} : {json.dumps(nobody)}"
    names = kind_names(lang) if role is Role.KIND else code_names(column, lang)
    return f"{json.dumps(names, ensure_ascii=False)}[{value}] || {value}"


def _encoding(insight: Insight, lang: Lang, theme: Theme, grain: str) -> dict[str, Any]:
    fields = insight.chart.fields
    encoding: dict[str, Any] = {}
    for channel in ("x", "y"):
        column = _first(insight, channel)
        encoding[channel] = _field(column, lang, grain) | _axis(column, channel, lang)
    if (order := fields.get("order")) and insight.chart.mark in {"heatmap", "bar"}:
        encoding["y"]["sort"] = {"field": order, "op": "min"}
    elif WORDS[_first(insight, "y")].role in _NAMES and insight.chart.mark == "bar":
        encoding["y"]["sort"] = "-x"
    if _measures(insight):
        encoding["y"] |= {"field": _VALUE, "title": None}
        encoding["color"] = {"field": _MEASURE, "type": "nominal"} | _legend(theme)
    if color := fields.get("color"):
        encoding["color"] = _field(color, lang, grain) | _color(insight, color, theme)
    if insight.chart.mark == "stacked" and order:
        encoding["order"] = {"field": order, "type": "quantitative", "sort": "ascending"}
    shown = list(dict.fromkeys(column for column in insight.chart.columns if column != fields.get("order")))
    encoding["tooltip"] = [_field(column, lang, grain) | _tip(column) for column in shown]
    return encoding


def _field(column: str, lang: Lang, grain: str) -> dict[str, Any]:
    word = WORDS[column]
    field: dict[str, Any] = {
        "field": f"shown_{column}" if word.role in _IN_WORDS else column,
        "type": _TYPES[word.role],
        "title": word.title(lang),
    }
    if word.role is Role.DAY:
        field["timeUnit"] = "utcyearmonthdate"
    if word.role is Role.PERIOD:
        # Not `utcyearweek`: Vega's weeks begin on Sunday, and a Monday would be drawn a day early.
        field["timeUnit"] = {"hour": "utcyearmonthdatehours", "month": "utcyearmonth"}.get(grain, "utcyearmonthdate")
    return field


def _axis(column: str, channel: str, lang: Lang) -> dict[str, Any]:
    role = WORDS[column].role
    if role in {Role.DAY, Role.PERIOD}:
        day = "%d %b" if lang == "pt" else "%b %d"
        return {
            "scale": {"type": "utc"}, "title": None,
            "axis": {"format": day, "labelOverlap": "greedy", "labelSeparation": 14, "tickCount": 8, "grid": False},
        }  # fmt: skip
    if role is Role.WEEKDAY:
        return {"sort": list(WEEKDAYS[lang]), "title": None}
    if role is Role.HOUR:
        return {"title": None, "axis": {"labelAngle": 0, "labelOverlap": "parity", "labelSeparation": 5}}
    if role is Role.ID:
        return {"axis": {"labelAngle": 0, "labelOverlap": "parity"}}
    if role in _NAMES:
        return {"title": None, "axis": {"labelLimit": 110, "minExtent": 40}}
    integers = {"format": ",d", "tickMinStep": 1} if role is Role.COUNT else {"format": _FORMATS[role]}
    return {"axis": integers | {"tickCount": 5} | ({"grid": True} if channel == "x" else {}), "scale": {"nice": True}}


def _color(insight: Insight, column: str, theme: Theme) -> dict[str, Any]:
    if _TYPES[WORDS[column].role] != "quantitative":
        order = insight.chart.fields.get("order")
        return _legend(theme) | {"sort": {"field": order, "op": "min"} if order else None}
    ink = _INK[theme]
    return {
        "scale": {"range": [ink["low"], ink["high"]], "zero": True},
        "legend": {
            "orient": "bottom", "gradientLength": 160, "gradientThickness": 8, "tickCount": 3,
            "format": _FORMATS[WORDS[column].role],
        },
    }  # fmt: skip


def _legend(theme: Theme) -> dict[str, Any]:
    """Return the colours of several series, named below the chart."""
    return {
        "scale": {"range": _SERIES[theme]},
        "title": None,
        "legend": {
            "orient": "bottom",
            "columns": {"expr": "width < 420 ? 2 : 4"},
            "labelLimit": {"expr": "width < 420 ? 105 : 210"},
            "symbolType": "square",
        },
    }


def _tip(column: str) -> dict[str, Any]:
    role = WORDS[column].role
    if role is Role.DAY:
        return {"format": "%a, %d %b %Y"}
    if role is Role.PERIOD:
        return {"format": "%a, %d %b %Y %H:%M"}
    return {"format": _FORMATS[role]} if role in _FORMATS else {}


@cache
def _locale_json(lang: Lang) -> str:
    import vl_convert

    name: Literal["pt-BR", "en-US"] = "pt-BR" if lang == "pt" else "en-US"
    numbers, times = vl_convert.get_format_locale(name), vl_convert.get_time_format_locale(name)
    return json.dumps({"formatLocale": numbers, "timeFormatLocale": times})


def _locale(lang: Lang) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(_locale_json(lang))
    return loaded


def _config(theme: Theme) -> dict[str, Any]:
    ink = _INK[theme]
    return {
        "background": "transparent",
        "font": _FONT,
        "view": {"stroke": None},
        "axis": {
            "labelColor": ink["text"], "titleColor": ink["text"], "gridColor": ink["grid"], "labelFontSize": 12,
            "titleFontSize": 12, "titleFontWeight": "normal", "domain": False, "ticks": False, "labelPadding": 6,
        },
        "axisX": {"grid": False},
        "legend": {
            "labelColor": ink["text"], "titleColor": ink["text"], "labelFontSize": 12, "titleFontSize": 12,
            "titleFontWeight": "normal", "offset": 14,
        },
        "scale": {"bandPaddingInner": 0.12, "rectBandPaddingInner": 0.08},
    }  # fmt: skip


def frame(lang: Lang, theme: Theme) -> dict[str, Any]:
    """Return what every chart has, for one that a reader makes of their own query: all but data, mark and encoding."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": "container",
        "height": 320,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "config": _config(theme) | {"range": {"category": _SERIES[theme]}},
        "usermeta": {"embedOptions": _EMBED | _locale(lang)},
        "ink": _INK[theme]["bar"],
    }
