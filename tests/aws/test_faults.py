"""Nothing lost, nothing doubled: the deployed stack with a proxy before AWS that fails what it is told to.

After each fault the lake must hold every body that was answered 200, and the tables must have it in one row, counted as
often as it lies in raw. A function reaches AWS through the proxy, so what fails is a real request of a real client.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from pyiceberg.expressions import EqualTo

from tests.aws import lakes
from tests.aws.bodies import KIB, MIB, update
from tests.aws.deployed import Deployed
from tests.aws.proxy import Fault, Proxy, Seen, fault, operation, s3
from tests.aws.standin import Standin, until
from tests.aws.telegram import Answers, Post

pytestmark = pytest.mark.timeout(180)

EVER = 1_000_000
PEN = "state/pen.json"
_numbers = itertools.count(1, 1000)


@dataclass
class Lake:
    """The stack, its proxy, and what was posted to it."""

    deployed: Deployed
    proxy: Proxy
    _read: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    """Segments that were read: update and record id of their lines, by key."""

    def bodies(self, count: int = 20, size: int = 0) -> list[Post]:
        """Return new updates of two bots and two days, so that one batch makes four segments."""
        first = next(_numbers)
        now = datetime.now(UTC)
        return [
            Post(
                ("demo", "real")[number % 2],
                update(number, f"text {number} {'x' * size}", now - timedelta(days=number // 2 % 2)),
            )
            for number in range(first, first + count)
        ]

    def post(self, posts: Sequence[Post]) -> Answers:
        """Post until all are taken."""
        return self.deployed.telegram().post(posts)

    def seal(self, posts: Sequence[Post]) -> None:
        """Post, and wait until all of it is sealed; together, as far as the queue gives them together."""
        with self.deployed.held_back():
            self.post(posts)
        self.deployed.drain()

    def wrangle(self) -> None:
        """Wrangle, without a fault."""
        self.proxy.clear()
        self.deployed.wrangle()

    def check_raw(self, posts: Sequence[Post], *, times: int | None = 1) -> dict[int, set[str]]:
        """Make sure that each body lies in raw, in `times` records, however often these were sealed; return all records."""
        records = self._records()
        numbers = [_number(post.body) for post in posts]
        assert set(numbers) <= set(records), f"lost: {sorted(set(numbers) - set(records))}"
        wrong = {number: len(records[number]) for number in numbers if times and len(records[number]) != times}
        assert not wrong, f"taken more than {times} times: {wrong}"
        return records

    def check(self, posts: Sequence[Post] = ()) -> None:
        """Make sure that raw has each body, and that each body in raw is one row, counted as often as it has records."""
        records = self.check_raw(posts)
        app = self.deployed.app()
        updates = lakes.rows(app, "SELECT update_id, count(*), sum(deliveries)::BIGINT FROM updates GROUP BY ALL")
        found = {number: (count, deliveries) for number, count, deliveries in updates}
        assert found == {number: (1, len(ids)) for number, ids in records.items()}
        messages = lakes.rows(app, "SELECT update_id FROM messages")
        assert Counter(number for (number,) in messages) == Counter(list(found))

    def _records(self) -> dict[int, set[str]]:
        """Return, by update, the ids of its records in raw: a record that was sealed twice is one."""
        client, found = self.deployed.aws.client("s3"), defaultdict[int, set[str]](set)
        for key in self.deployed.keys("raw/"):
            if key not in self._read:  # a segment never changes
                data = client.get_object(Bucket=self.deployed.bucket, Key=key)["Body"].read()
                lines = map(json.loads, lakes.lines_of(data))
                self._read[key] = [(each["body"]["update_id"], each["record_id"]) for each in lines]
            for number, name in self._read[key]:
                found[number].add(name)
        return found


def _number(body: bytes) -> int:
    return int(body.split(b":")[1].split(b",")[0])


@pytest.fixture(scope="module")
def faulty(deploy: Callable[..., Deployed], aws: Standin) -> Iterator[Lake]:
    """A stack whose functions reach AWS through a proxy; two of its wranglers may run at once."""
    with Proxy(aws.url) as proxy:
        deployed = deploy("lake-f", reserve_concurrency=False)
        for name in ("door", "seal", "wrangle"):
            deployed.route(name, proxy.url)
        yield Lake(deployed, proxy)


@pytest.fixture
def lake(faulty: Lake) -> Iterator[Lake]:
    """The same, without a fault left from the test before."""
    faulty.proxy.clear()
    yield faulty
    faulty.proxy.clear()


# The door


def test_the_door_says_200_only_when_the_queue_has_it(lake: Lake) -> None:
    """While the queue refuses, every answer is 503, and Telegram, which tries again, loses nothing."""
    posts = lake.bodies()
    once = [Post(each.bot, each.body, gives_up=True) for each in posts]
    with fault(lake.proxy, Fault(operation("AmazonSQS.SendMessage"), "500", EVER)):
        answers = lake.deployed.telegram().post(once)
        assert answers.statuses == {503: len(posts)}
        assert answers.retry_after.total() == len(posts)
        assert answers.bodies == {b"": len(posts)}
    lake.seal(posts)
    lake.check_raw(posts)


def test_an_answer_of_the_queue_that_is_lost_doubles_no_row(lake: Lake) -> None:
    """The door asks again, and so the body is queued twice: two records, one row that says two."""
    posts = lake.bodies()
    lost = Fault(operation("AmazonSQS.SendMessage"), "lost", 3)
    with fault(lake.proxy, lost):
        assert set(lake.post(posts).statuses) == {200}
    lake.deployed.drain()
    lake.check_raw(posts, times=None)


def test_a_large_body_survives_a_bad_bucket(lake: Lake) -> None:
    """Putting it into the inbox fails once and is answered in vain once; a 200 comes only with both stored."""
    posts = lake.bodies(4, size=MIB + 5 * KIB)
    with fault(lake.proxy, Fault(s3("PUT", "/inbox/"), "500"), Fault(s3("PUT", "/inbox/"), "lost")):
        lake.post(posts)
    with fault(lake.proxy, Fault(s3("PUT", "/inbox/"), "403", EVER)):
        answers = lake.deployed.telegram().post([Post("demo", lake.bodies(1, size=MIB)[0].body, gives_up=True)])
        assert answers.statuses == {503: 1}
    lake.deployed.drain()
    lake.check_raw(posts)


# The seal


def test_a_seal_that_is_killed_between_put_and_acknowledge(lake: Lake) -> None:
    """Its messages come again, to other copies in other batches: segments overlap, rows do not."""
    posts = lake.bodies(40)
    killed: list[int] = []

    def kill(_: Seen) -> None:
        for process in lake.deployed.aws.workers(lake.deployed.function("seal")):
            os.kill(process, signal.SIGKILL)
            killed.append(process)

    with lake.deployed.coming_again_after(6), fault(lake.proxy, Fault(s3("PUT", "/raw/"), "none", after=kill)):
        with lake.deployed.held_back():
            lake.post(posts)
        until(lambda: killed, "a seal was killed")
        more = lake.bodies(10)  # they come beside what comes again
        lake.post(more)
        lake.deployed.drain()
    lake.check_raw([*posts, *more])


def test_overlapping_batches_double_nothing(lake: Lake) -> None:
    """The same messages sealed in two companies: more lines in raw than records, each record once in the tables."""
    posts = lake.bodies(12)

    def record(number: int, post: Post) -> dict[str, object]:
        text = {"dataType": "String", "stringValue": f"2026-11-21T07:00:00.{number:06d}Z"}
        bot = {"dataType": "Number", "stringValue": "42"}
        name = f"overlap-{_number(post.body)}"
        return {"messageId": name, "body": post.body.decode(), "messageAttributes": {"bot": bot, "received_at": text}}

    messages = [record(number, post) for number, post in enumerate(posts)]
    for batch in (messages[:8], messages[4:], messages[8:], messages[:8]):
        outcome = lake.deployed.invoke("seal", {"Records": batch})
        assert outcome.value == {"batchItemFailures": []}
    names = {message["messageId"] for message in messages}
    lines = Counter[str]()
    for ids in lake.deployed.raw().record_ids.values():
        lines.update({name: number for name, number in ids.items() if name.removeprefix("sqs-") in names})
    assert len(lines) == 12
    assert max(lines.values()) > 1, "no two segments overlap: the test shows nothing"
    lake.check_raw(posts)


@pytest.mark.parametrize("kind", ["500", "503", "lost"])
def test_a_segment_is_put_although_s3_fails(lake: Lake, kind: str) -> None:
    """Each of a batch's puts fails once, or is done and answered in vain."""
    posts = lake.bodies()
    with fault(lake.proxy, Fault(s3("PUT", "/raw/"), kind, 4)):
        lake.seal(posts)
    lake.check_raw(posts)


