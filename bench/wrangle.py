"""Wrangle of one large day against a floor and a peer, whole processes, interleaved.

    python bench/wrangle.py --updates 1000000 --rounds 3

* ours: `telelake wrangle --due` on a lake whose raw holds the day: all tables that are made from raw, checks, Iceberg, release.
* answers (with --answers): the same with `questions` and `conversations`, which are made from tables.
* floor: bare DuckDB, `read_ndjson` of the same segments with a declared type of 12 columns and one COPY to zstd Parquet.
* usual floor: the same, with the declared type of what our tables read of every message (one struct, one COPY).
* full floor: the same, with the declared type of all that our tables read of a message.
* peer: what the course pipelines do: `json.loads` a line, flatten one kind of message, one Parquet file by pyarrow.
* one by one (with --one-by-one): the same work the other way that is seen in the field: an object a message, an Arrow table
  of one row each, all of them joined at the end. It takes minutes and gigabytes.

The raw lake is made once, by the demo's generator and capture's sealing, and kept in --data.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from telelake import raw
from telelake.capture.seal import line_of
from telelake.demo.group import generate
from telelake.stores.objects import DirectoryStore

ZONE = ZoneInfo("America/Sao_Paulo")
SEGMENT = 50_000  # records; about what capture seals in a busy minute

FLOOR = """
import duckdb, sys
con = duckdb.connect()
con.execute("SET threads = 2; SET memory_limit = '1GB'; SET preserve_insertion_order = false; SET enable_progress_bar = false")
person = "STRUCT(id BIGINT, first_name VARCHAR, username VARCHAR)"
message = f'STRUCT(message_id BIGINT, date BIGINT, text VARCHAR, caption VARCHAR, chat STRUCT(id BIGINT), "from" {person})'
columns = {"record_id": "VARCHAR", "received_at": "VARCHAR", "source": "VARCHAR",
           "body": f"STRUCT(update_id BIGINT, message {message}, edited_message {message})"}
types = ", ".join(f"{name}: '{kind}'" for name, kind in columns.items())
con.execute(f'''COPY (
    SELECT record_id, received_at, source, body.update_id AS update_id, m.message_id AS message_id, m.date AS date, m.text AS text,
           m.caption AS caption, m.chat.id AS chat_id, m."from".id AS user_id, m."from".first_name AS first_name,
           m."from".username AS username
    FROM (SELECT *, coalesce(body.message, body.edited_message) AS m FROM read_ndjson('{sys.argv[1]}', columns = {{{types}}}))
) TO '{sys.argv[2]}' (FORMAT parquet, COMPRESSION zstd)''')
"""

TYPED_FLOOR = """
import duckdb, json, sys
from telelake.tables import derive
def declared(of):
    if isinstance(of, list):
        return declared(of[0]) + "[]"
    if isinstance(of, dict):
        return "STRUCT(" + ", ".join(f'"{name}" {declared(inner)}' for name, inner in of.items()) + ")"
    return of
con = duckdb.connect()
con.execute("SET threads = 2; SET memory_limit = '1500MB'; SET preserve_insertion_order = false; SET enable_progress_bar = false")
trees = {"usual": derive.usual_message_tree, "full": derive.message_tree}
message = declared(json.loads(derive.json_structure(trees[sys.argv[3]]())))
columns = {"record_id": "VARCHAR", "received_at": "VARCHAR", "source": "VARCHAR",
           "body": f"STRUCT(update_id BIGINT, message {message}, edited_message {message})"}
