"""results.sarif: what GitHub asks for, what it takes, and what is left out said."""

import hashlib
import json
import zlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.formats import sarif
from evidence.model import Evidence, Judge, JudgedRule, Row, TemplateFile, Verdict
from policies.report import Report, Result, Status
from policies.sarif import as_sarif
from policies.templates.assembly import Template
from runbook.model.refusal import RefusedError
from tests.evidence.formats.readers import ROWS
from tests.evidence.samples import evidence, row


def runs(said: Evidence) -> list[dict[str, Any]]:
    log = json.loads(sarif.as_bytes(said))
    assert log["version"] == "2.1.0"
    assert log["$schema"] == "https://json.schemastore.org/sarif-2.1.0.json"
    made: list[dict[str, Any]] = log["runs"]
    return made


def ours(said: Evidence) -> dict[str, Any]:
    [run] = [run for run in runs(said) if run["tool"]["driver"]["name"] == "Runbook"]
    return run


def notes(run: dict[str, Any]) -> list[str]:
    [invocation] = run["invocations"]
    return [note["message"]["text"] for note in invocation["toolExecutionNotifications"]]


def fingerprints(said: Evidence) -> list[str]:
    found = ours(said)["results"]
    return [result["partialFingerprints"]["primaryLocationLineHash"] for result in found]


def many(count: int, verdict: Verdict = Verdict.FAIL, level: str = "error") -> tuple[Row, ...]:
    return tuple(
        row(verdict, construct_path=f"{verdict}/{level}/{n}", level=level) for n in range(count)
    )


def assert_github_takes(run: dict[str, Any]) -> None:
    """Check a run against "SARIF support for code scanning": required texts, ranges and limits."""
    driver = run["tool"]["driver"]
    assert driver["name"]
    assert len(driver["rules"]) <= 25_000
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(ids) == len(set(ids))
    for rule in driver["rules"]:
        for text in (rule["shortDescription"]["text"], rule["fullDescription"]["text"]):
            assert 0 < len(text) <= 1_024
        assert rule["help"]["text"]
        assert len(rule["properties"]["tags"]) <= 10
    assert len(run["results"]) <= 5_000
    for result in run["results"]:
        assert result["ruleId"] in ids
        assert result["level"] in {"none", "note", "warning", "error"}
        assert result["message"]["text"]
        assert result["partialFingerprints"]["primaryLocationLineHash"]
        [location] = result["locations"]
        physical = location["physicalLocation"]
        assert physical["artifactLocation"]["uri"]
        assert set(physical["artifactLocation"]["uri"]).isdisjoint(' "<>\\^`{|}:?#')
        region = physical["region"]
        assert region["startLine"] == region["endLine"] >= 1
        assert 1 <= region["startColumn"] < region["endColumn"]
        for suppression in result.get("suppressions", ()):
            assert suppression["kind"] == "external"
            assert suppression["justification"]
    assert run["automationDetails"]["id"] == "runbook-evidence/acme/production/"
    for invocation in run["invocations"]:
        assert isinstance(invocation["executionSuccessful"], bool)
        for note in invocation["toolExecutionNotifications"]:
            assert note["level"] in {"note", "warning", "error"}


def test_github_takes_the_sample() -> None:
    made = runs(evidence())
    assert [run["tool"]["driver"]["name"] for run in made] == ["Runbook", "HIPAA.Security"]
    for run in made:
        assert_github_takes(run)


@given(st.lists(ROWS, max_size=6))
def test_github_takes_rows_of_any_text(rows: list[Row]) -> None:
    rows = [replace(row, rule=row.rule or "unnamed") for row in rows]
    for run in runs(evidence(rows=tuple(rows))):
        assert_github_takes(run)


