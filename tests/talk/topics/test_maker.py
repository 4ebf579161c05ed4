"""From questions to the table, through a home: models are kept there, days are due by them, a renamed topic stays renamed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import duckdb
import pytest

from telelake.errors import SettingsError, StoreUnavailable
from telelake.stores.objects import BucketStore, memory_store
from telelake.tables import derive
from telelake.tables.catalog import QUESTIONS
from telelake.talk.topics.embedders import LocalModel, Server
from telelake.talk.topics.fit import fit
from telelake.talk.topics.maker import QuestionTopics
from telelake.talk.topics.shelf import Shelf
from telelake.talk.topics.source import asked as read_asked
from telelake.talk.topics.source import different
from tests.talk.topics.sayings import asked, questions

DAY = date(2026, 11, 20)
ONE = timedelta(days=1)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Two days of `questions`, as the table is declared."""
    given = {
        "text": "VARCHAR",
        "user_id": "BIGINT",
        "message_id": "BIGINT",
        "question_id": "VARCHAR",
        "context_date": "DATE",
    }
    columns = ", ".join(
        f"{column.name if column.name in given else _filler(column.name, column.kind.duckdb)} AS {column.name}"
        for column in QUESTIONS.columns
    )
    found = []
    with duckdb.connect() as con:
        con.execute(f"CREATE TABLE said ({', '.join(f'{name} {kind}' for name, kind in given.items())})")
        for at, (text, _) in enumerate(questions()):
            con.execute("INSERT INTO said VALUES (?, ?, ?, ?, ?)", [text, at, at, f"{at}@-100", DAY + (at % 2) * ONE])
        for day in (DAY, DAY + ONE):
            path = tmp_path / f"questions-{day}.parquet"
            con.execute(
                f"COPY (SELECT {columns} FROM said WHERE context_date = DATE '{day}') TO '{path}' "
                f"(FORMAT parquet, FIELD_IDS {derive.field_ids(QUESTIONS)})"
            )
            found.append(path)
    return found


def _filler(name: str, kind: str) -> str:
    return {"account_id": "0::BIGINT", "chat_id": "(-100)::BIGINT"}.get(name, f"NULL::{kind}")


def rows(made: list[Any]) -> list[tuple[Any, ...]]:
    """Return what days of the table hold."""
    with duckdb.connect() as con:
        paths = [str(each.path) for each in made if each.path]
        return con.execute("FROM read_parquet(?) ORDER BY ALL", [paths]).fetchall() if paths else []


def test_no_model_no_rows(files: list[Path], tmp_path: Path) -> None:
    """Before the first fit the table is empty, and that is no error."""
    maker = QuestionTopics(memory_store())
    assert maker.recipe == "no model"
    assert [each.rows for each in maker.make([DAY], {"questions": files}, tmp_path / "made")] == [0]


def test_days_are_the_same_made_together_or_alone(files: list[Path], tmp_path: Path) -> None:
    """A day's rows hang on its questions and the model, on nothing else."""
    store = memory_store()
    Shelf(store).add(fit(read_asked(files, 1000), 1000))
    maker = QuestionTopics(store)
    assert len(maker.recipe) == 32
    both = maker.make([DAY, DAY + ONE], {"questions": files}, tmp_path / "both")
    alone = maker.make([DAY + ONE], {"questions": files[::-1]}, tmp_path / "alone")
    assert sum(each.rows for each in both) == len(questions())
    assert both[1].digest == alone[0].digest
    assert {row[-1][:2] for row in rows(list(both))} == {"1-"}


def test_a_new_model_makes_days_due_and_the_same_one_does_not(files: list[Path], tmp_path: Path) -> None:
    """The model's digest is part of the recipe."""
    store = memory_store()
    shelf, maker = Shelf(store), QuestionTopics(store)
    model = fit(asked(), 1000)
    assert shelf.add(model)
    before = maker.recipe
    assert not shelf.add(fit(asked()[::-1], 1000, model))
    assert maker.recipe == before
    assert shelf.add(model.renamed(model.topics[0].id, "Outro nome"))
    assert maker.recipe != before
    made = maker.make([DAY], {"questions": files}, tmp_path / "made")
    assert "Outro nome" in {row[6] for row in rows(list(made))}
    assert sorted(each.key for each in store.list("models/")) == [f"models/topics/{n:010d}.npz" for n in (1, 2)]


