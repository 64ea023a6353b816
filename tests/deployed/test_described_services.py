"""Describers of a service's resources: what is equal though AWS writes it otherwise, and absent."""

from __future__ import annotations

from typing import Any

import pytest

from runbook.deployed.description import Description, NotThereError
from runbook.deployed.equivalence import Examination
from tests.deployed.answers import Answers, undeclared

Reply = tuple[str, dict[str, Any] | str]
ACCOUNT = "us-test-1:111122223333"
CERTIFICATE = f"arn:aws:acm:{ACCOUNT}:certificate/c"
BALANCER = f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer/app/b/1"
LISTENER = f"arn:aws:elasticloadbalancing:{ACCOUNT}:listener/app/b/1/2"
RULE = f"arn:aws:elasticloadbalancing:{ACCOUNT}:listener-rule/app/b/1/2/3"
GROUP = f"arn:aws:elasticloadbalancing:{ACCOUNT}:targetgroup/g/4"
SERVICE = f"arn:aws:ecs:{ACCOUNT}:service/c/s"
TASK = f"arn:aws:ecs:{ACCOUNT}:task-definition/t:1"
ELB = "AWS::ElasticLoadBalancingV2"


def differences(description: Description, declared: dict[str, Any]) -> list[str]:
    """Return the paths where a description is not what is declared, or holds more."""
    examination = Examination(description.unordered, description.closed, description.defaults)
    for name, value in declared.items():
        examination.compare(name, value, description.properties[name])
    return [mismatch.path for mismatch in examination.mismatches]


@pytest.mark.parametrize(
    ("type_", "service", "replies"),
    [
        ("AWS::ECR::Repository", "ecr", [("describe_repositories", "RepositoryNotFoundException")]),
        (
            "AWS::ECR::PullThroughCacheRule",
            "ecr",
            [("describe_pull_through_cache_rules", "PullThroughCacheRuleNotFoundException")],
        ),
        ("AWS::ECS::Cluster", "ecs", [("describe_clusters", {"clusters": []})]),
        (
            "AWS::ECS::Cluster",
            "ecs",
            [("describe_clusters", {"clusters": [{"status": "INACTIVE"}]})],
        ),
        ("AWS::ECS::TaskDefinition", "ecs", [("describe_task_definition", "ClientException")]),
        (
            "AWS::ECS::TaskDefinition",
            "ecs",
            [("describe_task_definition", {"taskDefinition": {"status": "INACTIVE"}})],
        ),
        (f"{ELB}::LoadBalancer", "elbv2", [("describe_load_balancers", "LoadBalancerNotFound")]),
        (f"{ELB}::Listener", "elbv2", [("describe_listeners", {"Listeners": []})]),
        (f"{ELB}::ListenerRule", "elbv2", [("describe_rules", "RuleNotFound")]),
        (f"{ELB}::TargetGroup", "elbv2", [("describe_target_groups", "TargetGroupNotFound")]),
        (
            "AWS::CertificateManager::Certificate",
            "acm",
            [("describe_certificate", "ResourceNotFoundException")],
        ),
        (
            "AWS::CertificateManager::Certificate",
            "acm",
            [("describe_certificate", {"Certificate": {"Status": "PENDING_VALIDATION"}})],
        ),
        ("AWS::CloudWatch::Alarm", "cloudwatch", [("describe_alarms", {"MetricAlarms": []})]),
        (
            "AWS::CloudWatch::CompositeAlarm",
            "cloudwatch",
            [("describe_alarms", {"CompositeAlarms": []})],
        ),
        (
            "AWS::CloudWatch::AlarmMuteRule",
            "cloudwatch",
            [("get_alarm_mute_rule", "ResourceNotFoundException")],
        ),
        (
            "AWS::CloudWatch::Dashboard",
            "cloudwatch",
            [("get_dashboard", "ResourceNotFound")],
        ),
        ("AWS::SNS::Subscription", "sns", [("get_subscription_attributes", "NotFound")]),
        ("AWS::Budgets::Budget", "budgets", [("describe_budget", "NotFoundException")]),
        ("AWS::Route53::HealthCheck", "route53", [("get_health_check", "NoSuchHealthCheck")]),
        ("AWS::Synthetics::Canary", "synthetics", [("describe_canaries", {"Canaries": []})]),
        (
            "AWS::Chatbot::SlackChannelConfiguration",
            "chatbot",
            [("describe_slack_channel_configurations", {"SlackChannelConfigurations": []})],
        ),
        ("AWS::IAM::ManagedPolicy", "iam", [("get_policy", "NoSuchEntity")]),
        (
            "AWS::IAM::OIDCProvider",
            "iam",
            [("get_open_id_connect_provider", "NoSuchEntity")],
        ),
        (
            "AWS::WAFv2::LoggingConfiguration",
            "wafv2",
            [("get_logging_configuration", "WAFNonexistentItemException")],
        ),
        ("AWS::XRay::SamplingRule", "xray", [("get_sampling_rules", {"SamplingRuleRecords": []})]),
    ],
)
def test_what_is_not_there(type_: str, service: str, replies: list[Reply]) -> None:
    arn = f"arn:aws:{service}:{ACCOUNT}:some/thing/it"
    with pytest.raises(NotThereError):
        Answers(service, replies).describe(type_, arn)


