"""Strangers' templates: what is read of an alarm, in either form, in JSON and in YAML."""

import json
from pathlib import Path
from typing import Any

import pytest

from runbook.alarms.alarm import Comparison, Missing
from runbook.model.refusal import RefusedError
from simulator.cloudwatch.definitions import (
    Actions,
    CompositeAlarm,
    MathQuery,
    MetricAlarm,
    MetricIdentity,
    MetricQuery,
    MuteRule,
    State,
    Suppressor,
)
from simulator.templates.lookup import find
from simulator.templates.reading import read_definitions

YAML = """\
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Limit: {Type: Number, Default: 80}
  Env: {Type: String, Default: dev}
  Topics: {Type: CommaDelimitedList}
Conditions:
  Live: !Equals [!Ref Env, prod]
Resources:
  Balancer:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties: {Name: shop}
  Blue:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties: {Name: shop-blue}
  Green:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
  Topic:
    Type: AWS::SNS::Topic
  Cpu:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: !Sub "${Env}-cpu"
      MetricName: CPUUtilization
      Namespace: AWS/ECS
      Statistic: Average
      Dimensions:
        - {Name: ServiceName, Value: !GetAtt Service.Name}
        - {Name: ClusterName, Value: !ImportValue shared-cluster}
      Period: "60"
      EvaluationPeriods: 3
      Threshold: 80.5
      ComparisonOperator: GreaterThanThreshold
      AlarmActions: [!Ref Topic]
      EvaluationWindow: {SlidingWindow: {}}
      EvaluateLowSampleCountPercentile: evaluate
  Errors:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: errors
      ActionsEnabled: "false"
      Metrics:
        - Id: blue
          ReturnData: false
          MetricStat:
            Stat: Sum
            Period: 300
            Metric:
              Namespace: AWS/ApplicationELB
              MetricName: HTTPCode_Target_5XX_Count
              Dimensions:
                - {Name: TargetGroup, Value: !GetAtt Blue.TargetGroupFullName}
                - {Name: LoadBalancer, Value: !GetAtt Balancer.LoadBalancerFullName}
        - Id: green
          ReturnData: false
          MetricStat:
            Stat: Sum
            Period: 300
            Metric:
              Namespace: AWS/ApplicationELB
              MetricName: HTTPCode_Target_5XX_Count
              Dimensions:
                - {Name: TargetGroup, Value: !GetAtt Green.TargetGroupFullName}
                - {Name: LoadBalancer, Value: !GetAtt Balancer.LoadBalancerFullName}
        - {Id: both, Expression: blue + green, ReturnData: false}
        - {Id: many, Expression: "IF(both > 5, both, 0)", Label: errors, Period: 300}
      EvaluationPeriods: 5
      DatapointsToAlarm: 3
      Threshold: "1e1"
      ComparisonOperator: LessThanOrEqualToThreshold
      TreatMissingData: breaching
  Either:
    Type: AWS::CloudWatch::CompositeAlarm
    Properties:
      AlarmRule: !Sub
        - 'ALARM(${Cpu}) OR ALARM("${errors}") OR NOT OK(${Quiet.Arn})'
        - errors: !Sub "arn:aws:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:errors"
      ActionsSuppressor: !GetAtt Quiet.Arn
      ActionsSuppressorWaitPeriod: 120
      ActionsSuppressorExtensionPeriod: 0
      OKActions: ["arn:aws:sns:us-east-1:111122223333:ops"]
  Quiet:
    Type: AWS::CloudWatch::Alarm
    Condition: Live
    Properties:
      MetricName: Maintenance
      Namespace: !Sub "${AWS::StackName}/ops"
      ExtendedStatistic: p99.9
      Period: 10
      EvaluationPeriods: 1
      Threshold: -1
      ComparisonOperator: LessThanThreshold
  Service:
    Type: AWS::ECS::Service
  Nights:
    Type: AWS::CloudWatch::AlarmMuteRule
    Properties:
      Name: nights
      MuteTargets: {AlarmNames: [!Ref Cpu, errors, !Ref Either]}
      Rule: {Schedule: {Expression: cron(0 22 * * *), Duration: PT8H}}
      StartDate: "2026-01-01T00:00"
"""


