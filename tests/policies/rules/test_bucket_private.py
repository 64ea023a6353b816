"""bucket-private."""

import pytest

from policies.rules.bucket_private import OTHERS, RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

BLOCKED = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}


def said(**given: object) -> str:
    properties = {"PublicAccessBlockConfiguration": BLOCKED} | given
    bucket = {"Type": "AWS::S3::Bucket", "Properties": properties}
    return verdicts(RULE, template("audit", {"Bucket": bucket}))["Bucket"]


def owned_by(ownership: object) -> Json:
    return {"Rules": [{"ObjectOwnership": ownership}]}


def test_a_private_bucket_passes() -> None:
    assert said() == "pass"
    assert said(OwnershipControls=owned_by("BucketOwnerEnforced")) == "pass"


@pytest.mark.parametrize("block", BLOCKED)
def test_each_block_is_needed(block: str) -> None:
    fault = f"PublicAccessBlockConfiguration.{block} is not true"
    assert said(PublicAccessBlockConfiguration=BLOCKED | {block: False}) == fault
    left = {key: value for key, value in BLOCKED.items() if key != block}
    assert said(PublicAccessBlockConfiguration=left) == fault


def test_acls_and_websites_fail() -> None:
    assert said(OwnershipControls=owned_by("ObjectWriter")) == (
        "ObjectOwnership is ObjectWriter, not BucketOwnerEnforced: ACLs can grant access"
    )
    assert said(AccessControl="LogDeliveryWrite") == (
        "AccessControl is LogDeliveryWrite: the bucket has an ACL"
    )
    assert said(WebsiteConfiguration={"IndexDocument": "index.html"}) == (
        "WebsiteConfiguration is set: the bucket is a website"
    )


def test_an_open_value_fails() -> None:
    assert "${SomeParameter} is open" in said(
        PublicAccessBlockConfiguration=BLOCKED | {"BlockPublicAcls": OPEN}
    )
    assert "${SomeParameter} is open" in said(OwnershipControls=owned_by(OPEN))


def test_only_this_rule_sees_a_bucket_that_a_policy_can_open(real: Real) -> None:
    def spoil(body: Json) -> None:
        bucket = properties(body, "AWS::S3::Bucket", "AuditRecords")
        bucket["PublicAccessBlockConfiguration"]["BlockPublicPolicy"] = False

    assert real.caught("audit", spoil) == {("bucket-private", "AuditRecords")}


def test_switches_may_be_text() -> None:
    assert said(PublicAccessBlockConfiguration=dict.fromkeys(BLOCKED, "true")) == "pass"


def test_other_kinds_of_buckets_are_refused() -> None:
    for kind in OTHERS:
        assert verdicts(RULE, template("audit", {"Bucket": {"Type": kind}})) == {
            "Bucket": f"no rule here can judge {kind}"
        }


def test_copies_stay_in_the_environment() -> None:
    def replicated(to: object) -> Json:
        return {"Rules": [{"Status": "Enabled", "Destination": {"Bucket": to}}]}

    assert said(ReplicationConfiguration=replicated({"Fn::GetAtt": ["Bucket", "Arn"]})) == "pass"
    assert said(ReplicationConfiguration=replicated("arn:aws:s3:::other")) == (
        "ReplicationConfiguration names arn:aws:s3:::other, no bucket of this environment: it "
        "leaves us"
    )
    listed = [{"Destination": {"BucketArn": "arn:aws:s3:::other"}}]
    assert said(InventoryConfigurations=listed).startswith("InventoryConfigurations names")
    assert "is open" in said(ReplicationConfiguration=replicated(OPEN))
