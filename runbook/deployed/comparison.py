"""Compares deployed stacks with their templates, property by property, and fails closed.

What a template declares and cannot be read, resolved or found is a difference like any other. What
stands there beyond it is one where a describer says that the place is closed (`description`),
and among declared tags, statements and list items, outputs and exports. Of anything else that no
template declares, such as a bucket's website or a key's grants, this says nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from runbook.deployed.description import Description, NotThereError, Part
from runbook.deployed.difference import Comparison, Difference, Kind
from runbook.deployed.equivalence import ABSENT, Examination, Mismatch
from runbook.deployed.intrinsics import Resolver, UnresolvableError, WithheldError
from runbook.operations.account import words


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
    def own_exports(self) -> Mapping[str, str]:
        """What it exports to others, by the exports' names."""

    @property
    def resources(self) -> Mapping[str, tuple[str, str]]:
        """The type and physical id of each resource by its logical id."""

    @property
    def resolver(self) -> Resolver:
        """Resolve the stack's template against the stack."""

    def describe(self, logical_id: str) -> Description:
        """Read a live resource; raises UnresolvableError or NotThereError."""


def compare(stacks: Iterable[tuple[ComparedStack, bool]]) -> Comparison:
    """Compare each deployed stack, given with whether it must be protected from termination."""
    comparison = Comparison()
    given = list(stacks)
    parts = _parts(stack for stack, _ in given)
    for stack, protected in given:
        comparison.stacks += 1
        StackComparison(stack, comparison, parts).run(protected=protected)
    return comparison


Parts = Mapping[tuple[str, str, str], Sequence[Part]]


def _parts(stacks: Iterable[ComparedStack]) -> Parts:
    """Find which resource's property each part stands in, by type, physical id and property."""
    parts: dict[tuple[str, str, str], list[Part]] = defaultdict(list)
    for stack in stacks:
        for logical_id in stack.template["Resources"].keys() & stack.resources.keys():
            try:
                found = stack.describe(logical_id).parts
            except (NotThereError, UnresolvableError, ClientError, BotoCoreError):
                continue  # a difference of its own, once its turn comes
            for part in found:
                parts[part.type, part.physical_id, part.property].append(part)
    return parts


