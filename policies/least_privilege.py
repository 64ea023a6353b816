"""What is too wide in the policies of a template (ROVN-SEC-2, ROVN-DEP-9).

No allowed action has a wildcard, and none is allowed on every resource unless it knows no resource
at all. ``*`` in a policy that stands on a resource is that resource. Ceilings (endpoint policies,
permission boundaries) grant nothing and may name whole services.
"""

import re
from collections.abc import Iterator
from typing import Any

from policies.statements import FoundStatement, statements_of
from policies.unscoped_actions import unscoped_actions

# Nothing but a wildcard after "arn:partition:service:region:account:".
_EVERY_RESOURCE = re.compile(r"\*+|arn(:[^:]*){4}:\*(/\*)?")


def too_wide(template: dict[str, Any]) -> list[str]:
    """Say in a line each what is wider than it may be; nothing when all is well."""
    return [
        f"{statement.where}: {fault}"
        for statement in statements_of(template)
        if statement.allows
        for fault in _faults(statement)
    ]


def _faults(statement: FoundStatement) -> Iterator[str]:
    if statement.kind == "ceiling":
        yield from _faults_of_ceiling(statement)
        return
    for action in statement.actions:
        if "*" in action or "?" in action:
            yield f"the action {action} is a wildcard: name each action"
    if _anybody(statement.body.get("Principal")):
        yield "everybody is let in: name the principals"
    if statement.kind == "identity" and _every_resource(statement.resources):
        for action in statement.actions:
            if action not in unscoped_actions():
                yield f"{action} is allowed on every resource: name those it is needed for"


def _faults_of_ceiling(statement: FoundStatement) -> Iterator[str]:
    """Want a boundary to name its services, and an endpoint its account's principals."""
    if statement.resource_type.startswith("AWS::IAM::"):
        if "*" in statement.actions:
            yield "a boundary of every action is none: name the services"
        return
    equals = statement.body.get("Condition", {}).get("StringEquals", {})
    if _every_resource(statement.resources) and "aws:PrincipalAccount" not in equals:
        yield "the endpoint is open to other accounts: add the condition aws:PrincipalAccount"


def _anybody(principal: Any) -> bool:  # noqa: ANN401 - JSON is any value
    names = principal.values() if isinstance(principal, dict) else [principal]
    return any("*" in (name if isinstance(name, list) else [name]) for name in names)


def _every_resource(resources: list[Any]) -> bool:
    return any(_EVERY_RESOURCE.fullmatch(_text(resource)) for resource in resources)


def _text(resource: Any) -> str:  # noqa: ANN401 - JSON is any value
    """Write a resource as far as it is text: what an intrinsic stands for is never a wildcard."""
    match resource:
        case {"Fn::Join": [str(separator), list(parts)]}:
            return separator.join(_text(part) for part in parts)
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\$\{[^}]*\}", "<>", text)
        case str(text):
            return text
    return "<>"
