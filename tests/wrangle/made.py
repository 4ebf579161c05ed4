"""Made-up deliveries for property tests: what Telegram sends, and what it never should."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from telelake.errors import UnreadableUpdate
from telelake.telegram.update import read_update
from tests.conftest import BOT, NOW


@dataclass(frozen=True)
class Delivery:
    """One body as it came in."""

    body: bytes
    at: datetime
    bot: int

    @property
    def is_readable(self) -> bool:
        """Whether it is an update at all."""
        try:
            read_update(self.body)
        except UnreadableUpdate:
            return False
        return True


_ids = st.integers(1, 6)
_texts = st.text(max_size=12) | st.sampled_from(["olá", "😀 oi", "\x00", "a\nb", '"quoted"', "\\u0041"])
_odd: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | _texts
)
_unread = st.sampled_from([{}, {"a": {}}, {"a": {"b": {}}, "c": 1}, [], [{}], '{"a":{}}', ',"a":{}', 0])
_person = st.fixed_dictionaries(
    {"id": _ids, "is_bot": st.booleans(), "first_name": _texts}, optional={"username": _texts, "surprise": _unread}
)
_chat = st.sampled_from(
    [
        {"id": -1001000000001, "type": "supergroup", "title": "Suporte"},
        {"id": -77, "type": "group", "title": "Grupo"},
        {"id": 5, "type": "private", "first_name": "Ana"},
    ]
)
_dates = st.integers(-30, 30).map(lambda hours: int((NOW + timedelta(hours=hours)).timestamp()))
_entity = st.fixed_dictionaries(
    {"type": st.sampled_from(["mention", "url", "bold"]), "offset": st.integers(-2, 9), "length": st.integers(-2, 9)}
)
_message = st.fixed_dictionaries(
    {"message_id": _ids, "date": _dates, "chat": _chat},
    optional={
        "from": _person,
        "text": _texts,
        "edit_date": _dates,
        "entities": st.lists(_entity, max_size=2),
        "new_chat_title": _texts,
        "reply_to_message": st.fixed_dictionaries({"message_id": _ids}),
        "voice": st.fixed_dictionaries({"file_unique_id": _texts, "duration": _ids}, optional={"surprise": _unread}),
        "photo": st.lists(st.fixed_dictionaries({"file_unique_id": _texts, "width": _ids}), max_size=2),
        "forward_origin": st.fixed_dictionaries(
            {"type": st.just("user"), "date": _dates, "sender_user": _person}, optional={"surprise": _unread}
        ),
        "surprise": _odd,
        "reply_markup": _unread,
    },
)
_spoilt_message = st.tuples(
    _message, st.sampled_from(["message_id", "date", "chat", "from", "text", "photo"]), _odd
).map(lambda made: {**made[0], made[1]: made[2]})
_payload = st.one_of(
    st.tuples(st.sampled_from(["message", "edited_message", "channel_post"]), _message | _spoilt_message),
    st.tuples(st.just("callback_query"), st.fixed_dictionaries({"id": st.just("1"), "from": _person})),
    st.tuples(st.just("chat_member"), st.fixed_dictionaries({"chat": _chat, "from": _person, "date": _dates})),
    st.tuples(st.sampled_from(["never_seen", "message", "poll"]), _odd),
)
_body = st.tuples(st.integers(1, 8), st.lists(_payload, min_size=0, max_size=2)).map(
    lambda made: json.dumps({"update_id": made[0], **dict(made[1])}).encode()
)


def deliveries() -> st.SearchStrategy[list[Delivery]]:
    """Return a strategy of deliveries within some days, some of them the same body again."""
    moments = st.integers(0, 20 * 60).map(lambda minutes: NOW + timedelta(minutes=minutes))
    one = st.builds(Delivery, _body | st.just(b"not json"), moments, st.sampled_from([BOT, BOT + 1]))
    return st.lists(one, min_size=1, max_size=30).flatmap(
        lambda made: st.lists(st.sampled_from(made), max_size=6).map(lambda again: [*made, *again])
    )
