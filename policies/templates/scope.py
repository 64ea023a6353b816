"""One environment's templates, worked out together: what rules look at.

Every combination of the templates' conditions is a scope of its own (``scopes_of``): a rule sees
values, never ``Fn::If``, and has to hold in each.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import product
from typing import Any

from policies.templates.assembly import NESTED_STACK, Template
from policies.templates.intrinsics import resolve
from policies.templates.physical_names import physical_name
from policies.templates.resource import Resource
from policies.templates.values import NO_VALUE, Reference, Unknown, UnresolvedError
from runbook.access.principals import Principals
from runbook.model.environment import Environment

__all__ = ["Case", "Resource", "Scope", "Stack", "scopes_of"]
Json = Any
# Which conditions are taken to be true: (template, condition).
Case = Mapping[tuple[str, str], bool]
# What parameters of a template are set to: (template, parameter).
Arguments = Mapping[tuple[str, str], Json]
MOST_CONDITIONS = 6
_PARTITION = "aws"


class Stack:
    """One template within a scope; the ``Surroundings`` of its intrinsic functions."""

    def __init__(self, scope: "Scope", template: Template) -> None:
        self.scope = scope
        self.template = template
        self.resources: dict[str, Resource] = {}
        self.absent: set[str] = set()
        for logical_id, body in template.body["Resources"].items():
            if not isinstance(body, dict) or not isinstance(body.get("Type"), str):
                continue
            condition = body.get("Condition")
            if isinstance(condition, str) and not scope.case.get((template.path, condition), True):
                self.absent.add(logical_id)
            else:
                self.resources[logical_id] = Resource(self, logical_id, body)
        self._resolving: set[tuple[str, str]] = set()

    def output(self, name: str) -> Json:
        """Work out an output's value; None when there is no such output."""
        outputs = self.template.body.get("Outputs", {})
        body = outputs.get(name) if isinstance(outputs, dict) else None
        if not isinstance(body, dict) or "Value" not in body:
            return None
        if ("output", name) in self._resolving:
            return Unknown(f"${{{name}}}", "it refers to itself")
        self._resolving.add(("output", name))
        try:
            return resolve(body["Value"], self)
        finally:
            self._resolving.discard(("output", name))

    def exports(self) -> dict[str, str]:
        """Map the names it exports under to its outputs."""
        outputs = self.template.body.get("Outputs", {})
        found = {}
        for name, body in outputs.items() if isinstance(outputs, dict) else ():
            export = body.get("Export") if isinstance(body, dict) else None
            exported = resolve(export.get("Name"), self) if isinstance(export, dict) else None
            if isinstance(exported, str):
                found[str(exported)] = name
        return found

    def ref(self, name: str) -> Json:
        """Work out ``Ref``."""
        if (given := self.scope.arguments.get((self.template.path, name))) is not None:
            return given
        if name.startswith("AWS::"):
            return self._pseudo(name)
        if name in self.template.body["Resources"]:
            return self._reference(name, "Ref")
        return self._argument(name)

    def get_att(self, logical_id: str, attribute: str) -> Json:
        """Work out ``Fn::GetAtt``; a nested stack's outputs, too."""
        resource = self.resources.get(logical_id)
        if resource is not None and resource.type == NESTED_STACK:
            nested = self.scope.nested(self.template.path, logical_id)
            value = nested.output(attribute.removeprefix("Outputs.")) if nested else None
            if value is not None:
                return value
        if logical_id not in self.template.body["Resources"]:
            return Unknown(f"${{{logical_id}.{attribute}}}", f"there is no {logical_id}")
        return self._reference(logical_id, attribute)

    def imported(self, export: str) -> Json:
        """Work out ``Fn::ImportValue`` by the stack of the environment that exports it."""
        found = self.scope.exported(export, self.template.region)
        if found is None:
            return Unknown(f"${{import {export}}}", f"no stack given exports {export}")
        stack, output = found
        return stack.output(output)

    def condition(self, name: str) -> bool:
        """Say how this scope takes the condition."""
        return self.scope.case[self.template.path, name]

    def mapped(self, keys: Sequence[str]) -> Json:
        """Look up a mapping of the template."""
        value = self.template.body.get("Mappings", {})
        for key in keys:
            value = value[key]
        return resolve(value, self)

    def _reference(self, logical_id: str, attribute: str) -> Json:
        if logical_id in self.absent:
            return Unknown(f"${{{logical_id}}}", "its condition leaves the resource out")
        resource = self.resources.get(logical_id)
        if resource is None:
            return Unknown(f"${{{logical_id}}}", "the resource has no type")
        named = self._name_of(resource, attribute)
        mark = f"<{self.template.stack}/{logical_id}.{attribute}>"
        return Reference(named or mark, self.template.path, logical_id, attribute)

    def _name_of(self, resource: Resource, attribute: str) -> str | None:
        """Read the name it gives itself; a name that refers back to itself has none."""
        step = ("resource", resource.logical_id)
        if step in self._resolving:
            return None
        self._resolving.add(step)
        try:
            properties = resource.properties
            return physical_name(
                resource.type,
                attribute,
                properties if isinstance(properties, dict) else {},
                partition=_PARTITION,
                account=self.template.account,
                region=self.template.region,
            )
        finally:
            self._resolving.discard(step)

    def _pseudo(self, name: str) -> Json:
        known = {
            "AWS::AccountId": self.template.account,
            "AWS::NoValue": NO_VALUE,
            "AWS::Partition": _PARTITION,
            "AWS::Region": self.template.region,
            "AWS::StackName": self.template.stack,
            "AWS::URLSuffix": "amazonaws.com",
        }.get(name)
        return Unknown(f"${{{name}}}", f"{name} is open here") if known is None else known

    def _argument(self, name: str) -> Json:
        """Take a parameter's value from the parent stack; nobody else's is known."""
        nested = self.template.nested
        parent = self.scope.stack_at(nested.template) if nested else None
        if nested and parent and nested.logical_id in parent.resources:
            properties = parent.resources[nested.logical_id].properties
            given = properties.get("Parameters") if isinstance(properties, dict) else None
            if isinstance(given, dict) and name in given:
                return given[name]
        return Unknown(f"${{{name}}}", f"the parameter {name} is given when it is deployed")


