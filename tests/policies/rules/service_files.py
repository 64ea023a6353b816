"""How a rule over files is tried: on a small good service with one change, and on the real one."""

from pathlib import Path

from policies.report import Status
from policies.rules import all_rules
from policies.sources import judge_sources
from tests.assembly import ROOT

DIGEST = "@sha256:" + "0" * 64
WORKFLOW = ".github/workflows/ci.yml"
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
    WORKFLOW: f"""\
jobs:
  check:
    env: {{UV: never, TOKEN: "${{{{ github.token }}}}"}}
    steps:
      - uses: actions/checkout@{"a" * 40} # v6
      - run: uv lock --check
""",
    "deliver.sh": "docker push image\n",
}
_REAL = ROOT / "examples" / "passport-api"
REAL_WORKFLOW = ".github/workflows/deliver.yml"
REAL = {
    name: (_REAL / name).read_text("utf-8")
    for name in ("Dockerfile", "buildspec.yml", REAL_WORKFLOW, "delivery/build_image.sh")
}
MOVES = "it names the tag latest, which is another image each day"


def told(root: Path, file: str = "", old: str = "", new: str = "") -> dict[str, str]:
    """Write the small service with one change; what every rule that fails says of it."""
    return _told(root, FILES, file, old, new)


def told_of_real(root: Path, file: str = "", old: str = "", new: str = "") -> dict[str, str]:
    """Write the example service's files with one change; what every rule that fails says."""
    return _told(root, REAL, file, old, new)


def _told(root: Path, files: dict[str, str], file: str, old: str, new: str) -> dict[str, str]:
    for name, text in files.items():
        path = root / "examples" / "service" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        assert name != file or old in text
        path.write_text(text.replace(old, new) if name == file else text, "utf-8")
    results = judge_sources(root, all_rules())
    assert all(result.resource is None for result in results)
    passed = (Status.PASS, Status.NOT_APPLICABLE)
    return {r.rule: r.message for r in results if r.status not in passed}


def judged(root: Path, rule: str) -> dict[str, str]:
    """Tell which files below the service one rule looked at, and how it ended on each."""
    return {
        result.template.removeprefix("examples/service/"): result.status.value
        for result in judge_sources(root, all_rules())
        if result.rule == rule
    }
