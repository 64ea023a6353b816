"""Rules over the sources of services: a good one, and each way to spoil it."""

from pathlib import Path

import pytest

from policies.report import Status
from policies.sources import judge_sources
from tests.assembly import ROOT

DIGEST = "@sha256:" + "0" * 64
FILES = {
    "Dockerfile": f"""\
ARG BASE=python:3.11-slim{DIGEST}
FROM ${{BASE}} AS builder
COPY pyproject.toml uv.lock ./
RUN pip install uv==1 \\
    && uv sync --locked --no-dev
COPY app/ app/
FROM ${{BASE}}
COPY --from=builder /app /app
USER 10001:10001
""",
    "buildspec.yml": """\
version: 0.2
env:
  variables: {LEVEL: HIGH}
phases:
  install:
    commands: [uv lock --check, uv sync]
""",
    ".github/workflows/ci.yml": f"""\
jobs:
  check:
    env: {{UV: never, TOKEN: "${{{{ github.token }}}}"}}
    steps:
      - uses: actions/checkout@{"a" * 40} # v6
      - run: uv lock --check
""",
    "deliver.sh": "docker push image\n",
}


def told(root: Path, file: str = "", old: str = "", new: str = "") -> dict[str, str]:
    for name, text in FILES.items():
        path = root / "examples" / "service" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        assert name != file or old in text
        path.write_text(text.replace(old, new, 1) if name == file else text, "utf-8")
    results = judge_sources(root)
    assert all(result.resource is None for result in results)
    return {r.rule: r.message for r in results if r.status is not Status.PASS}


def test_a_good_service_passes(tmp_path: Path) -> None:
    assert told(tmp_path) == {}
    judged = {
        (r.rule, r.template.removeprefix("examples/service/")) for r in judge_sources(tmp_path)
    }
    assert judged >= {
        ("dockerfile-pinned", "Dockerfile"),
        ("lock-checked", "buildspec.yml"),
        ("lock-checked", ".github/workflows/ci.yml"),
        ("actions-pinned", ".github/workflows/ci.yml"),
        ("no-forced-deployment", "deliver.sh"),
        ("no-secret-in-environment", "buildspec.yml"),
    }


MOVES = "it names the tag latest, which is another image each day"


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
    assert told(tmp_path, "Dockerfile", old, new) == {"dockerfile-pinned": message}


def test_one_stage_is_not_enough(tmp_path: Path) -> None:
    cut = FILES["Dockerfile"].partition("FROM ${BASE}\n")[0]
    rest = FILES["Dockerfile"].removeprefix(cut)
    found = told(tmp_path, "Dockerfile", rest, "USER 1\n")
    message = "it has 1 stages, not one that builds and one that runs"
    assert found == {"dockerfile-pinned": message}


UNCHECKED = "no command fails when the lock file has drifted, such as uv lock --check"


@pytest.mark.parametrize(
    ("file", "old", "new", "rule", "message"),
    [
        ("buildspec.yml", "uv lock --check", "true", "lock-checked", UNCHECKED),
        ("buildspec.yml", "--check", "--check || true", "lock-checked", UNCHECKED),
        ("buildspec.yml", "uv sync]", "docker push x:latest]", "lock-checked", MOVES),
        (".github/workflows/ci.yml", "uv lock --check", "true", "lock-checked", UNCHECKED),
        (
            ".github/workflows/ci.yml",
            "uv lock --check",
            "uv lock --check\n        continue-on-error: true",
            "lock-checked",
            UNCHECKED,
        ),
        (
            ".github/workflows/ci.yml",
            "a" * 40,
            "v6",
            "actions-pinned",
            "actions/checkout@v6 is not pinned by commit",
        ),
        (
            ".github/workflows/ci.yml",
            "    steps:",
            "    container: {image: python:3}\n    steps:",
            "actions-pinned",
            "the image python:3 is not pinned by digest",
        ),
        (
            "deliver.sh",
            "docker push image",
            "aws ecs update-service --force-\\\nnew-deployment",
            "no-forced-deployment",
            "it forces a new deployment: that starts the same revision again",
        ),
        (
            "buildspec.yml",
            "LEVEL: HIGH",
            "LEVEL: AKIAQQQQQQQQQQQQQQQQ",
            "no-secret-in-environment",
            "env.variables.LEVEL: the variable LEVEL holds what looks like an AWS access key",
        ),
        (
            "buildspec.yml",
            "[uv lock --check, uv sync]",
            "[uv lock --check, curl -H ghp_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]",
            "no-secret-in-environment",
            "it holds what looks like a GitHub token",
        ),
        (
            ".github/workflows/ci.yml",
            "${{ github.token }}",
            "hunter",
            "no-secret-in-environment",
            "the variable TOKEN holds a literal value, and its name says that it is a secret",
        ),
    ],
)
def test_a_worse_build_fails(
    tmp_path: Path, file: str, old: str, new: str, rule: str, message: str
) -> None:
    assert told(tmp_path, file, old, new) == {rule: message}


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    told(tmp_path, "buildspec.yml", "phases:", "- {")
    found = [r for r in judge_sources(tmp_path) if r.template.endswith("buildspec.yml")]
    unread = {r.rule: (r.status, r.message) for r in found if r.rule != "no-forced-deployment"}
    said = (Status.ERROR, "it cannot be judged: ParserError")
    assert unread == {"lock-checked": said, "no-secret-in-environment": said}


def test_what_must_be_there_is_missed(tmp_path: Path) -> None:
    [nothing] = judge_sources(tmp_path)
    assert (nothing.status, nothing.message) == (Status.FAIL, "there is no service to judge")
    (tmp_path / "examples" / "empty").mkdir(parents=True)
    assert [r.message for r in judge_sources(tmp_path)] == [
        "the service has no Dockerfile",
        "the service has no buildspec.yml",
    ]


def test_the_repositorys_own_service_passes() -> None:
    results = judge_sources(ROOT)
    assert {r.rule for r in results} >= {"dockerfile-pinned", "lock-checked", "actions-pinned"}
    assert [r for r in results if r.status is not Status.PASS] == []
