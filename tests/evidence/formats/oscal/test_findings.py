"""How a control stands: satisfied is only what an observation shows and none contradicts."""

from dataclasses import replace

import pytest

from evidence.formats.oscal.terms import original
from evidence.model import Standing, Verdict
from tests.evidence.formats.oscal.reading import (
    finding,
    observed,
    result,
    supported,
    values,
    written,
)
from tests.evidence.samples import evidence, row


@pytest.mark.parametrize(
    ("control", "state", "reason"),
    [
        ("NIST AU-2", "satisfied", "pass"),
        ("HIPAA 164.312(a)(2)(iv)", "not-satisfied", "fail"),
        ("HIPAA 164.310(b)", "not-satisfied", "gap"),
        ("HIPAA 164.312(b)", "not-satisfied", "weak"),
        ("SOC2 CC6.1", "not-satisfied", "exceptions"),
    ],
)
@pytest.mark.clause("ALL-4")
def test_a_finding_says_how_its_control_stands(control: str, state: str, reason: str) -> None:
    given = supported()
    standing = {each.id: each.standing for each in given.controls}[control]
    found = finding(result(given), control)
    status = found["target"]["status"]
    assert (status["state"], status["reason"]) == (state, reason)
    assert values(found, "standing") == [standing.value]


def test_every_standing_but_held_is_not_satisfied() -> None:
    sample = supported()
    (held,) = (each for each in sample.controls if each.standing is Standing.HELD)
    states = {}
    for standing in Standing:
        given = replace(sample, controls=(replace(held, standing=standing),))
        (one,) = result(given)["findings"]
        states[standing] = one["target"]["status"]["state"]
    assert [each for each, state in states.items() if state == "satisfied"] == [Standing.HELD]


@pytest.mark.clause("ALL-4")
def test_what_is_said_to_hold_is_not_satisfied_without_an_observation() -> None:
    found = finding(result(evidence()), "NIST AU-2")
    assert found["target"]["status"]["state"] == "not-satisfied"
    assert found["target"]["status"]["reason"] == "unsupported"
    assert "related-observations" not in found


@pytest.mark.parametrize(
    "verdict", [Verdict.NO_FINDING, Verdict.NOT_APPLICABLE, Verdict.WAIVED, Verdict.ERROR]
)
def test_no_other_verdict_supports_that_a_control_holds(verdict: Verdict) -> None:
    sample = evidence()
    (held,) = (each for each in sample.controls if each.standing is Standing.HELD)
    given = replace(
        sample,
        rows=(row(verdict, "bucket-logged"),),
        controls=(replace(held, rules={"Runbook::bucket-logged": {verdict: 1}}),),
    )
    (found,) = result(given)["findings"]
    assert found["target"]["status"]["state"] == "not-satisfied"


@pytest.mark.parametrize(
    ("alarms", "drills", "rehearsed", "reason"),
    [
        (("bucket-full",), (), "acme/staging", "pass"),
        ((), ("restore",), "acme/production", "pass"),
        ((), ("restore",), "acme/staging", "unsupported"),
        ((), ("gate",), "acme/production", "unsupported"),
        (("nowhere",), ("nowhere",), "acme/production", "unsupported"),
    ],
)
def test_alarm_tests_and_drills_support_what_they_show_here(
    alarms: tuple[str, ...], drills: tuple[str, ...], rehearsed: str, reason: str
) -> None:
    sample = evidence()
    (held,) = (each for each in sample.controls if each.standing is Standing.HELD)
    rehearsal = sample.rehearsal
    assert rehearsal
    given = replace(
        sample,
        controls=(replace(held, rules={}, alarms=alarms, drills=drills),),
        rehearsal=replace(rehearsal, environment=rehearsed),
    )
    (found,) = result(given)["findings"]
    assert found["target"]["status"]["reason"] == reason


def test_what_is_said_to_hold_is_not_satisfied_where_a_row_of_it_failed() -> None:
    sample = supported()
    failed = row(Verdict.FAIL, "another-rule", controls=("NIST AU-2",))
    found = finding(result(replace(sample, rows=(*sample.rows, failed))), "NIST AU-2")
    assert found["target"]["status"]["state"] == "not-satisfied"
    assert found["target"]["status"]["reason"] == "contradicted"


