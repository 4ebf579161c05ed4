"""The three functions: what each is told and may do, what starts it, and an application for days too large for one.

What lies where is declared by `storage`, and handed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_emrserverless as emr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler

from telelake.aws.package import PYTHON
from telelake.aws.rights import acknowledge, allow, role
from telelake.aws.storage import log_group
from telelake.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_secretsmanager as secretsmanager
    from aws_cdk import aws_sqs as sqs

    from telelake.aws.storage import Buckets
    from telelake.settings import Settings

FUNCTIONS = ("door", "seal", "wrangle")

DOOR_SECONDS, SEAL_SECONDS, WRANGLE_SECONDS = 15, 60, 900
"""Time that a function has; 900 is the most that AWS gives, and the pen's lease outlives it."""
SEAL_BATCH = 10_000
"""Messages that one segment is made of at most; AWS gives no more, and no more than 6 MB at once."""
LONGEST_WINDOW = 300
"""Seconds that AWS gathers messages for at most."""
SCRATCH_MB = 10_240
"""Disk of the wrangle function: staged segments, and what the engine spills."""
_TRIED_FOR_SECONDS = 21_600
"""How long a run that fails, or cannot be started, is tried again."""

_DESCRIPTIONS = {
    "door": "telelake: answers Telegram when the queue has the update",
    "seal": "telelake: makes raw segments of queued updates",
    "wrangle": "telelake: builds the days that are due and publishes them",
}


def window(settings: Settings) -> int:
    """Return the seconds that messages are gathered for before they are sealed."""
    return min(LONGEST_WINDOW, max(1, round(settings.capture.seal_seconds)))


def visibility(settings: Settings) -> int:
    """Return the seconds until a message that was not sealed comes again: six times the function's, as AWS advises."""
    return 6 * SEAL_SECONDS + window(settings)


