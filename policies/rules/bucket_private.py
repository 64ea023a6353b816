"""No bucket can be opened to the public, whatever somebody grants later."""

from collections.abc import Iterator

from policies.buckets import BUCKET
from policies.rule import Rule
from policies.scope import Resource, Scope

_BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
_OWNERSHIP = "BucketOwnerEnforced"


def _judge(bucket: Resource, _: Scope) -> Iterator[str]:
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


RULE = Rule(
    id="bucket-private",
    title="Every bucket blocks public access in all four ways, and has no ACL and no website",
    why="One policy or ACL written in haste would show records to the internet.",
    remedy="Make the bucket with runbook_constructs.private_bucket, and grant by bucket policy.",
    clauses=(),
    controls=("HIPAA 164.312(a)(1)", "NIST AC-3", "SOC2 CC6.1"),
    types=(BUCKET,),
    judge=_judge,
    waivable=False,
)
