"""`runbook verify` as people and scripts meet it: words, JSON, exit codes."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner, Result

from policies import live_values
from runbook.cli import app
from runbook.verification.judgement import Broken, Judgement, LiveStack
from tests.verification.aws import DENIED, Aws, changed
from tests.verification.orders import STACK, assembly, attributes, deployed, quota

Json = Any
MISSING = ("ValidationError", f"Stack with id {STACK} does not exist")
CLAUSES = ("ROVN-DEP-1",)


def judge(_: Path, __: str, live: Mapping[str, LiveStack]) -> Judgement:
    broken = [Broken("delay", stack, "Queue", "it is late", "5!", CLAUSES) for stack in live]
    return Judgement(broken)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(live_values, "judge", judge)
    return assembly(tmp_path / "cdk.out")


def verify(
    monkeypatch: pytest.MonkeyPatch, folder: Path, aws: Aws | None = None, *more: str
) -> Result:
    session = (aws or deployed()).session()
    monkeypatch.setattr(boto3, "Session", lambda: session)
    arguments = ["verify", "rovn/production", "--assembly", str(folder), *more]
    return CliRunner().invoke(app, arguments)


def test_all_verified(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    result = verify(monkeypatch, folder)
    assert result.exit_code == 0, result.output
    assert "Verified: rovn/production is as its templates and clauses say." in result.stdout
    assert "assumed-role/auditor/me reads 1 stacks of rovn/production" in result.stdout
    assert "Next: runbook status rovn/production" in result.stdout


def test_breaches_come_first_then_what_nobody_could_read(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    aws = deployed(GetQueueAttributes=attributes(DelaySeconds="7"))
    denied = changed("kms:DescribeKey", DENIED).answers
    aws.answers["kms:DescribeKey"] = denied["kms:DescribeKey"]
    result = verify(monkeypatch, folder, aws)
    assert result.exit_code == 1
    assert f"! {STACK} Queue  [ROVN-DEP-1]" in result.stdout
    assert "In a template: 5!" in result.stdout
    order = [result.stdout.index(head) for head in ("Breaches: 1", "Not verified: 1", "Looked at")]
    assert order == sorted(order)
    assert "Next: runbook explain ROVN-DEP-1" in result.stdout


def test_for_machines(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    aws = deployed(GetQueueAttributes=attributes(DelaySeconds="7"))
    result = verify(monkeypatch, folder, aws, "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert {key: told[key] for key in ("schema", "operation", "environment", "account")} == {
        "schema": 1,
        "operation": "verify",
        "environment": "rovn/production",
        "account": "111122223333",
    }
    assert (told["verified"], told["deployed"]) == (False, True)
    assert told["summary"] == {"breach": 1, "not_verified": 0, "drift": 0}
    assert told["findings"][0]["clauses"] == list(CLAUSES)


def test_before_a_first_deploy_quotas_are_compared(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    template = json.loads((folder / "orders.template.json").read_text("utf-8"))
    template["Resources"]["Vpc"] = {"Type": "AWS::EC2::VPC", "Properties": {}}
    (folder / "orders.template.json").write_text(json.dumps(template), "utf-8")
    aws = deployed(DescribeStacks=MISSING)
    aws.answers |= {
        "service-quotas:GetServiceQuota": quota(5),
        "ec2:DescribeVpcs": {"Vpcs": [{}] * 5},
    }
    result = verify(monkeypatch, folder, aws)
    assert result.exit_code == 1
    assert "Nothing of rovn/production is deployed yet." in result.stdout
    assert "need 1 more, and there are 5; the quota 'as AWS calls it' is 5" in result.stdout
    assert "Next: make deploy ENV=rovn/production" in result.stdout
    told = json.loads(verify(monkeypatch, folder, aws, "--json").stdout)
    assert (told["verified"], told["deployed"]) == (False, False)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"Account": "999988887777", "Arn": "arn"}, "these credentials are of the account 9999"),
        (("ExpiredToken", "it has expired"), "sign in to the environment's account"),
        (DENIED, "GetCallerIdentity: AccessDenied"),
    ],
)
def test_without_a_usable_identity_nothing_is_said_of_the_account(
    monkeypatch: pytest.MonkeyPatch, folder: Path, answer: Json, told: str
) -> None:
    aws = deployed()
    aws.answers["sts:GetCallerIdentity"] = answer
    result = verify(monkeypatch, folder, aws)
    assert result.exit_code == 2
    assert told in result.stderr
    assert aws.calls == ["sts:GetCallerIdentity"]


def test_without_an_assembly_it_says_how_to_make_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    result = verify(monkeypatch, tmp_path / "cdk.out")
    assert result.exit_code == 2
    assert "make synth ENV=rovn/production" in result.stderr


def test_ctrl_c_is_told_in_a_line(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    aws = deployed()
    aws.answers["sts:GetCallerIdentity"] = KeyboardInterrupt()
    result = verify(monkeypatch, folder, aws)
    assert result.exit_code == 130
    assert "Interrupted. Nothing was changed." in result.stdout
