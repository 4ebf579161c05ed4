"""Write a small lake with an older telelake, with what that one answers over it, as one archive.

Run with the older tree first on the path; only what all versions' tests share is used::

    git worktree add /tmp/older cbe739d
    PYTHONPATH=/tmp/older/src:/tmp/older python tests/released/write_lake.py tests/released/cbe739d.tar.xz

The lake holds the golden cases of that version but the one of a thousand messages. Iceberg's metadata has absolute
paths, so the lake is written at a path of `LENGTH` characters; `opened.py` puts another of that length in its place.
"""

from __future__ import annotations

import io
import json
import shutil
import sys
import tarfile
from datetime import datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

from telelake.present.insight import all_insights, run
from telelake.tables.catalog import TABLES, VIEWS
from tests import conftest

LENGTH = 200
HOME = "/tmp/telelake-released-".ljust(LENGTH, "-")


def main(target: Path) -> None:
    """Write the archive."""
    shutil.rmtree(HOME, ignore_errors=True)
    lake = conftest.LakeFolder(Path(HOME))
    cases = Path(conftest.__file__).with_name("cases")
    steps = {
        case.name: json.loads((case / "deliveries.json").read_text(encoding="utf-8"))
        for case in sorted(cases.iterdir())
        if case.name != "more_than_a_thousand"
    }
    for number, together in enumerate(zip_longest(*steps.values(), fillvalue=[])):
        for case, step in zip(steps, together, strict=True):
            _seal(lake, f"{case}-{number}", step)
        lake.wrangle()
    # Late, and never built: a reason to be due that is not the recipe.
    lake.add(conftest.message(900, 900, "depois"), at=conftest.NOW.replace(month=4))
    (Path(HOME) / "lake.json").write_text('{"format": 1, "timezone": "America/Sao_Paulo", "made_up": true}')
    shutil.rmtree(Path(HOME) / "state")
    answers = json.dumps(_answers(lake), indent=1, default=str).encode()
    with tarfile.open(target, "w:xz") as archive:
        archive.add(HOME, "lake", filter=_nobodys)
        info = tarfile.TarInfo("answers.json")
        info.size = len(answers)
        archive.addfile(info, io.BytesIO(answers))
    shutil.rmtree(HOME)


def _seal(lake: conftest.LakeFolder, name: str, step: list[dict[str, Any]]) -> None:
    records = []
    for number, each in enumerate(one for one in step if "export" not in one):
        body = each["bytes"].encode() if "bytes" in each else json.dumps(each["body"]).encode()
        record_id = each.get("record_id", f"{name}-{number}")
        records.append(lake.record(body, datetime.fromisoformat(each["at"]), each.get("bot", conftest.BOT), record_id))
    lake.seal(records)
    for export in (each["export"] for each in step if "export" in each):
        lake.add_export(*export.pop("messages"), **export)


def _answers(lake: conftest.LakeFolder) -> dict[str, Any]:
    """Return what people could have saved: SQL that names each column, and the insights, with their rows as text."""
    columns = [
        [table.name, each.id, each.name, each.kind.iceberg, each.element_id]
        for table in TABLES
        for each in table.columns
    ]
    saved = {
        table.name: f"SELECT {', '.join(each.name for each in table.columns)} FROM {table.name} ORDER BY ALL"
        for table in TABLES
    }
    saved |= {view.name: f"FROM {view.name} ORDER BY ALL" for view in VIEWS}
    with lake.open() as opened:
        queries = [{"name": name, "sql": sql, "rows": _text(opened.query(sql))} for name, sql in saved.items()]
        insights = [
            {"name": each.name, "sql": each.sql, "params": each.params, "rows": _text(run(opened, each))}
            for each in all_insights()
        ]
    return {"columns": columns, "queries": queries, "insights": insights}


def _text(answer: Any) -> list[list[str]]:
    return [[str(value) for value in row] for row in answer.rows]


def _nobodys(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    return info


if __name__ == "__main__":
    main(Path(sys.argv[1]))
