"""The drills of releases: each begins with a service that serves, and ends with one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runbook.access.delivery_names import APPROVE
from sandbox.emulator.rehearsal.lifecycle import STAGES
from sandbox.emulator.rehearsal.records import FINISHED
from sandbox.rehearsal.pipeline import BUILD, PREVIEW, RELEASE, Offer
from sandbox.rehearsal.record_checks import (
    check_answered,
    check_command,
    check_frozen,
    check_migrated,
    check_released,
    check_stopped,
    check_went_back_by_hand,
    operator,
)
from sandbox.rehearsal.report import Checks
from sandbox.rehearsal.service import until
from sandbox.rehearsal.stage import GATE, PROBE, Stage, asking, check_uninterrupted

WENT_BACK, WENT_WELL = "UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE"
READABLE = "-- previous_image_can_read: yes\n-- phi_columns: none\n\n"
UNREADABLE = "-- previous_image_can_read: no\n-- phi_columns: none\n\n"
# Where a drill breaks the service, so that it starts no more or says that it is another version.
START = "passport_api/__main__.py"
BEGINS, ENDS = "import logging\n", '__name__ == "__main__":\n    '
MISTAKEN = 'os.environ["APP_VERSION"] = "prod-20000101000000"\n    '


@dataclass(frozen=True)
class Drill:
    """A drill, and the clauses that it exercises."""

    name: str
    clauses: Sequence[str]
    run: Callable[[Stage, Checks], None]


DRILLS: list[Drill] = []


def drill(name: str, *clauses: str) -> Callable[[Callable[[Stage, Checks], None]], None]:
    """Register a drill; they run in the order of this page."""

    def register(run: Callable[[Stage, Checks], None]) -> None:
        DRILLS.append(Drill(name, clauses, run))

    return register


@drill("release", "ROVN-DEP-1", "ROVN-DEP-3", "ROVN-DEP-4", "ROVN-DEP-5", "ROVN-HLT-1")
def release(stage: Stage, checks: Checks) -> None:
    """Release another image with nothing to migrate."""
    service, before = stage.service, stage.service.described()["taskDefinition"]
    serves, snapshots = service.health()[1], len(stage.snapshots())
    with asking(service) as caller:
        offer = stage.offered(checks)
        stage.released(checks, offer)
    check_uninterrupted(checks, caller, versions={serves, offer.tag})
    checks.same(service.health(), (200, offer.tag), "/health at the production listener")
    deployment = service.deployments()[0]
    checks.same(deployment["status"], "SUCCESSFUL", "the deployment")
    checks.same(deployment["lifecycleStage"], STAGES[-1], "its last stage")
    kept = service.task_definition(before)
    checks.same(kept["status"], "ACTIVE", "the revision of before")
    checks.same(len(stage.snapshots()) - snapshots, 0, "snapshots since")
    by = stage.releaser(offer)
    check_released(stage, checks, offer.tag, before=before, status=WENT_WELL, by=by)
    check_command(stage, checks, by=by, outcome="succeeded")
    check_answered(stage, checks, offer.execution, "Approved")


@drill("source that does not pass its checks", "ROVN-DEP-1")
def does_not_build(stage: Stage, checks: Checks) -> None:
    """Upload a source that the build's own checks refuse."""
    pipeline, begun = stage.pipeline, len(stage.service.deployments())
    files = stage.sources.edited(START, (BEGINS, f"{BEGINS}import os\n"))
    execution = pipeline.drop(stage.sources.packed(files=files))
    checks.same(pipeline.ended(execution), "Failed", "the pipeline")
    attempts = pipeline.attempts(execution)
    checks.same(attempts[BUILD], ["Failed", "Failed"], "its stage Build, tried once more")
    checks.that(PREVIEW not in attempts, "its stage Preview never ran")
    checks.that("ruff check" in pipeline.failure(execution), "the build ended at: ruff check")
    checks.same(len(stage.service.deployments()), begun, "deployments")


