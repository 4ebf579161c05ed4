"""Every command line of telelake in every page is one that telelake understands."""

from __future__ import annotations

import re

import pytest
from typer.main import get_command

from telelake import cli
from tests.docs_site.commands import PAGES, Command, arguments, of_blocks, of_sentences

CLI = get_command(cli.cli)

# What stands for something in a sentence → something.
STANDS_FOR = {
    "ID": "1", "N": "1", "S": "1", "P": "8080", "Q": "8081", "DAY": "2026-03-10", "D": "2026-03-10", "DIR": "lake", "F": "out",
    "ARN": "arn", "NAME": "name", "VERSION": "v",
}  # fmt: skip
HISTORY = "docs/decisions/"
"""Decisions tell of commands as they were."""


def complaint(words: list[str]) -> str | None:
    """Return what telelake's own parser has against a command line; None when it would run."""
    words = [STANDS_FOR.get(word.strip("[]<>"), word) for word in words if word not in ("…", "...")]
    if words and words[0].startswith("-"):
        return None if words[0] in ("--help", "--version") else f"no option {words[0]}"
    command = CLI.commands.get(words[0]) if words else None
    if command is None:
        return f"no command '{' '.join(words)}'"
    try:
        command.make_context(words[0], words[1:])
    except Exception as error:
        # Typer brings its own Click, whose classes are not those of the package of that name.
        if type(error).__name__ == "Exit":  # --help
            return None
        return str(error.format_message())  # type: ignore[attr-defined]
    return None


def is_whole(words: list[str]) -> bool:
    """Return whether a sentence gives a whole command line, and not only the name of a command and some of its options."""
    return not any(re.search(r"…|\.\.\.|^\[|^\||^OUT|^FILE|^SOURCE", word) for word in words)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_says_to_type_is_understood(page) -> None:
    wrong = [
        f"{command}: {said}"
        for command in of_blocks(page)
        for words in arguments(command)
        if (said := complaint(words)) is not None
    ]
    assert wrong == []


@pytest.mark.parametrize("page", [page for page in PAGES if HISTORY not in page.as_posix()], ids=lambda page: page.name)
def test_commands_named_in_sentences_exist_with_their_options(page) -> None:
    """A sentence may leave out what a command needs; the command and the options that it names must be there."""
    wrong = []
    for command in of_sentences(page):
        for words in arguments(command):
            said = complaint(words)
            if said is not None and not (said.startswith("Missing") or not is_whole(words)):
                wrong.append(f"{command}: {said}")
    assert wrong == []


def test_there_are_enough_of_them() -> None:
    blocks = [words for page in PAGES for command in of_blocks(page) for words in arguments(command)]
    sentences = [words for page in PAGES for command in of_sentences(page) for words in arguments(command)]
    assert len(blocks) > 60 and len(sentences) > 100


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("telelake status --jsn", "No such option"),
        ("telelake statu", "no command 'statu'"),
        ("sudo -u telelake /opt/telelake/.venv/bin/telelake wrangle --dau", "No such option"),
        ("cd lake && telelake insights --form csv", "No such option"),
        ("telelake import", "Missing argument"),
        ("telelake --versoin", "no option"),
        ("telelake topics fit --json", None),
    ],
)
def test_a_wrong_command_line_would_be_seen(text: str, said: str | None) -> None:
    """The twin."""
    complaints = [complaint(words) for words in arguments(Command("x", text))]
    assert len(complaints) == 1
    assert complaints[0] is None if said is None else said in (complaints[0] or "")
