"""Drills of `runbook rollback`: in the bake window, after it, over a migration, in a freeze."""

from __future__ import annotations

from sandbox.rehearsal.caller import asking, check_uninterrupted
from sandbox.rehearsal.command_checks import (
    DONE,
    QUESTION,
    WATCHED,
    check_ended,
    check_recorded,
    check_seconds,
    refused,
    release,
    rollback,
)
from sandbox.rehearsal.drill import drill
from sandbox.rehearsal.failure_drills import check_refused_at
from sandbox.rehearsal.operator_drills import frozen
from sandbox.rehearsal.record_checks import check_frozen, check_stopped, check_went_back_by_hand
from sandbox.rehearsal.report import Checks
from sandbox.rehearsal.source import READABLE
from sandbox.rehearsal.stage import GATE, Stage
from sandbox.rehearsal.status_check import check_status


@drill("rollback in the bake window", "ROVN-RB-1", "ROVN-RB-2", "ROVN-DEP-4")
def in_the_bake_window(stage: Stage, checks: Checks) -> None:
    """Roll back at a terminal while the release that went wrong is still under way."""
    service, serves = stage.service, stage.service.health()[1]
    offer, begun = stage.offered(checks), len(service.deployments())
    with asking(service) as caller:
        with stage.baking():
            stage.begin(offer)
            deployment = service.wait_for_stage("BAKE_TIME", begun)
            checks.same(service.health(), (200, offer.tag), "/health in the bake window")
            check_status(stage, checks)
            with stage.desk.open("rollback", *WATCHED) as terminal:
                terminal.says(QUESTION)
                checks.that(f"{offer.tag} -> {serves}" in terminal.text, "it says what it does")
                terminal.answer("y")
                terminal.says("traffic is on")
                checks.same(service.health(), (200, serves), "/health as soon as it says so")
                stage.held.unlink()
                check_ended(checks, terminal, DONE, "runbook rollback")
        check_seconds(checks, terminal.text)
        stage.ended_refused(checks, offer, said="rolled back by itself")
    checks.same(caller.failures, [], f"failed answers among {len(caller.versions)} to a caller")
    check_refused_at(stage, checks, "BAKE_TIME", offer)
    check_stopped(stage, checks, deployment["serviceDeploymentArn"], by=stage.desk.actor)
    check_recorded(stage, checks, "rollback", "succeeded")


@drill("rollback after the bake window", "ROVN-RB-1", "ROVN-RB-3", "ROVN-DEP-5")
def after_the_bake_window(stage: Stage, checks: Checks) -> None:
    """Release by the command, to its end; then go back to the revision of before."""
    service, before = stage.service, stage.service.described()["taskDefinition"]
    serves, spare = service.health()[1], stage.spare(checks)
    release(stage, checks, spare)
    regretted = service.described()["taskDefinition"]
    with asking(service) as caller:
        ran = rollback(stage, checks)
    check_uninterrupted(checks, caller, versions={spare, serves})
    checks.same(service.health(), (200, serves), "/health at the production listener")
    checks.same(ran.answer["notes"], ["migrations since: none"], "it says of the schema")
    checks.same(ran.answer["verified"]["health"], f"200 from {serves}", "it asked /health")
    check_went_back_by_hand(stage, checks, regretted=regretted, to=before, by=stage.desk.actor)
    check_recorded(stage, checks, "rollback", "succeeded")


@drill("rollback that the schema refuses", "ROVN-RB-3", "ROVN-MIG-1")
def refused_by_the_schema(stage: Stage, checks: Checks) -> None:
    """Go two releases back over a migration: refused, with the way forward; one back may be."""
    stage.need_migrations()
    service, oldest, middle = stage.service, stage.service.health()[1], stage.spare(checks)
    release(stage, checks, middle)
    name = stage.sources.next_migration("refuses")
    text = READABLE + "CREATE TABLE IF NOT EXISTS passport.refuses (id bigint PRIMARY KEY);\n"
    offer = stage.offered(checks, migrations={name: text})
    stage.released(checks, offer)
    said = (
        f"{name} ran for {offer.tag} and can be read by {middle}, not by {oldest}; go forward: "
        f"release an image that repairs it; go back to {middle} at most"
    )
    refused(stage, checks, "rollback", "--to", oldest, said=said)
    checks.same(service.health(), (200, offer.tag), "/health at the production listener")
    looked = stage.desk.run("rollback", "--to", middle, "--dry-run", service=True)
    checks.same(looked.code, DONE, f"a dry run of --to {middle}: exit code")
    noted = [f"migrations since: {name}, declared readable for {middle}"]
    checks.same(looked.answer["notes"], noted, "it says of the schema")
    check_recorded(stage, checks, "rollback")


@drill("rollback in a freeze", "ROVN-DEP-8", "ROVN-RB-3")
def in_a_freeze(stage: Stage, checks: Checks) -> None:
    """Freeze by the command: a release is refused, a rollback is let through, by the gate, too."""
    stage.need_hook(GATE)
    service, serves, spare = stage.service, stage.service.health()[1], stage.spare(checks)
    release(stage, checks, spare)
    with frozen(stage, checks), asking(service) as caller:
        check_status(stage, checks)
        refused(stage, checks, "release", "deploy", "--image-tag", serves, said="release freeze")
        rollback(stage, checks)
    check_uninterrupted(checks, caller, versions={spare, serves})
    checks.same(service.health(), (200, serves), "/health at the production listener")
    check_recorded(stage, checks, "rollback", "succeeded")
    check_frozen(stage, checks)