def written(folder: Path, text: str, name: str = "shop.yaml") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_a_strangers_metric_alarm_is_read_with_cloudwatchs_defaults(tmp_path: Path) -> None:
    cpu = read_definitions([written(tmp_path, YAML)]).alarms["<shop/Env>-cpu"]
    metric = MetricIdentity(
        "AWS/ECS",
        "CPUUtilization",
        (("ClusterName", "<import shared-cluster>"), ("ServiceName", "<shop/Service.Name>")),
    )
    assert cpu == MetricAlarm(
        name="<shop/Env>-cpu",
        place="shop.yaml: Cpu",
        keys=("<shop/Env>-cpu", "Cpu"),
        queries=(MetricQuery("metric", metric, "Average", 60),),
        returned="metric",
        period=60,
        periods=3,
        breaching=3,
        comparison=Comparison.ABOVE,
        threshold=80.5,
        missing=Missing.UNKNOWN,
        actions=Actions(on={State.ALARM: ("<shop/Topic.Ref>",)}),
    )


def test_metric_math_is_read_and_blue_and_green_are_two_groups(tmp_path: Path) -> None:
    errors = read_definitions([written(tmp_path, YAML)]).alarms["errors"]
    assert isinstance(errors, MetricAlarm)
    balancer = ("LoadBalancer", "app/shop/*")
    namespace, name = "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count"
    blue = (balancer, ("TargetGroup", "targetgroup/shop-blue/*"))
    green = (balancer, ("TargetGroup", "<shop/Green.TargetGroupFullName>"))
    assert errors.queries == (
        MetricQuery("blue", MetricIdentity(namespace, name, blue), "Sum", 300),
        MetricQuery("green", MetricIdentity(namespace, name, green), "Sum", 300),
        MathQuery("both", "blue + green"),
        MathQuery("many", "IF(both > 5, both, 0)"),
    )
    assert (errors.returned, errors.period, errors.periods, errors.breaching) == (
        *("many", 300),
        *(5, 3),
    )
    assert (errors.threshold, errors.comparison) == (10.0, Comparison.AT_MOST)
    assert (errors.missing, errors.actions) == (Missing.BAD, Actions(enabled=False))


def test_a_composite_names_alarms_whatever_refers_to_them(tmp_path: Path) -> None:
    found = read_definitions([written(tmp_path, YAML)], {"Env": "prod"}).alarms
    assert found["Either"] == CompositeAlarm(
        name="Either",
        place="shop.yaml: Either",
        keys=("Either",),
        rule='ALARM("prod-cpu") OR ALARM("errors") OR NOT OK("Quiet")',
        suppressor=Suppressor("Quiet", 120, 0),
        actions=Actions(on={State.OK: ("arn:aws:sns:us-east-1:111122223333:ops",)}),
    )


def test_a_mute_rule_names_alarms_and_is_utc_without_a_zone(tmp_path: Path) -> None:
    (nights,) = read_definitions([written(tmp_path, YAML)], {"Env": "prod"}).mute_rules
    assert nights == MuteRule(
        name="nights",
        place="shop.yaml: Nights",
        expression="cron(0 22 * * *)",
        duration="PT8H",
        timezone="UTC",
        alarms=("prod-cpu", "errors", "Either"),
        starts="2026-01-01T00:00",
    )


def test_the_name_of_a_stack_is_open_and_may_be_given(tmp_path: Path) -> None:
    path = written(tmp_path, YAML)
    for given, namespace in (({}, "<shop/AWS::StackName>/ops"), ({"AWS::StackName": "x"}, "x/ops")):
        quiet = read_definitions([path], given).alarms["Quiet"]
        assert isinstance(quiet, MetricAlarm)
        assert isinstance(quiet.queries[0], MetricQuery)
        assert quiet.queries[0].metric.namespace == namespace
        assert (quiet.period, quiet.queries[0].stat, quiet.threshold) == (10, "p99.9", -1)


def test_json_says_the_same_as_yaml(tmp_path: Path) -> None:
    from simulator.templates.yaml_templates import parsed

    in_yaml = read_definitions([written(tmp_path, YAML)])
    text = json.dumps(parsed(YAML.encode()))
    in_json = read_definitions([written(tmp_path, text, "shop.template.json")])
    assert len(in_json.alarms) == 3
    for name, alarm in in_json.alarms.items():
        place = alarm.place.replace("shop.template.json", "shop.yaml")
        assert place == in_yaml.alarms[name].place
        if isinstance(alarm, MetricAlarm):
            other = in_yaml.alarms[name]
            assert isinstance(other, MetricAlarm)
            assert alarm.queries == other.queries


