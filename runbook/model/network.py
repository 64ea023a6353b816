"""The network of an environment: one VPC, three tiers of subnets, one of each tier per zone."""

from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError
from itertools import combinations
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from runbook.model.logs import LogRetentionDays
from runbook.model.refusal import Refusal
from runbook.model.validation import impossible

# AWS takes VPCs and subnets between /16 and /28.
LARGEST_PREFIX, SMALLEST_PREFIX = 16, 28
# RFC 1918 and RFC 6598: anything else would shadow addresses that belong to others.
PRIVATE_RANGES = tuple(
    IPv4Network(block)
    for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
)


def _block(value: object) -> IPv4Network:
    """Read one CIDR block, refusing what no VPC or subnet can have."""
    example = "write it as, for example, 10.20.0.0/16"
    if not isinstance(value, str):
        raise impossible(f"{value!r} is not a CIDR block in quotes", example)
    try:
        block = IPv4Network(value)
    except (AddressValueError, NetmaskValueError):
        raise impossible(f"{value!r} is not an IPv4 CIDR block", example) from None
    except ValueError:
        whole = IPv4Network(value, strict=False)
        raise impossible(
            f"{value!r} has bits set beyond its prefix", f"did you mean {whole}?"
        ) from None
    if not LARGEST_PREFIX <= block.prefixlen <= SMALLEST_PREFIX:
        raise impossible(
            f"AWS takes blocks from /{LARGEST_PREFIX} to /{SMALLEST_PREFIX}, not {block}",
            "choose a prefix in that range",
        )
    if not any(block.subnet_of(private) for private in PRIVATE_RANGES):
        raise impossible(
            f"{block} is not a private range",
            f"choose a block inside {', '.join(str(block) for block in PRIVATE_RANGES)}",
        )
    return block


Block = Annotated[
    IPv4Network,
    BeforeValidator(_block),
    PlainSerializer(str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^([0-9]{1,3}\.){3}[0-9]{1,3}/(1[6-9]|2[0-8])$",
            "examples": ["10.20.0.0/16"],
        }
    ),
]
Blocks = Annotated[tuple[Block, ...], Field(strict=False)]

# Named as in com.amazonaws.<region>.<name>; what an environment may reach without the internet.
InterfaceEndpointName = Literal[
    "bedrock-runtime",
    "ecr.api",
    "ecr.dkr",
    "kms",
    "logs",
    "secretsmanager",
    "ssm",
    "sts",
]


class Subnets(BaseModel):
    """The blocks of each tier, in the order of the environment's availability zones."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    public: Annotated[Blocks, Field(description="Load balancers and NAT gateways.")]
    private: Annotated[Blocks, Field(description="Tasks: they reach out through the NAT gateways.")]
    isolated: Annotated[Blocks, Field(description="Databases: no route to the internet.")]

    def tiers(self) -> dict[str, tuple[IPv4Network, ...]]:
        """Map each tier's name to its blocks."""
        return {"public": self.public, "private": self.private, "isolated": self.isolated}


class Network(BaseModel):
    """One VPC over all zones of the environment, with fixed NAT addresses (SCR-NET-1)."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    cidr: Annotated[Block, Field(description="The VPC's IPv4 block, /16 to /28.")]
    subnets: Subnets
    interface_endpoints: Annotated[
        tuple[InterfaceEndpointName, ...],
        Field(
            strict=False,
            description="AWS services that tasks reach without the internet; "
            "S3 has a gateway endpoint always.",
        ),
    ]
    flow_log_retention_days: LogRetentionDays

    def contradictions(self, zones: tuple[str, ...]) -> Iterator[Refusal]:
        """Find subnets that do not fit the zones, the VPC or each other."""
        for tier, blocks in self.subnets.tiers().items():
            key = f"network.subnets.{tier}"
            if len(blocks) != len(zones):
                yield Refusal(
                    key,
                    f"{len(blocks)} subnets for {len(zones)} availability zones",
                    "list one block for each zone, in the order of availability_zones",
                )
            for block in blocks:
                if not block.subnet_of(self.cidr):
                    yield Refusal(
                        key, f"{block} is outside network.cidr {self.cidr}", "move it inside"
                    )
        yield from self._overlaps()
        if len(set(self.interface_endpoints)) != len(self.interface_endpoints):
            yield Refusal(
                "network.interface_endpoints", "an endpoint is listed twice", "list each once"
            )

    def _overlaps(self) -> Iterator[Refusal]:
        placed = [
            (f"network.subnets.{tier}", block)
            for tier, blocks in self.subnets.tiers().items()
            for block in blocks
        ]
        for (first, block), (second, other) in combinations(placed, 2):
            if block.overlaps(other):
                yield Refusal(second, f"{other} overlaps {block} of {first}", "move one of them")
