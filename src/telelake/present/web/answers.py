"""Answers that were asked before: a release does not change, so the same question has the same answer."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from telelake.present.answer import Answer
    from telelake.present.query import Cancel, Lake

_KEPT = 400
_LARGEST = 1_000_000
"""Bytes of an answer that is kept."""


class Answers:
    """The answers of each release that is still open; they go with it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: WeakKeyDictionary[Lake, OrderedDict[str, Answer]] = WeakKeyDictionary()

    def ask(self, lake: Lake, sql: str, cancel: Cancel | None = None) -> Answer:
        """Return the answer, from memory when it is there.

        Raises:
            QueryRefused: see `Lake.query`.
        """
        with self._lock:
            kept = self._kept.setdefault(lake, OrderedDict())
            if sql in kept:
                kept.move_to_end(sql)
                return kept[sql]
        answer = lake.query(sql, None, cancel)
        if answer.table.nbytes <= _LARGEST:
            with self._lock:
                kept[sql] = answer
                while len(kept) > _KEPT:
                    kept.popitem(last=False)
        return answer
