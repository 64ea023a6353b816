"""AWS X-Ray."""

from __future__ import annotations

from runbook.deployed.description import Description, NotThereError, Resource, describes, present


@describes("AWS::XRay::SamplingRule")
def sampling_rule(resource: Resource) -> Description:
    """Read a sampling rule and its tags."""
    xray, arn = resource.client("xray"), resource.physical_id
    found = [
        record["SamplingRule"]
        for page in xray.get_paginator("get_sampling_rules").paginate()
        for record in page["SamplingRuleRecords"]
        if record["SamplingRule"]["RuleARN"] == arn
    ]
    if not found:
        raise NotThereError(f"no sampling rule {arn}")
    rule = {name: value for name, value in found[0].items() if name != "RuleARN"}
    properties = {
        "SamplingRule": rule,
        "Tags": xray.list_tags_for_resource(ResourceARN=arn).get("Tags"),
    }
    return Description(present(properties), {"RuleARN": arn}, closed=frozenset({"SamplingRule"}))
