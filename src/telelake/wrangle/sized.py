"""Which engine builds: the embedded one, or another for what is too large for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

from telelake.ports import Built, DayInput, Engine


class EngineBySize:
    """An `Engine` that leaves large builds to another; both give the same rows, so nothing hangs on which it was."""

    def __init__(self, small: Engine, large: Callable[[], Engine], above: int) -> None:
        self._small = small
        self._make_large = large
        self._above = above

    def build(self, days: Sequence[DayInput], into: Path) -> Built:
        """Build by the engine for the compressed bytes that lie there; see `ports.Engine`."""
        size = sum(path.stat().st_size for day in days for path in {*day.paths} - {*day.before})
        return (self._large if size > self._above else self._small).build(days, into)

    @cached_property
    def _large(self) -> Engine:
        return self._make_large()
