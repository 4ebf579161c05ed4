"""Golden cases: each folder of tests/cases holds what was delivered (JSON) and what tables must then hold (CSV).

`deliveries.json` is a list of steps; a step is a list of deliveries that are sealed together and then wrangled. A
delivery has `at` (when it was received, UTC), `body` (JSON) or `bytes` (text that need not be JSON), and may have
`bot` and `record_id`. A CSV is named after a table or view, or `insight.<name>`; its header says which columns count.
"""

from __future__ import annotations

import csv
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from telelake.present import insight
from tests.conftest import BOT, LakeFolder

CASES = Path(__file__).parent.parent / "cases"


def _record(lake: LakeFolder, delivery: dict[str, Any]) -> Any:
    body = delivery["bytes"].encode() if "bytes" in delivery else json.dumps(delivery["body"]).encode()
    return lake.record(
        body, datetime.fromisoformat(delivery["at"]), delivery.get("bot", BOT), delivery.get("record_id")
    )


def _answer(lake: LakeFolder, name: str, columns: list[str]) -> list[list[str]]:
    with lake.open() as opened:
        if name.startswith("insight."):
            answer = insight.run(opened, insight.insight(name.removeprefix("insight.")))
            chosen = [answer.columns.index(column) for column in columns]
            rows = [[row[index] for index in chosen] for row in answer.rows]
            return sorted(["" if value is None else str(value) for value in row] for row in rows)
        cast = ", ".join(f"coalesce(CAST({column} AS VARCHAR), '')" for column in columns)
        return sorted([list(row) for row in opened.query(f"SELECT {cast} FROM {name}").rows])


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir() if path.is_dir()))
def test_case(case: str, lake: LakeFolder) -> None:
    """What was delivered gives the tables that the case says."""
    steps = json.loads((CASES / case / "deliveries.json").read_text(encoding="utf-8"))
    for step in steps:
        lake.seal([_record(lake, delivery) for delivery in step if "export" not in delivery])
        for export in (delivery["export"] for delivery in step if "export" in delivery):
            lake.add_export(*export.pop("messages"), **export)
        lake.wrangle()
    for path in sorted((CASES / case).glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            columns, *expected = list(csv.reader(file))

        assert _answer(lake, path.stem, columns) == sorted(expected), f"{case}/{path.name}"
