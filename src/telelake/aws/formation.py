"""The stack in CloudFormation: made, brought up to date, waited for, taken away.

Nothing of it is kept here: what there is, is asked. What the template holds is `stack`'s business.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from telelake.aws.account import Account, Say, asking
from telelake.errors import DeployError

LARGEST_BODY = 51_200
"""Bytes of a template that may be sent along; a larger one is read from the code bucket."""


class Formation:
    """One stack of an account, by its name."""

    def __init__(self, account: Account, name: str) -> None:
        self.account = account
        self.name = name
        self._client = account.cloudformation
        self._where = f"{account.region}, account {account.id}"

    def outputs(self) -> dict[str, str] | None:
        """Return the outputs of the stack; None when there is no stack."""
        found = self._describe()
        return None if found is None else {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", ())}

    def _describe(self, name: str | None = None) -> dict[str, Any] | None:
        with asking(f"for the stack {self.name}"):
            try:
                found: dict[str, Any] = self._client.describe_stacks(StackName=name or self.name)["Stacks"][0]
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
                {"ParameterKey": "CodeBucket", "ParameterValue": self.account.code_bucket},
                *({"ParameterKey": f"{name.title()}CodeKey", "ParameterValue": key} for name, key in keys.items()),
            ],
            **self._body(body),
        }
        before = self._describe()
        seen: set[str] = set()
        if before is not None:
            self._events(before["StackId"], seen)
        with asking(f"to make the stack {self.name}"):
            if before is None:
                say(f"Making the stack {self.name} in {self._where}.")
                stack = self._client.create_stack(OnFailure="DELETE", **arguments)["StackId"]
            else:
                say(f"Updating the stack {self.name} in {self._where}.")
                try:
                    stack = self._client.update_stack(**arguments)["StackId"]
                except ClientError as error:
                    if "No updates are to be performed" not in str(error):
                        raise
                    say("The stack is as it should be.")
                    return self.outputs() or {}
        self._wait(stack, "CREATE_COMPLETE" if before is None else "UPDATE_COMPLETE", seen, say, poll_seconds)
        return self.outputs() or {}

    def _body(self, body: str) -> dict[str, str]:
        """Return the template as CloudFormation takes it: in the request, or by the address of an object."""
        if len(body) <= LARGEST_BODY:
            return {"TemplateBody": body}
        key = f"template-{hashlib.sha256(body.encode()).hexdigest()[:32]}.json"
        self.account.put(key, body.encode())
        return {"TemplateURL": f"{self.account.s3.meta.endpoint_url}/{self.account.code_bucket}/{key}"}

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
        with asking("for the stack's events"):
            for page in self._client.get_paginator("describe_stack_events").paginate(StackName=stack):
                fresh = [event for event in page["StackEvents"] if event["EventId"] not in seen]
                new += fresh
                if len(fresh) < len(page["StackEvents"]):
                    break  # the rest is older
        seen.update(event["EventId"] for event in new)
        return new[::-1]

    def buckets(self) -> list[str]:
        """Return the names of the stack's buckets."""
        with asking(f"for the resources of {self.name}"):
            pages = self._client.get_paginator("list_stack_resources").paginate(StackName=self.name)
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
        say(f"Deleting the stack {self.name} in {self._where}.")
        seen: set[str] = set()
        self._events(found["StackId"], seen)
        with asking(f"to delete the stack {self.name}"):
            self._client.delete_stack(StackName=found["StackId"])
        self._wait(found["StackId"], "DELETE_COMPLETE", seen, say, poll_seconds)
