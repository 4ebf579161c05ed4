"""What watches the stack: alarms, the topic that they are sent to, a dashboard, and a budget.

Ten metrics stand behind the alarms, which is what AWS gives for nothing. Each alarm says what to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns

if TYPE_CHECKING:
    from aws_cdk import aws_sqs as sqs

    from telelake.settings import Aws

LATE_HOURS = 26
"""Hours without a wrangle that succeeded: a day, the change of clocks, and an hour to run in."""
MANY_REFUSED = 50
"""Requests refused in five minutes that are more than strangers trying doors."""


@dataclass(frozen=True)
class Watched:
    """What is watched."""

    door: str
    """Name of a function, as the next two."""
    seal: str
    wrangle: str
    api: str | None
    """Id of the HTTP API; None with a function URL."""
    queue: sqs.Queue
    dead: sqs.Queue
    """Messages that could not be sealed."""
    failed: sqs.Queue
    """Wrangle runs that failed for good."""
    patience: int
    """Seconds that a message may wait, when it is sealed at the second try."""


def watch(stack: cdk.Stack, settings: Aws, watched: Watched) -> str:
    """Declare all that watches; return the topic's ARN."""
    topic = _topic(stack, settings)
    metrics = _metrics(watched)
    for alarm in _alarms(settings, watched, metrics):
        _make_alarm(stack, settings, alarm, topic)
    _dashboard(stack, settings, metrics)
    if settings.budget_usd is not None:
        _budget(stack, settings, settings.budget_usd, topic)
    return topic.topic_arn


def _topic(stack: cdk.Stack, settings: Aws) -> sns.Topic:
    # Not encrypted: CloudWatch cannot publish through the AWS-managed key, and an alarm's text holds nothing personal.
    topic = sns.Topic(stack, "AlarmTopic", enforce_ssl=True)
    # With a policy of its own a topic no longer lets the account's services in by itself.
    for service in ("cloudwatch", "budgets"):
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid=f"{service.title()}MayPublish",
                principals=[iam.ServicePrincipal(f"{service}.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": stack.account}},
            )
        )
    if settings.alarm_email is not None:
        sns.CfnSubscription(
            stack, "AlarmMail", topic_arn=topic.topic_arn, protocol="email", endpoint=settings.alarm_email
        )
    return topic


def _metrics(watched: Watched) -> dict[str, cloudwatch.Metric]:
    def of_function(name: str, function: str) -> cloudwatch.Metric:
        return _metric("AWS/Lambda", name, {"FunctionName": function})

    if watched.api is None:
        refused, broken = (of_function(f"Url{kind}Count", watched.door) for kind in ("4xx", "5xx"))
    else:
        refused, broken = (_metric("AWS/ApiGateway", kind, {"ApiId": watched.api}) for kind in ("4xx", "5xx"))
    return {
        "refused": refused,
        "broken": broken,
        "door_ms": of_function("Duration", watched.door).with_(statistic="p99"),
        "received": _of_queue("NumberOfMessagesSent", watched.queue),
        "oldest": _of_queue("ApproximateAgeOfOldestMessage", watched.queue).with_(statistic="Maximum"),
        "dead": _of_queue("ApproximateNumberOfMessagesVisible", watched.dead).with_(statistic="Maximum"),
        "failed": _of_queue("ApproximateNumberOfMessagesVisible", watched.failed).with_(statistic="Maximum"),
        "seal_errors": of_function("Errors", watched.seal),
        "seal_ms": of_function("Duration", watched.seal).with_(statistic="Maximum"),
        "wrangle_runs": of_function("Invocations", watched.wrangle),
        "wrangle_errors": of_function("Errors", watched.wrangle),
        "wrangle_ms": of_function("Duration", watched.wrangle).with_(statistic="Maximum"),
    }


@dataclass(frozen=True)
class _Alarm:
    id: str
    name: str
    metric: cloudwatch.IMetric
    says: str
    """What it may be, and what to do."""
    above: float | None = 0
    """What the metric must not exceed; None when silence is the fault: fewer than one, or no data at all."""
    times: int = 1
    """Periods in a row."""


