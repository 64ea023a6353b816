"""Templates in YAML as CloudFormation takes them, short tags written out.

YAML 1.1 without aliases, merges and dates, which CloudFormation does not take (User Guide,
"CloudFormation template formats"); ``!GetAtt A.B`` becomes ``{"Fn::GetAtt": ["A", "B"]}``. A
key that stands twice is refused: one reader takes the first, another the last.
"""

import math
import re
from collections.abc import Callable, Hashable
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

Json = Any
# Bytes that CloudFormation takes of one template (User Guide, "CloudFormation quotas").
LARGEST = 1_048_576
_PLAIN = ("Ref", "Condition")
_FUNCTIONS = (
    *("And", "Base64", "Cidr", "Contains", "Equals", "FindInMap", "GetAZs", "GetAtt", "If"),
    *("ImportValue", "Join", "Length", "Not", "Or", "Select", "Split", "Sub", "ToJsonString"),
    *("Transform", "EachMemberEquals", "EachMemberIn", "RefAll", "ValueOf", "ValueOfAll"),
)
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9_]*)")
_STRAY = ("timestamp", "binary", "omap", "pairs", "set", "merge")


def parsed(text: bytes) -> Json:
    """Read a template; ``ValueError`` says in which line it is none."""
    if len(text) > LARGEST:
        raise ValueError(f"it has {len(text)} bytes, {LARGEST} at most")
    try:
        return yaml.load(text.decode("utf-8"), _Loader)  # noqa: S506 - a safe loader's child
    except yaml.YAMLError as error:
        raise ValueError(_said(error)) from None
    except (KeyError, TypeError, AttributeError):
        raise ValueError("a value does not fit the tag that it is given") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


class _Loader(yaml.SafeLoader):
    """Knows CloudFormation's tags, and takes nothing twice."""

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:  # noqa: ANN401
        if self.check_event(yaml.AliasEvent):
            take: Callable[[], Any] = self.get_event
            raise _refused(take(), "an alias, which CloudFormation does not take")
        return super().compose_node(parent, index)


# Dates are text to CloudFormation, as AWSTemplateFormatVersion is; << is no merge.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if not tag.endswith(_STRAY)]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _mapping(loader: _Loader, node: MappingNode) -> dict[str, Json]:
    made: dict[str, Json] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if isinstance(key, int) and not isinstance(key, bool):
            key = key_node.value
        if not isinstance(key, str):
            raise _refused(key_node, f"the key {_brief(key)} is no text: write it in quotes")
        if key in made:
            raise _refused(key_node, f"the key {key!r} stands twice")
        made[key] = loader.construct_object(value_node, deep=True)
    return made


def _sequence(loader: _Loader, node: SequenceNode) -> list[Json]:
    return [loader.construct_object(item, deep=True) for item in node.value]


def _whole(_: _Loader, node: ScalarNode) -> int:
    if not _DECIMAL.fullmatch(node.value) or len(node.value) > 30:
        raise _refused(node, f"{node.value} is read in another base: write it in quotes")
    return int(node.value.replace("_", ""))


def _fraction(loader: _Loader, node: ScalarNode) -> float:
    made = float(loader.construct_yaml_float(node))
    if not math.isfinite(made) or ":" in node.value:
        raise _refused(node, f"{node.value} is no number: write it in quotes")
    return made


def _function(loader: _Loader, tag: str, node: Node) -> dict[str, Json]:
    """Write a short tag out; its text is text, whatever it looks like."""
    if tag not in (*_PLAIN, *_FUNCTIONS):
        raise _refused(node, f"!{tag} is no function of CloudFormation")
    given: Json
    match node:
        case ScalarNode():
            given = str(node.value)
        case SequenceNode():
            given = _sequence(loader, node)
        case MappingNode():
            given = _mapping(loader, node)
        case _:
            raise _refused(node, "it is neither text nor list nor mapping")
    if tag == "GetAtt" and isinstance(given, str):
        given = given.split(".", 1)
    return {tag if tag in _PLAIN else f"Fn::{tag}": given}


def _unknown(_: _Loader, node: Node) -> Json:
    raise _refused(node, f"the tag {node.tag} is none that CloudFormation takes")


def _refused(place: Any, reason: str) -> yaml.MarkedYAMLError:  # noqa: ANN401 - nodes and events
    return yaml.MarkedYAMLError(problem=reason, problem_mark=place.start_mark)


def _said(error: yaml.YAMLError) -> str:
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    mark = getattr(error, "problem_mark", None)
    return f"line {mark.line + 1}: {problem}" if mark else str(problem)


def _brief(value: Hashable) -> str:
    said = repr(value)
    return said if len(said) <= 60 else f"{said[:57]}..."


_STANDARD = "tag:yaml.org,2002:"
_Loader.add_constructor(f"{_STANDARD}map", _mapping)
_Loader.add_constructor(f"{_STANDARD}seq", _sequence)
_Loader.add_constructor(f"{_STANDARD}int", _whole)
_Loader.add_constructor(f"{_STANDARD}float", _fraction)
for _stray in _STRAY:
    _Loader.add_constructor(f"{_STANDARD}{_stray}", _unknown)
_Loader.add_multi_constructor("!", _function)
_Loader.add_constructor(None, _unknown)
