"""What Telegram does to a stream of updates, one scene each, and how they come to lie in a lake.

A scene is deliveries about chats of its own, given by `place`, so that many lie in one build.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from telelake import raw
from tests.conftest import BOT, LakeFolder

OTHER = BOT + 1
MIDNIGHT = datetime(2026, 3, 10, 3, tzinfo=UTC)
"""Between two days in the lake's zone."""

Draw = Callable[[st.SearchStrategy[Any]], Any]


@dataclass(frozen=True)
class Come:
    """An update that came in."""

    update: dict[str, Any]
    at: datetime
    bot: int = BOT

    def later(self, **by: float) -> Come:
        """Return the same update, come in later."""
        return dataclasses.replace(self, at=self.at + timedelta(**by))


def supergroup(place: int) -> dict[str, Any]:
    """Return a chat that numbers its messages itself."""
    return {"id": -1_001_000_000_000 - place, "type": "supergroup", "title": f"Grupo {place}"}


def group(place: int) -> dict[str, Any]:
    """Return a chat in which each account numbers its own copies."""
    return {"id": -1000 - place, "type": "group", "title": f"Grupo {place}"}


def private(place: int) -> dict[str, Any]:
    """Return the chat with one person."""
    return {"id": 100 + place, "type": "private", "first_name": "Ana"}


