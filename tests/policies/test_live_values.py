"""Live values are judged by the rules that judge templates: what they break is told."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from policies.live_values import judge
from runbook.verification.judgement import Broken, Judgement, LiveStack
from tests.assembly import Assembly

Json = Any
ENVIRONMENT = "rovn/production"
AUDIT = "rovn-production-audit"


def judged(
    assembly: Assembly, change: Callable[[Json], None], *, protected: bool = True
) -> Judgement:
    """Judge the audit stack as it would be found after a change."""
    template = copy.deepcopy(assembly.template(AUDIT))
    change(template)
    return judge(assembly.directory, ENVIRONMENT, {AUDIT: LiveStack(template, protected)})


def records(template: Json) -> tuple[str, Json]:
    (found,) = [
        (name, resource["Properties"])
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::S3::Bucket" and name.startswith("AuditRecords")
    ]
    return found


def shorten_the_lock(template: Json) -> None:
    _, properties = records(template)
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 30}}
    properties["ObjectLockConfiguration"]["Rule"] = rule


def suspend_versions(template: Json) -> None:
    _, properties = records(template)
    properties["VersioningConfiguration"] = {"Status": "Suspended"}


def lose_the_bucket(template: Json) -> None:
    name, _ = records(template)
    del template["Resources"][name]


def nothing(_: Json) -> None:
    """Leave all as declared."""


def test_what_is_as_declared_breaks_nothing(assembly: Assembly) -> None:
    found = judged(assembly, nothing)
    assert (found.broken, found.unjudged) == ((), ())
    logical_id, _ = records(assembly.template(AUDIT))
    assert "ROVN-BCK-2" in found.kept[AUDIT, logical_id]


def of_rule(found: Judgement, rule: str) -> Broken:
    (broken,) = [each for each in found.broken if each.rule == rule]
    return broken


@pytest.mark.clause("ALL-9")
@pytest.mark.clause("ROVN-BCK-2")
def test_a_shorter_lock_is_told_with_its_clause_and_remedy(assembly: Assembly) -> None:
    broken = of_rule(judged(assembly, shorten_the_lock), "audit-bucket-lock")
    logical_id, _ = records(assembly.template(AUDIT))
    assert (broken.stack, broken.resource) == (AUDIT, logical_id)
    assert broken.clauses == ("ROVN-BCK-2",)
    assert "30" in broken.message
    assert broken.remedy


@pytest.mark.parametrize("change", [suspend_versions, lose_the_bucket])
def test_what_is_changed_or_gone_breaks_rules(
    assembly: Assembly, change: Callable[[Json], None]
) -> None:
    assert judged(assembly, change).broken


def test_protection_that_is_off_breaks_its_rule(assembly: Assembly) -> None:
    broken = of_rule(judged(assembly, nothing, protected=False), "termination-protection")
    assert (broken.stack, broken.resource) == (AUDIT, "")


def test_another_environment_is_not_judged(assembly: Assembly) -> None:
    live = {AUDIT: LiveStack({}, termination_protection=False)}
    found = judge(assembly.directory, "rovn/staging", live)
    assert found.broken == ()
    assert all(stack.startswith("rovn-staging-") for stack, _ in found.kept)
