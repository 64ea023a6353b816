"""actions-pinned (ROVN-IMG-1)."""

from pathlib import Path

import pytest

from tests.policies.rules.service_files import (
    DIGEST,
    REAL_WORKFLOW,
    WORKFLOW,
    judged,
    told,
    told_of_real,
)

RULE = "actions-pinned"
USES = f"actions/checkout@{'a' * 40}"


def test_a_good_workflow_passes(tmp_path: Path) -> None:
    assert told(tmp_path) == {}
    assert judged(tmp_path, RULE) == {WORKFLOW: "pass"}


def test_a_service_without_workflows_is_not_judged(tmp_path: Path) -> None:
    told(tmp_path)
    (tmp_path / "examples/service" / WORKFLOW).unlink()
    assert judged(tmp_path, RULE) == {"examples": "not_applicable"}


@pytest.mark.parametrize("uses", ["./.github/actions/own", f"docker://alpine{DIGEST}"])
def test_what_cannot_move_passes(tmp_path: Path, uses: str) -> None:
    assert told(tmp_path, WORKFLOW, USES, uses) == {}


@pytest.mark.parametrize("key", ["container", "image"])
def test_an_image_by_digest_passes(tmp_path: Path, key: str) -> None:
    good = f"    {key}: python:3{DIGEST}\n    steps:"
    assert told(tmp_path, WORKFLOW, "    steps:", good) == {}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("a" * 40, "v6", "actions/checkout@v6 is not pinned by commit"),
        (USES, "docker://alpine:3", "docker://alpine:3 is not pinned by commit"),
        (
            "    steps:",
            "    container: {image: python:3}\n    steps:",
            "the image python:3 is not pinned by digest",
        ),
        (
            "    steps:",
            "    container: python:3\n    steps:",
            "the image python:3 is not pinned by digest",
        ),
        (
            "    steps:",
            "    container: ./python\n    steps:",
            "the image ./python is not pinned by digest",
        ),
    ],
)
def test_a_worse_workflow_fails(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert told(tmp_path, WORKFLOW, old, new) == {RULE: message}


def test_only_this_rule_sees_a_tag_in_the_real_workflow(tmp_path: Path) -> None:
    commit = "actions/setup-python@a309ff8b426b58ec0e2a45f0f869d46889d02405"
    found = told_of_real(tmp_path, REAL_WORKFLOW, commit, "actions/setup-python@v6")
    assert found == {RULE: "actions/setup-python@v6 is not pinned by commit"}
