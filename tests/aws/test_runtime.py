"""The packages as AWS would run them: unpacked, under the real runtime client, with nothing beside them but AWS's runtime.

The stand-in lends its own packages to the functions and loses the names of errors; here neither is so.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from telelake.aws import package
from tests.aws import bodies, lakes, runtime_api, zips
from tests.aws.bodies import BOTS
from tests.aws.runtime_api import Function
from tests.aws.standin import Standin

NAMES = ("door", "seal", "wrangle")
MIB = 1 << 20
DIRECT_UPLOAD = 50 * MIB
"""Of a zip that is sent along with a request. Larger ones must come from a bucket, as ours all do."""

Start = Callable[..., AbstractContextManager[Function]]


@pytest.fixture(scope="module")
def tasks(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """The unpacked packages."""
    folder = tmp_path_factory.mktemp("tasks")
    yield {name: zips.unpacked(packages / f"{name}.zip", folder / name) for name in NAMES}
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What AWS's Python runtime brings."""
    return runtime_api.runtime_folder(tmp_path_factory.mktemp("runtime") / "packages")


@pytest.fixture(scope="module")
def resources(aws: Standin) -> dict[str, str]:
    """A bucket, a queue, a secret and a Glue database, for the functions' environments."""
    queue = aws.client("sqs").create_queue(QueueName="runtime-queue")["QueueUrl"]
    aws.client("s3").create_bucket(Bucket="runtime-home")
    aws.client("glue").create_database(DatabaseInput={"Name": "runtime_db"})
    secret = {name: {"id": BOTS.ids[name], "secret": BOTS.secrets[name]} for name in BOTS.ids}
    aws.client("secretsmanager").create_secret(Name="runtime-secret", SecretString=json.dumps(secret))
    return {"QUEUE_URL": queue, "SECRET_ID": "runtime-secret", "HOME_BUCKET": "runtime-home"}


@pytest.fixture
def start(
    aws: Standin, tasks: dict[str, Path], runtime: Path, resources: dict[str, str], tmp_path: Path
) -> Callable[[str], Start]:
    """Return a starter of functions, by name; further variables may be given, None takes one away."""
    lake = {
        "TELELAKE_HOME": "s3://runtime-home",
        "TELELAKE_TIMEZONE": "America/Sao_Paulo",
        "TELELAKE_STATE_DIR": str(tmp_path / "state"),
        "HOME": str(tmp_path),
    }
    own = {
        "door": resources,
        "seal": lake,
        "wrangle": lake
        | {
            "TELELAKE_STORAGE__CATALOG": "glue",
            "TELELAKE_STORAGE__DATABASE": "runtime_db",
            "TELELAKE_TALK__ELSEWHERE": "true",  # as the stack sets it
        },
    }

    def begin(name: str, *, expect_start: bool = True, **changed: str | None) -> AbstractContextManager[Function]:
        given = {**aws.environment(), **own[name], **changed}
        variables = {key: value for key, value in given.items() if value is not None}
        return runtime_api.function(
            f"telelake.lambdas.{name}.handler", tasks[name], runtime, variables, tmp_path / f"{name}.log",
            expect_start=expect_start,
        )  # fmt: skip

    return lambda name: partial(begin, name)


def request(
    body: bytes, secret: str = BOTS.secrets["demo"], path: str = "/telegram/demo", **changed: Any
) -> dict[str, Any]:
    """Return an event in payload format 2.0, as an HTTP API and a function URL send it."""
    return {
        "version": "2.0",
        "rawPath": path,
        "headers": {"content-type": "application/json", "x-telegram-bot-api-secret-token": secret},
        "requestContext": {"http": {"method": "POST", "path": path}},
        "body": body.decode(),
        "isBase64Encoded": False,
        **changed,
    }


