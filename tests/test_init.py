"""`telelake init`: every combination of answers gives a file that loads, no secret is in it, and nothing is overwritten."""

from __future__ import annotations

import io
import itertools
import json
import os
import pty
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from telelake import cli
from telelake.errors import SettingsError
from telelake.operate.begin import check_public_url, guess_language, guess_timezone, variable_of, write
from telelake.settings import load
from tests.telegram.bot_api import Server, bot_api

TOKEN = "7000000001:canary-token-8b1d_Zz"
SECONDS = 20.0


@dataclass(frozen=True)
class Said:
    """What the command said and how it ended."""

    code: int
    out: str
    err: str


Init = Callable[..., Said]


@pytest.fixture
def init(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Init:
    """`telelake init` in an empty folder, with the lines that are typed."""
    monkeypatch.chdir(tmp_path)
    for name in [
        name for name in os.environ if name.startswith("TELELAKE_") or name.endswith(("BOT_TOKEN", "BOT_SECRET"))
    ]:
        monkeypatch.delenv(name)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TZ", "Europe/Lisbon")

    def call(*arguments: Any, typed: str | None = None) -> Said:
        monkeypatch.setattr(sys, "argv", ["telelake", "init", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed or ""))
        code: Any = 0
        try:
            cli.main()
        except SystemExit as ended:
            code = ended.code or 0
        out, err = capsys.readouterr()
        assert "canary" not in out + err
        return Said(code, out, err)

    return call


@pytest.fixture
def server() -> Iterator[Server]:
    """A Bot API server that knows one token."""
    with bot_api(TOKEN) as running:
        yield running


WEBHOOK = ("--public-url", "https://lake.example/")
COMBINATIONS = list(
    itertools.product(
        ("en", "pt"), ("poll", "webhook", "proxy"), ("folder ç \"'\\ of\tmine", "s3://bucket/prefix"), (False, True)
    )
)


@pytest.mark.parametrize(("lang", "mode", "home", "has_api"), COMBINATIONS)
def test_every_combination_loads(init: Init, tmp_path: Path, lang: str, mode: str, home: str, has_api: bool) -> None:
    """As settings, with what was given; a folder by its whole path; a bucket with a local folder for the journal."""
    more = [*(WEBHOOK if mode == "webhook" else ()), *(("--api", "http://127.0.0.1:9/") if has_api else ())]
    said = init("--yes", "--lang", lang, "--mode", mode, "--home", home, "--timezone", "America/Sao_Paulo", *more)
    assert (said.code, said.out) == (0, "telelake.toml\n"), said.err
    settings = load()
    name = {"en": "support", "pt": "suporte"}[lang]
    bot = settings.bots[name]
    assert list(settings.bots) == [name]
    assert (settings.timezone, bot.mode) == ("America/Sao_Paulo", mode)
    assert settings.home == (home if home.startswith("s3:") else str(tmp_path / home))
    assert settings.state_path == (tmp_path / "telelake-state" if home.startswith("s3:") else tmp_path / home / "state")
    assert bot.token is not None
    assert bot.token.env == f"{name.upper()}_BOT_TOKEN"
    assert (bot.secret.env if bot.secret else None) == (f"{name.upper()}_BOT_SECRET" if mode == "webhook" else None)
    assert settings.capture.public_url == ("https://lake.example" if mode == "webhook" else None)
    assert settings.capture.host == ("0.0.0.0" if mode == "webhook" else "127.0.0.1")
    assert bot.api == ("http://127.0.0.1:9/" if has_api else "https://api.telegram.org")
    assert ("export SUPPORT_BOT_SECRET=" in said.err) == (mode == "webhook" and lang == "en")
    assert f"export {name.upper()}_BOT_TOKEN='123456:ABC…'" in said.err
    assert said.err.count("telelake run") == 1
    assert said.err.count("telelake doctor") == 1


def test_the_commented_lines_are_settings_too(init: Init, tmp_path: Path) -> None:
    """With every `# name = value` uncommented the file still loads."""
    init("--yes", "--mode", "webhook", *WEBHOOK)
    file = tmp_path / "telelake.toml"
    lines = file.read_text().splitlines()
    used = [line.removeprefix("# ") if line.startswith("# ") and " = " in line else line for line in lines]
    assert sum(a != b for a, b in zip(lines, used, strict=True)) == 4
    file.write_text("\n".join(used))
    settings = load()
    assert settings.bots["support"].forward_to == "http://127.0.0.1:9000/"
    assert settings.capture.tls_key == Path("/etc/telelake/privkey.pem")
    assert settings.capture.host == "127.0.0.1"


def test_what_is_not_given_is_asked_until_it_can_be_right(init: Init, tmp_path: Path) -> None:
    """Wrong answers are explained and asked again; a bot's token that is typed for a name is not shown."""
    typed = ["", "Nowhere/City", "America/Recife", "Two Words", "vendas", "push", "webhook", "http://lake.example",
             "https://lake.example:8080", "https://lake.example:8443", "", TOKEN, "MY_TOKEN"]  # fmt: skip
    said = init(typed="\n".join(typed) + "\n")
    assert said.code == 0, said.err
    for words in (
        "'Nowhere/City' is not an IANA zone", "'Two Words' is no name for a bot", "'push' is no mode. Known: poll, webhook, proxy",
        "Telegram posts to https:// only", "443, 80, 88, 8443 only, not to 8080", "and not the secret itself",
    ):  # fmt: skip
        assert words in said.err
    settings = load()
    assert (settings.home, settings.timezone) == (str(tmp_path / "lake"), "America/Recife")
    bot = settings.bots["vendas"]
    assert bot.token and bot.secret
    assert (bot.token.env, bot.secret.env) == ("MY_TOKEN", "VENDAS_BOT_SECRET")
    assert settings.capture.public_url == "https://lake.example:8443"


def test_enter_takes_what_is_likely(init: Init, monkeypatch: pytest.MonkeyPatch) -> None:
    """Polling, this machine's time zone, and the language of the environment."""
    monkeypatch.setenv("LANG", "pt_BR.UTF-8")
    said = init(typed="\n" * 5)
    assert said.code == 0
    assert "Onde fica o lake?" in said.err
    settings = load()
    assert (settings.timezone, settings.bots["suporte"].mode) == ("Europe/Lisbon", "poll")


def test_an_end_of_the_input_writes_nothing(init: Init, tmp_path: Path) -> None:
    """As when nobody sits there."""
    assert init(typed="\n").code == 1
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_kept(init: Init, tmp_path: Path) -> None:
    """Before anything is asked; unless it is to be written over."""
    file = tmp_path / "telelake.toml"
    file.write_text("# mine\n")
    refused = init("--yes")
    assert (refused.code, file.read_text()) == (1, "# mine\n")
    assert "is there already, and it is kept" in refused.err
    assert init("--yes", "--force").code == 0
    assert "[bots.support]" in file.read_text()


def test_a_file_that_appears_while_one_answers_is_kept(tmp_path: Path) -> None:
    """It is the writing that refuses, not only a look before it."""
    file = tmp_path / "telelake.toml"
    file.write_text("# mine\n")
    with pytest.raises(SettingsError, match="is there already, and it is kept"):
        write(file, "# new\n", replace=False)
    assert file.read_text() == "# mine\n"


def test_writing_over_a_file_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    """A full disk must not take the settings away; nothing is left beside, and a link and its rights stay."""
    file, link = tmp_path / "real" / "t.toml", tmp_path / "t.toml"
    file.parent.mkdir()
    file.write_text("# mine\n")
    file.chmod(0o640)
    link.symlink_to(file)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
        with pytest.raises(SettingsError, match="cannot be written: File too large"):
            write(link, "# new\n" * 1000, replace=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert file.read_text() == "# mine\n"
    assert list(file.parent.iterdir()) == [file]
    write(link, "# new\n", replace=True)
    assert (file.read_text(), file.stat().st_mode & 0o777, link.is_symlink()) == ("# new\n", 0o640, True)
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--mode", "webhook"], "--public-url is needed"),
        (["--mode", "push"], "'push' is no mode"),
        (["--timezone", "Mars"], "'Mars' is not an IANA zone"),
        (["--bot", "Ünder"], "is no name for a bot here"),
        (["--lang", "fr"], "--lang fr is not known. Use en or pt"),
        (["--home", "ftp://x"], "is not understood"),
        (["--home", "s3:///prefix"], "names no bucket"),
        (["--home", "/dev/null"], "is a file"),
        (["--token-env", TOKEN], "and not the secret itself"),
        (["--config", "no/such/folder/t.toml"], "cannot be written: No such file"),
        (["--mode", "webhook", "--public-url", "lake.example"], "That is no address"),
        (["--api", "http://user:canary@h"], "a user name or a password in it"),
        (["--api", "canary.example"], "must begin with https:// or http://"),
    ],
)
def test_what_is_given_wrong_is_refused(init: Init, tmp_path: Path, arguments: list[str], words: str) -> None:
    """With what is right, and nothing is written."""
    said = init("--yes", *arguments)
    assert said.code == 1
    assert words in said.err
    assert "canary" not in said.err
    assert not list(tmp_path.rglob("*.toml"))


