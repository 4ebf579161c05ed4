"""The tests' bots, and `telelake capture`, as processes of their own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.clients.conversation import TOKEN

HERE = Path(__file__).parent
NODE_MODULES = Path(sys.prefix) / "node" / "node_modules"
SECRET = "canary-webhook-secret"
"""The bot's own; Telegram is told it, and telelake checks it."""
_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Client:
    """A bot framework, and how it gets its updates."""

    framework: str
    mode: str

    @property
    def command(self) -> list[str]:
        """Return what starts it."""
        if (HERE / f"{self.framework}_bot.py").exists():
            return [sys.executable, str(HERE / f"{self.framework}_bot.py")]
        return ["node", str(HERE / "node_bots" / f"{self.framework}_bot.js")]

    def __str__(self) -> str:
        return f"{self.framework}-{self.mode}"


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


class Process:
    """A process whose speech is kept."""

    def __init__(self, command: list[str], folder: Path, **environment: str) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TELELAKE_")}
        self._log = folder / f"{Path(command[-1]).stem}-{free_port()}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, cwd=folder, env={**kept, **environment}, stdout=log, stderr=subprocess.STDOUT
            )

    @property
    def said(self) -> str:
        """Return all that it has said so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def got(self) -> list[str]:
        """Return the kinds of the updates that reached a bot, in order."""
        return [line.removeprefix("GOT ") for line in self.said.splitlines() if line.startswith("GOT ")]

    @property
    def is_running(self) -> bool:
        """Return whether it has not ended."""
        return self._process.poll() is None

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, wait for the end and return the exit code."""
        self._process.send_signal(number)
        try:
            return self._process.wait(_SECONDS)
        finally:
            self.kill()

    def kill(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.wait()


@contextmanager
def running_bot(client: Client, api: str, folder: Path, *, port: int = 0, url: str = "") -> Iterator[Process]:
    """Run a bot; with a webhook it listens at a port and asks to have its updates posted to a URL."""
    said = folder / "canary-input"  # what a bot says of itself may hold its token; tests/canaries.py passes this over
    said.mkdir()
    process = Process(
        client.command, said, BOT_API=api, BOT_TOKEN=TOKEN, BOT_MODE=client.mode, BOT_PORT=str(port), BOT_URL=url,
        NODE_PATH=str(NODE_MODULES),
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()


class Capture(Process):
    """`telelake capture` over a home, with one bot."""

    def __init__(self, folder: Path, settings: str, *, port: int | None = None) -> None:
        """Start it and wait until it listens.

        Args:
            folder: where home, settings and log lie.
            settings: the bot's, less its token and secret.
            port: the one to listen on; a free one when not given.
        """
        self.home = folder / "home"
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        (folder / "telelake.toml").write_text(
            f'home = "{self.home}"\ntimezone = "America/Sao_Paulo"\n'
            f'[capture]\nhost = "127.0.0.1"\nport = {self.port}\nseal_seconds = 0.5\npublic_url = "{self.url}"\n'
            f'[bots.support]\ntoken = {{ env = "CLIENT_TOKEN" }}\nsecret = {{ env = "CLIENT_SECRET" }}\n{settings}\n',
            encoding="utf-8",
        )
        super().__init__(
            [sys.executable, "-m", "telelake", "capture"], folder, CLIENT_TOKEN=TOKEN, CLIENT_SECRET=SECRET
        )
        ends = time.monotonic() + _SECONDS
        while "Capture listens" not in self.said:
            if not self.is_running or time.monotonic() > ends:
                self.kill()
                raise AssertionError(self.said)
            time.sleep(0.01)
