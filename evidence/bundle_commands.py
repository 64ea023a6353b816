"""`runbook evidence verify`, `diff` and `publish`: what is done with a bundle that was written."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runbook.operations.commands import Json
from runbook.operators.commands import DryRun, Yes

if TYPE_CHECKING:
    from evidence.verification import Verified

AS_IT_SHOULD, NOT_SO = 0, 1
_VERIFY = (
    "Example: runbook evidence verify build/evidence/acme/production --manifest-sha256 HEX. "
    "Exit codes: 0 the bundle is whole, 1 something differs, 2 it cannot be verified."
)
_DIFF = (
    "Example: runbook evidence diff 2026-q1 2026-q2. Exit codes: 0 nothing is worse, "
    "1 something is, 2 a bundle cannot be used."
)
_PUBLISH = (
    "Example: runbook evidence publish build/evidence/acme/production --dry-run. Exit codes: "
    "0 done, 1 failed, 2 refused and nothing changed, 130 interrupted."
)
Bundle = Annotated[
    Path, typer.Argument(metavar="DIR", help="Folder that `runbook evidence` wrote.")
]


def add_to(group: typer.Typer) -> None:
    """Add the commands to the group of evidence."""
    group.command("verify", epilog=_VERIFY)(verify_bundle)
    group.command("diff", epilog=_DIFF)(diff)
    group.command("publish", epilog=_PUBLISH)(publish)


def verify_bundle(
    folder: Bundle,
    *,
    manifest_sha256: Annotated[
        str | None,
        typer.Option(
            "--manifest-sha256",
            metavar="HEX",
            help="The manifest's own SHA-256, as it was told when the bundle was written. Without "
            "it, a bundle that was altered together with its manifest is not found.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Name every file of a bundle that was changed, removed or added since it was written."""
    from evidence.verification import verify

    verified = verify(folder, manifest_sha256=manifest_sha256)
    if as_json:
        typer.echo(json.dumps(verified.as_json(), indent=2))
    else:
        _tell(verified)
    raise typer.Exit(AS_IT_SHOULD if verified.whole else NOT_SO)


def _tell(verified: "Verified") -> None:
    from evidence.model import Commit
    from evidence.plain_words import commit_words, counted
    from policies.terminal import plain, red, say

    manifest = verified.manifest
    for difference in verified.differences:
        say(f"{red(difference.kind)} {plain(f'{difference.path}: {difference.why}')}")
    state = "whole" if verified.whole else "NOT as it was written"
    words = commit_words(Commit(manifest.commit, manifest.commit_date, clean=manifest.clean))
    at = f" at {manifest.commit[:7]} ({manifest.commit_date[:10]})" if words.known else ""
    say(
        f"{plain(f'The bundle of {manifest.name}{at}')} is {state}: "
        f"{counted(len(manifest.files), 'file')}, "
        f"{counted(len(verified.differences), 'difference')}."
    )
    if words.notice:
        say(words.notice)
    if not verified.manifest_held:
        say(
            f"SHA-256 of the manifest: {verified.manifest_sha256}. Hold it against the one in your "
            "own records (--manifest-sha256): only that finds a manifest that was altered, too."
        )


def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="Folder of the earlier bundle.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="Folder of the later bundle.")],
    *,
    across: Annotated[
        bool, typer.Option("--across", help="Compare two different environments.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say what became better or worse from one bundle to another; both are verified first."""
    from evidence.bundle_comparison import compare_bundles, lines
    from policies.terminal import plain, say

    compared = compare_bundles(old, new, across=across)
    if as_json:
        typer.echo(json.dumps(compared.as_json(), indent=2))
    else:
        for line in lines(compared):
            say(plain(line))
    raise typer.Exit(NOT_SO if compared.worse else AS_IT_SHOULD)


def publish(
    folder: Bundle, *, yes: Yes = False, dry_run: DryRun = False, as_json: Json = False
) -> None:
    """Put a bundle into its environment's audit bucket, under the lock that keeps it there."""
    from evidence.publication import Publish, publishable
    from runbook.operators.commands import Manner, run

    verified = publishable(folder)
    manner = Manner(as_json, dry_run, yes)
    run(verified.manifest.name, lambda account: Publish(account, folder, verified), manner)
