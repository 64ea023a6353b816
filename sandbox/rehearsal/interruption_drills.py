"""Drills of Ctrl-C at each step of a release and of a rollback, and of running them again."""

from __future__ import annotations

from collections.abc import Callable

from runbook.operations.stacks import change_set_name
from sandbox.rehearsal.caller import asking, check_uninterrupted
from sandbox.rehearsal.command_checks import (
    DONE,
    INTERRUPTED,
    QUESTION,
    check_ended,
    check_recorded,
    rollback,
)
from sandbox.rehearsal.command_checks import release as released
from sandbox.rehearsal.drill import drill
from sandbox.rehearsal.report import Checks
from sandbox.rehearsal.service import until
from sandbox.rehearsal.stage import Stage
from sandbox.rehearsal.status_check import check_status
from sandbox.rehearsal.terminal import Terminal

NOTHING = "Interrupted. Nothing was changed."
UNKNOWN = "It is not known whether it began."
UNWATCHED = "not watched to its end"
# Longer than any drill waits before it interrupts.
WATCHING = ("--watch-minutes", "5")


@drill("Ctrl-C at each step of a release", "ROVN-DEP-8", "ROVN-AUD-1")
def release(stage: Stage, checks: Checks) -> None:
    """Interrupt a release wherever it can be; it always says what is so, and can be run again."""
    service, wire, serves = stage.service, stage.desk.wire, stage.service.health()[1]
    begun, tag = len(service.deployments()), stage.spare(checks)
    words = ("release", "deploy", "--image-tag", tag)

    service.drop_change_set(change_set_name(tag))

    def at_the_change_set(_: Terminal) -> None:
        until(lambda: service.change_set(change_set_name(tag)), "the change set")

    with asking(service) as caller:
        with wire.holding("DescribeStacks") as hold:
            _interrupted(stage, checks, words, lambda _: hold.reached(), "before the question")
        _interrupted(stage, checks, words, at_the_change_set, "after the change set is made")
        _interrupted(stage, checks, words, lambda t: t.says(QUESTION), "at the question")
        check_recorded(stage, checks, "release")
        with wire.holding("ExecuteChangeSet") as hold:
            _interrupted(
                stage, checks, words, _yes(hold.reached), "at a call that is lost", UNKNOWN
            )
        checks.same(len(service.deployments()), begun, "deployments: nothing was begun")
        with stage.baking():
            with wire.holding("ExecuteChangeSet") as hold:
                do = _yes(hold.reached)
                _interrupted(stage, checks, words, do, "at a call that arrives", UNKNOWN)
                hold.decide(arrives=True)
            service.wait_for_stage("BAKE_TIME", begun)
            check_status(stage, checks)
            said = "The release goes on in CloudFormation"
            _interrupted(
                stage,
                checks,
                words,
                _yes(lambda: None, then="UPDATE_IN_PROGRESS"),
                "while it watches",
                said,
            )
            # Once it is over there is nothing to do, and nothing to record.
            with stage.desk.open(*words) as terminal:
                _yes(lambda: None, then="UPDATE_IN_PROGRESS")(terminal)
                stage.held.unlink()
                check_ended(checks, terminal, DONE, "run once more: it watches to the end")
        checks.same(service.health(), (200, tag), "/health at the production listener")
    check_uninterrupted(checks, caller, versions={serves, tag})
    checks.same(len(service.deployments()), begun + 1, "deployments: it began once")
    check_recorded(stage, checks, "release", UNWATCHED, UNWATCHED, UNWATCHED, "succeeded")


@drill("Ctrl-C at each step of a rollback", "ROVN-DEP-8", "ROVN-RB-1", "ROVN-AUD-1")
def back(stage: Stage, checks: Checks) -> None:
    """Interrupt a rollback wherever it can be; run again, it ends at the same image."""
    service, wire, serves = stage.service, stage.desk.wire, stage.service.health()[1]
    spare = stage.spare(checks)
    released(stage, checks, spare)
    begun, words = len(service.deployments()), ("rollback", *WATCHING)
    goes_on = "traffic goes back without you"
    with asking(service) as caller:
        with wire.holding("ListServiceDeployments") as hold:
            _interrupted(stage, checks, words, lambda _: hold.reached(), "before the question")
        _interrupted(stage, checks, words, lambda t: t.says(QUESTION), "at the question")
        check_recorded(stage, checks, "rollback")
        with wire.holding("UpdateService") as hold:
            _interrupted(
                stage, checks, words, _yes(hold.reached), "at a call that is lost", UNKNOWN
            )
        checks.same(service.health(), (200, spare), "/health: nothing was begun")
        with stage.baking():
            with wire.holding("UpdateService") as hold:
                do = _yes(hold.reached)
                _interrupted(stage, checks, words, do, "at a call that arrives", UNKNOWN)
                hold.decide(arrives=True)
            service.wait_for_stage("BAKE_TIME", begun)
            do = _yes(lambda: None, then="traffic is on")
            _interrupted(stage, checks, words, do, "while it watches ECS", goes_on)
            checks.same(service.health(), (200, serves), "/health: traffic is back")
        stage.rests()
        check_status(stage, checks)
        with wire.holding("CreateChangeSet") as hold:
            do = _yes(hold.reached)
            _interrupted(stage, checks, words, do, "before the stack agrees", goes_on)
        do = _yes(lambda: None, then="watching alarms")
        _interrupted(stage, checks, words, do, "in the window of alarms", goes_on)
        rollback(stage, checks)
    check_uninterrupted(checks, caller, versions={spare, serves})
    checks.same(service.health(), (200, serves), "/health at the production listener")
    check_recorded(stage, checks, "rollback", *[UNWATCHED] * 5, "succeeded")


def _interrupted(
    stage: Stage,
    checks: Checks,
    words: tuple[str, ...],
    until_then: Callable[[Terminal], None],
    where: str,
    said: str = NOTHING,
) -> None:
    """Begin a command, press Ctrl-C at a place, and check its words and its exit code."""
    with stage.desk.open(*words) as terminal:
        until_then(terminal)
        terminal.interrupt()
        code = terminal.code()
    checks.same(code, INTERRUPTED, f"Ctrl-C {where}: exit code")
    shown = " ".join(terminal.text.split())
    checks.that(said in shown, f"Ctrl-C {where}: it says: {said}")
    checks.that("Traceback" not in shown, f"Ctrl-C {where}: no traceback")


def _yes(then_wait: Callable[[], None], then: str = "") -> Callable[[Terminal], None]:
    """Return what answers the question, and waits for something or for words after it."""

    def answered(terminal: Terminal) -> None:
        terminal.says(QUESTION)
        terminal.answer("y")
        then_wait()
        if then:
            terminal.says(then)

    return answered
