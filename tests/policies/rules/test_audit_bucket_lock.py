"""audit-bucket-lock (ROVN-BCK-2)."""

from collections.abc import Callable

import pytest

from policies.rules.audit_bucket_lock import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

OUTPUTS = {"AuditRecordsBucket": {"Value": {"Ref": "Records"}}}


def bucket(**retention: object) -> Json:
    return {
        "Type": "AWS::S3::Bucket",
        "Properties": {
            "ObjectLockEnabled": True,
            "ObjectLockConfiguration": {
                "ObjectLockEnabled": "Enabled",
                "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 7} | retention},
            },
        },
    }


def said(body: Json) -> str:
    return verdicts(RULE, template("audit", {"Records": body}, Outputs=OUTPUTS))["Records"]


def test_a_locked_bucket_passes() -> None:
    assert said(bucket()) == "pass"
    assert said(bucket(Years=None, Days=2557)) == "pass"


WEAKER = "the lock's mode is GOVERNANCE, not COMPLIANCE: a privileged user can lift it"
UNSET = "the lock has no default retention in years or days, exactly one of the two"
IS_OPEN = (
    "ObjectLockConfiguration.Rule.DefaultRetention.Mode: ${SomeParameter} is open: "
    "the parameter SomeParameter is given when it is deployed"
)


@pytest.mark.parametrize(
    ("retention", "message"),
    [
        ({"Mode": "GOVERNANCE"}, WEAKER),
        ({"Years": 6}, "records are kept 6 calendar years, not 7 calendar years"),
        ({"Years": None, "Days": 2555}, "records are kept 2555 days, not 7 calendar years"),
        ({"Years": None}, UNSET),
        ({"Mode": OPEN}, IS_OPEN),
    ],
)
def test_a_weaker_lock_fails(retention: Json, message: str) -> None:
    assert said(bucket(**retention)) == message


def test_a_bucket_without_lock_fails() -> None:
    body = bucket()
    del body["Properties"]["ObjectLockEnabled"]
    assert said(body) == "ObjectLockEnabled is not true: objects can be deleted"


def test_another_bucket_is_not_looked_at() -> None:
    resources = {"Records": bucket(), "Other": {"Type": "AWS::S3::Bucket"}}
    assert (
        verdicts(RULE, template("audit", resources, Outputs=OUTPUTS))["Other"] == "not_applicable"
    )


def test_the_bucket_must_exist() -> None:
    empty = template("audit", {}, Outputs=OUTPUTS)
    assert verdicts(RULE, empty, whole=True) == {
        None: "the audit stack has no bucket behind its output AuditRecordsBucket"
    }


def test_only_this_rule_sees_a_shorter_lock(real: Real) -> None:
    def spoil(body: Json) -> None:
        lock = properties(body, "AWS::S3::Bucket", "AuditRecords")["ObjectLockConfiguration"]
        lock["Rule"]["DefaultRetention"]["Years"] = 6

    assert real.caught("audit", spoil) == {("audit-bucket-lock", "AuditRecords")}


def test_years_may_be_text(production: Real) -> None:
    def spoil(years: str) -> Callable[[Json], None]:
        def change(body: Json) -> None:
            bucket = properties(body, "AWS::S3::Bucket", "AuditRecords")
            bucket["ObjectLockEnabled"] = "true"
            bucket["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]["Years"] = years

        return change

    assert production.caught("audit", spoil("7")) == set()
    assert production.caught("audit", spoil("6")) == {("audit-bucket-lock", "AuditRecords")}
