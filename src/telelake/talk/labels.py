"""A person's correction of a question: a raw record of its own, which every later build reads.

It lies in raw as an update of a kind that is ours, under bot 0 and source `label`, on the day of its question; so it is a row of
`updates`, which keeps its JSON, and its day becomes due by that alone. Later corrections win over earlier ones, field by field.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args

from telelake.talk.outcome import OUTCOMES, Outcome
from telelake.talk.scene import name_of
from telelake.telegram.update import LABEL_KIND

__all__ = ["ANSWERERS", "OUTCOMES", "Answerer", "Label", "body_of", "read_labels"]

Answerer = Literal["bot", "attendant", "customer", "nobody"]
ANSWERERS: tuple[Answerer, ...] = get_args(Answerer)
SOURCE = "label"


@dataclass(frozen=True, slots=True)
class Label:
    """What a person says of a message. What is None is not said."""

    is_question: bool | None = None
    outcome: Outcome | None = None
    answered_by: Answerer | None = None
    at: int = 0
    """When it was said, Unix seconds."""

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing, as after all was taken back."""
        return self.is_question is None and self.outcome is None and self.answered_by is None

    def over(self, earlier: Label) -> Label:
        """Return what both say together, this one being the later."""
        names = [field.name for field in fields(self)]
        said = {name: value for name in names if (value := getattr(self, name)) is not None}
        return replace(earlier, **said)


def body_of(
    label: Label, *, account_id: int, chat_id: int, number: int, business: str | None, asked_at: int, made_at: str
) -> bytes:
    """Return the body of the record; `made_at` makes the same correction, made twice, two of them.

    `chat.id` and `account_id` are as the tables have them. A label that says nothing takes back all that were before.
    """
    said = {
        name: value for name in ("is_question", "outcome", "answered_by") if (value := getattr(label, name)) is not None
    }
    payload = {
        "date": asked_at, "chat": {"id": chat_id}, "message_id": number, "account_id": account_id,
        **({"business_connection_id": business} if business else {}), **said, "made_at": made_at,
    }  # fmt: skip
    return json.dumps({"update_id": 0, LABEL_KIND: payload}, ensure_ascii=False, separators=(",", ":")).encode()


def read_labels(rows: Iterable[tuple[str | None, int]]) -> dict[str, Label]:
    """Return what was said of each question by name, from (JSON of a row of `updates`, when it came), the earliest first."""
    found: dict[str, Label] = {}
    for text, at in rows:
        payload = _payload(text)
        name = _name(payload)
        if name is None:
            continue
        label = Label(
            _one_of(payload.get("is_question"), (True, False)),
            _one_of(payload.get("outcome"), OUTCOMES),
            _one_of(payload.get("answered_by"), ANSWERERS),
            at,
        )
        if label.is_empty:
            found.pop(name, None)
        else:
            found[name] = label.over(found.get(name, Label()))
    return found


def _payload(text: str | None) -> Mapping[str, Any]:
    try:
        found = json.loads(text or "").get(LABEL_KIND)
    except (ValueError, AttributeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _name(payload: Mapping[str, Any]) -> str | None:
    chat = payload.get("chat")
    numbers = [payload.get("message_id"), chat.get("id") if isinstance(chat, dict) else None, payload.get("account_id")]
    business = payload.get("business_connection_id")
    if any(type(each) is not int for each in numbers) or not isinstance(business, str | None):
        return None
    number, chat_id, account_id = numbers
    return name_of(number, chat_id, account_id, business)  # type: ignore[arg-type]


def _one_of(value: Any, allowed: Iterable[Any]) -> Any:
    return next((each for each in allowed if each is value or (isinstance(value, str) and each == value)), None)
