"""Amazon Route 53."""

from __future__ import annotations

from runbook.deployed.description import Description, NotThereError, Resource, describes, present
from runbook.deployed.spelling import as_properties

# What Route 53 takes where a template is silent.
DEFAULTS = {
    "HealthCheckConfig.Disabled": False,
    "HealthCheckConfig.EnableSNI": True,
    "HealthCheckConfig.FailureThreshold": 3,
    "HealthCheckConfig.Inverted": False,
    "HealthCheckConfig.MeasureLatency": False,
    "HealthCheckConfig.RequestInterval": 30,
}


@describes("AWS::Route53::HealthCheck")
def health_check(resource: Resource) -> Description:
    """Read what a health check asks, how often, from where, and its tags."""
    route53, check = resource.client("route53"), resource.physical_id
    try:
        live = route53.get_health_check(HealthCheckId=check)["HealthCheck"]
    except route53.exceptions.NoSuchHealthCheck:
        raise NotThereError(f"no health check {check}") from None
    tagged = route53.list_tags_for_resource(ResourceType="healthcheck", ResourceId=check)
    shape = route53.meta.service_model.shape_for("HealthCheckConfig")
    properties = {
        "HealthCheckConfig": as_properties(shape, live["HealthCheckConfig"]),
        "HealthCheckTags": tagged["ResourceTagSet"].get("Tags"),
    }
    return Description(
        present(properties),
        {"HealthCheckId": check},
        unordered=frozenset({"HealthCheckConfig.Regions"}),
        closed=frozenset({"HealthCheckConfig"}),
        defaults=DEFAULTS,
    )
