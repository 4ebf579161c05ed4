"""Each request in the log, with an id that all lines about it have: for who looks for a trouble, and switched off else.

A path may hold a bot's token, so only the webhook's paths are told, and of others that it was another. No header, no body.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import structlog

Message = MutableMapping[str, Any]
_TOLD = ("/telegram/", "/healthz", "/livez")


class Requests:
    """An ASGI application around another."""

    def __init__(self, app: Callable[[Message, Any, Any], Awaitable[None]]) -> None:
        self._app = app
        self._log = structlog.get_logger("telelake.requests")

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        """Hand a request on, and log how it was answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, count = time.perf_counter(), 0, 0

        async def counting() -> Message:
            nonlocal count
            message: Message = await receive()
            count += len(message.get("body", b""))
            return message

        async def noting(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        path = scope["path"] if scope["path"].startswith(_TOLD) else "…"
        with structlog.contextvars.bound_contextvars(request=secrets.token_hex(8)):
            try:
                await self._app(scope, counting, noting)
            finally:
                seconds = round(time.perf_counter() - began, 6)
                self._log.debug(
                    "request", method=scope["method"], path=path, status=status, bytes=count, seconds=seconds
                )
