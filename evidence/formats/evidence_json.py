"""`evidence.json`: everything that a bundle says, for machines and for every later comparison."""

import json
from dataclasses import replace
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, PydanticSerializationError

from evidence.model import SCHEMA, ControlEntry, Evidence, Verdict
from runbook.model.refusal import WHOLE_FILE, Refusal, RefusedError

_AS_IT_WAS = "take it as `runbook evidence` wrote it: a copy may be cut short or edited"
# Of a file that is wrong throughout, the first faults say enough.
_TOLD = 5
_VERDICTS = tuple(Verdict)


def as_bytes(evidence: Evidence) -> bytes:
    """Write it as JSON, indented, in UTF-8: keys as the model orders them, names in it sorted.

    Half a surrogate pair, which a template's JSON can hold and UTF-8 cannot, becomes its escape.
    """
    ordered = _ordered(evidence)
    try:
        return _dumped(ordered)
    except PydanticSerializationError:
        spelled_out = _spelled_out(_adapter().dump_python(ordered))
        return _dumped(_adapter().validate_python(spelled_out))


def _dumped(evidence: Evidence) -> bytes:
    return _adapter().dump_json(evidence, indent=2, exclude=_left_out(evidence)) + b"\n"


def _left_out(evidence: Evidence) -> dict[str, Any]:
    """Leave out what says nothing and older bundles do not have: they give the same bytes still."""
    asked = (n for n, rule in enumerate(evidence.rules) if not rule.unasked)
    whole = (n for n, clause in enumerate(evidence.clauses) if not clause.broken)
    named = evidence.rehearsal and evidence.rehearsal.commit
    return {
        "rules": {n: {"unasked"} for n in asked},
        "clauses": {n: {"broken"} for n in whole},
        **({} if named else {"rehearsal": {"commit"}}),
    }


def read(data: bytes, source: str) -> Evidence:
    """Read what ``as_bytes`` wrote; ``source`` is the file's name for people.

    Raises ``RefusedError`` for what has other keys, another schema, or is otherwise not as written.
    """
    try:
        found = _adapter().validate_json(data, strict=True, extra="forbid")
    except ValidationError as error:
        refusals = _of_another_schema(data) or [
            _refusal(details) for details in error.errors(include_url=False)[:_TOLD]
        ]
        raise RefusedError(source, refusals) from None
    if found.schema != SCHEMA:
        raise RefusedError(source, [_other_schema(found.schema)])
    # A key that stands there twice, or NaN, would be read as one thing here and another elsewhere.
    if as_bytes(found) != data:
        why = "it is not written as `runbook evidence` writes it"
        raise RefusedError(source, [Refusal(WHOLE_FILE, why, _AS_IT_WAS)])
    return found


@cache
def _adapter() -> TypeAdapter[Evidence]:
    return TypeAdapter(Evidence)


def _spelled_out(thing: Any) -> Any:  # noqa: ANN401 - whatever a model's fields hold
    """Write out in all texts, as deep as they stand, what UTF-8 cannot hold."""
    match thing:
        case str():
            return thing.encode("utf-8", "backslashreplace").decode("utf-8")
        case dict():
            return {_spelled_out(key): _spelled_out(value) for key, value in thing.items()}
        case list() | tuple():
            return [_spelled_out(each) for each in thing]
    return thing


def _ordered(evidence: Evidence) -> Evidence:
    """Sort what has no order, so that equal evidence has the same bytes."""
    controls = tuple(_control(control) for control in evidence.controls)
    return replace(evidence, versions=dict(sorted(evidence.versions.items())), controls=controls)


def _control(control: ControlEntry) -> ControlEntry:
    rules = {
        rule: {verdict: counts[verdict] for verdict in _VERDICTS if verdict in counts}
        for rule, counts in sorted(control.rules.items())
    }
    return replace(control, rules=rules)


def _of_another_schema(data: bytes) -> list[Refusal]:
    """Tell a file of another version: its other keys would say nothing."""
    try:
        schema = json.loads(data)["schema"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return []
    return [] if schema == SCHEMA else [_other_schema(schema)]


def _other_schema(schema: object) -> Refusal:
    return Refusal(
        "schema",
        f"it is {json.dumps(schema)}, and this version of runbook reads {SCHEMA}",
        "use the version of runbook that the manifest's commit has",
    )


def _refusal(details: ErrorDetails) -> Refusal:
    where = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in details["loc"])
    why = details["msg"][:1].lower() + details["msg"][1:]
    return Refusal(where.removeprefix(".") or WHOLE_FILE, why, _AS_IT_WAS)