def test_another_place_is_named_to_the_command_that_follows(init: Init, tmp_path: Path) -> None:
    """`--config`, which `telelake run` then needs."""
    said = init("--yes", "--config", tmp_path / "other.toml")
    assert said.out == f"{tmp_path / 'other.toml'}\n"
    assert f"telelake run --config {tmp_path / 'other.toml'}" in said.err


def test_a_lake_that_is_there_keeps_its_time_zone(init: Init, tmp_path: Path) -> None:
    """It is not asked for, and another is refused."""
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake" / "lake.json").write_text(json.dumps({"format": 1, "timezone": "America/Manaus"}))
    refused = init("--yes", "--timezone", "UTC")
    assert refused.code == 1
    assert "was made with America/Manaus" in refused.err
    assert init("--yes").code == 0
    assert load().timezone == "America/Manaus"


@pytest.mark.parametrize("lang", ["en", "pt"])
def test_the_token_is_tried_when_the_environment_has_it(
    init: Init, tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch, lang: str
) -> None:
    """Whose it is, privacy mode and a webhook that is in the way are said; the token is in no file and not said."""
    monkeypatch.setenv("MY_TOKEN", TOKEN)
    server.more["getMe"] = {"can_read_all_group_messages": False}
    server.webhooks[TOKEN] = {"url": "https://bot.example/canary"}
    said = init("--yes", "--lang", lang, "--api", server.url, "--token-env", "MY_TOKEN")
    assert said.code == 0
    assert "suporte_bot (id 7000000001)" in said.err
    assert "/setprivacy" in said.err
    assert "https://bot.example/…" in said.err
    assert "export MY_TOKEN" not in said.err, "it is set already"
    assert "canary" not in (tmp_path / "telelake.toml").read_text()
    assert set(server.methods()) == {"getMe", "getWebhookInfo"}


