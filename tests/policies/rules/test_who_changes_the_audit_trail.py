"""who-changes-the-audit-trail (ROVN-BCK-2, ROVN-AUD-1)."""

import pytest

from policies.rules.who_changes_the_audit_trail import RULE
from tests.policies.rules.access import (
    AWAY,
    BREAK_GLASS,
    BUILDERS,
    HOME,
    IAM,
    IDENTITY,
    PLACE,
    SLUG,
    TASK,
    add,
    allow,
    policy,
    said,
)
from tests.policies.rules.harness import OPEN, Json, Real, judged, properties, template

BUCKETS = {
    "Records": {"Type": "AWS::S3::Bucket", "Properties": {}},
    "Written": {"Type": "AWS::S3::Bucket", "Properties": {}},
    "Other": {"Type": "AWS::S3::Bucket", "Properties": {}},
    "Trail": {"Type": "AWS::CloudTrail::Trail", "Properties": {"S3BucketName": {"Ref": "Written"}}},
}
OUTPUTS = {"AuditRecordsBucket": {"Value": {"Ref": "Records"}}}
LOSE, KEEP = "s3:DeleteObjectVersion", "s3:PutBucketPolicy"


def audit(body: Json) -> str:
    stack = template("audit", {"Thing": body, **BUCKETS}, Outputs=OUTPUTS)
    result = judged(RULE, stack)["Thing"]
    return result.message or result.status.value


def objects(name: str) -> Json:
    return {"Fn::Sub": f"${{{name}.Arn}}/*"}


@pytest.mark.parametrize(
    "resource",
    [
        "*",
        "arn:aws:s3:::*",
        f"arn:aws:s3:::{SLUG}-*/*",
        objects("Records"),
        objects("Written"),
        {"Fn::Sub": "arn:aws:s3:::${Records}/*"},
    ],
)
def test_nobody_loses_a_record(resource: object) -> None:
    fault = f"statement One allows {LOSE} to {TASK}; only {BREAK_GLASS} may"
    assert audit(policy(allow(LOSE, resource))) == fault


@pytest.mark.parametrize("resource", ["arn:aws:s3:::other/*", objects("Other")])
def test_another_bucket_is_another_rules(resource: object) -> None:
    assert audit(policy(allow([LOSE, KEEP], resource))) == "pass"


def test_cloudformation_changes_how_they_are_kept_and_loses_none() -> None:
    name = {"ManagedPolicyName": f"{SLUG}-cloudformation-records", "Roles": []}
    bucket = f"arn:aws:s3:::{SLUG}-*"
    assert audit(policy(allow(KEEP, bucket), **name)) == "pass"
    assert audit(policy(allow(LOSE, bucket), **name)) == (
        f"statement One allows {LOSE} to {IDENTITY}, {HOME}, {AWAY}; only {BREAK_GLASS} may"
    )
    assert audit(policy(allow(KEEP, bucket))) == (
        f"statement One allows {KEEP} to {TASK}; only {BUILDERS} may"
    )


@pytest.mark.parametrize(
    ("action", "resource", "may"),
    [
        ("cloudtrail:StopLogging", f"arn:aws:cloudtrail:{PLACE}:trail/other", BREAK_GLASS),
        ("cloudtrail:DeleteTrail", "*", BREAK_GLASS),
        ("cloudtrail:UpdateTrail", "*", BUILDERS),
        ("cloudtrail:PutEventSelectors", "*", BUILDERS),
        ("kms:ScheduleKeyDeletion", f"arn:aws:kms:{PLACE}:key/1", BREAK_GLASS),
        ("kms:DisableKey", "*", BREAK_GLASS),
    ],
)
def test_trails_and_keys_are_guarded_wherever_they_are(
    action: str, resource: str, may: str
) -> None:
    body = policy(allow(action, resource))
    assert said(RULE, body) == f"statement One allows {action} to {TASK}; only {may} may"


def test_a_keys_own_policy_deletes_it_for_nobody() -> None:
    statement = allow("kms:*", Principal={"AWS": "111122223333"})
    key = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": [statement]}}}
    assert f"kms:ScheduleKeyDeletion to {IAM}:root" in said(RULE, key)


def test_an_open_resource_fails() -> None:
    assert audit(policy(allow(LOSE, OPEN))).startswith("Resource: ${SomeParameter} is open")


def test_what_holds_no_policy_is_not_looked_at() -> None:
    assert said(RULE, {"Type": "AWS::S3::Bucket", "Properties": {}}) == "not_applicable"


def test_only_this_rule_sees_a_grant_on_the_bucket(real: Real) -> None:
    def spoil(body: Json) -> None:
        policy = properties(body, "AWS::IAM::ManagedPolicy", "AuditTrailDeliveryPolicy")
        add(policy, allow(KEEP, {"Fn::GetAtt": [records(body), "Arn"]}))

    assert real.caught("audit", spoil) == {
        ("who-changes-the-audit-trail", "AuditTrailDeliveryPolicy")
    }


def records(body: Json) -> str:
    name: str = body["Outputs"]["AuditRecordsBucket"]["Value"]["Ref"]
    return name
