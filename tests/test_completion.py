"""What bash, zsh and fish complete, asked as the shells ask it: fast, and without AWS."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from runbook.model.loader import known_environments, load_environment

RUNBOOK = Path(sys.executable).with_name("runbook")
SHELLS = ("bash", "zsh", "fish")


def completed(shell: str, line: str) -> list[str]:
    """Return what a shell offers for the last word of a line."""
    words = line.split(" ")
    asked = {
        "bash": {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)},
        "zsh": {"_TYPER_COMPLETE_ARGS": line},
        "fish": {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
    }[shell]
    done = subprocess.run(
        [RUNBOOK],
        env={"PATH": os.defpath, "_RUNBOOK_COMPLETE": f"complete_{shell}", **asked},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    if shell == "zsh":
        # One array: a value a line in quotes, what it means after a colon.
        return re.findall(r'(?:^|\(\()"([^"]+)"', done.stdout, re.MULTILINE)
    return [line.partition("\t")[0] for line in done.stdout.split("\n") if line]


@pytest.mark.parametrize("shell", SHELLS)
def test_environments_complete(shell: str) -> None:
    assert completed(shell, "runbook status ") == known_environments()
    assert completed(shell, "runbook status rovn/s") == ["rovn/staging"]
    assert completed(shell, "runbook release preview nobody") == []


@pytest.mark.parametrize("shell", SHELLS)
def test_services_complete(shell: str) -> None:
    keys = list(load_environment("rovn/staging").services)
    assert completed(shell, "runbook rollback rovn/staging --service ") == keys
    assert completed(shell, "runbook rollback --service ") == keys
    assert completed(shell, "runbook rollback rovn/staging --service no-such") == []


@pytest.mark.parametrize("shell", SHELLS)
def test_secrets_complete(shell: str) -> None:
    keys = list(load_environment("rovn/staging").secrets)
    assert completed(shell, "runbook rotate rovn/staging --secret ") == keys
    assert completed(shell, "runbook rotate rovn/staging --secret stripe") == ["stripe-api-key"]


@pytest.mark.parametrize("shell", SHELLS)
def test_commands_complete(shell: str) -> None:
    assert completed(shell, "runbook rel") == ["release"]
    assert completed(shell, "runbook release ver") == ["verify"]


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_gets_its_script(shell: str) -> None:
    script = subprocess.run(
        [RUNBOOK],
        env={"PATH": os.defpath, "_RUNBOOK_COMPLETE": f"source_{shell}"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout
    assert f"complete_{shell}" in script
    assert "runbook" in script


def test_completing_and_help_load_neither_aws_nor_the_model() -> None:
    code = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from runbook import completion\n"
        "from runbook.cli import app\n"
        "assert completion.environment_names('rovn/')\n"
        "assert 'rollback' in CliRunner().invoke(app, ['--help']).stdout\n"
        "heavy = {'boto3', 'botocore', 'aws_cdk', 'pydantic', 'policies.rules', 'tomllib',\n"
        "         'yaml', 'runbook.verification.verify', 'runbook.operations.account', 'urllib3'}\n"
        "sys.exit(', '.join(sorted(heavy & sys.modules.keys())) or 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
