"""AWS as the release command sees it: real clients, answers of our own, faults on demand."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from runbook.model.environment import Environment

Json = Any
OLD, NEW = "prod-20260510220219", "prod-20260601120000-next"
BUCKET = "the-audit-bucket"
ACTOR = "arn:aws:sts::111122223333:assumed-role/someone/session"
Fault = tuple[str, str] | BaseException


@dataclass
class Aws:
    """One service that runs OLD, and the image NEW beside it; tests change what they need.

    ``faults`` maps an operation to errors for its next calls: (code, message), or an exception as
    of a lost connection. ``story`` are the stack's states after the execution, one a poll.
    """

    environment: Environment
    key: str = "passport-api"
    stack: Json = None
    events: list[Json] = field(default_factory=list)
    change_sets: dict[str, Json] = field(default_factory=dict)
    changes: list[Json] = field(default_factory=list)
    images: dict[str, Json] = field(default_factory=dict)
    freeze: str | None = '{"frozen": false, "by": "", "reason": "", "since": ""}'
    running: str = OLD
    rollout: str = "COMPLETED"
    tasks: tuple[int, int] = (3, 3)
    definition: Json = None
    deployment: Json = None
    records: dict[str, Json] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    story: list[tuple[str, str]] = field(default_factory=list)
    audit_outputs: list[Json] = field(default_factory=list)
    during: dict[str, Callable[[], None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        name = f"{self.environment.slug}-{self.key}"
        self.stack = {
            "StackName": name,
            "StackId": f"arn:aws:cloudformation:us-east-2:111122223333:stack/{name}/1",
            "CreationTime": datetime(2026, 5, 1, tzinfo=UTC),
            "StackStatus": "UPDATE_COMPLETE",
            "Parameters": [
                {"ParameterKey": "ImageTag", "ParameterValue": OLD},
                {"ParameterKey": "BootstrapVersion", "ParameterValue": "/cdk-bootstrap/x"},
            ],
        }
        self.tell("UPDATE_COMPLETE")
        clean = {"imageScanStatus": {"status": "COMPLETE"}, "imageScanFindings": {}}
        self.images = {OLD: clean, NEW: clean}
        self.changes = image_change(NEW)
        self.definition = definition(OLD)
        self.story = [("UPDATE_IN_PROGRESS", ""), ("UPDATE_COMPLETE", "")]
        self.audit_outputs = [{"OutputKey": "AuditRecordsBucket", "OutputValue": BUCKET}]

    def session(self) -> boto3.Session:
        """Make real clients: parameters are checked against the services' models."""
        session = boto3.Session(
            aws_access_key_id="testing",
            aws_secret_access_key="testing",  # noqa: S106
            region_name="us-east-2",
        )
        events = session._session.get_component("event_emitter")
        events.register("before-parameter-build.*.*", self._keep)
        events.register("before-call.*.*", self._answer)
        return session

    def _keep(self, params: Json, context: Json, **_: Json) -> None:
        context["asked"] = dict(params)

    def _answer(self, model: Json, context: Json, **_: Json) -> tuple[AWSResponse, Json]:
        self.calls.append(model.name)
        if model.name in self.during:
            self.during[model.name]()
        if self.faults.get(model.name):
            fault = self.faults[model.name].pop(0)
            if isinstance(fault, BaseException):
                raise fault
            return _failure(*fault)
        answer = getattr(self, f"_{_snake(model.name)}")(context["asked"])
        if isinstance(answer, tuple):
            return _failure(*answer)
        return AWSResponse("https://aws", 200, HTTPHeaders(), None), {
            "ResponseMetadata": {}
        } | answer

    def tell(self, status: str, reason: str = "", resource: str = "") -> None:
        """Add an event, of the stack itself or of a resource."""
        self.events.append(
            {
                "StackId": self.stack["StackId"],
                "StackName": self.stack["StackName"],
                "EventId": f"event-{len(self.events)}",
                "LogicalResourceId": resource or self.stack["StackName"],
                "PhysicalResourceId": resource or self.stack["StackId"],
                "ResourceStatus": status,
                "ResourceStatusReason": reason,
                "Timestamp": datetime(2026, 6, 1, tzinfo=UTC),
            }
        )

    def begin(self) -> None:
        """Let the update begin, as an execution does."""
        self.stack["StackStatus"] = "UPDATE_IN_PROGRESS"
        self.stack["Parameters"][0] = {"ParameterKey": "ImageTag", "ParameterValue": NEW}
        self.tell("UPDATE_IN_PROGRESS", "User Initiated")

    def _go_on(self) -> None:
        """Tell the story's next state whenever somebody looks."""
        if self.stack["StackStatus"].endswith("IN_PROGRESS") and self.story:
            status, reason = self.story.pop(0)
            resource, _, status = status.rpartition("/")
            self.tell(status, reason, resource)
            if resource:
                return
            self.stack["StackStatus"] = status
            if status == "UPDATE_COMPLETE":
                self.running, self.definition = NEW, definition(NEW)

    # ---- answers, one for each operation

    def _describe_stacks(self, asked: Json) -> Json:
        if asked["StackName"].endswith("-audit"):
            return {"Stacks": [{**self._bare("audit"), "Outputs": self.audit_outputs}]}
        if self.stack["StackStatus"] == "none":
            return "ValidationError", f"Stack with id {asked['StackName']} does not exist"
        return {"Stacks": [dict(self.stack)]}

    def _bare(self, name: str) -> Json:
        return {
            "StackName": name,
            "StackStatus": "CREATE_COMPLETE",
            "CreationTime": datetime(2026, 5, 1, tzinfo=UTC),
        }

    def _describe_stack_events(self, asked: Json) -> Json:
        self._go_on()
        return {"StackEvents": self.events[::-1]}

    def _describe_change_set(self, asked: Json) -> Json:
        found = self.change_sets.get(asked["ChangeSetName"])
        return found or ("ChangeSetNotFound", "there is none")

    def _create_change_set(self, asked: Json) -> Json:
        assert asked["UsePreviousTemplate"] is True
        kept = {p["ParameterKey"]: p for p in asked["Parameters"]}
        assert kept.pop("ImageTag")["ParameterValue"] == NEW
        assert all(p == {"ParameterKey": k, "UsePreviousValue": True} for k, p in kept.items())
        name = asked["ChangeSetName"]
        if name in self.change_sets:
            return "AlreadyExistsException", "there is one"
        self.change_sets[name] = {
            "ChangeSetName": name,
            "ChangeSetId": f"arn:change-set/{name}/{len(self.calls)}",
            "Status": "CREATE_COMPLETE",
            "ExecutionStatus": "AVAILABLE",
            "Changes": self.changes,
        }
        return {"Id": self.change_sets[name]["ChangeSetId"]}

    def _delete_change_set(self, asked: Json) -> Json:
        del self.change_sets[asked["ChangeSetName"]]
        return {}

    def _execute_change_set(self, asked: Json) -> Json:
        assert asked["ChangeSetName"] in {c["ChangeSetId"] for c in self.change_sets.values()}
        self.begin()
        return {}

    def _describe_services(self, asked: Json) -> Json:
        assert asked["cluster"] == self.environment.slug
        if not self.running:
            return {"services": [], "failures": []}
        running, desired = self.tasks
        primary = {
            "status": "PRIMARY",
            "taskDefinition": f"arn:task-definition/rovn-passport-api:{self.running}",
            "rolloutState": self.rollout,
            "runningCount": running,
            "desiredCount": desired,
        }
        return {"services": [{"status": "ACTIVE", "deployments": [primary]}]}

    def _describe_task_definition(self, asked: Json) -> Json:
        return {"taskDefinition": self.definition}

    def _list_service_deployments(self, asked: Json) -> Json:
        if not self.deployment:
            return {"serviceDeployments": []}
        arn, when = "arn:service-deployment/x", datetime(2026, 6, 1, tzinfo=UTC)
        return {"serviceDeployments": [{"serviceDeploymentArn": arn, "createdAt": when}]}

    def _describe_service_deployments(self, asked: Json) -> Json:
        return {"serviceDeployments": [self.deployment]}

    def _describe_images(self, asked: Json) -> Json:
        (image,) = asked["imageIds"]
        if image["imageTag"] not in self.images:
            return "ImageNotFoundException", "no such tag"
        return {"imageDetails": [{"imageTags": [image["imageTag"]]}]}

    def _describe_image_scan_findings(self, asked: Json) -> Json:
        return self.images[asked["imageId"]["imageTag"]] or ("ScanNotFoundException", "none")

    def _get_parameter(self, asked: Json) -> Json:
        assert asked["Name"] == f"/{self.environment.name}/release-freeze"
        if self.freeze is None:
            return "ParameterNotFound", "none"
        return {"Parameter": {"Value": self.freeze}}

    def _get_caller_identity(self, asked: Json) -> Json:
        return {"Arn": ACTOR}

    def _put_object(self, asked: Json) -> Json:
        assert asked["Bucket"] == BUCKET
        assert asked["ExpectedBucketOwner"] == self.environment.account
        self.records[asked["Key"]] = json.loads(asked["Body"])
        return {}


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


def _failure(code: str, message: str) -> tuple[AWSResponse, Json]:
    return (
        AWSResponse("https://aws", 400, HTTPHeaders(), None),
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {}},
    )


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).removeprefix("_")
