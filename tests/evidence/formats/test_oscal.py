"""OSCAL assessment results: valid by trestle, nothing satisfied without evidence."""

import json
import os
import re
import subprocess
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trestle.common.const import VAL_MODE_ALL
from trestle.core.validator_factory import validator_factory
from trestle.oscal.assessment_results import AssessmentResults

from evidence.formats.oscal import as_bytes
from evidence.formats.oscal.terms import NAMESPACE, original, token
from evidence.model import Evidence, Standing, TemplateFile, Verdict
from policies.controls import all_controls
from runbook.model.refusal import RefusedError
from tests.assembly import ROOT
from tests.evidence.samples import evidence, row

Json = dict[str, Any]
_TOKEN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def written(given: Evidence) -> Json:
    """Write evidence, and read the document back."""
    document: Json = json.loads(as_bytes(given))["assessment-results"]
    return document


def result(given: Evidence) -> Json:
    """Write evidence, and read its one result back."""
    (one,) = written(given)["results"]
    return dict(one)


def values(part: Json, name: str) -> list[str]:
    """Read our properties of a name."""
    props = part.get("props", [])
    return [each["value"] for each in props if each["name"] == name and each["ns"] == NAMESPACE]


def observed(of: Json, rule: str, verdict: Verdict) -> Json:
    """Find the one observation of a rule with a verdict."""
    (one,) = (
        each
        for each in of["observations"]
        if values(each, "rule") == [rule] and values(each, "verdict") == [verdict.value]
    )
    return dict(one)


def finding(of: Json, control: str) -> Json:
    """Find the one finding of a control."""
    (one,) = (each for each in of["findings"] if values(each, "control-id") == [control])
    return dict(one)


def supported() -> Evidence:
    """Give the sample what its held control is said to hold by."""
    sample = evidence()
    logged = row(Verdict.PASS, "bucket-logged", controls=("NIST AU-2",))
    return replace(sample, rows=(*sample.rows, logged))


def walked(part: object) -> Iterator[tuple[str, object]]:
    """Give every key with its value, however deep."""
    if isinstance(part, dict):
        for key, value in part.items():
            yield key, value
            yield from walked(value)
    elif isinstance(part, list):
        for each in part:
            yield from walked(each)


def uuids(document: Json) -> list[str]:
    """List what is defined."""
    return [str(value) for key, value in walked(document) if key == "uuid"]


def valid(read: AssessmentResults) -> bool:
    """Ask every validator of trestle's."""
    validator = validator_factory.get(Namespace(mode=VAL_MODE_ALL))
    return bool(validator.model_is_valid(read, quiet=False))


@pytest.mark.clause("ALL-4")
def test_trestle_reads_it_and_finds_it_valid(tmp_path: Path) -> None:
    file = tmp_path / "assessment-results.json"
    file.write_bytes(as_bytes(evidence()))
    read = AssessmentResults.oscal_read(file)
    assert isinstance(read, AssessmentResults)
    assert valid(read)


