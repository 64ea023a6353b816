"""trusted-by (ROVN-DEP-9, ROVN-SEC-2)."""

import pytest

from policies.rules.trusted_by import AUDIENCE, GITHUB, RULE
from tests.policies.rules.access import ACCOUNT, IAM, PLACE, SLUG, allow, role, said
from tests.policies.rules.harness import OPEN, Json, Real, properties

TASKS = {"Service": "ecs-tasks.amazonaws.com"}
HERE = {
    "StringEquals": {"aws:SourceAccount": ACCOUNT},
    "ArnLike": {"aws:SourceArn": f"arn:aws:ecs:{PLACE}:*"},
}
SUBJECT = "repo:rovn/passport-api:environment:production"
CLAIMS = {f"{GITHUB}:aud": AUDIENCE, f"{GITHUB}:sub": SUBJECT}


def trusting(principal: object, **more: object) -> Json:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    return {"Statement": [statement | {"Condition": HERE} | more]}


def task_role(principal: object = TASKS, **more: object) -> str:
    return said(RULE, role(AssumeRolePolicyDocument=trusting(principal, **more)))


def deploy_role(**more: object) -> str:
    web = {
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": CLAIMS},
        "Principal": {"Federated": {"Ref": "GitHub"}},
    }
    document = trusting("*", **(web | more))
    body = role(RoleName="claude-deploy", AssumeRolePolicyDocument=document)
    return said(RULE, body, GitHub=provider())


def provider(**properties: object) -> Json:
    github = {"Url": f"https://{GITHUB}", "ClientIdList": [AUDIENCE]}
    return {"Type": "AWS::IAM::OIDCProvider", "Properties": github | properties}


def test_the_one_service_of_the_account_is_trusted() -> None:
    assert task_role() == "pass"


def test_what_is_denied_and_what_it_may_itself_trust_nobody() -> None:
    document = trusting(TASKS)
    document["Statement"].append({"Effect": "Deny", "Action": "*", "Principal": "*"})
    own = [{"PolicyName": "own", "PolicyDocument": {"Statement": [allow("s3:GetObject")]}}]
    assert said(RULE, role(AssumeRolePolicyDocument=document, Policies=own)) == "pass"


@pytest.mark.parametrize(
    ("principal", "who"),
    [
        ("*", "*"),
        ({"AWS": ACCOUNT}, f"{IAM}:root"),
        ({"Service": ["ecs-tasks.amazonaws.com", "ec2.amazonaws.com"]}, "ec2.amazonaws.com, ecs"),
    ],
)
def test_anybody_else_is_not(principal: object, who: str) -> None:
    assert task_role(principal).startswith(f"it trusts {who}")


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({}, f"aws:SourceAccount must be anything, not {ACCOUNT}"),
        (
            HERE | {"StringEquals": {"aws:SourceAccount": [ACCOUNT, "999999999999"]}},
            f"aws:SourceAccount must be {ACCOUNT}, 999999999999, not {ACCOUNT}",
        ),
        (
            HERE | {"ArnLike": {"aws:SourceArn": "*"}},
            f"aws:SourceArn must be *, not arn:aws:ecs:{PLACE}:*",
        ),
    ],
)
def test_another_account_is_not(conditions: Json, message: str) -> None:
    assert task_role(Condition=conditions).startswith(message)


def test_more_than_assuming_is_not() -> None:
    assert task_role(Action=["sts:AssumeRole", "sts:TagSession"]) == (
        "it trusts for sts:AssumeRole, sts:TagSession, not sts:AssumeRole"
    )


def test_a_role_that_nobody_knows_fails() -> None:
    body = role(RoleName=f"{SLUG}-new", AssumeRolePolicyDocument=trusting(TASKS))
    assert said(RULE, body) == (
        f"nothing says who may assume {IAM}:role/{SLUG}-new: "
        "runbook/access/principals.py does not know it"
    )


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({}, "pass"),
        (
            {"Condition": {"StringLike": CLAIMS | {f"{GITHUB}:sub": "repo:rovn/*"}}},
            f"{GITHUB}:sub must be repo:rovn/*, not {SUBJECT}",
        ),
        (
            {"Condition": {"StringEquals": {f"{GITHUB}:sub": SUBJECT}}},
            f"{GITHUB}:aud must be anything, not {AUDIENCE}",
        ),
        (
            {"Principal": {"Federated": "accounts.google.com"}},
            "it trusts Federated accounts.google.com, "
            "not the identity provider of its own stack alone",
        ),
        (
            {"Principal": {"Federated": {"Ref": "GitHub"}, "AWS": "*"}},
            f"it trusts *, <{SLUG}-passport-api/GitHub.Ref>, not the identity provider of its own "
            "stack alone",
        ),
        (
            {"Action": "sts:*"},
            "it trusts for sts:*, not sts:AssumeRoleWithWebIdentity",
        ),
    ],
)
def test_a_deploy_comes_from_its_repository_only(more: Json, message: str) -> None:
    assert deploy_role(**more) == message


def test_tokens_are_githubs_and_for_aws() -> None:
    assert said(RULE, provider()) == "pass"
    other = provider(Url="https://example.com", ClientIdList=[AUDIENCE, "else"])
    assert said(RULE, other) == (
        f"it trusts the tokens of https://example.com, not https://{GITHUB}; "
        f"it takes tokens for {AUDIENCE}, else, not {AUDIENCE}"
    )


def test_a_role_without_trust_policy_fails() -> None:
    assert said(RULE, role()) == "it has no statement that says who may assume it"


