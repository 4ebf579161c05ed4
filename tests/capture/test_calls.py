"""A recorded call: read while it streams, in one form, and without a secret, whatever the encoding."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from telelake.capture.calls import LARGEST, REDACTED, RequestReader, encode_call
from telelake.telegram.calls import read_call

TOKEN = "7000000001:canary-Calls_9a3c"
SECRET = "canary-secret-77ab"
BOUNDARY = "x-canary-boundary"


def form(fields: dict[str, str]) -> tuple[str, bytes, bytes]:
    return "application/x-www-form-urlencoded", b"", urlencode(fields).encode()


def query(fields: dict[str, str]) -> tuple[str, bytes, bytes]:
    return "", urlencode(fields).encode(), b""


def as_json(fields: dict[str, str]) -> tuple[str, bytes, bytes]:
    return "application/json; charset=utf-8", b"", json.dumps(fields).encode()


def multipart(
    fields: dict[str, str], files: dict[str, tuple[str, str, bytes]] | None = None
) -> tuple[str, bytes, bytes]:
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    parts += [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{file_name}"\r\n'
        f"Content-Type: {kind}\r\n\r\n".encode()
        + data
        + b"\r\n"
        for name, (file_name, kind, data) in (files or {}).items()
    ]
    return f'multipart/form-data; boundary="{BOUNDARY}"', b"", b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


ENCODINGS = {"form": form, "query": query, "json": as_json, "multipart": multipart}


def read(encoded: tuple[str, bytes, bytes], piece: int = 1 << 20) -> RequestReader:
    """Read a request in pieces of some size."""
    content_type, asked, body = encoded
    reader = RequestReader(content_type, asked)
    for start in range(0, len(body), piece):
        reader.feed(body[start : start + piece])
    return reader


def encode(method: str, request: dict[str, Any], answer: bytes | None = None, **options: Any) -> bytes:
    given = {"started_at": "2026-11-21T07:00:00.000001Z", "seconds": 0.123456, "status": 200, "token": TOKEN} | options
    return encode_call(method, request=request, answer=answer, **given)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("piece", [1, 7, 1 << 20])
def test_fields_are_read_in_every_encoding(encoding, piece):
    """Query, form, JSON and multipart give the same fields, in whatever pieces they come."""
    fields = {"chat_id": "-1001", "text": "olá 😀 &=+%\r\nfim", "empty": ""}
    reader = read(ENCODINGS[encoding](fields), piece)
    assert reader.is_readable
    assert reader.fields() == fields


def test_json_values_stay_what_they_are():
    body = {"chat_id": -1001, "disable": True, "none": None, "nested": {"a": [1.5, "x"]}, "big": 2**70}
    assert read(("application/json", b"", json.dumps(body).encode())).fields() == body


def test_the_first_of_a_name_counts_and_the_query_comes_first():
    """As Telegram's own server reads it."""
    reader = read(("application/x-www-form-urlencoded", b"a=1&a=2&b=3", b"a=4&c=5&c=6&b=7"))
    assert reader.fields() == {"a": "1", "b": "3", "c": "5"}


@pytest.mark.parametrize("piece", [1, 5, 1000, 1 << 20])
def test_a_file_is_a_fact(piece):
    """An uploaded file is its name, type and size; boundary-like bytes in it change nothing."""
    data = (b"\r\n--x-canary" + bytes(range(256))) * 20
    reader = read(multipart({"chat_id": "5"}, {"photo": ("férias.png", "image/png", data)}), piece)
    assert reader.fields() == {
        "chat_id": "5",
        "photo": {"file_name": "férias.png", "mime_type": "image/png", "bytes": len(data)},
    }


