"""`runbook evidence release`: the pipeline's last step, which an operator can run as well."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runbook.operations.commands import Json, Name, Service, Tag, begin

if TYPE_CHECKING:
    from evidence.model import Evidence
    from evidence.released import Release
    from runbook.operations.account import Account

CLEAN, FAILED = 0, 1
_EPILOG = (
    "Example: runbook evidence release acme/production --service api --image-tag "
    "prod-20260510220219 --out build/release. Exit codes: 0 nothing failed, 1 something failed and "
    "the bundle says what, 2 refused, 130 interrupted."
)


def add_to(group: typer.Typer) -> None:
    """Add the command to the group of evidence."""
    group.command("release", epilog=_EPILOG)(release)


def release(
    name: Name,
    service: Service,
    image_tag: Tag,
    *,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the bundle; a temporary one without it.")
    ] = None,
    publish: Annotated[
        bool, typer.Option("--publish", help="Put it into the audit bucket, under its lock.")
    ] = False,
    library: Annotated[
        str, typer.Option(help="Name of the code that judges, where it is no checkout.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Judge what is deployed after a release, write what was found, and publish it.

    It changes nothing that is deployed. The manifest's SHA-256 is for an auditor's own records.
    """
    from evidence.released import Release
    from runbook.operations.questions import read

    account, console = begin(name, service, as_json=as_json)
    about = Release(service, image_tag, datetime.now(UTC).date(), library)

    def judged() -> tuple[int, dict[str, Any]]:
        with TemporaryDirectory() as directory:
            folder = out or Path(directory) / "bundle"
            found, said = _bundle(account, about, folder, publish=publish)
        for line in _lines(found, said):
            console.say(line)
        return CLEAN if found.clean else FAILED, said

    raise typer.Exit(read("evidence of a release", account, console, judged))


def _bundle(
    account: "Account", about: "Release", folder: Path, *, publish: bool
) -> "tuple[Evidence, dict[str, Any]]":
    from evidence.bundle import refuse_other_things, write_bundle
    from evidence.release_publication import publish_release
    from evidence.released import released
    from evidence.summary import failures, standings

    # Before every stack is read and judged.
    refuse_other_things(folder)
    found = released(account, about)
    said: dict[str, Any] = {
        "service": about.service,
        "image_tag": about.image_tag,
        "clean": found.clean,
        "manifest_sha256": write_bundle(found, folder, oscal=False),
        "summary": found.summary,
        "controls": standings(found),
        "failures": failures(found),
        "gaps": list(found.gaps),
    }
    if publish:
        # All the same when something failed: that is what somebody has to see.
        said |= publish_release(account, folder, about.service, about.image_tag)
    return found, said


def _lines(found: "Evidence", said: dict[str, Any]) -> list[str]:
    from evidence.summary import SHOWN

    failed = said["failures"]
    return [
        f"{found.name} after {said['service']} {said['image_tag']}",
        "  results   " + ", ".join(f"{n:,} {verdict}" for verdict, n in said["summary"].items()),
        f"  manifest  SHA-256 {said['manifest_sha256']}",
        *([f"  published {said['published']}"] if "published" in said else []),
        *(f"  {line}" for line in failed[:SHOWN]),
        *([f"  and {len(failed) - SHOWN} more"] if len(failed) > SHOWN else []),
        *(f"  gap: {gap}" for gap in found.gaps),
    ]
