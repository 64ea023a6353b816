"""Who may do what, by policies of every kind together."""

import pytest

from policies.iam.grants import Grants
from policies.templates.assembly import Template, read
from policies.templates.scope import Scope, scopes_of
from policies.templates.values import UnresolvedError
from runbook.model.loader import load_environment
from tests.assembly import Assembly
from tests.policies.rules.access import (
    ACCOUNT,
    AWAY,
    BREAK_GLASS,
    EXECUTION,
    HOME,
    IAM,
    IDENTITY,
    PLACE,
    SLUG,
    TASK,
    allow,
    policy,
    role,
)
from tests.policies.rules.harness import OPEN, Json, template

SECRET = f"arn:aws:secretsmanager:{PLACE}:secret:rovn/production/token-??????"


def grants(*templates: Template) -> Grants:
    return Grants(scope(*templates))


def scope(*templates: Template) -> Scope:
    (only,) = scopes_of(load_environment("rovn/production"), templates, whole=False)
    return only


def who(body: Json, action: str = "s3:GetObject", **others: Json) -> set[str]:
    found = grants(template("app", {"Thing": body, **others}))
    return set(found.who_may(action))


@pytest.mark.parametrize(
    "statement",
    [
        allow("s3:GetObject"),
        allow("S3:getobject"),
        allow(["s3:Get*"]),
        allow("s3:Get?bject"),
        allow("*"),
        {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},
        {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::other/*"},
        allow("s3:*", Condition={"Bool": {"aws:SecureTransport": "true"}}),
    ],
)
def test_an_action_is_seen_however_it_is_written(statement: Json) -> None:
    assert who(policy(statement)) == {TASK}


def test_what_is_not_allowed_is_not_seen() -> None:
    for statement in (
        allow("s3:PutObject"),
        allow("s3:GetObject", Effect="Deny"),
        {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"},
    ):
        assert who(policy(statement)) == set()


READS = {"PolicyDocument": {"Statement": allow("s3:GetObject")}}
INLINE = [READS | {"PolicyName": "Own"}]
NAMED = {"RoleName": f"{SLUG}-passport-api-execution"}


@pytest.mark.parametrize(
    ("body", "carrier"),
    [
        (role(Policies=INLINE), TASK),
        ({"Type": "AWS::IAM::User", "Properties": {"UserName": "u", "Policies": INLINE}}, "user/u"),
        ({"Type": "AWS::IAM::Group", "Properties": {"GroupName": "g", "Policies": INLINE}}, None),
        ({"Type": "AWS::IAM::Policy", "Properties": READS | {"Roles": ["r"]}}, "role/r"),
        ({"Type": "AWS::IAM::Policy", "Properties": READS | {"Users": ["u"]}}, "user/u"),
        ({"Type": "AWS::IAM::RolePolicy", "Properties": READS | NAMED}, EXECUTION),
        ({"Type": "AWS::IAM::UserPolicy", "Properties": READS | {"UserName": "u"}}, "user/u"),
        ({"Type": "AWS::IAM::GroupPolicy", "Properties": READS | {"GroupName": "g"}}, None),
        (policy(allow("s3:GetObject"), Roles=["path/r"]), "role/path/r"),
    ],
)
def test_a_policy_is_carried_by_whom_it_is_attached_to(body: Json, carrier: str | None) -> None:
    wanted = carrier if carrier and carrier.startswith("arn:") else f"{IAM}:{carrier or 'group/g'}"
    assert who(body) == {wanted}


def test_a_policy_is_attached_from_the_other_side_too() -> None:
    own = policy(allow("s3:GetObject"), Roles=[])
    assert who(own, Role=role(ManagedPolicyArns=[{"Ref": "Thing"}])) == {TASK}
    named = policy(allow("s3:GetObject"), Roles=[], ManagedPolicyName="named")
    assert who(named, Role=role(ManagedPolicyArns=[f"{IAM}:policy/named"])) == {TASK}


def test_a_group_is_its_members() -> None:
    group = {"Type": "AWS::IAM::Group", "Properties": {"Policies": INLINE}}
    member = {"Type": "AWS::IAM::User", "Properties": {"UserName": "u", "Groups": [{"Ref": "G"}]}}
    added = {"GroupName": {"Ref": "G"}, "Users": ["v"]}
    addition = {"Type": "AWS::IAM::UserToGroupAddition", "Properties": added}
    found = grants(template("app", {"G": group, "U": member, "A": addition}))
    assert found.who_may("s3:GetObject") == {f"{IAM}:user/u", f"{IAM}:user/v"}


def test_a_policy_that_nobody_carries_waits_for_somebody() -> None:
    free = policy(allow("s3:GetObject"), Roles=[], ManagedPolicyName="free")
    assert who(free) == {f"whoever carries {IAM}:policy/free"}


def test_an_execution_policy_is_cloudformations_in_every_region() -> None:
    body = policy(
        allow("s3:GetObject"), Roles=[], ManagedPolicyName=f"{SLUG}-cloudformation-records"
    )
    assert who(body) == {HOME, AWAY, IDENTITY}


def test_a_boundary_grants_nothing_unless_somebody_carries_it() -> None:
    name = f"{SLUG}-workload-boundary"
    assert who(policy(allow("s3:*"), Roles=[], ManagedPolicyName=name)) == set()
    assert who(policy(allow("s3:*"), ManagedPolicyName=name)) == {TASK}


def test_a_policy_that_is_in_no_template_allows_everything() -> None:
    admin = "arn:aws:iam::aws:policy/AdministratorAccess"
    assert who(role(ManagedPolicyArns=[admin]), "iam:CreateUser") == {TASK}
    known = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
    assert who(role(ManagedPolicyArns=[known]), "logs:PutLogEvents") == {TASK}
    assert who(role(ManagedPolicyArns=[known]), "iam:CreateUser") == set()


def bucket_policy(**more: object) -> Json:
    document = {"Statement": [allow("s3:GetObject", **more)]}
    properties = {"Bucket": "name", "PolicyDocument": document}
    return {"Type": "AWS::S3::BucketPolicy", "Properties": properties}


@pytest.mark.parametrize(
    ("principal", "found"),
    [
        ({"Principal": "*"}, {"*"}),
        ({"Principal": {"AWS": "*"}}, {"*"}),
        ({"Principal": {"AWS": [ACCOUNT, TASK]}}, {f"{IAM}:root", TASK}),
        ({"Principal": {"Service": "ecs.amazonaws.com"}}, {"ecs.amazonaws.com"}),
        ({"NotPrincipal": {"AWS": TASK}}, {"*"}),
        ({"Principal": {"CanonicalUser": "abc"}}, {"CanonicalUser abc"}),
    ],
)
def test_a_resource_policy_lets_in_its_principals(principal: Json, found: set[str]) -> None:
    assert who(bucket_policy(**principal)) == found


def test_policies_are_found_in_any_property_and_in_text() -> None:
    text = '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:*"}}'
    assert who({"Type": "AWS::Some::Thing", "Properties": {"Deep": [{"Else": text}]}}) == {"*"}
    unnamed = {"Statement": [allow("s3:GetObject")]}
    assert who({"Type": "AWS::SSO::PermissionSet", "Properties": {"InlinePolicy": unnamed}}) == {
        f"whoever {SLUG}-app/Thing is given to"
    }


def test_what_aws_puts_where_nothing_is_written() -> None:
    assert who({"Type": "AWS::KMS::Key", "Properties": {}}, "kms:Decrypt") == {f"{IAM}:root"}


def test_a_permission_and_an_event_bus_policy_are_statements() -> None:
    permission = {"Action": "lambda:InvokeFunction", "Principal": "999999999999"}
    body = {"Type": "AWS::Lambda::Permission", "Properties": permission}
    assert who(body, "lambda:InvokeFunction") == {"arn:aws:iam::999999999999:root"}
    bus = {"Action": "events:PutEvents", "Principal": "*", "StatementId": "s"}
    assert who({"Type": "AWS::Events::EventBusPolicy", "Properties": bus}, "events:PutEvents") == {
        "*"
    }


def secret(**denial: object) -> dict[str, Json]:
    deny = {"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:Get*", "Resource": "*"}
    properties = {"SecretId": {"Ref": "Token"}, "ResourcePolicy": {"Statement": [deny | denial]}}
    return {
        "Token": {
            "Type": "AWS::SecretsManager::Secret",
            "Properties": {"Name": "rovn/production/token"},
        },
        "Guard": {"Type": "AWS::SecretsManager::ResourcePolicy", "Properties": properties},
        "Reader": policy(allow("secretsmanager:GetSecretValue", f"{SECRET[:-12]}*")),
    }


SPARES = {"ArnNotEquals": {"aws:PrincipalArn": [BREAK_GLASS]}}


@pytest.mark.parametrize(
    ("denial", "found"),
    [
        ({}, set()),
        ({"Condition": SPARES}, set()),
        ({"Condition": {"ArnNotEquals": {"aws:PrincipalArn": [TASK]}}}, {TASK}),
        ({"Condition": {"Bool": {"aws:SecureTransport": "false"}}}, {TASK}),
        ({"Principal": {"AWS": TASK}}, set()),
        ({"Principal": {"AWS": EXECUTION}}, {TASK}),
        ({"Action": "secretsmanager:PutSecretValue"}, {TASK}),
        ({"Resource": "arn:aws:secretsmanager:::other"}, {TASK}),
    ],
)
def test_a_denial_counts_where_it_surely_holds(denial: Json, found: set[str]) -> None:
    everything = grants(template("app", secret(**denial)))
    assert everything.who_may("secretsmanager:GetSecretValue", [SECRET]) == found


def test_a_denial_on_another_thing_denies_nothing_here() -> None:
    resources = secret()
    resources["Guard"]["Properties"]["SecretId"] = "another"
    everything = grants(template("app", resources))
    assert everything.who_may("secretsmanager:GetSecretValue", [SECRET]) == {TASK}


@pytest.mark.parametrize(
    "body",
    [
        policy(allow(OPEN)),
        policy(allow("s3:*", Effect=OPEN)),
        role(ManagedPolicyArns=[OPEN]),
        role(Policies=OPEN),
        policy(OPEN),
        {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": OPEN}},
        bucket_policy(Principal=OPEN),
        policy(allow("s3:GetObject"), Roles=[OPEN]),
    ],
)
def test_what_is_open_is_told(body: Json) -> None:
    with pytest.raises(UnresolvedError, match="is open"):
        who(body)


def test_a_value_that_a_program_makes_may_be_any_resource() -> None:
    made = {"Fn::GetAtt": ["Made", "Arn"]}
    resources = {
        "Made": {"Type": "Custom::Thing", "Properties": {}},
        "Reader": policy(allow("secretsmanager:GetSecretValue", made)),
    }
    found = grants(template("app", resources))
    assert found.who_may("secretsmanager:GetSecretValue", [SECRET]) == {TASK}


def test_the_walk_finds_policies_of_every_kind_in_the_real_templates(assembly: Assembly) -> None:
    """Else the rules over them would prove nothing."""
    templates = [t for t in read(assembly.directory).templates if t.label == ("rovn", "production")]
    everything = scope(*templates)
    found = grants(*templates)
    kinds = {s.kind for resource in everything.resources() for s in found.at(resource)}
    assert kinds == {"identity", "resource", "trust", "ceiling"}


READ = "{{resolve:ssm:/who/may/what}}"


@pytest.mark.parametrize(
    "statement",
    [
        allow(READ),
        allow(["s3:PutObject", {"Fn::Join": ["", ["{{resolve:", "ssm:/what}}"]]}]),
        allow("{{resolve:secretsmanager:what:SecretString:action}}"),
    ],
)
def test_a_value_that_is_read_when_it_is_deployed_is_open(statement: Json) -> None:
    with pytest.raises(UnresolvedError, match="CloudFormation reads it"):
        who(policy(statement))


ADMINISTRATORS = "arn:aws:iam::aws:policy/AdministratorAccess"


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("AWS::IAM::User", {"UserName": "somebody", "Groups": ["administrators"]}),
        ("AWS::IAM::UserToGroupAddition", {"GroupName": "administrators", "Users": ["somebody"]}),
        ("AWS::IAM::InstanceProfile", {"Roles": ["administrator"]}),
        ("AWS::SSO::PermissionSet", {"Name": "all", "ManagedPolicies": [ADMINISTRATORS]}),
        ("AWS::SSO::PermissionSet", {"CustomerManagedPolicyReferences": [{"Name": "mine"}]}),
        ("AWS::SSO::Assignment", {"PermissionSetArn": "arn:aws:sso:::permissionSet/ssoins-1/ps-1"}),
    ],
)
def test_permissions_that_stand_elsewhere_may_be_any(kind: str, properties: Json) -> None:
    assert who({"Type": kind, "Properties": properties})


def test_what_stands_in_the_templates_is_known() -> None:
    group = {"Type": "AWS::IAM::Group", "Properties": {"GroupName": "nobodies"}}
    user = {"UserName": "somebody", "Groups": ["nobodies"]}
    assert who({"Type": "AWS::IAM::User", "Properties": user}, Group=group) == set()
    set_ = {"Type": "AWS::SSO::PermissionSet", "Properties": {"Name": "none"}}
    given = {"PermissionSetArn": {"Fn::GetAtt": ["Set", "PermissionSetArn"]}}
    assert who({"Type": "AWS::SSO::Assignment", "Properties": given}, Set=set_) == set()
