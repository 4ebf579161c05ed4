"""What the commands share: options, the lake that they name, and how they speak."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from telelake.wiring import App

Home = Annotated[
    str | None, typer.Option("--home", help="Root of the lake: a folder, file:///…, or s3://bucket/prefix.")
]
Config = Annotated[Path | None, typer.Option("--config", help="Settings file; else ./telelake.toml, else the home's.")]
DashboardPort = Annotated[
    int | None, typer.Option("--dashboard-port", help="Port of the dashboard; 0 takes a free one.")
]


def open_app(config: Path | None, **flags: Any) -> App:
    """Return the lake that the settings name; flags go over file and environment."""
    from telelake.settings import load
    from telelake.wiring import App

    return App(load(config, **flags))


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int], None] | None]:
    """Draw a bar on a terminal, and nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def say(text: str) -> None:
    """Speak: on stderr, for stdout is for data."""
    typer.echo(text, err=True)
