"""The environment of a task: what is refused, and that no refusal shows a value."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict
from pydantic import ValidationError

from local.signing_keys import first_document
from passport_api.settings import Settings

USABLE = {
    "app_version": "prod-20260527052600",
    "database_host": "db.internal",
    "database_name": "passport",
    "database_user": "passport_app",
}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"admin_token": "canary-too-short"}, "admin_token"),
        ({"mcp_inbound_token": "canary-too-short"}, "mcp_inbound_token"),
        ({"mcp_outbound_token": "canary-too-short"}, "mcp_outbound_token"),
        (
            {"mcp_outbound_token": "canary" * 8, "source_registry_url": "http://registry.internal"},
            "https SOURCE_REGISTRY_URL",
        ),
        (
            {"workos_api_key": "canary", "identity_provider_url": "http://sso.internal"},
            "https IDENTITY_PROVIDER_URL",
        ),
        (
            {"anthropic_api_key": "canary", "anthropic_url": "http://proxy.internal"},
            "https ANTHROPIC_URL",
        ),
        ({"ai_fallback_model": "canary"}, "AI_FALLBACK_MODEL needs AI_FALLBACK_REGION"),
        ({"session_seconds": "59"}, "session_seconds"),
        ({"jwt_signing_keys": "canary"}, "jwt_signing_keys"),
        ({"jwt_signing_keys": '{"keys": [], "first": "canary"}'}, "has no keys yet"),
        ({"receipt_seconds": "59"}, "receipt_seconds"),
        ({"database_sslmode": "canary"}, "database_sslmode"),
        ({"database_sslmode": "verify-full"}, ""),
        ({"database_timeout_seconds": "canary"}, "database_timeout_seconds"),
        ({"source_registry_url": "canary"}, "source_registry_url"),
        ({"drain_seconds": "120"}, "drain_seconds"),
        ({"app_version": ""}, "app_version"),
    ],
)
def test_unusable_values_are_refused_and_not_shown(change: dict[str, str], field: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        Settings.model_validate(USABLE | change)

    assert field in str(refusal.value)
    assert "canary" not in str(refusal.value)


def test_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in USABLE.items():
        monkeypatch.setenv(name.upper(), value)
    monkeypatch.setenv("ADMIN_TOKEN", "")
    monkeypatch.setenv("PHI_FIELDS", "ward_code, badge")

    settings = Settings()

    assert settings.admin_token is None, "an empty secret is no secret"
    assert settings.phi_fields == {"ward_code", "badge"}


@pytest.mark.parametrize(
    "url", ["https://registry.internal/", "http://127.0.0.1:9/", "http://[::1]:9/", None]
)
def test_outbound_token_travels_where_nobody_listens(url: str | None) -> None:
    secret = {"mcp_outbound_token": "canary" * 8, "source_registry_url": url}

    assert Settings.model_validate(USABLE | secret).mcp_outbound_token


def test_an_unreadable_time_of_a_previous_token_is_no_reason_to_stop() -> None:
    change = {"admin_token_previous": "canary", "admin_token_previous_until": "canary"}
    accepted = Settings.model_validate(USABLE | change)

    assert accepted.model_fields_set >= set(change)


def test_every_wait_for_the_database_is_bounded_and_encrypted() -> None:
    settings = Settings.model_validate(
        USABLE
        | {
            "database_password": "pass word'",
            "database_sslmode": "verify-full",
            "database_sslrootcert": Path("/ca.pem"),
            "database_timeout_seconds": 4,
        }
    )

    conninfo = conninfo_to_dict(settings.database_conninfo())

    assert conninfo["sslmode"] == "verify-full"
    assert conninfo["sslrootcert"] == "/ca.pem"
    assert conninfo["password"] == "pass word'"  # noqa: S105
    assert conninfo["connect_timeout"] == "4"
    assert conninfo["tcp_user_timeout"] == "4000"
    assert conninfo["options"] == "-c statement_timeout=4000"


def test_tls_is_on_unless_said_otherwise() -> None:
    assert Settings.model_validate(USABLE).database_sslmode == "require"


def test_secrets_do_not_show_in_repr() -> None:
    document = first_document(datetime(2026, 11, 22, tzinfo=UTC))
    private = json.loads(document)["keys"][0]["private"]
    secrets = {"database_password": "canary", "sentry_dsn": "canary", "jwt_signing_keys": document}
    for name in ("admin_token", "mcp_inbound_token"):
        secrets |= {name: "canary" * 8, f"{name}_previous": "canary" * 8}
    secrets |= {"mcp_outbound_token": "canary" * 8}

    shown = repr(Settings.model_validate(USABLE | secrets))
    assert "canary" not in shown
    assert private not in shown
