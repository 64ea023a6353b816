"""One-off tasks of the migrations: started once, watched, and heard (ROVN-MIG-1)."""

from collections.abc import Mapping
from typing import Any

from .faults import Failed, NotYet
from .ledger import EXIT_CODES, problems_in, report_in
from .surroundings import client, setting

CONTAINER = "migrations"
_PENDING, _CHECK, _APPLY = "pending", "check", "apply"


def start(order: Mapping[str, Any], what: str) -> str:
    """Run the paired task definition; the same order and ``what`` never start a second task.

    ``what`` is pending, apply or check. Raises ``Failed`` when ECS starts nothing.
    """
    override: dict[str, Any] = {
        "name": CONTAINER,
        "environment": [{"name": "PREVIOUS_IMAGE", "value": order["previous_image"]}],
    }
    if what != _APPLY:
        override["command"] = [*setting("COMMAND").split("\n"), f"--{what}"]
    answer = client("ecs").run_task(
        cluster=setting("CLUSTER_ARN"),
        taskDefinition=order["task_definition"],
        launchType="FARGATE",
        platformVersion="LATEST",
        count=1,
        clientToken=f"{order['deployment']}-{what}"[:64],
        startedBy=order["deployment"][:36],
        networkConfiguration={
            "awsvpcConfiguration": {
                "subnets": setting("SUBNETS").split(","),
                "securityGroups": [setting("SECURITY_GROUP")],
                "assignPublicIp": "DISABLED",
            }
        },
        overrides={"containerOverrides": [override]},
    )
    tasks = answer.get("tasks", [])
    if len(tasks) != 1:
        reasons = [f"{f.get('reason')} {f.get('detail', '')}" for f in answer.get("failures", [])]
        raise Failed(f"ECS started no task to {what}: {'; '.join(reasons) or 'no reason given'}")
    return str(tasks[0]["taskArn"])


def has_stopped(task: str) -> bool:
    """Say whether it is over; raises ``Failed`` when ECS has lost it or it never ran."""
    stopped = _described(task)
    if stopped["lastStatus"] != "STOPPED":
        return False
    if _exit_code(stopped) is None:
        raise Failed(f"{task} ended without having run: {stopped.get('stoppedReason', 'unsaid')}")
    return True


def heard(task: str, image: str) -> dict[str, Any]:
    """Get the report of a task that ended well.

    Raises ``NotYet`` while its log does not end with one, ``Failed`` when it ended badly.
    """
    code = _exit_code(_described(task))
    lines = _lines(task)
    if code != 0:
        meaning = EXIT_CODES.get(code, "for no reason we know") if code is not None else "unsaid"
        raise Failed(f"{task} ended with {code}: {meaning}{problems_in(lines)}")
    report = report_in(lines, image)
    if report is None:
        raise NotYet(f"the log of {task} does not end with a report")
    return report


def _described(task: str) -> dict[str, Any]:
    answer = client("ecs").describe_tasks(cluster=setting("CLUSTER_ARN"), tasks=[task])
    tasks = answer.get("tasks", [])
    if len(tasks) != 1:
        raise Failed(f"ECS does not know {task} any more: see {setting('LOG_GROUP')}")
    return dict(tasks[0])


def _exit_code(task: Mapping[str, Any]) -> int | None:
    codes = [c.get("exitCode") for c in task.get("containers", []) if c.get("name") == CONTAINER]
    return codes[0] if codes else None


def _lines(task: str) -> list[str]:
    """Read the end of the task's stream; nothing while the stream is not there."""
    logs = client("logs")
    stream = f"{CONTAINER}/{CONTAINER}/{task.rpartition('/')[2]}"
    try:
        answer = logs.get_log_events(
            logGroupName=setting("LOG_GROUP"), logStreamName=stream, startFromHead=False, limit=20
        )
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [event["message"] for event in answer["events"]]
