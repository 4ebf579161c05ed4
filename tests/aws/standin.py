"""ministack, the stand-in for AWS: started on free ports in a folder of its own, with IAM's rules in force.

It runs in a clean virtual environment (`.venv/aws-standin`, made by `make test`), because the packages of its
interpreter leak into the Lambdas that it runs. A Lambda is a child process of it, started from its unpacked zip.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import boto3
from botocore.config import Config

REGION = "us-east-1"
KEY_ID, KEY = "test", "test"
"""The root user of ministack's account; roles get keys of their own."""

VENV = Path(__file__).parents[2] / ".venv" / "aws-standin"

T = TypeVar("T")


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def until(found: Callable[[], T], what: str, seconds: float = 60.0, every: float = 0.05) -> T:
    """Ask until the answer is true, and return it; fail with `what` after so many seconds."""
    ends = time.monotonic() + seconds
    while True:
        answer = found()
        if answer:
            return answer
        if time.monotonic() > ends:
            raise AssertionError(f"Not within {seconds:g} s: {what}. Last answer: {answer!r}")
        time.sleep(every)


class Standin:
    """A running ministack."""

    def __init__(self, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._process = process
        self._log = log

    def client(self, service: str, url: str | None = None) -> Any:
        """Return a boto3 client of the root user, of this stand-in or of a proxy before it."""
        return boto3.client(
            service, endpoint_url=url or self.url, region_name=REGION, aws_access_key_id=KEY_ID,
            aws_secret_access_key=KEY, config=Config(retries={"total_max_attempts": 1}, read_timeout=120),
        )  # fmt: skip

    def environment(self, url: str | None = None) -> dict[str, str]:
        """Return the variables by which any AWS SDK finds it, and no other account."""
        return {
            "AWS_ENDPOINT_URL": url or self.url,
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": KEY,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def workers(self, function: str) -> list[int]:
        """Return the process ids that run a function now."""
        found = []
        mark = f"AWS_LAMBDA_FUNCTION_NAME={function}".encode()
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == self._process.pid and mark in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
            except (OSError, ValueError):
                continue  # it ended meanwhile
        return found

    def log(self) -> str:
        """Return what it has said so far."""
        return self._log.read_text(errors="replace")

    def is_ready(self) -> bool:
        """Return whether it answers; fails when it has ended."""
        if self._process.poll() is not None:
            raise AssertionError(f"ministack ended with {self._process.returncode}:\n{self.log()[-3000:]}")
        try:
            with urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        """End it and all its Lambdas."""
        self._process.send_signal(signal.SIGTERM)
        try:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(10)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)  # Lambdas that have outlived it
            self._process.wait(10)


@contextmanager
def standin(folder: Path) -> Iterator[Standin]:
    """Run a stand-in with its data in a folder."""
    program = VENV / "bin" / "ministack"
    if not program.exists():
        raise AssertionError(f"There is no {program}. Run `make test` (or `make test-aws`), which sets it up.")
    for name in ("home", "tmp", "s3", "state"):
        (folder / name).mkdir(parents=True)
    port = free_port()
    # Nothing of ours may reach a Lambda: ministack hands its own environment on to them.
    environment = {
        "PATH": os.defpath,
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "AUTH": "true",
        "S3_DATA_DIR": str(folder / "s3"),
        "STATE_DIR": str(folder / "state"),
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    log = folder / "ministack.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program], env=environment, cwd=folder, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        running = Standin(port, process, log)
        try:
            until(running.is_ready, "ministack answers", 60)
            yield running
        finally:
            running.stop()
            shutil.rmtree(folder / "tmp", ignore_errors=True)  # the unpacked functions: hundreds of megabytes
