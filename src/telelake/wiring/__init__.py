"""Settings in, a working lake out: the only place that knows which adapter is in use.

Everything is made when it is first asked for, and heavy packages are imported only then: a process that captures loads
neither the engine nor the tables. One class a module, each with what one part of telelake needs beside those before it: `core` the
home, `capturing` the ways in, `topics` and `building` the tables, `reading` the answers, `telling` the chat, `keeping` the
copies.
"""

from __future__ import annotations

from telelake.wiring.keeping import Keeping


class App(Keeping):
    """One lake and all that is done with it."""


__all__ = ["App"]
