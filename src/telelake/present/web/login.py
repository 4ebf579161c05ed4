"""The login page, and what it sends: a name with a password, or what Telegram signed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from telelake.errors import NotAllowed, TooOften
from telelake.present.web.body import form_of, read_body
from telelake.present.web.door import COOKIE
from telelake.present.web.view import render

if TYPE_CHECKING:
    from starlette.requests import Request

    from telelake.present.web.access import Access, Person
    from telelake.present.web.view import Viewer

_BODY = 16 * 1024


class Login:
    """The routes below /login."""

    def __init__(self, access: Access, viewer: Viewer) -> None:
        self._access = access
        self._viewer = viewer

    def routes(self) -> list[Route]:
        """Return them."""
        return [
            Route("/login", self.page),
            Route("/login", self.password, methods=["POST"]),
            Route("/login/telegram", self.page),
            Route("/login/telegram", self.telegram, methods=["POST"]),
            Route("/logout", self.leave, methods=["POST"]),
        ]

    def page(self, request: Request) -> Response:
        """The page; also where Telegram sends people back to, and whose script then posts what Telegram said."""
        if request.state.person is not None and request.url.path == "/login":
            return RedirectResponse("/", 303)
        return self._page(request)

    async def password(self, request: Request) -> Response:
        """Log in with a name and a password."""
        form = form_of(await read_body(request, _BODY))
        peer = request.client.host if request.client else ""
        try:
            person = await run_in_threadpool(
                self._access.by_password, form.get("name", "").strip().lower(), form.get("password", ""), peer
            )
        except NotAllowed as refusal:
            return self._page(request, refusal, form)
        return self._welcome(request, person, RedirectResponse(_local(form.get("next", "")), 303))

    async def telegram(self, request: Request) -> Response:
        """Log in with what Telegram signed, which our script posts as JSON."""
        try:
            fields = json.loads(await read_body(request, _BODY))
            if not isinstance(fields, dict):
                raise ValueError
        except ValueError:
            return JSONResponse({"error": "Send what Telegram answered, as a JSON object."}, 400)
        try:
            person = self._access.by_telegram(fields)
        except NotAllowed as refusal:
            return JSONResponse({"error": str(refusal)}, 403)
        return self._welcome(request, person, JSONResponse({"next": "/"}))

    def leave(self, request: Request) -> Response:
        """Log out."""
        del request
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE)
        return answer

    def _page(
        self, request: Request, refusal: NotAllowed | None = None, form: dict[str, str] | None = None
    ) -> Response:
        view = self._viewer.of(request)
        origin = f"{request.url.scheme}://{request.headers.get('host', '')}"
        html = render(
            "login.html", view,
            has_passwords=self._access.has_passwords, telegram=self._access.telegram_address(origin),
            refused=view.t["login_wait" if isinstance(refusal, TooOften) else "login_wrong"] if refusal else "",
            name=(form or {}).get("name", ""), next=(form or {}).get("next") or request.query_params.get("next", ""),
        )  # fmt: skip
        status = 200 if refusal is None else 429 if isinstance(refusal, TooOften) else 403
        headers = {"Retry-After": str(refusal.retry_after)} if isinstance(refusal, TooOften) else {}
        return HTMLResponse(html, status, headers)

    def _welcome(self, request: Request, person: Person, answer: Response) -> Response:
        settings = self._access.settings
        is_secure = request.url.scheme == "https" or (settings.public_url or "").startswith("https:")
        answer.set_cookie(
            COOKIE, self._access.session(person), max_age=int(settings.session_hours * 3600), httponly=True,
            secure=is_secure, samesite="lax",
        )  # fmt: skip
        return answer


def _local(address: Any) -> str:
    # Only a path of ours: `//host` and `/\host` are other hosts to a browser.
    return address if address.startswith("/") and not address.startswith(("//", "/\\")) and "\n" not in address else "/"
