"""SQL over the lake, from DuckDB's dialect into that of Athena (Trino), with its meaning kept.

The macros of `present/macros.sql` and the views of the catalog are written out in the result, parameters stand in it as
constants: it needs nothing but the tables, and nothing is declared a second time. sqlglot knows both grammars. What it
does not know of their *meaning* is in `_RULES`, each with the difference that it bridges. A function that is not in
`_KNOWN` is refused: a query that Athena would refuse, or would understand otherwise, must fail here and not there.

Nothing here talks to AWS, and nothing here knows which queries there are (`telelake.aws.athena` does).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from telelake.errors import SettingsError
from telelake.tables.catalog import TABLES, VIEWS

try:
    import sqlglot
    from sqlglot import exp
except ImportError as error:
    raise SettingsError("Athena's queries need sqlglot. Install it: pip install 'telelake[aws]'") from error

_MACRO = re.compile(r"CREATE MACRO (\w+)\(([^)]*)\) AS\s+(TABLE\s+)?(.+)", re.DOTALL)

_TRINO_MACROS = {
    "local_time": "CREATE MACRO local_time(ts) AS CAST(ts AT TIME ZONE '{zone}' AS TIMESTAMP(6))",
    # Trino wants the bounds as columns; a NULL bound gives no day there too. `sequence` makes 10,000 days at most.
    "days_between": (
        "CREATE MACRO days_between(first_day, last_day) AS TABLE SELECT CAST(days.day AS DATE) AS day FROM "
        "(SELECT first_day AS first_day, last_day AS last_day) AS span "
        "CROSS JOIN UNNEST(SEQUENCE(span.first_day, span.last_day, INTERVAL '1' DAY)) AS days (day)"
    ),
    # By the hour: what reads it asks for no less.
    "chosen_quarters": (
        "CREATE MACRO chosen_quarters(first_day, last_day, in_chat, in_week) AS TABLE "
        "SELECT day, DATE_TRUNC('hour', local_sent_at) AS local_quarter, COUNT(*) AS messages "
        "FROM chosen_messages(first_day, last_day, in_chat, in_week) WHERE NOT local_sent_at IS NULL "
        "GROUP BY day, DATE_TRUNC('hour', local_sent_at)"
    ),
    # Trino's own percentiles are approximate: the n-th of all in their order, for parts that are tenths.
    "within": (
        "CREATE MACRO within(seconds, part) AS ELEMENT_AT(ARRAY_SORT(ARRAY_AGG(seconds) FILTER (WHERE NOT seconds IS NULL)), "
        "CAST((CAST(CAST(part AS DOUBLE) * 10 AS BIGINT) * COUNT(seconds) + 9) / 10 AS INTEGER))"
    ),
    "folded": "CREATE MACRO folded(words) AS REGEXP_REPLACE(NORMALIZE(LOWER(words), NFD), '\\p{{M}}', '')",
}
"""Macros whose body Trino says in another way; `local_time` is none of macros.sql, for it needs the zone."""

_KNOWN = frozenset(
    """
    ABS ARBITRARY ARRAY[] ARRAY_SORT AT_TIMEZONE AVG BOOL_AND BOOL_OR CARDINALITY CEIL CHR COALESCE CONCAT CONCAT_WS COUNT
    COUNT_IF CUME_DIST DATE_ADD DATE_DIFF DATE_FORMAT DATE_TRUNC DAY DAY_OF_WEEK DENSE_RANK ELEMENT_AT FLOOR GREATEST HOUR IF
    LAG LEAD LEAST LENGTH LOWER MAX MAX_BY MIN MINUTE MIN_BY MONTH NORMALIZE NULLIF RANK REGEXP_EXTRACT_ALL REGEXP_REPLACE
    ROUND ROW_NUMBER SECOND SEQUENCE SPLIT_PART SQRT STRPOS SUM TO_UNIXTIME TRANSFORM UPPER YEAR
    """.split()  # noqa: SIM905 - fifty lines otherwise
)
"""Functions of Athena's engine 3 that mean there what DuckDB means, written as sqlglot writes them."""


