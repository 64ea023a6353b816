"""firewall-logged."""

import pytest

from policies.rules.firewall_logged import RULE
from tests.policies.rules.harness import OPEN, Real
from tests.policies.rules.spoiling import ABSENT, Spoil, add, all_pass, faults, setting

ACL, LOGGING = "AWS::WAFv2::WebACL", "AWS::WAFv2::LoggingConfiguration"
SAMPLES = "SampledRequestsEnabled keeps whole requests, headers and all, for the console"


def put(path: str, value: object) -> Spoil:
    return setting(LOGGING, "WebAclLogging", path, value)


def test_ours_passes(real: Real) -> None:
    assert all_pass(real, RULE, "WebAcl")


FILTER = {"DefaultBehavior": "DROP", "Filters": []}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (put("ResourceArn", "arn:another"), "what it blocks and lets through is not logged"),
        (put("LogDestinationConfigs", []), "its log goes nowhere"),
        (put("LoggingFilter", FILTER), "a LoggingFilter leaves requests out of its log"),
        (put("RedactedFields.0.SingleHeader.Name", "x"), "its log holds the header authorization"),
        (put("RedactedFields.1", {"Method": {}}), "its log holds the header cookie"),
        (put("RedactedFields.2", {"Method": {}}), "its log holds query strings"),
        (setting(ACL, "WebAcl", "VisibilityConfig.SampledRequestsEnabled", value=True), SAMPLES),
        (setting(ACL, "WebAcl", "Rules.2.VisibilityConfig", ABSENT), SAMPLES),
    ],
)
def test_less_fails(production: Real, spoil: Spoil, message: str) -> None:
    assert faults(production, RULE, "platform", spoil) == {"WebAcl": message}


def test_headers_have_no_case(production: Real) -> None:
    spoil = put("RedactedFields.0.SingleHeader.Name", "Authorization")
    assert faults(production, RULE, "platform", spoil) == {}


def test_an_open_value_fails(production: Real) -> None:
    said = faults(production, RULE, "platform", put("LogDestinationConfigs", OPEN))
    assert said["WebAcl"].startswith("LogDestinationConfigs: ${SomeParameter} is open")


def test_an_acl_without_a_log_fails(production: Real) -> None:
    visible = {"VisibilityConfig": {"SampledRequestsEnabled": False}}
    other = add("Other", ACL, **visible)
    assert faults(production, RULE, "platform", other) == {
        "Other": "what it blocks and lets through is not logged"
    }


def test_only_this_rule_sees_a_header_in_the_log(real: Real) -> None:
    spoil = put("RedactedFields.0.SingleHeader.Name", "x")
    assert real.caught("platform", spoil) == {("firewall-logged", "WebAcl")}


def test_a_log_of_somebody_else_fails(production: Real) -> None:
    spoil = put("LogDestinationConfigs.0", "arn:aws:s3:::aws-waf-logs-foreign")
    said = faults(production, RULE, "platform", spoil)["WebAcl"]
    assert said.startswith("its log goes to arn:aws:s3:::aws-waf-logs-foreign, which is not")


def test_a_switch_may_be_text(production: Real) -> None:
    path = "VisibilityConfig.SampledRequestsEnabled"
    assert faults(production, RULE, "platform", setting(ACL, "WebAcl", path, "false")) == {}
    said = faults(production, RULE, "platform", setting(ACL, "WebAcl", path, "true"))
    assert said == {"WebAcl": SAMPLES}
