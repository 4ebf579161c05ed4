"""Scrubbed real updates through the real door: every one becomes a row, none lies in quarantine."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

UPDATES = Path(__file__).parent / "data" / "updates.ndjson"


def test_real_updates_become_rows(tmp_path: Path) -> None:
    """Each distinct body is one row of `updates`; each message kind gives its message; SQL counts them."""
    bodies = [line.rstrip(b"\n") for line in UPDATES.read_bytes().splitlines()]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "TELELAKE_HOME": str(tmp_path / "lake"),
        "TELELAKE_BOTS": '{"real": {"id": 42, "secret": {"env": "REAL_SECRET"}}}',
        "REAL_SECRET": "s3cret",
        "TELELAKE_CAPTURE__HOST": "127.0.0.1",
    }
    command = [sys.executable, "-m", "telelake"]
    process = subprocess.Popen(
        [*command, "capture", "--capture-port", str(port)], env=environment, stderr=subprocess.PIPE
    )
    try:
        assert process.stderr is not None
        process.stderr.readline()
        for body in [*bodies, *bodies[:9]]:
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}/telegram/real",
                data=body.replace(b', "', b',\n"', 1),
                headers={"X-Telegram-Bot-Api-Secret-Token": "s3cret", "Content-Type": "application/json"},
            )
            with urllib.request.urlopen(request, timeout=10) as answer:
                assert (answer.status, answer.read()) == (200, b"")
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 0
    subprocess.run([*command, "wrangle"], env=environment, check=True, capture_output=True)
    asked = (
        "SELECT (SELECT count(*) FROM updates) AS updates, (SELECT count(*) FROM quarantine) AS quarantined, "
        "(SELECT count(*) FROM messages) AS messages, (SELECT sum(deliveries) FROM updates) AS deliveries, "
        "(SELECT count(*) FROM updates WHERE kind IS NULL) AS kindless"
    )
    found = subprocess.run(
        [*command, "sql", asked, "--format", "json"], env=environment, check=True, capture_output=True
    )
    counted = json.loads(found.stdout)[0]
    distinct = set(bodies)

    assert counted["updates"] == len(distinct)
    assert counted["quarantined"] == counted["kindless"] == 0
    assert counted["deliveries"] == len(bodies) + 9
    assert counted["messages"] > 40
