"""A day of `questions` and `conversations` is a function of its window: law 5, for what is made in Python."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telelake.ports import DayFile
from telelake.settings import Talk
from telelake.talk import people, ties
from telelake.talk.makers import Conversations, Questions
from telelake.talk.rules import rules_of
from tests.present import lakes
from tests.talk.scenes import PEOPLE, ZONE, Line

FIRST = date(2026, 3, 1)
LONG = bool(os.environ.get("TELELAKE_TEST_LONG"))
DAYS = 24
TEXTS = (
    "como cancelo a assinatura do plano?", "cancelo a assinatura do plano como?", "não consigo abrir o aplicativo",
    "não funcionou", "obrigada, deu certo", "valeu", "quero falar com um atendente", "bom dia pessoal", "alguém?",
    "Em Conta tem um botão.", "qual é a versão?", "que chuva", "o que eu faço?", "@ana_ficticia veja o extrato", "ok",
    "Ana, já liberei o aplicativo.", "oi, eu de novo. continua travando", "a fatura não chegou, obrigado", "e a minha pergunta?",
)  # fmt: skip
RULES = rules_of(Talk(attendants=(PEOPLE["rita"],), learn_answers=2, sla_minutes=30), ZONE)


def at(days: float) -> int:
    """Return a moment, so many days after the first."""
    return int((datetime(2026, 3, 1, tzinfo=ZONE) + timedelta(days=days)).timestamp())


@st.composite
def talk(draw: st.DrawFn) -> list[Line]:
    """Draw some weeks of talk: long chains of replies, mentions, silences, nights, private chats."""
    count = draw(st.integers(5, 60))
    pace = draw(st.sampled_from([0.001, 0.02, 0.3, 0.9]))
    lines, now = [], draw(st.floats(0, 3))
    for number in range(1, count + 1):
        now += draw(st.sampled_from([0.00002, 0.001, 0.5, 1.0, 3.2])) * pace * draw(st.sampled_from([1, 1, 1, 3]))
        who = draw(st.sampled_from(["ana", "ana", "bia", "caio", "rita", "bot"]))
        reply = draw(st.none() | st.integers(1, max(1, number - 1)))
        chat = draw(st.sampled_from(["group", "group", "group", "ana"]))
        if chat == "ana" and who not in ("ana", "bot"):
            chat = "group"
        if now < DAYS:
            lines.append(
                Line(at(now), who, draw(st.sampled_from(TEXTS)), number, reply if reply != number else None, chat)
            )
    return lines


class Made:
    """Files of some talk, and what is made of them."""

    def __init__(self, folder: Path, lines: Sequence[Line]) -> None:
        self.folder = folder
        self.files = lakes.write(folder / "in", {"messages": [line.row() for line in lines]})
        self.days = sorted({self.day(path) for path in self.files.get("messages", [])})
        self.count = 0
        self.asked = Questions(RULES).make(self.days, {"messages": self.files.get("messages", [])}, folder / "asked")

    @staticmethod
    def day(path: Path) -> date:
        """Return the day of a file."""
        return date.fromisoformat(path.parent.name.partition("=")[2])

    def make(self, days: Sequence[date]) -> dict[str, dict[date, list[tuple[Any, ...]]]]:
        """Make both tables of some days together, from the files of their windows alone."""
        self.count += 1
        questions, conversations = Questions(RULES), Conversations(RULES)
        inputs = {"messages": self.window(questions.table.reads.tables["messages"], days)}
        made = questions.make(days, inputs, self.folder / f"q{self.count}")
        rows = {"questions": rows_of(made)}
        wanted = {each for day in days for each in conversations.table.reads.tables["questions"].around(day)}
        more = {**inputs, "questions": [each.path for each in self.asked if each.path and each.day in wanted]}
        rows["conversations"] = rows_of(conversations.make(days, more, self.folder / f"c{self.count}"))
        return rows

    def window(self, window: Any, days: Sequence[date]) -> list[Path]:
        """Return the files of the days' windows."""
        wanted = {each for day in days for each in window.around(day)}
        return [path for path in self.files["messages"] if self.day(path) in wanted]


def rows_of(made: Sequence[DayFile]) -> dict[date, list[tuple[Any, ...]]]:
    """Return the rows of each day."""
    found = {}
    for each in made:
        sql = f"SELECT CAST(COLUMNS(*) AS VARCHAR) FROM read_parquet('{each.path}', hive_partitioning = false)"
        found[each.day] = sorted(duckdb.sql(sql).fetchall(), key=str) if each.path else []
        assert len(found[each.day]) == each.rows
    return found


def differences(made: Made, days: Sequence[date] = ()) -> list[str]:
    """Return the tables' days that come out otherwise when they are made alone; of all days, or of some."""
    together = made.make(made.days)
    return [
        f"{table} {day}"
        for day in days or made.days
        for table, alone in made.make([day]).items()
        if alone[day] != together[table][day]
    ]


@settings(
    max_examples=300 if LONG else 8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(lines=talk(), data=st.data())
def test_alone_as_together(lines: list[Line], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A day that is made alone, from the files of its window, is the same as made with all others."""
    if lines:
        made = Made(tmp_path_factory.mktemp("talk"), lines)
        days = st.lists(st.sampled_from(made.days), min_size=1, max_size=2, unique=True)

        assert differences(made, data.draw(days)) == []


def helper() -> list[Line]:
    """Return talk in which somebody answers much, and days later answers once."""
    lines = [Line(at(0.5), "eva", "bom dia", 1)]
    for number in range(2, 8, 2):
        lines.append(Line(at(0.5 + number / 100), "ana", f"onde fica o menu {number} da tela?", number))
        lines.append(Line(at(0.501 + number / 100), "caio", "No alto da tela.", number + 1, number))
    return [
        *lines,
        Line(at(10.5), "bia", "qual o prazo de entrega?", 20),
        Line(at(10.6), "caio", "Cinco dias.", 21, 20),
    ]


def chain() -> list[Line]:
    """Return replies to replies for two weeks, which is one long talk."""
    return [
        Line(
            at(0.5 + number * 0.9),
            "ana" if number % 2 else "bia",
            "onde vejo o extrato da conta?" if number == 15 else "que chuva",
            number,
            number - 1 or None,
        )
        for number in range(1, 17)
    ]


def test_who_answers_much_is_seen_in_the_window(tmp_path: Path) -> None:
    """Answers ten days before do not make an attendant of somebody, however many days are made together."""
    made = Made(tmp_path, helper())

    assert differences(made) == []
    together = made.make(made.days)["questions"]
    assert [row for row in together[FIRST + timedelta(days=10)] if "customer" in row]


def test_twin_who_answers_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were all days counted that happen to be there, rows would depend on what is made together."""
    monkeypatch.setattr(people, "_BEFORE", 30)

    assert differences(Made(tmp_path, helper()))


def test_a_long_talk_is_cut(tmp_path: Path) -> None:
    """A talk without end is a conversation to its fourth day, and then one each day."""
    made = Made(tmp_path, chain())
    together = made.make(made.days)["conversations"]

    assert differences(made) == []
    assert [len(rows) for rows in together.values()][:6] == [1, 0, 0, 0, 1, 1]


def test_twin_a_long_talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were it not cut, where it begins would depend on what is made together."""
    monkeypatch.setattr(ties, "LASTS", 30)

    assert differences(Made(tmp_path, chain()))
