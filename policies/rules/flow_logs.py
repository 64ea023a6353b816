"""Every connection in a VPC leaves a line, refused ones too."""

from collections.abc import Iterator

from policies.lookups.log_groups import GROUP
from policies.lookups.references import find
from policies.rule import Rule
from policies.templates.scope import Resource, Scope

# Without these a line does not say who talked to whom.
_FIELDS = ("${srcaddr}", "${dstaddr}", "${srcport}", "${dstport}", "${start}", "${action}")
_VPC = "AWS::EC2::VPC"


def _judge(vpc: Resource, scope: Scope) -> Iterator[str]:
    of_it = [log for log in scope.resources("AWS::EC2::FlowLog") if _is_of(log, vpc)]
    if not of_it:
        yield "no flow log is of this VPC"
        return
    faults = [list(_faults(log, scope)) for log in of_it]
    if all(faults):
        yield from faults[0]


def _is_of(log: Resource, vpc: Resource) -> bool:
    return (
        log.at("ResourceType") == "VPC" and find(log.at("ResourceId"), vpc.stack.scope, _VPC) is vpc
    )


def _faults(log: Resource, scope: Scope) -> Iterator[str]:
    traffic = log.at("TrafficType")
    if traffic != "ALL":
        yield f"its flow log records {traffic}, not ALL"
    kept = log.at("LogFormat")
    if kept is not None:
        yield from (f"its LogFormat leaves out {name}" for name in _FIELDS if name not in kept)
    kind = log.at("LogDestinationType", "cloud-watch-logs")
    names = (log.at("LogGroupName"), log.at("LogDestination"))
    if kind != "cloud-watch-logs" or not any(find(name, scope, GROUP) for name in names):
        yield "its flow log goes to no log group of this environment"
    if log.at("DeliverLogsPermissionArn") is None:
        yield "its flow log has no DeliverLogsPermissionArn: nothing is written"


RULE = Rule(
    id="flow-logs",
    title="Every VPC has a flow log of all traffic, in a log group of the environment",
    why="Without it nobody can say where data went, or what knocked.",
    remedy="Make the VPC with runbook_constructs.network, which adds flow_logs.",
    clauses=(),
    controls=("HIPAA 164.312(b)", "NIST AU-12", "NIST SI-4", "SOC2 CC7.2"),
    types=(_VPC,),
    judge=_judge,
)
