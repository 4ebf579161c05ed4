"""A window that moves over a JSON text too large for memory. It finds where values begin and end; it builds none.

Knows JSON's brackets and strings, and nothing of what is written with them. A string may hold escapes that JSON does
not have (`\\x0B`): whoever takes a value looks at its inside. All offsets are bytes of the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, Protocol

from telelake.errors import UnreadableFile

CHUNK = 4 * 1024 * 1024
LARGEST_VALUE = 64 * 1024 * 1024
"""A value that is kept whole and is larger is no message; to read on would take memory without bound."""

_BOM = b"\xef\xbb\xbf"
_SPACE = re.compile(rb"[ \t\r\n]*+")
_COMMA = re.compile(rb"[ \t\r\n]*+,[ \t\r\n]*+")
_COMMA_REACH = 4096
_SCALAR = re.compile(rb'[^ \t\r\n,:"{}\[\]]*+')
# A string that the window cuts off ends at \Z, without group 1; it must not be passed over as if it were none.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:(")|\\?\Z)|[{}\[\]]', re.DOTALL)
_ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|.)", re.DOTALL)
_QUOTE, _OPEN_OBJECT, _OPEN_LIST, _CLOSE_OBJECT, _CLOSE_LIST = b'"{[}]'
_CLOSING = {_OPEN_OBJECT: _CLOSE_OBJECT, _OPEN_LIST: _CLOSE_LIST}


class Readable(Protocol):
    """What the text is read from."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; none at the end."""


def repair(text: bytes) -> tuple[bytes, int]:
    """Return JSON whose escapes `\\x0B` are written as JSON has them, `\\u000B`, and how many there were."""
    if b"\\x" not in text:
        return text, 0
    count = 0

    def written(match: re.Match[bytes]) -> bytes:
        nonlocal count
        if match[1] is None:
            return match[0]  # `\\x0B`, an escaped backslash before an x, is taken by its first two bytes, and stays
        count += 1
        return b"\\u00" + match[1]

    return _ESCAPE.sub(written, text), count


def end_of_value(text: bytes, start: int) -> int:
    """Return where a list or an object ends that begins at `start`; the text's end when it is not closed."""
    depth = 0
    for match in _TOKEN.finditer(text, start):
        depth += {_QUOTE: 0, _OPEN_OBJECT: 1, _OPEN_LIST: 1}.get(text[match.start()], -1)
        if not depth:
            return match.end()
    return len(text)


