"""The same bodies on one machine, and what is compared with the lake in the stand-in: tables and raw, row by row."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import zstandard

from telelake import raw
from telelake.settings import Settings
from telelake.tables.catalog import TABLES
from telelake.wiring import App
from tests.aws.telegram import Answers, Post, Telegram

MUST_DIFFER = {
    **{table.name: {"raw", "source", "received_at"} for table in TABLES},
    "updates": {"raw", "source", "received_at", "delivery_lag_seconds"},
    "drift": {"example_raw"},
    "builds": {"input_digest", "content_digest", "seconds", "built_at"},
}
"""Columns that name the record, the way it came, or a clock. `raw` is the record_id; lag is measured from `received_at`; digests
cover record ids. Everything else must be equal, in every row."""

RECEIVED = "received"
"""Stands for a time that is some record's `received_at`: the time of an update that has no date of its own."""

Row = tuple[Any, ...]


def quiet_zone(now: datetime) -> str:
    """Return a zone in which it is the middle of the day: a test that runs over midnight would compare two days."""
    zones = ("America/Sao_Paulo", "Europe/Lisbon", "Asia/Tokyo", "Pacific/Auckland", "America/Los_Angeles")
    return min(zones, key=lambda name: abs(now.astimezone(ZoneInfo(name)).hour - 12))


@dataclass(frozen=True)
class Bots:
    """The bots of a test, by name: ids and webhook secrets."""

    ids: Mapping[str, int]
    secrets: Mapping[str, str]

    def settings(self, *, with_token: bool = False) -> dict[str, Any]:
        """Return what stands under `bots` in the settings; secrets are named."""
        return {
            name: {"secret": {"env": f"{name.upper()}_WEBHOOK_SECRET"}}
            | ({"token": {"env": f"{name.upper()}_TOKEN"}} if with_token else {"id": number})
            for name, number in self.ids.items()
        }

    def environment(self) -> dict[str, str]:
        """Return the variables that hold the secrets."""
        return {f"{name.upper()}_WEBHOOK_SECRET": secret for name, secret in self.secrets.items()} | {
            f"{name.upper()}_TOKEN": self.token(name) for name in self.ids
        }

    def token(self, name: str) -> str:
        """Return a bot's token."""
        return f"{self.ids[name]}:made-up-token-of-{name}"


def on_one_machine(home: Path, zone: str, bots: Bots, posts: list[Post]) -> Answers:
    """Capture posts by the one-machine path, `telelake capture`, and wrangle them; return what the client was told."""
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(home.parent), "TELELAKE_HOME": str(home), "TELELAKE_TIMEZONE": zone,
        "TELELAKE_BOTS": json.dumps(bots.settings()), "TELELAKE_CAPTURE__HOST": "127.0.0.1", **bots.environment(),
        "TELELAKE_TALK__ELSEWHERE": "true",  # as on AWS
    }  # fmt: skip
    with capturing(environment) as url:
        answers = Telegram(url, bots.secrets).post(posts)
    telelake("wrangle", environment=environment)
    return answers


