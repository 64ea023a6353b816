"""JavaScript as TypeScript's compiler writes it: tokens, and the statements of a function's body.

Not all of the language: what this cannot tell apart for certain raises ``NotReadError``, and the
caller then knows nothing.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

_SPACE = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)+", re.S)
_TOKEN = re.compile(
    r"""[A-Za-z_$][\w$]*
    | \d[\w.]*
    | '(?:[^'\\\n]|\\.)*'
    | "(?:[^"\\\n]|\\.)*"
    | \.\.\. | => | [=!]={1,2} | \?\?=? | \?\.(?!\d) | &&=? | \|\|=? | \*\*=? | \+\+ | --
    | [<>]=? | [-+*/%&|^]=?
    | [][(){};,.:?=~!]""",
    re.X | re.S,
)
_REGEX = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
# After a word or a closing bracket a slash divides; elsewhere it begins a regular expression.
_REGEX_AFTER_WORDS = ("return", "typeof", "case", "in", "of")
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_CLOSING = frozenset(_PAIRS.values())
_UNREAD = frozenset({"switch", "try", "do", "with", "class", "import", "export"})
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.S)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}

Tokens = tuple[str, ...]


class NotReadError(Exception):
    """The source is not of a form that is understood here; ``str()`` says what stood there."""


class Kind(StrEnum):
    """What a statement is: ``FUNCTION`` declares one, ``OTHER`` is any that does not branch."""

    IF = "if"
    LOOP = "loop"
    BLOCK = "block"
    RETURN = "return"
    THROW = "throw"
    FUNCTION = "function"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement.

    ``tokens``: an ``if``'s condition, what is returned or thrown, or the whole of any other.
    ``otherwise`` is None for an ``if`` without ``else``.
    """

    kind: Kind
    tokens: tuple[str, ...] = ()
    body: tuple["Statement", ...] = ()
    otherwise: tuple["Statement", ...] | None = None

    @property
    def leaves(self) -> bool:
        """Say whether no run through it reaches the statement after it."""
        if self.kind is Kind.IF:
            return leave(self.body) and self.otherwise is not None and leave(self.otherwise)
        if self.kind is Kind.BLOCK:
            return leave(self.body)
        return self.kind in (Kind.RETURN, Kind.THROW)

    def returned(self) -> Iterator[tuple[str, ...]]:
        """Give the expression of each ``return`` in it; those of functions within are not its."""
        if self.kind is Kind.RETURN:
            yield self.tokens
        for statement in (*self.body, *(self.otherwise or ())):
            yield from statement.returned()


def leave(statements: Sequence[Statement]) -> bool:
    """Say whether no run reaches the end of these statements."""
    return any(statement.leaves for statement in statements)


def tokens_of(source: str) -> tuple[str, ...]:
    """Split a source into tokens, without comments; a template literal is one token."""
    found: list[str] = []
    at, end = 0, len(source)
    while at < end:
        if space := _SPACE.match(source, at):
            at = space.end()
            continue
        token = _token(source, at, found[-1] if found else ";")
        found.append(token)
        at += len(token)
    return tuple(found)


def _token(source: str, at: int, before: str) -> str:
    if source[at] == "`":
        return source[at : _end_of_template(source, at)]
    if source[at] == "/" and _begins_regex(before):
        match = _REGEX.match(source, at)
    else:
        match = _TOKEN.match(source, at)
    if match is None:
        raise NotReadError(f"no token begins at {source[at : at + 20]!r}")
    return match.group()


def _begins_regex(before: str) -> bool:
    if before[0].isalnum() or before[0] in "_$'\"`/":
        return before in _REGEX_AFTER_WORDS
    return before not in (")", "]", "}")


def _end_of_template(source: str, at: int) -> int:
    """Find where a template literal ends; what it computes may hold literals of its own."""
    at += 1
    while at < len(source):
        if source[at] == "\\":
            at += 2
        elif source[at] == "`":
            return at + 1
        elif source.startswith("${", at):
            at = _end_of_computed(source, at + 2)
        else:
            at += 1
    raise NotReadError("a template literal does not end")


def _end_of_computed(source: str, at: int) -> int:
    depth, before = 1, "{"
    while at < len(source):
        if space := _SPACE.match(source, at):
            at = space.end()
            continue
        before = _token(source, at, before)
        at += len(before)
        depth += (before == "{") - (before == "}")
        if not depth:
            return at
    raise NotReadError("what a template literal computes does not end")


