"""One machine: the webhook, the schedule and the dashboard, together in one process or each by itself.

Capture runs in the main thread's event loop and answers Telegram; the dashboard has a loop of its own in another
thread, and the schedule a thread. SIGTERM and SIGINT end the capture server first, which seals what is in the journal.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import uvicorn

from telelake.capture.certificate import certificate
from telelake.errors import SettingsError, StoreUnavailable
from telelake.operate.schedule import Schedule
from telelake.wiring import App

GRACE_SECONDS = 10
"""How long open requests may take to end, and a running build to finish, once the process is asked to stop."""

Say = Callable[[str], None]


def listen(host: str, port: int, setting: str) -> socket.socket:
    """Return a bound socket; port 0 takes a free one.

    Raises:
        SettingsError: the address cannot be had; names the setting.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        # Listening at once: who is told the address may connect before the server has started.
        bound.listen(2048)
    except OSError as error:
        bound.close()
        raise SettingsError(
            f"{host}:{port} ({setting}) cannot be listened on: {error}. Choose another port."
        ) from error
    return bound


def address(bound: socket.socket, scheme: str = "http") -> str:
    """Return a bound socket's address as people open it."""
    host, port = bound.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"{scheme}://{shown}:{port}"


def capture(app: App, say: Say) -> None:
    """Serve the webhook until stopped, then seal what is in the journal."""
    settings = app.settings.capture
    door = app.webhook()
    with (
        listen(settings.host, settings.port, "capture.port") as bound,
        _metrics_beside(app) as begin_metrics,
    ):

        def begin() -> None:
            _announce(app, bound, say)
            begin_metrics(say)

        _serve_door(app, door, bound, begin, say)


@contextmanager
def _metrics_beside(app: App) -> Iterator[Callable[[Say], None]]:
    """Have /metrics served in a thread, when it was asked for: what is yielded begins it, and says where."""
    port = app.settings.capture.metrics_port
    if port is None:
        yield lambda _: None
        return
    with listen("127.0.0.1", port, "capture.metrics_port") as bound:
        page = _server(app.metrics(with_lake=False).page())
        thread = threading.Thread(target=_serve_beside, args=(page, bound), name="metrics", daemon=True)

        def begin(say: Say) -> None:
            thread.start()
            say(f"Metrics: {address(bound)}/metrics")

        try:
            yield begin
        finally:
            page.should_exit = True
            if thread.is_alive():
                thread.join(GRACE_SECONDS)


def dashboard(app: App, say: Say) -> None:
    """Serve the dashboard until stopped."""
    settings = app.settings.dashboard
    page = app.dashboard()
    with listen(settings.host, settings.port, "dashboard.port") as bound:
        say(f"Dashboard: {settings.public_url or address(bound)}")
        try:
            _until_stopped(_server(page), bound)
        finally:
            app.close()


def schedule(app: App, say: Say) -> None:
    """Wrangle what is due, again and again, until stopped."""
    say("Wrangling on schedule.")
    stop = threading.Event()
    plan = _schedule(app)
    _on_signals(stop.set)
    plan.start()
    stop.wait()
    plan.stop(GRACE_SECONDS)


def run(app: App, say: Say) -> None:
    """Capture, wrangle on schedule and serve the dashboard, until stopped."""
    settings = app.settings
    settings.dashboard.check()
    door = app.webhook()
    with (
        listen(settings.capture.host, settings.capture.port, "capture.port") as public,
        listen(settings.dashboard.host, settings.dashboard.port, "dashboard.port") as inner,
    ):
        page = _server(app.dashboard())
        pages = threading.Thread(target=_serve_beside, args=(page, inner), name="dashboard", daemon=True)
        plan = _schedule(app)

        def begin() -> None:
            # Only once capture holds the journal: where another telelake runs, nothing of this one begins.
            pages.start()
            plan.start()
            _announce(app, public, say)
            say(f"Dashboard: {settings.dashboard.public_url or address(inner)}")

        try:
            _serve_door(app, door, public, begin, say)
        finally:
            page.should_exit = True
            plan.stop(GRACE_SECONDS)
            if pages.is_alive():
                pages.join(GRACE_SECONDS)
            app.close()


def _announce(app: App, bound: socket.socket, say: Say) -> None:
    """Say where capture listens, and which bots are polled."""
    scheme = "https" if app.settings.capture.tls_certificate else "http"
    say(f"Capture listens on {address(bound, scheme)}/telegram/<bot>")
    if polled := [name for name, bot in app.settings.bots.items() if bot.mode == "poll"]:
        say(f"Polling for {', '.join(polled)}")


class _Announced:
    """An ASGI application that says when it has started, and keeps why it could not."""

    def __init__(self, app: Any, started: Callable[[], None]) -> None:
        self._app = app
        self._started = started
        self.failure: str | None = None

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return

        async def tell(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "lifespan.startup.failed":
                self.failure = message.pop("message")  # ours to say, not uvicorn's
            elif message["type"] == "lifespan.startup.complete":
                self._started()
            await send(message)

        await self._app(scope, receive, tell)


def _serve_door(app: App, door: Any, bound: socket.socket, started: Callable[[], None], say: Say) -> None:
    """Serve the webhook until stopped, and look after what Telegram knows of it.

    Raises:
        StoreUnavailable: it could not start; another telelake holds the journal, or the folder cannot be used.
    """
    webhooks = app.webhooks(say)

    def begin() -> None:
        started()
        webhooks.start()  # Telegram may post as soon as it is told

    announced = _Announced(app.noted(door), begin)
    server = _server(announced, http=app.connections.protocol, at_stop=door.drain, **certificate(app.settings.capture))
    try:
        _until_stopped(server, bound)
    except SystemExit:  # uvicorn's way to say that the application did not start
        if announced.failure is None:
            raise
    finally:
        webhooks.stop()
    if announced.failure is not None:
        raise StoreUnavailable(announced.failure)


def _schedule(app: App) -> Schedule:
    settings = app.settings.schedule
    return Schedule(app.turn, app.zone, every=settings.every_seconds, after_midnight=settings.after_midnight_seconds)


class _Server(uvicorn.Server):
    """A server that says so before it waits for its open requests."""

    def __init__(self, config: uvicorn.Config, at_stop: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._at_stop = at_stop

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, and end what is open."""
        if self._at_stop is not None:
            self._at_stop()
        await super().shutdown(sockets)


def _server(app: Any, http: Any = "httptools", at_stop: Callable[[], None] | None = None, **tls: Any) -> uvicorn.Server:
    return _Server(
        uvicorn.Config(
            app,
            loop="telelake.capture.connection:Loop",
            http=http,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # by default it believes X-Forwarded-For of whoever comes from 127.0.0.1
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            timeout_keep_alive=75,  # Telegram keeps an idle connection for 60 s; closing first would cost it a retry
            **tls,
        ),
        at_stop,
    )


def _serve_beside(server: uvicorn.Server, bound: socket.socket) -> None:
    asyncio.run(server.serve(sockets=[bound]))


def _until_stopped(server: uvicorn.Server, bound: socket.socket) -> None:
    # Once it has ended, uvicorn raises the signal again for whoever was there before it; a clean end is exit code 0.
    _on_signals(lambda: None)
    server.run(sockets=[bound])


def _on_signals(stop: Callable[[], None]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop())
