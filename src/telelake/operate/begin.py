"""The first `telelake.toml`: what is asked for it, what of that can be right, and its text in two languages.

Names secrets and never holds one. Whoever asks the questions knows this module; it knows no terminal.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from telelake.errors import SettingsError
from telelake.settings import NO_VARIABLE, USERINFO, has_userinfo, is_variable, local_path
from telelake.telegram.client import API

Language = Literal["en", "pt"]
LANGUAGES: tuple[Language, ...] = ("en", "pt")
Mode = Literal["poll", "webhook", "proxy"]
MODES: tuple[Mode, ...] = ("poll", "webhook", "proxy")
_PORTS = (443, 80, 88, 8443)
_LOCALTIME = Path("/etc/localtime")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a lake with one bot needs."""

    home: str
    timezone: str
    bot: str
    """Its name in settings, tables' source and the webhook's address; not its user name at Telegram."""
    mode: Mode
    token_env: str
    secret_env: str | None = None
    """Only with a webhook."""
    public_url: str | None = None
    """Only with a webhook."""
    state_dir: str | None = None
    """Only when the home is a bucket."""
    api: str = API


def guess_language() -> Language:
    """Return the language of the environment, English when it is neither of ours."""
    found = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "pt" if found.lower().startswith("pt") else "en"


def check_language(text: str) -> Language:
    """Return a language.

    Raises:
        SettingsError: it is not one of ours.
    """
    for language in LANGUAGES:
        if text == language:
            return language
    raise SettingsError(f"--lang {text} is not known. Use en or pt.")


def guess_timezone(localtime: Path = _LOCALTIME) -> str:
    """Return the machine's time zone, UTC when it cannot be told."""
    told = os.environ.get("TZ", "").removeprefix(":")
    linked = str(localtime.resolve()).partition("/zoneinfo/")[2] if localtime.is_symlink() else ""
    for name in (told, linked):
        try:
            return check_timezone("UTC" if name == "Etc/UTC" else name)
        except SettingsError:
            continue
    return "UTC"


def check_timezone(text: str) -> str:
    """Return the name of a time zone.

    Raises:
        SettingsError: there is none of that name.
    """
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise SettingsError(f"'{text}' is not an IANA zone name such as America/Sao_Paulo or Europe/Lisbon.") from None
    return text


def check_home(text: str) -> str:
    """Return a home as it is written: a folder by its whole path, so that it is the same from everywhere.

    Raises:
        SettingsError: it is neither a folder nor a bucket.
    """
    folder = local_path(text)
    if folder is None and not urlsplit(text).netloc:
        raise SettingsError(f"'{text}' names no bucket. Write it as s3://bucket/prefix.")
    if folder is not None and folder.exists() and not folder.is_dir():
        raise SettingsError(f"{folder} is a file. Name a folder, or one that is not there yet.")
    return text if folder is None else str(folder)


def check_bot(text: str) -> str:
    """Return a bot's name.

    Raises:
        SettingsError: it could not stand in an address and in the settings.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,31}", text):
        raise SettingsError(f"'{text}' is no name for a bot here: use 1-32 of a-z 0-9 _ -, such as support.")
    return text


def check_mode(text: str) -> Mode:
    """Return a mode.

    Raises:
        SettingsError: there is none of that name.
    """
    for mode in MODES:
        if text == mode:
            return mode
    raise SettingsError(f"'{text}' is no mode. Known: {', '.join(MODES)}.")


def check_variable(text: str) -> str:
    """Return the name of an environment variable.

    Raises:
        SettingsError: it is none. It may be the secret itself, so it is not repeated.
    """
    if not is_variable(text):
        raise SettingsError(NO_VARIABLE)
    return text


def check_api(text: str) -> str:
    """Return the address of a Bot API server.

    Raises:
        SettingsError: it is none, or has a password in it. So it is not repeated.
    """
    if not text.startswith(("https://", "http://")):
        raise SettingsError("The address of the Bot API server must begin with https:// or http://.")
    if has_userinfo(text):
        raise SettingsError(f"The address of the Bot API server: {USERINFO}")
    return text


def check_public_url(text: str, api: str = API) -> str:
    """Return the address at which Telegram reaches the capture port, without a slash at its end.

    Raises:
        SettingsError: Telegram does not post there.
    """
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname
    except ValueError:
        port, host = None, None
    if not host or parts.scheme not in ("https", "http") or parts.query or parts.fragment:
        raise SettingsError("That is no address. Write it as https://lake.example.com.")
    if api == API and parts.scheme != "https":
        raise SettingsError(
            "Telegram posts to https:// only. A reverse proxy, or tls_certificate and tls_key, give you that."
        )
    if api == API and port is not None and port not in _PORTS:
        raise SettingsError(f"Telegram posts to the ports {', '.join(map(str, _PORTS))} only, not to {port}.")
    return text.rstrip("/")


def variable_of(bot: str, what: Literal["TOKEN", "SECRET"]) -> str:
    """Return a good name for a bot's environment variable."""
    name = bot.upper().replace("-", "_")
    return f"{'BOT_' if name[0].isdigit() else ''}{name}_BOT_{what}"


