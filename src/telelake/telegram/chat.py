"""A chat that telelake itself writes to, by one of its bots: the `Notifier` of Telegram."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from telelake.telegram.client import BotApi


@dataclass(frozen=True, slots=True)
class Chat:
    """One chat, or one topic of it."""

    api: BotApi
    id: int
    thread: int | None = None

    def text(self, html: str) -> None:
        """See `ports.Notifier.text`."""
        self.api.send_text(self.id, html, self.thread)

    def pictures(self, pictures: Sequence[tuple[str, bytes]]) -> None:
        """See `ports.Notifier.pictures`."""
        self.api.send_pictures(self.id, pictures, self.thread)
