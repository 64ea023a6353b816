"""What is deployed is read in every region, judged by our rules, and put under the lock."""

import copy
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto import mock_aws

from evidence.bundle import write_bundle
from evidence.bundle_files import EVIDENCE, FORMATS
from evidence.collected.deployed_stacks import deployed_stacks
from evidence.formats.evidence_json import read
from evidence.judging_code import judging_code
from evidence.manifest import MANIFEST, sha256_of
from evidence.model import Evidence, Row, Standing, Verdict
from evidence.release_publication import ReleasePublication
from evidence.released import UNASKED, Release, released
from evidence.verification import verify
from policies.engine import JUDGED, check
from policies.rules import all_rules
from policies.templates.assembly import read as read_assembly
from policies.waivers import Waiver, WaiverEntry
from runbook.deployed.stack_list import stack_list
from runbook.model.loader import load_environment
from runbook.model.refusal import RefusedError
from runbook.operations.operation import OperationFailedError
from tests.assembly import ROOT, Assembly
from tests.evidence.deployed import BUSY, DENIED, SERVICE, TAG, DeployedAws, deployed
from tests.still_clock import stop_clock

Json = Any
ENVIRONMENT = load_environment("rovn/production")
SLUG = ENVIRONMENT.slug
DAYS = ENVIRONMENT.buckets.audit.longest_days
SESSIONS = ("AWSCodeBuild-1", "AWSCodeBuild-2")
# As in the pipeline's library, git says nothing of it.
NO_CHECKOUT = ROOT / "tests"
RELEASE = Release(SERVICE, TAG, date(2026, 11, 23), "abc123")
NOON = time(12, tzinfo=UTC)
AUDIT, PROBES, SERVICE_STACK = f"{SLUG}-audit", f"{SLUG}-probes", f"{SLUG}-{SERVICE}"


@pytest.fixture
def aws(assembly: Assembly) -> Iterator[DeployedAws]:
    with mock_aws():
        yield deployed(assembly, ENVIRONMENT)


@pytest.fixture(scope="module")
def clean(assembly: Assembly) -> Evidence:
    """Say it once of an environment as it was synthesized."""
    with mock_aws():
        return released(deployed(assembly, ENVIRONMENT).account, RELEASE)


