"""`telelake doctor`: prints what was found, and what to do about it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from telelake.cli.common import Config, Home, open_app, say
from telelake.errors import SettingsError

if TYPE_CHECKING:
    from telelake.operate.begin import Language
    from telelake.operate.doctor.findings import Diagnosis

_GRADES = {
    "en": {"fine": "fine", "note": "note", "warning": "WARNING", "error": "ERROR"},
    "pt": {"fine": "bem", "note": "nota", "warning": "AVISO", "error": "ERRO"},
}
_ENDS = {
    "en": {"fine": "All is well.", "warning": "There are warnings.", "error": "Something is wrong."},
    "pt": {"fine": "Está tudo bem.", "warning": "Há avisos.", "error": "Há algo errado."},
}


def doctor(
    home: Home = None,
    config: Config = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Read every file of raw and tables, and not a sample of them.")
    ] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask Telegram.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    lang: Annotated[str | None, typer.Option("--lang", help="en or pt; else the environment's.")] = None,
) -> None:
    """Find and explain what is wrong: with bots, machine or lake. Ends with 0, with 3 after warnings, with 1 after errors."""
    from telelake.operate import begin
    from telelake.operate.doctor.findings import EXIT_CODES, Diagnosis, Finding

    language = begin.guess_language() if lang is None else begin.check_language(lang)
    try:
        found = open_app(config, home=home).doctor(deep=deep, asks_telegram=not offline)
    except SettingsError as error:
        found = Diagnosis([Finding("settings", "telelake.toml", {"reason": str(error)})])
    if as_json:
        typer.echo(json.dumps(found.as_json(language), indent=1, ensure_ascii=False))
    else:
        _print(found, language)
    raise typer.Exit(EXIT_CODES[found.verdict])


def _print(found: Diagnosis, language: Language) -> None:
    grades = _GRADES[language]
    width = max(len(word) for word in grades.values())
    for each in found.findings:
        what, do = found.told(each, language)
        typer.echo(f"{grades[each.grade]:<{width}}  {found.clean(each.about)}: {what}")
        if do:
            typer.echo(f"{'':<{width}}  → {do}")
    say(_ENDS[language][found.verdict])
