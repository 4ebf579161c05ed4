"""telelake keeps what a Telegram bot sees in a lake you own, and answers questions of it.

Types are in `__init__.pyi`: every module imports this one, so that an import here, even one for types, would make each
of them, and each package for Lambda, depend on all.
"""

from importlib import import_module

__version__ = "0.1.0"


def open(home=None, *, config=None, **bounds):  # noqa: A001
    """Open a lake's tables for reading, in a notebook or a script.

    `home` is as `--home`, `config` as `--config`; without either they are looked for as the command line does. `bounds` are
    those of a query, by their names in `[sql]`: `seconds`, `memory`, `rows`.

    Raises:
        SettingsError: there is no lake there, or a setting is wrong.
    """
    return import_module("telelake.api").open_tables(home, config, bounds)
