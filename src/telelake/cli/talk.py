"""What people know better than the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer

from telelake.cli.common import Config, Home, open_app, say
from telelake.errors import SettingsError

if TYPE_CHECKING:
    from telelake.talk.labels import Answerer
    from telelake.talk.outcome import Outcome


def label(
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="Its question_id: message_id@chat_id.")],
    outcome: Annotated[
        str | None,
        typer.Option("--outcome", metavar="OUTCOME", help="confirmed, assumed, revoked, escalated or unanswered."),
    ] = None,
    answered_by: Annotated[
        str | None,
        typer.Option("--answered-by", metavar="WHO", help="bot, attendant, customer or nobody."),
    ] = None,
    not_a_question: Annotated[bool, typer.Option("--not-a-question", help="The message asks nothing.")] = False,
    is_a_question: Annotated[bool, typer.Option("--question", help="The message asks, though no rule saw it.")] = False,
    clear: Annotated[bool, typer.Option("--clear", help="Take back what was said of it.")] = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """Correct a question: what became of it, who answered, or that it is none; every later build keeps to it."""
    from telelake.talk.labels import ANSWERERS, OUTCOMES, Label

    said = [outcome is not None, answered_by is not None, not_a_question, is_a_question]
    if not_a_question + is_a_question + clear > 1 or clear == any(said) or (not_a_question and sum(said) > 1):
        raise SettingsError(
            "Say one thing: --outcome or --answered-by (or both), --question, --not-a-question, or --clear."
        )
    for name, value, allowed in (("--outcome", outcome, OUTCOMES), ("--answered-by", answered_by, ANSWERERS)):
        if value is not None and value not in allowed:
            raise SettingsError(f"{name} {value} is not known. Use {', '.join(allowed)}.")
    is_question = False if not_a_question else True if is_a_question else None
    app = open_app(config, home=home).existing()
    made = app.correct(
        question, Label(is_question, cast("Outcome | None", outcome), cast("Answerer | None", answered_by))
    )
    say(f"Written down for {made.day}: {(made.text or '')[:80]}")
    say("It counts from the next build on: telelake wrangle")
