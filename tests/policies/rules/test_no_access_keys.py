"""no-access-keys (ROVN-DEP-9)."""

from policies.rules.no_access_keys import RULE
from tests.policies.rules.access import DEPLOY, IAM, said
from tests.policies.rules.harness import OPEN, Json, Real

KEY = {"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": "somebody"}}
FAULT = "an access key lasts until somebody deletes it, and its secret is in the stack"


def user(**properties: object) -> Json:
    return {"Type": "AWS::IAM::User", "Properties": {"UserName": "somebody", **properties}}


def test_an_access_key_fails() -> None:
    assert said(RULE, KEY) == FAULT


def test_a_user_who_does_not_deploy_fails() -> None:
    other = f"it is the user {IAM}:user/somebody; a template makes no user but {DEPLOY}"
    assert said(RULE, user()) == other
    assert said(RULE, user(LoginProfile={"Password": OPEN})) == (
        f"it has a password: people sign in elsewhere and assume a role; {other}"
    )


def test_an_open_name_is_not_that_of_who_deploys() -> None:
    assert f"a template makes no user but {DEPLOY}" in said(RULE, user(UserName=OPEN))


def test_only_this_rule_sees_a_key(real: Real) -> None:
    def spoil(body: Json) -> None:
        body["Resources"]["Key"] = KEY

    assert real.caught("access", spoil) == {("no-access-keys", "Key")}
    assert real.statuses(RULE) == {None: "not_applicable"}