def records(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """Return messages, as `receive_message` gives them, as the event that Lambda makes of them."""
    return {
        "Records": [
            {
                "messageId": each["MessageId"],
                "receiptHandle": each["ReceiptHandle"],
                "body": each["Body"],
                "attributes": {"ApproximateReceiveCount": "1"},
                "messageAttributes": {
                    name: {"dataType": value["DataType"], "stringValue": value["StringValue"]}
                    for name, value in each["MessageAttributes"].items()
                },
                "eventSource": "aws:sqs",
            }
            for each in messages
        ]
    }


def test_sizes_are_within_the_limits(packages: Path, tasks: dict[str, Path]) -> None:
    """Unzipped below what Lambda takes; said with the room that is left."""
    lines = []
    for name in NAMES:
        unzipped = sum(path.stat().st_size for path in tasks[name].rglob("*") if path.is_file())
        zipped = (packages / f"{name}.zip").stat().st_size
        lines.append(
            f"{name}: {zipped / MIB:.2f} MiB zipped, {unzipped / MIB:.1f} MiB unzipped of {package.LIMIT / MIB:.0f}"
        )
        assert unzipped < package.LIMIT == 250 * MIB
    assert (packages / "door.zip").stat().st_size < MIB
    assert (packages / "seal.zip").stat().st_size < DIRECT_UPLOAD
    print("\n" + "\n".join(lines))


def test_the_door_imports_in_a_tenth_of_a_second(tasks: dict[str, Path], runtime: Path) -> None:
    """In a fresh interpreter, from its package; the others are said for the record."""
    seconds = {name: runtime_api.import_seconds(f"telelake.lambdas.{name}", tasks[name], runtime) for name in NAMES}
    # Wrangle imports what is heavy at its first run, so that a failure of it is reported as one.
    seconds["wrangle's first run"] = runtime_api.import_seconds(
        "telelake.wiring, telelake.stores.commits, telelake.wrangle.duckdb, pyiceberg.catalog.glue",
        tasks["wrangle"],
        runtime,
    )
    print("\nimport, s: " + ", ".join(f"{name} {value:.3f}" for name, value in seconds.items()))
    assert seconds["door"] < 0.1


def test_the_door_loads_nothing_heavy(tasks: dict[str, Path], runtime: Path) -> None:
    """Its package holds only telelake's own files, and its import none of the packages for data."""
    assert {path.name for path in tasks["door"].iterdir()} == {"telelake"}
    program = "import sys, telelake.lambdas.door; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", program], env=runtime_api.environment(tasks["door"], runtime, {}),
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    heavy = {
        "duckdb",
        "pyarrow",
        "pyiceberg",
        "pydantic",
        "msgspec",
        "obstore",
        "boto3",
        "structlog",
        "zstandard",
        "typer",
    }
    assert set(done.stdout.split()) & heavy == set()


