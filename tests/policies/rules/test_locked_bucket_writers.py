"""locked-bucket-writers (docs/decisions/0007)."""

import pytest

from policies.rules.locked_bucket_writers import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

OUTPUTS = {"AuditRecordsBucket": {"Value": {"Ref": "Bucket"}}}
ARN = {"Fn::GetAtt": ["Bucket", "Arn"]}
KEY = {"Fn::GetAtt": ["Key", "Arn"]}
DAYS = "s3:object-lock-remaining-retention-days"
MODE = "s3:object-lock-mode"
ENCRYPTION = "s3:x-amz-server-side-encryption"
KEY_ID = f"{ENCRYPTION}-aws-kms-key-id"


def other_than(key: str, *values: object) -> Json:
    return {"Null": {key: "false"}, "StringNotEquals": {key: list(values)}}


DENIED: Json = {
    "Shorter": {"NumericLessThan": {DAYS: "2557"}},
    "Weaker": other_than(MODE, "COMPLIANCE"),
    "Encryption": other_than(ENCRYPTION, "aws:kms", "AES256"),
    "Key": other_than(KEY_ID, KEY),
    "Unnamed": {"StringEquals": {ENCRYPTION: "aws:kms"}, "Null": {KEY_ID: "true"}},
    "Brought": {"Null": {f"{ENCRYPTION}-customer-algorithm": "false"}},
}
ACTIONS = ["s3:PutObject", "s3:PutObjectRetention"]
WANTED = {
    "Shorter": "its policy does not deny everybody {} with a retention of less than 2557 days",
    "Weaker": "its policy does not deny everybody {} with a mode other than COMPLIANCE",
    "Encryption": "its policy does not deny everybody {} with an encryption that is not S3's",
    "Key": "its policy does not deny everybody {} with a key that is not the bucket's",
    "Unnamed": "its policy does not deny everybody {} with KMS without naming a key",
    "Brought": "its policy does not deny everybody {} with a key that the writer brings",
}


def said(denied: Json = DENIED, **changed: object) -> str:
    statements = [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": ACTIONS,
            "Resource": [ARN, {"Fn::Join": ["", [ARN, "/*"]]}],
            "Condition": condition,
        }
        | changed
        for condition in denied.values()
    ]
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    encryption = {"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": default}]}
    resources = {
        "Key": {"Type": "AWS::KMS::Key"},
        "Other": {"Type": "AWS::KMS::Key"},
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketEncryption": encryption}},
        "Policy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": {"Ref": "Bucket"},
                "PolicyDocument": {"Statement": statements},
            },
        },
    }
    return verdicts(RULE, template("audit", resources, Outputs=OUTPUTS))["Bucket"]


def test_a_bucket_that_refuses_them_all_passes() -> None:
    assert said() == "pass"
    assert said(DENIED | {"Shorter": {"NumericLessThan": {DAYS: 3000}}}) == "pass"
    assert said(DENIED | {"Encryption": other_than(ENCRYPTION, "aws:kms")}) == "pass"


def fault(name: str) -> str:
    actions = ACTIONS if name in ("Shorter", "Weaker") else ACTIONS[:1]
    return "; ".join(WANTED[name].format(action) for action in actions)


@pytest.mark.parametrize("name", DENIED)
def test_each_denial_is_needed(name: str) -> None:
    assert said({key: item for key, item in DENIED.items() if key != name}) == fault(name)


@pytest.mark.parametrize(
    ("name", "condition"),
    [
        ("Shorter", {"NumericLessThan": {DAYS: "1"}}),
        ("Weaker", other_than(MODE, "COMPLIANCE", "GOVERNANCE")),
        ("Encryption", other_than(ENCRYPTION, "aws:kms", "aws:fsx")),
        ("Key", other_than(KEY_ID, KEY, {"Fn::GetAtt": ["Other", "Arn"]})),
        ("Key", other_than(KEY_ID, KEY) | {"Bool": {"aws:ViaAWSService": "false"}}),
    ],
)
def test_a_denial_with_a_hole_fails(name: str, condition: Json) -> None:
    assert said(DENIED | {name: condition}) == fault(name)


@pytest.mark.parametrize(
    "changed",
    [{"Effect": "Allow"}, {"Principal": {"AWS": "111122223333"}}, {"Resource": ARN}],
)
def test_a_denial_for_some_fails(changed: Json) -> None:
    assert said(**changed) == "; ".join(fault(name) for name in DENIED)


def test_an_open_value_fails() -> None:
    assert "${SomeParameter} is open" in said(DENIED | {"Key": other_than(KEY_ID, OPEN)})


def test_a_bucket_without_lock_is_not_looked_at() -> None:
    other = template("audit", {"Other": {"Type": "AWS::S3::Bucket"}})
    assert verdicts(RULE, other) == {"Other": "not_applicable"}


@pytest.mark.parametrize("name", ["AuditRecords", "TrailRecords"])
def test_only_this_rule_sees_a_bucket_that_takes_shorter_dates(real: Real, name: str) -> None:
    def spoil(body: Json) -> None:
        document = properties(body, "AWS::S3::BucketPolicy", f"{name}Policy")["PolicyDocument"]
        (denial,) = (s for s in document["Statement"] if s.get("Sid") == "DenyShorterRetention")
        denial["Action"] = "s3:PutObject"

    assert real.caught("audit", spoil) == {("locked-bucket-writers", name)}
