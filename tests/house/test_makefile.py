"""What make says when it is asked for something it must not do."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from runbook.access.execution_policies import execution_policies
from runbook.access.principals import Principals
from runbook.model.loader import load_environment
from tests.assembly import ROOT

# Keeps make from installing anew under the running tests.
INSTALLED = ("--old-file=.venv/.ready", "--old-file=node_modules/.ready")


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make as from a shell, whatever make the tests themselves run under."""
    return subprocess.run(
        ["make", *arguments],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_target_is_explained_in_a_line() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)[0].split()
    shown = make().stdout.splitlines()
    assert [line.split()[1] for line in shown] == targets
    assert all(len(line) <= 110 for line in shown)


@pytest.mark.parametrize("target", ["bootstrap", "deploy", "diff"])
def test_a_real_account_is_never_a_default(target: str) -> None:
    run = make(*INSTALLED, target)
    assert run.returncode != 0
    assert "ENV is missing" in run.stdout
    assert "known: rovn/production rovn/staging" in run.stdout


def recipe(*arguments: str, stub: str) -> subprocess.CompletedProcess[str]:
    """Run the commands of a target in a shell where ``stub`` stands in for what they call."""
    commands = make(*INSTALLED, "--dry-run", *arguments).stdout
    return subprocess.run(
        ["bash", "-e", "-c", f"{stub}\n{commands}"],
        cwd=ROOT,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )


SHOW = 'cdk() { echo "cdk $*"; }'


@pytest.mark.clause("ROVN-DEP-9")
def test_bootstrap_sets_the_limits_first_and_then_uses_them() -> None:
    run = recipe("bootstrap", "ENV=rovn/staging", stub=SHOW)
    assert run.returncode == 0, run.stderr
    first, second = (line for line in run.stdout.splitlines() if line.startswith("cdk "))
    assert first == "cdk deploy rovn-staging-bootstrap/** -c environment=rovn/staging"
    words = second.split()
    assert words[:4] == [
        *("cdk", "bootstrap", "aws://444455556666/us-east-2", "aws://444455556666/us-west-2")
    ]
    policies = words[words.index("--cloudformation-execution-policies") + 1].split(",")
    principals = Principals(load_environment("rovn/staging"))
    expected = [principals.policy(policy.name) for policy in execution_policies(principals)]
    assert policies == expected
    boundary = words[words.index("--custom-permissions-boundary") + 1]
    assert boundary == "rovn-staging-cloudformation-boundary"


@pytest.mark.parametrize("said", ["return 2", "true"])
def test_bootstrap_never_falls_back_to_administrator_access(said: str) -> None:
    """An empty list of policies is what the CDK takes for AdministratorAccess."""
    run = recipe("bootstrap", "ENV=rovn/staging", stub=f"{SHOW}\nrunbook() {{ {said}; }}")
    assert run.returncode != 0
    assert "cdk bootstrap" not in run.stdout


def test_a_deploy_leaves_the_limits_alone() -> None:
    run = recipe("deploy", "ENV=rovn/staging", stub=SHOW)
    assert run.stdout.splitlines()[-1] == "cdk deploy rovn-staging/** -c environment=rovn/staging"


def test_a_first_deploy_says_which_image() -> None:
    run = recipe("deploy", "ENV=rovn/staging", "IMAGE_TAG=prod-20260510220219", stub=SHOW)
    assert run.stdout.splitlines()[-1] == (
        "cdk deploy rovn-staging/** -c environment=rovn/staging "
        "--parameters rovn-staging-passport-api:ImageTag=prod-20260510220219"
    )


def test_a_python_that_is_too_old_or_new_is_named() -> None:
    run = make("--always-make", ".venv/.ready", "PYTHON=false")
    assert run.returncode != 0
    assert "Python 3.11 to 3.13 is needed" in run.stdout
