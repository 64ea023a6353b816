"""What operators and functions take: numbers, series, arrays of series."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simulator.cloudwatch.series import Values

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Series:
    """One value a step, NaN where there is none.

    ``doubtful`` marks steps that the guide leaves open. A branch of IF that is not taken does not
    matter, so what is open is refused where it reaches the result, and nowhere before.
    """

    values: Values
    doubtful: Mask

    @classmethod
    def of(cls, values: Values) -> "Series":
        """Take values without doubt."""
        return cls(values, np.zeros(len(values), dtype=bool))

    @property
    def missing(self) -> Mask:
        """Mark the steps without a datapoint."""
        return np.isnan(self.values)

    @property
    def or_zero(self) -> Values:
        """Take 0 where there is no datapoint."""
        return np.nan_to_num(self.values)

    def doubting(self, where: Mask) -> "Series":
        """Mark more steps as open."""
        return replace(self, doubtful=self.doubtful | where)


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is open about some steps, and what would settle it."""

    where: Mask
    why: str
    fix: str


Operand = float | Series | tuple[Series, ...]


def only(operand: Operand) -> Series:
    """Take what the check of shapes has shown to be one series."""
    if isinstance(operand, Series):
        return operand
    raise TypeError(f"not one series: {operand}")


def single(operand: Operand) -> Series | float:
    """Take what the check of shapes has shown to be no array."""
    return operand if isinstance(operand, float) else only(operand)


def every(operand: Operand) -> tuple[Series, ...]:
    """Take a series, or an array of them, as an array."""
    return operand if isinstance(operand, tuple) else (only(operand),)
