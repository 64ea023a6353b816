"""Elastic Load Balancing: what ministack's load balancers, listeners, rules and groups drop."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from sandbox.emulator.client import client
from sandbox.emulator.patching import PATCHES, Function
from sandbox.emulator.resource_types import (
    COMPLETED,
    PROVISIONERS,
    CompletedType,
    Properties,
)

ALB = "ministack.services.alb"
Answer = tuple[int, dict[str, str], bytes]
Parameters = dict[str, Any]
Action = dict[str, Any]

PATCHES.needs(ALB, "_error", "_lb_attrs", "_p", "_tgs")

# What a target group is told and ministack's record of it drops.
GROUP_FIELDS = ("ProtocolVersion", "IpAddressType")
PROTECTION = "deletion_protection.enabled"


def _elbv2() -> Any:  # noqa: ANN401 - boto3
    return client("elbv2")


# --- Forwarding to weighted target groups ---


@PATCHES.wrap(PROVISIONERS, "_elbv2_listener_actions", parameters=("props", "lb_arn", "prop"))
def declared_actions(
    original: Function, props: Properties, lb_arn: str | None, prop: str = "DefaultActions"
) -> list[Action]:
    """Keep the weights of a template's actions."""
    actions: list[Action] = original(props, lb_arn, prop)
    for action, declared in zip(actions, props.get(prop) or [], strict=True):
        if "ForwardConfig" in declared:
            action["ForwardConfig"] = declared["ForwardConfig"]
    return actions


@PATCHES.wrap(ALB, "_parse_actions", parameters=("params", "prefix"))
def requested_actions(
    original: Function, params: Parameters, prefix: str = "DefaultActions"
) -> list[Action]:
    """Keep the weights of a request's actions."""
    actions: list[Action] = original(params, prefix)
    for number, action in enumerate(actions, start=1):
        forward = _requested_forward(params, f"{prefix}.member.{number}.ForwardConfig")
        if forward:
            action["ForwardConfig"] = forward
            action["TargetGroupArn"] = forward["TargetGroups"][0]["TargetGroupArn"]
    return actions


def _requested_forward(params: Parameters, base: str) -> dict[str, Any]:
    from ministack.services import alb

    groups: list[dict[str, str]] = []
    while arn := alb._p(params, f"{base}.TargetGroups.member.{len(groups) + 1}.TargetGroupArn"):
        weight = alb._p(params, f"{base}.TargetGroups.member.{len(groups) + 1}.Weight", "1")
        groups.append({"TargetGroupArn": arn, "Weight": weight})
    if not groups:
        return {}
    sticky = f"{base}.TargetGroupStickinessConfig"
    stickiness = {
        name: value
        for name in ("Enabled", "DurationSeconds")
        if (value := alb._p(params, f"{sticky}.{name}"))
    }
    return {"TargetGroups": groups, "TargetGroupStickinessConfig": stickiness}


@PATCHES.wrap(ALB, "_action_xml", parameters=("a",))
def action_xml(original: Function, a: Action) -> str:
    """Answer with the weights; one group alone is named outside of them, too, as on AWS."""
    if "TargetGroupArn" not in a:
        return str(original(a))
    forward = a.get("ForwardConfig") or {"TargetGroups": [{"TargetGroupArn": a["TargetGroupArn"]}]}
    groups = forward["TargetGroups"]
    alone = {**a} if len(groups) == 1 else {k: v for k, v in a.items() if k != "TargetGroupArn"}
    members = "".join(
        f"<member><TargetGroupArn>{escape(group['TargetGroupArn'])}</TargetGroupArn>"
        f"<Weight>{group.get('Weight', 1)}</Weight></member>"
        for group in groups
    )
    stickiness = {"Enabled": False, **forward.get("TargetGroupStickinessConfig", {})}
    settings = "".join(
        f"<{name}>{str(value).lower()}</{name}>" for name, value in stickiness.items()
    )
    xml = (
        f"<ForwardConfig><TargetGroups>{members}</TargetGroups>"
        f"<TargetGroupStickinessConfig>{settings}</TargetGroupStickinessConfig></ForwardConfig>"
    )
    return str(original(alone)).replace("</member>", f"{xml}</member>")


