"""`runbook check` as people, machines and code hosts read it."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from policies import commands
from policies.rules import all_rules
from policies.waivers import load_waivers
from runbook.cli import app
from tests.assembly import ROOT, Assembly


def check(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["check", *map(str, arguments)])


@pytest.fixture
def spoil(assembly: Assembly, tmp_path: Path) -> Callable[[str, Callable[[Any], object]], Path]:
    """Copy the assembly and change one template of it."""

    def spoiled(name: str, change: Callable[[Any], object]) -> Path:
        root = tmp_path / "cdk.out"
        shutil.copytree(assembly.directory, root)
        [file] = root.glob(f"assembly-rovn-production/*{name}*.template.json")
        body = json.loads(file.read_text("utf-8"))
        change(body)
        file.write_text(json.dumps(body), "utf-8")
        return root

    return spoiled


def governance(body: Any) -> None:  # noqa: ANN401 - JSON is any value
    for resource in body["Resources"].values():
        lock = resource.get("Properties", {}).get("ObjectLockConfiguration")
        if lock:
            lock["Rule"]["DefaultRetention"]["Mode"] = "GOVERNANCE"


def test_every_environment_passes(assembly: Assembly) -> None:
    run = check(assembly.directory)
    assert run.exit_code == 0, run.output
    assert re.fullmatch(
        r"58 templates: [\d,]+ pass, 0 fail, \d+ waived, [\d,]+ not applicable, 0 error\n",
        run.stdout,
    )


def test_every_rule_is_asked_of_every_environment(assembly: Assembly) -> None:
    report = json.loads(check(assembly.directory, "--format", "json").stdout)
    asked = {
        (result["rule"], re.split(r"-(?=production|staging)", result["template"])[1][:7])
        for result in report["results"]
    }
    rules = {rule.id for rule in all_rules()}
    assert asked == {(rule, name) for rule in rules for name in ("product", "staging")}


def test_sources_are_judged_in_the_same_report(assembly: Assembly, tmp_path: Path) -> None:
    unasked = json.loads(check(assembly.directory, "--format", "json").stdout)["results"]
    [told] = {(r["status"], r["message"]) for r in unasked if r["rule"] == "dockerfile-pinned"}
    said = "the rule looks at the files of services, and no sources were given"
    assert told == ("not_applicable", said)

    asked = check(assembly.directory, "--sources", ROOT, "--format", "json")
    assert asked.exit_code == 0
    results = json.loads(asked.stdout)["results"]
    assert {r["rule"] for r in results} == {rule.id for rule in all_rules()}
    [told] = [(r["template"], r["status"]) for r in results if r["rule"] == "dockerfile-pinned"]
    assert told == ("examples/passport-api/Dockerfile", "pass")

    nothing = check(assembly.directory, "--sources", tmp_path)
    assert nothing.exit_code == 1
    assert "fail dockerfile-pinned: there is no service to judge" in nothing.stdout
    assert check(assembly.directory, "--sources", tmp_path / "gone").exit_code == 2


def test_a_failure_is_told_with_place_and_remedy(
    spoil: Callable[[str, Callable[[Any], object]], Path],
) -> None:
    run = check(spoil("Audit", governance))
    assert run.exit_code == 1
    assert (
        "  at rovn-production/Audit/AuditRecords/Resource\n"
        "  fail audit-bucket-lock: the lock's mode is GOVERNANCE, not COMPLIANCE: "
        "a privileged user can lift it\n"
        "    fix: Leave object_lock and the retention of [buckets.audit] to constructs/"
    ) in run.stdout
    assert "    ROVN-BCK-2; more: runbook explain audit-bucket-lock\n" in run.stdout
    assert "\x1b" not in run.stdout


def test_machines_read_json(spoil: Callable[[str, Callable[[Any], object]], Path]) -> None:
    run = check(spoil("Audit", governance), "--format", "json")
    assert run.exit_code == 1
    report = json.loads(run.stdout)
    assert list(report) == ["schema", "summary", "templates", "results"]
    failures = [result for result in report["results"] if result["status"] == "fail"]
    [failed] = [result for result in failures if result["rule"] == "audit-bucket-lock"]
    assert failed["resource"].startswith("AuditRecords")
    assert failed["template"].startswith("cdk.out/assembly-rovn-production/")


def test_code_hosts_read_sarif(spoil: Callable[[str, Callable[[Any], object]], Path]) -> None:
    run = check(spoil("Audit", governance), "--format", "sarif")
    assert run.exit_code == 1
    [log] = json.loads(run.stdout)["runs"]
    described = [rule["id"] for rule in log["tool"]["driver"]["rules"]]
    assert {result["ruleId"] for result in log["results"]} <= {*described, "template-judged"}
    [told] = [r for r in log["results"] if r["ruleId"] == "audit-bucket-lock"]
    [location] = told["locations"]
    place = location["physicalLocation"]
    assert place["artifactLocation"]["uri"].startswith("cdk.out/assembly-rovn-production/")
    assert location["logicalLocations"][0]["fullyQualifiedName"] == (
        "rovn-production/Audit/AuditRecords/Resource"
    )
    assert re.fullmatch(r"[0-9a-f]{32}:1", told["partialFingerprints"]["primaryLocationLineHash"])


def test_a_template_that_the_manifest_names_must_be_there(
    spoil: Callable[[str, Callable[[Any], object]], Path],
) -> None:
    root = spoil("Audit", lambda _: None)
    [file] = root.glob("assembly-rovn-production/*Audit*.template.json")
    file.unlink()
    run = check(root, "--format", "json")
    assert run.exit_code == 1
    errors = [r for r in json.loads(run.stdout)["results"] if r["status"] == "error"]
    assert ("template-judged", "the assembly names this template, and it is not there") in {
        (error["rule"], error["message"]) for error in errors
    }


@pytest.mark.parametrize("form", ["table", "json", "sarif"])
def test_input_that_cannot_be_used_is_one_clear_message(tmp_path: Path, form: str) -> None:
    run = subprocess.run(
        [Path(sys.executable).with_name("runbook"), "check", tmp_path, "--format", form],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    if form == "json":
        [refusal] = json.loads(run.stdout)["refusals"]
        assert "there is no manifest.json in it" in refusal["why"]
    else:
        assert run.stdout == ""
    assert "there is no manifest.json in it" in run.stderr
    assert "Traceback" not in run.stderr
    assert run.stderr.count("\n") == 1


def test_an_environment_that_is_not_there_cannot_be_used(tmp_path: Path) -> None:
    """Also where no template asks for it."""
    file = tmp_path / "key.template.json"
    file.write_text(json.dumps({"Resources": {"Key": {"Type": "AWS::KMS::Key"}}}), "utf-8")
    run = check(file, "--environment", "rovn/prodction")
    assert (run.exit_code, run.stdout) == (2, "")
    assert run.stderr == (
        "environment 'rovn/prodction' is refused: environment: there is no such environment; "
        "did you mean rovn/production? known: rovn/production, rovn/staging\n"
    )


def test_what_is_no_file_is_not_said_to_be_missing() -> None:
    run = check("/dev/null")
    assert run.exit_code == 2
    assert run.stderr.startswith("/dev/null is refused: it is neither a file nor a folder; ")


def test_an_expired_waiver_fails(assembly: Assembly) -> None:
    run = check(assembly.directory, "--as-of", "2030-01-01")
    assert run.exit_code == 1
    assert "policies/waivers.toml\n  fail waivers: waiver[" in run.stdout
    assert "it held until 20" in run.stdout


@pytest.mark.clause("ALL-4")
def test_a_failure_of_an_expired_waiver_fails_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = {
        "Type": "AWS::KMS::Key",
        "Metadata": {"aws:cdk:path": "rovn-production/Data/Key/Resource"},
    }
    label = {"Organisation": "rovn", "Environment": "production", "Tier": "phi"}
    body = {"Metadata": {"Runbook": label}, "Resources": {"Key": key}}
    file = tmp_path / "key.template.json"
    file.write_text(json.dumps(body), "utf-8")
    waivers = tmp_path / "waivers.toml"
    waivers.write_text(
        '[[waiver]]\nrules = ["Runbook::key-rotation"]\npaths = ["Data/Key/Resource"]\n'
        'reason = "The key signs nothing but tests."\nowner = "platform"\n'
        "expires = 2027-05-31\n",
        "utf-8",
    )
    monkeypatch.setattr(commands, "load_waivers", lambda: load_waivers(waivers))

    def told(day: str) -> tuple[str, str]:
        run = check(file, "--as-of", day, "--format", "json")
        (found,) = [
            each
            for each in json.loads(run.stdout)["results"]
            if each["rule"] == "key-rotation" and each["resource"]
        ]
        return found["status"], found["message"]

    status, message = told("2027-05-31")
    assert status == "waived"
    why = message.removesuffix(" (waived: The key signs nothing but tests.)")
    assert told("2027-06-01") == (
        "fail",
        f"{why} (waiver expired: policies/waivers.toml waiver[0] (line 1): it held until "
        "2027-05-31, and it is 2027-06-01)",
    )


def test_a_waiver_that_expires_soon_is_a_warning(assembly: Assembly) -> None:
    run = check(assembly.directory, "--as-of", "2027-05-20")
    assert run.exit_code == 0, run.output
    assert "warning: policies/waivers.toml waiver[" in run.stderr
    assert " expires on 2027-05-31\n" in run.stderr


def test_a_template_says_nothing_that_a_terminal_obeys(tmp_path: Path) -> None:
    file = tmp_path / "key.template.json"
    file.write_text(json.dumps({"Resources": {"Key\x1b[2J": {"Type": "AWS::KMS::Key"}}}), "utf-8")
    run = check(file, "--environment", "rovn/production")
    assert run.exit_code == 1
    assert "\x1b" not in run.stdout


@pytest.mark.parametrize("lone", [False, True])
def test_a_single_template_is_judged_by_what_it_tells(
    spoil: Callable[[str, Callable[[Any], object]], Path], tmp_path: Path, *, lone: bool
) -> None:
    """Beside its manifest, or copied away from it: the audit bucket is found by its output."""
    [file] = spoil("Audit", governance).glob("assembly-rovn-production/*Audit*.template.json")
    if lone:
        file = file.rename(tmp_path / "copied.json")
    run = check(file)
    assert run.exit_code == 1
    assert "fail audit-bucket-lock: the lock's mode is GOVERNANCE" in run.stdout


def test_a_single_template_of_no_environment_needs_one_named(tmp_path: Path) -> None:
    file = tmp_path / "key.template.json"
    key = {"Type": "AWS::KMS::Key", "Properties": {"EnableKeyRotation": False}}
    file.write_text(json.dumps({"Resources": {"Key": key}}), "utf-8")
    assert "--environment names one" in check(file).stdout
    run = check(file, "--environment", "rovn/production")
    assert run.exit_code == 1
    assert "fail key-rotation" in run.stdout


def test_the_check_starts_without_the_cdk(assembly: Assembly) -> None:
    code = (
        "import sys; from runbook.cli import app;"
        f"app(['check', {str(assembly.directory)!r}], standalone_mode=False);"
        "sys.exit('aws_cdk' in sys.modules or 'boto3' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
