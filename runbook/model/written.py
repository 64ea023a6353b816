"""An environment written back as a file: where it was placed, in the form that the loader reads."""

import json

from runbook.model.environment import Environment

# The file's path says these.
_FROM_PATH = {"organisation", "environment"}
Value = object


def as_toml(environment: Environment) -> str:
    """Write it as TOML; ``load_environment`` reads the same environment from it."""
    data = environment.model_dump(
        mode="json", by_alias=True, exclude_none=True, exclude=set(_FROM_PATH)
    )
    return "".join(f"{_key(key)} = {_value(value)}\n" for key, value in data.items())


def _value(value: Value) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    # Text, numbers and truth look the same in JSON and in TOML.
    return json.dumps(value, ensure_ascii=False)


def _key(key: str) -> str:
    return json.dumps(key, ensure_ascii=False)
