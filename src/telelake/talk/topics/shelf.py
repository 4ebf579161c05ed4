"""Where topic models lie in a home: `models/topics/<n>.npz`, written once, the highest number in use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from telelake.errors import Conflict
from telelake.ports import RawStore
from telelake.talk.topics.model import TopicModel, digest_of, from_bytes

FOLDER = "models/topics/"


@dataclass(frozen=True, slots=True)
class Shelved:
    """A model of a home."""

    number: int
    digest: str
    model: TopicModel
    made_at: datetime
    """When it was written (UTC)."""

    @property
    def name(self) -> str:
        """What a row says of the model that made it."""
        return f"{self.number}-{self.digest[:8]}"


class Shelf:
    """The models of a home."""

    def __init__(self, store: RawStore) -> None:
        self._store = store
        self._latest: Shelved | None = None

    def latest(self) -> Shelved | None:
        """Return the model in use, or None before the first fit.

        Raises:
            StoreUnavailable: call again.
        """
        keys = [each for each in self._store.list(FOLDER) if each.key.endswith(".npz")]
        if not keys:
            return None
        last = max(keys, key=lambda each: each.key)
        number = int(last.key.removeprefix(FOLDER).removesuffix(".npz"))
        if self._latest is None or self._latest.number != number:
            data = self._store.get(last.key)
            self._latest = Shelved(number, digest_of(data), from_bytes(data), last.modified)
        return self._latest

    def add(self, model: TopicModel) -> bool:
        """Put a model to use; return False when it is the one in use already.

        Raises:
            Conflict: somebody else put one there meanwhile.
            StoreUnavailable: call again.
        """
        data = model.to_bytes()
        latest = self.latest()
        if latest and latest.digest == digest_of(data):
            return False
        number = latest.number + 1 if latest else 1
        if not self._store.put(f"{FOLDER}{number:010d}.npz", data):
            raise Conflict("Another telelake has made a topic model meanwhile. Try again.")
        return True

    def forget(self, is_in: Callable[[str], bool]) -> bool:
        """Take names out that somebody is in, and every model that held them; return whether the one in use is another now.

        Words are kept as hashes, and only those that several people used: there is nothing else to take out.

        Raises:
            StoreUnavailable: some may be done; call again.
        """
        keys = [each.key for each in self._store.list(FOLDER) if each.key.endswith(".npz")]
        held = [key for key in keys if any(is_in(topic.name) for topic in from_bytes(self._store.get(key)).topics)]
        latest = self.latest()
        is_another = False
        if latest and any(is_in(topic.name) for topic in latest.model.topics):
            topics = tuple(
                replace(each, name=f"({each.id})", is_named=False) if is_in(each.name) else each
                for each in latest.model.topics
            )
            is_another = self.add(replace(latest.model, topics=topics))
        self._store.delete(held)
        return is_another
