"""`/auth/*`: sign-in by the identity provider, and the administrators' way in without it.

A session is a token of the service's own, so those who have one stay in while the provider is down
(playbook 5.4).
"""

import logging
from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Request, status
from pydantic import BaseModel, ConfigDict, Field

from passport_api.bearer_access import require_admin
from passport_api.events import Event, log_event
from passport_api.identity_provider import (
    CodeRefusedError,
    IdentityProvider,
    IdentityProviderError,
)
from passport_api.settings import Settings
from passport_api.signing_keys import InvalidTokenError, SigningKeys

router = APIRouter(prefix="/auth")

_KIND = "session+jwt"
_MAXIMUM_LENGTH = 2048
Role = Literal["member", "administrator"]


class Code(BaseModel):
    """What the provider gave the person's browser."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: Annotated[str, Field(min_length=1, max_length=_MAXIMUM_LENGTH, repr=False)]


class Session(BaseModel):
    """A session's token, to be shown as bearer."""

    session: str


class SessionRead(BaseModel):
    """Whose session it is; nobody's, when it is not ours or has ended."""

    valid: bool
    role: Role | None = None
    organisation: str | None = None


@router.post("/session")
async def sign_in(given: Code, request: Request) -> Session:
    """Begin a session; 403 for a refused code, 503 while the provider is down or refuses us."""
    keys = _keys(request)
    provider: IdentityProvider = request.app.state.identity_provider
    try:
        organisation = await provider.organisation(given.code)
    except CodeRefusedError as error:
        raise HTTPException(status.HTTP_403_FORBIDDEN) from error
    except IdentityProviderError as error:
        log_event(
            Event.IDENTITY_PROVIDER_ERROR,
            "the identity provider gave no usable answer",
            level=logging.WARNING,
            reason=error.reason,
        )
        raise HTTPException(status.HTTP_503_SERVICE_UNAVAILABLE) from error
    return _begun(request, keys, "member", organisation)


@router.post("/admin", dependencies=[Depends(require_admin)])
async def admin_auth(request: Request) -> Session:
    """Begin an administrator's session by ADMIN_TOKEN: the fallback path, so each use is told."""
    keys = _keys(request)
    log_event(Event.ADMIN_AUTH, "an administrator signed in by token", level=logging.WARNING)
    return _begun(request, keys, "administrator", None)


@router.get("/session")
async def read(request: Request) -> SessionRead:
    """Say whose session the bearer has, without asking the provider."""
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    shown = shown.strip() if scheme.lower() == "bearer" else ""
    try:
        claims = _keys(request).verify(
            shown[: _MAXIMUM_LENGTH + 1], kind=_KIND, now=request.app.state.now()
        )
    except InvalidTokenError:
        return SessionRead(valid=False)
    return SessionRead(valid=True, role=claims["role"], organisation=claims.get("org"))


def _begun(request: Request, keys: SigningKeys, role: Role, organisation: str | None) -> Session:
    settings: Settings = request.app.state.settings
    claims = {"role": role} | ({"org": organisation} if organisation else {})
    life = timedelta(seconds=settings.session_seconds)
    now = request.app.state.now()
    return Session(session=keys.sign(claims, kind=_KIND, life=life, now=now))


def _keys(request: Request) -> SigningKeys:
    keys: SigningKeys | None = request.app.state.signing_keys
    if keys is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND)
    return keys
