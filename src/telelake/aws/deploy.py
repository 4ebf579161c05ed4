"""Putting the stack into an account, telling Telegram, and taking both away again.

Everything can be done again: packages are named by their digest, a stack that is there is updated, a secret that is the
same is left. Nothing is kept here; what is there is read from CloudFormation. AWS is found as any SDK finds it (profile,
`AWS_*` variables, `AWS_ENDPOINT_URL` for a stand-in).
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from telelake.aws import package
from telelake.errors import DeployError, SettingsError
from telelake.settings import Settings
from telelake.telegram.client import BotApi
from telelake.telegram.update import update_kinds

try:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError as error:
    raise SettingsError(f"Deploying needs {error.name}. Run: pip install 'telelake[aws]'") from error

FUNCTIONS = ("door", "seal", "wrangle")
LARGEST_BODY = 51_200
"""Bytes of a template that may be sent along; a larger one is read from the code bucket."""
DRAIN_SECONDS = 900
"""How long `destroy` waits for queued updates to be sealed."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Deployed:
    """What there is now."""

    outputs: Mapping[str, str]
    """The stack's outputs, such as `WebhookUrl` and `HomeBucket`."""
    webhooks: Mapping[str, str]
    """The address of each bot's webhook, by the bot's name."""


@dataclass(frozen=True, slots=True)
class _BotSecret:
    id: int
    secret: str


def deploy(
    settings: Settings,
    say: Say,
    *,
    packages: Path | None = None,
    change: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
    poll_seconds: float = 3.0,
) -> Deployed:
    """Make or update the stack, put the bots' secrets, and set the webhook of each bot that has a token.

    Args:
        settings: `aws`, `bots`, `timezone` and what `synthesise` reads. Secrets are read first: a missing one stops
            everything before anything was done.
        say: is told what goes on.
        packages: folder with door.zip, seal.zip and wrangle.zip; they are built when it is not given.
        change: changes the template before it is sent, for stand-ins that lack something of AWS.
        poll_seconds: seconds between two looks at the stack.

    Raises:
        SettingsError: a bot's secret, or the region, is missing.
        PackageError: a package could not be built.
        DeployError: AWS refused, or resources failed; names them with AWS's reasons.
        TelegramError: Telegram refused a webhook.
    """
    bots = {name: _BotSecret(bot.bot_id(name), bot.webhook_secret(name)) for name, bot in settings.bots.items()}
    apis = _apis(settings)
    if not bots:
        raise SettingsError("No bot is set. Add [bots.NAME] with `token` and `secret` to telelake.toml.")
    from telelake.aws.stack import synthesise

    account = _Account(settings)
    account.check_concurrency()
    with TemporaryDirectory(prefix="telelake-deploy-") as scratch:
        template = json.loads(synthesise(settings, Path(scratch)).read_bytes())
        if change is not None:
            template = change(template)
        folder = packages or _build(settings, Path(scratch), say)
        keys = account.upload(folder, say)
        outputs = account.apply(template, keys, say, poll_seconds)
    account.put_secret(
        outputs["SecretName"], {name: {"id": bot.id, "secret": bot.secret} for name, bot in bots.items()}
    )
    webhooks = {name: f"{outputs['WebhookUrl'].rstrip('/')}/telegram/{name}" for name in bots}
    for name, url in webhooks.items():
        if name in apis:
            _set_webhook(apis[name], name, url, bots[name].secret, settings.aws.max_connections, say)
        else:
            say(f"bots.{name} has no token here. Set its webhook yourself: {url}")
    account.start_wrangle(outputs["WrangleFunction"])
    say(f"Updates go to s3://{outputs['HomeBucket']}. To read them anywhere: --home s3://{outputs['HomeBucket']}")
    return Deployed(outputs, webhooks)


def destroy(
    settings: Settings, say: Say, *, delete_data: bool = False, drain_seconds: float = DRAIN_SECONDS,
    poll_seconds: float = 3.0,
) -> list[str]:  # fmt: skip
    """Take away the webhooks and the stack, once what is queued lies in the lake; return the buckets that are left.

    Args:
        settings: `aws` and `bots` are read.
        say: is told what goes on.
        delete_data: delete the buckets with all that is in them, and do not wait for the queue.
        drain_seconds: how long queued updates may take to be sealed.
        poll_seconds: seconds between two looks.

    Raises:
        DeployError: AWS refused, or updates are left in a queue.
    """
    account = _Account(settings)
    outputs = account.outputs()
    if outputs is None:
        raise DeployError(f"There is no stack {settings.aws.stack} in {account.region}. Is aws.region right?")
    base = outputs["WebhookUrl"].rstrip("/")
    for name, api in _apis(settings).items():
        if api.webhook_info().url.startswith(f"{base}/"):
            api.delete_webhook()
            say(f"Telegram posts nothing more for bots.{name}; it keeps new updates for up to 24 hours.")
    if not delete_data:
        account.drain(outputs, say, drain_seconds, poll_seconds)
    buckets = account.buckets()
    account.delete(say, poll_seconds)
    if not delete_data:
        return buckets
    for bucket in buckets:
        account.delete_bucket(bucket)
        say(f"Bucket {bucket} is deleted.")
    return []


