"""Ways in for other tools: a DuckDB file of views, and an assistant."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from telelake.cli.common import Config, Home, open_app, say


def views(
    out: Annotated[Path, typer.Argument(metavar="OUT.duckdb", help="The file to write.")],
    home: Home = None,
    config: Config = None,
) -> None:
    """Write a DuckDB file of views over the tables, for Metabase, Superset, DBeaver and their like."""
    from telelake.present import duckdb_file

    app = open_app(config, home=home).existing()
    release, files = app.published()
    duckdb_file.write(out, files, app.zone)
    say(f"{out}: views over release {release}. It reads that release; write it anew after the next.")


def mcp(home: Home = None, config: Config = None) -> None:
    """Serve the lake to an assistant by the Model Context Protocol, over stdin and stdout; read-only."""
    from telelake.present.assistant import make_server

    app = open_app(config, home=home).existing()
    try:
        make_server(app.lake, app.zone.key).run("stdio")
    finally:
        app.close()
