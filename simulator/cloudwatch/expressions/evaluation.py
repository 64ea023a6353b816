"""Works an expression out, all steps at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulator.cloudwatch.expressions import arithmetic, looking_back
from simulator.cloudwatch.expressions.dates import date
from simulator.cloudwatch.expressions.error import ExpressionError
from simulator.cloudwatch.expressions.nodes import (
    LOOKING_BACK,
    Call,
    Listed,
    Name,
    Negative,
    Node,
    Number,
    Operation,
    Part,
    Word,
)
from simulator.cloudwatch.expressions.operands import Doubt, Operand, Series, every, only, single
from simulator.cloudwatch.expressions.shapes import DATES, TOGETHER
from simulator.cloudwatch.expressions.together import chosen, together
from simulator.cloudwatch.series import MINUTE, PART, Values, parts

# Periods that DIFF, DIFF_TIME, RATE and FILL(..., REPEAT) look back for a datapoint, where nobody
# says more: an alarm knows those it fetched, so that its newest datapoint looks back furthest.
REACH = 2


def evaluate(
    node: Node,
    inputs: Mapping[str, Values],
    lag: int,
    *,
    step: int = MINUTE,
    reach: int = REACH,
    stamps: NDArray[np.int64] | None = None,
) -> Values:
    """Work out an expression: one value a step, NaN where CloudWatch has no datapoint.

    ``inputs`` are the series by their ids, all of one length. A period is ``lag`` steps of ``step``
    seconds, and ``reach`` periods are looked back at most. ``stamps`` are the datapoints' times in
    seconds since 1970 (``timestamps``), for HOUR and the like. Raises ``ExpressionError`` where a
    series or the time is missing, and where the guide does not say what a datapoint would be.
    """
    number = len(next(iter(inputs.values()), ()))
    found = []
    for part in parts(number, max(number, 1) if node.looks_back else PART):
        of_part = {id_: values[part] for id_, values in inputs.items()}
        at = None if stamps is None else stamps[part]
        with np.errstate(all="ignore"):
            found.append(_Evaluation(node, of_part, lag, step, reach, at, part.start).result())
    return np.concatenate(found)


@dataclass
class _Evaluation:
    """Of the steps from ``first`` on."""

    node: Node
    inputs: Mapping[str, Values]
    lag: int
    step: int
    reach: int
    stamps: NDArray[np.int64] | None
    first: int
    doubts: list[tuple[int, Doubt]] = field(default_factory=list)

    def result(self) -> Values:
        if not self.inputs:
            raise self._error(1, "no series says how many datapoints there are", "give it one")
        found = only(self._value(self.node.root))
        if found.doubtful.any():
            raise self._doubt(int(np.argmax(found.doubtful)))
        return found.values

    def _doubt(self, step: int) -> ExpressionError:
        """Name what is open: at this step, or before it where a function looks back."""
        found = [(place, each) for place, each in self.doubts if each.where[: step + 1].any()]
        place, doubt = max(found, key=lambda each: np.flatnonzero(each[1].where[: step + 1])[-1])
        at = np.flatnonzero(doubt.where[: step + 1])[-1]
        return self._error(place, f"step {self.first + at}: {doubt.why}", doubt.fix)

    def _error(self, place: int, message: str, fix: str) -> ExpressionError:
        return ExpressionError(self.node.text, place, message, fix)

    def _value(self, part: Part) -> Operand:
        match part:
            case Number(value=value):
                return value
            case Name(id=id_):
                return self._input(part, id_)
            case Negative(part=inner):
                return self._operation(part, "-", 0.0, self._value(inner))
            case Operation(sign=sign, left=left, right=right):
                return self._operation(part, sign, self._value(left), self._value(right))
            case Listed(parts=parts):
                return tuple(one for each in parts for one in every(self._value(each)))
            case Call():
                return self._call(part)
        raise AssertionError(f"not refused before: {part}")

    def _input(self, part: Part, id_: str) -> Series:
        if id_ not in self.inputs:
            known = ", ".join(sorted(self.inputs))
            raise self._error(part.place, f"no query has the id {id_}", f"ids are {known}")
        return Series.of(self.inputs[id_])

    def _operation(self, part: Part, sign: str, left: Operand, right: Operand) -> Operand:
        if isinstance(left, tuple):
            return tuple(only(self._operation(part, sign, each, right)) for each in left)
        if isinstance(right, tuple):
            return tuple(only(self._operation(part, sign, left, each)) for each in right)
        if isinstance(left, Series) or isinstance(right, Series):
            return self._noted(part, arithmetic.of_series(sign, left, right))
        found = arithmetic.of_numbers(sign, left, right)
        if found is None:
            raise self._error(part.place, f"{left:g} {sign} {right:g} is no number", "correct it")
        return found

    def _noted(self, part: Part, found: tuple[Series, Doubt]) -> Series:
        series, doubt = found
        self.doubts.append((part.place, doubt))
        return series

    def _call(self, part: Call) -> Operand:
        if part.function == "PERIOD":
            return float(self.lag * self.step)
        if part.function == "FILL":
            return self._fill(*part.arguments)
        if part.function in DATES:
            return self._date(part)
        return self._function(part, [self._value(each) for each in part.arguments])

    def _function(self, part: Call, values: list[Operand]) -> Operand:
        if part.function == "TIME_SERIES":
            return Series.of(np.full(len(next(iter(self.inputs.values()))), values[0]))
        if part.function == "IF":
            return chosen(*(single(each) for each in values))
        if part.function in TOGETHER:
            return self._noted(part, together(part.function, every(values[0])))
        if part.function in LOOKING_BACK:
            return _each(values[0], lambda series: self._compared(part.function, series))
        one = part.function
        return _each(values[0], lambda series: self._noted(part, arithmetic.of_one(one, series)))

    def _compared(self, function: str, series: Series) -> Series:
        return looking_back.compared(function, series, self.lag, self.reach, self.lag * self.step)

    def _fill(self, filled: Part, filler: Part) -> Operand:
        value = self._value(filled)
        if isinstance(filler, Word):
            return _each(value, lambda each: looking_back.repeated(each, self.lag, self.reach))
        with_ = single(self._value(filler))
        return _each(value, lambda each: looking_back.filled(each, with_))

    def _date(self, part: Call) -> Series:
        if self.stamps is None:
            why = f"{part.function} depends on the time, and the test names none"
            raise self._error(part.place, why, "say when minute 0 is: start")
        return Series.of(date(part.function, self.stamps))


def _each(operand: Operand, function: Callable[[Series], Series]) -> Operand:
    if isinstance(operand, tuple):
        return tuple(function(each) for each in operand)
    return function(only(operand))
