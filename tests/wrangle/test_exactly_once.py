"""Exactly once, whatever comes: each scene of `scenes.py`, come to lie in a lake in any way, gives what the reader expects.

The reader knows nothing of order, segments or builds; so equal to it means that none of them matters.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telelake.errors import CheckFailed
from telelake.tables import catalog
from telelake.wrangle.plan import list_raw
from tests.conftest import BOT, LakeFolder
from tests.wrangle import reader
from tests.wrangle.scenes import (
    MIDNIGHT,
    OTHER,
    SCENES,
    Come,
    Way,
    acted,
    captured,
    group,
    migration,
    private,
    said,
    supergroup,
    ways,
)  # fmt: skip
from tests.wrangle.test_generated import TABLES, differences
from tests.wrangle.test_laws import new_lake
from tests.wrangle.test_sabotage import broken

EXAMPLES = 40 if os.environ.get("TELELAKE_TEST_LONG") else 2
some = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
AS_IT_CAME = Way(lambda number: number, (), (), build_between=False, day_by_day=False)


def check(came: list[Come], way: Way = AS_IT_CAME, also: Callable[[LakeFolder], None] | None = None) -> None:
    """Assert that what came makes the tables that the reader expects, whatever the way."""
    with new_lake() as lake:
        records = way.go(lake, captured(lake, came))
        expected = reader.read(records, lake.zone)
        assert differences(lake, expected, *TABLES)[:10] == []
        ledger = lake.rows("SELECT DISTINCT context_date, raw_records, duplicates, quarantined FROM builds")
        assert {day for day, *_ in ledger} == set(expected.books)
        for day, there, duplicates, quarantined in ledger:
            book = expected.books[day]
            assert there == book["rows"] + duplicates + quarantined
            assert (quarantined, there) >= (book["quarantined"], book["raw"])
        assert not lake.wrangle().days, "nothing is due once all is built"
        if also:
            also(lake)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_scene(scene: Callable[..., list[Come]]) -> None:
    """Any order, doubling, cut into segments and batching of builds: the same tables, those of the reader."""

    @some
    @given(came=acted(scene), way=ways())
    def holds(came: list[Come], way: Way) -> None:
        check(came, way, continues if scene is migration else None)

    holds()


def continues(lake: LakeFolder) -> None:
    """Assert that a group and the supergroup that it became are one chat in view `chats`, and that both ids are kept."""
    told = dict(lake.rows(f"SELECT chat_id, continuing_chat_id FROM ({catalog.CHATS.sql})"))
    in_messages = {chat for (chat,) in lake.rows("SELECT DISTINCT chat_id FROM messages")}
    assert set(told) == in_messages
    for chat, continuing in told.items():
        place = -1_001_000_000_000 - chat if chat < -1_000_000_000_000 else -1000 - chat
        assert continuing == supergroup(place)["id"], (chat, continuing)


# Live capture and exports of the same history


@st.composite
def histories(draw: Any) -> list[tuple[int, list[tuple[str, int | None]]]]:
    """Return messages with their states, each seen live, by an export, or by both."""
    states = st.tuples(st.sampled_from(("live", "export")), st.sampled_from((None, 60, 90_000)))
    return [(number, draw(st.lists(states, min_size=1, max_size=4, unique=True))) for number in range(1, 13)]


@some
@given(history=histories(), seed=st.integers(0, 99), between=st.booleans(), private_chat=st.booleans())
def test_live_and_imported(
    history: list[tuple[int, list[tuple[str, int | None]]]], seed: int, between: bool, private_chat: bool
) -> None:
    """A state that both have is one, the live one; one that only an export has is its own; whatever came first."""
    chat = private(1) if private_chat else supergroup(1)
    live, exported, wanted = [], [], []
    for number, states in history:
        sent = MIDNIGHT + timedelta(hours=number - 6)
        seen = {edited for where, edited in states if where == "live"}
        for where, edited in states:
            text = f"{number} {edited}"
            if where == "live":
                at = sent + timedelta(seconds=(edited or 0) + 1)
                live.append(Come(said(number * 10 + len(live), chat, number, sent, text, edited), at))
            else:
                member: dict[str, Any] = {
                    "id": number, "type": "message", "date_unixtime": str(int(sent.timestamp())), "from": "Ana",
                    "from_id": f"user{100 + number % 3}", "text": text, "text_entities": [{"type": "plain", "text": text}],
                }  # fmt: skip
                if edited is not None:
                    member["edited_unixtime"] = str(int(sent.timestamp()) + edited)
                exported.append(member)
            account = (BOT if where == "live" else 55) if private_chat else 0
            if where == "live" or private_chat or edited not in seen:
                source = "webhook" if where == "live" else "import"
                wanted.append((account, number, edited and int(sent.timestamp()) + edited, text, source))
    with new_lake() as lake:
        steps: list[Callable[[], None]] = [lambda: lake.seal(captured(lake, live))] if live else []
        for number, member in enumerate(exported):
            steps.append(lambda member=member, number=number: export(lake, member, chat, f"{number % 3}.json"))
            if number % 4 == 0:
                steps.append(lambda member=member: export(lake, member, chat, "again.json"))
        for _, step in sorted(enumerate(steps), key=lambda pair: hash((seed, pair[0]))):
            step()
            if between and seed % 3 == 0:
                lake.wrangle()
        lake.wrangle()
        found = lake.rows(
            "SELECT account_id, message_id, epoch(edited_at)::BIGINT, text, source FROM message_versions ORDER BY ALL"
        )
        latest = lake.rows("SELECT account_id, message_id, text FROM messages ORDER BY ALL")
    order = sorted(wanted, key=lambda row: (row[0], row[1], row[2] or 2**60, row[3], row[4]))
    assert found == order
    last = {(row[0], row[1]): row[3] for row in sorted(wanted, key=lambda row: row[2] or 0)}
    assert latest == sorted((*key, text) for key, text in last.items())


def export(lake: LakeFolder, member: dict[str, Any], chat: dict[str, Any], file: str) -> None:
    """Import one message of a history, as one file of its own."""
    of = {"id": chat["id"], "type": chat["type"], "name": chat.get("title", "Ana")}
    lake.add_export(member, chat=of, account=55 if chat["type"] == "private" else 0, file=f"{file}{member['id']}")


def test_late_makes_its_own_day_due(make_lake: Callable[..., LakeFolder]) -> None:
    """What comes a day late, and the edit of an old message, make the message's day due, and the next, which looks back."""
    lake = make_lake(iceberg=False)
    sent = MIDNIGHT - timedelta(hours=1)
    lake.add(said(1, supergroup(1), 1, sent), at=sent)
    for number in (2, 3):
        at = MIDNIGHT + timedelta(hours=24 * number - 47)
        lake.add(said(number, supergroup(1), number, at), at=at)
    lake.wrangle()
    lake.add(said(4, supergroup(1), 4, sent), at=sent + timedelta(days=1))
    first = lake.wrangle().days
    lake.add(said(5, supergroup(1), 1, sent, "b", 200_000), at=sent + timedelta(days=3))
    again = lake.wrangle().days

    assert [[str(day) for day in days] for days in (first, again)] == [["2026-03-09", "2026-03-10"]] * 2
    assert [str(day) for day in sorted(list_raw(lake.store).days)] == ["2026-03-09", "2026-03-10", "2026-03-11"]


