"""The JSON Schema for editors says what the loader says."""

import json

import jsonschema
import pytest

from runbook.model.loader import ENVIRONMENTS
from runbook.model.schema import json_schema
from tests.model.spoiling import HAPPY, MISSING, spoiled

VALIDATOR = jsonschema.Draft202012Validator(json.loads(json_schema()))


def test_the_schema_in_the_repository_is_fresh() -> None:
    shipped = (ENVIRONMENTS / "environment.schema.json").read_text("utf-8")
    assert shipped == json_schema(), "run `make docs` and commit what it writes"


def test_it_is_a_schema_and_takes_the_shipped_files() -> None:
    jsonschema.Draft202012Validator.check_schema(VALIDATOR.schema)
    VALIDATOR.validate(HAPPY)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("typo", 1),
        ("account", MISSING),
        ("schema", 2),
        ("account", "12"),
        ("region", "moon"),
        ("availability_zones", ["us-east-2a"]),
        ("buckets.audit", {}),
        ("buckets.audit", {"retention_years": 7, "retention_days": 2557}),
        ("network.cidr", 10),
        ("network.cidr", "10.0.0.0/8"),
        ("network.flow_log_retention_days", 100),
        ("network.interface_endpoints", ["s4"]),
        ("buckets.receipts.glacier_after_days", "90"),
    ],
)
def test_an_editor_marks_what_the_loader_refuses(path: str, value: object) -> None:
    assert not VALIDATOR.is_valid(spoiled(path, value))
