"""One self-contained page of the insights that have a place, by group: title, definition, chart and numbers.

It may be mailed, or lie in a bucket.

Nothing is loaded when it is opened: style, scripts and rows are in the file, and its own policy forbids the network. Each
script and style is named there by its hash, so nothing that somebody wrote in a message could run. The numbers are also
there without JavaScript.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from telelake.errors import QueryRefused, SettingsError
from telelake.present import bundle
from telelake.present.formats import plain
from telelake.present.insight import all_insights, run
from telelake.present.vocabulary import (
    GROUPS,
    LANGS,
    NO_TOPIC,
    OTHERS,
    WEEKDAYS,
    WORDS,
    Lang,
    Role,
    code_names,
    duration,
    kind_names,
)
from telelake.present.web.texts import TEXTS, number

if TYPE_CHECKING:
    from jinja2 import Template

    from telelake.present.answer import Answer
    from telelake.present.insight import Insight
    from telelake.present.query import Lake

_FOLDER = Path(__file__).with_name("report_page")
_STYLE = Path(__file__).with_name("web") / "static" / "style.css"
_NUMBERS = {Role.COUNT, Role.DECIMAL, Role.SHARE, Role.SECONDS, Role.INDEX}
_UNSEEN = {
    "rank", "period", "cohort", "user_id", "topic_id", "chat_id", "replier_id", "replied_id", "message_id", "account_id",
    "question_id",
}  # fmt: skip
"""Columns that only the chart, or a click, needs: beside a period or an id stands its name."""
_WORDS: dict[Lang, dict[str, str]] = {
    "en": {
        "report": "Report",
        "release": "Release",
        "published": "Published",
        "no_script": "The charts need JavaScript.",
    },
    "pt": {
        "report": "Relatório",
        "release": "Versão",
        "published": "Publicado em",
        "no_script": "Os gráficos precisam de JavaScript.",
    },
}


def render(lake: Lake, lang: str, facts: Mapping[str, Any] | None = None) -> str:
    """Return the page as HTML, over one release.

    `facts` is what the page says of the lake: `made_up`, `release` (number), `updated_at`, `home`, `timezone`, each
    optional; a lake that is made up must say so.

    An insight that went over a bound of `settings.Sql` says so in its place: it is no reason to have no report.

    Raises:
        SettingsError: the language is not known; lists those that are.
    """
    if lang not in LANGS:
        raise SettingsError(f"The report has no language '{lang}'. Use one of {', '.join(LANGS)}.")
    facts = {"timezone": lake.zone.key, **(facts or {})}
    shown = [each for each in all_insights() if each.order is not None]
    answers = {each.name: _answer(lake, each) for each in shown}
    charts = bundle.charts(lang)
    style = _STYLE.read_text(encoding="utf-8") + (_FOLDER / "report.css").read_text(encoding="utf-8")
    scripts = [_script(bundle.vega()), _script((_FOLDER / "report.js").read_text(encoding="utf-8"))]
    drawn = {
        name: {"rows": _rows(answer), "charts": charts[name]}
        for name, answer in answers.items()
        if not isinstance(answer, str) and charts[name]["light"] and _has_counts(answer)
    }
    context = {
        "t": TEXTS[lang] | _WORDS[lang],
        "lang": lang,
        "policy": _policy(style, scripts),
        "style": style,
        "scripts": scripts,
        "made_up": bool(facts.get("made_up")),
        "facts": _facts(facts, lang),
        "groups": [
            (title[LANGS.index(lang)], [_card(each, answers[each.name], lang) for each in shown if each.group == group])
            for group, title in GROUPS.items()
        ],
        # In a data block of HTML, only `</script` could end it.
        "data": json.dumps(drawn, ensure_ascii=False).replace("<", "\\u003c"),
    }
    return _template().render(context)


def _policy(style: str, scripts: list[str]) -> str:
    allowed = " ".join(_hash(script) for script in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src {_hash(style)}; img-src data:; "
        "connect-src 'none'; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _script(code: str) -> str:
    # What would end the element, or hide it in a comment, can only stand in a string there.
    return code.replace("</script", "<\\/script").replace("<!--", "\\x3c!--")


def _answer(lake: Lake, one: Insight) -> Answer | str:
    """Return an insight's answer, or why there is none."""
    try:
        return run(lake, one)
    except QueryRefused as error:
        return str(error)


def _card(one: Insight, answer: Answer | str, lang: Lang) -> dict[str, Any]:
    about = {
        "name": one.name,
        "title": one.titles[lang],
        "definition": one.definitions[lang],
        "is_figures": one.chart.mark == "figures",
        "is_table": one.chart.mark == "table",
        "is_wide": one.chart.mark in {"figures", "stacked", "table"},
    }
    if isinstance(answer, str):
        return about | {"is_empty": True, "refused": answer, "columns": [], "rows": []}
    shown = [column for column in answer.columns if column not in _UNSEEN]
    return about | {
        "is_empty": not _has_counts(answer),
        "refused": None,
        "columns": [(WORDS[column].title(lang), _is_number(column)) for column in shown],
        "rows": [[(_text(column, row[column], lang), _is_number(column)) for column in shown] for row in answer.records()],
    }  # fmt: skip


def _has_counts(answer: Answer) -> bool:
    counted = [column for column in answer.columns if WORDS[column].role in _NUMBERS]
    return any(row[column] for row in answer.records() for column in counted)


def _rows(answer: Answer) -> list[dict[str, Any]]:
    return [{key: plain(value) for key, value in row.items()} for row in answer.records()]


def _is_number(column: str) -> bool:
    return WORDS[column].role in _NUMBERS


def _text(column: str, value: Any, lang: Lang) -> str:
    """Return a value as it is read, by the role of its column."""
    role = WORDS[column].role
    if value is None:
        return {Role.PERSON: OTHERS[lang], Role.TOPIC: NO_TOPIC[lang]}.get(role, "–")
    if role is Role.WEEKDAY:
        return WEEKDAYS[lang][int(value) - 1]
    if role is Role.HOUR:
        return f"{value:02d}h"
    if role is Role.KIND:
        return kind_names(lang).get(value, str(value))
    if role is Role.CODE:
        code = str(value).lower() if isinstance(value, bool) else str(value)
        return code_names(column, lang).get(code, code)
    if role is Role.COUNT:
        return number(value, lang)
    if role is Role.SECONDS:
        return duration(value, lang)
    if role is Role.INDEX:
        return _decimal(f"{value:.2f}", lang)
    if role in {Role.DECIMAL, Role.SHARE}:
        return _decimal(f"{value:.1%}" if role is Role.SHARE else f"{value:,.1f}", lang)
    return str(plain(value))


def _decimal(text: str, lang: Lang) -> str:
    return text.translate(str.maketrans(",.", ".,")) if lang == "pt" else text


def _facts(facts: Mapping[str, Any], lang: Lang) -> list[tuple[str, str]]:
    texts = TEXTS[lang] | _WORDS[lang]
    names = {"release": "release", "updated_at": "published", "timezone": "timezone", "home": "home"}
    return [(texts[text], _fact(facts[name])) for name, text in names.items() if facts.get(name) is not None]


def _fact(value: Any) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC" if hasattr(value, "hour") else str(value)


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )  # fmt: skip
    return environment.get_template("report.html")
