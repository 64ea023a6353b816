"""Which key of ours a property names, and what the key's policy lets services do."""

from collections.abc import Iterator, Mapping
from typing import Any

from policies.iam.resource_policies import Request, lets
from policies.lookups.references import find, reference
from policies.templates.scope import Resource

KEYS = ("AWS::KMS::Key", "AWS::KMS::ReplicaKey")
_ALIAS = "AWS::KMS::Alias"


def key_behind(value: Any, user: Resource) -> Resource | None:  # noqa: ANN401 - JSON is any value
    """Find the environment's own key that a property of ``user`` names, by an alias or itself.

    None for no key, for AWS's own, and for one in another region, which nothing here can use.
    """
    scope = user.stack.scope
    found = find(value, scope, *KEYS, _ALIAS)
    if found is not None and found.type == _ALIAS:
        found = find(found.at("TargetKeyId"), scope, *KEYS)
    same_region = found and found.stack.template.region == user.stack.template.region
    return found if same_region else None


def refused(
    key: Resource, principal: str, wanted: Mapping[str, Mapping[str, str]]
) -> Iterator[str]:
    """List the actions that a key's policy does not let a service call.

    ``wanted`` maps each action to the condition keys that the call carries.
    """
    document, arn = key.at("KeyPolicy"), reference(key, "Arn")
    for action, context in wanted.items():
        if not lets(document, Request(principal, action, arn, context)):
            yield action
