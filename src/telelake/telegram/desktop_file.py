"""Cuts the messages out of an export of Telegram Desktop, byte for byte, from its beginning to its proper end.

It hands on messages and nothing else: contacts, sessions, addresses and pictures of an account are passed over unread.

Messages are cut at what stands between two of them, learned from the file: Desktop indents by its own rule, and JSON has
no line break inside a string. A cut is a guess; that the piece is one whole JSON object proves it, since no beginning of
an object is an object. Where the guess fails, brackets are counted: the same pieces, ten times slower.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from telelake.errors import UnreadableFile
from telelake.telegram.desktop import CHAT_TYPES, Chat, Message, chat_id, decode, read_message, redact, text_or_none
from telelake.telegram.json_stream import JsonStream, Readable, repair

_REACH = 64 * 1024  # a cut is looked for this far; longer messages are rare, and other chats begin
_BATCH = 4 * 1024 * 1024
_COMMON = 4096  # an opening bracket and a key, with what is between them, is shorter
_OPENING = re.compile(rb'\{[ \t\r\n]*"[^"\\]*"')
_UNUSABLE = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)


@dataclass(slots=True)
class Batch:
    """Some messages that follow one another."""

    chat: Chat
    number: int
    """Of the first, among all messages of the file, from 0."""
    bodies: list[bytes] = field(default_factory=list)
    """Each as the file has it, but for escapes that JSON does not have, and what is redacted."""
    messages: list[Message] = field(default_factory=list)
    """What is in the bodies, one for one."""
    problems: dict[int, str] = field(default_factory=dict)
    """Why a body is no message, by its place in the batch."""
    end: int = 0
    """Where in the file the last one ends."""


class ExportReader:
    """Reads an export from its beginning to its proper end."""

    def __init__(self, open_at: Callable[[int], Readable]) -> None:
        self._chat: Chat | None = None
        self._number = 0
        self._started = 0
        self._stream = JsonStream(open_at, self._where)
        self.repaired = 0
        """Escapes that JSON does not have, and that were written as it has them."""
        self.redacted = 0
        """Values that were taken out of messages."""

    def batches(self) -> Iterator[Batch]:
        """Yield the messages of all chats, in the file's order; a chat without any yields an empty batch.

        Raises:
            UnreadableFile: the file is cut off or damaged; says how far it was read.
        """
        stream = self._stream
        is_export = False
        chat = _Heading(is_single=True)
        if not stream.is_object():
            stream.fail("an export is an object")
        for key in stream.members():
            if key == "messages" and stream.is_list():
                is_export = True
                yield from self._messages(chat)
            elif key in ("chats", "left_chats") and stream.is_object():
                is_export = True
                yield from self._chats()
            else:
                self._heading(chat, key)
        stream.finish()
        if not is_export:
            raise UnreadableFile("the file holds neither `messages` nor `chats`: it is no export of chats")

    def _chats(self) -> Iterator[Batch]:
        stream = self._stream
        for key in stream.members():
            if key != "list" or not stream.is_list():
                stream.skip()
                continue
            is_open = stream.open_list()
            while is_open:
                if not stream.is_object():
                    stream.fail("a chat is an object")
                chat = _Heading(is_single=False)
                for inner in stream.members():
                    if inner == "messages" and stream.is_list():
                        yield from self._messages(chat)
                    else:
                        self._heading(chat, inner)
                is_open = bool(stream.next_element())

    def _heading(self, chat: _Heading, key: str) -> None:
        if key in ("name", "type", "id"):
            chat.values[key] = self._stream.value()
        else:
            self._stream.skip()

    def _messages(self, heading: _Heading) -> Iterator[Batch]:
        stream = self._stream
        if not {"type", "id"} <= heading.values.keys():
            self._look_ahead(heading)
        self._chat, self._started = heading.chat(), self._number
        batch = Batch(self._chat, self._number)
        is_open = stream.open_list()
        separator: _Separator | None = None
        held = 0
        while is_open:
            held += self._cut(separator, batch) if separator else 0
            element = self._one(batch)
            held += len(element)
            gap = stream.next_element()
            is_open = bool(gap)
            separator = self._learn(element, gap)
            if held >= _BATCH:
                batch.end = stream.offset
                yield batch
                batch, held = Batch(self._chat, self._number), 0
        batch.end = stream.offset
        yield batch
        self._chat = None

    def _cut(self, separator: _Separator, batch: Batch) -> int:
        """Take the messages that are found by what stands between them; return their bytes."""
        stream, text = self._stream, separator.text
        data, pos = stream.data, stream.pos
        held = 0
        while held < _BATCH:
            at = data.find(text, pos, pos + _REACH)
            if at < 0:
                if stream.is_last or len(data) - pos >= _REACH:
                    break
                stream.pos = pos
                stream.have(_REACH)
                data, pos = stream.data, stream.pos
                continue
            end = at + separator.tail
            body = data[pos:end]
            try:
                message = decode(body)
                if not body.isascii():
                    body.decode("utf-8")  # msgspec passes over the strings that it is not asked for
            except _UNUSABLE:
                break
            if b'phone_number"' in body or b'contact_vcard"' in body:
                body = self._redacted(body)
            batch.bodies.append(body)
            batch.messages.append(message)
            held += end - pos
            pos = end + separator.gap
        stream.pos = pos
        self._number = batch.number + len(batch.bodies)
        return held

    def _one(self, batch: Batch) -> bytes:
        """Take the next element by counting brackets, whatever it is; return its bytes as they stand in the file."""
        self._stream.peek()
        start = self._stream.offset
        element = self._stream.take()
        body, repaired = repair(element)
        self.repaired += repaired
        try:
            message, problem = read_message(body)
        except ValueError as error:
            self._stream.fail(f"a message is no JSON ({error})", start)
        if problem:
            batch.problems[len(batch.bodies)] = problem
        batch.bodies.append(self._redacted(body))
        batch.messages.append(message)
        self._number += 1
        return element

    def _learn(self, element: bytes, gap: bytes) -> _Separator | None:
        """Return what stands between this element and the next, from the first's closing bracket to the second's first key."""
        inner = element[:-1].rstrip(b" \t\r\n")
        self._stream.have(_COMMON)
        opening = _OPENING.match(self._stream.data, self._stream.pos)
        if not gap or not opening or not element.endswith(b"}"):
            return None
        tail = element[len(inner) :]
        return _Separator(tail + gap + opening[0], len(tail), len(gap))

    def _redacted(self, body: bytes) -> bytes:
        body, count = redact(body)
        self.redacted += count
        return body

    def _look_ahead(self, heading: _Heading) -> None:
        """Read what stands behind the messages: a file whose keys were sorted tells only there which chat it is."""
        start = self._stream.offset
        self._stream.skip()
        for key in self._stream.members(inside=True):
            if key == "messages":
                self._stream.skip()
            else:
                self._heading(heading, key)
        self._stream.seek(start)

    def _where(self) -> str:
        if self._chat is None:
            return f", after {self._number:,} messages"
        name = f"'{self._chat.name}' " if self._chat.name else ""
        inside = self._number - self._started
        return f", in chat {name}({self._chat.export_id}) after {inside:,} messages, {self._number:,} in the whole file"


@dataclass(slots=True)
class _Heading:
    """What was read of a chat beside its messages."""

    is_single: bool
    values: dict[str, Any] = field(default_factory=dict)

    def chat(self) -> Chat:
        name, export_type, number = (self.values.get(key) for key in ("name", "type", "id"))
        number = number if type(number) is int else None
        type_ = CHAT_TYPES.get(export_type) if isinstance(export_type, str) else None
        return Chat(
            chat_id(number, type_) if number is not None else None,
            type_,
            text_or_none(name),
            number,
            text_or_none(export_type),
            self.is_single,
        )


@dataclass(frozen=True, slots=True)
class _Separator:
    text: bytes
    tail: int
    """How much of it belongs to the message before."""
    gap: int
    """How much of it belongs to none."""