def translate(sql: str, database: str, timezone: str, params: Mapping[str, Any] | None = None) -> str:
    """Return one SELECT over the lake's tables, views and macros, from DuckDB's SQL in Athena's.

    Raises:
        SettingsError: it uses what has no faithful translation; says what.
    """
    tree = sqlglot.parse_one(sql, read="duckdb")
    _bind(tree, {name: exp.convert(_plain(value)) for name, value in (params or {}).items()})
    tree = _expanded(tree, _macros(timezone))
    tree = _with_views(tree)
    for rule in _RULES:
        _apply(rule, tree)
    _name_database(tree, database)
    try:
        written = str(tree.sql(dialect="athena", pretty=True, unsupported_level=sqlglot.ErrorLevel.RAISE))
    except sqlglot.UnsupportedError as error:
        raise SettingsError(f"Athena cannot say this: {error}. Say it in another way.") from error
    _refuse_unknown(sqlglot.parse_one(written, read="athena"))
    return written


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def quoted(identifier: str) -> str:
    """Return a database's name as SQL writes it."""
    # Glue allows more than SQL does without quotes.
    return identifier if re.fullmatch(r"[a-z_][a-z0-9_]*", identifier) else f'"{identifier}"'


# What a SELECT refers to, written out


def _bind(tree: exp.Expr, values: Mapping[str, exp.Expr]) -> None:
    for placeholder in list(tree.find_all(exp.Placeholder)):
        placeholder.replace(values.get(placeholder.name, exp.Null()).copy())


@dataclass(frozen=True, slots=True)
class _Macro:
    params: tuple[str, ...]
    is_table: bool
    body: exp.Expr


@cache
def _macros(timezone: str) -> Mapping[str, _Macro]:
    text = files("telelake.present").joinpath("macros.sql").read_text(encoding="utf-8")
    code = re.sub(r"--.*", "", text)
    found = [_macro(part.strip(), "duckdb") for part in code.split(";") if part.strip()]
    found += [_macro(text.format(zone=timezone), "athena") for text in _TRINO_MACROS.values()]
    return dict(found)


def _macro(text: str, dialect: str) -> tuple[str, _Macro]:
    match = _MACRO.fullmatch(text)
    if match is None:
        raise SettingsError(f"macros.sql: not a macro: {text[:60]}… Write CREATE MACRO name(…) AS [TABLE] ….")
    name, params, is_table, body = match.groups()
    # A default is always NULL (`name := NULL`), which is also what a call gives that leaves it out.
    names = tuple(part.partition(":=")[0].strip() for part in params.split(",") if part.strip())
    tree = sqlglot.parse_one(body, read=dialect)
    if dialect == "athena":  # said in Trino's words already
        tree = tree.transform(lambda node: _said(node) if isinstance(node, exp.RegexpReplace) else node)
    return name, _Macro(names, is_table is not None, tree)


def _expanded(tree: exp.Expr, macros: Mapping[str, _Macro]) -> exp.Expr:
    """Return the tree with each call of a macro replaced by its body, also inside those bodies."""
    while calls := [call for call in tree.find_all(exp.Anonymous) if call.name.lower() in macros]:
        call = calls[0]
        macro = macros[call.name.lower()]
        given = dict.fromkeys(macro.params, exp.Null()) | dict(zip(macro.params, call.expressions, strict=False))
        body = macro.body.copy().transform(
            lambda node, given=given: (
                given[node.name].copy()
                if isinstance(node, exp.Column) and not node.table and node.name in given
                else node
            )
        )
        if not macro.is_table:
            call.replace(exp.paren(body, copy=False) if isinstance(body, exp.Binary) else body)
            continue
        table = call.parent
        if not isinstance(table, exp.Table):
            raise SettingsError(f"{call.name} gives a table; it belongs into FROM.")
        table.replace(exp.Subquery(this=body, alias=exp.to_identifier(table.alias or call.name)))
    return tree


def _with_views(tree: exp.Expr) -> exp.Expr:
    """Put the views that are read before all other common tables, so that they need not exist in Athena."""
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    read = {table.name for table in tree.find_all(exp.Table)} - own
    made = [
        exp.CTE(this=sqlglot.parse_one(view.sql, read="duckdb"), alias=exp.TableAlias(this=exp.to_identifier(view.name)))
        for view in VIEWS
        if view.name in read
    ]  # fmt: skip
    if made:
        there = tree.args.get("with_")
        tree.set("with_", exp.With(expressions=[*made, *(there.expressions if there else ())]))
    return tree


# Where Trino means something else by the same words


def _apply(rule: Callable[[Any], Any], tree: exp.Expr) -> None:
    """Replace nodes from the leaves up, so that what a rule sees inside a node is done already."""
    for node in reversed(list(tree.walk(bfs=False))):
        if (changed := rule(node)) is not node:
            node.replace(changed)


