"""The pages in a real browser: every number where it belongs, in both languages, light and dark, wide and narrow."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyarrow.parquet as pq
import pytest
from browser import Tabs, draw_all, drawn, serious, served
from lakes import write
from whole import SALES, SUPPORT, whole

from conftest import NEW, SAO_PAULO
from telelake import settings
from telelake.present.insight import insight, run
from telelake.present.query import Lake, open_lake
from telelake.present.vocabulary import GROUPS
from telelake.present.web import make_app

pytestmark = pytest.mark.browser
HEARD: list[Any] = []
PATHS = ["/", *(f"/{group}" for group in GROUPS if group != "answers")]


@pytest.fixture(scope="module")
def whole_lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """The lake of `whole`, with something for every insight."""
    with open_lake(write(tmp_path_factory.mktemp("whole"), whole()), SAO_PAULO, settings.Sql()) as opened:
        yield opened


@pytest.fixture(scope="module")
def addresses(busy_lake: Lake, whole_lake: Lake) -> Iterator[dict[str, str]]:
    """The dashboards of both lakes; the busy one's newest day is not over."""
    last = datetime(2026, 3, 17, 20, tzinfo=UTC)
    with (
        served(make_app(lambda: busy_lake, lambda: {"made_up": True, "updated_at": last})) as busy,
        served(
            make_app(lambda: whole_lake, lambda: {"made_up": True}, correct=lambda *said: HEARD.append(said))
        ) as small,
    ):
        yield {"busy": busy, "whole": small}


@pytest.fixture
def visit(tabs: Tabs, addresses: dict[str, str]):
    """Open a page of the dashboard and wait until it is drawn."""

    def open_page(path: str, lake: str = "busy", width: int = 1280, scheme: str = "light", **more: Any):
        return tabs.open(addresses[lake] + path, addresses[lake], width, scheme, **more)

    return open_page


def settled(page: Any) -> dict[str, str]:
    """Wait until everything is drawn; return what the address says."""
    page.wait_for_selector("body[data-ready=true]")
    draw_all(page)
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


@pytest.mark.parametrize("path", PATHS)
def test_every_card_of_every_page_is_drawn_and_everybody_can_use_it(visit, path: str) -> None:
    page = visit(f"{path}?lang=pt", "whole")

    for card in page.locator(".card").all():
        assert card.get_attribute("data-drawn") == "light", card.get_attribute("data-insight")
        one = insight(card.get_attribute("data-insight") or "")
        assert one.titles["pt"].partition(" ao longo")[0] in card.inner_text()
        assert card.locator("svg, dl, table, .quiet").count() > 0
    assert page.locator(".card").count() >= 4
    assert serious(page) == []


@pytest.mark.parametrize(
    ("path", "width", "scheme"), [("/", 390, "dark"), ("/support", 390, "light"), ("/activity", 1440, "dark")]
)
def test_a_page_fits_and_can_be_read_in_the_dark(visit, path: str, width: int, scheme: str) -> None:
    page = visit(f"{path}?lang=en", "whole", width, scheme)

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("[data-drawn=failed]").count() == 0
    assert serious(page) == []


def test_the_first_page_answers_the_three_questions(visit) -> None:
    page = visit("/?lang=en", "whole")
    replies = page.locator(".question .reply").all_inner_texts()

    assert "Most around" in replies[0] and "Monday" in replies[0]
    assert "of the 8 messages that people wrote" in replies[0]
    assert "with 2 questions: 50% of all 4" in replies[1]
    assert "Alone it solved 1 of 3 questions: 33.3%" in replies[2]
    page.locator(".question").nth(2).get_by_role("button", name="1", exact=True).first.click()
    page.wait_for_selector("dialog[data-ready]")
    assert "Como emito a nota fiscal?" in page.locator("dialog table").inner_text()
    assert page.locator("dialog tbody tr").count() == 1


