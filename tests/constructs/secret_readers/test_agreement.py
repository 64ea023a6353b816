"""What the rule at synth and the function at run time say of the same grant, where both judge it.

The function cannot use the rule's code, nor the rule the function's: each case is judged by both.
They part where only one can know: at synth every denial counts for nothing, and so does a
boundary; at run time what surely denies, or surely limits, counts.
"""

from typing import Any

import pytest

from policies.rules.who_reads_secrets import RULE
from runbook_constructs.secret_readers.handler.account import Key, Secret
from runbook_constructs.secret_readers.handler.identities import identities
from runbook_constructs.secret_readers.handler.judge import findings
from runbook_constructs.secret_readers.handler.lists import Lists
from runbook_constructs.secret_readers.handler.statements import statements
from tests.policies.rules.access import ACCOUNT, BREAK_GLASS, EXECUTION, HOME, PLACE, TASK
from tests.policies.rules.harness import judged, template

Json = Any
NAME = "stripe-api-key"
ARN = f"arn:aws:secretsmanager:{PLACE}:secret:rovn/production/{NAME}"
KEY = f"arn:aws:kms:{PLACE}:key/0a1b2c3d-0000-4000-8000-00000000abcd"
GET = "secretsmanager:GetSecretValue"
OURS, THEIRS = "secretsmanager.us-east-2.amazonaws.com", "s3.us-east-2.amazonaws.com"
VIA = {"StringEquals": {"kms:ViaService": OURS}}
ONLY = {"ArnEquals": {"aws:PrincipalArn": BREAK_GLASS}}
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
SECRET = {
    "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": []}}},
    "Secret": {
        "Type": "AWS::SecretsManager::Secret",
        "Properties": {
            "Name": f"rovn/production/{NAME}",
            "KmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]},
        },
    },
}


def allow(action: Json, resource: Json = "*", **more: Json) -> Json:
    return {"Sid": "One", "Effect": "Allow", "Action": action, "Resource": resource, **more}


def decrypt(operator: str, *services: str, **more: Json) -> Json:
    """Grant every key as the CDK's bootstrap grants it: by way of services."""
    through = {operator: {"kms:ViaService": list(services)}}
    return allow(["kms:Decrypt", "kms:ReEncrypt*"], Condition={**through, **more})


# Each grant of a role outside the lists: whether it is one too many.
IDENTITY: dict[str, tuple[Json, bool]] = {
    "by name": (allow(GET, f"{ARN}-??????"), True),
    "everything": (allow("*"), True),
    "a wildcard action": (allow("secretsmanager:*", f"{ARN}*"), True),
    "a wildcard in the middle": (allow("secretsmanager:Get*Value"), True),
    "letters of another case": (allow("SecretsManager:getsecretvalue"), True),
    "all secrets of the environment": (
        allow(GET, f"arn:aws:secretsmanager:{PLACE}:secret:rovn/production/*"),
        True,
    ),
    "every region": (allow(GET, "arn:aws:secretsmanager:*:*:secret:*"), True),
    "another environment": (
        allow(GET, f"arn:aws:secretsmanager:{PLACE}:secret:rovn/staging/*"),
        False,
    ),
    "another region": (allow(GET, ARN.replace("us-east-2", "us-west-2") + "-??????"), False),
    "another action": (allow("secretsmanager:DescribeSecret"), False),
    "what begins alike": (allow("secretsmanager:GetSecretValues"), False),
    "all but IAM": ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, True),
    "all but secrets and keys": (
        {"Effect": "Allow", "NotAction": ["secretsmanager:*", "kms:*", "iam:*"], "Resource": "*"},
        False,
    ),
    "everywhere but in S3": (
        {"Effect": "Allow", "Action": GET, "NotResource": "arn:aws:s3:::*"},
        True,
    ),
    "everywhere but in Secrets Manager": (
        {"Effect": "Allow", "Action": GET, "NotResource": "arn:aws:secretsmanager:*"},
        False,
    ),
    "a condition that nobody can judge": (allow(GET, Condition=MFA), True),
    "a condition for people alone": (allow(GET, Condition=ONLY), False),
    "a policy variable": (allow(GET, f"{ARN[:-8]}${{aws:username}}-*"), True),
    "the key": (allow("kms:Decrypt", KEY), True),
    "any key, to re-encrypt": (allow("kms:ReEncrypt*"), True),
    "the key, by way of Secrets Manager": (allow("kms:Decrypt", KEY, Condition=VIA), False),
    "the key, by way of it or not at all": (
        allow("kms:Decrypt", Condition={"StringEqualsIfExists": VIA["StringEquals"]}),
        True,
    ),
    "a key, to encrypt": (allow("kms:Encrypt"), False),
    "any key, by way of S3": (decrypt("StringEquals", THEIRS), False),
    "any key, by way of S3 in any region": (decrypt("StringLike", "s3.*.amazonaws.com"), False),
    "any key, by way of either": (decrypt("StringEquals", OURS, THEIRS), False),
    "any key, by way of S3, which is named beside": (
        decrypt("StringLike", "s*", StringEquals={"KMS:viaService": THEIRS}),
        False,
    ),
    "any key, by way of whatever begins so": (decrypt("StringLike", "s*"), True),
    "any key, by way of one letter and more": (decrypt("StringLike", "s?.*"), True),
    "any key, by way of what may be Secrets Manager": (
        decrypt("StringLike", "*.us-east-2.amazonaws.com"),
        True,
    ),
    "any key, by way of S3 or whatever": (decrypt("StringLike", THEIRS, "*"), True),
    "any key, by way of what a variable says": (
        decrypt("StringEquals", "${aws:PrincipalTag/by}.amazonaws.com"),
        True,
    ),
    "any key, by way of a name without end": (decrypt("StringEquals", "s3"), True),
    "any key, by way of no service that is named": (decrypt("StringEquals"), True),
    "any key, by way of S3 or not at all": (decrypt("StringEqualsIfExists", THEIRS), True),
    "any key, like S3 or not at all": (decrypt("StringLikeIfExists", THEIRS), True),
    "any key, but by way of S3": (decrypt("StringNotEquals", THEIRS), True),
    "any key, but by way of the like": (decrypt("StringNotLike", "s3.*"), True),
    "any key, by way of S3 among others": (decrypt("ForAnyValue:StringEquals", THEIRS), True),
    "any key, by way of S3 alone or of none": (decrypt("ForAllValues:StringEquals", THEIRS), True),
    "any key, in letters of another case": (decrypt("StringEqualsIgnoreCase", THEIRS), True),
    "any key, by what is no ARN": (decrypt("ArnLike", THEIRS), True),
    "any key, for what S3 owns": (
        allow("kms:Decrypt", Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}}),
        True,
    ),
}
# Each statement of the secret's own policy, the denials aside.
RESOURCE: dict[str, tuple[Json, bool]] = {
    "another account": (allow(GET, Principal={"AWS": "arn:aws:iam::999999999999:root"}), True),
    "another account, by number": (allow(GET, Principal={"AWS": "999999999999"}), True),
    "everybody": (allow("secretsmanager:*", Principal="*"), True),
    "everybody but one": (allow(GET, NotPrincipal={"AWS": TASK}), True),
    "a service": (allow(GET, Principal={"Service": "rds.amazonaws.com"}), True),
    "a listed reader": (allow(GET, Principal={"AWS": EXECUTION}), False),
    "people": (allow(GET, Principal="*", Condition=ONLY), False),
    "metadata": (allow("secretsmanager:DescribeSecret", Principal="*"), False),
}