@pytest.mark.parametrize(
    ("type_", "operation"),
    [("AWS::WAFv2::WebACL", "get_web_acl"), ("AWS::WAFv2::IPSet", "get_ip_set")],
)
def test_what_the_firewall_does_not_have(type_: str, operation: str) -> None:
    answers = Answers("wafv2", [(operation, "WAFNonexistentItemException")])
    with pytest.raises(NotThereError):
        answers.describe(type_, "some-name|11111111-2222-3333-4444-555555555555|REGIONAL")


@pytest.mark.parametrize("reply", ["WAFNonexistentItemException", {}])
def test_a_load_balancer_without_a_firewall(reply: dict[str, Any] | str) -> None:
    answers = Answers("wafv2", [("get_web_acl_for_resource", reply)])
    with pytest.raises(NotThereError, match="no web ACL stands before"):
        answers.describe("AWS::WAFv2::WebACLAssociation", f"{BALANCER}|arn:acl")


def service(**members: object) -> Description:
    found = {
        "serviceArn": SERVICE,
        "serviceName": "s",
        "clusterArn": f"arn:aws:ecs:{ACCOUNT}:cluster/c",
        "status": "ACTIVE",
        **members,
    }
    return Answers("ecs", [("describe_services", {"services": [found]})]).describe(
        "AWS::ECS::Service", SERVICE, Cluster="c"
    )


def test_a_service_is_told_by_status_and_not_by_what_it_runs() -> None:
    assert service(runningCount=0).properties["Cluster"] == "c"
    with pytest.raises(NotThereError, match="no service"):
        service(status="INACTIVE")


@pytest.mark.parametrize(
    ("members", "paths"),
    [
        ({"enableExecuteCommand": False}, []),
        ({"enableExecuteCommand": True}, ["EnableExecuteCommand"]),
        ({"deploymentConfiguration": {"maximumPercent": 150}}, ["DeploymentConfiguration"]),
        (
            {"loadBalancers": [{"targetGroupArn": GROUP, "containerName": "app"}]},
            ["LoadBalancers"],
        ),
    ],
)
def test_what_a_service_has_undeclared(members: dict[str, Any], paths: list[str]) -> None:
    assert undeclared(service(**members), {}) == paths


def container(**members: object) -> dict[str, Any]:
    return {"name": "app", "image": "i", "cpu": 0, "essential": True, **members}


@pytest.mark.parametrize(
    ("live", "paths"),
    [
        (container(), []),
        (container(environment=[], mountPoints=[], volumesFrom=[]), []),
        (
            container(portMappings=[{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}]),
            ["ContainerDefinitions[0].PortMappings"],
        ),
        (container(privileged=True), ["ContainerDefinitions[0].Privileged"]),
        (container(command=["sh"]), ["ContainerDefinitions[0].Command"]),
        (
            container(secrets=[{"name": "n", "valueFrom": "arn"}]),
            ["ContainerDefinitions[0].Secrets"],
        ),
    ],
)
def test_what_a_container_has_undeclared(live: dict[str, Any], paths: list[str]) -> None:
    found = {"taskDefinitionArn": TASK, "status": "ACTIVE", "containerDefinitions": [live]}
    answers = Answers("ecs", [("describe_task_definition", {"taskDefinition": found})])
    description = answers.describe("AWS::ECS::TaskDefinition", TASK)
    declared = {"ContainerDefinitions": [{"Name": "app", "Image": "i"}]}
    assert undeclared(description, declared) == paths


