"""The log of what runs: lines for people, or JSON for machines; from a level on. What is logged is the business of who logs it.

Without a setting only changes are told (something failed, something works again), each once; `debug` adds each request and each
publication.
"""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING, Any, Protocol

import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

    from telelake.settings import Log


class Stream(Protocol):
    """Where lines go."""

    def write(self, text: str) -> object:
        """Write a text."""

    def flush(self) -> None:
        """See that it is out."""

    def isatty(self) -> bool:
        """Return whether somebody reads it as it is written."""


def configure(settings: Log, stream: Stream) -> None:
    """Have everything that is logged go to a stream, as the settings say; what other packages log, too."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars, _named, structlog.processors.add_log_level,
        structlog.processors.StackInfoRenderer(), structlog.dev.set_exc_info,
    ]  # fmt: skip
    if settings.format == "json":
        form: list[Any] = [
            structlog.processors.TimeStamper(fmt="iso", utc=True), structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ]  # fmt: skip
        for handler in logging.getLogger().handlers:
            handler.setFormatter(_Json())
    else:
        form = [
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
            structlog.dev.ConsoleRenderer(colors=stream.isatty()),
        ]
    structlog.configure(
        processors=[*shared, *form],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *names: _Logger(stream, str(names[0]) if names else "telelake"),
    )


class _Logger(structlog.PrintLogger):
    """Writes lines, and knows whose they are."""

    def __init__(self, stream: Stream, name: str) -> None:
        super().__init__(stream)  # type: ignore[arg-type]
        self.name = name


def _named(logger: WrappedLogger, _: str, event: EventDict) -> EventDict:
    event["logger"] = getattr(logger, "name", "telelake")
    return event


class _Json(logging.Formatter):
    """A record of the standard library's logging as one line of JSON, with the same keys."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        said = {
            "event": record.getMessage(), "logger": record.name, "level": record.levelname.lower(),
            "timestamp": f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')}Z",
        }  # fmt: skip
        if record.exc_info:
            said["exception"] = self.formatException(record.exc_info)
        return json.dumps(said)