def test_what_conditions_leave_open_is_refused_until_they_are_decided(tmp_path: Path) -> None:
    path = written(tmp_path, YAML)
    with pytest.raises(RefusedError) as told:
        find(read_definitions([path]), "Either")
    (refusal,) = told.value.refusals
    assert refusal.key == "Properties.AlarmRule"
    assert "its condition leaves the resource out" in refusal.reason
    dev = read_definitions([path], {"Env": "dev"})
    assert "Quiet" not in dev.alarms
    prod = read_definitions([path], {"Env": "prod"})
    assert {"Quiet", "Either"} <= prod.alarms.keys()


def test_an_alarm_is_found_by_name_and_by_logical_id(tmp_path: Path) -> None:
    path = written(tmp_path, YAML)
    definitions = read_definitions([path], {"Env": "prod"})
    for asked in ("Cpu", "prod-cpu", "cpu", "PROD-CPU"):
        assert [alarm.name for alarm in find(definitions, asked)] == ["prod-cpu"]
    with pytest.raises(RefusedError) as told:
        find(definitions, "prod-cqu")
    (refusal,) = told.value.refusals
    assert refusal.reason == f"there is no alarm 'prod-cqu' in {path}"
    assert refusal.fix == "nearest: prod-cpu"


def test_names_that_differ_in_their_case_alone_are_two(tmp_path: Path) -> None:
    alarm = {"Type": "AWS::CloudWatch::Alarm", "Properties": PLAIN}
    body = {"Resources": {"Lag": alarm, "LAG": alarm}}
    definitions = read_definitions([written(tmp_path, json.dumps(body), "lag.json")])
    assert [alarm.name for alarm in find(definitions, "LAG")] == ["LAG"]
    assert {alarm.name for alarm in find(definitions, "lag")} == {"LAG", "Lag"}


def alarm_in(folder: Path, properties: dict[str, Any], **others: Any) -> Path:  # noqa: ANN401
    body = {"Resources": {"A": {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}}}
    return written(folder, json.dumps(body | others), "a.json")


PLAIN: dict[str, Any] = {
    "MetricName": "Lag",
    "Namespace": "Shop",
    "Statistic": "Maximum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 5,
    "ComparisonOperator": "GreaterThanThreshold",
}


def test_a_parameter_that_is_computed_with_is_refused_with_its_default(tmp_path: Path) -> None:
    parameters = {"Limit": {"Type": "Number", "Default": 80}}
    path = alarm_in(tmp_path, {**PLAIN, "Threshold": {"Ref": "Limit"}}, Parameters=parameters)
    with pytest.raises(RefusedError) as told:
        find(read_definitions([path]), "A")
    assert str(told.value) == (
        "a.json: A is refused:\n\n  Properties.Threshold\n"
        "    why: it is not known before the deploy: the parameter Limit is given when it is "
        "deployed\n"
        "    fix: give its value: --parameter Limit=...; Limit's default is 80"
    )
    alarm = find(read_definitions([path], {"Limit": "7"}), "A")[0]
    assert isinstance(alarm, MetricAlarm)
    assert alarm.threshold == 7.0


def test_a_parameter_that_no_template_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as told:
        read_definitions([alarm_in(tmp_path, PLAIN)], {"Limit": "7"})
    assert told.value.brief == (
        "--parameter is refused: Limit: no template has a parameter Limit; correct its name"
    )


