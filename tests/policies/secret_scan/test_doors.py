"""The command and the hook, as make and pre-commit call them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from policies.secret_scan.found import digest_of
from tests.assembly import ROOT
from tests.policies.secret_scan.repositories import SmallRepository, secret

pytestmark = pytest.mark.clause("DLX-SEC-1")


def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "policies.secret_scan", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def git(*arguments: str, environment: dict[str, str] | None = None, given: str = "") -> str:
    run = subprocess.run(
        ["git", *arguments],
        cwd=ROOT,
        env=os.environ | (environment or {}),
        input=given,
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.strip()


def test_a_secret_ends_it_with_place_kind_and_digest(tmp_path: Path) -> None:
    repository = SmallRepository(tmp_path / "repository")
    commit = repository.commit("add", {"key.txt": secret()})
    run = command("repository", repository.root)
    assert run.returncode == 1
    assert f"  key.txt:1 since commit {commit[:12]}" in run.stderr
    assert digest_of(secret()) in run.stderr
    assert secret() not in run.stdout + run.stderr
    assert "Traceback" not in run.stderr


def test_make_check_asks_it() -> None:
    target = (ROOT / "Makefile").read_text("utf-8").split("\ncheck:")[1].split("\n\n")[0]
    assert "\n\t@python -m policies.secret_scan repository\n" in target


def hook(tmp_path: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the hook on README.md as pre-commit does, with a store of its own and no network."""
    return subprocess.run(
        [Path(sys.executable).with_name("pre-commit"), "run", "secrets", "--files", "README.md"],
        cwd=ROOT,
        env=os.environ
        | {"PRE_COMMIT_HOME": str(tmp_path / "store"), "HTTPS_PROXY": "http://127.0.0.1:9"}
        | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_hook_runs_before_every_commit_on_every_file() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    [found] = [h for repo in config["repos"] for h in repo["hooks"] if h["id"] == "secrets"]
    assert set(found) == {"id", "name", "entry", "language"}
    assert found["entry"] == ".venv/bin/python -m policies.secret_scan staged"


def test_the_hook_refuses_what_is_staged(tmp_path: Path) -> None:
    """An index and a store of objects of the test's own stand in for those of the repository."""
    index = tmp_path / "index"
    shutil.copy(ROOT / git("rev-parse", "--git-path", "index"), index)
    environment = {
        "GIT_INDEX_FILE": str(index),
        "GIT_OBJECT_DIRECTORY": str(tmp_path / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(ROOT / git("rev-parse", "--git-path", "objects")),
    }
    (tmp_path / "objects").mkdir()
    passed = hook(tmp_path, environment)
    assert (passed.returncode, passed.stderr) == (0, ""), passed.stdout
    assert "Passed" in passed.stdout
    name = git("hash-object", "-w", "--stdin", environment=environment, given=f"\n{secret()}\n")
    git("update-index", "--cacheinfo", f"100644,{name},README.md", environment=environment)
    refused = hook(tmp_path, environment)
    assert refused.returncode == 1
    assert "README.md:2, not committed" in refused.stdout
    assert secret() not in refused.stdout + refused.stderr
