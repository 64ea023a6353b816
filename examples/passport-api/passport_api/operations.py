"""What operators and auditors call: `/debug/*`, `/admin/*`, `/audit/*`; admins only.

Sampling, which keeps traces of `/admin/*` and `/audit/*` in full (ROVN-TRC-1), matches these paths.
"""

from fastapi import APIRouter, Depends, HTTPException, Request, status
from pydantic import BaseModel

from passport_api.bearer_access import require_admin
from passport_api.database import Database, DatabaseUnavailableError
from passport_api.reverification import ReverifyQueue

router = APIRouter(dependencies=[Depends(require_admin)])


class SentryProbeError(Exception):
    """Raised on purpose, to see it arrive in Sentry (ROVN-HLT-2)."""


class QueueState(BaseModel):
    """Verifications that wait for their source."""

    depth: int
    limit: int


class SessionFacts(BaseModel):
    """Evidence that the service reaches its database encrypted and without DDL rights."""

    user: str
    tls: bool
    may_create: bool


@router.get("/debug/sentry")
async def debug_sentry() -> None:
    """Raise the probe; the caller gets 500 and finds the exception in Sentry."""
    raise SentryProbeError("Sentry wiring probe")


@router.get("/admin/reverify-queue")
async def reverify_queue(request: Request) -> QueueState:
    """Report the depth of this task's queue."""
    queue: ReverifyQueue = request.app.state.reverify_queue
    return QueueState(depth=queue.depth, limit=queue.limit)


@router.get("/audit/database-session")
async def database_session(request: Request) -> SessionFacts:
    """Ask the database who the service is to it; 503 when it does not answer."""
    database: Database = request.app.state.database
    try:
        session = await database.session()
    except DatabaseUnavailableError as error:
        raise HTTPException(status.HTTP_503_SERVICE_UNAVAILABLE) from error
    return SessionFacts(user=session.user, tls=session.tls, may_create=session.may_create)
