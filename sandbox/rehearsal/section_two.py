"""Section 2 of the runbook by hand: its own `aws` command, and what `runbook status` then says.

The section prints one command, `aws ecs update-service --task-definition <known-good-revision>`.
It works on no account as printed: the AWS CLI asks for `--service`, and without `--cluster` ECS
looks in the cluster called `default`, which no environment has. Both refusals are drilled; then it
runs with these two named and nothing else, which is how `docs/decisions/0029` has it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from sandbox.emulator.rehearsal.records import FINISHED
from sandbox.rehearsal.aws_cli import Typed, typed
from sandbox.rehearsal.caller import asking, check_uninterrupted
from sandbox.rehearsal.drill import drill
from sandbox.rehearsal.record_checks import operator
from sandbox.rehearsal.report import Checks, DrillError
from sandbox.rehearsal.service import until
from sandbox.rehearsal.stage import Stage
from sandbox.rehearsal.terminal import PATIENCE_SECONDS

RUNBOOK = Path(sys.executable).with_name("runbook")
PRINTED = "aws ecs update-service --task-definition {revision}"
BY_HAND = f"{PRINTED} --cluster {{cluster}} --service {{service}}"
# Step 1 names no command; these two find what served well, and what it was.
SERVED_WELL = (
    "aws ecs list-service-deployments --cluster {cluster} --service {service} --status SUCCESSFUL "
    "--query serviceDeployments[].targetServiceRevisionArn"
)
OF_REVISIONS = (
    "aws ecs describe-service-revisions --service-revision-arns {arns} "
    "--query serviceRevisions[].taskDefinition"
)
IMAGE = (
    "aws ecs describe-task-definition --task-definition {revision} "
    "--query taskDefinition.containerDefinitions[].image"
)
RINGING = (
    "aws cloudwatch describe-alarms --alarm-name-prefix {slug}- --state-value ALARM "
    "--query MetricAlarms[?AlarmActions].AlarmName"
)
RUNNING = "aws ecs list-tasks --cluster {cluster} --service-name {service} --query taskArns"
OF_TASKS = (
    "aws ecs describe-tasks --cluster {cluster} --tasks {arns} --query tasks[].taskDefinitionArn"
)
STOP = "aws ecs stop-service-deployment --service-deployment-arn {arn} --stop-type ROLLBACK"
Members = dict[str, Any]


@drill("section 2 of the runbook, by hand", "ROVN-RB-1", "ROVN-DEP-5")
def by_hand(stage: Stage, checks: Checks) -> None:
    """Roll back by the runbook's own command, think again, and bring the stack to agree."""
    service = stage.service
    serves, good = service.health()[1], _short(service.described()["taskDefinition"])
    offer = stage.offered(checks)
    stage.released(checks, offer)
    regretted = _short(service.described()["taskDefinition"])
    _check_status(stage, checks, runs=offer.tag, stack=offer.tag, wrong=[])
    _check_as_printed(stage, checks, good)
    _check_known_good(stage, checks, good, regretted, tag=serves)
    with asking(service) as caller:
        _update(stage, checks, good)
        _ended(stage)
    check_uninterrupted(checks, caller, versions={offer.tag, serves})
    _check_watched(stage, checks, good)
    checks.same(service.health(), (200, serves), "/health at the production listener")
    differs = [
        f"{serves} runs, but the stack has {offer.tag}: the next stack update would bring that; "
        f"to keep {serves}: {_keep(stage, serves)}"
    ]
    _check_status(stage, checks, runs=serves, stack=offer.tag, wrong=differs)
    stopped = _check_stopped(stage, checks, regretted, serves)
    _check_status(stage, checks, runs=serves, stack=offer.tag, wrong=[*differs, stopped])
    _run(stage, *_keep(stage, serves).split()[1:], "--yes")
    checks.same(service.health(), (200, serves), "/health after the command that status names")
    _check_status(stage, checks, runs=serves, stack=serves, wrong=[])
    _check_recorded(stage, checks, good, regretted)


# --- The steps of the section ---


def _check_as_printed(stage: Stage, checks: Checks, good: str) -> None:
    """Check step 2 word for word: the CLI does not take it, ECS does not find it."""
    begun = len(stage.service.deployments())
    line = PRINTED.format(revision=good)
    _refused(stage, checks, line, "the following arguments are required: --service")
    line = f"{line} --service {stage.service.name}"
    _refused(stage, checks, line, "ClusterNotFoundException")
    checks.same(len(stage.service.deployments()), begun, "deployments: nothing was begun")


def _check_known_good(stage: Stage, checks: Checks, good: str, regretted: str, *, tag: str) -> None:
    """Take step 1: ECS tells what served well before, and of which image it is."""
    arns = _answer(stage, SERVED_WELL)
    told = _answer(stage, OF_REVISIONS, arns=" ".join(arns))
    known = [_short(each) for each in told]
    checks.that(good in known, f"ECS tells that {good} served well")
    checks.that(regretted in known, f"and {regretted}, which is to be left")
    images = _answer(stage, IMAGE, revision=good)
    checks.that(any(image.endswith(f":{tag}") for image in images), f"{good} is of {tag}")