@dataclass
class StackComparison:
    """Compares one stack into the common result; `parts` are those of all stacks."""

    stack: ComparedStack
    comparison: Comparison
    parts: Parts

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
                self._unread(
                    logical_id, resource["Type"], f"unresolvable condition: {error}", error
                )
            declared[logical_id] = resource
        return declared

    def _compare_resource(self, logical_id: str, resource: Mapping[str, Any]) -> None:
        type_ = resource["Type"]
        self.comparison.resources += 1
        self.comparison.types.add(type_)
        if logical_id not in self.stack.resources:
            self._gone(logical_id, type_, "in the template, but not deployed")
            return
        deployed_type, _ = self.stack.resources[logical_id]
        if deployed_type != type_:
            self._differs(logical_id, type_, "", f"deployed as {deployed_type}")
            return
        try:
            description = self.stack.describe(logical_id)
        except NotThereError as error:
            self._gone(logical_id, type_, f"in the stack, but not there: {error}")
        except UnresolvableError as error:
            self._unread(logical_id, type_, f"cannot be described: {error}", error)
        except (ClientError, BotoCoreError) as error:
            self._unread(logical_id, type_, f"reading it failed: {words(error)}", error)
        else:
            self._compare_properties(logical_id, resource, description)

    def _compare_properties(
        self, logical_id: str, resource: Mapping[str, Any], description: Description
    ) -> None:
        type_ = resource["Type"]
        live = self._without_parts(logical_id, description)
        examination = Examination(description.unordered, description.closed, description.defaults)
        declared = set()
        for name, value in resource.get("Properties", {}).items():
            self.comparison.properties += 1
            try:
                # In a list, so that AWS::NoValue leaves nothing instead of a marker.
                resolved = self.stack.resolver.resolve([value])
            except UnresolvableError as error:
                self._unread(logical_id, type_, f"{name} is unresolvable: {error}", error)
                declared.add(name)
                continue
            for item in resolved:
                declared.add(name)
                if name in description.superseded:
                    continue
                if name in description.withheld:
                    self._withheld(logical_id, type_, name)
                    continue
                examination.compare(name, item, live.get(name, ABSENT))
        self.comparison.places |= {(type_, name) for name in live.keys() | declared}
        for name in sorted(live.keys() - declared):
            examination.undeclared(name, live[name])
        self.comparison.values += examination.values
        for mismatch in examination.mismatches:
            difference = Difference(
                self.stack.name,
                logical_id,
                type_,
                mismatch.path,
                _message(mismatch),
                _found(mismatch.live),
                mismatch=mismatch,
            )
            self.comparison.differences.append(difference)

    def _without_parts(self, logical_id: str, description: Description) -> dict[str, Any]:
        """Return the description's properties without the items that are other resources."""
        place = self.stack.resources[logical_id]
        return {
            name: _without(value, self.parts.get((*place, name), ()))
            for name, value in description.properties.items()
        }

    def _compare_outputs(self) -> None:
        outputs: dict[str, str] = {}
        exports: dict[str, str] = {}
        unresolvable = set()
        for name, output in self.stack.template.get("Outputs", {}).items():
            try:
                if "Condition" in output and not self.stack.resolver.condition(output["Condition"]):
                    continue
                declared = self.stack.resolver.public_text(output["Value"])
                if "Export" in output:
                    exports[str(self.stack.resolver.resolve(output["Export"]["Name"]))] = declared
            except UnresolvableError as error:
                self._unread(name, "output", f"unresolvable: {error}", error)
                unresolvable.add(name)
            else:
                outputs[name] = declared
        live = {
            name: value for name, value in self.stack.outputs.items() if name not in unresolvable
        }
        self._compare_texts("output", outputs, live)
        self._compare_texts("export", exports, self.stack.own_exports)

    def _compare_texts(
        self, kind: str, declared: Mapping[str, str], live: Mapping[str, str]
    ) -> None:
        for name in sorted(declared.keys() | live.keys()):
            self.comparison.values += 1
            wanted, found = declared.get(name), live.get(name)
            if wanted != found:
                self._differs(name, kind, "", f"declared {wanted!r}, found {found!r}")

    def _gone(self, resource: str, type_: str, message: str) -> None:
        self._differs(resource, type_, "", message, kind=Kind.GONE)

    def _unread(self, resource: str, type_: str, message: str, error: Exception) -> None:
        kind = Kind.WITHHELD if isinstance(error, WithheldError) else Kind.UNREAD
        self._differs(resource, type_, "", message, kind=kind)

    def _withheld(self, resource: str, type_: str, name: str) -> None:
        message = f"{name}: no secret's value is read"
        self._differs(resource, type_, "", message, kind=Kind.WITHHELD)

    def _differs(
        self,
        resource: str,
        type_: str,
        path: str,
        message: str,
        kind: Kind = Kind.DIFFERENT,
    ) -> None:
        self.comparison.differences.append(
            Difference(self.stack.name, resource, type_, path, message, kind=kind)
        )


def _without(value: object, parts: Sequence[Part]) -> object:
    if not isinstance(value, list):
        return value
    return [item for item in value if not any(_is(item, part) for part in parts)]


def _is(item: object, part: Part) -> bool:
    if isinstance(part.identity, str) or not isinstance(item, dict):
        return item == part.identity
    return all(name in item and item[name] == value for name, value in part.identity.items())


def _found(live: object) -> str:
    if live is ABSENT:
        return "nothing"
    return live if isinstance(live, str) else json.dumps(live, sort_keys=True, default=str)


def _message(mismatch: Mismatch) -> str:
    if mismatch.declared is ABSENT:
        return f"not declared, found {mismatch.live!r}"
    if mismatch.live is ABSENT:
        return f"declared {mismatch.declared!r}, but the description does not have it"
    return f"declared {mismatch.declared!r}, found {mismatch.live!r}"
