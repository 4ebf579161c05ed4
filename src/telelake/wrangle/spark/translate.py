"""The tables' SQL, from DuckDB's dialect into Spark's, with its meaning kept.

sqlglot knows both grammars. What it does not know of their *meaning* is in `_RULES`, each with the difference that it
bridges. Words that Spark lacks, or understands otherwise (all that opens JSON, text to numbers, UTF-16), are not said in
another way: they become functions that run DuckDB's own on Arrow batches (`functions.py`), so that both engines read a
document alike. A function that is in neither list is refused: a table must fail rather than differ.

Needs neither Spark nor a machine for it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from telelake.errors import SettingsError, TableMismatch
from telelake.wrangle import parse
from telelake.wrangle.sql import sql_file

try:
    import sqlglot
    from sqlglot import exp
except ImportError as error:
    raise SettingsError("Spark needs sqlglot. Install it: pip install 'telelake[spark]'") from error

PREFIX = "duckdb_"
"""Of the names of functions that DuckDB computes."""

_LENGTH = "list_length"
"""What `len` becomes before anything is read: sqlglot takes the length of a list for that of a text."""

_HANDED_OVER = frozenset({"utf16_rest", "utf16_slice"})
"""Macros that DuckDB computes, beside those whose body has what it computes; all others are written out."""

_SAID_OTHERWISE = frozenset({"as_words"})
"""Macros that a rule below puts into Spark's words."""

_COMPUTED = (
    exp.JSONExtract, exp.JSONExtractScalar, exp.JSONKeys, exp.JSONType, exp.FromJson, exp.RegexpExtract, exp.Trim,
)  # fmt: skip
"""Functions that DuckDB computes: all that open JSON, and those for which Spark's differ (its patterns, its spaces)."""

_ARGUMENTS = {
    "utf16_slice": ("VARCHAR", "BIGINT", "BIGINT"),
    "utf16_rest": ("VARCHAR", "BIGINT"),
    "messages_among": ("VARCHAR[]",),
}
"""Types of what DuckDB's functions are given, where it is no text."""

_KNOWN = frozenset(
    """
    ABS ARRAY ARRAY_CONTAINS ARRAY_SIZE CHR COALESCE COLLECT_LIST CONCAT_WS CONTAINS COUNT DATEDIFF DENSE_RANK
    EXISTS FILTER FLOOR GET LOWER MAX MAX_BY MD5 MIN MIN_BY NAMED_STRUCT NULLIF POSEXPLODE ROW_NUMBER STARTSWITH SUM
    TIMESTAMP_SECONDS TO_JSON TRANSFORM UNIX_MICROS XXHASH64
    """.split()  # noqa: SIM905 - fifty lines otherwise
)
"""Functions of Spark 4 that mean what DuckDB means, as far as our SQL asks, written as sqlglot writes them."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function that DuckDB computes for Spark."""

    name: str
    expression: str
    """In DuckDB's dialect, over the columns `p0`, `p1`…"""
    arguments: tuple[str, ...]
    """Their types, as DuckDB names them."""


@dataclass(frozen=True)
class Statement:
    """One statement, ready for Spark: a SELECT and what is to become of it."""

    select: str
    makes: str | None = None
    """The relation that it makes or adds to."""
    adds: bool = False
    is_view: bool = False
    functions: Mapping[str, Function] = field(default_factory=dict)


def translate(sql: str, macros: str = "") -> list[Statement]:
    """Return the statements of a text in DuckDB's dialect; `macros` are those of one build, beside the shared ones.

    Raises:
        TableMismatch: something in it has no faithful translation; says what.
    """
    macros_ = _read_macros(f"{sql_file('_macros')};{parse.macros()};{macros}")
    trees = [tree for tree in _parse(sql) if tree is not None and not isinstance(tree, exp.Semicolon)]
    return [_statement(tree, macros_) for tree in trees]


def _parse(sql: str) -> list[exp.Expr | None]:
    trees = sqlglot.parse(re.sub(r"\blen\(", f"{_LENGTH}(", sql), read="duckdb")
    for each in [each for tree in trees if tree is not None for each in tree.find_all(exp.Lambda)]:
        # As an argument of a function, `column -> '$.path'` is taken for a lambda.
        if isinstance(each.this, exp.Literal) and each.this.is_string:
            opened = exp.JSONExtract(this=exp.column(each.expressions[0].name), expression=each.this.copy())
            each.replace(opened)
    return trees