def _update(stage: Stage, checks: Checks, revision: str) -> None:
    """Take step 2, with the service and its cluster named."""
    line = _line(stage, BY_HAND, revision=revision)
    told = _typed(stage, line)
    if told.code:
        raise DrillError(f"`{line}` ends with {told.code}: {told.complained}")
    checks.found.append(f"works: {line}")


def _check_watched(stage: Stage, checks: Checks, good: str) -> None:
    """Check steps 3 and 5: no alarm rings, and ECS itself has drained the tasks of before."""
    checks.same(_answer(stage, RINGING), [], "alarms that ring, by describe-alarms")
    tasks = _answer(stage, RUNNING)
    told = {_short(each) for each in _answer(stage, OF_TASKS, arns=" ".join(tasks))}
    checks.same(told, {good}, "revisions of the tasks that run, by describe-tasks")


def _check_stopped(stage: Stage, checks: Checks, regretted: str, serves: str) -> str:
    """Go to the newer one after all, and stop that; return what status must say of it."""
    service = stage.service
    begun = len(service.deployments())
    # Whoever types takes as long as the machine likes: it must not be over before.
    with stage.baking():
        _update(stage, checks, regretted)
        arn = service.wait_for_stage("BAKE_TIME", begun)["serviceDeploymentArn"]
        told = _typed(stage, _line(stage, STOP, arn=arn))
        checks.same(told.code, 0, "aws ecs stop-service-deployment: exit code")
        _ended(stage)
    checks.same(service.health(), (200, serves), "/health after the stop")
    [back] = [each for each in service.deployments() if each["serviceDeploymentArn"] == arn]
    checks.same(back["status"], "ROLLBACK_SUCCESSFUL", "the deployment that was stopped")
    newest = service.deployments()[0]
    return (
        f"the last service deployment is {newest['status']} at {newest['lifecycleStage']}: "
        f"{newest['statusReason']}"
    )


def _check_recorded(stage: Stage, checks: Checks, good: str, regretted: str) -> None:
    """Check that the audit bucket has what was done by hand, refusals included (ROVN-AUD-1)."""
    stage.records.settled()
    told = [
        (_short((record["after"] or {}).get("taskDefinition", "")), record["outcome"])
        for record in stage.records.of("call-update-service")
        if record["actor"]["id"] == operator(stage)
    ]
    expected = [("", "failed"), (good, "succeeded"), (regretted, "succeeded")]
    checks.same(sorted(told), sorted(expected), "recorded: UpdateService by hand")


# --- `runbook`, and `aws` ---


def _check_status(stage: Stage, checks: Checks, *, runs: str, stack: str, wrong: list[str]) -> None:
    """Check what status says to a machine: of what runs, of the stack, and what is wrong."""
    answer = _run(stage, "status", stage.environment.name, "--json", code=int(bool(wrong)))
    told = json.loads(answer)
    service = told["services"][stage.key]
    found = (service["image_tag"], service["stack_image_tag"], told["attention"])
    if found != (runs, stack, wrong):
        raise DrillError(f"status: expected {(runs, stack, wrong)!r}, found {found!r}")
    checks.found.append(f"status says: {runs} runs, the stack has {stack}")
    checks.found += [f"status says: {line}" for line in wrong]


def _keep(stage: Stage, tag: str) -> str:
    return (
        f"runbook release deploy {stage.environment.name} --service {stage.key} --image-tag {tag}"
    )


def _run(stage: Stage, *words: str, code: int = 0) -> str:
    """Run a command of the product; return what it prints."""
    kept = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
    try:
        done = subprocess.run(  # noqa: S603 - our own command, no shell
            [str(RUNBOOK), *words],
            env={**kept, **stage.endpoint.variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DrillError(f"`runbook {' '.join(words)}` does not end") from None
    if done.returncode != code:
        raise DrillError(f"runbook {' '.join(words)}: {done.returncode}: {done.stderr[-800:]}")
    return done.stdout


def _line(stage: Stage, form: str, **names: str) -> str:
    given = {
        "cluster": stage.service.cluster,
        "service": stage.service.name,
        "slug": stage.environment.slug,
    }
    return form.format(**given, **names)


def _typed(stage: Stage, line: str) -> Typed:
    return typed(line, stage.endpoint)


def _answer(stage: Stage, form: str, **names: str) -> list[str]:
    answer = _typed(stage, _line(stage, form, **names)).answer
    if not isinstance(answer, list):
        raise DrillError(f"expected a list, found {answer!r}")
    return [str(each) for each in answer]


def _refused(stage: Stage, checks: Checks, line: str, said: str) -> None:
    told = _typed(stage, line)
    checks.that(told.code != 0 and said in told.complained, f"refused: {line}")
    checks.found.append(f"it says: {told.complained.splitlines()[-1]}")


def _ended(stage: Stage) -> None:
    until(lambda: stage.service.deployments()[0]["status"] in FINISHED, "the end of the deployment")


def _short(arn: str) -> str:
    return arn.rpartition("/")[2]
