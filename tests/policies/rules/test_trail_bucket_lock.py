"""trail-bucket-lock (docs/decisions/0007)."""

from policies.rules.trail_bucket_lock import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts
from tests.policies.rules.test_audit_bucket_lock import WEAKER, bucket


def verdict(body: Json, to: object = "Trails", **outputs: Json) -> dict[str | None, str]:
    resources = {
        "Trail": {"Type": "AWS::CloudTrail::Trail", "Properties": {"S3BucketName": to}},
        "Trails": body,
    }
    return verdicts(RULE, template("audit", resources, Outputs=outputs), whole=True)


def said(body: Json, **outputs: Json) -> str:
    return verdict(body, {"Ref": "Trails"}, **outputs)["Trails"]


def test_a_locked_bucket_passes() -> None:
    assert said(bucket()) == "pass"


def test_a_weaker_lock_fails() -> None:
    assert said(bucket(Mode="GOVERNANCE")) == WEAKER
    assert said(bucket(Years=6)) == "records are kept 6 calendar years, not 7 calendar years"


def test_a_bucket_without_lock_fails() -> None:
    body = bucket()
    del body["Properties"]["ObjectLockEnabled"]
    assert said(body) == "ObjectLockEnabled is not true: objects can be deleted"


def test_the_audit_bucket_is_not_for_the_trail() -> None:
    assert said(bucket(), AuditRecordsBucket={"Value": {"Ref": "Trails"}}) == (
        "it is the audit bucket: each delivery would be recorded, and delivered again"
    )


def test_an_open_value_fails() -> None:
    assert "${SomeParameter} is open" in said(bucket(Mode=OPEN))
    assert "${SomeParameter} is open" in verdict(bucket(), OPEN)["Trails"]


def test_another_bucket_is_not_looked_at_and_the_trails_own_must_exist() -> None:
    assert verdict(bucket(), "elsewhere") == {
        "Trails": "not_applicable",
        None: "rovn/production has no bucket that a trail writes to",
    }


def test_only_this_rule_sees_a_shorter_lock_of_the_trail(real: Real) -> None:
    def spoil(body: Json) -> None:
        lock = properties(body, "AWS::S3::Bucket", "TrailRecords")["ObjectLockConfiguration"]
        lock["Rule"]["DefaultRetention"]["Years"] = 6

    assert real.caught("audit", spoil) == {("trail-bucket-lock", "TrailRecords")}
