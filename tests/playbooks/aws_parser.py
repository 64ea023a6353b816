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


# Stands for whatever keys a map has.
_KEY = "(a key of a map)"


class _SentError(Exception):
    """The call is complete and valid, and would be sent now."""


class Judge:
    """One driver for all commands, whose calls end where they would leave the machine."""

    def __init__(self) -> None:
        self._driver = create_clidriver()
        self._driver.session.register("before-parameter-build.*.*", self._built, unique_id="built")
        self._driver.session.register("before-call.*.*", self._sent, unique_id="sent")
        self._params: dict[str, Any] = {}
        self._model: Any = None

    def wrong(self, words: list[str]) -> str | None:
        """Say what is wrong with one command, in the AWS CLI's words or in ours."""
        self._model = None
        told = io.StringIO()
        with contextlib.redirect_stderr(told), contextlib.redirect_stdout(io.StringIO()):
            try:
                self._driver.main(words[1:])
            except SystemExit:
                pass
        if self._model is None:
            lines = [line for line in told.getvalue().splitlines() if line.strip()]
            return lines[-1] if lines else "it makes no call"
        return _not_a_value(self._params, self._model.input_shape) or self._unanswered(words)

    def _built(self, params: dict[str, Any], **_: Any) -> None:
        self._params = dict(params)

    def _sent(self, model: Any, **_: Any) -> None:
        self._model = model
        raise _SentError

    def _unanswered(self, words: list[str]) -> str | None:
        """Ask --query of an answer that has everything: what it does not find it never would."""
        if "--query" not in words:
            return None
        query = jmespath.compile(words[words.index("--query") + 1])
        found = query.search(_answer(self._model.output_shape, ()))
        # What a filter leaves, or stands under a key of a map, depends on the account.
        if _contains(found, None) and not _depends(query.parsed, self._model.output_shape):
            return f"--query finds nothing: {json.dumps(found, default=str)}"
        names = _names(self._model.output_shape, set())
        unknown = sorted(_fields(query.parsed) - names)
        return f"no such field in the answer: {unknown}" if unknown and _KEY not in names else None


def _answer(shape: Any, above: tuple[str, ...]) -> Any:
    """Make an answer of a shape, one of everything; a shape within itself ends it."""
    if shape is None or shape.name in above:
        return {}
    inside = (*above, shape.name)
    match shape.type_name:
        case "structure":
            return {name: _answer(member, inside) for name, member in shape.members.items()}
        case "list":
            return [_answer(shape.member, inside)]
        case "map":
            return {_KEY: _answer(shape.value, inside)}
        case "string":
            return "1"
        case "boolean":
            return True
        case kind:
            return "2026" if kind == "timestamp" else 1


def _contains(found: Any, what: Any) -> bool:
    """Say whether it is nothing, or has nothing in it, at any depth."""
    if isinstance(found, list):
        return not found or any(_contains(item, what) for item in found)
    return found is what


def _depends(tree: Any, shape: Any) -> bool:
    return "filter_projection" in _types(tree) or _KEY in _names(shape, set())


def _not_a_value(value: Any, shape: Any) -> str | None:
    """Find a word that is none of its enumeration, at any depth."""
    if value is None or shape is None:
        return None
    if shape.type_name == "structure":
        pairs = [(v, shape.members[k]) for k, v in value.items() if k in shape.members]
    elif shape.type_name == "list":
        pairs = [(item, shape.member) for item in value]
    elif shape.type_name == "map":
        pairs = [(item, shape.value) for item in value.values()]
    else:
        enum = getattr(shape, "enum", None)
        return f"{value!r} is none of {enum}" if enum and value not in enum else None
    return next((found for v, s in pairs if (found := _not_a_value(v, s))), None)


def _names(shape: Any, seen: set[str]) -> set[str]:
    """Collect the names of an answer's members, and ``_KEY`` where a map has keys of its own."""
    if shape is None or shape.name in seen:
        return set()
    seen.add(shape.name)
    if shape.type_name == "structure":
        below = [_names(member, seen) for member in shape.members.values()]
        return set(shape.members).union(*below)
    if shape.type_name == "list":
        return _names(shape.member, seen)
    return {_KEY} | _names(shape.value, seen) if shape.type_name == "map" else set()


def _children(tree: Any) -> list[Any]:
    # Numbers of a slice are children, too.
    return [child for child in tree["children"] if isinstance(child, dict)]


def _types(tree: Any) -> set[str]:
    return {tree["type"]}.union(*(_types(child) for child in _children(tree)))


def _fields(tree: Any) -> set[str]:
    found = {tree["value"]} if tree["type"] == "field" else set()
    return found.union(*(_fields(child) for child in _children(tree)))


def main() -> None:
    """Judge every command that comes."""
    judge = Judge()
    json.dump([judge.wrong(words) for words in json.load(sys.stdin)], sys.stdout)


if __name__ == "__main__":
    main()
