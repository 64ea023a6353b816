"""`runbook status`, `freeze`, `unfreeze`, `audit`: what an operator looks at and holds back.

The AWS SDK is loaded only when one of them runs.
"""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, NoReturn

import typer

from runbook.operations.commands import WATCHED_MINUTES, Json, Minutes, Name, Service, begin

if TYPE_CHECKING:
    from collections.abc import Callable

    from runbook.operations.account import Account
    from runbook.operations.console import Console
    from runbook.operations.operation import Operation
    from runbook.operators.status import Status

audit = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Read the locked records of what was done: list, show.",
    epilog="Example: runbook audit list acme/production",
)
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what it would do, and stop.")]
# Something wants attention: for scripts that only want to know whether all is well.
ATTENTION = 1


def status(name: Name, *, as_json: Json = False) -> None:
    """Show what runs, what is under way and what holds releases back. Changes nothing."""
    from runbook.operations.questions import read
    from runbook.operators.status import status_of_environment, status_of_service

    account, console = begin(name, as_json=as_json)

    def looked() -> tuple[int, dict[str, Any]]:
        environment = status_of_environment(account)
        _show(environment, console)
        found = [status_of_service(account, key) for key in account.environment.services]
        for service in found:
            _show(service, console)
        attention = [*environment.attention, *(a for s in found for a in s.attention)]
        services = {service.name: service.as_json() for service in found}
        found_all = {**environment.facts, "services": services, "attention": attention}
        return ATTENTION if attention else 0, found_all

    raise typer.Exit(read("status", account, console, looked))


def _show(found: "Status", console: "Console") -> None:
    console.say(found.name, "head")
    for fact, value in found.facts.items():
        told = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
        console.say(f"  {fact.replace('_', ' '):<16} {told or '-'}")
    for line in found.attention:
        console.say(f"! {line}", "warn")