def text_of(token: str) -> str:
    """Read a string literal."""
    if len(token) < 2 or token[0] not in "'\"" or token[-1] != token[0]:
        raise NotReadError(f"{token[:40]!r} is no plain text")
    return _ESCAPE.sub(
        lambda m: chr(int(m[1], 16)) if m[1] else _ESCAPED.get(m[2], m[2]), token[1:-1]
    )


def end_of_group(tokens: Tokens, at: int) -> int:
    """Find the bracket that closes the one at ``at``."""
    expected: list[str] = []
    for index in range(at, len(tokens)):
        token = tokens[index]
        if token in _PAIRS:
            expected.append(_PAIRS[token])
        elif token in _CLOSING:
            if not expected or expected.pop() != token:
                raise NotReadError(f"{token!r} closes nothing")
            if not expected:
                return index
    raise NotReadError(f"{tokens[at]!r} is not closed")


def parts_of(tokens: Tokens, separator: str) -> list[tuple[str, ...]]:
    """Split at a separator that stands in no bracket."""
    parts: list[list[str]] = [[]]
    at = 0
    while at < len(tokens):
        if tokens[at] in _PAIRS:
            end = end_of_group(tokens, at)
            parts[-1] += tokens[at : end + 1]
            at = end + 1
            continue
        if tokens[at] == separator:
            parts.append([])
        else:
            parts[-1].append(tokens[at])
        at += 1
    return [tuple(part) for part in parts]


def statements_of(tokens: Tokens) -> tuple[Statement, ...]:
    """Read the statements between a body's braces."""
    found = []
    at = 0
    while at < len(tokens):
        statement, at = _statement(tokens, at)
        found.append(statement)
    return tuple(found)


def _statement(tokens: Tokens, at: int) -> tuple[Statement, int]:
    if at >= len(tokens):
        raise NotReadError("a statement is missing")
    first = tokens[at]
    if first in _UNREAD or (tokens[at + 1 : at + 2] == (":",) and first.isidentifier()):
        raise NotReadError(f"a statement begins with {first!r}")
    if first == "{":
        end = end_of_group(tokens, at)
        return Statement(Kind.BLOCK, body=statements_of(tokens[at + 1 : end])), end + 1
    if first in ("if", "for", "while"):
        return _compound(tokens, at)
    if first == "function":
        end = _end_of_function(tokens, at)
        return Statement(Kind.FUNCTION, tuple(tokens[at : end + 1])), end + 1
    end = _semicolon(tokens, at)
    if first in ("return", "throw"):
        return Statement(Kind(first), tuple(tokens[at + 1 : end])), end + 1
    return Statement(Kind.OTHER, tuple(tokens[at:end])), end + 1


def _compound(tokens: Tokens, at: int) -> tuple[Statement, int]:
    """Read an ``if`` or a loop, with what belongs to it."""
    if tokens[at + 1 : at + 2] != ("(",):
        raise NotReadError(f"{tokens[at]!r} without its bracket")
    end = end_of_group(tokens, at + 1)
    head = tuple(tokens[at + 2 : end])
    then, after = _statement(tokens, end + 1)
    body = then.body if then.kind is Kind.BLOCK else (then,)
    if tokens[at] != "if":
        return Statement(Kind.LOOP, head, body), after
    if tokens[after : after + 1] != ("else",):
        return Statement(Kind.IF, head, body), after
    other, after = _statement(tokens, after + 1)
    otherwise = other.body if other.kind is Kind.BLOCK else (other,)
    return Statement(Kind.IF, head, body, otherwise), after


def _end_of_function(tokens: Tokens, at: int) -> int:
    opening = next((i for i in range(at, len(tokens)) if tokens[i] == "("), None)
    if opening is None:
        raise NotReadError("a function without parameters' brackets")
    body = end_of_group(tokens, opening) + 1
    if tokens[body : body + 1] != ("{",):
        raise NotReadError("a function without a body")
    return end_of_group(tokens, body)


def _semicolon(tokens: Tokens, at: int) -> int:
    """Find the end of a simple statement; the compiler always writes its semicolon."""
    while at < len(tokens):
        if tokens[at] in _PAIRS:
            at = end_of_group(tokens, at)
        elif tokens[at] == ";":
            return at
        at += 1
    raise NotReadError("a statement does not end")
