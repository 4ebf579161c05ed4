"""Certificate and key of a capture port that speaks TLS itself, tried before anything starts.

What cannot work is said here, in words: the server would end in a traceback, or ask for a passphrase where nobody sits.
They are read once; a renewed certificate is used from the next start on.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from telelake.errors import SettingsError

if TYPE_CHECKING:
    from telelake.settings import Capture  # pydantic is most of a small function's start


def certificate(settings: Capture) -> dict[str, Path]:
    """Return what uvicorn is told of certificate and key; nothing when the port speaks no TLS.

    Raises:
        SettingsError: only one is set, a file cannot be read, or the two do not fit.
    """
    chain, key = settings.tls_certificate, settings.tls_key
    if chain is None and key is None:
        return {}
    if chain is None or key is None:
        there, missing = ("tls_key", "tls_certificate") if chain is None else ("tls_certificate", "tls_key")
        raise SettingsError(f"capture.{there} is set and capture.{missing} is not: set both, or neither.")
    for name, path in (("tls_certificate", chain), ("tls_key", key)):
        try:
            path.read_bytes()
        except OSError as error:
            raise SettingsError(
                f"capture.{name} = '{path}' cannot be read: {error.strerror}. Correct the path, or let this user read it."
            ) from error

    def locked() -> str:
        # Without an answer of ours OpenSSL would ask at the terminal, or fail where there is none.
        raise SettingsError(f"capture.tls_key = '{key}' is locked by a passphrase. Write it without: openssl pkey.")

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(chain, key, locked)
    except ssl.SSLError as error:
        raise SettingsError(
            f"capture.tls_certificate = '{chain}' and capture.tls_key = '{key}' cannot be used: {error.reason or error}. "
            "They must be PEM, of one pair, the certificate first in its file."
        ) from error
    return {"ssl_certfile": chain, "ssl_keyfile": key}
