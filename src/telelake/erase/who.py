"""Who is to be forgotten, and how they are found in text.

Looked for are: an id, wherever its digits stand alone (also as `user123` and in links); a username, wherever it stands as
`@name`, behind `/` or `=` as in links, and as a bare word when it is no common word (it has a digit or `_`, or nine letters);
a name as the person showed it, when it has two words or more. A name of one word names many people: it counts only where an
id ties it to this one, and where it is all that a field for a writer's name holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import pairwise

BLOCK = "█"
"""Stands in the place of each UTF-16 unit that was taken out, so that Telegram's offsets stay right."""
CHANNELS = -1_000_000_000_000
"""Ids of supergroups and channels lie below; what is left without it is how exports and links number them."""

_WORD = re.compile(r"\w+")
_NAME_WORD = re.compile(r"[^\W_]+")
_ID_WORD = re.compile(r"(?:user|chat|channel|group|supergroup|id|c|_)*?0*(\d{1,19})")
_DISTINCT = re.compile(r".*[0-9_]|.{9}")
_ESCAPES = re.compile(r"(?:\\u[0-9a-fA-F]{4})+")
_BEFORE_USERNAME = "@/="
_LINKS = (
    re.compile(r"\[(?P<shown>[^\]]{1,256})\]\(tg://user\?id=(?P<id>\d+)"),
    re.compile(r"tg://user\?id=(?P<id>\d+)[^>]{0,64}>(?P<shown>[^<]{1,256})<"),
)
_TELLING = 5  # digits: fewer in a text are a number like any other
_GAP = 3  # characters between the words of a name


@dataclass(frozen=True)
class Who:
    """A person or a chat."""

    ids: frozenset[int]
    """As the Bot API numbers them; a chat that became a supergroup has two."""
    usernames: frozenset[str] = frozenset()
    """In lower case, without @."""
    names: frozenset[tuple[str, ...]] = field(default_factory=frozenset)
    """The words of each name under which the person was seen."""

    @cached_property
    def digits(self) -> frozenset[str]:
        """The ids as they are written."""
        return frozenset(each for id_ in self.ids for each in digits_of(id_))

    @cached_property
    def needles(self) -> re.Pattern[bytes]:
        """What bytes must hold for anything of the person to be in them: quick to look for, and more than is meant."""
        words = {max(name, key=len) for name in self.names if name}
        forms = [_needle(each) for each in sorted({*self.digits, *self.usernames, *words})]
        # A sender who writes letters as escapes is looked at closely.
        return re.compile(b"|".join(forms) + rb"|\\u00[2-7][0-9a-fA-F]", re.IGNORECASE)

    def with_names(self, ids: Iterable[int], usernames: Iterable[str], names: Iterable[str]) -> Who:
        """Return the same with what else was seen."""
        words = {name_words(each) for each in names} - {()}
        return Who(
            self.ids | frozenset(ids), self.usernames | {fold(each).lstrip("@") for each in usernames} - {""},
            self.names | words,
        )  # fmt: skip

    def is_named(self, text: str) -> bool:
        """Return whether a text is nothing but a name or a username of the person."""
        words = name_words(text)
        return (bool(words) and words in self.names) or fold(text).lstrip("@") in self.usernames

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return where in a text the person is."""
        found = [(word.start(), word.end()) for word in _WORD.finditer(text) if self._is_meant(text, word)]
        return sorted([*found, *self._named(text), *self._linked(text)])

    def _is_meant(self, text: str, word: re.Match[str]) -> bool:
        said = fold(word[0])
        if said in self.usernames:
            return bool(_DISTINCT.match(said)) or (word.start() > 0 and text[word.start() - 1] in _BEFORE_USERNAME)
        number = _ID_WORD.fullmatch(said)
        return (
            number is not None
            and len(number[1]) >= _TELLING
            and number[1] in self.digits
            and not _is_fraction(text, word)
        )

    def _named(self, text: str) -> Iterator[tuple[int, int]]:
        lengths = {len(name) for name in self.names if len(name) > 1}
        if not lengths:
            return
        words = list(_NAME_WORD.finditer(text))
        said = [fold(each[0]) for each in words]
        for length in lengths:
            for first in range(len(words) - length + 1):
                run = words[first : first + length]
                if tuple(said[first : first + length]) in self.names and all(
                    after.start() - before.end() <= _GAP for before, after in pairwise(run)
                ):
                    yield run[0].start(), run[-1].end()

    def _linked(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield what Markdown or HTML shows in the place of a link to the person."""
        if "tg://user" in text:
            for found in (each for link in _LINKS for each in link.finditer(text)):
                if found["id"] in self.digits:
                    yield found.span("shown")

    def redacted(self, text: str) -> str:
        """Return a text with blocks where the person was."""
        parts, done = [], 0
        for start, end in self.spans(text):
            if start >= done:
                parts += [text[done:start], blocks(text[start:end])]
                done = end
            elif end > done:
                parts.append(blocks(text[done:end]))
                done = end
        return "".join(parts) + text[done:]

    def is_in(self, data: bytes) -> bool:
        """Return whether the person is in bytes of any kind, however they are written."""
        if b"\x00" in data and self._is_in(data.replace(b"\x00", b"")):  # UTF-16
            return True
        return self._is_in(data)

    def _is_in(self, data: bytes) -> bool:
        return bool(self.needles.search(data)) and bool(self.spans(loose_text(data)))


