"""The one way in from the internet: TLS, logged, behind a web ACL."""

from collections.abc import Sequence

from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from constructs import Construct

from runbook.model.ingress import PRODUCTION_PORT
from runbook_constructs.private_bucket import PrivateBucket

# TLS 1.2 with forward secrecy and 1.3, post-quantum key exchange where the client has it.
TLS = elbv2.SslPolicy.TLS13_12_RES_PQ


class ApplicationLoadBalancer(Construct):
    """An internet-facing balancer with a listener for production and one for tests.

    Nothing listens for plain HTTP: a request that carries PHI would have been sent before it
    could be redirected. Each listener answers 404 until a service adds a rule. The test listener
    is reached from ``own_addresses`` only, the NAT gateways' (ROVN-DEP-4). ``hostnames`` are on
    the certificate; whoever keeps the DNS zone proves them by the record that ACM asks for.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        vpc: ec2.IVpc,
        hostnames: Sequence[str],
        test_port: int,
        own_addresses: Sequence[str],
        logs: PrivateBucket,
    ) -> None:
        super().__init__(scope, id_)
        self.security_group = ec2.SecurityGroup(
            self,
            "Group",
            vpc=vpc,
            description="HTTPS from the internet, the test listener from our own tasks",
            allow_all_outbound=False,
        )
        self.security_group.add_ingress_rule(
            ec2.Peer.any_ipv4(), ec2.Port.tcp(PRODUCTION_PORT), "HTTPS from the internet"
        )
        self.security_group.add_ingress_rule(
            ec2.Peer.prefix_list(_prefix_list(self, name, own_addresses).ref),
            ec2.Port.tcp(test_port),
            "Test listener from the NAT gateways",
        )
        self.balancer = elbv2.ApplicationLoadBalancer(
            self,
            "Balancer",
            vpc=vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
            internet_facing=True,
            security_group=self.security_group,
            deletion_protection=True,
            desync_mitigation_mode=elbv2.DesyncMitigationMode.STRICTEST,
            drop_invalid_header_fields=True,
        )
        self.balancer.log_access_logs(logs, "access")
        self.balancer.log_connection_logs(logs, "connection")
        self.certificate = acm.Certificate(
            self,
            "Certificate",
            domain_name=hostnames[0],
            subject_alternative_names=list(hostnames[1:]) or None,
            validation=acm.CertificateValidation.from_dns(),
        )
        self.production = self._listener("Production", PRODUCTION_PORT, self.certificate)
        self.test = self._listener("Test", test_port, self.certificate)

    def _listener(
        self, id_: str, port: int, certificate: acm.ICertificate
    ) -> elbv2.ApplicationListener:
        return self.balancer.add_listener(
            id_,
            port=port,
            protocol=elbv2.ApplicationProtocol.HTTPS,
            certificates=[certificate],
            ssl_policy=TLS,
            # The security group says who may come in, with a reason for each.
            open=False,
            default_action=elbv2.ListenerAction.fixed_response(404),
        )


def _prefix_list(scope: Construct, name: str, addresses: Sequence[str]) -> ec2.CfnPrefixList:
    return ec2.CfnPrefixList(
        scope,
        "OwnAddresses",
        address_family="IPv4",
        prefix_list_name=f"{name}-own-addresses",
        max_entries=len(addresses),
        entries=[
            ec2.CfnPrefixList.EntryProperty(cidr=f"{address}/32", description="NAT gateway")
            for address in addresses
        ],
    )