@drill("approval rejected, and the next in the queue", "ROVN-DEP-1", "ROVN-DEP-8")
def rejected(stage: Stage, checks: Checks) -> None:
    """Reject a release while the next one waits behind it."""
    service, pipeline = stage.service, stage.pipeline
    serves, begun = service.health(), len(service.deployments())
    offer = stage.offered(checks)
    following = pipeline.drop(stage.sources.packed())
    pipeline.succeeded(following, PREVIEW)
    until(lambda: pipeline.waits_before(APPROVE) == following, "the next one before Approve")
    checks.found.append("the next one is built and previewed, and waits before Approve")
    pipeline.answer(offer, approved=False, why="a drill")
    checks.same(pipeline.ended(offer.execution), "Failed", "the pipeline")
    checks.that(RELEASE not in pipeline.attempts(offer.execution), "its stage Release never ran")
    checks.same(len(service.deployments()), begun, "deployments")
    checks.same(service.health(), serves, "/health at the production listener")
    check_answered(stage, checks, offer.execution, "Rejected")
    asked = pipeline.offer(following)
    checks.that(asked.tag != offer.tag, "then the next one is asked about")
    stage.released(checks, asked)
    checks.same(service.health(), (200, asked.tag), "/health at the production listener")


@drill("release with a migration", "ROVN-MIG-1", "ROVN-MIG-2", "ROVN-DEP-4")
def migrates(stage: Stage, checks: Checks) -> None:
    """Release an image that brings a migration which the image before can read."""
    stage.need_migrations()
    service, serves, applied = stage.service, stage.service.health()[1], stage.applied()
    name = stage.sources.next_migration("rehearsal")
    text = READABLE + "CREATE TABLE IF NOT EXISTS public.rehearsal (id bigint PRIMARY KEY);\n"
    before, snapshots = stage.migration_tasks(), stage.snapshots()
    with asking(service) as caller:
        offer = stage.offered(checks, migrations={name: text})
        stage.released(checks, offer)
    check_uninterrupted(checks, caller, versions={serves, offer.tag})
    checks.same(service.health(), (200, offer.tag), "/health at the production listener")
    checks.same(stage.applied() - applied, 1, "migrations in the ledger since")
    new = stage.snapshots()[len(snapshots) :]
    checks.same([each["Status"] for each in new], ["available"], "snapshots since")
    subject = name.removesuffix(".sql").replace("_", "-")
    checks.that(subject in new[0]["DBSnapshotIdentifier"], f"the snapshot is named after {name}")
    ran = [task for task in stage.migration_tasks() if task not in before]
    checks.that(len(ran) >= 3, "pending, migration and check ran as tasks of their own")
    check_migrated(stage, checks, "succeeded", name)


@drill("migration that fails", "ROVN-MIG-1", "ROVN-MIG-3")
def migration_fails(stage: Stage, checks: Checks) -> None:
    """Release an image whose migration breaks half-way."""
    stage.need_migrations()
    service, serves, applied = stage.service, stage.service.health()[1], stage.applied()
    name = stage.sources.next_migration("breaks")
    text = READABLE + "CREATE TABLE IF NOT EXISTS public.half (id bigint);\n"
    # Nothing that the review of migrations could see.
    text += "DELETE FROM public.half WHERE id = 1 / 0;\n"
    snapshots = len(stage.snapshots())
    with asking(service) as caller:
        offer = stage.offered(checks, migrations={name: text}, keep=False)
        stage.refused(checks, offer, said="rolled back by itself")
    check_uninterrupted(checks, caller, versions={serves})
    _check_refused_at(stage, checks, GATE, offer)
    checks.same(stage.applied(), applied, "migrations in the ledger")
    checks.same(len(stage.snapshots()) - snapshots, 1, "snapshots since")
    check_migrated(stage, checks, "failed")


