"""What questions are about: list the topics, fit their model, rename one."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telelake.cli.common import Config, Home, open_app, say
from telelake.errors import SettingsError

if TYPE_CHECKING:
    from telelake.wiring import App

_EXAMPLES = 3
_LIST = """\
WITH told AS (
    SELECT t.topic_id, t.topic_name, t.score, q.text, q.answered_at
    FROM question_topics AS t JOIN questions AS q USING (context_date, question_id)
), examples AS (
    SELECT topic_id, text, max(score) AS score
    FROM told GROUP BY topic_id, text
    QUALIFY row_number() OVER (PARTITION BY topic_id ORDER BY max(score) DESC, length(text), text) <= $examples
)
SELECT topic_id, max(topic_name) AS topic_name, count(*) AS questions, avg(CAST(answered_at IS NOT NULL AS INTEGER)) AS answered,
       (SELECT list(text ORDER BY score DESC, length(text), text) FROM examples
        WHERE examples.topic_id IS NOT DISTINCT FROM told.topic_id) AS examples
FROM told GROUP BY topic_id ORDER BY topic_id IS NULL, questions DESC, topic_id
"""


def topics(
    action: Annotated[str | None, typer.Argument(help="fit, or rename; without it the topics are listed.")] = None,
    topic: Annotated[int | None, typer.Argument(metavar="ID", help="Of the topic to rename.")] = None,
    name: Annotated[str | None, typer.Argument(help="Its new name; later fits keep it.")] = None,
    home: Home = None,
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """List what questions are about; `topics fit` learns it anew, `topics rename ID NAME` gives a topic a name."""
    app = open_app(config, home=home).existing()
    if action is None:
        _list(app, as_json)
    elif action == "fit" and topic is None:
        _fit(app)
    elif action == "rename" and topic is not None and name is not None:
        _rename(app, topic, name)
    else:
        raise SettingsError("Say telelake topics, telelake topics fit, or telelake topics rename ID 'NAME'.")


def _list(app: App, as_json: bool) -> None:
    if app.topic_models.latest() is None:
        say("There is no topic model yet. Run: telelake topics fit")
    with app.lake() as lake:
        rows = lake.query(_LIST, {"examples": _EXAMPLES}).rows
    found = [dict(zip(("topic_id", "name", "questions", "answered", "examples"), row, strict=True)) for row in rows]
    if as_json:
        typer.echo(json.dumps(found, indent=1, ensure_ascii=False))
    elif found:
        _print(found)


def _print(found: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("id", "topic", "questions", "answered", "examples", box=None, pad_edge=False)
    for column in (table.columns[0], *table.columns[2:4]):
        column.justify = "right"
    for each in found:
        examples = " | ".join(" ".join(text.split()) for text in each["examples"] or ())
        number = "" if each["topic_id"] is None else str(each["topic_id"])
        table.add_row(number, each["name"] or "(none)", f"{each['questions']:,}", f"{each['answered']:.0%}", examples)
    Console(width=None if sys.stdout.isatty() else 160, markup=False).print(table)


def _fit(app: App) -> None:
    if not app.fit_topics():
        say("The questions give the model that is in use already.")
        return
    model = app.topic_models.latest()
    assert model is not None
    say(
        f"Topic model {model.number}: {len(model.model.topics)} topics from {model.model.about['questions']:,} different questions."
    )
    say("All days are due by it. Run: telelake wrangle")


def _rename(app: App, topic: int, name: str) -> None:
    shelf = app.topic_models
    latest = shelf.latest()
    if latest is None:
        raise SettingsError("There is no topic model yet. Run: telelake topics fit")
    shelf.add(latest.model.renamed(topic, name))
    say(f"Topic {topic} is '{' '.join(name.split())}' from now on. Run: telelake wrangle")
