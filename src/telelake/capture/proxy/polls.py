"""A bot's `getUpdates` as the proxy sees it: what is asked for, what of the answer the bot gets, and the next offset.

Telegram forgets what lies below the offset it is given. Updates that the bot did not ask for are hidden from it, so it
never confirms them: the offset is moved past them here, but only past those that are stored, and only when all that
lies before them was confirmed by the bot, or is hidden too. Pure: no clock, no network.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal
from urllib.parse import urlencode

import msgspec

from telelake.capture.proxy.kinds import Wish
from telelake.errors import UnreadableUpdate
from telelake.telegram.calls import LARGEST_LIMIT, LONGEST_POLL
from telelake.telegram.update import read_update


@dataclass(frozen=True, slots=True)
class Found:
    """An update of an answer."""

    update_id: int | None
    """None when the update cannot be read; it is never hidden then."""
    body: bytes
    """Verbatim."""
    is_visible: bool
    """Whether the bot gets it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a bot asked for."""

    fields: Mapping[str, Any]
    """All that it sent."""
    offset: int
    limit: int
    seconds: int
    """How long the answer may take when there is nothing new."""

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> Asked:
        """Read a request's fields; what is no number counts as not said, as it does at Telegram."""
        limit = _number(fields.get("limit"), LARGEST_LIMIT)
        seconds = _number(fields.get("timeout"), 0)
        return cls(
            fields, _number(fields.get("offset"), 0), min(max(limit, 1), LARGEST_LIMIT),
            min(max(seconds, 0), LONGEST_POLL),
        )  # fmt: skip

    def changed(self, wish: Wish, offset: int, limit: int, seconds: int) -> dict[str, Any]:
        """Return the fields that Telegram gets instead; one that need not change stays as it is."""
        changed: dict[str, Any] = {"allowed_updates": wish.widened()}
        if offset != self.offset:
            changed["offset"] = offset
        if limit != self.limit:
            changed["limit"] = limit
        if seconds != self.seconds:
            changed["timeout"] = seconds
        return {**self.fields, **changed}


class Queue:
    """What is known of one bot's updates at Telegram: those of the last answer."""

    def __init__(self) -> None:
        self._from = 0
        self._known: tuple[Found, ...] = ()
        self._digests: dict[int, bytes] = {}
        self._floor = 0

    def ask(self, asked: Asked) -> tuple[int, int]:
        """Return the offset and the limit to ask Telegram with.

        A negative offset means "the last N". Hidden updates among them would leave the bot with fewer, so the most that
        an answer can hold is asked for, and `sift` chooses.
        """
        offset = asked.offset
        if offset < 0:
            return min(offset, -LARGEST_LIMIT), LARGEST_LIMIT
        if offset < self._floor:
            return self._floor, asked.limit
        known = self._known
        if offset > 0 and known and self._from <= offset <= _id(known[-1]) + 1:
            for each in known:
                if _id(each) >= offset:
                    if each.is_visible:
                        break
                    offset = _id(each) + 1
        return offset, asked.limit

    def is_kept(self, found: Found) -> bool:
        """Return whether these very bytes were in the last answer: they are on the medium then."""
        return found.update_id is not None and self._digests.get(found.update_id) == _digest(found)

    def note(self, offset: int, answer: Sequence[Found]) -> None:
        """Remember an answer whose updates are stored, and the offset that brought it.

        After a quiet week Telegram begins its ids anew, maybe lower. An empty answer says that nothing waits, so
        nothing from before may move an offset that comes after it.
        """
        if any(each.update_id is None for each in answer):
            answer = ()
        self._known = tuple(answer)
        self._from = offset if offset > 0 or not answer else _id(answer[0])
        self._digests = {_id(each): _digest(each) for each in answer}
        self._floor = 0

    def forget_below(self, answer: Sequence[Found]) -> None:
        """Hold later offsets at what a negative offset left: what lies before it the bot has done with."""
        visible = [_id(each) for each in answer if each.is_visible and each.update_id is not None]
        self._floor = min(visible, default=_id(answer[-1]) + 1 if answer and answer[-1].update_id is not None else 0)


def sift(answer: bytes, wish: Wish, last: int | None = None, limit: int = LARGEST_LIMIT) -> list[Found] | None:
    """Return the updates of an answer, as they lie in it; None when it is no list of updates.

    Args:
        answer: not compressed.
        wish: what the bot gets.
        last: give it only the last so many of them, after a negative offset.
        limit: and of these only the first so many.
    """
    try:
        bodies = [bytes(each) for each in msgspec.json.decode(answer, type=_batch()).result]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    found = [_found(body, wish) for body in bodies]
    if last is None:
        return found
    shown = [number for number, each in enumerate(found) if each.is_visible][-last:][:limit]
    return [
        Found(each.update_id, each.body, number in shown or each.update_id is None) for number, each in enumerate(found)
    ]


def joined(found: Sequence[Found]) -> bytes:
    """Return an answer of the visible updates, their bytes unchanged, written as Telegram writes it."""
    return b'{"ok":true,"result":[' + b",\n".join(each.body for each in found if each.is_visible) + b"]}"


def as_form(fields: Mapping[str, Any]) -> bytes:
    """Return fields as a form; the facts of an uploaded file are left out."""
    texts = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in fields.items()
        if not (isinstance(value, dict) and "file_name" in value)
    }
    return urlencode(texts, errors="surrogatepass").encode()


def _found(body: bytes, wish: Wish) -> Found:
    try:
        update = read_update(body)
    except UnreadableUpdate:
        return Found(None, body, is_visible=True)
    return Found(update.update_id, body, wish.covers(update.kind))


def _id(found: Found) -> int:
    return found.update_id or 0


def _digest(found: Found) -> bytes:
    return hashlib.sha256(found.body).digest()


def _number(value: Any, otherwise: int) -> int:
    try:
        return int(value) if isinstance(value, (int, str)) else otherwise
    except ValueError:
        return otherwise


@cache
def _batch() -> Any:
    return msgspec.defstruct("Batch", [("ok", Literal[True]), ("result", list[msgspec.Raw])])
