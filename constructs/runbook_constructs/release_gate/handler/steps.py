"""The steps of the state machine. Each takes the state, may be repeated, and returns the state.

The state is what the gate ordered and what came since: ``task`` (the one-off task that runs),
``polls`` (how often the current wait has looked), ``stopped``, ``available``, ``decision``,
``files``, ``snapshot``.
"""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from . import journal, snapshots, tasks
from .faults import Failed, translated
from .ledger import decided
from .revisions import UNDER_WAY
from .surroundings import client, setting

State = dict[str, Any]


def handler(event: Mapping[str, Any], _context: object) -> State:
    """Do the step that ``event`` names; raises a class of ``faults`` when it cannot."""
    step, state = str(event["step"]), dict(event["state"])
    where = {"step": step, "deployment": state.get("deployment"), "task": state.get("task")}
    try:
        new = STEPS[step](state)
    except (BotoCoreError, ClientError) as error:
        fault = translated(error)
        journal.write("step failed", error=type(fault).__name__, why=str(fault), **where)
        raise fault from error
    except Exception as error:
        journal.write("step failed", error=type(error).__name__, why=str(error), **where)
        raise
    journal.write("step done", **(where | {k: new.get(k) for k in ("task", "snapshot", "files")}))
    return new


def _ask(state: State) -> State:
    return _started(state, "pending")


def _migrate(state: State) -> State:
    """Migrate, unless ECS has given the deployment up meanwhile or the snapshot is not there."""
    if not snapshots.is_available(state["snapshot"]):
        raise Failed(f"snapshot {state['snapshot']} is not available: nothing was migrated")
    arn = state["deployment_arn"]
    answer = client("ecs").describe_service_deployments(serviceDeploymentArns=[arn])
    statuses = [found.get("status") for found in answer.get("serviceDeployments", [])]
    if len(statuses) != 1 or statuses[0] not in UNDER_WAY:
        raise Failed(f"{arn} is {statuses}, nobody waits for its migration: it is not started")
    return _started(state, "apply")


def _check(state: State) -> State:
    return _started(state, "check")


def _started(state: State, what: str) -> State:
    return state | {"task": tasks.start(state, what), "polls": 0, "stopped": False}


def _watch_task(state: State) -> State:
    return state | {"polls": state["polls"] + 1, "stopped": tasks.has_stopped(state["task"])}


def _decide(state: State) -> State:
    report = tasks.heard(state["task"], state["image"])
    decision = decided(report, state, int(setting("MIGRATION_SECONDS")))
    journal.write("decided", deployment=state["deployment"], decision=decision.what)
    return state | {"decision": decision.what, "files": list(decision.files)}


def _snapshot(state: State) -> State:
    name = snapshots.take(state, state["files"])
    return state | {"snapshot": name, "polls": 0, "available": False}


def _watch_snapshot(state: State) -> State:
    available = snapshots.is_available(state["snapshot"])
    return state | {"polls": state["polls"] + 1, "available": available}


def _hear_migration(state: State) -> State:
    report = tasks.heard(state["task"], state["image"])
    applied = report.get("applied")
    if not isinstance(applied, list):
        raise Failed(f"{state['task']} does not say what it applied")
    return state | {"applied": applied}


def _hear_check(state: State) -> State:
    report = tasks.heard(state["task"], state["image"])
    if report.get("ok") is not True or report.get("problems"):
        raise Failed(f"the schema is not whole after the migration: {report.get('problems')}")
    return state | {"checked": True}


STEPS: Mapping[str, Callable[[State], State]] = {
    "ask": _ask,
    "check": _check,
    "decide": _decide,
    "hear-check": _hear_check,
    "hear-migration": _hear_migration,
    "migrate": _migrate,
    "snapshot": _snapshot,
    "watch-snapshot": _watch_snapshot,
    "watch-task": _watch_task,
}
