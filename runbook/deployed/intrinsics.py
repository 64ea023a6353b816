"""CloudFormation's intrinsic functions, resolved against what was deployed. Pure.

Whatever cannot be resolved raises `UnresolvableError`: the comparison counts that as a failure.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from runbook.deployed.secret_text import SecretText, holds_secret

# Template values are JSON; their shape is known only where a function says what it takes.
Value = Any

PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
DYNAMIC_REFERENCE = re.compile(r"\{\{resolve:([^}]*)\}\}")
# secretsmanager:secret-id:SecretString:json-key:version-stage:version-id; an ARN has colons, too.
SECRET_REFERENCE = re.compile(
    r"secretsmanager:(arn:(?:[^:]*:){5}[^:]+|[^:]+)"
    r"(?::(?:SecretString)?(?::([^:]*)(?::([^:]*)(?::([^:]*))?)?)?)?"
)


class UnresolvableError(Exception):
    """An expression of the template has no value that the deployment could tell."""


class WithheldError(UnresolvableError):
    """It stands behind a secret's value, which may not be read where this runs."""


class NoValue:
    """What `AWS::NoValue` stands for: the property or list item is not there."""


class Deployment(Protocol):
    """What a template's expressions ask of its deployed stack; each may raise UnresolvableError."""

    def reference(self, logical_id: str) -> Value:
        """Return what Ref gives for a resource."""

    def attribute(self, logical_id: str, name: str) -> Value:
        """Return what Fn::GetAtt gives."""

    def parameter(self, name: str) -> Value:
        """Return a parameter's value, behind the SSM parameter it may name."""

    def pseudo_parameter(self, name: str) -> Value:
        """Return a pseudo parameter's value, such as that of `AWS::Region`."""

    def exported(self, name: str) -> Value:
        """Return what another stack exports under this name."""

    def secret(self, secret_id: str, key: str, stage: str, version: str) -> str:
        """Return a secret's value, or that of a key in its JSON; it must not be shown.

        `key`, `stage` and `version` are empty where the reference does not give them.
        """


