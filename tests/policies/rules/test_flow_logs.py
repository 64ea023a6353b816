"""flow-logs."""

import pytest

from policies.rules.flow_logs import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

NOWHERE = "its flow log goes to no log group of this environment"


def flow_log(**changed: object) -> Json:
    given = {
        "ResourceType": "VPC",
        "ResourceId": {"Ref": "Vpc"},
        "TrafficType": "ALL",
        "LogGroupName": {"Ref": "Group"},
        "DeliverLogsPermissionArn": "arn:aws:iam::111122223333:role/some",
    } | changed
    return {"Type": "AWS::EC2::FlowLog", "Properties": given}


def said(*logs: Json) -> str:
    resources = {"Vpc": {"Type": "AWS::EC2::VPC"}, "Group": {"Type": "AWS::Logs::LogGroup"}}
    named = {f"Log{n}": log for n, log in enumerate(logs)}
    return verdicts(RULE, template("network", resources | named))["Vpc"]


def test_a_vpc_with_a_flow_log_passes() -> None:
    assert said(flow_log()) == "pass"
    arn = {"Fn::GetAtt": ["Group", "Arn"]}
    assert said(flow_log(LogGroupName=None, LogDestination=arn)) == "pass"
    assert said(flow_log(TrafficType="REJECT"), flow_log()) == "pass"
    assert said(flow_log(ResourceId={"Fn::GetAtt": ["Vpc", "VpcId"]})) == "pass"


@pytest.mark.parametrize(
    ("log", "message"),
    [
        (flow_log(TrafficType="ACCEPT"), "its flow log records ACCEPT, not ALL"),
        (flow_log(TrafficType=None), "its flow log records None, not ALL"),
        (flow_log(ResourceType="Subnet"), "no flow log is of this VPC"),
        (flow_log(ResourceId="vpc-0"), "no flow log is of this VPC"),
        (flow_log(LogGroupName="/elsewhere"), NOWHERE),
        (flow_log(LogDestinationType="s3", LogDestination="arn:aws:s3:::some"), NOWHERE),
        (
            flow_log(DeliverLogsPermissionArn=None),
            "its flow log has no DeliverLogsPermissionArn: nothing is written",
        ),
    ],
)
def test_another_flow_log_does_not_do(log: Json, message: str) -> None:
    assert said(log) == message


def test_of_two_that_do_not_do_the_first_is_told() -> None:
    assert said(flow_log(TrafficType="ACCEPT"), flow_log(LogGroupName="/elsewhere")) == (
        "its flow log records ACCEPT, not ALL"
    )


def test_a_vpc_without_flow_log_fails() -> None:
    assert said() == "no flow log is of this VPC"


def test_an_open_value_fails() -> None:
    assert "${SomeParameter} is open" in said(flow_log(TrafficType=OPEN))
    assert "${SomeParameter} is open" in said(flow_log(ResourceId=OPEN))


def test_other_things_are_not_looked_at() -> None:
    subnet = template("network", {"Subnet": {"Type": "AWS::EC2::Subnet"}})
    assert verdicts(RULE, subnet) == {None: "rovn/production has nothing that the rule looks at"}


def test_only_this_rule_sees_flow_logs_of_refused_traffic_only(real: Real) -> None:
    def spoil(body: Json) -> None:
        properties(body, "AWS::EC2::FlowLog")["TrafficType"] = "REJECT"

    assert real.caught("network", spoil) == {("flow-logs", "NetworkVpc")}


def test_a_format_that_tells_nothing_fails(production: Real) -> None:
    def spoil(body: Json) -> None:
        properties(body, "AWS::EC2::FlowLog")["LogFormat"] = "${start}"

    assert {rule for rule, _ in production.caught("network", spoil)} == {"flow-logs"}