def _alarms(settings: Aws, watched: Watched, metrics: dict[str, cloudwatch.Metric]) -> list[_Alarm]:
    hour = cdk.Duration.hours(1)
    succeeded = cloudwatch.MathExpression(
        expression="runs - errors", label="wrangle runs that succeeded", period=hour,
        using_metrics={"runs": metrics["wrangle_runs"], "errors": metrics["wrangle_errors"]},
    )  # fmt: skip
    return [
        _Alarm(
            "DoorRefusesAlarm", "the door refuses much (4xx)", metrics["refused"],
            "401: Telegram has another secret; run telelake deploy aws. 404: strangers. 429: raise aws.requests_per_second.",
            above=MANY_REFUSED, times=3,
        ),
        _Alarm(
            "DoorFailsAlarm", "the door fails (5xx)", metrics["broken"],
            "Telegram sends again for up to 24 hours, so nothing is lost yet. Read the log of the door function.",
        ),
        _Alarm(
            "DeadLetterAlarm", "updates that could not be sealed", metrics["dead"],
            "They lie in the dead-letter queue for 14 days. Read the log of the seal function, mend, then redrive the queue.",
        ),
        _Alarm(
            "SealFailsAlarm", "sealing fails", metrics["seal_errors"],
            "Messages stay in the queue and are tried again. Read the log of the seal function.", times=3,
        ),
        _Alarm(
            "QueueAgeAlarm", "updates wait too long", metrics["oldest"],
            "The oldest queued update was not sealed at two tries. Is the seal function throttled, or does the bucket refuse?",
            above=2 * watched.patience, times=2,
        ),
        _Alarm(
            "WrangleFailsAlarm", "wrangle fails", metrics["wrangle_errors"],
            "It is tried three times. The tables keep the last good release. Read the log of the wrangle function.",
        ),
        _Alarm(
            "WrangleGaveUpAlarm", "wrangle has given up", metrics["failed"],
            "A run failed three times, or could not be started; the queue of failed runs says which. Empty it when mended.",
        ),
        _Alarm(
            "WrangleLateAlarm", "wrangle is late", succeeded,
            f"No run has succeeded for {LATE_HOURS} hours. Is the schedule on? Read the log of the wrangle function.",
            above=None, times=LATE_HOURS,
        ),
        _Alarm(
            "QuietAlarm", "no updates", metrics["received"].with_(period=hour),
            f"No update has come for {settings.quiet_hours} hours. Telegram's getWebhookInfo tells whether it cannot deliver.",
            above=None, times=settings.quiet_hours,
        ),
    ]  # fmt: skip


def _make_alarm(stack: cdk.Stack, settings: Aws, alarm: _Alarm, topic: sns.Topic) -> None:
    compare, missing = cloudwatch.ComparisonOperator, cloudwatch.TreatMissingData
    silence = alarm.above is None
    made = cloudwatch.Alarm(
        stack, alarm.id,
        alarm_name=f"{settings.stack}: {alarm.name}", alarm_description=alarm.says,
        metric=alarm.metric, evaluation_periods=alarm.times,
        threshold=1 if alarm.above is None else alarm.above,
        comparison_operator=compare.LESS_THAN_THRESHOLD if silence else compare.GREATER_THAN_THRESHOLD,
        treat_missing_data=missing.BREACHING if silence else missing.NOT_BREACHING,
    ).node.default_child  # fmt: skip
    assert isinstance(made, cloudwatch.CfnAlarm)
    made.alarm_actions = made.ok_actions = [topic.topic_arn]


def _dashboard(stack: cdk.Stack, settings: Aws, metrics: dict[str, cloudwatch.Metric]) -> None:
    def graph(title: str, *names: str) -> cloudwatch.GraphWidget:
        return cloudwatch.GraphWidget(title=title, left=[metrics[name] for name in names], width=8, height=6)

    cloudwatch.Dashboard(
        stack, "Dashboard", dashboard_name=settings.stack, default_interval=cdk.Duration.days(7),
        widgets=[
            [
                graph("Updates received", "received"),
                graph("Refused (4xx) and failed (5xx)", "refused", "broken"),
                graph("Door, 99th percentile, ms", "door_ms"),
            ],
            [
                graph("Oldest update in the queue, s", "oldest"),
                graph("Not sealed; runs given up", "dead", "failed"),
                graph("Seal, longest, ms", "seal_ms"),
            ],
            [
                graph("Wrangle runs and errors", "wrangle_runs", "wrangle_errors"),
                graph("Wrangle, longest, ms", "wrangle_ms"),
                graph("Errors of seal", "seal_errors"),
            ],
        ],
    )  # fmt: skip


def _budget(stack: cdk.Stack, settings: Aws, dollars: float, topic: sns.Topic) -> None:
    def notify(kind: str, percent: int) -> budgets.CfnBudget.NotificationWithSubscribersProperty:
        return budgets.CfnBudget.NotificationWithSubscribersProperty(
            notification=budgets.CfnBudget.NotificationProperty(
                comparison_operator="GREATER_THAN", notification_type=kind, threshold=percent,
                threshold_type="PERCENTAGE",
            ),
            subscribers=[budgets.CfnBudget.SubscriberProperty(address=topic.topic_arn, subscription_type="SNS")],
        )  # fmt: skip

    budgets.CfnBudget(
        stack, "Budget",
        budget=budgets.CfnBudget.BudgetDataProperty(
            budget_type="COST", time_unit="MONTHLY", budget_name=f"{settings.stack}-monthly",
            budget_limit=budgets.CfnBudget.SpendProperty(amount=dollars, unit="USD"),
        ),
        notifications_with_subscribers=[notify("ACTUAL", 80), notify("FORECASTED", 100)],
    )  # fmt: skip


def _metric(namespace: str, name: str, dimensions: dict[str, str]) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace, metric_name=name, dimensions_map=dimensions, statistic="Sum",
        period=cdk.Duration.minutes(5),
    )  # fmt: skip


def _of_queue(name: str, queue: sqs.Queue) -> cloudwatch.Metric:
    return _metric("AWS/SQS", name, {"QueueName": queue.queue_name})