def test_numbers_and_days_are_written_in_the_readers_way(visit, busy_lake: Lake) -> None:
    total = run(busy_lake, insight("key_figures")).rows[0][0]
    english, portuguese = visit("/activity?lang=en"), visit("/activity?lang=pt")

    assert total > 1000
    assert f"{total:,}" in english.locator(".figures").inner_text()
    assert f"{total:,}".replace(",", ".") in portuguese.locator(".figures").inner_text()
    assert "Feb 1, 2026" in english.locator(".ends").inner_text()
    assert re.search(r"1 de fev\.? de 2026", portuguese.locator(".ends").inner_text())
    portuguese.get_by_role("link", name="English").click()
    settled(portuguese)
    assert portuguese.locator("h1").inner_text() == "Activity"


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles"])
def test_the_days_are_the_lakes_whatever_the_browsers_zone(visit, busy_lake: Lake, zone: str) -> None:
    page = visit("/activity?lang=en&messages_over_time.grain=day", timezone_id=zone)
    expected = run(busy_lake, insight("messages_over_time"), {"grain": "day"}).records()
    card = page.locator("[data-insight=messages_over_time]")

    assert [row["messages"] for row in drawn(page, "messages_over_time")] == [row["messages"] for row in expected]
    assert "Feb 01" in card.locator(".chart").inner_text()
    card.locator(".numbers summary").click()
    assert card.locator("tbody tr").first.inner_text().startswith("Feb 1, 2026")


def test_filters_are_the_address_and_every_page_keeps_them(visit, busy_lake: Lake) -> None:
    page = visit("/activity?lang=en")
    page.locator("select[name=chat]").select_option(str(NEW))
    settled(page)
    page.locator("select[name=who]").select_option("people")
    assert settled(page) == {"lang": "en", "chat": str(NEW), "who": "people"}
    expected = run(busy_lake, insight("busiest_hours"), {"chat": NEW, "who": "people"}).records()
    assert [row["messages"] for row in drawn(page, "busiest_hours")] == [row["messages"] for row in expected]

    page.get_by_role("link", name="People", exact=True).click()
    assert settled(page)["chat"] == str(NEW)
    assert page.locator("select[name=chat]").input_value() == str(NEW)
    page.go_back()
    settled(page)
    page.locator("#clear").click()
    assert settled(page) == {"lang": "en"}
    page.go_back()
    assert settled(page)["who"] == "people"
    assert page.locator("select[name=who]").input_value() == "people"


def test_the_time_is_brushed_over_the_volume_and_figures_tell_the_change(visit, busy_lake: Lake) -> None:
    page = visit("/activity?lang=en")
    box = page.locator(".volume .plot").bounding_box()
    day = box["width"] / 45
    page.mouse.move(box["x"] + day * 20.5, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + day * 26.5, box["y"] + 20, steps=3)
    page.mouse.up()
    chosen = settled(page)

    assert (chosen["from"], chosen["to"]) == ("2026-02-21", "2026-02-27")
    now, before = (
        run(busy_lake, insight("key_figures"), span).rows[0][0]
        for span in ({"from": "2026-02-21", "to": "2026-02-27"}, {"from": "2026-02-14", "to": "2026-02-20"})
    )
    change = page.locator(".figures .change").first.inner_text()
    assert f"{abs(round((now / before - 1) * 100))}%" in change
    page.locator(".handle.to").focus()
    page.keyboard.press("ArrowRight")
    assert settled(page)["to"] == "2026-02-28"
    page.keyboard.press("Home")
    assert settled(page)["to"] == "2026-02-21"
    page.locator("#period").select_option("last-7")
    assert settled(page)["from"] == "2026-03-11"


def test_the_length_of_a_period_fits_the_time_and_can_be_chosen(visit) -> None:
    page = visit("/activity?lang=en")
    card = page.locator("[data-insight=messages_over_time]")
    assert card.locator("[data-param=grain]").input_value() == "day"
    assert card.locator("h2").inner_text() == "Messages"
    card.locator("[data-param=grain]").select_option("week")

    assert settled(page)["messages_over_time.grain"] == "week"
    assert len({row["period"] for row in drawn(page, "messages_over_time")}) == 8
    assert len({row["period"] for row in drawn(page, "people_over_time")}) == 45
    page.locator("#period").select_option("last-365")
    settled(page)
    assert page.locator("[data-insight=people_over_time] [data-param=grain]").input_value() == "week"


def test_what_is_not_over_is_dashed(visit) -> None:
    page = visit("/activity?lang=en")

    assert page.locator("[data-insight=messages_over_time] path[stroke-dasharray='3,3']").count() == 1
    assert page.locator("[data-insight=people_over_time] path[stroke-dasharray='4,4']").count() >= 1
    past = visit("/activity?lang=en&to=2026-03-10")
    assert past.locator("[data-insight=messages_over_time] path[stroke-dasharray='3,3']").count() == 0


