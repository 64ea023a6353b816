"""`runbook playbook`: a page of this environment, or the list. Reads no account."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from runbook.completion import playbook_names
from runbook.operations.commands import Name

if TYPE_CHECKING:
    from runbook.playbooks.compiled import Playbook


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: runbook playbook acme/production rds-connections")(playbook)


def playbook(
    name: Name,
    asked: Annotated[
        str | None,
        typer.Argument(
            metavar="ID",
            help="A page, an alarm's id, key or name, or a section as 5.5; all are listed without.",
            autocompletion=playbook_names,
        ),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print what to do about an alarm: meaning, impact, diagnosis, mitigation.

    Works without a network: every name in its commands comes from the environment file.
    """
    import sys

    from runbook.model.loader import load_environment
    from runbook.playbooks import lookup

    environment = load_environment(name)
    if asked is None:
        found = lookup.playbooks_of(environment)
        if as_json:
            listed = [_entry(each) for each in found]
            typer.echo(json.dumps({"schema": 1, "playbooks": listed}, indent=2))
        else:
            typer.echo(_list(found))
        return
    page = lookup.playbook(environment, asked)
    if as_json:
        typer.echo(json.dumps(page.as_json(), indent=2))
    elif sys.stdout.isatty():
        from runbook.playbooks.shown import show

        show(page.markdown)
    else:
        typer.echo(page.markdown, nl=False)


def _entry(found: "Playbook") -> dict[str, object]:
    return {
        "id": found.page.id,
        "title": found.page.title,
        "section": found.page.section,
        "alarms": list(found.names),
        "severities": [level.id for level in found.levels],
    }


def _list(found: "tuple[Playbook, ...]") -> str:
    """Write a line each, and below it what else leads there."""
    from runbook.playbooks.compiled import title

    width = max(len(each.page.id) for each in found)
    lines = []
    for each in found:
        severities = ", ".join(level.id for level in each.levels) or "-"
        lines.append(f"{each.page.id:<{width}}  {severities:<12}  {title(each.page)}")
        others = [alarm for alarm in each.page.alarms if alarm != each.page.id]
        if others:
            lines.append(f"{'':<{width}}  {'':<12}  also: {', '.join(others)}")
    return "\n".join(lines)
