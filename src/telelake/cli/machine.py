"""What runs on this machine: capture, schedule and dashboard until stopped, and the demonstration."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from telelake.cli.common import Config, DashboardPort, Home, open_app, say

if TYPE_CHECKING:
    from telelake.settings import Log

CapturePort = Annotated[int | None, typer.Option("--capture-port", help="Port of the webhook; 0 takes a free one.")]


def run(
    home: Home = None, config: Config = None, capture_port: CapturePort = None, dashboard_port: DashboardPort = None
) -> None:
    """Capture, wrangle on schedule and serve the dashboard, until stopped."""
    from telelake import serve

    app = open_app(config, home=home, capture__port=capture_port, dashboard__port=dashboard_port)
    _log_to_stderr(app.settings.log)
    serve.run(app, say)


def capture(home: Home = None, config: Config = None, capture_port: CapturePort = None) -> None:
    """Serve the webhook, until stopped."""
    from telelake import serve

    app = open_app(config, home=home, capture__port=capture_port)
    _log_to_stderr(app.settings.log)
    serve.capture(app, say)


def schedule(home: Home = None, config: Config = None) -> None:
    """Wrangle what is due every few minutes and after midnight, until stopped."""
    from telelake import serve

    app = open_app(config, home=home)
    _log_to_stderr(app.settings.log)
    serve.schedule(app, say)


def dashboard(home: Home = None, config: Config = None, dashboard_port: DashboardPort = None) -> None:
    """Serve the dashboard, until stopped."""
    from telelake import serve

    app = open_app(config, home=home, dashboard__port=dashboard_port).existing()
    _log_to_stderr(app.settings.log)
    serve.dashboard(app, say)


def demo(
    home: Annotated[str, typer.Option("--home", help="Folder of the made-up lake.")] = "demo-lake",
    messages: Annotated[int, typer.Option(min=1, help="Messages to make up.")] = 20_000,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days they are spread over, today the last.")] = 28,
    seed: Annotated[int, typer.Option(help="The same seed makes the same group.")] = 1,
    no_serve: Annotated[
        bool, typer.Option("--no-serve", help="End after the summary instead of serving the dashboard.")
    ] = False,
    dashboard_port: DashboardPort = None,
) -> None:
    """Make a lake of a made-up Portuguese support group, through the real webhook, and show it."""
    from telelake import serve
    from telelake.demo.run import run_demo

    _log_to_stderr()
    app = run_demo(home, messages=messages, days=days, seed=seed, dashboard_port=dashboard_port, say=say)
    if not no_serve:
        serve.dashboard(app, say)


def _log_to_stderr(settings: Log | None = None) -> None:
    """Send the log of what runs to stderr; no other command writes one."""
    from telelake.operate import logs
    from telelake.settings import Log

    logs.configure(settings or Log(), _Stderr())


class _Stderr:
    """stderr, for threads that must outlive it: a log file on a full disk is no reason to stop sealing or polling."""

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.flush()

    def isatty(self) -> bool:
        with suppress(OSError, ValueError):
            return sys.stderr.isatty()
        return False
