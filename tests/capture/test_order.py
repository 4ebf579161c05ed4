"""The order of system calls: no answer leaves before an fdatasync that began after its record was written has returned."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.canaries import INPUT

HERE = Path(__file__).parent
SECRET = "serve-capture-secret"
REQUESTS = 400
CONNECTIONS = 8

LINE = re.compile(r"(?P<pid>\d+)\s+(?P<rest>.*)")
CALL = re.compile(r"(?P<name>\w+)\((?P<arguments>.*)")
IDS = re.compile(r"probe-(\d+)-")


def calls(trace: str):
    """Yield (event, name, text): `begin` and `end` of each call in the order in which they happened."""
    open_calls: dict[str, str] = {}
    for line in trace.splitlines():
        found = LINE.match(line)
        if not found:
            continue
        pid, rest = found["pid"], found["rest"]
        if rest.startswith("<... "):
            begun = open_calls.pop(pid, "")
            name = rest[5:].split()[0]
            yield "end", name, begun + rest
            continue
        call = CALL.match(rest)
        if not call:
            continue
        yield "begin", call["name"], rest
        if rest.endswith("<unfinished ...>"):
            open_calls[pid] = rest
        else:
            yield "end", call["name"], rest


def violations(trace: str) -> tuple[int, list[str]]:
    """Return the number of answers seen and what was answered too early."""
    written: set[str] = set()
    covered: dict[str, set[str]] = {}
    durable: set[str] = set()
    folder_synced = False
    asked: dict[str, str] = {}
    answers, wrong = 0, []
    for event, name, text in calls(trace):
        target = re.search(r"\((\d+)(<[^>]*>)?", text)
        descriptor = target[1] if target else ""
        is_journal = ".journal>" in text.split(",")[0]
        if name in ("read", "recvfrom", "recvmsg") and event == "end" and (ids := IDS.findall(text)):
            asked[descriptor] = ids[-1]
        elif name in ("write", "writev", "pwrite64") and is_journal and event == "end":
            written.update(IDS.findall(text))
        elif name == "fdatasync" and is_journal:
            if event == "begin":
                covered[descriptor] = set(written)
            elif re.search(r"= 0$", text):
                durable |= covered.pop(descriptor, set())
        elif name == "fsync" and event == "end" and "/journal>" in text:
            folder_synced = True
        elif name in ("write", "writev", "sendto", "sendmsg") and "HTTP/1.1 200" in text and event == "begin":
            answers += 1
            number = asked.get(descriptor)
            if number not in durable or not folder_synced:
                wrong.append(f"{number}: {text[:120]}")
    return answers, wrong


def post(port: int, worker: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for turn in range(REQUESTS // CONNECTIONS):
        number = worker * 10_000 + turn
        body = f'{{"update_id":{number},"message":{{"text":"probe-{number}-"}}}}'
        connection.request("POST", "/telegram/support", body, {"X-Telegram-Bot-Api-Secret-Token": SECRET})
        answer = connection.getresponse()
        assert answer.status == 200
        answer.read()
    connection.close()


def trace_capture(folder: Path, script: Path) -> str:
    """Run some hundred requests against capture under strace; return the trace."""
    # All that is read and written is in the trace, the secret of each request too.
    trace = folder / INPUT / "trace"
    trace.parent.mkdir()
    process = subprocess.Popen(
        ["strace", "-f", "-y", "-s", "200000", "-o", str(trace), "-e",
         "trace=read,recvfrom,recvmsg,write,writev,pwrite64,pwritev,fdatasync,fsync,sendto,sendmsg",
         sys.executable, str(script), str(folder)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    # strace itself lets no signal through while it writes to a file.
    port, pid = map(int, process.stdout.readline().split())
    try:
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            list(pool.map(lambda worker: post(port, worker), range(CONNECTIONS)))
    finally:
        os.kill(pid, signal.SIGTERM)
        process.wait(30)
        process.stdout.close()
    return trace.read_text(errors="replace")


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed; `make test` installs it where it can")
def test_no_answer_leaves_before_its_record_is_synced(tmp_path):
    """Each HTTP 200 follows the return of an fdatasync that began after the write of that request's record ended."""
    answers, wrong = violations(trace_capture(tmp_path, HERE / "serve_capture.py"))
    assert answers == REQUESTS
    assert wrong == []


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed; `make test` installs it where it can")
def test_the_check_sees_a_missing_sync(tmp_path):
    """With the fdatasync taken out, the same check finds every answer too early."""
    script = tmp_path / "sabotaged.py"
    source = (HERE / "serve_capture.py").read_text()
    script.write_text(
        f"import sys\nsys.path.insert(0, {str(HERE)!r})\nfrom telelake.capture.disk import Disk\n"
        "Disk.sync = lambda self, descriptor: None\n"
        + source.partition('"""\n\n')[2].replace("from __future__ import annotations", "")
    )
    answers, wrong = violations(trace_capture(tmp_path, script))
    assert answers == len(wrong) == REQUESTS
