"""One AWS account and region: the packages in it, and what the stack's parts are asked directly.

Owns the bucket of packages, secrets, queues and emptying of buckets; the stack itself is `formation`'s. AWS is found as
any SDK finds it (profile, `AWS_*` variables, `AWS_ENDPOINT_URL` for a stand-in). Only our own errors come out.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from telelake.errors import DeployError, SettingsError

try:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError as error:
    raise SettingsError(f"Deploying needs {error.name}. Run: pip install 'telelake[aws]'") from error

FUNCTIONS = ("door", "seal", "wrangle")

Say = Callable[[str], None]


class Account:
    """One account and region."""

    def __init__(self, region: str | None) -> None:
        """Find out where and who we are.

        Raises:
            SettingsError: no region is set.
            DeployError: AWS knows no one by these credentials.
        """
        session = boto3.Session(region_name=region)
        if session.region_name is None:
            raise SettingsError("No region is set. Set aws.region in telelake.toml, or AWS_REGION.")
        self.region: str = session.region_name
        self.s3, self.sqs = session.client("s3"), session.client("sqs")
        self.cloudformation = session.client("cloudformation")
        self.secrets, self.lambda_ = session.client("secretsmanager"), session.client("lambda")
        with asking("who you are"):
            self.id: str = session.client("sts").get_caller_identity()["Account"]
        self.code_bucket = f"telelake-code-{self.id}-{self.region}"

    def check_concurrency(self) -> None:
        """Refuse early what Lambda would refuse late: an account that has no execution to reserve."""
        with asking("how many executions the account may have"):
            limits = self.lambda_.get_account_settings().get("AccountLimit", {})
        free = limits.get("UnreservedConcurrentExecutions")
        if free is not None and free <= 10:
            raise DeployError(
                f"The account has {free} unreserved executions, and Lambda lets none below 10 be reserved. Ask for more in "
                "Service Quotas (Lambda, concurrent executions; it costs nothing), or set aws.reserve_concurrency = false: "
                "the lease in the lake still keeps two runs apart."
            )

    # Packages

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
            if self.put(keys[function], data):
                say(f"Uploaded {function}, {len(data) / 2**20:.1f} MiB.")
        return keys

    def _make_code_bucket(self, say: Say) -> None:
        with asking(f"for the bucket {self.code_bucket}"):
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

    def put(self, key: str, data: bytes) -> bool:
        """Put an object unless it is there; return whether it was put."""
        with asking(f"to store {key} in {self.code_bucket}"):
            found = self.s3.list_objects_v2(Bucket=self.code_bucket, Prefix=key, ExpectedBucketOwner=self.id)
            if any(each["Key"] == key and each["Size"] == len(data) for each in found.get("Contents", ())):
                return False
            self.s3.put_object(Bucket=self.code_bucket, Key=key, Body=data, ExpectedBucketOwner=self.id)
            return True

    # What is in the stack

    def put_secret(self, name: str, bots: Mapping[str, Mapping[str, Any]]) -> None:
        """Put the bots' secrets, unless they are there."""
        value = json.dumps(bots, sort_keys=True)
        with asking("to store the webhooks' secrets"):
            try:
                if self.secrets.get_secret_value(SecretId=name).get("SecretString") == value:
                    return
            except self.secrets.exceptions.ResourceNotFoundException:
                pass  # it has no value yet
            self.secrets.put_secret_value(SecretId=name, SecretString=value)

    def start_wrangle(self, function: str) -> None:
        """Have what is due built now: it writes lake.json, and the alarm of a late run starts out quiet."""
        with asking("to start wrangle"):
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
        with asking(f"for the messages in {queue}"):
            found = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
        return sum(int(found.get(name, 0)) for name in names)

    def delete_bucket(self, bucket: str) -> None:
        """Delete a bucket with every version of every object."""
        with asking(f"to delete the bucket {bucket}"):
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
def asking(what: str) -> Iterator[None]:
    """Let nothing but our own errors through."""
    try:
        yield
    except ClientError as error:
        said = error.response.get("Error", {})
        raise DeployError(f"AWS was asked {what} and refused: {said.get('Code')}: {said.get('Message')}") from error
    except BotoCoreError as error:
        raise DeployError(f"AWS could not be asked {what}: {error}") from error
