"""The dashboard's HTTP face: puts pages, API, login and guards together.

Knows nothing of stores or releases: `get_lake` hands it the newest release's lake for each request, and raises
`NotStored` while there is none. Queries run in the thread pool; the lake bounds them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from telelake import settings
from telelake.errors import (
    BodyTooLarge,
    NotAllowed,
    NotStored,
    QueryRefused,
    SettingsError,
    StoreError,
    TelelakeError,
    UnknownName,
)
from telelake.present.web.access import Access
from telelake.present.web.answers import Answers
from telelake.present.web.api import Api
from telelake.present.web.door import Door
from telelake.present.web.labels import label
from telelake.present.web.login import Login
from telelake.present.web.pages import Pages
from telelake.present.web.security import Guard, host_name
from telelake.present.web.static_files import StaticFiles
from telelake.present.web.view import Viewer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from starlette.requests import Request

    from telelake.present.query import Lake
    from telelake.present.vocabulary import Lang
    from telelake.present.web.labels import Correct

_PROMETHEUS = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
_STATUS: tuple[tuple[type[TelelakeError], int], ...] = (
    (StoreError, 503), (UnknownName, 404), (BodyTooLarge, 413), (NotAllowed, 403), (QueryRefused, 400), (SettingsError, 400),
)  # fmt: skip


def make_app(
    get_lake: Callable[[], Lake],
    facts: Callable[[], Mapping[str, Any]],
    lang: Lang = "pt",
    hosts: Iterable[str] = (),
    metrics: Callable[[], bytes] | None = None,
    access: Access | None = None,
    correct: Correct | None = None,
) -> Starlette:
    """Return the dashboard.

    `get_lake` returns the newest release's lake (the caller caches and closes it) and raises NotStored before the first
    release. `facts` gives what header and footer say: `made_up`, `home`, `timezone`, `last_day`, `messages`,
    `updated_at`, each optional. `hosts` are names beside loopback under which the page is reached; `lang` is for
    readers whose browser asks for neither language. `metrics` gives the text of /metrics. `access` says who may
    come in; without it nobody logs in. `correct` writes down what a person says of a question; without it nobody is asked.
    """
    access = access or Access(settings.Dashboard())
    viewer = Viewer(files := StaticFiles(), facts, lang)
    answers, masks = Answers(), access.settings.mask_viewers
    routes = [
        *Pages(get_lake, answers, viewer, may_label=correct is not None, mask_viewers=masks).routes(),
        *Api(get_lake, answers, viewer, mask_viewers=masks).routes(),
        *([Route("/api/label", label(correct), methods=["POST"])] if correct else ()),
        *(Login(access, viewer).routes() if not access.is_open else ()),
        Route("/static/{name}", files.get),
        *(Route(path, lambda _: PlainTextResponse("ok\n")) for path in ("/healthz", "/livez")),
    ]
    if metrics is not None:
        routes.append(Route("/metrics", lambda _: PlainTextResponse(metrics(), headers=_PROMETHEUS)))
    public = access.settings.public_url
    names = [*hosts, *([host_name(urlsplit(public).netloc)] if public else [])]
    return Starlette(
        routes=routes,
        middleware=[
            Middleware(Guard, hosts=names),
            Middleware(Door, access=access),
            Middleware(GZipMiddleware, minimum_size=1024),
        ],
        exception_handlers={TelelakeError: _refused},
    )


def _refused(request: Request, error: Exception) -> Response:
    del request
    if isinstance(error, NotStored):
        message = "There is no data yet: no release was published. Capture something, then wrangle."
        return JSONResponse({"error": message}, 503)
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    return JSONResponse({"error": str(error)}, status)
