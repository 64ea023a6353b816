"""A pipeline from a bucket over a project to an approval."""

from __future__ import annotations

from typing import Any

from tests.sandbox.templates.expressions import TAGS, arn


def role(service: str) -> dict[str, Any]:
    """Return a role that a service may assume."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    trust = {"Version": "2012-10-17", "Statement": [statement]}
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}}


def action(category: str, owner: str, provider: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return an action of a stage."""
    kind = {"Category": category, "Owner": owner, "Provider": provider, "Version": "1"}
    return {"ActionTypeId": kind, "Name": category, **more}


STAGES = [
    {
        "Name": "Source",
        "Actions": [
            action(
                "Source",
                "AWS",
                "S3",
                Configuration={
                    "S3Bucket": {"Ref": "Source"},
                    "S3ObjectKey": "source.zip",
                    "PollForSourceChanges": "false",
                },
                OutputArtifacts=[{"Name": "Source"}],
            )
        ],
    },
    {
        "Name": "Build",
        "Actions": [
            action(
                "Build",
                "AWS",
                "CodeBuild",
                Configuration={"ProjectName": {"Ref": "Project"}},
                InputArtifacts=[{"Name": "Source"}],
                Namespace="Built",
                RunOrder=1,
            )
        ],
        "OnFailure": {
            "Result": "RETRY",
            "RetryConfiguration": {"RetryMode": "FAILED_ACTIONS"},
        },
    },
    {
        "Name": "Approve",
        "Actions": [action("Approval", "AWS", "Manual", TimeoutInMinutes=4320)],
    },
]
DELIVERY: dict[str, Any] = {
    "Resources": {
        "BuildRole": role("codebuild"),
        "PipelineRole": role("codepipeline"),
        "Source": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "NotificationConfiguration": {
                    "EventBridgeConfiguration": {"EventBridgeEnabled": True}
                }
            },
        },
        "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/build"}},
        "Project": {
            "Type": "AWS::CodeBuild::Project",
            "Properties": {
                "Artifacts": {"Type": "CODEPIPELINE"},
                "BadgeEnabled": False,
                "ConcurrentBuildLimit": 1,
                "Description": "builds",
                "Environment": {
                    "ComputeType": "BUILD_GENERAL1_SMALL",
                    "EnvironmentVariables": [
                        {"Name": "WHERE", "Type": "PLAINTEXT", "Value": "here"}
                    ],
                    "Image": "aws/codebuild/amazonlinux-x86_64-standard:5.0",
                    "PrivilegedMode": True,
                    "Type": "LINUX_CONTAINER",
                },
                "LogsConfig": {
                    "CloudWatchLogs": {
                        "GroupName": {"Ref": "Logs"},
                        "Status": "ENABLED",
                        "StreamName": "build",
                    }
                },
                "Name": "builder",
                "QueuedTimeoutInMinutes": 60,
                "ServiceRole": arn("BuildRole"),
                "Source": {"BuildSpec": '{"version": 0.2}', "Type": "CODEPIPELINE"},
                "Tags": TAGS,
                "TimeoutInMinutes": 15,
                "Visibility": "PRIVATE",
            },
        },
        "Pipeline": {
            "Type": "AWS::CodePipeline::Pipeline",
            "Properties": {
                "ArtifactStore": {"Location": {"Ref": "Source"}, "Type": "S3"},
                "ExecutionMode": "QUEUED",
                "Name": "releases",
                "PipelineType": "V2",
                "RoleArn": arn("PipelineRole"),
                "Stages": STAGES,
                "Tags": TAGS,
                "Variables": [{"DefaultValue": "main", "Name": "SUFFIX"}],
            },
        },
    }
}
