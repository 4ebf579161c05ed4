"""Log in with Telegram: where the reader is sent, and whether what comes back is Telegram's.

Telegram's widget is a script of another site, and the page's policy lets none in. So there is a plain link to the page
that the widget itself opens; Telegram sends the reader back with the answer behind the `#`, which our own script posts.
A bot's `login_url` button, which puts the same fields into the query, ends in the same place.

What is signed (https://core.telegram.org/widgets/login): all fields but `hash`, sorted, `key=value` on lines, by HMAC-SHA-256
with the SHA-256 of the bot's token as key.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from telelake.errors import NotAllowed

_OLDEST = 300.0
"""Seconds that an answer of Telegram may be old; the reader comes straight from there."""
_EARLIEST = 60.0
"""Seconds that Telegram's clock may be ahead of ours."""
_AUTHORITY = "https://oauth.telegram.org/auth"


def address(bot_id: int, origin: str) -> str:
    """Return where the reader confirms to Telegram who they are; they come back to /login/telegram."""
    return f"{_AUTHORITY}?{urlencode({'bot_id': bot_id, 'origin': origin, 'return_to': origin + '/login/telegram'})}"


def user_id(fields: Mapping[str, Any], token: str, now: float) -> int:
    """Return the id of who logged in.

    Raises:
        NotAllowed: Telegram did not sign this with the bot's token, or too long ago.
    """
    signed = {str(name): str(value) for name, value in fields.items() if name != "hash" and value is not None}
    text = "\n".join(f"{name}={signed[name]}" for name in sorted(signed))
    key = hashlib.sha256(token.encode()).digest()
    expected = hmac.new(key, text.encode(), "sha256").hexdigest()
    if not hmac.compare_digest(expected.encode(), str(fields.get("hash", "")).encode()):
        raise NotAllowed("This login was not signed by Telegram for this bot. Start again from the login page.")
    try:
        who, at = int(signed["id"]), int(signed["auth_date"])
    except (KeyError, ValueError) as error:
        raise NotAllowed("Telegram's answer lacks who logged in, or when. Start again from the login page.") from error
    if not -_EARLIEST <= now - at <= _OLDEST:
        raise NotAllowed("This login with Telegram is too old. Start again from the login page.")
    return who
