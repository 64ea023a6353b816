"""An account as the last step of a pipeline sees it: templates in CloudFormation, a bucket in S3.

CloudFormation answers from a synthesized assembly; S3 is moto's, with a lock of its own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from runbook.model.environment import Environment
from runbook.operations.account import Account
from tests.assembly import Assembly
from tests.operations.aws import MODELS

Json = Any
BUCKET, TAG, SERVICE = "the-audit-bucket", "prod-20260510220219", "passport-api"
DENIED = ("AccessDenied", "you may not")
BUSY = ("Throttling", "Rate exceeded")


class _Body:
    def __init__(self, text: str) -> None:
        self.text = text

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        """Give it as botocore reads it."""
        yield self.text.encode()


@dataclass
class DeployedAws:
    """The stacks of one environment as deployed; tests change what they need.

    ``stacks`` maps names to what DescribeStacks tells, ``templates`` to the bodies; ``faults`` maps
    ``Operation stack`` to an error. Make it within ``mock_aws``.
    """

    environment: Environment
    stacks: dict[str, Json]
    templates: dict[str, Json]
    places: Mapping[str, str]
    faults: dict[str, tuple[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    # What S3 was asked: the operation, and the key where there is one.
    of_objects: list[tuple[str, str]] = field(default_factory=list)
    locked: bool = True
    session: boto3.Session = field(default_factory=boto3.Session)

    def __post_init__(self) -> None:
        self.session = boto3.Session(region_name=self.environment.region)
        self.session._session.register_component("data_loader", MODELS)
        events = self.session.events
        events.register("before-parameter-build.cloudformation.*", self._keep)
        events.register("before-call.cloudformation.*", self._answer)  # type: ignore[arg-type]
        events.register("provide-client-params.s3.*", self._noted)
        events.register("before-call.sts.GetCallerIdentity", self._identity)  # type: ignore[arg-type]
        events.register_first("before-send.s3.GetObjectRetention", self._retention)  # type: ignore[arg-type]

    @property
    def account(self) -> Account:
        return Account(self.environment, self.session)

    @property
    def s3(self) -> Json:
        return self.session.client("s3", region_name=self.environment.region)

    def make_bucket(self, days: int) -> None:
        """Make the audit bucket; without days it has no default lock."""
        place = {"LocationConstraint": self.environment.region}
        self.s3.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration=place, ObjectLockEnabledForBucket=True
        )
        if days:
            rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": days}}
            self.s3.put_object_lock_configuration(
                Bucket=BUCKET,
                ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule},
            )

    @property
    def objects(self) -> dict[str, bytes]:
        """Everything in the bucket, by key."""
        listed = self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return {
            each["Key"]: self.s3.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read()
            for each in listed
        }

    def _noted(self, params: Json, model: Json, **_: object) -> None:
        self.of_objects.append((model.name, params.get("Key", "")))

    def _keep(self, params: Json, context: Json, **_: object) -> None:
        context["asked"] = dict(params)

    def _answer(self, model: Json, context: Json, **_: object) -> tuple[AWSResponse, Json]:
        name, region = context["asked"]["StackName"], context["client_region"]
        self.asked.append(f"{model.name} {name} {region}")
        fault = self.faults.get(f"{model.name} {name}")
        if fault is None and (name not in self.stacks or self.places[name] != region):
            fault = ("ValidationError", f"Stack with id {name} does not exist")
        if fault:
            told = {"Error": {"Code": fault[0], "Message": fault[1]}, "ResponseMetadata": {}}
            return AWSResponse("https://aws", 400, HTTPHeaders(), None), told
        if model.name == "DescribeStacks":
            return _good({"Stacks": [self.stacks[name]]})
        assert context["asked"]["TemplateStage"] == "Original"
        return _good({"TemplateBody": self.templates[name]})

    def _identity(self, **_: object) -> tuple[AWSResponse, Json]:
        slug, account = self.environment.slug, self.environment.account
        arn = f"arn:aws:sts::{account}:assumed-role/{slug}-evidence/build"
        return _good({"Account": account, "Arn": arn, "UserId": "x"})

    def _retention(self, request: Any, **_: object) -> AWSResponse:  # noqa: ANN401 - botocore's
        """Answer what moto keeps and does not tell: GetObjectRetention is not in it."""
        key = unquote(urlsplit(request.url).path).lstrip("/").removeprefix(f"{BUCKET}/")
        found = self.s3.head_object(Bucket=BUCKET, Key=key)
        if not self.locked or "ObjectLockMode" not in found:
            code = "<Error><Code>NoSuchObjectLockConfiguration</Code></Error>"
            return AWSResponse("https://aws", 404, HTTPHeaders(), _Body(code))
        until = f"{found['ObjectLockRetainUntilDate']:%Y-%m-%dT%XZ}"
        text = f"<Mode>{found['ObjectLockMode']}</Mode><RetainUntilDate>{until}</RetainUntilDate>"
        body = _Body(f"<Retention>{text}</Retention>")
        return AWSResponse("https://aws", 200, HTTPHeaders(), body)


def deployed(assembly: Assembly, environment: Environment) -> DeployedAws:
    """Take an environment's stacks as synthesized, the service's at ``TAG``."""
    protected = {
        artifact["properties"]["stackName"]: artifact["properties"].get("terminationProtection")
        for manifest in assembly.manifests()
        for artifact in manifest["artifacts"].values()
        if artifact["type"] == "aws:cloudformation:stack"
    }
    names = [name for name in assembly.templates if name.startswith(f"{environment.slug}-")]
    stacks: dict[str, Json] = {
        name: {
            "StackName": name,
            "StackStatus": "UPDATE_COMPLETE",
            "CreationTime": "2026-05-01T00:00:00Z",
            "EnableTerminationProtection": protected[name] is True,
        }
        for name in names
    }
    stacks[f"{environment.slug}-{SERVICE}"]["Parameters"] = [
        {"ParameterKey": "ImageTag", "ParameterValue": TAG}
    ]
    stacks[f"{environment.slug}-audit"]["Outputs"] = [
        {"OutputKey": "AuditRecordsBucket", "OutputValue": BUCKET}
    ]
    places = {name: assembly.environments[name].rpartition("/")[2] for name in names}
    templates = {name: assembly.templates[name] for name in names}
    return DeployedAws(environment, stacks, templates, places)


def _good(answer: Json) -> tuple[AWSResponse, Json]:
    response = AWSResponse("https://aws", 200, HTTPHeaders(), None)
    return response, {"ResponseMetadata": {}} | answer
