"""What a release needs, file by file, and whether it is there and whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pyarrow import ArrowException
from pyarrow import parquet as pq
from pyiceberg.table import StaticTable

from telelake.errors import NotStored, StoreError


@dataclass(frozen=True, slots=True)
class Needed:
    """A file that a table, as a release pins it, cannot be read without."""

    location: str
    size: int | None = None
    """Bytes, where what refers to it says so."""
    rows: int | None = None
    """Of a data file: rows that it holds; None of metadata."""


def needed(metadata: str, properties: Mapping[str, Any]) -> Iterator[Needed]:
    """Yield what a table's metadata needs, itself first.

    Raises:
        StoreError: it, or a manifest, cannot be read; names it.
    """
    where = metadata
    try:
        table = StaticTable.from_metadata(metadata, dict(properties))
        yield Needed(metadata)
        if (snapshot := table.current_snapshot()) is None:
            return
        where = snapshot.manifest_list
        yield Needed(where)
        for manifest in snapshot.manifests(table.io):
            where = manifest.manifest_path
            yield Needed(where, manifest.manifest_length)
            for entry in manifest.fetch_manifest_entry(table.io):
                file = entry.data_file
                yield Needed(file.file_path, file.file_size_in_bytes, file.record_count)
    except OSError as error:
        raise NotStored(f"{where} is missing, or cannot be read: {error}") from error
    except Exception as error:  # a damaged file fails in as many ways as there are parsers
        raise StoreError(f"{where} is damaged: {type(error).__name__}: {error}") from error


def reads_whole(path: Path, rows: int) -> bool:
    """Return whether a Parquet file has so many rows, of which every column can be decoded."""
    try:
        with pq.ParquetFile(path) as file:
            found = sum(file.read_row_group(group).num_rows for group in range(file.num_row_groups))
            return bool(found == rows == file.metadata.num_rows)
    except (OSError, ArrowException):
        return False


def catalog_damage(file: Path) -> str | None:
    """Return what is wrong with a SQLite catalog, read without touching it; None when it is whole."""
    try:
        with sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True, timeout=5.0) as con:
            said: Sequence[tuple[str]] = con.execute("PRAGMA quick_check(1)").fetchall()
            if said != [("ok",)]:
                return said[0][0] if said else "nothing can be read"
            con.execute("SELECT count(*) FROM iceberg_tables").fetchone()
    except sqlite3.DatabaseError as error:
        return None if "locked" in str(error) else str(error)
    return None
