"""CloudWatch Synthetics: canaries as resources of a stack. moto answers the calls (by_moto.py).

No canary runs here: it is told as running, and writes no metric.
"""

from __future__ import annotations

from typing import Any

from ministack.core.responses import get_account_id, get_region

from runbook.deployed.spelling import as_request
from sandbox.emulator.client import client
from sandbox.emulator.resource_types import ADDED, AddedType, Created, Properties

# By property of a template: the member of CreateCanary, where it is spelled otherwise.
SPELLED = {
    "FailureRetentionPeriod": "FailureRetentionPeriodInDays",
    "SuccessRetentionPeriod": "SuccessRetentionPeriodInDays",
    "VPCConfig": "VpcConfig",
}
# What tells CloudFormation what to do, and is no member of the canary.
SET_APART = {"DeleteLambdaResourcesOnCanaryDeletion", "StartCanaryAfterCreation", "Tags"}


def create_canary(logical_id: str, properties: Properties, stack: str) -> Created:
    """Create the canary, and let it count as running; Ref gives its name."""
    name = properties.get("Name", f"{stack}-{logical_id}".lower())
    given = {
        SPELLED.get(key, key): value for key, value in properties.items() if key not in SET_APART
    }
    synthetics = client("synthetics")
    shape = synthetics.meta.service_model.operation_model("CreateCanary").input_shape
    request: dict[str, Any] = as_request(shape, {**given, "Name": name})
    tags = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}
    made = synthetics.create_canary(**request, Tags=tags)["Canary"]
    if str(properties.get("StartCanaryAfterCreation")).lower() == "true":
        _canaries()[name].state = "RUNNING"
    return name, {"Id": made["Id"], "State": _canaries()[name].state}


def update_canary(
    name: str, old: Properties, new: Properties, stack: str, logical_id: str
) -> Created:
    """Make it anew in its place, with its id: moto changes none. Another name is another one."""
    if old.get("Name") != new.get("Name"):
        return create_canary(logical_id, new, stack)
    before = _canaries().pop(name)
    created = create_canary(logical_id, {**new, "Name": name}, stack)
    _canaries()[name].id = before.id
    return name, {**created[1], "Id": before.id}


def delete_canary(name: str, _properties: Properties) -> None:
    """Delete the canary, which moto cannot."""
    _canaries().pop(name, None)


def _canaries() -> dict[str, Any]:
    """Return moto's own, by their names."""
    client("synthetics").describe_canaries()  # the first call loads moto, for this account
    from moto.synthetics.models import synthetics_backends

    canaries: dict[str, Any] = synthetics_backends[get_account_id()][get_region()].canaries
    return canaries


ADDED["AWS::Synthetics::Canary"] = AddedType(create_canary, update_canary, delete_canary)
