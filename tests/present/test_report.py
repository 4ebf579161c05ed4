"""The report: one file that loads nothing, with every insight's title, definition, chart and numbers."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from browser import Tabs, drawn
from lakes import Maker, write

from conftest import NEW, SAO_PAULO, small
from telelake import settings
from telelake.errors import SettingsError
from telelake.present import bundle
from telelake.present.insight import all_insights, insight, run
from telelake.present.query import Lake, open_lake
from telelake.present.report import render
from telelake.present.web.texts import TEXTS

FACTS = {
    "made_up": True, "release": 41, "updated_at": datetime(2026, 3, 18, 3, 12, tzinfo=UTC), "home": "s3://lake",
    "timezone": "America/Sao_Paulo",
}  # fmt: skip

SHOWN = [each for each in all_insights() if each.order is not None]


@pytest.fixture(scope="module")
def pages(busy_lake: Lake) -> dict[str, str]:
    """The report of the busy lake in both languages."""
    return {language: render(busy_lake, language, FACTS) for language in ("en", "pt")}


@pytest.mark.parametrize(("lang", "tag"), [("en", "en"), ("pt", "pt-BR")])
def test_every_insight_is_there_with_definition_and_numbers(
    pages: dict[str, str], busy_lake: Lake, lang: str, tag: str
) -> None:
    page = pages[lang]

    assert f'<html lang="{tag}">' in page
    for one in SHOWN:
        card = page.partition(f'data-insight="{one.name}"')[2].partition("</article>")[0]
        assert f">{one.titles[lang]}</h2>".replace("'", "&#39;") in card
        assert one.definitions[lang].replace("'", "&#39;") in card
        if one.chart.mark != "figures" and '<p class="quiet">' not in card:
            assert card.count("<tr>") - 1 == len(run(busy_lake, one).rows)


def test_numbers_are_written_in_the_readers_way(pages: dict[str, str], busy_lake: Lake) -> None:
    total = run(busy_lake, insight("key_figures")).rows[0][0]
    share = run(busy_lake, insight("message_kinds")).rows[0][2]

    assert f"<dd>{total:,}</dd>" in pages["en"] and f">{share:.1%}</td>" in pages["en"]
    assert f"<dd>{total:,}</dd>".replace(",", ".") in pages["pt"]
    assert f">{share:.1%}</td>".replace(".", ",") in pages["pt"]


def test_it_says_what_it_was_made_from(pages: dict[str, str], busy_lake: Lake) -> None:
    facts = re.sub(r"<[^>]+>", " ", pages["en"].partition('<dl class="facts">')[2].partition("</dl>")[0]).split()

    assert " ".join(facts) == ("Release 41 Published 2026-03-18 03:12 UTC Time zone America/Sao_Paulo Lake s3://lake")
    assert "Dados fictícios" in pages["pt"]
    assert "Made-up" not in render(busy_lake, "en", FACTS | {"made_up": False})
    assert "America/Sao_Paulo" in render(busy_lake, "en")


def test_what_people_wrote_cannot_become_markup(tmp_path: Path) -> None:
    maker = Maker("UTC")
    maker.people = {1: ("</script><script>alert(1)</script>", "<img src=x onerror=alert(2)>", None)}
    maker.chats = {NEW: {"title": "x"}}
    maker.say("2026-03-01T10:00:00", 1, NEW)
    with open_lake(write(tmp_path, maker.tables()), SAO_PAULO, settings.Sql()) as lake:
        page = render(lake, "en")

    assert "<script>alert" not in page and "<img src=x" not in page
    assert page.count("</script>") == 3
    assert "\\u003c/script>" in page and "&lt;img src=x" in page


def test_an_empty_lake_has_a_report_that_says_so(empty_lake: Lake) -> None:
    page = render(empty_lake, "pt")

    assert page.count(TEXTS["pt"]["empty_lake"]) == len(SHOWN)
    assert json.loads(re.search(r'id="data">(.*?)</script>', page)[1]) == {}


def test_an_insight_that_is_refused_says_so_in_its_place(tmp_path: Path) -> None:
    """One that needs more than its bounds costs no other: here by rows, of which one day has few and its people more."""
    with open_lake(write(tmp_path, small().tables()), SAO_PAULO, settings.Sql(rows=20)) as lake:
        page = render(lake, "en")

    refused = re.findall(r'data-insight="(\w+)".*?<p class="quiet" lang="en">([^<]+)</p>', page, re.DOTALL)
    assert refused and all("sql.rows" in said for _, said in refused)
    assert page.count("<article ") == len(SHOWN)
    assert page.count("<tbody>") > 10


def test_an_unknown_language_lists_the_known(empty_lake: Lake) -> None:
    with pytest.raises(SettingsError, match=r"'fr'.*en, pt"):
        render(empty_lake, "fr")


def test_a_prepared_package_needs_no_vl_convert(tmp_path: Path) -> None:
    """In a function there is no vl-convert: what was prepared when the package was built draws the same charts."""
    bundle.write(tmp_path)
    assert json.loads((tmp_path / "charts.json").read_text(encoding="utf-8"))["pt"] == bundle.charts("pt")
    program = """
        import json, sys
        from pathlib import Path
        from zoneinfo import ZoneInfo
        sys.modules["vl_convert"] = None
        from telelake.errors import SettingsError
        from telelake.present import bundle, report
        from telelake.present.query import open_lake
        from telelake.settings import Sql
        with open_lake({}, ZoneInfo("UTC"), Sql()) as lake:
            try:
                report.render(lake, "en")
            except SettingsError as error:
                assert "vl-convert-python" in str(error)
            else:
                raise SystemExit("without both there can be no charts")
            bundle.PREPARED = Path(sys.argv[1])
            assert "vegaEmbed" in report.render(lake, "en")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(tmp_path)], capture_output=True, text=True
    )

    assert (done.returncode, done.stderr) == (0, "")


