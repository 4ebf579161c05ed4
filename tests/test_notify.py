"""Digest and alerts from the settings on: who is told, by the command and by a turn of the schedule."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from telelake import cli
from telelake.errors import SettingsError
from telelake.settings import load
from telelake.wiring import App
from tests.conftest import NOW, LakeFolder, message
from tests.telegram.server import ANA, GROUP, Bot, TelegramServer

TOKEN = "7000000001:the-token-of-a-test"


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        yield server


@pytest.fixture
def bot(telegram: TelegramServer) -> Bot:
    made = telegram.bot(TOKEN)
    made.say(GROUP, ANA, "bom dia")
    return made


@pytest.fixture
def config(tmp_path: Path, telegram: TelegramServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings of a lake with two messages of one day, which was wrangled."""
    lake = LakeFolder(tmp_path / "lake")
    lake.store.put("lake.json", json.dumps({"format": 1, "timezone": str(lake.zone)}).encode())
    lake.add(message(1, 1, "olá; 'tudo' bem?"), message(2, 2, "sim"))
    lake.wrangle()
    monkeypatch.setenv("A_BOTS_TOKEN", TOKEN)
    file = tmp_path / "telelake.toml"
    file.write_text(
        f'home = "{lake.root}"\ntimezone = "America/Sao_Paulo"\n'
        f'[bots.support]\ntoken = {{ env = "A_BOTS_TOKEN" }}\napi = "{telegram.url}"\n'
        f'[notify]\nbot = "support"\nchat = {GROUP.id}\n',
        encoding="utf-8",
    )
    return file


def written(bot: Bot) -> list[str]:
    return [call.parameters["text"] for call in bot.called("sendMessage") if call.status == 200]


def test_the_command_shows_and_sends(config: Path, bot: Bot) -> None:
    day = f"{NOW:%Y-%m-%d}"
    shown = CliRunner().invoke(cli.cli, ["digest", "--config", str(config), "--day", day, "--lang", "en"])
    assert shown.exit_code == 0, shown.output
    assert "Messages: 2; people: 1" in shown.stdout
    assert written(bot) == []

    sent = CliRunner().invoke(cli.cli, ["digest", "--config", str(config), "--day", day, "--send"])
    assert sent.exit_code == 0, sent.output
    assert "Mensagens: 2; pessoas: 1" in written(bot)[0]
    assert len(bot.called("sendMediaGroup")) == 1


def test_a_turn_of_the_schedule_tells(config: Path, bot: Bot) -> None:
    """The lake's last update is long ago, which is an alert, and told once; the next turn has nothing to tell."""
    text = config.read_text(encoding="utf-8")
    config.write_text(text + "digest = false\nsilent_hours = 1\n", encoding="utf-8")
    app = App(load(config))
    app.turn()
    app.turn()
    app.close()

    assert len([each for each in written(bot) if "Nenhum update" in each]) == 1


def test_who_cannot_be_told_is_logged_and_costs_nothing(config: Path, telegram: TelegramServer, bot: Bot) -> None:
    telegram.go_away()
    app = App(load(config))
    with capture_logs() as logs:
        app.turn()
    app.close()

    assert [each["event"] for each in logs if each["log_level"] == "error"] == ["could not tell"]
    assert TOKEN not in str(logs)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ('bot = "support"', "needs both"),
        ("chat = -5", "needs both"),
        ('bot = "other"\nchat = -5', "none of the bots"),
    ],
)
def test_settings_that_name_nobody(config: Path, line: str, wanted: str) -> None:
    text = config.read_text(encoding="utf-8").partition("[notify]")[0]
    config.write_text(f"{text}[notify]\n{line}\n", encoding="utf-8")

    with pytest.raises(SettingsError, match=wanted):
        _ = App(load(config)).notifier
