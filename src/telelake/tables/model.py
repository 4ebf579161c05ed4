"""What a table is. Declarations live in `telelake.tables.catalog`; what follows from them, in `telelake.tables.derive`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
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
    LONGS = ("BIGINT[]", "list<long>", "array<bigint>")
    TIME = ("TIMESTAMPTZ", "timestamptz", "timestamp")
    DAY = ("DATE", "date", "date")

    def __init__(self, duckdb: str, iceberg: str, athena: str) -> None:
        self.duckdb = duckdb
        self.iceberg = iceberg
        self.athena = athena


class Personal(Enum):
    """What a column tells of a person. It decides what pseudonyms put in its place: see `telelake.wrangle.masks`."""

    ID = "id"
    """Telegram's id of a person, or of a chat, which is the person's in a private chat: a keyed hash."""
    CODE = "code"
    """A code of Telegram's with a person's id inside, such as an inline message's: a keyed hash."""
    NAME = "name"
    """A name, username, signature, phone number or address of a person, or words whose marks of names no table holds: dropped."""
    CHAT_NAME = "chat name"
    """A chat's name: dropped where the table's `chat_id` is a person's, else as words."""
    TEXT = "text"
    """Words that people wrote: what identifies in them is masked."""
    FILE = "file name"
    """A file's name: only its extension stays."""
    PLACE = "place"
    """Degrees of a place: rounded to one decimal, some 11 km."""
    JSON = "json"
    """JSON with anything in it: what is known to be personal is masked, and what nobody knows is dropped."""


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
    personal: Personal | None = None
    """What it tells of a person, if anything; such a column is forgotten, and kept out of Iceberg's column metrics."""
    element_id: int | None = None
    """Iceberg's field id of a list's elements."""


@dataclass(frozen=True, slots=True)
class Days:
    """A window of days around a day, both ends counted from it."""

    first: int = 0
    last: int = 0

    def around(self, day: date) -> list[date]:
        """Return the days of the window, the oldest first."""
        return [day + timedelta(days=each) for each in range(self.first, self.last + 1)]


@dataclass(frozen=True, slots=True)
class Reads:
    """What a day of a table is made from; a change there makes the day due."""

    raw: Days | None = Days()
    """Days whose raw it looks at; None for a table that is made from other tables only."""
    tables: Mapping[str, Days] = field(default_factory=dict, hash=False)
    """Other tables that it is made from, by name, with the days of each."""


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
    reads: Reads = Reads()
    """What a day of it is made from: its own day's raw, unless it says more."""
    needs: tuple[str, ...] = ()
    """Kinds of updates and of messages, `SERVICE` or `TOPIC`, of which one must be there for it to have any row; none is all."""

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
