"""From Telegram's POST to Iceberg tables in Glue, in the stack as it is deployed; and the same on one machine.

The stack, its zips and the handlers are the real ones; AWS is the stand-in. Nothing here is called but what a user or AWS
calls: `deploy`, the webhook over HTTP, the queue's and the schedule's own triggers, `telelake sql`.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from telelake.tables.catalog import MADE
from telelake.wiring import App
from tests.aws import bodies, lakes
from tests.aws.bodies import BOTS
from tests.aws.deployed import Deployed
from tests.aws.telegram import Answers, Post

pytestmark = pytest.mark.timeout(600)


LATE = 150
"""Posts that come when the schedule has fired: their days are published, and due again."""


@dataclass(frozen=True)
class Ran:
    """What went through both ways."""

    deployed: Deployed
    folder: Path
    """The one machine's home."""
    posts: list[Post]
    answers: Answers
    refused: Answers
    on_one_machine: Answers
    second: dict[str, Any]
    """The report of the second run, which met the late posts."""

    @property
    def local(self) -> App:
        """The one machine's lake."""
        return lakes.open_app({"home": str(self.folder), "timezone": self.deployed.zone})


@pytest.fixture(scope="module")
def ran(deploy: Callable[..., Deployed], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """Post everything to the stack and to one machine; between its two parts the schedule fires."""
    zone = lakes.quiet_zone(datetime.now(UTC))
    deployed = deploy("lake-a", zone)
    posts = bodies.everything(zone)
    client = deployed.telegram()
    refused = client.post(bodies.strangers())
    with deployed.held_back():
        answers = client.post(posts[:-LATE])  # sealed in batches of thousands, as AWS does in some minutes
    deployed.drain()
    deployed.fire_schedule()
    folder = tmp_path_factory.mktemp("one-machine") / "lake"
    on_one_machine = lakes.on_one_machine(folder, zone, BOTS, posts)
    deployed.wait_for_page()
    answers += client.post(posts[-LATE:])  # sealed while they come, in many small ones
    deployed.drain()
    second = deployed.wrangle()
    yield Ran(deployed, folder, posts, answers, refused, on_one_machine, second)


def test_every_body_is_taken_at_once(ran: Ran) -> None:
    """Each is answered 200 with an empty body, whatever is in it; so nothing was posted twice for another reason."""
    assert len({each.body for each in ran.posts}) >= 2000
    assert ran.answers.statuses == ran.on_one_machine.statuses == {200: len(ran.posts)}
    assert ran.answers.bodies == {b"": len(ran.posts)}
    print(
        f"\n{len(ran.posts)} posts: stand-in {ran.answers.seconds:.1f} s, one machine {ran.on_one_machine.seconds:.1f} s"
    )


def test_strangers_leave_no_trace(ran: Ran) -> None:
    """A wrong secret, another bot's, and a bot that is not there are answered alike, and nothing of them is kept."""
    assert ran.refused.statuses == {401: 3, 404: 1}
    assert not any(b"STRANGER" in body for body in lakes.bodies_of(ran.deployed.raw()))


def test_raw_is_that_of_one_machine(ran: Ran) -> None:
    """The same folders, the same lines in them, body for body and byte for byte; each record once."""
    cloud, local = ran.deployed.raw(), lakes.raw_lake(lakes.raw_of_folder(ran.folder))
    assert cloud.records == local.records
    assert cloud.lines == local.lines
    assert set().union(*(set(ids.values()) for ids in cloud.record_ids.values())) == {1}
    assert {name.partition("-")[0] for ids in cloud.record_ids.values() for name in ids} == {"sqs"}
    sent = Counter(each.body.replace(b"\n", b" ").replace(b"\r", b" ") for each in ran.posts)
    kept = Counter[bytes]()
    for body, number in lakes.bodies_of(cloud).items():
        kept[body.replace(b"\n", b" ").replace(b"\r", b" ")] += number
    assert kept == sent


def test_what_the_queue_cannot_carry_went_through_the_inbox(ran: Ran) -> None:
    """Bodies over its size and of characters that it refuses are sealed like others, and their copies are removed."""
    posted = Counter(each.body for each in ran.posts)
    cannot = sum(number for body, number in posted.items() if len(body) > 1 << 20 or not body or not _is_sqs_text(body))
    there = ran.deployed.keys("inbox/")
    assert [key for key in there if not key.endswith(".sealed")] == []
    assert len(there) >= cannot > 10


def _is_sqs_text(body: bytes) -> bool:
    """Return whether SQS says that it takes the characters: #x9, #xA, #xD and Unicode from a space on but for #xFFFE, #xFFFF."""
    try:
        return all(letter in "\t\n\r" or (letter >= " " and letter not in "\ufffe\uffff") for letter in body.decode())
    except UnicodeDecodeError:
        return False


def test_tables_are_those_of_one_machine(ran: Ran) -> None:
    """All tables, read back through Glue: the same rows, but for the columns that must differ."""
    cloud, local = lakes.content(ran.deployed.app()), lakes.content(ran.local)
    assert lakes.differences(local, cloud) == {}
    counted = {name: sum(rows.values()) for name, rows in cloud.items()}
    print(f"\nrows: {counted}")
    assert counted["updates"] >= 2000
    # No proxy runs on AWS, and no questions are made there; of the others nobody posts anything here.
    empty = {name for name, count in counted.items() if not count} - {table.name for table in MADE}
    assert empty == {"calls", "checklist_tasks", "deleted_messages", "gifts", "giveaways"}


def test_what_must_differ_does_say_where_it_came_from(ran: Ran) -> None:
    """The columns that are left out of the comparison: source, record id, times of receipt and the lag from them."""
    rows = ran.deployed.app().lake().query(
        "SELECT DISTINCT source, raw LIKE 'sqs-%' AS named, "
        "abs(delivery_lag_seconds - epoch(received_at - occurred_at)) < 0.001 AS lag, occurred_at IS NULL AS dateless "
        "FROM updates"
    ).rows  # fmt: skip
    assert {(source, named) for source, named, _, _ in rows} == {("sqs", True)}
    assert {(lag, dateless) for _, _, lag, dateless in rows} == {(True, False), (None, True)}


def test_glue_knows_each_table(ran: Ran) -> None:
    """Athena, Spark and Trino find each as an Iceberg table of the stack's database, at the metadata of the release."""
    release = ran.deployed.app().tables.latest()
    assert release is not None
    assert ran.deployed.in_glue() == dict(release.tables)
    assert all(location.startswith(f"s3://{ran.deployed.bucket}/tables/") for location in release.tables.values())


QUERIES = (
    "SELECT kind, count(*) AS n, sum(bytes) AS bytes, sum(deliveries) AS deliveries FROM updates GROUP BY kind ORDER BY ALL",
    "SELECT chat_id, title FROM chats ORDER BY ALL",
)


@pytest.mark.parametrize("query", QUERIES, ids=["updates", "chats"])
def test_the_command_answers_from_anywhere(ran: Ran, query: str, tmp_path: Path) -> None:
    """`telelake sql` with a home of `s3://…` answers what it answers on one machine."""
    plain = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    cloud = lakes.telelake("sql", query, "--format", "json", environment=plain | ran.deployed.environment())
    local = lakes.telelake("sql", query, "--format", "json", environment=plain | {"TELELAKE_HOME": str(ran.folder)})
    assert json.loads(cloud) == json.loads(local) != []


def test_a_lake_can_move_home(ran: Ran, tmp_path: Path) -> None:
    """Its raw, copied into a folder and wrangled there, gives the same tables."""
    for key, data in lakes.raw_of_bucket(ran.deployed.aws.client("s3"), ran.deployed.bucket):
        path = tmp_path / "lake" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    s3 = ran.deployed.aws.client("s3")
    (tmp_path / "lake/lake.json").write_bytes(s3.get_object(Bucket=ran.deployed.bucket, Key="lake.json")["Body"].read())
    shutil.rmtree(tmp_path / "lake/state", ignore_errors=True)
    moved = lakes.open_app({"home": str(tmp_path / "lake")})
    moved.wrangle_due()
    assert lakes.differences(lakes.content(moved), lakes.content(ran.deployed.app())) == {}


def test_late_updates_made_their_days_due_again(ran: Ran) -> None:
    """The second run has built some of the published days again, and no others; the page is of it."""
    days = {row[0] for row in lakes.rows(ran.deployed.app(), "SELECT DISTINCT context_date::VARCHAR FROM updates")}
    assert set() < set(ran.second["days"]) < days
    assert (ran.second["failed"], ran.second["left"], ran.second["page"]) == ([], 0, True)


def test_wrangling_again_does_nothing(ran: Ran) -> None:
    """Nothing is due after a run: no new release, no new object."""
    before = ran.deployed.keys()
    report = ran.deployed.wrangle()
    assert report["days"] == []
    assert report["published"] == 0
    assert set(ran.deployed.keys()) - set(before) <= {"state/pen.json"}


def test_the_page_is_there_for_its_owner_alone(ran: Ran) -> None:
    """`report.html` lies in the report's bucket, as a page, and nobody without rights reads it."""
    import urllib.error
    import urllib.request

    bucket = ran.deployed.outputs["ReportBucket"]
    found = ran.deployed.aws.client("s3").get_object(Bucket=bucket, Key="report.html")
    assert found["ContentType"].startswith("text/html")
    assert b"<html" in found["Body"].read()
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{ran.deployed.aws.url}/{bucket}/report.html", timeout=10)
    assert refused.value.code == 403


def test_the_log_holds_no_secret_and_no_text(ran: Ran) -> None:
    """What the functions said: neither secrets nor what people wrote."""
    logs = ran.deployed.aws.client("logs")
    said = []
    for name in ("door", "seal", "wrangle"):
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=f"/aws/lambda/{ran.deployed.function(name)}"
        )
        said += [event["message"] for page in pages for event in page["events"]]
    text = "\n".join(said)
    assert len(said) > 1000
    assert not any(secret in text for secret in BOTS.secrets.values())
    assert "Rui" not in text
    assert "xxxxxxxxxx" not in text
    assert "first_name" not in text
