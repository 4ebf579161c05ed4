"""Who may open the dashboard: passwords, Log in with Telegram, sessions, roles, limits, masks."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from lakes import Maker, write
from starlette.testclient import TestClient
from typer.testing import CliRunner

from telelake.cli import cli
from telelake.errors import NotAllowed, SettingsError, TooOften
from telelake.present.query import Lake, open_lake
from telelake.present.web import make_app, passwords
from telelake.present.web.access import Access, Person
from telelake.present.web.limits import Buckets
from telelake.present.web.telegram_login import address
from telelake.settings import Dashboard, Sql, User, load
from telelake.wiring import App

TOKEN = "4200:canary-token-of-the-login-bot"
WORD = "canary four plain words"
HASH = passwords.make(WORD)
KEY = b"canary-session-key-of-32-bytes!!"


def dashboard(**more: Any) -> Dashboard:
    """Return settings with a person of each role."""
    users = {
        "ana": User(role="viewer", password=HASH),
        "bia": User(role="analyst", telegram=77),
        "caio": User(role="admin", password=HASH),
    }
    return Dashboard(users=users, telegram_bot="support", **more)


def client(lake: Lake, settings: Dashboard | None = None, **more: Any) -> TestClient:
    """Return a browser at a dashboard that asks for a login."""
    access = Access(settings or dashboard(), KEY, TOKEN)
    app = make_app(lambda: lake, dict, metrics=lambda: b"up 1\n", access=access, **more)
    return TestClient(app, base_url="http://localhost:8081", follow_redirects=False)


def signed(at: float | None = None, token: str = TOKEN, **fields: Any) -> dict[str, Any]:
    """Return what Telegram would answer."""
    given = {"id": 77, "first_name": "Bia", "auth_date": int(time.time() if at is None else at)} | fields
    text = "\n".join(f"{name}={given[name]}" for name in sorted(given))
    return given | {"hash": hmac.new(hashlib.sha256(token.encode()).digest(), text.encode(), "sha256").hexdigest()}


def enter(http: TestClient, name: str = "ana", word: str = WORD) -> Any:
    """Log in with a password."""
    return http.post("/login", data={"name": name, "password": word, "next": "/people?lang=en"})


def test_a_hash_fits_its_password_only_and_tells_nothing() -> None:
    assert passwords.fits(WORD, HASH)
    assert not passwords.fits(WORD + " ", HASH)
    assert WORD not in HASH
    assert passwords.make(WORD) != HASH
    assert not passwords.fits(WORD, WORD)
    with pytest.raises(SettingsError, match="9 characters"):
        passwords.make("too short")
    with pytest.raises(ValueError, match="pattern"):
        User(password=WORD)


@pytest.mark.parametrize("path", ["/", "/people?chat=-5", "/sql", "/nope"])
def test_a_page_asks_for_a_login_and_goes_on_where_one_was(small_lake: Lake, path: str) -> None:
    answer = client(small_lake).get(path)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?next=%2F")


@pytest.mark.parametrize(
    "path", ["/api/insights", "/api/insights/key_figures", "/api/first", "/api/insights/messages_per_day/rows"]
)
def test_without_a_login_the_api_says_nothing(small_lake: Lake, path: str) -> None:
    assert client(small_lake).get(path).status_code == 401
    assert client(small_lake).post("/api/sql", json={"sql": "SELECT 1"}).status_code == 401
    assert client(small_lake).get("/metrics").status_code in {303, 401}
    assert client(small_lake).get("/healthz").status_code == 200
    assert client(small_lake).get("/livez").status_code == 200


def test_one_logs_in_with_a_password_and_out_again(small_lake: Lake) -> None:
    http = client(small_lake)
    answer = enter(http)
    cookie = answer.headers["set-cookie"]

    assert (answer.status_code, answer.headers["location"]) == (303, "/people?lang=en")
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Secure" not in cookie
    assert "ana · viewer" in http.get("/people?lang=en").text
    assert http.get("/login").status_code == 303
    assert http.post("/logout").status_code == 303
    assert http.get("/people").status_code == 303


def test_a_page_over_tls_gets_a_cookie_that_never_leaves_it(small_lake: Lake) -> None:
    http = client(small_lake, dashboard(public_url="https://lake.example"))

    assert "Secure" in enter(http).headers["set-cookie"]
    assert http.get("/healthz", headers={"host": "lake.example"}).status_code == 200


@pytest.mark.parametrize(("name", "word"), [("ana", "canary wrong"), ("nobody", WORD), ("bia", WORD), ("", "")])
def test_a_wrong_login_does_not_say_what_was_wrong(small_lake: Lake, name: str, word: str) -> None:
    answer = enter(client(small_lake), name, word)

    assert answer.status_code == 403
    assert "Nome ou senha errados." in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""]
)
def test_a_login_leads_nowhere_else(small_lake: Lake, target: str) -> None:
    http = client(small_lake)
    answer = http.post("/login", data={"name": "ana", "password": WORD, "next": target})

    assert answer.headers["location"] == "/"


def test_who_guesses_has_to_wait(small_lake: Lake) -> None:
    http = client(small_lake)
    codes = [enter(http, "ana", f"canary guess {number}").status_code for number in range(8)]

    assert codes == [403] * 6 + [429] * 2
    refused = enter(http, "ana", WORD)
    assert refused.status_code == 429 and int(refused.headers["retry-after"]) > 0
    assert enter(http, "caio", WORD).status_code == 303


def test_a_flood_of_logins_does_not_hold_all_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telelake.present.web.access._WAIT_SECONDS", 0.05)
    access = Access(dashboard(), KEY)
    access._trials.acquire()
    access._trials.acquire()

    with pytest.raises(TooOften, match="Try again"):
        access.by_password("ana", WORD, "")


def test_a_bucket_fills_again() -> None:
    now = [0.0]
    bucket = Buckets(2, 10.0, lambda: now[0])

    assert [bucket.take("a"), bucket.take("a"), bucket.take("b")] == [0.0, 0.0, 0.0]
    assert bucket.take("a") == 10.0
    now[0] = 10.0
    assert bucket.take("a") == 0.0
    assert bucket.take("a") == 10.0


@pytest.mark.parametrize(
    "spoiled",
    ["", "x", "e30=.00", "{cookie}x", "x{cookie}", "{body}.", "{other}"],
)
def test_a_cookie_that_we_did_not_sign_is_nobodys(spoiled: str) -> None:
    access = Access(dashboard(), KEY)
    cookie = access.session(access.by_password("ana", WORD, ""))
    other = Access(dashboard(), b"canary-another-key").session(access.by_password("caio", WORD, ""))
    body = cookie.partition(".")[0]

    assert access.person(cookie) is not None
    assert access.person(spoiled.format(cookie=cookie, body=body, other=other)) is None


def test_a_session_ends_with_its_time_its_password_its_role_and_its_account() -> None:
    now = [1_800_000_000.0]
    access = Access(dashboard(session_hours=2), KEY, clock=lambda: now[0])
    cookie = access.session(access.by_password("ana", WORD, ""))

    for changed in ({}, {"ana": User(role="admin", password=HASH)}, {"ana": User(password=passwords.make(WORD))}):
        users = {"caio": User(password=HASH)} | changed
        assert Access(Dashboard(users=users), KEY, clock=lambda: now[0]).person(cookie) is None
    now[0] += 7199
    assert access.person(cookie) is not None
    now[0] += 2
    assert access.person(cookie) is None


def test_telegram_vouches_for_those_who_are_let_in(small_lake: Lake) -> None:
    http = client(small_lake)
    answer = http.post("/login/telegram", json=signed())

    assert answer.json() == {"next": "/"}
    assert "bia" in http.get("/people").text
    assert http.post("/api/sql", json={"sql": "SELECT 1 AS one"}).json() == [{"one": 1}]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (lambda: signed(token="4200:canary-another-token"), "not signed"),
        (lambda: signed() | {"id": 78}, "not signed"),
        (lambda: signed(id=78), "not in dashboard.users"),
        (lambda: signed(at=time.time() - 400), "too old"),
        (lambda: signed(at=time.time() + 400), "too old"),
        (dict, "not signed"),
        (lambda: {"hash": None, "id": 77}, "not signed"),
    ],
)
def test_nobody_else_gets_in_with_telegram(small_lake: Lake, fields: Callable[[], dict[str, Any]], words: str) -> None:
    answer = client(small_lake).post("/login/telegram", json=fields())

    assert answer.status_code == 403
    assert words in answer.json()["error"]
    assert "set-cookie" not in answer.headers


def test_a_login_with_telegram_works_once() -> None:
    access, fields = Access(dashboard(), KEY, TOKEN), signed()

    assert access.by_telegram(fields).role == "analyst"
    with pytest.raises(NotAllowed, match="used before"):
        access.by_telegram(fields)


def test_the_login_page_leads_to_telegram_and_loads_nothing_from_there(small_lake: Lake) -> None:
    page = client(small_lake).get("/login?lang=en")

    assert address(4200, "http://localhost:8081").replace("&", "&amp;") in page.text
    assert '<script src="http' not in page.text
    assert "telegram" not in page.headers["content-security-policy"]
    assert "canary" not in page.text


@pytest.mark.parametrize(
    ("name", "expected"),
    [("ana", [200, 403, 403, 403]), ("caio", [200, 200, 200, 200])],
)
def test_a_role_may_what_it_may(small_lake: Lake, name: str, expected: list[int]) -> None:
    http = client(small_lake)
    enter(http, name)
    asked = [
        http.get("/people"),
        http.get("/sql"),
        http.post("/api/sql", json={"sql": "SELECT 1"}),
        http.get("/metrics"),
    ]

    assert [answer.status_code for answer in asked] == expected
    assert ('href="/sql' in asked[0].text) is (name == "caio")


def test_a_viewer_sees_marks_in_place_of_persons(small_lake: Lake) -> None:
    http = client(small_lake, dashboard(mask_viewers=True))
    enter(http)
    rows = http.get("/api/insights/messages_per_day/rows?key.day=2026-03-01").text
    people = http.get("/api/insights/messages_per_person_per_day?lang=en").json()

    assert "•••" in rows
    for told in ("Ana", "Lima", "bom dia", "@caio"):
        assert told not in rows + str(people)
    shown = {row["person"] for row in people if row["user_id"]}
    assert len(shown) == 4 and all(person.startswith("Person ") for person in shown)
    assert {row["user_id"] for row in people} & {1, 2, 3, 4} == set()
    enter(http, "caio")
    assert "bom dia" in http.get("/api/insights/messages_per_day/rows?key.day=2026-03-01").text


def test_a_person_is_no_chat_to_choose_for_masked_viewers(tmp_path: Path) -> None:
    maker = Maker("UTC").say("2026-03-01T12:00:00", 5, 5).say("2026-03-01T12:00:00", 5, -7)
    with open_lake(write(tmp_path, maker.tables()), ZoneInfo("UTC"), Sql()) as lake:
        pages = []
        for settings in (dashboard(), dashboard(mask_viewers=True)):
            http = client(lake, settings)
            enter(http)
            pages.append(http.get("/activity").text)
        rows = http.get("/api/insights/messages_by_chat").json()

    assert ['<option value="5">' in page for page in pages] == [True, False]
    assert all('<option value="-7">' in page for page in pages)
    assert {row["chat"] for row in rows} == {"#-7", "•••"}


def test_the_file_form_of_masked_rows_is_masked_too(small_lake: Lake) -> None:
    http = client(small_lake, dashboard(mask_viewers=True))
    enter(http)
    answer = http.get("/api/insights/messages_per_day/rows?key.day=2026-03-01&format=csv")

    assert answer.headers["content-type"].startswith("text/csv")
    assert "•••" in answer.text and "bom dia" not in answer.text


def test_asking_without_end_is_slowed_down(small_lake: Lake) -> None:
    http = client(small_lake)
    codes = {http.get("/healthz").status_code for _ in range(400)}

    assert codes == {200, 429}


def test_too_often_says_when() -> None:
    assert TooOften("No.", 3.2).retry_after == 4
    assert "Try again in 4 s" in str(TooOften("No.", 3.2))


def test_the_command_makes_lines_that_let_somebody_in(tmp_path: Path) -> None:
    said = CliRunner().invoke(cli, ["password", "dora", "--role", "analyst"], input=f"{WORD}\n")
    (tmp_path / "telelake.toml").write_text(said.stdout, encoding="utf-8")
    settings = load(tmp_path / "telelake.toml", home=str(tmp_path / "lake"))
    access = App(settings).access()

    assert WORD not in said.output
    assert access.by_password("dora", WORD, "") == Person("dora", "analyst")
    for wrong in (["dora", "--role", "boss"], ["Do ra"]):
        assert CliRunner().invoke(cli, ["password", *wrong], input=f"{WORD}\n").exit_code == 1


def test_sessions_outlive_a_restart_and_their_key_is_this_users(tmp_path: Path) -> None:
    settings = load(None, home=str(tmp_path / "lake")).model_copy(
        update={"dashboard": Dashboard(users={"ana": User(password=HASH)})}
    )
    first = App(settings).access()
    cookie = first.session(first.by_password("ana", WORD, ""))
    key = tmp_path / "lake" / "state" / "dashboard.key"

    assert App(settings).access().person(cookie) == Person("ana", "viewer")
    assert key.stat().st_mode & 0o777 == 0o600
    assert len(key.read_bytes()) == 32
    key.unlink()
    assert App(settings).access().person(cookie) is None


@pytest.mark.parametrize(
    ("dashboard_", "words"),
    [
        (Dashboard(users={"ana": User()}), "cannot log in"),
        (Dashboard(users={"ana": User(telegram=5)}), "set dashboard.telegram_bot"),
        (Dashboard(users={"ana": User(telegram=5)}, telegram_bot="nobody"), "not in .bots."),
        (Dashboard(public_url="https://lake.example"), "nobody has to log in"),
    ],
)
def test_half_a_login_does_not_start(tmp_path: Path, dashboard_: Dashboard, words: str) -> None:
    settings = load(None, home=str(tmp_path / "lake")).model_copy(update={"dashboard": dashboard_})

    with pytest.raises(SettingsError, match=words):
        App(settings).access()
