"""What asks, rings and tells: alarms, mute rules, subscriptions, a canary, a budget, a channel."""

from __future__ import annotations

import copy
import json
from typing import Any

from tests.sandbox.templates.expressions import ASSUMED, TAGS

ADDRESS = "some/pager-address"
REFERENCE = f"{{{{resolve:secretsmanager:{ADDRESS}:SecretString}}}}"
TOPIC = {"Ref": "Topic"}


def queried(id_: str, name: str, stat: str) -> dict[str, Any]:
    """Return one series of an alarm."""
    dimensions = [{"Name": "LoadBalancer", "Value": "app/some/abc"}]
    metric = {"Namespace": "AWS/Some", "MetricName": name, "Dimensions": dimensions}
    stat_of = {"Metric": metric, "Period": 300, "Stat": stat}
    return {"Id": id_, "MetricStat": stat_of, "ReturnData": False}


def alarm(name: str, **properties: object) -> dict[str, Any]:
    """Return an alarm on a share of errors."""
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "ActionsEnabled": True,
            "AlarmName": name,
            "ComparisonOperator": "GreaterThanThreshold",
            "DatapointsToAlarm": 1,
            "EvaluationPeriods": 1,
            "Metrics": [
                queried("errors", "Errors", "Sum"),
                queried("calls", "Calls", "p95"),
                {
                    "Id": "result",
                    "Expression": "100 * errors / calls",
                    "Label": "% of calls",
                    "ReturnData": True,
                },
            ],
            "Threshold": 1.5,
            "TreatMissingData": "notBreaching",
            **properties,
        },
    }


WATCH: dict[str, Any] = {
    "Resources": {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": ASSUMED}},
        "Topic": {
            "Type": "AWS::SNS::Topic",
            "Properties": {"TopicName": "some-sev-1", "Tags": TAGS},
        },
        "Letters": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "some-letters"}},
        "LettersPolicy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "sns.amazonaws.com"},
                            "Action": "sqs:SendMessage",
                            "Resource": "*",
                            "Condition": {"ArnEquals": {"aws:SourceArn": TOPIC}},
                        }
                    ],
                },
                "Queues": [{"Ref": "Letters"}],
            },
        },
        "Pager": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {
                "DeliveryPolicy": {"healthyRetryPolicy": {"numRetries": 3, "minDelayTarget": 5}},
                "Endpoint": REFERENCE,
                "Protocol": "https",
                "RawMessageDelivery": False,
                "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["Letters", "Arn"]}},
                "TopicArn": TOPIC,
            },
        },
        "Errors": alarm("some-errors", AlarmActions=[TOPIC], OKActions=[TOPIC], Tags=TAGS),
        "Fast": alarm("some-fast"),
        "Slow": alarm("some-slow"),
        "Burn": {
            "Type": "AWS::CloudWatch::CompositeAlarm",
            "DependsOn": ["Fast", "Slow"],
            "Properties": {
                "ActionsEnabled": True,
                "AlarmActions": [TOPIC],
                "AlarmDescription": "the budget burns",
                "AlarmName": "some-burn",
                "AlarmRule": 'ALARM("some-fast") AND ALARM("some-slow")',
                "OKActions": [TOPIC],
                "Tags": TAGS,
            },
        },
        "Night": {
            "Type": "AWS::CloudWatch::AlarmMuteRule",
            "DependsOn": ["Errors", "Burn"],
            "Properties": {
                "Description": "outside business hours",
                "MuteTargets": {"AlarmNames": ["some-errors", "some-burn"]},
                "Name": "some-night",
                "Rule": {
                    "Schedule": {
                        "Duration": "PT16H",
                        "Expression": "cron(0 17 * * MON-FRI)",
                        "Timezone": "America/New_York",
                    }
                },
                "Tags": TAGS,
            },
        },
        "Overview": {
            "Type": "AWS::CloudWatch::Dashboard",
            "Properties": {
                "DashboardBody": json.dumps({"widgets": [{"type": "text"}]}),
                "DashboardName": "some-overview",
                "Tags": TAGS,
            },
        },
        "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/some"}},
        "Filter": {
            "Type": "AWS::Logs::MetricFilter",
            "Properties": {
                "FilterName": "errors",
                "FilterPattern": '{ $.level = "error" }',
                "LogGroupName": {"Ref": "Group"},
                "MetricTransformations": [
                    {
                        "DefaultValue": 0,
                        "MetricName": "Errors",
                        "MetricNamespace": "Some",
                        "MetricValue": "1",
                    }
                ],
            },
        },
        "Canary": {
            "Type": "AWS::Synthetics::Canary",
            "Properties": {
                "ArtifactS3Location": "s3://some-artifacts/canary",
                "Code": {"Handler": "c.handler", "S3Bucket": "code", "S3Key": "c.zip"},
                "ExecutionRoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                "FailureRetentionPeriod": 31,
                "Name": "some-canary",
                "ProvisionedResourceCleanup": "AUTOMATIC",
                "RunConfig": {
                    "ActiveTracing": False,
                    "EnvironmentVariables": {"WHERE": "here"},
                    "MemoryInMB": 960,
                    "TimeoutInSeconds": 50,
                },
                "RuntimeVersion": "syn-python-selenium-10.0",
                "Schedule": {
                    "DurationInSeconds": "0",
                    "Expression": "rate(1 minute)",
                    "RetryConfig": {"MaxRetries": 0},
                },
                "StartCanaryAfterCreation": True,
                "SuccessRetentionPeriod": 31,
                "Tags": TAGS,
            },
        },
        "Check": {
            "Type": "AWS::Route53::HealthCheck",
            "Properties": {
                "HealthCheckConfig": {
                    "EnableSNI": True,
                    "FailureThreshold": 3,
                    "FullyQualifiedDomainName": "some.example.com",
                    "Port": 443,
                    "Regions": ["us-east-1", "us-west-2", "eu-west-1"],
                    "RequestInterval": 30,
                    "ResourcePath": "/health",
                    "Type": "HTTPS",
                },
                "HealthCheckTags": TAGS,
            },
        },
        "Budget": {
            "Type": "AWS::Budgets::Budget",
            "Properties": {
                "Budget": {
                    "BudgetLimit": {"Amount": 2500, "Unit": "USD"},
                    "BudgetName": "some-budget",
                    "BudgetType": "COST",
                    "CostFilters": {"TagKeyValue": ["user:environment$some"]},
                    "TimeUnit": "MONTHLY",
                },
                "NotificationsWithSubscribers": [
                    {
                        "Notification": {
                            "ComparisonOperator": "GREATER_THAN",
                            "NotificationType": "ACTUAL",
                            "Threshold": 80,
                            "ThresholdType": "PERCENTAGE",
                        },
                        "Subscribers": [{"Address": TOPIC, "SubscriptionType": "SNS"}],
                    }
                ],
                "ResourceTags": TAGS,
            },
        },
        "Channel": {
            "Type": "AWS::Chatbot::SlackChannelConfiguration",
            "Properties": {
                "ConfigurationName": "some-alarms",
                "GuardrailPolicies": ["arn:aws:iam::111122223333:policy/some-guardrail"],
                "IamRoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                "LoggingLevel": "ERROR",
                "SlackChannelId": "C0123456789",
                "SlackWorkspaceId": "T0123456789",
                "SnsTopicArns": [TOPIC],
                "Tags": TAGS,
                "UserRoleRequired": False,
            },
        },
    }
}

