"""The schema that the runbook's alarms read log lines by."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

DOCS = Path(__file__).parents[3] / "docs"
SCHEMA: dict[str, Any] = json.loads((DOCS / "log-schema.json").read_text())
# One real line of each event, with what differs from run to run replaced.
EXAMPLES = DOCS / "log-lines.jsonl"
EVENTS: list[str] = SCHEMA["properties"]["event"]["enum"]
_VALIDATOR = Draft202012Validator(SCHEMA)


def faults(lines: Iterable[Mapping[str, Any]]) -> list[str]:
    """List what in these lines is not as the schema says."""
    return [
        f"{line.get('event')}: {error.message}"
        for line in lines
        for error in _VALIDATOR.iter_errors(line)
    ]