def rule(*, actions: list[Any], conditions: list[Any]) -> Description:
    found = {"RuleArn": RULE, "Priority": "10", "IsDefault": False}
    replies: list[Reply] = [
        ("describe_rules", {"Rules": [{**found, "Actions": actions, "Conditions": conditions}]}),
        ("describe_tags", {"TagDescriptions": [{"ResourceArn": RULE}]}),
    ]
    return Answers("elbv2", replies).describe(f"{ELB}::ListenerRule", RULE)


def test_a_rule_is_told_twice_by_aws_and_once_by_a_template() -> None:
    weighted = {"TargetGroups": [{"TargetGroupArn": GROUP, "Weight": 1}]}
    description = rule(
        actions=[
            {
                "Type": "forward",
                "Order": 1,
                "TargetGroupArn": GROUP,
                "ForwardConfig": {
                    **weighted,
                    "TargetGroupStickinessConfig": {"Enabled": False},
                },
            }
        ],
        conditions=[
            {
                "Field": "path-pattern",
                "Values": ["/b", "/a"],
                "PathPatternConfig": {"Values": ["/b", "/a"]},
            }
        ],
    )
    assert description.properties["ListenerArn"] == LISTENER
    for action in (
        {"Type": "forward", "TargetGroupArn": GROUP},
        {"Type": "forward", "ForwardConfig": weighted},
    ):
        for condition in (
            {"Values": ["/a", "/b"]},
            {"PathPatternConfig": {"Values": ["/a", "/b"]}},
        ):
            declared = {
                "Actions": [action],
                "Conditions": [{"Field": "path-pattern", **condition}],
                "Priority": 10,
            }
            assert differences(description, declared) == []


def balancer(*attributes: tuple[str, str], declared: object = None) -> Description:
    found = {
        "LoadBalancerArn": BALANCER,
        "LoadBalancerName": "b",
        "AvailabilityZones": [],
        "CanonicalHostedZoneId": "Z",
        "DNSName": "b.example",
    }
    live = [{"Key": key, "Value": value} for key, value in attributes]
    replies: list[Reply] = [
        ("describe_load_balancers", {"LoadBalancers": [found]}),
        ("describe_load_balancer_attributes", {"Attributes": live}),
        ("describe_tags", {"TagDescriptions": [{"ResourceArn": BALANCER}]}),
    ]
    given = {} if declared is None else {"LoadBalancerAttributes": declared}
    return Answers("elbv2", replies).describe(f"{ELB}::LoadBalancer", BALANCER, **given)


def test_attributes_that_aws_sets_itself_need_no_declaration() -> None:
    own = [("idle_timeout.timeout_seconds", "60"), ("access_logs.s3.bucket", "")]
    assert "LoadBalancerAttributes" not in balancer(*own).properties
    logged = ("access_logs.s3.enabled", "true")
    assert undeclared(balancer(*own, logged), {}) == ["LoadBalancerAttributes"]
    declared = [{"Key": "access_logs.s3.enabled", "Value": "true"}]
    description = balancer(*own, logged, declared=declared)
    assert differences(description, {"LoadBalancerAttributes": declared}) == []
    open_ = ("waf.fail_open.enabled", "true")
    description = balancer(*own, logged, open_, declared=declared)
    assert differences(description, {"LoadBalancerAttributes": declared}) == [
        "LoadBalancerAttributes"
    ]


def test_a_certificate_as_acm_tells_it() -> None:
    found = {
        "CertificateArn": CERTIFICATE,
        "DomainName": "api.example.com",
        "DomainValidationOptions": [
            {"DomainName": "api.example.com", "ValidationMethod": "DNS"},
            {"DomainName": "www.example.com", "ValidationMethod": "DNS"},
        ],
        "KeyAlgorithm": "EC-prime256v1",
        "Status": "ISSUED",
        "SubjectAlternativeNames": ["api.example.com", "www.example.com"],
    }
    replies: list[Reply] = [
        ("describe_certificate", {"Certificate": found}),
        ("list_tags_for_certificate", {}),
    ]
    description = Answers("acm", replies).describe(
        "AWS::CertificateManager::Certificate", CERTIFICATE
    )
    declared = {
        "DomainName": "api.example.com",
        "KeyAlgorithm": "EC_prime256v1",
        "SubjectAlternativeNames": ["www.example.com"],
        "ValidationMethod": "DNS",
    }
    assert differences(description, declared) == []
    assert undeclared(description, {}) == ["SubjectAlternativeNames"]


