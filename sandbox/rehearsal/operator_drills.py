"""Drills of what operators do beside rollbacks: freeze, restart, two releases at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.rehearsal.caller import asking, check_uninterrupted
from sandbox.rehearsal.command_checks import (
    DONE,
    QUESTION,
    REFUSED,
    check_ended,
    check_recorded,
    refused,
    release,
)
from sandbox.rehearsal.drill import drill
from sandbox.rehearsal.failure_drills import check_refused_at
from sandbox.rehearsal.record_checks import WENT_BACK, check_frozen, operator
from sandbox.rehearsal.report import Checks
from sandbox.rehearsal.service import until
from sandbox.rehearsal.stage import GATE, Stage

REASON = "a drill"


@drill("release in a freeze", "ROVN-DEP-4", "ROVN-DEP-8")
def in_a_freeze(stage: Stage, checks: Checks) -> None:
    """Release while releases are frozen: the command refuses, and so does the gate beside it."""
    stage.need_hook(GATE)
    service, serves = stage.service, stage.service.health()[1]
    begun = len(service.deployments())
    with frozen(stage, checks), asking(service) as caller:
        offer = stage.offered(checks)
        stage.refused(checks, offer, said="release freeze")
        checks.same(len(service.deployments()), begun, "deployments: nothing was begun")
        # The same image past the pipeline, as somebody could who may execute change sets.
        checks.same(service.release(offer.tag), WENT_BACK, "the stack, by a change set of its own")
    check_uninterrupted(checks, caller, versions={serves})
    check_refused_at(stage, checks, GATE, offer, by=operator(stage))
    check_frozen(stage, checks)


@drill("restart", "ROVN-DEP-3")
def restart(stage: Stage, checks: Checks) -> None:
    """Restart with a newer image in the registry: new tasks, of the same image and revision."""
    service, before = stage.service, stage.service.described()["taskDefinition"]
    serves, newer = service.health()[1], stage.spare(checks, newer=True)
    tasks, given = service.tasks(), service.stack_tag()
    with asking(service) as caller:
        ran = stage.desk.run("restart", "--yes", service=True)
    checks.same(ran.code, DONE, "runbook restart: exit code")
    check_uninterrupted(checks, caller, versions={serves})
    checks.that(newer > serves, f"{newer} lies in the registry")
    checks.same(service.health(), (200, serves), "/health at the production listener")
    checks.same(service.described()["taskDefinition"], before, "the revision")
    checks.same(service.stack_tag(), given, "ImageTag of the stack")
    checks.same(sorted(tasks & service.tasks()), [], "tasks of before that still run")
    stage.records.settled()
    [record] = [
        each
        for each in stage.records.of("call-update-service")
        if each["actor"]["id"] == stage.desk.actor
    ]
    told = {name: value for name, value in record["after"].items() if value is not None}
    asked = {"cluster": service.cluster, "service": service.name}
    checks.same(told, asked, "recorded: UpdateService with no other revision or setting")
    checks.same(record["detail"]["left_out"], ["forceNewDeployment"], "recorded: and asked for")
    check_recorded(stage, checks, "restart", "succeeded")


@drill("two releases at once", "ROVN-DEP-8")
def two_at_once(stage: Stage, checks: Checks) -> None:
    """Answer two releases at once: one wins, the other is refused and can be run again."""
    service, serves = stage.service, stage.service.health()[1]
    one = stage.spare(checks)
    other = stage.spare(checks, than=(one,))
    words = ("release", "deploy", "--image-tag")
    with asking(service) as caller:
        with (
            stage.baking(),
            stage.desk.open(*words, one) as first,
            stage.desk.open(*words, other) as second,
        ):
            first.says(QUESTION)
            second.says(QUESTION)
            first.answer("y")
            until(lambda: not service.is_settled(), "the begin of the first release")
            second.answer("y")
            check_ended(checks, second, REFUSED, "the second")
            [said] = [each for each in second.text.splitlines() if "nothing was changed" in each]
            checks.found.append(f"it says: {said.strip()}")
            refused(stage, checks, *words, other, said="another change is under way")
            stage.held.unlink()
            check_ended(checks, first, DONE, "the first")
        checks.same(service.health(), (200, one), "/health at the production listener")
        release(stage, checks, other)
    check_uninterrupted(checks, caller, versions={serves, one, other})
    check_recorded(stage, checks, "release", "not begun", "succeeded", "succeeded")


@contextmanager
def frozen(stage: Stage, checks: Checks) -> Iterator[None]:
    """Freeze releases for a while by the command, and let them go on again by the other."""
    froze = stage.desk.run("freeze", "--reason", REASON, "--yes")
    checks.same(froze.code, DONE, "runbook freeze: exit code")
    checks.that(stage.is_frozen(), "releases are frozen")
    try:
        yield
    finally:
        thawed = stage.desk.run("unfreeze", "--yes")
    checks.same(thawed.code, DONE, "runbook unfreeze: exit code")
    checks.that(not stage.is_frozen(), "releases are open again")
    check_recorded(stage, checks, "freeze", "succeeded")
    check_recorded(stage, checks, "unfreeze", "succeeded")
