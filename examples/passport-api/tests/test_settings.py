"""The environment of a task: what is refused, and that no refusal shows a value."""

from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict
from pydantic import ValidationError

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
    secrets = {"database_password": "canary", "admin_token": "canary" * 8, "sentry_dsn": "canary"}

    assert "canary" not in repr(Settings.model_validate(USABLE | secrets))
