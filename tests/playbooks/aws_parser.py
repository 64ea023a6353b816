"""Lets the AWS CLI's own parser judge commands, and sends none of them.

Runs in the sandbox's virtual environment, which has the AWS CLI. Takes a JSON list of lists of
words on standard input; answers with a list of what is wrong with each, null where nothing is.
"""

import contextlib
import io
import json
import sys
from typing import Any

import jmespath
from awscli.clidriver import create_clidriver

# botocore's shapes, JMESPath's trees and JSON: none of them has types.
Shape = Any
Tree = Any
Json = Any
# Stands for whatever keys a map has.
KEY = "(a key of a map)"


class _SentError(Exception):
    """The call is complete and valid, and would be sent now."""


class Judge:
    """One driver for all commands, whose calls end where they would leave the machine."""

    def __init__(self) -> None:
        self._driver = create_clidriver()
        self._driver.session.register("before-parameter-build.*.*", self._built, unique_id="built")
        self._driver.session.register("before-call.*.*", self._sent, unique_id="sent")
        self._params: dict[str, Json] = {}
        self._operation: Any = None

    def wrong(self, words: list[str]) -> str | None:
        """Say what is wrong with one command, in the AWS CLI's words or in ours."""
        self._operation = None
        told = io.StringIO()
        with (
            contextlib.redirect_stderr(told),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.suppress(SystemExit),
        ):
            self._driver.main(words[1:])
        if self._operation is None:
            # Without the tables of everything that would have been right.
            lines = [line for line in told.getvalue().splitlines() if "|" not in line]
            return " ".join(" ".join(lines).split()) or "it makes no call"
        wrong = _outside(self._params, self._operation.input_shape)
        if wrong is None and "--query" in words:
            query = words[words.index("--query") + 1]
            wrong = _unanswered(query, self._operation.output_shape)
        return wrong

    def _built(self, params: dict[str, Json], **_: object) -> None:
        self._params = dict(params)

    def _sent(self, model: Any, **_: object) -> None:  # noqa: ANN401 - botocore's, without types
        self._operation = model
        raise _SentError


def _outside(value: Json, shape: Shape) -> str | None:
    """Find a value that its enumeration does not have, at any depth."""
    below: list[tuple[Json, Shape]] = []
    match shape.type_name:
        case "structure":
            members = shape.members
            below = [(item, members[key]) for key, item in value.items() if key in members]
        case "list":
            below = [(item, shape.member) for item in value]
        case "map":
            below = [(item, shape.value) for item in value.values()]
        case "string" if shape.enum and value not in shape.enum:
            return f"{value!r} is none of {', '.join(shape.enum)}"
    return next((found for item, inner in below if (found := _outside(item, inner))), None)


def _unanswered(text: str, shape: Shape) -> str | None:
    """Put --query to an answer that has everything: what it does not find there is nowhere."""
    query = jmespath.compile(text)
    names = _names(shape, set())
    unknown = sorted(_fields(query.parsed) - names)
    if KEY in names:
        return None
    if unknown:
        return f"the answer has no field {', '.join(unknown)}"
    # What a filter leaves over depends on the account.
    found = query.search(_answer(shape, ()))
    lacks = "filter_projection" not in _kinds(query.parsed) and _lacks(found)
    return f"--query would find nothing: {json.dumps(found)}" if lacks else None


def _answer(shape: Shape, above: tuple[str, ...]) -> Json:
    """Make an answer of a shape, one of everything; a shape within itself ends it."""
    if shape.name in above:
        return {}
    inside = (*above, shape.name)
    match shape.type_name:
        case "structure":
            return {name: _answer(member, inside) for name, member in shape.members.items()}
        case "list":
            return [_answer(shape.member, inside)]
        case "boolean":
            return True
        case "integer" | "long" | "float" | "double":
            return 1
    return "1"


def _lacks(found: Json) -> bool:
    """Say whether it is nothing, or has nothing in it, at any depth."""
    if isinstance(found, list):
        return not found or any(_lacks(item) for item in found)
    return found is None


def _names(shape: Shape, seen: set[str]) -> set[str]:
    """Collect the names of an answer's members, and ``KEY`` where a map has keys of its own."""
    if shape is None or shape.name in seen:
        return set()
    seen.add(shape.name)
    if shape.type_name == "structure":
        below = [_names(member, seen) for member in shape.members.values()]
        return set(shape.members).union(*below)
    if shape.type_name == "list":
        return _names(shape.member, seen)
    return {KEY} if shape.type_name == "map" else set()


def _fields(tree: Tree) -> set[str]:
    found = {tree["value"]} if tree["type"] == "field" else set()
    return found.union(*(_fields(child) for child in _children(tree)))


def _kinds(tree: Tree) -> set[str]:
    return {tree["type"]}.union(*(_kinds(child) for child in _children(tree)))


def _children(tree: Tree) -> list[Tree]:
    # Numbers of a slice are children, too.
    return [child for child in tree["children"] if isinstance(child, dict)]


def main() -> None:
    """Judge every command that comes."""
    judge = Judge()
    json.dump([judge.wrong(words) for words in json.load(sys.stdin)], sys.stdout)


if __name__ == "__main__":
    main()
