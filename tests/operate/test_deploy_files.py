"""The Grafana dashboard and the Prometheus rules speak of metrics that there are, and of runbooks that there are."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from telelake.capture.connection import Connections, Limits
from telelake.capture.receive import Receiver
from telelake.operate.metrics import Metrics, Published, Sources
from telelake.settings import Capture
from telelake.stores.objects import DirectoryStore

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus" / "telelake.rules.yml"
BOARD = ROOT / "deploy" / "grafana" / "telelake.json"
PROMTOOL = os.environ.get("TELELAKE_TEST_PROMTOOL") or shutil.which("promtool")

_NAME = re.compile(r"\b(?:telelake|process)_[a-z0-9_]+")
_RECORDED = re.compile(r"\btelelake:[a-z0-9_:]+")


@pytest.fixture(scope="module")
def emitted(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names of all samples that a process that does everything tells; those that come with a first event, too."""
    folder = tmp_path_factory.mktemp("metrics")

    async def work() -> str:
        receiver = Receiver(folder / "state", DirectoryStore(folder / "home"), ZoneInfo("UTC"), Capture())
        await receiver.start()
        await receiver.receive(7, "webhook", b'{"update_id":1}')
        receiver.reject("secret")
        published = Published(1, 1.0, 0, 0, 1, {"kind": 1})
        connections = Connections(Limits(1.0, 1.0, 16))
        connections.cut["refused"] = 1
        metrics = Metrics(Sources(lambda: status, lambda: published, connections, {7: "support"}))
        status = receiver.status()
        text = metrics.text().decode()
        await receiver.close()
        return text

    families = text_string_to_metric_families(asyncio.run(work()))
    return {sample.name for family in families for sample in family.samples}


def rules() -> Iterator[dict[str, Any]]:
    """Yield each rule."""
    for group in yaml.safe_load(RULES.read_text())["groups"]:
        yield from group["rules"]


def panels() -> list[dict[str, Any]]:
    """Return the dashboard's panels that show something."""
    return [each for each in json.loads(BOARD.read_text())["panels"] if each["type"] != "row"]


def expressions() -> list[str]:
    """Return every expression of rules and panels."""
    return [rule["expr"] for rule in rules()] + [target["expr"] for each in panels() for target in each["targets"]]


def test_every_metric_named_is_emitted(emitted: set[str]) -> None:
    """A misspelt name would be an alert that never comes; and what is recorded is recorded by a rule."""
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    named = {name for each in expressions() for name in _NAME.findall(each)}
    assert len(named) > 20
    assert named - emitted == set()
    assert {name for each in expressions() for name in _RECORDED.findall(each)} == recorded
    assert "telelake_recieved_total" not in emitted


def test_every_metric_named_stands_in_the_docs() -> None:
    """So that who reads an alert can look up what it counts; process_… is Prometheus' own."""
    docs = (ROOT / "docs" / "metrics.md").read_text()
    for name in {name for each in expressions() for name in _NAME.findall(each) if name.startswith("telelake_")}:
        plain = re.sub(r"_(bucket|sum|count)$", "", name)
        assert plain in docs or f"…{plain.removeprefix('telelake_sealed')}" in docs, name


def test_labels_are_those_that_there_are(emitted: set[str]) -> None:
    """A reason that nothing counts would never be seen."""
    source = "".join(path.read_text() for path in (ROOT / "src/telelake/capture").rglob("*.py"))
    reasons = {reason for each in expressions() for reason in re.findall(r'reason="([a-z_]+)"', each)}
    assert reasons == {"unavailable", "refused"}
    assert all(f'"{reason}"' in source for reason in reasons)


def test_every_alert_says_what_and_where_to_read() -> None:
    """A sentence, what to do, how bad it is, and a page that there is; everybody's name is its own."""
    alerts = [rule for rule in rules() if "alert" in rule]
    assert len({each["alert"] for each in alerts}) == len(alerts) >= 10
    for each in alerts:
        said = each["annotations"]
        assert said["summary"]
        assert said["description"]
        assert each["labels"]["severity"] in ("critical", "warning", "info")
        assert (ROOT / said["runbook"]).is_file(), said["runbook"]


def test_the_dashboards_panels_are_told_apart() -> None:
    """Each has a title, a description, an id and a place of its own, and asks the chosen Prometheus."""
    found = panels()
    everything = json.loads(BOARD.read_text())["panels"]
    assert len({each["id"] for each in everything}) == len(everything)
    assert len({(each["gridPos"]["x"], each["gridPos"]["y"]) for each in everything}) == len(everything)
    assert all(each["gridPos"]["x"] + each["gridPos"]["w"] <= 24 for each in everything)
    for each in found:
        assert each["title"]
        assert each["description"]
        assert {target["datasource"]["uid"] for target in each["targets"]} == {"${source}"}


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: prometheus)")
@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "rules", "telelake.rules.yml"],
        ["check", "config", "prometheus.yml"],
        ["test", "rules", "telelake.test.yml"],
    ],
)
def test_promtool_agrees(arguments: list[str]) -> None:
    """Prometheus' own tool reads the rules, and they fire when they should."""
    done = subprocess.run(
        [str(PROMTOOL), *arguments], cwd=RULES.parent, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: prometheus)")
def test_the_rules_twin_fails(tmp_path: Path) -> None:
    """With the wrong way round the rules' own test must fail."""
    for path in RULES.parent.iterdir():
        (tmp_path / path.name).write_text(path.read_text().replace("telelake_healthy == 0", "telelake_healthy == 1"))
    command = [str(PROMTOOL), "test", "rules", "telelake.test.yml"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=False).returncode != 0
