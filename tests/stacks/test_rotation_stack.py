"""The rotation of secrets: a function, a role and a schedule for each (ROVN-SEC-3)."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runbook.model.environment import Environment
from runbook_constructs.secret_rotation.code import DISTRIBUTIONS, stage
from tests.assembly import Assembly, plain

SCHEDULE, FUNCTION = "AWS::SecretsManager::RotationSchedule", "AWS::Lambda::Function"
DATABASE = {"DATABASE_HOST", "DATABASE_NAME", "DATABASE_PORT"}
ENTRY = "import handler.entry, handler.database_master, handler.database_user, scramp"


@pytest.fixture
def stack(environment: Environment) -> str:
    return f"{environment.slug}-rotation"


def pascal(name: str) -> str:
    return name.title().replace("-", "")


@pytest.mark.clause("ROVN-SEC-3")
def test_what_a_machine_can_make_rotates_at_once_and_in_its_days(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    assert environment.rotating_secrets
    assert len(assembly.of_type(stack, SCHEDULE)) == len(environment.rotating_secrets)
    for name in environment.rotating_secrets:
        found = assembly.named(stack, SCHEDULE, f"{pascal(name)}Schedule")
        properties = plain(found["Properties"])
        days = environment.secrets[name].rotation_days
        assert properties["RotationRules"] == {"ScheduleExpression": f"rate({days} days)"}
        assert properties["RotateImmediatelyOnUpdate"] is True
        assert properties["RotationLambdaARN"] == f"<{pascal(name)}Function.Arn>"
        assert f"Secrets{pascal(name)}" in properties["SecretId"]
        # The first rotation comes as soon as this is there.
        waits = "".join(found["DependsOn"])
        assert f"{pascal(name)}Caller" in waits
        in_the_vpc = name.startswith("database-")
        assert ("NetworkDatabaseEgress" in waits) is in_the_vpc
        assert ("NetworkEndpoints" in waits) is in_the_vpc


def test_services_wait_for_the_first_rotation(assembly: Assembly, environment: Environment) -> None:
    needed = {
        artifact["properties"]["stackName"]: set(artifact.get("dependencies", []))
        for manifest in assembly.manifests()
        for artifact in manifest["artifacts"].values()
        if artifact["type"] == "aws:cloudformation:stack"
    }
    slug = environment.slug
    assert any("Rotation" in name for name in needed[f"{slug}-passport-api"])
    assert not any("PassportApi" in name for name in needed[f"{slug}-rotation"])


def test_only_those_of_the_database_stand_in_the_vpc(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    for name in environment.rotating_secrets:
        properties = assembly.named(stack, FUNCTION, f"{pascal(name)}Function")["Properties"]
        inside = plain(properties.get("VpcConfig", {}))
        if name.startswith("database-"):
            assert inside["SecurityGroupIds"] == ["<NetworkGroup.GroupId>"]
            zones = len(environment.availability_zones)
            assert len(inside["SubnetIds"]) == zones
            assert all("Private" in subnet for subnet in inside["SubnetIds"])
        else:
            assert inside == {}


def test_they_reach_the_database_and_endpoints_and_nothing_else(
    assembly: Assembly, stack: str
) -> None:
    group = assembly.named(stack, "AWS::EC2::SecurityGroup", "NetworkGroup")["Properties"]
    # What stands in a group so that AWS does not open all egress.
    assert [rule["CidrIp"] for rule in group["SecurityGroupEgress"]] == ["255.255.255.255/32"]
    assert "SecurityGroupIngress" not in group
    found = {
        (rule["Properties"]["ToPort"], plain(rule["Properties"]["DestinationSecurityGroupId"]))
        for rule in assembly.of_type(stack, "AWS::EC2::SecurityGroupEgress").values()
    }
    assert {port for port, _ in found} == {443, 15432}
    assert {("EndpointGroup" in to, "DatabaseGroup" in to) for _, to in found} == {
        (True, False),
        (False, True),
    }


def test_each_function_is_told_what_its_mechanism_needs(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    needs = {
        "database_master": DATABASE,
        "database_user": DATABASE | {"MAKES_SCHEMAS", "MASTER_SECRET", "OWNER_ROLE"},
        "generated_token": {"OVERLAP_HOURS"},
        "signing_key": {"ENVELOPE_KEY", "OVERLAP_HOURS"},
    }
    roles = {}
    for name in environment.rotating_secrets:
        properties = assembly.named(stack, FUNCTION, f"{pascal(name)}Function")["Properties"]
        assert properties["Handler"] == "handler.entry.handler"
        assert properties["ReservedConcurrentExecutions"] == 1
        variables: dict[str, Any] = plain(properties["Environment"]["Variables"])
        mechanism = variables.pop("MECHANISM")
        assert mechanism == environment.secrets[name].mechanism
        assert set(variables) == needs[mechanism]
        if mechanism == "database_user":
            roles[variables["OWNER_ROLE"]] = variables["MAKES_SCHEMAS"]
    assert roles == {"application": "no", "migrations": "yes"}


def test_all_of_them_run_one_code(assembly: Assembly, stack: str) -> None:
    keys = {
        str(function["Properties"]["Code"]["S3Key"])
        for function in assembly.of_type(stack, FUNCTION).values()
    }
    assert len(keys) == 1


def staged(folder: Path) -> dict[str, tuple[bytes, int, float]]:
    stage(folder)
    return {
        path.relative_to(folder).as_posix(): (
            path.read_bytes(),
            path.stat().st_mode,
            path.stat().st_mtime,
        )
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_code_is_laid_out_the_same_each_time(tmp_path: Path) -> None:
    first = staged(tmp_path / "first")
    assert first == staged(tmp_path / "second")
    assert not [name for name in first if "__pycache__" in name or name.endswith((".pyc", ".so"))]
    for distribution in DISTRIBUTIONS:
        named = distribution.replace("-", "_")
        assert any("LICENSE" in name for name in first if name.startswith(named)), distribution


def test_the_code_runs_with_nothing_beside_it_but_what_lambda_has(tmp_path: Path) -> None:
    """A Python without this project's packages, but for boto3, which the runtime brings."""
    stage(tmp_path)
    script = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {ENTRY}; " + (
        "print([m.__file__ for n, m in sorted(sys.modules.items()) "
        "if n.partition('.')[0] in ('pg8000', 'scramp', 'asn1crypto', 'dateutil', 'six') "
        "and getattr(m, '__file__', None)])"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-B", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    modules = done.stdout.strip().strip("[]").replace("'", "").split(", ")
    assert modules
    assert all(module.startswith(str(tmp_path)) for module in modules), modules
