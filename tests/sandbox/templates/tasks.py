"""A service's tasks, how it is deployed, and where it logs."""

from __future__ import annotations

from typing import Any

from tests.sandbox.templates.expressions import TAGS, arn, imported

IDENTIFIERS = ["Ssn", "arn:aws:dataprotection::aws:data-identifier/EmailAddress"]
LOGS: dict[str, Any] = {
    "Logs": {
        "Type": "AWS::Logs::LogGroup",
        "DeletionPolicy": "Retain",
        "Properties": {
            "DataProtectionPolicy": {
                "Name": "phi",
                "Description": "masks what identifies a patient",
                "Version": "2021-06-01",
                "Configuration": {
                    "CustomDataIdentifier": [
                        {"Name": "Ssn", "Regex": '"ssn"\\s*:\\s*"[0-9-]{9,11}"'}
                    ]
                },
                "Statement": [
                    {
                        "Sid": "Audit",
                        "DataIdentifier": IDENTIFIERS,
                        "Operation": {"Audit": {"FindingsDestination": {}}},
                    },
                    {
                        "Sid": "Mask",
                        "DataIdentifier": IDENTIFIERS,
                        "Operation": {"Deidentify": {"MaskConfig": {}}},
                    },
                ],
            },
            "KmsKeyId": imported("key"),
            "LogGroupClass": "STANDARD",
            "LogGroupName": "/ecs/some-api",
            "RetentionInDays": 2557,
            "Tags": TAGS,
        },
    },
    "Failures": {
        "Type": "AWS::Logs::MetricFilter",
        "Properties": {
            "FilterName": "failures",
            "FilterPattern": '{ $.level = "ERROR" }',
            "LogGroupName": {"Ref": "Logs"},
            "MetricTransformations": [
                {
                    "Dimensions": [{"Key": "Route", "Value": "$.route"}],
                    "MetricName": "Failures",
                    "MetricNamespace": "Some/Api",
                    "MetricValue": "1",
                    "Unit": "Count",
                }
            ],
        },
    },
}
APPLICATION: dict[str, Any] = {
    "DependsOn": [{"Condition": "HEALTHY", "ContainerName": "collector"}],
    "Environment": [
        {"Name": "PORT", "Value": "8000"},
        {"Name": "ENVIRONMENT", "Value": "production"},
    ],
    "Essential": True,
    "HealthCheck": {
        "Command": ["CMD", "python", "-m", "health"],
        "Interval": 10,
        "Retries": 3,
        "StartPeriod": 30,
        "Timeout": 5,
    },
    "Image": {
        "Fn::Join": ["", [imported("repository"), ":", {"Ref": "ImageTag"}]],
    },
    "LinuxParameters": {
        "Capabilities": {"Drop": ["ALL"]},
        "InitProcessEnabled": True,
        "Tmpfs": [
            {"ContainerPath": "/tmp", "MountOptions": ["noexec"], "Size": 64}  # noqa: S108
        ],
    },
    "LogConfiguration": {
        "LogDriver": "awslogs",
        "Options": {
            "awslogs-group": {"Ref": "Logs"},
            "awslogs-region": {"Ref": "AWS::Region"},
            "awslogs-stream-prefix": "app",
            "mode": "non-blocking",
        },
    },
    "MountPoints": [{"ContainerPath": "/scratch", "ReadOnly": False, "SourceVolume": "scratch"}],
    "Name": "app",
    "PortMappings": [
        {"AppProtocol": "http", "ContainerPort": 8000, "Name": "http", "Protocol": "tcp"}
    ],
    "Privileged": False,
    "ReadonlyRootFilesystem": True,
    "Secrets": [
        {
            "Name": "DATABASE_PASSWORD",
            "ValueFrom": {"Fn::Sub": "${Secret}:password::"},
        },
        {"Name": "DATABASE_USER", "ValueFrom": {"Fn::Sub": "${Secret}:username::"}},
    ],
    "StartTimeout": 60,
    "StopTimeout": 90,
    "User": "10001:10001",
}
COLLECTOR: dict[str, Any] = {
    "Essential": False,
    "HealthCheck": {"Command": ["CMD", "/healthcheck"]},
    "Image": "public.ecr.aws/aws-observability/aws-otel-collector@sha256:" + "0" * 64,
    "Name": "collector",
    "ReadonlyRootFilesystem": True,
    "RestartPolicy": {"Enabled": True, "IgnoredExitCodes": [0], "RestartAttemptPeriod": 60},
    "User": "10002",
}
TASKS: dict[str, Any] = {
    "TaskDefinition": {
        "Type": "AWS::ECS::TaskDefinition",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "ContainerDefinitions": [APPLICATION, COLLECTOR],
            "Cpu": "1024",
            "ExecutionRoleArn": arn("ExecutionRole"),
            "Family": "some-api",
            "Memory": "2048",
            "NetworkMode": "awsvpc",
            "RequiresCompatibilities": ["FARGATE"],
            "RuntimePlatform": {
                "CpuArchitecture": "X86_64",
                "OperatingSystemFamily": "LINUX",
            },
            "Tags": TAGS,
            "TaskRoleArn": arn("TaskRole"),
            "Volumes": [{"Name": "scratch"}],
        },
    },
    "Service": {
        "Type": "AWS::ECS::Service",
        "Properties": {
            "AvailabilityZoneRebalancing": "ENABLED",
            "Cluster": imported("cluster"),
            "DeploymentConfiguration": {
                "Alarms": {"AlarmNames": ["api-5xx"], "Enable": True, "Rollback": True},
                "BakeTimeInMinutes": 10,
                "LifecycleHooks": [
                    {
                        "HookDetails": {"freeze": ["a", {"b": 1}]},
                        "HookTargetArn": {
                            "Fn::Sub": "arn:aws:lambda:us-east-2:${AWS::AccountId}:function:gate"
                        },
                        "LifecycleStages": ["PRE_SCALE_UP", "POST_TEST_TRAFFIC_SHIFT"],
                        "RoleArn": arn("TrafficRole"),
                    }
                ],
                "MaximumPercent": 200,
                "MinimumHealthyPercent": 100,
                "Strategy": "BLUE_GREEN",
            },
            "DeploymentController": {"Type": "ECS"},
            "EnableECSManagedTags": True,
            "EnableExecuteCommand": False,
            "HealthCheckGracePeriodSeconds": 60,
            "LaunchType": "FARGATE",
            "LoadBalancers": [
                {
                    "AdvancedConfiguration": {
                        "AlternateTargetGroupArn": {"Ref": "Green"},
                        "ProductionListenerRule": {"Ref": "Rule"},
                        "RoleArn": arn("TrafficRole"),
                        "TestListenerRule": {"Ref": "TestRule"},
                    },
                    "ContainerName": "app",
                    "ContainerPort": 8000,
                    "TargetGroupArn": {"Ref": "Blue"},
                }
            ],
            "NetworkConfiguration": {
                "AwsvpcConfiguration": {
                    "AssignPublicIp": "DISABLED",
                    "SecurityGroups": [{"Fn::GetAtt": ["Group", "GroupId"]}],
                    "Subnets": [imported("subnet-a"), imported("subnet-b")],
                }
            },
            "PlatformVersion": "1.4.0",
            "PropagateTags": "SERVICE",
            "ServiceName": "some-api",
            "Tags": TAGS,
            "TaskDefinition": {"Ref": "TaskDefinition"},
        },
    },
}