def trestle(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run trestle's own command."""
    command = [sys.executable, "-m", "trestle", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.mark.clause("ALL-4")
def test_trestle_imports_and_validates_it_in_a_workspace(tmp_path: Path) -> None:
    (workspace := tmp_path / "workspace").mkdir()
    (bundle := tmp_path / "assessment-results.json").write_bytes(as_bytes(evidence()))
    assert trestle("init", "--local", cwd=workspace).returncode == 0
    imported = trestle("import", "-f", str(bundle), "-o", "acme", cwd=workspace)
    assert imported.returncode == 0, imported.stdout + imported.stderr
    validated = trestle("validate", "-t", "assessment-results", "-n", "acme", cwd=workspace)
    assert validated.returncode == 0, validated.stdout + validated.stderr
    assert "VALID" in validated.stdout


def test_trestle_would_say_when_a_uuid_came_twice() -> None:
    document = written(evidence())
    first, second, *_ = document["results"][0]["observations"]
    second["uuid"] = first["uuid"]
    read = AssessmentResults.parse_obj(document)
    assert not valid(read)


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


def test_every_reference_points_at_something_in_the_document() -> None:
    document = written(supported())
    (of,) = document["results"]
    definitions = of["local-definitions"]
    assets = definitions["assessment-assets"]
    components = {each["uuid"] for each in (*definitions["components"], *assets["components"])}
    there = {
        "component": components,
        "inventory-item": {each["uuid"] for each in definitions["inventory-items"]},
        "tool": {each["uuid"] for each in assets["components"]},
        "party": {each["uuid"] for each in document["metadata"]["parties"]},
    }
    targets = {
        "component-uuid": components,
        "party-uuid": there["party"],
        "observation-uuid": {each["uuid"] for each in of["observations"]},
        "risk-uuid": {each["uuid"] for each in of["risks"]},
        "role-id": {each["id"] for each in document["metadata"]["roles"]},
    }
    resources = {f"#{each['uuid']}" for each in document["back-matter"]["resources"]}
    seen: Counter[str] = Counter()
    shown = set()
    for key, value in walked(document):
        if key in ("subjects", "actors"):
            assert isinstance(value, list)
            for each in value:
                uuid = each["subject-uuid" if key == "subjects" else "actor-uuid"]
                assert uuid in there[each["type"]]
                seen[key] += 1
        elif key in targets:
            assert value in targets[key], key
            seen[key] += 1
        elif key == "party-uuids":
            assert isinstance(value, list)
            assert set(value) <= there["party"]
        elif key == "href" and str(value).startswith("#"):
            shown.add(value)
    assert not {"subjects", "actors", *targets} - set(seen)
    # trestle's own look at them knows uuids of version 4 alone.
    assert shown == resources


def test_no_uuid_comes_twice_and_all_are_of_version_5() -> None:
    sample = evidence()
    given = replace(sample, waivers=sample.waivers * 3)
    every = uuids(written(given))
    assert [uuid for uuid, count in Counter(every).items() if count > 1] == []
    assert [uuid for uuid in every if not _UUID.fullmatch(uuid)] == []


def test_a_thing_keeps_its_uuid_from_commit_to_commit() -> None:
    sample = evidence()
    (waiver,) = sample.waivers
    later = replace(
        sample,
        commit=replace(sample.commit, id="f" * 40, date="2026-06-01T00:00:00Z"),
        rows=tuple(reversed(sample.rows)),
        waivers=(replace(waiver, entry="waiver[3] (line 80)"),),
    )
    before, after = written(sample), written(later)
    changed = set(uuids(before)) ^ set(uuids(after))
    ours = {before["results"][0]["uuid"], after["results"][0]["uuid"]}
    logged = {
        entry["uuid"]
        for document in (before, after)
        for risk in document["results"][0]["risks"]
        for entry in risk["risk-log"]["entries"]
    }
    assert changed == ours | logged


def test_environments_share_no_uuid() -> None:
    sample = evidence()
    other = replace(sample, environment="staging")
    assert not set(uuids(written(sample))) & set(uuids(written(other)))


def test_the_same_evidence_gives_the_same_bytes() -> None:
    program = (
        "import hashlib; from tests.evidence.samples import evidence; "
        "from evidence.formats.oscal import as_bytes; "
        "print(hashlib.sha256(as_bytes(evidence())).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Kolkata"))
    }
    assert len(digests) == 1


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


def test_a_waiver_is_a_risk_that_its_owners_role_accepts_until_it_expires() -> None:
    document = written(evidence())
    (of,) = document["results"]
    (risk,) = of["risks"]
    assert risk["status"] == "deviation-approved"
    assert risk["deadline"] == "2027-05-31T23:59:59+00:00"
    assert risk["description"] == "It holds what is public anyway."
    assert values(risk, "owner-role") == ["platform-engineering"]
    assert {each["role-id"] for each in risk["origins"][0]["actors"]} == {"platform-engineering"}
    (accepted,) = risk["remediations"]
    assert accepted["props"] == [{"name": "type", "value": "accept"}]
    waived = observed(of, "bucket-locked", Verdict.WAIVED)
    assert risk["related-observations"] == [{"observation-uuid": waived["uuid"]}]
    excused = [each for each in of["findings"] if "related-risks" in each]
    assert [values(each, "control-id") for each in excused] == [["SOC2 CC6.1"]]
    assert excused[0]["related-risks"] == [{"risk-uuid": risk["uuid"]}]


@pytest.mark.parametrize(
    ("expires", "status"), [("2026-05-04", "deviation-approved"), ("2026-05-03", "open")]
)
def test_a_waiver_holds_on_its_last_day(expires: str, status: str) -> None:
    (waiver,) = evidence().waivers
    (risk,) = result(evidence(waivers=(replace(waiver, expires=expires),)))["risks"]
    assert risk["status"] == status


def test_a_waiver_of_one_finding_of_a_rule_is_related_to_the_rule() -> None:
    (waiver,) = evidence().waivers
    given = replace(waiver, rules=("Runbook::bucket-locked[Resource::*]",))
    (risk,) = result(evidence(waivers=(given,)))["risks"]
    assert len(risk["related-observations"]) == 1


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


def test_without_a_rehearsal_there_is_no_drill() -> None:
    of = result(evidence(rehearsal=None))
    assert [each for each in of["observations"] if values(each, "drill")] == []


