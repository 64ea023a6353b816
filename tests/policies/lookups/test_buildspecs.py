"""Buildspecs as text: JSON is read as JSON, all else as YAML."""

import json

import pytest

from policies.lookups.buildspecs import read_buildspec

SPEC = {"version": 0.2, "phases": {"build": {"commands": ["make"]}}}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(SPEC, indent=1),
        f"\n  {json.dumps(SPEC)}",
        "version: 0.2\nphases:\n  build:\n    commands:\n      - make\n",
        "{version: 0.2, phases: {build: {commands: [make]}}}",
    ],
)
def test_each_way_to_write_one_reads_the_same(text: str) -> None:
    assert read_buildspec(text) == SPEC


@pytest.mark.parametrize(
    "text", ["{", "a: [", "a: b: c", "!!python/object:os.system {}", "[" * 9999]
)
def test_what_is_neither_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no YAML"):
        read_buildspec(text)
