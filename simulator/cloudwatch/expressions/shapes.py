"""What each part of an expression is: a number, a series, an array of series.

Source: the tables "Arguments" and "Return type" of the guide, and its syntaxes of IF.
"""

from enum import StrEnum
from typing import NoReturn

from simulator.cloudwatch.expressions.error import ExpressionError
from simulator.cloudwatch.expressions.nodes import (
    Call,
    Listed,
    Name,
    Negative,
    Number,
    Operation,
    Part,
    Quoted,
    Word,
)
from simulator.cloudwatch.expressions.refused import LINEAR, OF_ONE_SERIES, REFUSED


class Shape(StrEnum):
    """The words stand in errors."""

    NUMBER = "a number"
    SERIES = "a series"
    ARRAY = "an array of series"


ARITHMETIC = frozenset("+-*/^")
EACH = frozenset({"ABS", "CEIL", "FLOOR", "LOG", "LOG10", "DIFF", "DIFF_TIME", "RATE"})
TOGETHER = frozenset({"AVG", "MAX", "MIN", "SUM"})
DATES = frozenset({"MINUTE", "HOUR", "DAY", "DATE", "MONTH", "YEAR", "EPOCH"})
N, S, A = Shape.NUMBER, Shape.SERIES, Shape.ARRAY
# What each function takes, and what it makes of that.
_TAKES: dict[str, dict[Shape, Shape]] = {
    **{each: {S: S, A: A} for each in EACH},
    **{each: {A: S} for each in TOGETHER},
    **{each: {S: S} for each in DATES},
    "PERIOD": {S: N},
    "TIME_SERIES": {N: S},
}
KNOWN = frozenset({"FILL", "IF", *_TAKES})
# A condition, what stands where it holds, and what stands where it does not.
_IF = {(S, a) for a in (N, S)} | {(S, a, b) for a in (N, S) for b in (N, S)} | {(N, S), (N, S, S)}


def check(text: str, root: Part) -> None:
    """Refuse what does not make one series; raises ``ExpressionError``."""
    checker = _Checker(text)
    found = checker.shape(root)
    if found is not S:
        fixes = {N: "put a series into it", A: "make one of them: MAX([m1, m2])"}
        checker.refuse(root, f"it makes {found}, and an alarm looks at one series", fixes[found])


class _Checker:
    def __init__(self, text: str) -> None:
        self._text = text

    def refuse(self, part: Part, message: str, fix: str = "") -> NoReturn:
        raise ExpressionError(self._text, part.place, message, fix)

    def shape(self, part: Part) -> Shape:
        match part:
            case Number():
                return N
            case Name():
                return S
            case Negative(part=inner):
                return self.shape(inner)
            case Listed(parts=parts):
                return self._listed(part, parts)
            case Operation():
                return self._operation(part)
            case Call():
                return self._call(part)
            case Word(word=word):
                self.refuse(part, f"{word} stands where a value has to")
            case Quoted():
                self.refuse(part, "text in quotes stands where a value has to", "write an id")
        raise AssertionError(f"no such part: {part}")

    def _listed(self, part: Part, parts: tuple[Part, ...]) -> Shape:
        if not parts:
            self.refuse(part, "an array of no series has no datapoint", "write ids: [m1, m2]")
        for each in parts:
            if self.shape(each) is N:
                fix = "make it a series: TIME_SERIES(5)"
                self.refuse(each, "an array holds series, and this is a number", fix)
        return A

    def _operation(self, part: Operation) -> Shape:
        shapes = self.shape(part.left), self.shape(part.right)
        if part.sign not in ARITHMETIC and A in shapes:
            why = f"{part.sign} takes numbers and series, and here is an array"
            self.refuse(part, why, "compare one series: MAX([m1, m2]) > 5")
        if shapes == (A, A):
            self.refuse(part, f"{part.sign} does not take two arrays", "write each pair of ids out")
        return next(each for each in (A, S, N) if each in shapes)

    def _call(self, part: Call) -> Shape:
        if part.function in REFUSED:
            why, fix = REFUSED[part.function]
            self.refuse(part, f"{part.function} is not simulated: {why}", fix)
        if part.function not in KNOWN:
            fix = f"functions are {', '.join(sorted(KNOWN))}"
            self.refuse(part, f"{part.function} is no function of metric math", fix)
        if part.function == "FILL":
            return self._fill(part)
        given = tuple(self.shape(each) for each in part.arguments)
        if part.function == "IF":
            return self._if(part, given)
        return self._of_one(part, given)

    def _of_one(self, part: Call, given: tuple[Shape, ...]) -> Shape:
        """Judge the functions that take one thing."""
        if part.function in TOGETHER and given == (S,):
            why, fix = OF_ONE_SERIES
            self.refuse(part, f"{part.function} of one series is a number, and {why}", fix)
        taken = _TAKES[part.function]
        if len(given) != 1 or given[0] not in taken:
            why = f"{part.function} takes {' or '.join(taken)}, and is given {_said(given)}"
            self.refuse(part, why)
        if part.function == "PERIOD" and not isinstance(part.arguments[0], Name):
            self.refuse(part, "PERIOD takes a metric, not an expression", "write the metric's id")
        return taken[given[0]]

    def _fill(self, part: Call) -> Shape:
        if len(part.arguments) != 2:
            self.refuse(part, f"FILL takes two things, not {len(part.arguments)}", "FILL(m1, 0)")
        filled, filler = part.arguments
        shape = self.shape(filled)
        if filler == Word(0, "LINEAR"):
            self.refuse(filler, *LINEAR)
        takes = {S: {N}, A: {N, S}}.get(shape, set())
        if not takes or (filler != Word(0, "REPEAT") and self.shape(filler) not in takes):
            why = "FILL takes a series, or an array of them, and a number or REPEAT"
            self.refuse(part, why, "FILL(m1, 0)")
        return shape

    def _if(self, part: Call, given: tuple[Shape, ...]) -> Shape:
        if given not in _IF:
            why = f"IF takes a condition and one or two values, and is given {_said(given)}"
            self.refuse(part, why, "a series among them, and no array: IF(m1 > 5, m1, 0)")
        return S


def _said(given: tuple[Shape, ...]) -> str:
    return ", ".join(given) or "nothing"
