"""The bytes of each format are a contract: one golden file for each, with the hard types."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from telelake.errors import UnknownName
from telelake.present import formats
from telelake.present.answer import unique
from telelake.present.query import Lake

GOLDEN = Path(__file__).with_name("golden")
HARD = """
SELECT 1::BIGINT AS whole, sum(4)::HUGEINT AS huge, 1.50::DECIMAL(10,2) AS exact,
       0.1::DOUBLE AS real, 'nan'::DOUBLE AS nan,
       TIMESTAMPTZ '2026-03-01 23:59:59.25-03' AS at, TIMESTAMP '2026-03-01 10:00:00' AS local, DATE '2026-03-01' AS day,
       TIME '10:00:00' AS clock, INTERVAL 26 HOUR AS span, ['a', NULL, 'ç'] AS list, {'k': 1, 'v': [DATE '2026-01-01']} AS struct,
       MAP {'a': 1} AS map, true AS flag, NULL AS nothing, '\\xAA'::BLOB AS bytes,
       uuid '00000000-0000-0000-0000-000000000001' AS uuid,
       'linha 1' || chr(10) || 'diz "olá", 你好 👍' AS text, BIT '101' AS bits, 1 AS again, 2 AS again
UNION ALL
SELECT -9007199254740993, NULL, NULL, NULL, 'infinity'::DOUBLE,
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', NULL, 3, 4
ORDER BY whole DESC
"""


@pytest.mark.parametrize(("name", "extension"), [("table", "txt"), ("csv", "csv"), ("json", "json")])
def test_a_text_format_keeps_its_bytes(empty_lake: Lake, name: str, extension: str) -> None:
    text = formats.render(empty_lake.query(HARD), name)

    assert isinstance(text, str)
    assert text.encode() == (GOLDEN / f"hard.{extension}").read_bytes()


def test_parquet_reads_back_as_it_was(empty_lake: Lake) -> None:
    answer = empty_lake.query(HARD)
    data = formats.as_parquet(answer)
    golden, ours = pq.read_table(GOLDEN / "hard.parquet"), pq.read_table(io.BytesIO(data))

    assert ours.schema == golden.schema
    # NaN is not equal to itself, so rows are compared as text.
    assert str(ours.to_pylist()) == str(golden.to_pylist())


def test_json_is_an_array_of_objects_that_any_reader_takes(empty_lake: Lake) -> None:
    first, second = json.loads(formats.as_json(empty_lake.query(HARD)))

    assert first["at"] == "2026-03-02T02:59:59.250000Z"
    assert (first["nan"], first["huge"], first["list"]) == (None, 4, ["a", None, "ç"])
    assert second["whole"] == -9007199254740993
    assert (first["again"], first["again_2"]) == (1, 2)


def test_no_rows_still_give_a_document(empty_lake: Lake) -> None:
    answer = empty_lake.query("SELECT kind, message_id FROM messages")

    assert formats.as_json(answer) == "[]\n"
    assert formats.as_csv(answer) == "kind,message_id\n"
    assert formats.as_table(answer).splitlines()[0] == "kind  message_id"
    assert pq.read_table(io.BytesIO(formats.as_parquet(answer))).num_rows == 0


def test_control_characters_of_a_message_do_not_reach_the_terminal(empty_lake: Lake) -> None:
    assert "\x1b" not in formats.as_table(empty_lake.query("SELECT chr(27) || '[2J' AS text"))


def test_an_unknown_format_lists_the_known_ones(empty_lake: Lake) -> None:
    with pytest.raises(UnknownName, match="csv, json, parquet, table"):
        formats.render(empty_lake.query("SELECT 1"), "xml")


def test_names_of_columns_are_made_unique() -> None:
    assert unique(["a", "a", "a_2", "b", "a"]) == ["a", "a_3", "a_2", "b", "a_4"]
