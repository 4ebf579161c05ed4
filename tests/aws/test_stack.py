"""The template: who may do what, what is private, what is watched. What the stand-in does not check is checked here."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cfnlint import api as cfnlint

from telelake.aws import rights, stack
from telelake.aws.athena import named_queries
from telelake.aws.views import views
from telelake.errors import SettingsError
from telelake.settings import Aws, Bot, Capture, Secret, Settings, Storage, Wrangle

ZONE = "America/Sao_Paulo"
DATABASE = "telelake"
REGIONS = ["eu-central-1", "eu-west-1", "sa-east-1", "us-east-1", "us-west-2"]
"""Where all types of resource are; younger regions lack budgets or function URLs."""
Resources = dict[str, dict[str, Any]]


def _synthesised(folder: Path, *, check: bool = True, **aws: Any) -> dict[str, Any]:
    bots = {"support": Bot(token=Secret(env="CANARY_TOKEN"), secret=Secret(env="CANARY_SECRET"))}
    wrangle = Wrangle(keep_days=398) if "raw_days" in aws else Wrangle()
    settings = Settings(timezone=ZONE, bots=bots, capture=Capture(seal_seconds=90), wrangle=wrangle, aws=Aws(**aws))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CANARY_TOKEN", "7000000001:canary")
        patch.setenv("CANARY_SECRET", "canary")
        path = stack.synthesise(settings, folder, check=check)
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The stack with an HTTP API, mail and a budget. cdk-nag has judged it."""
    return _synthesised(
        tmp_path_factory.mktemp("usual"), alarm_email="ops@example.org", budget_usd=10, quiet_hours=48, raw_days=400
    )


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The stack with a function URL, Spark, frequent wrangles, and no mail. cdk-nag has judged it."""
    return _synthesised(
        tmp_path_factory.mktemp("other"), stack="lake-b", endpoint="function-url", architecture="x86_64",
        large_days="spark", wrangle_every_minutes=5, after_midnight_minutes=75, log_days=7,
    )  # fmt: skip


@pytest.fixture(scope="module", params=["usual", "other"])
def either(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Both, one after the other."""
    found: dict[str, Any] = request.getfixturevalue(request.param)
    return found


def _of(template: dict[str, Any], kind: str) -> Resources:
    """Return the resources of a type, by logical id, as their properties."""
    return {
        name: each.get("Properties", {})
        for name, each in template["Resources"].items()
        if each["Type"] == f"AWS::{kind}"
    }


def _plain(value: Any) -> str:
    """Return a reference or a joined text in one line, with logical ids without their hashes: `<HomeBucket.Arn>/raw/*`."""
    match value:
        case {"Fn::Join": [between, parts]}:
            return str(between).join(map(_plain, parts))
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{_id(name)}.{attribute}>"
        case {"Ref": name}:
            return f"<{_id(name)}>"
    return str(value)


