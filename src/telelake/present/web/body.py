"""Bodies that browsers send: read up to a bound, and taken apart."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from telelake.errors import BodyTooLarge

if TYPE_CHECKING:
    from starlette.requests import Request


async def read_body(request: Request, most: int) -> bytes:
    """Return the body.

    Raises:
        BodyTooLarge: it is over the bound, in bytes.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise BodyTooLarge(f"What was sent is longer than {most} bytes.")
    return bytes(body)


def form_of(body: bytes) -> dict[str, str]:
    """Return the fields of a plain form; the last of two with one name."""
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def is_json(request: Request) -> bool:
    """Return whether the body is said to be JSON, which another origin cannot send unasked."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"
