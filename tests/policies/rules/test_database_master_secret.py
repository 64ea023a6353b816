"""database-master-secret (ROVN-SEC-1)."""

import pytest

from policies.rules.database_master_secret import RULE
from runbook.model.loader import load_environment
from tests.policies.rules.databases import NOTHING, caught, said, said_of_replica
from tests.policies.rules.harness import OPEN, Json, Real, template, verdicts

ARN = "arn:aws:secretsmanager:us-east-2:111122223333:secret:rovn/production/database-master"
LITERAL = "hunter2hunter2"
FAULT = (
    "MasterUserPassword is not a dynamic reference to the secret rovn/production/database-master"
)
IS_OPEN = "MasterUserPassword is open: nobody can tell where it is from"


def resolved(secret: str, rest: str = "SecretString:password::") -> str:
    return f"{{{{resolve:secretsmanager:{secret}:{rest}}}}}"


@pytest.mark.parametrize(
    ("password", "message"),
    [
        (resolved("rovn/production/database-master"), "pass"),
        (resolved(f"{ARN}-Ab12Cd"), "pass"),
        (resolved(f"{ARN}-??????", "SecretString:password"), "pass"),
        (resolved(f"{ARN}-Ab12Cd", "SecretString:password:AWSCURRENT:"), "pass"),
        (resolved("rovn/staging/database-master"), FAULT),
        (resolved(f"{ARN}-Ab12Cd", "SecretString:password:AWSPREVIOUS:"), FAULT),
        (resolved(f"{ARN}-Ab12Cd", "SecretString:username::"), FAULT),
        ("{{resolve:ssm-secure:master:1}}", FAULT),
        (LITERAL, FAULT),
        (None, FAULT),
        (OPEN, IS_OPEN),
        ({"Fn::Join": ["", [LITERAL, OPEN]]}, IS_OPEN),
    ],
)
def test_the_password_comes_from_the_environments_secret(password: object, message: str) -> None:
    assert said(RULE, MasterUserPassword=password) == message


def test_rds_does_not_keep_it_where_the_file_says_generated() -> None:
    assert said(RULE, ManageMasterUserPassword=True) == (
        "ManageMasterUserPassword is not false, and database.master_password is generated"
    )


def test_a_replica_has_none() -> None:
    fault = "a replica has its source's credential, and this one names its own"
    assert said_of_replica(RULE) == "pass"
    assert said_of_replica(RULE, MasterUserPassword=LITERAL) == fault
    assert said_of_replica(RULE, ManageMasterUserPassword=True) == fault


MANAGED: Json = {
    "MasterUserPassword": None,
    "ManageMasterUserPassword": True,
    "MasterUserSecret": {"KmsKeyId": {"Ref": "Key"}},
}
NOT_MANAGED = "ManageMasterUserPassword is not true, alone: RDS does not keep the password"
NO_KEY = "the managed password's key is None, not a key of this environment"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({}, "pass"),
        ({"ManageMasterUserPassword": False}, NOT_MANAGED),
        ({"MasterUserPassword": LITERAL}, NOT_MANAGED),
        ({"MasterUserSecret": None}, NO_KEY),
    ],
)
def test_rds_keeps_it_where_the_file_says_so(
    monkeypatch: pytest.MonkeyPatch, changed: Json, message: str
) -> None:
    loaded = load_environment("rovn/production")
    managed = loaded.database.model_copy(update={"master_password": "managed"})
    environment = loaded.model_copy(update={"database": managed})
    monkeypatch.setattr("policies.engine.load_environment", lambda _: environment)
    assert said(RULE, **(MANAGED | changed)) == message


def test_other_resources_are_not_looked_at() -> None:
    assert verdicts(RULE, template("data", {})) == {None: NOTHING}


def test_only_this_rule_sees_the_password_of_another_secret(real: Real) -> None:
    other = resolved(f"{real.name}/admin-token")
    assert caught(real, MasterUserPassword=other) == {(RULE.id, "DatabaseInstance")}


def test_the_password_is_in_no_message() -> None:
    for password in (LITERAL, {"Fn::Join": ["", [LITERAL, OPEN]]}):
        assert LITERAL not in said(RULE, MasterUserPassword=password)