def _apis(settings: Settings) -> dict[str, BotApi]:
    return {
        name: BotApi(bot.token.read(), settings.aws.bot_api)
        for name, bot in settings.bots.items()
        if bot.token is not None
    }


def _build(settings: Settings, scratch: Path, say: Say) -> Path:
    for function in FUNCTIONS:
        say(f"Building the package of {function} for Python {package.PYTHON} on {settings.aws.architecture}.")
        made = package.build(function, scratch / "packages", architecture=settings.aws.architecture)
        if not made.compiled and function == FUNCTIONS[-1]:
            say(f"There is no python{package.PYTHON} here, so modules go uncompiled; a first start takes longer.")
    return scratch / "packages"


def _set_webhook(api: BotApi, name: str, url: str, secret: str, max_connections: int, say: Say) -> None:
    """Set a bot's webhook and ask whether it is as it was set."""
    kinds = update_kinds()
    began = int(time.time())
    api.set_webhook(url, secret, kinds=kinds, max_connections=max_connections)
    info = api.webhook_info()
    if info.url != url:
        raise DeployError(f"Telegram says that bots.{name} posts to '{info.url}', not to '{url}'. Run this again.")
    lacking = sorted(set(kinds) - set(info.allowed_updates))
    if lacking:
        say(f"Telegram does not know these kinds of update yet: {', '.join(lacking)}.")
    if info.last_error_date is not None and info.last_error_date >= began:
        say(f"Telegram could not deliver to bots.{name}: {info.last_error_message}. It tries again by itself.")
    say(f"Telegram posts the updates of bots.{name} to {url}; {info.pending_update_count} wait.")


