"""Give what has no date of its own that of its nearest neighbour in the file that has one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

NOT_DATED = 0
"""When nothing in a file has a date: 1970 tells everyone that no one knows."""
WAITING_BYTES = 16 * 1024 * 1024
"""What waits for a date that may never come takes no more memory than this; then the last date must do."""

T = TypeVar("T")


class Nearest(Generic[T]):
    """Holds items without a date until the next item with one, then hands them to `put`, each with its moment."""

    def __init__(self, put: Callable[[T, int], None]) -> None:
        self._put = put
        self._waiting: list[tuple[int, T]] = []
        self._bytes = 0
        self._before: tuple[int, int] | None = None
        self._last = NOT_DATED
        self.count = 0
        """Items without a date, so far."""

    def wait(self, number: int, item: T, size: int) -> None:
        """Take an item without a date; `number` is its place in the file, `size` what it holds of memory."""
        self.count += 1
        self._waiting.append((number, item))
        self._bytes += size
        if self._bytes > WAITING_BYTES:
            self._release(self._last)

    def dated(self, number: int, moment: int) -> None:
        """Say that the item at this place has a date (Unix seconds). Of two equally near ones the earlier counts."""
        if self._waiting:
            for place, item in self._taken():
                is_before = self._before is not None and place - self._before[0] <= number - place
                self._put(item, self._before[1] if is_before and self._before else moment)
        self._before = number, moment
        self._last = moment

    def end_chat(self) -> None:
        """Say that what follows is of another chat, whose dates are near to nothing before. Without any date yet, all wait on."""
        self._before = None
        if self._last != NOT_DATED:
            self._release(self._last)

    def finish(self) -> None:
        """Say that nothing follows."""
        self._release(self._last)

    def _release(self, moment: int) -> None:
        for _, item in self._taken():
            self._put(item, moment)

    def _taken(self) -> list[tuple[int, T]]:
        taken, self._waiting, self._bytes = self._waiting, [], 0
        return taken
