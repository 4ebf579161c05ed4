"""`telelake init`: asks what it must, tries the token, writes `telelake.toml`, says what comes next."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from telelake.cli.common import say
from telelake.errors import SettingsError, TelegramError

if TYPE_CHECKING:
    from telelake.operate.begin import Plan

_T = TypeVar("_T")


def init(
    home: Annotated[
        str | None, typer.Option("--home", help="Root of the lake: a folder, file:///…, or s3://bucket/prefix.")
    ] = None,
    config: Annotated[
        Path, typer.Option("--config", metavar="FILE", help="Settings file to write.", show_default=True)
    ] = Path("telelake.toml"),
    timezone: Annotated[
        str | None, typer.Option("--timezone", metavar="ZONE", help="Decides where a day begins; an IANA name.")
    ] = None,
    bot: Annotated[str | None, typer.Option("--bot", metavar="NAME", help="The bot's name in the lake.")] = None,
    mode: Annotated[str | None, typer.Option("--mode", help="poll, webhook or proxy.")] = None,
    public_url: Annotated[
        str | None, typer.Option("--public-url", metavar="URL", help="Where Telegram reaches the webhook.")
    ] = None,
    token_env: Annotated[
        str | None, typer.Option("--token-env", metavar="VARIABLE", help="Environment variable with the bot's token.")
    ] = None,
    secret_env: Annotated[
        str | None, typer.Option("--secret-env", metavar="VARIABLE", help="That with the webhook's secret.")
    ] = None,
    state_dir: Annotated[
        str | None, typer.Option("--state-dir", metavar="DIR", help="Local folder, when the home is a bucket.")
    ] = None,
    api: Annotated[str | None, typer.Option("--api", metavar="URL", help="Your own Bot API server.")] = None,
    lang: Annotated[str | None, typer.Option("--lang", help="en or pt; else the environment's.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing; take what is likely for what is not given.")] = False,
    no_check: Annotated[bool, typer.Option("--no-check", help="Do not try the token with Telegram.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a settings file that is there.")] = False,
) -> None:
    """Write telelake.toml for a new lake: asks for what is not given, tries the token, says what comes next."""
    from telelake.operate import begin
    from telelake.settings import local_path
    from telelake.telegram.client import API

    if config.exists() and not force:
        raise SettingsError(f"{config} is there already, and it is kept. --force writes over it.")
    language = begin.guess_language() if lang is None else begin.check_language(lang)
    words = _WORDS[language]
    ask = _Questions(words, yes)
    root = ask("home", home, os.environ.get("TELELAKE_HOME") or str(Path.cwd() / "lake"), begin.check_home)
    folder = None
    if local_path(root) is None:
        folder = ask(
            "state_dir", state_dir, str(Path.cwd() / "telelake-state"), lambda text: str(Path(text).absolute())
        )
    made_with = _timezone_of(root)
    if made_with is not None and timezone not in (None, made_with):
        raise SettingsError(f"The lake at {root} was made with {made_with}, which decides its days for ever.")
    zone = made_with or ask("timezone", timezone, begin.guess_timezone(), begin.check_timezone)
    name = ask("bot", bot, words["bot_name"], begin.check_bot)
    how = ask("mode", mode, "poll", begin.check_mode)
    server = begin.check_api(api or API)
    address = secret = None
    if how == "webhook":
        address = ask("public_url", public_url, None, lambda text: begin.check_public_url(text, server))
        secret = ask("secret_env", secret_env, begin.variable_of(name, "SECRET"), begin.check_variable)
    token = ask("token_env", token_env, begin.variable_of(name, "TOKEN"), begin.check_variable)
    plan = begin.Plan(root, zone, name, how, token, secret, address, folder, server)
    if not no_check:
        _try_token(plan, words, may_ask=not yes)
    begin.write(config, begin.render(plan, language), replace=force)
    _next(plan, config, words)


class _Questions:
    """Takes what is given, else asks, until an answer can be right."""

    def __init__(self, words: dict[str, str], yes: bool) -> None:
        self._words = words
        self._yes = yes

    def __call__(self, name: str, given: str | None, likely: str | None, check: Callable[[str], _T]) -> _T:
        if given is not None:
            return check(given)
        if self._yes:
            if likely is None:
                raise SettingsError(f"--{name.replace('_', '-')} is needed: nothing is likely for it.")
            return check(likely)
        while True:
            answer = typer.prompt(self._words[name], default=likely, err=True)
            try:
                return check(str(answer).strip())
            except SettingsError as error:
                say(str(error))


def _timezone_of(home: str) -> str | None:
    """Return the time zone of a lake that is there already, in a folder."""
    from telelake.settings import local_path

    folder = local_path(home)
    if folder is None or not (folder / "lake.json").is_file():
        return None
    from telelake.operate.home import read_home
    from telelake.settings import Storage
    from telelake.stores.objects import open_store

    made = read_home(open_store(home, Storage()))
    return made.timezone if made else None


def _try_token(plan: Plan, words: dict[str, str], *, may_ask: bool) -> None:
    """Ask Telegram who the token's bot is, and say what is in the way. No failure is a reason not to write the file."""
    from telelake.operate.webhooks import shown
    from telelake.telegram.client import BotApi

    token = os.environ.get(plan.token_env, "")
    if not token and may_ask and sys.stdin.isatty():
        token = str(typer.prompt(words["token"], default="", show_default=False, hide_input=True, err=True)).strip()
    if not token:
        return
    try:
        api = BotApi(token, plan.api, timeout=10.0)
        me = api.me()
        say(words["is"].format(name=me.name, id=me.id))
        if not me.reads_all_group_messages:
            say(words["privacy"])
        if plan.mode != "webhook" and (url := api.webhook_info().url):
            say(words["webhook_is_set"].format(host=shown(url)))
    except (SettingsError, TelegramError) as error:
        say(words["token_failed"].format(reason=error))


