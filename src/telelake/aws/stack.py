"""The stack: settings in, one plain CloudFormation template out.

    python -m telelake.aws.stack --out DIR

Declared with the AWS CDK, which synthesises without network and without an account. The template has no assets and needs
no bootstrap: where the code lies is said by its parameters (`CodeBucket`, `DoorCodeKey`, `SealCodeKey`,
`WrangleCodeKey`). Owns what there is and who may do what; `watch` owns alarms, and `deploy` puts it into an account.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from telelake.errors import SettingsError

# jsii says in eleven lines, at each start, that these versions of Node.js have become old; they work.
os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "18,20,22")

try:
    import aws_cdk as cdk
    from aws_cdk import aws_apigatewayv2 as apigateway
    from aws_cdk import aws_athena as athena
    from aws_cdk import aws_emrserverless as emr
    from aws_cdk import aws_glue as glue
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_lambda as lambda_
    from aws_cdk import aws_logs as logs
    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_scheduler as scheduler
    from aws_cdk import aws_secretsmanager as secretsmanager
    from aws_cdk import aws_sqs as sqs
except ImportError as error:
    raise SettingsError(f"The stack needs {error.name}. Run: pip install 'telelake[aws]'") from error

from telelake.aws.athena import named_queries
from telelake.aws.package import PYTHON
from telelake.aws.watch import Watched, watch
from telelake.settings import Aws, Settings, load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FUNCTIONS = ("door", "seal", "wrangle")

DOOR_SECONDS, SEAL_SECONDS, WRANGLE_SECONDS = 15, 60, 900
"""Time that a function has; 900 is the most that AWS gives, and the pen's lease outlives it."""
SEAL_BATCH = 10_000
"""Messages that one segment is made of at most; AWS gives no more, and no more than 6 MB at once."""
RECEIVES = 20
"""Times that a message is tried, over two hours and more: an S3 that is away must not make dead letters of good ones."""
LONGEST_WINDOW = 300
"""Seconds that AWS gathers messages for at most."""
KEEP_MESSAGES = cdk.Duration.days(14)
INBOX_DAYS, RESULT_DAYS, NONCURRENT_DAYS = 30, 7, 30
SCRATCH_MB = 10_240
"""Disk of the wrangle function: staged segments, and what the engine spills."""
TLS_ONLY = "aws:SecureTransport"


def synthesise(settings: Settings, out_dir: Path, *, check: bool = False) -> Path:
    """Write the template to `<out_dir>/<stack>.template.json` and return its path.

    Args:
        settings: `aws`, `timezone`, `storage`, `capture.seal_seconds` and `wrangle` are read; no secret is.
        out_dir: made when missing.
        check: let cdk-nag judge it; a finding without a reason raises.

    Raises:
        SettingsError: the settings contradict each other, or cdk-nag has found something.
    """
    with TemporaryDirectory(prefix="telelake-synth-") as folder:
        app = make_app(settings, outdir=folder, check=check)
        try:
            app.synth()
        except RuntimeError as error:
            found = "".join(f"\n  {each}" for each in _findings(Path(folder))) or f" {error}"
            raise SettingsError(f"The template was refused:{found}") from error
        made = Path(folder) / f"{settings.aws.stack}.template.json"
        out_dir.mkdir(parents=True, exist_ok=True)
        target = out_dir / made.name
        target.write_bytes(made.read_bytes())
    return target


def make_app(settings: Settings, *, outdir: str | None = None, check: bool = True, plain: bool = True) -> cdk.App:
    """Return the CDK app of one stack; `plain` for a template that needs no bootstrap, which `cdk deploy` does."""
    app = cdk.App(
        outdir=outdir,
        analytics_reporting=False,
        context={"@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": True},
    )
    stack = cdk.Stack(
        app, settings.aws.stack,
        description="telelake: everything a Telegram bot sees, in a lake you own",
        synthesizer=cdk.BootstraplessSynthesizer() if plain else cdk.DefaultStackSynthesizer(),
    )  # fmt: skip
    cdk.Tags.of(stack).add("application", "telelake")
    cdk.Tags.of(stack).add("telelake:stack", settings.aws.stack)
    _Lake(stack, settings).make()
    if check:
        import cdk_nag

        cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks(app))
    return app


