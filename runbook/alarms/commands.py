"""`runbook alarms`: list, show, matrix. Reads the environment file, and AWS never."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runbook.completion import alarm_keys
from runbook.model.refusal import Refusal, RefusedError
from runbook.operations.commands import Json, Name

if TYPE_CHECKING:
    from runbook.alarms.layout import Sheet
    from runbook.model.environment import Environment

alarms = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="What alarms there are, when each rings, and whom it reaches at which hour.",
    epilog="Example: runbook alarms list acme/production",
)


@alarms.command("list", epilog="Example: runbook alarms list acme/production --severity P0")
def list_(
    name: Name,
    *,
    severity: Annotated[
        str | None, typer.Option("--severity", help="Of one severity, such as sev-1 or P0.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List alarms by severity: symptom, when it rings, who is woken, which playbook helps."""
    from runbook.alarms.sheets import by_severity, row, sheet

    environment = _environment(name)
    try:
        grouped = by_severity(environment, severity)
    except KeyError:
        raise _unknown_severity(environment, str(severity)) from None
    if as_json:
        _answer({"alarms": [row(environment, alarm) for _, found in grouped for alarm in found]})
        return
    _print([sheet(environment, level, found) for level, found in grouped])
    typer.echo(f"Next: runbook alarms show {name} ALARM")


@alarms.command(epilog="Example: runbook alarms show acme/production rds-cpu")
def show(
    name: Name,
    alarm: Annotated[
        str,
        typer.Argument(
            metavar="ALARM",
            help="Its id, id/subject, or name in CloudWatch.",
            autocompletion=alarm_keys,
        ),
    ],
    *,
    as_json: Json = False,
) -> None:
    """Show everything about an alarm: formula, source, missing data, who is told and when.

    An id that several have is answered with their list.
    """
    from runbook.alarms.finding import find
    from runbook.alarms.sheets import card, described

    environment = _environment(name)
    found = find(environment, alarm)
    if as_json:
        _answer({"alarms": [described(environment, each) for each in found]})
    elif len(found) > 1:
        typer.echo(f"{len(found)} alarms are called {alarm}:")
        typer.echo("\n".join(f"  {each.key}  {each.symptom}" for each in found))
        typer.echo(f"Next: runbook alarms show {name} {found[0].key}")
    else:
        pairs = card(environment, found[0])
        wide = max(len(word) for word, _ in pairs)
        typer.echo("\n".join(f"{word:<{wide}}  {text}" for word, text in pairs))


@alarms.command(epilog="Example: runbook alarms matrix acme/production --year 2027")
def matrix(
    name: Name,
    *,
    year: Annotated[
        int | None, typer.Option(min=2000, max=2100, help="Which year; by default this one.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show whom each severity reaches at which hour: a week, and a year's hours and waits."""
    from datetime import UTC, datetime

    from runbook.alarms import sheets
    from runbook.alarms.matrix import Matrix

    made = Matrix(_environment(name), year or datetime.now(UTC).year)
    if as_json:
        _answer(sheets.as_json(made))
        return
    _print([sheets.week(made)])
    _print([sheets.totals(made)])
    typer.echo("\n".join(sheets.notes(made)))


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(alarms, name="alarms")


def _environment(name: str) -> "Environment":
    from runbook.model.loader import load_environment

    return load_environment(name)


def _unknown_severity(environment: "Environment", severity: str) -> RefusedError:
    from runbook.alarms.severities import levels
    from runbook.alarms.words import severity as named

    known = ", ".join(named(level) for level in levels(environment.organisation))
    refusal = Refusal("--severity", f"there is no severity {severity!r}", f"known: {known}")
    return RefusedError(environment.name, [refusal])


def _answer(result: dict[str, Any]) -> None:
    typer.echo(json.dumps(result, indent=2))


def _print(sheets: "list[Sheet]") -> None:
    from runbook.alarms.layout import lines, width

    typer.echo("\n".join(lines(sheets, width())))
