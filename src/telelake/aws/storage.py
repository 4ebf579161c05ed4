"""Where things lie: buckets, queues, the secret, logs. All private, encrypted, TLS-only where it can be said.

Owns what expires and when; who may touch what is said where it is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sqs as sqs

from telelake.aws.rights import acknowledge
from telelake.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from telelake.settings import Aws, Settings

RECEIVES = 20
"""Times that a message is tried, over two hours and more: an S3 that is away must not make dead letters of good ones."""
KEEP_MESSAGES = cdk.Duration.days(14)
INBOX_DAYS, RESULT_DAYS, NONCURRENT_DAYS = 30, 7, 30


@dataclass(frozen=True)
class Buckets:
    """The buckets that functions and people read; a fourth holds their access logs."""

    home: s3.Bucket
    report: s3.Bucket
    results: s3.Bucket


@dataclass(frozen=True)
class Queues:
    """What waits."""

    main: sqs.Queue
    """Updates between door and seal."""
    dead: sqs.Queue
    """Messages that could not be sealed."""
    failed: sqs.Queue
    """Wrangle runs that failed for good."""


def make_buckets(stack: cdk.Stack, settings: Settings) -> Buckets:
    """Declare the home and the others; all private, encrypted, TLS-only, and kept when the stack goes.

    Raises:
        SettingsError: raw would expire under rows that are kept.
    """
    raw_days = settings.aws.raw_days
    access = _bucket(
        stack, "AccessLogBucket", [s3.LifecycleRule(id="access-logs", expiration=_days(settings.aws.log_days))]
    )
    rules = [
        s3.LifecycleRule(id="inbox", prefix="inbox/", expiration=_days(INBOX_DAYS)),
        # Replaced and removed files are of no use to a reader after some days, and many.
        s3.LifecycleRule(id="old-tables", prefix="tables/", noncurrent_version_expiration=_days(7)),
        s3.LifecycleRule(id="old-state", prefix="state/", noncurrent_version_expiration=_days(1)),
    ]
    if raw_days is not None:
        _check_retention(raw_days, settings.tables_days)
        rules += [
            s3.LifecycleRule(id=tree, prefix=f"{tree}/", expiration=_days(raw_days)) for tree in ("raw", "quarantine")
        ]
    return Buckets(
        _bucket(stack, "HomeBucket", rules, access),
        _bucket(stack, "ReportBucket", [], access),
        _bucket(stack, "ResultsBucket", [s3.LifecycleRule(id="results", expiration=_days(RESULT_DAYS))], access),
    )


def _check_retention(raw_days: int, keep_days: int | None) -> None:
    """Refuse to let raw expire under rows that are kept.

    A day of which only a part of the raw is left would be due, and be built anew from that part. So rows must go first;
    two days are for the zone and for segments that are sealed after midnight.
    """
    if keep_days is None or keep_days + 2 > raw_days:
        raise SettingsError(
            f"aws.raw_days = {raw_days} lets raw expire while its rows are kept, and a day would be built anew from what is "
            f"left of it. Set retention.tables_days to at most {max(0, raw_days - 2)}, or take aws.raw_days out."
        )


def _bucket(
    stack: cdk.Stack, name: str, rules: Sequence[s3.LifecycleRule], access: s3.Bucket | None = None
) -> s3.Bucket:
    tidy = s3.LifecycleRule(
        id="tidy", noncurrent_version_expiration=_days(NONCURRENT_DAYS), expired_object_delete_marker=True,
        abort_incomplete_multipart_upload_after=_days(3),
    )  # fmt: skip
    return s3.Bucket(
        stack, name,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        encryption=s3.BucketEncryption.S3_MANAGED,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        enforce_ssl=True,
        versioned=True,
        lifecycle_rules=[tidy, *rules],
        removal_policy=cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        server_access_logs_bucket=access,
        server_access_logs_prefix=f"{name}/" if access else None,
    )  # fmt: skip


def make_queues(stack: cdk.Stack, visibility: int) -> Queues:
    """Declare the queue between door and seal, that of what cannot be sealed, and that of runs that were given up.

    `visibility` is in seconds: until a message that was not sealed comes again.
    """
    dead = _queue(stack, "DeadLetterQueue")
    main = _queue(
        stack, "Queue", visibility_timeout=cdk.Duration.seconds(visibility),
        dead_letter_queue=sqs.DeadLetterQueue(queue=dead, max_receive_count=RECEIVES),
    )  # fmt: skip
    failed = _queue(stack, "FailedRuns")
    acknowledge(failed, "AwsSolutions-SQS3", "It is where runs end that failed for good; there is an alarm on it.")
    return Queues(main, dead, failed)


def _queue(stack: cdk.Stack, name: str, **options: Any) -> sqs.Queue:
    """Declare a queue, encrypted and TLS-only, that keeps its messages as long as AWS can."""
    return sqs.Queue(
        stack, name,
        encryption=sqs.QueueEncryption.SQS_MANAGED, enforce_ssl=True, retention_period=KEEP_MESSAGES,
        removal_policy=cdk.RemovalPolicy.DESTROY, **options,
    )  # fmt: skip


def make_secret(stack: cdk.Stack, settings: Aws) -> secretsmanager.CfnSecret:
    """Declare the secret, without a value; its name ends in letters of AWS's, so that it can be made again."""
    made = secretsmanager.CfnSecret(
        stack, "Secret",
        description=f"{settings.stack}: the webhook secret of each bot, put by telelake deploy aws",
    )  # fmt: skip
    acknowledge(made, "AwsSolutions-SMG4", "Telegram must be told of a new secret: telelake deploy aws does both.")
    return made


def log_group(stack: cdk.Stack, name: str, path: str, days: int) -> logs.CfnLogGroup:
    """Declare a log group that forgets after some days."""
    made = logs.CfnLogGroup(stack, name, log_group_name=path, retention_in_days=days)
    made.apply_removal_policy(cdk.RemovalPolicy.DESTROY)
    return made


def _days(number: int) -> cdk.Duration:
    return cdk.Duration.days(number)
