"""Dockerfile, buildspec and workflow keep the rules of the pipeline (ROVN-IMG-1, ROVN-DEP-*)."""

import io
import json
import re
import subprocess
import tomllib
from typing import Any

import pytest
import yaml
from dockerfile_parse import DockerfileParser

from tests.conftest import ROOT

SECRET = re.compile(r"secret|token|password|passwd|credential|dsn|api_?key|private", re.IGNORECASE)
BUILDSPEC = (ROOT / "buildspec.yml").read_text()
BUILD_SCRIPT = (ROOT / "delivery/build_image.sh").read_text()
WORKFLOW = (ROOT / ".github/workflows/deliver.yml").read_text()


@pytest.fixture(scope="module")
def instructions() -> list[dict[str, str]]:
    """Parse the Dockerfile into its instructions."""
    parsed = DockerfileParser(fileobj=io.BytesIO((ROOT / "Dockerfile").read_bytes())).structure
    return [{"name": step["instruction"], "value": step["value"]} for step in parsed]


def _values(instructions: list[dict[str, str]], name: str) -> list[str]:
    return [step["value"] for step in instructions if step["name"] == name]


def _final_stage(instructions: list[dict[str, str]]) -> list[dict[str, str]]:
    start = max(i for i, step in enumerate(instructions) if step["name"] == "FROM")
    return instructions[start:]


@pytest.mark.clause("ROVN-IMG-1")
def test_base_is_one_image_pinned_by_digest(instructions: list[dict[str, str]]) -> None:
    [base] = [value for value in _values(instructions, "ARG") if value.startswith("PYTHON_IMAGE=")]
    assert re.fullmatch(r"PYTHON_IMAGE=python:3\.11-slim@sha256:[0-9a-f]{64}", base)
    assert {value.split()[0] for value in _values(instructions, "FROM")} == {"${PYTHON_IMAGE}"}


@pytest.mark.clause("ROVN-IMG-1")
def test_two_stages_and_the_tools_stay_in_the_first(instructions: list[dict[str, str]]) -> None:
    assert len(_values(instructions, "FROM")) == 2
    final = _final_stage(instructions)
    assert all("--from=builder" in value for value in _values(final, "COPY"))
    assert not any("pip" in value or "apt" in value for value in _values(final, "RUN"))


@pytest.mark.clause("ROVN-IMG-1")
def test_dependencies_come_from_the_lock_before_the_source(
    instructions: list[dict[str, str]],
) -> None:
    builder = [step["value"] for step in instructions[: -len(_final_stage(instructions))]]
    lock = next(i for i, value in enumerate(builder) if value.startswith("pyproject.toml uv.lock"))
    sync = next(i for i, value in enumerate(builder) if "uv sync --locked --no-dev" in value)
    source = next(i for i, value in enumerate(builder) if value.startswith("passport_api/"))
    assert lock < sync < source


@pytest.mark.clause("ROVN-IMG-1")
def test_runs_as_a_number_that_is_not_root(instructions: list[dict[str, str]]) -> None:
    [user] = _values(_final_stage(instructions), "USER")
    assert all(int(part) >= 10_000 for part in user.split(":"))


@pytest.mark.clause("ROVN-IMG-2")
def test_needs_no_writable_root_file_system(instructions: list[dict[str, str]]) -> None:
    environment = " ".join(_values(_final_stage(instructions), "ENV"))
    assert "PYTHONDONTWRITEBYTECODE=1" in environment
    assert not _values(instructions, "VOLUME")


def test_commands_are_in_exec_form(instructions: list[dict[str, str]]) -> None:
    final = _final_stage(instructions)
    [command] = _values(final, "CMD")
    assert json.loads(command) == ["python", "-m", "passport_api"]
    [check] = _values(final, "HEALTHCHECK")
    assert json.loads(check.partition("CMD")[2])[-1] == "passport_api.healthcheck"


def test_version_is_built_in(instructions: list[dict[str, str]]) -> None:
    final = _final_stage(instructions)
    assert "APP_VERSION" in _values(final, "ARG")
    assert any("APP_VERSION=${APP_VERSION}" in value for value in _values(final, "ENV"))


def test_no_secret_in_the_image(instructions: list[dict[str, str]]) -> None:
    for name in ("ARG", "ENV", "LABEL"):
        for value in _values(instructions, name):
            assert not SECRET.search(value), value
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[1] == "*", "everything is left out that is not named"
    assert {line for line in ignored if line.startswith("!")} == {
        "!pyproject.toml",
        "!uv.lock",
        "!passport_api",
        "!migrations",
    }


@pytest.fixture(scope="module")
def buildspec() -> dict[str, Any]:
    """Parse the buildspec."""
    parsed: dict[str, Any] = yaml.safe_load(BUILDSPEC)
    return parsed


def _commands(buildspec: dict[str, Any]) -> list[str]:
    return [line for phase in buildspec["phases"].values() for line in phase["commands"]]


@pytest.mark.clause("ROVN-IMG-1")
def test_build_checks_before_it_builds(buildspec: dict[str, Any]) -> None:
    commands = "\n".join(_commands(buildspec))
    order = ["uv lock --check", "uv sync --locked", "ruff check", "mypy", "pytest", "build_image"]
    places = [commands.index(step) for step in order]
    assert places == sorted(places)


