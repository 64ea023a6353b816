"""secret-policy (ROVN-SEC-6)."""

import json

import pytest

from policies.rules.secret_policy import EDIT, READ, RULE, WRITE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

SECRET, POLICY = "AWS::SecretsManager::Secret", "AWS::SecretsManager::ResourcePolicy"
NAME = "rovn/production/admin-token"
ROLE = "arn:aws:iam::111122223333:role"
CREATOR = f"{ROLE}/cdk-hnb659fds-cfn-exec-role-111122223333-us-east-2"
PEOPLE = f"{ROLE}/break-glass"
ROTATION = f"{ROLE}/rovn-production-rotate-admin-token"
READERS = [f"{ROLE}/rovn-production-passport-api-execution", ROTATION, PEOPLE]
EDITORS = [CREATOR, PEOPLE]


def deny(actions: object, but: list[str], **given: object) -> Json:
    return {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": actions,
        "Resource": "*",
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": but}},
    } | given


WRITERS = deny(list(WRITE), [ROTATION, PEOPLE])
EDITING = deny(list(EDIT), EDITORS)


def document(*reading: Json) -> Json:
    return {"Statement": [*(reading or [deny(READ[0], READERS)]), WRITERS, EDITING]}


def resources(policy: object, **given: object) -> Json:
    said = {"BlockPublicPolicy": True, "ResourcePolicy": policy, "SecretId": {"Ref": "Secret"}}
    return {
        "Secret": {"Type": SECRET, "Properties": {"Name": NAME}},
        "Policy": {"Type": POLICY, "Properties": said | given},
    }


def said(policy: object, **given: object) -> str:
    return verdicts(RULE, template("secrets", resources(policy, **given)))["Policy"]


@pytest.mark.parametrize(
    "policy",
    [
        document(),
        json.dumps(document()),
        document(deny(["secretsmanager:Get*"], READERS[::-1])),
        document(deny(READ[0], READERS, Principal="*", Resource={"Ref": "Secret"})),
        document(deny(READ[0], [], Condition={"StringNotEquals": {"AWS:PrincipalArn": READERS}})),
        document(deny(READ[0], READERS), deny("secretsmanager:*", READERS, Effect="Allow")),
    ],
)
def test_a_policy_that_denies_all_but_the_list_passes(policy: object) -> None:
    assert said(policy) == "pass"


FAULT = f"nothing denies {READ[0]} to everybody but {', '.join(READERS)}"
MORE = {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize(
    "reading",
    [
        deny(READ[0], [*READERS, f"{ROLE}/other"]),
        deny(READ[0], READERS[:1]),
        deny(READ[0], [f"{ROLE}/*"]),
        deny("secretsmanager:DescribeSecret", READERS),
        deny(READ[0], READERS, Effect="Allow"),
        deny(READ[0], READERS, Principal={"AWS": PEOPLE}),
        deny(READ[0], READERS, Resource="arn:aws:secretsmanager:us-east-2:111122223333:secret:o"),
        deny(READ[0], [], Condition={}),
        deny(READ[0], [], Condition={"ArnEquals": {"aws:PrincipalArn": READERS}}),
        deny(READ[0], [], Condition={"ArnNotEquals": {"aws:PrincipalArn": READERS}} | MORE),
        deny(READ[0], [], Condition={"ArnNotEquals": {"aws:SourceArn": READERS}}),
    ],
)
def test_a_policy_that_lets_others_read_fails(reading: Json) -> None:
    assert said(document(reading)) == FAULT


def test_writers_and_editors_are_on_their_lists() -> None:
    reading = deny(READ[0], READERS)
    message = said({"Statement": [reading, EDITING]})
    assert message == "; ".join(
        f"nothing denies {action} to everybody but {ROTATION}, {PEOPLE}" for action in WRITE
    )
    message = said({"Statement": [reading, WRITERS]})
    assert message.startswith(
        f"nothing denies secretsmanager:CancelRotateSecret to everybody but {CREATOR}, {PEOPLE}; "
    )


@pytest.mark.parametrize("value", [None, False])
def test_a_public_policy_is_blocked(value: object) -> None:
    assert said(document(), BlockPublicPolicy=value) == (
        "BlockPublicPolicy is not true: AWS takes a policy that opens it to everybody"
    )


def test_an_open_value_fails() -> None:
    fault = "${SomeParameter} is open: the parameter SomeParameter is given when it is deployed"
    assert said(document(deny(READ[0], [OPEN]))) == fault  # type: ignore[list-item]
    assert said(OPEN) == f"ResourcePolicy: {fault}"


def test_every_secret_has_exactly_one() -> None:
    only = {"Secret": resources({})["Secret"]}
    assert verdicts(RULE, template("secrets", only)) == {
        "Secret": "it has 0 resource policies, not one: IAM alone says who reads it"
    }
    both = resources(document())
    both["Second"] = both["Policy"]
    message = verdicts(RULE, template("secrets", both))["Secret"]
    assert message == "it has 2 resource policies, not one: IAM alone says who reads it"


def test_a_policy_on_something_else_fails() -> None:
    assert said(document(), SecretId="other") == "it guards a secret that is in no template"
    assert said(document(), SecretId=NAME) == "pass"
    named = resources(document())
    named["Secret"]["Properties"]["Name"] = "rovn/production/other"
    assert verdicts(RULE, template("secrets", named))["Policy"] == (
        "other is not in [secrets], so nobody says who may read it"
    )


def test_other_resources_are_not_looked_at() -> None:
    found = verdicts(RULE, template("secrets", {"Key": {"Type": "AWS::KMS::Key"}}))
    assert found == {None: "rovn/production has nothing that the rule looks at"}


def test_only_this_rule_sees_a_public_policy_taken(real: Real) -> None:
    name = "SecretsAdminTokenPolicy"

    def spoil(body: Json) -> None:
        properties(body, POLICY, name)["BlockPublicPolicy"] = False

    assert real.caught("secrets", spoil) == {(RULE.id, name)}