def _next(plan: Plan, config: Path, words: dict[str, str]) -> None:
    """Print the file's path, and say what comes next."""
    typer.echo(config)
    say(f"\n{words['next']}\n")
    if not os.environ.get(plan.token_env):
        say(f"  export {plan.token_env}='123456:ABC…'   # {words['from_botfather']}")
    if plan.secret_env is not None and not os.environ.get(plan.secret_env):
        say(f"  export {plan.secret_env}='…'   # {words['make_secret']}: openssl rand -hex 32")
    is_found = config == Path("telelake.toml")
    named = "" if is_found else f" --config {config}"
    say(f"  telelake run{named}")
    say(f"\n{words['doctor']}: telelake doctor{named}")
    if plan.mode == "proxy":
        say(f"\n{words['proxy_next']}")


_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "home": "Where shall the lake be? A folder, or s3://bucket/prefix",
        "state_dir": "A bucket cannot hold the journal. Which local folder may?",
        "timezone": "Time zone that decides where a day begins (fixed from then on)",
        "bot": "A name for the bot, in the lake",
        "bot_name": "support",
        "mode": "How do updates come in? poll: no public address needed. webhook: Telegram posts. proxy: a bot runs already",
        "public_url": "Address at which Telegram reaches this machine, such as https://lake.example.com",
        "token_env": "Name of the environment variable for the bot's token (not the token)",
        "secret_env": "Name of the environment variable for the webhook's secret (not the secret)",
        "token": "The bot's token, to try it now; it is not kept (Enter: later)",
        "is": "The token is that of {name} (id {id}).",
        "privacy": "Privacy mode is on: in groups the bot gets only commands and replies to it. Send /setprivacy to "
        "@BotFather, choose Disable, then take the bot out of its groups and add it again; or make it an admin there.",
        "webhook_is_set": "Its webhook is set, to {host}, and beside a webhook Telegram gives nothing to who asks. Take it "
        "away (deleteWebhook) when no other program needs it, or choose mode = webhook.",
        "token_failed": "The token could not be tried: {reason}",
        "next": "Next:",
        "from_botfather": "from @BotFather",
        "make_secret": "make one",
        "doctor": "Whether all is as it should be, now and later",
        "proxy_next": "Then set your bot's API address to http://127.0.0.1:8080 instead of https://api.telegram.org.",
    },
    "pt": {
        "home": "Onde fica o lake? Uma pasta, ou s3://bucket/prefixo",
        "state_dir": "Um bucket não pode guardar o diário. Que pasta local pode?",
        "timezone": "Fuso horário que decide onde um dia começa (fica fixado)",
        "bot": "Um nome para o bot, no lake",
        "bot_name": "suporte",
        "mode": "Como chegam as atualizações? poll: sem endereço público. webhook: o Telegram envia. proxy: já há um bot",
        "public_url": "Endereço em que o Telegram alcança esta máquina, como https://lake.example.com",
        "token_env": "Nome da variável de ambiente para o token do bot (não o token)",
        "secret_env": "Nome da variável de ambiente para o segredo do webhook (não o segredo)",
        "token": "O token do bot, para testá-lo agora; não é guardado (Enter: depois)",
        "is": "O token é de {name} (id {id}).",
        "privacy": "O modo de privacidade está ligado: em grupos o bot só recebe comandos e respostas a ele. Envie "
        "/setprivacy ao @BotFather, escolha Disable, depois tire o bot dos grupos e adicione de novo; ou faça dele admin.",
        "webhook_is_set": "O webhook dele está definido, para {host}, e ao lado de um webhook o Telegram nada dá a quem "
        "pergunta. Remova-o (deleteWebhook) se nenhum outro programa precisa dele, ou escolha mode = webhook.",
        "token_failed": "O token não pôde ser testado: {reason}",
        "next": "A seguir:",
        "from_botfather": "do @BotFather",
        "make_secret": "crie um",
        "doctor": "Se está tudo certo, agora e depois",
        "proxy_next": "Depois aponte o endereço de API do seu bot para http://127.0.0.1:8080 em vez de https://api.telegram.org.",
    },
}
