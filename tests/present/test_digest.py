"""What a lake tells people by itself: the words of a day over the lake counted by hand, and who is told what, when, how often.

The chat is a real one as far as HTTP goes: the stand-in of Telegram takes the messages and the pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lakes import write
from tests.telegram.server import ANA, GROUP, Bot, Fault, TelegramServer
from whole import whole

from conftest import SAO_PAULO
from telelake import settings
from telelake.errors import TelegramError, UnknownName
from telelake.operate.notify import NAME, Facts, Notices
from telelake.present.digest import digest
from telelake.present.query import Lake, open_lake
from telelake.settings import Notify
from telelake.telegram.chat import Chat
from telelake.telegram.client import BotApi

TOKEN = "7000000001:the-token-of-a-test"
FACTS = Facts(is_made_up=False, last_received_at=datetime(2027, 1, 1, 15, 30, tzinfo=UTC), quarantined=2)
NEW_YEAR = datetime(2027, 1, 1, 16, 0, tzinfo=UTC)
"""13:00 in São Paulo, half an hour after the last message of the day."""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with open_lake(write(tmp_path_factory.mktemp("whole"), whole()), SAO_PAULO, settings.Sql()) as opened:
        yield opened


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        yield server


@pytest.fixture
def bot(telegram: TelegramServer) -> Bot:
    made = telegram.bot(TOKEN)
    made.say(GROUP, ANA, "bom dia")  # a bot knows a chat that it has heard of
    return made


def notices(telegram: TelegramServer, state: Path, **wanted: Any) -> Notices:
    chosen = Notify(**({"charts": (), "lang": "en"} | wanted))
    return Notices(Chat(BotApi(TOKEN, telegram.url), GROUP.id), chosen, SAO_PAULO, state)


def texts(bot: Bot) -> list[str]:
    """Return what was written, the markup's own tags included."""
    return [call.parameters["text"] for call in bot.called("sendMessage") if call.status == 200]


def test_a_day_in_words(lake: Lake) -> None:
    """Each number is one that can be counted in the table of `whole.py`."""
    made = digest(lake, date(2026, 12, 28), "en")

    assert made.html.split("\n") == [
        "<b>Mon, 2026-12-28</b>",
        "Messages: 4; people: 2",
        "Most at 09h",
        "Questions: 2; unanswered: 0; answered: 100%, half of them within 30 s",
        "Solved by the bot alone: 50%; handed to a person: 0",
        "Most asked: nota fiscal (1)",
    ]


def test_the_day_before_is_compared_and_who_waits_is_named(lake: Lake) -> None:
    made = digest(lake, date(2027, 1, 4), "pt", is_made_up=True).html.split("\n")

    assert made[:2] == ["<b>Seg, 04/01/2027</b>", "<i>Dados fictícios</i>"]
    assert made[-2:] == ["<b>Ainda esperando, de 14 dias: 1</b>", "30,0 min – Ana: /ajuda preço do plano"]
    assert "Mensagens: 1 (-75% em relação à véspera); pessoas: 1" in digest(lake, date(2026, 12, 29), "pt").html


def test_of_many_that_wait_the_newest_are_named_and_all_are_counted(tmp_path: Path) -> None:
    """The queue is cut to the 200 that wait longest; a fortnight may have more."""
    tables = whole()
    (last,) = (row for row in tables["questions"] if "answered_by" not in row)
    old = {"context_date": "2027-01-01", "asked_at": "2027-01-01T12:00:00Z"}
    tables["questions"] += [
        last | old | {"message_id": number, "question_id": f"{number}@-1002"} for number in range(1000, 1250)
    ]
    with open_lake(write(tmp_path, tables), SAO_PAULO, settings.Sql()) as lake:
        made = digest(lake, date(2027, 1, 4), "en").html.split("\n")

    assert "<b>Still waiting, of 14 days: 251</b>" in made
    assert made[-1].startswith("30.0 min – Ana")


def test_a_quiet_day_says_so(lake: Lake) -> None:
    assert "Um dia tranquilo" in digest(lake, date(2026, 12, 30), "pt", ["messages_over_time"]).html
    assert not digest(lake, date(2026, 12, 30), "pt", ["messages_over_time"]).pictures


