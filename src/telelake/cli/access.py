"""`telelake password`: makes the hash that lets somebody into the dashboard."""

from __future__ import annotations

import re
import sys
from typing import Annotated

import typer

from telelake.cli.common import say
from telelake.errors import SettingsError


def password(
    name: Annotated[str, typer.Argument(help="The name that they log in with: a-z 0-9 . _ -")],
    role: Annotated[str, typer.Option("--role", help="viewer, analyst or admin.")] = "viewer",
) -> None:
    """Make a password's hash, as lines for telelake.toml; asks for the password, or reads it from a pipe."""
    from telelake.present.web.access import ROLES
    from telelake.present.web.passwords import make

    if role not in ROLES:
        raise SettingsError(f"--role {role} is not known. Use one of {', '.join(ROLES)}.")
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", name):
        raise SettingsError(f"'{name}' cannot be a name here. Use a-z 0-9 . _ - and begin with a letter or a number.")
    if sys.stdin.isatty():
        given = str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    else:
        given = sys.stdin.readline().rstrip("\n")
    typer.echo(f'[dashboard.users.{name}]\nrole = "{role}"\npassword = "{make(given)}"')
    say("Write these lines into telelake.toml; only the hash is kept, and it cannot be turned back.")
