"""The events of the folder, and what EventBridge makes of a pattern."""

import copy
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

Json = Any
FOLDER = Path(__file__).with_name("events")
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
NOTHING = object()


def event(name: str, **changes: Json) -> dict[str, Json]:
    """Read one event; ``changes`` are values by path, ``detail__eventName``, or NOTHING there.

    A hyphen is written ``___``.
    """
    found: dict[str, Json] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    found = copy.deepcopy(found)
    for path, value in changes.items():
        *steps, last = (step.replace("#", "-") for step in path.replace("___", "#").split("__"))
        place = found
        for step in steps:
            place = place[step]
        if value is NOTHING:
            del place[last]
        else:
            place[last] = value
    return found


def matches(pattern: Mapping[str, Json], value: Json) -> bool:
    """Say whether a pattern takes an event, as AWS documents it and its Event Ruler does it.

    Operators look at single values. An empty list or object holds none. Items of a list are
    alternatives; no pattern of ours asks two things of the same item.
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
        yield from _flat(item.get(name, NOTHING))


def _flat(value: Json) -> Iterator[Json]:
    if isinstance(value, list):
        for item in value:
            yield from _flat(item)
    elif value is not NOTHING and not isinstance(value, Mapping):
        yield value


def _holds(wanted: Json, values: Sequence[Json]) -> bool:
    if not isinstance(wanted, Mapping):
        return any(type(value) is type(wanted) and value == wanted for value in values)
    ((operator, operand),) = wanted.items()
    if operator == "exists":
        return bool(values) is operand
    return any(_compares(operator, operand, value) for value in values)


def _compares(operator: str, operand: Json, value: Json) -> bool:
    if operator == "anything-but":
        return value not in operand
    if not isinstance(value, str):
        return False
    if operator == "prefix":
        return value.startswith(operand)
    if operator == "wildcard":
        return re.fullmatch(".*".join(map(re.escape, operand.split("*"))), value) is not None
    raise ValueError(f"this matcher does not know {operator}")
