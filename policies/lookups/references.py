"""Which resource a value means: by reference, or by its name in plain text."""

from functools import lru_cache
from typing import Any

from policies.templates.scope import Resource, Scope
from policies.templates.values import known

_ARN = "arn:aws"


def find(value: Any, scope: Scope, *types: str) -> Resource | None:  # noqa: ANN401 - JSON
    """Find the resource of these types that a value refers to or names, as Ref or as ARN.

    Raises ``UnresolvedError`` when the value is open.
    """
    target = scope.target(known(value))
    if target is not None:
        return target if target.type in types else None
    if not isinstance(value, str):
        return None
    return _named(scope, types).get(value)


# For the few scopes that are judged at a time, and the few lists of types that rules ask for.
@lru_cache(maxsize=64)
def _named(scope: Scope, types: tuple[str, ...]) -> dict[str, Resource]:
    """Map every text that names a resource of these types to the first that it names."""
    found: dict[str, Resource] = {}
    for resource in scope.resources(*types):
        for text in _texts(resource):
            found.setdefault(text, resource)
    return found


def reference(resource: Resource, attribute: str = "Ref") -> str:
    """Write the text that a reference to the resource has, for comparison with others."""
    stack, logical_id = resource.stack, resource.logical_id
    got = stack.ref(logical_id) if attribute == "Ref" else stack.get_att(logical_id, attribute)
    assert isinstance(got, str)  # noqa: S101 - a resource of the scope always has one
    return got


def _texts(resource: Resource) -> set[str]:
    arn = reference(resource, "Arn")
    return {reference(resource), arn, arn.removesuffix(":*")} | _written_out(resource)


def _written_out(resource: Resource) -> set[str]:
    """Give the ARN as somebody writes it who joins it from a name."""
    name, template = reference(resource), resource.stack.template
    place = f"{template.region}:{template.account}"
    shapes = {
        "AWS::KMS::Alias": f"{_ARN}:kms:{place}:{name}",
        "AWS::KMS::Key": f"{_ARN}:kms:{place}:key/{name}",
        "AWS::Logs::LogGroup": f"{_ARN}:logs:{place}:log-group:{name}",
        "AWS::S3::Bucket": f"{_ARN}:s3:::{name}",
    }
    shape = shapes.get(resource.type)
    return {shape, f"{shape}:*"} if shape else set()


def log_group_arn(group: Resource) -> str:
    """Write a log group's ARN as the logs service itself names it, without ``:*``."""
    region, account = (known(group.stack.ref(f"AWS::{what}")) for what in ("Region", "AccountId"))
    return f"{_ARN}:logs:{region}:{account}:log-group:{reference(group)}"
