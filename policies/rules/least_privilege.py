"""ROVN-SEC-2: every grant names its actions and its resources."""

import re
from collections.abc import Iterator

from policies.iam.grants import grants_of, holds_policies
from policies.iam.statements import Statement
from policies.iam.unscoped_actions import unscoped_actions
from policies.iam.whole_types import is_whole_type, only_on_whole_type
from policies.lookups.limits import is_limit
from policies.rule import ANY, Rule
from policies.templates.scope import Resource, Scope

# Nothing but wildcards after "arn:partition:service:region:account:", or a wildcard before.
_EVERYTHING = re.compile(r"[*?:]+|arn(:[^:]*){4}:[*?]+([:/][*?]+)*|arn(:[^:]*){0,3}:[^:]*[*?][^:]*")


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    for statement in grants_of(scope).at(resource):
        if statement.allows and statement.kind != "ceiling":
            yield from _faults(statement, scope)


def _faults(statement: Statement, scope: Scope) -> Iterator[str]:
    if statement.foreign is not None:
        yield f"it carries {statement.foreign}, whose content is not known here"
        return
    if "NotAction" in statement.body:
        yield f"{statement.label} allows every action but some: name each action"
    for action in statement.text("Action"):
        if "*" in action or "?" in action:
            yield f"{statement.label} allows {action}: name each action"
        elif _on_everything(statement) and action not in unscoped_actions():
            yield f"{statement.label} allows {action} on everything: name what it is needed for"
        else:
            for resource in _whole_types(statement, action, scope):
                yield (
                    f"{statement.label} allows {action} on {resource}, which is all of a type: "
                    "name what it is needed for"
                )


def _on_everything(statement: Statement) -> bool:
    """Tell a grant on every resource; in a policy that stands on a thing, ``*`` is that thing."""
    return statement.kind == "identity" and any(map(_EVERYTHING.fullmatch, statement.resources))


def _whole_types(statement: Statement, action: str, scope: Scope) -> list[str]:
    """List the resources that are all of a type; boundaries-hold compares those of the limits."""
    if statement.kind != "identity":
        return []
    wide = [
        resource
        for resource in statement.resources
        if is_whole_type(resource) and not only_on_whole_type(action, resource)
    ]
    return [] if wide and is_limit(statement.at, scope) else wide


RULE = Rule(
    id="least-privilege",
    title="Every grant names its actions, and its resources where the action knows any",
    why="A wildcard grants what nobody thought of, and what AWS invents later: an action that is "
    "new, a table that comes with other people's data.",
    remedy="Name actions and resources; an action that knows no resource goes into "
    "policies/iam/actions_without_resources.toml with its source, one that can only be given on "
    "all of a type into policies/iam/actions_on_whole_types.toml, a policy of AWS into "
    "policies/iam/aws_managed_policies.toml.",
    clauses=("ROVN-SEC-2",),
    controls=("HIPAA 164.312(a)(1)", "NIST AC-6", "SOC2 CC6.3"),
    types=ANY,
    concerns=holds_policies,
    judge=_judge,
)
