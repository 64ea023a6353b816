"""who-writes-evidence (ALL-1, ROVN-AUD-1)."""

import pytest

from policies.rules.who_writes_evidence import RULE
from runbook.access.principals import Principals
from runbook.model.loader import load_environment
from tests.policies.rules.access import PLACE, SLUG, TASK, add, allow, policy, role
from tests.policies.rules.harness import OPEN, Json, Real, judged, properties, template

EVIDENCE = f"{SLUG}-evidence"
PUBLISHERS = Principals(load_environment("rovn/production")).may_publish_evidence
ONLY = ", ".join(sorted(PUBLISHERS))
PUT = "s3:PutObject"
LOGS = f"arn:aws:logs:{PLACE}:log-group:/rovn/production/delivery"
KEY = {"Fn::GetAtt": ["Key", "Arn"]}
AUDIT = {
    "Records": {
        "Type": "AWS::S3::Bucket",
        "Properties": {
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [
                    {"ServerSideEncryptionByDefault": {"KMSMasterKeyID": KEY}}
                ]
            }
        },
    },
    "Other": {"Type": "AWS::S3::Bucket", "Properties": {}},
    "Key": {"Type": "AWS::KMS::Key", "Properties": {}},
    "OtherKey": {"Type": "AWS::KMS::Key", "Properties": {}},
}
OUTPUTS = {"AuditRecordsBucket": {"Value": {"Ref": "Records"}}}


def said(body: Json) -> str:
    stack = template("audit", {"Thing": body, **AUDIT}, Outputs=OUTPUTS)
    result = judged(RULE, stack)["Thing"]
    return result.message or result.status.value


def below(folder: str, bucket: str = "Records") -> Json:
    return {"Fn::Sub": f"${{{bucket}.Arn}}/{folder}*"}


def by_step(action: object, resource: object = "*") -> str:
    return said(policy(allow(action, resource), Roles=[EVIDENCE]))


@pytest.mark.clause("ROVN-AUD-1")
@pytest.mark.parametrize(
    "resource",
    ["*", f"arn:aws:s3:::{SLUG}-*/*", below("evidence/"), below(""), below("evidence/production/")],
)
def test_nobody_else_writes_a_bundle(resource: object) -> None:
    fault = f"statement One allows {PUT} to {TASK}; only {ONLY} may"
    assert said(policy(allow(PUT, resource))) == fault


@pytest.mark.parametrize("resource", [below("releases/"), below("evidence/", "Other")])
def test_what_is_no_bundle_is_another_rules(resource: object) -> None:
    assert said(policy(allow(PUT, resource))) == "pass"


@pytest.mark.parametrize("arn", PUBLISHERS)
def test_publishers_write_bundles(arn: str) -> None:
    name = arn.rpartition("/")[2]
    assert said(policy(allow(PUT, below("evidence/")), Roles=[name])) == "pass"


@pytest.mark.clause("ALL-1")
@pytest.mark.parametrize(
    ("action", "resource"),
    [
        (PUT, below("evidence/")),
        ("kms:GenerateDataKey", KEY),
        ("kms:Decrypt", {"Fn::GetAtt": ["OtherKey", "Arn"]}),
        (["cloudformation:DescribeStacks", "cloudformation:GetTemplate"], "*"),
        ("s3:GetObject", below("", "Other")),
        (["s3:GetObjectRetention", PUT], below("evidence/")),
        ("s3:GetBucketObjectLockConfiguration", {"Fn::GetAtt": ["Records", "Arn"]}),
        ("logs:PutLogEvents", f"{LOGS}/passport-api/evidence:log-stream:build/*"),
    ],
)
def test_the_step_reads_and_writes_its_folder(action: object, resource: object) -> None:
    assert by_step(action, resource) == "pass"


@pytest.mark.clause("ALL-1")
@pytest.mark.parametrize(
    ("action", "resource", "named"),
    [
        (PUT, "arn:aws:s3:::another/*", f"{PUT} on arn:aws:s3:::another/*"),
        (PUT, f"arn:aws:s3:::{SLUG}-audit*", f"{PUT} on arn:aws:s3:::{SLUG}-audit*"),
        ("s3:DeleteObject", "*", "s3:DeleteObject on *"),
        ("cloudformation:ExecuteChangeSet", "*", "cloudformation:ExecuteChangeSet on *"),
        ("S3:putobject", "arn:aws:s3:::another/*", "S3:putobject on arn:aws:s3:::another/*"),
        ("sns:*", "*", "sns:* on *"),
        ("kms:GenerateDataKey", "*", "kms:GenerateDataKey on *"),
        (
            "logs:PutLogEvents",
            f"{LOGS}/passport-api/verify:log-stream:build/*",
            f"logs:PutLogEvents on {LOGS}/passport-api/verify:log-stream:build/*",
        ),
    ],
)
def test_the_step_writes_nothing_else(action: object, resource: object, named: str) -> None:
    assert by_step(action, resource) == f"statement One lets the evidence step do {named}"


def test_what_is_left_out_of_a_statement_for_all_else_is_seen() -> None:
    rest = {"Sid": "One", "Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}
    assert said(policy(rest, Roles=[EVIDENCE])) == (
        "statement One lets the evidence step do * on *"
    )


@pytest.mark.parametrize("resource", ["*", below("releases/"), below("evidence/")])
def test_the_step_reads_no_record(resource: object) -> None:
    assert by_step("s3:GetObject", resource) == (
        "statement One lets the evidence step read records: s3:GetObject"
    )


def test_a_denial_and_a_boundary_pass() -> None:
    assert said(policy(allow(PUT, "*") | {"Effect": "Deny"}, Roles=[EVIDENCE])) == "pass"
    boundary = {"ManagedPolicyName": f"{SLUG}-delivery-boundary", "Roles": []}
    assert said(policy(allow("s3:DeleteObject"), **boundary)) == "pass"


@pytest.mark.parametrize("key", ["Action", "Resource"])
def test_an_open_value_fails(key: str) -> None:
    body = policy(allow(PUT, below("evidence/")) | {key: OPEN}, Roles=[EVIDENCE])
    assert "${SomeParameter} is open" in said(body)


def test_what_holds_no_policy_is_not_looked_at() -> None:
    assert said({"Type": "AWS::SNS::Topic", "Properties": {}}) == "not_applicable"
    assert said(role(RoleName="one")) == "not_applicable"


def test_only_this_rule_sees_a_step_that_writes_elsewhere(real: Real) -> None:
    def spoil(body: Json) -> None:
        evidence = properties(body, "AWS::IAM::ManagedPolicy", "RolesEvidencePolicy")
        artifacts = {"Fn::Sub": "${Artifacts82DD59A1.Arn}/*"}
        add(evidence, allow(PUT, artifacts))

    assert real.caught("delivery", spoil) == {("who-writes-evidence", "RolesEvidencePolicy")}


def test_only_this_rule_sees_a_release_that_writes_its_own_evidence(real: Real) -> None:
    def spoil(body: Json) -> None:
        release = properties(body, "AWS::IAM::ManagedPolicy", "RolesReleasePolicy")
        (records,) = [
            statement
            for statement in release["PolicyDocument"]["Statement"]
            if statement["Sid"] == "WriteRecords"
        ]
        (bucket, _) = records["Resource"]["Fn::Join"][1]
        # The bundles among all else: what names them alone is denied there (grants-not-denied).
        add(release, allow(PUT, {"Fn::Join": ["", [bucket, "/*"]]}))

    assert real.caught("delivery", spoil) == {("who-writes-evidence", "RolesReleasePolicy")}
