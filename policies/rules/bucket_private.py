"""No bucket can be opened to the public, whatever somebody grants later."""

from collections.abc import Iterator
from typing import Any

from policies.lookups.buckets import BUCKET
from policies.lookups.references import find
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import closed

_BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
_OWNERSHIP = "BucketOwnerEnforced"


# Buckets of other services, whose switches no rule here knows.
OTHERS = (
    "AWS::Lightsail::Bucket",
    "AWS::S3Express::DirectoryBucket",
    "AWS::S3Outposts::Bucket",
    "AWS::S3Tables::TableBucket",
    "AWS::S3Vectors::VectorBucket",
)


def _judge(bucket: Resource, scope: Scope) -> Iterator[str]:
    if bucket.type in OTHERS:
        yield f"no rule here can judge {bucket.type}"
        return
    for block in _BLOCKS:
        if bucket.at(f"PublicAccessBlockConfiguration.{block}") is not True:
            yield f"PublicAccessBlockConfiguration.{block} is not true"
    ownership = bucket.at("OwnershipControls.Rules.0.ObjectOwnership", _OWNERSHIP)
    if ownership != _OWNERSHIP:
        yield f"ObjectOwnership is {ownership}, not {_OWNERSHIP}: ACLs can grant access"
    acl = bucket.at("AccessControl")
    if acl is not None:
        yield f"AccessControl is {acl}: the bucket has an ACL"
    if bucket.at("WebsiteConfiguration") is not None:
        yield "WebsiteConfiguration is set: the bucket is a website"
    for what, destination in _destinations(bucket):
        if find(destination, scope, BUCKET) is None:
            yield f"{what} names {destination}, no bucket of this environment: it leaves us"


def _destinations(bucket: Resource) -> Iterator[tuple[str, Any]]:
    """List where S3 itself copies objects, or lists of them, to."""
    for rule in closed(bucket.at("ReplicationConfiguration.Rules", [])):
        yield "ReplicationConfiguration", rule.get("Destination", {}).get("Bucket")
    for listing in closed(bucket.at("InventoryConfigurations", [])):
        yield "InventoryConfigurations", listing.get("Destination", {}).get("BucketArn")


RULE = Rule(
    id="bucket-private",
    title="Every bucket blocks public access in all four ways, has no ACL and no website, "
    "and copies to buckets of the environment alone",
    why="One policy or ACL written in haste would show records to the internet.",
    remedy="Make the bucket with runbook_constructs.private_bucket, and grant by bucket policy.",
    clauses=(),
    controls=("HIPAA 164.312(a)(1)", "NIST AC-3", "SOC2 CC6.1"),
    types=(BUCKET, *OTHERS),
    judge=_judge,
    waivable=False,
)
