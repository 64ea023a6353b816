"""The command ``runbook``, as a person and as a script call it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from runbook.access.execution_policies import execution_policies
from runbook.access.principals import Principals
from runbook.model.loader import load_environment
from runbook.model.schema import json_schema

RUNBOOK = Path(sys.executable).with_name("runbook")


def runbook(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([RUNBOOK, *arguments], capture_output=True, text=True, check=False)


def test_environments_are_listed_for_people() -> None:
    run = runbook("environments")
    assert run.returncode == 0
    assert run.stdout.splitlines() == [
        "rovn/production  111122223333  us-east-2  phi",
        "rovn/staging  444455556666  us-east-2  synthetic",
    ]


def test_environments_are_listed_for_machines() -> None:
    run = runbook("environments", "rovn/staging", "--json")
    assert json.loads(run.stdout) == [
        {
            "environment": "rovn/staging",
            "account": "444455556666",
            "region": "us-east-2",
            "tier": "synthetic",
        }
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("account", "444455556666"),
        ("regions", "us-east-2\nus-west-2\nus-east-1"),
        (
            "places",
            "aws://444455556666/us-east-2\naws://444455556666/us-west-2\n"
            "aws://444455556666/us-east-1",
        ),
        ("service-stacks", "rovn-staging-passport-api"),
        ("execution-boundary", "rovn-staging-cloudformation-boundary"),
    ],
)
def test_one_field_is_printed_alone_for_make(field: str, value: str) -> None:
    assert runbook("environments", "rovn/staging", "--field", field).stdout == f"{value}\n"


def test_execution_policies_are_printed_for_make_one_a_line() -> None:
    """All of them: an empty list would mean AdministratorAccess."""
    run = runbook("environments", "rovn/staging", "--field", "execution-policies")
    assert run.returncode == 0
    policies = execution_policies(Principals(load_environment("rovn/staging")))
    assert run.stdout.splitlines() == [
        f"arn:aws:iam::444455556666:policy/{policy.name}" for policy in policies
    ]
    assert all(policy.name.startswith("rovn-staging-cloudformation-") for policy in policies)


@pytest.mark.clause("ROVN-DEP-9")
def test_the_service_control_policy_is_printed_as_organizations_takes_it() -> None:
    run = runbook("scp", "rovn/staging")
    assert run.returncode == 0
    assert json.loads(run.stdout)["Version"] == "2012-10-17"
    assert run.stdout == runbook("scp", "rovn/staging").stdout
    assert len(run.stdout.strip()) <= 5120
    unknown = runbook("scp", "rovn/stagin")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "did you mean rovn/staging?" in unknown.stderr


def test_what_cannot_be_used_is_told_in_words() -> None:
    run = runbook("environments", "rovn/stagin")
    assert run.returncode == 2
    assert run.stdout == ""
    assert "did you mean rovn/staging?" in run.stderr
    assert "Traceback" not in run.stderr


def test_the_schema_is_printed_as_it_is_kept() -> None:
    assert runbook("schema").stdout == json_schema()


@pytest.mark.parametrize("arguments", [("environments",), ("schema",), ("scp",)])
def test_every_command_shows_an_example(arguments: tuple[str, ...]) -> None:
    run = runbook(*arguments, "--help")
    assert run.returncode == 0
    assert "Example: runbook" in run.stdout
