"""Route 53: health checks as resources of a stack. Nobody asks what they name."""

from __future__ import annotations

from typing import Any

from runbook.deployed.spelling import as_request
from sandbox.emulator.client import client
from sandbox.emulator.patching import PATCHES, Function
from sandbox.emulator.resource_types import ADDED, AddedType, Created, Properties

ROUTE53 = "ministack.services.route53"
CONFIG, TAGS = "HealthCheckConfig", "HealthCheckTags"
REPLACING = ("MeasureLatency", "RequestInterval", "Type")


def _config(properties: Properties, operation: str) -> dict[str, Any]:
    shape = client("route53").meta.service_model.operation_model(operation).input_shape
    members = shape.members.get(CONFIG, shape)
    config: dict[str, Any] = as_request(members, properties)
    return config


def create_check(logical_id: str, properties: Properties, stack: str) -> Created:
    """Create the check; Ref gives its id."""
    # A caller's reference is one check for good, also after it was deleted.
    reference = f"{stack}-{logical_id}-{abs(hash(str(properties)))}"[:64]
    made = client("route53").create_health_check(
        CallerReference=reference,
        HealthCheckConfig=_config(properties[CONFIG], "CreateHealthCheck"),
    )["HealthCheck"]
    _tagged(made["Id"], {}, properties)
    return made["Id"], {"HealthCheckId": made["Id"]}


def update_check(
    check: str, old: Properties, new: Properties, stack: str, logical_id: str
) -> Created:
    """Change it in place; of another type or interval it is another one."""
    if any(old[CONFIG].get(name) != new[CONFIG].get(name) for name in REPLACING):
        return create_check(logical_id, new, stack)
    changed = {name: value for name, value in new[CONFIG].items() if name not in REPLACING}
    client("route53").update_health_check(
        HealthCheckId=check, **_config(changed, "UpdateHealthCheck")
    )
    _tagged(check, old, new)
    return check, {"HealthCheckId": check}


def delete_check(check: str, _properties: Properties) -> None:
    """Delete the check."""
    client("route53").delete_health_check(HealthCheckId=check)


def _tagged(check: str, old: Properties, new: Properties) -> None:
    kept = {tag["Key"] for tag in new.get(TAGS, [])}
    dropped = [tag["Key"] for tag in old.get(TAGS, []) if tag["Key"] not in kept]
    changes = {"AddTags": new.get(TAGS), "RemoveTagKeys": dropped}
    given = {name: value for name, value in changes.items() if value}
    if given:
        client("route53").change_tags_for_resource(
            ResourceType="healthcheck", ResourceId=check, **given
        )


ADDED["AWS::Route53::HealthCheck"] = AddedType(
    create_check, update_check, delete_check, tagged=False
)


# --- What ministack misreads ---


@PATCHES.wrap(ROUTE53, "_parse_health_check_config", parameters=("el",))
def parse_config(original: Function, el: Any) -> dict[str, Any]:  # noqa: ANN401 - an element
    """Read the regions that a check asks from, of which ministack keeps the number only."""
    config: dict[str, Any] = original(el)
    named = [each for each in el.iter() if each.tag.rpartition("}")[2] == "Regions"]
    if named:
        config["Regions"] = [each.text or "" for each in named[0]]
    return config


@PATCHES.wrap(ROUTE53, "_build_health_check_el", parameters=("parent", "hc"))
def build_check(original: Function, parent: Any, hc: dict[str, Any]) -> None:  # noqa: ANN401
    """Spell truths as XML does: Python's `True` reads as false."""
    config = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in hc.get("config", {}).items()
    }
    original(parent, {**hc, "config": config})
