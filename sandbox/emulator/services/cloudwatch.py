"""CloudWatch: alarms over several metrics, composite alarms, and what dashboards are tagged with.

ministack refuses the first as stack resources and drops their metrics from its own calls; it
evaluates none of them, so they stand as they were set (SetAlarmState).
"""

from __future__ import annotations

from typing import Any

from runbook.deployed.spelling import as_request
from sandbox.emulator.client import client
from sandbox.emulator.patching import PATCHES, Function
from sandbox.emulator.resource_types import (
    ADDED,
    COMPLETED,
    REPLACED,
    AddedType,
    CompletedType,
    Created,
    Properties,
)

CLOUDWATCH = "ministack.services.cloudwatch"
Answer = tuple[int, dict[str, str], bytes]
# Members of PutMetricAlarm that ministack drops.
KEPT = ("EvaluateLowSampleCountPercentile", "Metrics", "ThresholdMetricId")
# What it makes up for an alarm that has metrics of its own.
OF_ONE_METRIC = (
    "Dimensions",
    "ExtendedStatistic",
    "MetricName",
    "Namespace",
    "Period",
    "Statistic",
)

PATCHES.needs(CLOUDWATCH, "_alarms", "_composite_alarms", "_dashboards")


def in_place(arn: str, old: Properties, new: Properties) -> None:
    """Bring the tags of something of CloudWatch's from the old properties to the new ones."""
    cloudwatch = client("cloudwatch")
    kept = {tag["Key"] for tag in _tags(new)}
    dropped = [tag["Key"] for tag in _tags(old) if tag["Key"] not in kept]
    if dropped:
        cloudwatch.untag_resource(ResourceARN=arn, TagKeys=dropped)
    if kept:
        cloudwatch.tag_resource(ResourceARN=arn, Tags=_tags(new))


def _tags(properties: Properties) -> list[dict[str, str]]:
    # ministack refuses CloudFormation's own tags to everybody.
    return [tag for tag in properties.get("Tags", []) if not tag["Key"].startswith("aws:")]


def requested(operation: str, properties: Properties) -> dict[str, Any]:
    """Spell properties as one of CloudWatch's operations takes them."""
    shape = client("cloudwatch").meta.service_model.operation_model(operation).input_shape
    request: dict[str, Any] = as_request(shape, {**properties, "Tags": _tags(properties)})
    return request


def _put(operation: str, kind: str, name: str, properties: Properties) -> Created:
    cloudwatch = client("cloudwatch")
    call = getattr(cloudwatch, {"MetricAlarm": "put_metric_alarm"}.get(kind, "put_composite_alarm"))
    call(**requested(operation, {**properties, "AlarmName": name}))
    [found] = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=[kind])[f"{kind}s"]
    return name, {"Arn": found["AlarmArn"]}


def _delete(name: str, _properties: Properties) -> None:
    client("cloudwatch").delete_alarms(AlarmNames=[name])


# --- AWS::CloudWatch::Alarm ---


def create_alarm(logical_id: str, properties: Properties, stack: str) -> Created:
    """Put the alarm; Ref gives its name."""
    name = properties.get("AlarmName", f"{stack}-{logical_id}")
    return _put("PutMetricAlarm", "MetricAlarm", name, properties)


def update_alarm(
    name: str, old: Properties, new: Properties, stack: str, logical_id: str
) -> Created:
    """Put it anew in place, with its state; another name makes another alarm."""
    if old.get("AlarmName") != new.get("AlarmName"):
        return create_alarm(logical_id, new, stack)
    created = _put("PutMetricAlarm", "MetricAlarm", name, new)
    in_place(created[1]["Arn"], old, new)
    return created


REPLACED["AWS::CloudWatch::Alarm"] = AddedType(create_alarm, update_alarm, _delete)


@PATCHES.wrap(
    CLOUDWATCH, "_put_metric_alarm", parameters=("params", "cbor_data", "is_cbor", "is_json")
)
def put_metric_alarm(
    original: Function,
    params: dict[str, Any],
    cbor_data: dict[str, Any],
    is_cbor: bool,  # noqa: FBT001 - ministack's
    is_json: bool = False,  # noqa: FBT001, FBT002
) -> Answer:
    """Keep what ministack drops; of an alarm with metrics nothing of one metric."""
    from ministack.services import cloudwatch

    answer: Answer = original(params, cbor_data, is_cbor, is_json)
    if answer[0] == 200 and cbor_data:
        alarm = cloudwatch._alarms[cbor_data["AlarmName"]]
        alarm |= {name: cbor_data[name] for name in KEPT if name in cbor_data}
        for name in OF_ONE_METRIC if "Metrics" in cbor_data else ():
            alarm.pop(name, None)
    return answer


# --- AWS::CloudWatch::CompositeAlarm ---


def create_composite(logical_id: str, properties: Properties, stack: str) -> Created:
    """Put the alarm, whose parts must be there; Ref gives its name."""
    name = properties.get("AlarmName", f"{stack}-{logical_id}")
    return _put("PutCompositeAlarm", "CompositeAlarm", name, properties)


def update_composite(
    name: str, old: Properties, new: Properties, stack: str, logical_id: str
) -> Created:
    """Put it anew in place, with its state; another name makes another alarm."""
    if old.get("AlarmName") != new.get("AlarmName"):
        return create_composite(logical_id, new, stack)
    created = _put("PutCompositeAlarm", "CompositeAlarm", name, new)
    in_place(created[1]["Arn"], old, new)
    return created


ADDED["AWS::CloudWatch::CompositeAlarm"] = AddedType(create_composite, update_composite, _delete)


# --- AWS::CloudWatch::Dashboard ---


def configure_dashboard(name: str, properties: Properties, before: Properties) -> None:
    """Tag it, which ministack does not."""
    if properties.get("Tags") or before.get("Tags"):
        arn = client("cloudwatch").get_dashboard(DashboardName=name)["DashboardArn"]
        in_place(arn, before, properties)


COMPLETED["AWS::CloudWatch::Dashboard"] = CompletedType(configure=configure_dashboard)


# What may have tags beside alarms: asked for an ARN, each says whether it has it.
TAGGED: list[Function] = []


@PATCHES.wrap(CLOUDWATCH, "_validate_alarm_tag_arn", parameters=("arn", "is_json", "is_cbor"))
def may_be_tagged(original: Function, arn: str, **given: bool) -> Any:  # noqa: ANN401 - ministack's
    """Let dashboards have tags, and mute rules."""
    return None if any(has(arn) for has in TAGGED) else original(arn, **given)


def _is_dashboard(arn: str) -> bool:
    from ministack.services import cloudwatch

    return any(each["DashboardArn"] == arn for each in cloudwatch._dashboards.values())


TAGGED.append(_is_dashboard)
