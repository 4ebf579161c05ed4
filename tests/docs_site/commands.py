"""The shell commands that the pages tell people to type, as they stand there."""

from __future__ import annotations

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
_THROUGH = re.compile(r"\b(?:docker compose exec (?:-T )?telelake|sudo -u telelake)\s+")
_OURS = re.compile(r"(?:^|/|\s)telelake\s+(?=[a-z-])")


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
    for text in re.split(r"&&|\|\||;| \| ", command.text):
        if not (match := _OURS.search(text)) or re.match(
            r"\s*(?:git|cp|mkdir|pip|journalctl|useradd|sudo useradd)\b", text
        ):
            continue
        try:
            words = shlex.split(re.sub(r"\s\d?>+\s*\S+|\s<\s*\S+", "", text[match.end() :]))
        except ValueError:
            continue  # a quote that a `;` of SQL has cut in two: the whole is looked at below
        yield words