def test_a_segment_that_cannot_be_put_holds_up_only_its_own(lake: Lake) -> None:
    """One bot's segments are refused: the other's are sealed and acknowledged; the refused come again until they are in."""
    posts = lake.bodies()
    refused = Fault(s3("PUT", "/raw/bot=42/"), "403", EVER)
    lake.proxy.add(refused)
    with lake.deployed.coming_again_after(6):
        with lake.deployed.held_back():
            lake.post(posts)
        own = sum(each.bot == "real" for each in posts)
        until(lambda: refused.hits and sum(lake.deployed.messages()) == own, "only the refused are left")
        lake.proxy.clear()
        lake.deployed.drain()
    lake.check_raw(posts)


def test_after_all_that_the_tables_have_each_update_once(lake: Lake) -> None:
    """What the tests above have sent through a bad door and a bad seal is in the tables: one row each, none missing."""
    lake.wrangle()
    lake.check()


# The wrangle

_STEPS: dict[str, Callable[[Seen], bool]] = {
    "raw is listed": s3("GET", "prefix=raw/"),
    "raw is read": s3("GET", "/raw/"),
    "the pen is read": s3("GET", PEN),
    "the pen is taken": s3("PUT", PEN),
    "a data file is put": s3("PUT", "/data/"),
    "a manifest is put": s3("PUT", ".avro"),
    "metadata are put": s3("PUT", "metadata.json"),
    "a table is read": operation("AWSGlue.GetTable"),
    "a table is committed": operation("AWSGlue.UpdateTable"),
    "the ledger is committed": lambda seen: operation("AWSGlue.UpdateTable")(seen) and b'"Name": "builds"' in seen.body,
    "the release is written": s3("PUT", "/releases/"),
}
"""What a run asks of AWS, in about this order."""


