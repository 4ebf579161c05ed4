"""Who comes in: finds the session of each request, and turns away who has none, may not, or asks too often.

Knows paths and roles, and nothing of what lies behind them. The person is left in `request.state.person`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, RedirectResponse, Response

from telelake.present.web.limits import Buckets

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from telelake.present.web.access import Access, Person

COOKIE = "telelake_session"
_OPEN = ("/login", "/static/", "/healthz", "/livez")
_NEEDS = {"/sql": "analyst", "/api/sql": "analyst", "/api/label": "analyst", "/metrics": "admin"}
"""The role that a path needs; any other is for viewers."""
_BURST, _EACH_SECONDS = 240, 0.05


class Door:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access
        self._asked = Buckets(_BURST, _EACH_SECONDS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        person = self._access.person(cookie_parser(Headers(scope=scope).get("cookie", "")).get(COOKIE))
        scope.setdefault("state", {})["person"] = person
        answer = self._refusal(path, person, scope)
        await (answer or self._app)(scope, receive, send)

    def _refusal(self, path: str, person: Person | None, scope: Scope) -> Response | None:
        who = person.name if person and person.name else (scope.get("client") or ("",))[0]
        if not self._access.is_open and (wait := self._asked.take(who)):
            return _refused(
                429, "You ask more often than anybody may. Try again soon.", {"Retry-After": str(int(wait) + 1)}
            )
        if path.startswith(_OPEN):
            return None
        if person is None:
            if path.startswith("/api/") or scope["method"] != "GET":
                return _refused(401, "Log in first, at /login.")
            query = scope.get("query_string", b"").decode("latin-1")
            return RedirectResponse(f"/login?next={quote(path + ('?' + query if query else ''), safe='')}", 303)
        needed = _NEEDS.get(path, "viewer")
        if not person.may(needed):
            return _refused(403, f"This needs the role {needed}, and yours is {person.role}. Ask who runs this lake.")
        return None


def _refused(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": message}, status, headers)
