"""The synthesised template, less what the stand-in cannot run. What is taken out is asserted elsewhere, on the template itself.

Every change is named here; anything else that the stand-in refuses fails the test.
"""

from __future__ import annotations

import copy
import json
from typing import Any

UNKNOWN_TYPES = frozenset({"AWS::Athena::NamedQuery", "AWS::Budgets::Budget"})
"""Types that ministack's CloudFormation does not know."""


def runnable(template: dict[str, Any]) -> dict[str, Any]:
    """Return the template as ministack runs it: over plain HTTP, and without what it has no code for."""
    found = copy.deepcopy(template)
    resources: dict[str, Any] = found["Resources"]
    for name, resource in list(resources.items()):
        properties = resource.get("Properties", {})
        if resource["Type"] in UNKNOWN_TYPES:
            del resources[name]
        elif resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in properties:
            del resources[name]  # ministack has no metric math
        elif (
            resource["Type"] == "AWS::Lambda::Function"
            and "TELELAKE_STATE_DIR" in properties["Environment"]["Variables"]
        ):
            # On AWS each copy of a function has a /tmp of its own; here, only the folder that it is started in.
            properties["Environment"]["Variables"]["TELELAKE_STATE_DIR"] = "state-of-this-copy"
        elif resource["Type"] in ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"):
            document = properties["PolicyDocument"]
            document["Statement"] = [each for each in document["Statement"] if not denies_plain_http(each)]
            if not document["Statement"]:
                del resources[name]
    secrets = {name for name, each in resources.items() if each["Type"] == "AWS::SecretsManager::Secret"}
    # The Ref of a secret is its ARN on AWS, and its name here, which no policy can match.
    found["Resources"] = resources = _with_arns(resources, secrets)
    for resource in resources.values():
        for policy in (
            resource.get("Properties", {}).get("Policies", ()) if resource["Type"] == "AWS::IAM::Role" else ()
        ):
            for statement in policy["PolicyDocument"]["Statement"]:
                _let_glue_ask(statement)
        if "DependsOn" in resource:
            wanted = resource["DependsOn"]
            there = [each for each in ([wanted] if isinstance(wanted, str) else wanted) if each in resources]
            resource["DependsOn"] = there
    return found


def _let_glue_ask(statement: dict[str, Any]) -> None:
    """Add what ministack takes for the ARN of a Glue database when it is asked for by name: that of a table."""
    if "glue:GetDatabase" in statement["Action"] and isinstance(statement["Resource"], list):
        for each in list(statement["Resource"]):
            text = json.dumps(each)
            if ":database/" in text:
                statement["Resource"].append(json.loads(text.replace(":database/", ":table/")))


def denies_plain_http(statement: dict[str, Any]) -> bool:
    """Return whether a statement is the one by which a bucket, queue or topic refuses requests without TLS."""
    return statement["Effect"] == "Deny" and "aws:SecureTransport" in json.dumps(statement.get("Condition", {}))


def _with_arns(value: Any, secrets: set[str]) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"Ref"} and value["Ref"] in secrets:
            return {"Fn::GetAtt": [value["Ref"], "Id"]}
        return {key: _with_arns(each, secrets) for key, each in value.items()}
    return [_with_arns(each, secrets) for each in value] if isinstance(value, list) else value