@pytest.mark.clause("ROVN-MIG-4")
def test_migrations_are_reviewed_before_anything_is_built_or_uploaded(
    buildspec: dict[str, Any], workflow: dict[str, Any]
) -> None:
    command = "uv run --no-sync python -m delivery.migration_review"
    assert command in buildspec["phases"]["pre_build"]["commands"]
    assert command in [step.get("run") for step in workflow["jobs"]["check"]["steps"]]


def test_migrations_are_in_the_image_and_their_review_is_not(
    instructions: list[dict[str, str]],
) -> None:
    copied = " ".join(_values(instructions, "COPY"))
    assert "migrations/ migrations/" in copied
    assert "delivery" not in copied
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert not any(name.startswith("pglast") for name in dependencies), "its licence is the GPL"


def test_failed_phase_ends_the_build(buildspec: dict[str, Any]) -> None:
    # CodeBuild runs post_build after a failed build unless told otherwise.
    assert all(phase["on-failure"] == "ABORT" for phase in buildspec["phases"].values())


def test_build_hands_on_the_image_and_nothing_else(buildspec: dict[str, Any]) -> None:
    assert buildspec["artifacts"]["files"] == ["image.json"]


def test_build_has_a_threshold_and_no_secret(buildspec: dict[str, Any]) -> None:
    variables = buildspec["env"]["variables"]
    assert variables["SCAN_FAIL_SEVERITY"] == "HIGH"
    assert not any(SECRET.search(name) for name in variables)


@pytest.mark.clause("ROVN-DEP-2")
def test_image_is_pushed_and_scanned_under_one_tag() -> None:
    order = ["delivery.image_tag", "docker build", "docker push", "delivery.scan_gate"]
    places = [BUILD_SCRIPT.index(step) for step in order]
    assert places == sorted(places)
    assert BUILD_SCRIPT.count("docker push") == 1
    assert "--provenance=false" in BUILD_SCRIPT, "ECR's basic scan reads no index"


@pytest.mark.clause("ROVN-DEP-3")
@pytest.mark.parametrize("text", [BUILDSPEC, BUILD_SCRIPT, WORKFLOW], ids=["spec", "sh", "yml"])
def test_delivery_never_deploys_and_never_moves_a_tag(text: str) -> None:
    for forbidden in (r"force-new-deployment", r"\becs\b", r"\blatest\b", r"set -\w*x"):
        assert not re.search(forbidden, text, re.IGNORECASE)


def test_shell_is_clean(buildspec: dict[str, Any]) -> None:
    steps = yaml.safe_load(WORKFLOW)["jobs"].values()
    lines = [step["run"] for job in steps for step in job["steps"] if "run" in step]
    for script in [BUILD_SCRIPT, *_commands(buildspec), *lines]:
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    assert "set -euo pipefail" in BUILD_SCRIPT


@pytest.fixture(scope="module")
def workflow() -> dict[str, Any]:
    """Parse the workflow; YAML reads its key `on` as true."""
    parsed: dict[str, Any] = {str(key): item for key, item in yaml.safe_load(WORKFLOW).items()}
    return parsed


def test_workflow_gives_each_job_what_it_needs(workflow: dict[str, Any]) -> None:
    assert workflow["permissions"] == {}
    assert workflow["jobs"]["check"]["permissions"] == {"contents": "read"}
    assert workflow["jobs"]["upload"]["permissions"] == {"contents": "read", "id-token": "write"}


@pytest.mark.clause("ROVN-DEP-10")
def test_only_checked_commits_of_main_go_up(workflow: dict[str, Any]) -> None:
    upload = workflow["jobs"]["upload"]
    assert upload["needs"] == "check"
    assert "github.ref == 'refs/heads/main'" in upload["if"]
    assert "github.event_name == 'push'" in upload["if"]
    assert workflow["concurrency"]["cancel-in-progress"] is False
    assert "pull_request_target" not in WORKFLOW


def test_actions_are_pinned_by_commit() -> None:
    uses = re.findall(r"uses: (\S+)(.*)", WORKFLOW)
    assert uses
    for action, comment in uses:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action), action
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), action


@pytest.mark.clause("ROVN-DEP-10")
def test_workflow_has_no_key_and_puts_no_expression_into_shell(workflow: dict[str, Any]) -> None:
    assert "secrets." not in WORKFLOW
    assert "aws-access-key-id" not in WORKFLOW
    for job in workflow["jobs"].values():
        assert not any("${{" in step.get("run", "") for step in job["steps"])


def test_uv_has_one_version_and_three_readers() -> None:
    pattern = r"""sed -n 's/^required-version = "\(.*\)"$/\1/p' pyproject.toml"""
    for reader in (BUILDSPEC, WORKFLOW, (ROOT / "Dockerfile").read_text()):
        assert pattern in reader
    command = f'echo "uv$({pattern})"'
    told = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True)
    assert re.fullmatch(r"uv==\d+\.\d+\.\d+\n", told.stdout)
