"""The service stack: colours, listener rules, deployment, scaling, who may talk to whom."""

from typing import Any

import pytest

from runbook.model.environment import Environment
from runbook_constructs.database import PORT
from tests.assembly import Assembly, plain

RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"
TARGET_GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
EGRESS, INGRESS = "AWS::EC2::SecurityGroupEgress", "AWS::EC2::SecurityGroupIngress"


@pytest.fixture
def stack(environment: Environment) -> str:
    return f"{environment.slug}-passport-api"


@pytest.fixture
def service(assembly: Assembly, stack: str) -> dict[str, Any]:
    (service,) = assembly.of_type(stack, "AWS::ECS::Service").values()
    properties: dict[str, Any] = service["Properties"]
    return properties


def rule(assembly: Assembly, stack: str, name: str) -> dict[str, Any]:
    properties: dict[str, Any] = assembly.named(stack, RULE, f"ServiceColours{name}")["Properties"]
    return properties


def hooks(environment: Environment) -> list[dict[str, Any]]:
    """List what ECS asks before the first new task, and before production traffic moves."""
    gate = environment.services["passport-api"].gate
    assert gate is not None
    named = f"{environment.slug}-passport-api"
    function = f"arn:aws:lambda:{environment.region}:{environment.account}:function:{named}"
    return [
        {
            "HookTargetArn": f"{function}-{name}",
            "RoleArn": f"arn:aws:iam::{environment.account}:role/{named}-hooks",
            "LifecycleStages": [stage],
            "TimeoutConfiguration": {"Action": "ROLLBACK", "TimeoutInMinutes": minutes},
        }
        for name, stage, minutes in (
            ("gate", "PRE_SCALE_UP", gate.timeout_minutes),
            ("probe", "POST_TEST_TRAFFIC_SHIFT", gate.probe_timeout_minutes),
        )
    ]


@pytest.mark.clause("ROVN-MIG-1")
@pytest.mark.clause("ROVN-RB-2")
@pytest.mark.clause("ROVN-DEP-4")
def test_traffic_shifts_between_two_colours_and_the_old_one_bakes(
    assembly: Assembly, environment: Environment, stack: str, service: dict[str, Any]
) -> None:
    model = environment.services["passport-api"]
    assert service["DeploymentController"] == {"Type": "ECS"}
    assert service["DeploymentConfiguration"] == {
        "Strategy": "BLUE_GREEN",
        "BakeTimeInMinutes": model.bake_minutes,
        "MinimumHealthyPercent": 100,
        "MaximumPercent": 200,
        "LifecycleHooks": hooks(environment),
        "Alarms": {
            "AlarmNames": [
                f"{environment.slug}-{id_}-passport-api"
                for id_ in ("api-5xx-rate", "api-colour-ill", "api-p95-latency")
            ],
            "Enable": True,
            "Rollback": True,
        },
    }
    assert model.bake_minutes > 0
    (balancer,) = plain(service["LoadBalancers"])
    assert balancer == {
        "ContainerName": "passport-api",
        "ContainerPort": model.port,
        "TargetGroupArn": "<ServiceColoursBlue>",
        "AdvancedConfiguration": {
            "AlternateTargetGroupArn": "<ServiceColoursGreen>",
            "ProductionListenerRule": "<ServiceColoursProductionRule>",
            "TestListenerRule": "<ServiceColoursTestRule>",
            "RoleArn": "<ServiceTrafficRole.Arn>",
        },
    }


