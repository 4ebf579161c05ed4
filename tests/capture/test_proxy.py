"""The recording proxy: nobody can tell it from Telegram, and all that passes is in the lake."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import random
import resource
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest
from proxied import (
    BOT,
    TOKEN,
    Answered,
    Request,
    ask,
    call,
    calls_of,
    encoded,
    once,
    proxied,
    read_segment,
    wait_for,
)

from telelake.capture.calls import LARGEST
from telelake.telegram.update import update_kinds

CALLS = 10_000 if os.environ.get("TELELAKE_TEST_LONG") else 600
SECRET = "canary-proxy-secret-3e9d"
HOP = {"connection", "keep-alive", "transfer-encoding", "host"}


# Nobody can tell it from Telegram


def generated(rng: random.Random) -> Request:
    """Return a call in some method, encoding, size and spelling."""
    name = rng.choice(
        ["sendMessage", "SENDmessage", "getMe", "missing", "bad", "flood", "broken", "zipped", "deflated", "chunked",
         "repeated", "nothing", "large", "cut", "sendPhoto", "deleteWebhook", "test/getMe", "getWebhookInfo", "x%20y/z"]
        if rng.random() < 0.9 else ["large"]
    )  # fmt: skip
    texts = ["", "a", "olá 😀", "a&b=c+d %41", "x" * rng.randrange(3000), '{"a":[1, "é"]}', "\r\n--b\r\n", "\x00"]
    fields = {rng.choice(["chat_id", "text", "reply_markup", "é", "a b"]): rng.choice(texts) for _ in range(3)}
    headers = [("Accept-Encoding", rng.choice(["gzip, deflate", "identity", "br"])), ("User-Agent", "bot/1.0")]
    headers += [("X-Repeated", str(number)) for number in range(rng.randrange(3))]
    rng.shuffle(headers)
    how = rng.randrange(9)
    if how == 0:
        return Request("GET", f"{name}?{urlencode(fields)}", headers)
    if how == 1:
        return Request("POST", name, headers)
    if how == 2:
        return Request("POST", name, headers, b"")
    if how == 3:
        # A HEAD has no body that could break off: the client would not notice that the connection did.
        return Request(rng.choice(["HEAD", "PUT", "DELETE", "OPTIONS"]), name.replace("cut", "getMe"), headers)
    if how == 4:
        body = json.dumps(fields, ensure_ascii=rng.random() < 0.5).encode()
        return Request("POST", name, [*headers, ("Content-Type", "application/json")], body)
    if how == 5:
        body = urlencode(fields).encode()
        kind = ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
        return Request("POST", f"{name}?{urlencode(fields)}", [kind, *headers], body)
    if how == 6:
        body = urlencode(fields).encode()
        pieces = [body[start : start + 7] for start in range(0, len(body), 7)]
        return Request("POST", name, [*headers, ("Content-Type", "application/x-www-form-urlencoded")], pieces)
    if how == 7:
        compressed = gzip.compress(urlencode(fields).encode(), mtime=0)
        kind = [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Encoding", "gzip")]
        return Request("POST", name, headers + kind, compressed)
    parts = b"".join(
        f'--b\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields.items()
    )
    parts += b'--b\r\nContent-Disposition: form-data; name="photo"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
    parts += rng.randbytes(rng.randrange(100_000)) + b"\r\n--b--\r\n"
    body = parts if rng.random() < 0.8 else rng.randbytes(200)  # what is no multipart passes too
    return Request("POST", name, [*headers, ("Content-Type", "multipart/form-data; boundary=b")], body)


def end_to_end(headers: list[tuple[Any, Any]]) -> list[tuple[str, str]]:
    texts = [tuple(each.decode("latin-1") if isinstance(each, bytes) else each for each in pair) for pair in headers]
    return [(name.lower(), value) for name, value in texts if name.lower() not in HOP]


def test_no_difference_from_a_direct_connection(tmp_path, api, api_port):
    """Calls of every kind, made directly and through the proxy over connections that stay open, come and go alike."""
    seed = 20261121
    rng = random.Random(seed)
    requests = [generated(rng) for _ in range(CALLS)]
    with proxied(tmp_path, api_port) as running:
        ways = [http.client.HTTPConnection("127.0.0.1", port, timeout=30) for port in (api_port, running.port)]
        for number, request in enumerate(requests):
            got, seen = [], []
            for way in ways:
                got.append(call(way, request))
                seen.append(api.seen.pop())
            where = (seed, number, request.method, request.path)
            assert [(each.status, each.body) for each in got[1:]] == [(each.status, each.body) for each in got[:1]], (
                where
            )
            assert end_to_end(got[0].headers) == end_to_end(got[1].headers), where
            assert (seen[0].method, seen[0].target, seen[0].body) == (seen[1].method, seen[1].target, seen[1].body), (
                where
            )
            assert end_to_end(seen[0].headers) == end_to_end(seen[1].headers), where
            assert dict(seen[1].headers)[b"host"] == f"127.0.0.1:{api_port}".encode(), where
        for way in ways:
            way.close()
    recorded = calls_of(running.home)
    assert len(recorded) == CALLS
    for request, record in zip(requests, recorded, strict=True):
        assert record["call"] == request.path.partition("?")[0].removeprefix("test/").replace("%20", " ")


def test_headers_of_one_connection_stay_on_it(tmp_path, api, api_port):
    """Those that HTTP names, and those that Connection names; all others pass."""
    hop = [("Connection", "keep-alive, X-Hop"), ("X-Hop", "1"), ("TE", "trailers"), ("Keep-Alive", "timeout=9"),
           ("Proxy-Authorization", "Basic x"), ("Upgrade", "h2c")]  # fmt: skip
    with proxied(tmp_path, api_port) as running:
        assert once(running.port, Request("GET", "getMe", [("X-Kept", "1"), *hop])).status == 200
    assert [key for key, _ in api.seen[0].headers] == [b"host", b"x-kept"]


def test_a_connection_is_kept_and_pipelined_requests_are_answered_in_order(tmp_path, api_port):
    """Three requests written at once over one connection bring three answers in order."""
    with proxied(tmp_path, api_port) as running, socket.create_connection(("127.0.0.1", running.port), 10) as wire:
        for name in ("flood", "getMe", "missing"):
            wire.sendall(f"GET /bot{TOKEN}/{name} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        data = b""
        while data.count(b"HTTP/1.1 ") < 3 or b"method not found" not in data:
            data += wire.recv(65536)
        assert [part[:3] for part in data.split(b"HTTP/1.1 ")[1:]] == [b"429", b"200", b"404"]


def test_the_servers_own_path_and_the_test_environment(tmp_path, api, api_port):
    """A Bot API below a path of its own is asked there."""
    with proxied(tmp_path, api_port, base="/prefix/") as running:
        once(running.port, Request("GET", "test/getMe?a=1"))
        once(running.port, Request("GET", "photos/a%20b.jpg", prefix="/file/bot"))
    assert [seen.target for seen in api.seen] == [
        f"/prefix/bot{TOKEN}/test/getMe?a=1", f"/prefix/file/bot{TOKEN}/photos/a%20b.jpg",
    ]  # fmt: skip
    assert [each["call"] for each in calls_of(running.home)] == ["getMe", "file"]


def test_no_other_token_passes(tmp_path, api, api_port):
    """Answered as Telegram answers, whatever is behind it; nothing is asked of Telegram and nothing recorded."""
    tokens = ["", "1:x", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), f"{BOT}", "%", f"{BOT}%3Ax", f"{TOKEN}%2f"]
    wrong = [
        Request("POST", "getMe", [], b"x", prefix=prefix, token=token) for prefix in ("/bot", "/file/bot") for token in tokens
    ]  # fmt: skip
    with proxied(tmp_path, api_port) as running:
        for request in wrong:
            got = once(running.port, request)
            assert (got.status, got.body) == (401, b'{"ok":false,"error_code":401,"description":"Unauthorized"}')
        assert running.receiver.counters.rejected == {"token": len(wrong)}
        assert running.receiver.counters.streams[0, "proxy", True].received == len(wrong)
    assert api.seen == []
    assert not list(running.home.rglob("*.zst"))


def test_a_token_whose_colon_is_escaped_is_the_same_token(tmp_path, api, api_port):
    with proxied(tmp_path, api_port) as running:
        assert once(running.port, Request("GET", "getMe", token=TOKEN.replace(":", "%3A"))).status == 200
    assert api.seen[0].target == f"/bot{TOKEN.replace(':', '%3A')}/getMe"


def test_a_bot_api_that_is_away_is_a_bad_gateway(tmp_path):
    """Told in the Bot API's own form, and recorded as a call without an answer."""
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    with proxied(tmp_path, port) as running:
        for name in ("sendMessage", "getUpdates"):
            got = once(running.port, Request("POST", name))
            assert (got.status, got.json["error_code"], got.json["description"]) == (502, 502, "Bad Gateway")
    assert [(each["call"], each["status"], each["seconds"]) for each in calls_of(running.home)] == [
        ("sendMessage", None, None), ("getUpdates", None, None),
    ]  # fmt: skip


