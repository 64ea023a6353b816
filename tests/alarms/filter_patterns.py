"""What CloudWatch Logs makes of the filter patterns that are used here.

A pattern is ``{ $.field = "text" && $.field >= number }``: selectors of the top level, ``=`` on
text, the order of numbers, all joined by ``&&`` ("Filter pattern syntax for metric filters", JSON
log events). A field that a line lacks, or that is of another type, does not match. Any other syntax
raises ``ValueError``: what is not understood here proves nothing.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt
from typing import Any

Line = Mapping[str, Any]
_CONDITION = re.compile(
    r'\$\.(?P<field>[a-z_]+) (?P<sign>=|>=|<=|>|<) (?:"(?P<text>[^"*]*)"|(?P<number>\d+))'
)
_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {"=": eq, ">=": ge, "<=": le, ">": gt, "<": lt}


@dataclass(frozen=True)
class Datapoint:
    """What one line adds to a metric."""

    value: float
    dimensions: Mapping[str, str]


def matches(pattern: str, line: Line) -> bool:
    """Say whether a pattern takes a line."""
    inner = re.fullmatch(r"\{ (.+) \}", pattern)
    if not inner:
        raise ValueError(f"{pattern} is no pattern on JSON")
    return all(_holds(condition, line) for condition in inner[1].split(" && "))


def datapoint(properties: Mapping[str, Any], line: Line) -> Datapoint | None:
    """Work out what a metric filter, as CloudFormation has it, publishes for a line.

    Nothing for a value that is no number, or where the field of a dimension is missing; for a line
    that does not match, the default.
    """
    (made,) = properties["MetricTransformations"]
    if not matches(properties["FilterPattern"], line):
        default = made.get("DefaultValue")
        return None if default is None else Datapoint(default, {})
    value = _value(made["MetricValue"], line)
    wanted = {one["Key"]: _value(one["Value"], line) for one in made.get("Dimensions", [])}
    if not isinstance(value, int | float) or not all(isinstance(v, str) for v in wanted.values()):
        return None
    return Datapoint(value, wanted)


def _holds(condition: str, line: Line) -> bool:
    read = _CONDITION.fullmatch(condition)
    if not read:
        raise ValueError(f"nobody here knows what {condition} takes")
    found = line.get(read["field"])
    if read["text"] is not None:
        if read["sign"] != "=":
            raise ValueError(f"{condition} orders text")
        return isinstance(found, str) and found == read["text"]
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    return is_number and _ORDERS[read["sign"]](found, int(read["number"]))


def _value(spelled: str, line: Line) -> Any:  # noqa: ANN401 - JSON
    return line.get(spelled.removeprefix("$.")) if spelled.startswith("$.") else float(spelled)