@pytest.mark.parametrize(
    ("live", "equal"),
    [
        ('{"rules":[]}', True),
        ('{ "rules": [] }', True),
        ('{"rules": [1]}', False),
        ("{", False),
    ],
)
def test_a_lifecycle_policy_is_json(live: str, equal: bool) -> None:
    repository = {
        "repositoryArn": f"arn:aws:ecr:{ACCOUNT}:repository/r",
        "repositoryName": "rr",
        "repositoryUri": "u",
    }
    replies: list[Reply] = [
        ("describe_repositories", {"repositories": [repository]}),
        ("get_repository_policy", "RepositoryPolicyNotFoundException"),
        ("get_lifecycle_policy", {"lifecyclePolicyText": live.ljust(100)}),
        ("list_tags_for_resource", {"tags": []}),
    ]
    declared = {"LifecyclePolicyText": '{"rules":[]}'}
    description = Answers("ecr", replies).describe(
        "AWS::ECR::Repository", "rr", LifecyclePolicy=declared
    )
    assert (differences(description, {"LifecyclePolicy": declared}) == []) is equal
    assert "RepositoryPolicyText" not in description.properties


def test_a_provider_is_told_without_its_scheme() -> None:
    arn = "arn:aws:iam::111122223333:oidc-provider/token.example.com"
    found = {"Url": "token.example.com", "ClientIDList": ["b", "a"]}
    answers = Answers("iam", [("get_open_id_connect_provider", found)])
    description = answers.describe("AWS::IAM::OIDCProvider", arn)
    declared = {"ClientIdList": ["a", "b"], "Url": "https://token.example.com"}
    assert differences(description, declared) == []


@pytest.mark.parametrize(("declared", "told"), [("first", "first"), ("arn:x", "arn:aws:rds:first")])
def test_what_a_replica_follows_in_the_declared_form(declared: str, told: str) -> None:
    found = {
        "DBInstanceArn": "arn:aws:rds:second",
        "DBInstanceIdentifier": "second",
        "DBParameterGroups": [],
        "DBSubnetGroup": {"DBSubnetGroupName": "g"},
        "DbiResourceId": "db-1",
        "Endpoint": {"Address": "a", "Port": 5432},
        "IAMDatabaseAuthenticationEnabled": True,
        "PerformanceInsightsEnabled": True,
        "ReadReplicaSourceDBInstanceIdentifier": "first",
        "TagList": [],
        "VpcSecurityGroups": [],
    }
    answers = Answers("rds", [("describe_db_instances", {"DBInstances": [found]})])
    description = answers.describe(
        "AWS::RDS::DBInstance", "second", SourceDBInstanceIdentifier=declared
    )
    assert description.properties["SourceDBInstanceIdentifier"] == told
    assert "ManageMasterUserPassword" not in description.properties


@pytest.mark.parametrize(
    ("live", "paths"),
    [
        ({"OKActions": [], "InsufficientDataActions": [], "ActionsEnabled": True}, []),
        ({"OKActions": ["arn:aws:sns:us-test-1:111122223333:other"]}, ["OKActions"]),
        ({"ActionsEnabled": False}, ["ActionsEnabled"]),
        ({"Dimensions": [{"Name": "Secret", "Value": "other"}]}, ["Dimensions"]),
        ({"DatapointsToAlarm": 3}, ["DatapointsToAlarm"]),
    ],
)
def test_what_an_alarm_has_undeclared(live: dict[str, Any], paths: list[str]) -> None:
    arn = "arn:aws:cloudwatch:us-test-1:111122223333:alarm:a"
    found = {"AlarmName": "a", "AlarmArn": arn, "Threshold": 80.0, **live}
    replies: list[Reply] = [
        ("describe_alarms", {"MetricAlarms": [found]}),
        ("list_tags_for_resource", {"Tags": []}),
    ]
    description = Answers("cloudwatch", replies).describe("AWS::CloudWatch::Alarm", "a")
    assert description.attributes == {"Arn": arn}
    assert undeclared(description, {"AlarmName": "a", "Threshold": 80}) == paths
