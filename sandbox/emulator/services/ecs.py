"""ECS: task definitions and services as they are declared; and no container, nor a claim of one.

ministack's handlers for both write past RegisterTaskDefinition and CreateService and lose much, and
without Docker it says of tasks that they run.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from runbook.deployed.spelling import as_request
from sandbox.emulator.client import client
from sandbox.emulator.patching import PATCHES, Function
from sandbox.emulator.resource_types import (
    REPLACED,
    AddedType,
    Created,
    Properties,
)

ECS = "ministack.services.ecs"
Answer = tuple[int, dict[str, str], bytes]
Request = dict[str, Any]

NO_CONTAINERS = "the sandbox starts no containers"
# What CloudFormation waits for after it has changed a service, by ARN: nothing, where none runs.
SETTLED: list[Callable[[str], None]] = []
# Who takes over how many tasks a service has, and says so: given its record and the count.
SCALED: list[Callable[[dict[str, Any], int], bool]] = []
# Of a request, what is not a member of the service that it makes or changes.
NO_MEMBERS = {
    "clientToken",
    "cluster",
    "desiredCount",
    "forceNewDeployment",
    "role",
    "service",
    "taskDefinition",
}
# What UpdateService cannot change: another value is another service.
REPLACING = ("Cluster", "LaunchType", "Role", "SchedulingStrategy", "ServiceName")

PATCHES.needs(ECS, "_resolve_cluster_name", "_resolve_service_ref", "_services")


def _request(operation: str, properties: Properties) -> Request:
    shape = client("ecs").meta.service_model.operation_model(operation).input_shape
    request: Request = as_request(shape, properties)
    return request


def _tagged(arn: str, old: Properties, new: Properties) -> None:
    """Bring a resource's tags from those of the old properties to those of the new."""
    ecs = client("ecs")
    kept = {tag["Key"] for tag in new.get("Tags", [])}
    dropped = [tag["Key"] for tag in old.get("Tags", []) if tag["Key"] not in kept]
    if dropped:
        ecs.untag_resource(resourceArn=arn, tagKeys=dropped)
    if kept:
        tags = _request("TagResource", {"resourceArn": arn, "tags": new["Tags"]})
        ecs.tag_resource(**tags)


def _without_tags(properties: Properties) -> Properties:
    return {name: value for name, value in properties.items() if name != "Tags"}


# --- AWS::ECS::TaskDefinition ---


def create_task_definition(logical_id: str, properties: Properties, stack: str) -> Created:
    """Register a revision of the family."""
    given = {"Family": f"{stack}-{logical_id}", **properties}
    answer = client("ecs").register_task_definition(**_request("RegisterTaskDefinition", given))
    return _task_definition(answer["taskDefinition"]["taskDefinitionArn"])


def _task_definition(arn: str) -> Created:
    return arn, {"TaskDefinitionArn": arn}


def update_task_definition(
    arn: str, old: Properties, new: Properties, stack: str, logical_id: str
) -> Created:
    """Register another revision, unless only the tags differ."""
    if _without_tags(old) != _without_tags(new):
        return create_task_definition(logical_id, new, stack)
    _tagged(arn, old, new)
    return _task_definition(arn)


def delete_task_definition(arn: str, _properties: Properties) -> None:
    """Deregister the revision, as CloudFormation does unless it is retained."""
    client("ecs").deregister_task_definition(taskDefinition=arn)


REPLACED["AWS::ECS::TaskDefinition"] = AddedType(
    create_task_definition, update_task_definition, delete_task_definition
)


# --- AWS::ECS::Service ---


def create_service(logical_id: str, properties: Properties, stack: str) -> Created:
    """Create the service; without a DesiredCount AWS wants one task of a new one."""
    given = {"ServiceName": f"{stack}-{logical_id}", "DesiredCount": 1, **properties}
    made = client("ecs").create_service(**_request("CreateService", given))["service"]
    return _service(made)


def _service(service: dict[str, Any]) -> Created:
    arn, name = service["serviceArn"], service["serviceName"]
    for settled in SETTLED:
        settled(arn)
    return arn, {"ServiceArn": arn, "Name": name}


