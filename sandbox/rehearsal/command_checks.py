"""What drills check of the product's own commands: exit codes, words, and their records."""

from __future__ import annotations

import re

from sandbox.rehearsal.desk import Ran
from sandbox.rehearsal.report import Checks, DrillError
from sandbox.rehearsal.stage import Stage
from sandbox.rehearsal.terminal import Terminal

QUESTION = "Go on? [y/N]"
DONE, FAILED, REFUSED, INTERRUPTED = 0, 1, 2, 130
# A tenth of the ten minutes' least look: what the window says is drilled, not how long it looks.
WATCHED = ("--watch-minutes", "0.1")
_TRAFFIC = re.compile(r"(\d+) s  traffic is on (\S+)")


def release(stage: Stage, checks: Checks, tag: str) -> None:
    """Release an image by the command, to its end."""
    ran = stage.desk.run("release", "deploy", "--image-tag", tag, "--yes", service=True)
    _ended(checks, ran, DONE, f"runbook release deploy --image-tag {tag}")
    checks.same(stage.service.health(), (200, tag), "/health at the production listener")


def rollback(stage: Stage, checks: Checks, *more: str, code: int = DONE) -> Ran:
    """Roll back by the command, to its end; check that it says when traffic was back."""
    words = ("rollback", "--yes", *WATCHED, *more)
    ran = stage.desk.run(*words, service=True)
    _ended(checks, ran, code, f"runbook {' '.join(words)}")
    check_seconds(checks, ran.told)
    checks.same(stage.rests(), "UPDATE_COMPLETE", "the stack")
    checks.same(stage.service.stack_tag(), stage.service.health()[1], "ImageTag, as what serves")
    return ran


def refused(stage: Stage, checks: Checks, *words: str, said: str) -> None:
    """Check that a command of the service is refused in one clear line, and begins nothing."""
    begun = len(stage.service.deployments())
    ran = stage.desk.run(*words, "--yes", service=True)
    _ended(checks, ran, REFUSED, f"runbook {' '.join(words)}")
    if said not in ran.refusal:
        raise DrillError(f"refused without {said!r}: {ran.refusal}")
    checks.found.append(f"refused: {ran.refusal}")
    checks.same(len(stage.service.deployments()), begun, "deployments: nothing was begun")


def check_seconds(checks: Checks, told: str) -> None:
    """Keep the seconds from decision to traffic that the command prints (ROVN-RB-2)."""
    found = _TRAFFIC.search(told)
    if found is None:
        raise DrillError(f"it does not say when traffic was back: {told[-600:]}")
    checks.found.append(f"from decision to traffic on {found[2]}, it says: {found[1]} s")


def check_recorded(stage: Stage, checks: Checks, kind: str, *outcomes: str) -> None:
    """Check the records that a command writes itself, in their order: by whom, how each ended.

    Two for each run: its start, and `outcomes`.
    """
    stage.records.settled()
    kinds = (f"{kind}-start", f"{kind}-end")
    records = [each for each in stage.records.new if each["kind"] in kinds]
    told = [each["outcome"] for each in records if each["kind"] == f"{kind}-end"]
    started = [each["outcome"] for each in records if each["kind"] == f"{kind}-start"]
    what = f"recorded by runbook {kind}"
    checks.same(started, ["started"] * len(outcomes), f"{what}: starts")
    checks.same(told, list(outcomes), f"{what}: ends")
    if records:
        checks.same({each["actor"] for each in records}, {stage.desk.actor}, "by whom")


def check_ended(checks: Checks, terminal: Terminal, code: int, what: str) -> None:
    """Check with which exit code a command at a terminal ends."""
    if (found := terminal.code()) != code:
        raise DrillError(f"{what}: exit code {found}, not {code}: {terminal.text[-800:]}")
    checks.found.append(f"{what}: exit code {code}")


def _ended(checks: Checks, ran: Ran, code: int, what: str) -> None:
    if ran.code != code:
        raise DrillError(f"{what}: exit code {ran.code}, not {code}: {ran.told[-800:]}")
    checks.found.append(f"{what}: exit code {code}")
