"""Settings: where each comes from, which wins, and what is said of one that is wrong."""

from __future__ import annotations

import os
import traceback
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from telelake.errors import SettingsError
from telelake.operate.home import open_home
from telelake.settings import FILE_NAME, Settings, load, local_path
from telelake.stores.objects import memory_store
from telelake.wiring import App


@pytest.fixture(autouse=True)
def _nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start in an empty folder, without any of our variables."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("TELELAKE_")]:
        monkeypatch.delenv(name)


def _write(text: str, folder: str = ".") -> Path:
    path = Path(folder) / FILE_NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _refused(**flags: Any) -> str:
    with pytest.raises(SettingsError) as refused:
        load(**flags)
    return str(refused.value)


def test_without_anything_there_are_defaults() -> None:
    """A setting that nobody gave has its default."""
    settings = load()

    assert (settings.home, settings.timezone, settings.capture.port) == ("file:lake", "UTC", 8080)


def test_flag_over_environment_over_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flag wins over the environment, the environment over the file; the file's other settings stay."""
    _write(
        'timezone = "Europe/Lisbon"\n[capture]\nport = 1\nseal_seconds = 5\n[dashboard]\nport = 1\n[sql]\nrows = 7\n'
    )
    monkeypatch.setenv("TELELAKE_CAPTURE__PORT", "2")
    monkeypatch.setenv("TELELAKE_DASHBOARD__PORT", "2")
    settings = load(capture__port=3, dashboard__port=None)

    assert (settings.capture.port, settings.dashboard.port, settings.sql.rows) == (3, 2, 7)
    assert (settings.capture.seal_seconds, settings.timezone) == (5, "Europe/Lisbon")


