"""`/health`: the health of a task (ROVN-HLT-1), for load balancer, container and canary."""

from typing import Literal

from fastapi import APIRouter, Request, Response, status
from pydantic import BaseModel

from passport_api.database import Database
from passport_api.settings import Settings

router = APIRouter()


class Health(BaseModel):
    """Answer of `/health`; the release gate compares `version` with the tag it released."""

    status: Literal["ok", "unavailable"]
    version: str
    database: Literal["up", "down"]


@router.get("/health")
async def health(request: Request, response: Response) -> Health:
    """200 when the database answers in time, else 503; never says why to a caller."""
    settings: Settings = request.app.state.settings
    database: Database = request.app.state.database
    response.headers["cache-control"] = "no-store"
    if await database.is_up():
        return Health(status="ok", version=settings.app_version, database="up")
    response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return Health(status="unavailable", version=settings.app_version, database="down")
