"""The site is built strictly, has every page, and a reader's browser asks nobody else for anything."""

from __future__ import annotations

import importlib.util
import logging
import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from mkdocs.exceptions import Abort

from tests.present.browser import chromium

ROOT = Path(__file__).resolve().parents[2]
_SPEC = importlib.util.spec_from_file_location("make_site", ROOT / "docs" / "make_site.py")
assert _SPEC and _SPEC.loader
make_site = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(make_site)

# What a browser fetches by itself; a link to click is an <a>.
LOADED = re.compile(r"<(?:script|img|iframe|source|video|audio|object|embed)\b[^>]*?\b(?:src|data)=[\"']?([^\"'\s>]+)")
LINKED = re.compile(r"<link\b[^>]*>")
QUIET = ("canonical", "alternate", "prev", "next")  # rel of links that are only told


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "canary-input"  # a page says how a test's secret begins
    make_site.stage(folder / "docs")
    make_site.site(folder / "docs", folder / "site")
    return folder / "site"


def test_every_page_is_there_in_both_languages(site: Path) -> None:
    places = [place for place in make_site.pages().values() if not place.endswith(".pt.md")]
    for place in places:
        page = place.removesuffix(".md").removesuffix("README") + ("index" if place.endswith("README.md") else "")
        assert (site / f"{page}.html").is_file(), place
        assert (site / "pt" / f"{page}.html").is_file(), place
    assert len(places) > 70


@pytest.mark.parametrize("page", ["index", "tutorial", "course", "insights/questions", "insights/conversations"])
def test_what_newcomers_read_is_written_in_both(site: Path, page: str) -> None:
    english, portuguese = (
        re.sub(r"<[^>]+>|\s+", " ", (site / each / f"{page}.html").read_text(encoding="utf-8").partition("<article")[2])
        for each in ("", "pt")
    )
    assert len(re.findall(r" (?:não|é|uma|para) ", portuguese)) > 5 > len(re.findall(r" (?:não|é|uma|para) ", english))


def strangers(html: str) -> list[str]:
    """Return what a page has loaded from other hosts."""
    wanted = LOADED.findall(html)
    for tag in LINKED.findall(html):
        if not any(f"rel={quote}{rel}" in tag for rel in QUIET for quote in ('"', "'", "")):
            wanted += re.findall(r"\bhref=[\"']?([^\"'\s>]+)", tag)
    return [address for address in wanted if urlsplit(address).netloc or address.startswith("//")]


def test_no_page_and_no_style_loads_from_elsewhere(site: Path) -> None:
    for path in site.rglob("*.html"):
        assert strangers(path.read_text(encoding="utf-8")) == [], path
    for path in site.rglob("*.css"):
        assert not re.search(
            r"@import\s+[\"']?(?:https?:)?//|url\([\"']?(?:https?:)?//", path.read_text(encoding="utf-8")
        ), path
    assert strangers('<script src="https://cdn.example/x.js">') and strangers(
        '<link rel="stylesheet" href="//f.example/a">'
    )


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.browser
def test_a_readers_browser_asks_nobody_else(address: str) -> None:
    """Its scripts, too, and the search."""
    asked: list[str] = []
    with chromium() as browser:
        context = browser.new_context()
        context.on("request", lambda request: asked.append(request.url))
        page = context.new_page()
        for name in ("index.html", "tutorial.html", "pt/course.html", "reference/tables.html"):
            page.goto(f"{address}/{name}", wait_until="load")
        page.goto(f"{address}/index.html")
        page.locator("input.md-search__input").fill("quarantine")
        page.locator(".md-search-result__item").first.wait_for(timeout=15_000)
    others = [each for each in asked if urlsplit(each).scheme in ("http", "https") and not each.startswith(address)]
    assert others == []
    assert any("search" in each for each in asked)


@pytest.mark.parametrize("broken", ["[a page](nowhere.md)", "[a place](design.md#no-such-place)"])
def test_a_link_that_leads_nowhere_fails_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The twin of the strict build, over few pages."""
    few = {f"docs/{place}": place for place in ("index.md", "design.md", "promises.md")}
    monkeypatch.setattr(make_site, "pages", lambda: few)
    monkeypatch.setattr(make_site, "menu", lambda _: [{"Why": ["index.md", "design.md", "promises.md"]}])
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "index.md").write_text("# Home\n", encoding="utf-8")
    (folder / "design.md").write_text("# Design\n\n## The laws\n\n[home](promises.md)\n", encoding="utf-8")
    (folder / "promises.md").write_text("# Promises\n\n[laws](design.md#the-laws)\n", encoding="utf-8")
    make_site.site(folder, tmp_path / "fine")

    (folder / "promises.md").write_text(f"# Promises\n\n{broken}\n", encoding="utf-8")
    with caplog.at_level(logging.WARNING), pytest.raises(Abort):
        make_site.site(folder, tmp_path / "broken")


def test_a_link_to_a_file_that_is_no_page_becomes_its_name() -> None:
    places = make_site.pages()
    text = "[the unit](../deploy/systemd/telelake.service), [home](../README.md), [laws](design.md#the-laws), ![p](img/sql.webp)"
    assert make_site.relinked(text, "docs/deploy.md", places) == (
        "the unit (`deploy/systemd/telelake.service`), [home](index.md), [laws](design.md#the-laws), ![p](img/sql.webp)"
    )
    assert make_site.relinked("[In English](tutorial.md), [o curso](course.pt.md)", "docs/tutorial.pt.md", places) == (
        "In English, [o curso](course.md)"
    )
    assert "```\n[x](../README.md)\n```" in make_site.relinked("```\n[x](../README.md)\n```", "docs/deploy.md", places)


def test_a_page_that_the_menu_forgets_is_put_into_it(monkeypatch: pytest.MonkeyPatch) -> None:
    there = {f"docs/{place}": place for place in ("a.md", "a.pt.md", "new.md", "runbooks/b.md")}
    monkeypatch.setattr(make_site, "pages", lambda: there)
    assert make_site.menu([{"Start": ["a.md"]}, {"Operate": []}, {"More": []}]) == [
        {"Start": ["a.md"]}, {"Operate": ["runbooks/b.md"]}, {"More": ["new.md"]},
    ]  # fmt: skip