def test_it_names_the_organisation_the_commit_and_no_person() -> None:
    given = evidence()
    document = written(given)
    metadata = document["metadata"]
    assert [(each["type"], each["name"]) for each in metadata["parties"]] == [
        ("organization", "acme")
    ]
    assert metadata["version"] == given.commit.id
    assert metadata["last-modified"] == "2026-05-04T03:02:01+00:00"
    (of,) = document["results"]
    assert of["start"] == of["end"] == metadata["last-modified"]
    assert of["remarks"] == "- The rehearsal was of acme/staging."


def test_in_place_of_a_plan_it_says_what_was_planned() -> None:
    document = written(evidence())
    resources = {f"#{each['uuid']}": each for each in document["back-matter"]["resources"]}
    planned = resources[document["import-ap"]["href"]]
    assert values(planned, "judge") == ["Runbook 0.1.0", "HIPAA.Security 3.0.2"]
    assert "no assessment plan" in document["import-ap"]["remarks"]


def test_every_control_of_the_frameworks_has_a_token_that_reads_back() -> None:
    tokens = {each: token(each) for each in all_controls()}
    assert tokens
    assert [each for each in tokens.values() if not _TOKEN.fullmatch(each)] == []
    assert {original(each): each for each in tokens.values()} == tokens


@given(st.text(min_size=1))
def test_any_text_has_a_token_that_reads_back(text: str) -> None:
    assert _TOKEN.fullmatch(token(text))
    assert original(token(text)) == text


def read_markup(text: str) -> str:
    """Take a backslash before punctuation away, as Markdown does."""
    return re.sub(r"\\([\\`*_\[\]<>{}~^&])", r"\1", text)


odd = st.text(st.characters(codec="utf-8")) | st.sampled_from(
    ["<b>&amp;</b>", "[x](#y)", "a\nb", "\x00", "*_`", "\\", " ", "ünïcode", "{{ insert: x }}"]
)


@settings(max_examples=60)
@given(message=odd, name=odd, control=st.text(min_size=1))
def test_odd_texts_survive(message: str, name: str, control: str) -> None:
    sample = evidence()
    first = sample.controls[0]
    changed = replace(first, id=control, title=message, gaps=(message,))
    (waiver,) = sample.waivers
    given = replace(
        sample,
        rows=(row(Verdict.FAIL, name, message=message, resource=name, location=message),),
        controls=(changed,),
        gaps=(message,),
        waivers=(replace(waiver, reason=message, entry=name),),
    )
    document = written(given)
    (of,) = document["results"]
    selections = of["reviewed-controls"]["control-selections"]
    assert original(selections[0]["include-controls"][0]["control-id"]) == control
    (of_rule,) = (each for each in of["observations"] if values(each, "verdict"))
    (subject,) = of_rule["subjects"]
    assert read_markup(subject.get("remarks", "")) == message.strip()


def test_half_a_surrogate_pair_is_spelled_out() -> None:
    given = evidence(rows=(row(Verdict.FAIL, message="half \ud800", resource="Half\udfff"),))
    one = observed(result(given), "bucket-encrypted", Verdict.FAIL)
    assert read_markup(one["subjects"][0]["remarks"]) == "half \\ud800"


def test_markup_in_a_message_is_read_as_text() -> None:
    message = "<script>alert(1)</script> [here](#x) {{ insert: param, p }}"
    one = observed(
        result(evidence(rows=(row(Verdict.FAIL, message=message),))),
        "bucket-encrypted",
        Verdict.FAIL,
    )
    told = one["subjects"][0]["remarks"]
    assert "<script>" not in told.replace("\\<", "")
    assert read_markup(told) == message


@pytest.mark.parametrize("date", ["2026-05-04T03:02:01", "yesterday", ""])
def test_a_date_without_a_time_zone_is_refused(date: str) -> None:
    sample = evidence()
    with pytest.raises(RefusedError) as refused:
        as_bytes(replace(sample, commit=replace(sample.commit, date=date)))
    assert "commit.date" in refused.value.brief
    assert "time zone" in refused.value.brief


def test_evidence_of_no_control_is_refused() -> None:
    with pytest.raises(RefusedError, match="names no control"):
        as_bytes(evidence(controls=()))


def test_what_trestle_finds_invalid_is_refused_with_the_place() -> None:
    sample = evidence()
    with pytest.raises(RefusedError) as refused:
        as_bytes(replace(sample, commit=replace(sample.commit, id=" ")))
    assert "metadata.version" in refused.value.brief


def test_without_trestle_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in sys.modules if each.partition(".")[0] == "trestle"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "trestle", None)
    with pytest.raises(RefusedError) as refused:
        as_bytes(evidence())
    assert "compliance-trestle is not installed" in refused.value.brief
    assert "pip install 'runbook[oscal]'" in refused.value.brief


def test_importing_the_format_does_not_import_trestle() -> None:
    program = (
        "import sys, evidence.formats.oscal; "
        "print([each for each in sys.modules if each.startswith('trestle')])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"