@pytest.fixture(scope="module")
def written(clean: Evidence, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release") / "bundle"
    write_bundle(clean, folder, oscal=False)
    return folder


def bad(found: Evidence, verdict: Verdict) -> dict[str, str]:
    """Map the templates that have this verdict of the engine itself to what it says."""
    rows = [r for r in found.rows if r.verdict is verdict and r.rule == JUDGED]
    return {row.template: row.message for row in rows}


@pytest.mark.clause("ALL-4")
def test_a_deployed_environment_that_keeps_its_rules_is_clean(clean: Evidence) -> None:
    found = clean
    assert found.clean
    assert found.summary["pass"] > 4000
    assert {each.stack for each in found.templates} == set(stack_list(ENVIRONMENT))
    assert {each.region for each in found.templates} == set(ENVIRONMENT.regions)
    assert found.versions[f"image of {SERVICE}"] == TAG
    assert found.versions["library"] == "abc123"
    assert found.alarm_tests
    assert not any(each.failed for each in found.alarm_tests)
    assert {each.state for each in found.clauses} >= {"kept", "kept in part"}
    assert not any(each.state == "broken" or each.broken for each in found.clauses)


def test_each_stack_is_read_in_its_own_region(aws: DeployedAws) -> None:
    deployed_stacks(aws.account)
    wanted = [f"{name} {region}" for name, region in stack_list(ENVIRONMENT).items()]
    for operation in ("DescribeStacks", "GetTemplate"):
        asked = [call for call in aws.asked if call.startswith(f"{operation} ")]
        assert sorted(asked) == sorted(f"{operation} {where}" for where in wanted)


@pytest.mark.clause("ALL-1")
def test_what_was_not_run_is_said(clean: Evidence) -> None:
    found = clean
    said = " ".join(found.gaps)
    for text in ("cdk-nag, cfn-lint and checkov were not run", "commit is not known", "No rehear"):
        assert text in said
    assert found.commit.id == "unknown"
    assert [judge.name for judge in found.judges] == ["Runbook"]
    assert found.rehearsal is None
    silent = " ".join(gap for gap in found.gaps if gap.startswith("Runbook: not asked of "))
    unasked = {rule.id for rule in found.rules if rule.unasked}
    assert unasked == {*UNASKED, *(rule.id for rule in all_rules() if rule.judge_file is not None)}
    assert all(rule in silent for rule in unasked)
    assert not {row.rule for row in found.rows} & set(UNASKED)
    (judge,) = found.judges
    assert all(rule in judge.shows for rule in UNASKED)


@pytest.mark.clause("ALL-4")
def test_no_control_is_held_over_a_rule_that_was_not_asked(clean: Evidence) -> None:
    unasked = {rule.id: rule for rule in clean.rules if rule.unasked}
    citing = [c for c in clean.controls if set(c.rules) & {f"Runbook::{id_}" for id_ in unasked}]
    assert "NIST CM-2" in {control.id for control in citing}
    for control in citing:
        assert control.standing is not Standing.HELD
        for rule in unasked.values():
            if control.id in rule.controls:
                said = f"{rule.id} was not asked of {rule.unasked}"
                assert any(gap.startswith(said) for gap in control.gaps)


def test_only_the_rules_that_are_not_asked_need_what_no_template_has(
    aws: DeployedAws, tmp_path: Path
) -> None:
    """Whoever writes a rule that reads uploads has to say so here, or a release would fail."""
    deployed_stacks(aws.account).write(tmp_path)
    rules = [rule for rule in all_rules() if not rule.only_files]
    report = check(read_assembly(tmp_path), rules)
    failed = {r.rule for r in report.results if r.status.value in ("fail", "error")}
    assert failed == set(UNASKED)


def test_a_template_has_the_hash_of_its_synthesis(clean: Evidence, assembly: Assembly) -> None:
    synthesized = {
        sha256_of(path.read_bytes()) for path in assembly.directory.rglob("*.template.json")
    }
    assert {each.sha256 for each in clean.templates} <= synthesized


def test_a_template_that_was_handed_over_as_yaml_is_the_same(
    aws: DeployedAws, assembly: Assembly
) -> None:
    name = f"{SLUG}-backup-copy"
    aws.templates[name] = yaml.safe_dump(assembly.templates[name], sort_keys=False)
    found = {each.name: each for each in deployed_stacks(aws.account).stacks}
    assert found[name].template == assembly.templates[name]
    assert found[name].trouble == ""


@pytest.mark.clause("ALL-4")
def test_a_deployed_rule_broken_is_a_failure(aws: DeployedAws) -> None:
    template = copy.deepcopy(aws.templates[AUDIT])
    (bucket,) = [k for k in template["Resources"] if k.startswith("AuditRecords") and len(k) == 20]
    lock = template["Resources"][bucket]["Properties"]["ObjectLockConfiguration"]
    lock["Rule"]["DefaultRetention"] = {"Mode": "GOVERNANCE", "Days": 1}
    aws.templates[AUDIT] = template
    found = released(aws.account, RELEASE)
    assert not found.clean
    failed = {(r.rule, r.resource) for r in found.rows if r.verdict is Verdict.FAIL}
    assert ("audit-bucket-lock", bucket) in failed
    (rule,) = [each for each in found.rules if each.id == "audit-bucket-lock"]
    clauses = {clause.id: clause for clause in found.clauses}
    assert rule.clauses
    for clause in rule.clauses:
        assert clauses[clause].state == "broken"
        assert "audit-bucket-lock fails at 1 resource" in clauses[clause].broken


def test_protection_that_was_switched_off_is_a_failure(aws: DeployedAws) -> None:
    aws.stacks[AUDIT]["EnableTerminationProtection"] = False
    found = released(aws.account, RELEASE)
    failed = {(r.rule, r.template) for r in found.rows if r.verdict is Verdict.FAIL}
    assert failed == {("termination-protection", f"{AUDIT}.template.json")}


@pytest.mark.clause("ALL-4")
def test_what_an_expired_waiver_covered_is_a_failure_and_breaks_its_controls(
    aws: DeployedAws, monkeypatch: pytest.MonkeyPatch, clean: Evidence
) -> None:
    template = copy.deepcopy(aws.templates[AUDIT])
    key = next(r for r in template["Resources"].values() if r["Type"] == "AWS::KMS::Key")
    del key["Properties"]["EnableKeyRotation"]
    aws.templates[AUDIT] = template
    path = key["Metadata"]["aws:cdk:path"]
    stated = WaiverEntry(
        rules=("Runbook::key-rotation",),
        paths=(path.removeprefix(f"{SLUG}/"),),
        reason="The key signs nothing but tests.",
        owner="platform",
        expires=RELEASE.day,
    )
    monkeypatch.setattr("evidence.released.load_waivers", lambda: (Waiver(stated, "waiver[0]"),))

    def told(release: Release) -> tuple[Evidence, Row]:
        found = released(aws.account, release)
        rows = [r for r in found.rows if (r.rule, r.construct_path) == ("key-rotation", path)]
        return found, rows[0]

    on_the_last, waived = told(RELEASE)
    assert on_the_last.clean
    assert (waived.verdict, waived.reason) == (Verdict.WAIVED, stated.reason)
    after, failed = told(replace(RELEASE, day=RELEASE.day + timedelta(days=1)))
    assert not after.clean
    assert (failed.verdict, failed.reason) == (Verdict.FAIL, "")
    assert failed.message == (
        f"{waived.message} (waiver expired: policies/waivers.toml waiver[0]: "
        "it held until 2026-11-23, and it is 2026-11-24)"
    )

    def standing(found: Evidence) -> dict[str, Standing]:
        return {c.id: c.standing for c in found.controls if c.id in failed.controls}

    assert Standing.HELD in standing(clean).values()
    assert set(standing(on_the_last).values()) <= {Standing.EXCEPTIONS, Standing.BROKEN}
    assert set(standing(after).values()) == {Standing.BROKEN}


@pytest.mark.clause("ALL-1")
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (DENIED, "it cannot be read in us-east-1: DescribeStacks: AccessDenied; use a br"),
        (BUSY, "it cannot be read in us-east-1: DescribeStacks: Throttling; wait a mi"),
        (None, "there is no such stack in us-east-1"),
    ],
)
def test_a_stack_that_cannot_be_read_is_a_gap_and_a_failure(
    aws: DeployedAws, fault: tuple[str, str] | None, said: str
) -> None:
    if fault:
        aws.faults[f"DescribeStacks {PROBES}"] = fault
    else:
        del aws.stacks[PROBES]
    found = released(aws.account, RELEASE)
    assert not found.clean
    assert bad(found, Verdict.ERROR)[f"{PROBES}.template.json"].startswith(said)
    assert any(gap.startswith(f"{PROBES}: {said}") for gap in found.gaps)
    assert PROBES not in {each.stack for each in found.templates}


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("REVIEW_IN_PROGRESS", "it is REVIEW_IN_PROGRESS in us-east-1: nothing is deployed"),
        ("UPDATE_IN_PROGRESS", "it is UPDATE_IN_PROGRESS: what is deployed changes while"),
        ("UPDATE_ROLLBACK_FAILED", "it is UPDATE_ROLLBACK_FAILED: what its template says may"),
    ],
)
def test_a_stack_that_is_not_at_rest_is_a_failure(aws: DeployedAws, status: str, said: str) -> None:
    aws.stacks[PROBES]["StackStatus"] = status
    found = deployed_stacks(aws.account)
    (trouble,) = found.troubles
    assert trouble.template == f"{PROBES}.template.json"
    assert trouble.reason.startswith(said)