def test_a_name_that_is_forgotten_leaves_every_model() -> None:
    """Names of topics are the only text that a model holds."""
    store: BucketStore = memory_store()
    shelf = Shelf(store)
    model = fit(asked(), 1000)
    shelf.add(model.renamed(1, "pedido da Zuleidenilda"))
    assert not shelf.forget(lambda name: "ninguém" in name)
    assert shelf.forget(lambda name: "Zuleidenilda" in name)
    assert [each.key for each in store.list("models/")] == ["models/topics/0000000002.npz"]
    latest = Shelf(store).latest()
    assert latest is not None
    assert {each.id: each.name for each in latest.model.topics}[1] == "(1)"
    assert b"Zuleidenilda" not in store.get("models/topics/0000000002.npz")


def test_questions_are_counted_and_drawn(files: list[Path]) -> None:
    """Without files there are none."""
    assert (different(files), different([])) == (len({text.lower() for text, _ in questions()}), 0)
    assert len(list(read_asked(files, 10))) == 40
    assert list(read_asked([], 10)) == []


class _Embeddings(BaseHTTPRequestHandler):
    """OpenAI's `/embeddings`: words counted, in 40 numbers."""

    asked: list[tuple[str, str | None, Any]] = []  # noqa: RUF012 - of the one server of a test
    status = 200

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append((self.path, self.headers["Authorization"], body))
        data = []
        for index, text in enumerate(body["input"]):
            row = [0.01] * 40
            for word in text.lower().split():
                row[sum(word[:5].encode()) % 40] += 1
            data.append({"index": index, "embedding": row})
        sent = json.dumps({"data": data[::-1]}).encode()
        self.send_response(self.status)
        if self.status == 302:
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    """A server on this machine that speaks the protocol."""
    _Embeddings.asked, _Embeddings.status = [], 200
    with ThreadingHTTPServer(("127.0.0.1", 0), _Embeddings) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{found.server_port}/v1"
        found.shutdown()


def test_a_server_is_asked_when_fitting_and_never_when_building(server: str) -> None:
    """The sample's texts go there, in parts, with key and model; a build asks nobody."""
    model = fit(asked(), 1000, embedder=Server(server, "small", "canary-embedder-key"))
    sent = [text for _, _, body in _Embeddings.asked for text in body["input"]]
    assert sorted(sent) == sorted(text for text, _ in questions())
    path, key, body = _Embeddings.asked[0]
    assert (path, key, body["model"]) == ("/v1/embeddings", "Bearer canary-embedder-key", "small")
    count = len(_Embeddings.asked)
    found = model.assign([text for text, _ in questions()])
    assert sum(each.topic is not None for each in found) > len(found) / 2
    assert len(_Embeddings.asked) == count
    assert model.about["embedder"] == server


@pytest.mark.parametrize(("status", "error"), [(503, StoreUnavailable), (401, SettingsError), (302, SettingsError)])
def test_a_server_that_refuses_is_said_and_a_redirect_is_not_followed(
    server: str, status: int, error: type[Exception]
) -> None:
    """What may be tried again is told from what must be set right."""
    _Embeddings.status = status
    with pytest.raises(error, match=str(status)) as caught:
        Server(server, "small", "canary-embedder-key").rows(["x"])
    assert "canary" not in str(caught.value) + repr(Server(server, "small", "canary-embedder-key"))


def test_nobody_there_and_no_package(server: str) -> None:
    """Each is said with what to do."""
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        Server("http://127.0.0.1:9", "small").rows(["x"])
    with pytest.raises(SettingsError, match="pip install sentence-transformers"):
        LocalModel("sentence-transformers:any").rows(["x"])