def test_a_click_on_a_cell_or_a_bar_filters_and_another_takes_it_back(visit, busy_lake: Lake) -> None:
    page = visit("/activity?lang=en&messages_over_time.grain=week")
    cell = page.locator("[data-insight=hours_by_weekday] svg .mark-rect path").nth(24 + 10)
    cell.click()
    chosen = settled(page)
    assert (chosen["weekday"], chosen["hour"]) == ("2", "10")
    total = run(busy_lake, insight("key_figures"), {"weekday": 2, "hour": 10}).rows[0][0]
    assert page.locator(".figures dd").first.inner_text() == str(total)
    # The chart that chooses keeps its other cells, paler.
    assert sum(row["messages"] for row in drawn(page, "hours_by_weekday")) > total
    assert page.locator(".chips li").all_inner_texts() == ["Hour: 10h\n✕", "Weekday: Tue\n✕"]
    cell.click()
    assert "hour" not in settled(page)

    page.locator("[data-insight=messages_over_time] svg .mark-rect path").nth(1).click()
    assert {"from": "2026-02-02", "to": "2026-02-08"}.items() <= settled(page).items()


def test_every_number_opens_its_rows_and_the_sql_that_made_it(visit, busy_lake: Lake) -> None:
    page = visit(f"/activity?lang=en&chat={NEW}")
    card = page.locator("[data-insight=busiest_hours]")
    card.locator(".numbers summary").click()
    number = card.locator("tbody tr").nth(10).locator("button.number").first
    shown = int(number.inner_text().replace(",", ""))
    number.click()
    page.wait_for_selector("dialog[data-ready]")

    assert shown > 5
    assert page.locator("dialog tbody tr").count() == shown
    assert f"{shown} rows" in page.locator("dialog .foot").inner_text()
    rows_sql, number_sql = page.locator("dialog pre").all_text_contents()
    assert len(busy_lake.query(rows_sql).rows) == shown
    assert (10, shown) in [row[:2] for row in busy_lake.query(number_sql).rows]
    assert serious(page) == []
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0
    assert page.evaluate("document.activeElement.className") == "number"
    page.locator(".figures button.number").first.click()
    page.wait_for_selector("dialog[data-ready]")
    total = run(busy_lake, insight("key_figures"), {"chat": NEW}).rows[0][0]
    assert ("The first 1,000" if total > 1000 else f"{total} rows") in page.locator("dialog .foot").inner_text()


def test_a_chart_is_saved_as_picture_and_as_data(visit, busy_lake: Lake) -> None:
    page = visit("/activity?lang=en")
    card = page.locator("[data-insight=busiest_hours]")
    card.locator(".save summary").click()

    def saved(name: str) -> bytes:
        with page.expect_download() as waiting:
            card.get_by_role("button" if name in {"PNG", "SVG"} else "link", name=name).click()
        return waiting.value.path().read_bytes()

    assert saved("PNG").startswith(b"\x89PNG")
    assert b"<svg" in saved("SVG")[:200]
    assert saved("CSV").decode().startswith("hour,messages,")
    table = pq.read_table(io.BytesIO(saved("Parquet")))
    assert table.column("messages").to_pylist() == [row[1] for row in run(busy_lake, insight("busiest_hours")).rows]


def test_an_empty_selection_says_what_to_do(visit) -> None:
    page = visit("/activity?lang=pt&from=2030-01-01")

    assert page.get_by_text("Nada nesta seleção. Escolha outro período").count() >= 3
    page.locator(".card .quiet button").first.click()
    assert settled(page) == {"lang": "pt"}
    assert page.locator("[data-insight=busiest_hours] svg").count() == 1


def test_what_cannot_be_loaded_says_why_and_can_be_tried_again(visit, addresses: dict[str, str]) -> None:
    page = visit("/activity?lang=en")
    page.route(
        "**/api/insights/busiest_hours?*", lambda one: one.fulfill(status=200, body="[]", content_type="text/plain")
    )
    page.route(
        "**/api/insights/message_kinds?*", lambda one: one.fulfill(status=200, body="{", content_type="text/plain")
    )
    page.locator("select[name=who]").select_option("people")
    settled(page)
    card = page.locator("[data-insight=message_kinds]")
    assert "This chart could not be loaded" in card.get_by_role("alert").inner_text()
    page.unroute("**/api/insights/message_kinds?*")
    card.get_by_role("button", name="Try again").click()
    card.locator("svg").first.wait_for()
    assert "Nothing in this selection" in page.locator("[data-insight=busiest_hours]").inner_text()


def test_charts_are_drawn_again_when_light_turns_to_dark(visit) -> None:
    page = visit("/activity?lang=en")
    page.emulate_media(color_scheme="dark")
    page.wait_for_selector("[data-insight=key_figures][data-drawn=dark]")
    settled(page)

    assert page.locator("[data-drawn=dark]").count() == page.locator(".card").count()


