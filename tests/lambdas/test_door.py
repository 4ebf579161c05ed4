"""The door on AWS: what it answers, what it sends, and how light it is.

Queue, bucket and secret are those of a stand-in, spoken to over HTTP by botocore.
"""

from __future__ import annotations

import hmac
import json
import os
import re
import subprocess
import sys
import time

import pytest

from telelake.lambdas import door as module
from telelake.lambdas.door import MAX_BODY_BYTES, MAX_MESSAGE_BYTES, Keys, carried
from tests.lambdas.cloud import BOT, KEYS, SECRET, Cloud, Wire, request

UPDATE = b'{"update_id":1,\n"message":{"message_id":1,"date":1772000000,"text":"ol\\u00e1"}}'
HEAVY = (
    "pydantic", "duckdb", "pyarrow", "obstore", "msgspec", "boto3", "botocore", "pyiceberg", "structlog", "zstandard", "jinja2",
)  # fmt: skip


def test_a_body_is_in_the_queue_before_the_answer(cloud: Cloud) -> None:
    """200 with an empty body; the message is the body as it came, with the bot and the time of receipt."""
    assert cloud.door().answer(request(UPDATE)) == {"statusCode": 200, "headers": {}, "body": ""}

    (message,) = cloud.drain()
    assert message["body"].encode() == UPDATE
    attributes = {name: value["stringValue"] for name, value in message["messageAttributes"].items()}
    assert attributes.pop("bot") == str(BOT)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", attributes.pop("received_at"))
    assert attributes == {}
    assert message["messageAttributes"]["bot"]["dataType"] == "Number"
    assert cloud.listed() == []


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\x00", b'{"update_id":1,"x":"\x0b"}', "\ufffe".encode(), "\uffff".encode(), b"\xff\xfe", b"\xed\xa0\x80",
        b"x" * (MAX_MESSAGE_BYTES + 1), "é".encode() * (MAX_MESSAGE_BYTES // 2 + 1), b"y" * (3 << 20), b"z" * MAX_BODY_BYTES,
    ],
    ids=lambda body: f"{body[:6]!r}…{len(body)}",
)  # fmt: skip
def test_what_a_queue_cannot_carry_goes_through_the_bucket(cloud: Cloud, body: bytes) -> None:
    """It is answered 200; the object holds it byte for byte, and the message names the object."""
    assert cloud.door().answer(request(body, base64_=True))["statusCode"] == 200

    (message,) = cloud.drain()
    key = message["messageAttributes"]["inbox"]["stringValue"]
    assert message["body"] == "-"
    assert re.fullmatch(rf"inbox/bot={BOT}/[0-9a-f]{{32}}", key)
    assert cloud.listed() == [key]
    assert cloud.s3.get_object(Bucket=cloud.name, Key=key)["Body"].read() == body


def test_a_lone_surrogate_in_the_events_text(cloud: Cloud) -> None:
    """JSON can escape half a character: Lambda then hands over a text that has no UTF-8, and it must not cost the body."""
    event = json.loads(json.dumps(request('{"update_id":1,"x":"\ud83d"}')))

    assert cloud.door().answer(event)["statusCode"] == 200
    assert (
        cloud.s3.get_object(Bucket=cloud.name, Key=cloud.listed()[0])["Body"].read()
        == b'{"update_id":1,"x":"\xed\xa0\xbd"}'
    )


def test_what_a_queue_carries() -> None:
    """Exactly the characters that SQS documents, up to the bound in bytes, and not an empty text."""
    for point in (*range(0x20), 0x7F, 0x85, 0xD7FF, 0xE000, 0xFDD0, 0xFFFD, 0xFFFE, 0xFFFF, 0x10000, 0x1FFFE, 0x10FFFF):
        allowed = point in (0x9, 0xA, 0xD) or 0x20 <= point <= 0xD7FF or 0xE000 <= point <= 0xFFFD or point >= 0x10000
        assert (carried(chr(point).encode()) is not None) is allowed, hex(point)
    assert carried(b"x" * MAX_MESSAGE_BYTES) is not None
    assert carried(b"x" * (MAX_MESSAGE_BYTES + 1)) is None
    assert carried(b"") is None
    attributes = (
        len("bot") + len("Number") + 19 + len("received_at") + len("String") + 27 + len("inbox") + len("String") + 80
    )
    assert MAX_MESSAGE_BYTES + attributes <= 256 * 1024


