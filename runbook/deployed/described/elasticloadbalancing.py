"""Elastic Load Balancing: application load balancers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from runbook.deployed.description import (
    Description,
    NotThereError,
    Resource,
    describes,
    present,
    selected,
)
from runbook.deployed.equivalence import ANYTHING, scalar_form

# AWS's own values of the attributes: others must be declared.
BALANCER_ATTRIBUTES = {
    "access_logs.s3.bucket": "",
    "access_logs.s3.enabled": "false",
    "access_logs.s3.prefix": "",
    "client_keep_alive.seconds": "3600",
    "connection_logs.s3.bucket": "",
    "connection_logs.s3.enabled": "false",
    "connection_logs.s3.prefix": "",
    "deletion_protection.enabled": "false",
    "health_check_logs.s3.bucket": "",
    "health_check_logs.s3.enabled": "false",
    "health_check_logs.s3.prefix": "",
    "idle_timeout.timeout_seconds": "60",
    "load_balancing.cross_zone.enabled": "true",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
    "zonal_shift.config.enabled": "false",
}
LISTENER_ATTRIBUTES = {"routing.http.response.server.enabled": "true"}
GROUP_ATTRIBUTES = {
    "deregistration_delay.timeout_seconds": "300",
    "load_balancing.algorithm.anomaly_mitigation": "off",
    "load_balancing.algorithm.type": "round_robin",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    "slow_start.duration_seconds": "0",
    "stickiness.app_cookie.cookie_name": "",
    "stickiness.app_cookie.duration_seconds": "86400",
    "stickiness.enabled": "false",
    "stickiness.lb_cookie.duration_seconds": "86400",
    "stickiness.type": "lb_cookie",
    "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
}


def _found(resource: Resource, operation: str, result: str, **arguments: Any) -> Any:  # noqa: ANN401 - boto3's own
    """Call an operation about what must be there, and return what it tells."""
    try:
        answer = getattr(resource.client("elbv2"), operation)(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"].endswith("NotFound"):
            raise NotThereError(f"no {resource.type} {resource.physical_id}") from None
        raise
    return answer[result]


def _only(resource: Resource, operation: str, result: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401
    found: list[dict[str, Any]] = _found(resource, operation, result, **arguments)
    if len(found) != 1:
        raise NotThereError(f"{len(found)} of {resource.type} {resource.physical_id}")
    return found[0]


def _tags(resource: Resource) -> list[dict[str, str]]:
    [described] = resource.client("elbv2").describe_tags(ResourceArns=[resource.physical_id])[
        "TagDescriptions"
    ]
    tags: list[dict[str, str]] = described.get("Tags", [])
    return tags


def _attributes(
    resource: Resource, property_: str, live: list[dict[str, str]], own: Mapping[str, str]
) -> list[dict[str, str]] | None:
    """Return the attributes that are declared, and those that are not as AWS sets them itself."""
    declared = {entry["Key"] for entry in resource.declared_if_any(property_) or []}
    shown = [
        entry
        for entry in live
        if entry["Key"] in declared or scalar_form(entry["Value"]) != own.get(entry["Key"], "")
    ]
    return shown or None


@describes("AWS::ElasticLoadBalancingV2::LoadBalancer")
def load_balancer(resource: Resource) -> Description:
    """Read a load balancer, its attributes and its tags."""
    arn = resource.physical_id
    found = _only(resource, "describe_load_balancers", "LoadBalancers", LoadBalancerArns=[arn])
    live = _found(resource, "describe_load_balancer_attributes", "Attributes", LoadBalancerArn=arn)
    attributes = _attributes(resource, "LoadBalancerAttributes", live, BALANCER_ATTRIBUTES)
    properties = {
        **selected(found, "IpAddressType", "Scheme", "SecurityGroups", "Type"),
        "LoadBalancerAttributes": attributes,
        "Name": found["LoadBalancerName"],
        "Subnets": [zone["SubnetId"] for zone in found["AvailabilityZones"]],
        "Tags": _tags(resource),
    }
    told = {
        "CanonicalHostedZoneID": found["CanonicalHostedZoneId"],
        "DNSName": found["DNSName"],
        "LoadBalancerArn": arn,
        "LoadBalancerFullName": arn.split(":loadbalancer/")[1],
        "LoadBalancerName": found["LoadBalancerName"],
        "SecurityGroups": found.get("SecurityGroups", []),
    }
    return Description(
        present(properties),
        told,
        unordered=frozenset({"SecurityGroups", "Subnets"}),
        closed=frozenset({"LoadBalancerAttributes", "SecurityGroups"}),
    )


@describes("AWS::ElasticLoadBalancingV2::Listener")
def listener(resource: Resource) -> Description:
    """Read a listener, its attributes and its tags."""
    arn = resource.physical_id
    found = _only(resource, "describe_listeners", "Listeners", ListenerArns=[arn])
    live = _found(resource, "describe_listener_attributes", "Attributes", ListenerArn=arn)
    properties = {
        **selected(
            found,
            "AlpnPolicy",
            "Certificates",
            "DefaultActions",
            "LoadBalancerArn",
            "MutualAuthentication",
            "Port",
            "Protocol",
            "SslPolicy",
        ),
        "ListenerAttributes": _attributes(
            resource, "ListenerAttributes", live, LISTENER_ATTRIBUTES
        ),
        "Tags": _tags(resource),
    }
    return Description(
        present(properties),
        {"ListenerArn": arn},
        closed=frozenset({"Certificates", "DefaultActions", "ListenerAttributes"}),
        defaults=_action_defaults("DefaultActions[*]"),
    )


@describes("AWS::ElasticLoadBalancingV2::ListenerRule")
def listener_rule(resource: Resource) -> Description:
    """Read a rule and its tags."""
    arn = resource.physical_id
    found = _only(resource, "describe_rules", "Rules", RuleArns=[arn])
    properties = {
        **selected(found, "Actions", "Conditions", "Priority", "Transforms"),
        "ListenerArn": arn.replace(":listener-rule/", ":listener/").rsplit("/", 1)[0],
        "Tags": _tags(resource),
    }
    # AWS tells values of a condition twice: by themselves, and under the name of their kind.
    twice = ("HostHeaderConfig", "HttpRequestMethodConfig", "PathPatternConfig", "SourceIpConfig")
    return Description(
        present(properties),
        {"RuleArn": arn, "IsDefault": found["IsDefault"]},
        unordered=frozenset(
            {"Conditions[*].Values", *(f"Conditions[*].{name}.Values" for name in twice)}
        ),
        closed=frozenset({"Actions", "Conditions", "Transforms"}),
        defaults={
            **_action_defaults("Actions[*]"),
            **{f"Conditions[*].{name}": ANYTHING for name in ("Values", *twice)},
        },
    )


def _action_defaults(action: str) -> dict[str, object]:
    return {
        f"{action}.Order": ANYTHING,
        # One target group is told twice, too.
        f"{action}.TargetGroupArn": ANYTHING,
        f"{action}.FixedResponseConfig.ContentType": "text/plain",
        f"{action}.ForwardConfig": ANYTHING,
        f"{action}.ForwardConfig.TargetGroupStickinessConfig": {"Enabled": False},
        f"{action}.ForwardConfig.TargetGroupStickinessConfig.DurationSeconds": ANYTHING,
        f"{action}.ForwardConfig.TargetGroups[*].Weight": 1,
        f"{action}.RedirectConfig.Host": "#{host}",
        f"{action}.RedirectConfig.Path": "/#{path}",
        f"{action}.RedirectConfig.Port": "#{port}",
        f"{action}.RedirectConfig.Protocol": "#{protocol}",
        f"{action}.RedirectConfig.Query": "#{query}",
    }


@describes("AWS::ElasticLoadBalancingV2::TargetGroup")
def target_group(resource: Resource) -> Description:
    """Read a target group, its attributes and its tags; ECS registers the targets."""
    arn = resource.physical_id
    found = _only(resource, "describe_target_groups", "TargetGroups", TargetGroupArns=[arn])
    live = _found(resource, "describe_target_group_attributes", "Attributes", TargetGroupArn=arn)
    properties = {
        **selected(
            found,
            "HealthCheckEnabled",
            "HealthCheckIntervalSeconds",
            "HealthCheckPath",
            "HealthCheckPort",
            "HealthCheckProtocol",
            "HealthCheckTimeoutSeconds",
            "HealthyThresholdCount",
            "IpAddressType",
            "Matcher",
            "Port",
            "Protocol",
            "ProtocolVersion",
            "TargetType",
            "UnhealthyThresholdCount",
            "VpcId",
        ),
        "Name": found["TargetGroupName"],
        "Tags": _tags(resource),
        "TargetGroupAttributes": _attributes(
            resource, "TargetGroupAttributes", live, GROUP_ATTRIBUTES
        ),
    }
    told = {
        "LoadBalancerArns": found["LoadBalancerArns"],
        "TargetGroupArn": arn,
        "TargetGroupFullName": arn.rsplit(":", 1)[1],
        "TargetGroupName": found["TargetGroupName"],
    }
    return Description(present(properties), told, closed=frozenset({"TargetGroupAttributes"}))
