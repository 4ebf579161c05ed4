"""What a table is. Declarations live in `telelake.tables.catalog`; what follows from them, in `telelake.tables.derive`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

SERVICE = "any service message"
TOPIC = "a message that carries its topic's name"


class Kind(Enum):
    """A column's type, by its name in each engine: DuckDB, Iceberg, Athena."""

    LONG = ("BIGINT", "long", "bigint")
    DOUBLE = ("DOUBLE", "double", "double")
    BOOL = ("BOOLEAN", "boolean", "boolean")
    TEXT = ("VARCHAR", "string", "string")
    TEXTS = ("VARCHAR[]", "list<string>", "array<string>")
    TIME = ("TIMESTAMPTZ", "timestamptz", "timestamp")
    DAY = ("DATE", "date", "date")

    def __init__(self, duckdb: str, iceberg: str, athena: str) -> None:
        self.duckdb = duckdb
        self.iceberg = iceberg
        self.athena = athena


@dataclass(frozen=True, slots=True)
class Column:
    """One column. Times are UTC; ids are 64-bit integers."""

    id: int
    """Iceberg's field id, in the order of declaration: a new column takes the next free one. Never reused or changed."""
    name: str
    kind: Kind
    en: str
    """What it means, in one sentence, unit included."""
    pt: str
    """The same in Brazilian Portuguese."""
    sources: tuple[str, ...] = ()
    """The Bot API fields it is read from, such as `Message.chat.id`; `Event` stands for any other kind's payload."""
    required: bool = False
    """Never null; a check before publishing."""
    personal: bool = False
    """Tells something of a person: masked, forgotten, and kept out of Iceberg's column metrics."""
    element_id: int | None = None
    """Iceberg's field id of a list's elements."""


@dataclass(frozen=True, slots=True)
class Table:
    """One published table, partitioned by `context_date`."""

    name: str
    en: str
    """What a row is."""
    pt: str
    key: tuple[str, ...]
    """Columns that are unique together (a null counts as a value)."""
    columns: tuple[Column, ...]
    sort: tuple[str, ...]
    """Order of rows in a file."""
    keyless_when: str | None = None
    """A column that, when null, takes a row out of the key's check: a row whose ids could not be read has no key."""
    needs: tuple[str, ...] = ()
    """Kinds of updates and of messages, `SERVICE` or `TOPIC`, of which one must be there for it to have any row; none is all."""
    reads_day_before: bool = False
    """Whether a day of it also looks at the raw of the day before."""

    def column(self, name: str) -> Column:
        """Return the column of that name."""
        return next(column for column in self.columns if column.name == name)


@dataclass(frozen=True, slots=True)
class View:
    """A question over tables that has a name of its own; it stores nothing."""

    name: str
    en: str
    pt: str
    sql: str
    """One SELECT over published tables."""
