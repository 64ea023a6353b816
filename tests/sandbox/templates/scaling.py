"""How a service scales, and which requests it traces."""

from __future__ import annotations

from typing import Any

from tests.sandbox.templates.expressions import TAGS, imported

SCALING: dict[str, Any] = {
    "ScalableTarget": {
        "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
        "Properties": {
            "MaxCapacity": 6,
            "MinCapacity": 2,
            "ResourceId": {
                "Fn::Join": [
                    "/",
                    ["service", imported("cluster"), {"Fn::GetAtt": ["Service", "Name"]}],
                ]
            },
            "RoleARN": {
                "Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/aws-service-role/"
                "ecs.application-autoscaling.amazonaws.com/"
                "AWSServiceRoleForApplicationAutoScaling_ECSService"
            },
            "ScalableDimension": "ecs:service:DesiredCount",
            "ServiceNamespace": "ecs",
            "SuspendedState": {"ScheduledScalingSuspended": True},
            "Tags": TAGS,
        },
    },
    "CpuPolicy": {
        "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
        "Properties": {
            "PolicyName": "cpu",
            "PolicyType": "TargetTrackingScaling",
            "ScalingTargetId": {"Ref": "ScalableTarget"},
            "TargetTrackingScalingPolicyConfiguration": {
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "ECSServiceAverageCPUUtilization"
                },
                "ScaleInCooldown": 300,
                "ScaleOutCooldown": 60,
                "TargetValue": 60,
            },
        },
    },
    "RequestPolicy": {
        "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
        "Properties": {
            "PolicyName": "requests",
            "PolicyType": "TargetTrackingScaling",
            "ScalingTargetId": {"Ref": "ScalableTarget"},
            "TargetTrackingScalingPolicyConfiguration": {
                "DisableScaleIn": True,
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "ALBRequestCountPerTarget",
                    "ResourceLabel": {
                        "Fn::Join": [
                            "/",
                            [
                                imported("balancer"),
                                {"Fn::GetAtt": ["Blue", "TargetGroupFullName"]},
                            ],
                        ]
                    },
                },
                "TargetValue": 1000,
            },
        },
    },
    "Sampling": {
        "Type": "AWS::XRay::SamplingRule",
        "Properties": {
            "SamplingRule": {
                "FixedRate": 0.1,
                "HTTPMethod": "*",
                "Host": "*",
                "Priority": 9000,
                "ReservoirSize": 0,
                "ResourceARN": "*",
                "RuleName": "some-api",
                "ServiceName": "some-api",
                "ServiceType": "*",
                "URLPath": "/admin/*",
                "Version": 1,
            },
            "Tags": TAGS,
        },
    },
}
