"""The subnets' address blocks as the environment file gives them, instead of computed ones."""

from collections.abc import Sequence
from typing import Any, cast

import jsii
from aws_cdk import aws_ec2 as ec2

from runbook.model.network import Network


@jsii.implements(ec2.IIpAddresses)
class SubnetBlocks:
    """Hands the VPC the environment's blocks.

    The CDK's own allocator packs blocks anew when a zone is added, which replaces subnets and
    what stands in them; blocks that are written down never move.
    """

    def __init__(self, network: Network, zones: tuple[str, ...]) -> None:
        self._network = network
        self._zones = zones

    def allocate_vpc_cidr(self) -> ec2.VpcIpamOptions:
        """Give the VPC its block."""
        return ec2.VpcIpamOptions(cidr_block=str(self._network.cidr))

    def allocate_subnets_cidr(
        self,
        *,
        requested_subnets: Sequence[ec2.RequestedSubnet | dict[str, Any]],
        vpc_cidr: str,  # noqa: ARG002 - the interface passes it; our blocks are written down
    ) -> ec2.SubnetIpamOptions:
        """Give each requested subnet the block of its tier and zone."""
        return ec2.SubnetIpamOptions(
            allocated_subnets=[
                ec2.AllocatedSubnet(cidr=self._block(cast(ec2.RequestedSubnet, requested)))
                for requested in requested_subnets
            ]
        )

    def _block(self, requested: ec2.RequestedSubnet) -> str:
        blocks = self._network.subnets.tiers()[requested.configuration.name.lower()]
        return str(blocks[self._zones.index(requested.availability_zone)])
