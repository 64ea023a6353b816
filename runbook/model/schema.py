"""The JSON Schema of an environment file, so that editors complete and check it."""

import json

from runbook.model.environment import EnvironmentFile


def json_schema() -> str:
    """Render the schema; the same model gives the same bytes."""
    schema = EnvironmentFile.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Environment file"
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
