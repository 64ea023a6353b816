"""Who may call `/debug/*`, `/admin/*` and `/audit/*`."""

import hmac
import logging

from fastapi import HTTPException, Request, status

from passport_api.events import Event, log_event
from passport_api.settings import Settings


def require_admin(request: Request) -> None:
    """Let the bearer of the configured token pass; raises 404, 401 or 403 for everybody else.

    Without a configured token the paths do not exist: an absent secret opens nothing.
    """
    settings: Settings = request.app.state.settings
    if settings.admin_token is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        log_event(Event.AUTH_ERROR, "no bearer token", level=logging.WARNING, reason="missing")
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, headers={"WWW-Authenticate": "Bearer"})
    # Bytes, because compare_digest refuses text beyond ASCII.
    expected = settings.admin_token.get_secret_value().encode()
    if not hmac.compare_digest(token.strip().encode(), expected):
        log_event(Event.AUTH_ERROR, "wrong bearer token", level=logging.WARNING, reason="wrong")
        raise HTTPException(status.HTTP_403_FORBIDDEN)
