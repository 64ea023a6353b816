"""A service's stack: its state, its change sets, its events."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from runbook.operations.account import Account, Client, code_of

# stacks/service_stack.py gives the parameter its name.
IMAGE_TAG = "ImageTag"
STEADY = ("CREATE_COMPLETE", "IMPORT_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
NEVER_MADE = (
    "CREATE_FAILED",
    "DELETE_COMPLETE",
    "REVIEW_IN_PROGRESS",
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
)
UPDATING = ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_IN_PROGRESS")
_LONGEST_NAME = 128
Event = Mapping[str, Any]


class ServiceStack:
    """The CloudFormation stack of one service."""

    def __init__(self, account: Account, key: str) -> None:
        self.name = f"{account.environment.slug}-{key}"
        self._account = account

    @property
    def _cfn(self) -> Client:
        return self._account.client("cloudformation")

    def describe(self) -> Mapping[str, Any] | None:
        """Describe it; None when there is none."""
        try:
            (stack,) = self._cfn.describe_stacks(StackName=self.name)["Stacks"]
        except ClientError as error:
            if code_of(error) == "ValidationError" and "does not exist" in str(error):
                return None
            raise
        found: Mapping[str, Any] = stack
        return found

    def events(self, after: str = "") -> list[Event]:
        """List events newer than the one with the id ``after``, oldest first."""
        newer: list[Event] = []
        for page in self._cfn.get_paginator("describe_stack_events").paginate(StackName=self.name):
            for event in page["StackEvents"]:
                if event["EventId"] == after:
                    return newer[::-1]
                newer.append(event)
            if not after and any(began(event) for event in newer):
                break
        return newer[::-1]

    def newest_event(self) -> str:
        """Name the newest event, from which on to read; empty when there is none."""
        events = self._cfn.describe_stack_events(StackName=self.name)["StackEvents"]
        return str(events[0]["EventId"]) if events else ""

    def change_set(self, tag: str) -> Mapping[str, Any] | None:
        """Describe the change set of a release, with every value; None when there is none."""
        request: dict[str, Any] = {
            "StackName": self.name,
            "ChangeSetName": change_set_name(tag),
            "IncludePropertyValues": True,
        }
        try:
            answer = self._cfn.describe_change_set(**request)
            found = {**answer, "Changes": list(answer.get("Changes", []))}
            while answer.get("NextToken"):
                answer = self._cfn.describe_change_set(**request, NextToken=answer["NextToken"])
                found["Changes"] += answer.get("Changes", [])
        except ClientError as error:
            if code_of(error) in ("ChangeSetNotFound", "ChangeSetNotFoundException"):
                return None
            raise
        return found

    def ask_for_change_set(self, tag: str, parameters: Sequence[str]) -> None:
        """Create the change set: the previous template, and a new tag alone.

        Without a word when it is there already, from another run or a lost answer.
        """
        try:
            self._cfn.create_change_set(
                StackName=self.name,
                ChangeSetName=change_set_name(tag),
                ChangeSetType="UPDATE",
                UsePreviousTemplate=True,
                Capabilities=["CAPABILITY_NAMED_IAM"],
                Parameters=[
                    {"ParameterKey": key, "UsePreviousValue": True}
                    for key in parameters
                    if key != IMAGE_TAG
                ]
                + [{"ParameterKey": IMAGE_TAG, "ParameterValue": tag}],
            )
        except ClientError as error:
            if code_of(error) != "AlreadyExistsException":
                raise

    def drop_change_set(self, tag: str) -> None:
        """Delete the change set of a release, executed or not."""
        self._cfn.delete_change_set(StackName=self.name, ChangeSetName=change_set_name(tag))

    def execute(self, change_set_id: str) -> None:
        """Execute a change set; its own token makes two calls one execution."""
        token = hashlib.sha256(change_set_id.encode()).hexdigest()
        self._cfn.execute_change_set(
            StackName=self.name,
            ChangeSetName=change_set_id,
            ClientRequestToken=f"release-{token[:40]}",
        )


def change_set_name(tag: str) -> str:
    """Name the change set of a release: ``release-<tag>``, as far as CloudFormation takes it."""
    name = "release-" + re.sub(r"[^A-Za-z0-9-]", "-", tag)
    if name == f"release-{tag}" and len(name) <= _LONGEST_NAME:
        return name
    digest = hashlib.sha256(tag.encode()).hexdigest()[:8]
    return f"{name[: _LONGEST_NAME - 9]}-{digest}"


def tag_of(stack: Mapping[str, Any]) -> str:
    """Read which tag the stack was last given."""
    parameters = {
        p["ParameterKey"]: p.get("ParameterValue", "") for p in stack.get("Parameters", [])
    }
    return str(parameters.get(IMAGE_TAG, ""))


def of_stack(event: Event) -> bool:
    """Tell events of the stack itself from those of its resources."""
    return bool(event.get("PhysicalResourceId") == event["StackId"])


def began(event: Event) -> bool:
    """Tell where an update began."""
    return of_stack(event) and bool(event.get("ResourceStatus") == "UPDATE_IN_PROGRESS")


def line(event: Event) -> str:
    """Write an event in one line."""
    reason = event.get("ResourceStatusReason")
    said = f"{event['LogicalResourceId']} {event.get('ResourceStatus')}"
    return f"{said}: {' '.join(str(reason).split())}" if reason else said
