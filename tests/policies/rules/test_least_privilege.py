"""least-privilege (ROVN-SEC-2)."""

import pytest

from policies.rules.least_privilege import RULE
from tests.policies.rules.access import PLACE, SLUG, account, add, allow, policy, role, said
from tests.policies.rules.harness import OPEN, Json, Real, properties

OBJECTS = "arn:aws:s3:::name/*"


def key(*statements: Json) -> Json:
    return {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": [*statements]}}}


ROOT = {"AWS": "arn:aws:iam::111122223333:root"}


@pytest.mark.parametrize(
    "statement",
    [
        allow("s3:GetObject", OBJECTS),
        allow("ecs:RunTask", "arn:aws:ecs:us-east-2:111122223333:task-definition/name:*"),
        allow("ecr:GetAuthorizationToken"),
        allow("*", "*", Effect="Deny"),
    ],
)
def test_a_named_action_on_a_named_resource_passes(statement: Json) -> None:
    assert said(RULE, policy(statement)) == "pass"


EVERYTHING = "statement One allows s3:GetObject on everything: name what it is needed for"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Action": "*"}, "statement One allows *: name each action"),
        ({"Action": ["s3:GetObject", "s3:Put*"]}, "statement One allows s3:Put*: name each action"),
        ({"Action": "s3:GetObjec?"}, "statement One allows s3:GetObjec?: name each action"),
        ({"Resource": "*"}, EVERYTHING),
        ({"Resource": ["arn:aws:s3:::a", "*"]}, EVERYTHING),
        ({"Resource": "arn:aws:s3:::*"}, EVERYTHING),
        ({"Resource": "arn:aws:s3:::?*/*"}, EVERYTHING),
        ({"Resource": {"Fn::Join": ["", ["arn:aws:s3:::", "*"]]}}, EVERYTHING),
        ({"Resource": {"Fn::Sub": "arn:${AWS::Partition}:s3:::*"}}, EVERYTHING),
        ({"NotResource": OBJECTS}, EVERYTHING),
        ({"NotAction": "s3:*"}, "statement One allows every action but some: name each action"),
        ({"Sid": 1, "Action": "s3:*"}, "a statement without Sid allows s3:*: name each action"),
    ],
)
def test_what_is_wider_fails(changes: Json, message: str) -> None:
    statement = allow("s3:GetObject", OBJECTS) | changes
    for key_ in changes:
        statement.pop(key_.removeprefix("Not") if key_.startswith("Not") else "", None)
    assert said(RULE, policy(statement)) == message


TABLES = f"arn:aws:dynamodb:{PLACE}:table/*"
INTERFACES = f"arn:aws:ec2:{PLACE}:network-interface/*"


def on_whole_type(action: str, resource: str) -> str:
    return (
        f"statement One allows {action} on {resource}, which is all of a type: "
        "name what it is needed for"
    )


@pytest.mark.parametrize(
    "resource",
    [
        TABLES,
        f"{TABLES}/*",
        f"{TABLES}/index/one",
        f"arn:aws:dynamodb:{PLACE}:table*",
        f"arn:aws:dynamodb:{PLACE}:?able/one",
        "arn:aws:dynamodb:*:*:table/*",
    ],
)
def test_all_of_a_type_is_too_much(resource: str) -> None:
    found = said(RULE, policy(allow("dynamodb:GetItem", resource)))
    assert found == on_whole_type("dynamodb:GetItem", resource)
    inline = {"PolicyName": "p", "PolicyDocument": {"Statement": allow("dynamodb:Query", resource)}}
    found = said(RULE, role(Policies=[inline]))
    assert found == on_whole_type("dynamodb:Query", resource)


def test_each_action_and_type_is_told() -> None:
    given = allow(["dynamodb:GetItem", "dynamodb:Query"], [TABLES, f"{TABLES}/index/*"])
    assert said(RULE, policy(given)) == "; ".join(
        on_whole_type(action, resource)
        for action in given["Action"]
        for resource in given["Resource"]
    )


def test_all_of_a_type_is_for_actions_that_can_only_be_given_so() -> None:
    assert said(RULE, policy(allow("ec2:DeleteNetworkInterface", INTERFACES))) == "pass"
    both = allow("ec2:DeleteNetworkInterface", [INTERFACES, INTERFACES.replace("111", "*")])
    assert said(RULE, policy(both)) == on_whole_type(both["Action"], both["Resource"][1])
    other = "ec2:ModifyNetworkInterfaceAttribute"
    assert said(RULE, policy(allow(other, INTERFACES))) == on_whole_type(other, INTERFACES)


