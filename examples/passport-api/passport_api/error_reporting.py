"""Sentry: unhandled exceptions only, without request data, variables or PHI."""

import sentry_sdk
from sentry_sdk.transport import Transport
from sentry_sdk.types import Event, Hint
from sentry_sdk.utils import event_from_exception

from passport_api.scrubbing import Scrubber
from passport_api.settings import Settings

_FLUSH_SECONDS = 2.0
# fmt: off
_KEPT = frozenset({
    "event_id", "timestamp", "level", "platform", "release", "environment", "sdk", "exception",
})
# fmt: on


class ErrorReporter:
    """Sends exceptions to Sentry from a thread of its own; does nothing without a DSN.

    Sentry being down costs no request anything (playbook 5.6). The client is no global, and
    integrations are off: they would send requests, log messages and breadcrumbs unasked.
    """

    def __init__(
        self,
        settings: Settings,
        scrubber: Scrubber,
        transport: Transport | type[Transport] | None = None,
    ) -> None:
        self._scrubber = scrubber
        self._client: sentry_sdk.Client | None = None
        if settings.sentry_dsn is not None:
            self._client = sentry_sdk.Client(
                dsn=settings.sentry_dsn.get_secret_value(),
                release=settings.app_version,
                environment=settings.environment_name,
                transport=transport,
                before_send=self._scrubbed,
                include_local_variables=False,
                include_source_context=False,
                max_request_body_size="never",
                default_integrations=False,
                auto_enabling_integrations=False,
                auto_session_tracking=False,
            )

    def capture(self, error: BaseException) -> None:
        """Queue `error` for Sentry; returns at once."""
        if self._client is None:
            return
        event, hint = event_from_exception(error, client_options=self._client.options)
        self._client.capture_event(event, hint)

    def close(self) -> None:
        """Send what is queued, for two seconds at most."""
        if self._client is not None:
            self._client.close(timeout=_FLUSH_SECONDS)

    def _scrubbed(self, event: Event, _hint: Hint) -> Event:
        for key in set(event) - _KEPT:
            del event[key]  # type: ignore[misc]  # a TypedDict knows no variable keys
        for exception in event.get("exception", {}).get("values", []):
            exception["value"] = self._scrubber.text(str(exception.get("value") or ""))
        return event
