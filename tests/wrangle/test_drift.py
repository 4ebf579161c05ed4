"""Telegram changes, and nothing breaks: what is new survives, is counted, and has its place once it is known (promise 13)."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import telelake
from telelake.operate import drift as operate
from telelake.telegram import drift
from telelake.telegram.update import botapi
from telelake.wrangle import drift as wrangled
from telelake.wrangle import duckdb
from tests.conftest import BOT, NOW, LakeFolder, message
from tests.wrangle.test_sabotage import broken

REAL = Path(__file__).parent.parent / "data" / "updates.ndjson"
DRIFT = "SELECT CAST(context_date AS VARCHAR), bot_id, what, path, value, updates, example_raw FROM drift ORDER BY ALL"
MEMBER = {"status": "levitating", "user": {"id": 12, "is_bot": False, "first_name": "Bia"}}
NEW_BODIES: list[dict[str, Any]] = [
    message(1, 1, mood="calm"),
    message(2, 2, mood={"deep": "er"}, **{"from": {"id": 11, "is_bot": False, "first_name": "Ana", "aura": "blue"}}),
    {"update_id": 3, "story_post": {"chat": {"id": 5, "type": "private"}, "text": "oi"}},
    {
        "update_id": 4,
        "chat_member": {"chat": {"id": -77, "type": "group"}, "date": int(NOW.timestamp()), "new_chat_member": MEMBER},
    },
]
OLD_BODIES: list[dict[str, Any]] = [message(5, 5), message(6, 6, "tchau", effect_id="5104841245755180586")]


def test_what_is_new_is_counted_by_day_and_bot(lake: LakeFolder) -> None:
    """Each update once, with one of them to look at."""
    later = NOW + timedelta(days=1)
    again = lake.record(NEW_BODIES[0], NOW, record_id="a-again")
    lake.seal(
        [
            lake.record(NEW_BODIES[0], NOW, record_id="a-1"),
            lake.record(NEW_BODIES[1], NOW, record_id="a-2"),
            lake.record(NEW_BODIES[2], NOW, record_id="a-3"),
            lake.record(NEW_BODIES[3], NOW, record_id="a-4"),
            lake.record(message(1, 1, mood=1), NOW, BOT + 1, "b-1"),
            lake.record(message(7, 7, date=int(later.timestamp()), mood=1), later, BOT, "c-1"),
            *(lake.record(body, NOW) for body in OLD_BODIES),
        ]
    )
    lake.seal([again])
    lake.seal([lake.record(NEW_BODIES[1], NOW, record_id="a-2")])
    lake.wrangle()

    assert lake.rows(DRIFT) == [
        ("2026-03-10", BOT, "field", "Message.mood", "", 2, "a-1"),
        ("2026-03-10", BOT, "field", "User.aura", "", 1, "a-2"),
        ("2026-03-10", BOT, "kind", "story_post", "", 1, "a-3"),
        ("2026-03-10", BOT, "tag", "ChatMember.status", "levitating", 1, "a-4"),
        ("2026-03-10", BOT + 1, "field", "Message.mood", "", 1, "b-1"),
        ("2026-03-11", BOT, "field", "Message.mood", "", 1, "c-1"),
    ]
    first, *others = operate.seen(lake.files("drift"))
    assert (first.path, first.updates, str(first.first_day), str(first.last_day)) == (
        "Message.mood", 4, "2026-03-10", "2026-03-11",
    )  # fmt: skip
    assert first.example_raw == "c-1"
    assert operate.counted([first, *others]) == {"kind": 1, "field": 2, "tag": 1, "type": 0}


def test_the_count_needs_repeats_cut(lake: LakeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: a record that lies in raw twice would count twice."""
    broken(monkeypatch, "drift", "SELECT DISTINCT * FROM drifted", "SELECT * FROM drifted")
    for _ in range(2):
        lake.seal([lake.record(NEW_BODIES[0], NOW, record_id="a-1"), *([lake.record(OLD_BODIES[0])] if _ else [])])
    lake.wrangle()

    assert lake.rows("SELECT updates FROM drift") == [(2,)]


