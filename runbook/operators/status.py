"""`runbook status`: what runs, what is under way, what holds releases back. Reads only."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from runbook.operations.account import Account
from runbook.operations.freeze import UnansweredFreezeError, UnreadableFreezeError, read_freeze
from runbook.operations.services import EcsService, Running
from runbook.operations.stacks import STEADY, ServiceStack, tag_of
from runbook.operators.alarms import alarm_states

_MISSING = "missing"


@dataclass
class Status:
    """Facts by name, and what in them wants attention: none of it means that all is as it was."""

    name: str
    facts: dict[str, Any] = field(default_factory=dict)
    attention: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Write it for machines."""
        return {"name": self.name, **self.facts, "attention": self.attention}


def status_of_environment(account: Account) -> Status:
    """Say whether releases are frozen."""
    status = Status(account.environment.name)
    try:
        freeze = read_freeze(account)
    except UnansweredFreezeError as why:
        # Who may not read it does not know; the gate reads it by a role of its own.
        status.facts["releases"] = "not known"
        status.attention.append(f"the release freeze is not known: {why}; now: {why.fix}")
        return status
    except UnreadableFreezeError as why:
        status.facts["releases"] = "frozen"
        status.attention.append(f"the release freeze cannot be read, which counts as frozen: {why}")
        return status
    status.facts["releases"] = "frozen" if freeze.frozen else "open"
    if freeze.frozen:
        status.attention.append(str(freeze))
    return status


def status_of_service(account: Account, key: str) -> Status:
    """Compare what the service's stack was given with what runs and what is under way."""
    stack, service = ServiceStack(account, key), EcsService(account, key)
    described, running = stack.describe(), service.running()
    status = Status(key)
    status.facts["stack"] = str(described["StackStatus"]) if described else "none"
    status.facts["stack_image_tag"] = tag_of(described) if described else ""
    status.facts |= _running(running)
    status.attention += _of_stack(stack.name, status.facts)
    agree = f"runbook release deploy {account.environment.name} --service {key} --image-tag"
    status.attention += _of_running(running, status.facts, agree)
    if running:
        deployment = service.last_deployment()
        status.facts["deployment"] = _deployment(deployment)
        status.attention += _of_deployment(deployment)
        status.facts["alarms"] = _alarms(account, service)
        status.attention += _of_alarms(status.facts["alarms"])
    return status


def _running(running: Running | None) -> dict[str, Any]:
    if running is None:
        return {"image_tag": "", "task_definition": "", "tasks": "0 of 0"}
    return {
        "image_tag": running.tag,
        "task_definition": running.task_definition,
        "tasks": f"{running.running} of {running.desired}",
    }


def _of_stack(name: str, facts: Mapping[str, Any]) -> Iterator[str]:
    if facts["stack"] == "none":
        yield f"the stack {name} does not exist: nothing was released yet"
    elif facts["stack"].endswith("_IN_PROGRESS"):
        yield f"the stack {name} is {facts['stack']}: a change is under way"
    elif facts["stack"] not in STEADY:
        yield f"the stack {name} is {facts['stack']}: it takes no release"


def _of_running(running: Running | None, facts: Mapping[str, Any], agree: str) -> Iterator[str]:
    if running is None:
        yield "there is no such service in the cluster"
        return
    if running.tag != facts["stack_image_tag"]:
        wanted = facts["stack_image_tag"] or "nothing"
        kept = f"; to keep {running.tag}: {agree} {running.tag}" if running.tag else ""
        yield (
            f"{running.tag or 'another image'} runs, but the stack has {wanted}: "
            f"the next stack update would bring that{kept}"
        )
    if running.running < max(1, running.desired):
        yield f"{running.running} of {running.desired} tasks run"


def _deployment(deployment: Mapping[str, Any] | None) -> dict[str, str]:
    """Tell what an operator asks first of a deployment; empty when there was none."""
    if not deployment:
        return {}
    told = {
        "arn": deployment.get("serviceDeploymentArn"),
        "status": deployment.get("status"),
        "stage": deployment.get("lifecycleStage"),
        "reason": deployment.get("statusReason"),
    }
    return {name: str(value) for name, value in told.items() if value}


def _of_deployment(deployment: Mapping[str, Any] | None) -> Iterator[str]:
    told = _deployment(deployment)
    status, stage = told.get("status", ""), told.get("stage")
    if status in ("", "SUCCESSFUL"):
        return
    at = f" at {stage}" if stage else ""
    said = f": {told['reason']}" if "reason" in told else ""
    yield f"the last service deployment is {status}{at}{said}"


def _alarms(account: Account, service: EcsService) -> dict[str, str]:
    """Map each alarm that ends a deployment of the service to its state."""
    names = service.alarm_names()
    if not names:
        return {}
    found = alarm_states(account, AlarmNames=names)
    return {name: found.get(name, _MISSING) for name in names}


def _of_alarms(states: Mapping[str, str]) -> Iterator[str]:
    for name, state in states.items():
        if state == "ALARM":
            # So that what mends it may be deployed; how ECS says it, docs/decisions/0037 tells.
            yield f"alarm {name} rings: no alarm would end a deployment that begins now"
        elif state == _MISSING:
            yield f"alarm {name} does not exist: it guards no deployment"