class JsonStream:
    """Reads a JSON text forward, from `open_at`, which opens it at an offset."""

    def __init__(self, open_at: Callable[[int], Readable], where: Callable[[], str] = lambda: "") -> None:
        self._open_at = open_at
        self._where = where
        self.seek(0)
        self.have(len(_BOM))
        if self.data.startswith(_BOM):
            self.pos = len(_BOM)

    @property
    def offset(self) -> int:
        """Where in the text the window's position is."""
        return self._base + self.pos

    def seek(self, offset: int) -> None:
        """Go on at another place."""
        self._file = self._open_at(offset)
        self._base = offset
        self.data = b""
        """The window."""
        self.pos = 0
        """Where in the window the next value, or what lies before it, begins."""
        self.is_last = False
        """Whether the window holds the text's end."""

    def have(self, size: int) -> None:
        """See to it that the window holds so many bytes from its position on, unless the text ends before."""
        while len(self.data) - self.pos < size and self._more():
            pass

    def peek(self) -> int:
        """Return the next byte that is no space, and stand before it."""
        while True:
            match = _SPACE.match(self.data, self.pos)
            assert match is not None
            self.pos = match.end()
            if self.pos < len(self.data):
                return self.data[self.pos]
            self._need()

    def members(self, *, inside: bool = False) -> Iterator[str]:
        """Yield an object's keys; who is given one consumes its value. `inside`: a value of it was just consumed."""
        if not inside:
            self._expect(_OPEN_OBJECT)
            if self._is(_CLOSE_OBJECT):
                return
        while True:
            if inside:
                if self._is(_CLOSE_OBJECT):
                    return
                self._expect(b","[0])
            inside = True
            if self.peek() != _QUOTE:
                self.fail("a key should stand here")
            key = self.value()
            self._expect(b":"[0])
            yield str(key)

    def open_list(self) -> bool:
        """Go to a list's first element; return whether there is any."""
        self._expect(_OPEN_LIST)
        return not self._is(_CLOSE_LIST)

    def next_element(self) -> bytes:
        """Go behind the comma after an element and return the bytes passed over; none when the list ended."""
        self.have(_COMMA_REACH)
        if match := _COMMA.match(self.data, self.pos):
            self.pos = match.end()
            self.peek()
            return match[0]
        if self._is(_CLOSE_LIST):
            return b""
        self._expect(b","[0])
        self.peek()
        return b","

    def is_object(self) -> bool:
        """Return whether the next value is an object."""
        return self.peek() == _OPEN_OBJECT

    def is_list(self) -> bool:
        """Return whether the next value is a list."""
        return self.peek() == _OPEN_LIST

    def take(self) -> bytes:
        """Return the next value's bytes, which may be no JSON inside."""
        end = self._end(keep=True)
        taken = self.data[self.pos : end]
        self.pos = end
        return taken

    def value(self) -> Any:
        """Return the next value."""
        start = self.offset
        taken, _ = repair(self.take())
        try:
            return json.loads(taken.decode("utf-8"), parse_constant=_refuse)
        except (ValueError, RecursionError):
            self.fail("this is no JSON", start)

    def skip(self) -> None:
        """Pass over the next value, however large; only its brackets are looked at."""
        self.pos = self._end(keep=False)

    def finish(self) -> None:
        """See to it that nothing but spaces follows."""
        while True:
            match = _SPACE.match(self.data, self.pos)
            assert match is not None
            self.pos = match.end()
            if self.pos < len(self.data):
                self.fail("something follows the end")
            if not self._more():
                return

    def fail(self, what: str, offset: int | None = None) -> NoReturn:
        """Say what is wrong, and how far all was well."""
        at = self.offset if offset is None else offset
        raise UnreadableFile(f"the file is damaged at byte {at:,}{self._where()}: {what}")

    def _end(self, *, keep: bool) -> int:
        """Return where in the window the next value ends."""
        if self.peek() not in b'"{[':
            return self._scalar()
        closing = bytearray()
        at, start = self.pos, self.offset
        while True:
            for match in _TOKEN.finditer(self.data, at):
                byte = self.data[match.start()]
                if byte == _QUOTE:
                    if match[1] is None:
                        at = match.start()
                        break
                elif byte in _CLOSING:
                    closing.append(_CLOSING[byte])
                elif closing.pop() != byte:
                    self.fail("a bracket is closed that is not open", self._base + match.start())
                if not closing:
                    return match.end()
            else:
                at = len(self.data)
            held = at - self.pos if keep else 0
            if not keep:
                self.pos = at
            if len(self.data) - self.pos > LARGEST_VALUE:
                self.fail(f"a value is larger than {LARGEST_VALUE:,} bytes")
            self._need(start)
            at = self.pos + held

    def _scalar(self) -> int:
        while True:
            match = _SCALAR.match(self.data, self.pos)
            assert match is not None
            if match.end() < len(self.data) or self.is_last:
                break
            self._more()
        if match.end() == self.pos:
            self.fail("a value should stand here")
        return match.end()

    def _expect(self, byte: int) -> None:
        if self.peek() != byte:
            self.fail(f"'{chr(byte)}' should stand here")
        self.pos += 1

    def _is(self, byte: int) -> bool:
        if self.peek() != byte:
            return False
        self.pos += 1
        return True

    def _need(self, start: int | None = None) -> None:
        if not self._more():
            end = self._base + len(self.data)
            what = "" if start is None else f" of what begins at byte {start:,}"
            raise UnreadableFile(f"the file ends at byte {end:,}, in the middle{what}{self._where()}")

    def _more(self) -> bool:
        """Move the window to its position and read on; return whether there was anything."""
        rest = self.data[self.pos :]
        read = self._file.read(max(CHUNK, len(rest)))
        self._base += self.pos
        self.data, self.pos = rest + read, 0
        self.is_last = not read
        return bool(read)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