def test_an_open_value_fails() -> None:
    assert task_role({"Service": OPEN}).startswith("Principal: ${SomeParameter} is open")
    assert said(RULE, role(AssumeRolePolicyDocument=OPEN)).startswith("AssumeRolePolicyDocument")


def test_only_this_rule_sees_a_wildcard_in_the_subject(real: Real) -> None:
    def spoil(body: Json) -> None:
        trust = properties(body, "AWS::IAM::Role", "DeployRole")["AssumeRolePolicyDocument"]
        claims = trust["Statement"][0]["Condition"].pop("StringEquals")
        claims[f"{GITHUB}:sub"] = "repo:rovn/*"
        trust["Statement"][0]["Condition"]["StringLike"] = claims

    assert real.caught("access", spoil) == {("trusted-by", "DeployRole")}


@pytest.mark.parametrize("kind", ["AWS::IAM::SAMLProvider", "AWS::RolesAnywhere::TrustAnchor"])
def test_nobody_signs_in_by_another_provider(kind: str) -> None:
    assert said(RULE, {"Type": kind, "Properties": {}}) == (
        f"it trusts whoever it signs in: nothing here is for {kind}"
    )


PROJECT = f"arn:aws:codebuild:{PLACE}:project/{SLUG}-passport-api"
OF_CHECKS = [f"{PROJECT}-preview", f"{PROJECT}-verify"]


def checks_role(source: object) -> str:
    """Judge the role that previews and verifies, taken on for these projects."""
    conditions = {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnEquals": {"aws:SourceArn": source},
    }
    document = trusting({"Service": "codebuild.amazonaws.com"}, Condition=conditions)
    body = role(RoleName=f"{SLUG}-release-checks", AssumeRolePolicyDocument=document)
    return said(RULE, body)


@pytest.mark.clause("ROVN-DEP-8")
def test_a_role_of_delivery_is_for_its_own_builds_alone() -> None:
    assert checks_role(OF_CHECKS) == "pass"
    assert checks_role(OF_CHECKS[::-1]) == "pass"
    for wrong in (OF_CHECKS[:1], [*OF_CHECKS, f"{PROJECT}-image-build"], f"{PROJECT}-*"):
        assert checks_role(wrong).startswith("aws:SourceArn must be ")


FUNCTION = f"{SLUG}-passport-api-gate"


def function_role(principal: object, **more: object) -> str:
    document = trusting(principal, Condition={}, **more)
    return said(RULE, role(RoleName=FUNCTION, AssumeRolePolicyDocument=document))


@pytest.mark.clause("ROVN-SEC-2")
def test_a_function_tells_no_source_and_is_the_only_one_trusted() -> None:
    lambda_ = {"Service": "lambda.amazonaws.com"}
    assert function_role(lambda_) == "pass"
    for other in ("edgelambda.amazonaws.com", "events.amazonaws.com", "states.amazonaws.com"):
        told = function_role({"Service": ["lambda.amazonaws.com", other]})
        assert told == (
            f"it trusts {', '.join(sorted([other, 'lambda.amazonaws.com']))}, "
            "not lambda.amazonaws.com"
        )
    assert function_role({**lambda_, "AWS": ACCOUNT}).startswith(f"it trusts {IAM}:root, ")
    assert function_role(lambda_, Action="sts:*").startswith("it trusts for sts:*")


def test_no_other_role_goes_without_a_source_because_functions_do() -> None:
    """Whom a role is for says the list of roles, not the role itself."""
    document = trusting({"Service": "lambda.amazonaws.com"}, Condition={})
    for name in (f"{SLUG}-passport-api-task", f"{SLUG}-release", f"{SLUG}-passport-api-migrate"):
        told = said(RULE, role(RoleName=name, AssumeRolePolicyDocument=document))
        assert told.startswith("it trusts lambda.amazonaws.com, not ")
        assert "aws:SourceArn must be anything" in told


@pytest.mark.parametrize(
    ("source", "passes"),
    [
        (f"arn:aws:states:{PLACE}:stateMachine:*", True),
        ("arn:aws:states:*:*:stateMachine:*", False),
        ("arn:aws:states:us-east-2:999999999999:stateMachine:*", False),
        ([f"arn:aws:states:{PLACE}:stateMachine:*", "*"], False),
    ],
)
def test_a_state_machine_is_of_the_account(source: object, *, passes: bool) -> None:
    conditions = {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": source},
    }
    document = trusting({"Service": "states.amazonaws.com"}, Condition=conditions)
    body = role(RoleName=f"{SLUG}-passport-api-migrate", AssumeRolePolicyDocument=document)
    assert said(RULE, body).startswith("pass" if passes else "aws:SourceArn must be ")


@pytest.mark.clause("ROVN-DEP-9")
def test_restarts_are_started_by_their_own_rules_alone() -> None:
    own = f"arn:aws:events:{PLACE}:rule/{SLUG}-secret-restart-*"

    def started(rules: str) -> str:
        source = {"aws:SourceAccount": ACCOUNT}
        conditions = {"StringEquals": source, "ArnLike": {"aws:SourceArn": rules}}
        document = trusting({"Service": "events.amazonaws.com"}, Condition=conditions)
        name = f"{SLUG}-secret-restart-events"
        return said(RULE, role(RoleName=name, AssumeRolePolicyDocument=document))

    assert started(own) == "pass"
    every = f"arn:aws:events:{PLACE}:rule/*"
    assert started(every) == f"aws:SourceArn must be {every}, not {own}"
