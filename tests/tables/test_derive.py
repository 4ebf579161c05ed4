"""What follows from the declarations."""

from __future__ import annotations

import json

import duckdb
import pytest

from telelake.errors import TableMismatch
from telelake.tables import derive
from telelake.tables.catalog import BUILT

SOURCES = sorted({source for table in BUILT for column in table.columns for source in column.sources})


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_is_a_value_of_the_bot_api(source: str) -> None:
    """A column's source resolves, and to a type that an engine can be told."""
    kind, in_list = derive.source_type(source)

    assert kind in {"BIGINT", "VARCHAR", "BOOLEAN", "DOUBLE"} or (kind == "JSON" and source.endswith(".*"))
    assert isinstance(in_list, bool)


def test_sources_are_declared() -> None:
    """The list above is not empty by accident."""
    assert {"Message.text", "Message.chat.id", "Message.from.id"} <= set(SOURCES)


@pytest.mark.parametrize("source", ["Message.txet", "Message.chat", "Message.text.more", "Nothing.id"])
def test_a_source_that_is_none_is_named(source: str) -> None:
    """A misspelt source stops everything at once, and says which it was."""
    with pytest.raises(TableMismatch, match=source.replace(".", r"\.")):
        derive.source_type(source)


def test_the_patch_takes_away_what_the_structure_reads() -> None:
    """What `extra` keeps of a message is what no column reads: the two derivations agree."""
    message = {
        "message_id": 1, "text": "oi", "chat": {"id": 5, "surprise": 1}, "entities": [{"type": "url", "new": 1}],
        "reply_to_message": {"message_id": 2, "text": "copy"}, "surprise": {"a": 1},
    }  # fmt: skip
    patch = json.dumps(derive.read_patch(derive.message_tree()))
    left = duckdb.execute("SELECT json_merge_patch(?::JSON, ?::JSON)", [json.dumps(message), patch]).fetchall()[0]

    assert left is not None
    rest = json.loads(left[0])
    kept = {key: rest[key] for key in message if key in rest}
    assert kept == {"chat": {"surprise": 1}, "surprise": {"a": 1}}


@pytest.mark.parametrize("table", BUILT, ids=lambda table: table.name)
def test_field_ids_are_the_declared_ones(table) -> None:  # type: ignore[no-untyped-def]
    """Every column has its id in the option that DuckDB's COPY is given, in order and without a gap."""
    ids = [number for column in table.columns for number in (column.id, column.element_id) if number]

    assert sorted(ids) == list(range(1, len(ids) + 1))
    for column in table.columns:
        assert f'"{column.name}": ' in derive.field_ids(table)


def test_a_table_that_its_sql_does_not_make_is_refused() -> None:
    """A column missing, or one too many, is said by name."""
    table = BUILT[0]
    names = derive.table_columns(table)

    with pytest.raises(TableMismatch, match=f"missing {names[0]}; undeclared odd"):
        derive.cast_select(table, "made", [*names[1:], "odd"])
