"""Who may talk to the tasks of a service, and whom they may talk to."""

from aws_cdk import aws_ec2 as ec2
from constructs import Construct, IDependable

from runbook_constructs.database import PORT

HTTPS = 443


class ServiceNetwork(Construct):
    """Security groups of a service's tasks: ``app`` and ``migrations``.

    The balancer reaches ``app`` on its one port; both reach the database, and AWS and vendors by
    HTTPS. All rules stand here, so that balancer and database never depend on a service.
    ``rules`` are what no reference makes the tasks wait for.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        port: int,
        vpc: ec2.IVpc,
        balancer: ec2.ISecurityGroup,
        database: ec2.ISecurityGroup,
    ) -> None:
        super().__init__(scope, id_)
        self.app = self._group("App", f"Tasks of {name}", vpc)
        self.migrations = self._group("Migrations", f"Migration tasks of {name}", vpc)
        self.rules: list[IDependable] = []
        self._let("Balancer", balancer, self.app, port, f"{name} from the load balancer")
        self._let("AppToDatabase", self.app, database, PORT, f"PostgreSQL from {name}")
        self._let(
            "MigrationsToDatabase",
            self.migrations,
            database,
            PORT,
            f"PostgreSQL from migrations of {name}",
        )

    def _group(self, id_: str, description: str, vpc: ec2.IVpc) -> ec2.SecurityGroup:
        group = ec2.SecurityGroup(
            self, id_, vpc=vpc, description=description, allow_all_outbound=False
        )
        group.add_egress_rule(
            ec2.Peer.any_ipv4(), ec2.Port.tcp(HTTPS), "HTTPS to AWS and to vendors"
        )
        return group

    def _let(
        self,
        id_: str,
        source: ec2.ISecurityGroup,
        target: ec2.ISecurityGroup,
        port: int,
        why: str,
    ) -> None:
        """Open ``port`` of ``target`` to ``source``, at both ends."""
        egress = ec2.CfnSecurityGroupEgress(
            self,
            f"{id_}Egress",
            group_id=source.security_group_id,
            destination_security_group_id=target.security_group_id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            description=why,
        )
        ingress = ec2.CfnSecurityGroupIngress(
            self,
            f"{id_}Ingress",
            group_id=target.security_group_id,
            source_security_group_id=source.security_group_id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            description=why,
        )
        self.rules += [egress, ingress]
