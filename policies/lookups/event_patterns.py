"""What EventBridge makes of a pattern."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from policies.templates.scope import Resource
from policies.templates.values import UnresolvedError, closed

Json = Any
_NOTHING = object()


@lru_cache(maxsize=64)
def pattern_of(rule: Resource) -> Mapping[str, Json]:
    """Read the pattern of a rule that has one; ``UnresolvedError`` where something of it is open.

    A rule is asked of dozens of events.
    """
    found: Mapping[str, Json] = closed(rule.at("EventPattern"))
    return found


def matches(pattern: Mapping[str, Json], value: Json) -> bool:
    """Say whether a pattern takes an event, as AWS documents it and its Event Ruler does it.

    Operators look at single values. An empty list or object holds none. Items of a list are
    alternatives; no pattern of ours asks two things of the same item. Raises
    ``UnresolvedError`` for an operator that is not known here.
    """
    for name, wanted in pattern.items():
        if name == "$or":
            if not any(matches(one, value) for one in wanted):
                return False
        elif isinstance(wanted, Mapping):
            if not matches(wanted, [item[name] for item in _objects(value) if name in item]):
                return False
        elif not any(_holds(one, list(_singles(value, name))) for one in wanted):
            return False
    return True


def _objects(value: Json) -> Iterator[Mapping[str, Json]]:
    if isinstance(value, Mapping):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _objects(item)


def _singles(value: Json, name: str) -> Iterator[Json]:
    for item in _objects(value):
        yield from _flat(item.get(name, _NOTHING))


def _flat(value: Json) -> Iterator[Json]:
    if isinstance(value, list):
        for item in value:
            yield from _flat(item)
    elif value is not _NOTHING and not isinstance(value, Mapping):
        yield value


def _holds(wanted: Json, values: Sequence[Json]) -> bool:
    if not isinstance(wanted, Mapping):
        return any(type(value) is type(wanted) and value == wanted for value in values)
    ((operator, operand),) = wanted.items()
    if operator == "exists":
        return bool(values) is operand
    return any(_compares(operator, operand, value) for value in values)


def _compares(operator: str, operand: Json, value: Json) -> bool:
    if operator == "anything-but" and not isinstance(operand, Mapping):
        return value not in (operand if isinstance(operand, list) else [operand])
    if not isinstance(value, str):
        return False
    if operator == "prefix":
        return value.startswith(operand)
    if operator == "wildcard":
        return re.fullmatch(".*".join(map(re.escape, operand.split("*"))), value) is not None
    raise UnresolvedError(f"nobody here knows what {operator} of a pattern takes")
