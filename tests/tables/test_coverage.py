"""The page that says where each field of the Bot API ends up is complete, and says what the engine does."""

from __future__ import annotations

import json

import duckdb
import pytest

from telelake.tables import coverage, derive
from telelake.telegram.update import MESSAGE_KINDS, botapi, update_kinds

EVENTS = [kind for kind in update_kinds() if kind not in MESSAGE_KINDS]


def fields(name: str) -> list[str]:
    """Return the fields that the Bot API has of a type."""
    return [field[0] for field in botapi()["types"][name]["fields"]]


def test_the_page_has_every_kind_and_every_field() -> None:
    """All kinds of updates, all fields of a message, all fields of each other payload."""
    page = coverage.coverage_page()
    sections = dict(section.split("\n", 1) for section in page.split("\n## ")[1:])

    assert {row.split("`")[1] for row in sections["Kinds of updates"].splitlines() if row.startswith("| `")} == set(
        update_kinds()
    )
    types = {field[0]: field[1] for field in botapi()["types"]["Update"]["fields"]}
    payloads = {"Message": "Message"} | {kind: types[kind] for kind in EVENTS}
    for section, payload in payloads.items():
        told = [row.split("`")[1] for row in sections[section].splitlines() if row.startswith("| `")]
        assert told == fields(payload), section


def test_what_a_message_has_is_nowhere_dropped_unsaid() -> None:
    """A field that the page says is in columns has some; one without any is in `extra`."""
    for each in coverage.message_fields():
        assert bool(each.columns) == (each.rest != coverage.EXTRA), each


@pytest.mark.parametrize("kind", EVENTS)
def test_what_is_taken_from_extra_is_read_by_a_table_of_that_kind(kind: str) -> None:
    """All kinds share one tree: what it takes out of `extra` for one kind's sake must be read of the others too."""
    for each in coverage.kind_fields(kind):
        assert bool(each.columns) == (each.rest != coverage.EXTRA), f"{kind}.{each.field}"


@pytest.mark.parametrize("kind", EVENTS)
def test_extra_is_what_the_page_says(kind: str) -> None:
    """The engine's patch leaves of a payload exactly the fields that the page calls left."""
    told = {each.field: each.rest for each in coverage.kind_fields(kind)}
    payload = {name: [{"left": 1}] if each_is_list(kind, name) else {"left": 1} for name in told}
    patch = json.dumps(derive.read_patch(derive.event_tree()))
    found = duckdb.execute("SELECT json_merge_patch(?::JSON, ?::JSON)", [json.dumps(payload), patch]).fetchall()[0]

    assert found is not None
    kept = {name for name, value in json.loads(found[0]).items() if name in told and "left" in json.dumps(value)}
    assert kept == {
        name for name, rest in told.items() if rest in (coverage.EXTRA, coverage.PARTLY, coverage.BESIDE)
    } | {name for name, rest in told.items() if rest == coverage.COLUMNS and name in kept_objects(kind)}


def each_is_list(kind: str, name: str) -> bool:
    """Return whether a field of a kind is a list."""
    return next(each.type for each in coverage.kind_fields(kind) if each.field == name).startswith("Array of")


def kept_objects(kind: str) -> set[str]:
    """Return the fields whose every known part is read: only what nobody knows is left of them."""
    tree = derive.event_tree().fields
    return {
        each.field
        for each in coverage.kind_fields(kind)
        if each.field in tree and not derive.is_read_whole(each.field, tree[each.field])
    }
