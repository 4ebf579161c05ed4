"""A real HTTP proxy before the stand-in that fails chosen requests, each as often as it is told.

It passes `Host` and the signature on untouched, so the request is still the one that was signed.
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from tests.aws.server import Handler, Serving


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it came."""

    method: str
    path: str
    """Decoded, with its query."""
    target: str
    """`X-Amz-Target`: service and operation of the JSON protocols, such as `AWSGlue.UpdateTable`; else empty."""
    body: bytes = field(repr=False)


@dataclass
class Fault:
    """What goes wrong with requests, and how often."""

    matches: Callable[[Seen], bool]
    kind: str
    """A status such as `500`: refused, not done. `lost`: done, but the connection breaks before the answer. `reset`: the
    connection breaks and it is not done. `none`: goes well."""
    times: int = 1
    before: Callable[[Seen], None] | None = None
    """Done before the request is passed on."""
    after: Callable[[Seen], None] | None = None
    """Done when it was carried out and is not yet answered."""
    hits: list[Seen] = field(default_factory=list)
    """The requests that met it."""


def s3(method: str, part: str) -> Callable[[Seen], bool]:
    """Match requests for objects by method and a part of the path."""
    return lambda seen: seen.method == method and not seen.target and part in seen.path


def operation(name: str) -> Callable[[Seen], bool]:
    """Match requests by the end of their `X-Amz-Target`, such as `AWSGlue.UpdateTable`."""
    return lambda seen: seen.target.endswith(name)


class Proxy(Serving):
    """A running proxy."""

    def __init__(self, upstream: str) -> None:
        self._upstream = urlsplit(upstream)
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        super().__init__(self._handler())

    def add(self, fault: Fault) -> Fault:
        """Let a fault wait for its requests."""
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Let all go well from now on."""
        with self._lock:
            self._faults.clear()

    def _meet(self, seen: Seen) -> Fault | None:
        with self._lock:
            for fault in self._faults:
                if len(fault.hits) < fault.times and fault.matches(seen):
                    fault.hits.append(seen)
                    return fault
        return None

    def _handler(self) -> type[Handler]:
        proxy = self

        class Passing(Handler):
            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except OSError:
                    self.close_connection = True  # the client, or we ourselves, closed it

            def pass_on(self) -> None:
                body = self.body()
                seen = Seen(self.command, unquote(self.path), self.headers.get("x-amz-target", ""), body)
                fault = proxy._meet(seen)
                if fault and fault.before:
                    fault.before(seen)
                if fault and fault.kind.isdigit():
                    self._refuse(int(fault.kind))
                    return
                if fault and fault.kind == "reset":
                    self._hang_up()
                    return
                status, headers, content = self._carry_out(body)
                if fault and fault.after:
                    fault.after(seen)
                if fault and fault.kind == "lost":
                    self._hang_up()
                    return
                self._answer(status, headers, content)

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_PATCH = pass_on  # noqa: N815

            def _hang_up(self) -> None:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)

            def _refuse(self, status: int) -> None:
                code = {403: "AccessDenied", 500: "InternalError", 503: "SlowDown"}[status]
                if self.headers.get("x-amz-target"):
                    kind, text = "application/x-amz-json-1.1", json.dumps({"__type": code, "message": "by the test"})
                else:
                    kind, text = "application/xml", f"<Error><Code>{code}</Code><Message>by the test</Message></Error>"
                self._answer(status, [("content-type", kind)], text.encode())

            def _carry_out(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
                upstream = http.client.HTTPConnection(proxy._upstream.hostname or "", proxy._upstream.port, timeout=120)
                try:
                    upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                    for name, value in self.headers.items():
                        if name.lower() not in ("connection", "expect", "transfer-encoding", "content-length"):
                            upstream.putheader(name, value)
                    if body or self.headers.get("content-length"):
                        upstream.putheader("Content-Length", str(len(body)))
                    upstream.endheaders(body or None)
                    answer = upstream.getresponse()
                    content = answer.read()
                    return answer.status, answer.getheaders(), content
                finally:
                    upstream.close()

            def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
                self.send_response_only(status)
                has_length = False
                for name, value in headers:
                    if name.lower() in ("connection", "transfer-encoding"):
                        continue
                    if name.lower() == "content-length":
                        has_length = True
                        value = value if self.command == "HEAD" else str(len(content))
                    self.send_header(name, value)
                if not has_length and status not in (204, 304):
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

        return Passing


@contextmanager
def fault(proxy: Proxy, *faults: Fault) -> Iterator[None]:
    """Let faults wait during a block, and fail when one of them met no request."""
    for each in faults:
        proxy.add(each)
    try:
        yield
    finally:
        proxy.clear()
    assert all(each.hits for each in faults), "a fault met no request: the test shows nothing"
