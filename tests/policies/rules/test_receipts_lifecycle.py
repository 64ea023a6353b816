"""receipts-lifecycle (ROVN-BCK-3)."""

import pytest

from policies.rules.receipts_lifecycle import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

OUTPUTS = {"SourceReceiptsBucket": {"Value": {"Ref": "Receipts"}}}
AFTER_90 = {"StorageClass": "GLACIER", "TransitionInDays": 90}
AFTER_30 = AFTER_90 | {"TransitionInDays": 30}


def lifecycle(**changed: object) -> Json:
    return {
        "Status": "Enabled",
        "Transitions": [AFTER_90],
        "NoncurrentVersionTransitions": [AFTER_90],
    } | changed


def said(*rules: Json, size: object = "varies_by_storage_class") -> str:
    configuration = {"Rules": list(rules), "TransitionDefaultMinimumObjectSize": size}
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"LifecycleConfiguration": configuration}}
    return verdicts(RULE, template("audit", {"Receipts": bucket}, Outputs=OUTPUTS))["Receipts"]


def test_receipts_that_grow_old_in_glacier_pass() -> None:
    assert said(lifecycle()) == "pass"
    assert said({"Status": "Enabled"}, lifecycle(Prefix="")) == "pass"
    old_form = lifecycle(
        Transitions=None,
        Transition=AFTER_90,
        NoncurrentVersionTransitions=None,
        NoncurrentVersionTransition=AFTER_90,
    )
    assert said(old_form) == "pass"
    assert said(lifecycle(), {"Status": "Disabled", "ExpirationInDays": 1}) == "pass"


NEVER = (
    "objects move to Glacier never, not after 90 days; "
    "versions that were superseded move to Glacier never, not after 90 days"
)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (lifecycle(Status="Disabled"), NEVER),
        (lifecycle(Prefix="a/"), NEVER),
        (lifecycle(TagFilters=[{"Key": "a", "Value": "b"}]), NEVER),
        (
            lifecycle(Transitions=[AFTER_30]),
            "objects move to Glacier after 30 days, not after 90 days",
        ),
        (
            lifecycle(Transitions=[AFTER_30, AFTER_90]),
            "objects move to Glacier after 30 and 90 days, not after 90 days",
        ),
        (
            lifecycle(Transitions=[AFTER_90 | {"StorageClass": "STANDARD_IA"}]),
            "objects move to Glacier never, not after 90 days",
        ),
        (
            lifecycle(
                Transitions=[{"StorageClass": "GLACIER", "TransitionDate": "2030-01-01T00:00:00Z"}]
            ),
            "objects move to Glacier after None days, not after 90 days",
        ),
        (
            lifecycle(NoncurrentVersionTransitions=[]),
            "versions that were superseded move to Glacier never, not after 90 days",
        ),
        (
            lifecycle(ExpirationInDays=365),
            "an enabled lifecycle rule has ExpirationInDays: receipts are deleted",
        ),
        (
            lifecycle(NoncurrentVersionExpiration={"NoncurrentDays": 1}),
            "an enabled lifecycle rule has NoncurrentVersionExpiration: receipts are deleted",
        ),
    ],
)
def test_another_lifecycle_fails(rule: Json, message: str) -> None:
    assert said(rule) == message


def test_small_receipts_move_too() -> None:
    assert said(lifecycle(), size=None) == (
        "TransitionDefaultMinimumObjectSize is None: receipts under 128 KB never move"
    )


def test_an_open_value_fails() -> None:
    assert "${SomeParameter}" in said(lifecycle(Status=OPEN))
    assert "${SomeParameter}" in said(lifecycle(Transitions=[AFTER_90 | {"StorageClass": OPEN}]))
    assert "${SomeParameter}" in said(lifecycle(), size=OPEN)


def test_another_bucket_is_not_looked_at_and_this_one_must_exist() -> None:
    resources = {"Other": {"Type": "AWS::S3::Bucket"}}
    found = verdicts(RULE, template("audit", resources, Outputs=OUTPUTS), whole=True)
    assert found == {
        "Other": "not_applicable",
        None: "the audit stack has no bucket behind its output SourceReceiptsBucket",
    }


def test_only_this_rule_sees_receipts_that_move_later(real: Real) -> None:
    def spoil(body: Json) -> None:
        bucket = properties(body, "AWS::S3::Bucket", "SourceReceipts")
        (rule,) = (r for r in bucket["LifecycleConfiguration"]["Rules"] if "Transitions" in r)
        rule["Transitions"][0]["TransitionInDays"] = 400

    assert real.caught("audit", spoil) == {("receipts-lifecycle", "SourceReceipts")}


def test_nothing_is_archived_too_early_or_kept_back() -> None:
    back = lifecycle(NoncurrentVersionTransitions=[AFTER_90 | {"NewerNoncurrentVersions": 9}])
    assert said(back) == ("versions that were superseded move to Glacier never, not after 90 days")
    some = {"Status": "Enabled", "Prefix": "a/", "Transitions": [AFTER_30]}
    assert said(lifecycle(), some) == ("some objects are archived after 30 days, not after 90")
    deep = {"StorageClass": "DEEP_ARCHIVE", "TransitionInDays": "1"}
    assert said(lifecycle(Transitions=[AFTER_90, deep])) == (
        "some objects are archived after 1 days, not after 90"
    )
    dated = {"StorageClass": "DEEP_ARCHIVE", "TransitionDate": "2030-01-01T00:00:00Z"}
    assert said(lifecycle(Transitions=[AFTER_90, dated])) == (
        "some objects are archived after None days, not after 90"
    )
    later = deep | {"TransitionInDays": 365}
    assert said(lifecycle(Transitions=[AFTER_90, later])) == "pass"
