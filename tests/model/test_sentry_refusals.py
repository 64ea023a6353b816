"""A project of Sentry in an environment file: what it takes, and what is refused."""

import copy
from typing import Any

import pytest
import tomli_w

from runbook.model.loader import load_environment
from runbook.model.sentry import SentryProject
from tests.model.spoiling import HAPPY, MISSING, Directory, demand_told

KEY = "services.passport-api.sentry"
PROJECT = {"organisation": "acme", "project": "api", "token_secret": "sentry-token"}
TOKEN = {
    "mechanism": "operator_supplied",
    "rotation_days": 90,
    "owner": "platform-engineering",
    "consumers": [],
    "variables": [],
    "unverifiable": "a rollback asks Sentry with it, and says when it is refused",
}


def written(project: dict[str, Any], token: dict[str, Any] | None) -> bytes:
    """Write the happy file with a project, and with the secret of its token."""
    data = copy.deepcopy(HAPPY)
    data["services"]["passport-api"]["sentry"] = project
    if token is not None:
        data["secrets"]["sentry-token"] = token
    return tomli_w.dumps(data).encode()


@pytest.mark.clause("ROVN-RB-1")
def test_a_project_is_taken_and_is_sentrys_own_service_unless_it_says(
    directory: Directory,
) -> None:
    path = directory.root / "rovn/production.toml"
    path.write_bytes(written(PROJECT, TOKEN))
    loaded = load_environment("rovn/production", root=directory.root)
    found = loaded.services["passport-api"].sentry
    assert found == SentryProject(url="https://sentry.io", **PROJECT)
    assert loaded.operators_tokens == ("sentry-token",)


def test_no_project_is_no_contradiction() -> None:
    assert load_environment("rovn/production").services["passport-api"].sentry is None
    assert load_environment("rovn/production").operators_tokens == ()


@pytest.mark.parametrize(
    ("project", "token", "key", "reason", "fix"),
    [
        (
            {},
            None,
            f"{KEY}.token_secret",
            "'sentry-token' is not a secret of this file",
            "add [secrets.sentry-token], operator_supplied, without consumers",
        ),
        (
            {},
            {"mechanism": "generated_token"},
            f"{KEY}.token_secret",
            "Sentry alone can make a token of Sentry",
            'write mechanism = "operator_supplied"',
        ),
        (
            {},
            {"consumers": ["passport-api"], "variables": ["SENTRY_TOKEN"]},
            f"{KEY}.token_secret",
            "a task would hold what reads the whole project",
            "leave its consumers and variables empty",
        ),
        ({"url": "http://sentry.io"}, {}, f"{KEY}.url", "'^https://", "schema.json"),
        ({"organisation": "Acme Inc"}, {}, f"{KEY}.organisation", "'^[a-z0-9_-]+$'", "schema"),
        ({"project": MISSING}, {}, f"{KEY}.project", "this key is missing", f"add {KEY}.project"),
        ({"dsn": "x"}, {}, f"{KEY}.dsn", "unknown", "known keys: organisation, project"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    directory: Directory,
    project: dict[str, Any],
    token: dict[str, Any] | None,
    key: str,
    reason: str,
    fix: str,
) -> None:
    given = {name: value for name, value in (PROJECT | project).items() if value is not MISSING}
    message = directory.refusal(written(given, None if token is None else TOKEN | token))
    demand_told(message, key, reason, fix)