def digits_of(id_: int) -> set[str]:
    """Return an id as it is written: without its sign, and as exports and links have it."""
    return {str(abs(id_)), str(CHANNELS - id_)} if id_ <= CHANNELS else {str(abs(id_))}


def fold(text: str) -> str:
    """Return a text for comparing: small letters, one for each; a letter never becomes one of ASCII, or another length."""
    return text.lower() if text.isascii() else "".join(map(_fold, text))


def _fold(letter: str) -> str:
    low = letter.lower()
    return low if len(low) == 1 and (letter.isascii() or not low.isascii()) else letter


@cache
def _alike() -> dict[str, list[str]]:
    """Return, of each letter that is not ASCII, all that fold to it."""
    found: dict[str, list[str]] = {}
    for letter in map(chr, (*range(0x80, 0xD800), *range(0xE000, 0x1F000))):
        if letter.isalpha():
            found.setdefault(_fold(letter), []).append(letter)
    return found


def _needle(word: str) -> bytes:
    """Return the expression of a word in any spelling and in JSON's escapes; to be used without regard to case."""
    parts = []
    for letter in word:
        if letter.isascii():
            parts.append(re.escape(letter.encode()))
            continue
        forms = [form for each in _alike().get(letter, [letter]) for form in (each.encode(), _escaped(each))]
        parts.append(b"(?:" + b"|".join(map(re.escape, forms)) + b")")
    return b"".join(parts)


def _escaped(letter: str) -> bytes:
    units = letter.encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4)).encode()


def name_words(name: str) -> tuple[str, ...]:
    """Return the words of a name, for comparing."""
    return tuple(fold(word) for word in _NAME_WORD.findall(name))


def blocks(text: str) -> str:
    """Return a block for each UTF-16 unit of a text."""
    return BLOCK * (len(text.encode("utf-16-le", "surrogatepass")) // 2)


def loose_text(data: bytes) -> str:
    """Return bytes as text, JSON's escapes of characters undone."""

    def plain(found: re.Match[str]) -> str:
        units = bytes.fromhex("".join(found[0].split("\\u")))
        return units.decode("utf-16-be", "replace")

    return _ESCAPES.sub(plain, data.decode("utf-8", "replace"))


def _is_fraction(text: str, word: re.Match[str]) -> bool:
    start = word.start()
    return start > 1 and text[start - 1] == "." and text[start - 2].isdigit()
