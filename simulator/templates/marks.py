"""Marks for what only the deploy knows: in angle brackets, ``<stack/Parameter>``.

A pattern with ``*`` stands where the template tells a part: a load balancer's and a target group's
full names begin with the names that templates may fix (ELB API reference, ``LoadBalancerArn``).
"""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from policies.templates.scope import Resource, Scope
from policies.templates.values import Reference, Unknown

Json = Any
_OPEN = re.compile(r"\$\{(?P<name>[^${}]*)\}")
_MARK = re.compile(r"<[^<>]*>")
_IMPORT = "import "
_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
_GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
# What ELB calls a load balancer by its type, in its full name.
_KINDS = {"application": "app", "network": "net", "gateway": "gwy"}


class Marks:
    """Writes values of one case of some templates.

    ``defaults`` are those of open parameters, ``calls`` what ``templates.calls`` has marked.
    """

    def __init__(self, scope: Scope, defaults: Mapping[str, Json], calls: frozenset[str]) -> None:
        self._scope = scope
        self._defaults = defaults
        self._parameters = {
            value.text[2:-1] for value in scope.arguments.values() if isinstance(value, Unknown)
        }
        self._open = self._parameters | calls
        self._resources = {
            f"{stack.template.stack}/{logical_id}"
            for stack in scope.stacks
            for logical_id in stack.resources
        }
        self._names = Counter(self._named(each) for each in scope.resources(_BALANCER, _GROUP))

    def text(self, value: Json) -> str:
        """Write a value; ``ValueError`` says why nothing can stand for it."""
        match value:
            case str():
                return self._checked(str(value))
            case Unknown():
                return self._checked(_OPEN.sub(lambda found: self._mark(found, value), value.text))
            case bool():
                raise ValueError(f"{value} is no text")
            case int():
                return str(value)
        raise ValueError("it is no text")

    def dimension(self, value: Json) -> str:
        """Write a dimension's value, a pattern where the template tells a part of it."""
        if isinstance(value, Reference) and (pattern := self._pattern(value)):
            return pattern
        text = self.text(value)
        if "*" in text or "??????" in text:
            raise ValueError(f"{_brief(text)} would be read as a pattern")
        return text

    def stand_in(self, text: str) -> bool:
        """Say whether a mark stands in a text, so that it is no value yet."""
        return any(self._known(mark[1:-1]) for mark in _MARK.findall(text))

    def why(self, value: Unknown) -> str:
        """Say what a value hangs on."""
        return f"it is not known before the deploy: {value.why}"

    def fix(self, value: Unknown) -> str:
        """Say what to do about a value that is open, and the default that nobody has to use."""
        names = [found["name"] for found in _OPEN.finditer(value.text)]
        said = {
            name.rpartition("/")[2]: self._defaults.get(name)
            for name in names
            if name in self._parameters
        }
        if not said and "Fn::" in value.why:
            return "write the value itself, or give what it hangs on: --parameter NAME=VALUE"
        if not said:
            return "write the value itself"
        given = " ".join(f"--parameter {name}=..." for name in said)
        known = {name: each for name, each in said.items() if each is not None}
        defaults = "".join(f"; {name}'s default is {_brief(each)}" for name, each in known.items())
        return f"give its value: {given}{defaults}"

    def _mark(self, found: re.Match[str], value: Unknown) -> str:
        name = found["name"]
        if name in self._open or name.startswith(_IMPORT):
            return f"<{name}>"
        raise ValueError(f"{name} is not known before the deploy: {value.why}")

    def _checked(self, text: str) -> str:
        """Give a text back in which each bracket is a mark's: no literal is taken for one."""
        if "${" in text or "{'" in text or "['" in text:
            raise ValueError(f"{_brief(text)} is not worked out")
        rest = _MARK.sub(lambda mark: "" if self._known(mark[0][1:-1]) else mark[0], text)
        if "<" in rest or ">" in rest:
            raise ValueError(f"{_brief(text)} has angle brackets, which stand for marks here")
        return text

    def _known(self, name: str) -> bool:
        """Say whether this is what a mark holds: a parameter, an import, or an attribute."""
        if name in self._open or name.startswith(_IMPORT):
            return True
        # An attribute may have dots of its own: Endpoint.Address.
        parts = name.split(".")
        return any(".".join(parts[:number]) in self._resources for number in range(1, len(parts)))

    def _pattern(self, reference: Reference) -> str | None:
        """Write a full name of which the template tells the first part."""
        target = self._scope.target(reference)
        if target is None or self._names[self._named(target)] != 1:
            return None
        kind, name = self._named(target)
        match kind, reference.attribute:
            case ("targetgroup", "TargetGroupFullName") if name:
                return f"targetgroup/{name}/*"
            case ("app" | "net" | "gwy", "LoadBalancerFullName") if name:
                return f"{kind}/{name}/*"
        return None

    def _named(self, resource: Resource) -> tuple[str, str | None]:
        """Tell how its full name begins: what kind it is, and its name where that is fixed."""
        properties = resource.properties if isinstance(resource.properties, dict) else {}
        name = properties.get("Name")
        plain = str(name) if isinstance(name, str) and re.fullmatch(r"[\w-]+", name) else None
        if resource.type == _GROUP:
            return "targetgroup", plain
        kind = properties.get("Type", "application")
        known = _KINDS.get(kind, "") if resource.type == _BALANCER and isinstance(kind, str) else ""
        return known, plain


def _brief(value: Json) -> str:
    said = str(value)
    return said if len(said) <= 80 else f"{said[:77]}..."
