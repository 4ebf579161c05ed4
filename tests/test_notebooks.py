"""The worked notebooks run as they are, over a made-up lake, and say what the lake's insights say."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import telelake
from telelake.demo.run import run_demo

FOLDER = Path(__file__).parents[1] / "docs" / "notebooks"
BOOKS = ("three-questions", "tres-perguntas")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small demonstration's lake."""
    folder = tmp_path_factory.mktemp("notebook") / "demo-lake"
    run_demo(str(folder), messages=1500, days=6, seed=3, dashboard_port=None, say=lambda _: None).close()
    return folder


@pytest.mark.parametrize("name", BOOKS)
def test_it_runs_and_says_what_the_insights_say(
    home: Path, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELELAKE_HOME", str(home))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    # A kernel of this Python: the name python3 may be another's.
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")
    book = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)

    NotebookClient(book, timeout=120, kernel_name="python3").execute()

    outputs = [output for cell in book.cells for output in cell.get("outputs", ())]
    said = "".join(output.get("text", "") for output in outputs)
    with telelake.open(home) as lake:
        [when] = lake.insight("answer_when").arrow().to_pylist()
        [solved] = lake.insight("answer_solved").arrow().to_pylist()
    assert f"{when['busiest_hour']}h" in said
    assert f"{solved['solved_by_bot']} " in said and f"{solved['questions']} " in said and solved["questions"] > 20
    assert f" {solved['unanswered']} " in said
    assert any("image/svg+xml" in output.get("data", {}) for output in outputs)
    assert sys.version.split()[0] == book.metadata["language_info"]["version"]


def test_both_languages_ask_the_same_and_keep_no_outputs() -> None:
    books = [nbformat.read(FOLDER / f"{name}.ipynb", as_version=4) for name in BOOKS]

    for book in books:
        nbformat.validate(book)
        assert not any(cell.get("outputs") or cell.get("execution_count") for cell in book.cells)
    english, portuguese = ([(cell.cell_type, cell.source.count("lake.")) for cell in book.cells] for book in books)
    assert english == portuguese
