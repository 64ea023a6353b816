"""A stack that holds data cannot be deleted in one step."""

from collections.abc import Iterator

from policies.lookups.stateful import STATEFUL
from policies.rule import Rule
from policies.templates.scope import Scope, Stack


def _judge(stack: Stack, _: Scope) -> Iterator[str]:
    held = [r.logical_id for r in stack.resources.values() if r.type in STATEFUL]
    if held and stack.template.termination_protection is not True:
        state = "off" if stack.template.termination_protection is False else "unknown"
        yield f"termination protection is {state}, and the stack holds {', '.join(sorted(held))}"


RULE = Rule(
    id="termination-protection",
    title="Every stack that holds data has termination protection",
    why="Retained data outlives its stack, but nothing then knows it, encrypts its logs or lets "
    "its services in.",
    remedy="Make the stack a stacks.runbook_stack.RunbookStack with stateful=True.",
    clauses=(),
    controls=("NIST CM-5", "NIST SI-12", "SOC2 A1.2"),
    judge_stack=_judge,
)
