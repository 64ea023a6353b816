"""What a rehearsal says at its end: each drill, what was simulated, and again what failed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from sandbox.rehearsal.report import FAILED, NOT_EXERCISABLE, PASSED, Outcome

COLOURS = {PASSED: "green", FAILED: "bold red", NOT_EXERCISABLE: "yellow"}
SIMULATED = (
    "The pipeline is the deployed one, from the ZIP in its bucket on: stages, retries, queue, "
    "variables, artifacts and approval by the emulator, the buildspecs' own commands by a shell of "
    "this machine, in one Python environment for all builds and whatever version that is. /tmp/ is "
    "a folder of each build's own.",
    "In builds `aws` and `docker` are stand-ins: the first copies from a bucket and gives the "
    "registry's password, the second makes a folder of what the Dockerfile copies, without its RUN "
    "steps, and pushes its name. ECR's scan finds nothing. Left out: {left_out}, which make lint "
    "and make test run on the same source.",
    "Simulated, not AWS: service deployments and their stages, the balancer (TLS by an authority "
    "of its own), alarms' states, and time: {bake:g} s stand for a minute of bake time, and the "
    "waits of hooks and state machines take a tenth.",
    "Tasks are processes of this machine with the example's own packages: no container, no "
    "network of their own, no role, no limit of memory. Sidecars are not started.",
    "The database is a real PostgreSQL: SQL, rights, locks and passwords are real. The rehearsal "
    "makes its master, the deployed rotation functions all other users, over TLS by the authority "
    "above; tasks use a Unix socket, without TLS. Snapshots hold no data. No schedule comes due.",
    "Events of deployments, tasks, stacks and calls come at once, in AWS's shapes, from the "
    "rehearsal; the deployed rules, queue, function and topic take them. Who called is known by "
    "the access key. The records are in build/rehearsal/records.jsonl.",
    "Operators' commands are the product's own, as processes. The wire between them and the "
    "emulator holds, loses or denies a call where a drill says so; Sentry is a server of the "
    "rehearsal's own. Seconds from decision to traffic are those of an ECS that shifts at once.",
    "Functions, state machine and CloudFormation are run by the emulator; the code of the "
    "functions is the deployed one. Nobody's permissions are checked.",
)


def show(
    console: Console,
    outcomes: Sequence[Outcome],
    path: Path,
    *,
    bake_seconds: float,
    left_out: Sequence[str],
) -> None:
    """Print every drill with what it checked, what was simulated, and where the report is.

    What failed stands once more below all that: the end is what a reader of a long log sees.

    `left_out` are commands of the image's build that were not run.
    """
    for each in outcomes:
        colour = COLOURS[each.outcome]
        clauses = escape(f"{each.seconds:.1f} s  {', '.join(each.clauses)}")
        console.print(f"\n[{colour}]{each.outcome:<15}[/] [bold]{each.name}[/]  [dim]{clauses}[/]")
        for line in each.checked:
            console.print(f"{'':<16}{escape(line)}", highlight=False, soft_wrap=True)
        if each.reason:
            console.print(f"{'':<16}[{colour}]{escape(each.reason)}[/]", soft_wrap=True)
    console.print()
    for line in simulated(bake_seconds, left_out):
        console.print(line, highlight=False)
    console.print(f"\n[bold]{len(outcomes)} drills:[/] {counted(outcomes)}. {path}", soft_wrap=True)
    for line in failures(outcomes):
        console.print(f"[{COLOURS[FAILED]}]{escape(line)}[/]", soft_wrap=True)


def simulated(bake_seconds: float, left_out: Sequence[str]) -> list[str]:
    """Say in sentences what was simulated, and what was left out."""
    return [line.format(bake=bake_seconds, left_out=", ".join(left_out)) for line in SIMULATED]


def failures(outcomes: Sequence[Outcome]) -> list[str]:
    """Return, for each drill that failed, its name and why."""
    return [f"{each.name}: {each.reason}" for each in outcomes if each.outcome == FAILED]


def counted(outcomes: Sequence[Outcome]) -> str:
    """Say how many drills ended in which way."""
    return ", ".join(
        f"{sum(each.outcome == outcome for each in outcomes)} {outcome}" for outcome in COLOURS
    )
