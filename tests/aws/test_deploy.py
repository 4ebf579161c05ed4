"""`telelake deploy aws` and `telelake destroy` against the stand-in and a Bot API server of our own."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from telelake.aws import formation
from telelake.aws.account import Account
from telelake.aws.deploy import Deployed, deploy, destroy
from telelake.errors import DeployError, SettingsError, TelegramError
from telelake.settings import Privacy, Secret, Settings
from telelake.telegram.update import update_kinds
from tests.aws.standin import Standin, until
from tests.aws.template import runnable
from tests.telegram.bot_api import Server, bot_api

TOKEN, SECRET = "7000000001:canary-token", "canary-secret"
STACK = "lake-deploy"


@dataclass
class Run:
    """A stack that was deployed, and what was said."""

    aws: Standin
    telegram: Server
    settings: Settings
    packages: Path
    said: list[str] = field(default_factory=list)

    def deploy(self, **options: Any) -> Deployed:
        """Deploy, with the template that the stand-in can run."""
        self.said.clear()
        return deploy(
            self.settings,
            self.said.append,
            **{"packages": self.packages, "change": runnable, "poll_seconds": 0.1, **options},
        )

    def destroy(self, **options: Any) -> list[str]:
        """Destroy."""
        self.said.clear()
        return destroy(self.settings, self.said.append, **{"poll_seconds": 0.1, **options})

    def exists(self) -> bool:
        """Return whether the stack is there."""
        stacks = self.aws.client("cloudformation").list_stacks()["StackSummaries"]
        return any(
            each["StackName"] == self.settings.aws.stack and each["StackStatus"] != "DELETE_COMPLETE" for each in stacks
        )


def _settings(telegram: Server, **aws: Any) -> Settings:
    return Settings.model_validate({
        "timezone": "America/Sao_Paulo",
        "storage": {"database": aws.get("stack", STACK).replace("-", "_")},
        "bots": {
            "support": {"token": {"env": "DEPLOY_TOKEN"}, "secret": {"env": "DEPLOY_SECRET"}},
            "other": {"id": 7000000002, "secret": {"env": "DEPLOY_SECRET"}},
        },
        "aws": {"stack": STACK, "region": "us-east-1", "bot_api": telegram.url, "max_connections": 7, **aws},
    })  # fmt: skip


@pytest.fixture(scope="module")
def telegram() -> Iterator[Server]:
    """A Bot API server that knows the bot."""
    with bot_api(TOKEN) as running:
        yield running


@pytest.fixture(scope="module")
def run(aws: Standin, account: pytest.MonkeyPatch, packages: Path, telegram: Server) -> Run:
    """A stack that was deployed once; tests go from one to the next, and the last ones take it away."""
    account.setenv("DEPLOY_TOKEN", TOKEN)
    account.setenv("DEPLOY_SECRET", SECRET)
    made = Run(aws, telegram, _settings(telegram), packages)
    made.deploy()
    return made


def test_it_tells_telegram(run: Run) -> None:
    """Address, secret, all kinds and connections, and it asks whether they are so; a bot without token is named."""
    done = run.deploy()

    assert run.telegram.methods()[-2:] == ["setWebhook", "getWebhookInfo"]
    assert run.telegram.webhooks[TOKEN] == {
        "url": f"{done.outputs['WebhookUrl']}/telegram/support",
        "secret_token": SECRET,
        "allowed_updates": list(update_kinds()),
        "max_connections": 7,
    }
    assert any("Telegram posts the updates of bots.support to http" in each for each in run.said)
    assert f"bots.other has no token here. Set its webhook yourself: {done.webhooks['other']}" in run.said


def test_again_changes_nothing(run: Run) -> None:
    """The same packages, template and secret: nothing is uploaded, updated or stored again."""
    before = run.aws.client("secretsmanager").describe_secret(SecretId=run.deploy().outputs["SecretName"])
    done = run.deploy()
    after = run.aws.client("secretsmanager").describe_secret(SecretId=done.outputs["SecretName"])

    assert "The stack is as it should be." in run.said
    assert not any("Uploaded" in each for each in run.said)
    assert before["VersionIdsToStages"] == after["VersionIdsToStages"]


def test_secrets_are_where_they_belong(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The webhooks' in Secrets Manager; no token anywhere in AWS, and neither in what was said. A new one is put."""
    done = run.deploy()
    client, stack = run.aws.client("secretsmanager"), run.aws.client("cloudformation")
    name = done.outputs["SecretName"]
    assert json.loads(client.get_secret_value(SecretId=name)["SecretString"]) == {
        "support": {"id": 7000000001, "secret": SECRET},
        "other": {"id": 7000000002, "secret": SECRET},
    }
    assert "canary-token" not in client.get_secret_value(SecretId=name)["SecretString"]
    assert "canary" not in json.dumps(stack.get_template(StackName=STACK)["TemplateBody"], default=str)
    assert "canary" not in json.dumps(stack.describe_stacks(StackName=STACK), default=str)
    assert "canary" not in "\n".join(run.said)

    monkeypatch.setenv("DEPLOY_SECRET", "another-secret")
    run.deploy()
    assert json.loads(client.get_secret_value(SecretId=name)["SecretString"])["support"]["secret"] == "another-secret"
    assert run.telegram.webhooks[TOKEN]["secret_token"] == "another-secret"


