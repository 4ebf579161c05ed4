"""The shell commands that the pages tell people to type, as they stand there."""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    *sorted(ROOT.glob("README*.md")), ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "deploy").rglob("*.md")),
)  # fmt: skip

_BLOCK = re.compile(r"^( *)```(?:sh|bash|console)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"(?<!`)`((?:\.venv/bin/)?telelake [^`\n]+)`(?!`)")
_THROUGH = (["docker", "compose", "exec", "telelake"], ["sudo", "-u", "telelake"])
"""What a command of telelake may stand behind."""


@dataclass(frozen=True)
class Command:
    """One command line."""

    page: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}: {self.text}"


def of_blocks(page: Path) -> list[Command]:
    """Return the commands of a page's blocks for a shell, continued lines joined, comments left out, in their order."""
    found = []
    for _, block in _BLOCK.findall(page.read_text(encoding="utf-8")):
        for line in re.sub(r"\\\n\s*", " ", block).splitlines():
            text = re.sub(r"(^|\s)#(?=\s|$).*$", "", line).strip()
            if text:
                found.append(Command(page.relative_to(ROOT).as_posix(), text))
    return found


def of_sentences(page: Path) -> list[Command]:
    """Return the commands of telelake that stand in sentences and tables."""
    text = re.sub(r"^ *```.*?^ *```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [Command(page.relative_to(ROOT).as_posix(), each.strip()) for each in _INLINE.findall(text)]


def arguments(command: Command) -> Iterator[list[str]]:
    """Yield what telelake is given in a command line, for each time that it is called in it."""
    lexer = shlex.shlex(command.text, posix=True, punctuation_chars=";|&<>")
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        words = list(lexer)
    except ValueError:
        return  # a line out of something longer that stands in quotes
    for is_end, group in itertools.groupby(words, lambda word: set(word) <= set(";|&")):
        found = list(group)
        for place, word in enumerate(found):
            if set(word) <= set("<>"):  # what follows is a file, and the last thing on the line
                del found[place:]
                break
        for prefix in _THROUGH:
            if found[: len(prefix)] == prefix:
                del found[: len(prefix)]
        if not is_end and len(found) > 1 and found[0].rpartition("/")[2] == "telelake":
            yield found[1:]