def test_what_cloudformation_still_clears_away_is_deployed(aws: DeployedAws) -> None:
    aws.stacks[SERVICE_STACK]["StackStatus"] = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
    assert deployed_stacks(aws.account).troubles == ()


def test_another_image_than_the_released_one_is_a_failure(aws: DeployedAws) -> None:
    aws.stacks[SERVICE_STACK]["Parameters"][0]["ParameterValue"] = "prod-another"
    found = released(aws.account, RELEASE)
    told = f"it runs the image prod-another, not {TAG}"
    assert bad(found, Verdict.ERROR) == {f"{SERVICE_STACK}.template.json": told}


def test_alarms_that_cannot_be_replayed_are_a_failure(aws: DeployedAws) -> None:
    aws.templates[f"{SLUG}-alarms"] = {"Resources": {}}
    found = released(aws.account, RELEASE)
    assert not found.clean
    assert found.alarm_tests == ()
    told = bad(found, Verdict.ERROR)["alarms"]
    assert told.startswith("their tests cannot be replayed: ")
    assert told.endswith("; deploy the environment's infrastructure from the code that judges")


def test_where_nothing_can_be_read_nothing_is_said(aws: DeployedAws) -> None:
    aws.faults |= {f"DescribeStacks {name}": DENIED for name in aws.stacks}
    with pytest.raises(RefusedError, match="none of its 29 stacks could be read"):
        released(aws.account, RELEASE)


