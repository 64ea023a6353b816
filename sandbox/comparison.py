"""Compares deployed stacks with their templates, property by property, and fails closed.

What cannot be read, resolved or found is a difference like any other; nothing is skipped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.description import Description, NotThereError
from sandbox.equivalence import ABSENT, Examination, Mismatch
from sandbox.intrinsics import Resolver, UnresolvableError


class ComparedStack(Protocol):
    """A deployed stack, as far as the comparison needs it."""

    @property
    def name(self) -> str:
        """The stack's name."""

    @property
    def template(self) -> Mapping[str, Any]:
        """The template it was deployed from."""

    @property
    def termination_protection(self) -> bool:
        """Whether it is protected from deletion."""

    @property
    def outputs(self) -> Mapping[str, str]:
        """Its outputs by name."""

    @property
    def resources(self) -> Mapping[str, tuple[str, str]]:
        """The type and physical id of each resource by its logical id."""

    @property
    def resolver(self) -> Resolver:
        """Resolve the stack's template against the stack."""

    def describe(self, logical_id: str) -> Description:
        """Read a live resource; raises UnresolvableError or NotThereError."""


@dataclass(frozen=True)
class Difference:
    """What is not as the template says.

    `property` is a path such as `Rules[0].Status`; it is empty if the difference is the resource
    itself, and such a difference can never be one of the emulator's own.
    """

    stack: str
    resource: str
    type: str
    property: str
    message: str

    def __str__(self) -> str:
        """Say it in one line."""
        place = f"{self.type}.{self.property}" if self.property else self.type
        return f"{self.stack} {self.resource} {place}: {self.message}"


@dataclass
class Comparison:
    """The differences found, and how much was compared."""

    stacks: int = 0
    resources: int = 0
    properties: int = 0
    values: int = 0
    types: set[str] = field(default_factory=set)
    differences: list[Difference] = field(default_factory=list)


def compare(stacks: Iterable[tuple[ComparedStack, bool]]) -> Comparison:
    """Compare each deployed stack, given with whether it must be protected from termination."""
    comparison = Comparison()
    for stack, protected in stacks:
        comparison.stacks += 1
        StackComparison(stack, comparison).run(protected=protected)
    return comparison


@dataclass
class StackComparison:
    """Compares one stack into the common result."""

    stack: ComparedStack
    comparison: Comparison

    def run(self, *, protected: bool) -> None:
        """Compare the stack's own settings, its resources and its outputs."""
        if self.stack.termination_protection != protected:
            found = "on" if self.stack.termination_protection else "off"
            self._differs("", "stack", "", f"termination protection is {found}")
        declared = self._declared_resources()
        for logical_id, resource in declared.items():
            self._compare_resource(logical_id, resource)
        for logical_id in sorted(self.stack.resources.keys() - declared.keys()):
            type_, _ = self.stack.resources[logical_id]
            self._differs(logical_id, type_, "", "deployed, but not in the template")
        self._compare_outputs()

    def _declared_resources(self) -> dict[str, Mapping[str, Any]]:
        """Return the template's resources whose condition holds."""
        declared = {}
        for logical_id, resource in self.stack.template["Resources"].items():
            try:
                if "Condition" in resource and not self.stack.resolver.condition(
                    resource["Condition"]
                ):
                    continue
            except UnresolvableError as error:
                self._differs(logical_id, resource["Type"], "", f"unresolvable condition: {error}")
            declared[logical_id] = resource
        return declared

    def _compare_resource(self, logical_id: str, resource: Mapping[str, Any]) -> None:
        type_ = resource["Type"]
        self.comparison.resources += 1
        self.comparison.types.add(type_)
        if logical_id not in self.stack.resources:
            self._differs(logical_id, type_, "", "in the template, but not deployed")
            return
        deployed_type, _ = self.stack.resources[logical_id]
        if deployed_type != type_:
            self._differs(logical_id, type_, "", f"deployed as {deployed_type}")
            return
        try:
            description = self.stack.describe(logical_id)
        except NotThereError as error:
            self._differs(logical_id, type_, "", f"in the stack, but not there: {error}")
        except UnresolvableError as error:
            self._differs(logical_id, type_, "", f"cannot be described: {error}")
        except (ClientError, BotoCoreError) as error:
            self._differs(logical_id, type_, "", f"reading it failed: {error}")
        else:
            for name, value in resource.get("Properties", {}).items():
                self._compare_property(logical_id, type_, name, value, description)

    def _compare_property(
        self, logical_id: str, type_: str, name: str, value: object, description: Description
    ) -> None:
        self.comparison.properties += 1
        try:
            # In a list, so that AWS::NoValue leaves nothing instead of a marker.
            resolved = self.stack.resolver.resolve([value])
        except UnresolvableError as error:
            self._differs(logical_id, type_, "", f"{name} is unresolvable: {error}")
            return
        for declared in resolved:
            examination = Examination(description.unordered)
            examination.compare(name, declared, description.properties.get(name, ABSENT))
            self.comparison.values += examination.values
            for mismatch in examination.mismatches:
                self._differs(logical_id, type_, mismatch.path, _message(mismatch))

    def _compare_outputs(self) -> None:
        for name, output in self.stack.template.get("Outputs", {}).items():
            try:
                if "Condition" in output and not self.stack.resolver.condition(output["Condition"]):
                    continue
                declared = self.stack.resolver.public_text(output["Value"])
            except UnresolvableError as error:
                self._differs(name, "output", "", f"unresolvable: {error}")
                continue
            self.comparison.values += 1
            live = self.stack.outputs.get(name)
            if live != declared:
                self._differs(name, "output", "", f"declared {declared!r}, found {live!r}")

    def _differs(self, resource: str, type_: str, path: str, message: str) -> None:
        self.comparison.differences.append(
            Difference(self.stack.name, resource, type_, path, message)
        )


def _message(mismatch: Mismatch) -> str:
    if mismatch.live is ABSENT:
        return f"declared {mismatch.declared!r}, but the description does not have it"
    return f"declared {mismatch.declared!r}, found {mismatch.live!r}"
