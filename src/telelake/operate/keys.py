"""Keys that this machine makes for itself and keeps beside the journal; nobody has to set them."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from telelake.errors import StoreUnavailable

if TYPE_CHECKING:
    from pathlib import Path

_BYTES = 32


def kept_key(path: Path) -> bytes:
    """Return the key in a file, made at first; only this user may read it.

    Raises:
        StoreUnavailable: the file cannot be read or written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_bytes(_BYTES))
            # Whole or not there: of two that start together one is first, and both read its key.
            with suppress(FileExistsError):
                os.link(fresh, path)
            fresh.unlink()
        return path.read_bytes()
    except OSError as error:
        raise StoreUnavailable(f"The key of the dashboard's sessions cannot be kept in {path}: {error}.") from error
