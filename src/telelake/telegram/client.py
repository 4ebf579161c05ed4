"""The Bot API, as much as it takes to tell Telegram where updates go. No opinion about bots.

A bot's token is a part of the address. So an address is never shown, an error from below is not chained, and a redirect
is not followed: it would carry the token elsewhere.
"""

from __future__ import annotations

import http.client
import json
import re
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from telelake.errors import SettingsError, TelegramError, TelegramUnavailable

if TYPE_CHECKING:
    from email.message import Message

API = "https://api.telegram.org"
_LARGEST_ANSWER = 1 << 20


@dataclass(frozen=True, slots=True)
class WebhookInfo:
    """What Telegram says of a bot's webhook."""

    url: str
    """Empty when there is none."""
    pending_update_count: int
    """Updates that wait to be delivered."""
    allowed_updates: tuple[str, ...]
    """Empty for Telegram's default, which leaves some kinds out."""
    max_connections: int | None
    last_error_date: int | None
    """Unix seconds of the last delivery that failed."""
    last_error_message: str | None


class BotApi:
    """The Bot API for one bot."""

    def __init__(self, token: str, base: str = API, *, timeout: float = 30.0) -> None:
        """Keep a token.

        Args:
            token: as @BotFather gave it.
            base: address of the Bot API server, http or https.
            timeout: seconds that an answer may take.

        Raises:
            SettingsError: the address is not http or https, or the token is none.
        """
        if not re.fullmatch(r"\d+:[A-Za-z0-9_-]+", token):
            raise SettingsError("A bot's token has the form 123456:ABC…; copy it again from @BotFather.")
        if not base.startswith(("https://", "http://")):
            raise SettingsError(f"The Bot API's address '{base}' must begin with https:// or http://.")
        self._base = base.rstrip("/")
        self._token = token
        self._timeout = timeout
        self._opener = urllib.request.build_opener(_NoRedirect)

    def __repr__(self) -> str:
        """Say whose it is, without the token."""
        return f"BotApi(bot {self._token.partition(':')[0]}, {self._base})"

    def set_webhook(self, url: str, secret: str, *, kinds: Sequence[str], max_connections: int) -> None:
        """Have updates of all `kinds` posted to `url`, with `secret` in their header. Updates that wait are kept.

        Raises:
            TelegramError: Telegram refused; says why.
        """
        self._call(
            "setWebhook",
            {"url": url, "secret_token": secret, "allowed_updates": list(kinds), "max_connections": max_connections},
        )

    def delete_webhook(self) -> None:
        """Have no updates posted any more; Telegram keeps those that come for up to 24 hours.

        Raises:
            TelegramError: Telegram refused; says why.
        """
        self._call("deleteWebhook", {"drop_pending_updates": False})

    def webhook_info(self) -> WebhookInfo:
        """Ask what Telegram knows of the webhook.

        Raises:
            TelegramError: Telegram refused; says why.
        """
        found = self._call("getWebhookInfo", {})
        if not isinstance(found, dict):
            raise TelegramError(f"getWebhookInfo of {self!r} answered something that is no object.")
        return WebhookInfo(
            str(found.get("url", "")), int(found.get("pending_update_count", 0)),
            tuple(map(str, found.get("allowed_updates", ()))), found.get("max_connections"),
            found.get("last_error_date"), found.get("last_error_message"),
        )  # fmt: skip

    def _call(self, method: str, arguments: dict[str, Any]) -> Any:
        # S310: only http and https come this far.
        request = urllib.request.Request(  # noqa: S310
            f"{self._base}/bot{self._token}/{method}",
            data=json.dumps(arguments).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                status, body = response.status, response.read(_LARGEST_ANSWER)
        except urllib.error.HTTPError as error:
            with error:
                status, body = error.code, error.read(_LARGEST_ANSWER)
        except (OSError, http.client.HTTPException) as error:
            reason = self._without_token(getattr(error, "reason", error))
            raise TelegramUnavailable(
                f"{method} of {self!r} got no answer: {reason}. Check the network, then try again."
            ) from None
        try:
            answer = json.loads(body)
        except ValueError:
            answer = {}
        if isinstance(answer, dict) and answer.get("ok") is True:
            return answer.get("result")
        raise self._refusal(method, status, answer if isinstance(answer, dict) else {})

    def _refusal(self, method: str, status: int, answer: dict[str, Any]) -> TelegramError:
        said = self._without_token(answer.get("description") or f"HTTP {status} without a description")
        what = f"{method} of {self!r} was refused: {said}."
        if status == 429:
            parameters = answer.get("parameters")
            seconds = parameters.get("retry_after") if isinstance(parameters, dict) else None
            return TelegramUnavailable(f"{what} Try again in {seconds or 'some'} seconds.")
        if status >= 500:
            return TelegramUnavailable(f"{what} Try again later.")
        if status in (401, 404):
            return TelegramError(f"{what} Is the token still good? Ask @BotFather for it.")
        return TelegramError(what)

    def _without_token(self, text: object) -> str:
        return str(text).replace(self._token, "<token>")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Take a redirect as the answer that it is."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        """Follow none."""
        del req, fp, code, msg, headers, newurl
