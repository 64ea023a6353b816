"""AWS WAF."""

from __future__ import annotations

from runbook.deployed.description import (
    Description,
    NotThereError,
    Resource,
    describes,
    present,
    selected,
)
from runbook.deployed.spelling import as_properties


@describes("AWS::WAFv2::WebACL")
def web_acl(resource: Resource) -> Description:
    """Read a web ACL and its tags."""
    waf = resource.client("wafv2")
    name, identity, scope = resource.physical_id.split("|")
    try:
        answer = waf.get_web_acl(Name=name, Id=identity, Scope=scope)["WebACL"]
    except waf.exceptions.WAFNonexistentItemException:
        raise NotThereError(f"no web ACL {name}") from None
    shape = waf.meta.service_model.operation_model("GetWebACL").output_shape.members["WebACL"]
    found = as_properties(shape, answer, {"ARN": "Arn"})
    tags = _tags(resource, answer["ARN"])
    properties = {
        **selected(
            found,
            "AssociationConfig",
            "CaptchaConfig",
            "ChallengeConfig",
            "CustomResponseBodies",
            "DataProtectionConfig",
            "DefaultAction",
            "Description",
            "Name",
            "OnSourceDDoSProtectionConfig",
            "Rules",
            "TokenDomains",
            "VisibilityConfig",
        ),
        "Scope": scope,
        "Tags": tags,
    }
    told = {"Arn": answer["ARN"], "Id": identity, "Capacity": found.get("Capacity")}
    return Description(
        present(properties), present(told), closed=frozenset({"DefaultAction", "Rules"})
    )


def _tags(resource: Resource, arn: str) -> list[dict[str, str]]:
    answer = resource.client("wafv2").list_tags_for_resource(ResourceARN=arn)
    tags: list[dict[str, str]] = answer.get("TagInfoForResource", {}).get("TagList", [])
    return tags


@describes("AWS::WAFv2::WebACLAssociation")
def association(resource: Resource) -> Description:
    """Read which web ACL stands before a resource."""
    waf = resource.client("wafv2")
    protected, _ = resource.physical_id.split("|")
    try:
        answer = waf.get_web_acl_for_resource(ResourceArn=protected)
    except waf.exceptions.WAFNonexistentItemException:
        answer = {}
    if "WebACL" not in answer:
        raise NotThereError(f"no web ACL stands before {protected}")
    return Description({"ResourceArn": protected, "WebACLArn": answer["WebACL"]["ARN"]})


@describes("AWS::WAFv2::LoggingConfiguration")
def logging_configuration(resource: Resource) -> Description:
    """Read where a web ACL logs, and what it leaves out."""
    waf = resource.client("wafv2")
    try:
        found = waf.get_logging_configuration(ResourceArn=resource.physical_id)
    except waf.exceptions.WAFNonexistentItemException:
        raise NotThereError(f"{resource.physical_id} does not log") from None
    properties = selected(
        found["LoggingConfiguration"],
        "LogDestinationConfigs",
        "LoggingFilter",
        "RedactedFields",
        "ResourceArn",
    )
    return Description(
        properties,
        unordered=frozenset({"LogDestinationConfigs", "RedactedFields"}),
        closed=frozenset({"LoggingFilter", "RedactedFields"}),
    )


@describes("AWS::WAFv2::IPSet")
def ip_set(resource: Resource) -> Description:
    """Read a set of addresses and its tags."""
    waf = resource.client("wafv2")
    name, identity, scope = resource.physical_id.split("|")
    try:
        found = waf.get_ip_set(Name=name, Id=identity, Scope=scope)["IPSet"]
    except waf.exceptions.WAFNonexistentItemException:
        raise NotThereError(f"no set of addresses {name}") from None
    tags = _tags(resource, found["ARN"])
    properties = {
        **selected(found, "Addresses", "Description", "IPAddressVersion", "Name"),
        "Scope": scope,
        "Tags": tags,
    }
    addresses = frozenset({"Addresses"})
    return Description(
        properties, {"Arn": found["ARN"], "Id": identity}, unordered=addresses, closed=addresses
    )