def test_the_same_stacks_on_the_same_day_give_the_same_bytes(
    aws: DeployedAws, written: Path, tmp_path: Path
) -> None:
    write_bundle(released(aws.account, RELEASE), tmp_path / "again", oscal=False)
    manifests = [(folder / MANIFEST).read_bytes() for folder in (written, tmp_path / "again")]
    assert manifests[0] == manifests[1]


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize(
    ("code", "message"),
    [("AccessDenied", "{} is not authorized to perform this"), ("Throttling", "Rate of {}")],
)
def test_what_went_wrong_gives_the_same_bytes_whoever_asks_and_wherever(
    aws: DeployedAws, tmp_path: Path, code: str, message: str
) -> None:
    hashes: set[str] = set()
    told: list[str] = []
    for session in SESSIONS:
        aws.faults[f"DescribeStacks {SLUG}-alarms"] = (code, message.format(session))
        found = released(aws.account, RELEASE, told.append)
        assert not found.clean
        hashes.add(write_bundle(found, tmp_path / "bundle", oscal=False))
    assert len(hashes) == 1
    untested = bad(found, Verdict.ERROR)["alarms"]
    assert untested.endswith(
        "read first what is said of the stacks, then run the same command again"
    )
    for text in (tempfile.gettempdir(), "make synth"):
        assert text not in untested
    assert "AWSCodeBuild" not in (tmp_path / "bundle" / EVIDENCE).read_text("utf-8")
    assert told == [
        f"{SLUG}-alarms in {ENVIRONMENT.region}: DescribeStacks: {code}: {message.format(session)}"
        for session in SESSIONS
    ]


@pytest.fixture
def bundle(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "bundle"))


def publish(aws: DeployedAws, folder: Path) -> Json:
    return ReleasePublication(aws.account, folder, SERVICE, TAG).publish()


@pytest.mark.clause("ALL-4")
@pytest.mark.clause("ROVN-BCK-2")
def test_a_bundle_is_published_under_the_lock_with_its_manifest(
    aws: DeployedAws, bundle: Path
) -> None:
    aws.make_bucket(DAYS)
    said = publish(aws, bundle)
    sha256 = sha256_of((bundle / MANIFEST).read_bytes())
    prefix = f"evidence/production/release-{SERVICE}-{TAG}-{sha256[:12]}/"
    assert said["manifest_sha256"] == sha256
    assert said["published"] == f"s3://the-audit-bucket/{prefix}"
    assert aws.objects == {f"{prefix}{path.name}": path.read_bytes() for path in bundle.iterdir()}
    assert set(said["written"]) == {*FORMATS, MANIFEST}
    head = aws.s3.head_object(Bucket="the-audit-bucket", Key=f"{prefix}{EVIDENCE}")
    assert head["ObjectLockMode"] == "COMPLIANCE"
    assert head["ObjectLockRetainUntilDate"] - head["LastModified"] >= timedelta(days=DAYS - 1)


