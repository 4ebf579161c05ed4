"""SQLite as the catalog of a lake that one machine wrangles. Its packages are loaded when it is opened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NamespaceAlreadyExistsError

from telelake.errors import StoreUnavailable


def open_sqlite(file: Path, base: str, namespace: str, properties: Mapping[str, Any]) -> Catalog:
    """Return the catalog in a file, which is made when it is missing."""
    from pyiceberg.catalog.sql import SqlCatalog

    file.parent.mkdir(parents=True, exist_ok=True)
    found = SqlCatalog(namespace, uri=f"sqlite:///{quote(str(file))}", warehouse=base, **properties)
    with suppress(NamespaceAlreadyExistsError):
        found.create_namespace(namespace)
    return found


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Let none of SQLAlchemy's errors through, without loading it for this.

    Raises:
        StoreUnavailable: in their place; call again.
    """
    try:
        yield
    except Exception as error:
        if not any(each.__module__.partition(".")[0] == "sqlalchemy" for each in type(error).__mro__):
            raise
        raise StoreUnavailable(f"{doing} failed: {error}") from error
