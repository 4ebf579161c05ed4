"""The process that a query runs in: `python -m telelake.present.worker`, spoken to by `telelake.present.query`.

A process because a bound must hold. DuckDB does not count what a function like `repeat` allocates, and does not look
up from it when interrupted: measured, `len(range(2000000000))` under `memory_limit = 1GB` took 23 GB and the process
with it. Here the kernel keeps the memory (RLIMIT_DATA), forbids files to grow (RLIMIT_FSIZE), and the parent kills what
runs too long; capture, which may live in the parent, never feels it. It also starts without the parent's environment,
where the tokens are.

Frames on stdin and stdout: 8 bytes of length, then the bytes. The first frame opens the lake and is answered by
a frame of JSON when that is done; each other is a query, answered by JSON and, when that has no error, by Arrow IPC.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import sys
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

from telelake.errors import QueryRefused
from telelake.present import sandbox

_HEADROOM = 768 << 20
"""Bytes beside DuckDB's own limit: Python, Arrow, and what the allocators of the threads keep."""


def read_frame(stream: IO[bytes]) -> bytes | None:
    """Return the next frame, or None when the other side has gone."""
    head = stream.read(8)
    if len(head) < 8:
        return None
    size = int.from_bytes(head, "big")
    body = stream.read(size)
    return body if len(body) == size else None


def write_frame(stream: IO[bytes], body: bytes | memoryview) -> None:
    """Send one frame."""
    stream.write(len(body).to_bytes(8, "big"))
    stream.write(body)
    stream.flush()


def encode(value: Any) -> Any:
    """Return a parameter as JSON can hold it; dates are tagged, for a text is not a date to DuckDB."""
    if isinstance(value, datetime):
        return {"time": value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return value


def decode(value: Any) -> Any:
    """Undo `encode`."""
    if isinstance(value, dict):
        return datetime.fromisoformat(value["time"]) if "time" in value else date.fromisoformat(value["date"])
    return value


def main() -> None:
    """Open a lake, then answer until stdin ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not land among the frames
    opening = read_frame(sys.stdin.buffer)
    if opening is None:
        return
    job = json.loads(opening)
    _restrict(int(job["memory_bytes"]))
    try:
        files = {name: [Path(path) for path in paths] for name, paths in job["files"].items()}
        copy = Path(job["copy"]) if job["copy"] else None
        connection = sandbox.connect(files, job["zone"], job["memory"], job["threads"], copy)
    except Exception as error:
        # The front end of a process: without this the parent would only see it die.
        write_frame(answers, json.dumps({"error": f"The tables cannot be opened: {sandbox.explain(error)}"}).encode())
        return
    write_frame(answers, b"{}")
    while (frame := read_frame(sys.stdin.buffer)) is not None:
        # Should the parent be gone, and its clock with it, this one ends the process.
        signal.setitimer(signal.ITIMER_REAL, job["seconds"] + 15)
        if not _answer(connection, job, json.loads(frame), answers):
            return  # it may hold memory, or an open result: the parent takes a fresh process for the next query
        signal.setitimer(signal.ITIMER_REAL, 0)


def _restrict(memory: int) -> None:
    with contextlib.suppress(ValueError, OSError):  # a system without these limits still has DuckDB's own
        os.nice(5)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_DATA, (memory + memory // 4 + _HEADROOM,) * 2)


def _answer(connection: Any, job: dict[str, Any], query: dict[str, Any], answers: IO[bytes]) -> bool:
    """Write one answer; return whether it was one, not a refusal."""
    params = {name: decode(value) for name, value in query["params"].items()}
    with connection.cursor() as cursor:
        try:
            answer = sandbox.run(cursor, query["sql"], params, job["rows"], int(job["memory_bytes"]), job["memory"])
            body = _arrow(answer.table)
        except QueryRefused as refusal:
            write_frame(answers, json.dumps({"error": str(refusal)}).encode())
            return False
        except MemoryError:
            write_frame(answers, json.dumps({"error": sandbox.too_much(job["memory"])}).encode())
            return False
    write_frame(answers, json.dumps({"types": answer.types}).encode())
    write_frame(answers, body)
    return True


def _arrow(table: Any) -> memoryview:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return memoryview(sink.getvalue())


if __name__ == "__main__":
    main()
