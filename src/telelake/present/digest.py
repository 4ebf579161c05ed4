"""A day in words and pictures, for a chat: what was written and asked, how it fared, who still waits.

The words are Telegram's HTML. Numbers are those of the insights, over the same release, so that the dashboard says the
same. A day without messages says so: silence about silence would look like a failure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from typing import TYPE_CHECKING, Any

from telelake.present.chart import vega_lite
from telelake.present.insight import insight, run
from telelake.present.vocabulary import WEEKDAYS, Lang, duration
from telelake.present.web.texts import number

if TYPE_CHECKING:
    from telelake.present.query import Lake

SHOWN = 5
"""Questions that still wait, as many as are named."""
_SHORT = 80
"""Characters of a question that are shown."""
_PICTURE = {"width": 640, "background": "#ffffff"}
_DAYS = 14
"""Days that the pictures show, the day itself included."""

_TEXTS: dict[Lang, dict[str, str]] = {
    "en": {
        "title": "{weekday}, {day}",
        "made_up": "Made-up data",
        "quiet": "A quiet day: nobody wrote.",
        "messages": "Messages: {messages}{change}; people: {people}",
        "change": " ({change} on the day before)",
        "hour": "Most at {hour:02d}h",
        "questions": "Questions: {questions}; unanswered: {unanswered}; answered: {answered}{median}",
        "median": ", half of them within {median}",
        "bot": "Solved by the bot alone: {share}; handed to a person: {handed}",
        "unseen": "No reply of a bot is in the lake: what it solved is not known",
        "topic": "Most asked: {topic} ({questions})",
        "waiting": "Still waiting, of {days} days: {count}",
        "ago": "{wait} – {person}: {text}",
    },
    "pt": {
        "title": "{weekday}, {day}",
        "made_up": "Dados fictícios",
        "quiet": "Um dia tranquilo: ninguém escreveu.",
        "messages": "Mensagens: {messages}{change}; pessoas: {people}",
        "change": " ({change} em relação à véspera)",
        "hour": "Mais às {hour:02d}h",
        "questions": "Perguntas: {questions}; sem resposta: {unanswered}; respondidas: {answered}{median}",
        "median": ", metade delas em até {median}",
        "bot": "Resolvidas só pelo bot: {share}; passadas a uma pessoa: {handed}",
        "unseen": "Não há resposta de bot no lago: não se sabe o que ele resolveu",
        "topic": "Mais perguntado: {topic} ({questions})",
        "waiting": "Ainda esperando, de {days} dias: {count}",
        "ago": "{wait} – {person}: {text}",
    },
}


@dataclass(frozen=True, slots=True)
class Digest:
    """What is written of one day."""

    html: str
    pictures: Sequence[tuple[str, bytes]]
    """Captions and PNG files."""


def digest(lake: Lake, day: date, lang: Lang, charts: Sequence[str] = (), *, is_made_up: bool = False) -> Digest:
    """Return the digest of a day (of the lake's zone), with the charts of some insights over the days up to it.

    Raises:
        UnknownName: there is no such insight.
        QueryRefused: an insight went over a bound of `settings.Sql`.
    """
    texts = _TEXTS[lang]
    title = texts["title"].format(weekday=WEEKDAYS[lang][day.isoweekday() - 1], day=_date(day, lang))
    lines = [f"<b>{title[:1].upper()}{title[1:]}</b>"] + ([f"<i>{texts['made_up']}</i>"] if is_made_up else [])
    figures = _row(lake, "key_figures", day)
    if not figures["messages"]:
        return Digest("\n".join([*lines, texts["quiet"], *_waiting(lake, day, lang)]), ())
    lines.append(_written(lake, day, figures, lang))
    if figures["busiest_hour"] is not None:
        lines.append(texts["hour"].format(hour=figures["busiest_hour"]))
    lines += _asked(lake, day, lang)
    return Digest("\n".join([*lines, *_waiting(lake, day, lang)]), [_picture(lake, name, day, lang) for name in charts])


def waits(rows: Sequence[Mapping[str, Any]], lang: Lang) -> list[str]:
    """Return rows of the insight `unanswered_queue` as lines of HTML: how long, who, what."""
    return [
        _TEXTS[lang]["ago"].format(
            wait=duration(row["waiting_seconds"], lang),
            person=escape(row["person"] or "–"),
            text=escape(_short(row["text"])),
        )
        for row in rows
    ]


def _written(lake: Lake, day: date, figures: Mapping[str, Any], lang: Lang) -> str:
    before = _row(lake, "key_figures", day - timedelta(days=1))["messages"]
    change = ""
    if before:
        change = _TEXTS[lang]["change"].format(change=f"{figures['messages'] / before - 1:+.0%}")
    counts = {name: number(figures[name], lang) for name in ("messages", "people")}
    return _TEXTS[lang]["messages"].format(change=change, **counts)


def _asked(lake: Lake, day: date, lang: Lang) -> list[str]:
    texts = _TEXTS[lang]
    figures, solved = _row(lake, "support_figures", day), _row(lake, "answer_solved", day)
    if not figures["questions"]:
        return []
    half = figures["first_response_p50"]
    median = "" if half is None else texts["median"].format(median=duration(half, lang))
    rate = figures["answer_rate"]
    counts = {name: number(figures[name], lang) for name in ("questions", "unanswered")}
    lines = [texts["questions"].format(answered="–" if rate is None else f"{rate:.0%}", median=median, **counts)]
    if (share := figures["bot_resolution_rate"]) is None:
        lines.append(texts["unseen"])
    else:
        lines.append(texts["bot"].format(share=f"{share:.0%}", handed=number(solved["handed_over"], lang)))
    topic = _row(lake, "answer_problem", day)
    if topic["topic"]:
        lines.append(texts["topic"].format(topic=escape(topic["topic"]), questions=number(topic["questions"], lang)))
    return lines


def _waiting(lake: Lake, day: date, lang: Lang) -> list[str]:
    count = _row(lake, "answer_solved", day, _DAYS)["unanswered"]
    if not count:
        return []
    # The newest: what has waited for a fortnight was in the digests before. The queue is cut to those that wait longest,
    # so it is asked day by day, from the last one back.
    newest: list[dict[str, Any]] = []
    for back in range(_DAYS):
        if len(newest) < SHOWN:
            newest = [*run(lake, insight("unanswered_queue"), _span(day - timedelta(days=back), 1)).records(), *newest]
    return [
        "",
        f"<b>{_TEXTS[lang]['waiting'].format(count=number(count, lang), days=_DAYS)}</b>",
        *waits(newest[-SHOWN:], lang),
    ]


def _picture(lake: Lake, name: str, day: date, lang: Lang) -> tuple[str, bytes]:
    import vl_convert

    one = insight(name)
    answer = run(lake, one, {key: value for key, value in _span(day, _DAYS).items() if key in one.params})
    drawn = vega_lite(one, lang, "light", answer)
    drawn["config"]["background"] = _PICTURE["background"]
    return one.titles[lang], vl_convert.vegalite_to_png(drawn | {"width": _PICTURE["width"]}, scale=2)


def _row(lake: Lake, name: str, day: date, days: int = 1) -> dict[str, Any]:
    return next(run(lake, insight(name), _span(day, days)).records())


def _span(day: date, days: int) -> dict[str, date]:
    return {"from": day - timedelta(days=days - 1), "to": day}


def _date(day: date, lang: Lang) -> str:
    return f"{day:%d/%m/%Y}" if lang == "pt" else day.isoformat()


def _short(text: str | None) -> str:
    words = " ".join((text or "–").split())
    return words if len(words) <= _SHORT else f"{words[: _SHORT - 1]}…"