def test_a_second_try_writes_nothing_twice(aws: DeployedAws, bundle: Path) -> None:
    aws.make_bucket(DAYS)
    first = publish(aws, bundle)
    prefix = first["published"].removeprefix("s3://the-audit-bucket/")
    aws.s3.delete_object(Bucket="the-audit-bucket", Key=f"{prefix}{MANIFEST}")
    assert publish(aws, bundle)["written"] == [MANIFEST]
    found = aws.s3.list_object_versions(Bucket="the-audit-bucket", Prefix=f"{prefix}{EVIDENCE}")
    assert len(found["Versions"]) == 1


@pytest.mark.clause("ROVN-BCK-2")
@pytest.mark.parametrize(
    ("days", "said"),
    [(0, "it has no default lock in mode COMPLIANCE"), (30, "it locks what is written for 30")],
)
def test_a_bucket_that_would_not_keep_it_gets_nothing(
    aws: DeployedAws, bundle: Path, days: int, said: str
) -> None:
    aws.make_bucket(days)
    with pytest.raises(RefusedError, match=said):
        publish(aws, bundle)
    assert aws.objects == {}


def test_an_object_without_its_lock_is_told(aws: DeployedAws, bundle: Path) -> None:
    aws.make_bucket(DAYS)
    aws.locked = False
    with pytest.raises(OperationFailedError) as told:
        publish(aws, bundle)
    assert len(told.value.why) == len(FORMATS) + 1
    assert all("is not locked in mode COMPLIANCE: no lock" in why for why in told.value.why)


def test_a_bundle_that_was_changed_is_not_published(aws: DeployedAws, bundle: Path) -> None:
    aws.make_bucket(DAYS)
    (bundle / "results.csv").write_text("all is well", "utf-8")
    with pytest.raises(RefusedError, match=r"results\.csv"):
        publish(aws, bundle)
    assert aws.objects == {}


def test_nothing_writes_but_while_it_publishes(aws: DeployedAws, bundle: Path) -> None:
    aws.make_bucket(DAYS)
    account = aws.account
    ReleasePublication(account, bundle, SERVICE, TAG).publish()
    from runbook.operations.account import WriteOutsideProtocolError

    with pytest.raises(WriteOutsideProtocolError):
        account.client("s3").put_object(Bucket="the-audit-bucket", Key="evidence/x")


def run(
    aws: DeployedAws, monkeypatch: pytest.MonkeyPatch, *words: str, root: Path = NO_CHECKOUT
) -> int:
    from evidence import __main__ as command
    from runbook.operations import commands

    def begun(name: str, service: str, *, as_json: bool) -> Any:  # noqa: ANN401 - a pair
        from runbook.operations.console import Console

        assert (name, service) == (ENVIRONMENT.name, SERVICE)
        return aws.account, Console(as_json=as_json)

    monkeypatch.setattr("evidence.release_commands.begin", begun)
    monkeypatch.setattr("evidence.judging_code.ROOT", root)
    # What the bundle says depends on the day: on waivers, and where it is published.
    stop_clock(monkeypatch, "evidence.release_commands", datetime.combine(RELEASE.day, NOON))
    assert commands.begin is not begun
    with pytest.raises(SystemExit) as ended:
        command.app(["release", ENVIRONMENT.name, "--service", SERVICE, *words])
    return int(ended.value.code or 0)


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize("spoiled", [False, True])
def test_the_step_publishes_what_it_found_and_fails_when_a_rule_does(
    aws: DeployedAws,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    spoiled: bool,
) -> None:
    aws.make_bucket(DAYS)
    if spoiled:
        aws.stacks[AUDIT]["EnableTerminationProtection"] = False
    code = run(aws, monkeypatch, "--image-tag", TAG, "--publish", "--library", "abc", "--json")
    said = json.loads(capsys.readouterr().out)
    assert code == (1 if spoiled else 0)
    assert said["clean"] is not spoiled
    assert [line.split()[1] for line in said["failures"]] == (
        ["Runbook::termination-protection"] if spoiled else []
    )
    for key, data in aws.objects.items():
        (tmp_path / key.rpartition("/")[2]).write_bytes(data)
    assert verify(tmp_path, manifest_sha256=said["manifest_sha256"]).whole
    evidence = read((tmp_path / EVIDENCE).read_bytes(), "the bucket")
    assert evidence.clean is not spoiled
    assert evidence.versions["library"] == "abc"


