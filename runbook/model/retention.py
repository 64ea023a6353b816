"""Retention arithmetic: seven calendar years are not 7 x 365 days (ROVN-BCK-2)."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from runbook.model.validation import impossible

# S3 Object Lock takes a default retention of at most 100 years, in days or in years.
LONGEST_YEARS = 100
LONGEST_DAYS = 36_500


class Retention(BaseModel):
    """How long something is kept, in calendar years or in days: one of the two, not both."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        json_schema_extra={
            "oneOf": [{"required": ["retention_years"]}, {"required": ["retention_days"]}]
        },
    )

    retention_years: Annotated[
        int | None,
        Field(
            ge=1,
            le=LONGEST_YEARS,
            description="Calendar years; S3 counts leap days itself. Exclusive with "
            "retention_days.",
            examples=[7],
        ),
    ] = None
    retention_days: Annotated[
        int | None,
        Field(ge=1, le=LONGEST_DAYS, description="Days. Exclusive with retention_years."),
    ] = None

    @model_validator(mode="after")
    def _one_unit(self) -> Self:
        if (self.retention_years is None) == (self.retention_days is None):
            raise impossible(
                "a retention is given in years or in days, exactly one of the two",
                "keep retention_years or retention_days",
            )
        return self

    @property
    def shortest_days(self) -> int:
        """The fewest days this can mean, whichever day it starts on."""
        if self.retention_days is not None:
            return self.retention_days
        years = self.retention_years or 0
        return min(_days(years, first) for first in range(400))

    @property
    def longest_days(self) -> int:
        """The most days this can mean: what a retention in days needs to promise as much."""
        if self.retention_days is not None:
            return self.retention_days
        years = self.retention_years or 0
        return max(_days(years, first) for first in range(400))

    def at_least(self, demand: "Retention") -> bool:
        """Whether this keeps at least as long as ``demand``, whichever day it starts on."""
        if self.retention_years is not None and demand.retention_years is not None:
            return self.retention_years >= demand.retention_years
        return self.shortest_days >= demand.longest_days

    def __str__(self) -> str:
        if self.retention_years is not None:
            return f"{self.retention_years} calendar years"
        return f"{self.retention_days} days"


def _days(years: int, first: int) -> int:
    """Count the days of ``years`` years from ``first``; the calendar repeats every 400."""
    return 365 * years + sum(_is_leap(year) for year in range(first, first + years))


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
