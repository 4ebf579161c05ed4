"""What the page loads: our style and script, and Vega, all from here and nowhere else.

Each address carries a digest of its bytes, so a browser may keep it for ever. Vega comes out of vl-convert (0.9 MB, two
seconds to bundle): made once in a thread when the app is made, kept in memory.
"""

from __future__ import annotations

import hashlib
import threading
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse, Response

from telelake.present import bundle

if TYPE_CHECKING:
    from starlette.requests import Request

_FOLDER = Path(__file__).with_name("static")
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
VEGA = "vega.js"


class StaticFiles:
    """A few files by name."""

    def __init__(self) -> None:
        self._files = {path.name: path.read_bytes() for path in _FOLDER.iterdir() if path.suffix in _TYPES}
        self._lock = threading.Lock()
        threading.Thread(target=lambda: self._vega, name="bundle-vega", daemon=True).start()

    def url(self, name: str) -> str:
        """Return the address of a file."""
        return f"/static/{name}?v={self._tag(name)}"

    def get(self, request: Request) -> Response:
        """Serve one file."""
        name = request.path_params["name"]
        if name != VEGA and name not in self._files:
            return PlainTextResponse("Not found\n", status_code=404)
        tag = self._tag(name)
        fresh = request.query_params.get("v") == tag
        headers = {
            "ETag": f'"{tag}"',
            "Cache-Control": "public, max-age=31536000, immutable" if fresh else "no-cache",
        }
        if request.headers.get("if-none-match") == f'"{tag}"':
            return Response(status_code=304, headers=headers)
        body = self._vega if name == VEGA else self._files[name]
        return Response(body, media_type=_TYPES[Path(name).suffix], headers=headers)

    def _tag(self, name: str) -> str:
        if name == VEGA:  # a function of the package's version, known before the two seconds are over
            return "vl-convert-" + version("vl-convert-python")
        return hashlib.sha256(self._files[name]).hexdigest()[:16]

    @property
    def _vega(self) -> bytes:
        with self._lock:
            return self._bundle

    @cached_property
    def _bundle(self) -> bytes:
        return bundle.vega().encode()
