"""closed-paths-decoded (ROVN-HLT-2)."""

import pytest

from policies.rules.closed_paths_decoded import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties
from tests.policies.rules.spoiling import Spoil, add, all_pass, faults, setting

ACL = "AWS::WAFv2::WebACL"
MATCH = "Rules.0.Statement.AndStatement.Statements.0.ByteMatchStatement"
LETS_THROUGH = "Rules.0.Statement.AndStatement.Statements.1"
FAULT = {"WebAcl": "no rule blocks /debug/*, decoded and normalized, from all but own addresses"}


def put(path: str, value: object) -> Spoil:
    return setting(ACL, "WebAcl", path, value)


def test_closed_paths_are_decoded_first(real: Real) -> None:
    assert all_pass(real, RULE, "WebAcl")


def to_everybody(body: Json) -> None:
    properties(body, "AWS::WAFv2::IPSet")["Addresses"].append("0.0.0.0/1")


def unconditional(body: Json) -> None:
    rule = properties(body, ACL)["Rules"][0]
    rule["Statement"] = rule["Statement"]["AndStatement"]["Statements"][0]


@pytest.mark.parametrize(
    ("spoil", "messages"),
    [
        (unconditional, {}),
        (put(f"{MATCH}.TextTransformations", [{"Priority": 0, "Type": "NONE"}]), FAULT),
        (put(f"{MATCH}.TextTransformations.0.Priority", 9), FAULT),
        (put(f"{MATCH}.PositionalConstraint", "EXACTLY"), FAULT),
        (put(f"{MATCH}.SearchString", "/other/"), FAULT),
        (put(f"{MATCH}.FieldToMatch", {"QueryString": {}}), FAULT),
        (put("Rules.0.Action", {"Count": {}}), FAULT),
        (put(LETS_THROUGH, {"GeoMatchStatement": {"CountryCodes": ["US"]}}), FAULT),
        (to_everybody, FAULT),
        (put("Rules", []), FAULT),
    ],
)
def test_only_own_addresses_pass(
    production: Real, spoil: Spoil, messages: dict[str | None, str]
) -> None:
    assert faults(production, RULE, "platform", spoil) == messages


def test_an_open_path_fails(production: Real) -> None:
    (said,) = faults(production, RULE, "platform", put(f"{MATCH}.SearchString", OPEN)).values()
    assert said.startswith("${SomeParameter} cannot be known before the deploy")


def test_an_acl_before_nothing_is_not_looked_at(production: Real) -> None:
    assert faults(production, RULE, "platform", add("Other", ACL, Rules=[])) == {}


def test_only_this_rule_sees_a_path_that_is_not_decoded(real: Real) -> None:
    spoil = put(f"{MATCH}.TextTransformations", [{"Priority": 0, "Type": "NONE"}])
    assert real.caught("platform", spoil) == {("closed-paths-decoded", "WebAcl")}


def test_a_header_that_anybody_writes_proves_no_address(production: Real) -> None:
    forwarded = {"HeaderName": "X-Forwarded-For", "FallbackBehavior": "MATCH", "Position": "ANY"}
    reference = f"{LETS_THROUGH}.NotStatement.Statement.IPSetReferenceStatement"
    spoil = put(f"{reference}.IPSetForwardedIPConfig", forwarded)
    assert faults(production, RULE, "platform", spoil) == FAULT
