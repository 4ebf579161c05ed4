"""What a chat in Telegram is told."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import structlog

from telelake.errors import SettingsError, TelelakeError
from telelake.wiring.reading import Reading

if TYPE_CHECKING:
    from telelake.telegram.chat import Chat


class Telling(Reading):
    """What writes digest and alerts."""

    @cached_property
    def notifier(self) -> Chat | None:
        """The chat that is told of digest and alerts; None when it is not set.

        Raises:
            SettingsError: only one of bot and chat is set, or there is no such bot, or it has no token.
        """
        from telelake.telegram.chat import Chat
        from telelake.telegram.client import BotApi

        wanted = self.settings.notify
        if wanted.bot is None and wanted.chat is None:
            return None
        if wanted.bot is None or wanted.chat is None:
            raise SettingsError(
                "notify needs both `bot`, the name of the bot that writes, and `chat`, the id of a chat."
            )
        if wanted.bot not in self.settings.bots:
            known = ", ".join(sorted(self.settings.bots)) or "none"
            raise SettingsError(f"notify.bot = '{wanted.bot}' is none of the bots ({known}). Add [bots.{wanted.bot}].")
        bot = self.settings.bots[wanted.bot]
        return Chat(BotApi(bot.api_token(wanted.bot), bot.api), wanted.chat, wanted.thread)

    def notify(self) -> None:
        """Tell the chat what there is to tell. That it cannot be told is logged, and tried again at the next turn."""
        from telelake.operate import health
        from telelake.operate.notify import Facts, Notices

        try:
            if self.notifier is None or (release := self.tables.latest()) is None:
                return
            last = health.last_received(self.tables.files(release, "updates"))
            unread = sum(health.quarantined(self.tables.files(release, "quarantine")).values())
            notices = Notices(self.notifier, self.settings.notify, self.zone, self.state)
            notices.tell(self.lake(), Facts(self.home.is_made_up, last, unread), datetime.now(UTC))
        except TelelakeError as error:
            structlog.get_logger("telelake.notify").error("could not tell", error=str(error), retry=error.retry)

    def turn(self) -> None:
        """One turn of the schedule: build what is due, then tell people, also of a lake that cannot be built."""
        try:
            self.nightly()
        finally:
            self.notify()
