"""A stack in the stand-in, and what is done with it: post to it, look into its queue, wrangle, break it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from telelake.aws.deploy import deploy
from telelake.settings import Settings
from telelake.wiring import App
from tests.aws import lakes, zips
from tests.aws.bodies import BOTS
from tests.aws.standin import REGION, Standin, until
from tests.aws.telegram import BotApi, Telegram
from tests.aws.template import runnable


@dataclass(frozen=True)
class Outcome:
    """How an invocation ended."""

    value: Any
    """What the handler returned, or the error as Lambda tells it."""
    failed: bool


@dataclass
class Deployed:
    """One lake's stack."""

    aws: Standin
    stack: str
    zone: str
    outputs: Mapping[str, str]
    settings: Settings
    """What it was deployed with."""
    webhooks: Mapping[str, Mapping[str, Any]]
    """By bot token: what Telegram was told of its webhook."""
    said: Sequence[str]
    """What deploying said."""
    folder: Path
    """For local state of readers."""

    @property
    def bucket(self) -> str:
        """The home's bucket."""
        return self.outputs["HomeBucket"]

    @property
    def home(self) -> str:
        """The home, as settings name it."""
        return f"s3://{self.bucket}"

    def telegram(self) -> Telegram:
        """Return a client that posts where Telegram was told to, with the secrets that it was told."""
        told = {name: self.webhooks[BOTS.token(name)] for name in BOTS.ids}
        base = {each["url"].removesuffix(f"/telegram/{name}") for name, each in told.items()}
        assert len(base) == 1, f"{base}: the bots' webhooks are of one stack"
        host = urlsplit(
            base.pop()
        ).hostname  # the stand-in finds the API by the Host header; no such name is in the DNS
        return Telegram(
            self.aws.url, {name: each["secret_token"] for name, each in told.items()}, host=f"{host}:{self.aws.port}"
        )

    def function(self, name: str) -> str:
        """Return the full name of `door`, `seal` or `wrangle`."""
        return self.outputs[f"{name.title()}Function"]

    # Queue and seal

    def messages(self, queue: str = "Queue") -> tuple[int, int]:
        """Return how many messages wait and how many are being worked on."""
        found = self.aws.client("sqs").get_queue_attributes(
            QueueUrl=self.outputs[queue], AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        )["Attributes"]  # fmt: skip
        return int(found["ApproximateNumberOfMessages"]), int(found["ApproximateNumberOfMessagesNotVisible"])

    def drain(self, seconds: float = 90.0) -> None:
        """Wait until every message is sealed and acknowledged; none may have ended in the dead-letter queue."""
        until(lambda: self.messages() == (0, 0), "the queue is empty", seconds)
        assert self.messages("DeadLetterQueue") == (0, 0), "messages died: " + str(
            [each for each in self.said_by("seal") if each["level"] != "info"][-3:]
        )

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """Let messages gather: sealing begins at the end of the block."""
        client = self.aws.client("lambda")
        source = client.list_event_source_mappings(FunctionName=self.function("seal"))["EventSourceMappings"][0]["UUID"]
        client.update_event_source_mapping(UUID=source, Enabled=False)
        try:
            yield
        finally:
            client.update_event_source_mapping(UUID=source, Enabled=True)

    @contextmanager
    def coming_again_after(self, seconds: int) -> Iterator[None]:
        """Shorten the time after which an unacknowledged message comes again; the stack's own is minutes."""
        client, queue = self.aws.client("sqs"), self.outputs["Queue"]
        own = client.get_queue_attributes(QueueUrl=queue, AttributeNames=["VisibilityTimeout"])["Attributes"]
        client.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": str(seconds)})
        try:
            yield
        finally:
            client.set_queue_attributes(QueueUrl=queue, Attributes=own)

    # Wrangle

    def invoke(self, name: str, event: Mapping[str, Any] | None = None) -> Outcome:
        """Call a function and wait."""
        answer = self.aws.client("lambda").invoke(
            FunctionName=self.function(name), Payload=json.dumps(event or {}).encode()
        )
        return Outcome(json.loads(answer["Payload"].read() or b"null"), "FunctionError" in answer)

    def wrangle(self) -> dict[str, Any]:
        """Wrangle as the schedule does; fails when it fails."""
        outcome = self.invoke("wrangle")
        assert not outcome.failed, outcome.value
        report: dict[str, Any] = outcome.value
        return report

    def wrangle_in_background(self) -> Future[Outcome]:
        """Wrangle in a thread."""
        pool = ThreadPoolExecutor(1)
        future = pool.submit(self.invoke, "wrangle")
        pool.shutdown(wait=False)
        return future

    def schedules(self) -> list[dict[str, Any]]:
        """Return its schedules, in full."""
        client = self.aws.client("scheduler")
        return [
            client.get_schedule(Name=each["Name"], GroupName=each["GroupName"])
            for each in client.list_schedules()["Schedules"]
            if self.function("wrangle") in each["Target"]["Arn"]
        ]

    def wait_for_page(self, seconds: float = 90.0) -> None:
        """Wait until a scheduled run has written its page; fails at once when a run has failed."""

        def page() -> bool:
            bad = [each for each in self.said_by("wrangle") if each["level"] == "error"]
            assert not bad, bad
            return self.exists(self.outputs["ReportBucket"], "report.html")

        until(page, "the schedule has wrangled", seconds, every=0.5)

    def fire_schedule(self) -> None:
        """Let the daily schedule's target be called now, by a second schedule that differs from it in its time alone.

        (ministack never fires a schedule again whose expression was changed from `cron` to `at`.)
        """
        schedule = self.schedules()[0]
        self.aws.client("scheduler").create_schedule(
            **{key: schedule[key] for key in ("GroupName", "Target", "FlexibleTimeWindow", "State")},
            Name=f"{schedule['Name']}-now",
            ScheduleExpression=f"at({datetime.now(UTC):%Y-%m-%dT%H:%M:%S})",
            ScheduleExpressionTimezone="UTC",
            ActionAfterCompletion="DELETE",
        )

    def said_by(self, name: str) -> list[dict[str, Any]]:
        """Return what a function has logged itself, oldest first."""
        pages = self.aws.client("logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName=f"/aws/lambda/{self.function(name)}")
        lines = (event["message"] for page in found for event in page["events"])
        return [json.loads(line) for line in lines if line.startswith('{"level"')]

    # Faults

    def route(self, name: str, url: str | None) -> None:
        """Let a function reach AWS by another address, or by the stand-in's own; its copies start anew."""
        client = self.aws.client("lambda")
        given = client.get_function_configuration(FunctionName=self.function(name))["Environment"]["Variables"]
        variables = {key: value for key, value in given.items() if key != "AWS_ENDPOINT_URL"}
        if url:
            variables["AWS_ENDPOINT_URL"] = url
        client.update_function_configuration(FunctionName=self.function(name), Environment={"Variables": variables})

    # Taking it away

    def destroy(self, *options: str) -> subprocess.Popen[str]:
        """Start the command `telelake destroy` with the settings of the stack."""
        given = self.settings
        environment = {
            "PATH": os.defpath,
            "HOME": str(self.folder),
            **self.aws.environment(),
            **BOTS.environment(),
            "TELELAKE_BOTS": json.dumps(BOTS.settings(with_token=True)),
            "TELELAKE_AWS": given.aws.model_dump_json(exclude_unset=True),
        }
        return subprocess.Popen(
            [sys.executable, "-m", "telelake", "destroy", "--yes", *options],
            env=environment, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    # Reading

    def environment(self) -> dict[str, str]:
        """Return the variables by which the command `telelake` reads this lake."""
        return {
            **self.aws.environment(),
            "TELELAKE_HOME": self.home,
            "TELELAKE_STATE_DIR": str(self.folder / "state"),
            "TELELAKE_STORAGE__CATALOG": "glue",
            "TELELAKE_STORAGE__DATABASE": self.outputs["Database"],
        }

    def app(self) -> App:
        """Return telelake's own view of the lake, from outside AWS."""
        return lakes.open_app({
            "home": self.home, "timezone": self.zone, "state_dir": self.folder / "state",
            "storage": {"endpoint": self.aws.url, "catalog": "glue", "database": self.outputs["Database"]},
        })  # fmt: skip

    def in_glue(self) -> dict[str, str]:
        """Return the location of each table's metadata, as Athena, Spark and Trino find it."""
        found = self.aws.client("glue").get_tables(DatabaseName=self.outputs["Database"])["TableList"]
        tables = {each["Name"]: each["Parameters"] for each in found if each.get("TableType") == "EXTERNAL_TABLE"}
        return {
            name: each["metadata_location"] for name, each in tables.items() if each["table_type"].upper() == "ICEBERG"
        }

    def raw(self) -> lakes.RawLake:
        """Return its raw lake."""
        return lakes.raw_lake(lakes.raw_of_bucket(self.aws.client("s3"), self.bucket))

    def keys(self, prefix: str = "") -> list[str]:
        """Return the home's keys below a prefix."""
        return lakes.keys_of(self.aws.client("s3"), self.bucket, prefix)

    def exists(self, bucket: str, key: str) -> bool:
        """Return whether there is an object."""
        try:
            self.aws.client("s3").head_object(Bucket=bucket, Key=key)
        except ClientError:
            return False
        return True


def deploy_to(
    aws: Standin,
    packages: Path,
    folder: Path,
    patch: pytest.MonkeyPatch,
    telegram: BotApi,
    name: str,
    zone: str,
    options: Mapping[str, Any],
) -> Deployed:
    """Deploy a stack as `telelake deploy aws` does, and tell that Telegram; `options` are settings of `aws`."""
    for variable, value in BOTS.environment().items():
        patch.setenv(variable, value)
    said: list[str] = []
    settings = Settings.model_validate({
        "timezone": zone,
        "bots": BOTS.settings(with_token=True),
        "storage": {"database": name.replace("-", "_")},
        "aws": {
            "stack": name, "region": REGION, "architecture": zips.ARCHITECTURE, "bot_api": telegram.url, **options
        },
    })  # fmt: skip
    made = deploy(settings, said.append, packages=packages, change=runnable, poll_seconds=0.05)
    deployed = Deployed(aws, name, zone, made.outputs, settings, telegram.webhooks, said, folder)
    until(lambda: deployed.said_by("wrangle"), "the run that deploying has started is over", 60, every=0.2)
    return deployed
