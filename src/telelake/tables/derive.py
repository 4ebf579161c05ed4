"""What follows from a declaration: how Telegram's JSON is read, cast, checked and described.

Nothing here is written twice: a column's `sources` are looked up in the reduced Bot API, which gives their types, and
together they are the *tree* of all that any column reads. The engine parses by that tree, `wrangle.conform` checks
values against it, and what is not in it ends up in `extra`.

The tree has a *usual* part, which the engine opens for every payload, and the rest, which few payloads have: that stays
JSON, and each table opens of it what it declares, where it is there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from telelake.errors import TableMismatch
from telelake.tables.catalog import BUILT, CHAT_DAYS, UPDATES, USER_DAYS
from telelake.tables.model import Column, Table
from telelake.telegram.update import MESSAGE_KINDS, botapi, update_kinds

_SCALARS = {"Integer": "BIGINT", "String": "VARCHAR", "Boolean": "BOOLEAN", "True": "BOOLEAN", "Float": "DOUBLE"}
_COPIES = frozenset(
    {"reply_to_message", "message", "pinned_message", "poll_message", "checklist_message", "giveaway_message",
     "suggested_post_message"}
)  # fmt: skip
"""Fields that hold a copy of another message: read in part, and the rest of the copy is not `extra`."""
_WHOLE = "*"
"""As the last part of a source: the whole field as JSON, whatever it holds."""
MEDIA = ("video", "animation", "audio", "voice", "video_note", "document", "sticker", "live_photo", "photo")
"""Content that is a file; where a message has two, the first says what it is."""
USUAL = frozenset(
    {
        *MEDIA, "message_id", "message_thread_id", "from", "sender_chat", "sender_tag", "ephemeral_message_id", "date",
        "business_connection_id", "chat", "forward_origin", "is_topic_message", "is_automatic_forward", "reply_to_message",
        "external_reply", "quote", "via_bot", "edit_date", "media_group_id", "author_signature", "text", "entities", "caption",
        "caption_entities", "location", "migrate_to_chat_id", "migrate_from_chat_id",
    }
)  # fmt: skip
"""Fields of a message that the engine opens for every message; all others that are read stay JSON until a table asks."""


@dataclass
class Node:
    """One field of Telegram's JSON that some column reads, or that leads to one."""

    scalar: str | None = None
    """DuckDB type of a leaf; None for an object."""
    is_list: bool = False
    fields: dict[str, Node] = field(default_factory=dict)
    is_whole: bool = False
    """Whether some column holds it whole, as JSON."""
    type: str = ""
    """Its type's name in the Bot API."""


@cache
def message_tree() -> Node:
    """Return the tree of what is read of a `Message`."""
    return _tree("Message", BUILT)


@cache
def event_tree() -> Node:
    """Return the tree of what is read of any payload that is not a message."""
    return _tree("Event", BUILT)


@cache
def usual_message_tree() -> Node:
    """Return the part of it that is opened for every message."""
    fields = message_tree().fields
    return Node(fields={name: node for name, node in fields.items() if name in USUAL})


@cache
def usual_event_tree() -> Node:
    """Return the part of it that is opened for every such payload."""
    return _tree("Event", (UPDATES, CHAT_DAYS, USER_DAYS))


def rare_tree(table: Table) -> Node:
    """Return what a table reads of a message beside what is opened for every message."""
    fields = _tree("Message", (table,)).fields
    return Node(fields={name: node for name, node in fields.items() if name not in USUAL and not is_opaque(node)})


def table_event_tree(table: Table) -> Node:
    """Return what a table reads of a payload that is not a message."""
    return _tree("Event", (table,))


def rare_fields() -> list[str]:
    """Return the fields of a message that some column reads and few messages have."""
    return [name for name in message_tree().fields if name not in USUAL]


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


