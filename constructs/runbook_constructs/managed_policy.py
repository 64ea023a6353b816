"""A managed policy of CloudFormation, as the access package writes it."""

from aws_cdk import aws_iam as iam
from constructs import Construct

from runbook.access.policy import ManagedPolicy


def managed_policy(scope: Construct, id_: str, policy: ManagedPolicy) -> iam.CfnManagedPolicy:
    """Make it, attached to nobody."""
    return iam.CfnManagedPolicy(
        scope,
        id_,
        managed_policy_name=policy.name,
        description=policy.description,
        policy_document=policy.document,
    )
