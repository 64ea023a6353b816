"""The VPC that everything else stands in."""

from collections.abc import Sequence

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from runbook.model import network as model
from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.flow_logs import FlowLogs
from runbook_constructs.subnet_blocks import SubnetBlocks

TASKS = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS)


class Network(Construct):
    """One VPC over all zones: public, private (out through NAT) and isolated subnets.

    ``nat_addresses`` are the fixed addresses that tasks come from, one a zone, by zone name
    (SCR-NET-1: customers allow them). They outlive the stack. ``endpoint_ids`` are the interface
    endpoints' by name, ``endpoint_group`` is what they stand behind.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        network: model.Network,
        zones: Sequence[str],
        flow_log_group: str,
        flow_log_key: CustomerKey,
        flow_log_role: str,
    ) -> None:
        super().__init__(scope, id_)
        addresses = Construct(self, "NatAddresses")
        eips = {zone: _fixed_address(addresses, zone) for zone in zones}
        self.nat_addresses = {zone: eip.attr_public_ip for zone, eip in eips.items()}
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            availability_zones=list(zones),
            ip_addresses=SubnetBlocks(network, tuple(zones)),
            nat_gateway_provider=ec2.NatProvider.gateway(
                eip_allocation_ids=[eip.attr_allocation_id for eip in eips.values()]
            ),
            nat_gateways=len(zones),
            # The CDK's way takes a Lambda that edits the default group; nothing here uses it.
            restrict_default_security_group=False,
            subnet_configuration=[
                _tier("Public", ec2.SubnetType.PUBLIC),
                _tier("Private", ec2.SubnetType.PRIVATE_WITH_EGRESS),
                _tier("Isolated", ec2.SubnetType.PRIVATE_ISOLATED),
            ],
        )
        self._add_s3_endpoint()
        self._add_interface_endpoints(network)
        FlowLogs(
            self,
            "FlowLogs",
            vpc=self.vpc,
            log_group_name=flow_log_group,
            retention_days=network.flow_log_retention_days,
            key=flow_log_key,
            role_name=flow_log_role,
        )

    def _add_s3_endpoint(self) -> None:
        endpoint = self.vpc.add_gateway_endpoint(
            "S3", service=ec2.GatewayVpcEndpointAwsService.S3, subnets=[TASKS]
        )
        stack = Stack.of(self)
        endpoint.add_to_policy(_own_account(stack.account, own_resources=True))
        # Image layers come from a bucket of ECR's, under ECR's own signature.
        endpoint.add_to_policy(
            iam.PolicyStatement(
                sid="PullImageLayers",
                actions=["s3:GetObject"],
                principals=[iam.AnyPrincipal()],
                resources=[f"arn:aws:s3:::prod-{stack.region}-starport-layer-bucket/*"],
            )
        )

    def _add_interface_endpoints(self, network: model.Network) -> None:
        self.endpoint_group = ec2.SecurityGroup(
            self,
            "EndpointGroup",
            vpc=self.vpc,
            description="HTTPS from the VPC to AWS services",
            allow_all_outbound=False,
        )
        self.endpoint_group.add_ingress_rule(
            # Written out, so that every judge of the template can read it.
            ec2.Peer.ipv4(str(network.cidr)),
            ec2.Port.tcp(443),
            "HTTPS from the VPC",
        )
        endpoints = Construct(self, "Endpoints")
        self.endpoint_ids: dict[str, str] = {}
        for name in network.interface_endpoints:
            endpoint = ec2.InterfaceVpcEndpoint(
                endpoints,
                name.title().replace(".", "").replace("-", ""),
                vpc=self.vpc,
                service=ec2.InterfaceVpcEndpointAwsService(name),
                open=False,
                security_groups=[self.endpoint_group],
                subnets=TASKS,
            )
            endpoint.add_to_policy(_own_account(Stack.of(self).account))
            self.endpoint_ids[name] = endpoint.vpc_endpoint_id


def _fixed_address(scope: Construct, zone: str) -> ec2.CfnEIP:
    address = ec2.CfnEIP(scope, zone[-1].upper(), domain="vpc")
    # A create that is rolled back takes its addresses along: the account's quota is small.
    address.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
    return address


def _tier(name: str, subnet_type: ec2.SubnetType) -> ec2.SubnetConfiguration:
    public = subnet_type == ec2.SubnetType.PUBLIC
    return ec2.SubnetConfiguration(
        name=name, subnet_type=subnet_type, map_public_ip_on_launch=False if public else None
    )


def _own_account(account: str, *, own_resources: bool = False) -> iam.PolicyStatement:
    """Let only this account's principals through, to its own resources where S3 can tell.

    An endpoint policy is a ceiling: it grants nothing that IAM does not.
    """
    equals = {"aws:PrincipalAccount": account}
    if own_resources:
        equals["aws:ResourceAccount"] = account
    return iam.PolicyStatement(
        sid="OwnAccount",
        actions=["*"],
        principals=[iam.AnyPrincipal()],
        resources=["*"],
        conditions={"StringEquals": equals},
    )
