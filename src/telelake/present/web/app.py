"""The dashboard's HTTP face.

Knows nothing of stores or releases: `get_lake` hands it the newest release's lake for each request, and raises
`NotStored` while there is none. Queries run in the thread pool; the lake bounds them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from telelake.errors import NotStored, QueryRefused, SettingsError, StoreError, TelelakeError, UnknownName
from telelake.present import formats
from telelake.present.chart import vega_lite
from telelake.present.insight import PARAMS, all_insights, checked, insight, run
from telelake.present.web import page
from telelake.present.web.security import Guard
from telelake.present.web.static_files import StaticFiles
from telelake.present.web.texts import choose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from starlette.requests import Request

    from telelake.present.answer import Answer
    from telelake.present.query import Lake
    from telelake.present.vocabulary import Lang

_SQL_BYTES = 256 * 1024
_PROMETHEUS = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
_OWN = frozenset({"lang", "format", "theme"})


class _Api:
    """The routes, over one way to get a lake."""

    def __init__(self, get_lake: Callable[[], Lake], facts: Callable[[], Mapping[str, Any]], lang: Lang) -> None:
        self._get_lake = get_lake
        self._facts = facts
        self._lang = lang
        self.files = StaticFiles()

    def home(self, request: Request) -> Response:
        """The page; a lake without a release, or filters that do not work, still give a page."""
        lang = self._language(request)
        query = dict(request.query_params)
        error, status = None, 200
        try:
            checked({name: query.get(name) for name in PARAMS})
        except SettingsError as wrong:
            error, status = str(wrong), 400
        try:
            lake: Lake | None = self._get_lake()
        except NotStored:
            lake = None
        html = page.render(lake, self._facts(), self.files, lang, query, error)
        return HTMLResponse(html, status_code=status, headers={"Vary": "Accept-Language", "Content-Language": lang})

    def insights(self, request: Request) -> Response:
        """All insights: title, definition, parameters, SQL and chart."""
        lang = self._language(request)
        theme = "dark" if request.query_params.get("theme") == "dark" else "light"
        listed = [
            {
                "name": each.name,
                "title": each.titles[lang],
                "definition": each.definitions[lang],
                "params": each.params,
                "sql": each.sql,
                "chart": vega_lite(each, lang, "dark" if theme == "dark" else "light"),
            }
            for each in all_insights()
        ]
        return JSONResponse(listed)

    def answer(self, request: Request) -> Response:
        """One insight's rows."""
        wanted = insight(request.path_params["name"])
        params = {name: value for name, value in request.query_params.items() if name not in _OWN}
        form = request.query_params.get("format", "json")
        if form not in {"json", "csv"}:
            raise SettingsError(f"'format' is '{form[:40]}'; write json or csv.")
        answer = run(self._get_lake(), wanted, params)
        if form == "json":
            return _rows(answer)
        saved = {"Content-Disposition": f'attachment; filename="{wanted.name}.csv"'}
        return Response(formats.as_csv(answer), media_type="text/csv", headers=saved)

    async def sql(self, request: Request) -> Response:
        """Rows of the reader's own SQL."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return _error('Send JSON: content-type application/json, with a body such as {"sql": "SELECT 1"}.', 415)
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > _SQL_BYTES:
                return _error(f"The query is longer than {_SQL_BYTES} bytes.", 413)
        try:
            sql = json.loads(bytes(body))["sql"]
        except (ValueError, KeyError, TypeError):
            sql = None
        if not isinstance(sql, str):
            return _error('The body must be {"sql": "SELECT …"}.', 400)
        return await run_in_threadpool(lambda: _rows(self._get_lake().query(sql)))

    def _language(self, request: Request) -> Lang:
        return choose(request.query_params.get("lang"), request.headers.get("accept-language"), self._lang)


def make_app(
    get_lake: Callable[[], Lake],
    facts: Callable[[], Mapping[str, Any]],
    lang: Lang = "pt",
    hosts: Iterable[str] = (),
    metrics: Callable[[], bytes] | None = None,
) -> Starlette:
    """Return the dashboard.

    `get_lake` returns the newest release's lake (the caller caches and closes it) and raises NotStored before the first
    release. `facts` gives what header and footer say: `made_up`, `home`, `timezone`, `last_day`, `messages`,
    `updated_at`, each optional. `hosts` are names beside loopback under which the page is reached; `lang` is for
    readers whose browser asks for neither language. `metrics` gives the text of /metrics.
    """
    api = _Api(get_lake, facts, lang)
    routes = [
        Route("/", api.home),
        Route("/api/insights", api.insights),
        Route("/api/insights/{name}", api.answer),
        Route("/api/sql", api.sql, methods=["POST"]),
        Route("/static/{name}", api.files.get),
        Route("/healthz", lambda _: PlainTextResponse("ok\n")),
    ]
    if metrics is not None:
        routes.append(Route("/metrics", lambda _: PlainTextResponse(metrics(), headers=_PROMETHEUS)))
    return Starlette(
        routes=routes,
        middleware=[Middleware(Guard, hosts=tuple(hosts)), Middleware(GZipMiddleware, minimum_size=1024)],
        exception_handlers={TelelakeError: _refused},
    )


def _rows(answer: Answer) -> Response:
    return Response(formats.as_json(answer), media_type="application/json")


def _error(message: str, status: int) -> Response:
    return JSONResponse({"error": message}, status_code=status)


def _refused(request: Request, error: Exception) -> Response:
    del request
    if isinstance(error, NotStored):
        return _error("There is no data yet: no release was published. Capture something, then wrangle.", 503)
    if isinstance(error, StoreError):
        return _error(str(error), 503)
    if isinstance(error, UnknownName):
        return _error(str(error), 404)
    return _error(str(error), 400 if isinstance(error, (QueryRefused, SettingsError)) else 500)
