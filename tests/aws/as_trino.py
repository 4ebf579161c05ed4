"""Athena's SQL as Trino understands it, said in DuckDB: Athena does not run here.

Where the two mean different things by the same words, `as_trino` says in DuckDB what Trino does.
"""

from __future__ import annotations

import re
from typing import Any

import sqlglot
from sqlglot import exp

from telelake.tables.catalog import TABLES
from telelake.tables.model import Kind

TYPES = {
    Kind.LONG: "BIGINT", Kind.DOUBLE: "DOUBLE", Kind.BOOL: "BOOLEAN", Kind.TEXT: "VARCHAR",
    Kind.TEXTS: "ARRAY<VARCHAR>", Kind.LONGS: "ARRAY<BIGINT>", Kind.TIME: "TIMESTAMPTZ", Kind.DAY: "DATE",
}  # fmt: skip
SCHEMA = {"telelake": {t.name: {c.name: TYPES[c.kind] for c in t.columns} for t in TABLES}}
TRINO_SPACE = "".join(map(chr, [*range(9, 14), *range(28, 33), 0x1680, *range(0x2000, 0x2007), *range(0x2008, 0x200B)]))
"""What Java's isWhitespace, and so Trino's trim, holds for space (its last few characters left out)."""


def resolved(sql: str) -> Any:
    """Return a query with every column resolved by Athena's rules and every type known; fails for what is not there."""
    from sqlglot.optimizer.annotate_types import annotate_types
    from sqlglot.optimizer.qualify import qualify

    tree = sqlglot.parse_one(sql, read="athena")
    for call in list(tree.find_all(exp.Anonymous)):
        if call.name == "AT_TIMEZONE":
            call.replace(exp.AtTimeZone(this=call.expressions[0].copy(), zone=call.expressions[1].copy()))
    tree = qualify(tree, schema=SCHEMA, dialect="athena", quote_identifiers=False)
    of_first = {"annotator": lambda self, node: self._annotate_by_args(node, "this")}
    texts = {"annotator": lambda self, node: self._set_type(node, exp.DataType.build("ARRAY<VARCHAR>"))}
    known = (
        sqlglot.dialects.Athena.EXPRESSION_METADATA
        | dict.fromkeys((exp.ArgMax, exp.ArgMin, exp.RegexpReplace, exp.DateTrunc), of_first)
        | {exp.RegexpExtractAll: texts}
    )
    return annotate_types(tree, schema=SCHEMA, dialect="athena", expression_metadata=known)


def as_trino(sql: str) -> str:
    """Return SQL for DuckDB that answers as Trino would answer this; fails where Trino would refuse."""
    # sqlglot reads a fourth argument and forgets it, so the text itself is looked at.
    assert ", 'g')" not in sql, "Trino's regexp_replace takes three arguments"
    _refuse(sqlglot.parse_one(sql, read="athena"))
    tree = resolved(sql)
    _refuse_mixtures(tree)
    _refuse_decimals(tree)
    for node in reversed(list(tree.walk(bfs=False))):
        if isinstance(node, exp.Table):
            node.set("db", None)
        elif isinstance(node, exp.Div) and all(_is(each, "INTEGER") for each in node.unnest_operands()):
            node.replace(exp.IntDiv(this=node.this.copy(), expression=node.expression.copy()))
        elif isinstance(node, (exp.ArgMax, exp.ArgMin)):
            name = "arg_max_null" if isinstance(node, exp.ArgMax) else "arg_min_null"
            node.replace(exp.func(name, node.this.copy(), node.expression.copy()))
        elif isinstance(node, (exp.Least, exp.Greatest)):
            values = [node.this, *node.expressions]
            unknown = exp.or_(*(exp.Is(this=value.copy(), expression=exp.Null()) for value in values))
            node.replace(exp.Case(ifs=[exp.If(this=unknown, true=exp.Null())], default=node.copy()))
        elif isinstance(node, exp.Trim) and not node.expression:
            node.set("expression", exp.Literal.string(TRINO_SPACE))
        elif _is_folding(node):
            node.replace(exp.func("strip_accents", node.this.this.copy()))
        elif isinstance(node, exp.TimeToStr):
            node.replace(exp.func("strftime", node.this.copy(), exp.Literal.string(_format(node.args["format"].name))))
    return str(tree.sql(dialect="duckdb"))


def _is_folding(node: Any) -> bool:
    """Whether it takes accents off, as Trino says it: decomposed, then without the marks."""
    if not isinstance(node, exp.RegexpReplace) or not isinstance(node.this, exp.Normalize):
        return False
    return node.this.args["form"].name == "NFD" and node.expression.name == r"\p{M}"


def _refuse(tree: Any) -> None:
    assert not [cte for cte in tree.find_all(exp.CTE) if cte.args.get("materialized")], "Trino has no MATERIALIZED"
    assert not list(tree.find_all(exp.IgnoreNulls)), "IGNORE NULLS is for window functions"
    assert not [star for star in tree.find_all(exp.Star) if star.args.get("except_")], "Trino has no * EXCEPT"


def _refuse_mixtures(tree: Any) -> None:
    for node in tree.find_all(exp.Concat, exp.DPipe, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE):
        parts = node.expressions if isinstance(node, exp.Concat) else [node.left, node.right]
        texts = [_is(part, "TEXT") for part in parts]
        if isinstance(node, (exp.Concat, exp.DPipe)):
            assert all(texts), f"Trino casts nothing to text in {node.sql()}"
        assert len(set(texts)) == 1, f"Trino compares no text with another type: {node.sql()}"


def _refuse_decimals(tree: Any) -> None:
    for node in tree.find_all(exp.Mul, exp.Div):
        odd = [each for each in (node.left, node.right) if isinstance(each, exp.Literal) and "." in each.name]
        assert not odd, f"a literal with a point is a decimal to Trino, which keeps its few places: {node.sql()}"


def _is(node: Any, family: str) -> bool:
    return bool(node.is_type(*getattr(exp.DataType, f"{family}_TYPES")))


def _format(parsed: str) -> str:
    # sqlglot hands Trino's format on in Python's letters, but leaves those that it does not know.
    assert not (odd := set(re.findall(r"%([DUuVwX])", parsed))), f"Trino's date_format has no %{odd}"
    return parsed.replace("%v", "%V")
