"""HTTP as the server speaks it to a webhook: one connection, kept alive, one request at a time."""

from __future__ import annotations

import asyncio
import base64
import ssl
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

import httptools


@dataclass(frozen=True, slots=True)
class Address:
    """Where a webhook is."""

    host: str
    port: int
    is_tls: bool
    target: str
    userinfo: str

    @classmethod
    def of(cls, url: str) -> Address:
        """Read a URL.

        Raises:
            ValueError: it is none.
        """
        parts = urlsplit(url if "://" in url else f"https://{url}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(url)
        userinfo, at, _ = parts.netloc.rpartition("@")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return cls(parts.hostname, port, parts.scheme == "https", target, unquote(userinfo) if at else "")


@dataclass
class Answer:
    """What a webhook answered."""

    status: int = 0
    reason: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    """By lower-case name."""
    body: bytes = b""
    keeps_alive: bool = False

    @property
    def retry_after(self) -> int:
        """Return the seconds that it asks for, 0 when it does not."""
        given = self.headers.get("retry-after", "")
        return min(int(given), 3600) if given.isascii() and given.isdigit() else 0


class HangUpError(Exception):
    """The connection ended, or never began, before there was an answer; the message is Telegram's."""


class Connection:
    """A connection to a webhook, opened when it is first used."""

    def __init__(self, address: Address, certificate: bytes, *, seconds: float) -> None:
        self._address = address
        self._certificate = certificate
        self._seconds = seconds
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.requests = 0

    @property
    def is_usable(self) -> bool:
        """Return whether the other side has not hung up in the meantime."""
        return self._streams is None or not self._streams[0].at_eof()

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()

    async def post(self, body: bytes, secret: str) -> Answer:
        """Send an update and return the answer.

        Raises:
            HangUpError: there is none.
        """
        try:
            return await asyncio.wait_for(self._post(body, secret), self._seconds)
        except TimeoutError:
            raise HangUpError("Read timeout expired") from None
        except ConnectionRefusedError:
            raise HangUpError("Connection refused") from None
        except ConnectionResetError:
            raise HangUpError("Connection reset by peer") from None
        except ssl.SSLError as error:
            raise HangUpError(f"SSL error {{{error.reason}}}") from None
        except (OSError, httptools.HttpParserError) as error:
            raise HangUpError(f"Wrong response from the webhook: {type(error).__name__}") from None

    async def _post(self, body: bytes, secret: str) -> Answer:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._address.host, self._address.port, ssl=self._tls())
        reader, writer = self._streams
        self.requests += 1
        writer.write(self._head(len(body), secret) + body)
        await writer.drain()
        answer = Answer()
        reading = _Reading(answer)
        parser = httptools.HttpResponseParser(reading)
        while not reading.is_done:
            data = await reader.read(65_536)
            if not data:
                raise HangUpError("Webhook connection closed")
            parser.feed_data(data)
        answer.status = parser.get_status_code()
        answer.keeps_alive = answer.headers.get("connection", "").lower() != "close"
        return answer

    def _tls(self) -> ssl.SSLContext | None:
        if not self._address.is_tls:
            return None
        return ssl.create_default_context(cadata=self._certificate.decode() or None)

    def _head(self, length: int, secret: str) -> bytes:
        there = self._address
        lines = [f"POST {there.target} HTTP/1.1", f"Host: {there.host}:{there.port}"]
        if there.userinfo:
            lines.append(f"Authorization: Basic {base64.b64encode(there.userinfo.encode()).decode()}")
        if secret:
            lines.append(f"X-Telegram-Bot-Api-Secret-Token: {secret}")
        lines += [
            "Content-Type: application/json", f"Content-Length: {length}", "Connection: keep-alive",
            "Accept-Encoding: gzip, deflate",
        ]  # fmt: skip
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


class _Reading:
    """Takes what the parser finds."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.is_done = False

    def on_status(self, status: bytes) -> None:
        self._answer.reason += status.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._answer.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._answer.body += body

    def on_message_complete(self) -> None:
        self.is_done = True
