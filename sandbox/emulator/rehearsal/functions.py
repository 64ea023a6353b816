"""Errors of functions by their class, as Lambda names them and state machines catch them.

ministack calls every exception `Runtime.HandlerError`: no Retry of a state machine would know its
error again, and no record would say what it was.
"""

from __future__ import annotations

import re
from typing import Any

from sandbox.emulator.patching import PATCHES, Function

LAMBDA = "ministack.services.lambda_svc"
NAMELESS = "Runtime.HandlerError"
TRACEBACK = "Traceback (most recent call last):\n"
# The first line of a traceback that is not indented: the class with its module, and its words.
_RAISED = re.compile(r"^(?:[A-Za-z_][A-Za-z0-9_]*\.)*([A-Za-z_][A-Za-z0-9_]*)(?::|$)", re.MULTILINE)
Members = dict[str, Any]


@PATCHES.wrap(LAMBDA, "_execute_function_warm", parameters=("func", "event", "request_id"))
def named_error(original: Function, *given: Any) -> Members:  # noqa: ANN401 - ministack's own
    """Name the exception with which a function ended; its traceback is the end of its log."""
    told: Members = original(*given)
    body = told.get("body")
    if told.get("error") and isinstance(body, dict) and body.get("errorType") == NAMELESS:
        _, there, traceback = str(told.get("log", "")).rpartition(TRACEBACK)
        found = _RAISED.search(traceback) if there else None
        if found:
            told["body"] = {**body, "errorType": found[1]}
    return told