def test_on_a_thing_and_in_a_limit_all_of_a_type_is_left_to_other_rules() -> None:
    assert said(RULE, key(allow("dynamodb:GetItem", TABLES, Principal=ROOT))) == "pass"
    assert said(RULE, policy(allow("dynamodb:GetItem", TABLES, Effect="Deny"))) == "pass"
    given = allow("dynamodb:GetItem", TABLES)
    deploy = policy(given, ManagedPolicyName=f"{SLUG}-deploy")
    assert said(RULE, deploy) == "pass"
    whole = on_whole_type("dynamodb:GetItem", TABLES)
    assert said(RULE, policy(given, ManagedPolicyName=f"{SLUG}-deploys")) == whole
    inline = {**deploy, "Type": "AWS::IAM::Policy"}
    assert said(RULE, inline) == whole
    open_ = policy(given, ManagedPolicyName=OPEN)
    assert said(RULE, open_).startswith("ManagedPolicyName: ${SomeParameter} is open")


def test_on_a_thing_the_star_is_that_thing_but_never_an_action() -> None:
    assert said(RULE, key(allow("kms:Decrypt", Principal=ROOT))) == "pass"
    every = "statement One allows kms:*: name each action"
    assert said(RULE, key(allow("kms:*", Principal=ROOT))) == every
    by_default = {"Type": "AWS::KMS::Key", "Properties": {}}
    assert said(RULE, by_default) == "a statement without Sid allows kms:*: name each action"


def test_a_policy_of_aws_is_on_the_list_or_unknown() -> None:
    known = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
    assert said(RULE, role(ManagedPolicyArns=[known])) == "pass"
    other = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    assert said(RULE, role(ManagedPolicyArns=[other])) == (
        f"it carries {other}, whose content is not known here"
    )


def test_a_boundary_may_name_whole_services_while_nobody_carries_it() -> None:
    name = {"ManagedPolicyName": f"{SLUG}-workload-boundary"}
    assert said(RULE, policy(allow("s3:*"), Roles=[], **name)) == "pass"
    assert "name each action" in said(RULE, policy(allow("s3:*"), **name))
    other = {"ManagedPolicyName": f"{SLUG}-other-boundary"}
    assert "name each action" in said(RULE, policy(allow("s3:*"), Roles=[], **other))


@pytest.mark.parametrize("changes", [{"Action": OPEN}, {"Resource": OPEN}, {"Effect": OPEN}])
def test_an_open_value_fails(changes: Json) -> None:
    (name,) = changes
    body = policy(allow("s3:GetObject", OBJECTS) | changes)
    assert said(RULE, body).startswith(f"{name}: ${{SomeParameter}} is open")


def test_what_holds_no_policy_is_not_looked_at() -> None:
    assert said(RULE, {"Type": "AWS::S3::Bucket", "Properties": {}}) == "not_applicable"


@pytest.mark.clause("ROVN-SEC-2")
def test_only_this_rule_sees_a_wildcard(real: Real) -> None:
    def spoil(body: Json) -> None:
        policy = properties(body, "AWS::IAM::ManagedPolicy", "TasksTaskRolePolicy")
        add(policy, allow("xray:Put*", "arn:aws:xray:::group/one"))

    assert real.caught("passport-api", spoil) == {("least-privilege", "TasksTaskRolePolicy")}


@pytest.mark.clause("ROVN-SEC-2")
def test_only_this_rule_sees_all_of_a_type(real: Real) -> None:
    def spoil(body: Json) -> None:
        policy = properties(body, "AWS::IAM::ManagedPolicy", "TasksTaskRolePolicy")
        tables = f"arn:aws:dynamodb:us-east-2:{account(real)}:table/*"
        add(policy, allow("dynamodb:GetItem", tables))

    assert real.caught("passport-api", spoil) == {("least-privilege", "TasksTaskRolePolicy")}


@pytest.mark.parametrize(
    "resource", ["*:*", "arn:*", "arn:aws:*", "arn:aws:ssm:*", "arn:*:ssm:*:*:*"]
)
def test_a_short_wildcard_is_everything(resource: str) -> None:
    assert said(RULE, policy(allow("ssm:GetParameter", resource))) == (
        "statement One allows ssm:GetParameter on everything: name what it is needed for"
    )
