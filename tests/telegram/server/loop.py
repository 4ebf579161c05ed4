"""An event loop in a thread of its own, for servers that live beside a test."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from tests.telegram.server.listener import Listener, Request, Response

_T = TypeVar("_T")
_SECONDS = 60.0


class Loop:
    """The loop; what is given to it is waited for."""

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def wait(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run something to its end, and return what it returns."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(_SECONDS)

    def run(self, act: Callable[[], _T]) -> _T:
        """Run something short in the loop's thread."""

        async def work() -> _T:
            return act()

        return self.wait(work())

    def close(self) -> None:
        """End it."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


class Hook:
    """A webhook of a test's own: what it answers decides a function."""

    def __init__(
        self,
        answer: Callable[[Request], Response | None] = lambda _: Response(200, b""),
        *,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.answer = answer
        """None hangs up. May be replaced at any time."""
        self.seconds = 0.0
        """How long an answer takes."""
        self.requests: list[Request] = []
        self.at_once = self.most_at_once = 0
        """Requests that are under way; and the most that ever were."""
        self._scheme = "https" if tls else "http"
        self._loop = Loop("webhook")
        self._listener = Listener(self._handle, tls)
        self._loop.wait(self._listener.start())

    @property
    def url(self) -> str:
        """Return its address."""
        return f"{self._scheme}://127.0.0.1:{self._listener.port}/hook"

    @property
    def connections(self) -> int:
        """Return how many connections were ever made to it."""
        return self._listener.accepted

    def go_away(self) -> None:
        """Hang up on everyone and answer nobody."""
        self._loop.wait(self._listener.stop())

    def come_back(self) -> None:
        """Answer again."""
        self._loop.wait(self._listener.start())

    def close(self) -> None:
        """End it."""
        self._loop.wait(self._listener.stop())
        self._loop.close()

    async def _handle(self, request: Request) -> Response | None:
        self.requests.append(request)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.seconds)
            return self.answer(request)
        finally:
            self.at_once -= 1
