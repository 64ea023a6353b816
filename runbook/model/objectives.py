"""What a service promises, and who looks at it from outside."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from runbook.model.location import Region


class Objectives(BaseModel):
    """Service level objectives (ROVN-ALM-10).

    ``availability_percent`` of requests end without 5xx, counted over ``window_days``; 95 of 100
    are answered within ``p95_latency_ms``.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    availability_percent: Annotated[
        float, Field(ge=90, lt=100, description="Requests without 5xx, percent, such as 99.9.")
    ]
    window_days: Annotated[int, Field(ge=7, le=90, description="The budget is counted over it.")]
    p95_latency_ms: Annotated[
        int, Field(ge=10, le=60_000, description="95 of 100 requests are answered within it.")
    ]

    @property
    def budget_percent(self) -> float:
        """The share of requests that may fail."""
        return round(100 - self.availability_percent, 6)


class Probes(BaseModel):
    """Who asks the service's health path from outside (ROVN-HLT-3)."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    canary_region: Annotated[Region, Field(description="The canary runs there.")]
    slow_ms: Annotated[
        int, Field(ge=100, le=10_000, description="A probe that takes longer has failed.")
    ]
