"""app.py under the packs: an open finding ends it, alone and under the CDK CLI."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from policies.waivable_rules import PACKS
from tests.assembly import ROOT

FOLDERS = ("constructs", "environments", "policies", "runbook", "stacks")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what app.py needs, to spoil its waivers."""
    root = tmp_path_factory.mktemp("repository")
    for name in ("app.py", "cdk.json"):
        shutil.copy(ROOT / name, root)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    return root


@pytest.fixture
def unwaived(repository: Path) -> Path:
    """Take one waiver of each pack away; the others stay."""
    file = repository / "policies" / "waivers.toml"
    text = (ROOT / "policies" / "waivers.toml").read_text("utf-8")
    header, *waivers = re.split(r"(?m)^(?=\[\[waiver\]\]$)", text)
    kept = [w for w in waivers if "S3DefaultEncryptionKMS" not in w and "-IAM4[" not in w]
    assert len(kept) == len(waivers) - 5
    file.write_text(header + "".join(kept), "utf-8")
    return repository


def assert_told(run: subprocess.CompletedProcess[str]) -> None:
    said = run.stdout + run.stderr
    assert run.returncode != 0
    assert "the synthesis of rovn/staging is refused:" in said
    assert "    why: The S3 Bucket is not encrypted with a KMS Key by default. " in said
    assert '"Audit/AccessLogs/Resource"' in said
    rules = set(re.findall(r'^ +"(.+?)::.+",$', said, re.MULTILINE))
    assert rules == set(PACKS)
    assert "Traceback" not in said


def test_an_open_finding_ends_the_application(unwaived: Path, tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, unwaived / "app.py"],
        env=os.environ
        | {
            "CDK_OUTDIR": str(tmp_path / "out"),
            "CDK_CONTEXT_JSON": '{"environment": "rovn/staging"}',
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert_told(run)


def test_an_open_finding_ends_the_cdk_cli(unwaived: Path, tmp_path: Path) -> None:
    run = subprocess.run(
        [
            ROOT / "node_modules" / ".bin" / "cdk",
            *("synth", "**", "--quiet", "-c", "environment=rovn/staging"),
            *("--app", f"{sys.executable} app.py", "--output", tmp_path / "out"),
        ],
        cwd=unwaived,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert_told(run)


def test_waivers_that_cannot_be_read_end_it_before_the_cdk_starts(
    repository: Path, tmp_path: Path
) -> None:
    (repository / "policies" / "waivers.toml").write_text("[[waiver]]\n", "utf-8")
    run = subprocess.run(
        [sys.executable, repository / "app.py"],
        env=os.environ | {"CDK_OUTDIR": str(tmp_path / "out")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode != 0
    assert "policies/waivers.toml is refused:" in run.stderr
    assert "Traceback" not in run.stderr
    assert not (tmp_path / "out").exists()


# Ends with a call of our own, which shows that a call would be seen.
CALLS_AT_IMPORT = """
from stacks.jsii_runtime import use_pinned_node
use_pinned_node()
import aws_cdk
from jsii._kernel.providers.process import _NodeProcess
_NodeProcess.send = lambda self, request, response_type: print(request.fqn) or exit()
import stacks.application
print("imported")
aws_cdk.Duration.hours(1)
"""


def test_the_stacks_are_imported_without_a_call_of_the_cdk() -> None:
    """app.py imports them while another thread calls it; jsii's pipe takes one caller."""
    command = [sys.executable, "-c", CALLS_AT_IMPORT]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout == "imported\naws-cdk-lib.Duration\n"
