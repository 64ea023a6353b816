"""`runbook secrets` and `runbook rotate`: arguments in, one call, text out."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runbook.completion import secret_keys
from runbook.model.refusal import Refusal, RefusedError
from runbook.operations.commands import WATCHED_MINUTES, Json, Minutes, Name, begin
from runbook.operators.commands import ATTENTION, DryRun, Manner, Yes, run

if TYPE_CHECKING:
    from runbook.operations.account import Account
    from runbook.operations.operation import Operation
    from runbook.operators.rotation_wanted import Wanted

SecretKey = Annotated[
    str,
    typer.Option("--secret", help="Key of the secret in the file.", autocompletion=secret_keys),
]
EXITS = (
    "Exit codes: 0 done, 1 failed or not watched to its end, 2 refused and nothing changed, "
    "130 interrupted."
)


def secrets(name: Name, *, as_json: Json = False) -> None:
    """List secrets: age, cadence, next rotation, mechanism, owner, consumers. Reads no value.

    It ends with 1 when one is late, has no value, is not rotated though a function should, or its
    rotation failed; these come first.
    """
    from runbook.operations.questions import read
    from runbook.operators.secret_list import lines, listed

    account, console = begin(name, as_json=as_json)

    def looked() -> tuple[int, dict[str, Any]]:
        rows = listed(account, datetime.now(UTC))
        for text, marked in lines(rows):
            console.say(text, "bad" if marked else "")
        late = [row for row in rows if row.standing.bad]
        console.say(f"{len(rows)} secrets; {len(late)} want attention.")
        following = late[0].next(name) if late else ""
        if following:
            console.say(f"Next: {following}")
        found = [row.as_json() for row in rows]
        attention = [row.name for row in late]
        return ATTENTION if late else 0, {
            "secrets": found,
            "attention": attention,
            "next": following,
        }

    raise typer.Exit(read("secrets", account, console, looked))


def rotate(
    name: Name,
    secret: SecretKey,
    *,
    now: Annotated[bool, typer.Option("--now", help="Also when it is not due yet.")] = False,
    value_stdin: Annotated[
        bool,
        typer.Option("--value-stdin", help="Read a vendor's new key; a terminal shows none of it."),
    ] = False,
    suspected_exposure: Annotated[
        bool,
        typer.Option(
            "--suspected-exposure",
            help="Until the exposed value works nowhere; tells who read it.",
        ),
    ] = False,
    exposed_version: Annotated[
        str,
        typer.Option(
            "--exposed-version", help="Which one; for a run that goes on where one broke off."
        ),
    ] = "",
    yes: Yes = False,
    dry_run: DryRun = False,
    timeout_minutes: Minutes = WATCHED_MINUTES,
    as_json: Json = False,
) -> None:
    """Give a secret a new value, and see every service that reads it restarted.

    What a function makes is rotated by it, from 80 % of its cadence on, or with --now. A vendor's
    key comes with --value-stdin and is tried before anything is written.
    """
    from runbook.operators.rotation_wanted import Wanted

    wanted = Wanted(secret, now, suspected_exposure, exposed_version, timeout_minutes)

    def made(account: "Account") -> "Operation":
        return _operation(account, wanted, value_stdin=value_stdin)

    run(name, made, Manner(as_json, dry_run, yes))


def _operation(account: "Account", wanted: "Wanted", *, value_stdin: bool) -> "Operation":
    from runbook.model.rotation import OPERATOR_SUPPLIED
    from runbook.operators.rotating import Rotate
    from runbook.operators.supplied_value import read_value
    from runbook.operators.supplying import Supply
    from runbook.operators.web import Web

    key, environment = wanted.secret, account.environment
    secret = environment.secrets.get(key)
    refusal = None
    if secret is None:
        known = f"known: {', '.join(environment.secrets)}"
        refusal = Refusal("--secret", f"there is no secret {key!r}", known)
    elif secret.mechanism != OPERATOR_SUPPLIED:
        if value_stdin:
            why = f"a function makes the values of {key}"
            refusal = Refusal("--value-stdin", why, "leave it out")
    elif not value_stdin:
        first = f"{secret.owner} revokes the old key at the vendor NOW; " * wanted.exposed
        fix = f"{first}make a new key there, and give it on the standard input with --value-stdin"
        refusal = Refusal("--value-stdin", f"no API makes a {key}", fix)
    elif any(":" in variable for variable in secret.variables):
        why = f"consumers read {key} by keys of a JSON value, and this takes plain keys alone"
        refusal = Refusal("--value-stdin", why, "name the variables without a key in the file")
    if wanted.exposed_version and not (wanted.exposed and refusal is None and not value_stdin):
        why = "it goes with --suspected-exposure of a secret that a function makes"
        refusal = refusal or Refusal("--exposed-version", why, "leave it out")
    if refusal:
        raise RefusedError(environment.name, [refusal])
    return Supply(account, wanted, read_value(), Web()) if value_stdin else Rotate(account, wanted)


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command(epilog="Example: runbook secrets acme/production")(secrets)
    example = "Example: runbook rotate acme/production --secret mcp-inbound-token --now"
    app.command(epilog=f"{example}. {EXITS}")(rotate)