# All that passes is in the lake


def test_a_call_is_recorded_with_its_answer(tmp_path, api_port):
    """Fields and answer, compressed or not; the answer's bytes are verbatim."""
    with proxied(tmp_path, api_port) as running:
        body = urlencode({"chat_id": "5", "text": "olá"}).encode()
        kind = [("Content-Type", "application/x-www-form-urlencoded")]
        answers = [once(running.port, Request("POST", name, kind, body)) for name in ("sendMessage", "flood")]
        for name in ("zipped", "deflated"):
            once(running.port, Request("POST", name, kind, body))
    recorded = calls_of(running.home)
    assert [each["call"] for each in recorded] == ["sendMessage", "flood", "zipped", "deflated"]
    assert [each["status"] for each in recorded] == [200, 429, 200, 200]
    assert all(each["request"] == {"chat_id": "5", "text": "olá"} for each in recorded)
    assert [each["answer"] for each in recorded[:2]] == [each.json for each in answers]
    assert all(each["answer"]["result"]["message_id"] == 7 for each in recorded[2:])
    assert all(0 < each["seconds"] < 10 for each in recorded)
    raw_bodies = [body for path in running.home.rglob("*.calls.*") for body in read_segment(path)]
    assert any(answers[0].body.replace(b"\n", b" ") in body for body in raw_bodies)


