"""Which code judges what is deployed: the library that the pipeline names, or a checkout of git."""

from pathlib import Path

from runbook.model.refusal import Refusal, RefusedError
from runbook.working_tree import WorkingTree, working_tree

ROOT = Path(__file__).resolve().parents[1]
_NAMED = 3


def judging_code(library: str, root: Path, *, publish: bool) -> str:
    """Name the code at ``root``; ``library`` is the pipeline's word, which a checkout may not use.

    Raises ``RefusedError`` for ``library`` in a checkout, and to publish what no commit can repeat.
    """
    # A library has none, and what git says of a folder around it is not about it.
    if not (root / ".git").exists():
        return library
    tree = working_tree(root)
    if library:
        why = "this is a checkout, and the bundle names its commit: the option is the pipeline's"
        raise _refused(root, "--library", why, "leave --library out")
    if publish and (tree is None or not tree.clean):
        why = f"{_unclean(tree)}, so nobody can judge by the same code again"
        raise _refused(root, "--publish", why, "publish from a clean clone; or leave --publish out")
    if tree is None:
        return "checkout at an unknown commit"
    return f"checkout at {tree.commit}{'' if tree.clean else ' with changes'}"


def _unclean(tree: WorkingTree | None) -> str:
    if tree is None:
        return "git does not tell the commit of this checkout"
    more = f" and {len(tree.changed) - _NAMED} more" if len(tree.changed) > _NAMED else ""
    return f"{', '.join(tree.changed[:_NAMED])}{more} differ from commit {tree.commit[:12]}"


def _refused(root: Path, key: str, why: str, fix: str) -> RefusedError:
    return RefusedError(f"the checkout {root}", [Refusal(key, why, fix)])