# In a browser


@pytest.fixture
def visit(tabs: Tabs, pages: dict[str, str], tmp_path: Path):
    """Open the file and wait until it is drawn."""

    def open_page(language: str = "en", width: int = 1280, scheme: str = "light", **options):
        file = tmp_path / f"{language}.html"
        file.write_text(pages[language], encoding="utf-8")
        return tabs.open(file.as_uri(), file.as_uri(), width, scheme, **options)

    return open_page


@pytest.mark.browser
@pytest.mark.parametrize("language", ["en", "pt"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_every_chart_is_drawn_and_fits(visit, language: str, scheme: str, width: int) -> None:
    page = visit(language, width, scheme)

    for one in SHOWN:
        card = page.locator(f"[data-insight={one.name}]")
        if one.chart.mark not in {"figures", "table"} and card.locator(".quiet").count() == 0:
            assert card.get_attribute("data-drawn") == scheme
            assert card.locator("svg .mark-rect path, svg .mark-line path").count() > 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".made-up").is_visible()


@pytest.mark.browser
def test_charts_show_the_lakes_numbers_in_any_zone(visit, busy_lake: Lake) -> None:
    page = visit(timezone_id="Asia/Tokyo")
    expected = run(busy_lake, insight("messages_over_time")).rows

    assert [row["messages"] for row in drawn(page, "messages_over_time")] == [count for *_, count in expected]
    page.locator("[data-insight=messages_over_time] .numbers summary").click()
    cells = page.locator("[data-insight=messages_over_time] tbody tr").first.locator("td").all_inner_texts()
    assert cells == ["2026-02-01", str(expected[0][2])]


@pytest.mark.browser
def test_charts_are_drawn_again_when_light_turns_to_dark(visit) -> None:
    page = visit()
    page.emulate_media(color_scheme="dark")
    page.wait_for_selector("[data-insight=message_kinds][data-drawn=dark]")
    page.wait_for_selector("body[data-ready=true]")

    assert page.locator("[data-drawn=light]").count() == 0


@pytest.mark.browser
def test_a_tooltip_tells_the_numbers(visit) -> None:
    page = visit()
    page.locator("[data-insight=message_kinds] svg .mark-rect path").first.hover()

    assert "Text" in page.locator(".tip").inner_text()


@pytest.mark.browser
def test_without_javascript_the_numbers_are_there(visit, pages: dict[str, str]) -> None:
    page = visit(java_script_enabled=False)
    page.locator("[data-insight=message_kinds] .numbers summary").click()

    assert "Photo" in page.locator("[data-insight=message_kinds] tbody").inner_text()
    assert "<noscript><p" in pages["en"]


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """A server that the page must not reach, and the paths that were asked of it."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()
        thread.join(10)


@pytest.mark.browser
@pytest.mark.parametrize("guarded", [True, False], ids=["with its policy", "without it"])
def test_its_policy_lets_nothing_load(
    chromium, pages: dict[str, str], elsewhere: tuple[str, list[str]], tmp_path: Path, guarded: bool
) -> None:
    """Whatever came into the page, it reaches nobody; the same page without the policy does."""
    url, asked = elsewhere
    inserted = (
        f"<script>fetch('{url}/script')</script><img src='{url}/image'><iframe src='{url}/frame'></iframe>"
        f"<link rel='stylesheet' href='{url}/style'><script src='{url}/source'></script>"
    )
    head, data, rest = pages["en"].partition('<script type="application/json"')
    html = head + inserted + data + rest
    if not guarded:
        html = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html)
    file = tmp_path / "odd.html"
    file.write_text(html, encoding="utf-8")
    context = chromium.new_context()
    page = context.new_page()
    page.goto(file.as_uri())
    page.wait_for_selector("body[data-ready=true]")
    page.wait_for_timeout(300)
    context.close()

    assert sorted(set(asked)) == ([] if guarded else ["/frame", "/image", "/script", "/source", "/style"])


def test_the_command_writes_the_newest_release(lake, tmp_path: Path) -> None:
    """`telelake report`: the page says its release, and that a made-up lake is made up; wrong calls say what to write."""
    lake.store.put("lake.json", b'{"format": 1, "timezone": "America/Sao_Paulo", "made_up": true}')
    lake.add(
        {
            "update_id": 1,
            "message": {"message_id": 1, "date": 1773154800, "text": "oi", "chat": {"id": -5, "type": "group"}},
        }
    )
    lake.wrangle()

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "telelake", "report", *arguments, "--home", str(lake.root)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    done = call("report.html", "--lang", "pt")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "<dt>Versão</dt><dd>1</dd>" in page and "Dados fictícios" in page and "UTC</dd>" in page
    assert call("other.html").returncode == 0 and (tmp_path / "other.html").is_file()
    assert call().returncode == 2 and "OUT.html" in call().stderr
    refused = call("no.html", "--lang", "fr")
    assert refused.returncode == 1 and "en, pt" in refused.stderr and not (tmp_path / "no.html").exists()
