"""A body without the person: what is theirs is a stub, what is others' has blocks where the person was.

Theirs is what they wrote, what tells of them alone, and what was said in their private chat with a bot. Of it nothing is left
but what keeps the books: an `update_id`, a call's method and time. In other people's records these are written anew, and
nothing else: objects that an id ties to the person (users, chats, contacts), the writer's name beside an id of an export,
marks that mention them with the text they mark, copies of their messages (replies, pins, quotes, forwards: the text is
theirs), numbers that are the id, and the id, usernames and full names in any text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from telelake.erase.spans import Value, edited, parse
from telelake.erase.who import BLOCK, Who, blocks, name_words
from telelake.raw import Content

NO_ONE = 0
"""Stands in the place of an id: the one number that is nobody's."""
NO_IDS = frozenset({
    "date", "edit_date", "message_id", "update_id", "file_size", "duration", "width", "height", "offset", "length",
    "message_thread_id", "until_date", "expiration_date", "add_date", "remove_date", "total_count", "position", "amount",
    "total_amount", "star_count", "sender_business_boost_count", "duration_seconds", "photo_file_size", "date_unixtime",
    "edited_unixtime", "edited", "reply_to_message_id", "seconds", "status", "unix_time", "close_date", "open_period",
    "last_synchronization_error_date", "last_error_date", "started_at", "vote_count", "total_voters", "retry_after",
})  # fmt: skip
"""Names of numbers that are nobody's id, even when the digits are the same by chance."""

_WRITERS = ("from", "user", "sender_chat", "actor_chat", "voter_chat", "chat")
_ABOUT = ("chat_member", "my_chat_member")
_CALL_IDS = ("chat_id", "user_id", "from_chat_id", "user_chat_id", "sender_chat_id")
_ALONE = (
    "sender_user_name", "forward_sender_name", "forwarded_from", "author_signature", "forward_signature", "author",
    "from", "actor", "saved_from",
)  # fmt: skip
_LISTED = ("members",)
_KEPT = ("type", "is_bot", "status", "phone_number_hash")
_TEXTS = {
    "text": ("entities", "text_entities"), "caption": ("caption_entities",), "question": ("question_entities",),
    "explanation": ("explanation_entities",), "title": ("title_entities",), "description": ("description_entities",),
}  # fmt: skip
_COPIES = ("text", "caption")
_NO_COPIES = ("", "forward_origin", "origin", "external_reply")
_ORIGIN_IDS = (("sender_user",), ("sender_chat",), ("chat",))
_EXPORT_ID = re.compile(r"(user|chat|channel)(\d{1,18})")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a body."""

    body: bytes
    is_stub: bool
    """Whether it was the person's."""


def without(body: bytes, content: Content, who: Who, before: float | None, received: float) -> Outcome | None:
    """Return a body without the person; None when they are not in it.

    With `before` (Unix seconds) only what is dated no later is touched; what has no date of its own has the date of what
    it stands in, and at last of its receipt.
    """
    try:
        text = body.decode()
        root = parse(text)
    except (ValueError, RecursionError):
        return Outcome(b'{"forgotten":true}', True) if who.is_in(body) else None
    return _Body(text, content, who, before).outcome(root, received)