@contextmanager
def capturing(environment: Mapping[str, str]) -> Iterator[str]:
    """Run `telelake capture` on a free port; yield its address. Its journal is sealed at the end."""
    command = [sys.executable, "-m", "telelake", "capture", "--capture-port", "0"]
    process = subprocess.Popen(command, env=dict(environment), stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        said = process.stderr.readline()
        found = re.search(r"http://[\d.]+:\d+", said)
        assert found, said + process.stderr.read()
        yield found[0]
    finally:
        process.send_signal(signal.SIGTERM)
        _, rest = process.communicate(timeout=60)
    assert process.returncode == 0, rest


def telelake(*arguments: str, environment: Mapping[str, str]) -> str:
    """Run the command and return what it wrote to stdout."""
    done = subprocess.run(
        [sys.executable, "-m", "telelake", *arguments],
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, f"telelake {' '.join(arguments)}: {done.returncode}\n{done.stderr[-3000:]}"
    return done.stdout


def open_app(settings: Mapping[str, Any]) -> App:
    """Return an app by settings alone, whatever this process's environment says."""
    return App(Settings.model_validate({"talk": {"elsewhere": True}, **settings}))


def content(app: App) -> dict[str, Counter[Row]]:
    """Return the rows of every table in the newest release, by their values as text; what must differ is left out."""
    release = app.tables.latest()
    assert release is not None, "nothing was published"
    found: dict[str, Counter[Row]] = {}
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        for table in TABLES:
            files = [str(path) for path in app.tables.files(release, table.name)]
            if files:
                con.execute(f"CREATE TABLE {table.name} AS FROM read_parquet({files})")
        received = {row[0] for row in con.execute("SELECT received_at::VARCHAR FROM updates").fetchall()}
        there = {row[0] for row in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        for table in TABLES:
            if table.name not in there:
                found[table.name] = Counter()
                continue
            columns = [each.name for each in table.columns if each.name not in MUST_DIFFER[table.name]]
            chosen = ", ".join(f'"{name}"::VARCHAR' for name in columns)
            rows = con.execute(f"SELECT {chosen} FROM {table.name}").fetchall()
            found[table.name] = Counter(
                tuple(RECEIVED if value in received else value for value in row) for row in rows
            )
    return found


def rows(app: App, sql: str) -> list[Row]:
    """Run SQL over the files of the newest release."""
    release = app.tables.latest()
    assert release is not None, "nothing was published"
    with duckdb.connect() as con:
        for table in TABLES:
            if table.name in sql and (files := [str(path) for path in app.tables.files(release, table.name)]):
                con.execute(f"CREATE VIEW {table.name} AS FROM read_parquet({files})")
        return con.execute(sql).fetchall()


def differences(one: Mapping[str, Counter[Row]], other: Mapping[str, Counter[Row]]) -> dict[str, list[str]]:
    """Return, by table, some rows that only one side has; empty when both say the same."""
    found = {}
    for name in sorted({*one, *other}):
        missing, extra = one[name] - other[name], other[name] - one[name]
        if missing or extra:
            found[name] = [f"- {row}" for row in list(missing)[:3]] + [f"+ {row}" for row in list(extra)[:3]]
            found[name].append(f"{sum(missing.values())} missing, {sum(extra.values())} too many")
    return found


@dataclass(frozen=True)
class RawLake:
    """Raw and quarantine, without what must differ."""

    records: Mapping[str, int]
    """Records by the folder they lie in, as the segments' keys promise; a record that was sealed twice counts twice."""
    lines: Mapping[str, Counter[tuple[str, ...]]]
    """By folder: the keys of each envelope in order, and its values but for record_id, source and received_at."""
    record_ids: Mapping[str, Counter[str]]
    """By folder: how often each record_id is there."""


def raw_lake(objects: Iterable[tuple[str, bytes]]) -> RawLake:
    """Read segments, given as (key, bytes); a key that is no segment's fails."""
    records: dict[str, int] = defaultdict(int)
    lines: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    record_ids: dict[str, Counter[str]] = defaultdict(Counter)
    for key, data in objects:
        segment = raw.parse_key(key)
        assert segment is not None, f"{key} is not a segment's key"
        folder = key.rpartition("/")[0]
        records[folder] += segment.records
        parts = lines_of(data)
        assert len(parts) == segment.records, f"{key} has {len(parts)} lines"
        for line in parts:
            head, mark, body = line.partition(b',"body":')
            # The body is taken as bytes: raw is what Telegram sent, and comparing parsed JSON would not show a change.
            envelope = json.loads(head + b"}" if mark else line)
            datetime.fromisoformat(envelope["received_at"]).astimezone(UTC)
            record_ids[folder][envelope.pop("record_id")] += 1
            keys = ",".join(envelope)
            del envelope["source"], envelope["received_at"]
            lines[folder][keys, json.dumps(envelope), body.decode("latin-1")] += 1
    return RawLake(dict(records), dict(lines), dict(record_ids))


def lines_of(segment: bytes) -> list[bytes]:
    """Return a segment's lines."""
    unpacked: bytes = zstandard.ZstdDecompressor().stream_reader(segment, read_across_frames=True).read()
    return unpacked.removesuffix(b"\n").split(b"\n")


def bodies_of(lake: RawLake) -> Counter[bytes]:
    """Return all bodies of a lake, as they lie in raw and quarantine."""
    found: Counter[bytes] = Counter()
    for lines in lake.lines.values():
        for (_, envelope, body), number in lines.items():
            if body:
                found[body.encode("latin-1").removesuffix(b"}")] += number
            else:
                found[base64.b64decode(json.loads(envelope)["body_base64"])] += number
    return found


def raw_of_folder(home: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the segments of a home in a folder."""
    for area in ("raw", "quarantine"):
        for path in sorted((home / area).rglob("*")):
            if path.is_file():
                yield path.relative_to(home).as_posix(), path.read_bytes()


def raw_of_bucket(s3: Any, bucket: str) -> Iterator[tuple[str, bytes]]:
    """Yield the segments of a home in a bucket."""
    for area in ("raw/", "quarantine/"):
        for key in keys_of(s3, bucket, area):
            yield key, s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def keys_of(s3: Any, bucket: str, prefix: str = "") -> list[str]:
    """Return the keys of a bucket below a prefix."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [each["Key"] for page in pages for each in page.get("Contents", ())]
