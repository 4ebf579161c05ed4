"""The only source of chance in the demo: seeded, so that the same arguments give the same bytes."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


class Dice(Random):
    """Chance with the few shapes that the script needs; `choice` and `uniform` of the base are slower."""

    def pick(self, items: Sequence[T]) -> T:
        """Return one of the items, each as likely."""
        return items[int(self.random() * len(items))]

    def chance(self, probability: float) -> bool:
        """Return whether something of this probability happens."""
        return self.random() < probability

    def between(self, low: float, high: float) -> float:
        """Return a number between the two."""
        return low + (high - low) * self.random()

    def token(self, bits: int = 160) -> str:
        """Return a hexadecimal name, as for a file or a query."""
        return f"{self.getrandbits(bits):x}"
