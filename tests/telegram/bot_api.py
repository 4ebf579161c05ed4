"""A Bot API server of our own: it keeps webhooks as Telegram does, and can be told to answer something else."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Server:
    """What it was asked, and what it answers."""

    url: str
    tokens: set[str]
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Methods with their arguments, in order; calls with an unknown token are not among them."""
    webhooks: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Each token's webhook."""
    answer: tuple[int, bytes, dict[str, str]] | None = None
    """Given to every call when set: status, body, headers."""
    more: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Further fields of results, by method."""
    asked_at: list[float] = field(default_factory=list)
    """When each request came (monotonic seconds), with any token and any answer."""
    waiting: dict[str, dict[int, bytes]] = field(default_factory=dict)
    """Each token's updates that nobody has confirmed, by update_id, in the bytes that are delivered."""
    polls: dict[str, int] = field(default_factory=dict)
    """How often a token's updates were asked for: a later request ends an earlier one that still waits."""
    news: threading.Condition = field(default_factory=threading.Condition)

    def add(self, token: str, update_id: int, body: bytes) -> None:
        """Have an update for a bot; who waits for one gets it at once."""
        with self.news:
            self.waiting.setdefault(token, {})[update_id] = body
            self.news.notify_all()

    def updates(self, token: str, arguments: dict[str, Any]) -> tuple[int, bytes]:
        """Answer getUpdates as Telegram does: confirm, wait, deliver at most 100; refuse beside a webhook."""
        with self.news:
            self.calls.append(("getUpdates", arguments))
            if token in self.webhooks:
                return _conflict("can't use getUpdates method while webhook is active")
            mine = self.polls[token] = self.polls.get(token, 0) + 1
            self.news.notify_all()
            queue = self.waiting.setdefault(token, {})
            for update_id in [each for each in queue if each < arguments.get("offset", 0)]:
                del queue[update_id]
            self.news.wait_for(lambda: queue or self.polls[token] != mine, arguments.get("timeout", 0))
            if self.polls[token] != mine:
                return _conflict("terminated by other getUpdates request")
            bodies = [queue[update_id] for update_id in sorted(queue)[:100]]
            return 200, b'{"ok":true,"result":[' + b",\n".join(bodies) + b"]}"

    def methods(self) -> list[str]:
        """Return the names of the methods called."""
        return [name for name, _ in self.calls]

    def respond(self, token: str, method: str, arguments: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Answer as Telegram does."""
        if token not in self.tokens:
            return 401, {"ok": False, "error_code": 401, "description": "Unauthorized"}
        self.calls.append((method, arguments))
        if method == "setWebhook":
            self.webhooks[token] = arguments
            return 200, {"ok": True, "result": True, "description": "Webhook was set"}
        if method == "deleteWebhook":
            self.webhooks.pop(token, None)
            return 200, {"ok": True, "result": True, "description": "Webhook was deleted"}
        if method == "getWebhookInfo":
            found = self.webhooks.get(token, {})
            kept = {key: found[key] for key in ("allowed_updates", "max_connections") if key in found}
            info = {"url": found.get("url", ""), "has_custom_certificate": False, "pending_update_count": 3, **kept}
            info |= self.more.get(method, {})
            return 200, {"ok": True, "result": info}
        if method == "getMe":
            number = int(token.partition(":")[0])
            me = {"id": number, "is_bot": True, "first_name": "Suporte", "username": "suporte_bot"}
            return 200, {"ok": True, "result": me | {"can_read_all_group_messages": True} | self.more.get(method, {})}
        return 404, {"ok": False, "error_code": 404, "description": "Not Found: method not found"}


def _conflict(why: str) -> tuple[int, bytes]:
    return 409, json.dumps({"ok": False, "error_code": 409, "description": f"Conflict: {why}"}).encode()


@contextmanager
def bot_api(*tokens: str) -> Iterator[Server]:
    """Run a server that knows these tokens."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            server.asked_at.append(time.monotonic())
            if server.answer is not None:
                status, content, headers = server.answer
            else:
                token, _, method = self.path.removeprefix("/bot").partition("/")
                if method == "getUpdates" and token in server.tokens:
                    status, content = server.updates(token, json.loads(body))
                    self._send(status, content, {"Content-Type": "application/json"})
                    return
                status, answer = server.respond(token, method, json.loads(body))
                content, headers = json.dumps(answer).encode(), {"Content-Type": "application/json"}
            self._send(status, content, headers)

        def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
            with suppress(BrokenPipeError, ConnectionResetError):  # who asked has gone
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

        do_GET = do_POST  # noqa: N815 - the name that the server looks for

        def log_message(self, *_: object) -> None: ...

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.daemon_threads = True  # a long poll must not hold up the end
    server = Server(f"http://127.0.0.1:{listener.server_port}", set(tokens))
    thread = threading.Thread(target=listener.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()
