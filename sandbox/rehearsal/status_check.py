"""Whether `runbook status` tells the truth, held against what AWS and a caller say."""

from __future__ import annotations

from typing import Any

from runbook.operations.stacks import STEADY
from sandbox.emulator.rehearsal.records import SUCCESSFUL
from sandbox.rehearsal.desk import Ran
from sandbox.rehearsal.report import Checks, DrillError
from sandbox.rehearsal.service import until
from sandbox.rehearsal.stage import Stage

Members = dict[str, Any]


def check_status(stage: Stage, checks: Checks) -> None:
    """Check every fact of `runbook status --json`, and that it raises no alarm but a true one."""
    ran, knows, frozen = until(lambda: _compared(stage), "a while in which nothing changes")
    told = ran.answer["services"][stage.key]
    found = {fact: _brief(told[fact]) for fact in knows}
    if found != knows:
        raise DrillError(f"runbook status tells {found}, and it is {knows}")
    checks.found.append(f"runbook status tells what is so: {_in_a_line(knows)}")
    checks.same(ran.answer["releases"], "frozen" if frozen else "open", "it says: releases")
    wrong = frozen or not is_well(knows)
    checks.same(bool(ran.answer["attention"]), wrong, "it says: something wants attention")
    checks.same(ran.code, int(wrong), "its exit code")


def _compared(stage: Stage) -> tuple[Ran, Members, bool] | None:
    """Run the command, and say what was so before it and after it; None where that differs."""
    before = known(stage), stage.is_frozen()
    ran = stage.desk.run("status")
    after = known(stage), stage.is_frozen()
    return (ran, *after) if before == after else None


def known(stage: Stage) -> Members:
    """Say what status must tell: the version is what a caller is answered, not what ECS says."""
    service = stage.service
    described, deployment = service.described(), service.deployments()[0]
    told = {"arn": "serviceDeploymentArn", "status": "status", "stage": "lifecycleStage"}
    [primary] = [each for each in described["deployments"] if each["status"] == "PRIMARY"]
    return {
        "image_tag": service.health()[1],
        "task_definition": primary["taskDefinition"],
        "tasks": f"{primary['runningCount']} of {primary['desiredCount']}",
        "stack": service.status(),
        "stack_image_tag": service.stack_tag(),
        "deployment": {name: deployment[key] for name, key in told.items()},
        "alarms": stage.alarm_states(),
    }


def is_well(knows: Members) -> bool:
    """Whether nothing in it wants attention."""
    running, _, wanted = str(knows["tasks"]).partition(" of ")
    return (
        knows["image_tag"] == knows["stack_image_tag"]
        and knows["stack"] in STEADY
        and knows["deployment"]["status"] == SUCCESSFUL
        and running == wanted
        and "ALARM" not in knows["alarms"].values()
    )


def _in_a_line(knows: Members) -> str:
    deployment = knows["deployment"]
    return (
        f"{knows['image_tag']} in {knows['tasks']} tasks, the stack {knows['stack']} with "
        f"{knows['stack_image_tag']}, the deployment {deployment['status']} at "
        f"{deployment['stage']}"
    )


def _brief(fact: object) -> object:
    """Leave out what ECS says in words: a drill knows no words beforehand."""
    if isinstance(fact, dict):
        return {name: value for name, value in fact.items() if name != "reason"}
    return fact
