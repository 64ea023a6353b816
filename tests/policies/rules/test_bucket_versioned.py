"""bucket-versioned (ROVN-BCK-3)."""

from policies.rules.bucket_versioned import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts


def said(**given: object) -> str:
    bucket = {"Type": "AWS::S3::Bucket", "Properties": given}
    return verdicts(RULE, template("audit", {"Bucket": bucket}))["Bucket"]


def test_a_bucket_with_versions_passes() -> None:
    assert said(VersioningConfiguration={"Status": "Enabled"}) == "pass"


def test_a_bucket_without_fails() -> None:
    fault = "VersioningConfiguration.Status is {}, not Enabled: a write replaces for good"
    assert said() == fault.format(None)
    assert said(VersioningConfiguration={"Status": "Suspended"}) == fault.format("Suspended")


def test_an_open_value_fails() -> None:
    assert "${SomeParameter} is open" in said(VersioningConfiguration={"Status": OPEN})


def test_other_things_are_not_looked_at() -> None:
    topic = template("audit", {"Topic": {"Type": "AWS::SNS::Topic"}})
    assert verdicts(RULE, topic) == {None: "rovn/production has nothing that the rule looks at"}


def test_only_this_rule_sees_a_bucket_that_stopped_versioning(real: Real) -> None:
    def spoil(body: Json) -> None:
        bucket = properties(body, "AWS::S3::Bucket", "SourceReceipts")
        bucket["VersioningConfiguration"]["Status"] = "Suspended"

    assert real.caught("audit", spoil) == {("bucket-versioned", "SourceReceipts")}
