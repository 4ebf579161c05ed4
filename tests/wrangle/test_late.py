"""What comes late for a frozen day is merged over its rows: the tables are those of one build of everything.

Beside it stands a lake that never froze anything. Rows alone cannot tell all that raw tells; where the two may differ is said
in decision 0042, and what is compared here is all the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from telelake import raw
from telelake.operate import health
from telelake.operate.retention import expire_raw
from telelake.tables.catalog import BUILT
from telelake.wrangle import frozen, merge
from tests.conftest import LakeFolder, message
from tests.generate.stream import deliveries
from tests.generate.values import LAST

EVERYTHING = [table.name for table in BUILT]
FAR = LAST + timedelta(days=400)
RUI = {"id": 12, "is_bot": False, "first_name": "Rui"}


def freeze(lake: LakeFolder, *, days: int = 1) -> None:
    """Let all raw go, so that every day is frozen."""
    with lake.tables.writing():
        expire_raw(lake.store, lake.tables, lake.wrangler, days, FAR)
    assert not list(lake.store.list("raw/"))


def books(lake: LakeFolder) -> list[tuple[Any, ...]]:
    """Return each day's account, which balances."""
    found = lake.rows(
        "SELECT context_date, max(raw_records), max(duplicates), max(quarantined), max(notes), "
        "CAST(sum(rows) FILTER (table_name IN ('updates', 'calls')) AS BIGINT) FROM builds GROUP BY ALL ORDER BY ALL"
    )
    assert all(raw == rows + duplicates + quarantined for _, raw, duplicates, quarantined, _, rows in found)
    return found


def said(lake: LakeFolder) -> set[str | None]:
    """Return what status says of the days that have something late."""
    listing, ledger, _ = lake.wrangler.status()
    found = health.day_statuses(listing, lake.wrangler.why_due(listing, ledger), lake.files("builds"))
    return {each.frozen for each in found if each.frozen != "frozen"}


def fed(lake: LakeFolder, records: Sequence[raw.Record]) -> None:
    """Seal records and build what they make due."""
    lake.seal(records)
    lake.wrangle()


def compared(lake: LakeFolder, whole: LakeFolder) -> list[str]:
    """Return what differs between two lakes."""
    mine, theirs = lake.content(*EVERYTHING), whole.content(*EVERYTHING)
    return [
        f"{name}: {side} {row}"
        for name in EVERYTHING
        for side, rows in (("too much", [r for r in mine[name] if r not in theirs[name]]),
                           ("missing", [r for r in theirs[name] if r not in mine[name]]))
        for row in rows
    ]  # fmt: skip


@pytest.mark.parametrize("seed", [0, 1, 3])
def test_late_is_as_if_it_had_been_there(make_lake: Callable[..., LakeFolder], seed: int) -> None:
    """Updates of every kind, duplicates and disorder: a fifth of them comes once the days are frozen."""
    lake, whole = make_lake(), make_lake()
    came = sorted(deliveries(seed, 900, days=3), key=lambda each: each.at)
    records = [lake.record(each.body, each.at, each.bot) for each in came]
    cut = len(records) * 4 // 5
    fed(whole, records)
    fed(lake, records[:cut])
    freeze(lake)
    half = (cut + len(records)) // 2
    for some in (records[cut:half], records[half:]):
        lake.seal(some)
        assert lake.wrangle().merged

    assert compared(lake, whole)[:10] == []
    assert books(lake) == books(whole)


@pytest.fixture
def aged(lake: LakeFolder) -> LakeFolder:
    """A lake with one frozen day: two messages, one of them seen by a second bot too."""
    fed(lake, [lake.record(message(1, 1, "oi #um")), lake.record(message(2, 2, "tudo bem?", **{"from": RUI}))])
    freeze(lake)
    return lake


def day_counts(lake: LakeFolder) -> list[tuple[Any, ...]]:
    """Return what the tables of days count."""
    return [
        *lake.rows("SELECT 'chat', messages, people, updates FROM chat_days"),
        *lake.rows("SELECT 'user', user_id, messages, characters, updates, chats FROM user_days ORDER BY 2"),
        *lake.rows("SELECT 'hour', sum(messages), max(people) FROM chat_hours"),
    ]


def test_a_late_edit_is_the_latest_state(aged: LakeFolder) -> None:
    """What hung on the state before it goes; nobody is counted twice; status says what happened."""
    edit = message(3, 1, "olá", kind="edited_message", edit_date=int(message(0, 0)["message"]["date"]) + 60)
    aged.seal([aged.record(edit)])
    assert said(aged) == {"frozen; 1 late records wait to be merged"}

    report = aged.wrangle()

    assert list(report.merged.values()) == [1] and report.days == []
    assert aged.rows("SELECT message_id, text, versions FROM messages ORDER BY 1") == [
        (1, "olá", 2),
        (2, "tudo bem?", 1),
    ]
    assert aged.rows("SELECT version, text, is_latest FROM message_versions WHERE message_id = 1 ORDER BY 1") == [
        (1, "oi #um", False), (2, "olá", True),
    ]  # fmt: skip
    assert aged.rows("SELECT count(*) FROM updates") == [(3,)]
    assert day_counts(aged) == [
        ("chat", 2, 2, 3), ("user", 11, 1, 3, 2, 1), ("user", 12, 1, 9, 1, 1), ("hour", 2, 2),
    ]  # fmt: skip
    assert said(aged) == {"frozen; 1 late records merged"}


