"""The page in a real browser: charts with the right numbers, in both languages, light and dark, wide and narrow."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from conftest import NEW
from telelake.present.insight import all_insights, insight, run
from telelake.present.query import Lake
from telelake.present.web import make_app

pytestmark = pytest.mark.browser
playwright = pytest.importorskip("playwright.sync_api")

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def address(busy_lake: Lake) -> Iterator[str]:
    """The dashboard of the busy lake, served."""
    app = make_app(lambda: busy_lake, lambda: {"made_up": True, "timezone": "America/Sao_Paulo"})
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    """A browser."""
    path = os.environ.get("TELELAKE_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("no Chromium; install one or set TELELAKE_CHROMIUM")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, address: str, tmp_path: Path):
    """Open a page, wait until it is drawn; at the end nothing may have been complained of or asked elsewhere."""
    contexts, complaints = [], []

    def open_page(path: str = "/?lang=en", width: int = 1280, scheme: str = "light", zone: str = "Asia/Tokyo"):
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, timezone_id=zone, locale="en-US"
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: request.url.startswith((address, "data:")) or complaints.append(request.url))
        page.goto(address + path)
        page.wait_for_selector("body[data-ready=true]")
        page.screenshot(path=tmp_path / f"{len(contexts)}-{scheme}-{width}.png", full_page=True)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def drawn(page, name: str) -> list[dict[str, object]]:
    """Return the rows that a card's chart was drawn from."""
    script = """name => { const view = document.querySelector(`[data-insight=${name}]`).view;
        const data = view.getState({data: (n) => n === 'source_0'}).data.source_0; return data }"""
    return page.evaluate(script, name)


@pytest.mark.parametrize("lang", ["en", "pt"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_every_card_is_drawn_and_fits(visit, lang: str, scheme: str, width: int) -> None:
    page = visit(f"/?lang={lang}", width, scheme)

    for one in all_insights():
        card = page.locator(f"[data-insight={one.name}]")
        assert card.get_attribute("data-drawn") == scheme
        assert one.titles[lang] in card.inner_text()
        if one.chart.mark != "figures":
            assert card.locator("svg .mark-rect path, svg .mark-line path").count() > 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".made-up").is_visible()


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles"])
def test_the_numbers_are_the_lakes_whatever_the_browsers_zone(visit, busy_lake: Lake, zone: str) -> None:
    page = visit(zone=zone)
    expected = run(busy_lake, insight("messages_per_day")).rows

    shown = drawn(page, "messages_per_day")
    assert [row["messages"] for row in shown] == [count for _, count in expected]
    card = page.locator("[data-insight=messages_per_day]")
    assert "Feb 01" in card.locator(".chart").inner_text()
    card.locator(".numbers summary").click()
    card.locator("tbody tr").first.wait_for()
    cells = card.locator("tbody tr").first.locator("td").all_inner_texts()
    assert cells == ["Feb 1, 2026", str(expected[0][1])]
    assert card.locator("tbody tr").count() == len(expected)


def test_key_figures_are_written_in_the_readers_way(visit, busy_lake: Lake) -> None:
    total = run(busy_lake, insight("key_figures")).rows[0][0]

    assert total > 1000
    assert f"{total:,}" in visit("/?lang=en").locator(".figures").inner_text()
    assert f"{total:,}".replace(",", ".") in visit("/?lang=pt").locator(".figures").inner_text()


def test_filters_are_the_pages_address(visit, busy_lake: Lake) -> None:
    page = visit()
    page.locator("select[name=chat]").select_option(str(NEW))
    page.locator("select[name=week]").select_option("2026-W08")
    page.locator(".filters button").click()
    page.wait_for_selector("body[data-ready=true]")

    assert f"chat={NEW}" in page.url and "week=2026-W08" in page.url
    expected = run(busy_lake, insight("hours_by_weekday"), {"chat": NEW, "week": "2026-W08"}).rows
    assert [row["messages"] for row in drawn(page, "hours_by_weekday")] == [row[2] for row in expected]
    assert page.locator("select[name=week]").input_value() == "2026-W08"
    page.get_by_text("Clear filters").click()
    page.wait_for_selector("body[data-ready=true]")
    assert "chat" not in page.url


def test_an_empty_selection_says_so(visit) -> None:
    page = visit("/?lang=pt&from=2030-01-01")

    assert page.get_by_text("Nenhuma mensagem nesta seleção.").count() == len(all_insights())


def test_charts_are_drawn_again_when_light_turns_to_dark(visit) -> None:
    page = visit()
    page.emulate_media(color_scheme="dark")
    page.wait_for_selector("[data-insight=message_kinds][data-drawn=dark]")
    page.wait_for_selector("body[data-ready=true]")

    assert page.locator("[data-drawn=dark]").count() == len(all_insights())


def test_a_tooltip_tells_the_numbers(visit) -> None:
    page = visit()
    page.locator("[data-insight=message_kinds] svg .mark-rect path").first.hover()

    assert "Text" in page.locator(".tip").inner_text()


def test_definition_and_numbers_are_reached_by_keyboard(visit) -> None:
    page = visit()
    page.locator("[data-insight=messages_per_day] .info summary").focus()
    page.keyboard.press("Enter")

    assert "midnight in the lake's time zone" in page.locator("[data-insight=messages_per_day] .info p").inner_text()
