"""`runbook release`: preview, deploy, verify. Loads the AWS SDK only when one of them runs."""

import gc
import signal
from typing import TYPE_CHECKING, Annotated

import typer

from runbook.command_group import CommandGroup
from runbook.completion import environment_names, service_keys
from runbook.model.refusal import Refusal, RefusedError

if TYPE_CHECKING:
    from runbook.model.environment import Environment
    from runbook.operations.account import Account
    from runbook.operations.console import Console
    from runbook.operations.release import Release

release = typer.Typer(
    cls=CommandGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Release an image that the pipeline built: preview, deploy, verify.",
    epilog="Example: runbook release preview acme/production --service api "
    "--image-tag prod-20260510220219",
)
Name = Annotated[
    str,
    typer.Argument(
        metavar="ENVIRONMENT",
        help="organisation/environment",
        autocompletion=environment_names,
    ),
]
Service = Annotated[
    str,
    typer.Option("--service", help="Key of the service in the file.", autocompletion=service_keys),
]
Tag = Annotated[str, typer.Option("--image-tag", help="Tag of the image in its repository.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object; progress goes aside.")]
Minutes = Annotated[
    float, typer.Option("--timeout-minutes", min=1, help="How long to watch; it goes on without.")
]
WATCHED_MINUTES = 150.0
StagingProfile = Annotated[
    str,
    typer.Option(
        "--staging-profile",
        help="AWS profile that shows staging's account, where the file asks for staging first.",
    ),
]


@release.command(
    epilog="Example: runbook release preview acme/production --service api "
    "--image-tag prod-20260510220219"
)
def preview(
    name: Name,
    service: Service,
    image_tag: Tag,
    *,
    staging_profile: StagingProfile = "",
    as_json: Json = False,
) -> None:
    """Show what a release would change: a change set is made, and nothing executed."""
    from runbook.operations.questions import look

    account, console = begin(name, service, as_json=as_json)
    operation = _release(account, service, image_tag, staging_profile=staging_profile)
    raise typer.Exit(look(operation, account, console))


@release.command(
    epilog="Example: runbook release deploy acme/production --service api "
    "--image-tag prod-20260510220219. Exit codes: 0 done, 1 failed or not watched to its end, "
    "2 refused and nothing changed, 130 interrupted."
)
def deploy(
    name: Name,
    service: Service,
    image_tag: Tag,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what it would do, as preview does, and stop.")
    ] = False,
    accept_changes: Annotated[
        bool, typer.Option("--accept-changes", help="Agree to changes beside the image.")
    ] = False,
    instead_of: Annotated[
        str | None,
        typer.Option("--instead-of", help="Only while this tag runs, as the preview showed."),
    ] = None,
    staging_profile: StagingProfile = "",
    timeout_minutes: Minutes = WATCHED_MINUTES,
    as_json: Json = False,
) -> None:
    """Release an image: preview, confirm, execute, verify, log. May be run again at any time."""
    from runbook.operations.operation import Consent
    from runbook.operations.protocol import perform
    from runbook.operations.questions import look

    account, console = begin(name, service, as_json=as_json)
    operation = _release(
        account,
        service,
        image_tag,
        instead_of=instead_of,
        staging_profile=staging_profile,
        minutes=timeout_minutes,
    )
    if dry_run:
        raise typer.Exit(look(operation, account, console))
    consent = Consent(yes=yes, accept_changes=accept_changes)
    raise typer.Exit(perform(operation, account, console, consent))


@release.command(
    epilog="Example: runbook release verify acme/production --service api "
    "--image-tag prod-20260510220219"
)
def verify(
    name: Name,
    service: Service,
    image_tag: Tag,
    *,
    timeout_minutes: Minutes = WATCHED_MINUTES,
    as_json: Json = False,
) -> None:
    """Look whether an image serves, waiting for a release that is under way. Changes nothing."""
    from runbook.operations.questions import check

    account, console = begin(name, service, as_json=as_json)
    operation = _release(account, service, image_tag, minutes=timeout_minutes)
    raise typer.Exit(check(operation, account, console))


def begin(name: str, service: str = "", *, as_json: bool) -> "tuple[Account, Console]":
    """Open an environment's account for a command, of one of its services if it is named."""
    gc.enable()  # a watch lasts for hours
    # Who stops a build or loses the terminal is told the same as with Ctrl-C, and it is recorded.
    for ending in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(ending) is not signal.SIG_IGN:  # as under nohup
            signal.signal(ending, signal.default_int_handler)
    from runbook.model.loader import load_environment

    environment = load_environment(name)
    if service:
        _must_know(environment, service)
    from runbook.operations.account import Account
    from runbook.operations.console import Console

    return Account(environment), Console(as_json=as_json)


def _must_know(environment: "Environment", service: str) -> None:
    if service not in environment.services:
        known = ", ".join(environment.services)
        refusal = Refusal("--service", f"there is no service {service!r}", f"known: {known}")
        raise RefusedError(environment.name, [refusal])


def _release(
    account: "Account",
    service: str,
    tag: str,
    *,
    instead_of: str | None = None,
    staging_profile: str = "",
    minutes: float = WATCHED_MINUTES,
) -> "Release":
    from runbook.operations.preflight import Preflight
    from runbook.operations.release import Release, Wanted

    preflight = Preflight(account, service, tag, staging_profile=staging_profile)
    return Release(account, Wanted(service, tag, instead_of, minutes), preflight=preflight)
