"""What functions of ours need, whatever they are for: a log, and a place in the VPC."""

from dataclasses import dataclass

from aws_cdk import aws_iam as iam

Statements = list[iam.PolicyStatement]


@dataclass(frozen=True)
class Place:
    """A region of an account, to write ARNs in before there is anything."""

    region: str
    account: str

    def arn(self, service: str, resource: str) -> str:
        """Write an ARN of this account and region."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"


def allow(sid: str, actions: list[str], resources: list[str]) -> iam.PolicyStatement:
    """Allow actions on resources."""
    return iam.PolicyStatement(sid=sid, actions=actions, resources=resources)


def write_own_log(place: Place, group: str) -> iam.PolicyStatement:
    """Write to the streams that Lambda names in one group."""
    streams = place.arn("logs", f"log-group:{group}:log-stream:*")
    return allow("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], [streams])


def stand_in_the_vpc(place: Place, subnets: list[str], group: str) -> Statements:
    """Have the network interfaces that a function in the VPC needs."""
    interfaces = place.arn("ec2", "network-interface/*")
    where = [place.arn("ec2", f"subnet/{subnet}") for subnet in subnets]
    return [
        allow(
            "MakeInterfaces",
            ["ec2:CreateNetworkInterface"],
            [interfaces, *where, place.arn("ec2", f"security-group/{group}")],
        ),
        allow(
            "KeepInterfaces",
            [
                "ec2:AssignPrivateIpAddresses",
                "ec2:DeleteNetworkInterface",
                "ec2:UnassignPrivateIpAddresses",
            ],
            [interfaces],
        ),
        allow("LookAtInterfaces", ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"], ["*"]),
    ]