def test_a_day_without_drift_is_not_looked_through(lake: LakeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sealer's marks say so: no segment is opened for it."""
    looked: list[Path] = []
    monkeypatch.setattr(duckdb.drift, "find", lambda path, day: looked.append(path) or iter(()))
    lake.add(*OLD_BODIES)
    lake.wrangle()
    assert not looked

    lake.add(NEW_BODIES[0])
    lake.wrangle()
    assert len(looked) == 1


def test_a_mark_that_is_not_true_would_hide_it(lake: LakeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: were each body called known, nothing would be counted."""
    monkeypatch.setattr(drift, "is_known", lambda body: True)
    lake.add(*NEW_BODIES[:2])
    lake.wrangle()

    assert not lake.files("drift")


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from _leaves(inner, (*path, key))


def test_any_field_may_change_its_type(lake: LakeFolder) -> None:
    """Of real updates, each with one value of another type: none is lost, and each is counted."""
    dice = random.Random(5)
    undocumented = {*botapi()["undocumented_keys_the_server_writes"]}
    bodies = [json.loads(line) for line in REAL.read_bytes().splitlines()]
    bodies = [body for body in bodies if not drift.unknown(body)]
    for number, body in enumerate(bodies):
        body["update_id"] = number + 1
        *way, last = dice.choice(
            [path for path in _leaves(body) if path != ("update_id",) and not undocumented & {*path}]
        )
        holder = body
        for key in way:
            holder = holder[key]
        holder[last] = {"odd": True} if not isinstance(holder[last], dict) else 7
    lake.seal([lake.record(body, record_id=f"r-{body['update_id']:03d}") for body in bodies])
    lake.wrangle()

    assert lake.rows("SELECT count(*) FROM updates") == [(len(bodies),)]
    assert lake.rows("SELECT sum(updates) FROM drift WHERE what = 'type'") == [(len(bodies),)]


def test_broken_lines_say_nothing(tmp_path: Path) -> None:
    """What is no envelope, no object or no JSON goes to quarantine; half a character costs nothing else."""
    path = tmp_path / "segment"
    import zstandard

    lines = [
        b"not json",
        b'{"record_id":1,"body":{"update_id":1,"story_post":{}}}',
        b'{"record_id":"r","body":[]}',
        b'{"record_id":"r"}',
        b'{"record_id":"\xff","body":{}}',
        b'{"record_id":"half","body":{"update_id":1,"message":{"text":"\\ud83d","mood":1}}}',
        b'{"record_id":"deep","body":' + b'{"a":' * 3000 + b"1" + b"}" * 3000 + b"}",
        b'{"record_id":"known","form":"an older one=","body":{"update_id":1,"message":{"text":"oi"}}}',
        b'{"record_id":"new","form":"an older one=","body":{"update_id":1,"message":{"mood":1}}}',
    ]
    path.write_bytes(zstandard.compress(b"\n".join(lines)))

    found = [(record_id, named) for _, record_id, _, named, _ in wrangled.find(path, NOW.date())]

    assert [each for each in found if each[0] != "deep"] == [("half", "Message.mood"), ("new", "Message.mood")]


REPLAY = """
import json, sys
from pathlib import Path
from tests.conftest import NOW, LakeFolder
home, bodies = Path(sys.argv[1]), json.loads(sys.argv[2])
lake = LakeFolder(home)
before = lake.tables.latest()
due = [] if before is None else [each for each in lake.wrangler.due(*lake.wrangler.status()[:2])]
lake.seal([lake.record(body, NOW, record_id=f"r-{body['update_id']:03d}") for body in bodies])
lake.wrangle()
again = lake.wrangle().days
names = [name for name in lake.release().tables if name != "builds"]
print(json.dumps({"due": len(due), "again": len(again), "content": lake.content(*names),
                  "extra": dict(lake.rows("SELECT raw, extra FROM updates"))}, default=str))
"""


def _replay(package: Path, home: Path, bodies: list[dict[str, Any]]) -> dict[str, Any]:
    """Seal bodies and build what is due by another telelake, in a process of its own."""
    root = Path(__file__).parents[2]
    found = subprocess.run(
        [sys.executable, "-c", REPLAY, str(home), json.dumps(bodies)], env={**os.environ, "PYTHONPATH": f"{package}:{root}"},
        cwd=home.parent, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(found.stdout)


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """A telelake that knows a later Bot API: today's, and what `NEW_BODIES` hold."""
    package = tmp_path / "newer"
    shutil.copytree(Path(telelake.__file__).parent, package / "telelake", ignore=shutil.ignore_patterns("__pycache__"))
    path = package / "telelake" / "telegram" / "botapi.json"
    api = json.loads(path.read_bytes())
    api["botapi"] = "99.0"
    types = api["types"]
    types["Update"]["fields"].append(["story_post", "StoryPost", False])
    api["update_kinds"].append("story_post")
    types["StoryPost"] = {"fields": [["chat", "Chat", True], ["text", "String", False]]}
    types["Message"]["fields"].append(["mood", "Mood", False])
    api["message_meta_fields"].append("mood")
    types["Mood"] = {"one_of": ["MoodDeep"], "fields": []}
    types["MoodDeep"] = {"fields": [["deep", "String", False]]}
    types["User"]["fields"].append(["aura", "String", False])
    types["ChatMember"]["one_of"].append("ChatMemberLevitating")
    types["ChatMemberLevitating"] = {"fields": [["status", "String", True, ["levitating"]], ["user", "User", True]]}
    path.write_text(json.dumps(api))
    return package


def test_old_then_new_then_old(newer: Path, tmp_path: Path, make_lake: Callable[..., LakeFolder]) -> None:
    """A lake goes from a telelake to a later one and back: each makes the tables that it would have made alone."""
    today = Path(telelake.__file__).parent.parent
    home, alone = tmp_path / "replayed", tmp_path / "alone"
    more = [message(8, 8, mood={"deep": "est"}), message(9, 9, "fim")]

    first = _replay(today, home, [*NEW_BODIES, *OLD_BODIES])
    second = _replay(newer, home, more)
    third = _replay(today, home, [])

    assert second["due"] == third["due"] == 1
    assert not (first["again"] or second["again"] or third["again"])
    assert [row[2:5] for row in first["content"]["drift"]] == [
        ["field", "Message.mood", ""],
        ["field", "User.aura", ""],
        ["kind", "story_post", ""],
        ["tag", "ChatMember.status", "levitating"],
    ]
    # The later one knows all but one thing: a mood that is a text, and none yet.
    assert [row[2:5] for row in second["content"]["drift"]] == [["type", "Message.mood", "text"]]
    for found in (first, second, third):
        assert json.loads(found["extra"]["r-001"])["mood"] == "calm"
        assert json.loads(found["extra"]["r-002"])["mood"] == {"deep": "er"}
        assert "story_post" in found["extra"]["r-003"] or "oi" in found["extra"]["r-003"]
    assert third["content"] == _replay(today, alone, [*NEW_BODIES, *OLD_BODIES, *more])["content"]
    assert second["content"] == _replay(newer, tmp_path / "newer-alone", [*NEW_BODIES, *OLD_BODIES, *more])["content"]
