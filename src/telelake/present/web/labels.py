"""Corrections of questions that come from the page; what they do is the business of who is called."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from telelake.errors import SettingsError
from telelake.present.vocabulary import CODES
from telelake.present.web.body import is_json, read_body

if TYPE_CHECKING:
    from starlette.requests import Request

Correct = Callable[[str, Mapping[str, Any]], None]
"""Takes a question's id and what is said of it (`is_question`, `outcome`, `answered_by`); nothing takes all back."""

_BODY = 4096
_ALLOWED: Mapping[str, tuple[Any, ...]] = {
    "is_question": (True, False),
    "outcome": tuple(CODES["outcome"]),
    "answered_by": ("bot", "attendant", "customer", "nobody"),
}


def label(correct: Correct) -> Callable[[Request], Awaitable[Response]]:
    """Return the route that takes `{"question_id": …, "outcome": …}`, or `{"question_id": …, "clear": true}`."""

    async def take(request: Request) -> Response:
        if not is_json(request):
            return JSONResponse({"error": "Send JSON: content-type application/json."}, 415)
        question, said = _read(await read_body(request, _BODY))
        await run_in_threadpool(correct, question, said)
        return JSONResponse({"question_id": question, "said": said})

    return take


def _read(body: bytes) -> tuple[str, dict[str, Any]]:
    try:
        given = json.loads(body)
        question, clear = given.pop("question_id"), given.pop("clear", False)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError('The body must be {"question_id": …} with what is said of it.') from error
    if not isinstance(question, str) or (bool(given) == (clear is True)):
        raise SettingsError("Say something of a question, or clear what was said: one of the two.")
    for name, value in given.items():
        if name not in _ALLOWED or not any(
            value is each or (isinstance(value, str) and value == each) for each in _ALLOWED[name]
        ):
            known = "; ".join(f"{key}: {', '.join(map(str, values)).lower()}" for key, values in _ALLOWED.items())
            raise SettingsError(f"'{name}' cannot be said, or not so. Known: {known}.")
    return question, given
