"""The Bot API, as much as it takes to get updates, by webhook or by asking, and to write to a chat. No opinion about bots.

A bot's token is a part of the address. So an address is never shown, an error from below is not chained, and a redirect
is not followed: it would carry the token elsewhere.
"""

from __future__ import annotations

import http
import http.client
import json
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from typing import IO, TYPE_CHECKING, Any, Literal

from telelake.errors import SettingsError, TelegramError, TelegramUnavailable
from telelake.settings import USERINFO, has_userinfo, is_token

if TYPE_CHECKING:
    from email.message import Message

API = "https://api.telegram.org"
_LARGEST_ANSWER = 1 << 20
_LARGEST_BATCH = 128 << 20
"""Bytes of the answer to getUpdates: at most 100 updates, each far below 1 MiB."""
_PATIENCE = 10.0
"""Seconds that an answer may come later than a long poll was to last."""


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


@dataclass(frozen=True, slots=True)
class Me:
    """Who a bot is."""

    id: int
    name: str
    """Its user name, else its first name."""
    reads_all_group_messages: bool
    """Whether privacy mode is off."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An update, as it lies in the answer to getUpdates."""

    update_id: int
    body: bytes
    """Verbatim."""


class BotApi:
    """The Bot API for one bot."""

    def __init__(self, token: str, base: str = API, *, timeout: float = 30.0) -> None:
        """Keep a token.

        Args:
            token: as @BotFather gave it.
            base: address of the Bot API server, http or https.
            timeout: seconds that an answer may take.

        Raises:
            SettingsError: the address is not http or https, or has a password in it; or the token is none.
        """
        if not is_token(token):
            raise SettingsError("A bot's token has the form 123456:ABC…; copy it again from @BotFather.")
        if not base.startswith(("https://", "http://")):
            raise SettingsError(f"The Bot API's address '{base}' must begin with https:// or http://.")
        if has_userinfo(base):
            raise SettingsError(f"The Bot API's address: {USERINFO}")
        self._base = base.rstrip("/")
        self._token = token
        self._timeout = timeout
        self._opener = urllib.request.build_opener(_NoRedirect)
        self.clock_ahead: float | None = None
        """Seconds that this machine's clock was ahead of Telegram's, by the last answer's Date; None when it told none."""

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
        failure = found.get("last_error_message")
        return WebhookInfo(
            str(found.get("url", "")), int(found.get("pending_update_count", 0)),
            tuple(map(str, found.get("allowed_updates", ()))), found.get("max_connections"),
            found.get("last_error_date"), None if failure is None else self._without_token(failure),
        )  # fmt: skip

    def me(self) -> Me:
        """Ask who the bot is.

        Raises:
            TelegramError: Telegram refused; says why. 401 means that the token is none of a bot.
        """
        found = self._call("getMe", {})
        if not isinstance(found, dict) or type(found.get("id")) is not int:
            raise TelegramError(f"getMe of {self!r} answered something that is no bot.")
        name = str(found.get("username") or found.get("first_name") or found["id"])
        return Me(found["id"], name, found.get("can_read_all_group_messages") is True)

    def membership(self, chat: int, user: int) -> str:
        """Ask what somebody is in a chat: creator, administrator, member, restricted, left or kicked.

        Raises:
            TelegramError: Telegram refused; says why. 400 and 403 mean that the bot itself is not there.
        """
        found = self._call("getChatMember", {"chat_id": chat, "user_id": user})
        if not isinstance(found, dict) or not isinstance(found.get("status"), str):
            raise TelegramError(f"getChatMember of {self!r} answered something that is no member.")
        return str(found["status"])

    def listen(self, seconds: int) -> None:
        """Wait for an update without taking it: nothing is confirmed, and which kinds are wanted stays as it was.

        Raises:
            TelegramError: Telegram refused; says why. 409 means that the bot has a webhook, or another poller.
        """
        status, body = self._ask(
            "getUpdates", {"timeout": seconds, "limit": 1}, self._timeout + seconds, _LARGEST_BATCH
        )
        self._read("getUpdates", status, body)

    def get_updates(self, offset: int | None, *, kinds: Sequence[str], seconds: int) -> list[Fetched]:
        """Ask for updates from `offset` on, which makes Telegram forget those before it; None asks for all that it has.

        Args:
            offset: an `update_id`.
            kinds: those to deliver; Telegram keeps this for later calls.
            seconds: how long Telegram waits for a first update.

        Raises:
            TelegramError: Telegram refused; says why. 409 means that the bot has a webhook, or another poller.
        """
        import msgspec

        arguments = {
            "timeout": seconds,
            "allowed_updates": list(kinds),
            **({} if offset is None else {"offset": offset}),
        }
        status, body = self._ask("getUpdates", arguments, self._timeout + seconds + _PATIENCE, _LARGEST_BATCH)
        try:
            bodies = msgspec.json.decode(body, type=_batch()).result
            found = [Fetched(msgspec.json.decode(each, type=_numbered()).update_id, bytes(each)) for each in bodies]
        except (msgspec.DecodeError, UnicodeDecodeError):
            if status != http.HTTPStatus.OK:
                self._read("getUpdates", status, body)  # a refusal says so itself
            raise TelegramError(f"getUpdates of {self!r} answered something that is no list of updates.") from None
        return found

    def send_text(self, chat: int, html: str, thread: int | None = None) -> None:
        """Write a message to a chat, in Telegram's HTML, without a preview of its links.

        Raises:
            TelegramError: Telegram refused; says why.
        """
        quiet = {"parse_mode": "HTML", "link_preview_options": {"is_disabled": True}}
        self._call("sendMessage", {"chat_id": chat, "text": html, **quiet, **_in_thread(thread)})

    def send_pictures(self, chat: int, pictures: Sequence[tuple[str, bytes]], thread: int | None = None) -> None:
        """Send pictures (PNG) with their captions: one, or up to 10 as an album, which is all that Telegram takes.

        Raises:
            TelegramError: Telegram refused; says why.
        """
        fields: dict[str, Any] = {"chat_id": chat, **_in_thread(thread)}
        files = {f"picture{number}": png for number, (_, png) in enumerate(pictures)}
        if len(pictures) == 1:
            method = "sendPhoto"
            fields |= {"photo": "attach://picture0", "caption": pictures[0][0]}
        else:
            method = "sendMediaGroup"
            fields["media"] = [
                {"type": "photo", "media": f"attach://{name}", "caption": caption}
                for name, (caption, _) in zip(files, pictures, strict=True)
            ]
        kind, data = _form(fields, files)
        self._read(method, *self._post(method, kind, data, self._timeout, _LARGEST_ANSWER))

    def _call(self, method: str, arguments: dict[str, Any]) -> Any:
        return self._read(method, *self._ask(method, arguments, self._timeout, _LARGEST_ANSWER))

    def _ask(self, method: str, arguments: dict[str, Any], seconds: float, largest: int) -> tuple[int, bytes]:
        return self._post(method, "application/json", json.dumps(arguments).encode(), seconds, largest)

    def _post(self, method: str, kind: str, data: bytes, seconds: float, largest: int) -> tuple[int, bytes]:
        # S310: only http and https come this far.
        request = urllib.request.Request(  # noqa: S310
            f"{self._base}/bot{self._token}/{method}", data=data, headers={"Content-Type": kind}
        )
        try:
            with self._opener.open(request, timeout=seconds) as response:
                self._compare_clocks(response.headers)
                return response.status, response.read(largest)
        except urllib.error.HTTPError as error:
            with error:
                self._compare_clocks(error.headers)
                return error.code, error.read(largest)
        except (OSError, http.client.HTTPException) as error:
            reason = self._without_token(getattr(error, "reason", error))
            raise TelegramUnavailable(
                f"{method} of {self!r} got no answer: {reason}. Check the network, then try again."
            ) from None

    def _compare_clocks(self, headers: Message) -> None:
        with suppress(TypeError, ValueError):
            # Date has whole seconds, cut off: half of one is what it lacks on average.
            said = parsedate_to_datetime(headers["Date"]).timestamp()
            self.clock_ahead = time.time() - said - 0.5

    def _read(self, method: str, status: int, body: bytes) -> Any:
        try:
            answer = json.loads(body)
        except ValueError:
            answer = {}
        if isinstance(answer, dict) and answer.get("ok") is True:
            return answer.get("result")
        refusal = self._refusal(method, status, answer if isinstance(answer, dict) else {})
        refusal.status = status
        raise refusal

    def _refusal(self, method: str, status: int, answer: dict[str, Any]) -> TelegramError:
        said = self._without_token(answer.get("description") or f"HTTP {status} without a description")
        what = f"{method} of {self!r} was refused: {said}."
        if status == 429:
            parameters = answer.get("parameters")
            seconds = parameters.get("retry_after") if isinstance(parameters, dict) else None
            wait = float(seconds) if isinstance(seconds, int) and seconds > 0 else None
            return TelegramUnavailable(f"{what} Try again in {seconds or 'some'} seconds.", wait)
        if status >= 500:
            return TelegramUnavailable(f"{what} Try again later.")
        if status == 409:
            return TelegramError(
                f"{what} A bot's updates go to one place: end the other poller, or take its webhook away (deleteWebhook)."
            )
        if status in (401, 404):
            return TelegramError(f"{what} Is the token still good? Ask @BotFather for it.")
        return TelegramError(what)

    def _without_token(self, text: object) -> str:
        return str(text).replace(self._token, "<token>")


