"""grants-not-denied (ROVN-SEC-2, ROVN-AUD-1)."""

import pytest

from policies.rules.grants_not_denied import RULE
from tests.policies.rules.access import EXECUTION, IAM, TASK, allow, policy, role
from tests.policies.rules.harness import OPEN, Json, Real, judged, properties, template

PUT = "s3:PutObject"
BUCKET: Json = {"Type": "AWS::S3::Bucket", "Properties": {}}


def below(folder: str) -> Json:
    return {"Fn::Sub": f"${{Records.Arn}}/{folder}"}


def but(*spared: object) -> Json:
    return {"ArnNotEquals": {"aws:PrincipalArn": list(spared)}}


def deny(action: object, resource: object, **more: object) -> Json:
    return allow(action, resource, Sid="Guard", Effect="Deny", Principal="*") | more


def guard(denial: Json) -> Json:
    given = {"Bucket": {"Ref": "Records"}, "PolicyDocument": {"Statement": [denial]}}
    return {"Type": "AWS::S3::BucketPolicy", "Properties": given}


def said(body: Json, denial: Json) -> str:
    resources = {"Thing": body, "Records": BUCKET, "Guard": guard(denial)}
    result = judged(RULE, template("audit", resources))["Thing"]
    return result.message or result.status.value


def fault(action: str = PUT) -> str:
    return (
        f"statement One grants {action} on <rovn-production-audit/Records.Arn>/releases/* to "
        f"{TASK}, and statement Guard of rovn-production-audit/Guard denies it"
    )


WRITES = policy(allow(PUT, below("releases/*")))
GUARDED = deny(PUT, below("releases/*"), Condition=but(EXECUTION))


def test_a_grant_that_the_guard_spares_passes() -> None:
    assert said(WRITES, deny(PUT, below("releases/*"), Condition=but(EXECUTION, TASK))) == "pass"


@pytest.mark.clause("ROVN-SEC-2")
def test_a_grant_that_the_guard_denies_fails() -> None:
    assert said(WRITES, GUARDED) == fault()


def test_it_names_all_that_is_denied_and_nothing_else() -> None:
    grant = allow(["s3:GetObject", PUT, "s3:DeleteObject"], [below("releases/*"), below("notes/*")])
    both = policy(grant, Roles=["reader", "rovn-production-passport-api-task"])
    spares = but(f"{IAM}:role/reader")
    denial = deny([PUT, "s3:Delete*"], below("releases/*"), Condition=spares)
    assert said(both, denial) == fault(f"{PUT}, s3:DeleteObject")


def test_a_role_of_the_template_is_known_by_its_own_name() -> None:
    own = role(Policies=[{"PolicyDocument": {"Statement": allow(PUT, below("releases/*"))}}])
    assert said(own, GUARDED) == fault()
    spares = but({"Fn::GetAtt": ["Thing", "Arn"]})
    assert said(own, deny(PUT, below("releases/*"), Condition=spares)) == "pass"


def test_a_grant_in_another_stack_is_held_against_the_guard() -> None:
    export = {"Arn": {"Value": {"Fn::GetAtt": ["Records", "Arn"]}, "Export": {"Name": "records"}}}
    audit = template("audit", {"Records": BUCKET, "Guard": guard(GUARDED)}, Outputs=export)
    there = {"Fn::Join": ["", [{"Fn::ImportValue": "records"}, "/releases/*"]]}
    app = template("app", {"Thing": policy(allow(PUT, there))})
    assert judged(RULE, audit, app)["Thing"].message == fault()
    assert judged(RULE, app)["Thing"].message.startswith("Resource: ")


@pytest.mark.parametrize(
    "denial",
    [
        GUARDED | {"Condition": but(OPEN)},
        GUARDED | {"Condition": but(EXECUTION, OPEN)},
        GUARDED | {"Principal": {"AWS": OPEN}},
        GUARDED | {"Resource": OPEN},
        GUARDED | {"Action": OPEN},
    ],
)
def test_a_guard_that_is_open_fails(denial: Json) -> None:
    assert "${SomeParameter} is open" in said(WRITES, denial)


@pytest.mark.parametrize("key", ["Action", "Resource"])
def test_a_grant_that_is_open_fails(key: str) -> None:
    open_ = policy(allow(PUT, below("releases/*")) | {key: OPEN})
    assert "${SomeParameter} is open" in said(open_, GUARDED)


def test_what_holds_no_policy_is_not_looked_at() -> None:
    assert said({"Type": "AWS::SNS::Topic", "Properties": {}}, GUARDED) == "not_applicable"
    assert said(role(RoleName="one"), GUARDED) == "not_applicable"


@pytest.mark.clause("ROVN-AUD-1")
def test_only_this_rule_sees_records_that_their_guard_keeps_out(real: Real) -> None:
    """The recorder alone: no release could have told that it begins."""

    def spoil(body: Json) -> None:
        document = properties(body, "AWS::S3::BucketPolicy", "AuditRecordsPolicy")["PolicyDocument"]
        (guarding,) = (s for s in document["Statement"] if s.get("Sid") == "OnlyRecordersWrite")
        writers = guarding["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]
        guarding["Condition"]["ArnNotEquals"]["aws:PrincipalArn"] = writers[:1]

    assert real.caught("audit", spoil) == {
        ("grants-not-denied", "DeployPolicy"),
        ("grants-not-denied", "RolesReleasePolicy"),
    }
