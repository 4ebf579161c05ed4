"""How the test run's process ends: as `telelake` does, without taking itself apart (docs/decisions/0023).

By its end a whole run has loaded some two hundred packages, with threads of their own in C, C++ and Rust. When Python then
freed them one after another, a run in which every test had passed could end in a segmentation fault, after its
closing line. What tests have to say is said by then.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys

import pytest


class Ending:
    """Hooks of a session: ends the process with pytest's own exit code once threads were waited for."""

    def __init__(self) -> None:
        self._code: int | None = None
        atexit.register(self._end)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> object:
        """Take the exit code after all others had their say."""
        result = yield
        self._code = int(session.exitstatus)
        return result

    def _end(self) -> None:
        if self._code is not None:
            logging.shutdown()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(self._code)
