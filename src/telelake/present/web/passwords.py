"""Hashes of passwords, by scrypt of the standard library: `scrypt$n$r$p$salt$hash`, salt and hash in base64url.

A hash says its own cost, so that a later default does not lock anybody out. 16 MiB and some 50 ms a trial: enough to make
guessing dear, and two at a time are all that `Access` lets run.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from functools import cache

from telelake.errors import SettingsError

_N, _R, _P = 2**14, 8, 1
_SHORTEST = 10
_MEMORY = 64 * 1024 * 1024
FORM = r"^scrypt\$[0-9]{1,7}\$[0-9]{1,2}\$[0-9]{1,2}\$[A-Za-z0-9_-]{16,86}\$[A-Za-z0-9_-]{32,86}$"
"""What a hash looks like, for the settings."""


def make(password: str) -> str:
    """Return the hash of a new password.

    Raises:
        SettingsError: it is too short.
    """
    if len(password) < _SHORTEST:
        raise SettingsError(
            f"The password has {len(password)} characters; take {_SHORTEST} or more, such as four words."
        )
    salt = secrets.token_bytes(16)
    made = hashlib.scrypt(password.encode(), salt=salt, n=_N, r=_R, p=_P, maxmem=_MEMORY)
    return f"scrypt${_N}${_R}${_P}${_text(salt)}${_text(made)}"


def fits(password: str, kept: str) -> bool:
    """Return whether a password is the one that the hash was made of; takes as long for either answer.

    Raises:
        SettingsError: the hash asks for more memory than a login may take.
    """
    if not re.fullmatch(FORM, kept):
        return False
    _, n, r, p, salt, expected = kept.split("$")
    try:
        made = hashlib.scrypt(password.encode(), salt=_bytes(salt), n=int(n), r=int(r), p=int(p), maxmem=_MEMORY)
    except ValueError as error:
        raise SettingsError(
            "A password's hash in dashboard.users cannot be read. Make it anew: telelake password"
        ) from error
    return hmac.compare_digest(made, _bytes(expected))


@cache
def decoy() -> str:
    """Return what is tried when there is no such person, so that the time of an answer does not tell who there is."""
    return make(secrets.token_hex(16))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
