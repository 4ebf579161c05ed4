"""The page: filters, cards and what the script needs to fill them, rendered on the server.

The page's address holds its whole state, so a view is a link. Numbers come through the API, by the script.
"""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from telelake.present.formats import plain
from telelake.present.insight import PARAMS, all_insights
from telelake.present.vocabulary import OTHERS, WEEKDAYS, Lang, kind_names, titles
from telelake.present.web.texts import TEXTS, number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Template

    from telelake.present.query import Lake
    from telelake.present.web.static_files import StaticFiles

_SPANS = {
    "messages_per_day": 7,
    "people_per_day": 5,
    "hours_by_weekday": 7,
    "busiest_hours": 5,
    "messages_per_person_per_day": 12,
    "length_per_person_per_day": 7,
    "message_kinds": 5,
}
"""Twelfths of the width on a wide screen; 6 for others."""

_CHATS = """
SELECT continuing_chat_id AS chat_id,
       coalesce(any_value(title) FILTER (chat_id = continuing_chat_id), any_value(title),
                '#' || continuing_chat_id) AS title
FROM chats GROUP BY continuing_chat_id ORDER BY sum(messages) DESC, continuing_chat_id LIMIT 200"""
_WEEKS = "SELECT DISTINCT strftime(context_date, '%G-W%V') AS week FROM messages ORDER BY week DESC"


def render(
    lake: Lake | None,
    facts: Mapping[str, Any],
    files: StaticFiles,
    lang: Lang,
    query: Mapping[str, str],
    error: str | None,
) -> str:
    """Return the page; without a lake, the one that says that there is no data yet."""
    texts = TEXTS[lang]
    chosen = {name: query[name] for name in PARAMS if query.get(name)}
    other: Lang = "en" if lang == "pt" else "pt"
    context: dict[str, Any] = {
        "t": texts,
        "lang": lang,
        "other_lang": other,
        "other_url": "/?" + urlencode({**chosen, "lang": other}),
        "clear_url": "/?" + urlencode({"lang": lang}),
        "facts": _facts(facts, lang),
        "made_up": bool(facts.get("made_up")),
        "files": {name: files.url(name) for name in ("style.css", "page.js", "vega.js", "icon.svg")},
        "chosen": {name: chosen.get(name, "") for name in PARAMS},
        "is_filtered": bool(chosen),
        "error": error,
        "ready": lake is not None and error is None,
        "cards": [],
        "chats": [],
        "weeks": [],
    }
    if lake is not None:
        context["chats"] = [{"id": str(chat), "title": title} for chat, title in lake.query(_CHATS).rows]
        context["weeks"] = [_week(week, lang) for (week,) in lake.query(_WEEKS).rows]
        context["cards"] = _cards(lang, chosen)
        context["words"] = _words(lang)
    return _template().render(context)


def _cards(lang: Lang, chosen: Mapping[str, str]) -> list[dict[str, Any]]:
    cards = []
    for insight in all_insights():
        if insight.name not in _SPANS and insight.chart.mark != "figures":
            continue
        address = f"/api/insights/{insight.name}?" + urlencode({**chosen, "lang": lang})
        cards.append(
            {
                "name": insight.name,
                "title": insight.titles[lang],
                "definition": insight.definitions[lang],
                "sql": insight.sql,
                "figures": insight.chart.mark == "figures",
                "span": _SPANS.get(insight.name, 6),
                "json": address,
                "csv": address + "&format=csv",
            }
        )
    return cards


def _words(lang: Lang) -> str:
    texts = TEXTS[lang]
    words = {
        "columns": titles(lang),
        "kinds": kind_names(lang),
        "weekdays": WEEKDAYS[lang],
        "others": OTHERS[lang],
        "locale": texts["html_lang"],
        "empty": texts["empty"],
        "failed": texts["failed"],
    }
    # In a data block of HTML, only `</script` could end it.
    return json.dumps(words, ensure_ascii=False).replace("<", "\\u003c")


def _facts(facts: Mapping[str, Any], lang: Lang) -> list[tuple[str, str]]:
    texts = TEXTS[lang]
    names = {"home": "home", "timezone": "timezone", "last_day": "last_day", "updated_at": "updated"}
    shown = [(texts[text], str(plain(facts[name]))) for name, text in names.items() if facts.get(name) is not None]
    if (messages := facts.get("messages")) is not None:
        shown.append((texts["messages"].capitalize(), number(messages, lang)))
    return shown


def _week(week: str, lang: Lang) -> dict[str, str]:
    year, number_ = int(week[:4]), int(week[6:])
    first, last = date.fromisocalendar(year, number_, 1), date.fromisocalendar(year, number_, 7)
    days = f"{first:%d/%m}–{last:%d/%m}" if lang == "pt" else f"{_english(first)} – {_english(last)}"
    return {"id": week, "title": f"{week} ({days})"}


def _english(day: date) -> str:
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{day.day} {months[day.month - 1]}"


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = Path(__file__).with_name("templates")
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html")
