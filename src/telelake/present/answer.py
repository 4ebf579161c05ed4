"""What a query answered: an Arrow table, with DuckDB's own names of the types beside it.

Arrow carries it because that is what crosses the boundary of the worker process without being executable, and what
Parquet is written from. Python values are made only when somebody asks for `rows`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa


@dataclass(frozen=True)
class Answer:
    """The rows of one query."""

    table: pa.Table
    """The rows; every column has a name of its own."""
    types: tuple[str, ...]
    """DuckDB's type of each column, such as BIGINT or TIMESTAMP WITH TIME ZONE."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(self.table.column_names)

    @cached_property
    def rows(self) -> list[tuple[Any, ...]]:
        """The rows as Python values; whole numbers are int whatever their width."""
        columns = [_values(self.table.column(index), kind) for index, kind in enumerate(self.types)]
        return list(zip(*columns, strict=True)) if columns else []

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield each row by the names of its columns."""
        for row in self.rows:
            yield dict(zip(self.columns, row, strict=True))


def unique(names: list[str]) -> list[str]:
    """Return the names with `_2`, `_3`… behind those that came before: a JSON object has each name once.

    >>> unique(["a", "a", "b"])
    ['a', 'a_2', 'b']
    """
    taken, seen, result = set(names), set[str](), []
    for name in names:
        fresh, number = name, 1
        while fresh in seen or (number > 1 and fresh in taken):
            number += 1
            fresh = f"{name}_{number}"
        seen.add(fresh)
        result.append(fresh)
    return result


def _values(column: Any, kind: str) -> list[Any]:
    try:
        values: list[Any] = column.to_pylist()
    except (OverflowError, ValueError):
        # DuckDB's years reach from 290308 BC to 294247 AD and to infinity; Python's stop at 9999.
        import pyarrow as pa

        return list(column.cast(pa.string()).to_pylist())
    if kind in {"HUGEINT", "UHUGEINT"}:
        return [int(value) if isinstance(value, Decimal) else value for value in values]
    if kind.startswith("MAP("):
        return [dict(value) if value is not None else None for value in values]
    return values