def test_a_large_upload_is_read_in_bounded_memory():
    """200 MB of a file pass through a reader that keeps none of them."""
    import tracemalloc

    head = multipart({"chat_id": "5"}, {"video": ("v.mp4", "video/mp4", b"")})[2].split(b"\r\n\r\n")
    reader = RequestReader(f"multipart/form-data; boundary={BOUNDARY}", b"")
    reader.feed(b"\r\n\r\n".join(head[:-1]) + b"\r\n\r\n")
    chunk = bytes(1 << 20)
    tracemalloc.start()
    for _ in range(200):
        reader.feed(chunk)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    reader.feed(f"\r\n--{BOUNDARY}--\r\n".encode())
    assert reader.fields()["video"] == {"file_name": "v.mp4", "mime_type": "video/mp4", "bytes": 200 << 20}
    assert peak < 1 << 20


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{"),
        ("application/json", b"[1]"),
        ("application/json", b"\xff{}"),
        ("application/json", b"[" * 100_000),
        ("text/plain", b"a=1"),
        ("", b"a=1"),
        ("multipart/form-data", b"--x\r\n"),
        ("multipart/form-data; boundary=x", b"no boundary here"),
        ("multipart/form-data; boundary=" + "x" * 300, b"--x\r\n"),
        ("application/x-www-form-urlencoded", b"a=" + b"x" * (LARGEST + 1)),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_read_is_its_size(content_type, body):
    reader = read((content_type, b"q=1", body))
    assert not reader.is_readable
    assert reader.fields() == {"q": "1"}
    assert reader.size == len(body)
    call = json.loads(encode("sendMessage", {}, b"{}", request_bytes=reader.size))
    assert call["request"] == {}
    assert call["request_bytes"] == len(body)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(
        ["application/json", "application/x-www-form-urlencoded", f"multipart/form-data; boundary={BOUNDARY}"]
    ),
    st.binary(max_size=60),
    st.lists(
        st.one_of(st.binary(max_size=80), st.just(f"--{BOUNDARY}\r\n".encode()), st.just(b"\r\n\r\n")), max_size=8
    ),
)
@example("application/json", b"%ff=%ed%a0%80", [b'{"a":"\\ud800"}'])
def test_no_content_raises(content_type, asked, pieces):
    """Whatever bytes come, a call can be written and read again."""
    reader = RequestReader(content_type, asked)
    for piece in pieces:
        reader.feed(piece)
    written = encode("sendMessage", reader.fields(), b"".join(pieces))
    assert b"\n" not in written
    json.loads(written.decode())
    read_call(written)


def test_the_form_of_a_call():
    """Keys stand in one order, and the answer is verbatim."""
    answer = b'{"ok":true,\n"result":{"message_id":7,"date":1763712000,"text":"ol\\u00e1 \\ud83d\\ude00","f":1.50}}'
    written = encode("sendMessage", {"text": "olá"}, answer)
    assert written == (
        '{"call":"sendMessage","started_at":"2026-11-21T07:00:00.000001Z","seconds":0.123456,"status":200,'
        '"request":{"text":"olá"},"answer":'.encode()
        + answer.replace(b"\n", b" ")
        + b"}"
    )
    assert read_call(written) == 1763712000


def test_a_call_without_an_answer():
    written = json.loads(encode("sendMessage", {}, None, seconds=None, status=None))
    assert (written["seconds"], written["status"], written["answer"]) == (None, None, None)
    assert "answer_bytes" not in written


@pytest.mark.parametrize("answer", [b"<html>502</html>", b"", b"\xff", b'{"a":NaN}', b'"' + b"x" * LARGEST + b'"'])
def test_an_answer_that_is_no_json_or_too_large_is_its_size(answer):
    written = json.loads(encode("getMe", {}, answer))
    assert written["answer"] is None
    assert written["answer_bytes"] == len(answer)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("method", ["sendInvoice", "SETWEBHOOK", "setPassportDataErrors"])
def test_each_secret_field_is_redacted_in_every_encoding(encoding, method):
    """Field by field: what is secret everywhere, and what is in this method."""
    own = {"SETWEBHOOK": ["certificate"], "setPassportDataErrors": ["errors"]}.get(method, [])
    for name in ["passport_data", "provider_token", "secret_token", *own]:
        reader = read(ENCODINGS[encoding]({name: SECRET, "other": "kept"}))
        written = encode(method, reader.fields(), b"{}")
        assert SECRET.encode() not in written
        assert json.loads(written)["request"] == {name: REDACTED, "other": "kept"}


