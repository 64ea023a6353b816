"""Every policy statement in a template, wherever it stands, with what it is good for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from runbook.access.guard_rails import BOUNDARIES

# identity: grants to whoever carries it. resource: stands on the thing it is about, where "*"
# is that thing. trust: who may assume a role. ceiling: limits and grants nothing.
Kind = Literal["identity", "resource", "trust", "ceiling"]

_IDENTITY = {
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::GroupPolicy",
    "AWS::IAM::RolePolicy",
    "AWS::IAM::UserPolicy",
    "AWS::IAM::Role",
    "AWS::IAM::User",
    "AWS::IAM::Group",
}
_CEILINGS = {"AWS::EC2::VPCEndpoint"}


@dataclass(frozen=True)
class FoundStatement:
    """One statement of a template's resource ``logical_id``."""

    logical_id: str
    resource_type: str
    kind: Kind
    body: dict[str, Any]

    @property
    def where(self) -> str:
        """Name the place for a message: resource, and Sid where there is one."""
        return f"{self.logical_id} ({self.resource_type}) {self.body.get('Sid', '')}".rstrip()

    @property
    def allows(self) -> bool:
        """Whether it gives something, rather than takes."""
        return self.body.get("Effect") == "Allow"

    @property
    def actions(self) -> list[str]:
        """Its actions; ``NotAction`` counts as every action."""
        return ["*"] if "NotAction" in self.body else _listed(self.body.get("Action", []))

    @property
    def resources(self) -> list[Any]:
        """Its resources, intrinsics as they stand; ``NotResource`` counts as every resource."""
        return ["*"] if "NotResource" in self.body else _listed(self.body.get("Resource", []))


def statements_of(template: dict[str, Any]) -> Iterator[FoundStatement]:
    """Walk a whole template: a policy is found whatever the property is called that holds it."""
    boundaries = _boundaries(template)
    for logical_id, resource in template["Resources"].items():
        for path, body in _statements(resource.get("Properties", {}), ()):
            kind = _kind(resource, path, boundaries)
            yield FoundStatement(logical_id, resource["Type"], kind, body)


def _kind(resource: dict[str, Any], path: tuple[str, ...], boundaries: set[str]) -> Kind:
    if path[:1] == ("AssumeRolePolicyDocument",):
        return "trust"
    if resource["Type"] in _CEILINGS:
        return "ceiling"
    if resource["Type"] not in _IDENTITY:
        return "resource"
    properties = resource["Properties"]
    attached = any(properties.get(key) for key in ("Roles", "Users", "Groups"))
    if properties.get("ManagedPolicyName") in boundaries and not attached:
        return "ceiling"
    return "identity"


def _boundaries(template: dict[str, Any]) -> set[str]:
    """Name the boundaries of the environment that the template says it is of."""
    label = template["Metadata"]["Runbook"]
    return {f"{label['Organisation']}-{label['Environment']}-{name}" for name in BOUNDARIES}


def _statements(
    value: Any,  # noqa: ANN401 - JSON is any value
    path: tuple[str, ...],
) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Find every ``Statement`` with an ``Effect``, at any depth."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "Statement":
                for body in item if isinstance(item, list) else [item]:
                    if isinstance(body, dict) and "Effect" in body:
                        yield path, body
            else:
                yield from _statements(item, (*path, key))
    elif isinstance(value, list):
        for item in value:
            yield from _statements(item, path)


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 - JSON is any value
    return value if isinstance(value, list) else [value]
