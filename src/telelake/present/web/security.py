"""What stands between the page and the rest of the web.

On loopback the dashboard asks nobody's name, so any page in the same browser could try to reach it; elsewhere the browser
sends the reader's cookie along. Four things keep such pages out: the Host must be one of ours (a name that was re-bound to
127.0.0.1 is not), no answer carries CORS headers, the cookie is `SameSite=Lax`, and whatever is not a GET is refused when the
browser says that another origin sent it (`Sec-Fetch-Site`, else `Origin`; a program sends neither).

The page itself may load nothing but itself: no inline script or style, no other host, no `eval` (Vega's expressions are
interpreted).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: with it a browser sends `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Guard:
    """ASGI middleware: answers 421 to a foreign Host, and adds the security headers to every answer."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = ()) -> None:
        self._app = app
        self._hosts = {host.lower() for host in (*LOOPBACK, *hosts)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        headers = Headers(scope=scope)
        app = self._app
        if host_name(headers.get("host", "")) not in self._hosts:
            app = _misdirected
        elif scope["method"] not in {"GET", "HEAD"} and is_foreign(headers):
            app = _foreign
        await app(scope, receive, guarded)


def is_foreign(headers: Headers) -> bool:
    """Return whether a browser says that the page of another origin sent this."""
    if site := headers.get("sec-fetch-site"):
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2].lower() != headers.get("host", "").lower()


def host_name(header: str) -> str:
    """Return the name in a Host header, without its port.

    >>> host_name("[::1]:8081"), host_name("LocalHost:80")
    ('[::1]', 'localhost')
    """
    name, _, port = header.rpartition(":")
    return (name if name and port.isdigit() else header).lower()


_foreign = PlainTextResponse(
    "The page of another origin sent this. Only the dashboard's own pages may.\n", status_code=403
)
_misdirected = PlainTextResponse(
    "This is not the host that the dashboard answers for. Open it as http://localhost:<port>/, "
    "or set dashboard.public_url to the address that you use.\n",
    status_code=421,
)
