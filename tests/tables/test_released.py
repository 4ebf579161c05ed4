"""Columns are only added; a field's id is never used again."""

from __future__ import annotations

import pytest

from tests.released.opened import LAKES, unpack
from tests.tables.released import Released, declared, faults, released

KEPT = Released("messages", 4, "chat_id", "long", None)
LIST = Released("updates", 16, "notes", "list<string>", 17)


def test_what_was_released_is_declared_as_it_was() -> None:
    """By table, id, name and type, for ever. A column that is not in the list yet: `make released`."""
    assert faults(released(), declared()) == []
    assert set(declared()) <= set(released()), "columns were added: make released"


@pytest.mark.parametrize("name", LAKES)
def test_the_list_has_what_older_versions_declared(name: str, tmp_path: object) -> None:
    """As the lakes that they wrote say."""
    _, answers = unpack(name, tmp_path)  # type: ignore[arg-type]

    assert {Released(*each) for each in answers["columns"]} <= set(released())


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ([KEPT, LIST], 0),
        ([KEPT, LIST, KEPT._replace(id=99, name="new")], 0),
        ([LIST], 1),
        ([KEPT._replace(name="chat"), LIST], 2),
        ([KEPT._replace(type="string"), LIST], 1),
        ([KEPT._replace(id=99), LIST], 1),
        ([KEPT, LIST, KEPT._replace(id=4, name="new")], 1),
        ([KEPT, LIST, Released("updates", 17, "new", "long", None)], 1),
        ([KEPT, LIST._replace(element_id=18)], 1),
    ],
)
def test_each_fault_is_seen(now: list[Released], said: int) -> None:
    """A removed, renamed, retyped or renumbered column, an id used again, also a list element's."""
    assert len(faults([KEPT, LIST], now)) == said
