"""Law 9, for the whole test run: no secret in any file, log, metric or page that the session leaves.

Every secret of a test begins with `canary-` or `canary_`, or is listed here; besides, anything of the form of a bot's token is
one. At the end of the session `conftest.py` searches all of pytest's folder (segments, Parquet and gzip decompressed,
quarantined bodies decoded) and what passing tests printed and logged. A find fails the run, and names the files.

What a test writes as *input*, and what a stand-in for Telegram notes of what it was sent, may hold secrets: such a file
lies in a folder named `canary-input`, which is passed over. So are programs (packages for Lambda, unpacked): what goes into
one is a matter of `tests/aws/test_package.py`; and the packages of others that jsii unpacks into its cache, where AWS's
own "canary" stands at every turn. No other file is.
"""

from __future__ import annotations

import base64
import gzip
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

INPUT = "canary-input"

WEBHOOK_SECRET = "canary-webhook-secret-5Jq8"
TOKEN = "7000000001:canary-tokenZ0123456789abcdefghijkLM"

_LISTED = (b"canary-", b"canary_", b"serve-capture-secret")
_NO_SECRET = (b"canary-body-77", b"canary-input", b"canary_token", b"canary_secret")
"""A body that a test has refused, the folder of inputs, and names of environment variables."""
_TOKEN = re.compile(rb"(?::|%3[Aa])[A-Za-z0-9_-]{30,}")
_BOT_ID = re.compile(rb"(?<!\d)\d{6,}\Z")
_ARN = re.compile(rb"arn:[a-z-]+:[a-z0-9-]*:[a-z0-9-]*:\d{12}\Z")
_ENCODED = re.compile(rb'"body_base64":"([A-Za-z0-9+/=]*)"')
_PASSED_OVER = {INPUT, "jsii"}
_PROGRAMS = {".py", ".pyc", ".so", ".zip"}
_PIECE = 16 * 1024 * 1024
_OVERLAP = 4096


def secrets_in(data: bytes) -> set[str]:
    """Return what looks like a secret in some bytes."""
    found = set()
    lowered = data.lower()
    for word in _LISTED:
        place = lowered.find(word)
        while place >= 0:
            if not any(lowered.startswith(fine, place) for fine in _NO_SECRET):
                found.add(_shown(data, place))
            place = lowered.find(word, place + 1)
    for match in _TOKEN.finditer(data):
        before = data[max(0, match.start() - 100) : match.start()]
        if _BOT_ID.search(before) and not _ARN.search(before):
            found.add(_shown(data, match.start()))
    return found


def search(root: Path) -> dict[Path, set[str]]:
    """Return the files below a folder that hold secrets, and what looks like one."""
    guilty: dict[Path, set[str]] = {}
    # `walk` passes over what another process removes meanwhile.
    paths = sorted(Path(folder, name) for folder, _, names in os.walk(root) for name in names)
    for path in paths:
        if (
            _PASSED_OVER.intersection(path.relative_to(root).parts)
            or path.suffix in _PROGRAMS
            or path.is_symlink()
            or not path.is_file()
        ):
            continue
        try:
            found = set[str]().union(*(secrets_in(piece) for piece in _pieces(path)))
        except FileNotFoundError:  # a process of another session
            continue
        if found:
            guilty[path] = found
    return guilty


def _pieces(path: Path) -> Iterator[bytes]:
    """Yield a file's bytes as they are, then what they decode to."""
    with path.open("rb") as file:
        before = b""
        while piece := file.read(_PIECE):
            yield before + piece
            before = piece[-_OVERLAP:]
    if path.suffix == ".zst":
        yield from _decompressed(path)
    elif path.suffix == ".gz":
        try:
            yield gzip.decompress(path.read_bytes())
        except (OSError, EOFError):
            return  # a broken one, made so by its test
    elif path.suffix == ".parquet":
        yield from _columns(path)


def _decompressed(path: Path) -> Iterator[bytes]:
    import zstandard

    with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True) as reader:
        before = b""
        while True:
            try:
                piece = reader.read(_PIECE)
            except zstandard.ZstdError:
                return  # a broken one, made so by its test
            if not piece:
                return
            yield before + piece
            for encoded in _ENCODED.findall(before + piece):
                yield base64.b64decode(encoded)
            before = piece[-_OVERLAP:]


def _columns(path: Path) -> Iterator[bytes]:
    import pyarrow
    from pyarrow import parquet

    try:
        columns = parquet.read_table(path, partitioning=None).columns
    except (OSError, ValueError, pyarrow.ArrowException):
        return  # a broken one, made so by its test
    for column in columns:
        for chunk in column.chunks:
            yield from (buffer.to_pybytes() for buffer in chunk.buffers() if buffer is not None)


def _shown(data: bytes, place: int) -> str:
    return data[max(0, place - 30) : place + 50].decode("utf-8", "replace")


class Watch:
    """Hooks of a session: reads what tests print and log, and searches the folder when all have ended."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.guilty: dict[str, set[str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Search what a passing test has said; a failing one's traceback shows its own source."""
        if report.passed:
            said = "\n".join(text for _, text in report.sections)
            if found := secrets_in(said.encode("utf-8", "surrogatepass")):
                self.guilty[f"output of {report.nodeid}"] = found

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Search the session's folder."""
        folder = getattr(getattr(self._config, "_tmp_path_factory", None), "_basetemp", None)
        if folder is not None:
            self.guilty |= {str(path): found for path, found in search(folder).items()}
        if self.guilty and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name the files."""
        if self.guilty:
            terminalreporter.section("secrets were left behind", red=True, bold=True)
            for place, found in sorted(self.guilty.items()):
                terminalreporter.line(f"{place}: {sorted(found)[:3]!r}")