@pytest.mark.parametrize("kind", ["500", "lost"])
def test_every_step_of_a_run_fails_once(lake: Lake, kind: str) -> None:
    """Each kind of request is refused once, or done and answered in vain: the run ends well, or fails and the next does."""
    posts = lake.bodies(6)
    lake.seal(posts)
    with fault(lake.proxy, *(Fault(matches, kind) for matches in _STEPS.values())):
        outcome = lake.deployed.invoke("wrangle")
    if outcome.failed:
        print(f"\n{kind}: {outcome.value['errorMessage']}")
        lake.wrangle()
    lake.check(posts)
    assert lake.deployed.wrangle()["days"] == []


@pytest.mark.parametrize("step", ["the ledger is committed", "the release is written"])
def test_a_step_of_a_run_is_refused(lake: Lake, step: str) -> None:
    """The run fails, readers keep the release that was there, and the next run makes all of it good."""
    posts = lake.bodies(6)
    lake.seal(posts)
    before = lake.deployed.keys("releases/")
    with fault(lake.proxy, Fault(_STEPS[step], "403", EVER)):
        outcome = lake.deployed.invoke("wrangle")
    assert outcome.failed
    assert lake.deployed.keys("releases/") == before
    lake.wrangle()
    lake.check(posts)


def test_tables_that_are_gone_from_glue_are_registered_again(lake: Lake) -> None:
    """Glue has lost them, and loses its answer to the first that is made again."""
    posts = lake.bodies(6)
    lake.seal(posts)
    _forget_tables(lake)
    with fault(lake.proxy, Fault(operation("AWSGlue.CreateTable"), "lost")):
        outcome = lake.deployed.invoke("wrangle")
    if outcome.failed:
        lake.wrangle()
    lake.check(posts)


def test_the_pen_of_a_killed_run_is_taken_when_its_lease_has_run_out(lake: Lake) -> None:
    """A run is killed before its release: readers see the old one, others are refused until the lease is over, none longer."""
    posts = lake.bodies(6)
    lake.seal(posts)
    before = lake.deployed.keys("releases/")

    def kill(_: Seen) -> None:
        for process in lake.deployed.aws.workers(lake.deployed.function("wrangle")):
            os.kill(process, signal.SIGKILL)

    with fault(lake.proxy, Fault(s3("PUT", "/releases/"), "500", before=kill)):
        assert lake.deployed.invoke("wrangle").failed
    assert lake.deployed.keys("releases/") == before
    refused = lake.deployed.invoke("wrangle")
    assert refused.failed
    assert "is wrangling this lake" in refused.value["errorMessage"]
    _let_the_lease_run_out(lake)
    lake.wrangle()
    lake.check(posts)