def _folded(node: exp.Expr) -> exp.Expr:
    """Leave out what a constant decides: `NULL IS NULL OR …` is how a parameter that was not given filters nothing."""
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
        if isinstance(node.this, exp.Null):
            return exp.true()
        return exp.false() if isinstance(node.this, (exp.Literal, exp.Neg)) else node
    if isinstance(node, exp.Paren) and isinstance(node.this, exp.Boolean):
        return node.this.copy()
    if isinstance(node, (exp.And, exp.Or)):
        deciding = isinstance(node, exp.Or)  # TRUE decides an OR, FALSE an AND
        for one, other in ((node.this, node.expression), (node.expression, node.this)):
            if isinstance(one, exp.Boolean):
                return (one if one.this is deciding else other).copy()
    if isinstance(node, exp.Select) and (where := node.args.get("where")) and where.this == exp.true():
        node.set("where", None)
    return node


def _range(node: exp.Expr) -> exp.Expr:
    """A table function `range(a, b)`: without its last number, and the column's name is the alias's."""
    if not (isinstance(node, exp.Table) and isinstance(node.this, exp.GenerateSeries)):
        return node
    series = node.this
    first, last, alias = series.args["start"], series.args["end"], node.args.get("alias")
    if series.args.get("step") or alias is None or not alias.columns:
        raise SettingsError("range() in FROM is known without a step, and as range(n) AS name(column).")
    if series.args.get("is_end_exclusive"):
        last = exp.Literal.number(int(last.name) - 1) if last.is_int else exp.Sub(this=last, expression=exp.convert(1))
    numbers = exp.GenerateSeries(start=first.copy(), end=last.copy())
    return exp.Unnest(expressions=[numbers], alias=alias.copy())


def _not_materialized(node: exp.Expr) -> exp.Expr:
    """Trino has no MATERIALIZED: it writes a common table out at each use, with the same rows."""
    if isinstance(node, exp.CTE):
        node.set("materialized", None)
    return node


def _any_value(node: exp.Expr) -> exp.Expr:
    """`arbitrary` passes over nulls by itself; Trino takes IGNORE NULLS at window functions only."""
    return node.this.copy() if isinstance(node, exp.IgnoreNulls) and isinstance(node.this, exp.AnyValue) else node


def _arg_max(node: exp.Expr) -> exp.Expr:
    """DuckDB's arg_max passes over rows whose *first* argument is null; Trino's max_by would return that null."""
    if isinstance(node, exp.Filter) and isinstance(node.this, (exp.ArgMax, exp.ArgMin)):
        node.expression.set("this", exp.and_(node.expression.this, _not_null(node.this.this)))
    elif isinstance(node, (exp.ArgMax, exp.ArgMin)) and not isinstance(node.parent, exp.Filter):
        return exp.Filter(this=node.copy(), expression=exp.Where(this=_not_null(node.this)))
    return node


def _not_null(value: exp.Expr) -> exp.Expr:
    return exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null()))


def _least(node: exp.Expr) -> exp.Expr:
    """DuckDB's least and greatest pass over nulls; Trino's are null when any argument is."""
    if not isinstance(node, (exp.Least, exp.Greatest)):
        return node
    so_far: exp.Expr = node.this.copy()
    for value in node.expressions:
        smaller = type(node)(this=so_far, expressions=[value.copy()])
        so_far = exp.Coalesce(this=smaller, expressions=[so_far.copy(), value.copy()])
    return so_far


def _trim(node: exp.Expr) -> exp.Expr:
    r"""DuckDB's trim takes off Unicode's spaces; Trino's takes tabs and line breaks too, and leaves U+00A0."""
    if not isinstance(node, exp.Trim):
        return node
    if node.expression or node.args.get("position"):
        raise SettingsError("trim with characters or a side is not known here; write trim(text).")
    pattern = exp.Literal.string(r"^\p{Zs}+|\p{Zs}+$")
    # Not sqlglot's RegexpReplace: from DuckDB that means the first match alone.
    return exp.Anonymous(this="REGEXP_REPLACE", expressions=[node.this.copy(), pattern, exp.Literal.string("")])


def _replace_all(node: exp.Expr) -> exp.Expr:
    """Trino's regexp_replace replaces every match, and has no fourth argument to say so."""
    if not isinstance(node, exp.RegexpReplace):
        return node
    if (modifiers := node.args.get("modifiers")) is None or modifiers.name != "g":
        raise SettingsError("regexp_replace without 'g' replaces the first match alone; Trino knows only all.")
    return _said(node)


