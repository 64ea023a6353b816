"""Readers of the events in which services tell that something of theirs changed its state.

Each keeps named fields and leaves out the rest: free text, variables, inputs and outputs may carry
what nobody may keep for seven years.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from .shapes import (
    EXECUTION,
    FAILED,
    NOTED,
    REFUSED,
    STARTED,
    STOPPED,
    SUCCEEDED,
    UNKNOWN,
    Facts,
    UnknownShapeError,
    only,
    service,
    text,
)

Json = Any
LEFT_OUT = "(left out)"
_DEPLOYMENT = {
    "SERVICE_DEPLOYMENT_COMPLETED": SUCCEEDED,
    "SERVICE_DEPLOYMENT_FAILED": FAILED,
    "SERVICE_DEPLOYMENT_IN_PROGRESS": STARTED,
}
_LEVELS = {"ERROR": FAILED, "INFO": NOTED, "WARN": FAILED}
_PIPELINE = {
    "ABANDONED": STOPPED,
    "CANCELED": STOPPED,
    "FAILED": FAILED,
    "RESUMED": STARTED,
    "STARTED": STARTED,
    "STOPPED": STOPPED,
    "STOPPING": STOPPED,
    "SUCCEEDED": SUCCEEDED,
    "SUPERSEDED": STOPPED,
}
# As the gate's steps name it when they say no before anything is migrated.
_REFUSAL = "Refused"
# The words of a command that are the runner's own; another word may be anything.
_COMMAND = {"python", "-m", "migrations", "--check", "--pending"}
_MIGRATION = re.compile(r"[0-9]{3,}_[A-Za-z0-9_]{1,100}\.sql")
# A rollback begins with the same event as a deployment; only its reason tells them apart.
_GOES_BACK = re.compile(r".*rolling back to deploymentId (ecs-svc/[0-9A-Za-z]{1,64})\.?")
_SNAPSHOT = re.compile(r"[a-z][a-z0-9-]{0,254}")


def deployment(event: Mapping[str, Json]) -> Facts:
    """Read a state change of a service's deployment; one that is rolled back has failed."""
    detail = event["detail"]
    state = text(detail, "eventName")
    after = {"service": _resource(event), "state": state, **only(detail, "deploymentId")}
    back = _GOES_BACK.fullmatch(str(detail.get("reason")))
    if back:
        after["rolling_back_to"] = back[1]
    return Facts(
        "ecs-deployment",
        FAILED if back else _DEPLOYMENT.get(state, UNKNOWN),
        actor=service("ecs"),
        after=after,
        detail=only(detail, "eventType", "updatedAt"),
    )


def service_action(event: Mapping[str, Json]) -> Facts:
    """Read what ECS says of a service outside of deployments."""
    detail = event["detail"]
    return Facts(
        "ecs-service-action",
        _LEVELS.get(text(detail, "eventType"), UNKNOWN),
        actor=service("ecs"),
        after={"service": _resource(event), "state": text(detail, "eventName")},
        detail=only(detail, "clusterArn", "createdAt", "eventType"),
    )


def task(event: Mapping[str, Json]) -> Facts:
    """Read a state change of a migrations task: who started it, and how its containers ended."""
    detail = event["detail"]
    state = text(detail, "lastStatus")
    containers = [c for c in detail.get("containers") or [] if isinstance(c, Mapping)]
    ended = [only(container, "name", "exitCode") for container in containers]
    kept = ("clusterArn", "createdAt", "group", "startedAt", "stoppedAt", "version")
    id_, time = _version(detail)
    return Facts(
        "ecs-task",
        _task_outcome(state, ended),
        event_id=id_,
        time=time,
        actor={"type": "startedBy", "id": detail.get("startedBy") or "ecs"},
        after={
            "task": text(detail, "taskArn"),
            "taskDefinition": text(detail, "taskDefinitionArn"),
            "state": state,
            "containers": ended,
            **only(detail, "desiredStatus", "stopCode"),
        },
        detail={**only(detail, *kept), "overrides": list(_overrides(detail))},
    )


