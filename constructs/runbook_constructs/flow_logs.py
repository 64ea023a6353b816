"""The record of every connection in a VPC."""

from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.encrypted_log_group import EncryptedLogGroup


class FlowLogs(Construct):
    """Flow logs of all traffic, accepted and rejected, into an encrypted log group."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        vpc: ec2.IVpc,
        log_group_name: str,
        retention_days: int,
        key: CustomerKey,
        role_name: str,
    ) -> None:
        super().__init__(scope, id_)
        group = EncryptedLogGroup(
            self, "Group", name=log_group_name, retention_days=retention_days, key=key
        )
        stack = Stack.of(self)
        any_flow_log = f"arn:aws:ec2:{stack.region}:{stack.account}:vpc-flow-log/*"
        role = iam.Role(
            self,
            "Role",
            role_name=role_name,
            description="Lets VPC flow logs of this account write to their log group",
            assumed_by=iam.ServicePrincipal(
                "vpc-flow-logs.amazonaws.com",
                conditions={
                    "StringEquals": {"aws:SourceAccount": stack.account},
                    "ArnLike": {"aws:SourceArn": any_flow_log},
                },
            ),
        )
        policy = iam.ManagedPolicy(
            self,
            "Delivery",
            description="Lets VPC flow logs write to their log group",
            roles=[role],
            statements=[
                iam.PolicyStatement(
                    actions=[
                        "logs:CreateLogStream",
                        "logs:DescribeLogStreams",
                        "logs:PutLogEvents",
                    ],
                    resources=[group.log_group_arn],
                )
            ],
        )
        flow_log = ec2.FlowLog(
            self,
            "Log",
            resource_type=ec2.FlowLogResourceType.from_vpc(vpc),
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(
                group, role.without_policy_updates()
            ),
            max_aggregation_interval=ec2.FlowLogMaxAggregationInterval.ONE_MINUTE,
            traffic_type=ec2.FlowLogTrafficType.ALL,
        )
        # On the role it depends already; the right to write is in the policy.
        flow_log.node.add_dependency(policy)