def test_where_the_file_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--config`, then the current folder's, then the home's; a named one must be there."""
    _write('timezone = "Asia/Tokyo"', "home")
    assert load(home="home").timezone == "Asia/Tokyo"
    monkeypatch.setenv("TELELAKE_HOME", "home")
    assert load().timezone == "Asia/Tokyo"
    _write('timezone = "Europe/Lisbon"')
    assert load(home="home").timezone == "Europe/Lisbon"
    other = _write('timezone = "America/Lima"', "other")
    assert load(other, home="home").timezone == "America/Lima"
    assert "no settings file at nowhere.toml" in _refused(config=Path("nowhere.toml"))


@pytest.mark.parametrize(
    ("text", "unknown", "near"),
    [
        ('timezon = "UTC"', "timezon", "timezone"),
        ("[captur]\nport = 1", "captur", "capture"),
        ("[capture]\nprot = 1", "capture.prot", "port"),
        ('[bots.support]\ntokn = { env = "X" }', "bots.support.tokn", "token"),
        ('[bots.support]\ntoken = { enw = "X" }', "bots.support.token.enw", "env"),
    ],
)
def test_an_unknown_key_of_the_file_names_the_nearest(text: str, unknown: str, near: str) -> None:
    """A key that no setting has is refused, with the file and what was probably meant."""
    _write(text)
    said = _refused()

    assert f"Unknown setting '{unknown}' in {FILE_NAME}" in said
    assert f"did you mean '{near}'?" in said


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("TELELAKE_TIMEZON", "TELELAKE_TIMEZONE"),
        ("TELELAKE_CAPTUR__PORT", "TELELAKE_CAPTURE"),
        ("TELELAKE_CAPTURE_PORT", "TELELAKE_CAPTURE"),
        ("TELELAKE_CAPTURE__PROT", "port"),
    ],
)
def test_an_unknown_variable_names_the_nearest(monkeypatch: pytest.MonkeyPatch, name: str, near: str) -> None:
    """A misspelt variable is refused, at the top level too, with what was probably meant."""
    monkeypatch.setenv(name, "1")

    assert f"did you mean '{near}'?" in _refused()


def test_variables_that_are_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours for other ends, and those that a setting names as the place of a secret, are not taken for settings."""
    for name in ("TELELAKE_CHROMIUM", "TELELAKE_DEMO_SECRET", "TELELAKE_TEST_KILLS", "TELELAKE_MY_TOKEN"):
        monkeypatch.setenv(name, "1:x")
    assert "TELELAKE_MY_TOKEN is no setting" in _refused()
    _write('[bots.support]\ntoken = { env = "TELELAKE_MY_TOKEN" }')

    assert load().bots["support"].bot_id("support") == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('timezone = "Brasil/Oriente"', "timezone = 'Brasil/Oriente' is not an IANA zone name"),
        ('timezone = "../../etc/passwd"', "is not an IANA zone name"),
        ('timezone = ""', "is not an IANA zone name"),
        ('home = "ftp://here"', "home = 'ftp://here' is not understood. Use file:///path"),
        ("[capture]\nport = 65536", "'capture.port' in telelake.toml"),
        ("[capture]\nport = 'http'", "'capture.port' in telelake.toml"),
        ("[schedule]\nevery_seconds = 0", "'schedule.every_seconds'"),
        ("[wrangle]\nmemory = '1 terabyte'", "'wrangle.memory'"),
        ('[bots.support]\nmode = "carrier pigeon"', "'bots.support.mode'"),
        ('[bots.support]\ntoken = "1:abc"', "'bots.support.token'"),
        ("timezone = ", "telelake.toml is not valid TOML"),
    ],
)
def test_an_impossible_value_is_named(text: str, said: str) -> None:
    """What is wrong is said with its key, at once and not when it is first used."""
    _write(text)

    assert said in _refused()


def test_a_file_that_is_not_utf8() -> None:
    """Bytes that are no text are said to be no TOML."""
    Path(FILE_NAME).write_bytes(b'timezone = "\xff"')

    assert "is not valid TOML" in _refused()


def test_an_impossible_flag_is_named() -> None:
    """A flag is checked as a file's setting is."""
    assert "port" in _refused(capture__port=65536)


@pytest.mark.parametrize(
    ("home", "path"),
    [("file:///a/b", "/a/b"), ("/a/b", "/a/b"), ("file:///a%20b", "/a b"), ("s3://bucket/prefix", None)],
)
def test_homes(home: str, path: str | None) -> None:
    """A home is a folder, plain or as a file URL, or a bucket."""
    assert local_path(home) == (Path(path) if path else None)


def test_a_bucket_needs_a_local_folder() -> None:
    """The journal needs a local disk: a bucket without `state_dir` is refused where it is used."""
    with pytest.raises(SettingsError, match="state_dir must be set"):
        _ = load(home="s3://bucket").state_path
    assert load(home="here").state_path == Path.cwd() / "here" / "state"


def test_bots_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bots are set as JSON or part by part; their secrets are read from where they are named."""
    monkeypatch.setenv("TELELAKE_BOTS", '{"one": {"id": 5}}')
    monkeypatch.setenv("TELELAKE_BOTS__TWO__TOKEN__ENV", "TWO_TOKEN")
    monkeypatch.setenv("TELELAKE_BOTS__TWO__SECRET__ENV", "TWO_SECRET")
    monkeypatch.setenv("TWO_TOKEN", "77:abc")
    monkeypatch.setenv("TWO_SECRET", "s3cret_-")
    bots = load().bots

    assert {name: bot.bot_id(name) for name, bot in bots.items()} == {"one": 5, "two": 77}
    assert bots["two"].webhook_secret("two") == "s3cret_-"


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "TOKEN is not set. Export it"),
        ({"TOKEN": "no-token"}, "not of the form 123456:ABC"),
        ({"TOKEN": "７:x"}, "not of the form 123456:ABC"),
        ({"TOKEN": "7:canary", "SECRET": "not allowed!"}, "The secret in SECRET must be 1-256 characters"),
    ],
)
def test_secrets_that_cannot_be(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], said: str) -> None:
    """A missing or malformed secret is said by its variable's name, never by its value."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    _write('[bots.support]\ntoken = { env = "TOKEN" }\nsecret = { env = "SECRET" }')
    bot = load().bots["support"]
    with pytest.raises(SettingsError, match=said) as refused:
        _ = bot.bot_id("support"), bot.webhook_secret("support")

    assert not any(value in str(refused.value) for value in variables.values())


TOKEN = "123456:AAE-canary"


@pytest.mark.parametrize("key", ["token", "secret"])
def test_a_secret_where_its_variables_name_belongs_is_not_repeated(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """The most likely mistake puts a token into the file; no message may put it into a log, too."""
    _write(f'[bots.support]\n{key} = {{ env = "{TOKEN}" }}')
    with pytest.raises(SettingsError) as refused:
        load()
    said = "".join(traceback.format_exception(refused.value))
    assert f"'bots.support.{key}.env' in telelake.toml or the environment" in said
    assert "That is no name of an environment variable" in said
    assert "canary" not in said
    monkeypatch.setenv(f"TELELAKE_BOTS__SUPPORT__{key.upper()}__ENV", TOKEN)
    Path(FILE_NAME).unlink()
    assert "canary" not in _refused()


@pytest.mark.parametrize(
    ("section", "key"), [("bots.support", "api"), ("bots.support", "forward_to"), ("aws", "bot_api")]
)
@pytest.mark.parametrize("userinfo", ["user:canary@", "canary@", ":canary@", "a@canary@"])
def test_an_address_that_would_be_logged_holds_no_password(section: str, key: str, userinfo: str) -> None:
    """It is refused, with its setting's name, and not repeated. An `@` further on is no password."""
    _write(f'[{section}]\n{key} = "http://{userinfo}127.0.0.1:9000/x"')
    with pytest.raises(SettingsError) as refused:
        load()
    said = "".join(traceback.format_exception(refused.value))
    assert (
        f"'{section}.{key}' in telelake.toml or the environment (TELELAKE_*): There is a user name or a password in it"
        in said
    )
    assert "canary" not in said
    _write(f'[{section}]\n{key} = "http://127.0.0.1:9000/@x?y@z"')
    load()


def test_a_token_of_a_wrong_form_is_found_in_every_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is read, by its variable's name, and not when Telegram is first asked; spaces are a usual slip."""
    _write('[bots.support]\ntoken = { env = "TOKEN" }')
    bot = load().bots["support"]
    for value in ("7:canary with spaces", "7:canary\n", "7:", "7"):
        monkeypatch.setenv("TOKEN", value)
        for read in (bot.bot_id, bot.api_token):
            with pytest.raises(SettingsError, match="The token in TOKEN is not of the form") as refused:
                read("support")
            assert "canary" not in str(refused.value)


def test_two_bots_are_not_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second would take the first one's place in the proxy, without a word. What needs no token does not ask for it."""
    _write('[bots.one]\ntoken = { env = "TOKEN" }\n[bots.two]\nid = 8\n[bots.three]\nid = 7')
    settings = load()
    with pytest.raises(SettingsError, match="TOKEN is not set"):
        settings.bot_ids()
    monkeypatch.setenv("TOKEN", "7:canary")
    with pytest.raises(SettingsError, match=r"bots\.one and bots\.three are one bot: both have the id 7"):
        settings.bot_ids()
    with pytest.raises(SettingsError, match="are one bot"):
        App(settings).webhook()
    monkeypatch.setenv("TOKEN", "9:canary")
    assert settings.bot_ids() == {"one": 9, "two": 8, "three": 7}


def test_a_bot_that_is_polled_needs_its_token() -> None:
    """Its id is not enough to ask Telegram."""
    _write('[bots.support]\nmode = "poll"\nid = 7')
    with pytest.raises(SettingsError, match=r'bots\.support has mode = "poll" and needs `token'):
        load().bots["support"].api_token("support")


