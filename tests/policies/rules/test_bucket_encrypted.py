"""bucket-encrypted."""

import pytest

from policies.rules.bucket_encrypted import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts
from tests.policies.rules.spoiling import faults

KEYS = {
    "Key": {"Type": "AWS::KMS::Key"},
    "Alias": {
        "Type": "AWS::KMS::Alias",
        "Properties": {"AliasName": "alias/records", "TargetKeyId": {"Ref": "Key"}},
    },
}
OURS = {"Fn::GetAtt": ["Key", "Arn"]}
NO_KEY = "KMSMasterKeyID names no key of this environment and region"


def bucket(algorithm: object = None, key: object = None, **properties: object) -> Json:
    default = {"SSEAlgorithm": algorithm, "KMSMasterKeyID": key}
    default = {name: value for name, value in default.items() if value is not None}
    rules = [{"ServerSideEncryptionByDefault": default}]
    encryption = {"BucketEncryption": {"ServerSideEncryptionConfiguration": rules}}
    return {
        "Type": "AWS::S3::Bucket",
        "Properties": (encryption if default else {}) | properties,
    }


def said(body: Json, **others: Json) -> str:
    return verdicts(RULE, template("audit", {"Bucket": body, **KEYS, **others}))["Bucket"]


@pytest.mark.parametrize(
    "key",
    [
        OURS,
        {"Ref": "Key"},
        {"Ref": "Alias"},
        "alias/records",
        "arn:aws:kms:us-east-2:111122223333:alias/records",
        {"Fn::Sub": "arn:aws:kms:us-east-2:111122223333:key/${Key}"},
    ],
)
def test_a_key_of_the_environment_passes(key: object) -> None:
    assert said(bucket("aws:kms", key)) == "pass"
    assert said(bucket("aws:kms:dsse", key)) == "pass"


def test_a_key_of_another_stack_passes_and_one_of_another_region_does_not() -> None:
    imported = template("data", {"Bucket": bucket("aws:kms", {"Fn::ImportValue": "key"})})
    outputs = {"Key": {"Value": OURS, "Export": {"Name": "key"}}}
    here = template("audit", KEYS, Outputs=outputs)
    elsewhere = template("audit", KEYS, region="us-west-2", Outputs=outputs)
    assert verdicts(RULE, imported, here)["Bucket"] == "pass"
    assert "no stack given exports key" in verdicts(RULE, imported, elsewhere)["Bucket"]


def test_other_keys_fail() -> None:
    s3_own = "SSEAlgorithm is AES256, not aws:kms with a key of ours"
    assert said(bucket()) == s3_own
    assert said(bucket("AES256")) == s3_own
    assert said(bucket("aws:kms")) == NO_KEY
    assert said(bucket("aws:kms", "alias/aws/s3")) == NO_KEY
    assert said(bucket("aws:kms", "arn:aws:kms:us-east-2:999999999999:key/1")) == NO_KEY


def logging(to: object) -> Json:
    return {"LoggingConfiguration": {"DestinationBucketName": to}}


def balancer(bucket: object, attribute: str = "access_logs.s3.bucket") -> Json:
    attributes = [{"Key": attribute, "Value": bucket}]
    return {
        "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "Properties": {"LoadBalancerAttributes": attributes},
    }


def test_a_receiver_of_logs_is_under_the_key_of_s3() -> None:
    lost = "it receives logs, and aws:kms loses them: only AES256 takes them"
    other = bucket(**logging({"Ref": "Bucket"}))
    assert said(bucket("AES256"), Other=other) == "pass"
    assert said(bucket(), Other=other) == "pass"
    assert said(bucket("aws:kms", OURS), Other=other) == lost
    assert said(bucket(), Balancer=balancer({"Ref": "Bucket"})) == "pass"
    assert said(bucket("aws:kms", OURS), Balancer=balancer({"Ref": "Bucket"})) == lost
    connections = balancer({"Ref": "Bucket"}, "connection_logs.s3.bucket")
    assert said(bucket(), Balancer=connections) == "pass"
    named = bucket(BucketName="logs")
    assert said(named, Balancer=balancer("logs")) == "pass"


def test_nothing_else_makes_a_receiver() -> None:
    s3_own = "SSEAlgorithm is AES256, not aws:kms with a key of ours"
    assert said(bucket(**logging({"Ref": "Bucket"}))) == s3_own
    assert said(bucket(BucketName="access-logs"), Balancer=balancer("others")) == s3_own
    assert said(bucket(), Balancer=balancer({"Ref": "Bucket"}, "some.other")) == s3_own


def test_an_open_value_fails() -> None:
    assert "${SomeParameter} is open" in said(bucket(OPEN))
    assert "${SomeParameter} is open" in said(bucket("aws:kms", OPEN))
    assert "${SomeParameter} is open" in said(bucket("aws:kms", OURS), Balancer=balancer(OPEN))


def test_only_this_rule_sees_a_bucket_under_another_key(real: Real) -> None:
    def spoil(body: Json) -> None:
        encryption = properties(body, "AWS::S3::Bucket", "SourceReceipts")["BucketEncryption"]
        (rule,) = encryption["ServerSideEncryptionConfiguration"]
        rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] = "alias/aws/s3"

    assert real.caught("audit", spoil) == {("bucket-encrypted", "SourceReceipts")}


def test_only_this_rule_sees_a_receiver_that_takes_nothing(real: Real) -> None:
    def spoil(body: Json) -> None:
        encryption = properties(body, "AWS::S3::Bucket", "AccessLogs")["BucketEncryption"]
        (rule,) = encryption["ServerSideEncryptionConfiguration"]
        rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] = "aws:kms"

    assert real.caught("audit", spoil) == {("bucket-encrypted", "AccessLogs")}


def test_a_bucket_of_records_is_no_receiver(real: Real) -> None:
    def spoil(body: Json) -> None:
        receipts = properties(body, "AWS::S3::Bucket", "SourceReceipts")
        default = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        receipts["BucketEncryption"] = {"ServerSideEncryptionConfiguration": [default]}
        del receipts["LoggingConfiguration"]
        name = next(i for i in body["Resources"] if i.startswith("SourceReceipts"))
        logs = properties(body, "AWS::S3::Bucket", "AccessLogs")
        logs["LoggingConfiguration"] = {"DestinationBucketName": {"Ref": name}}

    assert ("bucket-encrypted", "SourceReceipts") in real.caught("audit", spoil)
    assert faults(real, RULE, "audit", spoil)["SourceReceipts"] == (
        "it keeps records, and others deliver their logs into it; "
        "SSEAlgorithm is AES256, not aws:kms with a key of ours"
    )
