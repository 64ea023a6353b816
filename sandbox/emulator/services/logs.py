"""CloudWatch Logs: data protection policies, which ministack has not."""

from __future__ import annotations

import json
from typing import Any

from sandbox.emulator.client import client
from sandbox.emulator.own_calls import Caller, Members, RefusedError, answers
from sandbox.emulator.patching import PATCHES
from sandbox.emulator.resource_types import COMPLETED, CompletedType, Properties

POLICY = "DataProtectionPolicy"
# Where a group's record keeps it, so that it goes with the group.
FIELD = "_dataProtectionPolicy"

PATCHES.needs("ministack.services.cloudwatch_logs", "_log_groups")


def configure_group(name: str, properties: Properties, before: Properties) -> None:
    """Put the policy on a group, or take it off."""
    logs = client("logs")
    if properties.get(POLICY):
        document = json.dumps(properties[POLICY])
        logs.put_data_protection_policy(logGroupIdentifier=name, policyDocument=document)
    elif before.get(POLICY):
        logs.delete_data_protection_policy(logGroupIdentifier=name)


COMPLETED["AWS::Logs::LogGroup"] = CompletedType(configure=configure_group)


@answers("logs", "PutDataProtectionPolicy")
def put_policy(caller: Caller, request: Members) -> Members:
    """Keep a policy; one that Logs could not read is refused."""
    group = _group(caller, request)
    try:
        json.loads(request["policyDocument"])
    except ValueError as error:
        raise RefusedError("InvalidParameterException", f"policyDocument: {error}") from None
    group[FIELD] = request["policyDocument"]
    return _policy(group, request)


@answers("logs", "GetDataProtectionPolicy")
def get_policy(caller: Caller, request: Members) -> Members:
    """Tell the policy; of a group without one, only the group."""
    return _policy(_group(caller, request), request)


@answers("logs", "DeleteDataProtectionPolicy")
def delete_policy(caller: Caller, request: Members) -> Members:
    """Forget the policy."""
    _group(caller, request).pop(FIELD, None)
    return {}


def _group(caller: Caller, request: Members) -> dict[str, Any]:
    from ministack.services import cloudwatch_logs

    name = request["logGroupIdentifier"].removesuffix(":*").split(":log-group:")[-1]
    group: dict[str, Any] | None = cloudwatch_logs._log_groups.get_scoped(
        caller.account, caller.region, name
    )
    if group is None:
        raise RefusedError("ResourceNotFoundException", f"there is no log group {name}")
    return group


def _policy(group: dict[str, Any], request: Members) -> Members:
    policy = {"policyDocument": group[FIELD]} if FIELD in group else {}
    return {"logGroupIdentifier": request["logGroupIdentifier"], **policy}
