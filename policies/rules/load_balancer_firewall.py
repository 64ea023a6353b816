"""A web ACL stands before each load balancer that the internet reaches."""

from collections.abc import Iterator
from typing import Any

from policies.lookups.services import pairs
from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope
from policies.templates.values import number, switch

_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
_ACL = "AWS::WAFv2::WebACL"
_ASSOCIATION = "AWS::WAFv2::WebACLAssociation"
# AWS's groups, and which of their rules may only count. The common rules refuse every body of more
# than 8 KB, at a limit that nobody can move (docs/decisions/0020).
GROUPS: dict[str, set[str]] = {
    "AWSManagedRulesAmazonIpReputationList": set(),
    "AWSManagedRulesCommonRuleSet": {"SizeRestrictions_BODY"},
    "AWSManagedRulesKnownBadInputsRuleSet": set(),
    "AWSManagedRulesSQLiRuleSet": set(),
}
_WHOLE = {"Name", "VendorName", "RuleActionOverrides"}
_WINDOW = 300
_OWN_GROUP = "RuleGroupReferenceStatement"
_FAIL_OPEN = "waf.fail_open.enabled"


def _concerns(resource: Resource, scope: Scope) -> bool:
    if resource.type == _BALANCER:
        return bool(resource.at("Scheme", "internet-facing") != "internal")
    return any(resource is acl for _, acl in _acls(scope))


def _acls(scope: Scope) -> list[tuple[Resource | None, Resource | None]]:
    """List each load balancer with a web ACL before it; of two, the one made last stays."""
    return [
        (scope.target(association.at("ResourceArn")), scope.target(association.at("WebACLArn")))
        for association in scope.resources(_ASSOCIATION)
    ]


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    if resource.type == _BALANCER:
        found = [acl for balancer, acl in _acls(scope) if balancer is resource]
        if not found or None in found:
            yield "no web ACL of these templates is associated with it"
        attributes = pairs(resource.at("LoadBalancerAttributes", []), key="Key")
        if switch(attributes.get(_FAIL_OPEN, False)) is not False:
            yield f"{_FAIL_OPEN} is not false: requests pass when the web ACL does not answer"
        return
    rules: list[dict[str, Any]] = resource.at("Rules", [])
    if any(_may_allow(rule) for rule in rules):
        yield "a rule allows requests before the others have seen them"
    for group, counted in GROUPS.items():
        if not any(_blocks_group(rule, group, counted) for rule in rules):
            yield f"{group} does not block, whole and for every request"
    limit = scope.environment.load_balancer.requests_per_5_minutes
    if not any(_limits(rule, limit) for rule in rules):
        yield f"no rule blocks an address after {limit} requests in 5 minutes"


def _may_allow(rule: dict[str, Any]) -> bool:
    """Whether a rule, or what it sets in a group, ends the look at a request by allowing it."""
    statement = rule["Statement"]
    group = statement.get("ManagedRuleGroupStatement", statement.get(_OWN_GROUP, {}))
    actions = [override["ActionToUse"] for override in group.get("RuleActionOverrides", [])]
    # What a group of somebody else's does by itself, no template shows.
    unseen = _OWN_GROUP in statement or group.get("VendorName", "AWS") != "AWS"
    return unseen or any("Allow" in action for action in (rule.get("Action", {}), *actions))


def _blocks_group(rule: dict[str, Any], name: str, counted: set[str]) -> bool:
    group = rule["Statement"].get("ManagedRuleGroupStatement", {})
    overridden = {override["Name"] for override in group.get("RuleActionOverrides", [])}
    return (
        (group.get("VendorName"), group.get("Name")) == ("AWS", name)
        and group.keys() <= _WHOLE
        and overridden <= counted
        and "None" in rule.get("OverrideAction", {})
    )


def _limits(rule: dict[str, Any], limit: int) -> bool:
    rate = rule["Statement"].get("RateBasedStatement", {})
    return (
        "Block" in rule.get("Action", {})
        and (rate.get("AggregateKeyType"), number(rate.get("Limit"))) == ("IP", limit)
        and number(rate.get("EvaluationWindowSec", _WINDOW)) == _WINDOW
        and "ScopeDownStatement" not in rate
    )


RULE = Rule(
    id="load-balancer-firewall",
    title="Each load balancer that the internet reaches is behind a web ACL with rules and a limit",
    why="Known attacks and floods are turned away before a service that holds records sees them.",
    remedy="Make it with runbook_constructs.web_acl, and set requests_per_5_minutes of "
    "[load_balancer] in the environment file.",
    clauses=(),
    controls=("NIST SC-5", "NIST SC-7", "SOC2 CC6.6"),
    types=(_BALANCER, _ACL),
    concerns=_concerns,
    judge=_judge,
)
