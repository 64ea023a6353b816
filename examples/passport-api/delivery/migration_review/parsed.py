"""The statements of a migration, as PostgreSQL's own parser sees them."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pglast.parser

_WORD = re.compile(r"[^\W\d]\w*")


class UnreadableError(Exception):
    """The text is no SQL of PostgreSQL's."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: the name of its node, the node, and the line it begins at."""

    kind: str
    node: dict[str, Any]
    line: int

    def words(self) -> frozenset[str]:
        """Every name and every word of every text in it, bodies of functions too."""
        return frozenset(
            word.lower() for text in _texts(self.node) for word in (text, *_WORD.findall(text))
        )

    def nodes(self, kind: str) -> Iterator[dict[str, Any]]:
        """Find the nodes of a kind below it, at any depth."""
        return _nodes(self.node, kind)

    def has(self, kind: str) -> bool:
        """Whether there is a node of a kind below it; some, as `*`, are empty."""
        return next(self.nodes(kind), None) is not None


def parse(text: str) -> tuple[Statement, ...]:
    """Parse a text; raises ``UnreadableError``."""
    try:
        parsed = json.loads(pglast.parser.parse_sql_json(text))
    except pglast.parser.ParseError as error:
        raise UnreadableError(str(error.args[0])) from error
    return tuple(_statement(raw, text) for raw in parsed.get("stmts", ()))


def _statement(raw: dict[str, Any], text: str) -> Statement:
    [(kind, node)] = raw["stmt"].items()
    # Offsets count bytes, and begin where the statement before ended.
    rest = text.encode()[raw.get("stmt_location", 0) :].decode()
    skipped = re.match(r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*", rest, re.DOTALL)
    begins = len(text) - len(rest) + (skipped.end() if skipped else 0)
    return Statement(kind, node, text.count("\n", 0, begins) + 1)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _nodes(value: object, kind: str) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key == kind and isinstance(item, dict):
                yield item
            yield from _nodes(item, kind)
    elif isinstance(value, list):
        for item in value:
            yield from _nodes(item, kind)
