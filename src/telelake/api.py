"""telelake in Python, for notebooks and scripts: `telelake.open(home).sql("…").pandas()`.

A `Tables` answers through the same sandbox, bounds and releases as the command line and the dashboard do; what it
returns is Arrow, and pandas or polars when they are installed. It only reads.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from telelake.errors import SettingsError
from telelake.present import insight as insights
from telelake.present.chart import vega_lite
from telelake.present.formats import plain
from telelake.settings import load
from telelake.tables import describe
from telelake.wiring import App

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from telelake.present.answer import Answer
    from telelake.present.vocabulary import Lang

_SHOWN = 20
"""Rows that a notebook shows of a result."""
_WIDTH = 640
"""Width of a chart."""


@dataclass(frozen=True)
class Result:
    """The rows of one answer."""

    answer: Answer

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return self.answer.columns

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        """The rows as Python values."""
        return self.answer.rows

    def __len__(self) -> int:
        return int(self.answer.table.num_rows)

    def arrow(self) -> pa.Table:
        """Return the rows as an Arrow table."""
        return self.answer.table

    def pandas(self) -> pd.DataFrame:
        """Return the rows as a pandas data frame.

        Raises:
            SettingsError: pandas is not installed.
        """
        try:
            import pandas  # noqa: F401  (Arrow needs it)
        except ImportError as error:
            raise _missing("pandas") from error
        frame: pd.DataFrame = self.answer.table.to_pandas()
        return frame

    def polars(self) -> pl.DataFrame:
        """Return the rows as a polars data frame.

        Raises:
            SettingsError: polars is not installed.
        """
        try:
            import polars
        except ImportError as error:
            raise _missing("polars") from error
        frame = polars.from_arrow(self.answer.table)
        assert isinstance(frame, polars.DataFrame)
        return frame

    def _repr_html_(self) -> str:
        """Return the first rows as a notebook shows them."""
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(_cell(value))}</td>" for value in row) + "</tr>"
            for row in self.rows[:_SHOWN]
        )
        more = f"<p>{_SHOWN} of {len(self):,} rows</p>" if len(self) > _SHOWN else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"

    def __repr__(self) -> str:
        return f"<telelake result: {len(self):,} rows of {', '.join(self.columns)}>"


@dataclass(frozen=True)
class Picture:
    """A chart, as a notebook shows it."""

    svg: str

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"<telelake chart: {len(self.svg):,} characters of SVG>"


class Tables:
    """The newest release of a lake, to be read. Close it, or use it in a `with`, to end its processes."""

    def __init__(self, app: App) -> None:
        self._app = app

    def sql(self, query: str, params: Mapping[str, Any] | None = None) -> Result:
        """Run one SELECT over tables and views; values for `$name` are given in `params`.

        Raises:
            QueryRefused: not a read, an error in the SQL, or over a bound of `[sql]`.
            NotStored: nothing was published yet.
        """
        return Result(self._app.lake().query(query, params))

    def insight(self, name: str, params: Mapping[str, Any] | None = None) -> Result:
        """Answer an insight; `params` are those of the command line, such as from, to, chat, grain.

        Raises:
            UnknownName: there is no such insight; lists those there are.
            SettingsError: a parameter is not what it should be.
        """
        return Result(insights.run(self._app.lake(), insights.insight(name), params))

    def chart(self, name: str, params: Mapping[str, Any] | None = None, lang: Lang = "en") -> Picture:
        """Draw an insight's answer as the dashboard does, in English or Portuguese (`pt`).

        Raises:
            UnknownName: there is no such insight; lists those there are.
            SettingsError: it is figures or a list, without a chart; or as `insight`.
        """
        import vl_convert

        one = insights.insight(name)
        if one.chart.mark in {"figures", "table"}:
            raise SettingsError(f"'{name}' has no chart. Ask insight('{name}'), which gives its rows.")
        drawn = vega_lite(one, lang, "light", insights.run(self._app.lake(), one, params))
        return Picture(vl_convert.vegalite_to_svg(drawn | {"width": _WIDTH}))

    def insights(self) -> dict[str, str]:
        """Return every insight's name and English title."""
        return {each.name: each.titles["en"] for each in insights.all_insights()}

    def tables(self, name: str | None = None, lang: str = "en") -> str:
        """Say in words what the tables hold, or what one of them does."""
        return describe.table_text(name, lang) if name else describe.list_text(lang)

    def close(self) -> None:
        """End the processes that queries ran in."""
        self._app.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<telelake at {self._app.settings.home}>"


def open_tables(home: str | Path | None, config: str | Path | None, bounds: Mapping[str, Any]) -> Tables:
    """Return the tables of a lake; see `telelake.open`."""
    flags = {f"sql__{name}": value for name, value in bounds.items()}
    given = str(home) if home is not None else None
    return Tables(App(load(Path(config) if config is not None else None, home=given, **flags)).existing())


def _missing(package: str) -> SettingsError:
    return SettingsError(f"{package} is not installed. Run: pip install 'telelake[notebook]'")


def _cell(value: Any) -> str:
    shown = plain(value)
    return "" if shown is None else str(shown)
