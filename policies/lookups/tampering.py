"""Attempts on what holds the records, as CloudTrail tells EventBridge of them."""

from collections.abc import Iterator, Mapping
from typing import Any

from policies.lookups.buckets import BUCKET
from policies.lookups.references import reference
from policies.templates.scope import Resource, Scope
from policies.templates.values import switch

Json = Any
Event = Mapping[str, Json]
CLOUDFORMATION = "cloudformation.amazonaws.com"
_TRAIL, _KEY = "AWS::CloudTrail::Trail", "AWS::KMS::Key"
ELSEWHERE = "123456789012"
_CALLS_OF_BUCKETS = (
    *("DeleteBucket", "DeleteBucketEncryption", "DeleteBucketLifecycle", "DeleteBucketPolicy"),
    *("DeleteBucketPublicAccessBlock", "DeleteObject", "DeleteObjects", "PutBucketAcl"),
    *("PutBucketEncryption", "PutBucketLifecycle", "PutBucketObjectLockConfiguration"),
    *("PutBucketPolicy", "PutBucketPublicAccessBlock", "PutBucketReplication"),
    *("PutBucketVersioning", "PutObjectLegalHold", "PutObjectLockConfiguration"),
    "PutObjectRetention",
)
# What removes, and is told of whoever asks for it.
_REMOVALS = ("DeleteBucket", "DeleteObject", "PutObjectRetention")


def people(account: str) -> dict[str, Json]:
    """Map who may call, from inside an account, to how CloudTrail names them."""
    issuer = {"type": "Role", "arn": f"arn:aws:iam::{account}:role/ops", "userName": "ops"}
    return {
        "a role": {
            "type": "AssumedRole",
            "principalId": "AROAEXAMPLE:session",
            "arn": f"arn:aws:sts::{account}:assumed-role/ops/session",
            "accountId": account,
            "sessionContext": {"sessionIssuer": issuer},
        },
        "a user": {
            "type": "IAMUser",
            "principalId": "AIDAEXAMPLE",
            "arn": f"arn:aws:iam::{account}:user/ops",
            "accountId": account,
            "userName": "ops",
        },
        "root": {
            "type": "Root",
            "principalId": account,
            "arn": f"arn:aws:iam::{account}:root",
            "accountId": account,
        },
    }


STRANGERS: Mapping[str, Json] = {
    "another account": {
        "type": "AWSAccount",
        "principalId": "AIDAEXAMPLE",
        "accountId": ELSEWHERE,
    },
    "nobody known": {"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"},
    "a service": {"type": "AWSService", "invokedBy": "config.amazonaws.com"},
}


def attempts(scope: Scope, by: Mapping[str, Json]) -> Iterator[tuple[str, Event]]:
    """List what somebody tries by hand, by whom; what was refused is an attempt, too."""
    for who, identity in by.items():
        for what, event in _attempts(scope, identity):
            yield f"{who} calls {what}", event


def _attempts(scope: Scope, identity: Json) -> Iterator[tuple[str, Event]]:
    for bucket in locked(scope):
        about = {"bucketName": reference(bucket)}
        for name in _CALLS_OF_BUCKETS:
            what = f"{name} on {bucket.logical_id}"
            yield what, _call("s3", name, identity, about)
        yield (
            f"DeleteObject on {bucket.logical_id}, refused",
            _call("s3", "DeleteObject", identity, about, errorCode="AccessDenied"),
        )
        for name in _REMOVALS:
            yield (
                f"{name} on {bucket.logical_id} through CloudFormation",
                _call("s3", name, identity, about, sourceIPAddress=CLOUDFORMATION),
            )
    for trail in scope.resources(_TRAIL):
        name = trail.at("TrailName", reference(trail))
        environment = scope.environment
        arn = f"arn:aws:cloudtrail:{environment.region}:{environment.account}:trail/{name}"
        for call in ("DeleteTrail", "StopLogging", "UpdateTrail"):
            for spelled in (name, arn):
                yield f"{call} on {spelled}", _call("cloudtrail", call, identity, {"name": spelled})
        yield (
            f"PutEventSelectors on {name}",
            _call("cloudtrail", "PutEventSelectors", identity, {"trailName": name}),
        )
    for key in _keys(scope):
        for call in ("DisableKey", "PutKeyPolicy", "ScheduleKeyDeletion"):
            named = [{"ARN": reference(key, "Arn")}]
            yield f"{call} on {key.logical_id}", _call("kms", call, identity, {}, resources=named)


def ordinary(scope: Scope) -> Iterator[tuple[str, Event]]:
    """List what happens every day: a page for each would be read by nobody."""
    identity = people(scope.environment.account)["a role"]
    for bucket in locked(scope):
        about, shown = {"bucketName": reference(bucket)}, bucket.logical_id
        for name in ("GetObject", "ListObjects", "PutObject"):
            yield f"{name} on {shown}", _call("s3", name, identity, about)
        yield (
            f"a deploy of {shown}",
            _call("s3", "PutBucketPolicy", identity, about, sourceIPAddress=CLOUDFORMATION),
        )
    yield (
        "DeleteObject on another bucket",
        _call("s3", "DeleteObject", identity, {"bucketName": "another"}),
    )


def locked(scope: Scope) -> Iterator[Resource]:
    """List the buckets under lock."""
    for bucket in scope.resources(BUCKET):
        if switch(bucket.at("ObjectLockEnabled")) is True:
            yield bucket


def _keys(scope: Scope) -> Iterator[Resource]:
    """List the keys that encrypt what is under lock."""
    for bucket in locked(scope):
        encryption = "BucketEncryption.ServerSideEncryptionConfiguration"
        for rule in bucket.at(encryption, []):
            key = scope.target(rule.get("ServerSideEncryptionByDefault", {}).get("KMSMasterKeyID"))
            if key is not None and key.type == _KEY:
                yield key


def _call(service: str, name: str, identity: Json, about: Json, **more: Json) -> Event:
    return {
        "source": f"aws.{service}",
        "detail-type": "AWS API Call via CloudTrail",
        "detail": {
            "eventSource": f"{service}.amazonaws.com",
            "eventName": name,
            "sourceIPAddress": "203.0.113.7",
            "userIdentity": identity,
            "requestParameters": about,
            **more,
        },
    }
