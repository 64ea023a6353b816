"""At which numbers alarms ring: the clauses bound what a file may say."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Thresholds(BaseModel):
    """The numbers of the documents; a file may be stricter than its clauses, never laxer."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    error_percent: Annotated[
        int, Field(ge=1, le=100, description="5xx of all requests over five minutes.")
    ]
    database_cpu_percent: Annotated[int, Field(ge=10, le=100, description="CPU of the database.")]
    database_connections_percent: Annotated[
        int, Field(ge=10, le=100, description="Connections, of database.max_connections.")
    ]
    certificate_days: Annotated[
        int, Field(ge=14, le=45, description="A certificate that is not renewed by then.")
    ]