types = ", ".join(f"{name}: '{kind}'" for name, kind in columns.items())
con.execute(f'''COPY (
    SELECT record_id, received_at, source, body.update_id AS update_id, coalesce(body.message, body.edited_message) AS m
    FROM read_ndjson('{sys.argv[1]}', columns = {{{types}}})
) TO '{sys.argv[2]}' (FORMAT parquet, COMPRESSION zstd)''')
"""

MESSAGES = """
import glob, io, json, sys, pyarrow as pa, pyarrow.parquet as pq, zstandard
def messages():
    for path in sorted(glob.glob(sys.argv[1])):
        with open(path, "rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as stream:
            for line in io.TextIOWrapper(stream, encoding="utf-8"):
                body = json.loads(line)["body"]
                if message := body.get("message"):
                    sender = message.get("from", {})
                    yield (body["update_id"], message["message_id"], message["date"], message.get("text"),
                           message["chat"]["id"], sender.get("id"), sender.get("first_name"))
"""
"""What both peers do with a line."""

PEER = (
    MESSAGES
    + """
rows = {name: [] for name in ("update_id", "message_id", "date", "text", "chat_id", "user_id", "first_name")}
for values in messages():
    for name, value in zip(rows, values):
        rows[name].append(value)
pq.write_table(pa.table(rows), sys.argv[2])
"""
)

ONE_BY_ONE = (
    MESSAGES
    + """
from dataclasses import asdict, dataclass
@dataclass
class Message:
    update_id: int
    message_id: int
    date: int
    text: str | None
    chat_id: int
    user_id: int | None
    first_name: str | None
kinds = {"text": pa.string(), "first_name": pa.string()}
schema = pa.schema([(name, kinds.get(name, pa.int64())) for name in Message.__annotations__])
tables = []
for values in messages():
    tables.append(pa.Table.from_pylist([asdict(Message(*values))], schema=schema))
pq.write_table(pa.concat_tables(tables), sys.argv[2])
"""
)


def main() -> None:
    """Make the lake if needed, run all in turn, print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--updates", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one-by-one", action="store_true")
    parser.add_argument("--answers", action="store_true")
    parser.add_argument("--data", type=Path, default=Path(__file__).parent / "data")
    asked = parser.parse_args()
    lake = asked.data / f"day-{asked.updates}"
    if not (lake / "lake.json").exists():
        make(lake, asked.updates)
    segments = sorted(lake.glob("raw/*/*/*.zst"))
    print(
        f"{sum(raw.parse_key(str(path.relative_to(lake))).records for path in segments):,} records, {len(segments)} segments"
    )
    sides = {"ours": ours, "floor": floor, "usual floor": usual_floor, "full floor": full_floor, "peer": peer}
    if asked.answers:
        sides["answers"] = answers
    if asked.one_by_one:
        sides["one by one"] = one_by_one
    results: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
    for number in range(asked.rounds):
        for name, run in sides.items():
            seconds, megabytes = run(lake, asked.data)
            results[name].append((seconds, megabytes))
            print(f"round {number + 1} {name}: {seconds:.2f} s, {megabytes:.0f} MB", flush=True)
    seconds = {name: statistics.median(each[0] for each in runs) for name, runs in results.items()}
    for name, runs in results.items():
        print(f"{name}: median {seconds[name]:.2f} s, peak {max(each[1] for each in runs):.0f} MB")
    for other in (name for name in sides if name != "ours"):
        ratios = [a[0] / b[0] for a, b in zip(results["ours"], results[other], strict=True)]
        print(f"ours / {other}: {statistics.median(ratios):.2f} (median of the rounds' ratios)")


def make(lake: Path, updates: int) -> None:
    """Seal one day of made-up updates into a new lake."""
    shutil.rmtree(lake, ignore_errors=True)
    store = DirectoryStore(lake)
    end = datetime(2026, 3, 10, 23, 30, tzinfo=ZONE).astimezone(UTC)
    lines: list[raw.Line] = []
    day = end.astimezone(ZONE).date()
    count = 0

    def seal() -> None:
        store.put(raw.segment_key(quarantined=False, bot_id=1, day=day, lines=lines), raw.pack(lines))
        lines.clear()

    for delivery in generate(updates, 1, 1, end, ZONE):
        record = raw.Record(f"bench-{count}", 1, "webhook", delivery.sent_at, delivery.body)
        quarantined, its_day, line = line_of(record, ZONE)
        if quarantined or its_day != day:
            continue
        lines.append(line)
        count += 1
        if len(lines) == SEGMENT:
            seal()
        if count == updates:
            break
    if lines:
        seal()
    store.put("lake.json", b'{"format": 1, "timezone": "America/Sao_Paulo", "made_up": true}')


def ours(lake: Path, data: Path, talk: str = "false") -> tuple[float, float]:
    """Wrangle the whole day from nothing."""
    home = data / "ours"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(lake, home, copy_function=os.link)
    (home / "lake.json").unlink()
    shutil.copy(lake / "lake.json", home / "lake.json")
    settings = {"WRANGLE__THREADS": "2", "TALK__ENABLED": talk, "HOME": str(home)}
    environment = {**os.environ, **{f"TELELAKE_{name}": value for name, value in settings.items()}}
    return timed([sys.executable, "-m", "telelake", "wrangle", "--due"], environment)


def answers(lake: Path, data: Path) -> tuple[float, float]:
    """The same, and who asked what, and what came of it."""
    return ours(lake, data, "true")


def floor(lake: Path, data: Path) -> tuple[float, float]:
    """The engine doing the least work."""
    return timed([sys.executable, "-c", FLOOR, f"{lake}/raw/*/*/*.zst", str(data / "floor.parquet")])


def usual_floor(lake: Path, data: Path) -> tuple[float, float]:
    """The engine reading what our tables read of every message, and no more."""
    return timed([sys.executable, "-c", TYPED_FLOOR, f"{lake}/raw/*/*/*.zst", str(data / "floor.parquet"), "usual"])


def full_floor(lake: Path, data: Path) -> tuple[float, float]:
    """The engine reading all that our tables read of a message, and no more."""
    return timed([sys.executable, "-c", TYPED_FLOOR, f"{lake}/raw/*/*/*.zst", str(data / "floor.parquet"), "full"])


def peer(lake: Path, data: Path) -> tuple[float, float]:
    """The course pipeline's way."""
    return timed([sys.executable, "-c", PEER, f"{lake}/raw/*/*/*.zst", str(data / "peer.parquet")])


def one_by_one(lake: Path, data: Path) -> tuple[float, float]:
    """The same, with an object and an Arrow table for each message."""
    return timed([sys.executable, "-c", ONE_BY_ONE, f"{lake}/raw/*/*/*.zst", str(data / "peer.parquet")])


def timed(command: list[str], environment: dict[str, str] | None = None) -> tuple[float, float]:
    """Run a command; return wall seconds and its peak memory in MB."""
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command} failed with status {status}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
