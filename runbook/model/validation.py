"""Pydantic's errors as refusals: what validators raise, and what an engineer reads of it."""

import json
import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from runbook.model.refusal import WHOLE_FILE, Refusal

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_CONTRADICTIONS = "contradictions"


def impossible(reason: str, fix: str) -> PydanticCustomError:
    """Build the error a field validator raises for a value that cannot be."""
    return PydanticCustomError("impossible", "{reason}", {"reason": reason, "fix": fix})


def contradiction(refusals: Iterable[Refusal]) -> PydanticCustomError:
    """Build the error a model validator raises for keys that contradict each other."""
    return PydanticCustomError(
        _CONTRADICTIONS, "keys contradict each other", {"refusals": list(refusals)}
    )


def refusals_of(error: ValidationError, known_keys: dict[str, list[str]]) -> list[Refusal]:
    """Translate pydantic's errors.

    ``known_keys`` maps the dotted path of each table (WHOLE_FILE for the top) to the keys it takes.
    """
    refusals: list[Refusal] = []
    for details in error.errors(include_url=False):
        if details["type"] == _CONTRADICTIONS:
            refusals += details["ctx"]["refusals"]
        else:
            refusals.append(_refusal(details, known_keys))
    return refusals


def _refusal(details: ErrorDetails, known_keys: dict[str, list[str]]) -> Refusal:
    key = _dotted(details["loc"])
    context = details.get("ctx", {})
    match details["type"]:
        case "impossible":
            return Refusal(key, context["reason"], context["fix"])
        case "missing":
            return Refusal(key, "this key is missing", f"add {key} to the file")
        case "extra_forbidden":
            return _unknown_key(details["loc"], known_keys)
        case "model_type" | "model_attributes_type" | "dict_type":
            return Refusal(key, "a table is expected here", f"write a [{key}] section")
        case "literal_error":
            allowed = context["expected"].replace(" or ", ", ")
            return Refusal(
                key, f"{_said(details['input'])} is not a choice", f"choose among {allowed}"
            )
        case _:
            said = f"{_lower(details['msg'])}, not {_said(details['input'])}"
            return Refusal(key, said, _FORMS.get(details["type"], _SCHEMA).format(**context))


_SCHEMA = "environments/environment.schema.json describes each key"
_FORMS = {
    "string_type": "write text in quotes",
    "int_type": "write a whole number, without quotes",
    "date_type": "write a day without quotes, such as 2027-05-31",
    "tuple_type": "write a list in square brackets",
    "greater_than_equal": "write {ge} or more",
    "less_than_equal": "write {le} or less",
}


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]


def _said(value: object) -> str:
    """Write a value as the file does, with nothing in it that a terminal obeys."""
    return json.dumps(value, default=str)


def _unknown_key(location: Sequence[str | int], known_keys: dict[str, list[str]]) -> Refusal:
    key, table = _dotted(location), _dotted(location[:-1])
    of_any_name = _dotted((*location[:1], "*", *location[2:-1])).replace('"*"', "*")
    siblings = known_keys.get(table) or known_keys.get(of_any_name, [])
    close = get_close_matches(str(location[-1]), siblings, n=1)
    known = ", ".join(sorted(siblings))
    fix = f"did you mean {close[0]!r}?" if close else f"remove it; known keys: {known}"
    return Refusal(key, "this key is unknown", fix)


def _dotted(location: Sequence[str | int]) -> str:
    """``("zones", 1)`` becomes ``zones[1]``; a key that TOML wants quoted is quoted."""
    dotted = "".join(
        f"[{part}]" if isinstance(part, int) else f".{_bare(part)}" for part in location
    )
    return dotted.removeprefix(".") or WHOLE_FILE


def _bare(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else json.dumps(key)
