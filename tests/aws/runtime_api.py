"""A small Lambda Runtime API, and the real client (awslambdaric) that runs a handler from its unpacked zip against it.

The child sees the zip and, beside it, only what AWS's Python runtime brings: awslambdaric, boto3, botocore and what these need. It
runs with `-S`, so no package of this virtual environment is in its reach.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.aws.server import Handler, Serving

_RUNTIME = (
    "awslambdaric", "simplejson", "snapshot-restore-py",
    "boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an invocation ended."""

    value: Any
    """What the handler returned; None when it failed."""
    error: dict[str, Any] | None
    """`errorType`, `errorMessage` and `stackTrace`, as the client reports them."""


class RuntimeApi(Serving):
    """Hands out one event at a time and takes the answers."""

    def __init__(self) -> None:
        self._events: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self._outcomes: queue.Queue[Outcome] = queue.Queue()
        self.ready = threading.Event()
        """Set when the client first asks for an event: its handler is imported."""
        super().__init__(self._handler())

    def invoke(self, event: Any, seconds: float = 120.0) -> Outcome:
        """Hand an event to the client and return how it ended."""
        self._events.put((str(uuid.uuid4()), json.dumps(event).encode()))
        return self.outcome(seconds)

    def outcome(self, seconds: float = 120.0) -> Outcome:
        """Return the next outcome, also that of a failed start."""
        try:
            return self._outcomes.get(timeout=seconds)
        except queue.Empty:
            raise AssertionError(f"The handler said nothing within {seconds:g} s.") from None

    def _handler(self) -> type[Handler]:
        api = self

        class Runtime(Handler):
            def do_GET(self) -> None:  # noqa: N802
                api.ready.set()
                request_id, event = api._events.get()
                self.answer(
                    200, event, Content_Type="application/json", Lambda_Runtime_Aws_Request_Id=request_id,
                    Lambda_Runtime_Deadline_Ms=str(int((time.time() + 300) * 1000)),
                    Lambda_Runtime_Invoked_Function_Arn="arn:aws:lambda:us-east-1:000000000000:function:under-test",
                )  # fmt: skip

            def do_POST(self) -> None:  # noqa: N802
                body = json.loads(self.body())
                if self.path.endswith("/response"):
                    api._outcomes.put(Outcome(body, None))
                elif self.path.endswith("/error"):  # an invocation's, or `init/error`
                    api._outcomes.put(Outcome(None, body))
                self.answer(202)

        return Runtime


def runtime_folder(folder: Path) -> Path:
    """Fill a folder with links to the packages of AWS's Python runtime, as this virtual environment has them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in _RUNTIME:
        distribution = importlib.metadata.distribution(name)
        for top in {Path(file).parts[0] for file in distribution.files or () if not str(file).startswith("..")}:
            link = folder / top
            if top != "__pycache__" and not link.exists():
                link.symlink_to(Path(str(distribution.locate_file(top))))
    return folder


def environment(task: Path, runtime: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """Return a function's environment: its own variables and what the runtime sets, but for what says that it is one."""
    return {
        "PATH": os.defpath,
        "HOME": "/nonexistent",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PYTHONPATH": os.pathsep.join((str(task), str(runtime))),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LAMBDA_TASK_ROOT": str(task),
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/under-test",
        "AWS_LAMBDA_LOG_STREAM_NAME": "2026/01/01/[$LATEST]0",
        **variables,
    }


@dataclass
class Function:
    """A handler that waits for events."""

    api: RuntimeApi
    process: subprocess.Popen[bytes]
    log: Path
    init_seconds: float = 0.0
    """From the start of the process to its first request for an event, as `Init Duration` counts."""

    def invoke(self, event: Any, seconds: float = 120.0) -> Outcome:
        """See `RuntimeApi.invoke`."""
        return self.api.invoke(event, seconds)


@contextmanager
def function(
    handler: str, task: Path, runtime: Path, variables: Mapping[str, str], log: Path, *, expect_start: bool = True
) -> Iterator[Function]:
    """Run a handler from the folder of its unpacked zip, under the real runtime client."""
    with RuntimeApi() as api, log.open("wb") as output:
        given = environment(task, runtime, variables) | {
            "AWS_LAMBDA_RUNTIME_API": api.address, "AWS_LAMBDA_FUNCTION_NAME": "under-test", "_HANDLER": handler
        }  # fmt: skip
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-S", "-m", "awslambdaric", handler],
            env=given, cwd=task, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        running = Function(api, process, log)
        try:
            if expect_start:
                while not api.ready.wait(0.005):
                    if process.poll() is not None or not api._outcomes.empty() or time.perf_counter() - began > 60:
                        raise AssertionError(f"{handler} did not start:\n{log.read_text(errors='replace')[-3000:]}")
                running.init_seconds = time.perf_counter() - began
            yield running
        finally:
            os.killpg(process.pid, signal.SIGKILL) if process.poll() is None else None
            process.wait(10)


def import_seconds(module: str, task: Path, runtime: Path, times: int = 3) -> float:
    """Return how long a fresh interpreter takes to import a module from a zip: the best of some tries."""
    program = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    found = [
        float(
            subprocess.run(
                [sys.executable, "-S", "-c", program], env=environment(task, runtime, {}), cwd=task, check=True,
                capture_output=True, text=True,
            ).stdout.split()[-1]
        )
        for _ in range(times)
    ]  # fmt: skip
    return min(found)
