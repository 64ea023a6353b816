"""bucket-tls-only."""

import pytest

from policies.rules.bucket_tls_only import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

ARN = {"Fn::GetAtt": ["Bucket", "Arn"]}
ALL = [ARN, {"Fn::Join": ["", [ARN, "/*"]]}]
NO_HTTP = {"Bool": {"aws:SecureTransport": "false"}}
NO_OLD_TLS = {"NumericLessThan": {"s3:TlsVersion": 1.2}}
HTTP = "its policy does not deny plain HTTP to everybody, for every action and object"
TLS = "its policy does not deny TLS below 1.2 to everybody, for every action and object"


def deny(condition: Json, **changed: object) -> Json:
    return {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ALL,
        "Condition": condition,
    } | changed


def said(*statements: Json, bucket: object = None) -> str:
    document = {"Statement": statements[0] if len(statements) == 1 else list(statements)}
    resources = {
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Policy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {"Bucket": bucket or {"Ref": "Bucket"}, "PolicyDocument": document},
        },
    }
    return verdicts(RULE, template("audit", resources))["Bucket"]


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"Principal": {"AWS": "*"}},
        {"Principal": {"AWS": ["*"]}},
        {"Action": ["s3:*"]},
        {"Action": "*"},
        {"Resource": "*"},
        {"Resource": {"Fn::Join": ["", [ARN, "*"]]}},
    ],
)
def test_a_bucket_that_refuses_both_passes(changed: Json) -> None:
    assert said(deny(NO_HTTP, **changed), deny(NO_OLD_TLS, **changed)) == "pass"


def test_conditions_may_be_written_in_other_ways() -> None:
    http = {"BoolIfExists": {"AWS:SecureTransport": ["false"]}}
    assert said(deny(http), deny({"NumericLessThan": {"s3:TlsVersion": "1.3"}})) == "pass"


def test_each_of_the_two_is_needed() -> None:
    assert said(deny(NO_OLD_TLS)) == HTTP
    assert said(deny(NO_HTTP)) == TLS


@pytest.mark.parametrize(
    "changed",
    [
        {"Effect": "Allow"},
        {"Principal": {"AWS": "arn:aws:iam::111122223333:root"}},
        {"Action": "s3:GetObject"},
        {"Resource": ARN},
        {"Resource": [ARN, {"Fn::Join": ["", [ARN, "/audit/*"]]}]},
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        {"Condition": NO_HTTP | {"StringEquals": {"aws:PrincipalAccount": "1"}}},
    ],
)
def test_a_narrower_denial_fails(changed: Json) -> None:
    assert said(deny(NO_HTTP, **changed), deny(NO_OLD_TLS)) == HTTP


def test_an_older_tls_fails() -> None:
    older = {"NumericLessThan": {"s3:TlsVersion": "1.1"}}
    assert said(deny(NO_HTTP), deny(older)) == TLS


def test_a_bucket_without_policy_fails() -> None:
    assert said(deny(NO_HTTP), deny(NO_OLD_TLS), bucket="another") == f"{HTTP}; {TLS}"


def test_an_open_value_fails() -> None:
    assert "${SomeParameter} is open" in said(deny(NO_HTTP, Action=OPEN))
    assert "${SomeParameter} is open" in said(deny({"Bool": {"aws:SecureTransport": OPEN}}))
    assert "${SomeParameter} is open" in said(deny(NO_HTTP), bucket=OPEN)


def test_only_this_rule_sees_a_bucket_that_takes_plain_http(real: Real) -> None:
    def spoil(body: Json) -> None:
        policy = properties(body, "AWS::S3::BucketPolicy", "SourceReceiptsPolicy")
        (first,) = (s for s in policy["PolicyDocument"]["Statement"] if "Bool" in s["Condition"])
        first["Action"] = "s3:GetObject"

    assert real.caught("audit", spoil) == {("bucket-tls-only", "SourceReceipts")}


def test_a_second_policy_fails(real: Real) -> None:
    def spoil(body: Json) -> None:
        bucket = {"Ref": next(i for i in body["Resources"] if i.startswith("SourceReceipts"))}
        body["Resources"]["Second"] = {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {"Bucket": bucket, "PolicyDocument": {"Statement": []}},
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
        }

    assert ("bucket-tls-only", "SourceReceipts") in real.caught("audit", spoil)
