"""load-balancer-firewall."""

import pytest

from policies.rules.load_balancer_firewall import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties
from tests.policies.rules.spoiling import Spoil, add, all_pass, faults, setting

BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
ACL, ASSOCIATION = "AWS::WAFv2::WebACL", "AWS::WAFv2::WebACLAssociation"
IP_LIST, COMMON = "AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesCommonRuleSet"


def rule(name: str, change: Json) -> Spoil:
    """Change one rule of the web ACL, by its name."""

    def spoil(body: Json) -> None:
        (found,) = (r for r in properties(body, ACL)["Rules"] if r["Name"] == name)
        found |= change

    return spoil


def group(name: str, **besides: object) -> Json:
    statement = {"Name": name, "VendorName": "AWS"} | besides
    return {"Statement": {"ManagedRuleGroupStatement": statement}}


def rate(**changes: object) -> Spoil:
    statement: Json = {"AggregateKeyType": "IP", "Limit": 3000} | changes
    return rule("RequestRate", {"Statement": {"RateBasedStatement": statement}})


def test_ours_passes(real: Real) -> None:
    assert all_pass(real, RULE, "IngressBalancer", "WebAcl")


NARROW = {"ScopeDownStatement": {"GeoMatchStatement": {"CountryCodes": ["US"]}}}
COUNTED = {"RuleActionOverrides": [{"Name": "NoUserAgent_HEADER", "ActionToUse": {"Count": {}}}]}
NOT_IP_LIST = f"{IP_LIST} does not block, whole and for every request"
NOT_COMMON = f"{COMMON} does not block, whole and for every request"
NO_LIMIT = "no rule blocks an address after 3000 requests in 5 minutes"
ALLOWS = "a rule allows requests before the others have seen them"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (rule(IP_LIST, {"OverrideAction": {"Count": {}}}), NOT_IP_LIST),
        (rule(IP_LIST, group(IP_LIST, **NARROW)), NOT_IP_LIST),
        (rule(IP_LIST, group(IP_LIST, Version="Version_1.0")), NOT_IP_LIST),
        (rule(IP_LIST, group(COMMON)), NOT_IP_LIST),
        (rule(COMMON, group(COMMON, **COUNTED)), NOT_COMMON),
        (rule("RequestRate", {"Action": {"Count": {}}}), NO_LIMIT),
        (rate(Limit=3001), NO_LIMIT),
        (rate(EvaluationWindowSec=60), NO_LIMIT),
        (rate(AggregateKeyType="FORWARDED_IP"), NO_LIMIT),
        (rate(**NARROW), NO_LIMIT),
        (rule("ClosedPath1", {"Action": {"Allow": {}}}), ALLOWS),
    ],
)
def test_less_fails(production: Real, spoil: Spoil, message: str) -> None:
    assert faults(production, RULE, "platform", spoil) == {"WebAcl": message}


def test_the_window_is_wafs_own_by_default(production: Real) -> None:
    assert faults(production, RULE, "platform", rate()) == {}


@pytest.mark.parametrize("key", ["ResourceArn", "WebACLArn"])
def test_a_balancer_without_a_web_acl_fails(production: Real, key: str) -> None:
    spoil = setting(ASSOCIATION, "WebAclAssociation", key, "arn:another")
    assert faults(production, RULE, "platform", spoil) == {
        "IngressBalancer": "no web ACL of these templates is associated with it"
    }


def test_an_internal_balancer_is_not_looked_at(production: Real) -> None:
    assert faults(production, RULE, "platform", add("Inner", BALANCER, Scheme="internal")) == {}
    assert set(faults(production, RULE, "platform", add("Outer", BALANCER))) == {"Outer"}


def test_an_open_limit_fails(production: Real) -> None:
    (said,) = faults(production, RULE, "platform", rate(Limit=OPEN)).values()
    assert said.startswith("${SomeParameter} cannot be known before the deploy")


def test_only_this_rule_sees_a_group_that_only_counts(real: Real) -> None:
    spoil = rule(IP_LIST, {"OverrideAction": {"Count": {}}})
    assert real.caught("platform", spoil) == {("load-balancer-firewall", "WebAcl")}


WHOLE = {"Name": COMMON, "VendorName": "AWS"}
LARGE = [{"Name": "SizeRestrictions_BODY", "ActionToUse": {"Allow": {}}}]
FOREIGN = {"Statement": {"ManagedRuleGroupStatement": {"Name": "x", "VendorName": "Somebody"}}}
OWN_GROUP = {"Statement": {"RuleGroupReferenceStatement": {"Arn": "arn:aws:wafv2:group"}}}


@pytest.mark.parametrize("change", [group(COMMON, RuleActionOverrides=LARGE), FOREIGN, OWN_GROUP])
def test_what_allows_within_a_group_fails(production: Real, change: Json) -> None:
    """A body above 8 KB would pass all groups after the one whose rule allows it."""
    (said,) = faults(production, RULE, "platform", rule(COMMON, change)).values()
    assert said.startswith(ALLOWS)


def test_a_second_association_is_judged_too(production: Real) -> None:
    """It may be made last, and then its web ACL is the one that stands there."""

    def second(body: Json) -> None:
        balancer = next(k for k, r in body["Resources"].items() if r["Type"] == BALANCER)
        given = {"ResourceArn": {"Ref": balancer}, "WebACLArn": "arn:aws:wafv2:other"}
        first = {"Second": {"Type": ASSOCIATION, "Properties": given}}
        body["Resources"] = first | body["Resources"]

    assert faults(production, RULE, "platform", second) == {
        "IngressBalancer": "no web ACL of these templates is associated with it"
    }


def test_a_balancer_that_passes_by_a_silent_acl_fails(production: Real) -> None:
    def fails_open(body: Json) -> None:
        attributes = properties(body, BALANCER)["LoadBalancerAttributes"]
        attributes.append({"Key": "waf.fail_open.enabled", "Value": "true"})

    assert faults(production, RULE, "platform", fails_open) == {
        "IngressBalancer": "waf.fail_open.enabled is not false: requests pass when the web ACL "
        "does not answer"
    }


def test_numbers_may_be_text(production: Real) -> None:
    assert faults(production, RULE, "platform", rate(Limit="3000")) == {}
