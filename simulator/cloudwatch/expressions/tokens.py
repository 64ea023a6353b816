"""The words and signs of an expression."""

import re
from dataclasses import dataclass

from simulator.cloudwatch.expressions.error import ExpressionError

# API reference of MetricDataQuery.
LONGEST = 2048
_KINDS = {
    "space": r"[ \t\r\n]+",
    "number": r"[0-9]+(?:\.[0-9]+)?",
    "name": r"[a-z][a-zA-Z0-9_]*",
    "word": r"[A-Z][A-Z0-9_]*",
    "quoted": r"'[^']*'|\"[^\"]*\"",
    "sign": r"&&|\|\||[=!<>]=|[-+*/^<>()\[\],]",
}
_TOKEN = re.compile("|".join(f"(?P<{kind}>{text})" for kind, text in _KINDS.items()))
# What follows a number directly makes another number of it, or a name that starts with a digit.
_GLUED = re.compile(r"[a-zA-Z0-9_.]")


@dataclass(frozen=True, slots=True)
class Token:
    """One word or sign; ``place`` counts from 1. The last one of a text is of kind ``end``."""

    kind: str
    text: str
    place: int


def tokens(text: str) -> list[Token]:
    """Take an expression apart. Raises ``ExpressionError`` at what belongs to none."""
    if len(text) > LONGEST:
        why = f"it has {len(text)} characters, and CloudWatch takes {LONGEST}"
        raise ExpressionError(text, LONGEST + 1, why, "split it over several expressions")
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ExpressionError(text, at + 1, f"{text[at]!r} is no part of metric math")
        kind = str(match.lastgroup)
        if kind in {"number", "word"} and _GLUED.match(text, match.end()):
            raise ExpressionError(text, at + 1, *_glued(kind))
        if kind != "space":
            found.append(Token(kind, match.group(), at + 1))
        at = match.end()
    return [*found, Token("end", "", len(text) + 1)]


def _glued(kind: str) -> tuple[str, str]:
    if kind == "number":
        return "a number is digits and at most one decimal point", "write it out: 1000, 0.25"
    return "ids start with a small letter, functions are capitals throughout", "correct its case"
