"""Where each field of the Bot API ends up: which columns read it, and where the rest of it lies. For the reference page.

Nothing is told here by hand: what reads a field is what declares it as a source, and what is left is derived as the
engine derives it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from telelake.tables import derive
from telelake.tables.catalog import BUILT
from telelake.tables.derive import Node
from telelake.tables.model import Table
from telelake.telegram.update import MESSAGE_KINDS, botapi, update_kinds

COLUMNS = "columns"
PARTLY = "columns; the rest in `extra`"
BESIDE = "columns; all of it in `extra` too"
COPY = "columns; the rest of this copy in raw only"
LIST = "columns; the rest of each element in raw only"
EXTRA = "`extra`"


@dataclass(frozen=True, slots=True)
class Covered:
    """A field and what becomes of it."""

    field: str
    type: str
    columns: tuple[str, ...]
    """The columns that read it or a part of it, as `table.column`; one that takes it apart names the part."""
    rest: str
    """Where all of it lies, one of the words above."""


@cache
def message_fields() -> tuple[Covered, ...]:
    """Return the fields of a `Message`."""
    return tuple(_covered("Message", name, kind, BUILT) for name, kind in _fields("Message").items())


@cache
def kind_fields(kind: str) -> tuple[Covered, ...]:
    """Return the fields of a kind of update that is no message."""
    payload = _fields("Update")[kind]
    tables = tuple(table for table in BUILT if not table.needs or kind in table.needs)
    return tuple(_covered("Event", name, type_, tables) for name, type_ in _fields(payload).items())


def coverage_page() -> str:
    """Return docs/reference/coverage.md."""
    rows = ["| kind | payload | tables |", "|---|---|---|"]
    rows += [f"| `{kind}` | {_fields('Update')[kind]} | {', '.join(_tables_of(kind))} |" for kind in update_kinds()]
    parts = [
        "# Coverage",
        "Generated from the declarations in `src/telelake/tables/catalog` and the reduced Bot API by `make reference`; do not "
        f"edit. It is of Bot API {botapi()['botapi']}: {len(update_kinds())} kinds of updates, "
        f"{len(message_fields())} fields of a message.",
        _HOW,
        "## Kinds of updates",
        "\n".join(rows),
        "Every update has a row in `updates`, also one of a kind that nobody knows: all of it is then in `extra`. So it is with "
        "a field that nobody knows.",
        "## Message",
        _table(message_fields()),
    ]
    for kind in update_kinds():
        if kind not in MESSAGE_KINDS:
            parts += [f"## {kind}", _table(kind_fields(kind))]
    return "\n\n".join(parts) + "\n"


_HOW = """\
What no column reads is in `updates.extra`, as JSON text by the Bot API's names, found by the message's or event's `raw`. In
DuckDB (`telelake sql`) and in Athena:

```sql
-- DuckDB: a value with its type, or a list of them
SELECT raw, CAST(extra ->> '$.dice.value' AS BIGINT) AS dice FROM updates WHERE extra ->> '$.dice.emoji' = '🎲';
SELECT raw, from_json(extra -> '$.contact', '{"phone_number":"VARCHAR","user_id":"BIGINT"}') AS contact FROM updates;
SELECT messages.text, extra ->> '$.effect_id' AS effect FROM messages JOIN updates USING (context_date, raw);

-- Athena
SELECT raw, CAST(json_extract_scalar(extra, '$.dice.value') AS BIGINT) AS dice FROM updates;
SELECT raw, CAST(json_extract(extra, '$.contact') AS ROW(phone_number VARCHAR, user_id BIGINT)) AS contact FROM updates;
```

A message that a call made has no row in `updates`; what no column reads of it is in the raw record of the call. Columns named
`detail`, `rights` and `order_info` are JSON text too, and are read alike. *In raw only* means: not in any table; the raw
record has it.

**The whole** says where all of a field is: in columns alone, or in columns and elsewhere."""


def _tables_of(kind: str) -> list[str]:
    if kind in MESSAGE_KINDS:
        return ["`messages`, `message_versions`, `message_entities`, and those of what is in it (below)"]
    return [f"`{table.name}`" for table in BUILT if kind in table.needs] or ["`updates` only"]


def _table(fields: tuple[Covered, ...]) -> str:
    rows = ["| field | type | read by | the whole |", "|---|---|---|---|"]
    rows += [f"| `{each.field}` | {each.type} | {', '.join(each.columns) or 'none'} | {each.rest} |" for each in fields]
    return "\n".join(rows)


def _covered(root: str, name: str, kind: str, tables: tuple[Table, ...]) -> Covered:
    tree = derive.message_tree() if root == "Message" else derive.event_tree()
    node = tree.fields.get(name)
    return Covered(name, kind, tuple(_readers(f"{root}.{name}", tables)), EXTRA if node is None else _rest(name, node))


def _readers(path: str, tables: tuple[Table, ...]) -> list[str]:
    parts: dict[str, list[str]] = {}
    for table in tables:
        for column in table.columns:
            for source in column.sources:
                if source == path or source.startswith(f"{path}."):
                    part = source.removeprefix(path).removeprefix(".")
                    parts.setdefault(f"`{table.name}.{column.name}`", []).append(part)
    return [_named(column, [part for part in found if part not in ("", "*")]) for column, found in parts.items()]


def _named(column: str, parts: list[str]) -> str:
    return f"{column} ({', '.join(parts[:3])}{', …' if len(parts) > 3 else ''})" if parts else column


def _rest(name: str, node: Node) -> str:
    if node.scalar is not None or node.is_whole or derive.is_exhausted(node):
        return COLUMNS
    if derive.is_left_whole(name, node):
        return BESIDE
    if not derive.is_read_whole(name, node):
        return PARTLY
    return LIST if node.is_list else COPY


def _fields(name: str) -> Mapping[str, str]:
    return {field[0]: field[1] for field in botapi()["types"][name]["fields"]}
