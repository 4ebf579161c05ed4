"""README and tutorial, typed as a new user types them, in both languages: every command is run, or is named here with the reason.

Telegram is the stand-in; what a person would answer or fill in is filled in below, and nothing else is changed.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.docs_site.commands import ROOT, of_blocks
from tests.telegram.server import ANA, BIA, GROUP, TelegramServer
from tests.telegram.test_desktop import as_desktop, chat
from tests.telegram.test_desktop import message as exported

TOKEN = "7000000001:canary-token-of-the-tutorial"
SECONDS = 60.0
ELSEWHERE = {
    "python3 -m venv telelake-env": "tests/pack/test_wheel.py installs into an empty environment",
    ". telelake-env/bin/activate": "the same",
    "pip install 'telelake[topics]'": "the same",
    "make demo": "tests/demo/test_run.py; CI sets the environment up by make",
    "make test": "is what runs this",
}
"""Commands that are not run here → where they are."""
SERVERS = ("telelake run", "telelake dashboard")


def typed(page: str) -> list[str]:
    """Return a page's commands, without the folder that a clone has its programs in."""
    return [each.text.replace(".venv/bin/telelake", "telelake") for each in of_blocks(ROOT / page)]


@dataclass
class Desk:
    """A new user's terminal."""

    folder: Path
    environment: dict[str, str]
    api: str
    said: dict[str, str] = field(default_factory=dict)
    """What was typed → what came to stdout."""
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def type(self, command: str) -> None:
        """Type a command as it stands; it must end well, or, of a server, say that it is ready."""
        known = re.sub(r"(?<=^telelake report )\S+", "OUT", command)  # the same report, whatever it is called
        if command in ELSEWHERE or (known in self.said and not command.startswith("telelake wrangle")):
            return
        if name := re.match(r"export (\w+)=", command):
            self.environment[name[1]] = TOKEN
            return
        if command in SERVERS:
            self._start(command)
            return
        if command.startswith("telelake forget"):
            self.stop()  # as it tells whoever forgets to
        line, until = self._filled_in(command), time.monotonic() + SECONDS
        while True:
            done = subprocess.run(
                ["sh", "-c", line],
                cwd=self.folder,
                env=self.environment,
                capture_output=True,
                text=True,
                timeout=SECONDS,
            )
            # "Try again later": `run` builds at this moment, as the page says.
            if done.returncode != os.EX_TEMPFAIL or time.monotonic() > until:
                break
            time.sleep(0.5)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        self.said[known] = done.stdout

    def _filled_in(self, command: str) -> str:
        """Return a command with what a person would answer: of `init`, all that is likely; of a correction, whose."""
        if command.startswith("telelake init"):
            return f"{command} --yes --mode poll --force --timezone America/Sao_Paulo --api {self.api}"
        if command.startswith("telelake label"):
            found = json.loads(self.ask("SELECT question_id FROM questions LIMIT 1"))
            return re.sub(r"QUESTION|PERGUNTA", str(found[0]["question_id"]), command)
        return command

    def ask(self, sql: str) -> str:
        line = f"telelake sql {shlex.quote(sql)} --format json"
        return subprocess.run(
            ["sh", "-c", line], cwd=self.folder, env=self.environment, capture_output=True, text=True, check=True
        ).stdout

    def _start(self, command: str) -> None:
        """Start a server on free ports, and wait until it says where its page is."""
        ports = "--dashboard-port 0" + (" --capture-port 0" if command.endswith("run") else "")
        process = subprocess.Popen(
            ["sh", "-c", f"exec {command} {ports}"], cwd=self.folder, env=self.environment, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.running.append(process)
        assert process.stderr is not None
        heard = ""
        while "Dashboard:" not in heard:
            line = process.stderr.readline()
            assert line, heard
            heard += line
        self.said[command] = heard

    def stop(self) -> None:
        """End the servers as Ctrl-C does; they must end well."""
        for process in self.running:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=SECONDS)
            assert process.returncode in (0, 130)
        self.running.clear()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Where the English tutorial was typed, from its first command to its last."""
    folder = tmp_path_factory.mktemp("newcomer")
    programs = folder / "programs"
    programs.mkdir()
    program = programs / "telelake"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m telelake "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    export = folder / "Downloads" / "Telegram Desktop" / "ChatExport_2026-11-21" / "result.json"
    export.parent.mkdir(parents=True)
    export.write_bytes(as_desktop(chat(exported(1, "antes do bot"))))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TELELAKE_")}
    quick = {"TELELAKE_CAPTURE__SEAL_SECONDS": "0.2", "TELELAKE_SCHEDULE__EVERY_SECONDS": "3600"}
    work = folder / "work"
    work.mkdir()
    with TelegramServer() as telegram:
        bot = telegram.bot(TOKEN)
        path = f"{programs}{os.pathsep}{kept['PATH']}"
        desk = Desk(work, {**kept, **quick, "PATH": path, "HOME": str(folder)}, telegram.url)
        try:
            for command in typed("docs/tutorial.md"):
                desk.type(command)
                if command == "telelake run":
                    bot.say(GROUP, ANA, "Como faço para emitir a segunda via do boleto?")
                    said = bot.say(GROUP, BIA, "No menu Pagamentos, em Segunda via.")
                    assert said.update_id is not None
                    _until_in_raw(work, 2)
            yield desk
        finally:
            desk.stop()


def _until_in_raw(work: Path, count: int) -> None:
    """Wait for what a person waits for: a minute, there."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        found = sum(int(path.name.partition("-")[0]) for path in work.rglob("raw/bot=*/*/*.ndjson.zst"))
        if found >= count:
            return
        time.sleep(0.1)
    raise AssertionError("nothing came into raw")


def test_the_tutorial_leads_from_a_token_to_a_chart(desk: Desk) -> None:
    settings = (desk.folder / "telelake.toml").read_text(encoding="utf-8")
    texts = {row["text"] for row in json.loads(desk.ask("SELECT text FROM messages"))}

    assert "SUPPORT_BOT_TOKEN" in settings and TOKEN not in settings
    assert texts == {
        "antes do bot",
        "Como faço para emitir a segunda via do boleto?",
        "No menu Pagamentos, em Segunda via.",
    }
    assert desk.said["telelake insights messages_per_day --format csv"].count("\n") >= 2
    assert "<svg" in (desk.folder / "first.html").read_text(encoding="utf-8")


def test_the_portuguese_tutorial_is_the_same_and_runs_too(desk: Desk) -> None:
    english, portuguese = typed("docs/tutorial.md"), typed("docs/tutorial.pt.md")
    assert [re.sub(r" --lang pt", "", each) for each in portuguese] == english
    for command in portuguese:
        desk.type(command)
    assert desk.said["telelake insights --lang pt"] != desk.said["telelake insights"]


@pytest.mark.parametrize("page", ["README.md", "README.pt-BR.md"])
def test_the_readme_can_be_typed(desk: Desk, page: str) -> None:
    """Over the tutorial's lake; commands that it has in common were run there."""
    commands = [re.sub(r"^(make demo|make test)\b.*", r"\1", each) for each in typed(page)]
    assert len(commands) >= 16
    for command in commands:
        desk.type(command)


def test_what_is_not_run_here_is_on_a_page_still() -> None:
    """So that the list of exceptions never grows old."""
    pages = ("README.md", "README.pt-BR.md", "docs/tutorial.md", "docs/tutorial.pt.md")
    there = {re.sub(r"^(make demo|make test)\b.*", r"\1", each) for page in pages for each in typed(page)}
    assert set(ELSEWHERE) <= there


def test_a_command_that_fails_would_be_seen(desk: Desk) -> None:
    """The twin."""
    with pytest.raises(AssertionError, match="no_such_table"):
        desk.type('telelake sql "SELECT * FROM no_such_table"')