def test_code_lies_in_a_private_bucket(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packages named by their digest, and a template that is too large to be sent along."""
    monkeypatch.setattr(formation, "LARGEST_BODY", 1000)
    run.deploy()
    s3 = run.aws.client("s3")
    bucket = "telelake-code-000000000000-us-east-1"
    keys = {each["Key"].partition("-")[0] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    assert keys == {"door", "seal", "wrangle", "template"}
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert len(block) == 4
    assert set(block.values()) == {True}


def test_a_changed_setting_is_an_update(run: Run) -> None:
    """The stack is changed in place."""
    changed = Run(run.aws, run.telegram, _settings(run.telegram, wrangle_every_minutes=7), run.packages)
    changed.deploy()

    assert any("UPDATE_COMPLETE" in each for each in changed.said)
    found = run.aws.client("scheduler").list_schedules()["Schedules"]
    assert any("OftenSchedule" in each["Name"] for each in found)


def test_a_failed_update_says_what_failed(run: Run) -> None:
    """AWS's reason for each resource; the stack stays as it was."""
    with pytest.raises(DeployError) as failed:
        run.deploy(change=_with_a_bad_alarm)
    assert "ended in UPDATE_ROLLBACK_COMPLETE" in str(failed.value)
    assert "BadAlarm: AWS::CloudWatch::Alarm Properties.Metrics (metric math) is not supported" in str(failed.value)
    assert run.exists()


def test_a_stack_that_cannot_be_made_leaves_nothing(run: Run) -> None:
    """It says what failed; neither stack nor buckets stay, so the next try is a first one; Telegram was told nothing."""
    before = {each["Name"] for each in run.aws.client("s3").list_buckets()["Buckets"]}
    calls = len(run.telegram.calls)
    other = Run(run.aws, run.telegram, _settings(run.telegram, stack="lake-bad"), run.packages)
    with pytest.raises(DeployError, match="BadAlarm"):
        other.deploy(change=_with_a_bad_alarm)

    assert not other.exists()
    assert {each["Name"] for each in run.aws.client("s3").list_buckets()["Buckets"]} == before
    assert len(run.telegram.calls) == calls


def _with_a_bad_alarm(template: dict[str, Any]) -> dict[str, Any]:
    found = runnable(template)
    late = next(each for name, each in template["Resources"].items() if name.startswith("WrangleLateAlarm"))
    found["Resources"]["BadAlarm"] = {**late, "Properties": {**late["Properties"], "AlarmActions": []}}
    return found


def test_what_is_missing_is_said_before_anything_is_done(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A secret that is not set, no bot, a package that is not there, a bot that Telegram does not know."""
    calls = len(run.telegram.calls)
    with pytest.raises(SettingsError, match="No bot is set"):
        deploy(run.settings.model_copy(update={"bots": {}}), run.said.append)
    polled = {name: bot.model_copy(update={"mode": "poll"}) for name, bot in run.settings.bots.items()}
    with pytest.raises(SettingsError, match=r"mode = 'poll', and on AWS nothing runs"):
        deploy(run.settings.model_copy(update={"bots": polled}), run.said.append)
    keyed = run.settings.model_copy(update={"privacy": Privacy(pseudonyms=Secret(env="PSEUDONYMS"))})
    with pytest.raises(SettingsError, match=r"privacy\.pseudonyms is set, and the wrangle function on AWS has no key"):
        deploy(keyed, run.said.append)
    with pytest.raises(DeployError, match=r"There is no .*door\.zip"):
        run.deploy(packages=tmp_path)
    monkeypatch.delenv("DEPLOY_SECRET")
    with pytest.raises(SettingsError, match="DEPLOY_SECRET is not set"):
        run.deploy()
    assert len(run.telegram.calls) == calls
    monkeypatch.setenv("DEPLOY_SECRET", SECRET)
    monkeypatch.setenv("DEPLOY_TOKEN", "7000000009:unknown")
    with pytest.raises(TelegramError, match="Unauthorized"):
        run.deploy()


def test_an_account_without_executions_is_told_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new account cannot reserve one; that is said before a stack is made, and not when none is reserved."""
    new = Run(run.aws, run.telegram, _settings(run.telegram, stack="lake-new"), run.packages)
    asked: list[str] = []

    def limits(account: Account) -> None:
        monkeypatch.setattr(
            account.lambda_, "get_account_settings", lambda: {"AccountLimit": {"UnreservedConcurrentExecutions": 10}}
        )
        asked.append(account.region)
        check(account)

    check = Account.check_concurrency
    monkeypatch.setattr(Account, "check_concurrency", limits)
    with pytest.raises(DeployError, match="reserve_concurrency = false"):
        new.deploy()
    assert not new.exists()
    assert len(asked) == 1
    run.deploy()
    assert len(asked) == 1, "a stack that is there has its execution"
    new.settings = _settings(run.telegram, stack="lake-new", reserve_concurrency=False)
    with pytest.raises(DeployError, match=r"There is no .*door\.zip"):
        new.deploy(packages=Path("/nowhere"))
    assert len(asked) == 1


def test_destroying_what_is_not_there(run: Run) -> None:
    """It names the stack and the region."""
    with pytest.raises(DeployError, match="There is no stack lake-nowhere in us-east-1"):
        destroy(_settings(run.telegram, stack="lake-nowhere"), run.said.append)


def test_what_was_never_completed_can_be_taken_away(run: Run) -> None:
    """A stack that failed when it was made (as `cdk` leaves it) has no outputs; it goes, and no webhook is touched."""
    calls = len(run.telegram.calls)
    made = {"Type": "AWS::SNS::Topic"}
    bad = {"Type": "AWS::SQS::Queue", "Properties": {"RedrivePolicy": "none"}, "DependsOn": "Topic"}
    client = run.aws.client("cloudformation")
    template = {"Resources": {"Topic": made, "Bad": bad}, "Outputs": {"WebhookUrl": {"Value": {"Ref": "Bad"}}}}
    client.create_stack(StackName="lake-half", TemplateBody=json.dumps(template), OnFailure="DO_NOTHING")
    half = Run(run.aws, run.telegram, _settings(run.telegram, stack="lake-half"), run.packages)
    until(
        lambda: "FAILED" in client.describe_stacks(StackName="lake-half")["Stacks"][0]["StackStatus"], "it has failed"
    )

    assert half.destroy() == []
    assert not half.exists()
    assert len(run.telegram.calls) == calls


def test_destroy_loses_no_update(run: Run) -> None:
    """An update that cannot be sealed stays queued, and so does the stack; once it lies in the lake, all but data goes."""
    done = run.deploy()
    queue = run.aws.client("sqs")
    queue.send_message(QueueUrl=done.outputs["DeadLetterQueue"], MessageBody="not sealed")
    with pytest.raises(
        DeployError, match=r"0 updates are still queued and 1 lie in the dead-letter queue; they would be lost"
    ):
        run.destroy(drain_seconds=1)
    assert run.exists()
    assert run.telegram.webhooks == {}

    queue.purge_queue(QueueUrl=done.outputs["DeadLetterQueue"])
    body = b'{"update_id":1,"message":{"message_id":1,"date":1763712000,"chat":{"id":1,"type":"private"},"text":"oi"}}'
    address = urlsplit(done.webhooks["support"])
    request = urllib.request.Request(
        f"{run.aws.url}{address.path}", data=body,
        headers={"Host": address.netloc, "X-Telegram-Bot-Api-Secret-Token": SECRET, "Content-Type": "application/json"},
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 200
    kept = run.destroy(drain_seconds=60)

    assert not run.exists()
    home = done.outputs["HomeBucket"]
    assert home in kept and done.outputs["ReportBucket"] in kept
    s3 = run.aws.client("s3")
    assert len(s3.list_objects_v2(Bucket=home, Prefix="raw/")["Contents"]) == 1
    assert {each["Name"] for each in s3.list_buckets()["Buckets"]} >= set(kept)


def test_destroy_with_data_leaves_no_bucket(run: Run) -> None:
    """Every version of every object goes, whatever is queued; a webhook that is somebody else's stays."""
    done = run.deploy()
    s3, home = run.aws.client("s3"), done.outputs["HomeBucket"]
    s3.put_object(Bucket=home, Key="raw/x", Body=b"1")
    s3.put_object(Bucket=home, Key="raw/x", Body=b"2")
    s3.delete_object(Bucket=home, Key="raw/x")
    run.aws.client("sqs").send_message(QueueUrl=done.outputs["DeadLetterQueue"], MessageBody="not sealed")
    run.telegram.webhooks[TOKEN] = {"url": "https://elsewhere.example/telegram/support"}

    assert run.destroy(delete_data=True) == []
    assert not run.exists()
    assert home not in {each["Name"] for each in s3.list_buckets()["Buckets"]}
    assert run.telegram.webhooks[TOKEN]["url"] == "https://elsewhere.example/telegram/support"
