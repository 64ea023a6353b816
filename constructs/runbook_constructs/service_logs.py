"""The log groups of a service, which outlive it."""

from constructs import Construct

from runbook.alarms.log_metrics import namespace
from runbook.log_groups import log_groups
from runbook.model.environment import Environment
from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.encrypted_log_group import EncryptedLogGroup
from runbook_constructs.log_metric_filters import LogMetricFilters
from runbook_constructs.phi_log_group import PhiLogGroup


class ServiceLogs(Construct):
    """Log groups under one key: what tasks write, and where PHI was found in it (ROVN-LOG-1).

    ``service`` is a key of the environment file; what its lines say becomes metrics. ``app``,
    ``collector`` and ``migrations`` are the groups' names, one for each container.
    """

    def __init__(
        self, scope: Construct, id_: str, *, environment: Environment, service: str
    ) -> None:
        super().__init__(scope, id_)
        logged = environment.services[service]
        self.app, self.collector, self.migrations = log_groups(logged)
        key = CustomerKey(
            self,
            "Key",
            alias=f"alias/{environment.slug}/{service}-logs",
            description=f"Logs of {logged.name} of {environment.name}",
        )
        findings = EncryptedLogGroup(
            self,
            "PhiFindings",
            name=f"{self.app}/phi-findings",
            retention_days=logged.log_retention_days,
            key=key,
        )
        groups = {
            id_of_group: PhiLogGroup(
                self,
                id_of_group,
                name=name,
                retention_days=logged.log_retention_days,
                key=key,
                findings=findings,
            )
            for id_of_group, name in (
                ("App", self.app),
                ("Collector", self.collector),
                ("Migrations", self.migrations),
            )
        }
        LogMetricFilters(
            self,
            "Metrics",
            log_group=self.app,
            group=groups["App"],
            namespace=namespace(environment, service),
        )
