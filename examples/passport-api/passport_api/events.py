"""Names that the alarms filter for (docs/log-schema.md). Renaming one silences an alarm."""

import logging
from enum import StrEnum

LOGGER_NAME = "passport_api"


class Event(StrEnum):
    """Value of `event` in a log line."""

    REQUEST = "request"
    UNHANDLED_ERROR = "unhandled_error"
    STARTED = "started"
    STOPPED = "stopped"
    DATABASE_UNREACHABLE = "database_unreachable"
    AUTH_ERROR = "auth_error"
    PREVIOUS_BEARER = "previous_bearer"
    SOURCE_ADAPTER_ERROR = "source_adapter_error"
    REVERIFY_QUEUE = "reverify_queue"
    AI_EXECUTOR_CALLED = "ai_executor_called"
    AI_EXECUTOR_FAILED = "ai_executor_failed"
    AI_FALLBACK_USED = "ai_fallback_used"
    AI_ROUTE_FAILED = "ai_route_failed"
    AI_TOKENS = "ai_tokens"
    IDENTITY_PROVIDER_ERROR = "identity_provider_error"
    ADMIN_AUTH = "admin_auth"


def log_event(
    event: Event,
    message: str,
    *,
    level: int = logging.INFO,
    error: BaseException | None = None,
    **fields: object,
) -> None:
    """Write one line with `event` and its fields at the top level of the JSON object."""
    logging.getLogger(LOGGER_NAME).log(
        level, message, exc_info=error, extra={"event": event, "fields": fields}
    )
