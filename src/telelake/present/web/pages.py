"""The pages: one for each group of insights, the first with the three questions, and the one for SQL.

A page is built from the insights' headers: a new file of a group appears on its page by itself.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from telelake.errors import NotStored, SettingsError
from telelake.present.chart import Theme, frame
from telelake.present.insight import Insight, all_insights, checked, insight
from telelake.present.params import FILTERS, PARAMS, SENDERS
from telelake.present.vocabulary import (
    CODES,
    GROUPS,
    LANGS,
    NO_TOPIC,
    OTHER_TOPICS,
    OTHERS,
    WEEKDAYS,
    Lang,
    code_names,
    kind_names,
    titles,
)
from telelake.present.web import examples, first
from telelake.present.web.view import View, data, render
from telelake.tables.catalog import TABLES, VIEWS

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from telelake.present.query import Lake
    from telelake.present.web.answers import Answers
    from telelake.present.web.view import Viewer

_THEMES: tuple[Theme, ...] = ("light", "dark")
_WIDE = {"figures", "stacked", "table"}
_CHATS = """
SELECT continuing_chat_id AS chat_id,
       coalesce(any_value(title) FILTER (chat_id = continuing_chat_id), any_value(title),
                '#' || continuing_chat_id) AS title
FROM chats GROUP BY continuing_chat_id ORDER BY sum(messages) DESC, continuing_chat_id LIMIT 2000"""
_TOPICS = """
SELECT topic_id, any_value(topic) AS title FROM asked()
WHERE topic_id IS NOT NULL GROUP BY topic_id ORDER BY count(*) DESC, topic_id LIMIT 200"""
_DAYS = "SELECT min(context_date) AS first_day, max(context_date) AS last_day FROM chat_days"


class Pages:
    """The routes of the pages."""

    def __init__(
        self, get_lake: Callable[[], Lake], answers: Answers, viewer: Viewer, *, may_label: bool, mask_viewers: bool
    ) -> None:
        self._get_lake = get_lake
        self._answers = answers
        self._viewer = viewer
        self._may_label = may_label
        self._mask_viewers = mask_viewers

    def routes(self) -> list[Route]:
        """Return them."""
        groups = [Route(f"/{group}", self.group) for group in GROUPS if group != first.GROUP]
        return [Route("/", self.group), *groups, Route("/sql", self.sql)]

    def group(self, request: Request) -> Response:
        """The page of a group; a lake without a release, or filters that do not work, still give a page."""
        view = self._viewer.of(request)
        try:
            checked({name: view.query.get(name) for name in FILTERS})
        except SettingsError as wrong:
            return _html(render("notice.html", view, error=str(wrong)), view, 400)
        try:
            lake = self._get_lake()
        except NotStored:
            return _html(render("notice.html", view), view)
        group = view.path.strip("/") or first.GROUP
        return _html(render("group.html", view, **self._filled(lake, view, group)), view)

    def sql(self, request: Request) -> Response:
        """The page for the reader's own SQL."""
        view = self._viewer.of(request)
        is_pt = view.lang == "pt"
        tables: list[dict[str, Any]] = [
            {
                "name": table.name,
                "says": table.pt if is_pt else table.en,
                "columns": [
                    {"name": each.name, "type": each.kind.duckdb, "says": each.pt if is_pt else each.en}
                    for each in table.columns
                ],
            }
            for table in TABLES
        ]
        tables += [{"name": each.name, "says": each.pt if is_pt else each.en, "columns": []} for each in VIEWS]
        frames = {each: frame(view.lang, each) for each in _THEMES}
        return _html(
            render(
                "sql.html", view, tables=sorted(tables, key=lambda each: str(each["name"])),
                examples=examples.of(view.lang), words=data({**_words(view), "filters": [], "frame": frames}),
            ),
            view,
        )  # fmt: skip

    def _filled(self, lake: Lake, view: View, group: str) -> dict[str, Any]:
        ask = self._answers.ask
        first_day, last_day = ask(lake, _DAYS).rows[0]
        topics = ask(lake, _TOPICS).rows
        days = {"first_day": str(first_day or ""), "last_day": str(last_day or ""), "today": _today(view, lake)}
        chats = ask(lake, _CHATS).rows
        if self._mask_viewers and view.person is not None and not view.person.may("analyst"):
            chats = [(chat, title) for chat, title in chats if chat < 0]  # the others are people
        own = {name: value for name, value in view.query.items() if "." in name}
        return {
            "page": "first" if group == first.GROUP else group,
            "title": GROUPS[group][LANGS.index(view.lang)],
            "cards": cards(shown(group), view),
            "questions": first.questions(view) if group == first.GROUP else [],
            "chats": [{"id": str(chat), "title": title} for chat, title in chats],
            "topics": [{"id": str(topic), "title": title} for topic, title in topics],
            "senders": SENDERS,
            "periods": _periods(last_day, view),
            "hidden": [*own.items(), *((name, view.chosen[name]) for name in ("week", "hour", "weekday") if name in view.chosen)],
            "words": data({**_words(view, self._may_label), **days, "zone": lake.zone.key, "group": group}),
        }  # fmt: skip


