"""moto's server over HTTP, made to keep S3's promise that of conditional writes that come together one wins.

moto looks at `If-Match` and `If-None-Match` first and writes afterwards, in a thread for each connection: two that come
at the same moment are both told that they won. So its requests are handled one after another here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Lock, Thread
from typing import Any


@contextmanager
def moto_server() -> Iterator[str]:
    """Run moto's server; yield its address."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server
    from werkzeug.test import run_wsgi_app

    moto = DomainDispatcherApplication(create_backend_app)
    one_at_a_time = Lock()

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with one_at_a_time:
            body, status, headers = run_wsgi_app(moto, environ, buffered=True)
        start_response(status, headers.to_wsgi_list())
        return body

    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=MotoRequestHandler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