@pytest.mark.clause("ROVN-DEP-4")
def test_both_listeners_begin_at_blue(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    """ECS moves the weights afterwards: anything else here would undo a deployment."""
    hostname = environment.services["passport-api"].ingress.hostname
    for name, listener in (("ProductionRule", "Production"), ("TestRule", "Test")):
        properties = rule(assembly, stack, name)
        assert f"IngressBalancer{listener}" in plain(properties["ListenerArn"])
        assert properties["Conditions"] == [
            {"Field": "host-header", "HostHeaderConfig": {"Values": [hostname]}}
        ]
        (action,) = plain(properties["Actions"])
        assert action == {
            "Type": "forward",
            "ForwardConfig": {
                "TargetGroups": [
                    {"TargetGroupArn": "<ServiceColoursBlue>", "Weight": 100},
                    {"TargetGroupArn": "<ServiceColoursGreen>", "Weight": 0},
                ]
            },
        }


@pytest.mark.clause("ROVN-HLT-1")
def test_health_200_is_the_health_of_both_colours(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    groups = assembly.of_type(stack, TARGET_GROUP).values()
    assert len(groups) == 2
    for group in groups:
        properties = group["Properties"]
        assert properties["HealthCheckPath"] == "/health"
        assert properties["Matcher"] == {"HttpCode": "200"}
        assert properties["TargetType"] == "ip"
        assert properties["Port"] == environment.services["passport-api"].port
        assert properties["Protocol"] == properties["HealthCheckProtocol"] == "HTTP"
        # Unhealthy after 30 seconds, and out of traffic; healthy after 20.
        timing = ("IntervalSeconds", "TimeoutSeconds")
        assert [properties[f"HealthCheck{which}"] for which in timing] == [10, 5]
        assert properties["UnhealthyThresholdCount"] == 3
        assert properties["HealthyThresholdCount"] == 2
        attributes = {a["Key"]: a["Value"] for a in properties["TargetGroupAttributes"]}
        assert attributes == {
            "deregistration_delay.timeout_seconds": "30",
            "stickiness.enabled": "false",
        }


def test_the_ways_are_open_before_the_first_task_and_until_the_last(
    assembly: Assembly, stack: str
) -> None:
    """Nothing else tells CloudFormation: tasks would start without a database, or lose it."""
    (service,) = assembly.of_type(stack, "AWS::ECS::Service").values()
    for kind in (EGRESS, INGRESS):
        rules = set(assembly.of_type(stack, kind))
        assert len(rules) == 2
        assert rules <= set(service["DependsOn"])


@pytest.mark.clause("ROVN-HLT-2")
def test_debug_paths_lead_nowhere_before_the_service_is_reached(
    assembly: Assembly, stack: str
) -> None:
    closed = rule(assembly, stack, "ClosedPaths")
    assert closed["Conditions"] == [
        {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/debug/*"]}}
    ]
    (action,) = closed["Actions"]
    assert action == {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    forward = rule(assembly, stack, "ProductionRule")
    assert closed["ListenerArn"] == forward["ListenerArn"]
    assert closed["Priority"] < forward["Priority"]
    (resource,) = assembly.of_type(stack, "AWS::ECS::Service").values()
    assert any(name.startswith("ServiceColoursClosedPaths") for name in resource["DependsOn"])


@pytest.mark.clause("ROVN-DEP-7")
def test_tasks_run_in_every_zone_without_public_addresses(
    environment: Environment, service: dict[str, Any]
) -> None:
    vpc = service["NetworkConfiguration"]["AwsvpcConfiguration"]
    subnets = [plain(subnet) for subnet in vpc["Subnets"]]
    assert len(set(subnets)) == len(environment.availability_zones) >= 2
    assert all("PrivateSubnet" in subnet for subnet in subnets)
    assert plain(vpc["SecurityGroups"]) == ["<NetworkApp.GroupId>"]
    assert vpc["AssignPublicIp"] == "DISABLED"
    assert (service["LaunchType"], service["PlatformVersion"]) == ("FARGATE", "LATEST")
    assert plain(service["TaskDefinition"]) == "<TasksApp>"
    assert service["AvailabilityZoneRebalancing"] == "ENABLED"


@pytest.mark.clause("ROVN-DEP-7")
def test_autoscaling_alone_says_how_many_tasks_there_are(
    assembly: Assembly, environment: Environment, stack: str, service: dict[str, Any]
) -> None:
    assert "DesiredCount" not in service
    model = environment.services["passport-api"]
    (target,) = assembly.of_type(stack, "AWS::ApplicationAutoScaling::ScalableTarget").values()
    properties = target["Properties"]
    assert properties["MinCapacity"] == model.min_tasks >= 2
    assert properties["MaxCapacity"] == model.max_tasks
    assert properties["ScalableDimension"] == "ecs:service:DesiredCount"
    assert plain(properties["ResourceId"]).startswith("service/<")
    assert plain(properties["ResourceId"]).endswith("/<Service.Name>")
    (policy,) = assembly.of_type(stack, "AWS::ApplicationAutoScaling::ScalingPolicy").values()
    assert plain(policy["Properties"]["ScalingTargetId"]) == "<ServiceTasks>"
    assert policy["Properties"]["PolicyType"] == "TargetTrackingScaling"
    assert properties["ServiceNamespace"] == "ecs"
    tracking = policy["Properties"]["TargetTrackingScalingPolicyConfiguration"]
    # In slower than out: a short lull must not take away what the next peak needs.
    assert tracking["ScaleInCooldown"] > tracking["ScaleOutCooldown"] > 0
    assert tracking["TargetValue"] == model.cpu_target_percent
    assert tracking["PredefinedMetricSpecification"] == {
        "PredefinedMetricType": "ECSServiceAverageCPUUtilization"
    }


def test_nobody_gets_a_shell_in_a_task(service: dict[str, Any]) -> None:
    assert service["EnableExecuteCommand"] is False


@pytest.mark.clause("ROVN-DEP-3")
def test_a_release_is_one_parameter_without_a_default(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    """ROVN-DEP-3: no stack update can bring an old image back."""
    parameters = assembly.template(stack)["Parameters"]
    assert set(parameters) == {"ImageTag", "BootstrapVersion"}
    assert parameters["ImageTag"]["Type"] == "String"
    assert parameters["ImageTag"]["AllowedPattern"] == environment.images.tag_pattern
    assert "Default" not in parameters["ImageTag"]


def test_each_opening_has_its_two_ends_and_no_other(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    def ends(kind: str, far: str) -> set[tuple[str, str, int, int]]:
        return {
            (
                plain(rule["Properties"]["GroupId"]).rsplit("ExportsOutput")[-1],
                plain(rule["Properties"][far]).rsplit("ExportsOutput")[-1],
                rule["Properties"]["FromPort"],
                rule["Properties"]["ToPort"],
            )
            for rule in assembly.of_type(stack, kind).values()
        }

    outward = ends(EGRESS, "DestinationSecurityGroupId")
    assert outward == {(b, a, *ports) for a, b, *ports in ends(INGRESS, "SourceSecurityGroupId")}
    port = environment.services["passport-api"].port
    found = {(a[:13], b[:13], *ports) for a, b, *ports in outward}
    tasks = "<NetworkApp.GroupId>"[:13]
    assert {(a == tasks, p, q) for a, _, p, q in found} == {
        (True, PORT, PORT),
        (False, port, port),
    }


def test_tasks_go_out_by_https_only(assembly: Assembly, stack: str) -> None:
    for group in assembly.of_type(stack, "AWS::EC2::SecurityGroup").values():
        assert "SecurityGroupIngress" not in group["Properties"]
        (egress,) = group["Properties"]["SecurityGroupEgress"]
        assert (egress["FromPort"], egress["ToPort"], egress["IpProtocol"]) == (443, 443, "tcp")


def test_only_the_service_its_migrations_and_rotation_reach_the_database(
    assembly: Assembly, environment: Environment
) -> None:
    sources = set()
    for name, template in assembly.templates.items():
        if not name.startswith(environment.slug):
            continue
        for resource in template["Resources"].values():
            group = plain(resource.get("Properties", {}).get("GroupId"))
            if resource["Type"] == INGRESS and "DatabaseGroup" in str(group):
                source = plain(resource["Properties"]["SourceSecurityGroupId"])
                sources.add((name.removeprefix(f"{environment.slug}-"), source))
    assert sources == {
        ("passport-api", "<NetworkApp.GroupId>"),
        ("release-gate", "<PassportApiMigrationsGroup.GroupId>"),
        ("rotation", "<NetworkGroup.GroupId>"),
    }


@pytest.mark.clause("ROVN-TRC-1")
def test_x_ray_samples_a_tenth_and_all_of_admin_and_audit(assembly: Assembly, stack: str) -> None:
    found = assembly.of_type(stack, "AWS::XRay::SamplingRule").values()
    rules = sorted(
        (rule["Properties"]["SamplingRule"] for rule in found), key=lambda rule: rule["Priority"]
    )
    assert [(r["URLPath"], r["FixedRate"], r["ReservoirSize"]) for r in rules] == [
        ("/admin/*", 1, 0),
        ("/audit/*", 1, 0),
        ("*", 0.1, 0),
    ]
    assert rules[-1]["Priority"] == 9999
    assert {r["ServiceName"] for r in rules} == {"passport-api"}
    for key in ("Host", "HTTPMethod", "ResourceARN", "ServiceType"):
        assert {r[key] for r in rules} == {"*"}
    assert all(len(r["RuleName"]) <= 32 for r in rules)
