"""The command `telelake`: parses, calls, prints. It holds no logic of its own.

Data go to stdout, speech to stderr. Exit codes: 0 done; 1 refused or failed, with the reason on stderr; 2 a wrong
command line; 3 done, with warnings (doctor); 75 try again later (the store failed, or another telelake holds the lake);
130 interrupted.
"""

from __future__ import annotations

import atexit
import gc
import logging
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated

import typer

from telelake import __version__
from telelake.cli import access, ask, aws, begin, bring, copies, doctor, lake, machine, privacy, talk, tools, topics
from telelake.errors import TelelakeError

EXIT_FAILED = 1
EXIT_RETRY = 75

cli = typer.Typer(
    name="telelake",
    help="Keep everything a Telegram bot sees in a lake you own, and ask it questions.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def script() -> None:
    """Be the process `telelake`: run the command and end."""
    gc.set_threshold(
        100_000
    )  # what the packages make as they load stays: looking through it again and again is for nothing
    code = [EXIT_FAILED]
    atexit.register(_end, code)  # before the command loads anything, so that it runs after all that others register
    try:
        main()
    except SystemExit as done:
        code[0] = done.code if isinstance(done.code, int) else 0 if done.code is None else EXIT_FAILED
        raise


def _end(code: list[int]) -> None:
    """End the process: all is written, and to take the loaded packages apart would take a third of a second.

    Python has waited for threads and called what else was to be called. When the output cannot be written, Python says so.
    """
    with suppress(OSError, ValueError):
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code[0])


def main() -> None:
    """Run the command; turn our errors into a message and an exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        cli()
    except TelelakeError as error:
        typer.echo(f"telelake: {error}", err=True)
        sys.exit(EXIT_RETRY if error.retry else EXIT_FAILED)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@cli.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Keep everything a Telegram bot sees in a lake you own, and ask it questions."""
    del version


_COMMANDS: dict[str, Callable[..., None]] = {
    "init": begin.init,
    "doctor": doctor.doctor,
    "run": machine.run,
    "capture": machine.capture,
    "schedule": machine.schedule,
    "dashboard": machine.dashboard,
    "password": access.password,
    "demo": machine.demo,
    "wrangle": lake.wrangle,
    "sql": ask.sql,
    "insights": ask.insights,
    "report": ask.report,
    "topics": topics.topics,
    "digest": ask.digest,
    "tables": ask.tables,
    "views": tools.views,
    "mcp": tools.mcp,
    "label": talk.label,
    "status": lake.status,
    "replay": lake.replay,
    "import": bring.import_,
    "backup": copies.backup,
    "restore": copies.restore,
    "migrate": copies.migrate,
    "forget": privacy.forget,
    "cost": aws.cost,
    "deploy": aws.deploy,
    "destroy": aws.destroy,
}
"""In the order in which `telelake --help` lists them."""

for _name, _command in _COMMANDS.items():
    cli.command(_name)(_command)