@dataclass(frozen=True)
class Resolver:
    """Resolves the expressions of one template."""

    template: Mapping[str, Value]
    deployment: Deployment

    def resolve(self, value: Value) -> Value:
        """Return `value` with every expression in it replaced by what it stands for.

        A text with a secret's value in it becomes a SecretText.
        """
        return self._dereferenced(self._expanded(value))

    def _expanded(self, value: Value) -> Value:
        if isinstance(value, list):
            items = [self._expanded(item) for item in value]
            return [item for item in items if item is not NoValue]
        if isinstance(value, dict):
            if len(value) == 1:
                [(name, argument)] = value.items()
                if name == "Ref":
                    return self._ref(argument)
                if name.startswith("Fn::"):
                    return self._function(name, argument)
            resolved = {key: self._expanded(item) for key, item in value.items()}
            return {key: item for key, item in resolved.items() if item is not NoValue}
        return value

    def public_text(self, value: Value) -> str:
        """Return the text of a value that everybody may read, so not of one with a secret in it."""
        resolved = self.resolve(value)
        if holds_secret(resolved):
            raise UnresolvableError("it has a secret's value in it, for everybody to read")
        return str(resolved)

    def condition(self, name: str) -> bool:
        """Return whether a condition of the template holds."""
        try:
            expression = self.template["Conditions"][name]
        except KeyError:
            raise UnresolvableError(f"no condition {name}") from None
        return self._holds(expression)

    def _dereferenced(self, value: Value) -> Value:
        """Replace dynamic references, which functions may have put together."""
        if isinstance(value, list):
            return [self._dereferenced(item) for item in value]
        if isinstance(value, dict):
            return {key: self._dereferenced(item) for key, item in value.items()}
        if not isinstance(value, str) or "{{resolve:" not in value:
            return value
        text, references = DYNAMIC_REFERENCE.subn(self._referenced, value)
        if not references:
            raise UnresolvableError(f"dynamic reference {value}")
        return SecretText.of(text)

    def _referenced(self, match: re.Match[str]) -> str:
        reference = SECRET_REFERENCE.fullmatch(match.group(1))
        if reference is None:
            raise UnresolvableError(f"dynamic reference {match.group()}")
        secret, key, stage, version = (part or "" for part in reference.groups())
        return self.deployment.secret(secret, key, stage, version)

    def _function(self, name: str, argument: Value) -> Value:
        try:
            function = FUNCTIONS[name]
        except KeyError:
            raise UnresolvableError(
                f"{name} is not an expression that can be resolved here"
            ) from None
        try:
            return function(self, argument)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise UnresolvableError(f"{name} {argument!r}: {error!r}") from error

    def _ref(self, name: Value) -> Value:
        if not isinstance(name, str):
            raise UnresolvableError(f"Ref {name!r}: not a name")
        if name == "AWS::NoValue":
            return NoValue
        if name.startswith("AWS::"):
            return self.deployment.pseudo_parameter(name)
        if name in self.template.get("Parameters", {}):
            return self.deployment.parameter(name)
        return self.deployment.reference(name)

    def _get_att(self, argument: Value) -> Value:
        logical_id, name = argument.split(".", 1) if isinstance(argument, str) else argument
        return self.deployment.attribute(logical_id, self._expanded(name))

    def _sub(self, argument: Value) -> str:
        text, variables = argument if isinstance(argument, list) else (argument, {})

        def value(match: re.Match[str]) -> str:
            name = match.group(1)
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in variables:
                return self._text(variables[name])
            if "." in name:
                return self._text({"Fn::GetAtt": name})
            return self._text({"Ref": name})

        return PLACEHOLDER.sub(value, text)

    def _join(self, argument: Value) -> str:
        separator, items = argument
        return str(separator).join(self._text(item) for item in self._items(items))

    def _split(self, argument: Value) -> list[str]:
        separator, text = argument
        return self._text(text).split(separator)

    def _select(self, argument: Value) -> Value:
        index, items = argument
        position = int(self._expanded(index))
        if position < 0:
            raise IndexError(position)
        return self._items(items)[position]

    def _import_value(self, argument: Value) -> Value:
        return self.deployment.exported(self._text(argument))

    def _find_in_map(self, argument: Value) -> Value:
        name, first, second = (self._text(key) for key in argument)
        return self._expanded(self.template["Mappings"][name][first][second])

    def _if(self, argument: Value) -> Value:
        name, then, otherwise = argument
        return self._expanded(then if self.condition(name) else otherwise)

    def _base64(self, argument: Value) -> str:
        return base64.b64encode(self._text(argument).encode()).decode()

    def _holds(self, expression: Value) -> bool:
        [(name, argument)] = expression.items()
        match name:
            case "Condition":
                return self.condition(argument)
            case "Fn::And":
                return all(self._holds(item) for item in argument)
            case "Fn::Or":
                return any(self._holds(item) for item in argument)
            case "Fn::Not":
                [item] = argument
                return not self._holds(item)
            case "Fn::Equals":
                left, right = (self._text(item) for item in argument)
                return left == right
        raise UnresolvableError(f"{name} is not a condition that can be resolved here")

    def _items(self, value: Value) -> list[Value]:
        items = self._expanded(value)
        if not isinstance(items, list):
            raise TypeError(f"expected a list, found {items!r}")
        return items

    def _text(self, value: Value) -> str:
        resolved = self._expanded(value)
        if isinstance(resolved, bool):
            return str(resolved).lower()
        if not isinstance(resolved, str | int | float):
            raise TypeError(f"expected a text, found {resolved!r}")
        return str(resolved)


FUNCTIONS: Mapping[str, Callable[[Resolver, Value], Value]] = {
    "Fn::Base64": Resolver._base64,
    "Fn::FindInMap": Resolver._find_in_map,
    "Fn::GetAtt": Resolver._get_att,
    "Fn::If": Resolver._if,
    "Fn::ImportValue": Resolver._import_value,
    "Fn::Join": Resolver._join,
    "Fn::Select": Resolver._select,
    "Fn::Split": Resolver._split,
    "Fn::Sub": Resolver._sub,
}