def test_a_call_is_on_the_medium_before_its_answer_is_complete(tmp_path, api_port):
    """Whoever has a whole answer finds its call in the journal: for a small answer, a large one, and a file."""
    with proxied(tmp_path, api_port) as running:
        for count, request in enumerate(
            [Request("GET", "getMe"), Request("GET", "large"), Request("GET", "a.png", prefix="/file/bot")] * 5, 1
        ):
            once(running.port, request)
            assert running.receiver.counters.stored == count
            names = b"".join(path.read_bytes() for path in (tmp_path / "state" / "journal").glob("*.journal"))
            assert names.count(b'{"call":') == count


def test_large_answers_and_files_are_facts(tmp_path, api_port):
    with proxied(tmp_path, api_port) as running:
        large = once(running.port, Request("GET", "large"))
        file = once(running.port, Request("GET", "photos/f%C3%A9rias.png", prefix="/file/bot"))
        html = once(running.port, Request("GET", "broken"))
    assert len(large.body) > LARGEST
    recorded = calls_of(running.home)
    assert [each["answer"] for each in recorded] == [None, None, None]
    assert [each["answer_bytes"] for each in recorded] == [len(large.body), len(file.body), len(html.body)]
    assert recorded[1]["request"] == {"file_path": "photos/férias.png"}


def test_an_answer_that_breaks_off_breaks_off_here_too(tmp_path, api_port):
    with proxied(tmp_path, api_port) as running:
        got = once(running.port, Request("GET", "cut"))
    assert (got.status, got.body) == (200, b'{"ok":true,<cut>')
    (record,) = calls_of(running.home)
    assert (record["status"], record["answer"]) == (200, None)