class Scope:
    """All templates of one environment, under one case of their conditions.

    Templates that are no environment's have none: asking for it raises ``UnresolvedError``.
    ``arguments`` are values of parameters, by template and name, that whoever asks gives.
    """

    def __init__(
        self,
        environment: Environment | None,
        templates: Sequence[Template],
        case: Case,
        *,
        whole: bool,
        arguments: Arguments | None = None,
    ) -> None:
        self._environment = environment
        self.case = case
        self.arguments: Arguments = arguments or {}
        # Whether what is not here is missing: not so when single templates were given.
        self.whole = whole
        self.stacks = [Stack(self, template) for template in templates]
        self._by_path = {stack.template.path: stack for stack in self.stacks}
        self._by_name = {stack.template.stack: stack for stack in reversed(self.stacks)}
        nested = ((stack.template.nested, stack) for stack in self.stacks)
        self._nested = {
            (where.template, where.logical_id): stack for where, stack in nested if where
        }
        self._exports: dict[tuple[str | None, str], tuple[Stack, str]] | None = None

    @property
    def environment(self) -> Environment:
        """The environment that the templates are of."""
        if self._environment is None:
            raise UnresolvedError("these templates are of no environment")
        return self._environment

    @cached_property
    def principals(self) -> Principals:
        """Who may do what in the environment."""
        return Principals(self.environment)

    def resources(self, *types: str) -> Iterator[Resource]:
        """List the resources of these types, all of them without any, in the templates' order."""
        if len(types) == 1:
            yield from self._by_type.get(types[0], ())
            return
        for stack in self.stacks:
            for resource in stack.resources.values():
                if not types or resource.type in types:
                    yield resource

    @cached_property
    def _by_type(self) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for stack in self.stacks:
            for resource in stack.resources.values():
                found.setdefault(resource.type, []).append(resource)
        return found

    def stack(self, part: str) -> Stack | None:
        """Find the stack ``<organisation>-<environment>-<part>``."""
        return self._by_name.get(f"{self.environment.slug}-{part}")

    def output(self, part: str, name: str) -> Json:
        """Read an output of the stack of this part; None when either is missing.

        A template given alone may not tell which part it is: there the output's name counts.
        """
        stack = self.stack(part)
        if stack or self.whole:
            return stack.output(name) if stack else None
        found = (stack.output(name) for stack in self.stacks)
        return next((value for value in found if value is not None), None)

    def target(self, value: Json) -> Resource | None:
        """Find the resource that a value refers to."""
        if not isinstance(value, Reference):
            return None
        stack = self.stack_at(value.template)
        return stack.resources.get(value.logical_id) if stack else None

    def stack_at(self, path: str) -> Stack | None:
        """Find the stack of the template at this path."""
        return self._by_path.get(path)

    def nested(self, path: str, logical_id: str) -> Stack | None:
        """Find the nested stack that a resource of the template at ``path`` is."""
        return self._nested.get((path, logical_id))

    def exported(self, name: str, region: str | None) -> tuple[Stack, str] | None:
        """Find who exports this name in a region, and from which output."""
        if self._exports is None:
            # Set first: the name of an export cannot be an import.
            self._exports = {}
            for stack in self.stacks:
                for export, output in stack.exports().items():
                    self._exports.setdefault((stack.template.region, export), (stack, output))
        return self._exports.get((region, name))


def scopes_of(
    environment: Environment, templates: Sequence[Template], *, whole: bool
) -> Iterator[Scope]:
    """Give a scope for each combination of conditions; ``UnresolvedError`` when there are too many.

    A condition is taken to be free, whatever it says: a parameter decides most of them.
    """
    names = [(template.path, name) for template in templates for name in _conditions(template.body)]
    if len(names) > MOST_CONDITIONS:
        raise UnresolvedError(
            f"{len(names)} conditions make 2^{len(names)} cases; {MOST_CONDITIONS} are judged"
        )
    for values in product((True, False), repeat=len(names)):
        case = dict(zip(names, values, strict=True))
        yield Scope(environment, templates, case, whole=whole)


def _conditions(body: Mapping[str, Json]) -> list[str]:
    declared = body.get("Conditions")
    return sorted(declared) if isinstance(declared, dict) else []