def happens(aws: DeployedAws, operation: str, nth: int, error: str) -> None:
    """Let the nth such call of S3 end with this code of AWS, or with Ctrl-C."""
    calls = itertools.count(1)

    def answered(**_: object) -> tuple[AWSResponse, Json] | None:
        if next(calls) != nth:
            return None
        if error == "Ctrl-C":
            raise KeyboardInterrupt
        told = {"Error": {"Code": error, "Message": "no"}, "ResponseMetadata": {}}
        return AWSResponse("https://aws", 403, HTTPHeaders(), None), told

    events = aws.session.events
    events.register_first(f"before-call.s3.{operation}", answered)  # type: ignore[arg-type]


PUBLISH = ("--image-tag", TAG, "--publish", "--library", "abc")
FILES = len(FORMATS) + 1


@pytest.mark.clause("ALL-4")
@pytest.mark.clause("ROVN-BCK-2")
@pytest.mark.parametrize(
    ("operation", "nth", "error", "there", "code", "outcome"),
    [
        ("PutObject", 4, "AccessDenied", f"3 of {FILES} files are written to ", 1, "failed"),
        ("PutObject", 4, "InternalError", f"3 of {FILES} files are written to ", 1, "failed"),
        ("PutObject", 4, "Ctrl-C", f"3 of {FILES} files are written to ", 130, "interrupted"),
        ("GetObjectRetention", 1, "AccessDenied", f"{FILES} of {FILES} files are", 1, "failed"),
    ],
)
def test_what_broke_off_after_the_first_file_says_what_is_locked_and_what_was_found(
    aws: DeployedAws,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    operation: str,
    nth: int,
    error: str,
    there: str,
    code: int,
    outcome: str,
) -> None:
    aws.make_bucket(DAYS)
    happens(aws, operation, nth, error)
    assert run(aws, monkeypatch, *PUBLISH, "--json") == code
    out, err = capsys.readouterr()
    said = json.loads(out)
    (prefix,) = {key.rpartition("/")[0] for key in aws.objects}
    address = f"s3://the-audit-bucket/{prefix}/"
    assert said["outcome"] == outcome
    assert said["so_far"]["prefix"] == address
    assert len(said["so_far"]["there"]) == len(aws.objects) == int(there.split()[0])
    assert said["manifest_sha256"][:12] == prefix[-12:]
    assert said["clean"] is True
    assert said["failures"] == []
    assert any("cdk-nag" in gap for gap in said["gaps"])
    assert "published" not in said
    for text in (there, address, "The same command finishes it", said["manifest_sha256"], "gap: "):
        assert text in err
    assert "Nothing was changed" not in err
    assert ("for certain" in err) is (error in ("InternalError", "Ctrl-C"))
    # What it says is so.
    assert run(aws, monkeypatch, *PUBLISH, "--json") == 0
    again = json.loads(capsys.readouterr().out)
    assert again["published"] == address
    assert len(again["written"]) == FILES - int(there.split()[0])


@pytest.mark.parametrize(
    ("days", "broken", "why", "advice"),
    [
        (0, "", "it has no default lock in mode COMPLIANCE", "deploy the audit stack"),
        (DAYS, "AccessDenied", "AccessDenied", "use a break-glass role"),
    ],
)
def test_what_was_found_is_told_also_when_nothing_can_be_published(
    aws: DeployedAws,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    days: int,
    broken: str,
    why: str,
    advice: str,
) -> None:
    aws.make_bucket(days)
    aws.stacks[AUDIT]["EnableTerminationProtection"] = False
    if broken:
        happens(aws, "PutObject", 1, broken)
    assert run(aws, monkeypatch, *PUBLISH, "--json") == 2
    out, err = capsys.readouterr()
    said = json.loads(out)
    assert said["outcome"] == "refused"
    assert why in json.dumps(said.get("refusals", said.get("failure")))
    assert "so_far" not in said
    assert len(said["failures"]) == 1
    assert said["gaps"]
    assert f"manifest  SHA-256 {said['manifest_sha256']}" in err
    assert said["failures"][0] in err
    assert advice in err
    assert "deploy identity" not in err
    assert aws.objects == {}


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(folder), *who, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init", "--quiet")
    (folder / "rule.py").write_text("strict = True\n")
    git(folder, "add", "rule.py")
    git(folder, "commit", "--quiet", "--message", "A rule")
    return folder


