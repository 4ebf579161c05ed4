"""Build the site: copy what is read to build/docs, then have mkdocs build it, strictly.

    python docs/make_site.py            run by `make docs`

Pages are written for whoever reads them in the repository. Here the README becomes the first page, a link to a page leads to that
page, and a link to a file that is no page becomes the file's name. What the menu of mkdocs.yml does not name is put at its end, by
folder, so that a new page is never lost. A link that leads nowhere fails the build.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath
from typing import Any

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

ROOT = Path(__file__).resolve().parents[1]
OTHERS = {
    "README.md": "index.md", "README.pt-BR.md": "index.pt.md", "CONTRIBUTING.md": "CONTRIBUTING.md",
    "CHANGELOG.md": "CHANGELOG.md", "SECURITY.md": "SECURITY.md", "deploy/aws/README.md": "deploy/aws/README.md",
}  # fmt: skip
"""Pages outside of docs/ → their place on the site."""
FOLDERS = {"decisions": "Decisions", "runbooks": "Operate"}
"""Where pages of a folder go in the menu, if it does not name them; others go to the last entry."""
LAST = "More"

_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s#]*)(#[^)\s]*)?\)")
_FENCE = re.compile(r"^\s*```", re.MULTILINE)


def pages() -> dict[str, str]:
    """Return all pages: path in the repository → path on the site."""
    found = {
        path.relative_to(ROOT).as_posix(): path.relative_to(ROOT / "docs").as_posix() for path in _below_docs(".md")
    }
    return found | OTHERS


def stage(folder: Path) -> None:
    """Copy pages and pictures to a folder, which is emptied before."""
    shutil.rmtree(folder, ignore_errors=True)
    places = pages()
    for name, place in places.items():
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(relinked((ROOT / name).read_text(encoding="utf-8"), name, places), encoding="utf-8")
    for path in (ROOT / "docs" / "img").iterdir():
        (folder / "img").mkdir(exist_ok=True)
        shutil.copy(path, folder / "img" / path.name)


def relinked(text: str, name: str, places: dict[str, str]) -> str:
    """Return a page's text with its links as the site has them; what stands in a block of code is left alone."""
    parts = _FENCE.split(text)
    fences = _FENCE.findall(text)
    for number in range(0, len(parts), 2):
        parts[number] = _LINK.sub(lambda match: _link(match, name, places), parts[number])
    return "".join(part + fence for part, fence in zip(parts, [*fences, ""], strict=True))


def _link(match: re.Match[str], name: str, places: dict[str, str]) -> str:
    mark, words, target, anchor = match[1], match[2], match[3], match[4] or ""
    if not target or "://" in target or target.startswith("mailto:"):
        return match[0]
    path = normpath((PurePosixPath(name).parent / target).as_posix())
    here = PurePosixPath(places[name]).parent.as_posix()
    if path in places:
        # In which language a page is shown the reader chooses once; a page's link to its own translation is that choice.
        place, own = (each.replace(".pt.md", ".md") for each in (places[path], places[name]))
        return f"{mark}[{words}]({relpath(place, here)}{anchor})" if place != own or anchor else words
    if path.startswith("docs/img/"):
        return f"{mark}[{words}]({relpath(path.removeprefix('docs/'), here)})"
    if (ROOT / path).exists():
        return words if "`" in words or path in words else f"{words} (`{path}`)"
    return match[0]


def menu(given: list[dict[str, list[str]]]) -> list[dict[str, list[str]]]:
    """Return the menu with all pages that it does not name; translations are no pages of their own."""
    named = {page for entry in given for each in entry.values() for page in each}
    found: dict[str, list[str]] = {title: list(each) for entry in given for title, each in entry.items()}
    for place in sorted(pages().values()):
        if place not in named and not place.endswith(".pt.md"):
            folder = PurePosixPath(place).parts[0]
            found.setdefault(FOLDERS.get(folder, LAST), []).append(place)
    return [{title: each} for title, each in found.items()]


def site(folder: Path, into: Path) -> None:
    """Build the site from a folder of staged pages.

    Raises:
        Abort: a link or an anchor leads nowhere, or something else is wrong; the log says what.
    """
    config: Any = load_config(str(ROOT / "mkdocs.yml"), docs_dir=str(folder), site_dir=str(into))
    config.nav = menu(config.nav)
    config.plugins.on_startup(command="build", dirty=False)
    try:
        build(config)
    finally:
        config.plugins.on_shutdown()


def _below_docs(suffix: str) -> Iterator[Path]:
    return (path for path in sorted((ROOT / "docs").rglob(f"*{suffix}")) if path.is_file())


if __name__ == "__main__":
    stage(ROOT / "build" / "docs")
    try:
        site(ROOT / "build" / "docs", ROOT / "build" / "site")
    except Abort as error:
        sys.exit(str(error))