def said(
    update_id: int,
    chat: dict[str, Any],
    message_id: int,
    sent: datetime,
    text: str = "oi",
    edited: float | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return an update with a message, or with its edit some seconds after it was sent."""
    person = {"id": 100 + (message_id % 3), "is_bot": False, "first_name": "Ana"}
    payload = {
        "message_id": message_id,
        "from": person,
        "chat": chat,
        "date": int(sent.timestamp()),
        "text": text,
        **more,
    }
    if edited is not None:
        payload["edit_date"] = payload["date"] + int(edited)
    return {"update_id": update_id, "message" if edited is None else "edited_message": payload}


def _moments(hours: int = 30) -> st.SearchStrategy[datetime]:
    return st.integers(-hours * 60, hours * 60).map(lambda minutes: MIDNIGHT + timedelta(minutes=minutes))


_PERSON = {"id": 11, "is_bot": False, "first_name": "Ana"}
_DATELESS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("callback_query", {"id": "1", "from": _PERSON, "chat_instance": "1", "data": "x"}),
    ("inline_query", {"id": "1", "from": _PERSON, "query": "", "offset": ""}),
    ("poll", {"id": "1", "question": "?", "options": [], "total_voter_count": 0}),
    ("poll_answer", {"poll_id": "1", "user": _PERSON, "option_ids": [0]}),
    ("pre_checkout_query", {"id": "1", "from": _PERSON, "currency": "XTR", "total_amount": 1}),
    ("kind_of_tomorrow", {"id": "1"}),
)  # fmt: skip


def retries(draw: Draw, place: int) -> list[Come]:
    """An update comes several times: within seconds, hours or a day; with a date of its own and without."""
    kind, payload = draw(st.sampled_from(_DATELESS))
    first = Come({"update_id": 1000 + place, kind: payload}, draw(_moments(6)))
    sent = draw(_moments(6))
    dated = Come(said(5000 + place, supergroup(place), 1, sent), sent + timedelta(seconds=2))
    gaps = st.lists(st.sampled_from((1, 60, 3600, 10 * 3600, 23 * 3600)), max_size=3)
    again = [one.later(seconds=gap) for one in (first, dated) for gap in draw(gaps)]
    return [first, dated, *again]


def two_bots(draw: Draw, place: int) -> list[Come]:
    """Two of our bots sit in one group: each is told of each message and each edit, with numbers of its own."""
    came = []
    for message_id in range(1, draw(st.integers(1, 3)) + 1):
        sent = draw(_moments())
        for edited in (None, *draw(st.lists(st.sampled_from((5, 60, 60)), max_size=2))):
            for bot in draw(st.sampled_from(((BOT,), (OTHER,), (BOT, OTHER)))):
                text = "oi" if edited is None else draw(st.sampled_from(("a", "b")))
                number = 100_000 + 1000 * place + len(came) + (bot == OTHER) * 77
                at = sent + timedelta(seconds=(edited or 0) + draw(st.integers(1, 5)))
                came.append(Come(said(number, supergroup(place), message_id, sent, text, edited), at, bot))
    return came


def disorder(draw: Draw, place: int) -> list[Come]:
    """Edits come before what they edit, later edits before earlier ones."""
    sent = draw(_moments())
    edits = draw(st.lists(st.integers(1, 9), max_size=4, unique=True))
    made = [said(200_000 + 100 * place, supergroup(place), 7, sent)]
    made += [said(200_000 + 100 * place + n, supergroup(place), 7, sent, f"edit {n}", n // 2) for n in sorted(edits)]
    return [Come(each, sent + timedelta(seconds=draw(st.integers(1, 600)))) for each in made]


def wrap_and_reset(draw: Draw, place: int) -> list[Come]:
    """Numbers wrap at 2³¹ or begin anew at any: the same number is then another update, in the same day or in another."""
    number = draw(st.sampled_from((1, 2**31 - 2, 2**31 - 1, 2**31, 900_000_000)))
    came = []
    for turn in range(draw(st.integers(2, 4))):
        sent = draw(_moments())
        number = draw(st.sampled_from((number, number, number + 1, 1)))
        came.append(Come(said(number, supergroup(place), turn + 1, sent, f"turn {turn}"), sent + timedelta(seconds=1)))
    return came


def dateless_after_midnight(draw: Draw, place: int) -> list[Come]:
    """An update without a date comes before midnight and again after: it lies in two days and is one."""
    kind, payload = draw(st.sampled_from(_DATELESS))
    at = MIDNIGHT - timedelta(minutes=draw(st.integers(1, 600)))
    first = Come({"update_id": 300_000 + place, kind: {**payload, "id": f"p{place}"}}, at)
    return [first, *(first.later(minutes=gap) for gap in draw(st.lists(st.integers(1, 1000), min_size=1, max_size=3)))]


def late(draw: Draw, place: int) -> list[Come]:
    """A message comes a day or more after it was sent: it lies in the day in which it was sent."""
    came = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        sent = draw(_moments(10))
        lag = timedelta(seconds=draw(st.sampled_from((1, 3600, 86_400, 3 * 86_400))))
        came.append(Come(said(400_000 + 10 * place + number, private(place), number, sent), sent + lag))
    return came


def old_edits(draw: Draw, place: int) -> list[Come]:
    """An edit of a message of days ago lies in the message's day, and may be all that was ever seen of it."""
    sent = draw(_moments(10))
    edits = draw(st.lists(st.sampled_from((10, 90_000, 200_000)), min_size=1, max_size=3, unique=True))
    came = [Come(said(500_000 + 10 * place, supergroup(place), 3, sent), sent)] if draw(st.booleans()) else []
    for number, seconds in enumerate(sorted(edits), 1):
        update = said(500_000 + 10 * place + number, supergroup(place), 3, sent, f"edit {number}", seconds)
        came.append(Come(update, sent + timedelta(seconds=seconds + 1)))
    return came


def own_numbering(draw: Draw, place: int) -> list[Come]:
    """In private chats and basic groups each account counts for itself: one number, two bots, two messages."""
    chat = draw(st.sampled_from((private(place), group(place), supergroup(place))))
    came = []
    for bot in (BOT, OTHER):
        for message_id in draw(st.lists(st.integers(1, 3), min_size=1, max_size=3, unique=True)):
            sent = MIDNIGHT + timedelta(hours=message_id)
            # In a supergroup they are told of the same message.
            text = "oi" if chat["type"] == "supergroup" else f"{bot}"
            number = 600_000 + 10 * place + message_id + (bot == OTHER) * 5
            came.append(
                Come(said(number, chat, message_id, sent, text), sent + timedelta(seconds=1 + (bot == OTHER)), bot)
            )
    return came


def migration(draw: Draw, place: int) -> list[Come]:
    """A basic group becomes a supergroup; either of them may be all that tells of it."""
    old, new = group(place), supergroup(place)
    when = draw(_moments(10))
    came = [
        Come(
            said(700_000 + 100 * place + n, chat, n, when + timedelta(minutes=gap * n)),
            when + timedelta(minutes=gap * n),
        )
        for chat, gap in ((old, -20), (new, 20))
        for n in range(2, draw(st.integers(2, 5)))
    ]
    told = draw(st.sampled_from((("to",), ("from",), ("to", "from"))))
    if "to" in told:
        update = said(700_000 + 100 * place + 50, old, 40, when, "", migrate_to_chat_id=new["id"])
        came.append(Come(_without_text(update), when))
    if "from" in told:
        update = said(700_000 + 100 * place + 51, new, 1, when, "", migrate_from_chat_id=old["id"])
        came.append(Come(_without_text(update), when))
    return came


def _without_text(update: dict[str, Any]) -> dict[str, Any]:
    del update["message"]["text"]
    return update


SCENES = (
    retries, two_bots, disorder, wrap_and_reset, dateless_after_midnight, late, old_edits, own_numbering, migration,
)  # fmt: skip


@st.composite
def acted(draw: Any, scene: Callable[[Draw, int], list[Come]], times: int = 12) -> list[Come]:
    """Return a scene, played in as many places."""
    return [each for place in range(1, times + 1) for each in scene(draw, place)]


@dataclass(frozen=True)
class Way:
    """How records come to lie in a lake, and how they are built."""

    order: Callable[[int], float]
    cuts: tuple[float, ...]
    again: tuple[float, ...]
    """Records that a second seal, with other boundaries, writes once more; as parts of all."""
    build_between: bool
    day_by_day: bool
    """Whether each day is a build of its own."""

    def go(self, lake: LakeFolder, records: list[raw.Record]) -> list[raw.Record]:
        """Put records into a lake and build; return them as often as they lie in raw."""
        if self.day_by_day:
            lake.wrangler = dataclasses.replace(lake.wrangler, batch_bytes=1)
        there = [each for _, each in sorted(enumerate(records), key=lambda pair: self.order(pair[0]))]
        edges = [0, *sorted(int(cut * len(there)) for cut in self.cuts), len(there)]
        for low, high in pairwise(edges):
            lake.seal(there[low:high])
            if self.build_between:
                lake.wrangle()
        more = [there[int(part * len(there))] for part in self.again] if there else []
        lake.seal(more)
        lake.wrangle()
        return records


@st.composite
def ways(draw: Any) -> Way:
    """Return any way."""
    parts = st.floats(0, 0.999)
    seed = draw(st.integers(0, 2**16))
    return Way(
        lambda number: hash((seed, number)) if seed else number,
        tuple(draw(st.lists(parts, max_size=3))), tuple(draw(st.lists(parts, max_size=5))),
        draw(st.booleans()), draw(st.booleans()),
    )  # fmt: skip


def captured(lake: LakeFolder, came: list[Come]) -> list[raw.Record]:
    """Return what came in as records, each with an id of its place."""
    return [lake.record(each.update, each.at, each.bot, f"r-{number:05d}") for number, each in enumerate(came)]
