"""The dashboard's API: what it answers, and what it refuses."""

from __future__ import annotations

import io
import re
import threading
import time
from collections.abc import Mapping
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from conftest import NEW
from telelake.errors import NotStored, QueryRefused
from telelake.present.insight import all_insights
from telelake.present.query import Cancel, Lake
from telelake.present.vocabulary import GROUPS
from telelake.present.web import make_app

FACTS: Mapping[str, Any] = {"made_up": True, "home": "file:///lake", "timezone": "America/Sao_Paulo", "messages": 1234}


def client(lake: Lake, **more: Any) -> TestClient:
    """Return a client that calls on loopback."""
    return TestClient(make_app(lambda: lake, lambda: FACTS, **more), base_url="http://localhost:8081")


@pytest.fixture
def http(small_lake: Lake) -> TestClient:
    """A client of the small lake's dashboard."""
    return client(small_lake)


def test_insights_are_listed_in_the_readers_language(http: TestClient) -> None:
    listed = http.get("/api/insights?lang=pt").json()

    assert [each["name"] for each in listed] == [each.name for each in all_insights()]
    days = next(each for each in listed if each["name"] == "messages_per_day")
    assert days["title"] == "Mensagens por dia"
    assert days["chart"]["usermeta"]["embedOptions"]["ast"] is True
    assert days["keys"] == ["day"]
    only = http.get("/api/insights?group=people").json()
    assert {each["group"] for each in only} == {"people"}


def test_an_insight_answers_with_an_array_of_objects(http: TestClient) -> None:
    answer = http.get("/api/insights/messages_per_day?from=2026-03-01&to=2026-03-02&chat=&week=")

    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == [{"day": "2026-03-01", "messages": 4}]