def _id(name: str) -> str:
    return re.sub(r"[0-9A-F]{8}$", "", name)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _statements(properties: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for policy in properties["Policies"]:
        yield from policy["PolicyDocument"]["Statement"]


def _rights(template: dict[str, Any], role: str) -> set[tuple[str, str]]:
    """Return all (action, resource) that a role allows, less writing its own log; it must deny nothing and hold no more."""
    (properties,) = [each for name, each in _of(template, "IAM::Role").items() if _id(name) == role]
    assert "ManagedPolicyArns" not in properties
    found = set()
    for statement in _statements(properties):
        assert statement["Effect"] == "Allow"
        for action in _list(statement["Action"]):
            for resource in _list(statement["Resource"]):
                found.add(
                    (
                        action,
                        _plain(resource)
                        .replace("arn:<AWS::Partition>:", "")
                        .replace("<AWS::Region>:<AWS::AccountId>:", ""),
                    )
                )
    log = f"<{role.removesuffix('Role')}Log.Arn>"
    return found - {("logs:CreateLogStream", log), ("logs:PutLogEvents", log)}


def _all(actions: str, *resources: str) -> set[tuple[str, str]]:
    return {(action, resource) for action in actions.split() for resource in resources}


# Rules of others


def test_cfn_lint_finds_nothing(either: dict[str, Any]) -> None:
    """No error and no warning; hints (I) are matters of taste."""
    found = [f"{each.rule.id} {each.message}" for each in cfnlint.lint(json.dumps(either), regions=REGIONS)]

    assert [each for each in found if not each.startswith("I")] == []


def test_cfn_lint_would_find_something(usual: dict[str, Any]) -> None:
    """The twin: a misspelt property and a runtime that is none."""
    spoilt = json.loads(json.dumps(usual).replace("python3.13", "python3.1").replace('"MemorySize"', '"MemorySise"'))

    assert {"E3002", "E3030"} <= {each.rule.id for each in cfnlint.lint_all(json.dumps(spoilt))}


def test_each_exception_is_needed_and_has_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin of what both fixtures have passed: without our reasons cdk-nag finds just what they are for."""
    given: list[tuple[str, str, str]] = []

    # All reasons go through `rights`, whoever has them; here they are written down and not told to cdk-nag.
    noting = SimpleNamespace(
        of=lambda what: SimpleNamespace(
            acknowledge=lambda said: given.append((what.node.path, said.id, said.reason))
        )
    )  # fmt: skip
    monkeypatch.setattr(rights, "cdk", SimpleNamespace(Validations=noting, Acknowledgment=rights.cdk.Acknowledgment))
    with pytest.raises(SettingsError) as refused:
        _synthesised(tmp_path)
    found = {
        (rule, place.removesuffix("/Resource"))
        for rule, place in re.findall(r"^  (\S+) at (\S+):", str(refused.value), re.MULTILINE)
    }

    assert found
    assert found == {(rule, path) for path, rule, _ in given}
    assert all(len(reason.split()) >= 8 for _, _, reason in given)


# Form


def test_it_is_plain_cloudformation(either: dict[str, Any]) -> None:
    """No assets and no bootstrap: the only parameters are where the code lies."""
    assert set(either["Parameters"]) == {"CodeBucket", "DoorCodeKey", "SealCodeKey", "WrangleCodeKey"}
    assert {"Rules", "Metadata", "Mappings"}.isdisjoint(either)
    text = json.dumps(either)
    assert "cdk-hnb659fds" not in text
    assert "aws:cdk" not in text
    assert len(text) < 1_000_000


def test_it_says_what_others_need(either: dict[str, Any]) -> None:
    """The outputs."""
    assert {
        "WebhookUrl", "HomeBucket", "Queue", "DeadLetterQueue", "Database", "WorkGroup", "ReportBucket", "SecretName",
        "DoorFunction", "SealFunction", "WrangleFunction", "FailedRunsQueue", "AlarmTopic", "ResultsBucket",
    } <= set(either["Outputs"])  # fmt: skip


def test_no_secret_is_in_it(either: dict[str, Any]) -> None:
    """Neither token nor webhook secret, nor the name of a variable that holds one; the secret is made without a value."""
    assert "canary" not in json.dumps(either).lower()
    (secret,) = _of(either, "SecretsManager::Secret").values()
    assert {"SecretString", "GenerateSecretString", "Name"}.isdisjoint(secret)


# Storage


def test_each_bucket_is_private_encrypted_versioned_and_kept(either: dict[str, Any]) -> None:
    """All four; only a stack that failed to be made takes them away again."""
    buckets = _of(either, "S3::Bucket")
    assert {_id(name) for name in buckets} == {"HomeBucket", "ReportBucket", "ResultsBucket", "AccessLogBucket"}
    for name, bucket in buckets.items():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert len(bucket["PublicAccessBlockConfiguration"]) == 4
        (encryption,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert encryption == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
        assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        assert either["Resources"][name]["DeletionPolicy"] == "RetainExceptOnCreate"
        assert either["Resources"][name]["UpdateReplacePolicy"] == "Retain"
        if _id(name) != "AccessLogBucket":
            assert _plain(bucket["LoggingConfiguration"]["DestinationBucketName"]) == "<AccessLogBucket>"


@pytest.mark.parametrize(
    ("policies", "subject", "things"),
    [("S3::BucketPolicy", "Bucket", 4), ("SQS::QueuePolicy", "Queues", 3), ("SNS::TopicPolicy", "Topics", 1)],
)
def test_each_bucket_queue_and_topic_refuses_what_is_not_tls(
    either: dict[str, Any], policies: str, subject: str, things: int
) -> None:
    """An explicit deny for everyone; of a bucket, and of all that is in it."""
    found = set()
    for properties in _of(either, policies).values():
        (target,) = map(_plain, _list(properties[subject]))
        (deny,) = [each for each in properties["PolicyDocument"]["Statement"] if each["Effect"] == "Deny"]
        assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert deny["Principal"] in ("*", {"AWS": "*"})
        resources = set(map(_plain, _list(deny["Resource"])))
        if subject == "Bucket":
            arn = f"{target.rstrip('>')}.Arn>"
            assert (deny["Action"], resources) == ("s3:*", {arn, f"{arn}/*"})
        elif subject == "Queues":
            assert (deny["Action"], len(resources)) == ("sqs:*", 1)
        else:
            assert (deny["Action"], resources) == ("sns:Publish", {target})
        found.add(target)

    assert (
        len(found)
        == things
        == len(_of(either, {"Bucket": "S3::Bucket", "Queues": "SQS::Queue", "Topics": "SNS::Topic"}[subject]))
    )


def test_nothing_but_aws_itself_is_allowed_by_a_policy_on_a_resource(either: dict[str, Any]) -> None:
    """Access logs, alarms and budgets, each for this account alone."""
    for kind in ("S3::BucketPolicy", "SQS::QueuePolicy", "SNS::TopicPolicy"):
        for properties in _of(either, kind).values():
            for statement in properties["PolicyDocument"]["Statement"]:
                if statement["Effect"] == "Allow":
                    assert statement["Principal"]["Service"] in (
                        "logging.s3.amazonaws.com", "cloudwatch.amazonaws.com", "budgets.amazonaws.com"
                    )  # fmt: skip
                    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}


def test_what_expires(usual: dict[str, Any], other: dict[str, Any]) -> None:
    """Raw only by setting; the inbox after 30 days; tables, releases and state never, but for what was replaced."""

    def rules(template: dict[str, Any], bucket: str) -> Resources:
        (found,) = [each for name, each in _of(template, "S3::Bucket").items() if _id(name) == bucket]
        return {each["Id"]: each for each in found["LifecycleConfiguration"]["Rules"]}

    def expiring(template: dict[str, Any], bucket: str) -> dict[str, int]:
        return {
            each.get("Prefix", "*"): each["ExpirationInDays"]
            for each in rules(template, bucket).values()
            if "ExpirationInDays" in each
        }

    assert expiring(usual, "HomeBucket") == {"inbox/": 30, "raw/": 400, "quarantine/": 400}
    assert expiring(other, "HomeBucket") == {"inbox/": 30}
    assert expiring(other, "ReportBucket") == {}
    assert expiring(other, "ResultsBucket") == {"*": 7}
    assert expiring(other, "AccessLogBucket") == {"*": 7}
    for bucket in ("HomeBucket", "ReportBucket", "ResultsBucket", "AccessLogBucket"):
        tidy = rules(usual, bucket)["tidy"]
        assert tidy["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
        assert tidy["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 3}
        assert "Prefix" not in tidy


@pytest.mark.parametrize("keep_days", [None, 399, 1000])
def test_raw_does_not_expire_under_rows_that_are_kept(tmp_path: Path, keep_days: int | None) -> None:
    """A day of which a part of the raw has expired would be built anew from the rest."""
    settings = Settings(timezone=ZONE, wrangle=Wrangle(keep_days=keep_days), aws=Aws(raw_days=400))
    with pytest.raises(SettingsError, match=r"Set retention\.tables_days to at most 398"):
        stack.synthesise(settings, tmp_path)


def test_wrangle_is_told_how_long_rows_are_kept(usual: dict[str, Any], other: dict[str, Any]) -> None:
    """Only when it is set."""
    name = "TELELAKE_WRANGLE__KEEP_DAYS"
    assert _of(usual, "Lambda::Function")["WrangleFunction"]["Environment"]["Variables"][name] == "398"
    assert name not in _of(other, "Lambda::Function")["WrangleFunction"]["Environment"]["Variables"]


def test_wrangle_is_told_of_upkeep(usual: dict[str, Any]) -> None:
    """Every setting of upkeep, and how often a run publishes, is one that the function reads as it was set."""
    told = _of(usual, "Lambda::Function")["WrangleFunction"]["Environment"]["Variables"]
    usual_settings = Settings()
    for name, value in usual_settings.upkeep:
        assert told[f"TELELAKE_UPKEEP__{name.upper()}"] == str(value)
    assert told["TELELAKE_WRANGLE__PUBLISH_SECONDS"] == str(usual_settings.wrangle.publish_seconds)


def test_the_queues(either: dict[str, Any]) -> None:
    """Encrypted, 14 days, and what fails twenty times goes to the dead-letter queue."""
    queues = _of(either, "SQS::Queue")
    assert {_id(name) for name in queues} == {"Queue", "DeadLetterQueue", "FailedRuns"}
    assert all(
        each["SqsManagedSseEnabled"] is True and each["MessageRetentionPeriod"] == 14 * 86_400
        for each in queues.values()
    )
    (queue,) = [each for name, each in queues.items() if _id(name) == "Queue"]
    assert _plain(queue["RedrivePolicy"]["deadLetterTargetArn"]) == "<DeadLetterQueue.Arn>"
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 20
    (seal,) = [each for name, each in _of(either, "Lambda::Function").items() if name == "SealFunction"]
    assert queue["VisibilityTimeout"] == 6 * seal["Timeout"] + 90


# Functions


def test_the_functions(either: dict[str, Any]) -> None:
    """Handler, runtime, code from the parameters, a log that forgets, and exactly the environment of the contract."""
    functions = _of(either, "Lambda::Function")
    logs = _of(either, "Logs::LogGroup")
    assert set(functions) == {"DoorFunction", "SealFunction", "WrangleFunction"}
    for name in ("Door", "Seal", "Wrangle"):
        each = functions[f"{name}Function"]
        assert each["Handler"] == f"telelake.lambdas.{name.lower()}.handler"
        assert each["Runtime"] == "python3.13"
        assert each["Code"] == {"S3Bucket": {"Ref": "CodeBucket"}, "S3Key": {"Ref": f"{name}CodeKey"}}
        assert _plain(each["Role"]) == f"<{name}Role.Arn>"
        logging = (
            {"LogFormat": "JSON", "SystemLogLevel": "WARN", "ApplicationLogLevel": "INFO"} if name == "Door" else {}
        )
        assert each["LoggingConfig"] == {"LogGroup": {"Ref": f"{name}Log"}, **logging}
        assert logs[f"{name}Log"]["LogGroupName"] == f"/aws/lambda/{each['FunctionName']}"
    environment = {
        name: {key: _plain(value) for key, value in each["Environment"]["Variables"].items()}
        for name, each in functions.items()
    }
    assert environment["DoorFunction"] == {
        "QUEUE_URL": "<Queue>",
        "SECRET_ID": "<Secret.Id>",
        "HOME_BUCKET": "<HomeBucket>",
    }
    lake = {"TELELAKE_HOME": "s3://<HomeBucket>", "TELELAKE_TIMEZONE": ZONE, "TELELAKE_STATE_DIR": "/tmp/telelake"}
    assert environment["SealFunction"] == lake
    wrangle = environment["WrangleFunction"]
    assert lake.items() <= wrangle.items()
    assert wrangle["TELELAKE_STORAGE__CATALOG"] == "glue"
    assert wrangle["TELELAKE_STORAGE__DATABASE"] == DATABASE
    assert wrangle["TELELAKE_WRANGLE__MEMORY"] == Wrangle().memory
    assert (wrangle["REPORT_BUCKET"], wrangle["REPORT_LANGUAGE"], wrangle["HOME"]) == ("<ReportBucket>", "pt", "/tmp")


def test_wrangle_has_room_and_runs_alone(usual: dict[str, Any], other: dict[str, Any], tmp_path: Path) -> None:
    """One at a time, with 15 minutes and 10 GB of disk; without a reservation by setting."""
    wrangle = _of(usual, "Lambda::Function")["WrangleFunction"]
    assert (wrangle["ReservedConcurrentExecutions"], wrangle["Timeout"], wrangle["MemorySize"]) == (1, 900, 3008)
    assert wrangle["EphemeralStorage"] == {"Size": 10_240}
    assert "ReservedConcurrentExecutions" not in _of(usual, "Lambda::Function")["DoorFunction"]
    assert _of(other, "Lambda::Function")["DoorFunction"]["ReservedConcurrentExecutions"] == 25
    free = _of(_synthesised(tmp_path, check=False, reserve_concurrency=False), "Lambda::Function")
    assert not any("ReservedConcurrentExecutions" in each for each in free.values())


def test_architecture_and_logs_follow_the_settings(usual: dict[str, Any], other: dict[str, Any]) -> None:
    """arm64 and 30 days unless something else is set."""
    assert {tuple(each["Architectures"]) for each in _of(usual, "Lambda::Function").values()} == {("arm64",)}
    assert {tuple(each["Architectures"]) for each in _of(other, "Lambda::Function").values()} == {("x86_64",)}
    assert {each["RetentionInDays"] for each in _of(usual, "Logs::LogGroup").values()} == {30}
    assert {each["RetentionInDays"] for each in _of(other, "Logs::LogGroup").values()} == {7}
    assert len(_of(usual, "Logs::LogGroup")) == 4


def test_the_engine_must_fit_the_function(tmp_path: Path) -> None:
    """An engine that may take what the function needs itself is refused before anything is made."""
    settings = Settings(timezone=ZONE, wrangle=Wrangle(memory="3GB"))
    with pytest.raises(SettingsError, match=r"wrangle\.memory = '3GB' does not fit aws\.wrangle_memory_mb = 3008"):
        stack.synthesise(settings, tmp_path)


# Rights


def test_the_door_may_only_pass_on(either: dict[str, Any]) -> None:
    """Send to the one queue, read the one secret, put into the inbox."""
    assert _rights(either, "DoorRole") == (
        _all("sqs:SendMessage", "<Queue.Arn>")
        | _all("secretsmanager:GetSecretValue", "<Secret.Id>")
        | _all("s3:PutObject", "<HomeBucket.Arn>/inbox/*")
    )


def test_seal_may_write_raw_and_never_delete_it(either: dict[str, Any]) -> None:
    """Consume the queue, empty the inbox, put raw."""
    assert _rights(either, "SealRole") == (
        _all("sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes", "<Queue.Arn>")
        | _all("s3:GetObject s3:PutObject s3:DeleteObject", "<HomeBucket.Arn>/inbox/*")
        | _all("s3:PutObject", "<HomeBucket.Arn>/raw/*", "<HomeBucket.Arn>/quarantine/*")
        | _all("s3:GetObject s3:PutObject", "<HomeBucket.Arn>/lake.json")
        | _all("s3:GetObject", "<HomeBucket.Arn>/state/forgotten/*")
        | _all("s3:ListBucket", "<HomeBucket.Arn>")
    )


def test_wrangle_may_join_raw_and_write_tables(usual: dict[str, Any]) -> None:
    """Raw is joined to fewer segments by it alone. And no more of Glue than the tables of its database."""
    trees = ("tables", "releases", "state", "raw", "quarantine")
    below = [f"<HomeBucket.Arn>/{each}/*" for each in trees]
    assert _rights(usual, "WrangleRole") == (
        _all("s3:ListBucket s3:GetBucketLocation", "<HomeBucket.Arn>")
        | _all("s3:GetObject", "<HomeBucket.Arn>/raw/*", "<HomeBucket.Arn>/quarantine/*")
        | _all("s3:GetObject s3:PutObject s3:DeleteObject s3:AbortMultipartUpload", *below)
        | _all("s3:GetObject s3:PutObject", "<HomeBucket.Arn>/lake.json")
        | _all("s3:ListBucket", "<ReportBucket.Arn>")
        | _all("s3:PutObject", "<ReportBucket.Arn>/report.html")
        | _all("sqs:SendMessage", "<FailedRuns.Arn>")
        | _all(
            "glue:GetDatabase glue:GetTable glue:GetTables glue:CreateTable glue:UpdateTable glue:DeleteTable",
            "glue:catalog", f"glue:database/{DATABASE}", f"glue:table/{DATABASE}/*",
        )
    )  # fmt: skip


def test_with_spark_wrangle_may_start_that_application_too(usual: dict[str, Any], other: dict[str, Any]) -> None:
    """Off by default; on, it may hand over the one role, to EMR Serverless only."""
    assert not _of(usual, "EMRServerless::Application")
    assert len(_of(other, "EMRServerless::Application")) == 1
    more = _rights(other, "WrangleRole") - _rights(usual, "WrangleRole")
    assert more == (
        _all("emr-serverless:StartJobRun", "<Spark.Arn>")
        | _all("emr-serverless:GetJobRun emr-serverless:CancelJobRun", "<Spark.Arn>/jobruns/*")
        | _all("iam:PassRole", "<SparkRole.Arn>")
    )
    wrangle = next(each for name, each in _of(other, "IAM::Role").items() if _id(name) == "WrangleRole")
    (passing,) = [each for each in _statements(wrangle) if each["Action"] == "iam:PassRole"]
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "emr-serverless.amazonaws.com"}}
    assert not {right for right in _rights(other, "SparkRole") if right[0] != "s3:GetObject" and "/raw/" in right[1]}


def test_the_schedule_may_only_start_wrangle(either: dict[str, Any]) -> None:
    """And say that it could not."""
    assert _rights(either, "ScheduleRole") == _all("lambda:InvokeFunction", "<WrangleFunction.Arn>") | _all(
        "sqs:SendMessage", "<FailedRuns.Arn>"
    )


def test_each_role_is_for_one_service(either: dict[str, Any]) -> None:
    """Roles that a service takes on for somebody are bound to this account."""
    services = {
        "DoorRole": "lambda",
        "SealRole": "lambda",
        "WrangleRole": "lambda",
        "ScheduleRole": "scheduler",
        "SparkRole": "emr-serverless",
    }
    roles = _of(either, "IAM::Role")
    assert {_id(name) for name in roles} <= set(services)
    for name, role in roles.items():
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        service = services[_id(name)]
        assert (trust["Effect"], trust["Action"], trust["Principal"]) == (
            "Allow",
            "sts:AssumeRole",
            {"Service": f"{service}.amazonaws.com"},
        )
        if service != "lambda":
            assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert not _of(either, "IAM::Policy") and not _of(either, "IAM::ManagedPolicy") and not _of(either, "IAM::User")


# Who calls whom


def test_the_http_api_may_call_the_door(usual: dict[str, Any]) -> None:
    """Each route has a permission of exactly its method and path."""
    (api,) = _of(usual, "ApiGatewayV2::Api").values()
    (integration,) = _of(usual, "ApiGatewayV2::Integration").values()
    assert api["ProtocolType"] == "HTTP"
    assert (integration["IntegrationType"], integration["PayloadFormatVersion"]) == ("AWS_PROXY", "2.0")
    assert _plain(integration["IntegrationUri"]) == "<DoorFunction.Arn>"
    routes = _of(usual, "ApiGatewayV2::Route").values()
    assert {each["RouteKey"] for each in routes} == {"POST /telegram/{bot}", "GET /healthz"}
    assert {_plain(each["Target"]) for each in routes} == {"integrations/<ApiToDoor>"}
    permissions = _of(usual, "Lambda::Permission").values()
    assert all(
        (each["Action"], each["Principal"], _plain(each["FunctionName"]))
        == ("lambda:InvokeFunction", "apigateway.amazonaws.com", "<DoorFunction>")
        for each in permissions
    )
    prefix = "arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<Api>"
    assert {_plain(each["SourceArn"]) for each in permissions} == {
        f"{prefix}/*/POST/telegram/*",
        f"{prefix}/*/GET/healthz",
    }


def test_the_http_api_throttles_and_logs_no_update(usual: dict[str, Any]) -> None:
    """Requests above the bound are refused; the access log has neither path, headers nor body."""
    (stage,) = _of(usual, "ApiGatewayV2::Stage").values()
    assert (stage["StageName"], stage["AutoDeploy"]) == ("$default", True)
    assert stage["DefaultRouteSettings"] == {"ThrottlingRateLimit": 500, "ThrottlingBurstLimit": 1000}
    log = stage["AccessLogSettings"]
    assert _plain(log["DestinationArn"]).endswith("log-group:<ApiLog>")
    assert set(json.loads(log["Format"])) == {"time", "ip", "route", "status", "bytes", "milliseconds", "error", "id"}
    assert not re.search(r"header|body|\.path|querystring|authorizer", log["Format"])


def test_the_function_url_may_call_the_door(other: dict[str, Any]) -> None:
    """Both permissions that AWS asks for since October 2025; the address has no slash at its end."""
    assert not _of(other, "ApiGatewayV2::Api")
    (url,) = _of(other, "Lambda::Url").values()
    assert (url["AuthType"], _plain(url["TargetFunctionArn"])) == ("NONE", "<DoorFunction.Arn>")
    permissions = {each["Action"]: each for each in _of(other, "Lambda::Permission").values()}
    assert set(permissions) == {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"}
    assert permissions["lambda:InvokeFunctionUrl"]["FunctionUrlAuthType"] == "NONE"
    assert permissions["lambda:InvokeFunction"]["InvokedViaFunctionUrl"] is True
    (join,) = [other["Outputs"]["WebhookUrl"]["Value"]["Fn::Join"]]
    assert join[1][0] == "https://"
    assert join[1][1] == {"Fn::Select": [2, {"Fn::Split": ["/", {"Fn::GetAtt": ["DoorUrl", "FunctionUrl"]}]}]}


def test_seal_is_called_with_many_and_says_which_failed(either: dict[str, Any]) -> None:
    """Thousands of messages or the window; single failures come again alone."""
    (source,) = _of(either, "Lambda::EventSourceMapping").values()
    assert (_plain(source["EventSourceArn"]), _plain(source["FunctionName"])) == ("<Queue.Arn>", "<SealFunction>")
    assert (source["BatchSize"], source["MaximumBatchingWindowInSeconds"]) == (10_000, 90)
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["ScalingConfig"] == {"MaximumConcurrency": 10}


def test_wrangle_is_scheduled_in_the_lakes_zone(usual: dict[str, Any], other: dict[str, Any]) -> None:
    """After midnight there, whatever UTC says; what cannot be started, or fails three times, is kept."""
    assert {each["ScheduleExpression"] for each in _of(usual, "Scheduler::Schedule").values()} == {"cron(10 0 * * ? *)"}
    assert {each["ScheduleExpression"] for each in _of(other, "Scheduler::Schedule").values()} == {
        "cron(15 1 * * ? *)",
        "rate(5 minutes)",
    }
    for each in [*_of(usual, "Scheduler::Schedule").values(), *_of(other, "Scheduler::Schedule").values()]:
        assert each["ScheduleExpressionTimezone"] == ZONE
        assert each["FlexibleTimeWindow"] == {"Mode": "OFF"}
        target = each["Target"]
        assert (_plain(target["Arn"]), _plain(target["RoleArn"])) == ("<WrangleFunction.Arn>", "<ScheduleRole.Arn>")
        assert _plain(target["DeadLetterConfig"]["Arn"]) == "<FailedRuns.Arn>"
        assert target["RetryPolicy"]["MaximumRetryAttempts"] == 10
        json.loads(target["Input"])
    (failure,) = _of(usual, "Lambda::EventInvokeConfig").values()
    assert (_plain(failure["FunctionName"]), failure["MaximumRetryAttempts"]) == ("<WrangleFunction>", 2)
    assert _plain(failure["DestinationConfig"]["OnFailure"]["Destination"]) == "<FailedRuns.Arn>"


# Watching


def _watched(alarm: dict[str, Any]) -> set[tuple[str, str, str]]:
    """Return (namespace, metric, what) of an alarm."""
    stats = [each["MetricStat"]["Metric"] for each in alarm.get("Metrics", ()) if "MetricStat" in each] or [alarm]
    return {(each["Namespace"], each["MetricName"], _plain(each["Dimensions"][0]["Value"])) for each in stats}


@pytest.mark.parametrize(("which", "door"), [("usual", "api"), ("other", "url")])
def test_alarms(request: pytest.FixtureRequest, which: str, door: str) -> None:
    """All that the issue names; each tells the topic, and says what to do; ten metrics, which cost nothing."""
    template = request.getfixturevalue(which)
    alarms = _of(template, "CloudWatch::Alarm")
    doors = {("AWS/ApiGateway", kind, "<Api>") for kind in ("4xx", "5xx")}
    if door == "url":
        doors = {("AWS/Lambda", f"Url{kind}Count", "<DoorFunction>") for kind in ("4xx", "5xx")}
    assert set().union(*map(_watched, alarms.values())) == doors | {
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "<DeadLetterQueue.QueueName>"),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "<FailedRuns.QueueName>"),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", "<Queue.QueueName>"),
        ("AWS/SQS", "NumberOfMessagesSent", "<Queue.QueueName>"),
        ("AWS/Lambda", "Errors", "<SealFunction>"),
        ("AWS/Lambda", "Errors", "<WrangleFunction>"),
        ("AWS/Lambda", "Invocations", "<WrangleFunction>"),
    }
    assert sum(len(_watched(each)) for each in alarms.values()) == 10
    for alarm in alarms.values():
        assert [_plain(each) for each in alarm["AlarmActions"]] == ["<AlarmTopic>"]
        assert len(alarm["AlarmDescription"].split()) > 8


def test_silence_is_an_alarm(usual: dict[str, Any]) -> None:
    """No run for 26 hours and no update for `quiet_hours`: hours without any data count as bad, and only there."""
    alarms = {_id(name): each for name, each in _of(usual, "CloudWatch::Alarm").items()}
    late, quiet = alarms["WrangleLateAlarm"], alarms["QuietAlarm"]
    assert {name for name, each in alarms.items() if each["TreatMissingData"] == "breaching"} == {
        "WrangleLateAlarm",
        "QuietAlarm",
    }
    assert (late["EvaluationPeriods"], quiet["EvaluationPeriods"]) == (26, 48)
    assert {each["MetricStat"]["Period"] for each in late["Metrics"] if "MetricStat" in each} == {3600}
    assert quiet["Period"] == 3600
    assert [each["Expression"] for each in late["Metrics"] if "Expression" in each] == ["runs - errors"]
    for each in (late, quiet):
        assert (each["ComparisonOperator"], each["Threshold"]) == ("LessThanThreshold", 1)


def test_mail_and_budget_by_setting(usual: dict[str, Any], other: dict[str, Any]) -> None:
    """Neither is there without its setting."""
    (mail,) = _of(usual, "SNS::Subscription").values()
    assert (mail["Protocol"], mail["Endpoint"], _plain(mail["TopicArn"])) == (
        "email",
        "ops@example.org",
        "<AlarmTopic>",
    )
    (budget,) = _of(usual, "Budgets::Budget").values()
    assert budget["Budget"]["BudgetLimit"] == {"Amount": 10, "Unit": "USD"}
    notes = budget["NotificationsWithSubscribers"]
    assert [(each["Notification"]["NotificationType"], each["Notification"]["Threshold"]) for each in notes] == [
        ("ACTUAL", 80),
        ("FORECASTED", 100),
    ]
    assert not _of(other, "SNS::Subscription")
    assert not _of(other, "Budgets::Budget")


def test_there_is_a_dashboard(either: dict[str, Any]) -> None:
    """One, named after the stack."""
    (dashboard,) = _of(either, "CloudWatch::Dashboard").values()
    assert dashboard["DashboardName"] in ("telelake", "lake-b")
    assert "NumberOfMessagesSent" in json.dumps(dashboard["DashboardBody"])


# Asking


def test_athena_is_bounded_and_encrypts(either: dict[str, Any]) -> None:
    """Nobody can choose another place or more bytes."""
    (group,) = _of(either, "Athena::WorkGroup").values()
    rules = group["WorkGroupConfiguration"]
    assert (rules["EnforceWorkGroupConfiguration"], rules["BytesScannedCutoffPerQuery"]) == (True, 10_000_000_000)
    results = rules["ResultConfiguration"]
    assert results["EncryptionConfiguration"] == {"EncryptionOption": "SSE_S3"}
    assert _plain(results["OutputLocation"]) == "s3://<ResultsBucket>/athena/"
    (database,) = _of(either, "Glue::Database").values()
    assert database["DatabaseInput"]["Name"] == DATABASE


def test_every_insight_and_view_is_a_named_query(either: dict[str, Any]) -> None:
    """As `athena` says them, in the work group."""
    found = _of(either, "Athena::NamedQuery").values()
    assert {(each["Name"], each["Description"], each["QueryString"]) for each in found} == {
        (each.name, each.description, each.sql) for each in named_queries(DATABASE, ZONE)
    }
    assert {(each["Database"], _plain(each["WorkGroup"])) for each in found} == {(DATABASE, "<WorkGroup>")}


def test_every_view_is_in_the_catalog(either: dict[str, Any]) -> None:
    """As `views` says them, in the form in which Athena knows a view, and made after the database."""
    found = _of(either, "Glue::Table").values()
    assert {_plain(each["DatabaseName"]) for each in found} == {"<Database>"}
    assert {json.dumps(each["CatalogId"]) for each in found} == {'{"Ref": "AWS::AccountId"}'}
    inputs = {each["TableInput"]["Name"]: each["TableInput"] for each in found}
    declared = views(DATABASE, ZONE)
    assert list(inputs) == [view.name for view in declared]
    for view in declared:
        made = inputs[view.name]
        storage = made["StorageDescriptor"]
        text = made["ViewOriginalText"].removeprefix("/* Presto View: ").removesuffix(" */")
        definition = json.loads(base64.b64decode(text, validate=True))
        assert (made["TableType"], made["ViewExpandedText"]) == ("VIRTUAL_VIEW", "/* Presto View */")
        assert made["Parameters"] == {"presto_view": "true", "comment": "Presto View"}
        assert made["Description"] == view.description
        assert (definition["originalSql"], definition["schema"]) == (view.sql, DATABASE)
        assert [each["Name"] for each in storage["Columns"]] == [each["name"] for each in definition["columns"]]
        assert [each["Type"] for each in storage["Columns"]] == [each.glue for each in view.columns]
        # Trino's code for Glue fails where one of these is missing.
        assert (storage["Location"], storage["NumberOfBuckets"], "SerdeInfo" in storage) == ("", 0, True)


def test_views_follow_the_settings(tmp_path: Path) -> None:
    """Another database and another zone are in the SQL that Athena reads."""
    settings = Settings(timezone="Asia/Tokyo", storage=Storage(database="my_lake"))
    template = json.loads(stack.synthesise(settings, tmp_path).read_bytes())
    texts = [each["TableInput"]["ViewOriginalText"].split()[3] for each in _of(template, "Glue::Table").values()]
    definitions = [json.loads(base64.b64decode(each)) for each in texts]

    assert {each["schema"] for each in definitions} == {"my_lake"}
    assert all(" my_lake." in each["originalSql"] for each in definitions)
    assert sum("Asia/Tokyo" in each["originalSql"] for each in definitions) == 1
