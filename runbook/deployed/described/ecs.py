"""Amazon ECS."""

from __future__ import annotations

from typing import Any

from runbook.deployed.description import (
    Description,
    NotThereError,
    Resource,
    describes,
    present,
    selected,
)
from runbook.deployed.equivalence import ANYTHING
from runbook.deployed.spelling import as_properties

CONTAINER = "ContainerDefinitions[*]"
# What AWS fills in where a task definition says nothing.
TASK_DEFAULTS = {
    f"{CONTAINER}.Cpu": 0,
    f"{CONTAINER}.Essential": True,
    f"{CONTAINER}.PortMappings[*].HostPort": ANYTHING,
    f"{CONTAINER}.PortMappings[*].Protocol": "tcp",
    f"{CONTAINER}.HealthCheck.Interval": 30,
    f"{CONTAINER}.HealthCheck.Retries": 3,
    f"{CONTAINER}.HealthCheck.Timeout": 5,
}
SERVICE_DEFAULTS = {
    "AvailabilityZoneRebalancing": ANYTHING,
    "DeploymentConfiguration.BakeTimeInMinutes": 0,
    "DeploymentConfiguration.DeploymentCircuitBreaker": {"Enable": False, "Rollback": False},
    "DeploymentConfiguration.MaximumPercent": 200,
    "DeploymentConfiguration.MinimumHealthyPercent": 100,
    "DeploymentConfiguration.Strategy": "ROLLING",
    "DeploymentConfiguration": {
        "DeploymentCircuitBreaker": {"Enable": False, "Rollback": False},
        "MaximumPercent": 200,
        "MinimumHealthyPercent": 100,
    },
    "EnableExecuteCommand": False,
    "NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp": "DISABLED",
}


def _spelled(resource: Resource, operation: str, member: str, found: object) -> dict[str, Any]:
    """Spell one of the answers of an operation, `member` being a structure or a list of them."""
    model = resource.client("ecs").meta.service_model
    shape = model.operation_model(operation).output_shape.members[member]
    properties: dict[str, Any] = as_properties(getattr(shape, "member", shape), found)
    return properties


@describes("AWS::ECS::Cluster")
def cluster(resource: Resource) -> Description:
    """Read a cluster, its settings and its tags."""
    name = resource.physical_id
    answer = resource.client("ecs").describe_clusters(
        clusters=[name], include=["CONFIGURATIONS", "SETTINGS", "TAGS"]
    )
    if not answer["clusters"] or answer["clusters"][0]["status"] != "ACTIVE":
        raise NotThereError(f"no cluster {name}")
    found = _spelled(resource, "DescribeClusters", "clusters", answer["clusters"][0])
    properties = {
        **selected(
            found,
            "CapacityProviders",
            "ClusterName",
            "Configuration",
            "DefaultCapacityProviderStrategy",
            "ServiceConnectDefaults",
            "Tags",
        ),
        "ClusterSettings": found.get("Settings"),
    }
    return Description(
        present(properties),
        {"Arn": found["ClusterArn"]},
        unordered=frozenset({"CapacityProviders", "ClusterSettings"}),
        closed=frozenset({"ClusterSettings", "Configuration"}),
        defaults={"ClusterSettings": [{"Name": "containerInsights", "Value": "disabled"}]},
    )


@describes("AWS::ECS::TaskDefinition")
def task_definition(resource: Resource) -> Description:
    """Read a revision of a task definition; one that was deregistered is not there."""
    ecs, arn = resource.client("ecs"), resource.physical_id
    try:
        answer = ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"])
    except ecs.exceptions.ClientException:
        raise NotThereError(f"no task definition {arn}") from None
    found = _spelled(resource, "DescribeTaskDefinition", "taskDefinition", answer["taskDefinition"])
    if found["Status"] != "ACTIVE":
        raise NotThereError(f"{arn} is {found['Status']}")
    properties = {
        **selected(
            found,
            "ContainerDefinitions",
            "Cpu",
            "EnableFaultInjection",
            "EphemeralStorage",
            "ExecutionRoleArn",
            "Family",
            "IpcMode",
            "Memory",
            "NetworkMode",
            "PidMode",
            "PlacementConstraints",
            "ProxyConfiguration",
            "RequiresCompatibilities",
            "RuntimePlatform",
            "TaskRoleArn",
            "Volumes",
        ),
        "Tags": [{"Key": tag["key"], "Value": tag["value"]} for tag in answer.get("tags", [])],
    }
    return Description(
        present(properties),
        {"TaskDefinitionArn": arn},
        unordered=frozenset({f"{CONTAINER}.Environment", f"{CONTAINER}.Secrets"}),
        closed=frozenset({"ContainerDefinitions", "ExecutionRoleArn", "TaskRoleArn", "Volumes"}),
        defaults=TASK_DEFAULTS,
    )


@describes("AWS::ECS::Service")
def service(resource: Resource) -> Description:
    """Read a service; how many tasks it runs is none of its properties."""
    ecs, arn = resource.client("ecs"), resource.physical_id
    cluster_name = arn.split("/")[1]
    try:
        answer = ecs.describe_services(cluster=cluster_name, services=[arn], include=["TAGS"])
    except ecs.exceptions.ClusterNotFoundException:
        raise NotThereError(f"no cluster of {arn}") from None
    if not answer["services"] or answer["services"][0]["status"] != "ACTIVE":
        raise NotThereError(f"no service {arn}")
    found = _spelled(resource, "DescribeServices", "services", answer["services"][0])
    properties = {
        **selected(
            found,
            "AvailabilityZoneRebalancing",
            "CapacityProviderStrategy",
            "DeploymentConfiguration",
            "DeploymentController",
            "DesiredCount",
            "EnableECSManagedTags",
            "EnableExecuteCommand",
            "HealthCheckGracePeriodSeconds",
            "LaunchType",
            "LoadBalancers",
            "NetworkConfiguration",
            "PlacementConstraints",
            "PlatformVersion",
            "PropagateTags",
            "SchedulingStrategy",
            "ServiceName",
            "ServiceRegistries",
            "Tags",
            "TaskDefinition",
        ),
        "Cluster": _as_declared(resource, found["ClusterArn"]),
    }
    awsvpc = "NetworkConfiguration.AwsvpcConfiguration"
    return Description(
        present(properties),
        {"ServiceArn": arn, "Name": found["ServiceName"]},
        unordered=frozenset({f"{awsvpc}.SecurityGroups", f"{awsvpc}.Subnets"}),
        closed=frozenset(
            {
                "DeploymentConfiguration",
                "EnableExecuteCommand",
                "LoadBalancers",
                "NetworkConfiguration",
            }
        ),
        defaults=SERVICE_DEFAULTS,
    )


def _as_declared(resource: Resource, cluster_arn: str) -> str:
    """Return the cluster in the form it was declared in: ARN or name."""
    declared = str(resource.declared_if_any("Cluster"))
    return cluster_arn if declared.startswith("arn:") else cluster_arn.split("/")[-1]