@pytest.mark.clause("ALL-4")
def test_what_is_wrong_is_told_with_the_worst_first_and_the_rest_is_counted() -> None:
    run = ours(evidence())
    told = [result["ruleId"] for result in run["results"]]
    assert told == ["bucket-versioned", "stack-protected", "bucket-owned", "bucket-locked"]
    assert run["properties"]["rows"] == {
        "fail": 2,
        "error": 1,
        "waived": 1,
        "pass": 1,
        "no_finding": 0,
        "not_applicable": 1,
    }
    suppressed = [result for result in run["results"] if "suppressions" in result]
    assert [result["ruleId"] for result in suppressed] == ["bucket-locked"]
    assert suppressed[0]["suppressions"] == [
        {"kind": "external", "justification": "It holds what is public anyway."}
    ]


@pytest.mark.clause("ALL-4")
def test_what_could_not_be_judged_is_no_success() -> None:
    run, silent = runs(evidence())
    assert not run["invocations"][0]["executionSuccessful"]
    assert "Rows that could not be judged: 1; no pass of them is claimed." in notes(run)
    assert silent["invocations"][0]["executionSuccessful"]
    assert silent["results"] == []


@pytest.mark.clause("ALL-4")
def test_every_run_says_what_the_evidence_lacks() -> None:
    assert all("The rehearsal was of acme/staging." in notes(run) for run in runs(evidence()))


def test_a_rule_says_what_it_is_about() -> None:
    [rule] = [
        r for r in ours(evidence())["tool"]["driver"]["rules"] if r["id"] == "bucket-encrypted"
    ]
    assert rule["fullDescription"]["text"] == "Records are PHI."
    assert rule["help"]["text"] == "Set BucketEncryption."
    assert rule["properties"]["tags"] == ["ACME-SEC-1", "HIPAA 164.312(a)(2)(iv)", "SOC2 CC6.1"]


def test_a_judge_says_what_it_does_not_show() -> None:
    driver = runs(evidence())[1]["tool"]["driver"]
    assert driver["version"] == "3.0.2"
    text = "Shows: Its failures. Does not show: That a silent rule applied."
    assert driver["fullDescription"]["text"] == text


def test_a_row_of_a_judge_and_a_rule_that_nobody_listed_is_told() -> None:
    stray = row(Verdict.FAIL, "stray", judge="Stray")
    [run] = [r for r in runs(evidence(rows=(stray,))) if r["tool"]["driver"]["name"] == "Stray"]
    assert_github_takes(run)
    [rule] = run["tool"]["driver"]["rules"]
    unlisted = "The judge's list of its rules does not have this one."
    assert rule["fullDescription"]["text"] == unlisted


def test_a_finding_is_at_its_line_of_code_else_at_the_template() -> None:
    here = row(Verdict.FAIL, location="stacks/a b.py:7")
    nowhere = row(Verdict.FAIL, location="", template="assembly/ü\ud800.template.json")
    odd = row(Verdict.FAIL, location="a.py:0")
    lost = row(Verdict.FAIL, location="", template="")
    found = ours(evidence(rows=(here, nowhere, odd, lost)))["results"]
    places = [result["locations"][0]["physicalLocation"] for result in found]
    assert [(p["artifactLocation"]["uri"], p["region"]["startLine"]) for p in places] == [
        ("stacks/a%20b.py", 7),
        ("assembly/%C3%BC%3F.template.json", 1),
        ("assembly-acme-production/AcmeData.template.json", 1),
        ("manifest.json", 1),
    ]


def test_a_finding_has_the_fingerprint_that_runbook_check_gives_it() -> None:
    label = {"Runbook": {"Organisation": "acme", "Environment": "production", "Tier": "phi"}}
    path, stack = "cdk.out/AcmeData.template.json", "acme-production-data"
    template = Template(path, "ab" * 32, {"Metadata": label, "Resources": {}}, stack)

    def of(*found: Row) -> tuple[Result, ...]:
        return tuple(
            Result(r.rule, Status.FAIL, path, r.resource or None, None, r.construct_path or None)
            for r in found
        )

    known = row(Verdict.FAIL), row(Verdict.FAIL, construct_path="")
    whole = row(Verdict.FAIL, construct_path="", resource="")
    log = as_sarif(Report(of(*known, whole), (template,)), (), "0.1.0")
    checked = [
        r["partialFingerprints"]["primaryLocationLineHash"] for r in log["runs"][0]["results"]
    ]
    assert fingerprints(evidence(rows=(*known, whole))) == checked


