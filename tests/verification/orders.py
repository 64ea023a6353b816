"""An assembly of one stack with one queue, and the account where it is deployed."""

import copy
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.verification.aws import ENVIRONMENT, PLACE, Aws, good, last_run, mute_rules

Json = Any
STACK = "rovn-production-orders"
URL = f"https://sqs.{ENVIRONMENT.region}.amazonaws.com/{ENVIRONMENT.account}/orders"
QUEUE = "AWS::SQS::Queue"
TEMPLATE: Json = {
    "Metadata": {"Runbook": {"Organisation": "rovn", "Environment": "production", "Tier": "phi"}},
    "Parameters": {"Key": {"Type": "String"}},
    "Resources": {
        "Queue": {
            "Type": QUEUE,
            "Properties": {
                "QueueName": "orders",
                "DelaySeconds": 5,
                "KmsMasterKeyId": {"Ref": "Key"},
                "RedrivePolicy": {"maxReceiveCount": 3, "deadLetterTargetArn": {"Ref": "Key"}},
            },
        }
    },
}


def assembly(folder: Path, template: Json = TEMPLATE, **artifact: Json) -> Path:
    """Write the assembly, as `cdk synth` would."""
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": f"aws://{ENVIRONMENT.account}/{ENVIRONMENT.region}",
        "displayName": "Orders",
        "properties": {
            "templateFile": "orders.template.json",
            "stackName": STACK,
            "terminationProtection": True,
        },
    }
    folder.mkdir(exist_ok=True)
    manifest = {"artifacts": {"orders": stack | artifact}}
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    (folder / "orders.template.json").write_text(json.dumps(template), "utf-8")
    return folder


def attributes(**changes: str) -> Json:
    told = {
        "QueueArn": f"arn:aws:sqs:{PLACE}:orders",
        "DelaySeconds": "5",
        "KmsMasterKeyId": "key-1",
        "RedrivePolicy": '{"maxReceiveCount": 3, "deadLetterTargetArn": "key-1"}',
    }
    return {"Attributes": told | changes}


def described(**changes: Json) -> Json:
    told = {
        "StackName": STACK,
        "StackId": f"arn:aws:cloudformation:{PLACE}:stack/{STACK}/1",
        "CreationTime": datetime(2026, 5, 1, tzinfo=UTC),
        "StackStatus": "UPDATE_COMPLETE",
        "EnableTerminationProtection": True,
        "Parameters": [{"ParameterKey": "Key", "ParameterValue": "key-1"}],
    }
    return {"Stacks": [told | changes]}


ELSEWHERE = ENVIRONMENT.database.backup_copy_region


def summary(name: str, status: str = "UPDATE_COMPLETE") -> Json:
    made = datetime(2026, 5, 1, tzinfo=UTC)
    return {"StackName": name, "CreationTime": made, "StackStatus": status}


def deployed(**answers: Json) -> Aws:
    """Let all be well, but for the answers given, by operation."""
    aws = good()
    queue = {
        "LogicalResourceId": "Queue",
        "PhysicalResourceId": URL,
        "ResourceType": QUEUE,
        "ResourceStatus": "CREATE_COMPLETE",
    }
    aws.answers |= {
        # By the clock of the command.
        "synthetics:DescribeCanariesLastRun": last_run(Timeline={"Started": datetime.now(UTC)}),
        "sts:GetCallerIdentity": {
            "Account": ENVIRONMENT.account,
            "Arn": "arn:aws:sts::1:assumed-role/auditor/me",
        },
        "cloudformation:DescribeStacks": described(),
        "cloudformation:GetTemplate": {"TemplateBody": copy.deepcopy(TEMPLATE)},
        "cloudformation:ListStackResources": {"StackResourceSummaries": [queue]},
        "cloudformation:ListStacks": {"StackSummaries": [summary(STACK)]},
        **{
            f"cloudformation:ListStacks@{region}": {"StackSummaries": []}
            for region in ENVIRONMENT.regions
            if region != ENVIRONMENT.region
        },
        "cloudformation:ListExports": {"Exports": []},
        # Its one stack declares none.
        f"cloudwatch:ListAlarmMuteRules@{ENVIRONMENT.region}": mute_rules(),
        "sqs:GetQueueAttributes": attributes(),
        "sqs:ListQueueTags": {"Tags": {}},
    }
    named = {call.partition(":")[2]: call for call in aws.answers}
    aws.answers |= {named[operation]: answer for operation, answer in answers.items()}
    return aws


def quota(value: float) -> Mapping[str, Json]:
    return {"Quota": {"Value": value, "QuotaName": "as AWS calls it"}}