def test_a_content_that_the_queue_refuses_after_all(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should the service be stricter than its words, the body goes through the bucket and not back to Telegram."""
    monkeypatch.setattr(module, "carried", lambda _: "é" * 1_100_000)  # moto refuses more than 1 MiB

    assert cloud.door().answer(request(UPDATE))["statusCode"] == 200
    (message,) = cloud.drain()
    assert message["body"] == "-"
    assert cloud.s3.get_object(Bucket=cloud.name, Key=cloud.listed()[0])["Body"].read() == UPDATE


@pytest.mark.parametrize(
    ("change", "status", "headers"),
    [
        ({"secret": "wrong"}, 401, {}),
        ({"secret": None}, 401, {}),
        ({"secret": ""}, 401, {}),
        ({"secret": SECRET + "x"}, 401, {}),
        ({"secret": "\ud800"}, 401, {}),
        ({"path": "/telegram/nobody"}, 401, {}),
        ({"path": "/telegram/"}, 401, {}),
        ({"path": "/telegram/nobody", "secret": ""}, 401, {}),
        ({"path": "/telegram/outra%20loja", "secret": "another"}, 200, {}),
        ({"path": "/telegram/outra loja", "secret": "another"}, 200, {}),
        ({"path": "/telegram/outra%20loja"}, 401, {}),
        ({"method": "GET"}, 405, {"allow": "POST"}),
        ({"path": "/telegram/support/more"}, 404, {}),
        ({"path": "/"}, 404, {}),
        ({"path": ""}, 404, {}),
        ({"path": "/healthz", "method": "GET"}, 200, {}),
        ({"path": "/healthz", "method": "HEAD"}, 200, {}),
        ({"path": "/healthz"}, 405, {"allow": "GET, HEAD"}),
        ({"body": b"x" * (MAX_BODY_BYTES + 1)}, 413, {}),
        ({"body": b"x" * (MAX_BODY_BYTES + 1), "secret": "wrong"}, 401, {}),
    ],
    ids=str,
)
def test_answers(cloud: Cloud, change: dict[str, str], status: int, headers: dict[str, str]) -> None:
    """As on one machine, each with an empty body; what is not answered 200 is nowhere."""
    answer = cloud.door().answer(request(**{"body": UPDATE, **change}))

    assert answer == {"statusCode": status, "headers": headers, "body": ""}
    assert len(cloud.drain()) == (status == 200 and "health" not in change.get("path", ""))
    assert cloud.listed() == []


def test_an_event_that_is_no_request(cloud: Cloud) -> None:
    """Someone may invoke the function by hand; that is no error of ours."""
    assert cloud.door().answer({})["statusCode"] == 404


@pytest.mark.parametrize(
    ("name", "given"), [("support", "wrong"), ("support", SECRET), ("nobody", "wrong"), ("nobody", "")]
)
def test_every_secret_is_compared_in_constant_time(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, name: str, given: str
) -> None:
    """One comparison by hmac of digests of one length, for a name that is no bot's too; nothing else decides."""
    compared: list[tuple[bytes, bytes]] = []
    real = hmac.compare_digest

    def compare(a: bytes, b: bytes) -> bool:
        compared.append((a, b))
        return real(a, b)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    keys = Keys(lambda: json.dumps(KEYS))
    keys.admit(name, given)

    assert [(len(a), len(b)) for a, b in compared] == [(32, 32)]
    with monkeypatch.context() as patch:
        patch.setattr(hmac, "compare_digest", lambda *_: False)
        assert keys.admit("support", SECRET) is None, "there is no other way in"


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_new_secret_is_known_within_seconds(cloud: Cloud, wire: Wire) -> None:
    """A secret that does not fit is looked up anew, at most every five seconds; a right one costs no look for minutes."""
    clock = Clock()
    door = cloud.door(clock=clock)

    def looks() -> int:
        return sum("secretsmanager.GetSecretValue" in call for call in wire.calls)

    for _ in range(3):
        assert door.answer(request(UPDATE))["statusCode"] == 200
    assert looks() == 1
    clock.now += 10
    for _ in range(20):
        assert door.answer(request(UPDATE, secret="guess"))["statusCode"] == 401
    assert looks() == 2
    changed = {"support": {"id": BOT, "secret": "rotated"}}
    cloud.secrets.put_secret_value(SecretId=cloud.name, SecretString=json.dumps(changed))
    assert door.answer(request(UPDATE, secret="rotated"))["statusCode"] == 401, "just looked"
    clock.now += 5
    assert door.answer(request(UPDATE, secret="rotated"))["statusCode"] == 200
    assert door.answer(request(UPDATE))["statusCode"] == 401, "the old one is gone"
    assert looks() == 3
    clock.now += 301
    assert door.answer(request(UPDATE, secret="rotated"))["statusCode"] == 200
    assert looks() == 4


def test_secrets_that_cannot_be_read_again_stay_valid(cloud: Cloud, wire: Wire) -> None:
    """An outage of Secrets Manager stops nobody who was known before it, and lets nobody else in."""
    clock = Clock()
    door = cloud.door(clock=clock)
    assert door.answer(request(UPDATE))["statusCode"] == 200
    wire.fail("POST", "secretsmanager", 1000, status=400)
    clock.now += 10_000

    assert door.answer(request(UPDATE))["statusCode"] == 200
    assert door.answer(request(UPDATE, secret="wrong"))["statusCode"] == 401


@pytest.mark.parametrize(
    "secret",
    ['{"support": "s3cret-of-support"}', "s3cret-of-support", '{"support":{"id":"123:s3cret-of","secret":"x"}}'],
)
def test_a_secret_of_another_form_is_not_told(cloud: Cloud, capsys: pytest.CaptureFixture[str], secret: str) -> None:
    """Nobody can be told right from wrong: 503, so that nothing is lost. The log says what to mend, never what stood there."""
    cloud.secrets.put_secret_value(SecretId=cloud.name, SecretString=secret)
    answer = cloud.door().answer(request(UPDATE))

    assert answer == {"statusCode": 503, "headers": {"retry-after": "5"}, "body": ""}
    said = capsys.readouterr().out
    assert "not of the form" in said
    assert "s3cret" not in said


@pytest.mark.parametrize(
    ("body", "fails"), [(UPDATE, ("POST", "AmazonSQS")), (b"\x00", ("PUT", "/inbox/")), (b"\x00", ("POST", "AmazonSQS"))]
)  # fmt: skip
def test_a_store_that_is_away(
    cloud: Cloud, wire: Wire, body: bytes, fails: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """503 with Retry-After, whichever of the two it was, with a line in the log without the body; then healthz says so too."""
    door = cloud.door()
    fault = wire.fail(*fails, 1000)
    started = time.monotonic()
    answer = door.answer(request(body, base64_=True))

    assert answer == {"statusCode": 503, "headers": {"retry-after": "5"}, "body": ""}
    assert time.monotonic() - started < 8
    said = json.loads(capsys.readouterr().out)
    assert (said["level"], said["event"]) == ("error", "not stored")
    assert "ol" not in said["reason"]
    assert door.answer(request(path="/healthz", method="GET"))["statusCode"] == 503
    fault.times = 0
    assert door.answer(request(body, base64_=True))["statusCode"] == 200
    assert door.answer(request(path="/healthz", method="GET"))["statusCode"] == 200


def test_a_lost_answer_of_the_queue_is_asked_for_again(cloud: Cloud, wire: Wire) -> None:
    """SQS took it and the connection broke: the message may be there twice, and never not at all."""
    door = cloud.door()
    wire.fail("POST", "AmazonSQS", 1, after=True, status=None)

    assert door.answer(request(UPDATE))["statusCode"] == 200
    assert [each["body"].encode() for each in cloud.drain()] == [UPDATE, UPDATE]


def test_the_handler_is_a_fresh_process_s(cloud: Cloud) -> None:
    """As Lambda starts it: clients and secrets are there before the first request, and the request adds one call."""
    program = (
        "import json, sys, telelake.lambdas.door as door\n"
        "event = json.load(sys.stdin)\n"
        "print(json.dumps([door._door is not None, door.handler(event, None)]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=json.dumps(request(UPDATE)), capture_output=True, text=True, check=True,
        env={**os.environ, "AWS_LAMBDA_FUNCTION_NAME": "door"},
    )  # fmt: skip

    assert json.loads(done.stdout) == [True, {"statusCode": 200, "headers": {}, "body": ""}]
    assert len(cloud.drain()) == 1


def test_a_door_without_its_environment_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names what is missing and what to do."""
    for name in ("QUEUE_URL", "SECRET_ID", "HOME_BUCKET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(module, "_door", None)

    with pytest.raises(RuntimeError, match="QUEUE_URL, SECRET_ID, HOME_BUCKET"):
        module.handler(request(), None)


def test_importing_the_door_loads_nothing_heavy() -> None:
    """Neither engine nor storage nor settings; botocore comes only with the clients."""
    program = "import sys, telelake.lambdas.door; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    environment = {key: value for key, value in os.environ.items() if key != "AWS_LAMBDA_FUNCTION_NAME"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    loaded = done.stdout.split()

    assert "telelake" in loaded
    assert [name for name in HEAVY if name in loaded] == []


def test_importing_the_door_is_fast() -> None:
    """Under 100 ms over a bare interpreter, the best of several starts: others use this machine too."""

    def best(program: str) -> float:
        times = []
        for _ in range(7):
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", program], check=True)
            times.append(time.perf_counter() - started)
        return min(times)

    assert best("import telelake.lambdas.door") - best("pass") < 0.1