def test_an_uploaded_certificate_is_redacted():
    reader = read(multipart({"url": "https://a.example/"}, {"certificate": (f"{SECRET}.pem", "text/plain", b"x")}))
    assert json.loads(encode("setWebhook", reader.fields(), b"{}"))["request"]["certificate"] == REDACTED


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_secret_inside_json_inside_a_field_is_redacted(encoding):
    """An invoice in an inline result is JSON in a text; what is beside it stays, and what holds no secret is verbatim."""
    results = json.dumps([{"id": "1", "input_message_content": {"title": "T", "provider_token": SECRET}}])
    markup = '{ "inline_keyboard" : [[{"text":"a","url":"https://user:' + SECRET + '@a.example/x"}]] }'
    plain = '{ "a" : [1,  2] }'
    reader = read(ENCODINGS[encoding]({"results": results, "reply_markup": markup, "plain": plain}))
    written = encode("answerInlineQuery", reader.fields(), b"{}")
    assert SECRET.encode() not in written
    request = json.loads(written)["request"]
    assert json.loads(request["results"])[0]["input_message_content"] == {"title": "T", "provider_token": REDACTED}
    assert json.loads(request["reply_markup"])["inline_keyboard"][0][0]["url"] == f"https://{REDACTED}@a.example/x"
    assert request["plain"] == plain


def test_json_that_is_broken_keeps_no_secret():
    written = encode("answerInlineQuery", {"results": '[{"provider_token":"' + SECRET + '"'}, b"{}")
    assert SECRET.encode() not in written


@pytest.mark.parametrize("method", ["getManagedBotToken", "replacemanagedbottoken"])
@pytest.mark.parametrize("result", [f'"{SECRET}"', f'{{"token":"{SECRET}"}}'])
def test_the_token_of_a_managed_bot_is_redacted(method, result):
    answer = f'{{"ok":true,"result":{result}}}'.encode()
    written = encode(method, {"user_id": "5"}, answer)
    assert SECRET.encode() not in written
    assert json.loads(written)["answer"] == {"ok": True, "result": REDACTED}
    refused = b'{"ok":false,"error_code":400,"description":"Bad Request"}'
    assert json.loads(encode(method, {}, refused))["answer"]["description"] == "Bad Request"


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_userinfo_of_an_address_is_redacted(encoding):
    reader = read(ENCODINGS[encoding]({"url": f"https://user:{SECRET}@a.example/p?q=1", "text": "mail me@a.example"}))
    written = encode(
        "sendMessage", reader.fields(), f'{{"ok":true,"result":{{"url":"https:\\/\\/u:{SECRET}@b\\/"}}}}'.encode()
    )
    assert SECRET.encode() not in written
    call = json.loads(written)
    assert call["request"] == {"url": f"https://{REDACTED}@a.example/p?q=1", "text": "mail me@a.example"}
    assert call["answer"]["result"]["url"] == f"https://{REDACTED}@b/"


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    ("url", "kept"),
    [
        (f"https://a.example:8443/hook/{SECRET}", f"https://a.example:8443/{REDACTED}"),
        (f"https://u:{SECRET}@a.example/p?key={SECRET}", f"https://{REDACTED}@a.example/{REDACTED}"),
        (f"a.example/{SECRET}", f"a.example/{REDACTED}"),
        (f"u:{SECRET}@a.example", f"{REDACTED}@a.example"),
        (f"https://a.example?{SECRET}", f"https://a.example/{REDACTED}"),
        (f"https://a.example#{SECRET}", f"https://a.example/{REDACTED}"),
        (f'["https://a.example/{SECRET}"]', REDACTED),
        ("https://a.example/", "https://a.example/"),
        ("https://a.example", "https://a.example"),
        ("", ""),
    ],
)  # fmt: skip
def test_of_a_webhooks_address_scheme_and_host_are_kept(encoding, url, kept):
    """Its path is what many bots take for a secret; in what the bot says and in what Telegram does."""
    request = read(ENCODINGS[encoding]({"url": url, "max_connections": "7"})).fields()
    written = encode("setwebHOOK", request, b'{"ok":true,"result":true}')
    assert SECRET.encode() not in written
    assert json.loads(written)["request"] == {"url": kept, "max_connections": "7"}
    for escaped in (json.dumps(url), json.dumps(url).replace("/", "\\/")):
        info = f'{{"ok":true,"result":{{"url":{escaped},"pending_update_count":0}}}}'.encode()
        written = encode("getWebhookInfo", {}, info)
        assert SECRET.encode() not in written
        assert json.loads(written)["answer"]["result"] == {"url": kept, "pending_update_count": 0}


