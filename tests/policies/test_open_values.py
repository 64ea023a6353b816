"""Whatever a rule reads, an open value in its place is no pass.

Each rule is run on the real templates while its reads are written down. Then one value of each
kind that it read is replaced by a parameter, and the rule has to fail.
"""

import json
from dataclasses import replace
from typing import Any

import pytest

from policies.engine import check
from policies.report import Status
from policies.rule import Rule
from policies.rules import all_rules
from policies.templates.assembly import Reading, read
from policies.templates.scope import Resource
from tests.assembly import Assembly
from tests.policies.rules.harness import OPEN

Read = tuple[str, str, str]


@pytest.fixture(scope="module")
def production(assembly: Assembly) -> Reading:
    reading = read(assembly.directory)
    mine = tuple(t for t in reading.templates if t.label == ("rovn", "production"))
    return replace(reading, templates=mine)


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_an_open_value_is_no_pass(
    rule: Rule, production: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = []
    for template, logical_id, path in _reads(rule, production, monkeypatch):
        opened = _with_open_value(production, template, logical_id, path)
        if opened is None:
            continue
        faults = [r for r in check(opened, [rule]).results if r.status is Status.FAIL]
        if not faults:
            passed.append(f"{logical_id} {path}")
    assert passed == []


def _reads(rule: Rule, reading: Reading, monkeypatch: pytest.MonkeyPatch) -> list[Read]:
    """List one read of each path in each type of resource that the rule looks at."""
    reads: dict[tuple[str, str], Read] = {}
    genuine = Resource.at

    def noted(resource: Resource, path: str, default: object = None) -> Any:  # noqa: ANN401
        read = (resource.stack.template.path, resource.logical_id, path)
        reads.setdefault((resource.type, path), read)
        return genuine(resource, path, default)

    with monkeypatch.context() as patched:
        patched.setattr(Resource, "at", noted)
        assert check(reading, [rule]).clean
    return list(reads.values())


def _with_open_value(reading: Reading, template: str, logical_id: str, path: str) -> Reading | None:
    """Replace the value; None where the template has nothing at this path."""
    [victim] = [t for t in reading.templates if t.path == template]
    body = json.loads(json.dumps(victim.body))
    *above, last = ["Properties", *path.split(".")]
    parent = body["Resources"][logical_id]
    for step in above:
        if isinstance(parent, list) and step.isdigit() and int(step) < len(parent):
            parent = parent[int(step)]
        elif isinstance(parent, dict) and step in parent:
            parent = parent[step]
        else:
            return None
    if not isinstance(parent, dict) or last not in parent:
        return None
    parent[last] = OPEN
    opened = replace(victim, body=body)
    templates = tuple(opened if t is victim else t for t in reading.templates)
    return replace(reading, templates=templates)
