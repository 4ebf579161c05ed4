"""The files that telelake wrote for people outside the lake: reports and answers. So that forgetting finds them again.

A list of paths in the local state; a file that was copied, renamed or sent on is not known here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

NAME = "made.ndjson"


def remember(state: Path, path: Path) -> None:
    """Add a file to the list. What was asked for is there already, so a list that cannot be written is no failure."""
    place = str(path.resolve())
    with suppress(OSError):
        if place in (str(each) for each in made(state)):
            return
        state.mkdir(parents=True, exist_ok=True)
        with (state / NAME).open("a", encoding="utf-8") as file:
            file.write(json.dumps(place) + "\n")


def made(state: Path) -> Iterator[Path]:
    """Yield the files of the list, whether they are still there or not."""
    with suppress(FileNotFoundError):
        for line in (state / NAME).read_text(encoding="utf-8").splitlines():
            with suppress(ValueError):  # a line that a crash tore
                yield Path(json.loads(line))


def drop(state: Path, gone: Iterable[Path]) -> None:
    """Take files off the list."""
    left = set(gone)
    kept = [each for each in made(state) if each not in left]
    part = state / f"{NAME}.part"
    part.write_text("".join(json.dumps(str(each)) + "\n" for each in kept), encoding="utf-8")
    part.replace(state / NAME)
