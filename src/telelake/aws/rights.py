"""Who may do what: roles that hold exactly the rights they use, and reasons where a rule of cdk-nag is not followed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

if TYPE_CHECKING:
    from collections.abc import Sequence


def allow(actions: Sequence[str], *resources: str) -> iam.PolicyStatement:
    """Return the right to do `actions` with resources, which are given by their ARNs."""
    return iam.PolicyStatement(actions=list(actions), resources=list(resources))


def role(
    stack: cdk.Stack, name: str, service: str, rights: Sequence[iam.PolicyStatement], *, bound: bool = False
) -> iam.Role:
    """Declare a role that one service may take on; its rights are part of it, so that nothing starts without them.

    `bound` to this account is a role that the service takes on for somebody: nobody else's.
    """
    conditions = {"StringEquals": {"aws:SourceAccount": stack.account}} if bound else None
    made = iam.Role(
        stack, name,
        assumed_by=iam.ServicePrincipal(service, conditions=conditions),
        inline_policies={"rights": iam.PolicyDocument(statements=list(rights))},
    )  # fmt: skip
    for resource in {each for right in rights for each in right.resources if each.endswith("*")}:
        acknowledge(
            made, f"AwsSolutions-IAM5[Resource::{_plainly(stack.resolve(resource))}]",
            "What is below this prefix is named at run time; more than the prefix it may not touch.",
        )  # fmt: skip
    return made


def arn(stack: cdk.Stack, service: str, resource: str, name: str | None = None, *, separator: str = "/") -> str:
    """Return the ARN of something in the stack's own account and region."""
    tail = f"{separator}{name}" if name else ""
    return f"arn:{stack.partition}:{service}:{stack.region}:{stack.account}:{resource}{tail}"


def acknowledge(what: Any, rule: str, reason: str) -> None:
    """Say why a rule of cdk-nag is not followed here."""
    cdk.Validations.of(what).acknowledge(cdk.Acknowledgment(id=rule, reason=reason))


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
