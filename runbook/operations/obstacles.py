"""Why a stack takes no release as it stands, and what to do about it."""

from runbook.model.refusal import Refusal
from runbook.operations.services import Running


def busy(stack: str, status: str) -> Refusal:
    """Say that a stack is in a state that takes no change set."""
    if status == "UPDATE_ROLLBACK_FAILED":
        return Refusal("stack", f"{stack} is {status}", continue_rollback(stack))
    if status.endswith("_IN_PROGRESS"):
        fix = "wait until it is done, then run the same command again"
        return Refusal("stack", f"{stack} is {status}: another change is under way", fix)
    fix = "repair the stack first; its events say what failed"
    return Refusal("stack", f"{stack} is {status}, which takes no change set", fix)


def astray(stack: str, tag: str, running: Running | None) -> Refusal:
    """Say that stack and service disagree about the image."""
    now = running.tag if running else "nothing"
    return Refusal(
        "image-tag",
        f"the stack {stack} has {tag} already, but {now} runs: somebody moved the service beside "
        "its stack, and a change set with the same tag changes nothing",
        f"release {now} first, so that stack and service agree, then {tag}",
    )


def continue_rollback(stack: str) -> str:
    """Say what gets a stack out of UPDATE_ROLLBACK_FAILED."""
    return (
        "find what kept it from rolling back in its events, mend that, then: aws cloudformation "
        f"continue-update-rollback --stack-name {stack}"
    )
