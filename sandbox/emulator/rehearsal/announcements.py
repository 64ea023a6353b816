"""What services announce of themselves in a rehearsal: deployments, tasks, stacks.

Shapes: the ECS developer guide, "service deployment state change events", "service action events"
and "task state change events"; the CloudFormation user guide, "Stack Status Change event detail".
Step Functions' events ministack sends by itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

from sandbox.emulator.patching import PATCHES, Function
from sandbox.emulator.rehearsal.events import emit, milliseconds
from sandbox.emulator.rehearsal.records import SUCCESSFUL, DeploymentRecord, Revision

ECS = "ministack.services.ecs"
CLOUDFORMATION = "ministack.services.cloudformation"
STACK = "AWS::CloudFormation::Stack"

# A task may be started and end on two threads at once.
_TASKS = threading.Lock()

PATCHES.needs(ECS, "_sanitize")


def deployment_began(record: DeploymentRecord) -> None:
    """Tell that a deployment is in progress."""
    deployment = deployment_id(record.target)
    reason = f"ECS deployment {deployment} in progress."
    _deployment(record, "SERVICE_DEPLOYMENT_IN_PROGRESS", deployment, reason)


def deployment_goes_back(record: DeploymentRecord) -> None:
    """Tell that a deployment rolls back; that it failed only where the guide says so.

    The guide: a failure is told of services with a deployment circuit breaker. A service that is
    blue/green has none, so its records must tell of a rollback without it.
    """
    deployment = deployment_id(record.target)
    breaker = record.configuration.get("deploymentCircuitBreaker") or {}
    if breaker.get("enable"):
        reason = "ECS deployment circuit breaker: task failed to start."
        _deployment(record, "SERVICE_DEPLOYMENT_FAILED", deployment, reason)
    if record.source:
        back = deployment_id(record.source)
        reason = f"ECS deployment: rolling back to deploymentId {back}."
        _deployment(record, "SERVICE_DEPLOYMENT_IN_PROGRESS", deployment, reason)


def deployment_ended(record: DeploymentRecord, status: str, serving: Revision | None) -> None:
    """Tell which deployment the service rests at; after a rollback it is the one of before."""
    if serving is None:
        return
    record.updated = time.time()
    deployment = deployment_id(record.target if status == SUCCESSFUL else serving)
    reason = f"ECS deployment {deployment} completed."
    _deployment(record, "SERVICE_DEPLOYMENT_COMPLETED", deployment, reason)
    detail = {
        "eventType": "INFO",
        "eventName": "SERVICE_STEADY_STATE",
        "clusterArn": record.target.cluster_arn,
        "createdAt": milliseconds(record.updated),
    }
    emit("aws.ecs", "ECS Service Action", [record.target.service_arn], detail)


def deployment_id(revision: Revision) -> str:
    """Return the id by which DescribeServices and events know the deployment of a revision."""
    return f"ecs-svc/{revision.arn.rpartition('/')[2]}"


def task_started(task: dict[str, Any]) -> None:
    """Tell that a task runs, given ministack's record; nothing if it has ended already."""
    with _TASKS:
        if task["lastStatus"] != "STOPPED":
            _task(task, {})


def task_stopped(task: dict[str, Any], change: Mapping[str, Any]) -> None:
    """Tell that a task has ended, then let ministack's record show the change."""
    with _TASKS:
        _task(task, change)
        task.update(change)


def _task(task: dict[str, Any], change: Mapping[str, Any]) -> None:
    from ministack.services import ecs

    # Each state that is told of has a version of its own.
    task["version"] = int(task.get("version", 0)) + 1
    told = ecs._sanitize({**task, **change}) | {"updatedAt": milliseconds(time.time())}
    emit("aws.ecs", "ECS Task State Change", [task["taskArn"]], told)


def _deployment(record: DeploymentRecord, name: str, deployment: str, reason: str) -> None:
    detail = {
        "eventType": "ERROR" if name.endswith("_FAILED") else "INFO",
        "eventName": name,
        "deploymentId": deployment,
        "updatedAt": milliseconds(record.updated),
        "reason": reason,
    }
    emit("aws.ecs", "ECS Deployment State Change", [record.target.service_arn], detail)


def stack_changed(original: Function, stack_id: str, *given: Any, **named: Any) -> None:  # noqa: ANN401 - ministack's own
    """Tell of a stack's new status, beside the stack event that ministack keeps of it."""
    from ministack.services.cloudformation import stacks

    original(stack_id, *given, **named)
    told = dict(zip(PARAMETERS[1:], given, strict=False)) | named
    if told["resource_type"] != STACK or told["logical_id"] != told["stack_name"]:
        return
    status: dict[str, str] = {"status": told["status"]}
    if told.get("reason"):
        status["status-reason"] = told["reason"]
    detail: dict[str, Any] = {"stack-id": stack_id, "status-details": status}
    if token := stacks.CLIENT_REQUEST_TOKEN.get():
        detail["client-request-token"] = token
    emit("aws.cloudformation", "CloudFormation Stack Status Change", [stack_id], detail)


PARAMETERS = (
    *("stack_id", "stack_name", "logical_id", "resource_type"),
    *("status", "reason", "physical_id", "detailed_status"),
)
PATCHES.needs(f"{CLOUDFORMATION}.stacks", "CLIENT_REQUEST_TOKEN")
# The one function through which every status goes, and each module that has its own name for it.
for _module in ("stacks", "changesets", "handlers"):
    PATCHES.wrap(f"{CLOUDFORMATION}.{_module}", "_add_event", parameters=PARAMETERS)(stack_changed)
