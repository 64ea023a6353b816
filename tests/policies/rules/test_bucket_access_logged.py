"""bucket-access-logged."""

import pytest

from policies.rules.bucket_access_logged import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

ACCOUNT = "111122223333"
NOWHERE = "LoggingConfiguration names no other bucket of this environment: accesses are lost"
REFUSED = "the policy of Logs does not let logging.s3.amazonaws.com write there"
OF_BUCKET = {
    "StringEquals": {"aws:SourceAccount": ACCOUNT},
    "ArnLike": {"aws:SourceArn": {"Fn::GetAtt": ["Bucket", "Arn"]}},
}


def allow(**changed: object) -> Json:
    return {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": {"Fn::Sub": "${Logs.Arn}/records/*"},
        "Condition": OF_BUCKET,
    } | changed


def verdict(to: object, *statements: Json) -> dict[str | None, str]:
    logging = {"DestinationBucketName": to, "LogFilePrefix": "records/"}
    resources = {
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "Properties": {"LoggingConfiguration": logging} if to else {},
        },
        "Logs": {"Type": "AWS::S3::Bucket"},
        "Policy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": {"Ref": "Logs"},
                "PolicyDocument": {"Statement": list(statements)},
            },
        },
    }
    return verdicts(RULE, template("audit", resources))


def said(to: object, *statements: Json) -> str:
    return verdict(to, *statements)["Bucket"]


def test_a_bucket_that_logs_to_another_passes_and_the_other_need_not() -> None:
    in_the_clear = allow(
        Effect="Deny",
        Principal="*",
        Action="s3:*",
        Condition={"Bool": {"aws:SecureTransport": "false"}},
    )
    assert verdict({"Ref": "Logs"}, allow(), in_the_clear) == {
        "Bucket": "pass",
        "Logs": "not_applicable",
    }
    assert said({"Ref": "Logs"}, allow(Condition={}, Action=["s3:Put*"])) == "pass"


@pytest.mark.parametrize("to", [None, {"Ref": "Bucket"}, "a-bucket-of-others"])
def test_a_bucket_that_does_not_fails(to: object) -> None:
    assert said(to, allow()) == NOWHERE


@pytest.mark.parametrize(
    "changed",
    [
        {"Effect": "Deny"},
        {"Principal": {"Service": "delivery.logs.amazonaws.com"}},
        {"Action": "s3:GetObject"},
        {"Resource": {"Fn::Sub": "${Logs.Arn}/elsewhere/*"}},
        {"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::another"}}},
        {"Condition": {"StringEquals": {"aws:SourceAccount": "999999999999"}}},
    ],
)
def test_a_receiver_that_does_not_let_them_in_fails(changed: Json) -> None:
    assert said({"Ref": "Logs"}, allow(**changed)) == REFUSED


def test_a_denial_that_may_hold_fails() -> None:
    denial = allow(Effect="Deny", Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}})
    assert said({"Ref": "Logs"}, allow(), denial) == REFUSED


def test_an_open_value_fails() -> None:
    assert "${SomeParameter} is open" in said(OPEN)
    assert "${SomeParameter} is open" in said({"Ref": "Logs"}, allow(Resource=OPEN))


def test_only_this_rule_sees_a_bucket_that_stopped_logging(real: Real) -> None:
    def spoil(body: Json) -> None:
        del properties(body, "AWS::S3::Bucket", "AuditRecords")["LoggingConfiguration"]

    assert real.caught("audit", spoil) == {("bucket-access-logged", "AuditRecords")}