def test_what_people_wrote_is_no_markup(tmp_path: Path) -> None:
    tables = whole()
    tables["questions"] = [
        {**row, "text": "<b>x</b> & " + "y" * 200} if row["message_id"] == 9 else row for row in tables["questions"]
    ]
    tables["messages"] = [
        {**row, "text": "<b>x</b> & " + "y" * 200} if row["message_id"] == 9 else row for row in tables["messages"]
    ]
    with open_lake(write(tmp_path, tables), SAO_PAULO, settings.Sql()) as lake:
        last = digest(lake, date(2027, 1, 4), "en").html.split("\n")[-1]

    assert "&lt;b&gt;x&lt;/b&gt; &amp; y" in last
    assert last.endswith("y…")


def test_the_pictures_are_the_insights_charts(lake: Lake) -> None:
    ((title, png),) = digest(lake, date(2027, 1, 1), "pt", ["hours_by_weekday"]).pictures

    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert int.from_bytes(png[16:20]) >= 1000  # the width, twice 640 and the legend's
    assert title
    with pytest.raises(UnknownName, match="messages_over_tim"):
        digest(lake, date(2027, 1, 1), "pt", ["messages_over_tim"])


def test_a_digest_goes_out_once_from_its_hour_on(
    lake: Lake, telegram: TelegramServer, bot: Bot, tmp_path: Path
) -> None:
    """Not before the hour of the lake's zone, once for a day however often it is looked at, also after a new start."""
    told = notices(telegram, tmp_path, alerts=False, digest_hour=8, charts=("messages_over_time", "hours_by_weekday"))
    told.tell(lake, FACTS, datetime(2026, 12, 29, 10, 59, tzinfo=UTC))
    assert texts(bot) == []

    told.tell(lake, FACTS, datetime(2026, 12, 29, 11, 0, tzinfo=UTC))
    told.tell(lake, FACTS, datetime(2026, 12, 29, 12, 0, tzinfo=UTC))
    notices(telegram, tmp_path, alerts=False).tell(lake, FACTS, datetime(2026, 12, 29, 13, 0, tzinfo=UTC))
    assert [text.partition("\n")[0] for text in texts(bot)] == ["<b>Mon, 2026-12-28</b>"]
    (album,) = bot.called("sendMediaGroup")
    assert len(album.uploads) == 2

    notices(telegram, tmp_path, alerts=False).tell(lake, FACTS, datetime(2026, 12, 30, 13, 0, tzinfo=UTC))
    assert [text.partition("\n")[0] for text in texts(bot)][1:] == ["<b>Tue, 2026-12-29</b>"]


def test_one_picture_goes_alone(lake: Lake, telegram: TelegramServer, bot: Bot, tmp_path: Path) -> None:
    told = notices(telegram, tmp_path, alerts=False, charts=("messages_over_time",))
    told.tell(lake, FACTS, datetime(2026, 12, 29, 12, 0, tzinfo=UTC))

    (photo,) = bot.called("sendPhoto")
    assert len(photo.uploads) == 1
    assert photo.parameters["caption"]


def test_what_telegram_did_not_take_is_told_at_the_next_look(
    lake: Lake, telegram: TelegramServer, bot: Bot, tmp_path: Path
) -> None:
    telegram.fail(Fault("sendMessage", status=500))
    told, at = notices(telegram, tmp_path, alerts=False), datetime(2026, 12, 29, 12, 0, tzinfo=UTC)
    with pytest.raises(TelegramError, match="Try again later"):
        told.tell(lake, FACTS, at)
    assert not (tmp_path / NAME).exists()

    told.tell(lake, FACTS, at)
    assert len(texts(bot)) == 1
    assert told.told.digest == "2026-12-28"


