"""How traffic comes to a service: target groups, rules, security groups."""

from __future__ import annotations

from typing import Any

from tests.sandbox.templates.expressions import ASSUMED, TAGS, arn, imported


def role(name: str) -> dict[str, Any]:
    """Return a role of the service."""
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": ASSUMED,
            "PermissionsBoundary": imported("boundary"),
            "RoleName": f"some-api-{name}",
        },
    }


def target_group(colour: str) -> dict[str, Any]:
    """Return the target group of a colour."""
    return {
        "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
        "Properties": {
            "HealthCheckEnabled": True,
            "HealthCheckIntervalSeconds": 15,
            "HealthCheckPath": "/health",
            "HealthCheckPort": "8000",
            "HealthCheckProtocol": "HTTP",
            "HealthCheckTimeoutSeconds": 6,
            "HealthyThresholdCount": 2,
            "Matcher": {"HttpCode": "200"},
            "Name": f"some-api-{colour}",
            "Port": 8000,
            "Protocol": "HTTP",
            "ProtocolVersion": "HTTP1",
            "Tags": TAGS,
            "TargetGroupAttributes": [
                {"Key": "deregistration_delay.timeout_seconds", "Value": "120"},
                {"Key": "stickiness.enabled", "Value": "false"},
            ],
            "TargetType": "ip",
            "UnhealthyThresholdCount": 3,
            "VpcId": imported("vpc"),
        },
    }


def rule(listener: str, priority: int) -> dict[str, Any]:
    """Return the rule of a listener that gives the service its traffic."""
    return {
        "Type": "AWS::ElasticLoadBalancingV2::ListenerRule",
        "Properties": {
            "Actions": [
                {
                    "Type": "forward",
                    "ForwardConfig": {
                        "TargetGroups": [
                            {"TargetGroupArn": {"Ref": "Blue"}, "Weight": 100},
                            {"TargetGroupArn": {"Ref": "Green"}, "Weight": 0},
                        ]
                    },
                }
            ],
            "Conditions": [
                {"Field": "host-header", "HostHeaderConfig": {"Values": ["api.example.com"]}},
                {"Field": "path-pattern", "Values": ["/v1/*", "/health"]},
            ],
            "ListenerArn": imported(listener),
            "Priority": priority,
            "Tags": TAGS,
        },
    }


SECURITY: dict[str, Any] = {
    "Group": {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {"GroupDescription": "tasks", "VpcId": imported("vpc")},
    },
    "FromBalancer": {
        "Type": "AWS::EC2::SecurityGroupIngress",
        "Properties": {
            "Description": "load balancer",
            "FromPort": 8000,
            "GroupId": {"Fn::GetAtt": ["Group", "GroupId"]},
            "IpProtocol": "tcp",
            "SourceSecurityGroupId": imported("balancer-group"),
            "ToPort": 8000,
        },
    },
    "FromAll": {
        "Type": "AWS::EC2::SecurityGroupIngress",
        "Properties": {
            "CidrIp": "10.0.0.0/16",
            "GroupId": {"Fn::GetAtt": ["Group", "GroupId"]},
            "IpProtocol": "-1",
        },
    },
    "ToTasks": {
        "Type": "AWS::EC2::SecurityGroupEgress",
        "Properties": {
            "Description": "tasks",
            "DestinationSecurityGroupId": {"Fn::GetAtt": ["Group", "GroupId"]},
            "FromPort": 8000,
            "GroupId": imported("balancer-group"),
            "IpProtocol": "tcp",
            "ToPort": 8000,
        },
    },
    "Secret": {
        "Type": "AWS::SecretsManager::Secret",
        "Properties": {
            "GenerateSecretString": {
                "GenerateStringKey": "password",
                "SecretStringTemplate": '{"username": "app"}',
            }
        },
    },
    "SecretPolicy": {
        "Type": "AWS::SecretsManager::ResourcePolicy",
        "Properties": {
            "ResourcePolicy": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "secretsmanager:GetSecretValue",
                        "Resource": "*",
                        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": arn("ExecutionRole")}},
                    }
                ],
            },
            "SecretId": {"Ref": "Secret"},
        },
    },
    "ExecutionRole": role("execution"),
    "TaskRole": role("task"),
    "TrafficRole": role("traffic"),
}
