"""The second vantage: Route 53 asks from other regions, and its alarms stand where its metrics do.

With what else rings in that region: an alarm sees the metrics of its own alone.
"""

from aws_cdk import aws_route53 as route53
from constructs import Construct

from runbook.alarms.alarm import Stands
from runbook.alarms.canary import canary_name
from runbook.alarms.placeholders import HEALTH_CHECK
from runbook.model.environment import IDENTITY_REGION, Environment
from runbook.model.ingress import PRODUCTION_PORT
from runbook_constructs.catalogue_alarms import CatalogueAlarms, standing
from runbook_constructs.mute_rules import MuteRules
from stacks.runbook_stack import RunbookStack

# Three is the least that Route 53 takes; none is the region that the canary asks from.
REGIONS = ("eu-west-1", "us-east-1", "us-west-2")
INTERVAL_SECONDS = 30
# A checker says at once what it sees: how long it has to last, the alarm alone decides.
FAILURE_THRESHOLD = 1


class ProbeStack(RunbookStack):
    """A health check of each service, and the alarms that stand in Route 53's region."""

    def __init__(self, scope: Construct, id_: str, *, environment: Environment) -> None:
        super().__init__(
            scope,
            id_,
            environment=environment,
            part="probes",
            description="Health checks of Route 53 and their alarms",
            stateful=False,
            region=IDENTITY_REGION,
        )
        self._environment = environment
        alarms = standing(environment, Stands.PROBE)
        for service in environment.services:
            CatalogueAlarms(
                self,
                service.title().replace("-", ""),
                environment=environment,
                alarms=[alarm for alarm in alarms if alarm.subject == service],
                known={HEALTH_CHECK: self._health_check(service)},
            )
        others = CatalogueAlarms(
            self,
            "Catalogue",
            environment=environment,
            alarms=[alarm for alarm in alarms if alarm.subject not in environment.services],
            known={},
        )
        if environment.region != IDENTITY_REGION:
            # There, the environment's own rules mute what wakes nobody.
            MuteRules(self, "Muted", environment=environment).node.add_dependency(others)

    def _health_check(self, service: str) -> str:
        model = self._environment.services[service]
        check = route53.CfnHealthCheck(
            self,
            f"{service.title().replace('-', '')}HealthCheck",
            health_check_config=route53.CfnHealthCheck.HealthCheckConfigProperty(
                # It wants 200 within its own seconds, and takes any certificate: the canary does
                # not.
                type="HTTPS",
                fully_qualified_domain_name=model.ingress.hostname,
                port=PRODUCTION_PORT,
                enable_sni=True,
                resource_path=model.health_path,
                request_interval=INTERVAL_SECONDS,
                failure_threshold=FAILURE_THRESHOLD,
                measure_latency=True,
                inverted=False,
                regions=list(REGIONS),
            ),
            health_check_tags=self._tags(service),
        )
        return check.attr_health_check_id

    def _tags(self, service: str) -> list[route53.CfnHealthCheck.HealthCheckTagProperty]:
        """Name it, as the console shows nothing else, and label it as the stack is."""
        environment = self._environment
        labels = {
            "Name": canary_name(environment, service),
            "runbook:environment": environment.environment,
            "runbook:organisation": environment.organisation,
            "runbook:tier": environment.tier,
        }
        tag = route53.CfnHealthCheck.HealthCheckTagProperty
        return [tag(key=key, value=value) for key, value in labels.items()]
