"""Make the table `question_topics`: each question's topic, by the model in use. No model, no rows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from telelake.errors import CheckFailed
from telelake.ports import EMPTY, DayFile, RawStore
from telelake.tables import derive
from telelake.tables.catalog import QUESTIONS
from telelake.tables.catalog.topics import QUESTION_TOPICS
from telelake.tables.model import Table

if TYPE_CHECKING:
    from telelake.talk.topics.shelf import Shelf, Shelved

_CODE = ("common_words.py", "words.py", "features.py", "model.py", "maker.py")
"""What decides rows beside the model."""
_COPIED = ("context_date", "account_id", "chat_id", "message_id", "question_id")


class QuestionTopics:
    """The maker. The model is looked for when the recipe is asked for, and is the same until that is asked for again."""

    def __init__(self, store: RawStore) -> None:
        self._shelf: Shelf | None = shelf_of(store)
        self._model: Shelved | None = None

    @property
    def table(self) -> Table:
        """What it makes."""
        return QUESTION_TOPICS

    @property
    def recipe(self) -> str:
        """Digest of code and model."""
        self._model = self._shelf.latest() if self._shelf else None
        if self._model is None:
            return "no model"
        code = "\n".join(files(__package__).joinpath(name).read_text(encoding="utf-8") for name in _CODE)
        return hashlib.sha256(f"{code}\n{self._model.name} {self._model.digest}".encode()).hexdigest()[:32]

    def make(self, days: Sequence[date], inputs: Mapping[str, Sequence[Path]], into: Path) -> Sequence[DayFile]:
        """Make some days, each by itself: what it says must not hang on which are made together."""
        into.mkdir(parents=True, exist_ok=True)
        asked = [str(path) for path in inputs.get("questions", ())]
        if self._model is None or not asked:
            return [DayFile(day, None, 0, EMPTY) for day in days]
        with duckdb.connect() as con:
            con.execute("SET TimeZone = 'UTC'")
            return [self._day(con, day, asked, self._model, into / f"{day}.parquet") for day in days]

    def _day(
        self, con: duckdb.DuckDBPyConnection, day: date, asked: Sequence[str], shelved: Shelved, path: Path
    ) -> DayFile:
        """Make one day."""
        read: pa.Table = con.sql(
            f"SELECT {', '.join(_COPIED)}, text FROM ({derive.reading(QUESTIONS, asked)}) WHERE context_date = ? "
            "ORDER BY account_id, chat_id, message_id, question_id",
            params=[day],
        ).to_arrow_table()
        if not read.num_rows:
            return DayFile(day, None, 0, EMPTY)
        found = shelved.model.assign([text or "" for text in read.column("text").to_pylist()])
        made = read.drop_columns(["text"])
        made = made.append_column(
            "topic_id", pa.array([each.topic.id if each.topic else None for each in found], pa.int64())
        )
        made = made.append_column(
            "topic_name", pa.array([each.topic.name if each.topic else None for each in found], pa.string())
        )
        made = made.append_column("score", pa.array([each.score for each in found], pa.float64()))
        made = made.append_column("model", pa.array([shelved.name] * len(found), pa.string()))
        con.register("made", made)
        select = derive.cast_select(QUESTION_TOPICS, "made", made.column_names)
        options = f"FORMAT parquet, COMPRESSION zstd, FIELD_IDS {derive.field_ids(QUESTION_TOPICS)}"
        con.execute(f"COPY ({select} ORDER BY {', '.join(QUESTION_TOPICS.sort)}) TO '{path}' ({options})")
        con.unregister("made")
        relation = f"read_parquet('{path}')"
        ((_, rows, digest, nulls),) = con.execute(derive.summary(QUESTION_TOPICS, relation)).fetchall()
        if nulls:
            raise CheckFailed(
                f"question_topics of {day} is not published: {nulls} rows lack a column that must be there."
            )
        if again := con.execute(f"{derive.repeated_keys(QUESTION_TOPICS, relation)} LIMIT 3").fetchall():
            raise CheckFailed(f"question_topics of {day} is not published: its key is not unique, for example {again}.")
        return DayFile(day, path, rows, digest)


def shelf_of(store: RawStore) -> Shelf | None:
    """Return the models of a home; None where the packages that read them are not installed: the table stays empty."""
    try:
        from telelake.talk.topics.shelf import Shelf
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"numpy", "scipy", "sklearn", "snowballstemmer"}:
            raise
        return None
    return Shelf(store)
