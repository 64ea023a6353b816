"""Whether the records of a drill tell the truth: who, from what to what, and how it ended."""

from __future__ import annotations

from typing import Any

from runbook.access.delivery_names import APPROVE
from sandbox.rehearsal.report import Checks
from sandbox.rehearsal.stage import ASKED_BY_DRILLS, Stage

WENT_BACK, WENT_WELL = "UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE"
CLOUDFORMATION = "cloudformation.amazonaws.com"
# What the gate asks an image before it decides.
ASKED = "python -m migrations --pending"
Members = dict[str, Any]


def check_released(
    stage: Stage, checks: Checks, tag: str, *, before: str, status: str, by: str = ""
) -> None:
    """Check the records of a release by change set that ended in a status of the stack.

    `before` is the task definition that served; `by` the ARN of who released, if not the drill.
    """
    records, name = stage.records, stage.service.stack
    records.settled()
    [executed] = records.of("call-execute-change-set", stackName=name)
    checks.same(executed["actor"]["id"], by or operator(stage), "recorded: who released")
    by_stack = [
        record
        for record in records.of("call-update-service")
        if record["actor"]["id"] == CLOUDFORMATION
    ]
    # Both may come in one second, within which keys have no order.
    back = [each for each in by_stack if each["after"]["taskDefinition"] == before]
    [released] = [each for each in by_stack if each not in back]
    checks.same(released["before"], {"taskDefinitions": [before]}, "recorded: what served before")
    checks.same(
        _images(stage, released["after"]["taskDefinition"]),
        {tag},
        "recorded: the tag of what was released",
    )
    went_well = status == WENT_WELL
    checks.same(len(back), int(not went_well), "recorded: the stack's ways back to that")
    states = [
        (record["after"]["state"], record["outcome"])
        for record in records.of("stack")
        if f":stack/{name}/" in record["after"]["stack"]
    ]
    ended = [state for state in states if not state[0].endswith("IN_PROGRESS")]
    checks.same(ended, [(status, "succeeded" if went_well else "failed")], "recorded: the stack")
    _check_deployments(stage, checks, went_back=not went_well)


def check_went_back_by_hand(
    stage: Stage, checks: Checks, *, regretted: str, to: str, by: str
) -> None:
    """Check the record of an operator's UpdateService to a task definition of before."""
    stage.records.settled()
    [record] = [
        each for each in stage.records.of("call-update-service") if each["actor"]["id"] == by
    ]
    told = (record["before"], record["after"]["taskDefinition"], record["outcome"])
    expected = ({"taskDefinitions": [regretted]}, to, "succeeded")
    checks.same(told, expected, "recorded: the operator's UpdateService: before, after, outcome")


def check_command(stage: Stage, checks: Checks, *, by: str, outcome: str) -> None:
    """Check the two records that the release command itself writes: its start, and its end."""
    stage.records.settled()
    told = [
        (record["kind"], record["actor"], record["outcome"])
        for record in stage.records.new
        if record["kind"] in ("release-start", "release-end")
    ]
    expected = [("release-start", by, "started"), ("release-end", by, outcome)]
    checks.same(sorted(told, reverse=True), expected, "recorded by the command itself")


def check_answered(stage: Stage, checks: Checks, execution: str, answer: str) -> None:
    """Check the records of an approval: who answered what, and how the execution went on."""
    stage.records.settled()
    name = stage.pipeline.name
    answers = stage.records.of("call-put-approval-result", pipelineName=name)
    told = [(each["actor"]["id"], each["outcome"]) for each in answers[:1]]
    checks.same(told, [(operator(stage), "succeeded")], "recorded: who answered the approval")
    ended = [
        each["outcome"]
        for each in stage.records.of("pipeline-stage", stage=APPROVE)
        if each["outcome"] != "started" and each["after"]["execution"] == execution
    ]
    expected = "succeeded" if answer == "Approved" else "failed"
    checks.same(ended, [expected], "recorded: how the pipeline's stage Approve ended")


def check_stopped(stage: Stage, checks: Checks, deployment: str, *, by: str) -> None:
    """Check the record of an operator's StopServiceDeployment."""
    stage.records.settled()
    [record] = stage.records.of("call-stop-service-deployment", serviceDeploymentArn=deployment)
    told = (record["actor"]["id"], record["after"]["stopType"], record["outcome"])
    checks.same(told, (by, "ROLLBACK", "succeeded"), "recorded: who stopped it")


def check_migrated(stage: Stage, checks: Checks, outcome: str, *files: str) -> None:
    """Check the record of the gate's state machine: its end, and what it migrated."""
    stage.records.settled()
    ended = [record for record in stage.records.of("migration") if record["outcome"] != "started"]
    told = [(each["outcome"], each["after"]["migrations"]) for each in ended if _is_ours(each)]
    checks.same(told, [(outcome, list(files))], "recorded: the migration")
    tasks = [
        each
        for each in stage.records.of("ecs-task", state="STOPPED")
        if each["actor"]["id"] != ASKED_BY_DRILLS
    ]
    ran = {" ".join(each["detail"]["overrides"][0]["command"]) for each in tasks}
    if outcome == "refused":
        checks.same(ran, {ASKED}, "recorded: nothing ran but")
    failed = [each["outcome"] for each in tasks].count("failed")
    checks.same(failed, int(outcome == "failed"), "recorded: migrations tasks that failed")


def check_frozen(stage: Stage, checks: Checks) -> None:
    """Check that the freeze and its end are recorded, version by version, without what it says."""
    stage.records.settled()
    found = stage.records.of("call-put-parameter")
    checks.same({each["actor"]["id"] for each in found}, {stage.desk.actor}, "recorded: who froze")
    steps = [each["after"]["version"] - each["before"]["version"] for each in found]
    checks.same(steps, [1, 1], "recorded: the freeze and its end, a version each")
    checks.same([each["detail"]["left_out"] for each in found], [["value"]] * 2, "left out")


def operator(stage: Stage) -> str:
    """Return by what the emulator knows whoever drills."""
    return str(stage.endpoint.client("sts").get_caller_identity()["Arn"])


def _check_deployments(stage: Stage, checks: Checks, *, went_back: bool) -> None:
    """Check ECS's own records: of each deployment its begin, and its end or its way back."""
    told = stage.records.of("ecs-deployment")
    back = [each for each in told if "rolling_back_to" in each["after"]]
    checks.same(len(back), int(went_back), "recorded: deployments that were rolled back")
    checks.same({each["outcome"] for each in back}, {"failed"} if back else set(), "as failed")
    ended = [each for each in told if each["outcome"] == "succeeded"]
    for each in back:
        [goal] = {each["after"]["rolling_back_to"]}
        gone = each["after"]["deploymentId"]
        checks.that(goal in {e["after"]["deploymentId"] for e in ended}, f"it rests at {goal}")
        checks.that(gone not in {e["after"]["deploymentId"] for e in ended}, f"{gone} never did")
    checks.that(ended, "recorded: the deployment that the service rests at")


def _images(stage: Stage, task_definition: str) -> set[str]:
    """Return the tags of the service's images in the record of a registration."""
    images = {
        container["image"]
        for record in stage.records.of("call-register-task-definition")
        if record["detail"]["response"]["taskDefinition"]["taskDefinitionArn"] == task_definition
        for container in record["after"]["containerDefinitions"]
    }
    ours = f"/{stage.service.name}:"
    return {image.partition(ours)[2] for image in images if ours in image}


def _is_ours(record: Members) -> bool:
    """Leave out executions that only found that nothing is to be done."""
    return bool(record["outcome"] != "succeeded" or record["after"]["migrations"])