def shown(group: str) -> list[Insight]:
    """Return the insights of a page, in their order."""
    if group == first.GROUP:
        return [insight(name) for name in first.CHARTS]
    return [each for each in all_insights() if each.group == group and each.order is not None]


def cards(insights: list[Insight], view: View) -> list[dict[str, Any]]:
    """Return what a page shows of each insight; halves stand in pairs."""
    made: list[dict[str, Any]] = []
    for each in insights:
        is_half = each.chart.mark not in _WIDE
        made.append(_card(each, view) | {"span": 6 if is_half else 12})
    left = None
    for card in made:  # a half beside nothing would leave a hole
        if card["span"] == 12:
            if left is not None:
                left["span"] = 12
            left = None
        else:
            left = card if left is None else None
    if left is not None:
        left["span"] = 12
    return made


def _card(one: Insight, view: View) -> dict[str, Any]:
    lang = view.lang
    choices, texts = [], []
    for name in one.params:
        if (param := PARAMS[name]).is_filter:
            continue
        value = view.query.get(f"{one.name}.{name}") or str(one.defaults.get(name, ""))
        says = param.pt if lang == "pt" else param.en
        if param.choices:
            options = [{"value": each, "title": view.t.get(f"{name}_{each}", each)} for each in param.choices]
            choices.append({"name": name, "title": says, "value": value, "options": options})
        else:
            texts.append({"name": name, "title": says, "value": value, "is_number": value.isdigit()})
    chosen = {name: value for name, value in view.chosen.items() if name in one.params}
    return {
        "name": one.name,
        "title": _short(one.titles[lang]) if any(each["name"] == "grain" for each in choices) else one.titles[lang],
        "definition": one.definitions[lang],
        "sql": one.sql,
        "mark": one.chart.mark,
        "choices": choices,
        "texts": texts,
        "url": f"/api/insights/{one.name}?{urlencode({**chosen, 'lang': lang})}",
    }


def _short(title: str) -> str:
    # "Messages over time [per day]": the choice says it better.
    return title.removesuffix(" over time").removesuffix(" ao longo do tempo")


def _words(view: View, may_label: bool = False) -> dict[str, Any]:
    lang = view.lang
    is_analyst = view.person is not None and view.person.may("analyst")
    return {
        "t": {name: text for name, text in view.t.items() if not name.startswith("made_up")},
        "columns": titles(lang),
        "kinds": kind_names(lang),
        "codes": {column: code_names(column, lang) for column in CODES},
        "weekdays": WEEKDAYS[lang],
        "others": OTHERS[lang],
        "no_topic": NO_TOPIC[lang],
        "other_topics": OTHER_TOPICS[lang],
        "locale": view.t["html_lang"],
        "filters": list(FILTERS),
        "may_sql": is_analyst,
        "may_label": is_analyst and may_label,
        "person": view.person.name if view.person else "",
    }


def _periods(last: date | None, view: View) -> list[dict[str, str]]:
    """Return spans of time to choose from; the newest day of the lake is the last."""
    spans = [("all", view.t["period_all"], "", "")]
    if last is not None:
        for days in (7, 28, 90, 365):
            since = last - timedelta(days=days - 1)
            spans.append((f"last-{days}", view.t["period_last"].format(days=days), str(since), str(last)))
        month = last.replace(day=1)
        before = (month - timedelta(days=1)).replace(day=1)
        spans.append(("month", view.t["period_month"], str(month), str(last)))
        spans.append(("month-before", view.t["period_month_before"], str(before), str(month - timedelta(days=1))))
        monday = last - timedelta(days=last.isoweekday() - 1)
        for weeks in range(12):
            begins = monday - timedelta(weeks=weeks)
            spans.append((f"{begins:%G-W%V}", _week(begins, view.lang), str(begins), str(begins + timedelta(days=6))))
    spans.append(("own", view.t["period_own"], "", ""))
    return [dict(zip(("id", "title", "from", "to"), span, strict=True)) for span in spans]


def _week(monday: date, lang: Lang) -> str:
    sunday = monday + timedelta(days=6)
    days = f"{monday:%d/%m}–{sunday:%d/%m}" if lang == "pt" else f"{_english(monday)} – {_english(sunday)}"
    return f"{monday:%G-W%V} ({days})"


def _english(day: date) -> str:
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{day.day} {months[day.month - 1]}"


def _today(view: View, lake: Lake) -> str:
    """Return the lake's day when the release was made: a period that reaches it is not over; empty when not known."""
    at = view.facts.get("updated_at")
    return str(at.astimezone(ZoneInfo(lake.zone.key)).date()) if isinstance(at, datetime) and at.tzinfo else ""


def _html(html: str, view: View, status: int = 200) -> Response:
    headers = {"Vary": "Accept-Language, Cookie", "Content-Language": view.t["html_lang"]}
    return HTMLResponse(html, status_code=status, headers=headers)
