"""A real Chromium, and pages in it that may neither complain nor ask anybody else."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
ARGUMENTS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
NAMES = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def chromium() -> Iterator[Any]:
    """Start a browser; a test that needs one is skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api")
    path = os.environ.get("TELELAKE_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("no Chromium; install one or set TELELAKE_CHROMIUM")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve an application; what is yielded is its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


def serious(page: Any) -> list[str]:
    """Return what axe-core holds against a page that is serious or critical; its script is put in by the debugger."""
    axe = pytest.importorskip("axe_playwright_python.base")
    found = page.evaluate(axe.AXE_SCRIPT + "; axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']}: {node['target']} {node['failureSummary']}"
        for each in found["violations"]
        if each["impact"] in {"serious", "critical"}
        for node in each["nodes"]
    ]


def draw_all(page: Any) -> None:
    """Have what is below the window drawn too, and wait for it."""
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.wait_for_selector("body[data-ready=true]")


class Tabs:
    """Pages of one test, each in a context of its own."""

    def __init__(self, browser: Any, screenshots: Path | None) -> None:
        self._browser = browser
        self._screenshots = screenshots
        self._contexts: list[Any] = []
        self._complaints: list[str] = []

    def open(
        self, url: str, own: str, width: int = 1280, scheme: str = "light", whole: bool = True, **options: Any
    ) -> Any:
        """Open a page, wait until its script has drawn it; `own` begins all that it may ask for.

        A page draws what can be seen; with `whole` also what is below, as for paper.
        """
        context = self._browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, locale="en-US", **options
        )
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: self._complaints.append(message.text))
        page.on("pageerror", lambda error: self._complaints.append(str(error)))
        page.on("request", lambda one: one.url.startswith((own, "data:")) or self._complaints.append(one.url))
        page.goto(url)
        if options.get("java_script_enabled", True):
            page.wait_for_selector("body[data-ready=true]")
            if whole:
                draw_all(page)
        if self._screenshots is not None:  # a whole page's picture takes longer than the page
            page.screenshot(path=self._screenshots / f"{len(self._contexts)}-{scheme}-{width}.png", full_page=True)
        return page

    def close(self) -> None:
        """Close the pages; nothing may have been complained of or asked elsewhere."""
        for context in self._contexts:
            context.close()
        assert self._complaints == []


def drawn(page: Any, name: str) -> list[dict[str, Any]]:
    """Return the rows that a card's chart was drawn from."""
    script = """name => document.querySelector(`[data-insight=${name}]`).view
        .getState({data: (n) => n === 'source_0'}).data.source_0"""
    return page.evaluate(script, name)
