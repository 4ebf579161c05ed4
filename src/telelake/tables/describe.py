"""The tables in words, for the command line and for the reference page."""

from __future__ import annotations

from telelake.errors import SettingsError
from telelake.tables.catalog import TABLES, VIEWS, table
from telelake.tables.model import Column, Personal, Table, View


def list_text(lang: str) -> str:
    """Return a line a table."""
    named: list[Table | View] = [*TABLES, *VIEWS]
    return "\n".join(f"{each.name:20}{_said(each, lang)}" for each in named)


def table_text(name: str, lang: str) -> str:
    """Return a table's columns, a line each.

    Raises:
        UnknownName: there is no such table; lists those there are.
    """
    for view in VIEWS:
        if view.name == name:
            return f"{view.name}: {_said(view, lang)}\n\n{view.sql}"
    found = table(name)
    lines = [f"{found.name}: {_said(found, lang)}", f"key: {', '.join(found.key)}", ""]
    width = max(len(column.name) for column in found.columns) + 2
    lines += [f"{column.name:{width}}{column.kind.duckdb.lower():13}{_said(column, lang)}" for column in found.columns]
    return "\n".join(lines)


def reference_page() -> str:
    """Return docs/reference/tables.md."""
    parts = [
        "# Tables",
        "Generated from the declarations in `src/telelake/tables/catalog` by `make reference`; do not edit.",
        "Times are UTC, ids 64-bit integers. Every table is partitioned by `context_date`, the lake day.",
        "**P** marks a personal column and says what it tells, which decides what pseudonyms put in its place; **!** one that is never null.",
        _personal(),
    ]
    for each in TABLES:
        rows = [
            f"| {column.id} | `{column.name}` | {column.kind.iceberg} | {_marks(column)} | {column.en}<br>*{column.pt}* | {_sources(column)} |"
            for column in each.columns
        ]
        head = "| id | column | type | | meaning | read from |\n|---|---|---|---|---|---|"
        parts += [
            f"## {each.name}",
            f"{each.en}\n*{each.pt}*",
            f"Key: {', '.join(f'`{name}`' for name in each.key)}.",
            "\n".join([head, *rows]),
        ]
    for view in VIEWS:
        parts += [f"## {view.name} (view)", f"{view.en}\n*{view.pt}*", f"```sql\n{view.sql}\n```"]
    return "\n\n".join(parts) + "\n"


def _personal() -> str:
    """Return the personal columns by what they tell."""
    lines = ["| personal | columns |", "|---|---|"]
    for kind in Personal:
        found: dict[str, list[str]] = {}
        for each in TABLES:
            for column in each.columns:
                if column.personal is kind:
                    found.setdefault(column.name, []).append(each.name)
        names = "; ".join(f"`{name}` ({', '.join(tables)})" for name, tables in found.items())
        lines.append(f"| {kind.value} | {names} |")
    return "\n".join(lines)


def _said(what: Table | View | Column, lang: str) -> str:
    if lang not in {"en", "pt"}:
        raise SettingsError(f"--lang {lang} is not known. Use en or pt.")
    return what.en if lang == "en" else what.pt


def _marks(column: Column) -> str:
    return (f"P {column.personal.value} " if column.personal else "") + ("!" if column.required else "")


def _sources(column: Column) -> str:
    return ", ".join(f"`{source}`" for source in column.sources)
