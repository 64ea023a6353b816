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
from policies.waiving import covered, reasons, unused_in, waived_for
from runbook.model.loader import load_environment
from tests.policies.rules.harness import Json, template

PRODUCTION = load_environment("rovn/production")
REASON = "The key signs\nnothing but tests of ours."
KEY = "Data/Key/Resource"


LAST_DAY = date(2027, 5, 31)
THE_DAY_AFTER = date(2027, 6, 1)


def waiver(*rules: str, path: str = KEY, expires: date = LAST_DAY) -> Waiver:
    stated = WaiverEntry(
        rules=rules, paths=(path,), reason=REASON, owner="platform", expires=expires
    )
    return Waiver(stated, "waiver[0] (line 1)")


def judged(*waived: Waived, day: date | None = None) -> Report:
    key: Json = {
        "Type": "AWS::KMS::Key",
        "Metadata": {"aws:cdk:path": f"{PRODUCTION.slug}/{KEY}"},
    }
    reading = Reading((template("data", {"Key": key}),), (), whole=False)
    found = covered(waived, day)
    return check(reading, [RULE], waived=found.reasons, lapsed=found.lapsed)


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


@pytest.mark.clause("ALL-4")
def test_a_waiver_lets_its_failure_pass_on_its_last_day_and_not_after() -> None:
    waived = waived_for((RUNBOOK,), [waiver(f"{RUNBOOK}::{RULE.id}")], [PRODUCTION])
    [failure] = judged().results
    [on_the_last] = judged(*waived, day=LAST_DAY).results
    assert on_the_last.status is Status.WAIVED
    late = judged(*waived, day=THE_DAY_AFTER)
    assert not late.clean
    [after] = late.results
    assert after.status is Status.FAIL
    assert after.message == (
        f"{failure.message} (waiver expired: policies/waivers.toml waiver[0] (line 1): "
        "it held until 2027-05-31, and it is 2027-06-01)"
    )


@pytest.mark.parametrize(("path", "idle"), [(KEY, 0), ("Data/Other/Resource", 1)])
def test_an_expired_waiver_covers_nothing_only_where_nothing_fails(path: str, idle: int) -> None:
    waived = waived_for((RUNBOOK,), [waiver(f"{RUNBOOK}::{RULE.id}", path=path)], [PRODUCTION])
    report = judged(*waived, day=THE_DAY_AFTER)
    assert len(unused_in(report, waived, covered(waived, THE_DAY_AFTER).lapsed)) == idle


@pytest.mark.parametrize("renewed_first", [True, False])
def test_of_two_waivers_of_a_finding_one_that_holds_is_enough(*, renewed_first: bool) -> None:
    rule = f"{RUNBOOK}::{RULE.id}"
    both = [waiver(rule, expires=date(2028, 5, 31)), waiver(rule)]
    both = both if renewed_first else both[::-1]
    report = judged(*waived_for((RUNBOOK,), both, [PRODUCTION]), day=THE_DAY_AFTER)
    assert [result.status for result in report.results] == [Status.WAIVED]