def test_a_card_is_asked_for_when_it_is_seen(tabs: Tabs, addresses: dict[str, str]) -> None:
    """What is below the window waits, also for a filter; paper has no below."""
    asked: list[str] = []
    page = tabs.open(f"{addresses['busy']}/activity?lang=en", addresses["busy"], whole=False)
    page.on("request", lambda one: asked.append(one.url))
    page.reload()
    page.wait_for_selector("[data-insight=messages_over_time][data-drawn]")
    page.wait_for_timeout(400)

    def of(name: str) -> list[str]:
        return [each for each in asked if f"/api/insights/{name}?" in each]

    assert of("key_figures") and not of("inactive_members") and not of("message_kinds")
    page.locator("[data-insight=message_kinds]").scroll_into_view_if_needed()
    page.wait_for_selector("[data-insight=message_kinds][data-drawn]")
    page.select_option("select[name=who]", "people")
    page.wait_for_selector("body[data-ready=true]")
    page.wait_for_timeout(400)
    assert any("who=people" in each for each in of("message_kinds"))
    assert not any("who=people" in each for each in of("key_figures"))
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_function(
        "() => !document.querySelector('[data-insight=key_figures]').ariaBusy && document.body.dataset.ready"
    )
    page.wait_for_timeout(400)
    assert any("who=people" in each for each in of("key_figures"))
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.wait_for_selector("[data-insight=inactive_members][data-drawn]")
    page.close()


def test_tooltip_definition_and_what_a_number_rests_on(visit, busy_lake: Lake) -> None:
    page = visit("/activity?lang=en")
    page.locator("[data-insight=message_kinds] svg .mark-rect path").first.hover()
    assert "Text" in page.locator(".tip").inner_text()
    total = sum(row["messages"] for row in run(busy_lake, insight("message_kinds")).records())
    assert page.locator("[data-insight=message_kinds] .based").inner_text() == f"Based on {total:,} messages"
    page.locator("[data-insight=message_kinds] .info summary").focus()
    page.keyboard.press("Enter")
    assert "what they are" in page.locator("[data-insight=message_kinds] .info p").inner_text()


def test_a_chat_that_is_not_listed_stays_chosen(visit) -> None:
    page = visit("/activity?lang=en&chat=-77")
    page.locator("select[name=who]").select_option("bots")

    assert settled(page)["chat"] == "-77"
    assert page.locator("select[name=chat] option:checked").inner_text() == "#-77"


def test_a_topic_filters_what_has_topics(visit) -> None:
    page = visit(f"/support?lang=en&chat={SUPPORT}", "whole")
    topics = page.locator("select[name=topic] option").all_inner_texts()
    page.locator("select[name=topic]").select_option(index=1)
    chosen = settled(page)

    assert len(topics) == 3 and topics[0] == "All topics"
    assert chosen["topic"].isdigit() and chosen["chat"] == str(SUPPORT)
    assert str(SALES) in page.locator("select[name=chat]").inner_html()
    assert "Not filtered by" not in page.locator("[data-insight=questions_over_time] .based").inner_text()
    page.get_by_role("link", name="Activity").click()
    settled(page)
    assert "Not filtered by topic" in page.locator("[data-insight=busiest_hours] .based").inner_text()


def test_topics_that_follow_the_first_are_not_called_none(visit) -> None:
    page = visit("/support?lang=en", "whole")
    card = page.locator("[data-insight=topics_over_time]")
    card.locator(".chart", has_text="Other topics, or none").wait_for()
    card.locator(".numbers summary").click()
    rest = card.locator("tbody tr", has_text="Other topics, or none")
    rest.first.wait_for()

    assert rest.locator("button.number").count() == 0


def test_a_question_that_waits_is_corrected_with_a_click(visit) -> None:
    page = visit("/support?lang=en", "whole")
    queue = page.locator("[data-insight=unanswered_queue]")
    asked = queue.locator("tbody tr")
    assert asked.count() == 1 and "/ajuda pre\u00e7o do plano" in asked.inner_text()
    queue.locator(".correct summary").click()
    queue.get_by_role("button", name="An attendant answered").click()
    queue.get_by_text("noted; it counts from the next build on").wait_for()
    queue.get_by_role("button", name="Undo").click()
    queue.locator(".correct summary").wait_for()

    (question, said), (again, cleared) = HEARD
    assert question == again and said == {"answered_by": "attendant"} and cleared == {}
