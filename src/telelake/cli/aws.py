"""A lake on AWS: what it would cost, putting it there, taking it away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from telelake.cli.common import Config, say
from telelake.errors import SettingsError

if TYPE_CHECKING:
    from telelake.settings import Settings


def cost(
    messages_per_day: Annotated[float, typer.Option("--messages-per-day", min=1, help="Updates a day.")],
    size: Annotated[int, typer.Option("--bytes", min=1, help="Bytes of an update.")] = 2000,
    endpoint: Annotated[str, typer.Option("--endpoint", help="api-gateway or function-url.")] = "api-gateway",
    architecture: Annotated[str, typer.Option("--architecture", help="arm64 or x86_64.")] = "arm64",
    wrangle_every: Annotated[
        int | None, typer.Option("--wrangle-every", min=1, metavar="MINUTES", help="Else once a day.")
    ] = None,
    seal_every: Annotated[
        float, typer.Option("--seal-every", min=1, max=300, metavar="SECONDS", help="As capture.seal_seconds.")
    ] = 60.0,
    assume: Annotated[
        list[str] | None, typer.Option("--assume", metavar="NAME=VALUE", help="Another value for an assumption.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Compute the monthly bill of a lake on AWS, from counted requests and a dated price table."""
    from typing import cast

    from telelake.aws import cost as bills

    if endpoint not in ("api-gateway", "function-url"):
        raise SettingsError(f"--endpoint {endpoint} is not known. Use api-gateway or function-url.")
    if architecture not in ("arm64", "x86_64"):
        raise SettingsError(f"--architecture {architecture} is not known. Use arm64 or x86_64.")
    bill = bills.monthly(
        messages_per_day, size=size, endpoint=cast("bills.Endpoint", endpoint),
        architecture=cast("bills.Architecture", architecture), wrangle_every=wrangle_every,
        window=seal_every, changes=dict(_assumption(each) for each in assume or ()),
    )  # fmt: skip
    typer.echo(json.dumps(bill.as_json(), indent=1) if as_json else bills.as_text(bill).rstrip("\n"))


def deploy(
    where: Annotated[str, typer.Argument(help="aws.", metavar="aws")],
    config: Config = None,
    packages: Annotated[
        Path | None,
        typer.Option("--packages", metavar="DIR", help="door.zip, seal.zip and wrangle.zip; else they are built."),
    ] = None,
    template_only: Annotated[
        Path | None,
        typer.Option("--template-only", metavar="DIR", help="Write the CloudFormation template there, and stop."),
    ] = None,
) -> None:
    """Make or update the lake in AWS, and have Telegram post to it; needs telelake[aws] and Node.js."""
    settings = _aws_settings(where, config)
    if template_only is not None:
        from telelake.aws.stack import synthesise

        typer.echo(synthesise(settings, template_only))
        return
    from telelake.aws import deploy as aws

    done = aws.deploy(settings, say, packages=packages)
    typer.echo(json.dumps({**done.outputs, "Webhooks": dict(done.webhooks)}, indent=1))


def destroy(
    where: Annotated[str, typer.Argument(help="aws.", metavar="aws")] = "aws",
    config: Config = None,
    delete_data: Annotated[
        bool, typer.Option("--delete-data", help="Delete the lake and what is queued, too. There is no way back.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take the webhooks and the stack out of AWS; the buckets with data stay."""
    settings = _aws_settings(where, config)
    from telelake.aws import deploy as aws

    what = "the stack and ALL DATA of its lake" if delete_data else "the stack; its buckets stay"
    if not yes and typer.prompt(f"Deletes {what}. Type its name to go on", err=True) != settings.aws.stack:
        raise SettingsError(f"That is not the name of the stack, {settings.aws.stack}. Nothing was deleted.")
    kept = aws.destroy(settings, say, delete_data=delete_data)
    if kept:
        say("These buckets are kept, with all data; delete them yourself, or keep the lake:")
    for bucket in kept:
        typer.echo(bucket)


def _aws_settings(where: str, config: Path | None) -> Settings:
    from telelake.settings import load

    if where != "aws":
        raise SettingsError(f"'{where}' is no place to deploy to. Known: aws.")
    return load(config)


def _assumption(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise SettingsError(f"--assume {text} is not NAME=VALUE with a number, such as door_ms=12.") from None
