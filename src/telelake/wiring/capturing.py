"""The ways in: the doors for bots, and the core in which they all end."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from telelake.errors import SettingsError
from telelake.settings import Bot, Settings
from telelake.wiring.core import Core

if TYPE_CHECKING:
    from telelake.capture.connection import Connections
    from telelake.capture.forward import Forwarder
    from telelake.capture.proxy.app import Proxy
    from telelake.capture.proxy.kinds import Wishes
    from telelake.capture.receive import Receiver
    from telelake.capture.webhook import Webhook
    from telelake.operate.webhooks import WebhookWatch


class Capturing(Core):
    """What captures."""

    def __init__(self, settings: Settings, *, is_made_up: bool = False) -> None:
        super().__init__(settings, is_made_up=is_made_up)
        self._receiver: Receiver | None = None

    def receiver(self) -> Receiver:
        """Return the core that every source ends in."""
        from telelake.capture.receive import Receiver

        self._receiver = Receiver(self.state, self.store, self.zone, self.settings.capture)
        return self._receiver

    @cached_property
    def connections(self) -> Connections:
        """Who is connected to the capture port, and how many may be."""
        from telelake.capture.connection import Connections, Limits, descriptors_for

        capture = self.settings.capture
        return Connections(
            Limits(capture.header_seconds, capture.body_seconds, descriptors_for(capture.open_connections))
        )

    def webhook(self) -> Webhook:
        """Return the public door, for the bots that have one; the others are polled beside it."""
        from telelake.capture.addresses import SourceCheck
        from telelake.capture.poll import PollBot, Poller
        from telelake.capture.webhook import Webhook, WebhookBot
        from telelake.telegram.client import BotApi

        bots = self.settings.bots
        if not bots:
            raise SettingsError(
                'No bot is set. Add to telelake.toml:\n\n[bots.support]\ntoken = { env = "SUPPORT_BOT_TOKEN" }\n'
                'secret = { env = "SUPPORT_BOT_SECRET" }'
            )
        ids = self.settings.bot_ids()
        secrets = {name: (ids[name], bot.webhook_secret(name)) for name, bot in bots.items() if bot.mode == "webhook"}
        polled = [
            PollBot(name, bot.bot_id(name), BotApi(bot.api_token(name), bot.api))
            for name, bot in bots.items()
            if bot.mode == "poll"
        ]
        capture = self.settings.capture
        source = SourceCheck(capture.trusted_proxy)
        receiver = self.receiver()
        forwards = {
            name: self._forwarder(receiver, name, bot) for name, bot in bots.items() if bot.forward_to is not None
        }
        posted = {name: WebhookBot(bot_id, secret, forwards.get(name)) for name, (bot_id, secret) in secrets.items()}
        proxy = self._proxy(receiver)
        beside = [Poller(receiver, bot).run for bot in polled] + ([proxy.run] if proxy else [])
        return Webhook(
            receiver, posted, max_body_bytes=capture.max_body_bytes, beside=beside, proxy=proxy,
            source=source if capture.source_check else None, at_stop=proxy.drain if proxy else None,
        )  # fmt: skip

    def noted(self, door: Any) -> Any:
        """Return an application whose requests are logged, when the settings ask for that; else itself."""
        if self.settings.log.level != "debug":
            return door
        from telelake.capture.requests import Requests

        return Requests(door)

    @cached_property
    def wishes(self) -> Wishes:
        """Which kinds of updates the bots behind the recording proxy asked for."""
        from telelake.capture.proxy.kinds import Wishes

        return Wishes(self.state)

    def _proxy(self, receiver: Receiver) -> Proxy | None:
        """Return the recording proxy, for the bots that have it: by their mode, or beside forwarding, for their calls."""
        capture = self.settings.capture
        proxied = {
            name: bot
            for name, bot in self.settings.bots.items()
            if bot.mode == "proxy" or (bot.mode == "webhook" and bot.forward_to and bot.has_token)
        }
        if not proxied:
            return None
        from telelake.capture.proxy.app import Proxy
        from telelake.capture.proxy.passing import ProxyBot
        from telelake.operate.webhooks import door

        def posted_to(name: str, bot: Bot) -> str | None:
            is_ours = bot.forward_to is not None and capture.public_url is not None
            return door(capture.public_url or "", name) if is_ours else None

        bots = [
            ProxyBot(
                name, bot.bot_id(name), bot.api_token(name), bot.api, is_strict=bot.recorder_failure == "strict",
                is_forwarded=bot.forward_to is not None, webhook_url=posted_to(name, bot),
                secret=bot.webhook_secret(name) if posted_to(name, bot) else "",
            )
            for name, bot in proxied.items()
        ]  # fmt: skip
        return Proxy(receiver, bots, self.wishes)

    def _forwarder(self, receiver: Receiver, name: str, bot: Bot) -> Forwarder:
        """Return what hands a bot's recorded deliveries on."""
        from telelake.capture.forward import Forwarder

        if bot.mode != "webhook":
            raise SettingsError(
                f"bots.{name} has forward_to and mode = '{bot.mode}': only what is posted can be handed on. Set mode = 'webhook'."
            )
        return Forwarder(
            receiver, bot.bot_id(name), bot.forward_to or "", seconds=bot.forward_seconds, failure=bot.forward_failure,
            token=os.environ.get(bot.token.env) if bot.token else None, wanted=lambda: self.wishes.wanted(name),
        )  # fmt: skip

    def webhooks(self, say: Callable[[str], None]) -> WebhookWatch:
        """Return what sets and looks at the bots' webhooks; says of which it cannot."""
        from telelake.operate.webhooks import Wanted, WatchedBot, WebhookWatch, door
        from telelake.telegram.client import BotApi

        capture = self.settings.capture
        watched = []
        for name, bot in self.settings.bots.items():
            if bot.mode == "proxy":
                continue
            is_posted, url = bot.mode == "webhook", None
            if is_posted and capture.public_url is not None:
                url = door(capture.public_url, name)
            try:
                api = BotApi(bot.api_token(name), bot.api) if bot.token is not None else None
                reason = f"bots.{name} has no token."
            except SettingsError as error:  # no reason not to capture
                api, reason = None, str(error)
            if api is None:
                if url is not None:
                    say(f"{reason} Set the webhook of bots.{name} yourself, to …/telegram/{name} with its secret.")
                continue
            wanted = Wanted(url, bot.webhook_secret(name), capture.max_connections) if url else None
            watched.append(WatchedBot(name, api, is_posted, wanted))
        return WebhookWatch(watched)