def test_a_question_that_waits_is_told_once(lake: Lake, telegram: TelegramServer, bot: Bot, tmp_path: Path) -> None:
    """By the clock, not by the lake's last message; a question that is answered meanwhile is told of no more."""
    wanted = {"digest": False, "silent_hours": 1000}
    told, asked = notices(telegram, tmp_path, **wanted), datetime(2027, 1, 4, 11, 0, tzinfo=UTC)
    told.tell(lake, FACTS, asked + timedelta(minutes=59))
    assert texts(bot) == []

    told.tell(lake, FACTS, asked + timedelta(minutes=61))
    told.tell(lake, FACTS, asked + timedelta(minutes=90))
    notices(telegram, tmp_path, **wanted).tell(lake, FACTS, asked + timedelta(minutes=95))
    (text,) = texts(bot)
    assert "have waited for more than 60 minutes: 1" in text
    assert text.endswith("1.0 h – Ana: /ajuda preço do plano")


def test_a_topic_that_is_asked_of_suddenly(tmp_path: Path, telegram: TelegramServer, bot: Bot) -> None:
    """Twelve of a topic against one a week: once that day. Four are too few for anybody."""
    tables = whole()
    slip = next(row for row in tables["question_topics"] if row["message_id"] == 6)
    asked = next(row for row in tables["questions"] if row["message_id"] == 6)
    names = [{"message_id": number, "question_id": f"q{number}"} for number in range(100, 106)]
    tables["questions"] = [*tables["questions"], *(asked | name for name in names)]
    tables["question_topics"] = [*tables["question_topics"], *(slip | name for name in names)]
    with open_lake(write(tmp_path / "lake", tables), SAO_PAULO, settings.Sql()) as lake:
        told = notices(telegram, tmp_path, digest=False, waiting_minutes=100_000)
        told.tell(lake, FACTS, NEW_YEAR)
        told.tell(lake, FACTS, NEW_YEAR)
        (text,) = texts(bot)
        assert "7 times today, 0.1 on an average day" in text
        notices(telegram, tmp_path / "other", digest=False, waiting_minutes=100_000, spike_least=8).tell(
            lake, FACTS, NEW_YEAR
        )
        assert len(texts(bot)) == 1


def test_silence_is_told_once_until_there_was_news(
    lake: Lake, telegram: TelegramServer, bot: Bot, tmp_path: Path
) -> None:
    told, later = notices(telegram, tmp_path, digest=False, waiting_minutes=100_000), NEW_YEAR + timedelta(hours=24)
    told.tell(lake, FACTS, NEW_YEAR + timedelta(hours=23))
    assert texts(bot) == []
    told.tell(lake, FACTS, later)
    told.tell(lake, FACTS, later)
    assert len(texts(bot)) == 1
    assert "since 2027-01-01 15:30 UTC" in texts(bot)[0]

    news = replace(FACTS, last_received_at=later)
    told.tell(lake, news, later + timedelta(hours=25))
    assert len(texts(bot)) == 2


def test_only_what_is_new_in_quarantine_is_told(lake: Lake, telegram: TelegramServer, bot: Bot, tmp_path: Path) -> None:
    told = notices(telegram, tmp_path, digest=False, waiting_minutes=100_000)
    told.tell(lake, FACTS, NEW_YEAR)
    told.tell(lake, replace(FACTS, quarantined=5), NEW_YEAR)
    told.tell(lake, replace(FACTS, quarantined=5), NEW_YEAR)
    told.tell(lake, replace(FACTS, quarantined=1), NEW_YEAR)

    assert [text for text in texts(bot) if "could not be read: 3." in text] == texts(bot)
    assert len(texts(bot)) == 1


def test_a_damaged_note_is_no_failure(lake: Lake, telegram: TelegramServer, bot: Bot, tmp_path: Path) -> None:
    (tmp_path / NAME).write_text('{"digest": ')
    notices(telegram, tmp_path, alerts=False).tell(lake, FACTS, datetime(2026, 12, 29, 12, 0, tzinfo=UTC))

    assert len(texts(bot)) == 1


def test_sabotage_without_the_note_it_is_told_again(
    lake: Lake, telegram: TelegramServer, bot: Bot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Notices, "_note", lambda *_, **__: None)
    told, at = notices(telegram, tmp_path, alerts=False), datetime(2026, 12, 29, 12, 0, tzinfo=UTC)
    told.tell(lake, FACTS, at)
    told.tell(lake, FACTS, at)

    assert len(texts(bot)) == 2
