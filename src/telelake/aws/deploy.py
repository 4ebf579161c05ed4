"""Putting the stack into an account, telling Telegram, and taking both away again.

Everything can be done again: packages are named by their digest, a stack that is there is updated, a secret that is the
same is left. Owns the order of things and what Telegram is told; `account` and `formation` speak to AWS.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from telelake.aws import package
from telelake.aws.account import FUNCTIONS, Account, Say
from telelake.aws.formation import Formation
from telelake.errors import DeployError, SettingsError
from telelake.operate.webhooks import Wanted, door, put
from telelake.settings import Settings
from telelake.telegram.client import BotApi

DRAIN_SECONDS = 900
"""How long `destroy` waits for queued updates to be sealed."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """What there is now."""

    outputs: Mapping[str, str]
    """The stack's outputs, such as `WebhookUrl` and `HomeBucket`."""
    webhooks: Mapping[str, str]
    """The address of each bot's webhook, by the bot's name."""


@dataclass(frozen=True, slots=True)
class _BotSecret:
    id: int
    secret: str


def deploy(
    settings: Settings,
    say: Say,
    *,
    packages: Path | None = None,
    change: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
    poll_seconds: float = 3.0,
) -> Deployed:
    """Make or update the stack, put the bots' secrets, and set the webhook of each bot that has a token.

    Args:
        settings: `aws`, `bots`, `timezone` and what `synthesise` reads. Secrets are read first: a missing one stops
            everything before anything was done.
        say: is told what goes on.
        packages: folder with door.zip, seal.zip and wrangle.zip; they are built when it is not given.
        change: changes the template before it is sent, for stand-ins that lack something of AWS.
        poll_seconds: seconds between two looks at the stack.

    Raises:
        SettingsError: a bot's secret, or the region, is missing.
        PackageError: a package could not be built.
        DeployError: AWS refused, or resources failed; names them with AWS's reasons.
        TelegramError: Telegram refused a webhook.
    """
    if polled := [name for name, bot in settings.bots.items() if bot.mode == "poll"]:
        raise SettingsError(
            f"bots.{polled[0]} has mode = 'poll', and on AWS nothing runs that could poll. Set mode = 'webhook' and a `secret`."
        )
    if settings.privacy.pseudonyms is not None:
        raise SettingsError(
            "privacy.pseudonyms is set, and the wrangle function on AWS has no key: it would publish tables in clear. Build them "
            "on a machine with the key (telelake wrangle --home s3://…), or take the setting out."
        )
    bots = {name: _BotSecret(bot.bot_id(name), bot.webhook_secret(name)) for name, bot in settings.bots.items()}
    apis = _apis(settings)
    if not bots:
        raise SettingsError("No bot is set. Add [bots.NAME] with `token` and `secret` to telelake.toml.")
    from telelake.aws.stack import synthesise

    account = Account(settings.aws.region)
    stack = Formation(account, settings.aws.stack)
    if settings.aws.reserve_concurrency and stack.outputs() is None:
        account.check_concurrency()
    with TemporaryDirectory(prefix="telelake-deploy-") as scratch:
        template = json.loads(synthesise(settings, Path(scratch)).read_bytes())
        if change is not None:
            template = change(template)
        folder = packages or _build(settings, Path(scratch), say)
        keys = account.upload(folder, say)
        outputs = stack.apply(template, keys, say, poll_seconds)
    account.put_secret(
        outputs["SecretName"], {name: {"id": bot.id, "secret": bot.secret} for name, bot in bots.items()}
    )
    webhooks = {name: door(outputs["WebhookUrl"], name) for name in bots}
    for name, url in webhooks.items():
        if name in apis:
            put(apis[name], name, Wanted(url, bots[name].secret, settings.aws.max_connections), say)
        else:
            say(f"bots.{name} has no token here. Set its webhook yourself: {url}")
    account.start_wrangle(outputs["WrangleFunction"])
    say(f"Updates go to s3://{outputs['HomeBucket']}. To read them anywhere: --home s3://{outputs['HomeBucket']}")
    return Deployed(outputs, webhooks)


def destroy(
    settings: Settings, say: Say, *, delete_data: bool = False, drain_seconds: float = DRAIN_SECONDS,
    poll_seconds: float = 3.0,
) -> list[str]:  # fmt: skip
    """Take away the webhooks and the stack, once what is queued lies in the lake; return the buckets that are left.

    The bucket with the packages stays in any case: other stacks may use it. It is not among those returned.

    Args:
        settings: `aws` and `bots` are read.
        say: is told what goes on.
        delete_data: delete the buckets with all that is in them, and do not wait for the queue.
        drain_seconds: how long queued updates may take to be sealed.
        poll_seconds: seconds between two looks.

    Raises:
        DeployError: AWS refused, or updates are left in a queue.
    """
    account = Account(settings.aws.region)
    stack = Formation(account, settings.aws.stack)
    outputs = stack.outputs()
    if outputs is None:
        raise DeployError(f"There is no stack {settings.aws.stack} in {account.region}. Is aws.region right?")
    if outputs:  # one that was never completed has none, and nobody was told of it
        _take_back_webhooks(settings, outputs["WebhookUrl"], say)
        if not delete_data:
            account.drain(outputs, say, drain_seconds, poll_seconds)
    buckets = stack.buckets()
    stack.delete(say, poll_seconds)
    say(f"The packages stay in {account.code_bucket}; other stacks of this account and region use it, too.")
    if not delete_data:
        return buckets
    for bucket in buckets:
        account.delete_bucket(bucket)
        say(f"Bucket {bucket} is deleted.")
    return []


def _take_back_webhooks(settings: Settings, address: str, say: Say) -> None:
    """Delete the webhooks that are of the stack with this address; those of others stay."""
    for name, api in _apis(settings).items():
        if api.webhook_info().url.startswith(f"{address.rstrip('/')}/"):
            api.delete_webhook()
            say(f"Telegram posts nothing more for bots.{name}; it keeps new updates for up to 24 hours.")


def _apis(settings: Settings) -> dict[str, BotApi]:
    return {
        name: BotApi(bot.token.read(), settings.aws.bot_api)
        for name, bot in settings.bots.items()
        if bot.token is not None
    }


def _build(settings: Settings, scratch: Path, say: Say) -> Path:
    for function in FUNCTIONS:
        say(f"Building the package of {function} for Python {package.PYTHON} on {settings.aws.architecture}.")
        made = package.build(function, scratch / "packages", architecture=settings.aws.architecture)
        if not made.compiled and function == FUNCTIONS[-1]:
            say(f"There is no python{package.PYTHON} here, so modules go uncompiled; a first start takes longer.")
    return scratch / "packages"
