"""Reads an expression."""

from functools import lru_cache

from simulator.cloudwatch.expressions.error import ExpressionError
from simulator.cloudwatch.expressions.nodes import (
    Call,
    Listed,
    Name,
    Negative,
    Node,
    Number,
    Operation,
    Part,
    Quoted,
    Word,
)
from simulator.cloudwatch.expressions.shapes import check
from simulator.cloudwatch.expressions.tokens import Token, tokens

_COMPARISONS = ("==", "!=", "<", ">", "<=", ">=")
# The guide gives operators no order but by its examples (``m1 > 15 AND m2 > 15``,
# ``100 * a / b``). This is the usual one; where languages differ, a bracket is asked for.
_STRENGTH = {
    "OR": 1,
    "AND": 2,
    **dict.fromkeys(_COMPARISONS, 3),
    **dict.fromkeys("+-", 4),
    **dict.fromkeys("*/", 5),
    "unary -": 6,
    "^": 7,
}
_NEGATION = "unary -"
_ALIKE = {"&&": "AND", "||": "OR"}
# Far more than the ten metrics of an alarm need; recursion ends before Python's does.
DEEPEST, MOST_OPERATIONS = 40, 150
# The capital words that are no functions: ways to fill and to sort, functions to sort by.
WORDS = frozenset({"REPEAT", "LINEAR", "ASC", "DESC", "AVG", "MIN", "MAX", "SUM"})


@lru_cache(maxsize=1024)
def parse(text: str) -> Node:
    """Read an expression that makes one series. Raises ``ExpressionError``."""
    root = _Parser(text).whole()
    check(text, root)
    return Node(text, root)


class _Parser:
    """Operator precedence; the brackets that stand around an operation are remembered by place."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._at = 0
        self._depth = 0
        self._operations = 0
        self._bracketed: set[int] = set()

    def whole(self) -> Part:
        if self._next.kind == "end":
            raise self._error(self._next, "it is empty")
        part = self._operations_of(1)
        if self._next.kind != "end":
            raise self._error(self._next, f"{self._next.text!r} stands where an operator could")
        return part

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._next
        self._at += token.kind != "end"
        return token

    def _error(self, token: Token, message: str, fix: str = "") -> ExpressionError:
        return ExpressionError(self._text, token.place, message, fix)

    def _expect(self, sign: str, opening: Token) -> None:
        if self._next.text != sign:
            why = f"{sign!r} is missing, which closes character {opening.place}"
            raise self._error(self._next, why, "close the bracket, or put a comma")
        self._take()

    def _operations_of(self, weakest: int) -> Part:
        """Read operators that bind at least as strongly as ``weakest``."""
        self._depth += 1
        if self._depth > DEEPEST:
            why = f"brackets stand more than {DEEPEST} deep"
            raise self._error(self._next, why, "split it over several expressions")
        part = self._operand()
        while _STRENGTH.get(sign := _sign(self._next), 0) >= weakest:
            token = self._take()
            self._count(token)
            self._unambiguous(token, sign, part)
            right = self._operations_of(_STRENGTH[sign] + 1)
            self._unambiguous(token, sign, right)
            part = Operation(token.place, sign, part, right)
        self._depth -= 1
        return part

    def _count(self, token: Token) -> None:
        self._operations += 1
        if self._operations > MOST_OPERATIONS:
            why = f"it has more than {MOST_OPERATIONS} operations"
            raise self._error(token, why, "split it over several expressions")

    def _unambiguous(self, token: Token, sign: str, part: Part) -> None:
        """Ask for a bracket where the guide does not say what is done first."""
        if part.place in self._bracketed:
            return
        inner = part.sign if isinstance(part, Operation) else ""
        inner = _NEGATION if isinstance(part, Negative) else inner
        chained = sign in _COMPARISONS and inner in _COMPARISONS
        mixed = {sign, inner} == {"AND", "OR"}
        powers = "^" in {sign, inner} and {sign, inner} <= {"^", _NEGATION}
        if chained or mixed or powers:
            why = "the guide does not say which of two operators side by side comes first"
            raise self._error(token, why, "put a bracket around what is to be done first")

    def _operand(self) -> Part:
        token = self._take()
        match token.kind, token.text:
            case "number", text:
                return self._number(token, float(text))
            case "quoted", text:
                return Quoted(token.place, text[1:-1])
            case "name", text:
                return self._name(token, text)
            case "word", text if text not in _STRENGTH:
                return self._word(token, text)
            case "sign", "-":
                return self._negative(token)
            case "sign", "(":
                return self._bracket(token)
            case "sign", "[":
                return Listed(token.place, self._arguments("]", token))
        what = repr(token.text) if token.text else "the end"
        raise self._error(token, f"{what} stands where a value has to")

    def _number(self, token: Token, value: float) -> Number:
        if value == float("inf"):
            raise self._error(token, "the number is too large", "write a smaller one")
        return Number(token.place, value)

    def _name(self, token: Token, text: str) -> Name:
        if self._next.text == "(":
            raise self._error(token, f"{text} is no function", "functions are written in capitals")
        return Name(token.place, text)

    def _word(self, token: Token, text: str) -> Part:
        if self._next.text == "(":
            return Call(token.place, text, self._arguments(")", self._take()))
        if text not in WORDS:
            why = f"{text} is neither function nor keyword of metric math"
            raise self._error(token, why, "an id starts with a small letter")
        return Word(token.place, text)

    def _negative(self, token: Token) -> Part:
        self._count(token)
        inner = self._operations_of(_STRENGTH[_NEGATION])
        self._unambiguous(token, _NEGATION, inner)
        return Negative(token.place, inner)

    def _bracket(self, token: Token) -> Part:
        part = self._operations_of(1)
        self._expect(")", token)
        self._bracketed.add(part.place)
        return part

    def _arguments(self, closing: str, opening: Token) -> tuple[Part, ...]:
        parts: list[Part] = []
        if self._next.text == closing:
            self._take()
            return ()
        while True:
            parts.append(self._operations_of(1))
            if self._next.text != ",":
                self._expect(closing, opening)
                return tuple(parts)
            self._take()


def _sign(token: Token) -> str:
    return _ALIKE.get(token.text, token.text) if token.kind in {"sign", "word"} else ""
