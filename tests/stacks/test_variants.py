"""What no shipped environment chooses works: rolling, a replica, a password that RDS keeps."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from policies import engine
from policies.rules import all_rules
from policies.templates.assembly import read
from runbook.model import environment
from runbook.model.loader import load_environment
from tests.assembly import ROOT, Assembly
from tests.model.spoiling import spoiled

PREFIX = "rovn-"
# Bound by no clause: those of the organisation would refuse what is tried here.
SYNTHESIZE = """
import sys
from pathlib import Path
from runbook.model import environment
environment.clauses_of = lambda _: ()
from runbook.model.loader import load_environment
from stacks.context import cdk_context
from stacks.jsii_runtime import use_pinned_node
use_pinned_node()
from stacks.application import application
root = Path(sys.argv[1])
variants = [load_environment(f"rovn/{name}", root=root) for name in ("rolling", "managed")]
app = application(variants, cdk_context(), outdir=sys.argv[2])
app.synth()
"""


def rolling() -> dict[str, Any]:
    data = spoiled("database.read_replica", value=True)
    data["services"]["passport-api"] |= {"strategy": "rolling", "bake_minutes": 0}
    del data["services"]["passport-api"]["gate"]
    return data


def managed() -> dict[str, Any]:
    data = spoiled("database.master_password", "managed")
    secrets = data["secrets"]
    del secrets["database-master"]
    # Nobody here can change the users of a database whose master RDS keeps.
    for name in ("database-application", "database-migrations"):
        unverifiable = "the service itself logs in with it"
        secrets[name] |= {"mechanism": "operator_supplied", "unverifiable": unverifiable}
    return data


@pytest.fixture(scope="module")
def variants(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    work = tmp_path_factory.mktemp("variants")
    files = work / "environments" / "rovn"
    files.mkdir(parents=True)
    for name, data in (("rolling", rolling()), ("managed", managed())):
        (files / f"{name}.toml").write_text(tomli_w.dumps(data), "utf-8")
    paths = os.pathsep.join([str(ROOT), str(ROOT / "constructs")])
    subprocess.run(
        [sys.executable, "-c", SYNTHESIZE, files.parent, work / "cdk.out"],
        check=True,
        cwd=work,
        env=os.environ | {"PYTHONPATH": paths},
    )
    return Assembly(Path(work / "cdk.out"))


def test_a_rolling_service_breaks_the_circuit_and_has_one_colour(variants: Assembly) -> None:
    stack = f"{PREFIX}rolling-passport-api"
    (service,) = variants.of_type(stack, "AWS::ECS::Service").values()
    assert service["Properties"]["DeploymentConfiguration"] == {
        "Strategy": "ROLLING",
        "MinimumHealthyPercent": 100,
        "MaximumPercent": 200,
        "DeploymentCircuitBreaker": {"Enable": True, "Rollback": True},
        "Alarms": {
            "AlarmNames": [
                f"{PREFIX}rolling-{id_}-passport-api"
                for id_ in ("api-5xx-rate", "api-colour-ill", "api-p95-latency")
            ],
            "Enable": True,
            "Rollback": True,
        },
    }
    (balancer,) = service["Properties"]["LoadBalancers"]
    assert "AdvancedConfiguration" not in balancer
    # ECS calls hooks where two colours run; what migrations run in is there all the same.
    types = {
        r["Type"] for r in variants.template(f"{PREFIX}rolling-release-gate")["Resources"].values()
    }
    assert "AWS::EC2::SecurityGroup" in types
    assert not types & {"AWS::Lambda::Function", "AWS::StepFunctions::StateMachine"}
    assert len(variants.of_type(stack, "AWS::ElasticLoadBalancingV2::TargetGroup")) == 1
    text = json.dumps(variants.template(stack))
    assert "TestRule" not in text
    assert "TrafficRole" not in text
    # Nothing refers to the rule, and without it the target group has no balancer.
    assert any("ProductionRule" in name for name in service["DependsOn"])


def test_a_replica_follows_the_first_instance_and_is_kept_like_it(variants: Assembly) -> None:
    stack = f"{PREFIX}rolling-data"
    first = variants.named(stack, "AWS::RDS::DBInstance", "DatabaseInstance")
    replica = variants.named(stack, "AWS::RDS::DBInstance", "DatabaseReplica")
    properties = replica["Properties"]
    assert "DatabaseInstance" in json.dumps(properties["SourceDBInstanceIdentifier"])
    assert "MasterUserPassword" not in properties
    for key in (
        *("DBInstanceClass", "DBParameterGroupName", "DeletionProtection", "MultiAZ"),
        *("EnableCloudwatchLogsExports", "PubliclyAccessible", "StorageEncrypted"),
        *("EnableIAMDatabaseAuthentication", "VPCSecurityGroups"),
    ):
        assert properties[key] == first["Properties"][key], key
    # RDS answers InvalidParameterCombination to a key named for a replica in the same region.
    assert "KmsKeyId" not in properties
    assert (replica["DeletionPolicy"], replica["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_a_replicas_logs_are_encrypted_and_kept_like_the_first_ones(variants: Assembly) -> None:
    stack = f"{PREFIX}rolling-data"
    replica = variants.named(stack, "AWS::RDS::DBInstance", "DatabaseReplica")
    groups = variants.of_type(stack, "AWS::Logs::LogGroup")
    for log in replica["Properties"]["EnableCloudwatchLogsExports"]:
        name = f"/aws/rds/instance/{replica['Properties']['DBInstanceIdentifier']}/{log}"
        ((id_, group),) = (
            (id_, g["Properties"])
            for id_, g in groups.items()
            if g["Properties"]["LogGroupName"] == name
        )
        assert group["RetentionInDays"] == 365
        assert "LogsKey" in json.dumps(group["KmsKeyId"])
        # Else RDS makes its own first, without key or retention.
        assert id_ in replica["DependsOn"]


def test_rds_keeps_a_managed_password_under_our_key(variants: Assembly) -> None:
    stack = f"{PREFIX}managed-data"
    (instance,) = variants.of_type(stack, "AWS::RDS::DBInstance").values()
    properties = instance["Properties"]
    assert properties["ManageMasterUserPassword"] is True
    assert "MasterUserPassword" not in properties
    assert "DatabaseKey" in json.dumps(properties["MasterUserSecret"]["KmsKeyId"])
    types = {r["Type"] for r in variants.template(stack)["Resources"].values()}
    assert "AWS::SecretsManager::SecretTargetAttachment" not in types
    # Secrets Manager encrypts and decrypts it in the caller's name, and keeps a grant.
    key = variants.named(stack, "AWS::KMS::Key", "DatabaseKey")["Properties"]
    by_sid = {s["Sid"]: s for s in key["KeyPolicy"]["Statement"]}
    for sid in ("UseThroughServices", "LendToServices"):
        through = by_sid[sid]["Condition"]["StringEquals"]["kms:ViaService"]
        assert [service.split(".")[0] for service in through] == ["rds", "secretsmanager"]


def test_the_rules_hold_for_every_variant(
    variants: Assembly, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of ``managed`` is deployed anywhere, so no listener rule of it is written down."""
    files = variants.directory.parent / "environments"
    monkeypatch.setattr(environment, "clauses_of", lambda _: ())
    # They go to the account of the file they were made from.
    monkeypatch.setattr(engine, "known_environments", list)
    monkeypatch.setattr(engine, "load_environment", lambda name: load_environment(name, root=files))
    report = engine.check(read(variants.directory), all_rules())
    found = {
        (result.rule, "rolling" if "rolling" in result.template else "managed")
        for result in report.results
        if result.status in ("fail", "error")
    }
    assert found == {("listener-rules-frozen", "managed")}
    judged = {result.rule for result in report.results if result.status == "pass"}
    assert {"deployment-strategy", "image-by-tag", "closed-paths", "health-path"} <= judged
