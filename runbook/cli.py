"""The command ``runbook``: arguments in, one call, text out."""

import json
import sys
from enum import StrEnum
from typing import Annotated

import typer

from runbook.model.environment import Environment
from runbook.model.loader import load_environment
from runbook.model.refusal import RefusedError
from runbook.model.schema import json_schema
from runbook.model.selection import all_environments

# Input that cannot be used: the same code for every command.
EXIT_UNUSABLE = 2

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Operational runbooks, enforced. Each command has --help with an example.",
)


@app.callback()
def runbook() -> None:
    """Keep subcommands subcommands, also while there are few."""


class Field(StrEnum):
    """What `runbook environments --field` prints alone."""

    ACCOUNT = "account"
    REGIONS = "regions"
    PLACES = "places"


@app.command(epilog="Example: runbook environments acme/production --json")
def environments(
    names: Annotated[
        list[str] | None, typer.Argument(help="organisation/environment; all when none is given.")
    ] = None,
    *,
    field: Annotated[Field | None, typer.Option(help="Print this alone, one a line.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check environment files and list them with account, region and tier."""
    loaded = [load_environment(name) for name in names] if names else all_environments()
    if field:
        typer.echo("\n".join(_field(environment, field) for environment in loaded))
    elif as_json:
        typer.echo(json.dumps([_summary(environment) for environment in loaded], indent=2))
    else:
        for environment in loaded:
            typer.echo("  ".join(_summary(environment).values()))


@app.command(epilog="Example: runbook schema > environments/environment.schema.json")
def schema() -> None:
    """Print the JSON Schema of an environment file, for editors."""
    typer.echo(json_schema(), nl=False)


def _summary(environment: Environment) -> dict[str, str]:
    return {
        "environment": environment.name,
        "account": environment.account,
        "region": environment.region,
        "tier": environment.tier,
    }


def _field(environment: Environment, field: Field) -> str:
    match field:
        case Field.ACCOUNT:
            return environment.account
        case Field.REGIONS:
            return "\n".join(environment.regions)
        case Field.PLACES:
            return "\n".join(f"aws://{environment.account}/{r}" for r in environment.regions)


def main() -> None:
    """Run the command; what cannot be used is told in words, with exit code 2."""
    try:
        app()
    except RefusedError as refused:
        typer.echo(str(refused), err=True)
        sys.exit(EXIT_UNUSABLE)
