"""Who is an attendant: whoever is seen to be an admin somewhere is one everywhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from telelake.talk import people
from tests.conftest import BOT, NOW, LakeFolder, message
from tests.talk.test_cases import with_talk

HELD, OTHER = -1001000000001, -1001000000002
STAFF = {"id": 601, "is_bot": False, "first_name": "Iara"}
ASKER = {"id": 602, "is_bot": False, "first_name": "Joel"}


def member(
    update_id: int, chat: dict[str, Any], by: dict[str, Any], whom: dict[str, Any], old: str, new: str
) -> dict[str, Any]:
    """Return a change of somebody's standing in a chat."""
    change = {"chat": chat, "from": by, "date": int(NOW.timestamp()), "old_chat_member": {"user": whom, "status": old}}
    kind = "my_chat_member" if whom["id"] == BOT else "chat_member"
    return {"update_id": update_id, kind: {**change, "new_chat_member": {"user": whom, "status": new}}}


def group(number: int) -> dict[str, Any]:
    """Return a group."""
    return {"id": number, "type": "supergroup", "title": "Suporte"}


def asked(make_lake: Callable[..., LakeFolder], *changes: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Return who asks, and who answers, in one group, after changes elsewhere."""
    lake = with_talk(make_lake(iceberg=False))
    later = int((NOW + timedelta(minutes=5)).timestamp())
    said = [
        message(11, 1, "como emito a nota fiscal?", chat=group(HELD), **{"from": ASKER}),
        message(
            12,
            2,
            "qual é a cidade?",
            chat=group(HELD),
            date=later,
            reply_to_message={"message_id": 1},
            **{"from": STAFF},
        ),
        message(13, 3, "preciso abrir a loja mais tarde", chat=group(HELD), date=later + 9000, **{"from": STAFF}),
    ]
    lake.seal([lake.record(each) for each in (*changes, *said)])
    lake.wrangle()
    return sorted(lake.rows("SELECT message_id, answered_by FROM questions"))


def test_an_admin_of_one_group_is_an_attendant_in_all(make_lake: Callable[..., LakeFolder]) -> None:
    """Most groups never say who their admins are."""
    boss = {"id": 603, "is_bot": False, "first_name": "Lia"}

    assert asked(make_lake, member(1, group(OTHER), boss, STAFF, "member", "administrator")) == [(1, "attendant")]
    assert asked(make_lake) == [(1, "customer"), (3, None)]


def test_twin_known_nowhere(make_lake: Callable[..., LakeFolder], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what admins are seen by, they ask as others do."""
    monkeypatch.setattr(people.Admins, "around", lambda *_: frozenset())
    boss = {"id": 603, "is_bot": False, "first_name": "Lia"}

    assert asked(make_lake, member(1, group(OTHER), boss, STAFF, "member", "administrator")) == [
        (1, "customer"),
        (3, None),
    ]


def test_who_stops_a_bot_is_no_admin(make_lake: Callable[..., LakeFolder]) -> None:
    """In a private chat that is what everybody may do."""
    private = {"id": STAFF["id"], "type": "private", "first_name": "Iara"}
    bot = {"id": BOT, "is_bot": True, "first_name": "Bot"}

    assert asked(make_lake, member(1, private, STAFF, bot, "member", "kicked")) == [(1, "customer"), (3, None)]
