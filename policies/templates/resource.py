"""One resource of a scope, as rules look at it."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from policies.templates.intrinsics import resolve
from policies.templates.values import Unknown, UnresolvedError, as_text

if TYPE_CHECKING:
    from policies.templates.scope import Stack

Json = Any
_ABSENT = object()
_SWITCH: Mapping[str, Json] = {"true": True, "false": False}


class Resource:
    """One resource, its intrinsic functions worked out.

    ``logical_id`` and ``type`` are as in the template ``template``.
    """

    def __init__(self, stack: "Stack", logical_id: str, body: Mapping[str, Json]) -> None:
        self.stack = stack
        self.logical_id = logical_id
        self.body = body
        self.type: str = body["Type"]

    def __repr__(self) -> str:
        return f"{self.stack.template.stack}/{self.logical_id}"

    @cached_property
    def properties(self) -> Json:
        """All properties; an ``Unknown`` in the place of each that is open."""
        return resolve(self.body.get("Properties", {}), self.stack)

    @cached_property
    def text(self) -> str:
        """All text in it, as it is written and worked out, for a quick look."""
        return as_text([self.body, self.properties])

    @property
    def deletion_policy(self) -> str:
        """What deleting it does to the thing itself; CloudFormation's default is ``Delete``."""
        return self._policy("DeletionPolicy")

    @property
    def update_replace_policy(self) -> str:
        """What replacing it does to the old one."""
        return self._policy("UpdateReplacePolicy")

    @cached_property
    def construct_path(self) -> str | None:
        """Where it stands in the construct tree, if the CDK says so."""
        metadata = self.body.get("Metadata")
        path = metadata.get("aws:cdk:path") if isinstance(metadata, dict) else None
        return path if isinstance(path, str) else None

    def at(self, path: str, default: Json = None) -> Json:
        """Get the property at a dotted path, such as ``Containers.0.User``.

        ``default`` when it is not there; ``"true"`` and ``"false"`` are switches, as CloudFormation
        takes them. Raises ``UnresolvedError`` when it, or anything on the way to it, is open; what
        lies deeper in it may still hold an ``Unknown``.
        """
        value = self.properties
        for step in path.split("."):
            if isinstance(value, Unknown):
                raise UnresolvedError(f"{path}: {value.text} is open: {value.why}")
            if isinstance(value, dict):
                value = value.get(step, default) if step in value else _ABSENT
            elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
                value = value[int(step)]
            else:
                value = _ABSENT
            if value is _ABSENT:
                return default
        if isinstance(value, Unknown):
            raise UnresolvedError(f"{path}: {value.text} is open: {value.why}")
        return _SWITCH.get(value.lower(), value) if isinstance(value, str) else value

    def _policy(self, name: str) -> str:
        value = resolve(self.body.get(name, "Delete"), self.stack)
        if not isinstance(value, str):
            raise UnresolvedError(f"{name} is not text")
        return value