def render(plan: Plan, language: Language) -> str:
    """Return the settings file."""
    say = _WORDS[language]
    lines = [
        say["head"], "", say["home"], f"home = {_quoted(plan.home)}", say["timezone"], f"timezone = {_quoted(plan.timezone)}",
    ]  # fmt: skip
    if plan.state_dir is not None:
        lines += [say["state_dir"], f"state_dir = {_quoted(plan.state_dir)}"]
    lines += ["", f"[bots.{plan.bot}]", say["token"], f"token = {{ env = {_quoted(plan.token_env)} }}"]
    if plan.secret_env is not None:
        lines += [say["secret"], f"secret = {{ env = {_quoted(plan.secret_env)} }}"]
    lines += [say[plan.mode], f"mode = {_quoted(plan.mode)}"]
    if plan.api != API:
        lines += [say["api"], f"api = {_quoted(plan.api)}"]
    if plan.mode == "webhook":
        lines += [say["forward"], '# forward_to = "http://127.0.0.1:9000/"']
    lines += ["", "[capture]"]
    if plan.public_url is not None:
        lines += [
            say["public_url"].format(bot=plan.bot), f"public_url = {_quoted(plan.public_url)}", say["host_proxy"],
            '# host = "127.0.0.1"', say["tls"], '# tls_certificate = "/etc/telelake/fullchain.pem"',
            '# tls_key = "/etc/telelake/privkey.pem"',
        ]  # fmt: skip
    else:
        lines += [say["host"], 'host = "127.0.0.1"']
    return "\n".join(lines) + "\n"


def write(path: Path, text: str, *, replace: bool) -> None:
    """Write the settings file.

    Raises:
        SettingsError: there is one already, or it cannot be written.
    """
    try:
        if replace and path.is_file():
            # Beside it and whole, so that a full disk leaves the old one; through a link, and with the rights that it has.
            path = path.resolve()
            beside = path.with_name(f".{path.name}.{os.getpid()}")
            try:
                beside.touch(mode=0o600)
                shutil.copymode(path, beside)
                beside.write_text(text, encoding="utf-8")
                beside.replace(path)
            finally:
                beside.unlink(missing_ok=True)
            return
        with path.open("w" if replace else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise SettingsError(f"{path} is there already, and it is kept. --force writes over it.") from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}. Name another place with --config.") from error


def _quoted(text: str) -> str:
    """Return a TOML string."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "head": "# Settings of telelake. Secrets are named here, by environment variables, and never written here.",
        "home": "# The root of the lake: a folder, or s3://bucket/prefix.",
        "timezone": "# Decides where a day begins; fixed when the lake is made.",
        "state_dir": "# A folder on a local disk for journal, lock and cache: a bucket cannot hold them.",
        "token": "# The bot's token, as @BotFather gave it.",
        "secret": "# What Telegram shows at each post: 1-256 characters of A-Z a-z 0-9 _ -",
        "poll": '# Updates are fetched, which needs no public address. The others: "webhook", "proxy".',
        "webhook": '# Telegram posts updates to public_url. The others: "poll", "proxy".',
        "proxy": '# A bot that runs already asks through telelake, its API address set to it. The others: "poll", "webhook".',
        "api": "# Address of your own Bot API server.",
        "forward": "# For a bot that has its webhook already: each update is recorded, then handed on to it.",
        "public_url": "# Telegram posts to this address + /telegram/{bot}; `telelake run` sets the webhook.",
        "host_proxy": "# Behind a reverse proxy on this machine, listen to it alone:",
        "tls": "# Without one, TLS by files:",
        "host": "# Nobody outside this machine needs the capture port.",
    },
    "pt": {
        "head": "# Configuração do telelake. Segredos são nomeados aqui, por variáveis de ambiente, e nunca escritos aqui.",
        "home": "# A raiz do lake: uma pasta, ou s3://bucket/prefixo.",
        "timezone": "# Decide onde um dia começa; fica fixado quando o lake é criado.",
        "state_dir": "# Uma pasta em disco local para diário, trava e cache: um bucket não pode guardá-los.",
        "token": "# O token do bot, como o @BotFather o deu.",
        "secret": "# O que o Telegram mostra a cada envio: 1-256 caracteres de A-Z a-z 0-9 _ -",
        "poll": '# As atualizações são buscadas, sem endereço público. Os outros modos: "webhook", "proxy".',
        "webhook": '# O Telegram envia as atualizações a public_url. Os outros modos: "poll", "proxy".',
        "proxy": '# Um bot que já existe pergunta através do telelake, seu endereço de API. Os outros modos: "poll", "webhook".',
        "api": "# Endereço do seu próprio servidor da Bot API.",
        "forward": "# Para um bot que já tem webhook: cada atualização é gravada, depois entregue a ele.",
        "public_url": "# O Telegram envia a este endereço + /telegram/{bot}; `telelake run` define o webhook.",
        "host_proxy": "# Atrás de um proxy reverso nesta máquina, escute só a ele:",
        "tls": "# Sem um, TLS por arquivos:",
        "host": "# Ninguém de fora desta máquina precisa da porta de captura.",
    },
}
