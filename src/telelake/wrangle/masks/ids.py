"""The keyed hash that stands for an id.

The same id and key give the same number in every table and on every day, so that counts, replies and joins remain. Without
the key nobody can tell the id, nor try all ids (there are few enough to). Telegram's ids have at most 52 significant bits;
a pseudonym has its 53rd set. So it is told from an id at a glance, and no reader that counts in doubles rounds it.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable

FIRST = 2**52
"""The least pseudonym; every id of Telegram's is below it. The greatest is below twice as much."""
_CODE_DIGITS = 16


class Pseudonyms:
    """The hash under one key."""

    def __init__(self, secret: str, plain: Iterable[int]) -> None:
        self._key = secret.encode()
        self._plain = frozenset(plain)
        self._known: dict[int, int] = {}

    @property
    def digest(self) -> str:
        """Of all that decides a pseudonym; tells nothing of the key, which is long."""
        return self._mac(f"telelake pseudonyms of all but {sorted(self._plain)}").hex()[:32]

    @property
    def fingerprint(self) -> str:
        """Of the key alone: tells whether two pseudonyms were made with one key, and nothing of it."""
        return self._mac("telelake: which key this is").hex()[:16]

    def of(self, number: int) -> int:
        """Return what stands for an id; those of groups, channels and our own bots stand for themselves.

        So does what is a pseudonym already: a correction (`telelake.talk.labels`) names its question as the tables do.
        """
        if number <= 0 or number >= FIRST or number in self._plain:
            return number
        if (found := self._known.get(number)) is None:
            bits = int.from_bytes(self._mac(str(number))[:8], "big")
            found = self._known[number] = FIRST | (bits & (FIRST - 1))
        return found

    def of_code(self, code: str) -> str:
        """Return what stands for a code of Telegram's that has an id inside."""
        return self._mac(f"code {code}").hex()[:_CODE_DIGITS]

    def _mac(self, text: str) -> bytes:
        return hmac.digest(self._key, text.encode(errors="surrogatepass"), "sha256")
