"""The questions of a lake that a model is learned from: a bounded sample, the same whatever order they came in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from telelake.tables.catalog import QUESTIONS
from telelake.tables.derive import reading
from telelake.talk.topics.fit import Asked

_SPARE = 4
"""Rows that are read for each question that is wanted: the same question asked by several counts once."""


def asked(files: Sequence[Path], most: int) -> Iterator[Asked]:
    """Yield questions of some files of `questions`, drawn by the digest of their text."""
    if not files:
        return
    with duckdb.connect() as con:
        rows = con.execute(
            "SELECT text, who FROM (SELECT DISTINCT text, coalesce(user_id, chat_id, 0) AS who "
            f"FROM ({reading(QUESTIONS, files)}) WHERE trim(text) <> '') ORDER BY md5(lower(trim(text))), text, who LIMIT ?",
            [most * _SPARE],
        )
        while part := rows.fetchmany(10_000):
            yield from (Asked(text, who) for text, who in part)


def different(files: Sequence[Path]) -> int:
    """Return how many different questions some files hold."""
    if not files:
        return 0
    with duckdb.connect() as con:
        found = con.execute(f"SELECT count(DISTINCT lower(trim(text))) FROM ({reading(QUESTIONS, files)})").fetchone()
    return int(found[0]) if found else 0
