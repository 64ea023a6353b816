"""What a reference to a resource will read, where the template itself fixes the name."""

from collections.abc import Mapping
from typing import Any

# What Ref gives. A secret's ARN ends in six characters that Secrets Manager picks.
_REFS: Mapping[str, str] = {
    "AWS::ECR::Repository": "{RepositoryName}",
    "AWS::ECS::Cluster": "{ClusterName}",
    "AWS::IAM::Group": "{GroupName}",
    "AWS::IAM::ManagedPolicy": "{global}:iam::{account}:policy{Path}{ManagedPolicyName}",
    "AWS::IAM::Role": "{RoleName}",
    "AWS::IAM::User": "{UserName}",
    "AWS::KMS::Alias": "{AliasName}",
    "AWS::Lambda::Function": "{FunctionName}",
    "AWS::Logs::LogGroup": "{LogGroupName}",
    "AWS::RDS::DBInstance": "{DBInstanceIdentifier}",
    "AWS::S3::Bucket": "{BucketName}",
    "AWS::SNS::Topic": "{global}:sns:{here}:{TopicName}",
    "AWS::SecretsManager::Secret": "{global}:secretsmanager:{here}:secret:{Name}-??????",
    "AWS::StepFunctions::StateMachine": "{global}:states:{here}:stateMachine:{StateMachineName}",
}
# What Fn::GetAtt gives for the attribute.
_ATTRIBUTES: Mapping[tuple[str, str], str] = {
    ("AWS::ECR::Repository", "Arn"): "{global}:ecr:{here}:repository/{RepositoryName}",
    ("AWS::ECS::Cluster", "Arn"): "{global}:ecs:{here}:cluster/{ClusterName}",
    ("AWS::ECS::Service", "Name"): "{ServiceName}",
    ("AWS::Events::Rule", "Arn"): "{global}:events:{here}:rule/{Name}",
    ("AWS::IAM::Role", "Arn"): "{global}:iam::{account}:role{Path}{RoleName}",
    ("AWS::IAM::User", "Arn"): "{global}:iam::{account}:user{Path}{UserName}",
    ("AWS::Lambda::Function", "Arn"): "{global}:lambda:{here}:function:{FunctionName}",
    ("AWS::Logs::LogGroup", "Arn"): "{global}:logs:{here}:log-group:{LogGroupName}:*",
    ("AWS::RDS::DBInstance", "DBInstanceArn"): "{global}:rds:{here}:db:{DBInstanceIdentifier}",
    ("AWS::S3::Bucket", "Arn"): "{global}:s3:::{BucketName}",
}
_DEFAULTS = {"Path": "/"}


def physical_name(
    resource_type: str,
    attribute: str,
    properties: Mapping[str, Any],
    *,
    partition: str,
    account: str | None,
    region: str | None,
) -> str | None:
    """Write the name or ARN; None when the template leaves it to AWS or to an intrinsic."""
    by_attribute = _ATTRIBUTES.get((resource_type, attribute))
    text = _REFS.get(resource_type) if attribute == "Ref" else by_attribute
    if text is None or account is None or region is None:
        return None
    own = {key: value for key, value in properties.items() if isinstance(value, str)}
    place = {"global": f"arn:{partition}", "account": account, "here": f"{region}:{account}"}
    try:
        return text.format_map(_DEFAULTS | own | place)
    except KeyError:
        return None