class _Account:
    """One account and region, and the stack in it."""

    def __init__(self, settings: Settings) -> None:
        self.name = settings.aws.stack
        self.settings = settings
        session = boto3.Session(region_name=settings.aws.region)
        if session.region_name is None:
            raise SettingsError("No region is set. Set aws.region in telelake.toml, or AWS_REGION.")
        self.region: str = session.region_name
        self.s3, self.sqs = session.client("s3"), session.client("sqs")
        self.cloudformation = session.client("cloudformation")
        self.secrets, self.lambda_ = session.client("secretsmanager"), session.client("lambda")
        with _asking("who you are"):
            self.id: str = session.client("sts").get_caller_identity()["Account"]
        self.code_bucket = f"telelake-code-{self.id}-{self.region}"

    def check_concurrency(self) -> None:
        """Refuse early what Lambda would refuse late: an account that has no execution to reserve."""
        if not self.settings.aws.reserve_concurrency or self.outputs() is not None:
            return
        with _asking("how many executions the account may have"):
            limits = self.lambda_.get_account_settings().get("AccountLimit", {})
        free = limits.get("UnreservedConcurrentExecutions")
        if free is not None and free <= 10:
            raise DeployError(
                f"The account has {free} unreserved executions, and Lambda lets none below 10 be reserved. Ask for more in "
                "Service Quotas (Lambda, concurrent executions; it costs nothing), or set aws.reserve_concurrency = false: "
                "the lease in the lake still keeps two runs apart."
            )

    # Code

    def upload(self, folder: Path, say: Say) -> dict[str, str]:
        """Put the packages into the code bucket, named by what is in them; return their keys by function."""
        self._make_code_bucket(say)
        keys = {}
        for function in FUNCTIONS:
            path = folder / f"{function}.zip"
            if not path.is_file():
                raise DeployError(f"There is no {path}. Build it: python -m telelake.aws.package --out {folder}")
            data = path.read_bytes()
            keys[function] = f"{function}-{hashlib.sha256(data).hexdigest()[:32]}.zip"
            if self._put(keys[function], data):
                say(f"Uploaded {function}, {len(data) / 2**20:.1f} MiB.")
        return keys

    def _make_code_bucket(self, say: Say) -> None:
        with _asking(f"for the bucket {self.code_bucket}"):
            try:
                # The owner is named, because anyone may have made a bucket of this name.
                self.s3.head_bucket(Bucket=self.code_bucket, ExpectedBucketOwner=self.id)
                return
            except ClientError as error:
                if error.response["Error"]["Code"] not in ("404", "NoSuchBucket"):
                    raise
            where = (
                {} if self.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": self.region}}
            )
            self.s3.create_bucket(Bucket=self.code_bucket, **where)
            self.s3.put_public_access_block(
                Bucket=self.code_bucket,
                PublicAccessBlockConfiguration=dict.fromkeys(
                    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
                ),
            )
            arn = f"arn:{self.s3.meta.partition}:s3:::{self.code_bucket}"
            if self.s3.meta.endpoint_url.startswith("https:"):  # a stand-in without TLS would be locked out
                statement = {
                    "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [arn, f"{arn}/*"],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }  # fmt: skip
                self.s3.put_bucket_policy(
                    Bucket=self.code_bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
                )
        say(f"Made the bucket {self.code_bucket} for packages.")

    def _put(self, key: str, data: bytes) -> bool:
        """Put an object unless it is there; return whether it was put."""
        with _asking(f"to store {key} in {self.code_bucket}"):
            found = self.s3.list_objects_v2(Bucket=self.code_bucket, Prefix=key, ExpectedBucketOwner=self.id)
            if any(each["Key"] == key and each["Size"] == len(data) for each in found.get("Contents", ())):
                return False
            self.s3.put_object(Bucket=self.code_bucket, Key=key, Body=data, ExpectedBucketOwner=self.id)
            return True

    # The stack

    def outputs(self) -> dict[str, str] | None:
        """Return the outputs of the stack; None when there is no stack."""
        found = self._describe()
        return None if found is None else {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", ())}

    def _describe(self, name: str | None = None) -> dict[str, Any] | None:
        with _asking(f"for the stack {self.name}"):
            try:
                found: dict[str, Any] = self.cloudformation.describe_stacks(StackName=name or self.name)["Stacks"][0]
            except ClientError as error:
                if "does not exist" in str(error):
                    return None
                raise
        return None if found["StackStatus"] == "DELETE_COMPLETE" and name is None else found

    def apply(
        self, template: Mapping[str, Any], keys: Mapping[str, str], say: Say, poll_seconds: float
    ) -> dict[str, str]:
        """Make the stack or bring it up to date; return its outputs.

        Raises:
            DeployError: resources failed; the stack is as it was before.
        """
        body = json.dumps(template, separators=(",", ":"))
        arguments: dict[str, Any] = {
            "StackName": self.name,
            "Capabilities": ["CAPABILITY_IAM"],
            "Parameters": [
                {"ParameterKey": "CodeBucket", "ParameterValue": self.code_bucket},
                *({"ParameterKey": f"{name.title()}CodeKey", "ParameterValue": key} for name, key in keys.items()),
            ],
            **self._where(body),
        }
        before = self._describe()
        seen: set[str] = set()
        if before is not None:
            self._events(before["StackId"], seen)
        with _asking(f"to make the stack {self.name}"):
            if before is None:
                say(f"Making the stack {self.name} in {self.region}, account {self.id}.")
                stack = self.cloudformation.create_stack(OnFailure="DELETE", **arguments)["StackId"]
            else:
                say(f"Updating the stack {self.name} in {self.region}, account {self.id}.")
                try:
                    stack = self.cloudformation.update_stack(**arguments)["StackId"]
                except ClientError as error:
                    if "No updates are to be performed" not in str(error):
                        raise
                    say("The stack is as it should be.")
                    return self.outputs() or {}
        self._wait(stack, "CREATE_COMPLETE" if before is None else "UPDATE_COMPLETE", seen, say, poll_seconds)
        return self.outputs() or {}

    def _where(self, body: str) -> dict[str, str]:
        """Return the template as CloudFormation takes it: in the request, or by the address of an object."""
        if len(body) <= LARGEST_BODY:
            return {"TemplateBody": body}
        key = f"template-{hashlib.sha256(body.encode()).hexdigest()[:32]}.json"
        self._put(key, body.encode())
        return {"TemplateURL": f"{self.s3.meta.endpoint_url}/{self.code_bucket}/{key}"}

    def _wait(self, stack: str, good: str, seen: set[str], say: Say, poll_seconds: float) -> None:
        """Wait until a stack rests in the status `good`; say what has happened that is not `seen`."""
        failures: dict[str, str] = {}
        while True:
            found = self._describe(stack)
            for event in self._events(stack, seen):
                resource, status = event["LogicalResourceId"], event["ResourceStatus"]
                if status.endswith("_FAILED"):
                    failures.setdefault(resource, event.get("ResourceStatusReason", "no reason given"))
                if status.endswith(("_COMPLETE", "_FAILED")):
                    say(f"  {status:25}{event['ResourceType']:36}{resource}")
            status = found["StackStatus"] if found else "DELETE_COMPLETE"
            if not status.endswith("_IN_PROGRESS"):
                break
            time.sleep(poll_seconds)
        if status == good:
            return
        own = (found or {}).get("StackStatusReason", "")
        # What was cancelled because another failed says nothing.
        reasons = [f"  {name}: {reason}" for name, reason in failures.items() if "cancelled" not in reason.lower()]
        raise DeployError(
            "\n".join(
                [f"The stack {self.name} ended in {status}. {own}".strip(), *reasons, "Mend it, then run this again."]
            )
        )

    def _events(self, stack: str, seen: set[str]) -> list[dict[str, Any]]:
        """Return what has happened since it was last asked, oldest first; `seen` holds the ids of what is known."""
        new: list[dict[str, Any]] = []
        with _asking("for the stack's events"):
            for page in self.cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack):
                fresh = [event for event in page["StackEvents"] if event["EventId"] not in seen]
                new += fresh
                if len(fresh) < len(page["StackEvents"]):
                    break  # the rest is older
        seen.update(event["EventId"] for event in new)
        return new[::-1]

    def buckets(self) -> list[str]:
        """Return the names of the stack's buckets."""
        with _asking(f"for the resources of {self.name}"):
            pages = self.cloudformation.get_paginator("list_stack_resources").paginate(StackName=self.name)
            return [
                each["PhysicalResourceId"]
                for page in pages
                for each in page["StackResourceSummaries"]
                if each["ResourceType"] == "AWS::S3::Bucket"
            ]

    def delete(self, say: Say, poll_seconds: float) -> None:
        """Delete the stack; its buckets stay."""
        found = self._describe()
        assert found is not None
        say(f"Deleting the stack {self.name} in {self.region}, account {self.id}.")
        seen: set[str] = set()
        self._events(found["StackId"], seen)
        with _asking(f"to delete the stack {self.name}"):
            self.cloudformation.delete_stack(StackName=found["StackId"])
        self._wait(found["StackId"], "DELETE_COMPLETE", seen, say, poll_seconds)

    # What is in it

    def put_secret(self, name: str, bots: Mapping[str, Mapping[str, Any]]) -> None:
        """Put the bots' secrets, unless they are there."""
        value = json.dumps(bots, sort_keys=True)
        with _asking("to store the webhooks' secrets"):
            try:
                if self.secrets.get_secret_value(SecretId=name).get("SecretString") == value:
                    return
            except self.secrets.exceptions.ResourceNotFoundException:
                pass  # it has no value yet
            self.secrets.put_secret_value(SecretId=name, SecretString=value)

    def start_wrangle(self, function: str) -> None:
        """Have what is due built now: it writes lake.json, and the alarm of a late run starts out quiet."""
        with _asking("to start wrangle"):
            self.lambda_.invoke(FunctionName=function, InvocationType="Event", Payload=b'{"schedule": "deploy"}')

    def drain(self, outputs: Mapping[str, str], say: Say, seconds: float, poll_seconds: float) -> None:
        """Wait until queued updates lie in the lake.

        Raises:
            DeployError: some are left; they would be lost with the queue.
        """
        ends = time.monotonic() + seconds
        waiting = self._messages(outputs["Queue"])
        if waiting:
            say(f"Waiting until {waiting} queued updates lie in the lake.")
        while waiting and time.monotonic() < ends:
            time.sleep(poll_seconds)
            waiting = self._messages(outputs["Queue"])
        dead = self._messages(outputs["DeadLetterQueue"])
        if waiting or dead:
            raise DeployError(
                f"{waiting} updates are still queued and {dead} lie in the dead-letter queue; they would be lost. The log of "
                "the seal function says why. Redrive the dead-letter queue and run this again, or give --delete-data."
            )

    def _messages(self, queue: str) -> int:
        names = [f"ApproximateNumberOfMessages{each}" for each in ("", "NotVisible", "Delayed")]
        with _asking(f"for the messages in {queue}"):
            found = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
        return sum(int(found.get(name, 0)) for name in names)

    def delete_bucket(self, bucket: str) -> None:
        """Delete a bucket with every version of every object."""
        with _asking(f"to delete the bucket {bucket}"):
            for is_last in (False, False, True):
                self._empty(bucket)
                try:
                    self.s3.delete_bucket(Bucket=bucket)
                    return
                except ClientError as error:
                    # A function that was at work when it was deleted may have written once more.
                    if is_last or error.response["Error"]["Code"] != "BucketNotEmpty":
                        raise

    def _empty(self, bucket: str) -> None:
        for page in self.s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
            if found:
                objects = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]
                answer = self.s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
                if answer.get("Errors"):
                    raise DeployError(f"{bucket} still holds objects that cannot be deleted: {answer['Errors'][:3]}")


@contextmanager
def _asking(what: str) -> Iterator[None]:
    """Let nothing but our own errors through."""
    try:
        yield
    except ClientError as error:
        said = error.response.get("Error", {})
        raise DeployError(f"AWS was asked {what} and refused: {said.get('Code')}: {said.get('Message')}") from error
    except BotoCoreError as error:
        raise DeployError(f"AWS could not be asked {what}: {error}") from error
