"""second-vantage (ROVN-HLT-3)."""

import pytest

from policies.rules.second_vantage import CHECK, RULE
from tests.policies.rules.harness import OPEN, Real, template, verdicts
from tests.policies.rules.spoiling import ABSENT, faults, setting

PART, NAME, CONFIG = "probes", "PassportApiHealthCheck", "HealthCheckConfig"


def test_the_health_check_of_each_environment_asks(real: Real) -> None:
    assert real.statuses(RULE) == {NAME: "pass"}


@pytest.mark.clause("ROVN-HLT-3")
@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("Type", "HTTP", "Type is HTTP, not HTTPS"),
        ("Type", "TCP", "Type is TCP, not HTTPS"),
        ("Type", "CALCULATED", "Type is CALCULATED, not HTTPS"),
        ("Port", 80, "Port is 80, not 443"),
        ("EnableSNI", False, "EnableSNI is False, not True"),
        ("ResourcePath", "/", "ResourcePath is /, not /health"),
        ("ResourcePath", ABSENT, "ResourcePath is /, not /health"),
        ("RequestInterval", 10, "RequestInterval is 10, not 30"),
        ("FailureThreshold", 10, "FailureThreshold is 10, not 1"),
        ("FailureThreshold", ABSENT, "FailureThreshold is 3, not 1"),
        ("MeasureLatency", ABSENT, "MeasureLatency is False, not True"),
        ("Inverted", True, "Inverted is True, not False"),
        ("Inverted", "true", "Inverted is True, not False"),
        ("IPAddress", "192.0.2.1", "IPAddress is set: it does not only ask the service"),
        ("HealthThreshold", 1, "HealthThreshold is set: it does not only ask the service"),
        ("SearchString", "ok", "SearchString is set: it does not only ask the service"),
        (
            "Regions",
            ["us-east-1", "us-west-2"],
            "it asks from us-east-1, us-west-2: 3 are the least that find a quorum",
        ),
        (
            "Regions",
            ["us-east-1", "us-east-1", "us-east-1"],
            "it asks from us-east-1: 3 are the least that find a quorum",
        ),
        ("Regions", [], "it asks from no region: 3 are the least that find a quorum"),
    ],
)
def test_one_spoiled_property(production: Real, key: str, value: object, message: str) -> None:
    told = faults(production, RULE, PART, setting(CHECK, NAME, f"{CONFIG}.{key}", value))
    assert told == {NAME: message}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Regions", ABSENT),
        ("Regions", ["eu-west-1", "sa-east-1", "us-east-1", "us-west-2"]),
        ("Port", "443"),
        ("Port", ABSENT),
        ("EnableSNI", ABSENT),
        ("Inverted", ABSENT),
    ],
)
def test_what_means_the_same_passes(production: Real, key: str, value: object) -> None:
    assert faults(production, RULE, PART, setting(CHECK, NAME, f"{CONFIG}.{key}", value)) == {}


def test_it_must_ask_each_service(production: Real) -> None:
    spoil = setting(CHECK, NAME, f"{CONFIG}.FullyQualifiedDomainName", "example.com")
    assert faults(production, RULE, PART, spoil) == {
        NAME: "it asks example.com, which is no service's",
        None: "no health check of Route 53 asks passport-api: the canary alone would see an outage",
    }


@pytest.mark.parametrize("key", ["FullyQualifiedDomainName", "ResourcePath", "Inverted", "Regions"])
def test_an_open_value_fails(production: Real, key: str) -> None:
    told = faults(production, RULE, PART, setting(CHECK, NAME, f"{CONFIG}.{key}", OPEN))
    assert "${SomeParameter}" in told[NAME]


def test_other_resources_are_not_looked_at() -> None:
    given = template(PART, {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {}}})
    assert verdicts(RULE, given) == {None: "rovn/production has nothing that the rule looks at"}


@pytest.mark.parametrize(
    ("key", "value"), [("Inverted", True), ("ResourcePath", "/ping"), ("Type", "TCP")]
)
def test_only_this_rule_sees_a_check_that_finds_everything_well(
    real: Real, key: str, value: object
) -> None:
    spoil = setting(CHECK, NAME, f"{CONFIG}.{key}", value)
    assert real.caught(PART, spoil) == {(RULE.id, NAME)}
