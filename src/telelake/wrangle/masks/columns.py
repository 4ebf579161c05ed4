"""The one place that the rows of every table pass when pseudonyms are on, after their SQL and before their file.

What is done to a column follows from its declaration (`tables.model.Personal`), and a kind without a rule stops the build.
Rows pass as Arrow batches, a column at a time: an id is hashed once for all rows that have it, and a text is looked at
by a pattern first, so that the rare one with a number or an @ costs, and the others next to nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import duckdb
import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc
import stdnum

from telelake.errors import TableMismatch
from telelake.tables.model import Column, Personal, Table
from telelake.wrangle.masks.finders import WORTH, mask_text
from telelake.wrangle.masks.ids import Pseudonyms
from telelake.wrangle.masks.trees import Trees, extension

_ROWS = 65_536
"""Rows that pass at once."""
_CODE = ("ids", "finders", "trees", "columns")

_Values = Callable[[Any], Any]


@dataclass(frozen=True)
class Masks:
    """What tables hold in place of persons."""

    pseudonyms: Pseudonyms
    region: str
    """Where a telephone number without a country code is from, such as BR."""

    @property
    def digest(self) -> str:
        """Of all that decides a mask: the key, the region, the rules, and the libraries that know the numbers."""
        rules = [files(__package__).joinpath(f"{name}.py").read_text(encoding="utf-8") for name in _CODE]
        facts = [self.pseudonyms.digest, self.region, phonenumbers.__version__, stdnum.__version__, *rules]
        return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:32]

    @contextmanager
    def passed(self, con: duckdb.DuckDBPyConnection, table: Table, select: str) -> Iterator[str]:
        """Yield a SELECT of the rows of another, masked; it can be read once."""
        if not any(column.personal for column in table.columns):
            yield select
            return
        name = f"{table.name}_masked"
        with con.cursor() as source:
            rows = source.sql(select).to_arrow_reader(_ROWS)
            con.register(name, pa.RecordBatchReader.from_batches(rows.schema, self._batches(table, rows)))
            try:
                yield f'SELECT * FROM "{name}"'
            finally:
                con.unregister(name)

    def batch(self, table: Table, rows: pa.RecordBatch) -> pa.RecordBatch:
        """Return rows with each personal column masked.

        Raises:
            TableMismatch: a column is personal, and there is no rule for what it is.
        """
        made = [self._column(column, rows) for column in table.columns]
        return pa.RecordBatch.from_arrays(made, schema=rows.schema)

    def texts(self, con: duckdb.DuckDBPyConnection) -> None:
        """Mask the words of messages in `records` where Telegram has marked a person in them, or a number.

        A mark says what no finder can know, as where a name stands; and what `message_entities` cuts out of a text, a
        finder would see without its surroundings. All else is masked in the tables.
        """
        for name, marks in (("text", "marks"), ("caption", "marks"), ("quote", "NULL")):
            found = con.sql(
                f"SELECT rowid AS rid, {name} AS words, to_json({marks})::VARCHAR AS marks FROM records "
                f"WHERE {name} IS NOT NULL AND (regexp_matches({name}, '{WORTH}') OR len(list_filter({marks}, "
                "lambda mark: mark.type IN ('mention', 'text_mention', 'email', 'phone_number'))) > 0)"
            ).to_arrow_table()
            if found.num_rows == 0:
                continue
            masked = [
                mask_text(words, self.region, _marks(said))
                for words, said in zip(found["words"].to_pylist(), found["marks"].to_pylist(), strict=True)
            ]
            con.register("masked_words", pa.table({"rid": found["rid"], "words": pa.array(masked, pa.string())}))
            con.execute(f"UPDATE records SET {name} = masked_words.words FROM masked_words WHERE records.rowid = rid")
            con.unregister("masked_words")

    def _batches(self, table: Table, rows: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        for batch in rows:
            yield self.batch(table, batch)

    def _column(self, column: Column, rows: pa.RecordBatch) -> pa.Array:
        values = rows.column(column.name)
        if column.personal is None:
            return values
        if pa.types.is_list(values.type):
            return _in_lists(values, lambda inner: self._masked(column, inner))
        if column.personal is Personal.CHAT_NAME:
            of_groups = pc.less(rows.column("chat_id"), 0)
            return pc.if_else(of_groups, self._words(values), pa.nulls(len(values), values.type))
        return self._masked(column, values)

    def _masked(self, column: Column, values: pa.Array) -> pa.Array:
        match column.personal:
            case Personal.ID:
                return _each(values, self.pseudonyms.of)
            case Personal.CODE:
                return _each(values, self.pseudonyms.of_code)
            case Personal.NAME:
                return pa.nulls(len(values), values.type)
            case Personal.TEXT:
                return self._words(values)
            case Personal.FILE:
                return _each(values, extension)
            case Personal.PLACE:
                return pc.round(values, ndigits=1)
            case Personal.JSON:
                return _each(values, Trees(self.pseudonyms, self.region).mask)
        raise TableMismatch(f"'{column.name}' is personal ({column.personal!r}), and there is no mask for that.")

    def _words(self, values: pa.Array) -> pa.Array:
        worth = pc.fill_null(pc.match_substring_regex(values, WORTH), False)
        if not pc.any(worth).as_py():
            return values
        masked = _each(values.filter(worth), lambda text: mask_text(text, self.region))
        return pc.replace_with_mask(values, worth, masked)


def _each(values: pa.Array, function: _Values) -> pa.Array:
    """Return what a function makes of each value, asking it once for each that differs."""
    coded = pc.dictionary_encode(values)
    made = [function(value) for value in coded.dictionary.to_pylist()]
    return pa.array(made, values.type).take(coded.indices)


def _in_lists(values: pa.ListArray, function: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Return lists with their elements masked."""
    flat = function(values.flatten())
    lengths: Sequence[int | None] = pc.list_value_length(values).to_pylist()
    offsets: list[int | None] = []
    at = 0
    for length in lengths:
        offsets.append(None if length is None else at)
        at += length or 0
    return pa.ListArray.from_arrays(pa.array([*offsets, at], pa.int32()), flat).cast(values.type)


def _marks(text: str | None) -> list[dict[str, Any]]:
    found = json.loads(text) if text else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
