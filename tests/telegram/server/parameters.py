"""A call's parameters, however they came: query, form, JSON or multipart. All are text, as the server keeps them."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterable
from urllib.parse import parse_qsl

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from tests.telegram.server.log import Upload

_LARGEST_FIELD = 4 << 20


class UnreadableParametersError(Exception):
    """The body is not what its Content-Type says."""


async def read_parameters(content_type: str, query: bytes, body: bytes) -> tuple[dict[str, str], tuple[Upload, ...]]:
    """Return parameters and files.

    Raises:
        UnreadableParametersError: the body is not what its type says.
    """
    in_query = _first(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
    kind = content_type.partition(";")[0].strip().lower()
    in_body: dict[str, str] = {}
    uploads: tuple[Upload, ...] = ()
    if kind == "application/json" and body.strip():
        in_body = _of_json(body)
    elif kind == "application/x-www-form-urlencoded":
        in_body = _first(parse_qsl(body.decode("utf-8", "surrogateescape"), keep_blank_values=True))
    elif kind == "multipart/form-data":
        in_body, uploads = await _of_multipart(content_type, body)
    return in_body | in_query, uploads


def _first(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the first value of each name: the server reads the query, then the body, and takes what it finds first."""
    found: dict[str, str] = {}
    for name, value in pairs:
        found.setdefault(name, value)
    return found


def _of_json(body: bytes) -> dict[str, str]:
    try:
        found = json.loads(body)
    except ValueError as error:
        raise UnreadableParametersError from error
    if not isinstance(found, dict):
        raise UnreadableParametersError
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in found.items()
        if value is not None
    }


async def _of_multipart(content_type: str, body: bytes) -> tuple[dict[str, str], tuple[Upload, ...]]:
    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    parser = MultiPartParser(Headers({"content-type": content_type}), stream(), max_part_size=_LARGEST_FIELD)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise UnreadableParametersError from error
    fields: dict[str, str] = {}
    uploads: list[Upload] = []
    items: Iterable[tuple[str, UploadFile | str]] = form.multi_items()
    for name, value in items:
        if isinstance(value, str):
            fields.setdefault(name, value)
        else:
            uploads.append(Upload(name, value.filename or "", value.content_type or "", await value.read()))
    await form.close()
    return fields, tuple(uploads)
