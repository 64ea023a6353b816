"""Who may deploy: what cannot be, or would let in more than one."""

import copy
from typing import Any

import pytest
import tomli_w

from runbook.model.loader import load_environment
from tests.model.spoiling import HAPPY, MISSING, Directory, Refuse

USER = {
    "identity_name": "claude-deploy",
    "identity": "iam_user",
    "break_glass_roles": ["break-glass"],
}

# (key to spoil, its value, key told, reason told, fix told)
SPOILED = [
    ("deploy", MISSING, "deploy", "this key is missing", "add deploy"),
    ("deploy.identity", "key", "deploy.identity", "is not a choice", "'oidc_role', 'iam_user'"),
    ("deploy.identity_name", "x*", "deploy.identity_name", "never taken", "claude-deploy"),
    ("deploy.identity_name", "other", "deploy.identity_name", "breaks ROVN-DEP-9", "claude-deploy"),
    ("deploy.repository", MISSING, "deploy.repository", "without a repository", "owner/name"),
    ("deploy.repository", "rovn/*", "deploy.repository", "a wildcard is never taken", "octo-org"),
    ("deploy.repository", "rovn", "deploy.repository", "not one repository", "octo-org/octo-repo"),
    ("deploy.repository", "a@1/b", "deploy.repository", "not one repository", "octo-org@123456"),
    ("deploy.branch", "release/*", "deploy.branch", "a wildcard is never taken", "main"),
    (
        "deploy.github_environment",
        "prod?",
        "deploy.github_environment",
        "never taken",
        "production",
    ),
    ("deploy.github_environment", MISSING, "deploy.branch", "any pull request", "or both"),
    ("deploy.break_glass_roles", [], "deploy.break_glass_roles", "at least 1", "schema"),
    (
        "deploy.break_glass_roles",
        ["*"],
        "deploy.break_glass_roles[0]",
        "never taken",
        "break-glass",
    ),
    (
        "deploy.break_glass_roles",
        ["people/Claude-Deploy"],
        "deploy.break_glass_roles[0]",
        "stands here twice",
        "name each role once",
    ),
    (
        "deploy.break_glass_roles",
        ["rovn-production-release"],
        "deploy.break_glass_roles[0]",
        "roles of our stacks",
        "begins neither with rovn-production- nor with cdk-",
    ),
    (
        "deploy.break_glass_roles",
        ["CDK-people"],
        "deploy.break_glass_roles[0]",
        "roles of our stacks",
        "begins neither",
    ),
]


@pytest.mark.parametrize(("path", "value", "key", "reason", "fix"), SPOILED)
def test_refusal_names_key_reason_and_fix(
    refuse: Refuse, path: str, value: object, key: str, reason: str, fix: str
) -> None:
    told = refuse(path, value)
    assert f"\n  {key}\n" in told
    assert reason in told
    assert fix in told


@pytest.mark.parametrize(
    ("key", "value"),
    [("repository", "rovn/passport-api"), ("branch", "main"), ("github_environment", "live")],
)
def test_a_user_is_not_assumed_from_github(directory: Directory, key: str, value: str) -> None:
    told = directory.refusal(spoiled_table(USER | {key: value}))
    assert f"\n  deploy.{key}\n" in told
    assert "an IAM user is not assumed from GitHub" in told


@pytest.mark.parametrize(
    "deploy",
    [
        USER,
        USER | {"break_glass_roles": ["aws-reserved/sso.amazonaws.com/us-east-2/AWSReservedSSO_x"]},
        HAPPY["deploy"] | {"branch": "release/2026", "repository": "octo-org@1/octo.repo@2"},
    ],
)
def test_each_identity_is_taken(directory: Directory, deploy: dict[str, Any]) -> None:
    (directory.root / "rovn/production.toml").write_bytes(spoiled_table(deploy))
    assert load_environment("rovn/production", root=directory.root).deploy.identity_name


def spoiled_table(deploy: dict[str, Any]) -> bytes:
    return tomli_w.dumps(copy.deepcopy(HAPPY) | {"deploy": deploy}).encode()
