"""The page of evidence as a file: what it says, that it is whole, that nothing acts in it."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.formats import evidence_json, page_view
from evidence.formats.page import as_bytes
from evidence.model import Evidence, JudgedRule, Standing, Verdict
from evidence.plain_words import FILES, STATES, day, result
from policies.keepers import State
from tests.evidence.any_evidence import any_evidence
from tests.evidence.formats.page_reading import ReadPage, read
from tests.evidence.samples import COMMIT, NO_COMMIT, evidence, row

_TRICK = "</script><script>alert(1)</script><!--<script>"


@pytest.fixture(scope="module")
def sample() -> ReadPage:
    return read(as_bytes(evidence()))


def embedded(page: ReadPage) -> dict[str, Any]:
    """Read the results that the page carries for its script."""
    (data,) = [each for each in page.of("script") if each.attributes.get("id") == "data"]
    found: dict[str, Any] = json.loads(data.text)
    return found


def passing() -> Evidence:
    """Make evidence in which nothing failed and no control lacks evidence."""
    made = evidence()
    good = (Verdict.FAIL, Verdict.ERROR)
    controls = tuple(each for each in made.controls if each.standing is not Standing.GAP)
    rows = tuple(each for each in made.rows if each.verdict not in good)
    return replace(made, rows=rows, controls=controls)


@pytest.mark.parametrize(
    "made",
    [
        evidence(),
        passing(),
        evidence(rows=(), controls=(), clauses=(), waivers=(), alarm_tests=(), rehearsal=None),
        evidence(rules=(), judges=(), templates=(), versions={}, gaps=()),
    ],
    ids=["one of everything", "passing", "nothing", "nothing known of rules"],
)
def test_it_is_whole_and_every_link_leads_somewhere(made: Evidence) -> None:
    page = read(as_bytes(made))
    assert page.faults == []
    ids = [each.attributes["id"] for each in page.elements if "id" in each.attributes]
    assert sorted(ids) == sorted(set(ids))
    inner = [link.attributes["href"] for link in page.of("a")]
    inside = {href[1:].partition("?")[0] for href in inner if href.startswith("#")}
    assert inside
    assert inside <= set(ids)
    named = [each.attributes.get("aria-labelledby") for each in page.elements]
    assert set(filter(None, named)) <= set(ids)
    labels = {each.attributes["for"] for each in page.of("label")}
    fields = [each.attributes["id"] for tag in ("input", "select") for each in page.of(tag)]
    assert labels == set(fields)


@pytest.mark.clause("ALL-4")
def test_the_same_evidence_gives_the_same_bytes() -> None:
    assert as_bytes(evidence()) == as_bytes(evidence())


@pytest.mark.clause("ALL-4")
def test_evidence_json_gives_the_page_again() -> None:
    made = evidence()
    rules = {
        "checkov::CKV_AWS_1": {Verdict.PASS: 2},
        "Runbook::b": {Verdict.FAIL: 1, Verdict.PASS: 3},
        "Runbook::a": {Verdict.NOT_APPLICABLE: 1},
        "AwsSolutions::x": {Verdict.NOT_APPLICABLE: 1},
    }
    versions = dict(sorted(made.versions.items(), reverse=True))
    controls = (replace(made.controls[0], rules=rules), *made.controls[1:])
    made = replace(made, versions=versions, controls=controls)
    assert as_bytes(evidence_json.read(evidence_json.as_bytes(made), "it")) == as_bytes(made)


def test_no_heading_skips_a_level(sample: ReadPage) -> None:
    levels = [int(each.tag[1]) for each in sample.elements if re.fullmatch("h[1-6]", each.tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_it_asks_for_nothing_outside_itself(sample: ReadPage) -> None:
    for element in sample.elements:
        assert not {"src", "srcset", "style", "data", "action"} & set(element.attributes)
        assert not any(name.startswith("on") for name in element.attributes)
        if "href" in element.attributes:
            assert element.tag == "a"
    (style,) = sample.of("style")
    assert "url(" not in style.text
    assert "@import" not in style.text


def test_only_its_own_style_and_script_act(sample: ReadPage) -> None:
    (policy,) = [
        each.attributes["content"]
        for each in sample.of("meta")
        if each.attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    said = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert said["default-src"] == "'none'"
    acting = [each for each in sample.of("script") if not each.attributes]
    for name, elements in (("style-src", sample.of("style")), ("script-src", acting)):
        (element,) = elements
        digest = base64.b64encode(hashlib.sha256(element.text.encode()).digest()).decode()
        assert said[name] == f"'sha256-{digest}'"
    assert set(said) == {"default-src", "style-src", "script-src", "base-uri", "form-action"}


@pytest.mark.clause("ALL-4")
def test_it_names_the_files_of_its_bundle_and_the_hash_of_what_they_are_written_from(
    sample: ReadPage, sample_bundle: Path
) -> None:
    told = sample.section("files")
    named = {each.text for each in sample.of("dt") if each.text in FILES}
    assert named == {file.name for file in sample_bundle.iterdir()} == set(FILES)
    data = (sample_bundle / "evidence.json").read_bytes()
    assert f"whose SHA-256 is {hashlib.sha256(data).hexdigest()}." in told


@pytest.mark.parametrize("name", ["message", "resource", "rule", "template", "construct_path"])
def test_no_text_breaks_out_of_its_place(name: str) -> None:
    page = read(as_bytes(evidence(rows=(row(Verdict.FAIL, **{name: _TRICK}),))))
    assert page.faults == []
    assert len(page.of("script")) == 2
    assert _TRICK in page.section("failures")
    assert _TRICK in json.dumps(embedded(page))


def test_a_name_in_the_foot_of_the_paper_is_text() -> None:
    trick = '"; } body { display: none } </style><script>alert(1)</script>'
    page = read(as_bytes(evidence(organisation=trick)))
    assert page.faults == []
    assert len(page.of("script")) == 2
    (style,) = page.of("style")
    foot = style.text[style.text.index("@bottom-left") :]
    assert re.fullmatch(r'@bottom-left \{ content: "[A-Za-z0-9\\ ]+"; font: [^{}]+; \} \}\n', foot)


def test_a_text_that_utf_8_cannot_hold_is_shown_as_its_escape() -> None:
    page = read(as_bytes(evidence(rows=(row(Verdict.FAIL, message="\ud800"),))))
    assert "\\ud800" in page.section("failures")


@pytest.mark.clause("ALL-4")
def test_what_an_auditor_reads_first_is_on_top(sample: ReadPage) -> None:
    (head,) = sample.of("header")
    told = " ".join(head.text.split())
    facts = ("acme/production", "phi", "111122223333", "us-east-2", "4 May 2026")
    for fact in (*facts, "the commit alone"):
        assert fact in told
    assert evidence().commit.id in told
    assert told.index(result(evidence())) < told.index("Organisation")


def test_a_working_tree_that_was_not_clean_is_said() -> None:
    made = evidence()
    dirty = replace(made, commit=replace(made.commit, clean=False))
    (head,) = read(as_bytes(dirty)).of("header")
    assert "Not the commit alone made it" in " ".join(head.text.split())


@pytest.mark.clause("ALL-4")
def test_of_a_commit_that_is_not_known_nothing_is_told() -> None:
    page = read(as_bytes(evidence(commit=NO_COMMIT)))
    (head,), (title,), (style,) = (page.of(name) for name in ("header", "title", "style"))
    told = " ".join(head.text.split())
    assert "The commit is not known: the bundle does not say of which sources it is." in told
    assert "Made of" not in told
    assert "unknown" not in told
    assert title.text == "Evidence of acme/production, the commit is not known"
    foot = style.text[style.text.index("@bottom-left") :]
    assert "".join(f"\\{ord(c):x} " if c in " ,/" else c for c in title.text) in foot


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (
            evidence(),
            "2 findings failed, 1 could not be judged and 1 of 5 controls has no evidence here.",
        ),
        (
            passing(),
            "What was judged passes, but for 1 finding that waivers let pass and 1 result of which "
            "no pass is claimed.",
        ),
        (
            evidence(rows=(), alarm_tests=(), rehearsal=None),
            "Nothing was judged, so nothing is shown; 1 of 5 controls has no evidence here.",
        ),
        (
            evidence(rows=(row(Verdict.NOT_APPLICABLE),), controls=()),
            "Nothing was judged, so nothing is shown; no control is mapped here.",
        ),
        (
            replace(passing(), rows=(row(Verdict.NO_FINDING),)),
            "No judge found a failure, but none that tells passes passed anything.",
        ),
        (
            replace(passing(), alarm_tests=(replace(evidence().alarm_tests[0], failed=2),)),
            "2 alarm tests failed.",
        ),
    ],
    ids=["failed", "waived", "nothing", "not applicable", "no finding", "an alarm test"],
)
def test_the_result_never_says_more_than_was_judged(made: Evidence, said: str) -> None:
    assert result(made) == said
    assert "compliant" not in as_bytes(made).decode().lower()


@pytest.mark.clause("ALL-4")
def test_a_control_without_evidence_is_a_gap_and_never_a_pass(sample: ReadPage) -> None:
    told = sample.below("control-HIPAA-164.310-b")
    assert told == (
        "HIPAA 164.310(b) Workstation use gap Gap: nothing in this repository speaks for it"
    )
    assert "nothing here speaks for 1 of 3 controls" in sample.section("gaps")


@pytest.mark.clause("ALL-4")
def test_a_control_tells_what_speaks_for_it(sample: ReadPage) -> None:
    told = sample.below("control-HIPAA-164.312-a-2-iv")
    for part in ("ACME-SEC-1", "1 fail, 1 pass", "bucket-full", "restore", "2 resources judged"):
        assert part in told
    assert "broken" in told


def test_a_rule_that_found_nothing_to_ask_of_stands_apart() -> None:
    made = evidence()
    (control,) = [each for each in made.controls if each.id == "NIST AU-2"]
    rules = {**control.rules, "Runbook::queue-logged": {Verdict.NOT_APPLICABLE: 4}}
    page = read(as_bytes(replace(made, controls=(replace(control, rules=rules),))))
    told = page.below("control-NIST-AU-2")
    assert "bucket-logged Runbook: 3 pass" in told
    assert "queue-logged: rules that found nothing here to ask of" in told


@pytest.mark.clause("ALL-4")
def test_a_rule_that_was_not_asked_is_not_told_as_one_with_nothing_to_ask_of() -> None:
    made = evidence()
    (control,) = [each for each in made.controls if each.id == "NIST AU-2"]
    of_files = "the files of services: no sources were given"
    unasked = [
        JudgedRule("Runbook", name, name, unasked=of_files)
        for name in ("image-pinned", "no-secret")
    ]
    rules = {
        **control.rules,
        "Runbook::image-pinned": {},
        "Runbook::no-secret": {Verdict.PASS: 2},
    }
    asked = replace(
        made,
        rules=(*made.rules, *unasked),
        rows=(row(Verdict.PASS),),
        alarm_tests=(),
        controls=(replace(control, rules=rules),),
    )
    page = read(as_bytes(asked))
    told = page.below("control-NIST-AU-2")
    assert f"Not asked image-pinned, of {of_files} no-secret, of {of_files}" in told
    assert "no-secret Runbook: 2 pass" in told
    assert "Not applicable" not in told
    assert "2 not asked of all that they look at" in page.section("judges")
    assert result(asked) == "What was judged passes; 2 rules were not asked of everything."


def test_a_title_that_tells_a_failure_is_not_shown_as_what_holds() -> None:
    made = evidence()
    (control,) = [each for each in made.controls if each.id == "HIPAA 164.312(b)"]
    told = read(as_bytes(replace(made, controls=(control,)))).below("control-HIPAA-164.312-b")
    assert "HIPAA.Security-S3BucketLoggingEnabled HIPAA.Security: 1 no finding" in told
    assert "Buckets are logged" not in told


def test_a_waiver_leads_to_its_rule_without_what_was_found() -> None:
    made = evidence()
    rule = "AwsSolutions::AwsSolutions-IAM5"
    rules = (f"{rule}[Resource::*]", "checkov::CKV_AWS_1", f"{rule}[Action::s3:*]")
    page = read(as_bytes(replace(made, waivers=(replace(made.waivers[0], rules=rules),))))
    (link,) = [each for each in page.of("a") if each.text == rule]
    assert link.attributes["href"] == (
        "#results?status=waived&rule=AwsSolutions%3A%3AAwsSolutions-IAM5"
    )
    assert f"{rule} [Resource::*], [Action::s3:*]checkov::CKV_AWS_1" in page.section("waivers")


@pytest.mark.clause("ALL-4")
def test_the_waiver_that_ends_first_is_on_top() -> None:
    made = evidence()
    (waiver,) = made.waivers
    sooner = replace(waiver, expires="2026-12-01", reason="It ends soon.")
    told = read(as_bytes(replace(made, waivers=(waiver, sooner)))).section("waivers")
    assert "2 waivers, the first to end on top: 2026-12-01." in told
    assert told.index(sooner.reason) < told.index(waiver.reason)


def test_each_section_tells_what_the_evidence_holds(sample: ReadPage) -> None:
    assert "It holds what is public anyway." in sample.section("waivers")
    assert "until 2027-05-31, owned by platform-engineering" in sample.section("waivers")
    assert "logs of the database wait for a later release" in sample.below("clause-ACME-LOG-1")
    assert sample.below("alarm-bucket-full") == "bucket-fullboth12039ACME-LOG-1"
    assert "of acme/staging, not of this environment" in sample.section("drills")
    assert f"Rehearsed at commit {COMMIT.id}." in sample.section("drills")
    assert "not exercisable no containers" in sample.below("drill-gate")
    assert "That a silent rule applied." in sample.section("judges")
    assert "ab" * 32 in sample.section("provenance")


@pytest.mark.clause("ALL-4")
def test_a_rehearsal_of_another_commit_is_said_beside_its_drills() -> None:
    another = evidence(commit=replace(COMMIT, id="ef" * 20))
    said = "No drill shows what this bundle is of: another commit was rehearsed."
    assert said in read(as_bytes(another)).section("drills")
    assert said not in read(as_bytes(evidence())).section("drills")


def test_a_clause_tells_which_controls_it_speaks_for(sample: ReadPage) -> None:
    assert "Clauses that apply here: 1 kept in part, 1 kept" in sample.section("clauses")
    told = sample.below("clause-ACME-SEC-1")
    assert "ControlsHIPAA 164.312(a)(2)(iv), SOC2 CC6.1 Results" in told


@pytest.mark.clause("ALL-4")
def test_a_broken_clause_is_counted_and_says_what_breaks_it() -> None:
    made = evidence()
    one, other = made.clauses
    broken = replace(one, state="broken", broken=("bucket-encrypted fails at 1 resource",))
    page = read(as_bytes(replace(made, clauses=(other, broken))))
    assert "Clauses that apply here: 1 broken, 1 kept in part " in page.section("clauses")
    told = page.below("clause-ACME-SEC-1")
    assert "Records are encrypted. broken Broken: bucket-encrypted fails at 1 resource" in told


@pytest.mark.clause("ALL-4")
def test_it_says_what_kept_means_and_that_no_test_was_run(sample: ReadPage) -> None:
    assert f"kept{STATES['kept']}" in sample.section("clauses")
    assert "tests were not run for this bundle" in STATES["kept"]
    assert set(STATES) == {"broken", *State}


def test_a_clause_says_which_of_its_rules_was_not_asked() -> None:
    made = evidence()
    files = "the files of services: no sources were given"
    asked = replace(made, rules=(replace(made.rules[0], unasked=files), *made.rules[1:]))
    said = f"bucket-encrypted, not asked of {files}"
    assert said in read(as_bytes(asked)).below("clause-ACME-SEC-1")
    assert "not asked" not in read(as_bytes(made)).below("clause-ACME-SEC-1")


def test_every_result_is_in_the_page_worst_first(sample: ReadPage) -> None:
    data = embedded(sample)
    verdicts = [data["verdicts"][int(digit)][0] for digit in data["rows"]["verdict"]]
    assert verdicts == [
        "fail",
        "fail",
        "error",
        "waived",
        "pass",
        "no_finding",
        "not_applicable",
    ]


@given(any_evidence())
def test_any_evidence_is_a_whole_page_with_all_its_results(made: Evidence) -> None:
    page = read(as_bytes(made))
    assert page.faults == []
    data = embedded(page)
    columns = [data["rows"][name] for name in ("rule", "place", "text", "cite")]
    told = [
        (
            *data["rules"][rule][:2],
            data["verdicts"][int(digit)][0],
            data["templates"][data["places"][place][0]],
            *data["places"][place][1:],
            *data["texts"][text],
            tuple(data["clauses"][each][0] for each in data["cites"][cite][0]),
            tuple(data["controls"][each][0] for each in data["cites"][cite][1]),
        )
        for digit, rule, place, text, cite in zip(data["rows"]["verdict"], *columns, strict=True)
    ]
    order = list(Verdict)
    assert told == [
        (
            *(row.judge, row.rule, row.verdict, row.template, row.resource, row.type),
            *(row.construct_path, row.location, row.message, row.reason, row.level),
            *(row.clauses, row.controls),
        )
        for row in sorted(made.rows, key=lambda row: order.index(row.verdict))
    ]


def test_a_moment_is_written_in_utc_and_what_is_none_as_it_stands() -> None:
    assert day("2026-05-04T23:30:00-02:00") == "5 May 2026, 01:30 UTC"
    for other in ("yesterday", "2026-05-04", "0001-01-01T00:00:00+10:00"):
        assert day(other) == other


@given(st.lists(st.text(min_size=1, max_size=8), max_size=20))
def test_no_two_things_share_an_anchor(ids: list[str]) -> None:
    found = page_view.anchored("control", ids)
    assert set(found) == set(ids)
    assert len(set(found.values())) == len(set(ids))
    assert all(re.fullmatch(r"[A-Za-z0-9.-]+", anchor) for anchor in found.values())
