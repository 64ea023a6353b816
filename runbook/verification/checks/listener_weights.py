"""All production traffic goes to one colour, and that one is healthy (ROVN-DEP-4).

ECS writes the weights while it shifts traffic; between deployments one target group has them all.
"""

from collections.abc import Mapping
from typing import Any

from runbook.operators.history import GOING_BACK, UNDER_WAY
from runbook.verification.check import checks_that
from runbook.verification.finding import Inspection
from runbook.verification.live import Live
from runbook.verification.remembered import remembered

Json = Any
_RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"


@checks_that("listener weights", "ROVN-DEP-4", "ROVN-HLT-1")
def weights(live: Live, inspection: Inspection) -> None:
    """Want each blue/green service's production rule to lead to one healthy target group."""
    for key, service in live.environment.services.items():
        if service.strategy != "blue_green":
            continue
        where = f"service {key}"
        with inspection.looking_at(where):
            last = next(iter(remembered(live, key)), None)
            if last and last.status in (*UNDER_WAY, *GOING_BACK):
                what = f"a service deployment is {last.status}: its weights are on their way"
                inspection.unverified(where, what, "run it again when the deployment is over")
                continue
            _of_service(live, where, service.name, inspection)


def _of_service(live: Live, where: str, name: str, inspection: Inspection) -> None:
    ecs, cluster = live.account.client("ecs"), live.environment.slug
    described = ecs.describe_services(cluster=cluster, services=[name])["services"]
    serving = next((each for each in described if each.get("status") == "ACTIVE"), None)
    if serving is None:
        return  # the revisions' check tells that
    balancers = serving.get("loadBalancers", [])
    if not balancers:
        what = "the service has no load balancer: no request reaches it"
        inspection.breach(where, what, "set its load balancers to what the template declares")
    for balancer in balancers:
        advanced = balancer.get("advancedConfiguration")
        if not advanced:
            what = "the service has no second target group: it cannot shift traffic"
            inspection.breach(where, what, "set its load balancers to what the template declares")
            continue
        groups = {balancer["targetGroupArn"], advanced["alternateTargetGroupArn"]}
        rule = advanced["productionListenerRule"]
        _of_rule(live, where, rule, groups, inspection)


def _of_rule(live: Live, where: str, rule: str, groups: set[str], inspection: Inspection) -> None:
    elb = live.account.client("elbv2")
    [found] = elb.describe_rules(RuleArns=[rule])["Rules"]
    _before(live, where, found, inspection)
    weighed = _weights(found["Actions"])
    fix = f"aws elbv2 describe-rules --rule-arns {rule}; a release, or a rollback, weighs anew"
    strange = [arn for arn, weight in weighed.items() if weight and arn not in groups]
    serving = [arn for arn, weight in weighed.items() if weight and arn in groups]
    if strange:
        names = ", ".join(map(_name, strange))
        inspection.breach(where, f"production traffic goes to {names}, none of its groups", fix)
    if len(serving) != 1:
        shares = ", ".join(f"{_name(arn)} {weight}" for arn, weight in sorted(weighed.items()))
        what = f"no deployment is under way, and {len(serving)} of its groups have traffic"
        inspection.breach(where, f"{what} ({shares or 'no weights'})", fix)
    for arn in serving:
        told = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        states = [each["TargetHealth"]["State"] for each in told]
        if "healthy" not in states:
            seen = ", ".join(sorted(set(states))) or "it has no targets"
            what = f"{_name(arn)} has all the traffic and no healthy task ({seen})"
            fix = f"runbook status {live.environment.name}, then runbook rollback"
            inspection.breach(where, what, fix)


def _before(live: Live, where: str, rule: Mapping[str, Json], inspection: Inspection) -> None:
    """Want no rule before it that no template declares: that would take the service's requests."""
    own = {each.id for each in live.of_type(_RULE)}
    listener = rule["RuleArn"].replace(":listener-rule/", ":listener/").rpartition("/")[0]
    pages = live.account.client("elbv2").get_paginator("describe_rules")
    for page in pages.paginate(ListenerArn=listener):
        for other in page["Rules"]:
            if other["RuleArn"] not in own and _place(other) < _place(rule):
                what = f"a rule that no template declares comes first, at {other['Priority']}"
                fix = f"aws elbv2 describe-rules --rule-arns {other['RuleArn']}; find in CloudTrail"
                inspection.breach(where, what, f"{fix} who made it, then delete it")


def _place(rule: Mapping[str, Json]) -> float:
    """Say when a listener comes to a rule: the least priority first, the default one last."""
    return float("inf") if rule["Priority"] == "default" else float(rule["Priority"])


def _weights(actions: list[Mapping[str, Json]]) -> dict[str, int]:
    """Map each target group of a rule to its weight; a plain forward gives all to one."""
    found: dict[str, int] = {}
    for action in actions:
        if action.get("Type") != "forward":
            continue
        groups = action.get("ForwardConfig", {}).get("TargetGroups") or [
            {"TargetGroupArn": action["TargetGroupArn"], "Weight": 1}
        ]
        found |= {group["TargetGroupArn"]: group.get("Weight", 1) for group in groups}
    return found


def _name(arn: str) -> str:
    return arn.split(":targetgroup/")[-1].split("/")[0]
