"""A stack's life: deployed with a function URL, filled, taken away, made anew from what was kept, taken away for good.

What is asked of the stand-in is all that it holds, so that what `telelake destroy` leaves is seen whole.
"""

from __future__ import annotations

import re
import subprocess
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.aws import bodies, lakes
from tests.aws.bodies import MIB, update
from tests.aws.deployed import Deployed
from tests.aws.standin import REGION, Standin
from tests.aws.telegram import Answers, Post

pytestmark = pytest.mark.timeout(300)

STACK = "lake-life"
ZONE = "America/Sao_Paulo"
CODE_BUCKET = f"bucket telelake-code-000000000000-{REGION}"
GARBAGE = [Post("demo", b"not json"), Post("demo", b"\x00\xff", content_type="application/octet-stream")]

_ASKED = (
    ("stack", "cloudformation", "list_stacks", "StackSummaries", "StackName"),
    ("bucket", "s3", "list_buckets", "Buckets", "Name"),
    ("function", "lambda", "list_functions", "Functions", "FunctionName"),
    ("event source", "lambda", "list_event_source_mappings", "EventSourceMappings", "UUID"),
    ("queue", "sqs", "list_queues", "QueueUrls", None),
    ("API", "apigatewayv2", "get_apis", "Items", "Name"),
    ("role", "iam", "list_roles", "Roles", "RoleName"),
    ("secret", "secretsmanager", "list_secrets", "SecretList", "Name"),
    ("schedule", "scheduler", "list_schedules", "Schedules", "Name"),
    ("log", "logs", "describe_log_groups", "logGroups", "logGroupName"),
    ("alarm", "cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    ("dashboard", "cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
    ("topic", "sns", "list_topics", "Topics", "TopicArn"),
    ("database", "glue", "get_databases", "DatabaseList", "Name"),
    ("work group", "athena", "list_work_groups", "WorkGroups", "Name"),
)
"""What may be in an account: kind, service, operation, and where its answer has the names."""
KINDS = {kind for kind, *_ in _ASKED}


def there(aws: Standin) -> set[str]:
    """Return all that is in the account, as `kind name`."""
    found: set[str] = set()
    for kind, service, operation, key, name in _ASKED:
        for each in getattr(aws.client(service), operation)().get(key, ()):
            if kind != "stack" or each["StackStatus"] != "DELETE_COMPLETE":
                found.add(f"{kind} {each[name] if name else each}")
    return found


@dataclass(frozen=True)
class Life:
    """What was seen, in this order."""

    before: set[str]
    first: Deployed
    alive: set[str]
    """What is there with the stack."""
    health: int
    """What a GET of /healthz is answered."""
    posts: list[Post]
    answers: Answers
    refused: Answers
    too_large: Answers
    queued: int
    """Posts that were taken and not yet sealed when the stack was to go."""
    destroyed: subprocess.CompletedProcess[str]
    left: set[str]
    """What is there when the stack is gone; its outputs and names are still known."""
    webhooks: dict[str, Any]
    """What Telegram then knew of the bots' webhooks."""
    second: Deployed
    alive_again: set[str]
    update_ids: Counter[int]
    """Rows of table `updates` of the second stack, by update, read before it went."""
    destroyed_with_data: subprocess.CompletedProcess[str]
    after: set[str]


@pytest.fixture(scope="module")
def life(aws: Standin, deploy: Callable[..., Deployed]) -> Life:
    """Go through it all."""
    before = there(aws)
    first = deploy(STACK, ZONE, endpoint="function-url")
    alive = there(aws)
    posts = [*bodies.ordinary(20, ZONE), *bodies.large()[1::2], *bodies.odd(), *GARBAGE]
    late = [Post("real", update(number)) for number in range(960_000_000, 960_000_005)]
    client = first.telegram()
    refused = client.post(bodies.strangers())
    too_large = client.post([Post("demo", update(950_000_000, "x" * 4 * MIB), gives_up=True)])
    answers = client.post(posts)
    first.drain()
    first.wrangle()
    health = _get(first, "/healthz")
    with first.held_back():
        answers += client.post(late)
        queued = sum(first.messages())
        destroying = first.destroy()
        said = _read_until(destroying, "Waiting until")
    out, rest = destroying.communicate(timeout=120)
    destroyed = subprocess.CompletedProcess(destroying.args, destroying.returncode, out, said + rest)
    left, webhooks = there(aws), dict(first.webhooks)

    second = deploy(STACK, ZONE)
    alive_again = there(aws)
    _move(aws, first.bucket, second.bucket)
    second.wrangle()
    rows = lakes.rows(second.app(), "SELECT update_id FROM updates")
    destroying = second.destroy("--delete-data")
    out, rest = destroying.communicate(timeout=120)
    return Life(
        before, first, alive, health, [*posts, *late], answers, refused, too_large, queued, destroyed, left,
        webhooks, second, alive_again, Counter(number for (number,) in rows),
        subprocess.CompletedProcess(destroying.args, destroying.returncode, out, rest), there(aws),
    )  # fmt: skip


def _get(deployed: Deployed, path: str) -> int:
    address = urlsplit(deployed.outputs["WebhookUrl"])
    request = urllib.request.Request(f"{deployed.aws.url}{path}", headers={"Host": address.netloc})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return int(answer.status)


def _read_until(process: subprocess.Popen[str], words: str) -> str:
    """Return what a command has said up to a line with these words, or to its end."""
    assert process.stderr is not None
    said = ""
    while words not in said and (line := process.stderr.readline()):
        said += line
    return said


def _move(aws: Standin, source: str, target: str) -> None:
    """Copy a lake's raw, as `aws s3 sync` does."""
    s3 = aws.client("s3")
    for key in ("lake.json", *lakes.keys_of(s3, source, "raw/"), *lakes.keys_of(s3, source, "quarantine/")):
        s3.copy_object(Bucket=target, Key=key, CopySource={"Bucket": source, "Key": key})


def _kinds(names: set[str]) -> set[str]:
    return {kind for kind in KINDS if any(each.startswith(f"{kind} ") for each in names)}


def _ids(posts: list[Post]) -> set[int]:
    return {int(found[1]) for post in posts if (found := re.search(rb'"update_id":\s*(\d+)', post.body))}


# The function URL


def test_a_function_url_is_the_door(life: Life) -> None:
    """The webhooks' address is the function's own; there is no API before it."""
    assert re.fullmatch(rf"https://\w+\.lambda-url\.{REGION}\.on\.aws", life.first.outputs["WebhookUrl"])
    assert f"function {STACK}-door" in life.alive
    assert not any(each.startswith("API ") for each in life.alive - life.before)
    assert life.health == 200


def test_each_body_is_taken_and_lies_in_raw(life: Life) -> None:
    """Ordinary, odd, large and unreadable: answered 200 and empty, and kept byte for byte, each record once."""
    assert life.answers.statuses == {200: len(life.posts)}
    assert life.answers.bodies == {b"": len(life.posts)}
    raw = life.first.raw()
    kept = Counter[bytes]()
    for body, number in lakes.bodies_of(raw).items():
        kept[body.replace(b"\n", b" ")] += number
    assert kept == Counter(each.body.replace(b"\n", b" ") for each in life.posts)
    assert set().union(*(set(ids.values()) for ids in raw.record_ids.values())) == {1}
    assert max(len(each.body) for each in life.posts) == 4 * MIB - 1


def test_who_has_no_secret_and_what_is_too_large_is_refused(life: Life) -> None:
    """As with the API: 401 for a wrong secret, whoever's, 404 for no place, 413 for more than 4 MiB; nothing is kept."""
    assert life.refused.statuses == {401: 3, 404: 1}
    assert life.too_large.statuses == {413: 1}
    kept = lakes.bodies_of(life.first.raw())
    assert not any(b"STRANGER" in body or b"950000000" in body for body in kept)


# Taken away, and kept


def test_what_is_queued_is_sealed_before_the_stack_goes(life: Life) -> None:
    """`destroy` says that it waits, and does: what was taken a moment before lies in the lake that is left."""
    assert life.destroyed.returncode == 0, life.destroyed.stderr
    assert life.queued == 5
    assert "Waiting until 5 queued updates lie in the lake." in life.destroyed.stderr
    assert {number for number in _ids(life.posts) if number >= 960_000_000} <= _ids(
        [Post("", body) for body in lakes.bodies_of(life.first.raw())]
    )


def test_only_buckets_are_left(life: Life) -> None:
    """Its four, which the command names, and the one with the packages; everything else is gone, Telegram's webhooks too."""
    names = {life.first.outputs[each] for each in ("HomeBucket", "ReportBucket", "ResultsBucket")}
    kept = life.destroyed.stdout.split()
    assert len(kept) == len(set(kept)) == 4
    assert names < set(kept)
    assert life.left - life.before - {CODE_BUCKET} == {f"bucket {each}" for each in kept}
    assert life.before <= life.left
    assert _kinds(life.alive - life.left) == KINDS - {"bucket", "API"}, "nothing is shown of what was not there"
    assert life.webhooks == {}


def test_the_data_are_left_whole(life: Life) -> None:
    """Raw, tables, releases and the page; nothing of the inbox but marks."""
    keys = life.first.keys()
    trees = {key.partition("/")[0] for key in keys}
    assert {"lake.json", "raw", "quarantine", "tables", "releases"} <= trees
    assert not [key for key in keys if key.startswith("inbox/") and not key.endswith(".sealed")]
    assert life.first.exists(life.first.outputs["ReportBucket"], "report.html")


def test_a_stack_made_anew_builds_all_from_what_was_kept(life: Life) -> None:
    """With a home of its own, into which the old one's raw was copied: every update is a row, once."""
    assert life.second.bucket != life.first.bucket
    assert set(life.update_ids) == _ids(life.posts)
    assert set(life.update_ids.values()) == {1}


def test_with_its_data_nothing_is_left(life: Life) -> None:
    """`--delete-data` takes the buckets too; those of the stack before it are not its own, and stay."""
    assert life.destroyed_with_data.returncode == 0, life.destroyed_with_data.stderr
    assert life.destroyed_with_data.stdout == ""
    assert f"Bucket {life.second.bucket} is deleted." in life.destroyed_with_data.stderr
    assert _kinds(life.alive_again - life.after) == KINDS
    assert life.after == life.left


def test_the_command_says_that_the_packages_stay(life: Life) -> None:
    """They are the account's, and other stacks may run on them."""
    for each in (life.destroyed, life.destroyed_with_data):
        assert f"The packages stay in {CODE_BUCKET.removeprefix('bucket ')}" in each.stderr
