"""nag-report.csv: the lines that cdk-nag 2 wrote, and no pass that nobody judged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.formats.nag_csv import as_bytes
from evidence.model import Row, Verdict
from tests.evidence.formats.readers import ROWS, cells_of
from tests.evidence.samples import evidence, row

SAMPLE = (
    "Rule ID,Resource ID,Compliance,Exception Reason,Rule Level,Rule Info\n"
    '"bucket-encrypted","acme-production/Data/Records/Resource","Compliant","N/A","Error",'
    '"Buckets are encrypted with a customer managed key"\n'
    '"bucket-versioned","acme-production/Data/Records/Resource","Non-Compliant","N/A","Error",'
    '"BucketEncryption is missing"\n'
    '"bucket-locked","acme-production/Data/Records/Resource","Suppressed",'
    '"It holds what is public anyway.","Error","BucketEncryption is missing"\n'
    '"bucket-owned","acme-production/Data/Records/Resource","UNKNOWN","N/A","Error",'
    "\"the rule itself failed: KeyError: 'x'\"\n"
    '"queue-encrypted","acme-production/Data/Records/Resource","N/A","N/A","Error",'
    '"BucketEncryption is missing"\n'
    '"HIPAA.Security-S3BucketLoggingEnabled","acme-production/Data/Records/Resource","UNKNOWN",'
    '"N/A","Error","No finding, which is no pass: Buckets are logged"\n'
    '"stack-protected","assembly-acme-production/AcmeData.template.json","Non-Compliant","N/A",'
    '"Error","\'=cmd|""<script>alert(1)</script>"", with a comma and ünïcode"\n'
)
JUDGES = ("Runbook", "AwsSolutions", "HIPAA.Security", "NIST.800.53.R5", "PCI.DSS.321")


@pytest.mark.clause("ALL-4")
def test_it_is_written_as_version_2_wrote_it() -> None:
    assert as_bytes(evidence()).decode() == SAMPLE


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict != Verdict.PASS])
def test_only_a_pass_is_compliant(verdict: Verdict) -> None:
    rows = tuple(row(verdict, judge=judge) for judge in JUDGES)
    _, *lines = cells_of(as_bytes(evidence(rows=rows)))
    assert len(lines) == len(JUDGES)
    assert "Compliant" not in {line[2] for line in lines}


def test_only_the_packs_and_our_own_rules_are_in_it() -> None:
    rows = tuple(row(Verdict.FAIL, judge=judge) for judge in (*JUDGES, "cfn-lint", "checkov"))
    _, *lines = cells_of(as_bytes(evidence(rows=rows)))
    assert len(lines) == len(JUDGES)


def test_the_rule_info_of_a_pass_is_the_rules_as_in_version_2() -> None:
    passed = row(Verdict.PASS, message="It was asked.", level="warning")
    _, line = cells_of(as_bytes(evidence(rows=(passed,))))
    assert line[4:] == ["Warning", "Buckets are encrypted with a customer managed key"]


def test_the_rule_info_of_a_finding_leaves_out_the_rules_id() -> None:
    rule = "AwsSolutions-IAM5"
    said = ("It has a wildcard.", "[Action::s3:*]: It has a wildcard.")
    messages = (f"{rule}: {said[0]}", f"{rule}{said[1]}")
    rows = tuple(row(Verdict.FAIL, rule, judge="AwsSolutions", message=m) for m in messages)
    _, *lines = cells_of(as_bytes(evidence(rows=rows)))
    assert tuple(line[5] for line in lines) == said


@pytest.mark.parametrize(
    ("resource", "template", "resource_id"),
    [
        ("Records", "a.template.json", "Records"),
        ("", "a.template.json", "a.template.json"),
        ("", "", "N/A"),
    ],
)
def test_without_a_construct_the_next_best_name_stands(
    resource: str, template: str, resource_id: str
) -> None:
    found = row(Verdict.FAIL, construct_path="", resource=resource, template=template)
    _, line = cells_of(as_bytes(evidence(rows=(found,))))
    assert line[1] == resource_id


@given(st.lists(ROWS, max_size=4))
def test_any_text_makes_one_line_a_row(rows: list[Row]) -> None:
    _, *lines = cells_of(as_bytes(evidence(rows=tuple(rows))))
    expected = [row for row in rows if row.judge != "cfn-lint"]
    assert [len(line) for line in lines] == [6] * len(expected)
    assert [line[0] for line in lines] == [row.rule for row in expected]
