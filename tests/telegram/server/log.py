"""What the stand-in keeps of all that passed: the oracle to compare a lake with."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to bring one update."""

    update_id: int
    kind: str
    via: Literal["webhook", "getUpdates"]
    attempt: int
    status: int
    """What the webhook answered, 0 when it did not; 200 by getUpdates."""
    at: float
    queue: Hashable

    @property
    def is_taken(self) -> bool:
        """Return whether Telegram need not come again."""
        return 200 <= self.status <= 299


@dataclass(frozen=True, slots=True)
class Lost:
    """An update that no one will ever see."""

    update_id: int
    kind: str
    why: str


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a call."""

    part: str
    """Its name in the form."""
    name: str
    mime_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a bot, with its answer."""

    method: str
    """As the server names it."""
    written: str
    """As the bot wrote it."""
    parameters: dict[str, str]
    """All as text, as the server sees them."""
    uploads: tuple[Upload, ...]
    status: int
    answer: Any
    """None when the stand-in was told to hang up, or to answer no JSON."""
    at: float
    via: Literal["http", "webhook"] = "http"
    """`webhook`: it came as the answer to a delivery, and the bot is told no result."""
    agent: str = ""
    """Whose program it was, as its User-Agent says."""