def test_nothing_is_said_where_nothing_is_in_the_way(
    init: Init, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Privacy mode off and no webhook; and with a webhook of ours to come, one that is there is no trouble."""
    monkeypatch.setenv("MY_TOKEN", TOKEN)
    common = ("--yes", "--api", server.url, "--token-env", "MY_TOKEN")
    quiet = init(*common)
    server.webhooks[TOKEN] = {"url": "https://bot.example/canary"}
    webhook = init(*common, "--force", "--mode", "webhook", *WEBHOOK)
    for said in (quiet, webhook):
        assert (said.code, "/setprivacy" in said.err, "bot.example" in said.err) == (0, False, False)
        assert "suporte_bot" in said.err


def test_a_token_that_fails_is_no_reason_not_to_write(
    init: Init, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unknown one, one of a wrong form, and a Telegram that is away are said; and with --no-check nothing is asked."""
    for token, words in (
        ("7000000009:canary-unknown", "Unauthorized"),
        ("canary", "has the form 123456:ABC"),
    ):
        monkeypatch.setenv("MY_TOKEN", token)
        said = init("--yes", "--force", "--api", server.url, "--token-env", "MY_TOKEN")
        assert said.code == 0
        assert words in said.err
    monkeypatch.setenv("MY_TOKEN", TOKEN)
    away = init("--yes", "--force", "--api", "http://127.0.0.1:1", "--token-env", "MY_TOKEN")
    assert (away.code, "got no answer" in away.err) == (0, True)
    before = len(server.asked_at)
    assert init("--yes", "--force", "--no-check", "--api", server.url, "--token-env", "MY_TOKEN").code == 0
    assert len(server.asked_at) == before


def test_at_a_terminal_the_token_may_be_typed_unseen(tmp_path: Path, server: Server) -> None:
    """It is tried, not echoed and not kept."""
    master, slave = pty.openpty()
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("TELELAKE_") and key != "MY_TOKEN"
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "telelake", "init", "--lang", "en", "--home", "lake", "--timezone", "UTC", "--bot", "b",
         "--mode", "poll", "--token-env", "MY_TOKEN", "--api", server.url],
        cwd=tmp_path, env=environment, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    seen, typed, ends = b"", False, time.monotonic() + SECONDS
    while process.poll() is None or select.select([master], [], [], 0)[0]:
        assert time.monotonic() < ends, seen
        if not select.select([master], [], [], 0.1)[0]:
            continue
        try:
            seen += os.read(master, 65536)
        except OSError:  # the other side has ended
            break
        if b"Enter: later" in seen and not typed:
            typed = True
            time.sleep(0.2)  # until the echo is off
            os.write(master, TOKEN.encode() + b"\n")
    os.close(master)
    assert process.wait(SECONDS) == 0
    assert b"suporte_bot (id 7000000001)" in seen
    assert b"canary" not in seen
    assert "canary" not in (tmp_path / "telelake.toml").read_text()


