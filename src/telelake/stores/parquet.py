"""Rows of a Parquet file that others wrote, held whole in memory: a day of the course design's ETL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from telelake.errors import UnreadableFile


def rows(data: bytes) -> Iterator[dict[str, Any]]:
    """Yield the rows by column name.

    Raises:
        UnreadableFile: it is no Parquet, or damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        for batch in pq.ParquetFile(pa.BufferReader(data)).iter_batches():
            yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFile(
            f"It is no Parquet, or damaged, and was left out from there on ({error}). Copy it again."
        ) from error