def test_what_is_said_to_hold_is_not_satisfied_where_a_test_of_its_alarm_failed() -> None:
    sample = supported()
    (tested,) = sample.alarm_tests
    controls = tuple(replace(each, alarms=("bucket-full",)) for each in sample.controls)
    given = replace(sample, controls=controls, alarm_tests=(replace(tested, failed=1),))
    found = finding(result(given), "NIST AU-2")
    assert found["target"]["status"]["reason"] == "contradicted"


def test_a_failed_drill_contradicts_wherever_it_ran() -> None:
    sample = supported()
    rehearsal = sample.rehearsal
    assert rehearsal
    failed = replace(rehearsal.drills[0], outcome="failed")
    controls = tuple(replace(each, drills=("restore",)) for each in sample.controls)
    given = replace(sample, controls=controls, rehearsal=replace(rehearsal, drills=(failed,)))
    found = finding(result(given), "NIST AU-2")
    assert found["target"]["status"]["reason"] == "contradicted"


def test_alarm_tests_that_never_see_it_fire_support_nothing() -> None:
    sample = evidence()
    (held,) = (each for each in sample.controls if each.standing is Standing.HELD)
    (tested,) = sample.alarm_tests
    given = replace(
        sample,
        controls=(replace(held, rules={}, alarms=("bucket-full",)),),
        alarm_tests=(replace(tested, fires=0),),
    )
    (found,) = result(given)["findings"]
    assert found["target"]["status"]["reason"] == "unsupported"


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.ERROR])
def test_a_failure_that_a_held_control_counts_contradicts_it(verdict: Verdict) -> None:
    sample = supported()
    rule = "Runbook::bucket-logged"
    counted = {rule: {Verdict.PASS: 1, verdict: 1}}
    controls = tuple(
        replace(each, rules=counted) for each in sample.controls if each.id == "NIST AU-2"
    )
    failed = row(verdict, "bucket-logged", resource="Drafts", controls=())
    given = replace(sample, controls=controls, rows=(*sample.rows, failed))
    (found,) = result(given)["findings"]
    assert found["target"]["status"]["reason"] == "contradicted"


def test_a_finding_is_related_to_what_its_control_counts() -> None:
    sample = supported()
    others = (
        row(Verdict.NOT_APPLICABLE, "bucket-logged", controls=()),
        row(Verdict.FAIL, "bucket-logged", resource="Others", controls=()),
    )
    counted = {Verdict.PASS: 1, Verdict.NOT_APPLICABLE: 1, Verdict.FAIL: 0}
    controls = tuple(
        replace(each, rules={"Runbook::bucket-logged": counted})
        for each in sample.controls
        if each.id == "NIST AU-2"
    )
    of = result(replace(sample, controls=controls, rows=(*sample.rows, *others)))
    (found,) = of["findings"]
    passed = observed(of, "bucket-logged", Verdict.PASS)
    assert found["related-observations"] == [{"observation-uuid": passed["uuid"]}]
    assert found["target"]["status"]["state"] == "satisfied"


def test_a_gap_is_told_with_what_nothing_shows() -> None:
    found = finding(result(evidence()), "HIPAA 164.310(b)")
    assert found["remarks"] == "- nothing in this repository speaks for it"
    assert "related-observations" not in found


def test_there_is_a_finding_of_each_control_and_of_no_other() -> None:
    given = evidence()
    of = result(given)
    assert [values(each, "control-id") for each in of["findings"]] == [
        [each.id] for each in given.controls
    ]
    selected = [
        original(each["control-id"])
        for selection in of["reviewed-controls"]["control-selections"]
        for each in selection["include-controls"]
    ]
    assert sorted(selected) == sorted(each.id for each in given.controls)


def test_controls_are_selected_framework_by_framework() -> None:
    selections = result(evidence())["reviewed-controls"]["control-selections"]
    assert [(values(each, "framework"), len(each["include-controls"])) for each in selections] == [
        (["HIPAA, 45 CFR part 164"], 3),
        (["SOC 2"], 1),
        (["NIST 800-53 R5"], 1),
    ]


def test_a_finding_is_of_an_objective_that_the_document_defines() -> None:
    document = written(evidence())
    defined = {
        part["id"]: original(each["control-id"])
        for each in document["local-definitions"]["objectives-and-methods"]
        for part in each["parts"]
    }
    (of,) = document["results"]
    targets = {each["target"]["target-id"]: values(each, "control-id") for each in of["findings"]}
    assert {target: [control] for target, control in defined.items()} == targets
    (selection,) = of["reviewed-controls"]["control-objective-selections"]
    assert [each["objective-id"] for each in selection["include-objectives"]] == list(defined)
