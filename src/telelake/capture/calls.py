"""The form of a recorded call: its request's fields, its answer, and neither with a secret in it.

Owns what the raw body of a call looks like, and the redaction. Which names are secret says `telegram.calls`; how the
fields are read from a request, `fields`. Knows no HTTP.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from telelake.capture.fields import LARGEST, RequestReader
from telelake.telegram.calls import SECRET_ADDRESSES, SECRET_ARGUMENTS, SECRET_KEYS, SECRET_RESULTS
from telelake.telegram.update import loads_leniently

__all__ = ["FILE", "LARGEST", "REDACTED", "RequestReader", "encode_call", "without_token"]

REDACTED = "<redacted>"
FILE = "file"
"""The name under which the download of a file is recorded as a call."""

_TOKEN = "<token>"  # noqa: S105 - what stands in a token's place
_ADDRESS = re.compile(
    r"(?P<scheme>\s*(?:[^/?#\\]*:)?//)?(?P<user>[^/?#\\]*@)?(?P<host>[^/?#\\]*)(?P<rest>.*)", re.DOTALL
)
_USERINFO = re.compile(r"(?<=://)[^/?#\s\"\\]*@")
# What may have to be redacted in an answer, in any way in which JSON can write it. Without it the answer stays as it is.
_SUSPICIOUS = re.compile(rb"passport_data|provider_token|secret_token|://[^/?#\s\"]*@|:\\/|\\u00[2-7]", re.IGNORECASE)


def encode_call(
    method: str,
    *,
    started_at: str,
    seconds: float | None,
    status: int | None,
    request: Mapping[str, Any],
    answer: bytes | None,
    token: str | None,
    request_bytes: int | None = None,
    answer_bytes: int | None = None,
) -> bytes:
    """Return the raw body of a call.

    Args:
        method: as the client wrote it, or `FILE`.
        started_at: as `raw.format_time` writes it.
        seconds: from the request's first byte to the answer's last; None when there was no answer.
        status: the answer's HTTP status; None when there was none.
        request: its fields.
        answer: its bytes, not compressed; None when there was none, or it was too large to keep.
        token: the bot's, to be taken out wherever it occurs.
        request_bytes: size of a body that could not be read.
        answer_bytes: size of an answer that is not given.
    """
    secrets = _Secrets(method.lower(), _token_pattern(token))
    written = secrets.answer(answer) if answer is not None and len(answer) <= LARGEST else None
    if answer is not None and written is None:
        answer_bytes = len(answer)
    parts = [
        f'{{"call":{_text(secrets.text(method))},"started_at":"{started_at}","seconds":{_number(seconds)},'
        f'"status":{"null" if status is None else status},"request":{_text(secrets.request(request))}'.encode()
    ]
    if request_bytes is not None:
        parts.append(b',"request_bytes":%d' % request_bytes)
    parts.append(b',"answer":' + (written or b"null"))
    if written is None and answer_bytes is not None:
        parts.append(b',"answer_bytes":%d' % answer_bytes)
    return b"".join([*parts, b"}"])


@dataclass(frozen=True, slots=True)
class _Secrets:
    """Takes out of one call what must not be kept."""

    method: str
    """In lower case."""
    token: re.Pattern[str] | None

    def request(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return self._fields(fields)
        except RecursionError:  # what cannot be searched for secrets is not kept
            return {}

    def _fields(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        secret = SECRET_ARGUMENTS.get(self.method, frozenset())
        return {
            self.text(name): REDACTED if name in secret or name in SECRET_KEYS else self._value(value, name)
            for name, value in fields.items()
        }

    def answer(self, written: bytes) -> bytes | None:
        """Return an answer in one line, verbatim where nothing is secret; None when it is no JSON."""
        try:
            return self._one_line(written)
        except (ValueError, RecursionError):
            return None

    def _one_line(self, written: bytes) -> bytes:
        text = written.decode("utf-8")
        value = loads_leniently(text)
        # Between tokens a line break is a space; inside strings JSON allows none.
        plain = written.strip().replace(b"\n", b" ").replace(b"\r", b" ")
        if self.method in SECRET_RESULTS and isinstance(value, dict) and "result" in value:
            return _text(self._value({**value, "result": REDACTED}, "")).encode()
        is_suspicious = self.method in SECRET_ADDRESSES or _SUSPICIOUS.search(written) is not None
        if not is_suspicious and (self.token is None or self.token.search(text) is None):
            return plain
        redacted = self._value(value, "")
        return plain if redacted == value else _text(redacted).encode()

    def text(self, text: str) -> str:
        return self.token.sub(_TOKEN, text) if self.token is not None else text

    def _value(self, value: Any, name: str) -> Any:
        if isinstance(value, str):
            return self._string(value, name)
        if isinstance(value, list):
            return [self._value(each, name) for each in value]
        if isinstance(value, dict):
            return {
                self.text(key): REDACTED if key in SECRET_KEYS else self._value(each, key)
                for key, each in value.items()
            }
        return value

    def _string(self, value: str, name: str) -> str:
        if name == "url" and self.method in SECRET_ADDRESSES:
            return self.text(_only_host(value))
        # In forms, and in some answers, objects are JSON inside a text.
        if value.lstrip()[:1] in ("{", "["):
            try:
                inner = loads_leniently(value)
                redacted = self._value(inner, name)
            except (ValueError, RecursionError):
                # Telegram will refuse it; who wrote it may have meant something secret.
                return REDACTED if any(key in value for key in SECRET_KEYS) else self.text(_without_userinfo(value))
            return value if redacted == inner else _text(redacted)
        if name == "url" or name.endswith("_url"):
            value = _without_userinfo(value)
        return self.text(value)


def without_token(text: str, token: str) -> str:
    """Return a text in which a bot's token is no more, such as a log may have."""
    pattern = _token_pattern(token)
    return pattern.sub(_TOKEN, text) if pattern is not None else text


def _token_pattern(token: str | None) -> re.Pattern[str] | None:
    """Return what finds a token, its colon escaped as in an address or not, and its secret half alone."""
    if not token:
        return None
    number, _, secret = token.partition(":")
    return re.compile(
        rf"(?:{re.escape(number)}(?::|%3A))?{re.escape(secret)}" if secret else re.escape(token), re.IGNORECASE
    )


def _without_userinfo(text: str) -> str:
    return _USERINFO.sub(f"{REDACTED}@", text)


def _only_host(address: str) -> str:
    """Return a webhook's address without what may be secret in it: all but scheme and host."""
    if address.lstrip()[:1] in ("{", "["):  # no address
        return REDACTED
    parts = _ADDRESS.fullmatch(address)
    if parts is None:
        return REDACTED
    scheme, user, host, rest = parts.group("scheme", "user", "host", "rest")
    return f"{scheme or ''}{REDACTED + '@' if user else ''}{host}{rest if rest in ('', '/') else '/' + REDACTED}"


def _text(value: Any) -> str:
    """Return a value as JSON. A lone surrogate, which UTF-8 cannot write, brings escapes for all that is not ASCII.

    A number such as 1e999, which is JSON, is read as an infinity, which is none: null stands in its place.
    """
    try:
        written = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError:
        value = _finite(value)
        written = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    try:
        written.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"))
    return written


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_finite(each) for each in value]
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    return value


def _number(seconds: float | None) -> str:
    return "null" if seconds is None else f"{max(seconds, 0.0):.6f}"
