"""Buildspecs, as text in a template: YAML, or JSON, which is YAML and much quicker to read."""

import json
from typing import Any

Json = Any


def read_buildspec(text: str) -> Json:
    """Read one; raises ``ValueError`` when it is neither."""
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            # Braces and bare words are YAML, too.
            pass
    import yaml

    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"no YAML: {error}") from None
