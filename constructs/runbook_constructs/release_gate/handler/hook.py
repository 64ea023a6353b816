"""PRE_SCALE_UP: no task of a revision starts before its schema is there (ROVN-MIG-1, ROVN-MIG-2).

It answers at once: the work is a state machine's, named by the deployment, so that being asked
twice is the same as being asked once. Whatever goes wrong here ends in FAILED, and the revision
that serves goes on serving.
"""

import contextlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from . import journal
from .faults import Failed, Refused, code_of
from .freeze import freeze
from .revisions import Call, Revision, call_of, deployment_of, described, serving, target_of
from .surroundings import client, setting

STAGE = "PRE_SCALE_UP"
ASK_AGAIN_SECONDS = 15
_RUNNING = ("RUNNING", "PENDING_REDRIVE")
_NEXT = "the old revision serves on; mend the cause and release again"


def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Answer ECS: SUCCEEDED, FAILED or IN_PROGRESS."""
    where = {"deployment": event.get("resourceArn"), "stage": STAGE}
    try:
        call = call_of(event, STAGE)
        return _answer(call)
    except (Refused, Failed) as reason:
        return _no(str(reason), **where)
    except (BotoCoreError, ClientError) as error:
        return _no(f"AWS did not answer as it must: {error}", **where)
    except Exception as error:  # noqa: BLE001 - a gate that breaks must be closed
        return _no(f"the gate itself broke: {type(error).__name__}: {error}", **where)


def now() -> datetime:
    """Read the clock."""
    return datetime.now(UTC)


def _answer(call: Call) -> dict[str, Any]:
    execution = f"{setting('EXECUTION_ARN')}:{call.deployment_id}"
    found = _described(execution)
    if found is not None:
        return _of_execution(call, execution, found)
    # Nothing is concluded from what was just started: Step Functions tells of it a little later.
    if _begin(call, execution):
        return _wait(call, execution)
    return _yes("this task definition serves already; nothing is run", call)


def _begin(call: Call, execution: str) -> bool:
    """Start the work for a revision that does not serve yet; False for the one that does."""
    deployment = deployment_of(call)
    target, serves = target_of(call), serving(deployment)
    if target.task_definition in serves:
        return False
    if len(serves) > 1:
        raise Refused(f"{' and '.join(serves)} serve at once: let the deployment between them end")
    previous = described(serves[0]) if serves else None
    order = _order(call, target, previous)
    journal.write("started", execution=execution, **order)
    try:
        client("stepfunctions").start_execution(
            stateMachineArn=setting("STATE_MACHINE_ARN"),
            name=call.deployment_id,
            input=json.dumps(order, sort_keys=True),
        )
    except ClientError as error:
        # Of a call beside this one, or of our own whose answer was lost: it decides.
        if code_of(error) != "ExecutionAlreadyExists":
            raise
    return True


def _order(call: Call, target: Revision, previous: Revision | None) -> dict[str, Any]:
    """Say what is to be done, once: a freeze that comes later does not stop what has begun."""
    kind = _kind(target, previous)
    may_migrate, why = True, ""
    if kind == "rollback":
        may_migrate, why = False, "a rollback runs no migration"
    else:
        state = freeze()
        may_migrate, why = not state.closed, state.why
        if state.closed and kind != "same image":
            raise Refused(state.why)
    return {
        "deployment": call.deployment_id,
        "deployment_arn": call.deployment,
        "target": call.target,
        "kind": kind,
        "image": target.image_tag,
        "previous_image": previous.image_tag if previous else "",
        "task_definition": target.migrations,
        "may_migrate": may_migrate,
        "may_not_because": why,
        "started": now().strftime("%Y%m%d%H%M%S"),
    }


def _kind(target: Revision, previous: Revision | None) -> str:
    """Tell a release from a rollback, and from a change of anything but the image."""
    if previous is None:
        return "first release"
    if target.family == previous.family and target.number < previous.number:
        return "rollback"
    return "same image" if target.image_tag == previous.image_tag else "release"


def _described(execution: str) -> dict[str, Any] | None:
    try:
        return dict(client("stepfunctions").describe_execution(executionArn=execution))
    except ClientError as error:
        if code_of(error) == "ExecutionDoesNotExist":
            return None
        raise


def _of_execution(call: Call, execution: str, found: Mapping[str, Any]) -> dict[str, Any]:
    if json.loads(found["input"]).get("target") != call.target:
        raise Failed(f"{execution} was started for another revision")
    status = found["status"]
    if status in _RUNNING:
        return _wait(call, execution)
    if status == "SUCCEEDED":
        return _yes("the schema is as this revision needs it", call)
    raise Failed(f"{execution} is {status}: {_why(found)}")


def _why(found: Mapping[str, Any]) -> str:
    """Say how an execution ended, in the words of the step: Lambda wraps them with its stack."""
    error, cause = str(found.get("error", "")), str(found.get("cause", ""))
    with contextlib.suppress(KeyError, TypeError, ValueError):
        cause = json.loads(cause)["errorMessage"]
    return ": ".join(part for part in (error, cause) if part) or "it does not say why"


def _wait(call: Call, execution: str) -> dict[str, Any]:
    journal.write("in progress", execution=execution, deployment=call.deployment)
    return {
        "hookStatus": "IN_PROGRESS",
        "callBackDelay": ASK_AGAIN_SECONDS,
        "hookDetails": {"execution": execution},
    }


def _yes(why: str, call: Call) -> dict[str, Any]:
    journal.write("let through", deployment=call.deployment, target=call.target, why=why)
    return {"hookStatus": "SUCCEEDED", "hookDetails": {"why": why}}


def _no(why: str, **where: object) -> dict[str, Any]:
    journal.write("held", why=why, next=_NEXT, **where)
    return {"hookStatus": "FAILED", "hookDetails": {"why": why}}
