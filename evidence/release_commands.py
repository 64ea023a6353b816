"""`runbook evidence release`: the pipeline's last step, which an operator can run as well."""

from collections.abc import Callable
from dataclasses import dataclass
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
    from runbook.operations.console import Console

CLEAN, FAILED = 0, 1
_EPILOG = (
    "Example: runbook evidence release acme/production --service api --image-tag "
    "prod-20260510220219 --out build/release. Exit codes: 0 nothing failed, 1 something failed and "
    "the bundle says what, or publishing was broken off; 2 refused, 130 interrupted."
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
        Path | None, typer.Option(help="Folder that keeps the bundle; without it none does.")
    ] = None,
    publish: Annotated[
        bool, typer.Option("--publish", help="Put it into the audit bucket, under its lock.")
    ] = False,
    library: Annotated[
        str, typer.Option(help="Name of the code that judges, where it is no checkout.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Judge what is deployed after a release, and keep or publish a bundle of what was found.

    It changes nothing that is deployed. People need a break-glass role: the deploy identity may
    not read every stack. The manifest's SHA-256 is for an auditor's own records.
    """
    account, console = begin(name, service, as_json=as_json)
    wanted = _Wanted(service, image_tag, library, out, publish)
    raise typer.Exit(_Run(account, console, wanted).told())


@dataclass(frozen=True)
class _Wanted:
    service: str
    image_tag: str
    library: str
    out: Path | None
    publish: bool


class _Run:
    """One run; ``result`` has what machines read as soon as it is known, however it ends."""

    def __init__(self, account: "Account", console: "Console", wanted: _Wanted) -> None:
        from runbook.operations.questions import UNCHANGED
        from runbook.operations.telling import heading

        self.account, self.console, self.wanted = account, console, wanted
        self.result = heading("evidence of a release", account)
        self._how_it_stands: Callable[[], str] = lambda: UNCHANGED

    def told(self) -> int:
        """Run it and give the exit code."""
        from runbook.operations.questions import told

        return told(self._judged, self.console, self.result, lambda: self._how_it_stands())

    def _judged(self) -> int:
        from evidence.bundle import refuse_other_things
        from evidence.judging_code import ROOT, judging_code
        from evidence.released import Release
        from runbook.operations.questions import where

        wanted = self.wanted
        # Before every stack is read and judged.
        library = judging_code(wanted.library, ROOT, publish=wanted.publish)
        self.console.say(where(self.account))
        about = Release(wanted.service, wanted.image_tag, datetime.now(UTC).date(), library)
        with TemporaryDirectory() as directory:
            folder = wanted.out or Path(directory) / "bundle"
            refuse_other_things(folder)
            found = self._bundle(about, folder)
            if wanted.publish:
                # All the same when something failed: that is what somebody has to see.
                self._publish(folder)
        if not (wanted.out or wanted.publish):
            self.console.say("  no bundle is kept; --out FOLDER keeps one, --publish publishes it")
        self.console.answer(self.result)
        return CLEAN if found.clean else FAILED

    def _bundle(self, about: "Release", folder: Path) -> "Evidence":
        """Write the bundle and say what was found, before anything else can go wrong."""
        from evidence.bundle import write_bundle
        from evidence.plain_words import states
        from evidence.released import released
        from evidence.summary import failures, standings

        found = released(self.account, about, self.console.complain)
        self.result |= {
            "service": about.service,
            "image_tag": about.image_tag,
            "clean": found.clean,
            "manifest_sha256": write_bundle(found, folder, oscal=False),
            "summary": found.summary,
            "controls": standings(found),
            "clauses": states(found),
            "failures": failures(found),
            "gaps": list(found.gaps),
        }
        for line in _lines(found, self.result):
            self.console.say(line)
        return found

    def _publish(self, folder: Path) -> None:
        from evidence.release_publication import ReleasePublication

        of = self.wanted
        publication = ReleasePublication(self.account, folder, of.service, of.image_tag)
        self._how_it_stands = publication.how_it_stands
        try:
            self.result |= publication.publish()
        except BaseException:
            # Also by Ctrl-C: what is locked by then stays.
            if publication.so_far:
                self.result["so_far"] = publication.so_far
            raise
        self.console.say(f"  published {self.result['published']}")


def _lines(found: "Evidence", said: dict[str, Any]) -> list[str]:
    from evidence.summary import SHOWN

    failed = said["failures"]
    return [
        f"{found.name} after {said['service']} {said['image_tag']}",
        "  results   " + ", ".join(f"{n:,} {verdict}" for verdict, n in said["summary"].items()),
        f"  manifest  SHA-256 {said['manifest_sha256']}",
        *(f"  {line}" for line in failed[:SHOWN]),
        *([f"  and {len(failed) - SHOWN} more"] if len(failed) > SHOWN else []),
        *(f"  gap: {gap}" for gap in found.gaps),
    ]
