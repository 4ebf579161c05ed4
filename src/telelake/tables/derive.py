"""What follows from a declaration: how Telegram's JSON is read, cast, checked and described.

Nothing here is written twice: a column's `sources` are looked up in the reduced Bot API, which gives their types, and
together they are the *tree* of all that any column reads. The engine parses by that tree, `wrangle.conform` checks
values against it, and what is not in it ends up in `extra`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from telelake.errors import TableMismatch
from telelake.tables.catalog import BUILT
from telelake.tables.model import Column, Table
from telelake.telegram.update import MESSAGE_KINDS, botapi, update_kinds

_SCALARS = {"Integer": "BIGINT", "String": "VARCHAR", "Boolean": "BOOLEAN", "True": "BOOLEAN", "Float": "DOUBLE"}
_COPIES = frozenset({"reply_to_message"})
"""Fields that hold a copy of another message: read in part, and the rest of the copy is not `extra`."""


@dataclass
class Node:
    """One field of Telegram's JSON that some column reads, or that leads to one."""

    scalar: str | None = None
    """DuckDB type of a leaf; None for an object."""
    is_list: bool = False
    fields: dict[str, Node] = field(default_factory=dict)


def message_tree() -> Node:
    """Return the tree of what is read of a `Message`."""
    return _tree("Message")


def event_tree() -> Node:
    """Return the tree of what is read of any payload that is not a message."""
    return _tree("Event")


def json_structure(node: Node) -> str:
    """Return the tree as DuckDB's `from_json` wants it."""
    return json.dumps(_structure(node))


def read_patch(node: Node) -> dict[str, Any]:
    """Return a JSON merge patch (RFC 7396) that removes from a payload all that the tree reads."""
    return _patch(node)


def field_ids(table: Table) -> str:
    """Return the FIELD_IDS option of DuckDB's COPY."""
    return "{" + ", ".join(_field_id(column) for column in table.columns) + "}"


def cast_select(table: Table, relation: str, produced: Iterable[str]) -> str:
    """Return a SELECT of exactly the declared columns, in their order and types.

    Raises:
        TableMismatch: the relation lacks a declared column or has one that is not declared.
    """
    declared = [column.name for column in table.columns]
    missing = sorted(set(declared) - set(produced))
    undeclared = sorted(set(produced) - set(declared))
    if missing or undeclared:
        raise TableMismatch(
            f"{table.name}.sql and the declaration of '{table.name}' disagree: "
            f"missing {', '.join(missing) or 'none'}; undeclared {', '.join(undeclared) or 'none'}."
        )
    columns = ", ".join(f'CAST("{column.name}" AS {column.kind.duckdb}) AS "{column.name}"' for column in table.columns)
    return f"SELECT {columns} FROM {relation}"


def empty_select(table: Table) -> str:
    """Return a SELECT of no rows with the declared columns and types."""
    columns = ", ".join(f'CAST(NULL AS {column.kind.duckdb}) AS "{column.name}"' for column in table.columns)
    return f"SELECT {columns} WHERE false"


def summary(table: Table, relation: str) -> str:
    """Return a SELECT of, for each day: the day, rows, a digest of them, rows with a null that must not be.

    The digest ignores order. Of a table with a pointer to raw it covers the columns that are never null: what stands in
    the others follows from the record that the pointer names, and from the recipe.
    """
    covered = [column.name for column in table.columns if column.required or "raw" not in table_columns(table)]
    columns = ", ".join(f'"{name}"' for name in covered)
    nulls = " OR ".join(f'"{column.name}" IS NULL' for column in table.columns if column.required)
    return (
        f"SELECT context_date, count(*), CAST(sum(hash({columns})) AS VARCHAR), count(*) FILTER ({nulls}) "
        f"FROM {relation} GROUP BY context_date"
    )


def table_columns(table: Table) -> list[str]:
    """Return the names of a table's columns, in their order."""
    return [column.name for column in table.columns]


def repeated_keys(table: Table, relation: str) -> str:
    """Return a SELECT of the keys that stand in more than one row; a row whose ids could not be read has none."""
    key = ", ".join(f'"{name}"' for name in dict.fromkeys(("context_date", *table.key)))
    where = f'WHERE "{table.keyless_when}" IS NOT NULL AND "chat_id" IS NOT NULL' if table.keyless_when else ""
    return f"SELECT {key}, count(*) AS rows FROM {relation} {where} GROUP BY {key} HAVING count(*) > 1"


def declaration_digest(table: Table) -> str:
    """Return a digest of all in a declaration that decides a table's rows and types; descriptions do not."""
    facts = [
        [column.id, column.name, column.kind.duckdb, column.required, list(column.sources)] for column in table.columns
    ]
    text = json.dumps([table.name, table.key, table.sort, table.keyless_when, facts])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def source_type(source: str) -> tuple[str, bool]:
    """Return the DuckDB type of a source such as `Message.chat.id`, and whether a list lies on the way.

    Raises:
        TableMismatch: the Bot API has no such field, or it is no plain value.
    """
    head, *path = source.split(".")
    name, in_list = head, False
    for part in path:
        fields = _fields(name)
        if part not in fields:
            raise TableMismatch(f"'{source}' is not in the Bot API: {name} has no field '{part}'.")
        name = fields[part]
        while name.startswith("Array of "):
            name, in_list = name.removeprefix("Array of "), True
    if name not in _SCALARS:
        raise TableMismatch(f"'{source}' is a {name}, not a plain value.")
    return _SCALARS[name], in_list


@cache
def _tree(root: str) -> Node:
    top = Node()
    for source in sorted({s for table in BUILT for column in table.columns for s in column.sources}):
        head, *path = source.split(".")
        if head != root:
            continue
        source_type(source)
        node, name = top, head
        for part in path:
            name = _fields(name)[part]
            is_list = name.startswith("Array of ")
            name = name.removeprefix("Array of ")
            node = node.fields.setdefault(part, Node(_SCALARS.get(name), is_list))
    return top


@cache
def _fields(name: str) -> Mapping[str, str]:
    """Return a type's fields and their types; a union has those of all its members."""
    types = botapi()["types"]
    if name == "Event":
        kinds = {f[0]: f[1] for f in types["Update"]["fields"]}
        members = [kinds[kind] for kind in update_kinds() if kind not in MESSAGE_KINDS]
        return {key: value for member in members for key, value in _fields(member).items()}
    found = types.get(name, {})
    if "one_of" in found:
        return {key: value for member in found["one_of"] for key, value in _fields(member).items()}
    return {f[0]: f[1] for f in found.get("fields", ())}


def _structure(node: Node) -> Any:
    inner: Any = node.scalar or {name: _structure(child) for name, child in node.fields.items()}
    return [inner] if node.is_list else inner


def is_read_whole(name: str, node: Node) -> bool:
    """Return whether nothing of a field is left for `extra` once it is read: a value, a list, a copy of a message."""
    return node.scalar is not None or node.is_list or name in _COPIES


def _patch(node: Node) -> dict[str, Any]:
    return {name: None if is_read_whole(name, child) else _patch(child) for name, child in node.fields.items()}


def _field_id(column: Column) -> str:
    if column.element_id:
        return f'"{column.name}": {{__duckdb_field_id: {column.id}, element: {column.element_id}}}'
    return f'"{column.name}": {column.id}'
