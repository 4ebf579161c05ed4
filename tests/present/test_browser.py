"""The page in a real browser: charts with the right numbers, in both languages, light and dark, wide and narrow."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from browser import Tabs, drawn

from conftest import NEW
from telelake.present.insight import all_insights, insight, run
from telelake.present.query import Lake
from telelake.present.web import make_app

pytestmark = pytest.mark.browser


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


@pytest.fixture
def visit(tabs: Tabs, address: str):
    """Open a page of the dashboard and wait until it is drawn."""

    def open_page(path: str = "/?lang=en", width: int = 1280, scheme: str = "light", zone: str = "Asia/Tokyo"):
        return tabs.open(address + path, address, width, scheme, timezone_id=zone)

    return open_page


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
