"""Waivers of our own rules: what they let pass, and the ones that nobody needs."""

from dataclasses import replace
from datetime import date

import pytest

from policies.engine import check
from policies.report import Report, Status
from policies.rules.key_rotation import RULE
from policies.templates.assembly import Reading
from policies.waivable_rules import CHECKOV, PACKS, RUNBOOK
from policies.waivers import Waived, Waiver, WaiverEntry
from policies.waiving import reasons, unused_in, waived_for
from runbook.model.loader import load_environment
from tests.policies.rules.harness import Json, template

PRODUCTION = load_environment("rovn/production")
REASON = "The key signs\nnothing but tests of ours."
KEY = "Data/Key/Resource"


def waiver(*rules: str, path: str = KEY) -> Waiver:
    stated = WaiverEntry(
        rules=rules, paths=(path,), reason=REASON, owner="platform", expires=date(2027, 5, 31)
    )
    return Waiver(stated, "waiver[0] (line 1)")


def judged(*waived: Waived) -> Report:
    key: Json = {
        "Type": "AWS::KMS::Key",
        "Metadata": {"aws:cdk:path": f"{PRODUCTION.slug}/{KEY}"},
    }
    reading = Reading((template("data", {"Key": key}),), (), whole=False)
    return check(reading, [RULE], waived=reasons(waived))


def test_each_judge_gets_its_own() -> None:
    stated = [
        waiver(f"{RUNBOOK}::{RULE.id}"),
        waiver(f"{CHECKOV}::CKV_AWS_7"),
        waiver("AwsSolutions::AwsSolutions-KMS5"),
    ]
    for judges in ((RUNBOOK,), (CHECKOV,), PACKS):
        [only] = waived_for(judges, stated, [PRODUCTION])
        assert only.judge in judges


def test_a_failure_that_is_waived_passes_with_its_reason() -> None:
    waived = waived_for((RUNBOOK,), [waiver(f"{RUNBOOK}::{RULE.id}")], [PRODUCTION])
    report = judged(*waived)
    [result] = report.results
    assert result.status is Status.WAIVED
    assert result.message.endswith("(waived: The key signs nothing but tests of ours.)")
    assert report.clean
    assert unused_in(report, waived) == []


@pytest.mark.parametrize("path", ["Data/Other/Resource", "Data/Key"])
def test_a_waiver_that_lets_nothing_pass_is_told(path: str) -> None:
    waived = waived_for((RUNBOOK,), [waiver(f"{RUNBOOK}::{RULE.id}", path=path)], [PRODUCTION])
    report = judged(*waived)
    assert not report.clean
    [refusal] = unused_in(report, waived)
    assert refusal.key == "policies/waivers.toml waiver[0] (line 1)"
    assert refusal.reason == (
        f"it suppresses nothing: Runbook::key-rotation at {PRODUCTION.slug}/{path}"
    )


def test_a_rule_that_cannot_be_waived_fails_all_the_same() -> None:
    strict = replace(RULE, waivable=False)
    waived = waived_for((RUNBOOK,), [waiver(f"{RUNBOOK}::{RULE.id}")], [PRODUCTION])
    key: Json = {
        "Type": "AWS::KMS::Key",
        "Metadata": {"aws:cdk:path": f"{PRODUCTION.slug}/{KEY}"},
    }
    reading = Reading((template("data", {"Key": key}),), (), whole=False)
    report = check(reading, [strict], waived=reasons(waived))
    assert not report.clean
    assert len(unused_in(report, waived)) == 1
