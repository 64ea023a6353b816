"""Receipts: what a verification found, signed, so that others can rely on it for a while.

A receipt holds an outcome, its times and the id of the request, and nothing of the person.
"""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Request, Response, status
from pydantic import BaseModel, ConfigDict, Field

from passport_api.bearer_access import require_agent
from passport_api.log_line import request_id_var
from passport_api.settings import Settings
from passport_api.signing_keys import InvalidTokenError, SigningKeys

router = APIRouter()

_KIND = "receipt+jwt"
_MAXIMUM_LENGTH = 2048
_CACHED_SECONDS = 300
"""Far less than a key is published before it signs, and than it is taken afterwards."""

Outcome = Literal["verified", "rejected"]


class ReceiptShown(BaseModel):
    """A receipt that somebody was given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    receipt: Annotated[str, Field(min_length=1, max_length=_MAXIMUM_LENGTH, repr=False)]


class ReceiptRead(BaseModel):
    """What a receipt says; nothing, when it is not ours or not valid any more."""

    valid: bool
    outcome: Outcome | None = None
    issued: datetime | None = None
    request_id: str | None = None


def receipt_for(request: Request, outcome: Outcome) -> str | None:
    """Sign a receipt for this request; None where the service has no signing keys."""
    keys: SigningKeys | None = request.app.state.signing_keys
    settings: Settings = request.app.state.settings
    if keys is None:
        return None
    return keys.sign(
        {"outcome": outcome, "jti": request_id_var.get() or str(uuid.uuid4())},
        kind=_KIND,
        life=timedelta(seconds=settings.receipt_seconds),
        now=request.app.state.now(),
    )


@router.get("/.well-known/jwks.json")
async def published_keys(request: Request, response: Response) -> dict[str, list[dict[str, str]]]:
    """Publish the public keys, those that will sign included; 404 without keys."""
    keys = _keys(request)
    response.headers["cache-control"] = f"public, max-age={_CACHED_SECONDS}"
    return keys.published(request.app.state.now())


@router.post("/receipts/verify", dependencies=[Depends(require_agent)])
async def verify(shown: ReceiptShown, request: Request) -> ReceiptRead:
    """Tell an agent what a receipt says; 404 without keys. Never says what is wrong with one."""
    try:
        claims = _keys(request).verify(shown.receipt, kind=_KIND, now=request.app.state.now())
    except InvalidTokenError:
        return ReceiptRead(valid=False)
    issued = datetime.fromtimestamp(claims["iat"], UTC)
    return ReceiptRead(
        valid=True, outcome=claims["outcome"], issued=issued, request_id=claims["jti"]
    )


def _keys(request: Request) -> SigningKeys:
    keys: SigningKeys | None = request.app.state.signing_keys
    if keys is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND)
    return keys
