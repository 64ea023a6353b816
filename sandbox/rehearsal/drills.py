"""The drills of releases: each begins with a service that serves, and ends with one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sandbox.emulator.rehearsal.lifecycle import STAGES
from sandbox.emulator.rehearsal.records import FINISHED
from sandbox.rehearsal.record_checks import (
    check_frozen,
    check_migrated,
    check_released,
    check_stopped,
    check_went_back_by_hand,
)
from sandbox.rehearsal.report import Checks
from sandbox.rehearsal.service import until
from sandbox.rehearsal.stage import GATE, PROBE, Stage, asking, check_uninterrupted

WENT_BACK, WENT_WELL = "UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE"
READABLE = "-- previous_image_can_read: yes\n-- phi_columns: none\n\n"
UNREADABLE = "-- previous_image_can_read: no\n-- phi_columns: none\n\n"
# The service as another version: its migrations know who they are.
MISTAKEN = (
    "import os, runpy; os.environ['APP_VERSION'] = 'prod-20000101000000'; "
    "runpy.run_module('passport_api', run_name='__main__')"
)


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


@drill("release", "ROVN-DEP-3", "ROVN-DEP-4", "ROVN-DEP-5", "ROVN-HLT-1")
def release(stage: Stage, checks: Checks) -> None:
    """Release another image with nothing to migrate."""
    service, before = stage.service, stage.service.described()["taskDefinition"]
    serves, tag = service.health()[1], stage.images.build("release")
    snapshots = len(stage.snapshots())
    with asking(service) as caller:
        checks.same(service.release(tag), WENT_WELL, "the stack")
    check_uninterrupted(checks, caller, versions={serves, tag})
    checks.same(service.health(), (200, tag), "/health at the production listener")
    deployment = service.deployments()[0]
    checks.same(deployment["status"], "SUCCESSFUL", "the deployment")
    checks.same(deployment["lifecycleStage"], STAGES[-1], "its last stage")
    kept = service.task_definition(before)
    checks.same(kept["status"], "ACTIVE", "the revision of before")
    checks.same(len(stage.snapshots()) - snapshots, 0, "snapshots since")
    check_released(stage, checks, tag, before=before, status=WENT_WELL)


@drill("release with a migration", "ROVN-MIG-1", "ROVN-MIG-2", "ROVN-DEP-4")
def migrates(stage: Stage, checks: Checks) -> None:
    """Release an image that brings a migration which the image before can read."""
    stage.need_migrations()
    service, serves, applied = stage.service, stage.service.health()[1], stage.applied()
    name = stage.images.next_migration("rehearsal")
    text = READABLE + "CREATE TABLE public.rehearsal (id bigint PRIMARY KEY);\n"
    tag = stage.images.build("migrates", migrations={name: text})
    before, snapshots = stage.migration_tasks(), stage.snapshots()
    with asking(service) as caller:
        checks.same(service.release(tag), WENT_WELL, "the stack")
    check_uninterrupted(checks, caller, versions={serves, tag})
    checks.same(service.health(), (200, tag), "/health at the production listener")
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
    name = stage.images.next_migration("breaks")
    text = READABLE + "CREATE TABLE public.half (id bigint);\nSELECT 1 / 0;\n"
    tag = stage.images.build("breaks", migrations={name: text}, keep=False)
    snapshots = len(stage.snapshots())
    with asking(service) as caller:
        checks.same(service.release(tag), WENT_BACK, "the stack")
    check_uninterrupted(checks, caller, versions={serves})
    _check_refused_at(stage, checks, GATE, tag)
    checks.same(stage.applied(), applied, "migrations in the ledger")
    checks.same(len(stage.snapshots()) - snapshots, 1, "snapshots since")
    check_migrated(stage, checks, "failed")


@drill("migration that the image before cannot read", "ROVN-MIG-1")
def unreadable(stage: Stage, checks: Checks) -> None:
    """Release an image whose migration would break the one that serves."""
    stage.need_migrations()
    service, serves, applied = stage.service, stage.service.health()[1], stage.applied()
    name = stage.images.next_migration("contracts")
    text = UNREADABLE + "CREATE TABLE public.contracts (id bigint);\n"
    tag = stage.images.build("contracts", migrations={name: text}, keep=False)
    snapshots, before = len(stage.snapshots()), stage.migration_tasks()
    with asking(service) as caller:
        checks.same(service.release(tag), WENT_BACK, "the stack")
    check_uninterrupted(checks, caller, versions={serves})
    _check_refused_at(stage, checks, GATE, tag)
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
    tag = stage.images.build("broken", command=["python", "-c", "raise SystemExit(1)"])
    with asking(service) as caller:
        checks.same(service.release(tag), WENT_BACK, "the stack")
    check_uninterrupted(checks, caller, versions={serves})
    _check_refused_at(stage, checks, "SCALE_UP", tag)


@drill("green that answers with another version", "ROVN-HLT-1", "ROVN-DEP-4")
def wrong_version(stage: Stage, checks: Checks) -> None:
    """Release an image that says it is another: the probe must not let traffic shift."""
    stage.need_hook(PROBE)
    service, serves = stage.service, stage.service.health()[1]
    tag = stage.images.build("mistaken", command=["python", "-c", MISTAKEN])
    with asking(service) as caller:
        checks.same(service.release(tag), WENT_BACK, "the stack")
    check_uninterrupted(checks, caller, versions={serves})
    _check_refused_at(stage, checks, PROBE, tag)


@drill("alarm in the bake window", "ROVN-DEP-4")
def alarm(stage: Stage, checks: Checks) -> None:
    """Let an alarm of the deployment ring after production has shifted."""
    service = stage.service
    name = stage.watched_alarm(checks)
    serves, tag = service.health()[1], stage.images.build("alarm")
    begun = len(service.deployments())
    try:
        service.begin_release(tag)
        service.wait_for_stage("BAKE_TIME", begun)
        checks.same(service.health(), (200, tag), "/health in the bake window")
        stage.set_alarm(name, "ALARM")
        checks.same(service.settled(), WENT_BACK, "the stack")
    finally:
        stage.set_alarm(name, "OK")
    _check_refused_at(stage, checks, "BAKE_TIME", tag)
    checks.same(service.health(), (200, serves), "/health at the production listener")


@drill("stop in the bake window", "ROVN-RB-2", "ROVN-DEP-4")
def stopped(stage: Stage, checks: Checks) -> None:
    """Stop a deployment after production has shifted, as an operator rolls back."""
    service, ecs = stage.service, stage.endpoint.client("ecs")
    serves, tag = service.health()[1], stage.images.build("stopped")
    begun = len(service.deployments())
    with asking(service) as caller:
        service.begin_release(tag)
        deployment = service.wait_for_stage("BAKE_TIME", begun)
        checks.same(service.health(), (200, tag), "/health in the bake window")
        ecs.stop_service_deployment(
            serviceDeploymentArn=deployment["serviceDeploymentArn"], stopType="ROLLBACK"
        )
        until(lambda: service.health() == (200, serves), "the version of before", 30)
        checks.same(service.settled(), WENT_BACK, "the stack")
    checks.same(caller.failures, [], f"failed answers among {len(caller.versions)} to a caller")
    _check_refused_at(stage, checks, "BAKE_TIME", tag)
    check_stopped(stage, checks, deployment["serviceDeploymentArn"])


@drill("release in a freeze", "ROVN-DEP-4")
def frozen(stage: Stage, checks: Checks) -> None:
    """Release while releases are frozen, and after the freeze."""
    stage.need_hook(GATE)
    service, serves = stage.service, stage.service.health()[1]
    tag = stage.images.build("frozen")
    with stage.frozen(), asking(service) as caller:
        checks.same(service.release(tag), WENT_BACK, "the stack")
    check_uninterrupted(checks, caller, versions={serves})
    _check_refused_at(stage, checks, GATE, tag)
    check_frozen(stage, checks)


@drill("rollback in a freeze", "ROVN-DEP-5", "ROVN-RB-3")
def rolls_back(stage: Stage, checks: Checks) -> None:
    """Go to the revision before by UpdateService while releases are frozen, and back by one."""
    stage.need_hook(GATE)
    service, ecs = stage.service, stage.endpoint.client("ecs")
    serves, before = service.health()[1], service.described()["taskDefinition"]
    tag = stage.images.build("regretted")
    checks.same(service.release(tag), WENT_WELL, "the stack")
    with stage.frozen(), asking(service) as caller:
        ecs.update_service(cluster=service.cluster, service=service.name, taskDefinition=before)
        until(lambda: service.deployments()[0]["status"] in FINISHED, "the end of the rollback")
    checks.same(service.deployments()[0]["status"], "SUCCESSFUL", "the deployment")
    check_uninterrupted(checks, caller, versions={tag, serves})
    checks.same(service.health(), (200, serves), "/health at the production listener")
    check_went_back_by_hand(stage, checks, to=before)


@drill("a release after all that went back", "ROVN-DEP-4", "ROVN-DEP-3")
def never_wedged(stage: Stage, checks: Checks) -> None:
    """Release once more: no refusal has left the stack where it takes no update."""
    tag = stage.images.build("again")
    checks.same(stage.service.release(tag), WENT_WELL, "the stack")
    checks.same(stage.service.health(), (200, tag), "/health at the production listener")


def _check_refused_at(stage: Stage, checks: Checks, where: str, tag: str) -> None:
    """Check that the release ended at a stage, and that the stack's way back was let through."""
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
    check_released(stage, checks, tag, before=described["taskDefinition"], status=WENT_BACK)
