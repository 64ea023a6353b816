"""The document as a whole: valid by trestle, the same bytes, refused in one clear line."""

import os
import subprocess
import sys
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from trestle.common.const import VAL_MODE_ALL
from trestle.core.validator_factory import validator_factory
from trestle.oscal.assessment_results import AssessmentResults

from evidence.formats import evidence_json
from evidence.formats.oscal import as_bytes, oscal_version
from evidence.model import Verdict
from runbook.model.refusal import RefusedError
from tests.assembly import ROOT
from tests.evidence.formats.oscal.reading import result, supported, values, written
from tests.evidence.samples import evidence, row


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


def test_the_same_evidence_gives_the_same_bytes() -> None:
    program = (
        "import hashlib; from tests.evidence.samples import evidence, row; "
        "from evidence.formats.oscal import as_bytes, oscal_version; "
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


@pytest.mark.parametrize(("clean", "said"), [(True, "yes"), (False, "no")])
def test_a_dirty_working_tree_is_told(*, clean: bool, said: str) -> None:
    sample = evidence()
    of = result(replace(sample, commit=replace(sample.commit, clean=clean)))
    assert values(of, "clean") == [said]


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
    assert "pip install '.[oscal]'" in refused.value.brief


def test_a_command_can_ask_for_trestle_first(monkeypatch: pytest.MonkeyPatch) -> None:
    assert written(evidence())["metadata"]["oscal-version"] == oscal_version()
    for name in [each for each in sys.modules if each.partition(".")[0] == "trestle"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "trestle", None)
    with pytest.raises(RefusedError, match="compliance-trestle is not installed"):
        oscal_version()


def test_importing_the_format_does_not_import_trestle() -> None:
    program = (
        "import sys, evidence.formats.oscal; "
        "print([each for each in sys.modules if each.startswith('trestle')])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"


def test_evidence_read_back_gives_the_same_bytes() -> None:
    given = supported()
    read = evidence_json.read(evidence_json.as_bytes(given), "evidence.json")
    assert as_bytes(read) == as_bytes(given)


def test_the_order_of_what_has_none_changes_no_byte() -> None:
    sample = supported()
    given = replace(sample, rows=(*sample.rows, row(Verdict.ERROR, "bucket-logged")))
    counts = {
        "Runbook::bucket-logged": {Verdict.PASS: 1, Verdict.ERROR: 1},
        "Runbook::bucket-owned": {Verdict.ERROR: 1},
    }
    turned = {rule: turned_round(each) for rule, each in turned_round(counts).items()}
    one, other = (
        replace(
            given,
            versions=versions,
            controls=tuple(replace(each, rules=rules) for each in given.controls),
        )
        for rules, versions in ((counts, given.versions), (turned, turned_round(given.versions)))
    )
    assert as_bytes(one) == as_bytes(other)


def turned_round(given: Mapping[Any, Any]) -> dict[Any, Any]:
    """Give the same with the last first."""
    return dict(reversed(list(given.items())))