def freeze(
    name: Name,
    *,
    reason: Annotated[str, typer.Option("--reason", help="What everybody who is held up reads.")],
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Hold back every release of an environment, until `unfreeze`; rollbacks are not held."""
    from runbook.operators.freezing import ChangeFreeze

    run(name, lambda account: ChangeFreeze(account, reason), Manner(as_json, dry_run, yes))


def unfreeze(
    name: Name, *, yes: Yes = False, dry_run: DryRun = False, as_json: Json = False
) -> None:
    """Let releases go on again."""
    from runbook.operators.freezing import ChangeFreeze

    run(name, lambda account: ChangeFreeze(account, None), Manner(as_json, dry_run, yes))


def rollback(
    name: Name,
    service: Service,
    *,
    to: Annotated[
        str, typer.Option(help="Tag or revision; by itself it finds the last known-good one.")
    ] = "",
    watch_minutes: Annotated[
        float, typer.Option(min=0, help="How long to watch alarms, Sentry and /health.")
    ] = 10.0,
    yes: Yes = False,
    dry_run: DryRun = False,
    accept_changes: Annotated[
        bool, typer.Option("--accept-changes", help="Agree to what nobody can tell beforehand.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Let the last known-good revision serve again; a freeze does not hold it.

    By hand it is aws ecs update-service --task-definition FAMILY:REVISION --cluster
    ORGANISATION-ENVIRONMENT --service NAME; the AWS CLI takes it with both of the latter only, and
    `runbook status` then says what still differs.
    """
    from runbook.operators.rollback import Back, Rollback
    from runbook.operators.sentry import Sentry
    from runbook.operators.watch_window import WatchWindow
    from runbook.operators.web import Web

    def back(account: "Account") -> "Operation":
        web = Web()
        window = WatchWindow(account, service, web, Sentry(account, service, web))
        return Rollback(account, Back(service, to, watch_minutes), window=window)

    run(name, back, Manner(as_json, dry_run, yes, accept_changes), service)


def restart(
    name: Name,
    service: Service,
    *,
    yes: Yes = False,
    dry_run: DryRun = False,
    timeout_minutes: Minutes = WATCHED_MINUTES,
    as_json: Json = False,
) -> None:
    """Replace the tasks by new ones of the same image. A restart is never a deploy."""
    from runbook.operators.restart import Again, Restart

    again = Again(service, timeout_minutes)
    run(name, lambda account: Restart(account, again), Manner(as_json, dry_run, yes), service)


def migrations(
    name: Name,
    service: Service,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Ask whether the database is as the image needs it.")
    ] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Ask the ledger what is pending: one task reads it, and changes nothing.

    It ends with 1 when image and database do not fit together, as with a file that was edited
    after it was applied. What is only pending waits for its release, and is no failure; but with
    --check it is one.
    """
    from runbook.operators.migrations import AskLedger, Question

    ask = Question(service, check)
    run(name, lambda account: AskLedger(account, ask), Manner(as_json, dry_run, yes), service)


class Manner(NamedTuple):
    """How a command that writes is to go."""

    as_json: bool
    dry_run: bool
    yes: bool
    accept_changes: bool = False


def run(
    name: str, make: "Callable[[Account], Operation]", manner: Manner, service: str = ""
) -> NoReturn:
    """Open the account, and take the operation through the protocol, or look at it alone."""
    from runbook.operations.operation import Consent
    from runbook.operations.protocol import perform
    from runbook.operations.questions import look

    account, console = begin(name, service, as_json=manner.as_json)
    operation = make(account)
    if manner.dry_run:
        raise typer.Exit(look(operation, account, console))
    consent = Consent(yes=manner.yes, accept_changes=manner.accept_changes)
    raise typer.Exit(perform(operation, account, console, consent))


@audit.command("list", epilog="Example: runbook audit list acme/production --days 2")
def list_records(
    name: Name,
    *,
    days: Annotated[int, typer.Option(min=1, max=3660, help="How far back, today included.")] = 7,
    most: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many at most.")] = 50,
    as_json: Json = False,
) -> None:
    """List records, newest first: when, what, how it ended, who, from what to what."""
    from runbook.operations.questions import read
    from runbook.operators.audit_trail import AuditTrail

    account, console = begin(name, as_json=as_json)

    def listed() -> tuple[int, dict[str, Any]]:
        found = AuditTrail(account).newest(days, most, datetime.now(UTC))
        for record in found:
            console.say(record.line())
            console.say(f"    {record.key}")
        console.say(f"{len(found)} records of the last {days} days; the newest {most} at most.")
        if found:
            console.say(f"Next: runbook audit show {name} {found[0].key}")
        return 0, {"records": [record.as_json() for record in found]}

    raise typer.Exit(read("audit list", account, console, listed))


@audit.command(
    epilog="Example: runbook audit show acme/production "
    "releases/2026/05/10/20260510T220219Z-release-end-1.json"
)
def show(
    name: Name,
    key: Annotated[str, typer.Argument(help="As `runbook audit list` tells it.")],
    *,
    as_json: Json = False,
) -> None:
    """Show one record, and until when nobody can remove it."""
    from runbook.operations.questions import read
    from runbook.operators.audit_trail import AuditTrail

    account, console = begin(name, as_json=as_json)

    def shown() -> tuple[int, dict[str, Any]]:
        found = AuditTrail(account).read(key)
        console.say(json.dumps(found.content, indent=2, sort_keys=True))
        until = f"{found.until:%Y-%m-%d %H:%M} UTC" if found.until else "nobody knows when"
        style = "" if found.mode == "COMPLIANCE" else "warn"
        console.say(f"Locked in mode {found.mode or '(none)'} until {until}.", style)
        return 0, found.as_json()

    raise typer.Exit(read("audit show", account, console, shown))


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command(epilog="Example: runbook status acme/production")(status)
    app.command(epilog='Example: runbook freeze acme/production --reason "incident 4711"')(freeze)
    app.command(epilog="Example: runbook unfreeze acme/production")(unfreeze)
    app.command(epilog="Example: runbook rollback acme/production --service api")(rollback)
    app.command(epilog="Example: runbook restart acme/production --service api")(restart)
    app.command(epilog="Example: runbook migrations acme/production --service api")(migrations)
    app.add_typer(audit, name="audit")