def test_the_address_of_a_button_is_kept():
    written = encode("sendMessage", {"url": "https://a.example/p?q=1"}, b'{"ok":true,"result":{"url":"https://b/p"}}')
    assert json.loads(written)["request"]["url"] == "https://a.example/p?q=1"
    assert json.loads(written)["answer"]["result"]["url"] == "https://b/p"


@pytest.mark.parametrize("body", [b'{"a":1e999,"b":[-1e999,1.5],"c":{"d":1e999}}'])
def test_a_number_past_all_bounds_is_null(body):
    """Read, it is an infinity, which is no JSON; the record of the call would not be readable."""
    request = read(("application/json", b"", body)).fields()
    answer = b'{"ok":true,"result":{"passport_data":1,"x":1e999}}'
    written = encode("sendMessage", request, answer)
    assert b"Infinity" not in written
    msgspec.json.decode(written)
    assert json.loads(written)["request"] == {"a": None, "b": [None, 1.5], "c": {"d": None}}
    assert json.loads(written)["answer"]["result"] == {"passport_data": REDACTED, "x": None}


@pytest.mark.parametrize("encoding", ["form", "query", "multipart"])
@pytest.mark.parametrize(("count", "is_read"), [(1000, True), (1001, False)])
def test_more_fields_than_telegram_reads_are_not_read(encoding, count, is_read):
    """None of them, and it shows: the one left out could be the one that matters."""
    fields = {f"x{number}": "1" for number in range(count)}
    reader = read(ENCODINGS[encoding](fields))
    assert reader.is_readable == is_read
    assert reader.fields() == (fields if is_read else {})


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_own_token_is_taken_out_wherever_it_is(encoding):
    """In a value, a name, an address with an escaped colon, and its secret half alone."""
    half = TOKEN.partition(":")[2]
    fields = {"text": f"a {TOKEN} b", TOKEN: "x", "url": f"https://h/{TOKEN.replace(':', '%3A')}", "half": half}
    written = encode(f"odd{TOKEN}", read(ENCODINGS[encoding](fields)).fields(), b"{}")
    assert half.encode() not in written
    call = json.loads(written)
    assert call["call"] == "odd<token>"
    assert call["request"] == {"text": "a <token> b", "<token>": "x", "url": "https://h/<token>", "half": "<token>"}


@pytest.mark.parametrize(
    "escape",
    [lambda text: text, lambda text: "".join(f"\\u{ord(each):04x}" for each in text)],
    ids=["plain", "escaped"],
)
def test_secrets_in_an_answer_are_redacted_however_they_are_written(escape):
    answer = (
        f'{{"ok":true,"result":{{"url":"{escape("https://h/" + TOKEN)}","{escape("passport_data")}":'
        f'{{"data":"{SECRET}"}},"list":["{escape(TOKEN)}"]}}}}'
    ).encode()
    written = encode("getWebhookInfo", {}, answer)
    assert SECRET.encode() not in written
    assert json.loads(written)["answer"]["result"] == {
        "url": f"https://h/{REDACTED}", "passport_data": REDACTED, "list": ["<token>"],
    }  # fmt: skip


def test_a_request_too_deep_to_be_searched_keeps_nothing():
    deep: Any = SECRET
    for _ in range(5000):
        deep = [deep]
    assert json.loads(encode("x", {"provider": deep}, b"{}"))["request"] == {}
