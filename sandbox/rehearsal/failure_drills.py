"""Drills of releases that must fail: each ends with the service that served before."""

from __future__ import annotations

from sandbox.rehearsal.caller import asking, check_uninterrupted
from sandbox.rehearsal.drill import drill
from sandbox.rehearsal.pipeline import Offer
from sandbox.rehearsal.record_checks import (
    WENT_BACK,
    check_command,
    check_migrated,
    check_released,
)
from sandbox.rehearsal.report import Checks
from sandbox.rehearsal.source import BEGINS, ENDS, MISTAKEN, READABLE, START, UNREADABLE
from sandbox.rehearsal.stage import GATE, PROBE, Stage


@drill("migration that fails", "ROVN-MIG-1", "ROVN-MIG-3")
def migration_fails(stage: Stage, checks: Checks) -> None:
    """Release an image whose migration breaks half-way."""
    stage.need_migrations()
    service, serves, applied = stage.service, stage.service.health()[1], stage.applied()
    name = stage.sources.next_migration("breaks")
    text = READABLE + "CREATE TABLE IF NOT EXISTS passport.half (id bigint);\n"
    # Nothing that the review of migrations could see.
    text += "DELETE FROM passport.half WHERE id = 1 / 0;\n"
    snapshots = len(stage.snapshots())
    with asking(service) as caller:
        offer = stage.offered(checks, migrations={name: text}, keep=False)
        stage.refused(checks, offer, said="rolled back by itself")
    check_uninterrupted(checks, caller, versions={serves})
    check_refused_at(stage, checks, GATE, offer)
    checks.same(stage.applied(), applied, "migrations in the ledger")
    checks.same(len(stage.snapshots()) - snapshots, 1, "snapshots since")
    check_migrated(stage, checks, "failed")


@drill("migration that the image before cannot read", "ROVN-MIG-1")
def unreadable(stage: Stage, checks: Checks) -> None:
    """Release an image whose migration would break the one that serves."""
    stage.need_migrations()
    service, serves, applied = stage.service, stage.service.health()[1], stage.applied()
    name = stage.sources.next_migration("contracts")
    text = UNREADABLE + "CREATE TABLE IF NOT EXISTS passport.contracts (id bigint);\n"
    snapshots, before = len(stage.snapshots()), stage.migration_tasks()
    with asking(service) as caller:
        offer = stage.offered(checks, migrations={name: text}, keep=False)
        stage.refused(checks, offer, said="rolled back by itself")
    check_uninterrupted(checks, caller, versions={serves})
    check_refused_at(stage, checks, GATE, offer)
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
    check_refused_at(stage, checks, "SCALE_UP", offer)


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
    check_refused_at(stage, checks, PROBE, offer)


@drill("alarm in the bake window", "ROVN-DEP-4")
def alarm(stage: Stage, checks: Checks) -> None:
    """Let an alarm of the deployment ring after production has shifted."""
    service = stage.service
    name, serves = stage.watched_alarm(checks), service.health()[1]
    offer, begun = stage.offered(checks), len(service.deployments())
    try:
        with stage.baking():
            stage.begin(offer)
            service.wait_for_stage("BAKE_TIME", begun)
            checks.same(service.health(), (200, offer.tag), "/health in the bake window")
            stage.set_alarm(name, "ALARM")
        stage.ended_refused(checks, offer, said="rolled back by itself")
    finally:
        stage.set_alarm(name, "OK")
    check_refused_at(stage, checks, "BAKE_TIME", offer)
    checks.same(service.health(), (200, serves), "/health at the production listener")


@drill("a release after all that went back", "ROVN-DEP-4", "ROVN-DEP-3")
def never_wedged(stage: Stage, checks: Checks) -> None:
    """Release once more: no refusal has left the stack where it takes no update."""
    offer = stage.offered(checks)
    stage.released(checks, offer)
    checks.same(stage.service.health(), (200, offer.tag), "/health at the production listener")


def check_refused_at(
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
