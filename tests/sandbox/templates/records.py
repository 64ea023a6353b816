"""Events that go to a queue and a topic, and a function that is fed and called by them."""

from __future__ import annotations

from typing import Any

from tests.sandbox.templates.expressions import ASSUMED, TAGS, arn

SOURCE = "arn:aws:events:us-east-2:111122223333:rule/events"


def policy(sid: str, action: str) -> dict[str, Any]:
    """Return a resource's policy that lets rules call it."""
    statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": action,
        "Resource": "*",
        "Condition": {"ArnEquals": {"aws:SourceArn": [SOURCE]}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


RECORDS: dict[str, Any] = {
    "Resources": {
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": policy("Use", "kms:*")}},
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": ASSUMED}},
        "Letters": {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "KmsMasterKeyId": arn("Key"),
                "MessageRetentionPeriod": 1209600,
                "QueueName": "letters",
                "Tags": TAGS,
            },
        },
        "Queue": {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "KmsMasterKeyId": arn("Key"),
                "QueueName": "records",
                "RedrivePolicy": {"deadLetterTargetArn": arn("Letters"), "maxReceiveCount": 5},
                "VisibilityTimeout": 360,
            },
        },
        "QueuePolicy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "PolicyDocument": policy("Send", "sqs:SendMessage"),
                "Queues": [{"Ref": "Queue"}, {"Ref": "Letters"}],
            },
        },
        "Topic": {
            "Type": "AWS::SNS::Topic",
            "Properties": {
                "DisplayName": "Security",
                "KmsMasterKeyId": arn("Key"),
                "Tags": TAGS,
                "TopicName": "security",
            },
        },
        "TopicPolicy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {
                "PolicyDocument": policy("Publish", "sns:Publish"),
                "Topics": [{"Ref": "Topic"}],
            },
        },
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "Description": "to the records",
                "EventPattern": {
                    "source": ["aws.ecs"],
                    "resources": [{"prefix": "arn:aws:ecs:us-east-2:111122223333:service/"}],
                },
                "Name": "events",
                "State": "ENABLED",
                "Tags": TAGS,
                "Targets": [
                    {
                        "Arn": arn("Queue"),
                        "DeadLetterConfig": {"Arn": arn("Letters")},
                        "Id": "queue",
                        "RetryPolicy": {
                            "MaximumEventAgeInSeconds": 86400,
                            "MaximumRetryAttempts": 185,
                        },
                    },
                    {
                        "Arn": {"Ref": "Topic"},
                        "Id": "topic",
                        "InputTransformer": {
                            "InputPathsMap": {"what": "$.detail-type"},
                            "InputTemplate": '"<what>"',
                        },
                    },
                ],
            },
        },
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Code": {"S3Bucket": "code", "S3Key": "code.zip"},
                "DeadLetterConfig": {"TargetArn": arn("Letters")},
                "FunctionName": "recorder",
                "Handler": "hook.handler",
                "Role": arn("Role"),
                "Runtime": "python3.13",
                "VpcConfig": {
                    "SecurityGroupIds": [{"Fn::GetAtt": ["Group", "GroupId"]}],
                    "SubnetIds": [{"Ref": "Subnet"}],
                },
            },
        },
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "Subnet": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {"CidrBlock": "10.0.1.0/24", "VpcId": {"Ref": "Vpc"}},
        },
        "Group": {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {"GroupDescription": "calls", "VpcId": {"Ref": "Vpc"}},
        },
        "Permission": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": arn("Function"),
                "Principal": "events.amazonaws.com",
                "SourceArn": SOURCE,
            },
        },
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "BatchSize": 10,
                "EventSourceArn": arn("Queue"),
                "FunctionName": {"Ref": "Function"},
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "ScalingConfig": {"MaximumConcurrency": 2},
                "Tags": TAGS,
            },
        },
    }
}
