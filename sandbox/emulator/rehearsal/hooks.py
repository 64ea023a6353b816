"""Lambda hooks of a deployment: called until they answer, as ECS calls them.

Shape of the call and meaning of the answers: the ECS developer guide, "Lambda hooks for Amazon ECS
service deployments".
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.emulator.rehearsal.records import DeploymentRecord

Members = dict[str, Any]
Invoke = Callable[[str, Members], Members]
"""Call a function by its ARN with an event; raises HookError when it fails."""

SUCCEEDED, FAILED, AGAIN = "SUCCEEDED", "FAILED", "IN_PROGRESS"
DEFAULT_DELAY_SECONDS = 30
DEFAULT_TIMEOUT_MINUTES = 24 * 60


class HookError(Exception):
    """A function that could not be called, or that ended with an error."""


class HookFailedError(Exception):
    """A hook after which the deployment must roll back, and why."""


@dataclass(frozen=True)
class HookRunner:
    """Calls hooks; `pause` waits, and raises when the deployment is to stop meanwhile."""

    invoke: Invoke
    pause: Callable[[float], None]
    callback_factor: float
    timeout_seconds_per_minute: float

    def run(self, hook: Members, stage: str, deployment: DeploymentRecord) -> None:
        """Call a hook until it has succeeded; raises HookFailedError otherwise."""
        minutes, action = _timeout_of(hook)
        deadline = time.monotonic() + minutes * self.timeout_seconds_per_minute
        execution = str(uuid.uuid4())
        detail = deployment.hooks[execution] = {
            "hookId": execution,
            "targetType": hook.get("targetType", "AWS_LAMBDA"),
            "targetArn": hook.get("hookTargetArn", ""),
            "status": "IN_PROGRESS",
            "expiresAt": time.time() + minutes * self.timeout_seconds_per_minute,
            "timeoutAction": action,
        }
        kept = hook.get("hookDetails")
        while True:
            answer = self._answer(hook, event_of(execution, stage, deployment, kept), detail)
            if answer["hookStatus"] == SUCCEEDED:
                detail["status"] = SUCCEEDED
                return
            kept = answer.get("hookDetails", kept)
            delay = float(answer.get("callBackDelay", DEFAULT_DELAY_SECONDS)) * self.callback_factor
            if time.monotonic() + delay >= deadline:
                detail["status"] = "TIMED_OUT"
                if action == "CONTINUE":
                    return
                raise HookFailedError(f"{_name(hook)} timed out at {stage}")
            self.pause(delay)

    def _answer(self, hook: Members, event: Members, detail: Members) -> Members:
        """Return SUCCEEDED or IN_PROGRESS with what goes with it; all else fails the hook."""
        stage = event["lifecycleStage"]
        try:
            answer = self.invoke(hook["hookTargetArn"], event)
        except HookError as error:
            detail["status"] = FAILED
            raise HookFailedError(f"{_name(hook)} failed at {stage}: {error}") from error
        status = answer.get("hookStatus") if isinstance(answer, dict) else None
        if status not in (SUCCEEDED, AGAIN):
            detail["status"] = FAILED
            said = "FAILED" if status == FAILED else f"no hookStatus but {answer!r:.200}"
            raise HookFailedError(f"{_name(hook)} answered {said} at {stage}")
        return answer


def event_of(execution: str, stage: str, deployment: DeploymentRecord, details: object) -> Members:
    """Return the event that ECS gives a hook."""
    event: Members = {
        "executionDetails": {
            "testTrafficWeights": dict(deployment.weights.test),
            "productionTrafficWeights": dict(deployment.weights.production),
            "serviceArn": deployment.target.service_arn,
            "targetServiceRevisionArn": deployment.target.arn,
        },
        "executionId": execution,
        "lifecycleStage": stage,
        "resourceArn": deployment.arn,
    }
    return event if details is None else {**event, "hookDetails": details}


def hooks_at(configuration: Members, stage: str) -> list[Members]:
    """Return a deployment configuration's hooks of a stage; a PAUSE hook is refused here."""
    found = []
    for hook in configuration.get("lifecycleHooks") or []:
        if stage not in hook.get("lifecycleStages", []):
            continue
        if hook.get("targetType", "AWS_LAMBDA") != "AWS_LAMBDA":
            raise HookFailedError(f"the rehearsal knows Lambda hooks only, not {hook!r:.100}")
        found.append(hook)
    return found


def _timeout_of(hook: Members) -> tuple[float, str]:
    timeout = hook.get("timeoutConfiguration") or {}
    minutes = float(timeout.get("timeoutInMinutes", DEFAULT_TIMEOUT_MINUTES))
    return minutes, str(timeout.get("action", "ROLLBACK"))


def _name(hook: Members) -> str:
    return "hook " + str(hook["hookTargetArn"]).rpartition(":")[2]
