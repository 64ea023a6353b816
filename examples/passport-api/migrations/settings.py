"""What the environment of a migration task says."""

from pathlib import Path
from typing import Annotated, Literal

from psycopg.conninfo import make_conninfo
from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_CONNECT_SECONDS = 10
_RoleName = Annotated[str, Field(default="", max_length=63, pattern=r"^[a-z_][a-z0-9_]*$|^$")]


class Settings(BaseSettings):
    """Typed environment variables; the DATABASE_* ones are named as the service's.

    Raises ``pydantic.ValidationError`` without the offending values, which may be secrets.
    """

    model_config = SettingsConfigDict(
        frozen=True, hide_input_in_errors=True, env_ignore_empty=True, extra="ignore"
    )

    app_version: str = Field(min_length=1, max_length=128)
    """Tag of this image; the ledger keeps it."""
    previous_image: str = Field(default="", max_length=128)
    """Tag of the image that serves meanwhile; the release gate knows it. Empty: none does."""

    database_host: str
    database_port: int = Field(default=5432, ge=1, le=65535)
    database_name: str
    database_user: str
    """Has the rights to change the schema, or may become the owner role."""
    database_password: SecretStr = SecretStr("")
    database_sslmode: Literal["disable", "require", "verify-full"] = "require"
    database_sslrootcert: Path | None = None

    database_owner_role: _RoleName
    """Role that owns every object. Users that take turns (rotation) share one; without it the
    objects belong to who runs the migration."""
    database_application_role: _RoleName
    """Role that may read and write what the migrations make; without it nobody is granted."""

    migration_wait_seconds: int = Field(default=600, ge=1, le=3600)
    """How long to wait for another runner."""
    migration_lock_seconds: int = Field(default=3, ge=1, le=60)
    """How long one try waits for a table that the serving revision uses: others queue behind."""
    migration_lock_tries: int = Field(default=5, ge=1, le=100)
    migration_timeout_seconds: int = Field(default=60, ge=1, le=3600)
    """How long one migration may take, and so hold its locks, unless its header says more."""

    @model_validator(mode="after")
    def _refuse_unverifiable_certificate(self) -> "Settings":
        if self.database_sslmode == "verify-full" and self.database_sslrootcert is None:
            raise ValueError("DATABASE_SSLMODE=verify-full needs DATABASE_SSLROOTCERT")
        return self

    def database_conninfo(self) -> str:
        """Compose libpq's connection string; it holds the password, so it is never logged."""
        options = {
            # Names in migrations are qualified; one that is not fails instead of going astray.
            "search_path": "pg_catalog",
            # A runner that was killed, or whose host is gone, lets go of its locks in seconds.
            "client_connection_check_interval": "2s",
            "tcp_keepalives_idle": "10",
            "tcp_keepalives_interval": "5",
            "tcp_keepalives_count": "3",
            "idle_in_transaction_session_timeout": "60s",
            # Of the questions; migrations and the wait for another runner have their own.
            "statement_timeout": "30s",
        }
        return make_conninfo(
            host=self.database_host,
            port=self.database_port,
            dbname=self.database_name,
            user=self.database_user,
            password=self.database_password.get_secret_value(),
            sslmode=self.database_sslmode,
            sslrootcert=str(self.database_sslrootcert) if self.database_sslrootcert else None,
            application_name="migrations",
            client_encoding="UTF8",
            connect_timeout=_CONNECT_SECONDS,
            tcp_user_timeout=_CONNECT_SECONDS * 1000,
            keepalives_idle=10,
            options=" ".join(f"-c {name}={value}" for name, value in options.items()),
        )