def test_merging_twice_is_once(aged: LakeFolder) -> None:
    """A further run finds nothing; raw of it expires; copies that come again are counted, and are no rows."""
    records = [aged.record(message(3, 3, "tarde")), aged.record(message(4, 4, "mais tarde"))]
    fed(aged, records)
    once = aged.content(*EVERYTHING), books(aged), aged.release().number

    assert aged.wrangle().merged == {} and aged.wrangle(lambda _: True).merged == {}
    assert (aged.content(*EVERYTHING), books(aged), aged.release().number) == once
    freeze(aged)

    again = [
        records[0],
        aged.record(message(4, 4, "mais tarde")),
        aged.record(message(2, 2, "tudo bem?", **{"from": RUI})),
    ]
    fed(aged, again)

    assert {name: rows for name, rows in aged.content(*EVERYTHING).items() if name != "updates"} == {
        name: rows for name, rows in once[0].items() if name != "updates"
    }
    assert aged.rows("SELECT update_id, deliveries FROM updates ORDER BY 1") == [(1, 1), (2, 2), (3, 1), (4, 2)]
    assert [row[1:3] for row in books(aged)] == [(7, 3)]


def test_twin_without_the_look_for_copies(aged: LakeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twin: were copies not looked for, the same update would be two rows."""
    monkeypatch.setattr(merge, "copies", lambda *_: [])

    fed(aged, [aged.record(message(2, 2, "tudo bem?", **{"from": RUI}))])

    assert aged.rows("SELECT count(*) FROM updates WHERE update_id = 2") == [(2,)]


@pytest.mark.parametrize("step", ["publish", "also"])
@pytest.mark.parametrize("is_settled", [True, False])
def test_a_kill_while_merging(aged: LakeFolder, monkeypatch: pytest.MonkeyPatch, step: str, is_settled: bool) -> None:
    """Killed before or after the publication, the next run merges what was not merged, and nothing twice.

    Its twin does not look at what was announced: what was published then is merged again, as copies that the books count.
    """

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    aged.seal([aged.record(message(3, 3, "tarde"))])
    with monkeypatch.context() as patch:
        patch.setattr(*((aged.tables, "publish", killed) if step == "publish" else (frozen, "also", killed)))
        with pytest.raises(KeyboardInterrupt):
            aged.wrangle()
    if not is_settled:
        monkeypatch.setattr(frozen, "settle", lambda *_: None)

    aged.wrangle()

    assert [text for (text,) in aged.rows("SELECT text FROM messages ORDER BY message_id")][2:] == ["tarde"]
    counted = (4, 1) if step == "also" and not is_settled else (3, 0)
    assert [row[1:3] for row in books(aged)] == [counted]
    if is_settled:
        assert said(aged) == {"frozen; 1 late records merged"} and not list(aged.store.list(frozen.ANNOUNCED))


def test_late_calls_and_exports(aged: LakeFolder, make_lake: Callable[..., LakeFolder]) -> None:
    """An export of the frozen day brings what nobody saw live, and nothing else; a late call brings its message."""
    whole = make_lake()
    date = message(0, 0)["message"]["date"]
    said_by = {"type": "message", "date_unixtime": str(date), "from": "Rui", "from_id": "user12"}
    exported = [
        {**said_by, "id": 2, "text": "tudo bem?", "text_entities": [{"type": "plain", "text": "tudo bem?"}]},
        {**said_by, "id": 5, "text": "só aqui", "text_entities": [{"type": "plain", "text": "só aqui"}]},
    ]
    answer = {
        "ok": True,
        "result": {**message(0, 9, "resposta")["message"], "from": {"id": 7, "is_bot": True, "first_name": "B"}},
    }
    first = [whole.record(message(1, 1, "oi #um")), whole.record(message(2, 2, "tudo bem?", **{"from": RUI}))]
    call = whole.call("sendMessage", {"chat_id": -1001000000001}, answer)
    whole.add_export(*exported)
    fed(whole, [*first, call])

    aged.add_export(*exported)
    fed(aged, [call])

    assert compared(aged, whole) == []
    aged.add_export(*exported, file="again.json")
    aged.wrangle()
    assert aged.rows("SELECT count(*) FROM messages") == [(4,)]
    assert [row[1:3] for row in books(aged)] == [(7, 2)]
