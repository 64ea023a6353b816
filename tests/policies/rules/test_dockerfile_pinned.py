"""dockerfile-pinned (ROVN-IMG-1)."""

from pathlib import Path

import pytest

from tests.policies.rules.service_files import DIGEST, FILES, MOVES, judged, told, told_of_real

RULE = "dockerfile-pinned"


def test_a_good_dockerfile_passes(tmp_path: Path) -> None:
    assert told(tmp_path) == {}
    assert judged(tmp_path, RULE) == {"Dockerfile": "pass"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (DIGEST, "", "the base image python:3.11-slim is not pinned by digest"),
        ("FROM ${BASE}\n", "FROM ${OTHER}\n", "the base image ${OTHER} is not pinned by digest"),
        (
            "COPY --from=builder",
            "COPY --from=busybox",
            "COPY --from=busybox takes an image that is not pinned by digest",
        ),
        ("USER 10001:10001\n", "", "the last stage has no USER: it runs as root"),
        ("10001:10001", "0:0", "the last stage runs as 0:0, which is root"),
        ("10001:10001", "root", "the last stage runs as root, which is root"),
        ("10001:10001", "1\nUSER root", "the last stage runs as root, which is root"),
        (
            "10001:10001",
            "${WHO}",
            "the last stage runs as ${WHO}: whoever builds decides whether that is root",
        ),
        (
            "--locked --no-dev",
            "--no-dev",
            "no step installs the dependencies from a lock file, failing where it has drifted",
        ),
        (
            "--no-dev",
            "--no-dev || true",
            "the step that installs the dependencies goes on when it has failed",
        ),
        (" uv.lock", "", "no lock file is copied before the dependencies are installed"),
        (
            "pyproject.toml uv.lock",
            ".",
            "no lock file is copied before the dependencies are installed; . is copied before the "
            "dependencies are installed: each change of the source installs them anew",
        ),
        ("COPY app/", "ADD https://host/x /x\nCOPY app/", "ADD downloads without --checksum"),
        ("COPY app/ app/", "RUN docker pull redis:latest", MOVES),
    ],
)
def test_a_worse_dockerfile_fails(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert told(tmp_path, "Dockerfile", old, new) == {RULE: message}


def test_one_stage_is_not_enough(tmp_path: Path) -> None:
    cut = FILES["Dockerfile"].partition("FROM ${BASE}\n")[0]
    rest = FILES["Dockerfile"].removeprefix(cut)
    found = told(tmp_path, "Dockerfile", rest, "USER 1\n")
    message = "it has 1 stages, not one that builds and one that runs"
    assert found == {RULE: message}


def test_a_service_needs_one(tmp_path: Path) -> None:
    told(tmp_path)
    (tmp_path / "examples/service/Dockerfile").unlink()
    assert judged(tmp_path, RULE) == {"Dockerfile": "fail"}


def test_only_this_rule_sees_that_the_real_service_runs_as_root(tmp_path: Path) -> None:
    found = told_of_real(tmp_path, "Dockerfile", "USER 10001:10001", "USER 0")
    assert found == {RULE: "the last stage runs as 0, which is root"}
