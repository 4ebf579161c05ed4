"""Who writes to bots, and where: made-up users and chats, in the form of the Bot API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class User:
    """A person."""

    id: int
    first_name: str
    username: str | None = None
    language_code: str = "pt-br"

    def fields(self) -> dict[str, Any]:
        """Return it as the Bot API writes it."""
        return {
            "id": self.id, "is_bot": False, "first_name": self.first_name,
            **({"username": self.username} if self.username else {}), "language_code": self.language_code,
        }  # fmt: skip

    @property
    def private(self) -> Chat:
        """Return the private chat with this person."""
        return Chat(self.id, "private", self.first_name, self.username)


@dataclass(frozen=True, slots=True)
class Chat:
    """A private chat, group, supergroup or channel."""

    id: int
    type: str
    name: str
    username: str | None = None

    def fields(self) -> dict[str, Any]:
        """Return it as the Bot API writes it."""
        return {
            "id": self.id,
            "first_name" if self.type == "private" else "title": self.name,
            **({"username": self.username} if self.username else {}),
            "type": self.type,
        }

    @property
    def numbers_its_messages(self) -> bool:
        """Return whether a message has one number for everyone: in supergroups and channels, not elsewhere."""
        return self.id <= -1_000_000_000_000
