"""What the environment of a task says; everything the service can be told, and nothing else."""

from pathlib import Path
from typing import Annotated, Literal

from psycopg.conninfo import make_conninfo
from pydantic import AnyHttpUrl, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from passport_api.signing_keys import SigningKeys

MINIMUM_TOKEN_LENGTH = 32
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
# Each secret that leaves the service, and the address that it is shown to.
_SHOWN_TO = {
    "anthropic_api_key": "anthropic_url",
    "mcp_outbound_token": "source_registry_url",
    "workos_api_key": "identity_provider_url",
}


class Settings(BaseSettings):
    """Typed environment variables, read once at the start of the process.

    Secrets arrive as references to Secrets Manager that ECS resolves (ROVN-SEC-1). Raises
    ``pydantic.ValidationError`` without the offending values, which may be secrets.
    """

    # A misplaced secret must not be printed by the error that refuses it.
    model_config = SettingsConfigDict(
        frozen=True, hide_input_in_errors=True, env_ignore_empty=True, extra="ignore"
    )

    app_version: str = Field(min_length=1, max_length=128)
    """Image tag that runs; `/health` reports it and the release gate compares it."""
    port: int = Field(default=8000, ge=1, le=65535)

    database_host: str
    """Host name, or the directory of a Unix socket."""
    database_port: int = Field(default=5432, ge=1, le=65535)
    database_name: str
    database_user: str
    database_password: SecretStr = SecretStr("")
    database_sslmode: Literal["disable", "require", "verify-full"] = "require"
    database_sslrootcert: Path | None = None
    """Certificate bundle of the database's authority; `verify-full` needs it."""
    database_pool_size: int = Field(default=5, ge=1, le=100)
    """Connections of one process: a factor in the environment's connection budget."""
    database_timeout_seconds: float = Field(default=2.0, gt=0, le=30)

    admin_token: SecretStr | None = None
    """Opens `/debug/*`, `/admin/*` and `/audit/*`; without it they do not exist."""
    admin_token_previous: SecretStr | None = None
    """The token before the last rotation; opens the same until `admin_token_previous_until`."""
    admin_token_previous_until: str | None = None
    """ISO 8601 with its zone. Not refused when unreadable: then the previous token opens nothing,
    and the service goes on with the other one."""

    mcp_inbound_token: SecretStr | None = None
    """What agents show to `/receipts/verify`; without it that does not exist."""
    mcp_inbound_token_previous: SecretStr | None = None
    mcp_inbound_token_previous_until: str | None = None
    mcp_outbound_token: SecretStr | None = None
    """What the service shows to the licence registry, over TLS or on this machine alone."""

    jwt_signing_keys: SecretStr | None = None
    """Document of `signing_keys.py`; without it there are no receipts, without keys no service."""
    receipt_seconds: int = Field(default=3600, ge=60, le=86_400)
    """How long a receipt is valid; half the overlap of the signing keys at most."""

    source_registry_url: AnyHttpUrl | None = None
    """Licence registry that verifications ask; without it every one stays pending."""
    source_timeout_seconds: float = Field(default=3.0, gt=0, le=30)
    reverify_interval_seconds: float = Field(default=60.0, gt=0)
    reverify_queue_limit: int = Field(default=1000, ge=1)

    identity_provider_url: AnyHttpUrl | None = None
    """Where a sign-in's code is exchanged, as WorkOS takes it; without it people cannot sign in."""
    identity_provider_client_id: str = ""
    workos_api_key: SecretStr | None = None
    """What the service shows to the identity provider, over TLS or on this machine alone."""
    session_seconds: int = Field(default=3600, ge=60, le=86_400)
    """How long a session is valid; half the overlap of the signing keys at most."""

    anthropic_url: AnyHttpUrl = AnyHttpUrl("https://api.anthropic.com/v1/messages")
    anthropic_api_key: SecretStr | None = None
    """What the service shows to Anthropic; without it the first route of AI calls is closed."""
    ai_model: str = "claude-haiku-4-5-20251001"
    ai_fallback_model: str | None = None
    """Model or inference profile of Bedrock, the second route; without it there is none."""
    ai_fallback_region: str | None = None
    """Where Bedrock is asked: the region of the task's own endpoint."""
    ai_fallback_url: AnyHttpUrl | None = None
    """Bedrock elsewhere than at its own address in that region."""
    ai_timeout_seconds: float = Field(default=10.0, gt=0, le=60)

    sentry_dsn: SecretStr | None = None
    environment_name: str = Field(default="local", min_length=1)
    otel_exporter_otlp_endpoint: AnyHttpUrl | None = None
    """Collector that takes OTLP over HTTP, for example the sidecar; off when not set."""

    phi_fields: Annotated[frozenset[str], NoDecode] = frozenset()
    """Comma-separated field names to redact, added to the ones built in."""
    drain_seconds: int = Field(default=20, ge=1, le=110)
    """How long running requests may take after SIGTERM. The task's stopTimeout must leave ten
    seconds more, for closing connections and sending what is queued."""

    @field_validator("phi_fields", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return frozenset(name.strip() for name in value.split(",") if name.strip())
        return value

    @field_validator("admin_token", "mcp_inbound_token", "mcp_outbound_token")
    @classmethod
    def _refuse_short_token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value) < MINIMUM_TOKEN_LENGTH:
            raise ValueError(f"must have at least {MINIMUM_TOKEN_LENGTH} characters")
        return value

    @field_validator("jwt_signing_keys")
    @classmethod
    def _refuse_unusable_keys(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            SigningKeys(value.get_secret_value())
        return value

    @model_validator(mode="after")
    def _refuse_fallback_without_region(self) -> "Settings":
        if self.ai_fallback_model and not self.ai_fallback_region:
            raise ValueError("AI_FALLBACK_MODEL needs AI_FALLBACK_REGION")
        return self

    @model_validator(mode="after")
    def _refuse_readable_token(self) -> "Settings":
        for secret, shown_to in _SHOWN_TO.items():
            url: AnyHttpUrl | None = getattr(self, shown_to)
            readable = url is not None and url.scheme != "https" and url.host not in _LOOPBACK
            if getattr(self, secret) and readable:
                raise ValueError(f"{secret.upper()} needs an https {shown_to.upper()}")
        return self

    @model_validator(mode="after")
    def _refuse_unverifiable_certificate(self) -> "Settings":
        if self.database_sslmode == "verify-full" and self.database_sslrootcert is None:
            raise ValueError("DATABASE_SSLMODE=verify-full needs DATABASE_SSLROOTCERT")
        return self

    def database_conninfo(self) -> str:
        """Compose libpq's connection string; it holds the password, so it is never logged."""
        seconds = self.database_timeout_seconds
        milliseconds = round(seconds * 1000)
        return make_conninfo(
            host=self.database_host,
            port=self.database_port,
            dbname=self.database_name,
            user=self.database_user,
            password=self.database_password.get_secret_value(),
            sslmode=self.database_sslmode,
            sslrootcert=str(self.database_sslrootcert) if self.database_sslrootcert else None,
            application_name="passport-api",
            # libpq takes whole seconds and reads 1 as 2.
            connect_timeout=max(2, round(seconds)),
            # After a failover the old primary answers nothing: the kernel gives up, too.
            tcp_user_timeout=milliseconds,
            keepalives_idle=10,
            options=f"-c statement_timeout={milliseconds}",
        )
