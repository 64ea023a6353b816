"""Evidence of any kind, for properties: what a format has to carry, whatever it says."""

import typing
from collections.abc import Mapping
from dataclasses import fields
from enum import StrEnum
from types import UnionType
from typing import Any

from hypothesis import strategies as st

from evidence.model import SCHEMA, Evidence

_TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: _TEXT,
    int: st.integers(-(2**31), 2**31),
    bool: st.booleans(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    type(None): st.none(),
}


def any_evidence() -> st.SearchStrategy[Evidence]:
    """Make evidence with any values in its fields."""
    made: st.SearchStrategy[Evidence] = _of(Evidence)
    return made


def _of(kind: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401 - of any type that the model has
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind in _PLAIN:
        return _PLAIN[kind]
    if origin is tuple:
        return st.lists(_of(arguments[0]), max_size=2).map(tuple)
    if origin is Mapping:
        return st.dictionaries(_of(arguments[0]), _of(arguments[1]), max_size=3)
    if origin is UnionType:
        return st.one_of(*map(_of, arguments))
    if issubclass(kind, StrEnum):
        return st.sampled_from(kind)
    types = typing.get_type_hints(kind)
    made = {field.name: _of(types[field.name]) for field in fields(kind)}
    if kind is Evidence:
        made["schema"] = st.just(SCHEMA)
    return st.builds(kind, **made)