def test_an_insight_answers_with_csv(http: TestClient) -> None:
    answer = http.get("/api/insights/messages_per_day?week=2026-W10&format=csv&lang=pt")

    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text == "day,messages\n2026-03-03,5\n"


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/api/insights/nope", 404, "Known:"),
        ("/api/insights/messages_per_day?from=x", 400, "2026-03-31"),
        ("/api/insights/messages_per_day?format=xml", 400, "parquet or arrow"),
        ("/api/insights/messages_per_day?colour=red", 400, "Known: from"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(http: TestClient, path: str, status: int, words: str) -> None:
    answer = http.get(path)

    assert answer.status_code == status
    assert words in answer.json()["error"]


def test_sql_answers_with_an_array_of_objects(http: TestClient) -> None:
    sql = "SELECT message_id, sent_at FROM messages ORDER BY message_id LIMIT 1"

    assert http.post("/api/sql", json={"sql": sql}).json() == [{"message_id": 1, "sent_at": "2026-03-01T02:59:59Z"}]


@pytest.mark.parametrize("sql", ["COPY messages TO '/tmp/x'", "SELECT nope FROM messages", "FROM '/etc/passwd'", ""])
def test_refused_sql_is_a_400_with_the_reason(http: TestClient, sql: str) -> None:
    answer = http.post("/api/sql", json={"sql": sql})

    assert answer.status_code == 400
    assert list(answer.json()) == ["error"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"sql": 1}', b"\xff"])
def test_a_body_that_is_no_query_is_a_400(http: TestClient, body: bytes) -> None:
    assert http.post("/api/sql", content=body, headers={"content-type": "application/json"}).status_code == 400


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_post_that_another_origin_could_send_is_refused(http: TestClient, kind: str) -> None:
    assert http.post("/api/sql", content=b'{"sql": "SELECT 1"}', headers={"content-type": kind}).status_code == 415


def test_sql_answers_in_the_formats_of_the_page(http: TestClient) -> None:
    sql = "SELECT message_id, text FROM messages ORDER BY message_id"
    page = http.post("/api/sql", json={"sql": sql, "format": "page"}).json()
    arrow = http.post("/api/sql", json={"sql": sql, "format": "arrow"})
    parquet = http.post("/api/sql", json={"sql": sql, "format": "parquet"})

    assert page["columns"] == [{"name": "message_id", "type": "BIGINT"}, {"name": "text", "type": "VARCHAR"}]
    assert page["rows"][0] == [1, "véspera"]
    assert page["total"] == len(page["rows"]) == 11
    assert pa.ipc.open_stream(arrow.content).read_all().num_rows == 11
    assert pq.read_table(io.BytesIO(parquet.content)).column("text")[0].as_py() == "véspera"
    assert 'filename="query.arrow"' in arrow.headers["content-disposition"]
    assert http.post("/api/sql", json={"sql": sql, "format": "xml"}).status_code == 400


def test_a_number_opens_its_rows_with_the_sql_that_made_both(http: TestClient, small_lake: Lake) -> None:
    address = "/api/insights/messages_per_day/rows?chat=" + str(NEW) + "&key.day=2026-03-01&column=messages"
    number = http.get(f"/api/insights/messages_per_day?chat={NEW}").json()[1]
    found = http.get(address).json()
    names = [each["name"] for each in found["columns"]]

    assert number == {"day": "2026-03-01", "messages": 3}
    assert [row[names.index("text")] for row in found["rows"]] == ["olá", "bom dia", "sou um robô"]
    # What is shown can be pasted, and gives the same.
    assert len(small_lake.query(found["sql"]).rows) == 3
    assert (date(2026, 3, 1), 3) in small_lake.query(found["numbers_sql"]).rows
    assert http.get(address + "&format=csv").text.count("\n") == 4
    assert http.get("/api/insights/messages_per_day/rows").status_code == 400


def test_the_same_question_is_asked_once_of_a_release(small_lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    query = type(small_lake).query

    def counted(self: Lake, sql: str, *rest: Any) -> Any:
        asked.append(sql)
        return query(self, sql, *rest)

    monkeypatch.setattr(type(small_lake), "query", counted)
    http = client(small_lake)
    first = http.get("/api/insights/messages_per_day").json()
    assert http.get("/api/insights/messages_per_day").json() == first
    assert len(asked) == 1
    http.get(f"/api/insights/messages_per_day?chat={NEW}")
    assert len(asked) == 2


def test_a_query_is_stopped_when_asked_and_the_next_one_is_answered(small_lake: Lake) -> None:
    long = "SELECT count(*) FROM range(10_000_000) a, range(10_000_000) b WHERE a.range % 7 = b.range % 11"
    stop = Cancel()
    threading.Timer(0.6, stop).start()
    began = time.monotonic()

    with pytest.raises(QueryRefused, match="cancelled"):
        small_lake.query(long, None, stop)
    assert time.monotonic() - began < 10
    assert small_lake.query("SELECT 1").rows == [(1,)]


def test_who_waits_for_a_place_can_leave_the_queue(small_lake: Lake) -> None:
    stop = Cancel()
    taken = [small_lake._slots.acquire() for _ in range(3)]
    try:
        threading.Timer(0.3, stop).start()
        with pytest.raises(QueryRefused, match="cancelled"):
            small_lake.query("SELECT 1", None, stop)
    finally:
        for _ in taken:
            small_lake._slots.release()


@pytest.mark.parametrize("group", [group for group in GROUPS if group != "answers"])
def test_each_group_has_its_page_with_its_insights_in_order(http: TestClient, group: str) -> None:
    page = http.get(f"/{group}?lang=en").text
    expected = [each.name for each in all_insights() if each.group == group and each.order is not None]

    assert re.findall(r'data-insight="(\w+)"', page) == expected
    assert 'aria-current="page"' in page


def test_links_to_other_pages_keep_the_filters(http: TestClient) -> None:
    page = http.get(f"/activity?lang=pt&chat={NEW}&weekday=2").text

    assert f'href="/people?chat={NEW}&amp;weekday=2&amp;lang=pt"' in page
    assert '<input type="hidden" name="weekday" value="2">' in page


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://localhost:8081"}, 200),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://localhost:8082"}, 403),
        ({"sec-fetch-site": "same-origin", "origin": "http://localhost:8081"}, 200),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
    ],
)
def test_only_our_own_pages_may_post(http: TestClient, headers: dict[str, str], status: int) -> None:
    assert http.post("/api/sql", json={"sql": "SELECT 1"}, headers=headers).status_code == status


def test_a_correction_is_handed_on_and_a_wrong_one_is_not(small_lake: Lake) -> None:
    heard: list[tuple[str, Mapping[str, Any]]] = []
    http = client(small_lake, correct=lambda question, said: heard.append((question, said)))

    assert http.post("/api/label", json={"question_id": "4@-1", "answered_by": "bot"}).status_code == 200
    assert http.post("/api/label", json={"question_id": "4@-1", "is_question": False}).status_code == 200
    assert http.post("/api/label", json={"question_id": "4@-1", "clear": True}).status_code == 200
    assert heard == [("4@-1", {"answered_by": "bot"}), ("4@-1", {"is_question": False}), ("4@-1", {})]
    for wrong in (
        {}, {"question_id": "4@-1"}, {"question_id": 4, "outcome": "confirmed"}, {"question_id": "4@-1", "outcome": "fine"},
        {"question_id": "4@-1", "clear": True, "outcome": "confirmed"}, {"question_id": "4@-1", "is_question": 0},
        {"question_id": "4@-1", "colour": "red"}, [], "x",
    ):  # fmt: skip
        assert http.post("/api/label", json=wrong).status_code == 400, wrong
    foreign = {"origin": "https://evil.example"}
    clear = {"question_id": "4@-1", "clear": True}
    assert http.post("/api/label", json=clear, headers=foreign).status_code == 403
    assert http.post("/api/label", content=b'{"question_id": "4@-1", "clear": true}').status_code == 415
    assert len(heard) == 3


