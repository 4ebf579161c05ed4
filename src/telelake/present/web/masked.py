"""What viewers see in the place of persons, when `dashboard.mask_viewers` is set.

A column is personal when its declaration in any table says so, or when its role is a person's name. The same person has the
same mark everywhere for as long as the dashboard runs, so that charts still tell people apart. Counts of words, hashtags and
links are not masked: they are nobody's.
"""

from __future__ import annotations

import hmac
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from telelake.present.answer import Answer
from telelake.present.vocabulary import WORDS, Lang, Role
from telelake.tables.catalog import TABLES
from telelake.tables.model import Kind, Personal

if TYPE_CHECKING:
    from collections.abc import Callable

_HIDDEN = "•••"


def masked(answer: Answer, key: bytes, lang: Lang) -> Answer:
    """Return the answer with marks in place of persons."""
    import pyarrow as pa

    table = answer.table
    types = list(answer.types)
    for index, name in enumerate(answer.columns):
        mask = _mask(name, key, lang)
        if mask is None:
            continue
        values = [None if value is None else mask(value) for value in table.column(index).to_pylist()]
        is_number = all(isinstance(value, int) for value in values if value is not None) and types[index].endswith(
            "INT"
        )
        made = pa.array(values, pa.int64()) if is_number else pa.array([_text(value) for value in values], pa.string())
        table = table.set_column(index, name, made)
        types[index] = "BIGINT" if is_number else "VARCHAR"
    return Answer(table, tuple(types))


def _mask(name: str, key: bytes, lang: Lang) -> Callable[[Any], Any] | None:
    person = "Pessoa" if lang == "pt" else "Person"
    word = WORDS.get(name)
    if word is not None and word.role is Role.PERSON:
        return lambda value: f"{person} {_tag(key, value) % 10_000:04d}"
    if word is not None and word.role is Role.CHAT:
        # A chat without a title is a person's, and is named by their id.
        return lambda value: _HIDDEN if re.fullmatch(r"#\d+", str(value)) else value
    kind = _personal().get(name)
    if kind is None or kind is Personal.CHAT_NAME:
        return None
    if kind is Personal.ID:
        # A group's id is negative and nobody's; a person's gets a number that is no id of Telegram's.
        return lambda value: value if not isinstance(value, int) or value < 0 else _tag(key, value)
    return lambda _: _HIDDEN


def _tag(key: bytes, value: Any) -> int:
    return int.from_bytes(hmac.new(key, repr(value).encode(), "sha256").digest()[:5], "big")


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


@cache
def _personal() -> dict[str, Personal]:
    kept: dict[str, Personal] = {"words": Personal.TEXT, "person_id": Personal.ID}
    for table in TABLES:
        for column in table.columns:
            if column.personal is not None and column.kind is not Kind.BOOL:
                kept.setdefault(column.name, column.personal)
    return kept
