"""What a service's stacks deploy: complete, updated in place or by another revision, deleted."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from runbook.deployed.comparison import compare
from runbook.deployed.deployed_stack import DeployedStack
from runbook.deployed.difference import Difference
from sandbox.endpoint import Endpoint
from tests.sandbox.service_changes import CHANGES, CLUSTER, FAMILY, SERVICE_ID, Change
from tests.sandbox.service_types import SERVICE, SHARED
from tests.sandbox.test_emulated_stacks import Stack, endpoint

__all__ = ["endpoint"]  # the fixture: an emulator of this module's own

pytestmark = pytest.mark.sandbox

FIRST, SECOND = "prod-20261120120000", "prod-20261121093000"
Template = dict[str, Any]


@dataclass
class Stacks:
    """What services share, and one service; `last` are the differences found last."""

    shared: Stack
    service: Stack
    last: set[Difference] = field(default_factory=set)

    @property
    def endpoint(self) -> Endpoint:
        return self.shared.endpoint

    def client(self, name: str) -> Any:  # noqa: ANN401 - boto3
        return self.endpoint.client(name)

    def physical_ids(self, type_: str) -> list[str]:
        return [
            physical_id
            for stack in (self.shared, self.service)
            for found, physical_id in stack.deployed().resources.values()
            if found == type_
        ]

    def differences(self) -> list[Difference]:
        stacks = (self.shared, self.service)
        return compare([(stack.deployed(), False) for stack in stacks]).differences

    def described(self) -> dict[str, Any]:
        ecs = self.client("ecs")
        [service] = ecs.describe_services(cluster=CLUSTER, services=[FAMILY])["services"]
        return dict(service)

    def image(self, revision: str) -> str:
        answer = self.client("ecs").describe_task_definition(taskDefinition=revision)
        assert answer["taskDefinition"]["status"] == "ACTIVE"
        return str(answer["taskDefinition"]["containerDefinitions"][0]["image"])


def deployed(endpoint: Endpoint) -> Stacks:
    stacks = Stacks(Stack(endpoint, "shared"), Stack(endpoint, "service"))
    assert stacks.shared.deploy(SHARED) == []
    assert stacks.service.deploy(SERVICE, ImageTag=FIRST) == []
    return stacks


@pytest.fixture(scope="module")
def stacks(endpoint: Endpoint) -> Stacks:
    return deployed(endpoint)


def test_nothing_differs(stacks: Stacks) -> None:
    assert stacks.differences() == []


def test_no_property_is_compared_with_itself(stacks: Stacks) -> None:
    missed = []
    for stack in (stacks.shared, stacks.service):
        right = stack.deployed()
        compare([(right, False)])
        for logical_id, resource in stack.template["Resources"].items():
            for name in resource.get("Properties", {}):
                found = compare([(spoiled(right, logical_id, name), False)]).differences
                if not any(each.resource == logical_id for each in found):
                    missed.append((logical_id, name))
    assert missed == []


def spoiled(stack: DeployedStack, logical_id: str, name: str) -> DeployedStack:
    """Declare another value of one property; all other resources are not read again."""
    resources = dict(stack.template["Resources"])
    resource = resources[logical_id]
    properties = {**resource["Properties"], name: "spoiled"}
    resources[logical_id] = {**resource, "Properties": properties}
    descriptions = dict(stack._descriptions)
    del descriptions[logical_id]
    template = {**stack.template, "Resources": resources}
    return replace(stack, template=template, _descriptions=descriptions)


def test_no_container_runs_nor_is_said_to(stacks: Stacks) -> None:
    service = stacks.described()
    assert service["runningCount"] == 0
    [deployment] = service["deployments"]
    assert deployment["rolloutState"] == "IN_PROGRESS"
    assert deployment["rolloutStateReason"] == "the sandbox starts no containers"
    ran = stacks.client("ecs").run_task(cluster=CLUSTER, taskDefinition=FAMILY)
    assert ran["tasks"] == []
    assert [failure["reason"] for failure in ran["failures"]] == [deployment["rolloutStateReason"]]


def test_a_service_without_a_count_begins_with_one_task_and_is_scaled(stacks: Stacks) -> None:
    assert "DesiredCount" not in SERVICE["Resources"]["Service"]["Properties"]
    assert stacks.described()["desiredCount"] == 2, "the least that its scalable target allows"


def test_another_tag_is_another_revision_beside_the_first(stacks: Stacks) -> None:
    before = stacks.described()
    stacks.client("ecs").update_service(**SERVICE_ID, desiredCount=4)
    for tag in (SECOND, FIRST):
        assert stacks.service.deploy(SERVICE, "update", ImageTag=tag) == []
    after = stacks.described()
    assert after["desiredCount"] == 4, "a release does not scale"
    arn = before["taskDefinition"].rsplit(":", 1)[0]
    assert after["taskDefinition"] == f"{arn}:3"
    tags = [stacks.image(f"{arn}:{number}").rsplit(":", 1)[1] for number in (1, 2, 3)]
    assert tags == [FIRST, SECOND, FIRST]
    assert after["serviceArn"] == before["serviceArn"]


def changed(template: Template) -> Template:
    """Return the template with other settings of everything that changes in place."""
    other = copy.deepcopy(template)
    properties = {name: each.get("Properties", {}) for name, each in other["Resources"].items()}
    for each in properties.values():
        if "Tags" in each:
            each["Tags"] = [{"Key": "owner", "Value": "security"}]
    for name, settings in OTHER_SETTINGS.items():
        if name in properties:
            properties[name].update(copy.deepcopy(settings))
    for name, setting in DROPPED:
        if name in properties:
            del properties[name][setting]
    return other


OTHER_SETTINGS: dict[str, dict[str, Any]] = {
    "Repository": {"ImageScanningConfiguration": {"ScanOnPush": False}},
    "Provider": {"ClientIdList": ["sts.amazonaws.com", "another"]},
    "DeployRole": {"MaxSessionDuration": 7200},
    "Cluster": {"ClusterSettings": [{"Name": "containerInsights", "Value": "enabled"}]},
    "Listener": {"SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06"},
    "OwnAddresses": {"Addresses": ["203.0.113.9/32"]},
    "OwnList": {"Entries": [{"Cidr": "203.0.113.9/32"}, {"Cidr": "203.0.113.7/32"}]},
    "WafLogging": {"RedactedFields": [{"SingleHeader": {"Name": "cookie"}}]},
    "Blue": {"HealthCheckPath": "/healthz"},
    "FromBalancer": {"Description": "the load balancer"},
    "Logs": {"RetentionInDays": 3653},
    "Service": {"HealthCheckGracePeriodSeconds": 90, "EnableExecuteCommand": True},
    "ScalableTarget": {"MinCapacity": 3},
    "RequestPolicy": {"PolicyType": "TargetTrackingScaling"},
}
DROPPED = (
    ("Repository", "RepositoryPolicyText"),
    ("DeployUser", "PermissionsBoundary"),
    ("DeployRole", "PermissionsBoundary"),
    ("WebAcl", "Description"),
    ("WafLogging", "LoggingFilter"),
    ("Logs", "DataProtectionPolicy"),
)


def test_everything_changes_in_place_and_back(stacks: Stacks) -> None:
    before = [stack.deployed().resources for stack in (stacks.shared, stacks.service)]
    for change in (changed, copy.deepcopy):
        stacks.shared.deploy(change(SHARED), "update")
        stacks.service.deploy(change(SERVICE), "update", ImageTag=FIRST)
        assert stacks.differences() == []
        after = [stack.deployed().resources for stack in (stacks.shared, stacks.service)]
        assert after == before


@pytest.mark.parametrize(
    ("change", "expected"), CHANGES, ids=[change.__name__ for change, _ in CHANGES]
)
def test_a_change_behind_the_stacks_back_is_found(
    stacks: Stacks, change: Change, expected: set[tuple[str, str]]
) -> None:
    change(stacks)
    found = set(stacks.differences())
    new, stacks.last = found - stacks.last, found
    assert {(difference.type, difference.property) for difference in new} == expected


def test_what_is_retained_stays_and_the_rest_goes(endpoint: Endpoint) -> None:
    stacks = deployed(Endpoint(endpoint.url, "444455556666", endpoint.region))
    revision = stacks.described()["taskDefinition"]
    [balancer] = stacks.physical_ids("AWS::ElasticLoadBalancingV2::LoadBalancer")
    for stack in (stacks.service, stacks.shared):
        stack.delete()
    assert stacks.image(revision)
    assert stacks.client("ecr").describe_repositories()["repositories"]
    logs = stacks.client("logs").describe_log_groups()["logGroups"]
    assert [group["logGroupName"] for group in logs] == ["/ecs/some-api"]
    for service, operation, result in (
        ("application-autoscaling", "describe_scalable_targets", "ScalableTargets"),
        ("application-autoscaling", "describe_scaling_policies", "ScalingPolicies"),
        ("ecr", "describe_pull_through_cache_rules", "pullThroughCacheRules"),
        ("ecs", "list_clusters", "clusterArns"),
        ("elbv2", "describe_load_balancers", "LoadBalancers"),
        ("elbv2", "describe_target_groups", "TargetGroups"),
        ("iam", "list_open_id_connect_providers", "OpenIDConnectProviderList"),
        ("iam", "list_users", "Users"),
        ("xray", "get_sampling_rules", "SamplingRuleRecords"),
    ):
        given = {"ServiceNamespace": "ecs"} if service.startswith("application") else {}
        assert getattr(stacks.client(service), operation)(**given)[result] == [], operation
    waf = stacks.client("wafv2")
    assert waf.list_web_acls(Scope="REGIONAL")["WebACLs"] == []
    assert waf.list_ip_sets(Scope="REGIONAL")["IPSets"] == []
    assert "WebACL" not in waf_before(waf, balancer)


def waf_before(waf: Any, resource: str) -> dict[str, Any]:  # noqa: ANN401 - boto3
    try:
        return dict(waf.get_web_acl_for_resource(ResourceArn=resource))
    except waf.exceptions.WAFNonexistentItemException:
        return {}


def test_a_protected_load_balancer_is_not_deleted(endpoint: Endpoint) -> None:
    elbv2 = Endpoint(endpoint.url, "777788889999", endpoint.region).client("elbv2")
    [made] = elbv2.create_load_balancer(Name="protected")["LoadBalancers"]
    arn = made["LoadBalancerArn"]
    attribute = {"Key": "deletion_protection.enabled", "Value": "true"}
    elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[attribute])
    with pytest.raises(elbv2.exceptions.OperationNotPermittedException, match="protection"):
        elbv2.delete_load_balancer(LoadBalancerArn=arn)
    attribute["Value"] = "false"
    elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[attribute])
    elbv2.delete_load_balancer(LoadBalancerArn=arn)
    assert elbv2.describe_load_balancers()["LoadBalancers"] == []


ROLLING = {
    "Parameters": {"ImageTag": {"Type": "String"}},
    "Resources": {
        "Cluster": {"Type": "AWS::ECS::Cluster"},
        "Task": {
            "Type": "AWS::ECS::TaskDefinition",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {
                "ContainerDefinitions": [
                    {"Name": "app", "Image": {"Fn::Sub": "some-api:${ImageTag}"}}
                ],
                "Cpu": 256,
                "Memory": 512,
                "NetworkMode": "awsvpc",
                "RequiresCompatibilities": ["FARGATE"],
            },
        },
        "Service": {
            "Type": "AWS::ECS::Service",
            "Properties": {
                "CapacityProviderStrategy": [
                    {"Base": 1, "CapacityProvider": "FARGATE", "Weight": 1}
                ],
                "Cluster": {"Fn::GetAtt": ["Cluster", "Arn"]},
                "DeploymentConfiguration": {
                    "DeploymentCircuitBreaker": {"Enable": True, "Rollback": True},
                    "MinimumHealthyPercent": 100,
                    "MaximumPercent": 200,
                    "Strategy": "ROLLING",
                },
                "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": ["subnet-1"]}},
                "TaskDefinition": {"Ref": "Task"},
            },
        },
    },
}


def test_a_rolling_service_keeps_its_first_revision(endpoint: Endpoint) -> None:
    stack = Stack(endpoint, "rolling")
    assert stack.deploy(ROLLING, ImageTag="one") == []
    first = stack.physical_id("Task")
    assert stack.deploy(ROLLING, "update", ImageTag="two") == []
    second = stack.physical_id("Task")
    assert second == f"{first.removesuffix(':1')}:2"
    ecs = endpoint.client("ecs")
    states = [
        ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]["status"]
        for arn in (first, second)
    ]
    assert states == ["ACTIVE", "ACTIVE"]
    service = stack.physical_id("Service")
    [found] = ecs.describe_services(cluster=service.split("/")[1], services=[service])["services"]
    assert found["taskDefinition"] == second
    stack.delete()