def dimension(value: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON is any value
    return {**PLAIN, "Dimensions": [{"Name": "Of", "Value": value}]}


LIST = {"Ref": "Subnets"}
NAMED = {"Fn::Sub": "${Env}-cluster"}
APART: list[tuple[Any, Any]] = [
    ({"Fn::Select": [0, LIST]}, {"Fn::Select": [1, LIST]}),
    ({"Fn::ImportValue": NAMED}, NAMED),
    ({"Fn::FindInMap": ["M", {"Ref": "Env"}, "a"]}, {"Fn::FindInMap": ["M", {"Ref": "Env"}, "b"]}),
    (
        {"Fn::Select": [1, {"Fn::Split": ["-", {"Ref": "B"}]}]},
        {"Fn::Select": [2, {"Fn::Split": ["-", {"Ref": "B"}]}]},
    ),
    ({"Fn::Base64": {"Ref": "Env"}}, {"Ref": "Env"}),
    ({"Ref": "B"}, {"Ref": "A"}),
]


@pytest.mark.parametrize(("one", "other"), APART)
def test_what_a_template_tells_apart_is_never_one_metric(
    one: Any,  # noqa: ANN401 - JSON is any value
    other: Any,  # noqa: ANN401
    tmp_path: Path,
) -> None:
    kind = "AWS::CloudWatch::Alarm"
    body = {
        "Parameters": {"Env": {"Type": "String"}, "Subnets": {"Type": "CommaDelimitedList"}},
        "Mappings": {"M": {"dev": {"a": "x", "b": "y"}}},
        "Resources": {
            "A": {"Type": kind, "Properties": dimension(one)},
            "B": {"Type": kind, "Properties": dimension(other)},
        },
    }
    found = read_definitions([written(tmp_path, json.dumps(body), "a.json")])
    first, second = (alarm for alarm in found.alarms.values() if isinstance(alarm, MetricAlarm))
    assert first.queries != second.queries


def test_alarms_without_a_name_are_told_apart_by_their_stacks(tmp_path: Path) -> None:
    text = json.dumps({"Resources": {"A": {"Type": "AWS::CloudWatch::Alarm", "Properties": PLAIN}}})
    paths = [written(tmp_path, text, name) for name in ("dev.json", "prod.json")]
    found = read_definitions(paths)
    assert found.alarms.keys() == {"dev.json/A", "prod.json/A"}
    assert [alarm.name for alarm in find(found, "A")] == ["dev.json/A", "prod.json/A"]


def test_code_that_is_not_there_stops_no_alarm(tmp_path: Path) -> None:
    body = {"Resources": {"A": {"Type": "AWS::CloudWatch::Alarm", "Properties": PLAIN}}}
    asset = {"source": {"path": "asset.gone"}, "destinations": {"x": {"objectKey": "k"}}}
    manifest = {
        "artifacts": {
            "Shop": {
                "type": "aws:cloudformation:stack",
                "dependencies": ["Shop.assets"],
                "properties": {"templateFile": "Shop.template.json"},
            },
            "Shop.assets": {
                "type": "cdk:asset-manifest",
                "properties": {"file": "Shop.assets.json"},
            },
        }
    }
    for name, content in (
        ("manifest.json", manifest),
        ("Shop.template.json", body),
        ("Shop.assets.json", {"files": {"a": asset}}),
    ):
        written(tmp_path, json.dumps(content), name)
    found = read_definitions([tmp_path])
    assert [alarm.place for alarm in found.alarms.values()] == [
        f"{tmp_path.name}/Shop.template.json: A"
    ]
    (tmp_path / "Shop.template.json").unlink()
    with pytest.raises(RefusedError) as told:
        read_definitions([tmp_path])
    (refusal,) = told.value.refusals
    assert refusal.reason == "the assembly names this template, and it is not there"


def test_a_parameter_that_cloudformation_would_not_take_is_refused(tmp_path: Path) -> None:
    parameters = {"Limit": {"Type": "Number", "AllowedValues": [80, 90]}}
    path = alarm_in(tmp_path, {**PLAIN, "Threshold": {"Ref": "Limit"}}, Parameters=parameters)
    with pytest.raises(RefusedError) as told:
        read_definitions([path], {"Limit": "85"})
    assert told.value.brief == (
        "--parameter is refused: Limit: '85' is none of the AllowedValues; write one of 80, 90"
    )
    assert read_definitions([path], {"Limit": "90"}).alarms


def test_a_mapping_by_a_parameter_says_that_it_may_be_given(tmp_path: Path) -> None:
    looked_up = {"Fn::FindInMap": ["Limits", {"Ref": "Env"}, "Cpu"]}
    others = {
        "Parameters": {"Env": {"Type": "String"}},
        "Mappings": {"Limits": {"prod": {"Cpu": 80}}},
    }
    path = alarm_in(tmp_path, {**PLAIN, "Threshold": looked_up}, **others)
    (unreadable,) = read_definitions([path]).unreadable
    assert unreadable.refusals[0].fix == (
        "write the value itself, or give what it hangs on: --parameter NAME=VALUE"
    )
    assert read_definitions([path], {"Env": "prod"}).alarms


@pytest.mark.parametrize("kind", ["AWS::CloudFormation::Stack", "AWS::Serverless::Application"])
def test_an_alarm_of_a_nested_stack_that_nobody_gave(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "parent.yaml"
    path.write_text(f"Resources: {{Child: {{Type: {kind}}}}}", "utf-8")
    with pytest.raises(RefusedError) as told:
        find(read_definitions([path]), "depth")
    assert told.value.refusals[0].reason == (
        f"there is no alarm 'depth' in {path}, and nested stacks were not read: parent.yaml: Child"
    )
    assert told.value.refusals[0].fix.endswith("; give the nested stacks' templates, too")
