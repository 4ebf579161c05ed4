"""An answer as text or bytes: an aligned table, CSV, JSON, Parquet.

One rule for all texts: times are ISO 8601, those with a zone in UTC with a Z; NULL is empty (JSON: null), and so is a
number that is none, for JSON has no NaN; whole numbers stay whole.
"""

from __future__ import annotations

import csv
import io
import json
import math
import unicodedata
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from telelake.errors import UnknownName

if TYPE_CHECKING:
    from collections.abc import Callable

    from telelake.present.answer import Answer

_CELL = 80
"""Characters of a value that the aligned table shows."""


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return int(value) if value.as_tuple().exponent == 0 else float(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if hasattr(value, "months") and hasattr(value, "nanoseconds"):
        return _duration(value.months, value.days, value.nanoseconds)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return str(value)


def as_json(answer: Answer) -> str:
    """Return an array of objects, one to a line."""
    rows = ({key: plain(value) for key, value in row.items()} for row in answer.records())
    return "[" + ",\n ".join(json.dumps(row, ensure_ascii=False) for row in rows) + "]\n"


def as_csv(answer: Answer) -> str:
    """Return CSV with a header, lists and structs as JSON."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(answer.columns)
    writer.writerows([_text(value) for value in row] for row in answer.rows)
    return out.getvalue()


def as_table(answer: Answer) -> str:
    """Return columns aligned for a monospaced screen, numbers to the right; long values are cut with an ellipsis."""
    cells = [[_one_line(name) for name in answer.columns]]
    cells += [[_one_line(_text(value)) for value in row] for row in answer.rows]
    widths = [max(_width(row[index]) for row in cells) for index in range(len(answer.columns))]
    right = [_is_number(kind) for kind in answer.types]
    lines = ["  ".join(map(_pad, row, widths, right)).rstrip() for row in cells]
    lines.insert(1, "  ".join("─" * width for width in widths))
    return "\n".join(lines) + "\n"


def as_parquet(answer: Answer) -> bytes:
    """Return a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(_storable(answer.table), sink, compression="zstd")
    return bytes(sink.getvalue())


def as_arrow(answer: Answer) -> bytes:
    """Return an Arrow IPC stream."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, answer.table.schema) as writer:
        writer.write_table(answer.table)
    return bytes(sink.getvalue())


FORMATS: dict[str, Callable[[Answer], str | bytes]] = {
    "table": as_table,
    "csv": as_csv,
    "json": as_json,
    "parquet": as_parquet,
}
"""Every format by its name on the command line."""


def render(answer: Answer, name: str) -> str | bytes:
    """Return the answer in the format of that name.

    Raises:
        UnknownName: there is no such format; lists those there are.
    """
    if name not in FORMATS:
        raise UnknownName("format", name, FORMATS)
    return FORMATS[name](answer)


def _text(value: Any) -> str:
    simple = plain(value)
    if simple is None:
        return ""
    if isinstance(simple, bool):
        return "true" if simple else "false"
    if isinstance(value, Decimal):
        return str(value)
    return simple if isinstance(simple, str) else json.dumps(simple, ensure_ascii=False)


def _duration(months: int, days: int, nanoseconds: int) -> str:
    date_part = (f"{months}M" if months else "") + (f"{days}D" if days else "")
    seconds = Decimal(nanoseconds) / 1_000_000_000
    time_part = f"T{seconds.normalize():f}S" if nanoseconds else ""
    return "P" + (date_part + time_part or "T0S")


def _storable(table: Any) -> Any:
    import pyarrow as pa

    def stored(kind: Any) -> Any:
        # Parquet has no month-day-nano interval in Arrow's writer, and no column of the type null that others read.
        return pa.string() if pa.types.is_null(kind) else kind

    for index, field in enumerate(table.schema):
        if pa.types.is_interval(field.type):
            values = [plain(value) for value in table.column(index).to_pylist()]
            table = table.set_column(index, field.name, pa.array(values, pa.string()))
        elif stored(field.type) != field.type:
            table = table.set_column(index, field.name, table.column(index).cast(pa.string()))
    return table


def _is_number(kind: str) -> bool:
    return kind.endswith("INT") or kind == "INTEGER" or kind in {"DOUBLE", "FLOAT"} or kind.startswith("DECIMAL")


def _one_line(text: str) -> str:
    # Control characters of a message must not reach a terminal.
    clean = "".join(" " if unicodedata.category(char) in {"Cc", "Zl", "Zp"} else char for char in text)
    return clean if len(clean) <= _CELL else clean[: _CELL - 1] + "…"


def _width(text: str) -> int:
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) != 0 for char in text)


def _pad(text: str, width: int, right: bool) -> str:
    gap = " " * (width - _width(text))
    return gap + text if right else text + gap
