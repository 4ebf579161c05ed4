"""What a page needs to draw charts: Vega's JavaScript and the charts' specifications, without their rows.

Both come out of vl-convert, which weighs 84 MB: too much for a small function. So `write` prepares them once, when a
package is built, into a folder beside this module; where that folder is, it is read, and vl-convert is not needed.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from telelake.errors import SettingsError
from telelake.present.chart import Theme, vega_lite
from telelake.present.insight import all_insights
from telelake.present.vocabulary import LANGS, Lang

PREPARED = Path(__file__).with_name("prepared")
"""Where a package's builder puts what `write` makes; not there in a usual installation."""

_THEMES: tuple[Theme, ...] = ("light", "dark")
_SNIPPET = "window.vegaEmbed = vegaEmbed;"


def write(folder: Path) -> None:
    """Write `vega.js` and `charts.json` into a folder, to be put at `PREPARED` of a package without vl-convert."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vega.js").write_text(_made_vega(), encoding="utf-8")
    charts = {lang: _made_charts(lang) for lang in LANGS}
    (folder / "charts.json").write_text(json.dumps(charts, ensure_ascii=False, sort_keys=True), encoding="utf-8")


@cache
def vega() -> str:
    """Return the JavaScript that defines `vegaEmbed` (0.9 MB; two seconds to make when it is not prepared)."""
    prepared = PREPARED / "vega.js"
    return prepared.read_text(encoding="utf-8") if prepared.is_file() else _made_vega()


def charts(lang: Lang) -> dict[str, dict[Theme, dict[str, Any]]]:
    """Return each insight's chart by theme; empty for one that is a row of figures."""
    prepared = PREPARED / "charts.json"
    if not prepared.is_file():
        return _made_charts(lang)
    found: dict[str, dict[Theme, dict[str, Any]]] = json.loads(prepared.read_text(encoding="utf-8"))[lang]
    return found


def _made_charts(lang: Lang) -> dict[str, dict[Theme, dict[str, Any]]]:
    _vl_convert()
    return {each.name: {theme: vega_lite(each, lang, theme) for theme in _THEMES} for each in all_insights()}


def _made_vega() -> str:
    return str(_vl_convert().javascript_bundle(_SNIPPET))


def _vl_convert() -> Any:
    try:
        import vl_convert
    except ImportError as error:
        raise SettingsError(
            f"Charts need vl-convert-python, or its work in {PREPARED} (see telelake.present.bundle.write). "
            "Install it: pip install vl-convert-python"
        ) from error
    return vl_convert
