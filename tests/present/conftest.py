"""Lakes that the tests read: one small enough to count by hand, one empty, one that fills a page."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from browser import Tabs
from browser import chromium as started_chromium
from lakes import Maker, write

from telelake import settings
from telelake.present.query import Lake, open_lake

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
OLD, NEW, OTHER = -4100, -1004100000001, -1004200000002


def small(zone: str = "America/Sao_Paulo") -> Maker:
    """Three people and a bot in two chats, over three days; the first chat moves from OLD to NEW."""
    maker = Maker(zone)
    maker.people = {
        1: ("Ana", "Lima", "ana"),
        2: ("Ana", "Lima", None),
        3: (None, None, "caio"),
        9: ("Robô", None, "robo"),
    }
    maker.chats = {
        OLD: {"title": "Suporte", "migrated_to_chat_id": NEW},
        NEW: {"title": "Suporte+"},
        OTHER: {"title": "Vendas"},
    }
    return (
        maker.say("2026-03-01T02:59:59", 1, OLD, "véspera")  # 23:59:59 of the day before in São Paulo
        .say("2026-03-01T03:00:00", 1, OLD, "olá")
        .say("2026-03-01T15:00:00", 2, NEW, "bom dia")
        .say("2026-03-01T15:30:00", 3, OTHER, None, kind="photo")
        .say("2026-03-01T15:31:00", 9, NEW, "sou um robô", is_bot=True, direction="out")
        .say("2026-03-01T15:32:00", 3, NEW, None, kind="new_chat_members", is_service=True)
        .say("2026-03-03T15:00:00", 4, NEW, "sem nome")
        .say("2026-03-03T16:00:00", 1, OTHER, "👍🏽")
        .say("2026-03-03T16:00:01", 1087968824, NEW, "anônimo", is_bot=True, sender_chat_id=NEW)
        .say("2026-03-03T16:00:02", 777000, NEW, "do canal", sender_chat_id=-1009)
        .say("2026-03-03T16:00:03", None, OTHER, "post")
    )


def busy(days: int = 45, seed: int = 7) -> Maker:
    """A group with mornings, evenings and weekends."""
    dice = random.Random(seed)
    maker = Maker("America/Sao_Paulo")
    names = ["Ana Lima", "Bruno Sá", "Carla Dias", "Davi Reis", "Elisa Moura"]
    names += ["Fábio Nunes", "Gabi Costa", "Heitor Luz", "Íris Melo", "João Paz"]
    maker.people = {number: (*name.split(" "), None) for number, name in enumerate(names, 1)}
    maker.chats = {NEW: {"title": "Clube do Suporte"}, OTHER: {"title": "Vendas & Parcerias"}}
    kinds = [("text", 80), ("photo", 9), ("voice", 6), ("sticker", 4), ("document", 3), ("video", 2)]
    for day in range(days):
        start = datetime(2026, 2, 1, 3, tzinfo=UTC) + timedelta(days=day)
        for _ in range(dice.randint(3, 12) if start.weekday() > 4 else dice.randint(15, 45)):
            hour = min(23, max(0, int(dice.gauss(*dice.choice([(10, 2), (15, 2.5), (20, 1.5)])))))
            at = start + timedelta(hours=hour, minutes=dice.randint(0, 59))
            kind = dice.choices([k for k, _ in kinds], [w for _, w in kinds])[0]
            text = "x" * dice.randint(4, 180) if kind == "text" else None
            person = min(10, max(1, int(dice.expovariate(0.35)) + 1))
            maker.say(f"{at:%Y-%m-%dT%H:%M:%S}", person, dice.choice([NEW, NEW, OTHER]), text, kind=kind)
    return maker


@pytest.fixture(scope="session")
def small_lake(tmp_path_factory: pytest.TempPathFactory):
    """The lake of `small`."""
    files = write(tmp_path_factory.mktemp("small lake's"), small().tables())
    with open_lake(files, SAO_PAULO, settings.Sql()) as lake:
        yield lake


@pytest.fixture(scope="session")
def empty_lake():
    """A lake whose tables have no files."""
    with open_lake({}, SAO_PAULO, settings.Sql()) as lake:
        yield lake


@pytest.fixture(scope="session")
def busy_lake(tmp_path_factory: pytest.TempPathFactory):
    """The lake of `busy`."""
    files = write(tmp_path_factory.mktemp("busy"), busy().tables())
    with open_lake(files, SAO_PAULO, settings.Sql()) as lake:
        yield lake


@pytest.fixture
def tight(tmp_path: Path):
    """A lake with narrow bounds, and the folder of its files."""
    files = write(tmp_path / "lake", small().tables())
    with open_lake(files, SAO_PAULO, settings.Sql(seconds=2, memory="300MB", rows=50)) as lake:
        yield lake


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser; of a module, because its loop is in the way of others' `asyncio.run`."""
    with started_chromium() as browser:
        yield browser


@pytest.fixture
def tabs(chromium: Any, request: pytest.FixtureRequest) -> Iterator[Tabs]:
    """The test's pages; with TELELAKE_TEST_SCREENSHOTS, a folder, there are screenshots of them."""
    kept = os.environ.get("TELELAKE_TEST_SCREENSHOTS")
    made = Tabs(chromium, Path(kept, request.node.name) if kept else None)
    yield made
    made.close()


def rows_of(lake: Lake, sql: str) -> list[tuple[object, ...]]:
    """Return the rows of a query."""
    return lake.query(sql).rows
