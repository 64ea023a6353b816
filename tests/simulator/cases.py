"""Files of alarm tests, alarms for them, and a template that has these alarms."""

import json
from pathlib import Path
from typing import Any

from simulator.cloudwatch.definitions import Actions, State
from simulator.testing.test_file import AlarmTests, load

NAMESPACE = "Acme/Shop"
TELLS = Actions(on={State.ALARM: ("topic",)})
TOPIC = "arn:aws:sns:us-east-2:111122223333:pager"


def read(folder: Path, text: str, name: str = "errors.yaml") -> AlarmTests:
    """Write a file of tests, and read it."""
    path = folder / name
    path.write_text(text, "utf-8")
    return load(path)


def a_test(alarm: str, series: list[str], expect: list[str], more: str = "") -> str:
    """Write one test; ``series`` and ``expect`` are mappings in braces."""
    lines = [f"  - alarm: {alarm}", *([f"    {more}"] if more else [])]
    if series:
        lines += ["    series:", *(f"      - {one}" for one in series)]
    return "\n".join([*lines, "    expect:", *(f"      - {one}" for one in expect), ""])


def one_series(
    name: str, values: str, stat: str = "Sum", more: str = "", interval: str = ""
) -> str:
    """Write one series; ``more`` are keys of the metric."""
    said = f", interval: {interval}" if interval else ""
    metric = f"namespace: {NAMESPACE}, name: {name}, stat: {stat}{more}"
    return f"{{metric: {{{metric}}}, values: '{values}'{said}}}"


def template() -> dict[str, Any]:
    """Make a template of somebody's shop."""
    errors = _metric("errors", "Errors", "Sum"), _metric("requests", "Requests", "Sum")
    rate = {"Id": "rate", "Expression": "100 * errors / requests", "ReturnData": True}
    resources = {
        "ErrorRate": _alarm("shop-error-rate", Metrics=[*errors, rate], Threshold=1),
        "Slow": _alarm(
            "shop-slow",
            Namespace=NAMESPACE,
            MetricName="Latency",
            ExtendedStatistic="p95",
            Period=300,
            Threshold=2,
            EvaluationPeriods=1,
            DatapointsToAlarm=1,
            TreatMissingData="missing",
        ),
        "Broken": {
            "Type": "AWS::CloudWatch::CompositeAlarm",
            "Properties": {
                "AlarmName": "shop-broken",
                "AlarmRule": "ALARM(shop-error-rate) AND NOT ALARM(shop-slow)",
                "AlarmActions": [TOPIC],
            },
        },
    }
    return {"Resources": resources}


def write_template(folder: Path) -> Path:
    """Write the shop's template."""
    path = folder / "shop.template.json"
    path.write_text(json.dumps(template()), "utf-8")
    return path


def _alarm(name: str, **properties: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON is any value
    common = {
        "AlarmName": name,
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "TreatMissingData": "notBreaching",
        "AlarmActions": [TOPIC],
    }
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": common | properties}


def _metric(id_: str, name: str, stat: str) -> dict[str, Any]:
    metric = {"Namespace": NAMESPACE, "MetricName": name}
    return {
        "Id": id_,
        "MetricStat": {"Metric": metric, "Stat": stat, "Period": 60},
        "ReturnData": False,
    }
