"""What EventBridge makes of an input template ("Amazon EventBridge input transformation").

Values go into a string as they are, nothing escaped; a field that the event lacks leaves nothing.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

Json = Any


def filled(transformer: Mapping[str, Json], event: Mapping[str, Json]) -> dict[str, Json]:
    """Fill a template of CloudFormation's; raises ``ValueError`` when no JSON comes of it."""
    text = transformer["InputTemplate"]
    for name, path in transformer["InputPathsMap"].items():
        text = text.replace(f"<{name}>", _at(event, path))
    message: dict[str, Json] = json.loads(text)
    return message


def _at(event: Mapping[str, Json], path: str) -> str:
    value: Json = event
    for step in path.removeprefix("$.").split("."):
        named, index = re.fullmatch(r"([^\[]+)(?:\[(\d+)\])?", step).groups()  # type: ignore[union-attr]
        value = value.get(named) if isinstance(value, Mapping) else None
        if index is not None:
            value = value[int(index)] if isinstance(value, list) else None
    return "" if value is None else str(value)