def _in_thread(thread: int | None) -> dict[str, int]:
    return {} if thread is None else {"message_thread_id": thread}


def _form(fields: dict[str, Any], files: dict[str, bytes]) -> tuple[str, bytes]:
    """Return a form with files as multipart/form-data (RFC 7578): its content type, and its bytes."""
    boundary = secrets.token_hex(16)  # chance keeps it from standing in a file
    parts = []
    for name, value in fields.items():
        text = value if isinstance(value, str) else json.dumps(value)
        parts.append(f'Content-Disposition: form-data; name="{name}"\r\n\r\n{text}'.encode())
    for name, data in files.items():
        head = f'Content-Disposition: form-data; name="{name}"; filename="{name}.png"\r\nContent-Type: image/png'
        parts.append(f"{head}\r\n\r\n".encode() + data)
    body = b"".join(b"--%b\r\n%b\r\n" % (boundary.encode(), part) for part in parts)
    return f"multipart/form-data; boundary={boundary}", body + f"--{boundary}--\r\n".encode()


@cache
def _batch() -> Any:
    import msgspec

    return msgspec.defstruct("Batch", [("ok", Literal[True]), ("result", list[msgspec.Raw])])


@cache
def _numbered() -> Any:
    import msgspec

    return msgspec.defstruct("Numbered", [("update_id", int)])


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Take a redirect as the answer that it is."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        """Follow none."""
        del req, fp, code, msg, headers, newurl
