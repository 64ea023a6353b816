"""canary-watches (ROVN-HLT-3)."""

from dataclasses import replace

import pytest

from policies.rules.canary_watches import CANARY, RULE
from runbook.alarms import canary as declared
from runbook.model.loader import load_environment
from tests.policies.rules.harness import OPEN, Real, template, verdicts
from tests.policies.rules.spoiling import ABSENT, add, faults, setting

PART, NAME = "canary", "PassportApiCanary"
CALLED = "rovn-production-passport-api"
ROLE = "arn:aws:iam::111122223333:role/rovn-production-canary"
VARIABLES = "RunConfig.EnvironmentVariables"


def test_the_canary_of_each_environment_watches(real: Real) -> None:
    assert real.statuses(RULE) == {NAME: "pass"}


@pytest.mark.clause("ROVN-HLT-3")
def test_two_probes_a_minute_are_one_every_thirty_seconds() -> None:
    assert (declared.SCHEDULE, declared.SCHEDULE_SECONDS) == ("rate(1 minute)", 60)
    assert declared.PROBES * declared.SPACING_SECONDS == declared.SCHEDULE_SECONDS
    slowest = load_environment("rovn/production").services["passport-api"].probes.slow_ms / 1000
    last = (declared.PROBES - 1) * declared.SPACING_SECONDS
    assert last + slowest < last + 10 < declared.TIMEOUT_SECONDS < declared.SCHEDULE_SECONDS


@pytest.mark.clause("ROVN-HLT-3")
@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            "Schedule.Expression",
            "rate(5 minutes)",
            "Schedule.Expression is rate(5 minutes), not rate(1 minute)",
        ),
        ("Schedule.Expression", "rate(0 minute)", "Schedule.Expression is rate(0 minute), not"),
        ("Schedule.DurationInSeconds", "3600", "Schedule.DurationInSeconds is 3600, not 0"),
        ("Schedule.RetryConfig.MaxRetries", 2, "Schedule.RetryConfig.MaxRetries is 2, not 0"),
        ("StartCanaryAfterCreation", False, "StartCanaryAfterCreation is not true: nobody"),
        ("StartCanaryAfterCreation", ABSENT, "StartCanaryAfterCreation is not true: nobody"),
        ("RunConfig.TimeoutInSeconds", 20, "a run may take 20 seconds, not 55"),
        ("RunConfig.TimeoutInSeconds", ABSENT, "a run may take 60 seconds, not 55"),
        ("RuntimeVersion", "syn-python-selenium-1.0", "its runtime is syn-python-selenium-1.0, "),
        ("Code.Handler", "another.handler", "it starts at another.handler, not at health_canary"),
        ("Code.S3Bucket", "somebody-elses", "its code is none of this repository"),
        (
            "Code.S3Bucket",
            "cdk-hnb659fds-assets-999999999999-us-east-2",
            "its code is none of this repository",
        ),
        (
            "Code.S3Bucket",
            "cdk-hnb659fds-assets-111122223333-us-west-2",
            "its code is none of this repository",
        ),
        ("Code.Script", "def handler(): ...", "its code is none of this repository"),
        ("Code.BlueprintTypes", ["multi-checks"], "its code is none of this repository"),
        (
            f"{VARIABLES}.HOSTNAME_OF_SERVICE",
            "example.com",
            "HOSTNAME_OF_SERVICE is example.com, not passport.rovn.to",
        ),
        (f"{VARIABLES}.HEALTH_PATH", "/", "HEALTH_PATH is /, not /health"),
        (f"{VARIABLES}.PROBES", "1", "PROBES is 1, not 2"),
        (f"{VARIABLES}.SPACING_SECONDS", "20", "SPACING_SECONDS is 20, not 30"),
        (f"{VARIABLES}.SLOW_MS", "60000", "SLOW_MS is 60000, not 2000"),
        (f"{VARIABLES}.SLOW_MS", ABSENT, "SLOW_MS is missing, not 2000"),
        (
            f"{VARIABLES}.TOKEN",
            "canary-token",
            "it has a variable TOKEN, which its code does not read",
        ),
        (
            "ExecutionRoleArn",
            "arn:aws:iam::1:role/x",
            f"it acts as arn:aws:iam::1:role/x, not as {ROLE}",
        ),
        ("VPCConfig", {"SubnetIds": ["subnet-1"]}, "it stands in a VPC, and sees the service from"),
        ("Replicas", [{"Location": "us-west-2"}], "it runs in other regions, too, where no alarm"),
        ("SuccessRetentionPeriod", 1, "SuccessRetentionPeriod is 1, not 31"),
        ("FailureRetentionPeriod", ABSENT, "FailureRetentionPeriod is None, not 31"),
        ("ArtifactS3Location", "s3://elsewhere/canary", "it leaves artifacts at s3://elsewhere/"),
        ("ArtifactS3Location", ABSENT, "it leaves artifacts at no place, not in a bucket of ours"),
    ],
)
def test_one_spoiled_property(production: Real, path: str, value: object, message: str) -> None:
    told = faults(production, RULE, PART, setting(CANARY, NAME, path, value))
    assert list(told) == [NAME]
    assert told[NAME].startswith(message)


def test_artifacts_in_a_bucket_without_encryption(production: Real) -> None:
    spoil = setting("AWS::S3::Bucket", "Artifacts", "BucketEncryption", ABSENT)
    told = faults(production, RULE, PART, spoil)
    assert "where it leaves artifacts, is not encrypted" in told[NAME]


def test_another_region(production: Real) -> None:
    templates = tuple(
        replace(each, region="us-west-2") if each.stack.endswith(f"-{PART}") else each
        for each in production.reading.templates
    )
    told = faults(
        replace(production, reading=replace(production.reading, templates=templates)), RULE, PART
    )
    assert told[NAME].startswith("it runs in us-west-2, not in us-east-2")


def test_it_must_exist(production: Real) -> None:
    told = faults(production, RULE, PART, setting(CANARY, NAME, "Name", "another"))
    assert told == {
        NAME: "it is called another, which is the canary of no service",
        None: f"no canary is called {CALLED}: nobody asks passport-api from outside",
    }


def test_one_beside_it_is_told(production: Real) -> None:
    told = faults(production, RULE, PART, add("Second", CANARY, Name="rovn-production-x"))
    assert told == {"Second": "it is called rovn-production-x, which is the canary of no service"}


@pytest.mark.parametrize(
    "path", ["Name", "Schedule.Expression", "StartCanaryAfterCreation", f"{VARIABLES}.PROBES"]
)
def test_an_open_value_fails(production: Real, path: str) -> None:
    told = faults(production, RULE, PART, setting(CANARY, NAME, path, OPEN))
    assert "${SomeParameter}" in told[NAME]


def test_other_resources_are_not_looked_at() -> None:
    given = template(PART, {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {}}})
    assert verdicts(RULE, given) == {None: "rovn/production has nothing that the rule looks at"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("StartCanaryAfterCreation", False),
        ("Schedule.Expression", "rate(60 minutes)"),
        (f"{VARIABLES}.SPACING_SECONDS", "0"),
        (f"{VARIABLES}.HOSTNAME_OF_SERVICE", "example.com"),
    ],
)
def test_only_this_rule_sees_a_canary_that_does_not_watch(
    real: Real, path: str, value: object
) -> None:
    assert real.caught(PART, setting(CANARY, NAME, path, value)) == {(RULE.id, NAME)}
