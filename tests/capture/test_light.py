"""Capture starts fast and fits a small function: it loads nothing heavy."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("duckdb", "pyarrow", "pyiceberg", "boto3", "botocore", "obstore", "starlette", "pydantic", "structlog")

PROGRAM = """
import sys
import telelake.capture.webhook, telelake.capture.receive, telelake.capture.seal
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_capture_loads_nothing_heavy():
    """Importing all of capture in a fresh process loads no engine, no storage SDK, and not even the settings' library."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "telelake" in loaded
    assert [name for name in HEAVY if name in loaded] == []