@dataclass(frozen=True)
class _Buckets:
    home: s3.Bucket
    report: s3.Bucket
    results: s3.Bucket


class _Lake:
    """Makes the parts, in the order in which data go through them."""

    def __init__(self, stack: cdk.Stack, settings: Settings) -> None:
        self.stack = stack
        self.settings = settings
        self.aws: Aws = settings.aws
        self.name = settings.aws.stack
        self.database = settings.storage.database
        self.code = cdk.CfnParameter(
            stack, "CodeBucket", description="Bucket that holds the functions' packages"
        ).value_as_string
        self.keys = {
            each: cdk.CfnParameter(
                stack, f"{each.title()}CodeKey", description=f"Key of the package of the {each} function"
            ).value_as_string
            for each in FUNCTIONS
        }

    def make(self) -> None:
        """Declare everything."""
        buckets = self.buckets()
        queue, dead = self.queues()
        failed = self.queue("FailedRuns")
        _acknowledge(failed, "AwsSolutions-SQS3", "It is where runs end that failed for good; there is an alarm on it.")
        secret = self.secret()
        door = self.door(queue, secret, buckets.home)
        url, api = self.api(door) if self.aws.endpoint == "api-gateway" else self.function_url(door)
        seal = self.seal(queue, buckets.home)
        wrangle = self.wrangle(buckets, failed)
        self.schedules(wrangle, failed)
        work_group = self.athena(buckets)
        topic = watch(
            self.stack, self.aws,
            Watched(door.ref, seal.ref, wrangle.ref, api, queue, dead, failed, self.window + self.visibility),
        )  # fmt: skip
        self.outputs({
            "WebhookUrl": url, "HomeBucket": buckets.home.bucket_name, "Queue": queue.queue_url,
            "DeadLetterQueue": dead.queue_url, "FailedRunsQueue": failed.queue_url, "Database": self.database,
            "WorkGroup": work_group, "ReportBucket": buckets.report.bucket_name,
            "ResultsBucket": buckets.results.bucket_name, "SecretName": secret.attr_id, "AlarmTopic": topic,
            "DoorFunction": door.ref, "SealFunction": seal.ref, "WrangleFunction": wrangle.ref,
        })  # fmt: skip

    # Where things lie

    def buckets(self) -> _Buckets:
        """Declare the home and the others; all private, encrypted, TLS-only, and kept when the stack goes."""
        access = self.bucket(
            "AccessLogBucket", [s3.LifecycleRule(id="access-logs", expiration=_days(self.aws.log_days))]
        )
        rules = [
            s3.LifecycleRule(id="inbox", prefix="inbox/", expiration=_days(INBOX_DAYS)),
            # Replaced and removed files are of no use to a reader after some days, and many.
            s3.LifecycleRule(id="old-tables", prefix="tables/", noncurrent_version_expiration=_days(7)),
            s3.LifecycleRule(id="old-state", prefix="state/", noncurrent_version_expiration=_days(1)),
        ]
        if self.aws.raw_days is not None:
            self.check_retention(self.aws.raw_days)
            rules += [
                s3.LifecycleRule(id=tree, prefix=f"{tree}/", expiration=_days(self.aws.raw_days))
                for tree in ("raw", "quarantine")
            ]
        return _Buckets(
            self.bucket("HomeBucket", rules, access),
            self.bucket("ReportBucket", [], access),
            self.bucket("ResultsBucket", [s3.LifecycleRule(id="results", expiration=_days(RESULT_DAYS))], access),
        )

    def check_retention(self, raw_days: int) -> None:
        """Refuse to let raw expire under rows that are kept.

        A day of which only a part of the raw is left would be due, and be built anew from that part. So rows must go
        first; two days are for the zone and for segments that are sealed after midnight.

        Raises:
            SettingsError: rows would be kept longer than raw.
        """
        keep_days = self.settings.wrangle.keep_days
        if keep_days is None or keep_days + 2 > raw_days:
            raise SettingsError(
                f"aws.raw_days = {raw_days} lets raw expire while its rows are kept, and a day would be built anew from what is "
                f"left of it. Set wrangle.keep_days to at most {max(0, raw_days - 2)}, or take aws.raw_days out."
            )

    def bucket(self, name: str, rules: Sequence[s3.LifecycleRule], access: s3.Bucket | None = None) -> s3.Bucket:
        """Declare a bucket."""
        tidy = s3.LifecycleRule(
            id="tidy", noncurrent_version_expiration=_days(NONCURRENT_DAYS), expired_object_delete_marker=True,
            abort_incomplete_multipart_upload_after=_days(3),
        )  # fmt: skip
        return s3.Bucket(
            self.stack, name,
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

    @property
    def window(self) -> int:
        """Seconds that messages are gathered for before they are sealed."""
        return min(LONGEST_WINDOW, max(1, round(self.settings.capture.seal_seconds)))

    @property
    def visibility(self) -> int:
        """Seconds until a message that was not sealed comes again: six times the function's, as AWS advises."""
        return 6 * SEAL_SECONDS + self.window

    def queues(self) -> tuple[sqs.Queue, sqs.Queue]:
        """Declare the queue between door and seal, and the one of what cannot be sealed."""
        dead = self.queue("DeadLetterQueue")
        queue = self.queue(
            "Queue", visibility_timeout=cdk.Duration.seconds(self.visibility),
            dead_letter_queue=sqs.DeadLetterQueue(queue=dead, max_receive_count=RECEIVES),
        )  # fmt: skip
        return queue, dead

    def queue(self, name: str, **options: Any) -> sqs.Queue:
        """Declare a queue, encrypted and TLS-only, that keeps its messages as long as AWS can."""
        return sqs.Queue(
            self.stack, name,
            encryption=sqs.QueueEncryption.SQS_MANAGED, enforce_ssl=True, retention_period=KEEP_MESSAGES,
            removal_policy=cdk.RemovalPolicy.DESTROY, **options,
        )  # fmt: skip

    def secret(self) -> secretsmanager.CfnSecret:
        """Declare the secret, without a value; its name ends in letters of AWS's, so that it can be made again."""
        made = secretsmanager.CfnSecret(
            self.stack, "Secret", description=f"{self.name}: the webhook secret of each bot, put by telelake deploy aws"
        )
        _acknowledge(made, "AwsSolutions-SMG4", "Telegram must be told of a new secret: telelake deploy aws does both.")
        return made

    # The functions

    def door(self, queue: sqs.Queue, secret: secretsmanager.CfnSecret, home: s3.Bucket) -> lambda_.CfnFunction:
        """Declare what answers Telegram."""
        rights = [
            _allow(["sqs:SendMessage"], queue.queue_arn),
            _allow(["secretsmanager:GetSecretValue"], secret.attr_id),
            _allow(["s3:PutObject"], home.arn_for_objects("inbox/*")),
        ]
        environment = {"QUEUE_URL": queue.queue_url, "SECRET_ID": secret.attr_id, "HOME_BUCKET": home.bucket_name}
        # A function URL does not throttle; a bound on the copies at work does, at some 50 ms a request.
        bound = self.aws.endpoint == "function-url" and self.aws.reserve_concurrency
        return self.function(
            "door", rights, environment, memory=256, seconds=DOOR_SECONDS,
            reserved=max(5, self.aws.requests_per_second // 20) if bound else None,
        )  # fmt: skip

    def seal(self, queue: sqs.Queue, home: s3.Bucket) -> lambda_.CfnFunction:
        """Declare what makes segments of messages, and what calls it."""
        rights = [
            _allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], queue.queue_arn),
            # It puts a mark beside a body that is sealed, then deletes the body.
            _allow(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], home.arn_for_objects("inbox/*")),
            _allow(["s3:PutObject"], *(home.arn_for_objects(each) for each in ("raw/*", "quarantine/*", "lake.json"))),
            _allow(["s3:GetObject"], home.arn_for_objects("lake.json")),
            # Without it S3 says 403, and not 404, of an object that is not there: the lake.json of a new lake.
            _allow(["s3:ListBucket"], home.bucket_arn),
        ]
        made = self.function("seal", rights, self.lake_environment(home), memory=1024, seconds=SEAL_SECONDS)
        lambda_.CfnEventSourceMapping(
            self.stack, "SealSource",
            function_name=made.ref, event_source_arn=queue.queue_arn, enabled=True,
            batch_size=SEAL_BATCH, maximum_batching_window_in_seconds=self.window,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config=lambda_.CfnEventSourceMapping.ScalingConfigProperty(maximum_concurrency=10),
        )  # fmt: skip
        return made

    def wrangle(self, buckets: _Buckets, failed: sqs.Queue) -> lambda_.CfnFunction:
        """Declare what builds days: one at a time, tried three times, then reported."""
        home = buckets.home
        rights = [
            _allow(["s3:ListBucket", "s3:GetBucketLocation"], home.bucket_arn),
            _allow(["s3:GetObject"], home.arn_for_objects("raw/*"), home.arn_for_objects("quarantine/*")),
            _allow(
                ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
                *(home.arn_for_objects(f"{each}/*") for each in ("tables", "releases", "state")),
            ),
            _allow(["s3:GetObject", "s3:PutObject"], home.arn_for_objects("lake.json")),
            _allow(["s3:ListBucket"], buckets.report.bucket_arn),
            _allow(["s3:PutObject"], buckets.report.arn_for_objects("report.html")),
            self.glue(home),
            _allow(["sqs:SendMessage"], failed.queue_arn),
        ]
        environment = {
            **self.lake_environment(home),
            **self.wrangle_environment(),
            "REPORT_BUCKET": buckets.report.bucket_name,
            "REPORT_LANGUAGE": self.aws.report_language,
        }
        if self.aws.large_days == "spark":
            spark = self.spark(home)
            environment |= {"SPARK_APPLICATION": spark.application, "SPARK_ROLE": spark.role}
            rights += spark.rights
        made = self.function(
            "wrangle", rights, environment, memory=self.aws.wrangle_memory_mb, seconds=WRANGLE_SECONDS,
            reserved=1 if self.aws.reserve_concurrency else None, scratch=SCRATCH_MB,
        )  # fmt: skip
        lambda_.CfnEventInvokeConfig(
            self.stack, "WrangleFailure",
            function_name=made.ref, qualifier="$LATEST", maximum_retry_attempts=2, maximum_event_age_in_seconds=21_600,
            destination_config=lambda_.CfnEventInvokeConfig.DestinationConfigProperty(
                on_failure=lambda_.CfnEventInvokeConfig.OnFailureProperty(destination=failed.queue_arn)
            ),
        )  # fmt: skip
        return made

    def function(
        self, name: str, rights: Sequence[iam.PolicyStatement], environment: Mapping[str, str], *, memory: int,
        seconds: int, reserved: int | None = None, scratch: int | None = None,
    ) -> lambda_.CfnFunction:  # fmt: skip
        """Declare a function with a role of its own that may do `rights`, and write its own log."""
        title = name.title()
        log = self.log_group(f"{title}Log", f"/aws/lambda/{self.name}-{name}")
        role = self.role(f"{title}Role", "lambda.amazonaws.com", [
            *rights, _allow(["logs:CreateLogStream", "logs:PutLogEvents"], log.attr_arn),
        ])  # fmt: skip
        made = lambda_.CfnFunction(
            self.stack, f"{title}Function",
            function_name=f"{self.name}-{name}",
            description=_DESCRIPTIONS[name],
            handler=f"telelake.lambdas.{name}.handler",
            runtime=f"python{PYTHON}",
            architectures=[self.aws.architecture],
            code=lambda_.CfnFunction.CodeProperty(s3_bucket=self.code, s3_key=self.keys[name]),
            role=role.role_arn,
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
        _acknowledge(made, "AwsSolutions-L1", f"The packages are built and tested for Python {PYTHON}.")
        return made

    def role(self, name: str, service: str, rights: Sequence[iam.PolicyStatement], **options: Any) -> iam.Role:
        """Declare a role that one service may take on; its rights are part of it, so that nothing starts without them."""
        made = iam.Role(
            self.stack, name,
            assumed_by=iam.ServicePrincipal(service, **options),
            inline_policies={"rights": iam.PolicyDocument(statements=list(rights))},
        )  # fmt: skip
        for resource in {each for right in rights for each in right.resources if each.endswith("*")}:
            _acknowledge(
                made, f"AwsSolutions-IAM5[Resource::{_plainly(self.stack.resolve(resource))}]",
                "What is below this prefix is named at run time; more than the prefix it may not touch.",
            )  # fmt: skip
        return made

    def lake_environment(self, home: s3.Bucket) -> dict[str, str]:
        """Return what a function must be told of the lake."""
        return {
            "TELELAKE_HOME": f"s3://{home.bucket_name}",
            "TELELAKE_TIMEZONE": self.settings.timezone,
            "TELELAKE_STATE_DIR": "/tmp/telelake",  # noqa: S108 - the only place where a function may write
        }

    def wrangle_environment(self) -> dict[str, str]:
        """Return what the wrangle function must be told besides.

        Raises:
            SettingsError: the engine was given more memory than the function leaves it.
        """
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
            "TELELAKE_STORAGE__DATABASE": self.database,
            "TELELAKE_WRANGLE__MEMORY": wrangle.memory,
            "TELELAKE_WRANGLE__BATCH_BYTES": str(wrangle.batch_bytes),
            "HOME": "/tmp",  # noqa: S108 - the only place where a function may write
        }
        for name in ("max_day_bytes", "keep_days"):
            if (value := getattr(wrangle, name)) is not None:
                given[f"TELELAKE_WRANGLE__{name.upper()}"] = str(value)
        return given

    # What Telegram posts to

    def api(self, door: lambda_.CfnFunction) -> tuple[str, str | None]:
        """Declare the HTTP API; return its address and id."""
        api = apigateway.CfnApi(
            self.stack, "Api", name=self.name, protocol_type="HTTP", description=_DESCRIPTIONS["door"]
        )
        target = apigateway.CfnIntegration(
            self.stack, "ApiToDoor",
            api_id=api.ref, integration_type="AWS_PROXY", integration_uri=door.attr_arn, integration_method="POST",
            payload_format_version="2.0", timeout_in_millis=DOOR_SECONDS * 1000,
        )  # fmt: skip
        for name, method, path in (("Webhook", "POST", "/telegram/{bot}"), ("Health", "GET", "/healthz")):
            route = apigateway.CfnRoute(
                self.stack, f"{name}Route",
                api_id=api.ref, route_key=f"{method} {path}", authorization_type="NONE", target=f"integrations/{target.ref}",
            )  # fmt: skip
            _acknowledge(
                route, "AwsSolutions-APIG4",
                "Telegram proves itself by a secret header, which the door compares; the answer to /healthz is empty.",
            )  # fmt: skip
            lambda_.CfnPermission(
                self.stack, f"{name}Permission",
                action="lambda:InvokeFunction", function_name=door.ref, principal="apigateway.amazonaws.com",
                source_arn=self.arn("execute-api", api.ref, f"*/{method}{path.replace('{bot}', '*')}"),
            )  # fmt: skip
        log = self.log_group("ApiLog", f"/aws/vendedlogs/{self.name}/api")
        apigateway.CfnStage(
            self.stack, "ApiStage",
            api_id=api.ref, stage_name="$default", auto_deploy=True,
            default_route_settings=apigateway.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=self.aws.requests_per_second,
                throttling_burst_limit=min(5000, 2 * self.aws.requests_per_second),
            ),
            access_log_settings=apigateway.CfnStage.AccessLogSettingsProperty(
                destination_arn=self.arn("logs", "log-group", log.ref, separator=":"), format=_ACCESS_LOG
            ),
        )  # fmt: skip
        return api.attr_api_endpoint, api.ref

    def function_url(self, door: lambda_.CfnFunction) -> tuple[str, str | None]:
        """Declare the function's own address; return it, without the last slash, and no API's id."""
        made = lambda_.CfnUrl(
            self.stack, "DoorUrl", auth_type="NONE", target_function_arn=door.attr_arn, invoke_mode="BUFFERED"
        )
        lambda_.CfnPermission(
            self.stack, "DoorUrlPermission",
            action="lambda:InvokeFunctionUrl", function_name=door.ref, principal="*", function_url_auth_type="NONE",
        )  # fmt: skip
        # Since October 2025 both are needed; the second allows nothing but the way through the address.
        lambda_.CfnPermission(
            self.stack, "DoorUrlInvokePermission",
            action="lambda:InvokeFunction", function_name=door.ref, principal="*", invoked_via_function_url=True,
        )  # fmt: skip
        host = cdk.Fn.select(2, cdk.Fn.split("/", made.attr_function_url))
        return f"https://{host}", None

    # When, and with what

    def schedules(self, wrangle: lambda_.CfnFunction, failed: sqs.Queue) -> None:
        """Declare when days are built: after midnight of the lake's zone and, by setting, every few minutes."""
        role = self.role(
            "ScheduleRole", "scheduler.amazonaws.com",
            [_allow(["lambda:InvokeFunction"], wrangle.attr_arn), _allow(["sqs:SendMessage"], failed.queue_arn)],
            conditions={"StringEquals": {"aws:SourceAccount": self.stack.account}},
        )  # fmt: skip
        hour, minute = divmod(self.aws.after_midnight_minutes, 60)
        times = {"Daily": f"cron({minute} {hour} * * ? *)"}
        if self.aws.wrangle_every_minutes is not None:
            unit = "minute" if self.aws.wrangle_every_minutes == 1 else "minutes"
            times["Often"] = f"rate({self.aws.wrangle_every_minutes} {unit})"
        for name, expression in times.items():
            scheduler.CfnSchedule(
                self.stack, f"{name}Schedule",
                description=f"{self.name}: build the days that are due",
                schedule_expression=expression,
                schedule_expression_timezone=self.settings.timezone,
                flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
                target=scheduler.CfnSchedule.TargetProperty(
                    arn=wrangle.attr_arn, role_arn=role.role_arn, input=f'{{"schedule": "{name.lower()}"}}',
                    dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(arn=failed.queue_arn),
                    retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                        maximum_event_age_in_seconds=21_600, maximum_retry_attempts=10
                    ),
                ),
            )  # fmt: skip

    def glue(self, home: s3.Bucket) -> iam.PolicyStatement:
        """Declare the catalog's database; return the right to its tables."""
        glue.CfnDatabase(
            self.stack, "Database",
            catalog_id=self.stack.account,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=self.database, description="telelake: the published tables", location_uri=home.s3_url_for_object("tables"),
            ),
        )  # fmt: skip
        actions = ("GetDatabase", "GetTable", "GetTables", "CreateTable", "UpdateTable", "DeleteTable")
        return _allow(
            [f"glue:{each}" for each in actions], self.arn("glue", "catalog"),
            self.arn("glue", "database", self.database), self.arn("glue", "table", f"{self.database}/*"),
        )  # fmt: skip

    def athena(self, buckets: _Buckets) -> str:
        """Declare the work group and the insights as its named queries; return its name."""
        group = athena.CfnWorkGroup(
            self.stack, "WorkGroup",
            name=self.name, description="telelake: questions to the tables", recursive_delete_option=True, state="ENABLED",
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                bytes_scanned_cutoff_per_query=self.aws.scan_limit_mb * 1_000_000,
                enforce_work_group_configuration=True,
                publish_cloud_watch_metrics_enabled=True,
                engine_version=athena.CfnWorkGroup.EngineVersionProperty(selected_engine_version="Athena engine version 3"),
                result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                    output_location=buckets.results.s3_url_for_object("athena/"),
                    encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(encryption_option="SSE_S3"),
                ),
            ),
        )  # fmt: skip
        for each in named_queries(self.database, self.settings.timezone):
            athena.CfnNamedQuery(
                self.stack, f"Query{each.name.title().replace('_', '')}",
                name=each.name, description=each.description, query_string=each.sql, database=self.database,
                work_group=group.ref,
            )  # fmt: skip
        return group.ref

    def spark(self, home: s3.Bucket) -> _Spark:
        """Declare an application for days that are too large for a function; it costs nothing while it does nothing."""
        application = emr.CfnApplication(
            self.stack, "Spark",
            name=self.name, type="SPARK", release_label="emr-7.9.0",
            architecture="ARM64" if self.aws.architecture == "arm64" else "X86_64",
            auto_start_configuration=emr.CfnApplication.AutoStartConfigurationProperty(enabled=True),
            auto_stop_configuration=emr.CfnApplication.AutoStopConfigurationProperty(enabled=True, idle_timeout_minutes=5),
            maximum_capacity=emr.CfnApplication.MaximumAllowedResourcesProperty(cpu="32 vCPU", memory="128 GB", disk="500 GB"),
        )  # fmt: skip
        role = self.role(
            "SparkRole", "emr-serverless.amazonaws.com",
            [
                _allow(["s3:ListBucket", "s3:GetBucketLocation"], home.bucket_arn),
                _allow(["s3:GetObject"], home.arn_for_objects("raw/*"), home.arn_for_objects("quarantine/*")),
                # It writes files; publishing them stays with the wrangle function.
                _allow(
                    ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
                    home.arn_for_objects("tables/*"), home.arn_for_objects("state/spark/*"),
                ),
            ],
            conditions={"StringEquals": {"aws:SourceAccount": self.stack.account}},
        )  # fmt: skip
        cdk.CfnOutput(self.stack, "SparkApplication", value=application.attr_application_id)
        return _Spark(application.attr_application_id, role.role_arn, [
            _allow(["emr-serverless:StartJobRun"], application.attr_arn),
            _allow(["emr-serverless:GetJobRun", "emr-serverless:CancelJobRun"], f"{application.attr_arn}/jobruns/*"),
            iam.PolicyStatement(
                actions=["iam:PassRole"], resources=[role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "emr-serverless.amazonaws.com"}},
            ),
        ])  # fmt: skip

    # Small things

    def log_group(self, name: str, path: str) -> logs.CfnLogGroup:
        """Declare a log group that forgets."""
        made = logs.CfnLogGroup(self.stack, name, log_group_name=path, retention_in_days=self.aws.log_days)
        made.apply_removal_policy(cdk.RemovalPolicy.DESTROY)
        return made

    def arn(self, service: str, resource: str, name: str | None = None, *, separator: str = "/") -> str:
        """Return the ARN of something in the stack's own account and region."""
        tail = f"{separator}{name}" if name else ""
        return f"arn:{self.stack.partition}:{service}:{self.stack.region}:{self.stack.account}:{resource}{tail}"

    def outputs(self, values: Mapping[str, str]) -> None:
        """Declare what `deploy` and people need to know."""
        for name, value in values.items():
            cdk.CfnOutput(self.stack, f"{name}Output", value=value).override_logical_id(name)