def test_a_body_too_long_is_refused(http: TestClient) -> None:
    assert http.post("/api/sql", json={"sql": "SELECT " + "1" * 300_000}).status_code == 413


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:8081", "127.0.0.1.nip.io", "", "[::2]"])
@pytest.mark.parametrize("path", ["/", "/api/insights", "/healthz"])
def test_a_foreign_host_is_misdirected(http: TestClient, host: str, path: str) -> None:
    """A name that was re-bound to 127.0.0.1 must not read the lake."""
    assert http.get(path, headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8081", "127.0.0.1:1", "[::1]:8081", "lake.example"])
def test_our_own_hosts_are_served(small_lake: Lake, host: str) -> None:
    assert client(small_lake, hosts=["lake.example"]).get("/healthz", headers={"host": host}).text == "ok\n"


@pytest.mark.parametrize("path", ["/", "/api/insights", "/api/insights/nope", "/static/page.js", "/nope"])
def test_every_answer_forbids_what_the_page_does_not_need(http: TestClient, path: str) -> None:
    headers = http.get(path, headers={"origin": "https://evil.example"}).headers

    assert "script-src 'self';" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert not [name for name in headers if name.startswith("access-control")]


def test_static_files_are_kept_by_their_digest(http: TestClient) -> None:
    page = http.get("/").text
    address = page.partition('<link rel="stylesheet" href="')[2].partition('"')[0]
    first = http.get(address)

    assert "immutable" in first.headers["cache-control"]
    assert http.get("/static/style.css").headers["cache-control"] == "no-cache"
    assert http.get(address, headers={"if-none-match": first.headers["etag"]}).status_code == 304
    assert http.get("/static/nope.js").status_code == 404
    assert http.get("/static/..%2fapp.py").status_code == 404
    assert "vegaEmbed" in http.get("/static/vega.js").text


@pytest.mark.parametrize(
    ("path", "accepts", "expected"),
    [
        ("/", "pt-BR,pt;q=0.9,en;q=0.8", "pt-BR"),
        ("/", "en-GB,pt;q=0.5", "en"),
        ("/", "fr;q=1,en;q=0.2,pt;q=0.7", "pt-BR"),
        ("/", "fr", "pt-BR"),
        ("/?lang=en", "pt-BR", "en"),
        ("/?lang=xx", "en", "en"),
    ],
)
def test_the_page_speaks_the_readers_language(http: TestClient, path: str, accepts: str, expected: str) -> None:
    assert f'<html lang="{expected}">' in http.get(path, headers={"accept-language": accepts}).text


@pytest.mark.parametrize("lang", ["en", "pt"])
def test_a_made_up_lake_says_so_in_both_languages(http: TestClient, lang: str) -> None:
    page = http.get(f"/?lang={lang}").text

    assert "Made-up data" in page
    assert "Dados fictícios" in page
    assert "1,234" in page or "1.234" in page


def test_a_real_lake_does_not(small_lake: Lake) -> None:
    page = TestClient(make_app(lambda: small_lake, dict), base_url="http://localhost").get("/").text

    assert "Made-up data" not in page


def test_what_people_wrote_cannot_become_markup(tmp_path: Any) -> None:
    from zoneinfo import ZoneInfo

    from lakes import Maker, write

    from telelake import settings
    from telelake.present.query import open_lake

    maker = Maker("UTC")
    maker.chats = {-5: {"title": "<script>alert(1)</script>"}}
    maker.say("2026-03-01T12:00:00", 1, -5)
    with open_lake(write(tmp_path, maker.tables()), ZoneInfo("UTC"), settings.Sql()) as lake:
        http = client(lake)
        pages = [http.get(path).text for path in ("/activity", '/?from="><script>alert(2)</script>', "/sql")]

    assert "&lt;script&gt;alert(1)" in pages[0]
    assert not any("<script>alert" in page for page in pages)


def test_filters_that_do_not_work_still_give_a_page(http: TestClient) -> None:
    answer = http.get("/?lang=en&from=2026-03-02&to=2026-03-01")

    assert answer.status_code == 400
    assert "Swap them" in answer.text


def test_before_the_first_release_the_page_is_friendly_and_the_api_says_what_to_do() -> None:
    def nothing() -> Lake:
        raise NotStored("no release")

    http = TestClient(make_app(nothing, dict), base_url="http://localhost")

    assert http.get("/?lang=en").status_code == 200
    assert "No data yet" in http.get("/?lang=en").text
    assert "Ainda não há dados" in http.get("/?lang=pt").text
    for answer in (http.get("/api/insights/messages_per_day"), http.post("/api/sql", json={"sql": "SELECT 1"})):
        assert answer.status_code == 503
        assert "wrangle" in answer.json()["error"]
