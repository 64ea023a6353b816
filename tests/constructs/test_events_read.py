"""The matcher of these tests holds what AWS documents, and agrees with moto's where that does."""

import json
from typing import Any

import pytest
from moto.events.models import EventPattern

from policies.lookups.event_patterns import matches
from runbook_constructs.release_records.patterns import Watched, patterns
from tests.constructs.events_read import NAMES, event

HOOKS = {"a": {"b": {"c": [{"exists": True}]}}}
NO_HOOKS = {"a": {"b": {"c": [{"exists": False}]}}}


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        ({"a": ["x", "y"]}, {"a": "y"}, True),
        ({"a": ["x"]}, {"a": ["z", "x"]}, True),
        ({"a": ["x"]}, {}, False),
        ({"a": [1]}, {"a": True}, False),
        ({"a": [{"exists": True}]}, {"a": None}, True),
        # Operators see single values, never objects or what is empty.
        ({"a": [{"exists": True}]}, {"a": {"b": 1}}, False),
        ({"a": [{"exists": True}]}, {"a": []}, False),
        (HOOKS, {"a": {"b": [{"c": 1}]}}, True),
        (HOOKS, {"a": {"b": []}}, False),
        (NO_HOOKS, {"a": {"b": []}}, True),
        (NO_HOOKS, {"a": None}, True),
        (NO_HOOKS, {"a": {"b": [{"d": 1}, {"c": 1}]}}, False),
        ({"a": [{"anything-but": ["x"]}]}, {"a": "y"}, True),
        ({"a": [{"anything-but": ["x"]}]}, {"a": "x"}, False),
        ({"a": [{"anything-but": ["x"]}]}, {}, False),
        ({"a": [{"prefix": "x-"}]}, {"a": "x-1"}, True),
        ({"a": [{"prefix": "x-"}]}, {"a": "ax-"}, False),
        ({"a": [{"wildcard": "*x-*"}]}, {"a": "ax-1"}, True),
        ({"a": [{"wildcard": "*x-*"}]}, {"a": "ax1"}, False),
        ({"$or": [{"a": ["x"]}, {"b": ["x"]}], "c": ["x"]}, {"b": "x", "c": "x"}, True),
        ({"$or": [{"a": ["x"]}, {"b": ["x"]}], "c": ["x"]}, {"c": "x"}, False),
    ],
)
def test_matching(pattern: dict[str, Any], value: dict[str, Any], expected: bool) -> None:
    assert matches(pattern, value) is expected


def test_moto_agrees_where_no_list_of_objects_is_asked() -> None:
    watched = Watched(
        "rovn-production", "us-east-2:111122223333", ["rovn-passport-api"], ["x"], "y", "f"
    )
    agreed = {
        (name, what): matches(pattern, event(name))
        for name in NAMES
        for what, pattern in patterns(watched).items()
    }
    assert any(agreed.values())
    for (name, what), expected in agreed.items():
        pattern = EventPattern.load(json.dumps(patterns(watched)[what]))
        found: Any = event(name)
        assert pattern.matches_event(found) is expected, (name, what)
