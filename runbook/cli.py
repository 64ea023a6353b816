"""The command ``runbook``: arguments in, one call, text out.

Each command imports what it needs, so that help, completion and refusals come at once.
"""

import json
import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evidence.commands import add_to as add_evidence
from policies.report import Format
from runbook.alarms.commands import add_to as add_alarms
from runbook.alarms.commands import alarms
from runbook.completion import environment_names
from runbook.model.refusal import Refusal, RefusedError
from runbook.operations.commands import Name, release
from runbook.operators.commands import add_to
from runbook.operators.secret_commands import add_to as add_secrets
from runbook.path_options import Commands
from runbook.playbooks.commands import add_to as add_playbook
from runbook.verification.commands import add_to as add_verify
from simulator.commands import add_to as add_simulator
from simulator.recorded_commands import add_to as add_recorded

if TYPE_CHECKING:
    from runbook.model.environment import Environment
    from runbook.verification.judgement import Judge

# Input that cannot be used: the same code for every command.
EXIT_UNUSABLE = 2

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Operational runbooks, enforced. Each command has --help with an example.",
    epilog="Example: runbook status acme/production",
)


app.add_typer(release, name="release")
add_to(app)
add_secrets(app)
add_playbook(app)
add_alarms(app)
add_simulator(alarms)
add_recorded(alarms)
add_evidence(app)


def _rules() -> "Judge":
    from policies.live_values import judge

    return judge


add_verify(app, _rules)


@app.callback()
def runbook() -> None:
    """Keep subcommands subcommands, also while there are few."""


class Field(StrEnum):
    """What `runbook environments --field` prints alone."""

    ACCOUNT = "account"
    REGIONS = "regions"
    PLACES = "places"
    SERVICE_STACKS = "service-stacks"
    EXECUTION_POLICIES = "execution-policies"
    EXECUTION_BOUNDARY = "execution-boundary"


@app.command(epilog="Example: runbook environments acme/production --json")
def environments(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="organisation/environment; all when none is given.",
            autocompletion=environment_names,
        ),
    ] = None,
    *,
    field: Annotated[Field | None, typer.Option(help="Print this alone, one a line.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check environment files and list them with account, region and tier."""
    from runbook.model.loader import load_environment
    from runbook.model.selection import all_environments

    if field and as_json:
        refusal = Refusal("--field", "it prints lines, and --json JSON", "leave one of the two out")
        raise RefusedError("runbook environments", [refusal])
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
    from runbook.model.schema import json_schema

    typer.echo(json_schema(), nl=False)


@app.command(epilog="Example: runbook scp acme/production > scp.json")
def scp(name: Name) -> None:
    """Print the service control policy that the environment's account is put under.

    An administrator of the AWS organisation attaches it, from the management account.
    """
    from runbook.access.principals import Principals
    from runbook.access.service_control_policy import rendered
    from runbook.model.loader import load_environment

    typer.echo(rendered(Principals(load_environment(name))))


@app.command(epilog="Example: runbook check cdk.out --sources . --format json")
def check(
    paths: Annotated[list[Path], typer.Argument(help="Cloud assemblies, or single templates.")],
    *,
    environment: Annotated[
        str | None,
        typer.Option(help="organisation/environment of templates that do not say theirs."),
    ] = None,
    sources: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="Root of the repository: its services in examples/ are judged, too.",
        ),
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day for waivers; by default the commit's."),
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TABLE,
) -> None:
    """Judge templates and services' files by the runbook's own rules; 1 when one fails."""
    from policies.commands import check_paths

    day = as_of.date() if as_of else None
    try:
        code = check_paths(paths, environment=environment, sources=sources, as_of=day, form=form)
    except RefusedError as refused:
        typer.echo(refused.brief, err=True)
        if form is Format.JSON:
            typer.echo(json.dumps(refused.answer, indent=2))
        code = EXIT_UNUSABLE
    raise typer.Exit(code)


@app.command(epilog="Example: runbook waivers --as-of 2027-05-31")
def waivers(
    *,
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day to judge by; by default the commit's."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List what is let pass, why, who answers for it and until when; the next to expire first."""
    from policies.commands import list_waivers

    list_waivers(as_of=as_of.date() if as_of else None, as_json=as_json)


@app.command(epilog="Example: runbook explain ROVN-BCK-2")
def explain(
    words: Annotated[list[str], typer.Argument(metavar="RULE|CLAUSE|CONTROL", help="Its id.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what a rule, a clause or a control is: why, from where, how kept, where tested."""
    from policies.explain import card, text

    explained = card(" ".join(words))
    typer.echo(json.dumps(explained, indent=2) if as_json else text(explained))


def _summary(environment: "Environment") -> dict[str, str]:
    return {
        "environment": environment.name,
        "account": environment.account,
        "region": environment.region,
        "tier": environment.tier,
    }


def _field(environment: "Environment", field: Field) -> str:
    from runbook.access.execution_policies import cloudformation_boundary, execution_policies
    from runbook.access.principals import Principals

    match field:
        case Field.ACCOUNT:
            return environment.account
        case Field.REGIONS:
            return "\n".join(environment.regions)
        case Field.PLACES:
            return "\n".join(f"aws://{environment.account}/{r}" for r in environment.regions)
        case Field.SERVICE_STACKS:
            return "\n".join(f"{environment.slug}-{name}" for name in environment.services)
        case Field.EXECUTION_POLICIES:
            principals = Principals(environment)
            policies = execution_policies(principals)
            return "\n".join(principals.policy(policy.name) for policy in policies)
        case Field.EXECUTION_BOUNDARY:
            return cloudformation_boundary(Principals(environment)).name


def main() -> None:
    """Run the command; what cannot be used is told in words, with exit code 2."""
    try:
        app()
    except RefusedError as refused:
        typer.echo(str(refused), err=True)
        sys.exit(EXIT_UNUSABLE)