def test_no_secret_is_ever_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither repr nor a dump of the settings holds a secret, also once it was read."""
    monkeypatch.setenv("TOKEN", "7:canary")
    monkeypatch.setenv("SECRET", "canary")
    _write('[bots.support]\ntoken = { env = "TOKEN" }\nsecret = { env = "SECRET" }')
    settings = load()
    bot = settings.bots["support"]

    assert (bot.bot_id("support"), bot.webhook_secret("support")) == (7, "canary")
    assert "canary" not in f"{settings!r}{settings}{settings.model_dump_json()}{bot!r}{vars(bot)}"


def test_settings_are_frozen() -> None:
    """What was read is handed on and stays."""
    with pytest.raises(ValueError, match="frozen"):
        load().timezone = "UTC"


def _sections(model: type[BaseModel]) -> list[type[BaseModel]]:
    found = [model]
    for each in model.model_fields.values():
        for kind in (each.annotation, *getattr(each.annotation, "__args__", ())):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                found += _sections(kind)
    return found


@pytest.mark.parametrize("model", dict.fromkeys(_sections(Settings)), ids=lambda model: model.__name__)
def test_every_setting_says_what_it_is(model: type[BaseModel]) -> None:
    """A setting has a sentence of its own, or is a section, whose class has one."""
    for name, field in model.model_fields.items():
        is_section = isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
        said = (field.annotation.__doc__ if is_section and field.annotation else None) or field.description

        assert said, f"{model.__name__}.{name}"
        assert said.rstrip().endswith("."), f"{model.__name__}.{name}"


def test_the_zone_of_a_lake_is_fixed() -> None:
    """The zone that a lake was made with decides its days for ever: another is refused, none is taken from the lake."""
    store = memory_store()
    made = open_home(store, "America/Sao_Paulo", is_given=True)

    assert open_home(store, "UTC", is_given=False) == made
    assert open_home(store, "America/Sao_Paulo", is_given=True) == made
    with pytest.raises(SettingsError, match="timezone = 'UTC', but this lake was made with 'America/Sao_Paulo'"):
        open_home(store, "UTC", is_given=True)


def test_a_lake_of_a_later_telelake_is_refused() -> None:
    """A format that we do not know is not guessed at."""
    store = memory_store()
    store.put("lake.json", b'{"format": 2, "timezone": "UTC"}')

    with pytest.raises(SettingsError, match="made by a later telelake"):
        open_home(store, "UTC", is_given=False)
