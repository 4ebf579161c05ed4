"""The sections of the bots and of the public door: each field with its type, its default, and one sentence of what it is."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from telelake.errors import SettingsError
from telelake.settings.base import Address, Secret, Section, is_token


class Bot(Section):
    """One bot whose updates are captured."""

    token: Secret | None = None
    """The bot's token, as @BotFather gave it; its number is the bot's id."""
    id: Annotated[int, Field(gt=0)] | None = None
    """The bot's numeric id; only needed when no token is given."""
    secret: Secret | None = None
    """The webhook's secret token, 1-256 characters of A-Z a-z 0-9 _ -."""
    mode: Literal["webhook", "poll", "proxy"] = "webhook"
    """How updates come in: Telegram posts them to the webhook, they are fetched, which needs no public address, or the
    bot itself asks for them through the recording proxy."""
    api: Address = "https://api.telegram.org"
    """Address of the Bot API server that is polled, or that the recording proxy hands calls on to."""
    forward_to: Address | None = None
    """Address of a bot that exists: what is posted to the webhook is recorded, then handed on, and its answer relayed."""
    forward_seconds: Annotated[float, Field(gt=0, le=50)] = 10.0
    """How long a delivery is tried again within Telegram's request, which lasts 60 at most, while the bot is down."""
    forward_failure: Literal["refuse", "accept"] = "refuse"
    """When the bot stays down: `refuse` answers 503, and Telegram brings the update again; `accept` answers 200, and the
    bot never sees it. It is recorded either way."""
    recorder_failure: Literal["strict", "pass-through"] = "strict"
    """When the recording proxy cannot record: `strict` refuses the call with 503, `pass-through` lets it go unrecorded."""

    def bot_id(self, name: str) -> int:
        """Return the bot's numeric id, from `id` or from the token's first part."""
        if self.id is not None:
            return self.id
        if self.token is None:
            raise SettingsError(
                f'bots.{name} needs `token = {{ env = "…" }}` or `id = …`, to know whose updates these are.'
            )
        return int(self.api_token(name).partition(":")[0])

    def api_token(self, name: str) -> str:
        """Return the bot's token, checked for its form."""
        if self.token is None:
            raise SettingsError(f'bots.{name} has mode = "{self.mode}" and needs `token = {{ env = "…" }}`.')
        value = self.token.read()
        if not is_token(value):
            raise SettingsError(
                f"The token in {self.token.env} is not of the form 123456:ABC…; copy it again from @BotFather."
            )
        return value

    @property
    def has_token(self) -> bool:
        """Whether a token is named, and is there."""
        return self.token is not None and bool(os.environ.get(self.token.env))

    def webhook_secret(self, name: str) -> str:
        """Return the webhook's secret, checked against what Telegram allows."""
        if self.secret is None:
            raise SettingsError(
                f'bots.{name} needs `secret = {{ env = "…" }}`: without it anyone could post to its webhook.'
            )
        value = self.secret.read()
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", value):
            raise SettingsError(
                f"The secret in {self.secret.env} must be 1-256 characters of A-Z a-z 0-9 _ - (Telegram's rule)."
            )
        return value


class Capture(Section):
    """The public door."""

    host: str = "0.0.0.0"  # noqa: S104 - the webhook is for the outside
    """Address that the capture port listens on."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """The capture port; 0 takes a free one."""
    public_url: Annotated[str, Field(pattern=r"^https?://")] | None = None
    """Address at which Telegram reaches the capture port; when set, `run` and `capture` set and check the webhooks."""
    max_connections: Annotated[int, Field(ge=1, le=100_000)] = 40
    """Requests that Telegram may have open to a bot's webhook at once (at most 100, but for a Bot API server of your own)."""
    source_check: bool = False
    """Whether the webhook admits only Telegram's own addresses (149.154.160.0/20 and 91.108.4.0/22)."""
    trusted_proxy: Annotated[str, Field(min_length=1)] | None = None
    """Address or network of the reverse proxy whose X-Forwarded-For says where a request comes from; nobody's when unset."""
    tls_certificate: Path | None = None
    """PEM file with the certificate and its chain, when the capture port speaks TLS itself."""
    tls_key: Path | None = None
    """PEM file with the certificate's private key."""
    header_seconds: Annotated[float, Field(gt=0)] = 10.0
    """A request whose headers take longer is cut off."""
    body_seconds: Annotated[float, Field(gt=0)] = 60.0
    """A request whose body takes longer is cut off."""
    open_connections: Annotated[int, Field(ge=16)] = 1024
    """Connections that the capture port holds at once; at the bound, those that wait without a request go first."""
    metrics_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    """Port on 127.0.0.1 at which `telelake capture` serves /metrics; none when unset. `run` has it on the dashboard's port."""
    max_body_bytes: Annotated[int, Field(ge=1024)] = 4 * 1024 * 1024
    """A larger body is answered 413 (Telegram's own limit is 512 KiB)."""
    max_pending_bytes: Annotated[int, Field(ge=1024)] = 64 * 1024 * 1024
    """Bodies that wait for the disk; past it the answer is 503, until the disk has caught up."""
    seal_bytes: Annotated[int, Field(ge=1024)] = 64 * 1024 * 1024
    """The journal is sealed into raw segments when it has grown this large."""
    seal_seconds: Annotated[float, Field(gt=0)] = 60.0
    """The journal is sealed at least this often, when anything is in it."""