@drill("migration that the image before cannot read", "ROVN-MIG-1")
def unreadable(stage: Stage, checks: Checks) -> None:
    """Release an image whose migration would break the one that serves."""
    stage.need_migrations()
    service, serves, applied = stage.service, stage.service.health()[1], stage.applied()
    name = stage.sources.next_migration("contracts")
    text = UNREADABLE + "CREATE TABLE IF NOT EXISTS public.contracts (id bigint);\n"
    snapshots, before = len(stage.snapshots()), stage.migration_tasks()
    with asking(service) as caller:
        offer = stage.offered(checks, migrations={name: text}, keep=False)
        stage.refused(checks, offer, said="rolled back by itself")
    check_uninterrupted(checks, caller, versions={serves})
    _check_refused_at(stage, checks, GATE, offer)
    ran = stage.commands_of([task for task in stage.migration_tasks() if task not in before])
    asked = all(command.endswith("--pending") for command in ran)
    checks.that(ran and asked, "nothing ran but the question what is pending")
    checks.same(len(stage.snapshots()), snapshots, "snapshots")
    checks.same(stage.applied(), applied, "migrations in the ledger")
    check_migrated(stage, checks, "refused")


@drill("tasks that end at once", "ROVN-HLT-1", "ROVN-DEP-4")
def never_healthy(stage: Stage, checks: Checks) -> None:
    """Release an image that does not even start."""
    service, serves = stage.service, stage.service.health()[1]
    files = stage.sources.edited(START, (f"{ENDS}main()", f"{ENDS}sys.exit(1)"))
    with asking(service) as caller:
        offer = stage.offered(checks, files=files)
        stage.refused(checks, offer, said="rolled back by itself")
    check_uninterrupted(checks, caller, versions={serves})
    _check_refused_at(stage, checks, "SCALE_UP", offer)


@drill("green that answers with another version", "ROVN-HLT-1", "ROVN-DEP-4")
def wrong_version(stage: Stage, checks: Checks) -> None:
    """Release an image that says it is another: the probe must not let traffic shift."""
    stage.need_hook(PROBE)
    service, serves = stage.service, stage.service.health()[1]
    files = stage.sources.edited(
        START, (BEGINS, f"{BEGINS}import os\n"), (ENDS, f"{ENDS}{MISTAKEN}")
    )
    with asking(service) as caller:
        offer = stage.offered(checks, files=files)
        stage.refused(checks, offer, said="rolled back by itself")
    check_uninterrupted(checks, caller, versions={serves})
    _check_refused_at(stage, checks, PROBE, offer)


@drill("alarm in the bake window", "ROVN-DEP-4")
def alarm(stage: Stage, checks: Checks) -> None:
    """Let an alarm of the deployment ring after production has shifted."""
    service = stage.service
    name, serves = stage.watched_alarm(checks), service.health()[1]
    offer, begun = stage.offered(checks), len(service.deployments())
    try:
        stage.begin(offer)
        service.wait_for_stage("BAKE_TIME", begun)
        checks.same(service.health(), (200, offer.tag), "/health in the bake window")
        stage.set_alarm(name, "ALARM")
        stage.ended_refused(checks, offer, said="rolled back by itself")
    finally:
        stage.set_alarm(name, "OK")
    _check_refused_at(stage, checks, "BAKE_TIME", offer)
    checks.same(service.health(), (200, serves), "/health at the production listener")


@drill("stop in the bake window", "ROVN-RB-2", "ROVN-DEP-4")
def stopped(stage: Stage, checks: Checks) -> None:
    """Stop a deployment after production has shifted, as an operator rolls back."""
    service, ecs = stage.service, stage.endpoint.client("ecs")
    serves = service.health()[1]
    offer, begun = stage.offered(checks), len(service.deployments())
    with asking(service) as caller:
        stage.begin(offer)
        deployment = service.wait_for_stage("BAKE_TIME", begun)
        checks.same(service.health(), (200, offer.tag), "/health in the bake window")
        ecs.stop_service_deployment(
            serviceDeploymentArn=deployment["serviceDeploymentArn"], stopType="ROLLBACK"
        )
        until(lambda: service.health() == (200, serves), "the version of before", 30)
        stage.ended_refused(checks, offer, said="rolled back by itself")
    checks.same(caller.failures, [], f"failed answers among {len(caller.versions)} to a caller")
    _check_refused_at(stage, checks, "BAKE_TIME", offer)
    check_stopped(stage, checks, deployment["serviceDeploymentArn"])