@dataclass
class _Body:
    text: str
    content: Content
    who: Who
    before: float | None
    edits: list[tuple[int, int, str]] = field(default_factory=list)

    def outcome(self, root: Value, received: float) -> Outcome | None:
        is_old = self._is_old(root, received <= self.before if self.before is not None else True)
        if root.members is not None and (stub := self._stub(root, is_old)) is not None:
            return None if stub == self.text else Outcome(stub.encode(), True)
        self._walk(root, "", is_old)
        new = edited(self.text, self.edits)
        return None if new == self.text else Outcome(new.encode(), False)

    # Whose it is.

    def _stub(self, root: Value, is_old: bool) -> str | None:
        match self.content:
            case Content.UPDATES:
                payloads = [(kind, each) for kind, each in root.members or () if kind != "update_id"]
                if any(self._is_old(each, is_old) and self._is_theirs(kind, each) for kind, each in payloads):
                    number = root.get("update_id")
                    return f'{{"update_id":{self.text[number.start : number.end]}}}' if number else "{}"
            case Content.CALLS:
                if is_old and self._is_call_theirs(root):
                    kept = [(key, each) for key, each in root.members or () if key in ("call", "started_at")]
                    return "{" + ",".join(f'"{key}":{self.text[each.start : each.end]}' for key, each in kept) + "}"
            case Content.EXPORTS:
                if is_old and any(self._is_export_id(root.at(key)) for key in ("from_id", "actor_id")):
                    return EXPORT_STUB
        return None

    def _is_theirs(self, kind: str, payload: Value) -> bool:
        if kind in _ABOUT:
            return self._has_id(payload, "chat") or self._has_id(payload, "new_chat_member", "user")
        return (
            any(self._has_id(payload, name) for name in _WRITERS)
            or self._has_id(payload, "message", "chat")
            or self._has_id(payload, "boost", "source", "user")
            or self._has_id(payload, "source", "user")
            or self._is_id(payload.at("user_chat_id"))
        )

    def _is_call_theirs(self, root: Value) -> bool:
        request = root.get("request")
        if request and any(self._is_id(request.at(name)) for name in _CALL_IDS):
            return True
        answer = root.get("answer")
        result = answer.get("result") if answer else None
        found = (result.items or [result]) if result else []
        return any(self._has_id(each, "chat") for each in found)

    def _has_id(self, value: Value, *path: str) -> bool:
        return self._is_id(value.at(*path, "id"))

    def _is_id(self, found: Any) -> bool:
        if type(found) is int:
            return found in self.who.ids
        if not isinstance(found, str):
            return False
        if found.startswith("@"):
            return found[1:].lower() in self.who.usernames
        return found.lstrip("-").isdecimal() and int(found[:20]) in self.who.ids

    def _is_export_id(self, found: Any) -> bool:
        match = _EXPORT_ID.fullmatch(found) if isinstance(found, str) else None
        return match is not None and match[2] in self.who.digits

    def _is_old(self, value: Value, otherwise: bool) -> bool:
        if self.before is None:
            return True
        date = value.at("date")
        if type(date) is not int:
            unix = value.at("date_unixtime")
            date = int(unix) if isinstance(unix, str) and unix.isdecimal() else None
        return otherwise if not date else date <= self.before

    # Where the person is in what is others'.

    def _walk(self, value: Value, key: str, is_old: bool) -> None:
        if value.members is not None:
            self._object(value, key, self._is_old(value, is_old))
        elif value.items:
            for each in value.items:
                if is_old and key in _LISTED and isinstance(each.plain, str) and self.who.is_named(each.plain):
                    self._write(each, blocks(each.plain))
                else:
                    self._walk(each, key, is_old)
        elif is_old and key not in NO_IDS:
            self._plain(value, key)

    def _plain(self, value: Value, key: str) -> None:
        found = value.plain
        if type(found) is int:
            if found in self.who.ids:
                self._write(value, NO_ONE)
        elif isinstance(found, str):
            if found[:1] in ("{", "[") and (inner := self.inner(found)) is not None:
                new = inner
            elif key in _ALONE and self.who.is_named(found):
                new = blocks(found)
            elif key == "username" and found.lower() in self.who.usernames:
                new = BLOCK
            else:
                new = self.who.redacted(found)
            if new != found:
                self._write(value, new)

    def inner(self, text: str) -> str | None:
        """Return JSON inside a text without the person; None when it is no JSON."""
        try:
            root = parse(text)
        except (ValueError, RecursionError):
            return None
        inside = _Body(text, self.content, self.who, None)
        inside._walk(root, "", True)
        return edited(text, inside.edits)

    def _object(self, value: Value, key: str, is_old: bool) -> None:
        members = value.members or []
        if is_old and key not in _NO_COPIES and value.get("message_id") and self._is_message_theirs(value):
            self._write_text(value, self._copy_stub(value))
            return
        if is_old and key and self._is_tied(value):
            self._untie(value)
            return
        taken: set[str] = set()
        if is_old:
            for name, each in members:
                if name.endswith("_id") and self._is_export_id(each.plain):
                    beside = value.get(name[:-3])
                    if beside and isinstance(beside.plain, str):
                        self._write(beside, blocks(beside.plain))
                        taken.add(name[:-3])
            taken |= self._texts(value)
            quote = value.get("quote")
            if quote and self._is_answered(value) and (text := quote.get("text")) and isinstance(text.plain, str):
                self._write_text(quote, f'{{"text":{json.dumps(blocks(text.plain))}}}')
                taken.add("quote")
        for name, each in members:
            if name not in taken:
                self._walk(each, name, is_old)

    def _is_message_theirs(self, value: Value) -> bool:
        return any(self._has_id(value, name) for name in ("from", "sender_chat", "chat"))

    def _is_answered(self, value: Value) -> bool:
        """Return whether a message answers one of theirs, and so may quote it."""
        answered, outside = value.get("reply_to_message"), value.get("external_reply")
        origin = outside.get("origin") if outside else None
        return (answered is not None and self._is_message_theirs(answered)) or (
            origin is not None and self._is_origin_theirs(origin)
        )

    def _is_origin_theirs(self, origin: Value) -> bool:
        name = origin.at("sender_user_name")
        return any(self._has_id(origin, *path) for path in _ORIGIN_IDS) or (
            isinstance(name, str) and self.who.is_named(name)
        )

    def _copy_stub(self, value: Value) -> str:
        """Return the copy of a message of theirs: which and when, and that there was something."""
        parts = [
            f'"{name}":{self.text[each.start : each.end]}'
            for name, each in value.members or ()
            if name in ("message_id", "date") or (name == "chat" and not self._is_id(each.at("id")))
        ]
        nobody = f'{{"id":{NO_ONE},"is_bot":false,"first_name":{json.dumps(BLOCK)}}}'
        return "{" + ",".join([*parts, f'"from":{nobody}', f'"text":{json.dumps(BLOCK)}']) + "}"

    def _is_tied(self, value: Value) -> bool:
        has_face = any(value.get(name) for name in ("is_bot", "first_name", "title", "type", "username", "name"))
        return (
            (has_face and self._has_id(value))
            or any(self._is_id(value.at(name)) for name in ("user_id", "chat_id"))
            or (value.get("first_name") is not None and value.get("id") is None and self._is_called_so(value))
        )

    def _is_called_so(self, value: Value) -> bool:
        """Return whether an object without an id, as a contact may be, has the full name or the username."""
        names = [each for name in ("first_name", "last_name") if isinstance(each := value.at(name), str)]
        username = value.at("username")
        return (len(name_words(" ".join(names))) > 1 and self.who.is_named(" ".join(names))) or (
            isinstance(username, str) and username.lower() in self.who.usernames
        )

    def _untie(self, value: Value) -> None:
        """Take every text out of an object that is the person's, and every number that is the id."""
        for name, each in value.members or ():
            if isinstance(each.plain, str) and name not in _KEPT:
                self._write(each, blocks(each.plain) if name == "text" else BLOCK)
            elif type(each.plain) is int and self._is_id(each.plain):
                self._write(each, NO_ONE)
            elif each.members is not None or each.items:
                self._walk(each, name, True)

    def _texts(self, value: Value) -> set[str]:
        """Write texts anew in which something of the person is marked or copied; return their names."""
        done = set()
        for name, marks in _TEXTS.items():
            text = value.get(name)
            if text is None or not isinstance(text.plain, str):
                continue
            if name in _COPIES and self._is_copied(value):
                self._write(text, blocks(text.plain))
                done.add(name)
                continue
            units = text.plain.encode("utf-16-le", "surrogatepass")
            new = units
            for start, end in self._marked(value, marks):
                new = (
                    new[: 2 * start] + BLOCK.encode("utf-16-le") * (min(end, len(units) // 2) - start) + new[2 * end :]
                )
            if new != units:
                self._write(text, self.who.redacted(new.decode("utf-16-le", "surrogatepass")))
                done.add(name)
        return done

    def _is_copied(self, value: Value) -> bool:
        """Return whether a message's text is another's, forwarded, or quoted from a message, of the person."""
        origin = value.get("forward_origin")
        if origin and self._is_origin_theirs(origin):
            return True
        if self._has_id(value, "forward_from") or self._is_export_id(value.at("forwarded_from_id")):
            return True
        return any(
            isinstance(found := value.at(name), str) and self.who.is_named(found)
            for name in ("forwarded_from", "forward_sender_name")
        )

    def _marked(self, value: Value, marks: tuple[str, ...]) -> Iterator[tuple[int, int]]:
        """Yield where in a text (UTF-16 units) the person is marked without being named, as in a `text_mention`."""
        for each in (each for name in marks if (found := value.get(name)) for each in _items(found)):
            start, length, url = each.at("offset"), each.at("length"), each.at("url")
            if type(start) is not int or type(length) is not int or start < 0 or length < 0:
                continue
            if self._has_id(each, "user") or (isinstance(url, str) and self.who.spans(url)):
                yield start, start + length

    def _write(self, value: Value, new: str | int) -> None:
        self._write_text(value, json.dumps(new))

    def _write_text(self, value: Value, new: str) -> None:
        self.edits.append((value.start, value.end, new))


def json_without(text: str, who: Who) -> str:
    """Return a text that may be JSON, such as a column's, without the person."""
    inside = _Body(text, Content.UPDATES, who, None).inner(text)
    return who.redacted(text) if inside is None else inside


def _items(value: Value) -> list[Value]:
    """Return a list's values, also of one that is written inside a text, as in a call's form fields."""
    if isinstance(value.plain, str):
        try:
            return parse(value.plain).items
        except (ValueError, RecursionError):
            return []
    return value.items


EXPORT_STUB = '{"type":"unsupported"}'
"""An export's message that was the person's; Telegram Desktop itself writes such a type, without a date."""
