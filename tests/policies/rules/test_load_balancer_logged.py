"""load-balancer-logged."""

import pytest

from policies.rules.load_balancer_logged import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties
from tests.policies.rules.spoiling import Spoil, all_pass, faults, setting

BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
NAME = "IngressBalancer"


def attribute(key: str, value: object) -> Spoil:
    def spoil(body: Json) -> None:
        given = properties(body, BALANCER)["LoadBalancerAttributes"]
        given[:] = [item for item in given if item["Key"] != key]
        if value is not None:
            given.append({"Key": key, "Value": value})

    return spoil


def test_ours_passes(real: Real) -> None:
    assert all_pass(real, RULE, NAME)


MALFORMED = "routing.http.drop_invalid_header_fields.enabled"
NO_BUCKET = "which is no bucket of these templates"
DESYNC = "routing.http.desync_mitigation_mode"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("access_logs.s3.enabled", "false", "is not true: requests are not logged"),
        ("access_logs.s3.enabled", None, "is not true: requests are not logged"),
        ("connection_logs.s3.enabled", None, "is not true: connections are not logged"),
        ("deletion_protection.enabled", None, "is not true: it can be deleted in one step"),
        (MALFORMED, "false", "is not true: invalid header fields reach the tasks"),
        ("access_logs.s3.bucket", "another", f"is another, {NO_BUCKET}"),
        ("connection_logs.s3.bucket", None, f"is None, {NO_BUCKET}"),
        (DESYNC, "monitor", "is monitor, not defensive or strictest"),
    ],
)
def test_less_fails(production: Real, key: str, value: object, message: str) -> None:
    said = faults(production, RULE, "platform", attribute(key, value))
    assert said == {NAME: f"{key} {message}"}


@pytest.mark.parametrize(("key", "value"), [(DESYNC, None), ("access_logs.s3.enabled", True)])
def test_defaults_and_booleans_are_read(production: Real, key: str, value: object) -> None:
    assert faults(production, RULE, "platform", attribute(key, value)) == {}


@pytest.mark.parametrize("key", [DESYNC, "access_logs.s3.enabled"])
def test_an_open_value_fails(production: Real, key: str) -> None:
    (said,) = faults(production, RULE, "platform", attribute(key, OPEN)).values()
    assert said.startswith("${SomeParameter} cannot be known before the deploy")


def test_no_attributes_at_all_fail(production: Real) -> None:
    spoil = setting(BALANCER, NAME, "LoadBalancerAttributes", [])
    (said,) = faults(production, RULE, "platform", spoil).values()
    assert said.count("; ") == 5


def test_only_this_rule_sees_a_log_switched_off(real: Real) -> None:
    spoil = attribute("connection_logs.s3.enabled", "false")
    assert real.caught("platform", spoil) == {("load-balancer-logged", NAME)}