@pytest.mark.parametrize("chat", [-1001000000009, -1001000000011], ids=["in the same days", "in another day"])
def test_a_commit_of_another_is_a_conflict_and_no_loss(lake: Lake, chat: int) -> None:
    """Someone changes a table in Glue between reading and committing: the run fails, the next takes the table back.

    Also in a day that the run does not touch, where pyiceberg would put one commit on top of the other.
    """
    before = Post("demo", update(next(_numbers), at=datetime.now(UTC) - timedelta(days=4), chat=-1001000000011))
    lake.seal([*lake.bodies(6), before])
    lake.wrangle()
    posts = lake.bodies(6)
    lake.seal(posts)

    def commit(_: Seen) -> None:
        table = lake.deployed.app().tables.table("messages")
        assert table is not None
        table.delete(EqualTo("chat_id", chat))

    is_messages = Fault(
        lambda seen: seen.target.endswith("UpdateTable") and b'"Name": "messages"' in seen.body, "none", before=commit
    )
    with fault(lake.proxy, is_messages):
        outcome = lake.deployed.invoke("wrangle")
    assert outcome.failed, "a commit over another's went through"
    assert "meanwhile" in outcome.value["errorMessage"], outcome.value
    lake.wrangle()
    lake.check([*posts, before])


def test_two_wranglers_at_once(lake: Lake) -> None:
    """While one publishes, another is refused; what the first publishes is one release."""
    posts = lake.bodies(6)
    lake.seal(posts)
    before = len(lake.deployed.keys("releases/"))
    held = _Held()
    with fault(lake.proxy, Fault(s3("PUT", "/releases/"), "none", before=held.wait)):
        first = lake.deployed.wrangle_in_background()
        held.until_there()
        second = lake.deployed.invoke("wrangle")
        held.go()
        assert not first.result(60).failed
    assert second.failed
    assert "is wrangling this lake" in second.value["errorMessage"]
    assert len(lake.deployed.keys("releases/")) == before + 1
    lake.wrangle()
    lake.check(posts)


@pytest.mark.parametrize("place", ["before a file", "before a commit", "before the release"])
def test_a_wrangler_that_slept_past_its_lease_changes_nothing(lake: Lake, place: str) -> None:
    """It wakes after another has published: its own publication fails, and the other's stays as it is."""
    posts = lake.bodies(6)
    lake.seal(posts)
    held = _Held()
    places = {
        "before a file": s3("PUT", "/data/"),
        "before a commit": operation("AWSGlue.UpdateTable"),
        "before the release": s3("PUT", "/releases/"),
    }
    with fault(lake.proxy, Fault(places[place], "none", before=held.wait)):
        sleeper = lake.deployed.wrangle_in_background()
        held.until_there()
        _let_the_lease_run_out(lake)
        more = lake.bodies(2)
        lake.seal(more)
        assert not lake.deployed.invoke("wrangle").failed
        published = lake.deployed.app().tables.latest()
        held.go()
        outcome = sleeper.result(60)
    assert outcome.failed, "a wrangler published without the pen"
    assert lake.deployed.app().tables.latest() == published
    assert published is not None
    assert lake.deployed.in_glue() | dict(published.tables) == lake.deployed.in_glue(), (
        "Athena sees what was never released"
    )
    lake.check([*posts, *more])
    lake.wrangle()
    lake.check([*posts, *more])


class _Held:
    """A request that is held until it may go on."""

    def __init__(self) -> None:
        self._there, self._may_go = threading.Event(), threading.Event()

    def wait(self, _: Seen) -> None:
        self._there.set()
        assert self._may_go.wait(90)

    def until_there(self) -> None:
        assert self._there.wait(60), "the request did not come"

    def go(self) -> None:
        self._may_go.set()


def _let_the_lease_run_out(lake: Lake) -> None:
    """Put the end of the lease into the past, as 16 minutes of waiting would."""
    client = lake.deployed.aws.client("s3")
    pen = json.loads(client.get_object(Bucket=lake.deployed.bucket, Key=PEN)["Body"].read())
    assert pen["holder"], "nobody holds the pen: the test shows nothing"
    pen["until"] = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    client.put_object(Bucket=lake.deployed.bucket, Key=PEN, Body=json.dumps(pen).encode())


def _forget_tables(lake: Lake) -> None:
    """Take the tables out of Glue: the next run must register them again."""
    glue, database = lake.deployed.aws.client("glue"), lake.deployed.outputs["Database"]
    for table in glue.get_tables(DatabaseName=database)["TableList"]:
        glue.delete_table(DatabaseName=database, Name=table["Name"])
