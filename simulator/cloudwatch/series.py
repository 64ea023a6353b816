"""Series of datapoints on one clock of equal steps."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.cloudwatch.definitions import MetricIdentity

# One value a step; NaN where there is no datapoint.
Values = NDArray[np.float64]
MINUTE = 60
# So many values a processor holds in its cache while it works on them.
PART = 16_384


def parts(number: int, size: int = PART) -> Iterator[slice]:
    """Cut so many values into parts, one at least, so that the cost of each does not grow."""
    for first in range(0, max(number, 1), size):
        yield slice(first, min(first + size, number))


@dataclass(frozen=True, slots=True)
class Grid:
    """``steps`` evaluations, ``step`` seconds apart; step 0 ends ``step`` seconds after minute 0.

    ``start`` is minute 0 in seconds since 1970 (UTC), None where no hour of day matters.
    """

    steps: int
    step: int = MINUTE
    start: int | None = None


@dataclass(frozen=True, slots=True)
class Samples:
    """Datapoints of a metric under one statistic, ``interval`` seconds apart from minute 0 on."""

    interval: int
    values: Values


# What was recorded or invented: by metric and statistic.
Feed = Mapping[tuple[MetricIdentity, str], Samples]
