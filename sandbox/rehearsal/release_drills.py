"""Drills of releases as the pipeline makes them: each begins with a service that serves."""

from __future__ import annotations

from runbook.access.delivery_names import APPROVE
from sandbox.emulator.rehearsal.lifecycle import STAGES
from sandbox.rehearsal.caller import asking, check_uninterrupted
from sandbox.rehearsal.drill import drill
from sandbox.rehearsal.pipeline import BUILD, PREVIEW, RELEASE
from sandbox.rehearsal.record_checks import (
    WENT_WELL,
    check_answered,
    check_command,
    check_migrated,
    check_released,
)
from sandbox.rehearsal.report import Checks
from sandbox.rehearsal.service import until
from sandbox.rehearsal.source import BEGINS, READABLE, START
from sandbox.rehearsal.stage import Stage


@drill("release", "ROVN-DEP-1", "ROVN-DEP-3", "ROVN-DEP-4", "ROVN-DEP-5", "ROVN-HLT-1", "ALL-4")
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
    text = READABLE + "CREATE TABLE IF NOT EXISTS passport.rehearsal (id bigint PRIMARY KEY);\n"
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
