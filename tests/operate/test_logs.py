"""The log: quiet by default, JSON by setting, each request with an id and no secret, each publication with its days."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from telelake.capture.requests import Requests
from telelake.operate.logs import configure
from telelake.settings import Log, load
from telelake.wiring import App
from tests.conftest import LakeFolder, message


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The standard library's root logger with a handler of its own."""
    found = logging.getLogger()
    before, found.handlers = found.handlers, [logging.StreamHandler(io.StringIO())]
    yield found
    found.handlers = before
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """Return what was written, decoded."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_json_has_one_object_a_line(root: logging.Logger) -> None:
    """With the time in UTC, the level and who speaks; a traceback is a text in it; other packages' lines look the same."""
    stream = io.StringIO()
    configure(Log(format="json"), stream)
    structlog.get_logger("telelake.capture").warning("sealing failed", reason="linha\nquebrada", attempt=2)
    try:
        raise ValueError("inner")
    except ValueError:
        structlog.get_logger("telelake.schedule").exception("wrangle failed unexpectedly")
    logging.getLogger("other").warning("said by %s", "another")
    first, second = lines(stream)
    (third,) = lines(root.handlers[0].stream)  # type: ignore[attr-defined]

    assert first | {"timestamp": ""} == {
        "event": "sealing failed", "reason": "linha\nquebrada", "attempt": 2, "level": "warning",
        "logger": "telelake.capture", "timestamp": "",
    }  # fmt: skip
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", first["timestamp"])
    assert "ValueError: inner" in second["exception"]
    assert (third["event"], third["level"], third["logger"]) == ("said by another", "warning", "other")


@pytest.mark.parametrize(("level", "said"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_the_level_is_the_least_that_is_told(root: logging.Logger, level: str, said: int) -> None:
    """By default `info`."""
    stream = io.StringIO()
    configure(Log(format="json", level=level), stream)  # type: ignore[arg-type]
    log = structlog.get_logger("telelake")
    for each in ("debug", "info", "warning", "error"):
        getattr(log, each)("x")
    assert len(lines(stream)) == said
    assert Log().level == "info"


def test_text_is_for_people(root: logging.Logger) -> None:
    """One line, no JSON."""
    stream = io.StringIO()
    configure(Log(), stream)
    structlog.get_logger("telelake.capture").info("polling goes on", bot="support")
    assert "polling goes on" in stream.getvalue()
    assert "bot=support" in stream.getvalue(), "a file gets no colours"
    assert stream.getvalue().count("\n") == 1
    assert not stream.getvalue().startswith("{")


def ask(path: str, root: logging.Logger) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Send a request through, whose application logs, too; return the lines and what was answered."""
    stream, sent = io.StringIO(), list[dict[str, Any]]()
    configure(Log(format="json", level="debug"), stream)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        structlog.get_logger("telelake.capture").warning("inside")
        await send({"type": "http.response.start", "status": 503, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"x" * 77}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"x-telegram-bot-api-secret-token", b"canary-log-secret")]
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers}
    asyncio.run(Requests(app)(scope, receive, send))
    return lines(stream), sent


def test_each_request_has_an_id(root: logging.Logger) -> None:
    """All that is logged meanwhile has it; status, size and time are told, and no header."""
    (inside, request), sent = ask("/telegram/support", root)
    (_, other), _ = ask("/telegram/support", root)

    assert inside["request"] == request["request"] != other["request"]
    assert (request["path"], request["status"], request["bytes"]) == ("/telegram/support", 503, 77)
    assert request["seconds"] > 0
    assert [each["type"] for each in sent] == ["http.response.start", "http.response.body"]
    assert "canary" not in json.dumps([inside, request])


def test_a_path_with_a_token_is_not_told(root: logging.Logger) -> None:
    """Calls through the proxy have it in their path."""
    (_, request), _ = ask("/bot7000000001:canary-log-token/sendMessage", root)
    assert request["path"] == "…"
    assert "canary" not in json.dumps(request)


def test_requests_are_logged_when_asked_for_only() -> None:
    """Else nothing stands around the door."""

    def door() -> None: ...

    assert App(load()).noted(door) is door
    assert isinstance(App(load(log__level="debug")).noted(door), Requests)


def test_a_publication_tells_its_days(root: logging.Logger, tmp_path: Path) -> None:
    """At `debug`: the release, its days, and how long it took; a run without news says nothing."""
    lake = LakeFolder(tmp_path / "lake")
    lake.store.put("lake.json", json.dumps({"format": 1, "timezone": str(lake.zone)}).encode())
    lake.add(message(1, 1))
    stream = io.StringIO()
    configure(Log(format="json", level="debug"), stream)
    app = App(load(home=str(lake.root)))
    app.nightly()
    app.nightly()
    (said,) = [each for each in lines(stream) if each["event"] == "published"]
    assert (said["release"], said["days"]) == (1, ["2026-03-10"])


def test_a_command_logs_nothing(tmp_path: Path) -> None:
    """stdout of `telelake wrangle --json` is JSON, also when something is published."""
    lake = LakeFolder(tmp_path / "lake")
    lake.store.put("lake.json", json.dumps({"format": 1, "timezone": str(lake.zone)}).encode())
    lake.add(message(1, 1))
    command = [sys.executable, "-m", "telelake", "wrangle", "--json", "--home", str(lake.root)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True)
    assert json.loads(done.stdout)["release"] == 1
    assert done.stderr == ""
