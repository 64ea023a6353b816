"""Every plain environment variable that a resource sets, wherever it is written.

Containers, functions, builds and canaries have properties for them; state machines, schedules and
pipelines hold them in text that is JSON, and a build in its buildspec.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from policies.lookups.buildspecs import read_buildspec
from policies.templates.values import Unknown, UnresolvedError

Json = Any
_MAPS = {"environmentvariables", "runtimeenvironmentvariables"}
_LISTS = _MAPS | {"environment"}
# Below these, `variables` maps names to values.
_HOLDERS = {"environment", "env"}
_FILES = "environmentfiles"
# Text in which variables can stand; where it cannot be read, nobody knows.
_DOCUMENTS = {"definitionstring", "buildspec", "input"}
_PLAIN = (None, "PLAINTEXT")


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable and where it stands; ``value`` is text, a number or an ``Unknown``."""

    path: str
    name: str
    value: Json


@dataclass(frozen=True, slots=True)
class VariableFile:
    """A file of variables that the resource reads when it starts."""

    path: str


def variables_of(
    value: Json, path: str = "", holder: str = ""
) -> Iterator[Variable | VariableFile]:
    """List the variables anywhere inside a value.

    Raises ``UnresolvedError`` where an open value or unreadable text stands in the place of some.
    """
    key = path.rpartition(".")[2].lower()
    is_map = key in _MAPS or (key == "variables" and holder in _HOLDERS)
    value = _parsed(value, path, key)
    match value:
        case dict():
            for name, item in value.items():
                below = f"{path}.{name}".lstrip(".")
                if is_map:
                    yield Variable(below, str(name), item)
                else:
                    yield from variables_of(item, below, key)
        case list() if key == _FILES and value:
            yield VariableFile(path)
        case list():
            for number, item in enumerate(value):
                below = f"{path}.{number}"
                yield from _entry(item, below) if key in _LISTS else variables_of(item, below)
        case Unknown() if is_map or key in _LISTS or key == _FILES:
            raise UnresolvedError(f"{path} is open: nobody knows which variables it sets")


def is_place_of_variables(path: tuple[str, ...], value: Json) -> bool:
    """Tell a place in a template's text that holds nothing but variables."""
    key, holder = path[-1].lower(), path[-2].lower() if len(path) > 1 else ""
    is_list = isinstance(value, list) or (isinstance(value, dict) and "Fn::If" in value)
    return (
        key in _MAPS
        or (key == "environment" and is_list)
        or (key == "variables" and holder in _HOLDERS)
    )


def _entry(item: Json, path: str) -> Iterator[Variable]:
    if isinstance(item, Unknown):
        raise UnresolvedError(f"{path} is open: nobody knows which variable it sets")
    if not isinstance(item, dict):
        return
    entry = {str(key).lower(): value for key, value in item.items()}
    name = entry.get("name")
    if isinstance(name, Unknown):
        raise UnresolvedError(f"{path} sets a variable whose name is open")
    if entry.get("type") in _PLAIN and "name" in entry:
        # In a state machine, `Value.$` takes it from the input.
        yield Variable(path, str(name), entry.get("value", entry.get("value.$", "")))


def _parsed(value: Json, path: str, key: str) -> Json:
    """Read text that is JSON, or a buildspec in YAML; other text stays text."""
    text = value.text if isinstance(value, Unknown) else value
    if not isinstance(text, str):
        return value
    document = key in _DOCUMENTS
    if text.lstrip().startswith(("{", "[")):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            if document:
                raise UnresolvedError(f"{path} cannot be read as JSON") from None
    elif key == "buildspec" and "\n" in text:
        return _buildspec(text, path)
    elif document and isinstance(value, Unknown):
        raise UnresolvedError(f"{path} is open: nobody knows which variables it sets")
    return value


def _buildspec(text: str, path: str) -> Json:
    try:
        return read_buildspec(text)
    except ValueError:
        raise UnresolvedError(f"{path} cannot be read as YAML") from None