@dataclass(frozen=True)
class _Spark:
    application: str
    role: str
    rights: list[iam.PolicyStatement]


_DESCRIPTIONS = {
    "door": "telelake: answers Telegram when the queue has the update",
    "seal": "telelake: makes raw segments of queued updates",
    "wrangle": "telelake: builds the days that are due and publishes them",
}

# No address parameter, header or body: nothing of an update, and no secret, comes into the log.
_ACCESS_LOG = (
    '{"time":"$context.requestTime","ip":"$context.identity.sourceIp","route":"$context.routeKey",'
    '"status":"$context.status","bytes":"$context.responseLength","milliseconds":"$context.responseLatency",'
    '"error":"$context.integrationErrorMessage","id":"$context.requestId"}'
)


def _findings(folder: Path) -> list[str]:
    """Return what a check has found, from the report that the CDK leaves: `rule at construct: why`."""
    report = folder / "validation-report.json"
    if not report.is_file():
        return []
    return sorted(
        f"{finding['ruleName']} at {place['constructPath']}: {finding['description']}"
        for plugin in json.loads(report.read_bytes())["pluginReports"]
        for finding in plugin["violations"]
        for place in finding["violatingConstructs"]
    )


def _allow(actions: Sequence[str], *resources: str) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=list(actions), resources=list(resources))


def _days(number: int) -> cdk.Duration:
    return cdk.Duration.days(number)


def _plainly(resolved: Any) -> str:
    """Return an ARN as cdk-nag writes it in the name of a finding: `<Bucket.Arn>/raw/*`."""
    match resolved:
        case {"Fn::Join": [between, parts]}:
            return str(between).join(_plainly(each) for each in parts)
        case {"Fn::GetAtt": path}:
            return f"<{'.'.join(path)}>"
        case {"Ref": name}:
            return f"<{name}>"
    return str(resolved)


def _acknowledge(what: Any, rule: str, reason: str) -> None:
    cdk.Validations.of(what).acknowledge(cdk.Acknowledgment(id=rule, reason=reason))


def main() -> int:
    """Write the template of the settings found; `--out DIR` names the folder."""
    import argparse

    parser = argparse.ArgumentParser(description="Write the CloudFormation template of telelake.")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--config", type=Path, help="settings file")
    given = parser.parse_args()
    sys.stdout.write(f"{synthesise(load(given.config), given.out, check=True)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
