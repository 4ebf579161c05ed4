"""The Bot API over HTTP: addresses, tokens, parameters, answers. What a call does is in `methods.py` and `account.py`."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from email.utils import formatdate
from typing import Literal

from tests.telegram.server.account import Account
from tests.telegram.server.clock import Clock
from tests.telegram.server.faults import Fault
from tests.telegram.server.kinds import wire
from tests.telegram.server.listener import Request, Response
from tests.telegram.server.log import Call, Upload
from tests.telegram.server.methods import METHODS, NAMES, Asked, RefusedError, too_many
from tests.telegram.server.parameters import UnreadableParametersError, read_parameters
from tests.telegram.server.wire import Answer

_NOT_IN_A_WEBHOOKS_ANSWER = ("deletewebhook", "setwebhook", "close", "logout")


@dataclass(frozen=True, slots=True)
class _Asking:
    """A call on its way to its answer."""

    account: Account
    written: str
    fields: dict[str, str]
    uploads: tuple[Upload, ...]
    agent: str = ""
    via: Literal["http", "webhook"] = "http"

    @property
    def method(self) -> str:
        return NAMES.get(self.written.lower(), self.written)


class Api:
    """Answers requests."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.accounts: dict[str, Account] = {}
        self.faults: list[Fault] = []
        self.requests: list[Request] = []
        """All that came, also with a wrong token."""
        self._executing: set[asyncio.Task[None]] = set()

    async def handle(self, request: Request) -> Response | None:
        """Answer a request, with the time that it is here; None hangs up."""
        response = await self._handle(request)
        if response is not None:
            response.headers.setdefault("Date", formatdate(self._clock.now(), usegmt=True))
        return response

    async def _handle(self, request: Request) -> Response | None:
        self.requests.append(request)
        path = request.path
        if path.startswith("/file/bot"):
            return await self._file(request)
        if not path.startswith("/bot") or path.count("/") < 2 or request.verb not in ("GET", "POST"):
            return _refusal(RefusedError(404, "Not Found"))
        token, _, method = path.removeprefix("/bot").partition("/")
        if method.startswith("test/"):
            token, method = f"{token}/test", method.removeprefix("test/")
        try:
            account = self._account(token)
            fields, uploads = await read_parameters(
                request.headers.get("content-type", ""), request.query, request.body
            )
        except RefusedError as refused:
            return _refusal(refused)
        except UnreadableParametersError:
            return _refusal(RefusedError(400, "Bad Request: can't parse the request"))
        written = method or fields.get("method", "")
        return await self._call(_Asking(account, written, fields, uploads, request.headers.get("user-agent", "")))

    async def _call(self, asking: _Asking) -> Response | None:
        fault = self._fault(asking.method) or Fault()
        await asyncio.sleep(fault.delay)
        if fault.raw is not None:
            response = Response(fault.status or 200, fault.raw, fault.headers)
        elif fault.status:
            response = _refusal(
                RefusedError(fault.status, fault.description)
                if fault.retry_after is None
                else too_many(fault.retry_after)
            )
        else:
            response = await self._carry_out(asking)
        self._log(asking, response.status, None if fault.hangs_up else response.body)
        return None if fault.hangs_up else response

    async def _carry_out(self, asking: _Asking) -> Response:
        account, asked = asking.account, Asked(asking.fields, asking.uploads)
        name = asking.written.lower()
        try:
            if account.desk.is_logged_out:
                raise RefusedError(400, "Logged out")
            if name == "getupdates":
                return Response(200, b'{"ok":true,"result":' + await account.get_updates(asked) + b"}")
            if name in ("setwebhook", "deletewebhook"):
                result, description = await account.set_webhook(asked, is_deletion=name == "deletewebhook")
                return Response(200, wire({"ok": True, "result": result, "description": description}))
            if name == "getwebhookinfo":
                return Response(200, wire({"ok": True, "result": account.webhook_info()}))
            if name not in METHODS:
                raise RefusedError(404, "Not Found: method not found")
            return Response(200, wire({"ok": True, "result": METHODS[name](account.desk, asked)}))
        except RefusedError as refused:
            return _refusal(refused)

    def execute(self, account: Account, answer: Answer) -> None:
        """Carry out the call that a webhook's answer holds, if it holds one."""
        if answer.body:
            task = asyncio.create_task(self._execute(account, answer))
            self._executing.add(task)
            task.add_done_callback(self._executing.discard)

    async def _execute(self, account: Account, answer: Answer) -> None:
        try:
            fields, uploads = await read_parameters(answer.headers.get("content-type", ""), b"", answer.body)
        except UnreadableParametersError:
            return
        written = fields.pop("method", "")
        if not written or written.lower() in _NOT_IN_A_WEBHOOKS_ANSWER or written.lower().startswith("get"):
            return
        asking = _Asking(account, written, fields, uploads, via="webhook")
        done = await self._carry_out(asking)
        self._log(asking, done.status, done.body)

    async def _file(self, request: Request) -> Response | None:
        token, _, name = request.path.removeprefix("/file/bot").partition("/")
        account = self.accounts.get(token)
        stored = next((each for each in account.desk.files.values() if each.path == name), None) if account else None
        fault = self._fault("file") or Fault()
        await asyncio.sleep(fault.delay)
        if fault.status or stored is None:
            response = _refusal(RefusedError(fault.status or 404, "Not Found"))
        else:
            response = Response(200, stored.content, {"Content-Type": "application/octet-stream"})
        if account is not None:
            self._log(
                _Asking(account, "file", {"path": name}, (), request.headers.get("user-agent", "")), response.status
            )
        return None if fault.hangs_up else response

    def _account(self, token: str) -> Account:
        number, colon, _ = token.partition(":")
        if not colon or len(token) > 80 or token.startswith("0") or not (number.isascii() and number.isdigit()):
            raise RefusedError(401, "Unauthorized: invalid token specified")
        if token not in self.accounts:
            raise RefusedError(401, "Unauthorized")
        return self.accounts[token]

    def _fault(self, method: str) -> Fault | None:
        return next((fault for fault in self.faults if fault.takes(method)), None)

    def _log(self, asking: _Asking, status: int, answer: bytes | None = None) -> None:
        try:
            read = None if answer is None else json.loads(answer)
        except ValueError:
            read = None
        asking.account.calls.append(
            Call(
                asking.method, asking.written, asking.fields, asking.uploads, status, read, self._clock.now(), asking.via,
                asking.agent,
            )
        )  # fmt: skip


def _refusal(refused: RefusedError) -> Response:
    headers = {} if refused.retry_after is None else {"Retry-After": str(refused.retry_after)}
    return Response(refused.status, wire(refused.body()), headers)
