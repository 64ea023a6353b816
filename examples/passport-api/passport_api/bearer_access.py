"""Who may call what: the bearers of the configured tokens, and for a while of those before them."""

import hmac
import logging
from dataclasses import dataclass
from datetime import datetime

from fastapi import HTTPException, Request, status
from pydantic import SecretStr

from passport_api.events import Event, log_event
from passport_api.settings import MINIMUM_TOKEN_LENGTH, Settings


@dataclass(frozen=True, kw_only=True)
class BearerTokens:
    """A token, and the one that a rotation replaced, which its holders may still show.

    `previous_until` is ISO 8601 with its zone; what cannot be read lets nobody in.
    """

    token: SecretStr
    previous: SecretStr | None
    previous_until: str | None

    def accepted(self, shown: str, now: datetime) -> SecretStr | None:
        """Give the one of the two that was shown, else None; takes the same time for each."""
        is_token = _same(shown, self.token)
        is_previous = self.previous is not None and _same(shown, self.previous)
        if is_token:
            return self.token
        return self.previous if is_previous and self._still_taken(now) else None

    def _still_taken(self, now: datetime) -> bool:
        # An empty one, or one too short to be a token, opens nothing.
        if self.previous is None or len(self.previous) < MINIMUM_TOKEN_LENGTH:
            return False
        try:
            until = datetime.fromisoformat(self.previous_until or "")
        except ValueError:
            return False
        return until.utcoffset() is not None and now < until


def require_admin(request: Request) -> None:
    """Let the bearer of ADMIN_TOKEN pass; see `_require`."""
    settings: Settings = request.app.state.settings
    _require(
        request,
        settings.admin_token,
        settings.admin_token_previous,
        settings.admin_token_previous_until,
    )


def require_agent(request: Request) -> None:
    """Let the bearer of MCP_INBOUND_TOKEN pass; see `_require`."""
    settings: Settings = request.app.state.settings
    _require(
        request,
        settings.mcp_inbound_token,
        settings.mcp_inbound_token_previous,
        settings.mcp_inbound_token_previous_until,
    )


def _require(
    request: Request, token: SecretStr | None, previous: SecretStr | None, until: str | None
) -> None:
    """Let the bearer of one of the tokens pass; raises 404, 401 or 403 for everybody else.

    Without a configured token the paths do not exist: an absent secret opens nothing.
    """
    if token is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND)
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not shown.strip():
        log_event(Event.AUTH_ERROR, "no bearer token", level=logging.WARNING, reason="missing")
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, headers={"WWW-Authenticate": "Bearer"})
    tokens = BearerTokens(token=token, previous=previous, previous_until=until)
    accepted = tokens.accepted(shown.strip(), request.app.state.now())
    if accepted is None:
        log_event(Event.AUTH_ERROR, "wrong bearer token", level=logging.WARNING, reason="wrong")
        raise HTTPException(status.HTTP_403_FORBIDDEN)
    if accepted is not token:
        log_event(Event.PREVIOUS_BEARER, "a caller has the token from before the rotation")


def _same(shown: str, token: SecretStr) -> bool:
    # Bytes, because compare_digest refuses text beyond ASCII.
    return hmac.compare_digest(shown.encode(), token.get_secret_value().encode())
