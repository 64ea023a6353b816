"""What is too wide, one policy spoiled at a time."""

from typing import Any

import pytest

from policies.least_privilege import too_wide

Statement = dict[str, Any]
ALLOWED: Statement = {
    "Sid": "One",
    "Effect": "Allow",
    "Action": ["s3:GetObject"],
    "Resource": "arn:aws:s3:::name/*",
}


def template(resource_type: str = "AWS::IAM::Policy", **properties: object) -> dict[str, Any]:
    return {
        "Metadata": {"Runbook": {"Organisation": "acme", "Environment": "production"}},
        "Resources": {"Thing": {"Type": resource_type, "Properties": properties}},
    }


def policy(**changes: object) -> dict[str, Any]:
    return {"Statement": [ALLOWED | changes]}


@pytest.mark.parametrize(
    "resource",
    ["arn:aws:s3:::name/*", "arn:aws:ecs:us-east-2:111122223333:task-definition/name:*"],
)
def test_a_named_action_on_a_named_resource_is_well(resource: str) -> None:
    assert too_wide(template(PolicyDocument=policy(Resource=resource))) == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"Action": "*"}, "the action * is a wildcard"),
        ({"Action": ["s3:GetObject", "s3:Put*"]}, "the action s3:Put* is a wildcard"),
        ({"Action": "s3:GetObjec?"}, "the action s3:GetObjec? is a wildcard"),
        ({"Resource": "*"}, "s3:GetObject is allowed on every resource"),
        ({"Resource": ["arn:aws:s3:::a", "*"]}, "allowed on every resource"),
        ({"Resource": "arn:aws:s3:::*"}, "allowed on every resource"),
        ({"Resource": {"Fn::Join": ["", ["arn:aws:s3:::", "*"]]}}, "allowed on every resource"),
        ({"Resource": {"Fn::Sub": "arn:${AWS::Partition}:s3:::*"}}, "allowed on every resource"),
    ],
)
def test_what_is_wider_is_told(changes: Statement, fault: str) -> None:
    (line, *_) = too_wide(template(PolicyDocument=policy(**changes)))
    assert line.startswith("Thing (AWS::IAM::Policy) One: ")
    assert fault in line


@pytest.mark.parametrize("negation", ["NotAction", "NotResource"])
def test_everything_but_something_is_everything(negation: str) -> None:
    body = {key: value for key, value in ALLOWED.items() if key != negation.removeprefix("Not")}
    body[negation] = "s3:GetObject"
    assert too_wide(template(PolicyDocument={"Statement": body}))


@pytest.mark.parametrize(
    "properties",
    [
        {"Policies": [{"PolicyName": "p", "PolicyDocument": policy(Resource="*")}]},
        {"Somewhere": {"Else": [{"Document": policy(Resource="*")}]}},
    ],
)
def test_a_policy_is_found_wherever_it_stands(properties: dict[str, Any]) -> None:
    assert too_wide(template("AWS::IAM::Role", **properties))


def test_an_action_that_knows_no_resource_may_have_none() -> None:
    login = policy(Action="ecr:GetAuthorizationToken", Resource="*")
    assert too_wide(template(PolicyDocument=login)) == []


def test_a_denial_may_be_as_wide_as_it_likes() -> None:
    assert too_wide(template(PolicyDocument=policy(Effect="Deny", Action="*", Resource="*"))) == []


def test_on_a_resource_the_star_is_that_resource_but_never_an_action_or_everybody() -> None:
    own = policy(Resource="*", Principal={"AWS": "arn:aws:iam::111122223333:root"})
    assert too_wide(template("AWS::KMS::Key", KeyPolicy=own)) == []
    everything = policy(Action="kms:*", Resource="*", Principal={"AWS": "111122223333"})
    assert "kms:* is a wildcard" in too_wide(template("AWS::KMS::Key", KeyPolicy=everything))[0]
    for anybody in ("*", {"AWS": "*"}, {"AWS": ["*"]}):
        found = too_wide(
            template("AWS::S3::BucketPolicy", PolicyDocument=policy(Principal=anybody))
        )
        assert "everybody is let in" in found[0]


def test_anybody_in_a_trust_policy_is_told() -> None:
    trust = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}]}
    assert "everybody" in too_wide(template("AWS::IAM::Role", AssumeRolePolicyDocument=trust))[0]


def test_an_endpoint_is_for_one_account() -> None:
    wide = policy(Action="*", Resource="*", Principal="*")
    open_to_all = too_wide(template("AWS::EC2::VPCEndpoint", PolicyDocument=wide))
    assert "open to other accounts" in open_to_all[0]
    wide["Statement"][0]["Condition"] = {"StringEquals": {"aws:PrincipalAccount": "111122223333"}}
    assert too_wide(template("AWS::EC2::VPCEndpoint", PolicyDocument=wide)) == []


def test_a_boundary_is_a_ceiling_by_its_exact_name_while_nobody_carries_it_as_a_policy() -> None:
    def boundary(name: str, document: dict[str, Any], **more: object) -> list[str]:
        properties = {"ManagedPolicyName": name, "PolicyDocument": document, **more}
        return too_wide(template("AWS::IAM::ManagedPolicy", **properties))

    wide = policy(Action="s3:*", Resource="*")
    assert boundary("acme-production-workload-boundary", wide) == []
    assert boundary("acme-production-other-boundary", wide)
    assert boundary("acme-production-workload-boundary", wide, Roles=["r"])
    everything = policy(Action="*", Resource="*")
    assert "is none" in boundary("acme-production-workload-boundary", everything)[0]
