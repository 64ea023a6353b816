"""`runbook alarms test`: replays series against the alarms as they are synthesized."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runbook.completion import environment_names
from runbook.model.refusal import Refusal, RefusedError
from runbook.operations.commands import Json

if TYPE_CHECKING:
    from simulator.testing.drawing import Characters

PASSED, FAILED, UNUSABLE = 0, 1, 2

_EPILOG = (
    "Example: runbook alarms test runbook/alarms/tests/rds-cpu.yaml. Exit codes: "
    "0 all expectations hold, 1 one does not, 2 input that cannot be used, 130 interrupted."
)
Files = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[FILE|FOLDER]...", help="Files of tests; those that are shipped, without any."
    ),
]
Templates = Annotated[
    list[Path] | None,
    typer.Option("--template", help="Template or cloud assembly, in place of what files name."),
]
Parameters = Annotated[
    list[str] | None,
    typer.Option("--parameter", metavar="NAME=VALUE", help="Value of a template's parameter."),
]
Assembly = Annotated[
    Path, typer.Option("--assembly", help="What `make synth` wrote, with the environments' alarms.")
]
Replaced = Annotated[
    str | None,
    typer.Option(
        "--environment",
        metavar="NAME",
        help="organisation/environment, in place of the one that files name.",
        autocompletion=environment_names,
    ),
]
Strict = Annotated[
    bool,
    typer.Option(
        "--strict", help="Fail what depends on how many extra datapoints CloudWatch fetches."
    ),
]


def add_to(group: typer.Typer) -> None:
    """Add the command to those of alarms."""
    group.command("test", epilog=_EPILOG)(replay_tests)


def replay_tests(
    files: Files = None,
    *,
    template: Templates = None,
    parameter: Parameters = None,
    assembly: Assembly = Path("cdk.out"),
    environment: Replaced = None,
    strict: Strict = False,
    as_json: Json = False,
) -> None:
    """Replay series against the synthesized alarms, and compare their states with a file's.

    Without a file: all tests that are shipped, and each alarm needs one that fires it and one that
    leaves it quiet.
    """
    from policies.terminal import say
    from simulator.testing.sources import Sources
    from simulator.testing.test_report import Run, lines, machine_readable
    from simulator.testing.test_run import UnusableError, run_files, run_shipped

    if template and (environment or not files):
        other = "--environment" if environment else "the shipped tests"
        fix = "name FILE, and one of --template and --environment"
        refusal = Refusal("--template", f"it cannot stand beside {other}", fix)
        raise RefusedError("runbook alarms test", [refusal])
    sources = Sources(assembly, tuple(template or ()), environment, _parameters(parameter or []))
    given = _again("--template", template) + _again("--parameter", parameter)
    try:
        if files:
            run = Run(run_files(files, sources), strict=strict, given=given)
        else:
            found = run_shipped(sources)
            run = Run(found.played, found.gaps, strict, given, found.left_out)
    except UnusableError as unusable:
        typer.echo(str(unusable), err=True)
        if as_json:
            typer.echo(json.dumps(unusable.answer, indent=2))
        raise typer.Exit(UNUSABLE) from None
    if as_json:
        typer.echo(json.dumps(machine_readable(run), indent=2))
    else:
        for line in lines(run, _characters()):
            say(line)
    raise typer.Exit(FAILED if run.failed else PASSED)


def _again(option: str, values: Sequence[object] | None) -> tuple[str, ...]:
    """Write an option as it was given."""
    return tuple(word for value in values or () for word in (option, str(value)))


def _parameters(given: Sequence[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    for name, equals, _ in pairs:
        if not (name and equals):
            refusal = Refusal("--parameter", f"{name!r} has no value", "write NAME=VALUE")
            raise RefusedError("runbook alarms test", [refusal])
    values = {name: value for name, _, value in pairs}
    for name, _, value in pairs:
        if values[name] != value:
            refusal = Refusal("--parameter", f"{name} has two values", "give one of them")
            raise RefusedError("runbook alarms test", [refusal])
    return values


def _characters() -> "Characters":
    from simulator.testing.drawing import ASCII, BLOCKS

    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    return BLOCKS if encoding in ("utf8", "utf8sig") else ASCII
