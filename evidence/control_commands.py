"""`runbook evidence controls`: how each control stands in a bundle, or what speaks for one."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runbook.completion import environment_names
from runbook.model.refusal import Refusal, RefusedError
from runbook.operations.commands import Json

if TYPE_CHECKING:
    from evidence.model import Evidence

BUNDLES = Path("build/evidence")
_COMMAND = "runbook evidence controls"
_EPILOG = (
    "Example: runbook evidence controls 'HIPAA 164.312(b)' acme/production. "
    "Exit codes: 0 shown, 2 a bundle that cannot be used."
)


def add_to(group: typer.Typer) -> None:
    """Add the command to those of evidence."""
    group.command("controls", epilog=_EPILOG)(controls)


def controls(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CONTROL] [ENVIRONMENT]",
            help="A control's id, all without; organisation/environment of the bundle.",
            autocompletion=environment_names,
            show_default=False,
        ),
    ] = None,
    *,
    bundle: Annotated[
        Path | None,
        typer.Option(
            "--bundle",
            metavar="DIR",
            help=f"Folder of a bundle, not {BUNDLES}/ENVIRONMENT.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show how each control stands; of one, its clauses, rules, alarms, drills and resources.

    Reads what `runbook evidence` wrote, and judges nothing again.
    """
    from evidence.control_page import lines, machine_readable
    from policies.terminal import say, yellow

    control, environment = _asked(words or [])
    evidence = _read(bundle or _folder(environment), environment)
    here = None if bundle else _commit_here()
    if here not in (None, evidence.commit.id):
        say(yellow(_behind(evidence, str(here))), err=True)
    if as_json:
        told = machine_readable(evidence, control) | {"working_tree": here}
        typer.echo(json.dumps(told, indent=2))
        return
    for line in lines(evidence, control):
        say(line)


def _asked(words: Sequence[str]) -> tuple[str | None, str | None]:
    """Tell control and environment apart: an id of a control has no slash."""
    environments = [word for word in words if "/" in word]
    if len(environments) > 1:
        fix = "name one, or give its folder with --bundle"
        raise _refused("ENVIRONMENT", f"{len(environments)} are named", fix)
    control = " ".join(word for word in words if "/" not in word)
    return control or None, environments[0] if environments else None


def _folder(environment: str | None) -> Path:
    """Find the bundle of an environment; without a name, the only one that there is."""
    from evidence.manifest import MANIFEST

    if environment is not None:
        return _folder_of(environment)
    found = sorted(path.parent for path in BUNDLES.glob(f"*/*/{MANIFEST}"))
    if len(found) == 1:
        return found[0]
    if not found:
        fix = "write one with `runbook evidence`, or name its folder with --bundle"
        raise _refused("--bundle", f"no bundle is in {BUNDLES}", fix)
    names = ", ".join(path.relative_to(BUNDLES).as_posix() for path in found)
    raise _refused("ENVIRONMENT", "none is named, and there are several bundles", f"name {names}")


def _folder_of(environment: str) -> Path:
    """Find its bundle; where there is none, say how to get one, or which names are known."""
    from evidence.manifest import MANIFEST
    from runbook.model.environment_files import known_environments

    folder = BUNDLES / environment
    if os.path.lexists(folder / MANIFEST):
        return folder
    known = known_environments()
    if environment in known:
        fix = f"write it with: runbook evidence {environment}"
        raise _refused(environment, f"no bundle of it is in {BUNDLES}", fix)
    fix = f"known: {', '.join(known) or 'none'}; another bundle's folder goes with --bundle"
    reason = f"there is no such environment, and no bundle of it in {BUNDLES}"
    raise _refused(environment, reason, fix)


def _read(folder: Path, environment: str | None) -> "Evidence":
    """Read a bundle whose evidence is as it was written; warn where something else in it is not."""
    from evidence.bundle_files import EVIDENCE
    from evidence.verification import verify
    from policies.terminal import plain, say, yellow

    verified = verify(folder)
    evidence = verified.evidence
    if evidence is None:
        told = [d for d in verified.differences if d.path == EVIDENCE]
        fix = "take the bundle as `runbook evidence` wrote it, or write it again"
        raise RefusedError(str(folder), [Refusal(d.path, d.why, fix) for d in told])
    if environment not in (None, evidence.name):
        reason = f"{folder} is of {evidence.name}"
        raise _refused(str(environment), reason, "leave one of the two out")
    for difference in verified.differences:
        warning = plain(f"warning: {folder} is not as it was written: {difference}")
        say(yellow(warning), err=True)
    return evidence


def _commit_here() -> str | None:
    """Give the commit of the working tree that holds the bundles; None where git does not tell."""
    from runbook.working_tree import head

    committed = head(Path())
    return committed[0] if committed else None


def _behind(evidence: "Evidence", here: str) -> str:
    return (
        f"warning: this bundle is of {evidence.commit.id[:7]}, the working tree of {here[:7]}: "
        f"`runbook evidence {evidence.name}` writes it anew"
    )


def _refused(key: str, reason: str, fix: str) -> RefusedError:
    return RefusedError(_COMMAND, [Refusal(key, reason, fix)])
