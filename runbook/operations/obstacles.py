"""Why a stack takes no release as it stands, and what to do about it."""

from collections.abc import Mapping
from typing import Any

from runbook.model.refusal import Refusal
from runbook.operations.operation import NotBegunError
from runbook.operations.services import Running
from runbook.operations.stacks import tag_of


def busy(stack: str, status: str) -> Refusal:
    """Say that a stack is in a state that takes no change set."""
    if status == "UPDATE_ROLLBACK_FAILED":
        return Refusal("stack", f"{stack} is {status}", continue_rollback(stack))
    if status.endswith("_IN_PROGRESS"):
        fix = f"wait until it is done, then run the same command again; it tells: {_events(stack)}"
        return Refusal("stack", f"{stack} is {status}: another change is under way", fix)
    fix = f"repair the stack first; its events say what failed: {_events(stack)}"
    return Refusal("stack", f"{stack} is {status}, which takes no change set", fix)


def too_late(stack: Mapping[str, Any], said: str) -> NotBegunError:
    """Say that another update of a stack began between the preview and the execution."""
    refusal = busy(str(stack["StackName"]), str(stack["StackStatus"]))
    return NotBegunError(
        f"another release was first: the stack is given {tag_of(stack)}; nothing was changed",
        why=[refusal.reason, said],
        fix=refusal.fix,
    )


def astray(stack: str, tag: str, running: Running | None) -> Refusal:
    """Say that stack and service disagree about the image."""
    if running is None:
        return Refusal(
            "service",
            f"the stack {stack} has {tag} already, but ECS has no such service: somebody took it "
            "away, and no release brings it back",
            "look in CloudTrail who did (DeleteService), then make its stack anew with make deploy",
        )
    now = running.tag or "an image of another repository"
    first = f"release {running.tag}" if running.tag else f"release another tag than {tag}"
    return Refusal(
        "image-tag",
        f"the stack {stack} has {tag} already, but {now} runs: somebody moved the service beside "
        "its stack, and a change set with the same tag changes nothing",
        f"{first} first, so that stack and service agree, then {tag}",
    )


def continue_rollback(stack: str) -> str:
    """Say what gets a stack out of UPDATE_ROLLBACK_FAILED."""
    return (
        f"find what kept it from rolling back in its events ({_events(stack)}), mend that, then: "
        f"aws cloudformation continue-update-rollback --stack-name {stack}"
    )


def _events(stack: str) -> str:
    return f"aws cloudformation describe-stack-events --stack-name {stack} --max-items 20"