# --- Listeners and rules ---


def configure_listener(arn: str, properties: Properties, before: Properties) -> None:
    """Give a new listener its attributes, which only ministack's update does."""
    if not before and properties.get("ListenerAttributes"):
        _elbv2().modify_listener_attributes(
            ListenerArn=arn, Attributes=_attributes(properties["ListenerAttributes"])
        )


def _attributes(declared: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return attributes as the API takes them: text only, truths in small letters."""
    return [
        {
            "Key": entry["Key"],
            "Value": str(entry["Value"]).lower()
            if isinstance(entry["Value"], bool)
            else str(entry["Value"]),
        }
        for entry in declared
    ]


def configure_rule(arn: str, properties: Properties, before: Properties) -> None:
    """Tag a rule, which ministack does not."""
    kept = {tag["Key"] for tag in properties.get("Tags", [])}
    dropped = [tag["Key"] for tag in before.get("Tags", []) if tag["Key"] not in kept]
    if dropped:
        _elbv2().remove_tags(ResourceArns=[arn], TagKeys=dropped)
    if kept:
        _elbv2().add_tags(ResourceArns=[arn], Tags=properties["Tags"])


COMPLETED["AWS::ElasticLoadBalancingV2::Listener"] = CompletedType(configure=configure_listener)
COMPLETED["AWS::ElasticLoadBalancingV2::ListenerRule"] = CompletedType(configure=configure_rule)


# --- Target groups ---


def configure_group(arn: str, properties: Properties, _before: Properties) -> None:
    """Keep the fields that ministack drops."""
    from ministack.services import alb

    fields = {name: properties[name] for name in GROUP_FIELDS if name in properties}
    alb._tgs[arn].update(fields)


def group_attributes(arn: str, _properties: Properties) -> dict[str, Any]:
    """Return the attribute that ministack's handler has not, and that which it shortens."""
    from ministack.services import alb

    return {
        "LoadBalancerArns": alb._tgs[arn]["LoadBalancerArns"],
        "TargetGroupFullName": arn.rsplit(":", 1)[1],
    }


COMPLETED["AWS::ElasticLoadBalancingV2::TargetGroup"] = CompletedType(
    configure=configure_group, attributes=group_attributes
)


@PATCHES.wrap(ALB, "_tg_xml", parameters=("tg",))
def group_xml(original: Function, tg: dict[str, Any]) -> str:
    """Answer with the fields kept; those of AWS where none was given."""
    fields = {"ProtocolVersion": "HTTP1", "IpAddressType": "ipv4", **tg}
    xml = "".join(f"<{name}>{escape(str(fields[name]))}</{name}>" for name in GROUP_FIELDS)
    return str(original(tg)).removesuffix("</member>") + f"{xml}</member>"


# --- Load balancers ---


@PATCHES.wrap(ALB, "_ACTION_MAP", entry="DeleteLoadBalancer", parameters=("params",))
def delete_unless_protected(original: Function, params: Parameters) -> Answer:
    """Refuse what AWS refuses: to delete a load balancer under deletion protection."""
    from ministack.services import alb

    arn = alb._p(params, "LoadBalancerArn")
    attributes = {entry["Key"]: entry["Value"] for entry in alb._lb_attrs.get(arn, [])}
    if str(attributes.get(PROTECTION)).lower() == "true":
        refusal: Answer = alb._error(
            "OperationNotPermitted",
            f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
        )
        return refusal
    answer: Answer = original(params)
    return answer


def delete_balancer(arn: str, _properties: Properties) -> None:
    """Delete through the service, which refuses a protected one; ministack's handler does not."""
    elbv2 = _elbv2()
    listeners = elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]
    elbv2.delete_load_balancer(LoadBalancerArn=arn)
    for listener in listeners:
        elbv2.delete_listener(ListenerArn=listener["ListenerArn"])


COMPLETED["AWS::ElasticLoadBalancingV2::LoadBalancer"] = CompletedType(delete=delete_balancer)
