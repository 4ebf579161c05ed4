"""The SQL page and the login, in a real browser."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator

import pyarrow as pa
import pytest
from browser import Tabs, serious, served
from test_access import KEY, TOKEN, WORD, dashboard, signed

from telelake.present.query import Lake
from telelake.present.web import make_app
from telelake.present.web.access import Access

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(busy_lake: Lake) -> Iterator[str]:
    """A dashboard without a login."""
    with served(make_app(lambda: busy_lake, dict)) as at:
        yield at


@pytest.fixture(scope="module")
def locked(busy_lake: Lake) -> Iterator[str]:
    """A dashboard with one."""
    with served(make_app(lambda: busy_lake, dict, access=Access(dashboard(), KEY, TOKEN))) as at:
        yield at


def test_a_query_answers_as_table_chart_and_files(tabs: Tabs, address: str, busy_lake: Lake) -> None:
    page = tabs.open(f"{address}/sql?lang=en", address)
    page.locator("#editor").fill("SELECT kind, count(*) AS messages FROM messages GROUP BY kind ORDER BY messages DESC")
    page.keyboard.press("Control+Enter")
    page.locator("#result tbody tr").first.wait_for()
    expected = busy_lake.query("SELECT kind, count(*) AS n FROM messages GROUP BY kind ORDER BY n DESC").rows

    assert page.locator("#result tbody tr").first.inner_text() == f"{expected[0][0]}\t{expected[0][1]:,}"
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Arrow").click()
    assert pa.ipc.open_stream(io.BytesIO(waiting.value.path().read_bytes())).read_all().num_rows == len(expected)
    assert serious(page) == []
    page.locator("#as-chart").click()
    page.locator("#drawing svg .mark-rect path").first.wait_for()
    assert page.locator("#drawing svg .mark-rect path").count() == len(expected)
    page.locator("#mark").select_option("line")
    page.locator("#drawing svg .mark-line path").first.wait_for()


def test_a_query_is_cancelled_and_its_place_is_free(tabs: Tabs, address: str, busy_lake: Lake) -> None:
    page = tabs.open(f"{address}/sql?lang=pt", address)
    long = "SELECT count(*) FROM range(10_000_000) a, range(10_000_000) b WHERE a.range % 7 = b.range % 11"
    for _ in range(4):  # more than there are places
        page.locator("#editor").fill(long)
        page.locator("#run").click()
        page.wait_for_timeout(150)
        page.locator("#stop").click()
        page.get_by_text("Cancelada.").wait_for()
    page.locator("#editor").fill("SELECT 41 + 1 AS answer")
    page.locator("#run").click()
    page.get_by_role("cell", name="42").wait_for(timeout=15_000)


def test_an_error_is_told_and_history_examples_and_schema_help(tabs: Tabs, address: str) -> None:
    page = tabs.open(f"{address}/sql?lang=en", address)
    page.locator("#editor").fill("SELECT 1 AS kept")
    page.locator("#run").click()
    page.get_by_role("columnheader", name="kept").wait_for()
    page.locator("#find").fill("reply_to_mess")
    assert page.locator(".schema details:not([hidden]) > summary").first.inner_text() == "message_versions"
    page.locator("#editor").fill("SELECT ")
    page.locator(".schema button[data-name=reply_to_message_id]").first.click()
    assert page.locator("#editor").input_value() == "SELECT reply_to_message_id"
    page.get_by_role("button", name="All tables").click()
    page.get_by_role("cell", name="chat_days").wait_for()
    page.reload()
    assert page.locator("#past li").all_inner_texts() == ["SHOW TABLES", "SELECT 1 AS kept"]
    page.get_by_role("button", name="SELECT 1 AS kept").click()
    assert page.locator("#editor").input_value() == "SELECT 1 AS kept"
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_rows_of_a_number_go_on_in_the_sql_page(tabs: Tabs, address: str) -> None:
    page = tabs.open(f"{address}/activity?lang=en", address)
    card = page.locator("[data-insight=busiest_hours]")
    card.locator(".numbers summary").click()
    card.locator("button.number").first.click()
    page.wait_for_selector("dialog[data-ready]")
    page.locator("dialog .sql summary").first.click()
    page.get_by_role("link", name="Open in the SQL page").first.click()
    page.wait_for_selector("body[data-page=sql][data-ready=true]")

    assert "chosen_messages(NULL, NULL" in page.locator("#editor").input_value()
    page.locator("#run").click()
    page.locator("#result tbody tr").first.wait_for()


def test_one_logs_in_sees_what_the_role_may_see_and_logs_out(tabs: Tabs, locked: str) -> None:
    page = tabs.open(f"{locked}/people?lang=en", locked, width=390)
    assert "/login" in page.url
    assert serious(page) == []
    page.get_by_label("Name").fill("ana")
    page.get_by_label("Password").fill(WORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/people?lang=en")
    page.wait_for_selector("body[data-ready=true]")

    assert page.locator("nav a").all_inner_texts()[-1] != "SQL"
    assert page.locator("[data-drawn=failed]").count() == 0
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login")


def test_one_logs_in_with_what_telegram_sends_back(tabs: Tabs, locked: str) -> None:
    told = base64.urlsafe_b64encode(json.dumps(signed(first_name="Béa")).encode()).decode().rstrip("=")
    page = tabs.open(f"{locked}/login?lang=en", locked)
    link = page.get_by_role("link", name="Log in with Telegram").get_attribute("href")
    assert link.startswith("https://oauth.telegram.org/auth?bot_id=4200&origin=http%3A%2F%2F127.0.0.1%3A")
    page.goto(f"{locked}/login/telegram?lang=en#tgAuthResult={told}")
    page.wait_for_selector("nav a[href^='/sql']")

    assert "bia · a" in page.locator(".me").inner_text()
