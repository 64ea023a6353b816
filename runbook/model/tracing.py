"""Which share of a service's requests is traced (ROVN-TRC-1)."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from runbook.model.ingress import Path

# Where the collector beside each task listens, in the task's own network namespace.
COLLECTOR_OTLP_PORT, COLLECTOR_HEALTH_PORT = 4318, 13133


class Tracing(BaseModel):
    """The share of requests that is traced, and the paths that always are."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    percent: Annotated[int, Field(ge=0, le=100, description="Of all other requests.")]
    always: Annotated[
        tuple[Path, ...],
        Field(strict=False, max_length=9, description="Paths traced in full; * matches any text."),
    ]
