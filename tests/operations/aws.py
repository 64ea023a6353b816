"""AWS as the release command sees it: real clients, answers of our own, faults on demand."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError
from botocore.loaders import create_loader

from runbook.model.environment import Environment
from tests.operations.revisions import NEW, OLD, definition, image_change

Json = Any
BUCKET = "the-audit-bucket"
# The services' models, read once for all sessions.
MODELS = create_loader()
ACTOR = "arn:aws:sts::111122223333:assumed-role/someone/session"
LOCK = {
    "ObjectLockMode": "COMPLIANCE",
    "ObjectLockRetainUntilDate": datetime(2032, 6, 1, tzinfo=UTC),
}
Fault = tuple[str, str] | BaseException
DENIED = ("AccessDenied", "you may not")
BUSY = ("ThrottlingException", "rate exceeded")
LOST = ReadTimeoutError(endpoint_url="https://aws")


@dataclass
class Aws:
    """One service that runs OLD, and the image NEW beside it; tests change what they need.

    ``signed_in`` is the account of the credentials, if it is another.
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
    signed_in: str = ""
    rollout: str = "COMPLETED"
    tasks: tuple[int, int] = (3, 3)
    definition: Json = None
    deployment: Json = None
    records: dict[str, Json] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    story: list[tuple[str, str]] = field(default_factory=list)
    audit_outputs: list[Json] = field(default_factory=list)
    # How many records were written before each execution.
    executions: list[int] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict)
    alarm_names: list[str] = field(default_factory=list)
    alarm_states: dict[str, str] = field(default_factory=dict)
    lock: dict[str, Json] = field(default_factory=lambda: dict(LOCK))
    during: dict[str, Callable[[], None]] = field(default_factory=dict)
    # Where the last call went.
    region: str = ""

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
        session._session.register_component("data_loader", MODELS)
        events = session._session.get_component("event_emitter")
        events.register("before-parameter-build.*.*", self._keep)
        events.register("before-call.*.*", self._answer)
        return session

    def _keep(self, params: Json, context: Json, **_: Json) -> None:
        context["asked"] = dict(params)
        self.region = context["client_region"]

    def _answer(self, model: Json, context: Json, **_: Json) -> tuple[AWSResponse, Json]:
        self.calls.append(model.name)
        if model.name in self.during:
            self.during[model.name]()
        if self.faults.get(model.name):
            fault = self.faults[model.name].pop(0)
            if isinstance(fault, BaseException):
                raise fault
            return _failure(*fault)
        answer = self.answer(model.name, context["asked"])
        if isinstance(answer, tuple):
            return _failure(*answer)
        return AWSResponse("https://aws", 200, HTTPHeaders(), None), {
            "ResponseMetadata": {}
        } | answer

    def answer(self, operation: str, asked: Json) -> Json:
        """Do what is asked; an error is a pair of code and message."""
        return getattr(self, f"_{_snake(operation)}")(asked)

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

    @property
    def writes(self) -> list[str]:
        """The calls so far that change something, or record it."""
        return [call for call in self.calls if call in ("ExecuteChangeSet", "PutObject")]

    def fails(self, last: str = "UPDATE_ROLLBACK_COMPLETE") -> None:
        """Let the gate hold the release, and the stack roll back."""
        self.story = [
            ("App/UPDATE_COMPLETE", ""),
            ("Service/UPDATE_FAILED", "the deployment failed"),
            ("UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to update"),
            (last, ""),
        ]
        self.deployment = {
            "status": "ROLLBACK_SUCCESSFUL",
            "lifecycleStage": "PRE_SCALE_UP",
            "statusReason": "hook FAILED: 0002 cannot be read by the previous image",
        }

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
                self._end("EXECUTE_COMPLETE", NEW)
            if status == "UPDATE_ROLLBACK_COMPLETE":
                self._end("EXECUTE_FAILED", OLD)

    def _end(self, executed: str, serving: str) -> None:
        self.stack["Parameters"][0] = {"ParameterKey": "ImageTag", "ParameterValue": serving}
        self.running, self.definition = serving, definition(serving)
        for change_set in self.change_sets.values():
            if change_set.get("ExecutionStatus") == "EXECUTE_IN_PROGRESS":
                change_set["ExecutionStatus"] = executed

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
        name, status = asked["ChangeSetName"], self.stack["StackStatus"]
        if status.endswith("IN_PROGRESS"):
            return "ValidationError", f"Stack is in {status} state and can not be updated."
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
        # CloudFormation says yes to deleting one that is not there.
        self.change_sets.pop(asked["ChangeSetName"], None)
        return {}

    def _execute_change_set(self, asked: Json) -> Json:
        by_id = {c["ChangeSetId"]: c for c in self.change_sets.values()}
        change_set = by_id[asked["ChangeSetName"]]
        status = change_set.get("ExecutionStatus", "AVAILABLE")
        if status != "AVAILABLE":
            return "InvalidChangeSetStatus", f"it cannot be executed in its status of [{status}]"
        change_set["ExecutionStatus"] = "EXECUTE_IN_PROGRESS"
        self.executions.append(len(self.records))
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
        alarms = {"alarmNames": self.alarm_names, "enable": bool(self.alarm_names)}
        configuration = {"alarms": {**alarms, "rollback": True}}
        service = {"status": "ACTIVE", "deployments": [primary]}
        return {"services": [service | {"deploymentConfiguration": configuration}]}

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

    def _put_parameter(self, asked: Json) -> Json:
        assert asked["Name"] == f"/{self.environment.name}/release-freeze"
        assert asked["Overwrite"] is True
        self.freeze = asked["Value"]
        return {"Version": 2}

    def _describe_alarms(self, asked: Json) -> Json:
        assert asked["AlarmNames"] == self.alarm_names
        states = [{"AlarmName": n, "StateValue": s} for n, s in self.alarm_states.items()]
        return {"MetricAlarms": states[:1], "CompositeAlarms": states[1:]}

    def _list_objects_v2(self, asked: Json) -> Json:
        assert asked["Bucket"] == BUCKET
        keys = sorted(key for key in self.records if key.startswith(asked["Prefix"]))
        return {"Contents": [{"Key": key} for key in keys], "IsTruncated": False}

    def _get_object(self, asked: Json) -> Json:
        assert asked["ExpectedBucketOwner"] == self.environment.account
        if asked["Key"] not in self.records:
            return "NoSuchKey", "there is none"
        body = json.dumps(self.records[asked["Key"]]).encode()
        return {"Body": io.BytesIO(body), "VersionId": "v1"} | self.lock

    def _get_secret_value(self, asked: Json) -> Json:
        return {"SecretString": self.secrets[asked["SecretId"]]}

    def _get_caller_identity(self, asked: Json) -> Json:
        return {"Arn": ACTOR, "Account": self.signed_in or self.environment.account}

    def _put_object(self, asked: Json) -> Json:
        assert asked["Bucket"] == BUCKET
        assert asked["ExpectedBucketOwner"] == self.environment.account
        self.records[asked["Key"]] = json.loads(asked["Body"])
        return {}


def _failure(code: str, message: str) -> tuple[AWSResponse, Json]:
    return (
        AWSResponse("https://aws", 400, HTTPHeaders(), None),
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {}},
    )


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).removeprefix("_")