# The twins: with the line that a scene rests on taken out, the scene fails


def _edit(number: int, message_id: int, seconds: int, text: str, at: float, bot: int = BOT) -> Come:
    sent = MIDNIGHT - timedelta(hours=2)
    return Come(said(number, supergroup(1), message_id, sent, text, seconds), sent + timedelta(seconds=at), bot)


_SENT = Come(said(1, supergroup(1), 1, MIDNIGHT - timedelta(hours=2)), MIDNIGHT - timedelta(hours=2))
_POLL = Come({"update_id": 9, "poll": {"id": "1"}}, MIDNIGHT - timedelta(hours=2))

TWINS: dict[str, tuple[str, str, str, list[Come]]] = {
    "retries": ("_duplicates", "WHERE rid <> first_rid", "WHERE false", [_SENT, _SENT.later(seconds=5)]),
    "two bots": (
        "_states", "ORDER BY direction DESC, received_at, record_id, ordinal) = 1", "ORDER BY direction DESC, received_at) >= 1",
        [_SENT, Come({**_SENT.update, "update_id": 77}, _SENT.at, OTHER)],
    ),
    "disorder": (
        "_states", "ORDER BY edited_at NULLS FIRST, update_id, received_at", "ORDER BY received_at",
        [_SENT.later(seconds=90), _edit(2, 1, 5, "a", 8), _edit(3, 1, 9, "b", 10)],
    ),
    "wrap and reset": (
        "_duplicates", "PARTITION BY records.context_date, records.bot_id, records.update_id, records.body_hash\n",
        "PARTITION BY records.context_date, records.bot_id, records.update_id\n",
        [_SENT, Come(said(1, supergroup(1), 2, _SENT.at, "another"), _SENT.at)],
    ),
    "dateless after midnight": (
        "_duplicates", "AND earlier.body_hash = records.body_hash\n", "AND false\n", [_POLL, _POLL.later(hours=5)],
    ),
    "own numbering": (
        "_macros", "CASE WHEN chat_id <= -1000000000000 THEN 0 ELSE account END", "0",
        [Come(said(bot, private(1), 1, _SENT.at, f"{bot}"), _SENT.at, bot) for bot in (BOT, OTHER)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TWINS)
def test_the_twin_fails(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """First the scene as it should be; then without its line."""
    file, line, instead, came = TWINS[name]
    check(came)
    if name == "wrap and reset":
        # The grouping and the order's partition say the same twice; both are taken out.
        monkeypatch.setattr("tests.wrangle.test_sabotage.sql_file", _ungrouped)
    broken(monkeypatch, file, line, instead)

    with pytest.raises((AssertionError, CheckFailed)):
        check(came)


def _ungrouped(name: str) -> str:
    from telelake.wrangle.sql import sql_file

    text = sql_file(name)
    if name == "_duplicates":
        line = "SELECT context_date, bot_id, update_id, body_hash, count(*) AS copies"
        assert line in text
        text = text.replace(
            line, "SELECT context_date, bot_id, update_id, any_value(body_hash) AS body_hash, count(*) AS copies"
        )
    return text


def test_the_late_twin_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were an edit put into the day of its receipt, and what is late too, the message would lie in two days."""
    from telelake.capture import seal

    came = [_SENT, _edit(5, 1, 200_000, "b", 200_001)]
    check(came)
    monkeypatch.setattr(seal, "context_date", lambda date, received_at, zone: received_at.astimezone(zone).date())

    with pytest.raises((AssertionError, CheckFailed)):
        check(came)


def test_the_migration_twin_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the supergroup's word left out, a group whose own was never seen would go on alone."""
    update = said(1, supergroup(1), 1, MIDNIGHT, migrate_from_chat_id=group(1)["id"])
    came = [Come(said(2, group(1), 1, MIDNIGHT), MIDNIGHT), Come(update, MIDNIGHT)]
    check(came, also=continues)
    monkeypatch.setattr(
        catalog, "CHATS", type("Broken", (), {"sql": catalog.CHATS.sql.replace("became.became_chat_id, ", "")})
    )

    with pytest.raises(AssertionError):
        check(came, also=continues)


def test_what_is_over_a_calendar_day_is_no_duplicate(make_lake: Callable[..., LakeFolder], tmp_path: Path) -> None:
    """The same dateless body two days later, and not between, is another delivery: Telegram keeps none for so long."""
    lake = make_lake(iceberg=False)
    for hours in (0, 50):
        lake.add(_POLL.update, at=datetime(2026, 3, 9, 12, tzinfo=UTC) + timedelta(hours=hours))
    lake.wrangle()

    assert lake.rows("SELECT count(*) FROM updates") == [(2,)]