def at_synth(body: Json) -> bool:
    """Say whether the rule at synth finds a fault in it."""
    secrets = {**SECRET, "Thing": body}
    found = judged(RULE, template("secrets", secrets))["Thing"]
    message = found.message or ""
    # The rule has lists for writing and changing, too; the function judges reading alone.
    return GET in message or "with the secrets' key" in message


def at_run_time(*said: Json, guard: Json = None) -> bool:
    """Say whether the function finds somebody."""
    people = frozenset({BREAK_GLASS})
    lists = Lists(
        "rovn/production",
        ACCOUNT,
        "us-east-2",
        {NAME: people | {EXECUTION, HOME}},
        people,
        frozenset({HOME}),
        {EXECUTION: "ecs-tasks.amazonaws.com"},
    )
    deny = {
        "Effect": "Deny",
        "Action": GET,
        "Resource": "*",
        "Principal": "*",
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": [EXECUTION, HOME, BREAK_GLASS]}},
    }
    given = [*([guard] if guard else []), deny]
    secret = Secret(NAME, f"{ARN}-AbCdEf", KEY, tuple(statements({"Statement": given}, "s")), ())
    role = {
        "RoleName": "x",
        "Arn": TASK,
        "AssumeRolePolicyDocument": {"Statement": []},
        "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": {"Statement": list(said)}}],
    }
    details = {
        "UserDetailList": [],
        "GroupDetailList": [],
        "RoleDetailList": [role],
        "Policies": [],
    }
    found = findings(lists, identities(details), [secret], [Key(KEY, (), ())])
    return any("secretsmanager:" in f.may[0] or "kms:" in f.may[0] for f in found)


@pytest.mark.clause("ROVN-SEC-6")
@pytest.mark.parametrize("case", IDENTITY)
def test_both_judge_an_identitys_grant_alike(case: str) -> None:
    said, too_much = IDENTITY[case]
    carried = {"Roles": [TASK.rpartition("/")[2]], "PolicyDocument": {"Statement": [said]}}
    policy = {"Type": "AWS::IAM::ManagedPolicy", "Properties": carried}
    assert (at_synth(policy), at_run_time(said)) == (too_much, too_much)


@pytest.mark.clause("ROVN-SEC-6")
@pytest.mark.parametrize("case", RESOURCE)
def test_both_judge_a_secrets_own_policy_alike(case: str) -> None:
    said, too_much = RESOURCE[case]
    on = {"SecretId": {"Ref": "Secret"}, "ResourcePolicy": {"Statement": [said]}}
    policy = {"Type": "AWS::SecretsManager::ResourcePolicy", "Properties": on}
    assert (at_synth(policy), at_run_time(guard=said)) == (too_much, too_much)


def test_denials_and_boundaries_are_for_the_run_time(record_cases: list[str]) -> None:
    """At synth a grant is one too many whatever takes it away again."""
    denied = {"Sid": "Two", "Effect": "Deny", "Action": GET, "Resource": "*"}
    both = {"Statement": [allow(GET), denied]}
    carried = {"Roles": [TASK.rpartition("/")[2]], "PolicyDocument": both}
    assert at_synth({"Type": "AWS::IAM::ManagedPolicy", "Properties": carried})
    assert not at_run_time(allow(GET), denied)
    record_cases.append(
        f"secret readers: {len(IDENTITY) + len(RESOURCE)} grants judged alike by the rule at "
        "synth and the function at run time"
    )
    assert {too_much for _, too_much in (*IDENTITY.values(), *RESOURCE.values())} == {True, False}
