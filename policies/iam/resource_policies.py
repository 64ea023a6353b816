"""What the policy on a resource lets somebody do, judged as IAM judges a request."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from policies.iam.globs import any_of
from policies.templates.values import UnresolvedError, known

Json = Any
Statement = Mapping[str, Json]
# The values of each condition, by operator and key.
Conditions = dict[tuple[str, str], list[Json]]
_IF_EXISTS = "IfExists"


@dataclass(frozen=True)
class Request:
    """A call by a service as itself, ``principal``, with the condition keys it carries."""

    principal: str
    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


def statements(document: Json) -> list[Statement]:
    """List a policy's statements; none for a policy that is not there."""
    if isinstance(known(document), str):
        document = _parsed(document)
    body = known(document.get("Statement")) if isinstance(document, dict) else None
    return [statement for item in listed(body) if isinstance(statement := known(item), dict)]


def lets(document: Json, request: Request) -> bool:
    """Say whether a policy allows a request and denies it nowhere.

    A condition nobody can judge from the templates counts against it.
    """
    about = [s for s in statements(document) if _about(s, request)]
    held = [(known(s.get("Effect")), _holds(s.get("Condition"), request.context)) for s in about]
    denied = any(effect != "Allow" and holds is not False for effect, holds in held)
    return not denied and ("Allow", True) in held


def covers(statement: Statement, action: str) -> bool:
    """Say whether a statement is about an action."""
    if "NotAction" in statement:
        return not _any_matches(statement["NotAction"], action)
    return _any_matches(statement.get("Action"), action)


def covers_resource(statement: Statement, resource: str) -> bool:
    """Say whether a statement is about a resource, by its ARN."""
    if "NotResource" in statement:
        return not _any_matches(statement["NotResource"], resource)
    return _any_matches(statement.get("Resource"), resource)


def is_for_everybody(statement: Statement) -> bool:
    """Say whether a statement is about every principal there is."""
    principal = known(statement.get("Principal"))
    if isinstance(principal, dict):
        principal = principal.get("AWS")
    return "*" in listed(principal)


def conditions(statement: Statement) -> Conditions:
    """Read a statement's conditions: the values by operator and key, the key in lower case."""
    found: Conditions = {}
    for operator, keys in (known(statement.get("Condition")) or {}).items():
        for key, values in known(keys).items():
            found[operator, key.lower()] = [known(value) for value in listed(values)]
    return found


def listed(value: Json) -> list[Json]:
    """Read what may be one value or a list of them; nothing for None."""
    value = known(value)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def matches(pattern: Json, text: str) -> bool:
    """Compare as IAM does: ``*`` for any characters, ``?`` for one, case aside."""
    return any_of((str(known(pattern)),)).takes(text)


def _about(statement: Statement, request: Request) -> bool:
    return (
        _is_for(statement, request.principal)
        and covers(statement, request.action)
        and covers_resource(statement, request.resource)
    )


def _is_for(statement: Statement, service: str) -> bool:
    if "NotPrincipal" in statement:
        return statement.get("Effect") != "Allow"
    if is_for_everybody(statement):
        return True
    principal = known(statement.get("Principal"))
    named = principal.get("Service") if isinstance(principal, dict) else None
    return service in listed(named)


def _any_matches(patterns: Json, text: str) -> bool:
    return any(matches(pattern, text) for pattern in listed(patterns))


def _holds(condition: Json, context: Mapping[str, str]) -> bool | None:
    """Judge all conditions of a statement; None when one cannot be judged."""
    carried = {key.lower(): value for key, value in context.items()}
    held = [
        _one_holds(operator, values, carried.get(key))
        for (operator, key), values in conditions({"Condition": condition}).items()
    ]
    if False in held:
        return False
    return None if None in held else True


def _one_holds(operator: str, values: list[Json], carried: str | None) -> bool | None:
    compare = _COMPARISONS.get(operator.removesuffix(_IF_EXISTS))
    if compare is None or carried is None:
        return None
    return any(compare(carried, str(value)) for value in values)


def _parsed(text: str) -> Json:
    try:
        return json.loads(text)
    except ValueError:
        raise UnresolvedError("a policy is text, and no JSON") from None


# How a value that a request carries is held against one of a condition.
_COMPARISONS: Mapping[str, Callable[[str, str], bool]] = {
    "ArnEquals": lambda carried, value: matches(value, carried),
    "ArnLike": lambda carried, value: matches(value, carried),
    "Bool": lambda carried, value: carried.lower() == value.lower(),
    "NumericLessThan": lambda carried, value: float(carried) < float(value),
    "StringEquals": lambda carried, value: carried == value,
    "StringLike": lambda carried, value: matches(value, carried),
}
