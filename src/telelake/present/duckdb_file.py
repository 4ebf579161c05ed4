"""A DuckDB file of views over one release, for tools that open such a file: Metabase, Superset, DBeaver, dbt, R.

It holds no rows, only where the release's Parquet files lie, so it is small, quickly made, and as private as the lake
itself. It has no fence: who opens it may do what DuckDB can do. It stays with its release; make it anew for a newer one.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from telelake.errors import StoreUnavailable
from telelake.present.sandbox import define

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

_READABLE_FROM = "v1.3.0"
"""The oldest DuckDB that finds columns by field id, as the views do."""


def write(path: Path, files: Mapping[str, Sequence[Path]], zone: ZoneInfo) -> None:
    """Write the file, in one step: a tool that has the former one open goes on with that.

    Raises:
        StoreUnavailable: the folder cannot be written.
    """
    import duckdb

    try:
        with tempfile.TemporaryDirectory(dir=path.absolute().parent, prefix=".telelake-") as folder:
            made = Path(folder) / "views.duckdb"
            with duckdb.connect() as connection:
                connection.execute(f"ATTACH '{_quoted(made)}' AS made (STORAGE_VERSION '{_READABLE_FROM}')")
                connection.execute("USE made")
                define(
                    connection, {name: [each.absolute() for each in paths] for name, paths in files.items()}, zone.key
                )
                connection.execute("USE memory")
                connection.execute("DETACH made")
            made.replace(path)
    except OSError as error:
        raise StoreUnavailable(f"{path} could not be written: {os.strerror(error.errno or 0)}.") from error


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
