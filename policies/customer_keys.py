"""Which of the environment's own keys a value means."""

from typing import Any

from policies.scope import Resource, Scope
from policies.values import Unknown, UnresolvedError

_KEY, _ALIAS = "AWS::KMS::Key", "AWS::KMS::Alias"


def customer_key(
    value: Any,  # noqa: ANN401 - JSON is any value
    user: Resource,
    scope: Scope,
) -> Resource | None:
    """Find the key behind a reference or an alias; None when it is no key of the environment.

    Only a key in the region of ``user`` counts: no service takes another region's.
    """
    if isinstance(value, Unknown):
        raise UnresolvedError(f"the key {value.text} is open: {value.why}")
    if value is None:
        return None
    found = scope.target(value) or _alias(value, user, scope)
    if found is not None and found.type == _ALIAS:
        found = scope.target(found.at("TargetKeyId"))
    if found is None or found.type != _KEY:
        return None
    return found if found.stack.template.region == user.stack.template.region else None


def _alias(value: Any, user: Resource, scope: Scope) -> Resource | None:  # noqa: ANN401
    place = f"{user.stack.template.region}:{user.stack.template.account}"
    for alias in scope.resources(_ALIAS):
        name = alias.at("AliasName")
        if value in (name, f"arn:aws:kms:{place}:{name}"):
            return alias
    return None