def test_a_fingerprint_stays_when_line_template_and_message_move() -> None:
    [before] = fingerprints(evidence(rows=(row(Verdict.FAIL),)))
    moved = row(
        Verdict.WAIVED,
        location="stacks/other.py:2",
        template="assembly/Other.template.json",
        message="3 days, wanted 7",
        resource="Records2",
    )
    assert fingerprints(evidence(rows=(moved,))) == [before]


def test_a_whole_stacks_fingerprint_stays_when_its_template_is_renamed() -> None:
    def whole(path: str) -> list[str]:
        found = row(Verdict.FAIL, resource="", construct_path="", location="", template=path)
        stack = TemplateFile(path, "acme-production-data", "us-east-2", "ab" * 32)
        return fingerprints(evidence(rows=(found,), templates=(stack,)))

    assert whole("assembly/A.template.json") == whole("assembly/B.template.json")


@pytest.mark.parametrize(
    "other",
    [
        evidence(rows=(row(Verdict.FAIL, "bucket-locked"),)),
        evidence(rows=(row(Verdict.FAIL, construct_path="acme-production/Other"),)),
        evidence(rows=(row(Verdict.FAIL, construct_path=""),)),
        evidence(rows=(row(Verdict.FAIL),), environment="staging"),
    ],
    ids=["rule", "construct", "no construct", "environment"],
)
def test_fingerprints_differ_by(other: Evidence) -> None:
    assert fingerprints(other) != fingerprints(evidence(rows=(row(Verdict.FAIL),)))


def test_fingerprints_of_two_judges_differ() -> None:
    both = evidence(rows=(row(Verdict.FAIL), row(Verdict.FAIL, judge="HIPAA.Security")))
    mine, theirs = (
        run["results"][0]["partialFingerprints"]["primaryLocationLineHash"] for run in runs(both)
    )
    assert mine.removesuffix(":1") != theirs.removesuffix(":1")
    assert mine[-2:] == theirs[-2:] == ":1"


def test_findings_of_one_rule_at_one_resource_are_numbered() -> None:
    one, two = fingerprints(evidence(rows=(row(Verdict.FAIL), row(Verdict.FAIL, message="x"))))
    assert (one.partition(":")[0], one[-2:], two[-2:]) == (two.partition(":")[0], ":1", ":2")


def test_a_finding_of_a_pack_keeps_its_fingerprint_when_another_one_comes_before_it() -> None:
    def found(*actions: str) -> tuple[Row, ...]:
        rule = "AwsSolutions-IAM5"
        said = [f"{rule}[Action::{action}]: It has a wildcard." for action in actions]
        return tuple(row(Verdict.FAIL, rule, message=message) for message in said)

    [alone] = fingerprints(evidence(rows=found("s3:*")))
    both = fingerprints(evidence(rows=found("ec2:*", "s3:*")))
    assert both[1] == alone
    assert len(set(both)) == 2


@pytest.mark.clause("ALL-4")
def test_results_beyond_what_github_shows_are_left_out_and_counted() -> None:
    """A waived one is left out before a warning, a warning before an error."""
    waived = many(3_000, Verdict.WAIVED)
    warned = many(3_000, level="warning")
    run = ours(evidence(rows=(*waived, *warned, *many(1_500), *many(10, Verdict.ERROR))))
    assert_github_takes(run)
    told = [(result["level"], "suppressions" in result) for result in run["results"]]
    assert (
        told == [("error", False)] * 1_510 + [("warning", False)] * 3_000 + [("error", True)] * 490
    )
    assert run["properties"]["rows"]["waived"] == 3_000
    assert notes(run)[1] == (
        "Results left out: 2,510 of 7,510, the least bad ones; GitHub shows 5,000 of a run and "
        "takes 10 MB of a file; results.csv has all."
    )


