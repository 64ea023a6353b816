"""What a service promises, and who looks at it from outside."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from runbook.model.location import Region
from runbook.model.refusal import Refusal


@dataclass(frozen=True)
class Burn:
    """A pace at which errors spend the budget of an objective's whole window.

    ``percent`` of it in ``hours``; the last ``minutes`` say whether it still goes on.
    """

    percent: int
    hours: int
    minutes: int


# The pair of Google's SRE workbook (chapter 5): of 30 days' budget, 14.4 and 6 times too fast.
FAST_BURN, SLOW_BURN = Burn(2, 1, 5), Burn(5, 6, 30)


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

    def times(self, burn: Burn) -> float:
        """How many times faster than the budget allows that pace is."""
        return round(burn.percent / 100 * self.window_days * 24 / burn.hours, 4)

    def contradictions(self, key: str) -> Iterator[Refusal]:
        """Find a budget so large that not even failing always is too fast."""
        fastest, most = max(map(self.times, (FAST_BURN, SLOW_BURN))), 100 / self.budget_percent
        if fastest >= most:
            least = 100 - 100 / fastest
            yield Refusal(
                f"{key}.availability_percent",
                f"an alarm at {fastest:g} times the budget never rings: if every request fails, "
                f"{most:g} times are spent",
                f"set more than {least:.4g}, or a shorter window_days",
            )


class Probes(BaseModel):
    """Who asks the service's health path from outside (ROVN-HLT-3)."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    canary_region: Annotated[Region, Field(description="The canary runs there.")]
    slow_ms: Annotated[
        int, Field(ge=100, le=10_000, description="A probe that takes longer has failed.")
    ]