def reading(table: Table, paths: Iterable[object]) -> str:
    """Return a SELECT of exactly the declared columns; columns are found by field id, so an older file may lack one."""
    files = ", ".join(_quoted(path) for path in paths)
    if not files:
        columns = ", ".join(f'CAST(NULL AS {column.kind.duckdb}) AS "{column.name}"' for column in table.columns)
        return f"SELECT {columns} WHERE false"
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    schema = ", ".join(
        f"{column.id}: {{name: {_quoted(column.name)}, type: {_quoted(column.kind.duckdb)}, default_value: NULL}}"
        for column in table.columns
    )
    # The folder's name says context_date=… too; without hive_partitioning=false DuckDB would take it from there.
    return f"SELECT {names} FROM read_parquet([{files}], hive_partitioning = false, schema = MAP {{{schema}}})"


def _quoted(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"


def declaration_digest(table: Table) -> str:
    """Return a digest of all in a declaration that decides a table's rows and types; descriptions do not."""
    facts = [
        [column.id, column.name, column.kind.duckdb, column.required, list(column.sources)] for column in table.columns
    ]
    text = json.dumps([table.name, table.key, table.sort, table.keyless_when, facts])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def source_type(source: str) -> tuple[str, bool]:
    """Return the DuckDB type of a source such as `Message.chat.id`, and whether a list lies on the way.

    A source that ends in `*`, such as `Message.gift.*`, is the whole field as JSON.

    Raises:
        TableMismatch: the Bot API has no such field, or it is no plain value.
    """
    head, *path = source.split(".")
    name, in_list = head, False
    for part in path:
        if part == _WHOLE:
            return "JSON", False
        fields = _fields(name)
        if part not in fields:
            raise TableMismatch(f"'{source}' is not in the Bot API: {name} has no field '{part}'.")
        name = fields[part]
        while name.startswith("Array of "):
            name, in_list = name.removeprefix("Array of "), True
    if name not in _SCALARS:
        raise TableMismatch(f"'{source}' is a {name}, not a plain value.")
    return _SCALARS[name], in_list


def _tree(root: str, tables: tuple[Table, ...]) -> Node:
    top = Node(type=root)
    for source in sorted({s for table in tables for column in table.columns for s in column.sources}):
        head, *path = source.split(".")
        if head != root:
            continue
        source_type(source)
        node, name = top, head
        for part in path:
            if part == _WHOLE:
                node.is_whole = True
                break
            name = _fields(name)[part]
            is_list = name.startswith("Array of ")
            name = name.removeprefix("Array of ")
            node = node.fields.setdefault(part, Node(None, is_list, type=name))
        else:
            node.scalar = _SCALARS[name]
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


def is_opaque(node: Node) -> bool:
    """Return whether a field is kept whole and nothing inside of it is read."""
    return node.is_whole and node.scalar is None and not node.fields


def _structure(node: Node) -> Any:
    inner: Any = node.scalar or {name: _structure(child) for name, child in node.fields.items() if not is_opaque(child)}
    return [inner] if node.is_list else inner


def is_read_whole(name: str, node: Node) -> bool:
    """Return whether nothing of a field is left for `extra` once it is read.

    So it is with a value, with what is kept as JSON, with a copy of a message, and with a list that is opened for every
    message. Of another list all is left unless all is read: `extra` cannot hold a part of it.
    """
    if node.scalar is not None or node.is_whole or name in _COPIES or (node.is_list and name in USUAL):
        return True
    return node.is_list and is_exhausted(node)


def is_left_whole(name: str, node: Node) -> bool:
    """Return whether all of a field stays in `extra` though some of it is read."""
    return node.is_list and not is_read_whole(name, node)


def is_exhausted(node: Node) -> bool:
    """Return whether all that the Bot API has of a field is read."""
    if node.scalar is not None or node.is_whole:
        return True
    return set(node.fields) == set(_fields(node.type)) and all(map(is_exhausted, node.fields.values()))


def _patch(node: Node) -> dict[str, Any]:
    return {
        name: None if is_read_whole(name, child) else _patch(child)
        for name, child in node.fields.items()
        if not is_left_whole(name, child)
    }


def _field_id(column: Column) -> str:
    if column.element_id:
        return f'"{column.name}": {{__duckdb_field_id: {column.id}, element: {column.element_id}}}'
    return f'"{column.name}": {column.id}'
