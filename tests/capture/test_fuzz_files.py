"""Damaged files through the readers that take files: the journal, and each importer.

A door has its own (`test_fuzz.py`). Here a file is what somebody else wrote, cut, spliced or altered anywhere. Whatever it
is, a reader ends, says so in one of our own errors or brings in what is whole, invents nothing, and leaves books that balance.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import random
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from tests.canaries import INPUT
from tests.capture.hostile import bodies
from tests.capture.test_journal import contents, entries, write_file
from tests.conftest import BOT, NOW, LakeFolder, message
from tests.telegram.test_desktop import as_desktop, chat, full
from tests.telegram.test_desktop import message as exported

from telelake import raw
from telelake.capture.frames import Report, read
from telelake.capture.imports import rows
from telelake.capture.imports.bring import bring
from telelake.capture.imports.course import Taking, objects
from telelake.capture.imports.exports import Wanted
from telelake.capture.imports.pieces import Imported, write
from telelake.errors import SettingsError, TelelakeError, UnreadableFile
from telelake.stores import parquet
from telelake.stores.objects import DirectoryStore

MANY = 20 if os.environ.get("TELELAKE_TEST_LONG") else 1
_TOKENS = (
    b"\x00",
    b"\xff\xfe",
    b"{",
    b"}",
    b"[",
    b'"',
    b"\\u00",
    b"\n",
    b"1e999",
    b"PAR1",
    b'"messages"',
    b'"update_id":',
)


def altered(data: bytes, rng: random.Random) -> bytes:
    """Return a file after some accidents: cut, with bits turned, with pieces lost, doubled, moved, or put in."""
    text = bytearray(data)
    for _ in range(rng.randrange(1, 4)):
        start = rng.randrange(len(text) + 1)
        end = min(len(text), start + rng.choice((1, 4, 40, 400)))
        match rng.randrange(6):
            case 0:
                del text[start:]
            case 1:
                del text[start:end]
            case 2:
                text[start:start] = text[start:end]
            case 3:
                text[start:start] = rng.choice(_TOKENS)
            case 4:
                text[start:end] = rng.randbytes(end - start)
            case _ if start < len(text):
                text[start] ^= 1 << rng.randrange(8)
    return bytes(text)


def test_a_journal_after_any_accident_gives_what_was_written_and_nothing_else(tmp_path: Path) -> None:
    given = entries(40, seed=5)
    path, _ = write_file(tmp_path / "whole", given)
    data, target, seed = path.read_bytes(), tmp_path / path.name, random.randrange(1 << 32)
    rng, came_back = random.Random(seed), 0
    for number in range(1500 * MANY):
        target.write_bytes(altered(data, rng) if number % 20 else rng.randbytes(rng.randrange(2000)))
        records = list(read(target, Report()))
        assert set(contents(records)) <= set(given), (seed, number)
        assert len({record.record_id for record in records}) == len(records), (seed, number)
        came_back += len(records)
    assert came_back > 10_000


def files_of_people() -> dict[str, bytes]:
    """Return a file of each kind that is imported."""
    said = [exported(number, f"texto {number}") for number in range(1, 8)]
    updates = b"\n".join(json.dumps(message(number, number)).encode() for number in range(1, 10))
    held = raw.raw_line(raw.Record("x-1", BOT, "webhook", NOW, json.dumps(message(1, 1)).encode())).data
    lines = held + b"\n" + raw.quarantine_line(raw.Record("x-2", BOT, "poll", NOW, b"noise"), "not JSON").data
    return {
        "chat": as_desktop(chat(*said)), "account": as_desktop(full(chat(*said))), "updates": updates,
        "raw": lines, "gzip": gzip.compress(updates), "zstd": zstandard.compress(as_desktop(chat(*said))),
    }  # fmt: skip


@pytest.mark.parametrize("kind", list(files_of_people()))
def test_an_imported_file_after_any_accident_is_refused_or_in_the_lake_once(tmp_path: Path, kind: str) -> None:
    data, seed = files_of_people()[kind], random.randrange(1 << 32)
    rng = random.Random(seed)
    for number in range(60 * MANY):
        lake = LakeFolder(tmp_path / f"{number}")
        path = tmp_path / "file"
        path.write_bytes(altered(data, rng))
        try:
            first, second = (
                bring(path, store=lake.store, state=lake.root / "state", zone=lake.zone, wanted=Wanted(), bot_id=BOT)
                for _ in range(2)
            )
        except (UnreadableFile, SettingsError):
            assert list(lake.store.list("raw/")) == [], (seed, number)
        else:
            segments = [raw.parse_key(each.key) for area in ("raw/", "quarantine/") for each in lake.store.list(area)]
            assert sum(each.records for each in segments if each) == first.published.records, (seed, number)
            assert (second.published.records, second.published.known) == (0, first.published.records), (seed, number)


def a_table() -> bytes:
    count = 12
    columns = {
        "message_id": list(range(count)), "date": [1_672_578_929] * count, "chat_id": [-1001000000001] * count,
        "chat_type": ["supergroup"] * count, "user_id": [501] * count, "text": ["oi"] * count,
    }  # fmt: skip
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def test_a_bucket_of_any_accidents_comes_in_once_and_its_books_balance(tmp_path: Path, lake: LakeFolder) -> None:
    """What strangers post, and altered tables, in the course's folders; the days are built, which they are not out of balance."""
    seed = random.randrange(1 << 32)
    rng, folder = random.Random(seed), tmp_path / INPUT / "context_date=2026-03-10"
    folder.mkdir(parents=True)
    count = 400 * MANY
    made = [body for _, body in zip(range(count), bodies(seed, 499), strict=False)]
    for number, body in enumerate(made):
        wrapped = json.dumps({"headers": {}, "body": body.decode("utf-8", "replace")}).encode()
        (folder / f"{20260310000000 + number}.json").write_bytes(rng.choice((body, wrapped, altered(body + b" ", rng))))
    for number in range(40):
        (folder / f"{number}.parquet").write_bytes(altered(a_table(), rng) if number else a_table())
    first, second = bring_all(tmp_path / INPUT, lake), bring_all(tmp_path / INPUT, lake)

    jsons = sum(1 for each in folder.glob("*.json") if each.stat().st_size <= 4 * 1024 * 1024)
    assert first.records + first.known == jsons + first.rows, seed
    assert (second.records, second.known) == (0, jsons + second.rows), seed
    assert first.quarantined > 50 and first.damaged and first.rows
    lake.wrangle()


def bring_all(folder: Path, lake: LakeFolder) -> Imported:
    found = Imported()
    return write(
        objects(DirectoryStore(folder), Taking(BOT, lake.zone, own=(BOT,), rows=parquet.rows), found),
        lake.store,
        lake.zone,
        found,
    )


@pytest.mark.parametrize("broken", [lambda row: 1 / 0, lambda row: row["no such column"]])
def test_a_reader_that_raises_would_be_seen(
    tmp_path: Path, lake: LakeFolder, monkeypatch: pytest.MonkeyPatch, broken: Callable[..., object]
) -> None:
    """The twin: one row that trips the reader ends the import, which the test above does not let pass."""
    monkeypatch.setattr(rows, "_moment", broken)
    with pytest.raises((ZeroDivisionError, TypeError)) as caught:
        test_a_bucket_of_any_accidents_comes_in_once_and_its_books_balance(tmp_path, lake)
    assert not isinstance(caught.value, TelelakeError)
