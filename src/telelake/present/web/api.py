"""What the pages' script asks: insights and their rows, the first page's answers, SQL, corrections.

Everything is checked here as if a stranger had sent it; what is wrong becomes one JSON object with `error`.
"""

from __future__ import annotations

import json
import secrets
import time
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from telelake.errors import SettingsError
from telelake.present import formats
from telelake.present.chart import vega_lite
from telelake.present.insight import all_insights, insight, values
from telelake.present.params import written
from telelake.present.web import first, opened
from telelake.present.web.body import is_json, read_body
from telelake.present.web.masked import masked
from telelake.present.web.patience import while_wanted

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from telelake.present.answer import Answer
    from telelake.present.chart import Theme
    from telelake.present.query import Cancel, Lake
    from telelake.present.web.answers import Answers
    from telelake.present.web.view import Viewer

_SQL_BYTES = 256 * 1024
_SHOWN_ROWS = 1000
"""Rows of a reader's query that its page gets; a download has all."""
_SAVED_ROWS = 100_000
"""Rows behind a number that a download has."""
_OWN = frozenset({"lang", "format", "theme", "column"})
_TYPES = {
    "csv": "text/csv",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
}


class Api:
    """The routes below /api."""

    def __init__(self, get_lake: Callable[[], Lake], answers: Answers, viewer: Viewer, mask_viewers: bool) -> None:
        self._get_lake = get_lake
        self._answers = answers
        self._viewer = viewer
        self._mask_viewers = mask_viewers
        self._mask_key = secrets.token_bytes(32)

    def routes(self) -> list[Route]:
        """Return them."""
        return [
            Route("/api/insights", self.insights),
            Route("/api/insights/{name}", self.answer),
            Route("/api/insights/{name}/rows", self.rows),
            Route("/api/first", self.first),
            Route("/api/sql", self.sql, methods=["POST"]),
        ]

    def insights(self, request: Request) -> Response:
        """All insights, those of a `group`, or those of some `names`: title, definition, parameters, SQL and chart."""
        lang = self._viewer.language(request)
        theme: Theme = "dark" if request.query_params.get("theme") == "dark" else "light"
        group, names = request.query_params.get("group"), request.query_params.get("names")
        named = names.split(",") if names is not None else None
        listed = [
            {
                "name": each.name,
                "group": each.group,
                "title": each.titles[lang],
                "definition": each.definitions[lang],
                "params": each.params,
                "only_people": each.defaults.get("who") == "people",
                "mark": each.chart.mark,
                "fields": dict(each.chart.fields),
                "based_on": each.based_on,
                "keys": list(each.rows.keys) if each.rows else None,
                "sql": each.sql,
                "chart": vega_lite(each, lang, theme),
            }
            for each in all_insights()
            if group in (None, each.group) and (named is None or each.name in named)
        ]
        return JSONResponse(listed)

    async def answer(self, request: Request) -> Response:
        """One insight's rows."""
        wanted = insight(request.path_params["name"])
        asked = written(wanted.sql, values(wanted, self._params(request)))
        form = self._format(request)
        answer = await while_wanted(request, lambda stop: self._answers.ask(self._get_lake(), asked, stop))
        return _file(self._shown(request, answer), form, wanted.name)

    async def rows(self, request: Request) -> Response:
        """The rows behind one number of an insight, and the SQL that opens them: `key.COLUMN=value`, and `column`."""
        wanted = insight(request.path_params["name"])
        keys = {name[4:]: value for name, value in request.query_params.items() if name.startswith("key.")}
        form = self._format(request)
        most = _SHOWN_ROWS + 1 if form == "json" else _SAVED_ROWS
        found = opened.query(wanted, self._params(request), keys, request.query_params.get("column"), most)
        answer = await while_wanted(request, lambda stop: self._get_lake().query(found.sql, None, stop))
        answer = self._shown(request, answer)
        if form != "json":
            return _file(answer, form, f"{wanted.name}-rows")
        return JSONResponse(_table(answer) | {"sql": found.sql, "numbers_sql": found.numbers})

    async def first(self, request: Request) -> Response:
        """The three questions' answers."""
        lang = self._viewer.language(request)
        params = self._params(request)

        def ask(stop: Cancel) -> list[dict[str, Any]]:
            lake = self._get_lake()
            return first.replies(lambda one, own: self._answers.ask(lake, written(one.sql, own), stop), params, lang)

        return JSONResponse(await while_wanted(request, ask))

    async def sql(self, request: Request) -> Response:
        """Rows of the reader's own SQL, as `format` says: json, csv, parquet, arrow, or page (columns, types, first rows)."""
        if not is_json(request):
            return _error('Send JSON: content-type application/json, with a body such as {"sql": "SELECT 1"}.', 415)
        try:
            body = json.loads(await read_body(request, _SQL_BYTES))
            sql, form = body["sql"], body.get("format", "json")
        except (ValueError, KeyError, TypeError, AttributeError):
            sql, form = None, "json"
        if not isinstance(sql, str):
            return _error('The body must be {"sql": "SELECT …"}.', 400)
        if form not in (*_TYPES, "page"):
            raise SettingsError(f"'format' is '{str(form)[:40]}'; write page, {', '.join(_TYPES)}.")
        started = time.monotonic()
        answer = await while_wanted(request, lambda stop: self._get_lake().query(sql, None, stop))
        if form != "page":
            return _file(answer, form, "query")
        return JSONResponse(_table(answer) | {"seconds": round(time.monotonic() - started, 3)})

    def _params(self, request: Request) -> dict[str, str]:
        return {
            name: value
            for name, value in request.query_params.items()
            if name not in _OWN and not name.startswith("key.")
        }

    def _format(self, request: Request) -> str:
        form = request.query_params.get("format", "json")
        if form not in _TYPES:
            raise SettingsError(f"'format' is '{form[:40]}'; write json, csv, parquet or arrow.")
        return form

    def _shown(self, request: Request, answer: Answer) -> Answer:
        if self._mask_viewers and not request.state.person.may("analyst"):
            return masked(answer, self._mask_key, self._viewer.language(request))
        return answer


def _table(answer: Answer) -> dict[str, Any]:
    rows = [[formats.plain(value) for value in row] for row in answer.rows[:_SHOWN_ROWS]]
    columns = [{"name": name, "type": kind} for name, kind in zip(answer.columns, answer.types, strict=True)]
    return {"columns": columns, "rows": rows, "total": answer.table.num_rows}


def _file(answer: Answer, form: str, name: str) -> Response:
    makers = {"json": formats.as_json, "csv": formats.as_csv, "parquet": formats.as_parquet, "arrow": formats.as_arrow}
    saved = {} if form == "json" else {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    return Response(makers[form](answer), media_type=_TYPES[form], headers=saved)


def _error(message: str, status: int) -> Response:
    return JSONResponse({"error": message}, status_code=status)