@drill("release in a freeze", "ROVN-DEP-4", "ROVN-DEP-8")
def frozen(stage: Stage, checks: Checks) -> None:
    """Release while releases are frozen: the command refuses, and so does the gate beside it."""
    stage.need_hook(GATE)
    service, serves = stage.service, stage.service.health()[1]
    begun = len(service.deployments())
    with stage.frozen(), asking(service) as caller:
        offer = stage.offered(checks)
        stage.refused(checks, offer, said="release freeze")
        checks.same(len(service.deployments()), begun, "deployments: nothing was begun")
        # The same image past the pipeline, as somebody could who may execute change sets.
        checks.same(service.release(offer.tag), WENT_BACK, "the stack, by a change set of its own")
    check_uninterrupted(checks, caller, versions={serves})
    _check_refused_at(stage, checks, GATE, offer, by=operator(stage))
    check_frozen(stage, checks)


@drill("rollback in a freeze", "ROVN-DEP-5", "ROVN-RB-3")
def rolls_back(stage: Stage, checks: Checks) -> None:
    """Go to the revision before by UpdateService while releases are frozen, and back by one."""
    stage.need_hook(GATE)
    service, ecs = stage.service, stage.endpoint.client("ecs")
    serves, before = service.health()[1], service.described()["taskDefinition"]
    offer = stage.offered(checks)
    stage.released(checks, offer)
    with stage.frozen(), asking(service) as caller:
        ecs.update_service(cluster=service.cluster, service=service.name, taskDefinition=before)
        until(lambda: service.deployments()[0]["status"] in FINISHED, "the end of the rollback")
    checks.same(service.deployments()[0]["status"], "SUCCESSFUL", "the deployment")
    check_uninterrupted(checks, caller, versions={offer.tag, serves})
    checks.same(service.health(), (200, serves), "/health at the production listener")
    check_went_back_by_hand(stage, checks, to=before)


@drill("a release after all that went back", "ROVN-DEP-4", "ROVN-DEP-3")
def never_wedged(stage: Stage, checks: Checks) -> None:
    """Release once more: no refusal has left the stack where it takes no update."""
    offer = stage.offered(checks)
    stage.released(checks, offer)
    checks.same(stage.service.health(), (200, offer.tag), "/health at the production listener")


def _check_refused_at(
    stage: Stage, checks: Checks, where: str, offer: Offer, *, by: str = ""
) -> None:
    """Check that the release ended at a stage, and that the stack's way back was let through.

    `by` is who released, if not the pipeline.
    """
    service = stage.service
    back, failed = service.deployments()[:2]
    checks.same(failed["status"], "ROLLBACK_SUCCESSFUL", "the release's deployment")
    checks.same(failed["lifecycleStage"], where, "the stage at which it ended")
    checks.found.append(f"said: {failed['statusReason']}")
    if where in (GATE, PROBE):
        answered = f"answered FAILED at {where}"
        checks.that(answered in failed["statusReason"], f"the deployed function {answered}")
        checks.found.append(f"the function said: {stage.last_refusal(where)}")
    checks.same(back["status"], "SUCCESSFUL", "the deployment by the stack's own rollback")
    described = service.described()
    checks.same(described["runningCount"], described["desiredCount"], "tasks that run")
    before = described["taskDefinition"]
    if not by:
        by = stage.releaser(offer)
        check_command(stage, checks, by=by, outcome="failed")
    check_released(stage, checks, offer.tag, before=before, status=WENT_BACK, by=by)
