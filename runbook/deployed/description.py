"""Reading live resources back in the shape of their CloudFormation properties.

Each module in `described/` reads the types of one AWS service and is found by itself.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runbook.deployed import described
from runbook.deployed.intrinsics import UnresolvableError
from runbook.deployed.place import Place


class NotThereError(Exception):
    """The resource that the stack names does not exist."""


@dataclass(frozen=True)
class Resource:
    """A resource of a deployed stack.

    `declared(name)` resolves one property of its template, for types that AWS identifies by their
    properties and not by a physical id; it raises UnresolvableError if the template has none.
    """

    type: str
    physical_id: str
    place: Place
    declared: Callable[[str], Any]

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes its classes at run time
        """Return the client of a service where the resource lives."""
        return self.place.client(service)

    def declared_if_any(self, name: str) -> Any:  # noqa: ANN401 - any JSON value
        """Resolve one property of its template, None if the template has none."""
        try:
            return self.declared(name)
        except (KeyError, UnresolvableError):
            return None


@dataclass(frozen=True)
class Part:
    """An item in a list of another resource's description that is a resource of its own.

    An inline policy stands among its role's Policies, a route among its table's Routes. `identity`
    are the members that tell the item, or the item itself where it is a text.
    """

    type: str
    physical_id: str
    property: str
    identity: Mapping[str, Any] | str


@dataclass(frozen=True)
class Description:
    """A live resource: its properties as CloudFormation spells them, and Fn::GetAtt's attributes.

    `unordered` are the paths of lists of which the order means nothing. At a `closed` path, and
    below it, may stand no more than the template declares and `defaults`, which are the values of
    AWS itself by their path. In paths `[*]` stands for every position of a list. `parts` are what
    this resource adds to the descriptions of others. `withheld` are properties that only a secret's
    value tells, where none may be read. `superseded` are properties that say how something began
    and nothing of how it is now, because what changes it since is no stack: they are not compared.
    """

    properties: Mapping[str, Any]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    unordered: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()
    withheld: frozenset[str] = frozenset()
    superseded: frozenset[str] = frozenset()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    parts: Sequence[Part] = ()


Describer = Callable[[Resource], Description]
DESCRIBERS: dict[str, Describer] = {}


def describes(type_name: str) -> Callable[[Describer], Describer]:
    """Register the decorated function as the reader of one CloudFormation type.

    It raises NotThereError if the resource is gone.
    """

    def register(describer: Describer) -> Describer:
        if type_name in DESCRIBERS:
            raise ValueError(f"{type_name} has two describers")
        DESCRIBERS[type_name] = describer
        return describer

    return register


@functools.cache
def describers() -> Mapping[str, Describer]:
    """Return the reader of every type that some module in `runbook/deployed/described/` reads."""
    for module in pkgutil.iter_modules(described.__path__):
        importlib.import_module(f"{described.__name__}.{module.name}")
    return DESCRIBERS


def present(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what AWS did not return: None is not a property's value."""
    return {name: value for name, value in properties.items() if value is not None}


def selected(source: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Take the properties that the API spells as CloudFormation does."""
    return {name: source[name] for name in names if name in source}
