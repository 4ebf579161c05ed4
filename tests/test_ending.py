"""A test run whose packages crash while Python takes them apart ends as its tests did."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CRASHES_AT_THE_END = """
import ctypes

library = ctypes.CDLL(None)
library.on_exit(library.abort, None)

def test_something():
    assert {outcome}
"""


@pytest.mark.parametrize(("has_ending", "outcome", "code"), [(True, True, 0), (True, False, 1), (False, True, -6)])
def test_the_exit_code_is_that_of_the_tests(tmp_path: Path, has_ending: bool, outcome: bool, code: int) -> None:
    """The last case is the twin: without the plugin, the crash is the run's end."""
    case = tmp_path / "test_case.py"
    case.write_text(CRASHES_AT_THE_END.format(outcome=outcome))
    (tmp_path / "conftest.py").write_text(
        "from tests.ending import Ending\ndef pytest_configure(config): config.pluginmanager.register(Ending())\n"
        if has_ending
        else ""
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(case)],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1],
    )  # fmt: skip

    assert done.returncode == code, done.stdout + done.stderr
    assert ("1 passed" if outcome else "1 failed") in done.stdout
