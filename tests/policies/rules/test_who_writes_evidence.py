"""who-writes-evidence (ALL-1, ROVN-AUD-1)."""

import pytest

from policies.report import Status
from policies.rules.who_writes_evidence import RULE
from runbook.access.principals import Principals
from runbook.model.loader import load_environment
from tests.policies.rules.access import DEPLOY, PLACE, SLUG, TASK, add, allow, policy, role
from tests.policies.rules.harness import OPEN, Json, Real, judged, properties, template

EVIDENCE = f"{SLUG}-evidence"
PRINCIPALS = Principals(load_environment("rovn/production"))
PUBLISHERS, JUDGES = PRINCIPALS.may_publish_evidence, PRINCIPALS.may_publish_release_evidence
ONLY, ONLY_JUDGES = (", ".join(sorted(arns)) for arns in (PUBLISHERS, JUDGES))
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


def said(body: Json, **others: Json) -> str:
    stack = template("audit", {"Thing": body, **AUDIT, **others}, Outputs=OUTPUTS)
    result = judged(RULE, stack)["Thing"]
    return result.message or result.status.value


def below(folder: str, bucket: str = "Records") -> Json:
    return {"Fn::Sub": f"${{{bucket}.Arn}}/{folder}*"}


def guard(spared: object, folder: str = "evidence/*/release-") -> Json:
    """Write the policy of the audit bucket that keeps all but these out of a folder."""
    denial = {
        "Effect": "Deny",
        "Action": PUT,
        "Principal": "*",
        "Resource": below(folder),
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": spared}},
    }
    document = {"Statement": [denial]}
    bucket = {"Ref": "Records"}
    return {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {"Bucket": bucket, "PolicyDocument": document},
    }


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


@pytest.mark.parametrize("arn", [arn for arn in PUBLISHERS if arn != PRINCIPALS.evidence])
def test_publishers_write_bundles(arn: str) -> None:
    body = policy(allow(PUT, below("evidence/")), Roles=[arn.rpartition("/")[2]])
    assert said(body, Guard=guard(list(JUDGES))) == "pass"


@pytest.mark.clause("ALL-1")
@pytest.mark.parametrize(
    "folder", ["", "evidence/", "evidence/production/", "evidence/*/2", "evidence/*/release-api"]
)
@pytest.mark.parametrize(
    "guards",
    [
        {},
        {"Guard": guard(list(PUBLISHERS))},
        {"Guard": guard(list(JUDGES), "evidence/*/release-api-")},
        {"Guard": guard(list(JUDGES), "evidence/staging/release-")},
    ],
    ids=["none", "spares-it", "one-service", "elsewhere"],
)
def test_who_deploys_forges_no_evidence_of_a_release(folder: str, guards: Json) -> None:
    body = policy(allow(PUT, below(folder)), Roles=[DEPLOY.rpartition("/")[2]])
    assert said(body, **guards) == (
        f"statement One allows {PUT} of the evidence of releases to {DEPLOY}; "
        f"only {ONLY_JUDGES} may"
    )


def test_who_deploys_publishes_by_hand_without_a_guard() -> None:
    body = policy(allow(PUT, below("evidence/production/2")), Roles=[DEPLOY.rpartition("/")[2]])
    assert said(body) == "pass"


@pytest.mark.clause("ALL-1")
@pytest.mark.parametrize(
    ("action", "resource"),
    [
        (PUT, below("evidence/*/release-")),
        (PUT, below("evidence/production/release-api-")),
        ("kms:GenerateDataKey", KEY),
        ("kms:Decrypt", {"Fn::GetAtt": ["OtherKey", "Arn"]}),
        (["cloudformation:DescribeStacks", "cloudformation:GetTemplate"], "*"),
        ("s3:GetObject", below("", "Other")),
        (["s3:GetObjectRetention", PUT], below("evidence/*/release-")),
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


@pytest.mark.clause("ALL-1")
@pytest.mark.parametrize("folder", ["evidence/", "evidence/production/", "evidence/production/2"])
def test_the_step_writes_no_bundle_but_of_releases(folder: str) -> None:
    resource = f"arn:aws:s3:::{SLUG}-audit/{folder}*"
    fault = f"statement One lets the evidence step do {PUT} on {resource}"
    assert by_step(PUT, resource) == fault
    assert f"lets the evidence step do {PUT} on" in by_step(PUT, below(folder))


@pytest.mark.parametrize("outputs", [{}, {"AuditRecordsBucket": {"Value": "records"}}])
@pytest.mark.parametrize("who", [f"{SLUG}-passport-api-task", DEPLOY.rpartition("/")[2]])
def test_without_the_audit_bucket_nobody_can_tell(who: str, outputs: Json) -> None:
    body = policy(allow(PUT, "arn:aws:s3:::some/*"), Roles=[who])
    stack = template("audit", {"Thing": body}, Outputs=outputs)
    result = judged(RULE, stack, whole=True)["Thing"]
    assert result.status is Status.FAIL
    assert result.message == (
        "the audit stack has no bucket behind its output AuditRecordsBucket: nobody can tell "
        f"whether {PUT} is of evidence"
    )
    # What is missing beside single templates may stand in others.
    assert judged(RULE, stack)["Thing"].status is Status.PASS


@pytest.mark.parametrize(
    "statement", [allow("s3:GetObject"), allow(PUT) | {"Effect": "Deny"}], ids=["reads", "denies"]
)
def test_without_the_audit_bucket_what_writes_nothing_passes(statement: Json) -> None:
    stack = template("service", {"Thing": policy(statement)})
    assert judged(RULE, stack, whole=True)["Thing"].status is Status.PASS


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
    body = policy(allow(PUT, below("evidence/*/release-")) | {key: OPEN}, Roles=[EVIDENCE])
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


@pytest.mark.clause("ALL-1")
def test_only_this_rule_sees_that_who_deploys_may_forge_what_judges_it(real: Real) -> None:
    def spoil(body: Json) -> None:
        document = properties(body, "AWS::S3::BucketPolicy", "AuditRecordsPolicy")["PolicyDocument"]
        (guarding,) = (s for s in document["Statement"] if s.get("Sid") == "OnlyJudgesWrite")
        document["Statement"].remove(guarding)

    assert real.caught("audit", spoil) == {("who-writes-evidence", "DeployPolicy")}
