"""Functions of what only the deploy knows: each call is a mark of its own.

``policies.templates.intrinsics`` gives an open argument back where a function of it is asked for,
so that a rule sees what a value hangs on. Two parts of one list, or a name and what is exported
under it, would be one metric here.
"""

import hashlib
import json
from dataclasses import replace
from typing import Any

from policies.templates.assembly import Template
from policies.templates.intrinsics import resolve
from policies.templates.scope import Scope, Stack
from policies.templates.values import Unknown, unknowns

Json = Any
# What makes something else of its argument, or of a part of it.
_OF_OPEN = ("Fn::FindInMap", "Fn::ImportValue", "Fn::Select", "Fn::Split")
# What is another text than its argument, even where that is known.
_ALWAYS = ("Fn::Base64", "Fn::ToJsonString")


def marked(scope: Scope) -> tuple[Scope, frozenset[str]]:
    """Put an open value in the place of each such call; its marks' names, too."""
    calls: set[str] = set()
    templates = [_template(stack, calls) for stack in scope.stacks]
    made = Scope(None, templates, scope.case, whole=False, arguments=scope.arguments)
    return made, frozenset(calls)


def _template(stack: Stack, calls: set[str]) -> Template:
    body = dict(stack.template.body)
    for part in ("Resources", "Outputs"):
        if part in body:
            body[part] = _Calls(stack, calls).marked(body[part])
    return replace(stack.template, body=body)


class _Calls:
    def __init__(self, stack: Stack, calls: set[str]) -> None:
        self._stack = stack
        self._calls = calls

    def marked(self, value: Json) -> Json:
        """Give a value back with every call marked whose result is open, inner ones first."""
        match value:
            case dict():
                made = {key: self.marked(item) for key, item in value.items()}
                if len(value) == 1 and self._is_open(made):
                    return self._unknown(value)
                return made
            case list():
                return [self.marked(item) for item in value]
        return value

    def _is_open(self, call: dict[str, Json]) -> bool:
        ((function, given),) = call.items()
        if function in _ALWAYS:
            return True
        if function not in _OF_OPEN:
            return False
        known = resolve(given, self._stack)
        if function == "Fn::Select" and isinstance(known, list) and len(known) == 2:
            # Which one is known, and each keeps what it is.
            return any(isinstance(part, Unknown) for part in known)
        return bool(unknowns(known)) or _has_mark(known)

    def _unknown(self, call: dict[str, Json]) -> Unknown:
        (function,) = call
        text = json.dumps(call, sort_keys=True)
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        name = f"{self._stack.template.stack}/{function} {sha256[:8]}"
        self._calls.add(name)
        return Unknown(f"${{{name}}}", f"{function} of what is known only then")


def _has_mark(value: Json) -> bool:
    match value:
        case str():
            return "<" in value
        case dict():
            return any(map(_has_mark, value.values()))
        case list():
            return any(map(_has_mark, value))
    return False