@pytest.mark.clause("ALL-4")
def test_judges_beyond_what_github_takes_are_left_out_and_named() -> None:
    judges = tuple(Judge(f"Judge {n}", "1", "It.", "The rest.") for n in range(22))
    rows = tuple(row(Verdict.FAIL, judge=f"Judge {n}") for n in range(2, 22))
    made = runs(evidence(judges=judges, rules=(), rows=rows))
    assert [run["tool"]["driver"]["name"] for run in made] == [f"Judge {n}" for n in range(2, 22)]
    said = "GitHub takes 20 runs; these judges have none: Judge 0 (0 results), Judge 1 (0 results)."
    assert all(said in notes(run) for run in made)


@pytest.mark.clause("ALL-4")
def test_rules_beyond_what_github_takes_are_left_out_but_those_of_results() -> None:
    rules = tuple(JudgedRule("Runbook", f"rule-{n}", "It is so") for n in range(25_002))
    run = ours(evidence(rules=rules, rows=(row(Verdict.FAIL, "rule-25001"),)))
    assert_github_takes(run)
    assert run["tool"]["driver"]["rules"][0]["id"] == "rule-25001"
    assert "Rules left out: 2; GitHub takes 25,000 of a run." in notes(run)


@pytest.mark.clause("ALL-4")
def test_tags_beyond_what_github_shows_stay_in_the_properties() -> None:
    controls = tuple(f"NIST AC-{n}" for n in range(21))
    rule = JudgedRule("Runbook", "bucket-owned", "It is owned", controls=controls)
    run = ours(evidence(rules=(rule,), rows=()))
    [described] = run["tool"]["driver"]["rules"]
    assert described["properties"]["tags"] == list(controls[:10])
    assert described["properties"]["controls"] == list(controls)
    assert any(said.startswith("Rules with more than the 10 tags") for said in notes(run))


def test_a_long_text_of_a_rule_is_cut_and_stands_whole_in_the_help() -> None:
    why = "Because. " * 200
    rule = JudgedRule("Runbook", "bucket-owned", "It is owned", why, "Own it.")
    [described] = ours(evidence(rules=(rule,), rows=()))["tool"]["driver"]["rules"]
    assert len(described["fullDescription"]["text"]) == 1_024
    assert described["fullDescription"]["text"].endswith("…")
    assert described["help"]["text"] == f"{why}\n\nOwn it."


@pytest.mark.clause("ALL-4")
def test_a_file_beyond_what_github_takes_is_cut_and_says_so() -> None:
    """Hex of hashes shrinks to half, so that 5,000 messages of 5,120 letters are too much."""
    digests = [hashlib.shake_256(str(n).encode()).hexdigest(2_560) for n in range(5_000)]
    waived = (row(Verdict.WAIVED, message=digests[0]),)
    rows = tuple(row(Verdict.FAIL, message=digest) for digest in digests[1:])
    file = sarif.as_bytes(evidence(rows=(*waived, *rows)))
    assert len(zlib.compress(file)) <= 10_000_000
    [run, _] = json.loads(file)["runs"]
    assert 1_000 < len(run["results"]) < 5_000
    assert not any("suppressions" in result for result in run["results"])
    left_out = 5_000 - len(run["results"])
    assert notes(run)[0].startswith(f"Results left out: {left_out:,} of 5,000, ")


def test_rules_that_alone_are_too_much_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MOST_BYTES_ZIPPED", 500)
    with pytest.raises(RefusedError, match="its rules alone are more than 500 bytes"):
        sarif.as_bytes(evidence())


def test_the_same_evidence_gives_the_same_bytes() -> None:
    assert sarif.as_bytes(evidence()) == sarif.as_bytes(evidence())
