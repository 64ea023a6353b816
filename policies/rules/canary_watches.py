"""ROVN-HLT-3: a canary of ours asks each service every 30 seconds, from outside the VPC."""

from collections.abc import Iterator, Mapping
from typing import Any

from policies.lookups.buckets import BUCKET
from policies.lookups.references import find, reference
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import closed, known, number, switch
from runbook.alarms.canary import (
    RESULT_DAYS,
    RUNTIME,
    SCHEDULE,
    SCHEDULE_SECONDS,
    TIMEOUT_SECONDS,
    canary_name,
    variables,
)

Json = Any
CANARY, ROLE = "AWS::Synthetics::Canary", "AWS::IAM::Role"
# The entry of our own code: runbook_constructs/canary/handler/python.
HANDLER = "health_canary.handler"
# Where the CDK puts what lies in this repository.
_ASSETS = "cdk-hnb659fds-assets-"
_FOLDER = "canary"


def _services(scope: Scope) -> Mapping[str, str]:
    """Map the name of each canary that has to be to its service."""
    environment = scope.environment
    return {canary_name(environment, service): service for service in environment.services}


def _judge(canary: Resource, scope: Scope) -> Iterator[str]:
    service = _services(scope).get(str(canary.at("Name")))
    if service is None:
        yield f"it is called {canary.at('Name')}, which is the canary of no service"
        return
    yield from _place(canary, service, scope)
    yield from _runs(canary)
    yield from _code(canary, service, scope)
    yield from _keeps(canary, scope)


def _place(canary: Resource, service: str, scope: Scope) -> Iterator[str]:
    wanted = scope.environment.services[service].probes.canary_region
    if (region := canary.stack.template.region) != wanted:
        yield f"it runs in {region}, not in {wanted}"
    if closed(canary.at("VPCConfig")):
        yield "it stands in a VPC, and sees the service from inside"
    if closed(canary.at("Replicas", [])):
        yield "it runs in other regions, too, where no alarm looks at it"


def _runs(canary: Resource) -> Iterator[str]:
    schedule = {
        "Expression": SCHEDULE,
        "DurationInSeconds": 0,
        "RetryConfig.MaxRetries": 0,
    }
    for key, wanted in schedule.items():
        if (found := number(canary.at(f"Schedule.{key}", 0))) != wanted:
            yield f"Schedule.{key} is {found}, not {wanted}"
    if switch(canary.at("StartCanaryAfterCreation")) is not True:
        yield "StartCanaryAfterCreation is not true: nobody starts it"
    seconds = number(canary.at("RunConfig.TimeoutInSeconds", SCHEDULE_SECONDS))
    if seconds != TIMEOUT_SECONDS:
        yield f"a run may take {seconds} seconds, not {TIMEOUT_SECONDS}"


def _code(canary: Resource, service: str, scope: Scope) -> Iterator[str]:
    """Want our own code, on the runtime it was tried for, told what the file says."""
    if (runtime := canary.at("RuntimeVersion")) != RUNTIME:
        yield f"its runtime is {runtime}, not {RUNTIME}"
    code = closed(canary.at("Code", {}))
    own = f"{_ASSETS}{scope.environment.account}-{canary.stack.template.region}"
    given = {key for key, value in code.items() if value}
    if given != {"Handler", "S3Bucket", "S3Key"} or code["S3Bucket"] != own:
        yield "its code is none of this repository"
    elif code["Handler"] != HANDLER:
        yield f"it starts at {code['Handler']}, not at {HANDLER}"
    found = closed(canary.at("RunConfig.EnvironmentVariables", {}))
    wanted = variables(scope.environment, service)
    for key in sorted(found.keys() | wanted.keys()):
        if key not in wanted:
            yield f"it has a variable {key}, which its code does not read"
        elif found.get(key) != wanted[key]:
            yield f"{key} is {found.get(key, 'missing')}, not {wanted[key]}"


def _keeps(canary: Resource, scope: Scope) -> Iterator[str]:
    """Want its role, and results that last in a bucket of ours; bucket-encrypted reads that."""
    role = scope.principals.canary
    if (found := canary.at("ExecutionRoleArn")) != role:
        yield f"it acts as {found}, not as {role}"
    for key in ("SuccessRetentionPeriod", "FailureRetentionPeriod"):
        if (days := number(canary.at(key))) != RESULT_DAYS:
            yield f"{key} is {days}, not {RESULT_DAYS}"
    where = str(known(canary.at("ArtifactS3Location", "")))
    name = where.partition("://")[2].removesuffix(f"/{_FOLDER}")
    bucket = find(name, scope, BUCKET)
    if bucket is None or where != f"s3://{reference(bucket)}/{_FOLDER}":
        yield f"it leaves artifacts at {where or 'no place'}, not in a bucket of ours"
    elif bucket.at("BucketEncryption") is None:
        yield f"{bucket.logical_id}, where it leaves artifacts, is not encrypted"


def _required(scope: Scope) -> Iterator[str]:
    there = {canary.at("Name") for canary in scope.resources(CANARY)}
    for name, service in _services(scope).items():
        if name not in there:
            yield f"no canary is called {name}: nobody asks {service} from outside"


RULE = Rule(
    id="canary-watches",
    title="A canary asks each service's health path every 30 seconds, from the region of the "
    "environment file, from its first minute on",
    why="An outage that only callers see is told by callers, unless somebody asks as they do: a "
    "canary that was never started, or asks another address, finds everything well.",
    remedy="Leave canaries to runbook_constructs.canary; where it asks from, and what is slow, "
    "stands in probes of the service in the environment file.",
    clauses=("ROVN-HLT-3",),
    controls=("HIPAA 164.308(a)(7)(ii)(C)", "NIST CA-7", "NIST SI-4", "SOC2 A1.1", "SOC2 CC7.2"),
    types=(CANARY,),
    judge=_judge,
    required=_required,
    waivable=False,
)
