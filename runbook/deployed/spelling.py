"""A service's structures in CloudFormation's spelling, and back, by botocore's shapes. Pure.

Most types spell their properties as the service's API does, but for the case of letters. What is
text in a template may be a number, a truth or bytes in the API.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# botocore's shapes are made at run time from the services' models.
Shape = Any
Value = Any

NUMBERS = {"integer": int, "long": int, "float": float, "double": float}


def as_properties(shape: Shape, answer: Value, odd: Mapping[str, str] | None = None) -> Value:
    """Return an answer of the API as CloudFormation spells it.

    `odd` are the names that differ in more than their first letter: the API's -> CloudFormation's.
    """
    odd = odd or {}
    if shape.type_name == "structure" and not _is_free(shape):
        return {
            odd.get(name, name[0].upper() + name[1:]): as_properties(
                shape.members[name], value, odd
            )
            for name, value in answer.items()
            if name in shape.members
        }
    if shape.type_name == "list":
        return [as_properties(shape.member, item, odd) for item in answer]
    if shape.type_name == "map":
        # Keys of a map are data, not names.
        return {key: as_properties(shape.value, value, odd) for key, value in answer.items()}
    return answer.decode() if isinstance(answer, bytes) else answer


def as_request(shape: Shape, properties: Value) -> Value:
    """Return properties as a request of the API; raises ValueError at one that it does not know."""
    kind = shape.type_name
    if kind == "structure" and not _is_free(shape):
        names = {name.lower(): name for name in shape.members}
        return {
            _known(names, name, shape): as_request(shape.members[names[name.lower()]], value)
            for name, value in properties.items()
        }
    if kind == "list":
        return [as_request(shape.member, item) for item in properties]
    if kind == "map":
        return {key: as_request(shape.value, value) for key, value in properties.items()}
    return _scalar(kind, properties)


def _is_free(shape: Shape) -> bool:
    return bool(getattr(shape, "is_document_type", False))


def _known(names: Mapping[str, str], name: str, shape: Shape) -> str:
    if name.lower() not in names:
        raise ValueError(f"{shape.name} of the service has no {name}")
    return names[name.lower()]


def _scalar(kind: str, value: Value) -> Value:
    if kind in NUMBERS:
        return NUMBERS[kind](value)
    if kind == "boolean":
        return str(value).lower() == "true"
    if kind == "blob":
        return str(value).encode()
    if kind == "string":
        return str(value).lower() if isinstance(value, bool) else str(value)
    return value