def pipeline(event: Mapping[str, Json]) -> Facts:
    """Read a state change of a pipeline's execution, of one stage of it, or of one action."""
    detail = event["detail"]
    what = text(event, "detail-type").split()[1].lower()
    trigger = detail.get("execution-trigger") or {}
    who = only(trigger, "trigger-type", "trigger-detail")
    result = detail.get("execution-result") or {}
    return Facts(
        {"pipeline": "pipeline", "stage": "pipeline-stage", "action": "pipeline-action"}[what],
        _PIPELINE.get(text(detail, "state"), UNKNOWN),
        actor={"type": who.get("trigger-type", ""), "id": who.get("trigger-detail", "")}
        if who
        else service("codepipeline"),
        after={
            "pipeline": text(detail, "pipeline"),
            "execution": text(detail, "execution-id"),
            **only(detail, "stage", "action", "state"),
        },
        detail={
            **only(detail, "pipeline-execution-attempt", "start-time", "version"),
            **only(detail.get("type"), "category", "owner", "provider"),
            **only(result, "error-code", "external-execution-id"),
        },
    )


def stack(event: Mapping[str, Json]) -> Facts:
    """Read a state change of a stack."""
    detail = event["detail"]
    state = text(detail, "status-details", "status")
    return Facts(
        "stack",
        _stack_outcome(state),
        actor=service("cloudformation"),
        after={"stack": text(detail, "stack-id"), "state": state},
        detail=only(detail, "client-request-token"),
    )


def migration(event: Mapping[str, Json]) -> Facts:
    """Read a state change of the gate's state machine: the migration of one deployment.

    Of its output stay the names of migrations and of the snapshot before them.
    """
    detail = event["detail"]
    state = text(detail, "status")
    output = _parsed(detail.get("output"))
    after = {
        "execution": text(detail, "executionArn"),
        "deployment": text(detail, "name"),
        "state": state,
        "migrations": sorted(set(_files(output))),
        "snapshot": next(_snapshots(output), None),
    }
    return Facts(
        "migration",
        REFUSED if detail.get("error") == _REFUSAL else EXECUTION.get(state, UNKNOWN),
        actor=service("states"),
        before=None if state == "RUNNING" else {"state": "RUNNING"},
        after=after,
        detail=only(detail, "error", "startDate", "stateMachineArn", "stopDate"),
    )


def _resource(event: Mapping[str, Json]) -> str:
    resources = event.get("resources")
    if not isinstance(resources, list) or not resources or not isinstance(resources[0], str):
        raise UnknownShapeError("resources")
    return resources[0]


def _task_outcome(state: str, ended: list[dict[str, Json]]) -> str:
    """Call a stopped task well only when every container said so itself."""
    if state != "STOPPED":
        return STARTED
    well = ended and all(container.get("exitCode") == 0 for container in ended)
    return SUCCEEDED if well else FAILED


def _version(detail: Mapping[str, Json]) -> tuple[str, str]:
    """Know a state of a task by its version: ECS may tell of the same one in several events."""
    version, time = detail.get("version"), detail.get("updatedAt")
    if not isinstance(version, int) or not isinstance(time, str):
        return "", ""
    return f"{text(detail, 'taskArn').rpartition('/')[2]}-{version}", time


def _overrides(detail: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
    """Say what a task was given beside its definition: the names of variables, never values."""
    overrides = detail.get("overrides")
    given = overrides.get("containerOverrides") if isinstance(overrides, Mapping) else None
    for override in given if isinstance(given, list) else []:
        if isinstance(override, Mapping):
            words = override.get("command") or []
            yield {
                **only(override, "name"),
                "command": [word if word in _COMMAND else LEFT_OUT for word in map(str, words)],
                "environment": [
                    str(variable.get("name"))
                    for variable in override.get("environment") or []
                    if isinstance(variable, Mapping)
                ],
            }


def _stack_outcome(state: str) -> str:
    if "ROLLBACK" in state or state.endswith("_FAILED"):
        return FAILED
    if state.endswith("_IN_PROGRESS"):
        return STARTED
    return SUCCEEDED if state.endswith("_COMPLETE") else UNKNOWN


def _parsed(output: Json) -> Json:
    try:
        return json.loads(output) if isinstance(output, str) else None
    except ValueError:
        return None


def _files(value: Json) -> Iterator[str]:
    if isinstance(value, str) and _MIGRATION.fullmatch(value):
        yield value
    for item in _inside(value):
        yield from _files(item)


def _snapshots(value: Json) -> Iterator[str]:
    named = value.get("snapshot") if isinstance(value, Mapping) else None
    if isinstance(named, str) and _SNAPSHOT.fullmatch(named):
        yield named
    for item in _inside(value):
        yield from _snapshots(item)


def _inside(value: Json) -> list[Json]:
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list) else []