def update_service(
    arn: str, old: Properties, new: Properties, stack: str, logical_id: str
) -> Created:
    """Change the service in place where UpdateService can; the count stays if none is declared."""
    if any(old.get(name) != new.get(name) for name in REPLACING):
        return create_service(logical_id, new, stack)
    ecs = client("ecs")
    model = ecs.meta.service_model.operation_model("UpdateService").input_shape
    members = {name.lower() for name in model.members}
    changed = {
        name: value
        for name, value in new.items()
        if name.lower() in members and name != "Cluster" and value != old.get(name)
    }
    request = _request("UpdateService", changed)
    for name in old.keys() - new.keys():
        member = name[0].lower() + name[1:]
        if member in model.members and model.members[member].type_name == "list":
            request[member] = []
    cluster = {"cluster": new["Cluster"]} if "Cluster" in new else {}
    updated = ecs.update_service(service=arn, **cluster, **request)["service"]
    _tagged(arn, old, new)
    return _service(updated)


def delete_service(arn: str, properties: Properties) -> None:
    """Delete the service, however many tasks it wants."""
    cluster = {"cluster": properties["Cluster"]} if "Cluster" in properties else {}
    client("ecs").delete_service(service=arn, force=True, **cluster)


REPLACED["AWS::ECS::Service"] = AddedType(create_service, update_service, delete_service)


@PATCHES.wrap(ECS, "_ACTION_MAP", entry="CreateService", parameters=("data",))
def keep_created(original: Function, data: Request) -> Answer:
    """Keep of a new service what ministack drops."""
    return _kept(original, data, str(data.get("serviceName")))


@PATCHES.wrap(ECS, "_ACTION_MAP", entry="UpdateService", parameters=("data",))
def keep_updated(original: Function, data: Request) -> Answer:
    """Keep of a changed service what ministack drops."""
    return _kept(original, data, str(data.get("service")))


def _kept(original: Function, data: Request, reference: str) -> Answer:
    from ministack.services import ecs

    answer: Answer = original(data)
    status, headers, body = answer
    if status != 200:
        return answer
    name, _ = ecs._resolve_service_ref(reference)
    service = ecs._services[f"{ecs._resolve_cluster_name(data.get('cluster', 'default'))}/{name}"]
    members = {key: value for key, value in data.items() if key not in NO_MEMBERS}
    service.update(members)
    told = json.loads(body)
    told["service"].update(members)
    return status, headers, json.dumps(told).encode()


# --- No containers ---


@PATCHES.wrap(ECS, "_get_docker", parameters=())
def no_docker(_original: Function) -> None:
    """Ask for no Docker, which may be on this machine for others."""
    return


@PATCHES.wrap(ECS, "_reconcile_service_tasks", parameters=("cluster_name", "svc_key"))
def start_nothing(_original: Function, _cluster_name: str, svc_key: str) -> None:
    """Leave every wanted task pending: no deployment here ever says that it is completed."""
    from ministack.services import ecs

    service = ecs._services.get(svc_key)
    if service:
        want(service, service["desiredCount"])


def want(service: dict[str, Any], count: int) -> None:
    """Let a service want some tasks, of its latest deployment alone, and run none."""
    if any(scaled(service, count) for scaled in SCALED):
        return
    deployments = [each for each in service["deployments"] if each["status"] == "PRIMARY"]
    for deployment in deployments:
        deployment.update(
            desiredCount=count,
            pendingCount=count,
            rolloutState="IN_PROGRESS",
            rolloutStateReason=NO_CONTAINERS,
        )
    service.update(deployments=deployments, desiredCount=count, pendingCount=count, runningCount=0)


@PATCHES.wrap(ECS, "_ACTION_MAP", entry="RunTask", parameters=("data",))
def run_nothing(_original: Function, data: Request) -> Answer:
    """Answer as ECS does when it can place no task."""
    failure = {"arn": data.get("taskDefinition", ""), "reason": NO_CONTAINERS}
    told = {"tasks": [], "failures": [failure]}
    return 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(told).encode()
