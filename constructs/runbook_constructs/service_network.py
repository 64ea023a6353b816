"""Who may talk to the tasks of a service, and whom they and rotation functions may talk to."""

from aws_cdk import aws_ec2 as ec2
from constructs import Construct, IDependable

from runbook_constructs.database import PORT

HTTPS = 443


class MigrationsNetwork(Construct):
    """The security group of a service's migration tasks: ``group`` (ROVN-MIG-1).

    Apart from the service, because its release gate stands before it and runs migrations. They
    reach the database, and AWS by HTTPS: images, secrets and logs come and go that way.
    ``rules`` are what no reference makes anybody wait for.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        vpc: ec2.IVpc,
        database: ec2.ISecurityGroup,
    ) -> None:
        super().__init__(scope, id_)
        self.group = _group(self, "Group", f"Migration tasks of {name}", vpc)
        self.rules = _let(
            self, "Database", self.group, database, PORT, f"PostgreSQL from migrations of {name}"
        )


class ServiceNetwork(Construct):
    """The security group of a service's tasks: ``app``.

    The balancer reaches it on its one port; it reaches the database, and AWS and vendors by HTTPS.
    All rules stand here, so that balancer and database never depend on a service. ``rules`` are
    what no reference makes the tasks wait for.
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
        self.app = _group(self, "App", f"Tasks of {name}", vpc)
        self.rules: list[IDependable] = [
            *_let(self, "Balancer", balancer, self.app, port, f"{name} from the load balancer"),
            *_let(self, "AppToDatabase", self.app, database, PORT, f"PostgreSQL from {name}"),
        ]


class RotationNetwork(Construct):
    """The security group of the functions that rotate the database's secrets: ``group``.

    They reach the database, and AWS through the VPC's endpoints: neither the internet nor a task.
    ``rules`` are what no reference makes anybody wait for.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        vpc: ec2.IVpc,
        database: ec2.ISecurityGroup,
        endpoints: ec2.ISecurityGroup,
    ) -> None:
        super().__init__(scope, id_)
        self.group = ec2.SecurityGroup(
            self,
            "Group",
            vpc=vpc,
            description="Functions that rotate secrets of the database",
            allow_all_outbound=False,
        )
        https = ec2.CfnSecurityGroupEgress(
            self,
            "Endpoints",
            group_id=self.group.security_group_id,
            destination_security_group_id=endpoints.security_group_id,
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            description="HTTPS to the endpoints of AWS",
        )
        database_rules = _let(
            self, "Database", self.group, database, PORT, "PostgreSQL from rotation functions"
        )
        self.rules: list[IDependable] = [https, *database_rules]


def _group(scope: Construct, id_: str, description: str, vpc: ec2.IVpc) -> ec2.SecurityGroup:
    group = ec2.SecurityGroup(
        scope, id_, vpc=vpc, description=description, allow_all_outbound=False
    )
    group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(HTTPS), "HTTPS to AWS and to vendors")
    return group


def _let(
    scope: Construct,
    id_: str,
    source: ec2.ISecurityGroup,
    target: ec2.ISecurityGroup,
    port: int,
    why: str,
) -> list[IDependable]:
    """Open ``port`` of ``target`` to ``source``, at both ends."""
    egress = ec2.CfnSecurityGroupEgress(
        scope,
        f"{id_}Egress",
        group_id=source.security_group_id,
        destination_security_group_id=target.security_group_id,
        ip_protocol="tcp",
        from_port=port,
        to_port=port,
        description=why,
    )
    ingress = ec2.CfnSecurityGroupIngress(
        scope,
        f"{id_}Ingress",
        group_id=target.security_group_id,
        source_security_group_id=source.security_group_id,
        ip_protocol="tcp",
        from_port=port,
        to_port=port,
        description=why,
    )
    return [egress, ingress]
