"""What the guide's functions of time say of datapoints, in UTC."""

import numpy as np
from numpy.typing import NDArray

from simulator.cloudwatch.series import Grid, Values

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
# 1 January 1970 was a Thursday, the fourth day of a week that begins on Monday.
_THURSDAY = 3


def timestamps(grid: Grid, lag: int) -> NDArray[np.int64]:
    """Say when each datapoint began, in seconds since 1970; its period is ``lag`` steps."""
    if grid.start is None:
        raise ValueError("a grid without a start has no time of day")
    return grid.start + (np.arange(grid.steps, dtype=np.int64) + 1 - lag) * grid.step


def date(function: str, stamps: NDArray[np.int64]) -> Values:
    """Work out MINUTE, HOUR, DAY (Monday is 1), DATE, MONTH, YEAR or EPOCH of each timestamp."""
    moments = stamps.astype("datetime64[s]")
    days, months = moments.astype("datetime64[D]"), moments.astype("datetime64[M]")
    years = moments.astype("datetime64[Y]")
    found: dict[str, NDArray[np.int64]] = {
        "MINUTE": stamps // _MINUTE % 60,
        "HOUR": stamps // _HOUR % 24,
        "DAY": (stamps // _DAY + _THURSDAY) % 7 + 1,
        "DATE": (days - months.astype("datetime64[D]")).astype(np.int64) + 1,
        "MONTH": (months - years.astype("datetime64[M]")).astype(np.int64) + 1,
        "YEAR": years.astype(np.int64) + 1970,
        "EPOCH": stamps,
    }
    return np.asarray(found[function], dtype=np.float64)
