"""telelake keeps what a Telegram bot sees in a lake you own, and answers questions of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from telelake.api import Tables

__version__ = "0.1.0"


def open(home: str | Path | None = None, *, config: str | Path | None = None, **bounds: Any) -> Tables:  # noqa: A001
    """Open a lake's tables for reading, in a notebook or a script.

    `home` is as `--home`, `config` as `--config`; without either they are looked for as the command line does. `bounds` are
    those of a query, by their names in `[sql]`: `seconds`, `memory`, `rows`.

    Raises:
        SettingsError: there is no lake there, or a setting is wrong.
    """
    from telelake.api import open_tables

    return open_tables(home, config, bounds)
