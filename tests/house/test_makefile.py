"""What make says when it is asked for something it must not do."""

import os
import re
import subprocess

import pytest

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


def test_bootstrap_does_not_fall_back_to_administrator_access() -> None:
    run = make(*INSTALLED, "bootstrap", "ENV=rovn/staging")
    assert run.returncode != 0
    assert "gives CloudFormation AdministratorAccess" in run.stdout
    assert "make bootstrap ENV=rovn/staging POLICY=arn:aws:iam::" in run.stdout


def test_a_python_that_is_too_old_or_new_is_named() -> None:
    run = make("--always-make", ".venv/.ready", "PYTHON=false")
    assert run.returncode != 0
    assert "Python 3.11 to 3.13 is needed" in run.stdout
