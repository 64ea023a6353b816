"""Conditions of templates: worked out where parameters decide them, else tried both ways."""

import json
from pathlib import Path
from typing import Any

import pytest

from runbook.model.refusal import RefusedError
from simulator.cloudwatch.definitions import Definitions
from simulator.templates.reading import read_definitions

Json = Any
PROD: Json = {"Fn::Equals": [{"Ref": "Env"}, "prod"]}
EAST: Json = {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}


def read(folder: Path, condition: Json, **given: str) -> Definitions:
    """Read one alarm whose threshold is 1 where the condition holds, else 2."""
    threshold = {"Fn::If": ["It", 1, 2]}
    properties = {
        "MetricName": "Lag",
        "Namespace": "Shop",
        "Statistic": "Maximum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": threshold,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    body = {
        "Parameters": {"Env": {"Type": "String", "Default": "prod"}},
        "Conditions": {"Prod": PROD, "It": condition},
        "Resources": {"A": {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}},
    }
    path = folder / "a.json"
    path.write_text(json.dumps(body), "utf-8")
    return read_definitions([path], {name.replace("_", "::"): v for name, v in given.items()})


CASES: list[tuple[Json, dict[str, str], float | None]] = [
    ({"Condition": "Prod"}, {"Env": "prod"}, 1),
    ({"Condition": "Prod"}, {"Env": "dev"}, 2),
    ({"Condition": "Prod"}, {}, None),
    ({"Fn::Not": [{"Condition": "Prod"}]}, {"Env": "prod"}, 2),
    ({"Fn::And": [{"Condition": "Prod"}, EAST]}, {"Env": "dev"}, 2),
    ({"Fn::And": [{"Condition": "Prod"}, EAST]}, {"Env": "prod"}, None),
    ({"Fn::Or": [{"Condition": "Prod"}, EAST]}, {"Env": "prod"}, 1),
    ({"Fn::Or": [{"Condition": "Prod"}, EAST]}, {"Env": "dev", "AWS_Region": "us-east-1"}, 1),
    # The same comparison comes out the same way in both.
    ({"Fn::Or": [{"Condition": "Prod"}, {"Fn::Not": [PROD]}]}, {}, 1),
    ({"Fn::Equals": [{"Ref": "Env"}]}, {"Env": "prod"}, None),
    ({"Condition": "It"}, {"Env": "prod"}, None),
]


@pytest.mark.parametrize(("condition", "given", "threshold"), CASES)
def test_a_threshold_that_a_condition_decides(
    condition: Json, given: dict[str, str], threshold: float | None, tmp_path: Path
) -> None:
    found = read(tmp_path, condition, **given)
    read_thresholds = [getattr(alarm, "threshold", None) for alarm in found.alarms.values()]
    if threshold is not None:
        assert read_thresholds == [threshold]
        return
    assert read_thresholds == []
    (unreadable,) = found.unreadable
    (refusal,) = unreadable.refusals
    assert refusal.reason == "it says one thing or another: conditions decide"


def test_too_many_open_comparisons_are_refused(tmp_path: Path) -> None:
    several = [{"Fn::Equals": [{"Ref": "Env"}, str(number)]} for number in range(7)]
    with pytest.raises(RefusedError) as told:
        read(tmp_path, {"Fn::Or": several})
    (refusal,) = told.value.refusals
    assert refusal.reason == "8 open comparisons make 2^8 cases; 6 are read"
