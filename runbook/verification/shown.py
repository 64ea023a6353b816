"""What of a difference may be shown. Where people put secrets by mistake, no value is. Pure."""

import json
import re
from typing import Any

from runbook.deployed.difference import Difference
from runbook.deployed.equivalence import ABSENT

Json = Any
LONGEST = 160
_HIDDEN = "(not shown)"
# Members whose values are data that somebody wrote: variables, commands, texts of any kind.
_MAY_HOLD_SECRETS = frozenset(
    {
        "Command",
        "DefinitionString",
        "EntryPoint",
        "Environment",
        "EnvironmentVariables",
        "Input",
        "MasterUserPassword",
        "SecretString",
        "Subscription",
        "Variables",
        "ZipFile",
    }
)
# Types of which the one value is such a text.
_VALUES = frozenset({("AWS::SSM::Parameter", "Value"), ("AWS::CodeBuild::Project", "Source")})
_NAME = re.compile(r"[A-Za-z]+")


def shown(difference: Difference) -> str:
    """Say what is declared and what was found, in a line, without what may be a secret."""
    mismatch = difference.mismatch
    if mismatch is None:
        return difference.message
    first = difference.property.split(".")[0].split("[")[0]
    names = _NAME.findall(difference.property)
    hidden = (difference.type, first) in _VALUES or bool(_MAY_HOLD_SECRETS.intersection(names))
    declared, live = (_text(value, hidden=hidden) for value in (mismatch.declared, mismatch.live))
    if mismatch.declared is ABSENT:
        return f"not declared, found {live}"
    if mismatch.live is ABSENT:
        return f"declared {declared}, and nothing is there"
    return f"declared {declared}, found {live}"


def _text(value: Json, *, hidden: bool) -> str:
    if hidden:
        return "another value " + _HIDDEN if value is not ABSENT else "nothing"
    text = json.dumps(_redacted(value), default=str, sort_keys=True)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _redacted(value: Json) -> Json:
    if isinstance(value, dict):
        return {
            name: _HIDDEN if name in _MAY_HOLD_SECRETS else _redacted(item)
            for name, item in value.items()
        }
    return [_redacted(item) for item in value] if isinstance(value, list) else value
