"""The alarms that an environment should have, and those that its templates hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from policies.lookups.references import reference
from policies.lookups.services import ecs_services, target_groups_of
from policies.templates.scope import Resource, Scope
from policies.templates.values import UnresolvedError
from runbook.alarms import placeholders
from runbook.alarms.alarm import BudgetAlarm, CompositeAlarm, MetricAlarm
from runbook.alarms.catalogue import alarms_of
from runbook.alarms.delivery import topic_arn
from runbook.alarms.finding import region
from runbook.alarms.placeholders import is_placeholder
from runbook.alarms.severities import level
from runbook.alarms.web import COLOURS

ALARM, COMPOSITE = "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"
_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
_CERTIFICATE = "AWS::CertificateManager::Certificate"
_HEALTH_CHECK = "AWS::Route53::HealthCheck"


@dataclass(frozen=True)
class Wanted:
    """One alarm of the catalogue, a composite's part too, and the region it stands in."""

    alarm: MetricAlarm | CompositeAlarm
    name: str
    region: str
    topic: str

    @property
    def type(self) -> str:
        """Its type in a template."""
        return ALARM if isinstance(self.alarm, MetricAlarm) else COMPOSITE


@lru_cache(maxsize=2)
def wanted_alarms(scope: Scope) -> Mapping[tuple[str, str, str], Wanted]:
    """Map type, name and region to every alarm that the templates have to hold.

    A budget is none of them. The same name in another region is another alarm.
    """
    wanted = [
        _wanted(each, scope)
        for alarm in alarms_of(scope.environment)
        if not isinstance(alarm, BudgetAlarm)
        for each in (alarm, *(alarm.every if isinstance(alarm, CompositeAlarm) else ()))
    ]
    return {(one.type, one.name, one.region): one for one in wanted}


def _wanted(alarm: MetricAlarm | CompositeAlarm, scope: Scope) -> Wanted:
    environment = scope.environment
    where = region(environment, alarm)
    severity = level(environment.organisation, alarm.severity).id
    told = topic_arn(environment, where, severity)
    return Wanted(alarm, alarm.name(environment.slug), where, told)


def wanted_as(resource: Resource, scope: Scope) -> Wanted | None:
    """Find what the catalogue says of an alarm of a template; None where it knows none such."""
    name, region = resource.at("AlarmName"), resource.stack.template.region
    return wanted_alarms(scope).get((resource.type, str(name), str(region)))


def dimension(value: str, alarm: MetricAlarm | None, scope: Scope) -> str:
    """Write what a dimension's value has to be in a template, a reference as rules see it.

    Which health check is meant, the alarm on it tells alone.

    Raises ``UnresolvedError`` where the templates do not hold exactly one of what it stands for.
    """
    if not is_placeholder(value):
        return value
    match value:
        case placeholders.BALANCER:
            found = list(scope.resources(_BALANCER))
            attribute = "LoadBalancerFullName"
        case placeholders.CERTIFICATE:
            found, attribute = list(scope.resources(_CERTIFICATE)), "Ref"
        case placeholders.HEALTH_CHECK:
            found, attribute = _health_checks(alarm, scope), "HealthCheckId"
        case _:
            found, attribute = _target_groups(value, scope), "TargetGroupFullName"
    if len(found) != 1:
        raise UnresolvedError(f"{value} stands for {len(found)} resources, not for 1")
    return reference(found[0], attribute)


def _health_checks(alarm: MetricAlarm | None, scope: Scope) -> list[Resource]:
    """List the checks that ask the host name of the alarm's service."""
    if alarm is None:
        return []
    hostname = scope.environment.services[str(alarm.subject)].ingress.hostname
    asked = "HealthCheckConfig.FullyQualifiedDomainName"
    return [check for check in scope.resources(_HEALTH_CHECK) if check.at(asked) == hostname]


def _target_groups(value: str, scope: Scope) -> list[Resource]:
    """List the groups of this placeholder: ECS is told of blue first, then of green."""
    return [
        group
        for key, _, service in ecs_services(scope)
        for colour, group in zip(COLOURS, target_groups_of(service, scope), strict=False)
        if placeholders.target_group(key, colour) == value
    ]
