"""What was observed: rules by verdict, alarm tests, drills."""

from dataclasses import replace

import pytest

from evidence.model import Commit, TemplateFile, Verdict
from tests.evidence.formats.oscal.reading import observed, result, values
from tests.evidence.samples import COMMIT, evidence, row


def test_rows_are_grouped_by_rule_and_verdict() -> None:
    rows = tuple(
        row(verdict, f"rule-{rule}", resource=f"Bucket{at}")
        for at in range(50)
        for rule in range(4)
        for verdict in (Verdict.PASS, Verdict.FAIL)
    )
    of = result(evidence(rows=rows))
    of_rules = [each for each in of["observations"] if values(each, "rule")]
    assert len(of_rules) == 8
    assert {len(each["subjects"]) for each in of_rules} == {50}
    assert len(of["local-definitions"]["inventory-items"]) == 50


@pytest.mark.parametrize(
    ("verdict", "controls", "types"),
    [
        (Verdict.PASS, ("NIST AU-2",), ["control-objective"]),
        (Verdict.FAIL, ("NIST AU-2",), ["control-objective"]),
        (Verdict.FAIL, (), ["discovery"]),
        (Verdict.PASS, (), None),
    ],
)
def test_a_failure_that_is_no_controls_is_a_discovery(
    verdict: Verdict, controls: tuple[str, ...], types: list[str] | None
) -> None:
    of = result(evidence(rows=(row(verdict, controls=controls),)))
    assert observed(of, "bucket-encrypted", verdict).get("types") == types


def test_what_did_not_apply_is_only_counted() -> None:
    rows = tuple(row(Verdict.NOT_APPLICABLE, resource=f"Bucket{at}") for at in range(30))
    one = observed(result(evidence(rows=rows)), "bucket-encrypted", Verdict.NOT_APPLICABLE)
    assert values(one, "count") == ["30"]
    assert "subjects" not in one


def test_a_judge_that_said_nothing_is_no_pass() -> None:
    rule = "HIPAA.Security-S3BucketLoggingEnabled"
    one = observed(result(evidence()), rule, Verdict.NO_FINDING)
    assert "no pass is claimed" in one["description"]


def test_a_failure_tells_its_message_and_its_rule_the_remedy() -> None:
    rows = (
        row(Verdict.FAIL, message="one"),
        row(Verdict.FAIL, message="two"),
        row(Verdict.FAIL, message="one"),
    )
    one = observed(result(evidence(rows=rows)), "bucket-encrypted", Verdict.FAIL)
    (subject,) = one["subjects"]
    assert subject["remarks"] == "one\n\ntwo"
    assert one["remarks"] == "Set BucketEncryption."
    assert values(one, "count") == ["3"]


def test_failures_tell_their_levels_and_passes_no_message() -> None:
    rows = (
        row(Verdict.FAIL, level="warning"),
        row(Verdict.FAIL, level="error", resource="Drafts"),
        row(Verdict.PASS, message="looked at twelve statements"),
    )
    of = result(evidence(rows=rows))
    failed = observed(of, "bucket-encrypted", Verdict.FAIL)
    passed = observed(of, "bucket-encrypted", Verdict.PASS)
    assert values(failed, "level") == ["warning", "error"]
    assert values(passed, "level") == []
    assert "remarks" not in passed["subjects"][0]


def test_a_resource_is_told_by_the_row_that_knows_its_type() -> None:
    rows = (row(Verdict.FAIL, type=""), row(Verdict.PASS), row(Verdict.PASS, type="Other"))
    (item,) = result(evidence(rows=rows))["local-definitions"]["inventory-items"]
    assert values(item, "type") == ["AWS::S3::Bucket"]


def test_what_is_about_a_template_names_the_template() -> None:
    of = result(evidence())
    (subject,) = observed(of, "stack-protected", Verdict.FAIL)["subjects"]
    (template,) = (
        each
        for each in of["local-definitions"]["components"]
        if each["uuid"] == subject["subject-uuid"]
    )
    assert template["title"] == "acme-production-data"
    assert values(template, "sha-256") == ["ab" * 32]


def test_a_file_that_no_stack_synthesized_is_not_called_a_template() -> None:
    source = row(Verdict.FAIL, template="Dockerfile", resource="")
    (subject,) = observed(result(evidence(rows=(source,))), source.rule, Verdict.FAIL)["subjects"]
    of = result(evidence(rows=(source,)))
    (file,) = (
        each
        for each in of["local-definitions"]["components"]
        if each["uuid"] == subject["subject-uuid"]
    )
    assert file["description"] == "What a judge named that is none of the synthesized templates."
    assert values(file, "sha-256") == []


def test_resources_of_one_name_in_two_templates_are_two() -> None:
    first = row(Verdict.PASS)
    second = replace(first, template="Other.template.json")
    of = result(
        evidence(
            rows=(first, second),
            templates=(TemplateFile(second.template, "other", "us-east-1", "cd" * 32),),
        )
    )
    assert len(of["local-definitions"]["inventory-items"]) == 2
    assert len(observed(of, "bucket-encrypted", Verdict.PASS)["subjects"]) == 2


def test_alarm_tests_are_observed_and_an_untested_alarm_is_not() -> None:
    (tested,) = evidence().alarm_tests
    untested = replace(tested, alarm="untested", tests=0, fires=0, stays_quiet=0)
    of = result(evidence(alarm_tests=(tested, untested)))
    (one,) = (each for each in of["observations"] if values(each, "alarm"))
    assert one["methods"] == ["TEST"]
    assert one["title"] == "Alarm bucket-full: 12 of 12 tests passed"
    assert values(one, "clause") == ["ACME-LOG-1"]


@pytest.mark.parametrize("environment", ["acme/staging", "acme/production"])
def test_a_drill_elsewhere_is_none_of_this_environment(environment: str) -> None:
    rehearsal = evidence().rehearsal
    assert rehearsal
    of = result(evidence(rehearsal=replace(rehearsal, environment=environment)))
    drills = [each for each in of["observations"] if values(each, "drill")]
    assert [values(each, "outcome") for each in drills] == [["passed"], ["not exercisable"]]
    assert {each["collected"] for each in drills} == {"2026-05-01T10:00:00+00:00"}
    here = environment == "acme/production"
    assert ["subjects" in each for each in drills] == [here, here]
    assert ["another environment" in each["description"] for each in drills] == [not here] * 2
    assert "no containers" in drills[1]["description"]


@pytest.mark.parametrize("commit", [None, replace(COMMIT, id="ef" * 20)])
def test_a_drill_of_another_commit_shows_nothing_of_this_one(commit: Commit | None) -> None:
    rehearsal = evidence().rehearsal
    assert rehearsal
    here = replace(rehearsal, environment="acme/production", commit=commit)
    of = result(evidence(rehearsal=here))
    drills = [each for each in of["observations"] if values(each, "drill")]
    assert not any("subjects" in each for each in drills)
    assert all("does not show this document's commit" in each["description"] for each in drills)
    assert [values(each, "commit") for each in drills] == [[commit.id] if commit else []] * 2


def test_without_a_rehearsal_there_is_no_drill() -> None:
    of = result(evidence(rehearsal=None))
    assert [each for each in of["observations"] if values(each, "drill")] == []
