"""A template with the values that were found where they are not as declared. Pure.

Our own rules judge the result (``policies.live_values``): so a difference is told by what it
breaks. What was found names things as AWS does; where the template says the same by an expression,
the expression is put, since rules follow those.
"""

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runbook.deployed.deployed_stack import DeployedStack
from runbook.deployed.difference import Difference, Kind
from runbook.deployed.equivalence import ABSENT
from runbook.deployed.intrinsics import UnresolvableError
from runbook.deployed.secret_text import holds_secret

Json = Any
_INDEX = re.compile(r"\[(\d+)\]")


def with_live_values(stack: DeployedStack, differences: Sequence[Difference]) -> dict[str, Json]:
    """Put what was found into a copy of the stack's template.

    What is gone stays in: rules that follow a reference to it would fail all over, and what is gone
    is told by itself.
    """
    template: dict[str, Json] = copy.deepcopy(dict(stack.template))
    if not differences:
        return template
    expressions = _expressions(stack)
    for difference in differences:
        resources = template["Resources"]
        if difference.resource not in resources:
            continue
        if difference.kind is Kind.DIFFERENT and difference.property:
            live = stack.describe(difference.resource).properties
            resource = resources[difference.resource]
            declared = resource.get("Properties", {})
            resource["Properties"] = _put(declared, live, difference.property, expressions)
    return template


def _put(declared: Json, live: Json, path: str, expressions: Mapping[str, Json]) -> Json:
    """Return ``declared`` with what is live at ``path``, as little else touched as can be."""
    if not path or _is_expression(declared):
        return _expressed(live, expressions)
    if isinstance(declared, dict) and isinstance(live, dict):
        name, rest = _member(path, {**declared, **live})
        kept = {key: value for key, value in declared.items() if key != name}
        if name not in live:
            return kept
        inner = declared.get(name, ABSENT)
        if inner is ABSENT:
            return {**kept, name: _expressed(live[name], expressions)}
        return {**declared, name: _put(inner, live[name], rest, expressions)}
    index = _INDEX.match(path)
    same = isinstance(declared, list) and isinstance(live, list) and len(declared) == len(live)
    if index and same:
        position = int(index[1])
        items = list(declared)
        rest = path[index.end() :].removeprefix(".")
        items[position] = _put(declared[position], live[position], rest, expressions)
        return items
    return _expressed(live, expressions)


def _member(path: str, members: Mapping[str, Json]) -> tuple[str, str]:
    """Split off the first member of a path; a member's name may have dots of its own."""
    fitting = [n for n in members if path == n or path.startswith((f"{n}.", f"{n}["))]
    name = max(fitting, key=len, default=path)
    return name, path[len(name) :].removeprefix(".")


def _is_expression(value: Json) -> bool:
    return isinstance(value, dict) and len(value) == 1 and _names_function(next(iter(value)))


def _names_function(name: str) -> bool:
    return name == "Ref" or name.startswith("Fn::")


def _expressed(live: Json, expressions: Mapping[str, Json]) -> Json:
    if isinstance(live, dict):
        return {name: _expressed(item, expressions) for name, item in live.items()}
    if isinstance(live, list):
        return [_expressed(item, expressions) for item in live]
    return expressions.get(live, live) if isinstance(live, str) else live


def _expressions(stack: DeployedStack) -> dict[str, Json]:
    """Map each text that an expression of the template stands for to that expression."""
    found: dict[str, Json] = {}
    for resource in stack.template["Resources"].values():
        for expression in _within(resource.get("Properties", {})):
            try:
                value = stack.resolver.resolve([expression])
            except UnresolvableError:
                continue
            if len(value) == 1 and isinstance(value[0], str) and not holds_secret(value):
                found.setdefault(value[0], expression)
    # A short word says nothing of where it comes from.
    return {text: expression for text, expression in found.items() if len(text) > 3}


def _within(value: Json) -> Iterator[Json]:
    if _is_expression(value):
        yield value
    if isinstance(value, dict):
        for item in value.values():
            yield from _within(item)
    elif isinstance(value, list):
        for item in value:
            yield from _within(item)
