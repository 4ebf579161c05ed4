"""The laws of a day (docs/design.md, laws 4, 5 and 7) as properties of the whole way from segments to tables.

Each has a twin that breaks the line it guards and must then fail: see tests/wrangle/test_sabotage.py.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telelake import raw
from tests.conftest import BOT, NOW, LakeFolder
from tests.wrangle.made import Delivery, deliveries

TABLES = (
    "updates", "message_versions", "messages", "message_entities", "chat_days", "user_days", "chat_hours", "callbacks",
    "memberships", "polls", "service_events", "quarantine", "drift",
)  # fmt: skip

few = settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@contextmanager
def new_lake() -> Iterator[LakeFolder]:
    """A lake that goes with the block."""
    folder = Path(tempfile.mkdtemp())
    try:
        yield LakeFolder(folder / "lake", iceberg=False)
    finally:
        shutil.rmtree(folder)


def records(lake: LakeFolder, given_deliveries: list[Delivery]) -> list[raw.Record]:
    """Return deliveries as captured, each with the record_id of its place."""
    return [
        lake.record(each.body, each.at, each.bot, record_id=f"r-{number:04d}")
        for number, each in enumerate(given_deliveries)
    ]


def built(pieces: list[list[raw.Record]], *, wrangle_between: bool = False) -> dict[str, list[tuple[Any, ...]]]:
    """Return the tables' content once all pieces are sealed and wrangled."""
    with new_lake() as lake:
        for piece in pieces:
            lake.seal(piece)
            if wrangle_between:
                lake.wrangle()
        lake.wrangle()
        return lake.content(*TABLES)


@few
@given(made=deliveries(), seed=st.integers(0, 2**32))
def test_order_is_free(made: list[Delivery], seed: int) -> None:
    """The order of records in raw does not matter."""
    with new_lake() as lake:
        there = records(lake, made)
    shuffled = random.Random(seed).sample(there, len(there))

    assert built([shuffled]) == built([there])


@few
@given(made=deliveries(), cuts=st.lists(st.integers(0, 40), max_size=4))
def test_pieces_do_not_matter(made: list[Delivery], cuts: list[int]) -> None:
    """One segment or many, wrangled once or after each: the tables are the same."""
    with new_lake() as lake:
        there = records(lake, made)
    edges = [0, *sorted(min(cut, len(there)) for cut in cuts), len(there)]
    pieces = [there[low:high] for low, high in pairwise(edges)]

    assert built(pieces, wrangle_between=True) == built([there])


@few
@given(made=deliveries(), again=st.lists(st.integers(0, 39), max_size=10))
def test_twice_is_once(made: list[Delivery], again: list[int]) -> None:
    """A record that lies in raw twice, as after a seal that was repeated, is one record."""
    with new_lake() as lake:
        there = records(lake, made)
    repeated = [there[index % len(there)] for index in again] if there else []

    assert built([there, repeated]) == built([there])


@few
@given(made=deliveries())
def test_a_mark_changes_nothing(made: list[Delivery]) -> None:
    """What the sealer says of a body's form saves looking; lines without it give the same tables."""
    with new_lake() as lake:
        there = records(lake, made)
        lake.seal(there, marked=False)
        lake.wrangle()
        unmarked = lake.content(*TABLES)

    assert built([there]) == unmarked


@few
@given(made=deliveries())
def test_nothing_is_lost(made: list[Delivery]) -> None:
    """Every record is a row, a duplicate or in quarantine; an independent count agrees."""
    with new_lake() as lake:
        lake.seal(records(lake, made))
        report = lake.wrangle()
        rows = (
            lake.rows("SELECT count(*), coalesce(sum(deliveries), 0) FROM updates")[0]
            if lake.files("updates")
            else (0, 0)
        )
        quarantined = lake.rows("SELECT count(*) FROM quarantine")[0][0] if lake.files("quarantine") else 0
    books = report.books.values()

    assert sum(day["raw"] for day in books) == len(made)
    assert sum(day["rows"] for day in books) == rows[0]
    assert sum(day["quarantined"] for day in books) == quarantined
    readable = {(each.bot, each.body) for each in made if each.is_readable}
    assert rows[0] == len(readable)


@few
@given(
    made=deliveries(),
    poison=st.lists(st.sampled_from([b"{", b"\xff", b"", b"[]", b'{"update_id":null}', b"\x00" * 9]), min_size=1),
)
def test_one_bad_record_never_costs_a_day(made: list[Delivery], poison: list[bytes]) -> None:
    """Bytes that are no update change nothing but quarantine."""
    with new_lake() as lake:
        there = records(lake, made)
        bad = [lake.record(body, NOW, BOT, record_id=f"bad-{number}") for number, body in enumerate(poison)]
    clean, spoilt = built([there]), built([bad, there])
    before = len(clean.pop("quarantine"))

    assert len(spoilt.pop("quarantine")) == before + len(poison)
    assert spoilt == clean
