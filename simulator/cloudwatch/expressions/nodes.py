"""What an expression is made of."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

LOOKING_BACK = frozenset({"DIFF", "DIFF_TIME", "RATE"})


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an expression; ``place`` counts the text's characters from 1."""

    place: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Number(Part):
    """A number, as it is written: never negative."""

    value: float


@dataclass(frozen=True, slots=True)
class Name(Part):
    """The series of the query with this id."""

    id: str


@dataclass(frozen=True, slots=True)
class Word(Part):
    """A capital word that is no function, such as REPEAT."""

    word: str


@dataclass(frozen=True, slots=True)
class Quoted(Part):
    """Text in quotes; the functions that take it are refused."""

    text: str


@dataclass(frozen=True, slots=True)
class Listed(Part):
    """An array of series."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Negative(Part):
    """Unary minus."""

    part: Part


@dataclass(frozen=True, slots=True)
class Operation(Part):
    """Two operands; ``&&`` and ``||`` are AND and OR."""

    sign: str
    left: Part
    right: Part


@dataclass(frozen=True, slots=True)
class Call(Part):
    """A function and what it is given."""

    function: str
    arguments: tuple[Part, ...]


@dataclass(frozen=True)
class Node:
    """A whole expression that was read and makes one series of others."""

    text: str
    root: Part

    @cached_property
    def names(self) -> frozenset[str]:
        """The ids of the queries that it reads."""
        return frozenset(part.id for part in _parts(self.root) if isinstance(part, Name))

    @cached_property
    def looks_back(self) -> bool:
        """Whether a datapoint of it hangs on those before: what of them was fetched matters."""
        return any(
            part.function in LOOKING_BACK or Word(0, "REPEAT") in part.arguments
            for part in _parts(self.root)
            if isinstance(part, Call)
        )


def _parts(part: Part) -> Iterator[Part]:
    yield part
    for inner in _inner(part):
        yield from _parts(inner)


def _inner(part: Part) -> tuple[Part, ...]:
    match part:
        case Listed(parts=parts):
            return parts
        case Negative(part=inner):
            return (inner,)
        case Operation(left=left, right=right):
            return (left, right)
        case Call(arguments=arguments):
            return arguments
    return ()


def written(part: Part) -> str:
    """Write a part with a bracket around each operation, so that it is read in one way only."""
    match part:
        case Number(value=value):
            return f"{value:.17f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"
        case Name(id=text) | Word(word=text):
            return text
        case Quoted(text=text):
            return f"'{text}'"
        case Listed(parts=parts):
            return f"[{', '.join(written(each) for each in parts)}]"
        case Negative(part=inner):
            return f"(-{written(inner)})"
        case Operation(sign=sign, left=left, right=right):
            return f"({written(left)} {sign} {written(right)})"
        case Call(function=function, arguments=arguments):
            return f"{function}({', '.join(written(each) for each in arguments)})"
    raise AssertionError(f"no such part: {part}")