@pytest.mark.parametrize("name", NAMES)
def test_each_package_is_whole(name: str, tasks: dict[str, Path], runtime: Path) -> None:
    """What the handler imports, and what it imports later, while it works, is all in it or in the runtime."""
    later = {
        "door": (),
        "seal": ("telelake.settings", "telelake.wiring", "telelake.stores.objects"),
        "wrangle": (
            "telelake.settings", "telelake.wiring", "telelake.stores.commits", "telelake.stores.upkeep", "pyiceberg.catalog.glue",
            "telelake.wrangle.duckdb", "telelake.present.report", "telelake.present.worker",
        ),
    }  # fmt: skip
    program = (
        f"import importlib; [importlib.import_module(each) for each in {[f'telelake.lambdas.{name}', *later[name]]!r}]"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", program], env=runtime_api.environment(tasks[name], runtime, {}),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.fixture
def through(start: Callable[[str], Start], aws: Standin, resources: dict[str, str]) -> Iterator[dict[str, Function]]:
    """All three functions, each in a process of its own."""
    with start("door")() as door, start("seal")() as seal, start("wrangle")() as wrangle:
        yield {"door": door, "seal": seal, "wrangle": wrangle}


def test_an_update_goes_through_all_three(
    through: dict[str, Function], aws: Standin, resources: dict[str, str], account: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Request to queue, messages to segments, segments to tables: by the real client, from the packages alone."""
    print("\ninit, s: " + ", ".join(f"{name} {each.init_seconds:.2f}" for name, each in through.items()))
    now = datetime.now(UTC)
    sent = [bodies.update(number, f"text {number}", now) for number in range(1, 6)] + [b"no update", b""]
    for body in sent:
        outcome = through["door"].invoke(request(body))
        assert outcome.value == {"statusCode": 200, "headers": {}, "body": ""}, outcome
    sqs = aws.client("sqs")
    messages: list[dict[str, Any]] = []
    while len(messages) < len(sent):
        messages += sqs.receive_message(
            QueueUrl=resources["QUEUE_URL"], MaxNumberOfMessages=10, MessageAttributeNames=["All"], WaitTimeSeconds=1
        )["Messages"]  # fmt: skip
    assert through["seal"].invoke(records(messages)).value == {"batchItemFailures": []}
    outcome = through["wrangle"].invoke({})
    assert outcome.error is None
    report = outcome.value
    assert report["release"] == 1
    assert report["failed"] == []
    app = lakes.open_app({
        "home": "s3://runtime-home", "timezone": "America/Sao_Paulo", "state_dir": tmp_path / "reader",
        "storage": {"endpoint": aws.url, "catalog": "glue", "database": "runtime_db"},
    })  # fmt: skip
    tables = lakes.content(app)
    assert sum(tables["updates"].values()) == sum(tables["messages"].values()) == 5
    assert sum(tables["quarantine"].values()) == 2
    app.close()


def test_the_door_answers_as_on_one_machine(start: Callable[[str], Start]) -> None:
    """A wrong secret, a stranger's bot, a wrong method, a wrong path, a body that is too large; a body in base64."""
    body = bodies.update(50, "x")
    coded = base64.b64encode(body).decode()
    cases = {
        "wrong secret": (request(body, secret="wrong"), 401),
        "no such bot": (request(body, path="/telegram/nobody"), 401),
        "no header": (request(body, headers={}), 401),
        "get": (request(body, requestContext={"http": {"method": "GET"}}), 405),
        "elsewhere": (request(body, path="/"), 404),
        "health": (request(b"", path="/healthz", requestContext={"http": {"method": "GET"}}), 200),
        "too large": (request(b"x" * (4 * MIB + 1)), 413),
        "base64": ({**request(b""), "body": coded, "isBase64Encoded": True}, 200),
    }
    with start("door")() as door:
        for case, (event, status) in cases.items():
            outcome = door.invoke(event)
            assert outcome.value["statusCode"] == status, case
            assert outcome.value["body"] == "", case


def test_the_door_answers_503_when_the_queue_is_away(start: Callable[[str], Start]) -> None:
    """No answer from AWS is no 200; it comes with a Retry-After, before an HTTP API would give up."""
    with start("door")() as door:
        assert door.invoke(request(bodies.update(60))).value["statusCode"] == 200
    with start("door")(AWS_ENDPOINT_URL_SQS="http://127.0.0.1:9") as door:
        outcome = door.invoke(request(bodies.update(61)), seconds=30)
        assert outcome.value["statusCode"] == 503
        assert outcome.value["headers"]["retry-after"]
        assert outcome.value["body"] == ""


def test_errors_come_through_by_name(start: Callable[[str], Start]) -> None:
    """What Lambda counts, retries and shows is our own error, with the sentence that says what to do."""
    with start("wrangle")(TELELAKE_HOME="s3://no-such-bucket-at-all") as wrangle:
        error = wrangle.invoke({}).error
    assert error is not None
    assert error["errorType"] in ("StoreUnavailable", "NotStored", "StoreError")
    assert "no-such-bucket-at-all" in error["errorMessage"] or "store" in error["errorMessage"]
    with start("seal")(TELELAKE_HOMME="s3://x") as seal:
        error = seal.invoke({"Records": []}).error
    assert error is not None
    assert error["errorType"] == "SettingsError"
    assert "TELELAKE_HOMME" in error["errorMessage"]
    with start("door")(QUEUE_URL=None, expect_start=False) as door:
        door.api._events.put(("1", json.dumps(request(b"{}")).encode()))
        error = door.api.outcome(30).error
    assert error is not None
    assert "QUEUE_URL" in error["errorMessage"]


def test_a_message_that_is_not_the_doors_comes_again_alone(start: Callable[[str], Start]) -> None:
    """The batch's good messages are sealed; the bad one is reported, so that it ends in the dead-letter queue."""
    good = {
        "MessageId": "good-1", "ReceiptHandle": "r", "Body": bodies.update(70).decode(),
        "MessageAttributes": {
            "bot": {"DataType": "Number", "StringValue": "42"},
            "received_at": {"DataType": "String", "StringValue": "2026-11-21T07:00:00.000001Z"},
        },
    }  # fmt: skip
    lost = {"DataType": "String", "StringValue": f"inbox/bot=42/{'0' * 32}"}
    gone = {
        **good,
        "MessageId": "gone-1",
        "Body": "-",
        "MessageAttributes": {**good["MessageAttributes"], "inbox": lost},
    }
    bare = {**good, "MessageId": "bare-1", "MessageAttributes": {}}
    with start("seal")() as seal:
        outcome = seal.invoke(records([good, gone, bare]))
    failed = {each["itemIdentifier"] for each in outcome.value["batchItemFailures"]}
    assert failed == {"gone-1", "bare-1"}
