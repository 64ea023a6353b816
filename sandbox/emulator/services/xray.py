"""X-Ray: sampling rules. moto, which has the rest of the service, has none."""

from __future__ import annotations

import time
from typing import Any

from runbook.deployed.spelling import as_request
from sandbox.emulator.client import client
from sandbox.emulator.own_calls import Caller, Members, RefusedError, answers
from sandbox.emulator.resource_types import ADDED, AddedType, Created, Properties

RULE = "SamplingRule"

# By their ARN: the records that X-Ray answers with, and tags.
RULES: dict[str, Members] = {}
TAGS: dict[str, dict[str, str]] = {}


# --- AWS::XRay::SamplingRule ---


def _request(operation: str, properties: Properties) -> dict[str, Any]:
    shape = client("xray").meta.service_model.operation_model(operation).input_shape
    request: dict[str, Any] = as_request(shape, properties)
    return request


def create_rule(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Create the rule; Ref gives its ARN."""
    made = client("xray").create_sampling_rule(**_request("CreateSamplingRule", properties))
    return _rule(made["SamplingRuleRecord"][RULE]["RuleARN"])


def _rule(arn: str) -> Created:
    return arn, {"RuleARN": arn}


def update_rule(arn: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Created:
    """Change the rule in place; of another name or version it is another one."""
    if any(old[RULE].get(name) != new[RULE].get(name) for name in ("RuleName", "Version")):
        return create_rule(logical_id, new, stack)
    xray = client("xray")
    changes = {name: value for name, value in new[RULE].items() if name != "Version"}
    xray.update_sampling_rule(**_request("UpdateSamplingRule", {"SamplingRuleUpdate": changes}))
    kept = {tag["Key"] for tag in new.get("Tags", [])}
    dropped = [tag["Key"] for tag in old.get("Tags", []) if tag["Key"] not in kept]
    if dropped:
        xray.untag_resource(ResourceARN=arn, TagKeys=dropped)
    if kept:
        xray.tag_resource(ResourceARN=arn, Tags=new["Tags"])
    return _rule(arn)


def delete_rule(arn: str, _properties: Properties) -> None:
    """Delete the rule."""
    client("xray").delete_sampling_rule(RuleARN=arn)


ADDED["AWS::XRay::SamplingRule"] = AddedType(create_rule, update_rule, delete_rule)


# --- X-Ray's calls ---


@answers("xray", "CreateSamplingRule")
def create(caller: Caller, request: Members) -> Members:
    """Keep a new rule; names are unique in a region."""
    rule = request[RULE]
    arn = caller.arn("xray", f"sampling-rule/{rule['RuleName']}")
    if arn in RULES:
        raise RefusedError("InvalidRequestException", f"{rule['RuleName']} already exists")
    now = time.time()
    rule = {"Attributes": {}, **rule, "RuleARN": arn}
    RULES[arn] = {RULE: rule, "CreatedAt": now, "ModifiedAt": now}
    TAGS[arn] = {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}
    return {"SamplingRuleRecord": RULES[arn]}


@answers("xray", "UpdateSamplingRule")
def update(caller: Caller, request: Members) -> Members:
    """Change what the request gives, and leave the rest."""
    changes = request["SamplingRuleUpdate"]
    record = RULES[_found(caller, changes)]
    record[RULE].update(changes)
    record["ModifiedAt"] = time.time()
    return {"SamplingRuleRecord": record}


@answers("xray", "DeleteSamplingRule")
def delete(caller: Caller, request: Members) -> Members:
    """Forget a rule and its tags."""
    arn = _found(caller, request)
    TAGS.pop(arn)
    return {"SamplingRuleRecord": RULES.pop(arn)}


@answers("xray", "GetSamplingRules")
def get(caller: Caller, _request: Members) -> Members:
    """Tell every rule of the region but X-Ray's own."""
    here = caller.arn("xray", "")
    return {"SamplingRuleRecords": [rule for arn, rule in RULES.items() if arn.startswith(here)]}


@answers("xray", "TagResource")
def tag(_caller: Caller, request: Members) -> Members:
    """Add tags."""
    _tags(request).update({tag["Key"]: tag["Value"] for tag in request["Tags"]})
    return {}


@answers("xray", "UntagResource")
def untag(_caller: Caller, request: Members) -> Members:
    """Remove tags."""
    for key in request["TagKeys"]:
        _tags(request).pop(key, None)
    return {}


@answers("xray", "ListTagsForResource")
def list_tags(_caller: Caller, request: Members) -> Members:
    """Tell the tags."""
    return {"Tags": [{"Key": key, "Value": value} for key, value in _tags(request).items()]}


def _tags(request: Members) -> dict[str, str]:
    if request["ResourceARN"] not in TAGS:
        raise RefusedError("ResourceNotFoundException", f"there is no {request['ResourceARN']}")
    return TAGS[request["ResourceARN"]]


def _found(caller: Caller, request: Members) -> str:
    named = caller.arn("xray", f"sampling-rule/{request.get('RuleName')}")
    arn: str = request.get("RuleARN", named)
    if arn not in RULES:
        raise RefusedError("InvalidRequestException", f"there is no sampling rule {arn}")
    return arn
