"""What no replay can follow is refused by its name, and stops no other alarm."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbook.model.refusal import RefusedError
from simulator.cloudwatch.definitions import Definitions
from simulator.templates.lookup import find
from simulator.templates.reading import read_definitions
from simulator.templates.yaml_templates import parsed

Json = Any

ALARM, COMPOSITE, MUTE = (
    f"AWS::CloudWatch::{kind}" for kind in ("Alarm", "CompositeAlarm", "AlarmMuteRule")
)
PLAIN: dict[str, Json] = {
    "MetricName": "Lag",
    "Namespace": "Shop",
    "Statistic": "Maximum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 5,
    "ComparisonOperator": "GreaterThanThreshold",
}
SERIES = {"Metric": {"MetricName": "Lag", "Namespace": "Shop"}, "Period": 60, "Stat": "Sum"}
ONE = {"Id": "a", "MetricStat": SERIES}
MATH = {
    "Metrics": [ONE],
    **{key: PLAIN[key] for key in ("EvaluationPeriods", "Threshold", "ComparisonOperator")},
}
BAND = "anomaly detection learns from weeks of datapoints, which no test has"
UNIT = (
    "it leaves out datapoints of any other unit, and the series of a test have none; without it "
    "CloudWatch takes every unit"
)
UNKNOWN = "it is no property that is known here: what it does to states is open"
SHARED = {"MetricStat": {**SERIES, "Period": 300}, "Id": "b", "ReturnData": False}


def math(*queries: Json, **more: Json) -> dict[str, Json]:
    return {**MATH, "Metrics": list(queries), **more}


def without(*names: str) -> dict[str, Json]:
    return {key: value for key, value in PLAIN.items() if key not in names}


# Properties of an alarm, the property that is refused, and why.
REFUSED: list[tuple[dict[str, Json], str, str]] = [
    ({**PLAIN, "ThresholdMetricId": "band"}, "ThresholdMetricId", BAND),
    (
        {**PLAIN, "ComparisonOperator": "LessThanLowerThreshold"},
        "ComparisonOperator",
        BAND,
    ),
    (
        {**PLAIN, "EvaluationCriteria": {"PromQLCriteria": {"Query": "up"}}},
        "EvaluationCriteria",
        "PromQL is not evaluated here",
    ),
    (
        {**PLAIN, "EvaluationInterval": 60},
        "EvaluationInterval",
        "it belongs to PromQL, which is not evaluated here",
    ),
    (
        {**PLAIN, "WarmUpConfiguration": {"WarmUpPeriodDurationInMinutes": 5}},
        "WarmUpConfiguration",
        "the time in which a new alarm is not evaluated is not modelled",
    ),
    (
        {**PLAIN, "EvaluationWindow": {"WallClockWindow": {"Timezone": "UTC"}}},
        "EvaluationWindow.WallClockWindow",
        "windows on the wall clock are not modelled: here they slide, the default",
    ),
    ({**PLAIN, "EvaluationWindow": {}}, "EvaluationWindow", "it names no window"),
    ({**PLAIN, "Unit": "Seconds"}, "Unit", UNIT),
    (
        math({"Id": "a", "MetricStat": {**SERIES, "Unit": "Count"}}),
        "Metrics.0.MetricStat.Unit",
        UNIT,
    ),
    (
        {**PLAIN, "EvaluateLowSampleCountPercentile": "ignore"},
        "EvaluateLowSampleCountPercentile",
        "'ignore' keeps the state while samples are few, and that is not modelled",
    ),
    ({**PLAIN, "Treshold": 5}, "Treshold", UNKNOWN),
    ({**PLAIN, "Arn": "arn:aws:x"}, "Arn", UNKNOWN),
    ({**PLAIN, "ActionConfiguration": {"Delay": 5}}, "ActionConfiguration.Delay", UNKNOWN),
    (without("Threshold"), "Threshold", "it is not there"),
    ({**PLAIN, "Threshold": "high"}, "Threshold", "'high' is no number"),
    ({**PLAIN, "Threshold": True}, "Threshold", "True is no number"),
    ({**PLAIN, "Threshold": 10**400}, "Threshold", f"{str(10**400)[:57]}... is no number"),
    (without("Period"), "Period", "it is not there"),
    ({**PLAIN, "Period": 45}, "Period", "45 seconds are neither 10, 20, 30 nor whole minutes"),
    ({**PLAIN, "Period": 60.5}, "Period", "60.5 is no whole number from 1 on"),
    (
        {**PLAIN, "EvaluationPeriods": 1441},
        "EvaluationPeriods",
        "1441 times 60 seconds are more than the 86400 that CloudWatch takes",
    ),
    (
        {**PLAIN, "EvaluationPeriods": 2, "DatapointsToAlarm": 3},
        "DatapointsToAlarm",
        "3 of 2 datapoints never are",
    ),
    ({**PLAIN, "DatapointsToAlarm": 0}, "DatapointsToAlarm", "0 is no whole number from 1 on"),
    ({**PLAIN, "TreatMissingData": "ok"}, "TreatMissingData", "'ok' is none of them"),
    ({**PLAIN, "ActionsEnabled": "maybe"}, "ActionsEnabled", "'maybe' is no switch"),
    ({**PLAIN, "AlarmActions": "arn:aws:x"}, "AlarmActions", "'arn:aws:x' is no list"),
    (without("Statistic"), "Statistic", "an alarm has either it or ExtendedStatistic"),
    (
        {**PLAIN, "ExtendedStatistic": "p99"},
        "Statistic",
        "an alarm has either it or ExtendedStatistic",
    ),
    ({**PLAIN, "Statistic": "p99"}, "Statistic", "'p99' is none of them"),
    ({**PLAIN, **MATH}, "MetricName", "an alarm has either it or Metrics"),
    (math(), "Metrics", "none of them is a metric"),
    (math({"Id": "a", "Expression": "1"}), "Metrics", "none of them is a metric"),
    (
        math({"Id": "a", "Expression": "SELECT AVG(x) FROM y"}),
        "Metrics.0.Expression",
        "a query of Metrics Insights reads whichever metrics there are",
    ),
    (
        math(ONE, SHARED),
        "Metrics",
        "its metrics have periods of 60 and 300 seconds, and that is not modelled",
    ),
    (
        math(ONE, {**ONE, "Id": "b"}),
        "Metrics",
        "2 of them return data, and CloudWatch looks at one",
    ),
    (math(ONE, ONE), "Metrics.1.Id", "two of its metrics are called 'a'"),
    (
        math({**ONE, "Id": "A"}),
        "Metrics.0.Id",
        "'A' is no id: a small letter, then letters, digits and underscores",
    ),
    (
        math({**ONE, "Expression": "a"}),
        "Metrics.0.Expression",
        "each of its metrics has either it or MetricStat",
    ),
    (
        math({**ONE, "Period": 60}),
        "Metrics.0.Period",
        "a metric's period stands in its MetricStat",
    ),
    (
        math({**ONE, "AccountId": "111122223333"}),
        "Metrics.0.AccountId",
        "metrics of other accounts are not modelled: a series does not say whose it is",
    ),
    (math({**ONE, "Color": "red"}), "Metrics.0.Color", UNKNOWN),
    (
        {**PLAIN, "Dimensions": [{"Name": "x", "Value": "1"}, {"Name": "x", "Value": "2"}]},
        "Dimensions.1.Name",
        "the dimension 'x' stands twice",
    ),
    (
        {**PLAIN, "Dimensions": [{"Name": "x", "Value": "a*"}]},
        "Dimensions.0.Value",
        "a* would be read as a pattern",
    ),
    (
        {**PLAIN, "Dimensions": [{"Name": "x", "Value": "<a/B.Ref>"}]},
        "Dimensions.0.Value",
        "<a/B.Ref> has angle brackets, which stand for marks here",
    ),
    (
        {**PLAIN, "Dimensions": [{"Name": "x", "Value": {"Fn::GetAtt": ["Nobody", "Arn"]}}]},
        "Dimensions.0.Value",
        "Nobody.Arn is not known before the deploy: there is no Nobody",
    ),
    (
        {**PLAIN, "Period": {"Fn::Length": ["a"]}},
        "Period",
        "it is not known before the deploy: Fn::Length is worked out by CloudFormation alone",
    ),
    (
        {"Fn::Transform": {"Name": "Mine"}},
        "Properties",
        "it is not known before the deploy: Fn::Transform is worked out by CloudFormation alone",
    ),
]


def written(folder: Path, resources: Json, **others: Json) -> Path:
    path = folder / "a.json"
    path.write_text(json.dumps({"Resources": resources} | others), "utf-8")
    return path


def beside_a_good_one(folder: Path, **resources: Json) -> Definitions:
    good = {"Type": ALARM, "Properties": PLAIN}
    return read_definitions([written(folder, {"Good": good, **resources})])


@pytest.mark.parametrize(("properties", "key", "reason"), REFUSED)
def test_what_is_not_modelled_is_refused_by_its_name(
    properties: dict[str, Json], key: str, reason: str, tmp_path: Path
) -> None:
    definitions = beside_a_good_one(tmp_path, A={"Type": ALARM, "Properties": properties})
    with pytest.raises(RefusedError) as told:
        find(definitions, "A")
    assert told.value.source == "a.json: A"
    (refusal,) = told.value.refusals
    assert refusal.key in (f"Properties.{key}", key)
    assert refusal.reason == reason
    assert refusal.fix
    assert [alarm.name for alarm in find(definitions, "Good")] == ["Good"]


COMPOSITES: list[tuple[dict[str, Json], str, str]] = [
    ({}, "AlarmRule", "it is not there"),
    ({"AlarmRule": "OK(Good)", "Rule": "x"}, "Rule", UNKNOWN),
    (
        {"AlarmRule": "OK(Good)", "ActionsSuppressorWaitPeriod": 5},
        "ActionsSuppressorWaitPeriod",
        "there is no ActionsSuppressor",
    ),
    (
        {"AlarmRule": "OK(Good)", "ActionsSuppressor": "Good"},
        "ActionsSuppressorWaitPeriod",
        "it is not there",
    ),
]


@pytest.mark.parametrize(("properties", "key", "reason"), COMPOSITES)
def test_a_composite_that_is_not_whole_is_refused(
    properties: dict[str, Json], key: str, reason: str, tmp_path: Path
) -> None:
    definitions = beside_a_good_one(tmp_path, A={"Type": COMPOSITE, "Properties": properties})
    with pytest.raises(RefusedError) as told:
        find(definitions, "A")
    (refusal,) = told.value.refusals
    assert (refusal.key, refusal.reason) == (f"Properties.{key}", reason)


def test_two_alarms_of_one_name_are_refused(tmp_path: Path) -> None:
    named = {"Type": ALARM, "Properties": {**PLAIN, "AlarmName": "lag"}}
    with pytest.raises(RefusedError) as told:
        find(beside_a_good_one(tmp_path, A=named, B=named), "lag")
    (refusal,) = told.value.refusals
    assert refusal.reason == "2 alarms are called lag: a.json: A, a.json: B"


OPEN = {"Schedule": {"Expression": {"Ref": "Hours"}, "Duration": "PT1H"}}


@pytest.mark.parametrize(
    ("targets", "stopped"),
    [
        ({"AlarmNames": ["A"]}, {"A"}),
        ({"AlarmNames": [{"Fn::GetAZs": ""}]}, {"A", "Good"}),
        ({"AlarmNames": []}, set()),
    ],
)
def test_a_mute_rule_that_cannot_be_read_stops_the_alarms_that_it_may_mute(
    targets: Json, stopped: set[str], tmp_path: Path
) -> None:
    alarm = {"Type": ALARM, "Properties": PLAIN}
    rule = {"Type": MUTE, "Properties": {"MuteTargets": targets, "Rule": OPEN}}
    path = written(
        tmp_path, {"Good": alarm, "A": alarm, "M": rule}, Parameters={"Hours": {"Type": "String"}}
    )
    definitions = read_definitions([path])
    assert {each.name for each in definitions.unreadable} == stopped
    assert definitions.alarms.keys() == {"A", "Good"} - stopped
    for each in definitions.unreadable:
        (refusal,) = each.refusals
        assert refusal.key == "a.json: M: Properties.Rule.Schedule.Expression"
        assert refusal.reason == (
            "it may mute this alarm; it is not known before the deploy: the parameter Hours is "
            "given when it is deployed"
        )


FILES: list[tuple[str, bytes, str]] = [
    (
        "a.json",
        b"{",
        "it cannot be read as JSON: Expecting property name enclosed in double quotes",
    ),
    ("a.json", b'{"a": 1, "a": 2}', "it cannot be read as JSON: the key 'a' stands twice"),
    ("a.json", b"[]", "it is JSON, but no template"),
    ("a.yaml", b"a: 1\na: 2\n", "it cannot be read as YAML: line 2: the key 'a' stands twice"),
    (
        "a.yaml",
        b"a: &b 1\nc: *b\n",
        "it cannot be read as YAML: line 2: an alias, which CloudFormation does not take",
    ),
    (
        "a.yaml",
        b"a: !Rev b\n",
        "it cannot be read as YAML: line 1: !Rev is no function of CloudFormation",
    ),
    (
        "a.yaml",
        b"a: !!python/object/apply:os.system [ls]\n",
        "it cannot be read as YAML: line 1: the tag "
        "tag:yaml.org,2002:python/object/apply:os.system is none that CloudFormation takes",
    ),
    (
        "a.yaml",
        b"a: 010\n",
        "it cannot be read as YAML: line 1: 010 is read in another base: write it in quotes",
    ),
    (
        "a.yaml",
        b"yes: 1\n",
        "it cannot be read as YAML: line 1: the key True is no text: write it in quotes",
    ),
    ("a.yaml", b"a: !!bool b\n", "it cannot be read as YAML: a value does not fit the tag that"),
    ("a.yaml", b"[" * 3000, "it cannot be read as YAML: it is nested too deeply"),
    ("a.yaml", b"a: \xff", "it cannot be read as YAML: 'utf-8' codec can't decode byte 0xff"),
    ("a.yaml", b"", "it is YAML, but no template: Resources is not an object"),
    ("a.yaml", b"#" * 1_048_577, "it cannot be read as YAML: it has 1048577 bytes, 1048576 at"),
    (
        "a.yaml",
        b"Transform: Mine\nResources: {}\n",
        "Mine rewrites it before it is deployed, alarms and mute rules perhaps too",
    ),
    (
        "a.json",
        b'{"Resources": {"Fn::ForEach::Q": ["Q", ["a"], {}]}}',
        "it puts something in its place before it is deployed, alarms and mute rules perhaps too",
    ),
]


@pytest.mark.parametrize(("name", "text", "reason"), FILES)
def test_a_file_that_is_no_template_is_refused(
    name: str, text: bytes, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(text)
    with pytest.raises(RefusedError) as told:
        read_definitions([path])
    (refusal,) = told.value.refusals
    assert refusal.reason.startswith(reason)


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for paths in ([], [tmp_path / "none.yaml"], [tmp_path]):
        with pytest.raises(RefusedError):
            read_definitions(paths)


def test_two_templates_of_one_name_are_refused(tmp_path: Path) -> None:
    paths = []
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
        paths.append(tmp_path / folder / "a.yaml")
        paths[-1].write_text("Resources: {}\n")
    with pytest.raises(RefusedError) as told:
        read_definitions(paths)
    assert told.value.refusals[0].reason == "two of the templates are called a.yaml"


NAMES = st.sampled_from(
    [
        *("Ref", "Fn::Sub", "Fn::GetAtt", "Fn::If", "Fn::Join", "Fn::Split", "Fn::Select"),
        *("Fn::ImportValue", "Fn::Transform", "A", "Good", "P", "AlarmName", "AlarmRule"),
        *("Metrics", "MetricStat", "Metric", "Dimensions", "Period", "Id", "Expression", "Stat"),
        *("Name", "Value", "MuteTargets", "AlarmNames", "Rule", "Schedule", "Threshold", "Type"),
        *("Properties", "Condition", "Parameters", "Conditions", "Outputs", "Transform", "Export"),
    ]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | NAMES
    | st.sampled_from(["${P}", "${A.Arn}", "<a/A.Ref>", "{{resolve:ssm:/x}}", "A.Arn", ALARM])
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3)
)
PROPERTIES = st.dictionaries(st.sampled_from([*PLAIN, *MATH, "AlarmName", "Dimensions"]), VALUES)


@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    st.sampled_from([ALARM, COMPOSITE, MUTE]),
    VALUES,
    PROPERTIES,
    st.dictionaries(st.sampled_from(["Parameters", "Conditions", "Outputs", "Mappings"]), VALUES),
)
def test_no_template_makes_it_fall_over(
    tmp_path: Path, kind: str, whole: Json, some: dict[str, Json], others: dict[str, Json]
) -> None:
    resources = {
        "Good": {"Type": ALARM, "Properties": PLAIN},
        "A": {"Type": kind, "Properties": whole},
        "B": {"Type": ALARM, "Properties": {**PLAIN, **some}},
        "C": whole,
    }
    with suppress(RefusedError):
        definitions = read_definitions([written(tmp_path, resources, **others)])
        find(definitions, "Good")
        find(definitions, "A")


@settings(max_examples=200)
@given(st.text(max_size=60) | st.text("[]{}!&*:- \n\"'#ab1.<?|>", max_size=40))
def test_no_text_makes_the_reader_of_yaml_fall_over(text: str) -> None:
    with suppress(ValueError):
        parsed(text.encode("utf-8", "surrogatepass"))