@pytest.mark.clause("ALL-4")
def test_a_checkout_is_named_by_its_commit(checkout: Path) -> None:
    commit = git(checkout, "rev-parse", "HEAD")
    assert judging_code("", checkout, publish=True) == f"checkout at {commit}"
    (checkout / "rule.py").write_text("strict = False\n")
    assert judging_code("", checkout, publish=False) == f"checkout at {commit} with changes"


def test_a_checkout_of_which_git_says_nothing_is_no_library(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: nowhere")
    assert judging_code("", tmp_path, publish=False) == "checkout at an unknown commit"
    for library, publish in (("abc", False), ("", True)):
        with pytest.raises(RefusedError):
            judging_code(library, tmp_path, publish=publish)


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize(
    ("changed", "words", "said"),
    [
        (False, ("--library", "abc"), "--library: this is a checkout, and the bundle names its c"),
        (True, ("--publish",), "--publish: rule.py differ from commit "),
    ],
)
def test_a_checkout_passes_for_no_library_and_publishes_no_changes(
    aws: DeployedAws,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    checkout: Path,
    changed: bool,
    words: tuple[str, ...],
    said: str,
) -> None:
    if changed:
        (checkout / "rule.py").write_text("strict = False\n")
    assert run(aws, monkeypatch, "--image-tag", TAG, *words, root=checkout) == 2
    assert said in capsys.readouterr().err
    assert aws.asked == []


def test_a_clean_checkout_publishes_under_its_commit(
    aws: DeployedAws, monkeypatch: pytest.MonkeyPatch, checkout: Path
) -> None:
    aws.make_bucket(DAYS)
    assert run(aws, monkeypatch, "--image-tag", TAG, "--publish", root=checkout) == 0
    (data,) = [data for key, data in aws.objects.items() if key.endswith(EVIDENCE)]
    commit = git(checkout, "rev-parse", "HEAD")
    assert read(data, "the bucket").versions["library"] == f"checkout at {commit}"


def test_an_operator_gets_a_folder_and_publishes_nothing(
    aws: DeployedAws,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    out = tmp_path / "bundle"
    assert run(aws, monkeypatch, "--image-tag", TAG, "--out", str(out)) == 0
    assert verify(out).whole
    text = capsys.readouterr().out
    assert f"manifest  SHA-256 {sha256_of((out / MANIFEST).read_bytes())}" in text
    assert "published" not in text
    assert "no bundle is kept" not in text
    assert "gap: cdk-nag" in text


def test_who_only_looks_is_told_that_no_bundle_is_kept(
    aws: DeployedAws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(aws, monkeypatch, "--image-tag", TAG) == 0
    assert "no bundle is kept; --out FOLDER keeps one" in capsys.readouterr().out


def test_a_folder_that_is_none_of_ours_is_refused_before_any_stack_is_read(
    aws: DeployedAws,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    (tmp_path / "note.txt").write_text("mine")
    assert run(aws, monkeypatch, "--image-tag", TAG, "--out", str(tmp_path)) == 2
    assert "it has files and no manifest.json, so it is no bundle" in capsys.readouterr().err
    assert aws.asked == []


def test_the_command_tells_what_it_cannot_use() -> None:
    words = ["release", ENVIRONMENT.name, "--service", "x", "--image-tag", "y"]
    ended = subprocess.run(
        [sys.executable, "-m", "evidence", *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert "there is no service 'x'" in ended.stderr
    assert "Traceback" not in ended.stderr
