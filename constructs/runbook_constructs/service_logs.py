"""The log groups of a service, which outlive it."""

from constructs import Construct

from runbook.model.services import Service
from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.encrypted_log_group import EncryptedLogGroup
from runbook_constructs.phi_log_group import PhiLogGroup


class ServiceLogs(Construct):
    """Log groups under one key: what tasks write, and where PHI was found in it (ROVN-LOG-1).

    ``app``, ``collector`` and ``migrations`` are the groups' names, one for each container.
    """

    def __init__(
        self, scope: Construct, id_: str, *, service: Service, key_alias: str, environment: str
    ) -> None:
        super().__init__(scope, id_)
        self.app = f"/ecs/{service.name}"
        self.collector = f"{self.app}/collector"
        self.migrations = f"{self.app}-migrations"
        key = CustomerKey(
            self, "Key", alias=key_alias, description=f"Logs of {service.name} of {environment}"
        )
        findings = EncryptedLogGroup(
            self,
            "PhiFindings",
            name=f"{self.app}/phi-findings",
            retention_days=service.log_retention_days,
            key=key,
        )
        for id_of_group, name in (
            ("App", self.app),
            ("Collector", self.collector),
            ("Migrations", self.migrations),
        ):
            PhiLogGroup(
                self,
                id_of_group,
                name=name,
                retention_days=service.log_retention_days,
                key=key,
                findings=findings,
            )