def _said(node: exp.Expr) -> exp.Expr:
    """Return a regexp_replace as Trino writes it."""
    parts = (node.this, node.expression, node.args.get("replacement") or exp.Literal.string(""))
    return exp.Anonymous(this="REGEXP_REPLACE", expressions=[each.copy() for each in parts])


def _weeks(node: exp.Expr) -> exp.Expr:
    """The week of a date's ISO year is %V to strftime and %v to Trino, which refuses %V."""
    if not isinstance(node, exp.TimeToStr):
        return node
    pattern = node.args["format"]
    if not pattern.is_string or (odd := set(re.findall(r"%(.)", pattern.name)) - set("YmdHMSGV%")):
        raise SettingsError(f"strftime with {odd if pattern.is_string else 'a computed format'} is not known here.")
    if "V" not in pattern.name and "G" not in pattern.name:
        return node
    trino = pattern.name.replace("%G", "%x").replace("%V", "%v").replace("%M", "%i").replace("%S", "%s")
    return exp.Anonymous(this="DATE_FORMAT", expressions=[node.this.copy(), exp.Literal.string(trino)])


def _all_but(node: exp.Expr) -> exp.Expr:
    """Trino has no `* EXCLUDE (…)`: the columns are written out."""
    if not isinstance(node, exp.Select):
        return node
    for projection in list(node.expressions):
        star = projection.this if isinstance(projection, exp.Column) else projection
        if not isinstance(star, exp.Star) or not star.args.get("except_"):
            continue
        source = projection.table if isinstance(projection, exp.Column) else node.args["from_"].alias_or_name
        left_out = {each.name for each in star.args["except_"]}
        columns = [name for name in _columns(node, source) if name not in left_out]
        index = node.expressions.index(projection)
        node.expressions[index : index + 1] = [exp.column(name, table=source) for name in columns]
        node.set("expressions", node.expressions)
    return node


def _columns(select: exp.Expr, source: str) -> list[str]:
    """Return the columns of a common table that a SELECT can see, or of a table of the lake."""
    around: exp.Expr | None = select
    while around is not None:
        for cte in getattr(around, "ctes", ()):
            if cte.alias == source:
                return [str(name) for name in cte.this.named_selects]
        around = around.parent
    found = [[column.name for column in table.columns] for table in TABLES if table.name == source]
    if not found:
        raise SettingsError(f"the columns of {source} in `* EXCLUDE` are not known; write them out.")
    return found[0]


_RULES: tuple[Callable[[Any], Any], ...] = (
    _folded,
    _range,
    _not_materialized,
    _any_value,
    _arg_max,
    _least,
    _trim,
    _replace_all,
    _weeks,
    _all_but,
)


def _name_database(tree: exp.Expr, database: str) -> None:
    declared = {table.name for table in TABLES}
    for table in tree.find_all(exp.Table):
        if table.name in declared and not table.db:
            # The table keeps its name for the columns that say `messages.kind`.
            table.set("db", exp.to_identifier(database, quoted=quoted(database) != database))


def columns_of(select: str) -> list[str]:
    """Return the names of the columns of a SELECT in DuckDB's dialect, stars written out."""
    tree = sqlglot.parse_one(select, read="duckdb").assert_is(exp.Select)
    _apply(_all_but, tree)
    return [str(each.alias_or_name) for each in tree.selects]


def _refuse_unknown(tree: exp.Expr) -> None:
    unknown = set()
    for call in tree.find_all(exp.Func):
        if isinstance(call, (exp.Cast, exp.Case, exp.If, exp.Connector)):
            continue
        if isinstance(call, exp.Unnest) and isinstance(call.parent, (exp.From, exp.Join)):
            continue
        if isinstance(call, exp.ArrayAgg) and call.find_ancestor(exp.ArraySort):
            continue  # alone it has no order
        name = call.sql(dialect="athena").partition("(")[0].strip().upper()
        if name not in _KNOWN:
            unknown.add(name)
    if unknown:
        raise SettingsError(
            f"{', '.join(sorted(unknown))} is not known to mean in Athena what it means in DuckDB. Say it with other "
            "functions, or add a rule or the name to telelake/aws/trino.py, with a case in tests/aws/test_athena.py."
        )