class Functions:
    """Makes functions, which share where their code lies. Made first, since that is asked of who deploys."""

    def __init__(self, stack: cdk.Stack, settings: Settings) -> None:
        self.stack = stack
        self.settings = settings
        self.aws = settings.aws
        self.code = cdk.CfnParameter(
            stack, "CodeBucket", description="Bucket that holds the functions' packages"
        ).value_as_string
        self.keys = {
            each: cdk.CfnParameter(
                stack, f"{each.title()}CodeKey", description=f"Key of the package of the {each} function"
            ).value_as_string
            for each in FUNCTIONS
        }

    def door(self, queue: sqs.Queue, secret: secretsmanager.CfnSecret, home: s3.Bucket) -> lambda_.CfnFunction:
        """Declare what answers Telegram."""
        rights = [
            allow(["sqs:SendMessage"], queue.queue_arn),
            allow(["secretsmanager:GetSecretValue"], secret.attr_id),
            allow(["s3:PutObject"], home.arn_for_objects("inbox/*")),
        ]
        environment = {"QUEUE_URL": queue.queue_url, "SECRET_ID": secret.attr_id, "HOME_BUCKET": home.bucket_name}
        # A function URL does not throttle; a bound on the copies at work does, at some 50 ms a request.
        bound = self.aws.endpoint == "function-url" and self.aws.reserve_concurrency
        return self._function(
            "door", rights, environment, memory=256, seconds=DOOR_SECONDS,
            reserved=max(5, self.aws.requests_per_second // 20) if bound else None,
        )  # fmt: skip

    def seal(self, queue: sqs.Queue, home: s3.Bucket) -> lambda_.CfnFunction:
        """Declare what makes segments of messages, and what calls it."""
        rights = [
            allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], queue.queue_arn),
            # It puts a mark beside a body that is sealed, then deletes the body.
            allow(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], home.arn_for_objects("inbox/*")),
            allow(["s3:PutObject"], *(home.arn_for_objects(each) for each in ("raw/*", "quarantine/*", "lake.json"))),
            allow(["s3:GetObject"], home.arn_for_objects("lake.json")),
            # Who was forgotten must not come back with what was on its way.
            allow(["s3:GetObject"], home.arn_for_objects("state/forgotten/*")),
            # Without it S3 says 403, and not 404, of an object that is not there: the lake.json of a new lake.
            allow(["s3:ListBucket"], home.bucket_arn),
        ]
        made = self._function("seal", rights, self._lake_environment(home), memory=1024, seconds=SEAL_SECONDS)
        lambda_.CfnEventSourceMapping(
            self.stack, "SealSource",
            function_name=made.ref, event_source_arn=queue.queue_arn, enabled=True,
            batch_size=SEAL_BATCH, maximum_batching_window_in_seconds=window(self.settings),
            function_response_types=["ReportBatchItemFailures"],
            scaling_config=lambda_.CfnEventSourceMapping.ScalingConfigProperty(maximum_concurrency=10),
        )  # fmt: skip
        return made

    def wrangle(self, buckets: Buckets, tables: iam.PolicyStatement, failed: sqs.Queue) -> lambda_.CfnFunction:
        """Declare what builds days: one at a time, tried three times, then reported.

        `tables` is the right to the catalog's tables.

        Raises:
            SettingsError: the engine was given more memory than the function leaves it.
        """
        home = buckets.home
        rights = [
            *_read_raw(home),
            # Raw of closed days is joined: the same records in fewer segments.
            _write(home, "tables", "releases", "state", "raw", "quarantine"),
            allow(["s3:GetObject", "s3:PutObject"], home.arn_for_objects("lake.json")),
            allow(["s3:ListBucket"], buckets.report.bucket_arn),
            allow(["s3:PutObject"], buckets.report.arn_for_objects("report.html")),
            tables,
            allow(["sqs:SendMessage"], failed.queue_arn),
        ]
        environment = {
            **self._lake_environment(home),
            **self._wrangle_environment(),
            "REPORT_BUCKET": buckets.report.bucket_name,
            "REPORT_LANGUAGE": self.aws.report_language,
        }
        if self.aws.large_days == "spark":
            spark = self._spark(home)
            environment |= {"SPARK_APPLICATION": spark.application, "SPARK_ROLE": spark.role}
            rights += spark.rights
        made = self._function(
            "wrangle", rights, environment, memory=self.aws.wrangle_memory_mb, seconds=WRANGLE_SECONDS,
            reserved=1 if self.aws.reserve_concurrency else None, scratch=SCRATCH_MB,
        )  # fmt: skip
        lambda_.CfnEventInvokeConfig(
            self.stack, "WrangleFailure",
            function_name=made.ref, qualifier="$LATEST", maximum_retry_attempts=2,
            maximum_event_age_in_seconds=_TRIED_FOR_SECONDS,
            destination_config=lambda_.CfnEventInvokeConfig.DestinationConfigProperty(
                on_failure=lambda_.CfnEventInvokeConfig.OnFailureProperty(destination=failed.queue_arn)
            ),
        )  # fmt: skip
        return made

    def schedules(self, wrangle: lambda_.CfnFunction, failed: sqs.Queue) -> None:
        """Declare when days are built: after midnight of the lake's zone and, by setting, every few minutes."""
        made = role(
            self.stack, "ScheduleRole", "scheduler.amazonaws.com",
            [allow(["lambda:InvokeFunction"], wrangle.attr_arn), allow(["sqs:SendMessage"], failed.queue_arn)],
            bound=True,
        )  # fmt: skip
        hour, minute = divmod(self.aws.after_midnight_minutes, 60)
        times = {"Daily": f"cron({minute} {hour} * * ? *)"}
        if self.aws.wrangle_every_minutes is not None:
            unit = "minute" if self.aws.wrangle_every_minutes == 1 else "minutes"
            times["Often"] = f"rate({self.aws.wrangle_every_minutes} {unit})"
        for name, expression in times.items():
            scheduler.CfnSchedule(
                self.stack, f"{name}Schedule",
                description=f"{self.aws.stack}: build the days that are due",
                schedule_expression=expression,
                schedule_expression_timezone=self.settings.timezone,
                flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
                target=scheduler.CfnSchedule.TargetProperty(
                    arn=wrangle.attr_arn, role_arn=made.role_arn, input=f'{{"schedule": "{name.lower()}"}}',
                    dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(arn=failed.queue_arn),
                    retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                        maximum_event_age_in_seconds=_TRIED_FOR_SECONDS, maximum_retry_attempts=10
                    ),
                ),
            )  # fmt: skip

    def _function(
        self, name: str, rights: Sequence[iam.PolicyStatement], environment: Mapping[str, str], *, memory: int,
        seconds: int, reserved: int | None = None, scratch: int | None = None,
    ) -> lambda_.CfnFunction:  # fmt: skip
        """Declare a function with a role of its own that may do `rights`, and write its own log."""
        title, full_name = name.title(), f"{self.aws.stack}-{name}"
        log = log_group(self.stack, f"{title}Log", f"/aws/lambda/{full_name}", self.aws.log_days)
        its_own = role(self.stack, f"{title}Role", "lambda.amazonaws.com", [
            *rights, allow(["logs:CreateLogStream", "logs:PutLogEvents"], log.attr_arn),
        ])  # fmt: skip
        made = lambda_.CfnFunction(
            self.stack, f"{title}Function",
            function_name=full_name,
            description=_DESCRIPTIONS[name],
            handler=f"telelake.lambdas.{name}.handler",
            runtime=f"python{PYTHON}",
            architectures=[self.aws.architecture],
            code=lambda_.CfnFunction.CodeProperty(s3_bucket=self.code, s3_key=self.keys[name]),
            role=its_own.role_arn,
            memory_size=memory,
            timeout=seconds,
            reserved_concurrent_executions=reserved,
            ephemeral_storage=lambda_.CfnFunction.EphemeralStorageProperty(size=scratch) if scratch else None,
            environment=lambda_.CfnFunction.EnvironmentProperty(variables=dict(environment)),
            # Lambda's own three lines for each invocation would cost the door a third of its price; WARN leaves them out.
            logging_config=lambda_.CfnFunction.LoggingConfigProperty(
                log_group=log.ref,
                **({"log_format": "JSON", "system_log_level": "WARN", "application_log_level": "INFO"} if name == "door" else {}),
            ),
        )  # fmt: skip
        acknowledge(made, "AwsSolutions-L1", f"The packages are built and tested for Python {PYTHON}.")
        return made

    def _lake_environment(self, home: s3.Bucket) -> dict[str, str]:
        """Return what a function must be told of the lake."""
        return {
            "TELELAKE_HOME": f"s3://{home.bucket_name}",
            "TELELAKE_TIMEZONE": self.settings.timezone,
            "TELELAKE_STATE_DIR": "/tmp/telelake",  # noqa: S108 - the only place where a function may write
        }

    def _wrangle_environment(self) -> dict[str, str]:
        """Return what the wrangle function must be told besides."""
        wrangle = self.settings.wrangle
        number, unit = int(wrangle.memory[:-2]), wrangle.memory[-2:]
        engine_mb = number * 1000 if unit == "GB" else number
        if engine_mb + 700 > self.aws.wrangle_memory_mb:
            raise SettingsError(
                f"wrangle.memory = '{wrangle.memory}' does not fit aws.wrangle_memory_mb = {self.aws.wrangle_memory_mb}: "
                "the function needs 700 MB besides. Lower the first or raise the second."
            )
        given = {
            "TELELAKE_STORAGE__CATALOG": "glue",
            "TELELAKE_STORAGE__DATABASE": self.settings.storage.database,
            "TELELAKE_WRANGLE__MEMORY": wrangle.memory,
            # What finds who answers whom needs numpy, and with it the package is larger than AWS takes.
            "TELELAKE_TALK__ELSEWHERE": "true",
            "TELELAKE_WRANGLE__BATCH_BYTES": str(wrangle.batch_bytes),
            "TELELAKE_WRANGLE__PUBLISH_SECONDS": str(wrangle.publish_seconds),
            **{f"TELELAKE_UPKEEP__{name.upper()}": str(value) for name, value in self.settings.upkeep},
            "HOME": "/tmp",  # noqa: S108 - the only place where a function may write
        }
        for name, value in (("MAX_DAY_BYTES", wrangle.max_day_bytes), ("KEEP_DAYS", self.settings.tables_days)):
            if value is not None:
                given[f"TELELAKE_WRANGLE__{name}"] = str(value)
        return given

    def _spark(self, home: s3.Bucket) -> _Spark:
        """Declare an application for days that are too large for a function; it costs nothing while it does nothing."""
        application = emr.CfnApplication(
            self.stack, "Spark",
            name=self.aws.stack, type="SPARK", release_label="emr-7.9.0",
            architecture="ARM64" if self.aws.architecture == "arm64" else "X86_64",
            auto_start_configuration=emr.CfnApplication.AutoStartConfigurationProperty(enabled=True),
            auto_stop_configuration=emr.CfnApplication.AutoStopConfigurationProperty(enabled=True, idle_timeout_minutes=5),
            maximum_capacity=emr.CfnApplication.MaximumAllowedResourcesProperty(cpu="32 vCPU", memory="128 GB", disk="500 GB"),
        )  # fmt: skip
        # It writes files; publishing them stays with the wrangle function.
        rights = [*_read_raw(home), _write(home, "tables", "state/spark")]
        its_own = role(self.stack, "SparkRole", "emr-serverless.amazonaws.com", rights, bound=True)
        cdk.CfnOutput(self.stack, "SparkApplication", value=application.attr_application_id)
        return _Spark(application.attr_application_id, its_own.role_arn, [
            allow(["emr-serverless:StartJobRun"], application.attr_arn),
            allow(["emr-serverless:GetJobRun", "emr-serverless:CancelJobRun"], f"{application.attr_arn}/jobruns/*"),
            iam.PolicyStatement(
                actions=["iam:PassRole"], resources=[its_own.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "emr-serverless.amazonaws.com"}},
            ),
        ])  # fmt: skip


@dataclass(frozen=True)
class _Spark:
    application: str
    role: str
    rights: list[iam.PolicyStatement]


def _read_raw(home: s3.Bucket) -> list[iam.PolicyStatement]:
    """Return the rights to list a home and to read its raw."""
    return [
        allow(["s3:ListBucket", "s3:GetBucketLocation"], home.bucket_arn),
        allow(["s3:GetObject"], home.arn_for_objects("raw/*"), home.arn_for_objects("quarantine/*")),
    ]


def _write(home: s3.Bucket, *trees: str) -> iam.PolicyStatement:
    """Return the right to do everything with the objects of some trees of a home."""
    actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
    return allow(actions, *(home.arn_for_objects(f"{each}/*") for each in trees))
