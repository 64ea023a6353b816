"""ROVN-DEP-5: every revision that ever ran stays, to go back to."""

from collections.abc import Iterator

from policies.lookups.services import TASK_DEFINITION
from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope


def _judge(definition: Resource, _: Scope) -> Iterator[str]:
    for name, policy in (
        ("DeletionPolicy", definition.deletion_policy),
        ("UpdateReplacePolicy", definition.update_replace_policy),
    ):
        if policy != "Retain":
            yield f"{name} is {policy}, not Retain: the revision is deregistered"


RULE = Rule(
    id="task-definition-retained",
    title="Every revision of a task definition is kept",
    why="A service cannot go back to a revision that CloudFormation has deregistered.",
    remedy="Make it with runbook_constructs.task_definition, which retains it.",
    clauses=("ROVN-DEP-5",),
    controls=("NIST CM-2(3)", "SOC2 CC8.1"),
    types=(TASK_DEFINITION,),
    judge=_judge,
    waivable=False,
)
