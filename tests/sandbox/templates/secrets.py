"""A secret that rotates by a function of the test's, and an alarm of its age."""

from __future__ import annotations

from typing import Any

from tests.sandbox.templates.expressions import ASSUMED, TAGS, arn

BUCKET, KEY = "code", "rotate.zip"
# Writes down each step that it is asked for; `fails` in its folder names the step that fails, as it
# was when the step was written down. While there is a `held`, all other steps wait.
FUNCTION = """
import json, os, pathlib, time, boto3

def handler(event, context):
    folder = pathlib.Path(os.environ["FOLDER"])
    arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    fails = (folder / "fails").read_text() if (folder / "fails").exists() else ""
    with (folder / "steps.jsonl").open("a") as kept:
        kept.write(json.dumps(event) + "\\n")
    while fails != step and (folder / "held").exists():
        time.sleep(0.02)
    manager = boto3.client("secretsmanager")
    stages = manager.describe_secret(SecretId=arn)["VersionIdsToStages"]
    if "AWSPENDING" not in stages[token]:
        raise ValueError("not pending")
    if fails == step:
        raise RuntimeError("as told")
    if step == "createSecret":
        manager.put_secret_value(
            SecretId=arn, ClientRequestToken=token, SecretString=f"value of {token}",
            VersionStages=["AWSPENDING"],
        )
    if step == "finishSecret":
        current = next(each for each, names in stages.items() if "AWSCURRENT" in names)
        manager.update_secret_version_stage(
            SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token,
            RemoveFromVersionId=current,
        )
"""


def rotating(folder: str) -> dict[str, Any]:
    """Return the template; the function reads and writes in `folder`."""
    return {
        "Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": ASSUMED}},
            "Function": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "Code": {"S3Bucket": BUCKET, "S3Key": KEY},
                    "Environment": {"Variables": {"FOLDER": folder}},
                    "FunctionName": "rotate-token",
                    "Handler": "index.handler",
                    "Role": arn("Role"),
                    "Runtime": "python3.13",
                    "Timeout": 60,
                },
            },
            "Permission": {
                "Type": "AWS::Lambda::Permission",
                "Properties": {
                    "Action": "lambda:InvokeFunction",
                    "FunctionName": arn("Function"),
                    "Principal": "secretsmanager.amazonaws.com",
                    "SourceAccount": {"Ref": "AWS::AccountId"},
                },
            },
            "Secret": {
                "Type": "AWS::SecretsManager::Secret",
                "Properties": {
                    "GenerateSecretString": {"PasswordLength": 40, "ExcludePunctuation": True},
                    "Name": "some/token",
                    "Tags": TAGS,
                },
            },
            "Schedule": {
                "Type": "AWS::SecretsManager::RotationSchedule",
                "DependsOn": ["Permission"],
                "Properties": {
                    "RotateImmediatelyOnUpdate": True,
                    "RotationLambdaARN": arn("Function"),
                    "RotationRules": {"ScheduleExpression": "rate(90 days)", "Duration": "2h"},
                    "SecretId": {"Ref": "Secret"},
                },
            },
            "Age": {
                "Type": "AWS::CloudWatch::Alarm",
                "Properties": {
                    "ActionsEnabled": True,
                    "AlarmActions": ["arn:aws:sns:us-east-2:111122223333:security"],
                    "AlarmDescription": "a secret is older than its cadence",
                    "AlarmName": "secret-overdue",
                    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
                    "DatapointsToAlarm": 1,
                    "Dimensions": [
                        {"Name": "Environment", "Value": "some/production"},
                        {"Name": "Secret", "Value": "token"},
                    ],
                    "EvaluationPeriods": 2,
                    "MetricName": "AgePercentOfCadence",
                    "Namespace": "Runbook/Secrets",
                    "OKActions": ["arn:aws:sns:us-east-2:111122223333:security"],
                    "Period": 3600,
                    "Statistic": "Maximum",
                    "Tags": TAGS,
                    "Threshold": 100,
                    "TreatMissingData": "breaching",
                },
            },
        }
    }