def _statement(tree: exp.Expr, macros: _Macros) -> Statement:
    makes, select = None, tree
    if isinstance(tree, (exp.Create, exp.Insert)):
        makes, select = tree.this.name, tree.expression
    select = exp.Subquery(this=select.copy())  # so that a rule may replace the whole
    macros.write_out(select)
    functions: dict[str, Function] = {}
    _hand_over(select, functions, macros)
    for rule in _RULES:
        for node in reversed(list(select.walk(bfs=False))):
            if (changed := rule(node)) is not node:
                node.replace(changed)
    _refuse_unknown(select)
    try:
        written = select.this.sql(dialect="spark", comments=False, unsupported_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.UnsupportedError as error:
        raise TableMismatch(f"Spark cannot say this: {error}. Say it in another way.") from error
    is_view = isinstance(tree, exp.Create) and tree.kind == "VIEW"
    return Statement(written, makes, isinstance(tree, exp.Insert), is_view, functions)


# Macros


@dataclass(frozen=True, slots=True)
class _Macro:
    params: tuple[str, ...]
    body: exp.Expr


class _Macros:
    """What SQL may call beside functions: written out, or computed by DuckDB."""

    def __init__(self, found: Mapping[str, _Macro]) -> None:
        self._found = found
        self._computed: dict[str, bool] = {}

    def are_computed(self, name: str) -> bool:
        """Return whether a name is that of a macro that DuckDB computes."""
        if name not in self._found:
            return False
        if name not in self._computed:
            body = exp.paren(self._found[name].body.copy())
            self._computed[name] = name in _HANDED_OVER or any(_is_handed_over(node, self) for node in body.walk())
        return self._computed[name]

    def write_out(self, tree: exp.Expr) -> None:
        """Replace each call of a macro that Spark understands by its body, also inside those bodies."""
        while (
            call := next((each for each in tree.find_all(exp.Anonymous) if self._is_written_out(each)), None)
        ) is not None:
            macro = self._found[call.name.lower()]
            given = dict(zip(macro.params, call.expressions, strict=True))
            call.replace(
                exp.paren(macro.body.copy().transform(lambda node, given=given: _bound(node, given)), copy=False)
            )

    def _is_written_out(self, call: exp.Anonymous) -> bool:
        name = call.name.lower()
        return name in self._found and name not in _SAID_OTHERWISE and not self.are_computed(name)


@cache
def _read_macros(text: str) -> _Macros:
    found = {}
    for tree in _parse(text):
        if isinstance(tree, exp.Create) and tree.kind == "MACRO":
            params = tuple(param.name for param in tree.this.expressions)
            found[tree.this.this.name.lower()] = _Macro(params, tree.expression)
    return _Macros(found)


def _bound(node: exp.Expr, given: Mapping[str, exp.Expr]) -> exp.Expr:
    """Return what stands for a parameter; for `piece.type`, where `piece` is one, that field of it."""
    if not isinstance(node, exp.Column):
        return node
    first, *rest = node.parts
    if first.name not in given:
        return node
    made = given[first.name].copy()
    for part in rest:
        made = exp.Dot(this=made, expression=exp.to_identifier(part.name, quoted=True))
    return made


# What DuckDB computes


def _is_handed_over(node: exp.Expr, macros: _Macros) -> bool:
    if isinstance(node, exp.Anonymous):
        name = node.name.lower()
        return name.startswith("json_") or macros.are_computed(name)
    if isinstance(node, exp.Cast):  # a TRY_CAST is one
        to_list = node.to.this == exp.DType.ARRAY and any(each.this == exp.DType.JSON for each in node.to.expressions)
        return isinstance(node, exp.TryCast) or to_list
    return isinstance(node, _COMPUTED)


def _hand_over(tree: exp.Expr, functions: dict[str, Function], macros: _Macros) -> None:
    """Replace what DuckDB computes by calls of functions that do it."""
    while (found := next((node for node in tree.walk(bfs=False) if _is_handed_over(node, macros)), None)) is not None:
        if found.find_ancestor(exp.Lambda):
            raise TableMismatch(
                f"Spark cannot call {found.sql(dialect='duckdb')} inside a lambda: make a macro of the whole."
            )
        params: dict[str, tuple[exp.Expr, str]] = {}
        written = _template(found.copy(), params, macros).sql(dialect="duckdb", comments=False)
        arguments = tuple(kind for _, kind in params.values())
        name = PREFIX + hashlib.sha256(f"{written} {arguments}".encode()).hexdigest()[:12]
        functions[name] = Function(name, written, arguments)
        values = [value for value, _ in params.values()]
        if not values:
            raise TableMismatch(f"{written} depends on nothing: write its value.")
        found.replace(exp.Anonymous(this=name, expressions=[_guarded(found, values[0]), *values[1:]]))


def _template(node: exp.Expr, params: dict[str, tuple[exp.Expr, str]], macros: _Macros) -> exp.Expr:
    """Return a call as DuckDB shall compute it, with columns `p0`… for all in it that Spark computes."""
    kinds = _ARGUMENTS.get(node.name.lower(), ()) if isinstance(node, exp.Anonymous) else ()
    number = 0
    for child in list(node.iter_expressions()):
        kind = kinds[number] if number < len(kinds) else "VARCHAR"
        if isinstance(child, (exp.DataType, exp.JSONPath, exp.Identifier)):
            continue
        number += 1
        if _is_constant(child):
            continue
        if _is_handed_over(child, macros):
            _template(child, params, macros)
            continue
        name = next((name for name, (value, _) in params.items() if value == child), f"p{len(params)}")
        params[name] = (child.copy(), kind)
        child.replace(exp.column(name))
    return node


def _is_constant(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) or (
        isinstance(node, exp.Array) and all(isinstance(each, exp.Literal) for each in node.expressions)
    )


def _guarded(call: exp.Expr, value: exp.Expr) -> exp.Expr:
    """Return a call's first argument, NULL in the rows in which no branch of the CASEs around the call wants it.

    Spark computes such functions for all rows, whatever CASE says: that would be dear, and may fail on what the CASE is there for.
    """
    inner: exp.Expr = call
    while (outer := inner.parent) is not None and not isinstance(outer, exp.Select):
        case = outer.parent if isinstance(outer, exp.If) else outer
        if isinstance(case, exp.Case) and inner.arg_key in ("true", "default"):
            ifs = case.args["ifs"]
            before = ifs[: ifs.index(outer)] if isinstance(outer, exp.If) else ifs
            guard = exp.Case()
            for branch in before:
                guard = guard.when(_condition(case, branch), exp.null())
            if isinstance(outer, exp.If):
                value = guard.when(_condition(case, outer), value)
            elif before:
                value = guard.else_(value)
        inner = case if case is outer.parent and isinstance(case, exp.Case) else outer
    return value


def _condition(case: exp.Case, branch: exp.If) -> exp.Expr:
    operand, condition = case.args.get("this"), branch.this.copy()
    return exp.EQ(this=operand.copy(), expression=condition) if operand is not None else condition


# Where Spark means something else by the same words


def _element(node: exp.Expr) -> exp.Expr:
    """A place in a list that it does not have is NULL to DuckDB, and an error to Spark; Spark counts from 0."""
    if not isinstance(node, exp.Bracket):
        return node
    (place,) = node.expressions
    if not isinstance(place, exp.Literal):  # a literal was counted from 0 when it was read
        place = exp.Sub(this=exp.paren(place), expression=exp.convert(1))
    return exp.Anonymous(this="GET", expressions=[node.this.copy(), place.copy()])


def _named_otherwise(node: exp.Expr) -> exp.Expr:
    """Functions that have other names."""
    if not isinstance(node, exp.Anonymous):
        return node
    match node.name.lower():
        case "list_length":
            return exp.Anonymous(this="ARRAY_SIZE", expressions=[each.copy() for each in node.expressions])
        case "epoch_us":
            moment = exp.cast(node.expressions[0].copy(), "TIMESTAMPTZ")
            return exp.Anonymous(this="UNIX_MICROS", expressions=[moment])
        case "as_words":  # Spark writes lists and structs as words without quotes: two could be written alike
            return exp.Anonymous(this="TO_JSON", expressions=[each.copy() for each in node.expressions])
        case "hash":  # compared within one engine only
            return exp.Anonymous(this="XXHASH64", expressions=[each.copy() for each in node.expressions])
    return node


def _contains(node: exp.Expr) -> exp.Expr:
    """sqlglot writes out that a list may lack nulls, which changes nothing here."""
    if isinstance(node, exp.ArrayContains):
        return exp.Anonymous(this="ARRAY_CONTAINS", expressions=[node.this.copy(), node.expression.copy()])
    return node


def _by_name(node: exp.Expr) -> exp.Expr:
    """Spark's UNION goes by places: the columns of both sides are written out, what one lacks as NULL."""
    if isinstance(node, exp.Union) and node.args.get("by_name"):
        sides = [node.this, node.expression]
        columns = list(dict.fromkeys(name for side in sides for name in side.named_selects))
        for side in sides:
            there = {each.alias_or_name: each for each in side.selects}
            if "*" in there:
                raise TableMismatch("UNION ALL BY NAME needs its columns written out for Spark.")
            nulls = {name: exp.alias_(exp.null(), name) for name in columns if name not in there}
            side.set("expressions", [there.get(name) or nulls[name] for name in columns])
        node.set("by_name", False)
    return node


def _seconds(node: exp.Expr) -> exp.Expr:
    """Seconds of a time, to the microsecond, and back; Spark's own functions know whole seconds, or round down."""
    if isinstance(node, exp.UnixToTime):
        return exp.Anonymous(this="TIMESTAMP_SECONDS", expressions=[node.this.copy()])
    if isinstance(node, exp.TimeToUnix):
        micros = exp.Anonymous(this="UNIX_MICROS", expressions=[exp.cast(node.this.copy(), "TIMESTAMPTZ")])
        return exp.paren(
            exp.Div(this=exp.cast(micros, "DOUBLE"), expression=exp.cast(exp.convert(1_000_000), "DOUBLE"))
        )
    return node


def _greatest_by(node: exp.Expr) -> exp.Expr:
    """In an order by several values a null comes last, hence is the greatest; to Spark it is the least.

    And rows without a value do not count, which Spark would return as a null.
    """
    if not isinstance(node, (exp.ArgMax, exp.ArgMin)):
        return node
    order = node.expression
    if isinstance(order, exp.Tuple):
        parts = [
            part
            for each in order.expressions
            for part in (exp.Is(this=each.copy(), expression=exp.Null()), each.copy())
        ]
        named = [part for number, each in enumerate(parts) for part in (exp.Literal.string(f"k{number}"), each)]
        order = exp.Anonymous(this="NAMED_STRUCT", expressions=named)
    made = type(node)(this=node.this.copy(), expression=order.copy())
    present = exp.Not(this=exp.Is(this=node.this.copy(), expression=exp.Null()))
    return exp.Filter(this=made, expression=exp.Where(this=present))


def _filtered_window(node: exp.Expr) -> exp.Expr:
    """Spark before 4.3 has no FILTER before OVER."""
    if isinstance(node, exp.Window) and isinstance(node.this, exp.Filter):
        call, where = node.this.this.copy(), node.this.expression.this
        call.set("this", exp.Case().when(where.copy(), call.this.copy()))
        node.set("this", call)
    return node


def _unnested(node: exp.Expr) -> exp.Expr:
    """A list made into rows, with each element's place beside it: a lateral view."""
    if not isinstance(node, exp.Select):
        return node
    made = [each for each in node.expressions if isinstance(each, exp.Alias) and isinstance(each.this, exp.Explode)]
    places = [
        each
        for each in node.expressions
        if isinstance(each, exp.Alias) and isinstance(each.this, exp.Anonymous) and each.this.name.lower() == "generate_subscripts"
    ]  # fmt: skip
    if not made:
        return node
    lists = {each.this.this.sql() for each in made} | {each.this.expressions[0].sql() for each in places}
    if len(made) != 1 or len(lists) != 1:
        raise TableMismatch("one list can be unnested in a SELECT for Spark, with the places of its own elements.")
    alias = exp.TableAlias(
        this=exp.to_identifier("_each"), columns=[exp.to_identifier("_at"), exp.to_identifier("_one")]
    )
    view = exp.Lateral(
        this=exp.Anonymous(this="POSEXPLODE", expressions=[made[0].this.this.copy()]), view=True, alias=alias
    )
    node.append("laterals", view)
    made[0].this.replace(exp.column("_one", table="_each"))
    for each in places:
        each.this.replace(exp.Add(this=exp.column("_at", table="_each"), expression=exp.convert(1)))
    return node


_RULES: tuple[Callable[[Any], exp.Expr], ...] = (
    _element,
    _named_otherwise,
    _contains,
    _by_name,
    _seconds,
    _greatest_by,
    _filtered_window,
    _unnested,
)


def _refuse_unknown(tree: exp.Expr) -> None:
    unknown = sorted(set(_calls(tree)) - _KNOWN)
    if unknown:
        raise TableMismatch(
            f"{', '.join(unknown)} is not known to mean in Spark what it means in DuckDB. Say it with other functions, or add "
            "a rule or the name to telelake/wrangle/spark/translate.py, with a case in tests/wrangle/test_spark.py."
        )


def _calls(tree: exp.Expr) -> Iterator[str]:
    for call in tree.find_all(exp.Func):
        if isinstance(call, (exp.Cast, exp.Case, exp.If, exp.Connector)):
            continue
        written = type(call).__name__ if isinstance(call, exp.Binary) else call.sql(dialect="spark", comments=False)
        name = written.partition("(")[0].strip().upper()
        if not name.startswith(PREFIX.upper()):
            yield name
