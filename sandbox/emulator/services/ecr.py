"""ECR: rules that bring images of other registries through this one, which ministack has not."""

from __future__ import annotations

import time
from typing import Any

from runbook.deployed.spelling import as_request
from sandbox.emulator.client import client
from sandbox.emulator.own_calls import Caller, Members, RefusedError, answers
from sandbox.emulator.resource_types import ADDED, AddedType, Created, Properties

# By account, region and prefix.
RULES: dict[tuple[str, str, str], Members] = {}


# --- AWS::ECR::PullThroughCacheRule ---


def create_rule(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Create the rule; Ref gives its prefix."""
    ecr = client("ecr")
    shape = ecr.meta.service_model.operation_model("CreatePullThroughCacheRule").input_shape
    request: dict[str, Any] = as_request(shape, properties)
    return ecr.create_pull_through_cache_rule(**request)["ecrRepositoryPrefix"], {}


def update_rule(
    prefix: str, old: Properties, new: Properties, stack: str, logical_id: str
) -> Created:
    """Make it anew: only credentials change in place, of which there are none here."""
    if old["EcrRepositoryPrefix"] == new["EcrRepositoryPrefix"]:
        delete_rule(prefix, old)
    return create_rule(logical_id, new, stack)


def delete_rule(prefix: str, _properties: Properties) -> None:
    """Delete the rule."""
    client("ecr").delete_pull_through_cache_rule(ecrRepositoryPrefix=prefix)


ADDED["AWS::ECR::PullThroughCacheRule"] = AddedType(
    create_rule, update_rule, delete_rule, tagged=False
)


# --- ECR's calls ---


@answers("ecr", "CreatePullThroughCacheRule")
def create(caller: Caller, request: Members) -> Members:
    """Keep a rule; prefixes are unique in a registry."""
    prefix = request["ecrRepositoryPrefix"]
    key = (caller.account, caller.region, prefix)
    if key in RULES:
        raise RefusedError(
            "PullThroughCacheRuleAlreadyExistsException", f"there is a rule for {prefix}"
        )
    now = time.time()
    RULES[key] = {"registryId": caller.account, **request, "createdAt": now, "updatedAt": now}
    return RULES[key]


@answers("ecr", "DescribePullThroughCacheRules")
def describe(caller: Caller, request: Members) -> Members:
    """Tell the rules, of the given prefixes if any are given."""
    here = {
        prefix: rule
        for (account, region, prefix), rule in RULES.items()
        if (account, region) == (caller.account, caller.region)
    }
    prefixes = request.get("ecrRepositoryPrefixes") or list(here)
    return {"pullThroughCacheRules": [_found(here, prefix) for prefix in prefixes]}


@answers("ecr", "DeletePullThroughCacheRule")
def delete(caller: Caller, request: Members) -> Members:
    """Forget a rule."""
    prefix = request["ecrRepositoryPrefix"]
    key = (caller.account, caller.region, prefix)
    rule = _found({prefix: RULES[key]} if key in RULES else {}, prefix)
    del RULES[key]
    return rule


def _found(rules: dict[str, Members], prefix: str) -> Members:
    if prefix not in rules:
        raise RefusedError(
            "PullThroughCacheRuleNotFoundException", f"there is no rule for {prefix}"
        )
    return rules[prefix]
