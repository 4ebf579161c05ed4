"""What keeps a forgotten person from coming back: keyed hashes of ids, usernames and names, and until when they count.

A tombstone lies in the home, `state/forgotten/<hash>-<moment>.json`; the key of its hashes beside it, in `state/forgotten/key`,
and nowhere in the tables. Who has both can ask whether some id was forgotten, and cannot read which were. A record dated after
the forgetting is not held back: who writes again does so of their own will. A copy of an old message inside it is.

Every segment of raw passes here on its way into a home, whoever writes it, because a home's store calls `clean` in its
`put`. Where nobody was forgotten, which is the usual case, that is one look into an empty folder.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from telelake.erase.segments import lines_of, rewritten
from telelake.erase.who import CHANNELS, Who, digits_of, fold, loose_text
from telelake.ports import Stored
from telelake.raw import Segment

FOLDER = "state/forgotten/"
KEY = f"{FOLDER}key"

_USERNAME = re.compile(r"(?<!\w)\w{2,32}(?!\w)")
_SHA256 = re.compile(rb'"sha256":"[0-9a-f]{64}"')  # nobody's, and full of numbers
_NUMBER = re.compile(r"\d{1,19}")
_NAME_WORD = re.compile(r"[^\W_]+")


_KNOWN: dict[str, Tombstone] = {}
"""Tombstones that were read, by their names, which no two lakes share: they never change, and each put looks at all of them."""


class _Store(Protocol):
    def put(self, key: str, data: bytes) -> bool: ...
    def get(self, key: str) -> bytes: ...
    def list(self, prefix: str = "") -> Iterator[Stored]: ...


@dataclass(frozen=True, slots=True)
class Tombstone:
    """One forgetting, in hashes."""

    before: float
    """Unix seconds: what is dated later is not held back."""
    ids: Mapping[str, str]
    """Hash of the digits → `+`, `-`, or `c` for a channel's number as exports have it."""
    usernames: frozenset[str]
    names: frozenset[str]
    firsts: frozenset[str]
    """Of the first word of each name: only what follows one is looked at."""
    lengths: frozenset[int]
    """Of the names, in words."""


@dataclass
class Tombstones:
    """All that were forgotten in one home."""

    secret: bytes
    stones: list[Tombstone] = field(default_factory=list)

    def found_in(self, text: str) -> list[tuple[Who, float]]:
        """Return who of the forgotten may be in a text, each with the moment until which that counts."""
        usernames = {self._hash("username", each): each for each in {fold(each) for each in _USERNAME.findall(text)}}
        numbers = {self._hash("id", each): each for each in {str(int(each)) for each in _NUMBER.findall(text)}}
        words = [fold(each) for each in _NAME_WORD.findall(text)]
        firsts = {self._hash("first", each): each for each in set(words)}
        found = []
        for stone in self.stones:
            ids = {_id(numbers[each], sign) for each, sign in stone.ids.items() if each in numbers}
            named = {usernames[each] for each in stone.usernames if each in usernames}
            begin = {firsts[each] for each in stone.firsts if each in firsts}
            runs = {
                tuple(words[at : at + length])
                for at in (at for at, word in enumerate(words) if word in begin)
                for length in stone.lengths
            }
            names = {each for each in runs if self._hash("name", " ".join(each)) in stone.names}
            if ids or named or names:
                found.append((Who(frozenset(ids), frozenset(named), frozenset(names)), stone.before))
        return found

    def made(self, who: Who, before: float) -> tuple[str, bytes]:
        """Return a tombstone's key and bytes."""
        ids = {}
        for id_ in sorted(who.ids):
            for digits in digits_of(id_):
                sign = "+" if id_ > 0 else "-" if digits == str(-id_) else "c"
                ids[self._hash("id", digits)] = sign
        stone = {
            "v": 1, "before": before, "ids": ids,
            "usernames": sorted(self._hash("username", each) for each in who.usernames),
            "names": sorted(self._hash("name", " ".join(each)) for each in who.names),
            "firsts": sorted({self._hash("first", each[0]) for each in who.names}),
            "lengths": sorted({len(each) for each in who.names}),
        }  # fmt: skip
        name = self._hash("tombstone", " ".join(map(str, sorted(who.ids))))
        return f"{FOLDER}{name}-{int(before)}.json", json.dumps(stone, indent=1).encode()

    def has(self, ids: Iterable[int]) -> bool:
        """Return whether a person or chat of one of these ids was forgotten."""
        wanted = {self._hash("id", str(abs(each))) for each in ids}
        return any(wanted & set(stone.ids) for stone in self.stones)

    def _hash(self, kind: str, value: str) -> str:
        return hmac.digest(self.secret, f"{kind}:{value}".encode(), "sha256").hex()[:32]


def open_tombstones(store: _Store) -> Tombstones:
    """Return a home's tombstones; the key is made when there is none.

    Raises:
        StoreUnavailable: call again.
    """
    store.put(KEY, secrets.token_hex(32).encode())  # create-only: a key that is there stays
    return _read(store, _stones(store))


def clean(store: _Store, segment: Segment, data: bytes) -> tuple[str, bytes]:
    """Return the key and the bytes under which a segment goes into a home: its own when nobody in it was forgotten.

    Raises:
        StoreUnavailable: nobody can tell; nothing may be written.
    """
    keys = _stones(store)
    if not keys:
        return segment.key, data
    stones = _read(store, keys)
    lines = lines_of(segment.key, data)
    people = stones.found_in(_text(segment, lines))
    done = rewritten(segment, lines, people, apart=False) if people else None
    if done is None:
        return segment.key, data
    return next(iter(done.new.items()))


def _stones(store: _Store) -> list[str]:
    return [each.key for each in store.list(FOLDER) if each.key.endswith(".json")]


def _text(segment: Segment, lines: list[bytes]) -> str:
    if not segment.quarantined:
        return loose_text(_SHA256.sub(b"", b"\n".join(lines)))
    bodies = []
    for line in lines:
        _, _, encoded = line.partition(b'"body_base64":"')
        try:
            body = base64.b64decode(encoded.partition(b'"')[0])
        except binascii.Error:
            body = line
        bodies += [body, body.replace(b"\x00", b"")]
    return loose_text(b"\n".join(bodies))


def _read(store: _Store, keys: list[str]) -> Tombstones:
    for key in keys:
        if key not in _KNOWN:
            found: dict[str, Any] = json.loads(store.get(key))
            _KNOWN[key] = Tombstone(
                float(found["before"]), found["ids"], frozenset(found["usernames"]), frozenset(found["names"]),
                frozenset(found["firsts"]), frozenset(found["lengths"]),
            )  # fmt: skip
    return Tombstones(bytes.fromhex(store.get(KEY).decode()), [_KNOWN[key] for key in keys])


def _id(digits: str, sign: str) -> int:
    return int(digits) if sign == "+" else -int(digits) if sign == "-" else CHANNELS - int(digits)
