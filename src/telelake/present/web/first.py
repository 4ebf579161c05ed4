"""The first page: the three questions that people ask of a support group, each answered in a sentence.

A sentence is words of ours with numbers of an insight between them; the page writes the numbers in the reader's way, and each
opens its rows. The answers come from the insights of their group, so that command line and page cannot disagree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from telelake.present.formats import plain
from telelake.present.insight import Insight, insight, values
from telelake.present.vocabulary import LANGS, Lang

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from telelake.present.answer import Answer
    from telelake.present.web.view import View

GROUP = "answers"


@dataclass(frozen=True, slots=True)
class _Question:
    insight: str
    path: str
    """The page that says more."""
    needs: str
    """The column without which there is no answer."""
    en: str
    """The answer, with `{column}` where a value of the insight's row stands."""
    pt: str
    empty: tuple[str, str]
    also: tuple[tuple[str, str, str], ...] = ()
    """What is added when the row has that column, and it is not 0: column, English, Portuguese."""


_NO_QUESTIONS = (
    "No questions were found in this selection. Choose another period, or fewer filters.",
    "Nenhuma pergunta foi encontrada nesta seleção. Escolha outro período ou menos filtros.",
)
_QUESTIONS = (
    _Question(
        "answer_when", "/activity", "messages",
        "Most around {busiest_hour}: {hour_share} of the {messages} messages that people wrote. "
        "The busiest day of the week is {busiest_weekday}, with {weekday_share}.",
        "Mais por volta das {busiest_hour}: {hour_share} das {messages} mensagens escritas por pessoas. "
        "O dia mais movimentado da semana é {busiest_weekday}, com {weekday_share}.",
        ("Nobody wrote in this selection. Choose another period, or fewer filters.",
         "Ninguém escreveu nesta seleção. Escolha outro período ou menos filtros."),
    ),
    _Question(
        "answer_problem", "/support", "questions",
        "“{topic}”, with {questions} questions: {share} of all {all_questions}. Of these, {answer_rate} got an answer.",
        "“{topic}”, com {questions} perguntas: {share} de todas as {all_questions}. Destas, {answer_rate} tiveram resposta.",
        _NO_QUESTIONS,
    ),
    _Question(
        "answer_solved", "/support", "questions", "", "", _NO_QUESTIONS,
        (("seen_questions",
          "Alone it solved {solved_by_bot} of {seen_questions} questions: {bot_resolution_rate}. "
          "{handed_over} went on to a person. ",
          "Sozinho, resolveu {solved_by_bot} de {seen_questions} perguntas: {bot_resolution_rate}. "
          "{handed_over} passaram a uma pessoa. "),
         ("unseen_questions",
          "Of {unseen_questions} questions it is not known: no reply of a bot is in the lake for their chats "
          "(mode = \"proxy\" records them). ",
          "De {unseen_questions} perguntas não se sabe: não há resposta de bot no lago nos chats delas "
          "(mode = \"proxy\" as registra). "),
         ("questions",
          "{unanswered} of {questions} have no answer in the lake.",
          "{unanswered} de {questions} não têm resposta no lago.")),
    ),
)  # fmt: skip
CHARTS = ("messages_over_time", "hours_by_weekday", "topics", "resolution_mix", "key_figures")
"""What stands below the answers, of the groups where it belongs."""


def questions(view: View) -> list[dict[str, str]]:
    """Return the questions, with links to the pages that say more."""
    return [
        {
            "name": each.insight, "title": (one := insight(each.insight)).titles[view.lang],
            "definition": one.definitions[view.lang], "sql": one.sql, "path": each.path,
            "url": view.address(each.path), "more": view.t["more"],
        }
        for each in _QUESTIONS
    ]  # fmt: skip


def replies(
    ask: Callable[[Insight, Mapping[str, Any]], Answer], params: Mapping[str, Any], lang: Lang
) -> list[dict[str, Any]]:
    """Return each question's answer: texts and `{column}` parts, with the row that they name; no parts without data."""
    at = LANGS.index(lang)
    made = []
    for question in _QUESTIONS:
        one = insight(question.insight)
        own = {name: value for name, value in params.items() if name in one.params}
        row = next(ask(one, values(one, own)).records(), {})
        reply: dict[str, Any] = {
            "name": one.name, "title": one.titles[lang], "params": own, "keys": list(one.rows.keys) if one.rows else None,
            "row": {name: plain(value) for name, value in row.items()}, "empty": question.empty[at],
        }  # fmt: skip
        if row.get(question.needs):
            added = [sentence[1 + at] for sentence in question.also if row.get(sentence[0])]
            reply["parts"] = _parts("".join([(question.en, question.pt)[at], *added]))
        made.append(reply)
    return made


def _parts(text: str) -> list[str | dict[str, str]]:
    pieces = re.split(r"\{(\w+)\}", text)
    return [piece if at % 2 == 0 else {"column": piece} for at, piece in enumerate(pieces) if piece]