# The secret, with a copy where the other topics are.
SUPPLIED: dict[str, Any] = {
    "Resources": {
        "Address": {
            "Type": "AWS::SecretsManager::Secret",
            "Properties": {
                "Name": ADDRESS,
                "ReplicaRegions": [{"KmsKeyId": "alias/some", "Region": "us-east-1"}],
            },
        }
    }
}
EDGE: dict[str, Any] = {
    "Resources": {
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "some-edge"}},
        "Pager": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {"Endpoint": REFERENCE, "Protocol": "https", "TopicArn": TOPIC},
        },
    }
}


def changed() -> dict[str, Any]:
    """Return the template with another value of whatever can be changed in place."""
    template = copy.deepcopy(WATCH)
    of = {name: resource["Properties"] for name, resource in template["Resources"].items()}
    fewer = [{"Key": "owner", "Value": "security"}]
    for name in ("Errors", "Burn", "Night", "Overview", "Canary", "Channel"):
        of[name]["Tags"] = fewer
    of["Check"]["HealthCheckTags"] = of["Budget"]["ResourceTags"] = fewer
    of["Errors"]["Threshold"] = 2
    del of["Errors"]["AlarmActions"]
    of["Errors"]["Metrics"][2]["Expression"] = "errors"
    of["Burn"]["AlarmRule"] = 'ALARM("some-slow")'
    of["Night"]["Rule"]["Schedule"]["Duration"] = "PT1H"
    of["Overview"]["DashboardBody"] = json.dumps({"widgets": []})
    of["Filter"]["FilterPattern"] = '{ $.level = "fatal" }'
    of["Canary"]["Schedule"]["Expression"] = "rate(5 minutes)"
    of["Check"]["HealthCheckConfig"]["ResourcePath"] = "/"
    of["Budget"]["Budget"]["BudgetLimit"]["Amount"] = 600
    of["Channel"] |= {"SnsTopicArns": [], "LoggingLevel": "INFO"}
    del of["Pager"]["RedrivePolicy"]
    return template