def test_the_written_file_runs(init: Init, tmp_path: Path, server: Server) -> None:
    """`telelake capture` starts from it, and polls."""
    assert init("--yes", "--no-check", "--api", server.url, "--token-env", "MY_TOKEN").code == 0
    server.add(TOKEN, 5, b'{"update_id":5,\n"message":{"message_id":1,"date":1763712000}}')
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TELELAKE_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "telelake", "capture", "--capture-port", "0"], cwd=tmp_path,
        env={**environment, "MY_TOKEN": TOKEN}, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        ends = time.monotonic() + SECONDS
        while server.waiting.get(TOKEN):
            assert time.monotonic() < ends
            time.sleep(0.02)
    finally:
        process.terminate()
        assert "Polling for support" in process.communicate(timeout=SECONDS)[1]
    assert list((tmp_path / "lake").rglob("*.ndjson.zst"))


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "pt_BR.UTF-8"}, "pt"),
        ({"LANG": "pt_BR", "LC_ALL": "C"}, "en"),
        ({"LC_MESSAGES": "PT"}, "pt"),
    ],
)
def test_the_language_is_that_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], language: str
) -> None:
    """LC_ALL before LC_MESSAGES before LANG."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert guess_language() == language


def test_the_time_zone_is_that_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """TZ, else where /etc/localtime leads, else UTC."""
    zone = tmp_path / "zoneinfo" / "America" / "Bahia"
    zone.parent.mkdir(parents=True)
    zone.touch()
    link, plain = tmp_path / "localtime", tmp_path / "plain"
    link.symlink_to(zone)
    plain.touch()
    for told, place, expected in (
        (":Europe/Lisbon", link, "Europe/Lisbon"), ("", link, "America/Bahia"), ("EST5EDT4,M3", link, "America/Bahia"),
        ("", plain, "UTC"), ("", tmp_path / "none", "UTC"),
    ):  # fmt: skip
        monkeypatch.setenv("TZ", told)
        assert guess_timezone(place) == expected


def test_names_and_addresses() -> None:
    """A variable's name is one; a server of one's own may be posted to by http, at any port."""
    assert variable_of("my-bot", "TOKEN") == "MY_BOT_BOT_TOKEN"
    assert variable_of("2nd", "SECRET") == "BOT_2ND_BOT_SECRET"
    assert check_public_url("http://10.0.0.1:8080/x/", "http://127.0.0.1:8081") == "http://10.0.0.1:8080/x"
