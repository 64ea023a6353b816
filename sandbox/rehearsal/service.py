"""The service of a rehearsal as an operator sees it: its stack, deployments, versions, records."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.emulator.rehearsal.records import FINISHED
from sandbox.endpoint import Endpoint
from sandbox.rehearsal.report import DrillError

# What waits for something to happen may wait long: only a drill that fails anyway gets so far.
PATIENCE_SECONDS = 420
ANSWER_SECONDS = 60
TICK_SECONDS = 0.2
IMAGE_TAG = "ImageTag"
Members = dict[str, Any]


@dataclass(frozen=True)
class RehearsedService:
    """One deployed service; `listeners` maps declared ports to those on loopback."""

    endpoint: Endpoint
    stack: str
    cluster: str
    name: str
    hostname: str
    listeners: dict[str, int]
    authority: Path

    # --- Its stack ---

    def release(self, tag: str) -> str:
        """Release an image past the pipeline and its refusals; return the stack's status."""
        self.begin_release(tag)
        return self.settled()

    def begin_release(self, tag: str) -> None:
        """Begin a release without waiting for its end."""
        cloudformation = self.endpoint.client("cloudformation")
        name = f"beside-the-pipeline-{tag}"
        cloudformation.create_change_set(
            StackName=self.stack,
            ChangeSetName=name,
            UsePreviousTemplate=True,
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[
                {"ParameterKey": IMAGE_TAG, "ParameterValue": tag}
                if key == IMAGE_TAG
                else {"ParameterKey": key, "UsePreviousValue": True}
                for key in self._parameters()
            ],
        )
        which = {"StackName": self.stack, "ChangeSetName": name}
        until(
            lambda: cloudformation.describe_change_set(**which)["Status"] == "CREATE_COMPLETE",
            f"the change set {name}",
        )
        cloudformation.execute_change_set(**which, ClientRequestToken=name)
        # It is executed in the background: not settled before it has begun. Its events stay, and
        # its status may be over between two looks.
        until(lambda: self._has_begun(name), "the begin of the update")

    def status(self) -> str:
        """Return the stack's status."""
        return str(self._described_stack()["StackStatus"])

    def is_settled(self) -> bool:
        """Whether CloudFormation does nothing with the stack."""
        return not self.status().endswith("IN_PROGRESS")

    def stack_tag(self) -> str:
        """Return the tag of the image that the stack was given last."""
        given = {each["ParameterKey"]: each for each in self._described_stack()["Parameters"]}
        return str(given[IMAGE_TAG]["ParameterValue"])

    def change_set(self, name: str) -> str:
        """Return the status of a change set of the stack, or nothing."""
        told = self.endpoint.client("cloudformation").list_change_sets(StackName=self.stack)
        found = [each for each in told["Summaries"] if each["ChangeSetName"] == name]
        return str(found[0]["Status"]) if found else ""

    def drop_change_set(self, name: str) -> None:
        """Delete a change set that another drill may have left."""
        self.endpoint.client("cloudformation").delete_change_set(
            StackName=self.stack, ChangeSetName=name
        )

    def settled(self) -> str:
        """Wait until the stack rests and return its status."""
        until(self.is_settled, f"the end of {self.stack}")
        return self.status()

    def _has_begun(self, token: str) -> bool:
        """Whether the stack tells of an update that was asked for under a token."""
        pages = self.endpoint.client("cloudformation").get_paginator("describe_stack_events")
        return any(
            event.get("ClientRequestToken") == token
            for page in pages.paginate(StackName=self.stack)
            for event in page["StackEvents"]
        )

    def _parameters(self) -> list[str]:
        return [each["ParameterKey"] for each in self._described_stack().get("Parameters", [])]

    def _described_stack(self) -> Members:
        cloudformation = self.endpoint.client("cloudformation")
        [stack] = cloudformation.describe_stacks(StackName=self.stack)["Stacks"]
        return dict(stack)

    # --- Its deployments ---

    def described(self) -> Members:
        """Return what DescribeServices tells."""
        told = self._ecs.describe_services(cluster=self.cluster, services=[self.name])
        return dict(told["services"][0])

    def deployments(self) -> list[Members]:
        """Return its deployments, the latest first."""
        listed = self._ecs.list_service_deployments(cluster=self.cluster, service=self.name)
        arns = [each["serviceDeploymentArn"] for each in listed["serviceDeployments"]]
        told = self._ecs.describe_service_deployments(serviceDeploymentArns=arns)
        return list(told["serviceDeployments"])

    def wait_for_stage(self, stage: str, begun: int) -> Members:
        """Wait until the deployment after the first `begun` ones is at a stage."""

        def reached() -> Members | None:
            new = self.deployments()[: -begun or None]
            if not new:
                return None
            if new[-1]["status"] in FINISHED:
                raise DrillError(f"it ended before {stage}: {new[-1]['statusReason']}")
            return new[-1] if new[-1]["lifecycleStage"] == stage else None

        return dict(until(reached, f"stage {stage}"))

    def tasks(self) -> set[str]:
        """Return the ARNs of its tasks that run."""
        told = self._ecs.list_tasks(
            cluster=self.cluster, serviceName=self.name, desiredStatus="RUNNING"
        )
        return set(told["taskArns"])

    def has_hook(self, stage: str) -> bool:
        """Whether a hook is deployed for a stage."""
        hooks = self.described().get("deploymentConfiguration", {}).get("lifecycleHooks") or []
        return any(stage in hook["lifecycleStages"] for hook in hooks)

    def alarms(self) -> list[str]:
        """Return the alarms that end a deployment."""
        alarms = self.described().get("deploymentConfiguration", {}).get("alarms") or {}
        return list(alarms.get("alarmNames", [])) if alarms.get("enable") else []

    def task_definition(self, revision: str) -> Members:
        """Describe a task definition."""
        return dict(self._ecs.describe_task_definition(taskDefinition=revision)["taskDefinition"])

    @property
    def _ecs(self) -> Any:  # noqa: ANN401 - boto3
        return self.endpoint.client("ecs")

    # --- What a caller sees ---

    def health(self, port: str = "443") -> tuple[int, str]:
        """Ask /health through the balancer; return the status and the version, if it says one."""
        trusted = ssl.create_default_context(cafile=str(self.authority))
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.listeners[port], timeout=ANSWER_SECONDS
        )
        try:
            connection.connect()
            connection.sock = trusted.wrap_socket(connection.sock, server_hostname=self.hostname)
            connection.request("GET", "/health", headers={"Host": self.hostname})
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        version = json.loads(content).get("version", "") if content.startswith(b"{") else ""
        return answer.status, str(version)


def until(condition: Callable[[], Any], what: str, seconds: float = PATIENCE_SECONDS) -> Any:  # noqa: ANN401 - whatever the condition gives
    """Wait until a condition gives something true, and return it; raises DrillError."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise DrillError(f"{what} did not come within {seconds:.0f} s")
        time.sleep(TICK_SECONDS)
    return found
