"""Task definitions as ECS describes them, and change sets as CloudFormation tells them."""

import json
from typing import Any

Json = Any
OLD, NEW = "prod-20260510220219", "prod-20260601120000-next"


def definition(tag: str, **environment: str) -> Json:
    """Write a task definition as ECS describes it."""
    return {
        "family": "rovn-passport-api",
        "cpu": "1024",
        "memory": "4096",
        "containerDefinitions": [
            {
                "name": "app",
                "image": f"111122223333.dkr.ecr.us-east-2.amazonaws.com/rovn-passport-api:{tag}",
                "environment": [
                    {"name": k, "value": v} for k, v in ({"LOG": "info"} | environment).items()
                ],
                "secrets": [{"name": "ADMIN_TOKEN", "valueFrom": "arn:secret:admin"}],
            }
        ],
    }


def context(tag: str, **changed: Json) -> str:
    """Write what CloudFormation tells of the app's task definition."""
    app = {
        "Name": "app",
        "Image": f"111122223333.dkr.ecr.us-east-2.amazonaws.com/rovn-passport-api:{tag}",
        "Environment": [{"Name": "LOG", "Value": "info"}],
        "Secrets": [{"Name": "ADMIN_TOKEN", "ValueFrom": "arn:secret:admin"}],
        "DockerLabels": {
            "runbook.migrations-task-definition": "arn:task-definition/m:1"
            if tag == OLD
            else "{{changeSet:KNOWN_AFTER_APPLY}}"
        },
    } | changed.pop("container", {})
    properties = {"Family": "rovn-passport-api", "Cpu": "1024", "Memory": "4096"} | changed
    return json.dumps({"Properties": properties | {"ContainerDefinitions": [app]}})


def resource(type_: str, name: str, before: str, after: str) -> Json:
    """Write one change of a change set."""
    return {
        "Type": "Resource",
        "ResourceChange": {
            "Action": "Modify",
            "LogicalResourceId": name,
            "ResourceType": type_,
            "Replacement": "True",
            "BeforeContext": before,
            "AfterContext": after,
        },
    }


def image_change(tag: str, **changed: Json) -> list[Json]:
    """Write the change set of a release: the revision, and the service that takes it."""
    service = {"ServiceName": "rovn-passport-api"}
    old = json.dumps({"Properties": {**service, "TaskDefinition": "arn:task-definition/x:1"}})
    new = json.dumps(
        {"Properties": {**service, "TaskDefinition": "{{changeSet:KNOWN_AFTER_APPLY}}"}}
    )
    return [
        resource("AWS::ECS::TaskDefinition", "App", context(OLD), context(tag, **changed)),
        resource("AWS::ECS::Service", "Service", old, new),
    ]