def test_uploads_and_downloads_stream_in_bounded_memory(tmp_path, api, api_port):
    """Four uploads of 50 MB and four downloads of 20 MB at once cost a few MB."""
    api.keeps_bodies = False
    head = b'--b\r\nContent-Disposition: form-data; name="video"; filename="v.mp4"\r\nContent-Type: video/mp4\r\n\r\n'
    tail = b"\r\n--b--\r\n"
    count, chunk = 50, bytes(1 << 20)
    with proxied(tmp_path, api_port) as running:

        def upload(_: int) -> Answered:
            wire = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
            wire.putrequest("POST", f"/bot{TOKEN}/sendVideo")
            wire.putheader("Content-Type", "multipart/form-data; boundary=b")
            wire.putheader("Content-Length", str(len(head) + count * len(chunk) + len(tail)))
            wire.endheaders(head)
            for _ in range(count):
                wire.send(chunk)
            wire.send(tail)
            response = wire.getresponse()
            answer = Answered(response.status, response.getheaders(), response.read())
            wire.close()
            return answer

        def download(_: int) -> int:
            """Read slowly, so that what the proxy does not send it must not fetch."""
            wire = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
            wire.request("GET", f"/file/bot{TOKEN}/big.mp4")
            response, size = wire.getresponse(), 0
            time.sleep(0.3)
            while data := response.read(1 << 16):
                size += len(data)
            wire.close()
            return size

        upload(0)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(upload, range(4)))
            assert list(pool.map(download, range(4))) == [20 << 20] * 4
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert [each.json["result"]["bytes"] for each in answers] == [len(head) + (count << 20) + len(tail)] * 4
    assert grown < 60
    assert all(
        each["request"] == {"video": {"file_name": "v.mp4", "mime_type": "video/mp4", "bytes": count << 20}}
        for each in calls_of(running.home)
        if each["call"] == "sendVideo"
    )


def test_a_bot_that_leaves_in_the_middle_of_a_call_leaves_no_call(tmp_path, api, api_port):
    """Half an upload is not passed on as a whole one, and nothing happened that could be recorded."""
    with proxied(tmp_path, api_port) as running:
        with socket.create_connection(("127.0.0.1", running.port), 10) as wire:
            wire.sendall(f"POST /bot{TOKEN}/sendPhoto HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf".encode())
            time.sleep(0.1)
        wait_for(lambda: running.receiver.counters.rejected == {"disconnected": 1})
        assert running.receiver.counters.streams[BOT, "proxy", True].received == 1
    assert api.seen == []
    assert calls_of(running.home) == []


