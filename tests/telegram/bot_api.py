"""A Bot API server of our own: it keeps webhooks as Telegram does, and can be told to answer something else."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
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
            return 200, {"ok": True, "result": info}
        return 404, {"ok": False, "error_code": 404, "description": "Not Found: method not found"}


@contextmanager
def bot_api(*tokens: str) -> Iterator[Server]:
    """Run a server that knows these tokens."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if server.answer is not None:
                status, content, headers = server.answer
            else:
                token, _, method = self.path.removeprefix("/bot").partition("/")
                status, answer = server.respond(token, method, json.loads(body))
                content, headers = json.dumps(answer).encode(), {"Content-Type": "application/json"}
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST  # noqa: N815 - the name that the server looks for

        def log_message(self, *_: object) -> None: ...

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server = Server(f"http://127.0.0.1:{listener.server_port}", set(tokens))
    thread = threading.Thread(target=listener.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()