def test_a_bot_that_leaves_before_the_answer_leaves_a_call_with_its_answer(tmp_path, api, api_port):
    """Telegram does what it was asked whether or not anyone waits; so the record has the message."""
    is_asked, may_answer = threading.Event(), threading.Event()

    def slowly(_: str) -> None:
        is_asked.set()
        may_answer.wait(10)

    api.at_call = slowly
    with proxied(tmp_path, api_port) as running:
        with socket.create_connection(("127.0.0.1", running.port), 10) as wire:
            wire.sendall(f"GET /bot{TOKEN}/sendMessage HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            assert is_asked.wait(10)
        time.sleep(0.1)
        may_answer.set()
        wait_for(lambda: running.receiver.counters.stored == 1)
    (record,) = calls_of(running.home)
    assert record["answer"]["result"]["message_id"] == 7


# Webhooks of a forwarded bot


FORM = ("Content-Type", "application/x-www-form-urlencoded")
JSON = ("Content-Type", "application/json")
FORWARDED: dict[str, Any] = {
    "is_forwarded": True,
    "webhook_url": "https://lake.example/telegram/support",
    "secret": SECRET,
}


@pytest.mark.parametrize("how", ["query", "form", "json", "multipart"])
def test_setwebhook_names_telelakes_address_and_all_kinds(tmp_path, api, api_port, how):
    fields = {"url": '"https://bot.example/x"', "secret_token": f'"{SECRET}"', "allowed_updates": '["message","poll"]'}
    if how != "json":
        fields = {key: value.strip('"') for key, value in fields.items()}
    request = encoded(how, {**fields, "max_connections": "7", "ip_address": "5"})
    request.path = request.path.replace("getUpdates", "setWebhook").replace("GETupdates", "SetWebhook")
    request.path = request.path.replace("getupdates", "setwebhook")
    with proxied(tmp_path, api_port, **FORWARDED) as running:
        assert once(running.port, request).status == 200
        assert running.wishes.wanted("support") == {"message", "poll"}
    got = api.seen[0].fields
    assert (got["url"], got["secret_token"], got["max_connections"]) == (FORWARDED["webhook_url"], SECRET, "7")
    assert set(json.loads(got["allowed_updates"])) == set(update_kinds())
    assert "ip_address" not in got
    (record,) = calls_of(running.home)
    assert record["request"]["url"] == "https://bot.example/<redacted>"
    assert record["request"]["secret_token"] == "<redacted>"


@pytest.mark.parametrize("secret", [None, "", "another", SECRET.upper()])
def test_setwebhook_with_another_secret_is_refused(tmp_path, api, api_port, secret):
    """Telegram would post with it, and the door would turn every update away."""
    fields = {"url": "https://bot.example/x"} | ({} if secret is None else {"secret_token": secret})
    with proxied(tmp_path, api_port, **FORWARDED) as running:
        got = once(running.port, Request("GET", f"setWebhook?{urlencode(fields)}"))
    assert (got.status, got.json["error_code"]) == (400, 400)
    assert "bots.support.secret" in got.json["description"].replace("secret of bots.support", "bots.support.secret")
    assert api.seen == []
    assert [each["status"] for each in calls_of(running.home)] == [400]


def test_setwebhook_is_refused_where_telelakes_address_is_not_known(tmp_path, api, api_port):
    """Telegram would post past telelake. Taking the webhook away passes, and so does all of a bot that is not forwarded."""
    forwarded = FORWARDED | {"webhook_url": None}
    fields = {"url": "https://bot.example/x", "secret_token": SECRET}
    with proxied(tmp_path, api_port, **forwarded) as running:
        got = once(running.port, Request("GET", f"setWebhook?{urlencode(fields)}"))
        assert (got.status, got.json["ok"], got.json["error_code"]) == (400, False, 400)
        assert "capture.public_url" in got.json["description"]
        assert api.seen == []
        assert once(running.port, Request("GET", "setWebhook?url=")).status == 200
    assert [each["status"] for each in calls_of(running.home)] == [400, 200]
    with proxied(tmp_path / "other", api_port) as running:
        assert once(running.port, Request("GET", f"setWebhook?{urlencode(fields)}")).status == 200
    assert api.seen[-1].fields == fields


MANY = {f"x{number}": "1" for number in range(1000)}
ODD = {"url": "https://bot.example/x", "secret_token": SECRET}


@pytest.mark.parametrize(
    "request_of",
    [
        lambda: Request("GET", f"setWebhook?{urlencode(MANY | ODD)}"),
        lambda: Request("POST", "setWebhook", [FORM], urlencode(MANY | ODD).encode()),
        lambda: Request("POST", f"setWebhook?{urlencode(MANY | ODD)}", [FORM], b"url="),
        lambda: Request("POST", "setWebhook", encoded("multipart", MANY | ODD).headers, encoded("multipart", MANY | ODD).body),
        lambda: Request("POST", "setWebhook", [JSON, ("Content-Encoding", "gzip")], gzip.compress(json.dumps(ODD).encode())),
        lambda: Request("POST", "setWebhook", [("Content-Type", "text/plain")], json.dumps(ODD).encode()),
        lambda: Request("POST", "setWebhook", [], urlencode(ODD).encode()),
        lambda: Request("POST", "setWebhook", [JSON], json.dumps(ODD).encode()[:-1]),
    ],
    ids=["query", "form", "query-and-form", "multipart", "gzip", "text", "nothing said", "broken"],
)  # fmt: skip
def test_setwebhook_that_cannot_be_read_is_refused(tmp_path, api, api_port, request_of):
    """Telegram may be able to read it, and would post past telelake."""
    with proxied(tmp_path, api_port, **FORWARDED) as running:
        got = once(running.port, request_of())
    assert (got.status, got.json["ok"], got.json["error_code"]) == (400, False, 400)
    assert "cannot read" in got.json["description"]
    assert api.seen == []
    (record,) = calls_of(running.home)
    assert (record["status"], record["request"].get("url", "")) == (400, "")
    assert record["request_bytes"] > 0


@pytest.mark.parametrize(("method", "extra"), [("getUpdates", {}), ("setWebhook", FORWARDED)])
def test_a_body_too_large_to_be_changed_is_refused_and_counted(tmp_path, api, api_port, method, extra):
    body = urlencode({"text": "x" * LARGEST}).encode()
    with proxied(tmp_path, api_port, **extra) as running:
        assert once(running.port, Request("POST", method, [FORM], body)).status == 413
        counters = running.receiver.counters
        assert counters.rejected == {"too_large": 1}
        assert {origin: each.received for origin, each in counters.streams.items()} == {(BOT, "proxy", True): 1}
    assert api.seen == []


@pytest.mark.parametrize(("times", "status"), [(1, 200), (2, 429)])
def test_setwebhook_in_the_second_of_telelakes_own(tmp_path, api, api_port, times, status):
    """Telegram takes one a second, and bots start when telelake does: once more, then the bot hears what Telegram says."""
    api.too_many = times
    fields = {"url": "https://bot.example/x", "secret_token": SECRET}
    with proxied(tmp_path, api_port, **FORWARDED) as running:
        got = once(running.port, Request("GET", f"setWebhook?{urlencode(fields)}"))
    assert got.status == status
    assert len(api.seen) == 2
    assert [each["status"] for each in calls_of(running.home)] == [status]


def test_a_webhook_is_taken_away_as_the_bot_says(tmp_path, api, api_port):
    body = b'{"url":"","drop_pending_updates":true}'
    with proxied(tmp_path, api_port, **FORWARDED) as running:
        once(running.port, Request("POST", "setWebhook", [("Content-Type", "application/json")], body))
    assert api.seen[0].body == body


# Secrets


def test_no_secret_is_found_in_anything_that_is_left(tmp_path, api, api_port, capfd, caplog):
    """Searched for in every file, log and error after calls of every kind, faults of our own included."""
    token_half = TOKEN.partition(":")[2].encode()
    with proxied(tmp_path, api_port, **FORWARDED) as running:
        for how in ("query", "form", "json", "multipart"):
            for fields in (
                {"secret_token": f'"{SECRET}"', "url": f'"https://u:{SECRET}@h/{TOKEN}"'},
                {"provider_token": f'"{SECRET}"'},
            ):
                request = encoded(how, fields)
                request.path = request.path.replace("getUpdates", "setWebhook").replace("GETupdates", "sendInvoice")
                once(running.port, request)
        once(running.port, Request("GET", f"missing?text={TOKEN}"))
        once(running.port, Request("GET", f"{TOKEN}.png", prefix="/file/bot"))
        ask(running.port, {"allowed_updates": ["message"]})
        running.proxy._passing.relay = None  # type: ignore[assignment]
        assert once(running.port, Request("GET", "sendMessage")).status == 500
        assert (
            once(running.port, Request("GET", f"bot{TOKEN}/sendMessage")).status == 500
        )  # a base address with the token
        shown = repr(running.proxy._bots) + repr(vars(running.proxy)) + str(vars(running.receiver))
    out = capfd.readouterr()
    assert "the proxy failed" in out.out + out.err + caplog.text
    left = [shown.encode(), out.out.encode(), out.err.encode(), caplog.text.encode()]
    left += [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    left += [body for path in running.home.rglob("*.zst") for body in read_segment(path)]
    assert len(left) > 10
    for text in left:
        assert token_half.lower() not in text.lower()
        assert SECRET.encode() not in text
